"""The guard: what was refused when more was wanted keeps nobody waiting who wants less."""

import pytest

from custom_components.asic_miner.miners.errors import BusyError, MinerError, RejectedError
from custom_components.asic_miner.power.model import Ability, CommandKind, Source, Wait

from .rig import PERCENT, TARGET, Rig

DAY = 24 * 3600.0


def refused_rises(rig: Rig, number: int, error: MinerError | None) -> None:
    """Have so many wishes for more refused in a row, or accepted without any effect."""
    rig.answer, rig.obeys = error, error is not None
    rig.wish(rig.ability.maximum)
    end = rig.now + DAY
    while rig.guard.past.failures < number:
        assert rig.now < end
        rig.run(10)
    assert rig.guard.past.failed_rise
    rig.answer, rig.obeys = None, True


@pytest.mark.parametrize("ability", [PERCENT, TARGET], ids=["percent", "target"])
@pytest.mark.parametrize("error", [RejectedError("no"), BusyError("busy"), None], ids=str)
@pytest.mark.parametrize("number", [1, 3, 4, 5, 8])
@pytest.mark.parametrize("limit", [1500.0, 0.0])
def test_a_limit_comes_at_once(
    ability: Ability, error: MinerError | None, number: int, limit: float
) -> None:
    rig = Rig(ability=ability, target=2000.0)
    refused_rises(rig, number, error)
    rig.wish(limit, Source.SITE, safety=True)
    first, *_ = rig.run(20)
    # A healthy one is lowered, not stopped for what it has not refused.
    kind = CommandKind.SET_POWER if limit else CommandKind.STOP
    assert first.kind is kind
    assert rig.drawn <= max(limit, 15.0)
    assert rig.guard.state(rig.now).wait is not Wait.STOP_NOT_OBEYED


@pytest.mark.parametrize("error", [RejectedError("no"), BusyError("busy"), None], ids=str)
@pytest.mark.parametrize("watts", [1500.0, 0.0])
def test_who_wishes_less_waits_for_its_locks_only(error: MinerError | None, watts: float) -> None:
    rig = Rig(target=2000.0)
    refused_rises(rig, 6, error)
    rig.wish(watts)
    rig.run(300)
    assert rig.drawn <= max(watts, 15.0)


def test_refusals_of_less_count_after_refusals_of_more() -> None:
    """Each kind in a row: a limit that is refused thrice still ends in a stop, and not sooner."""
    rig = Rig(target=2000.0)
    refused_rises(rig, 5, BusyError("busy"))
    rig.answer = BusyError("busy")
    rig.wish(1500, Source.SITE, safety=True)
    kinds = [command.kind for command in rig.run(60)]
    assert kinds == [*[CommandKind.SET_POWER] * 3, CommandKind.STOP]
