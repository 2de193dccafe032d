"""What makes a heating miner reduce, pause or stop, and what only a person can clear.

Software is no safety device: this comes on top of a mechanical limit, never instead.
"""

from dataclasses import dataclass
from enum import StrEnum

from . import defaults
from .site_model import Measured


class Trip(StrEnum):
    """What holds the miner down. Translated by the caller."""

    CHIP_HOT = "chip_hot"
    CHIP_LATCHED = "chip_latched"
    SUPPLY_SOFT = "supply_soft"
    SUPPLY_LATCHED = "supply_latched"
    COOLING = "cooling"
    """A fan has failed or nothing flows."""
    SENSOR_OLD = "sensor_old"
    SENSOR_LOST = "sensor_lost"
    WAKE = "wake"
    """After a trip it comes back low."""


LATCHING = frozenset({Trip.CHIP_LATCHED, Trip.SUPPLY_LATCHED, Trip.COOLING})
"""Trips that only a person can clear."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """°C at which a miner is held down."""

    chip: float = defaults.CHIP_LIMIT
    supply_soft: float = defaults.SUPPLY_SOFT
    supply_hard: float = defaults.SUPPLY_HARD


@dataclass(frozen=True, kw_only=True, slots=True)
class Dangers:
    """What is measured. None where there is no such sensor, or it does not say."""

    chip: float | None = None
    supply: Measured | None = None
    """Of the water that leaves; None only where there is no such sensor."""
    controlled: Measured | None = None
    """Of the room or tank."""
    cooling_failed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The most that may be drawn: None no limit, FLOOR the floor, 0 nothing."""

    share: float | None
    """0 for off, 1 for the floor, None for no limit."""
    trip: Trip | None
    until: float | None = None


class HeatSafety:
    """Remembers trips."""

    def __init__(self, limits: Limits, latched: Trip | None = None) -> None:
        """Begin with a trip that an earlier run has latched."""
        self.limits = limits
        self.latched = latched
        self._paused = False
        self._lost = False
        self._wake_from: float | None = None
        self._began: float | None = None

    def acknowledge(self, now: float) -> None:
        """Clear what is latched; what is still wrong trips again at once."""
        if self.latched is not None:
            self.latched = None
            self._wake_from = now

    def judge(self, dangers: Dangers, now: float, *, armed: bool) -> Verdict:
        """Look at everything; the worst counts.

        What is to be held need not be known while the thermostat is not `armed`.
        """
        if self._began is None or self._began > now:
            self._began = now
        trip = self._hard(dangers)
        if trip is not None and self.latched is None:
            self.latched = trip
        if self.latched is not None:
            return Verdict(share=0.0, trip=self.latched)
        if self._pausing(dangers, now):
            return Verdict(share=0.0, trip=Trip.CHIP_HOT)
        ages = [_age(dangers.controlled, now, self._began)] if armed else [0.0]
        if dangers.supply is not None:
            ages.append(_age(dangers.supply, now, self._began))
        age = max(ages)
        if age > defaults.SENSOR_STOP:
            self._lost = True
            return Verdict(share=0.0, trip=Trip.SENSOR_LOST)
        if self._lost:
            self._lost = False
            # Who has been disarmed meanwhile has nothing to come back to.
            self._wake_from = now if armed else self._wake_from
        if age > defaults.SENSOR_FLOOR:
            return Verdict(share=1.0, trip=Trip.SENSOR_OLD)
        return self._soft(dangers, now)

    def _hard(self, dangers: Dangers) -> Trip | None:
        limits = self.limits
        if dangers.cooling_failed:
            return Trip.COOLING
        if dangers.chip is not None and dangers.chip >= limits.chip + defaults.CHIP_LATCH_ABOVE:
            return Trip.CHIP_LATCHED
        if dangers.supply is not None and dangers.supply.value >= limits.supply_hard:
            return Trip.SUPPLY_LATCHED
        return None

    def _pausing(self, dangers: Dangers, now: float) -> bool:
        """Tell whether the chips have to cool down, with hysteresis."""
        if dangers.chip is None:
            # A miner that is off may not tell; it goes on cooling until it does or is paused.
            return False
        if dangers.chip >= self.limits.chip + defaults.CHIP_PAUSE_ABOVE:
            self._paused = True
        elif self._paused and dangers.chip <= self.limits.chip - defaults.CHIP_CLEAR_BELOW:
            self._paused = False
            self._wake_from = now
        return self._paused

    def _soft(self, dangers: Dangers, now: float) -> Verdict:
        if dangers.chip is not None and dangers.chip >= self.limits.chip:
            return Verdict(share=1.0, trip=Trip.CHIP_HOT)
        if dangers.supply is not None and dangers.supply.value >= self.limits.supply_soft:
            return Verdict(share=1.0, trip=Trip.SUPPLY_SOFT)
        if self._wake_from is not None:
            if self._wake_from <= now < self._wake_from + defaults.WAKE_SECONDS:
                until = self._wake_from + defaults.WAKE_SECONDS
                return Verdict(share=1.0, trip=Trip.WAKE, until=until)
            self._wake_from = None
        return Verdict(share=None, trip=None)


def _age(measured: Measured | None, now: float, began: float) -> float:
    return max(now - (measured.at if measured is not None else began), 0.0)
