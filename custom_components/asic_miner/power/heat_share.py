"""Shares the watts that a temperature asks for among the miners of one thermostat. Pure."""

from collections.abc import Mapping, Sequence

from ..miners.lean import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Heater:
    """One miner; W."""

    key: str
    floor: float
    maximum: float


def share(watts: float, heaters: Sequence[Heater]) -> Mapping[str, float]:
    """Return the W of each, the first ones first; 0 is off. Never more than `watts` in all.

    The last one that is started gets its floor, if need be from the one before it, so that
    nothing between two of them is left out.
    """
    given: dict[str, float] = {}
    left = watts
    before: Heater | None = None
    for heater in heaters:
        if before is not None and 0 < left < heater.floor:
            spare = given[before.key] - before.floor
            if left + spare >= heater.floor:
                given[before.key] -= heater.floor - left
                left = heater.floor
        given[heater.key] = min(left, heater.maximum) if left >= heater.floor else 0.0
        left -= given[heater.key]
        if given[heater.key]:
            before = heater
    return given
