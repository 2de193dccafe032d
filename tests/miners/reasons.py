"""Looks whether a refusal tells the user why, with all that the sentence for it names."""

from collections.abc import Callable

from custom_components.asic_miner.miners.errors import MinerError, Reason


def because(reason: Reason | None, /, **told: str) -> Callable[[MinerError], bool]:
    """Return the check for `pytest.raises`; without a reason the kind of the error says it."""

    def check(error: MinerError) -> bool:
        # Fails by itself, since pytest would not say what was told instead.
        assert (error.reason, error.told) == (reason, told), (error.reason, error.told)
        return True

    return check
