"""What makes a heating miner reduce, pause or stop, and what only a person can clear.

Software is no safety device: this comes on top of a mechanical limit, never instead.
"""

from enum import StrEnum
import math

from ..miners.lean import dataclass
from ..miners.models import JsonValue
from . import defaults
from .lasting import Since, since
from .model import Measured


class Trip(StrEnum):
    """What holds the miner down. Translated by the caller."""

    CHIP_HOT = "chip_hot"
    CHIP_LATCHED = "chip_latched"
    SUPPLY_SOFT = "supply_soft"
    SUPPLY_LATCHED = "supply_latched"
    COOLING = "cooling"
    """A fan has failed or nothing flows."""
    PUMP_OFF = "pump_off"
    """The pump stands while the miner draws."""
    SENSOR_OLD = "sensor_old"
    SENSOR_LOST = "sensor_lost"
    WAKE = "wake"
    """After a trip it comes back low."""


LATCHING = frozenset({Trip.CHIP_LATCHED, Trip.SUPPLY_LATCHED, Trip.COOLING})
"""Trips that only a person can clear."""
PASSING = frozenset({Trip.CHIP_HOT, Trip.PUMP_OFF, Trip.SENSOR_LOST})
"""Trips that stop the miner until what is wrong has passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """°C of water at which a miner is held down."""

    supply_soft: float = defaults.SUPPLY_SOFT
    supply_hard: float = defaults.SUPPLY_HARD


@dataclass(frozen=True, kw_only=True, slots=True)
class Dangers:
    """What is measured. None where there is no such sensor, or it does not say."""

    chip_excess: float | None = None
    """K by which the worst miner's chips are above the limit of that miner."""
    supply: Measured | None = None
    """Of the water that leaves; None only where there is no such sensor."""
    controlled: Measured | None = None
    """Of the room or tank."""
    cooling_failed: float | None = None
    """Unix time of the newest reading, if it shows that a fan or the flow has failed."""
    pump: Measured | None = None
    """1 while the pump runs, 0 while it does not; None only where there is none to be seen."""
    drawing: bool = False
    """The miner draws more than at rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The most that may be drawn."""

    share: float | None
    """0 for off, 1 for the floor, None for no limit."""
    trip: Trip | None
    until: float | None = None


class HeatSafety:
    """Remembers trips."""

    def __init__(self, limits: Limits, stored: JsonValue = None) -> None:
        """Begin with what `to_json` of an earlier run gave."""
        known = stored if isinstance(stored, dict) else {}
        self.limits = limits
        self.latched = _trip(known.get("latched"), LATCHING)
        self._resting = _trip(known.get("resting"), PASSING)
        """What has stopped the miner, until it has passed."""
        self._rested_at: float | None = None
        self._waking = known.get("waking") is True
        """It has been stopped, and has to come back low."""
        self._wake_from: float | None = None
        self._failing = Since()
        """Cooling, by the times of the readings that show it."""
        self._stands = Since()
        """The pump, while the miner draws."""
        self._began = math.inf

    def to_json(self) -> dict[str, JsonValue]:
        """Return what must survive a restart."""
        return {"latched": self.latched, "resting": self._resting, "waking": self._waking}

    def acknowledge(self) -> None:
        """Clear what is latched; what is still wrong trips again at once."""
        if self.latched is not None:
            self.latched = None
            self._wake()

    def judge(self, dangers: Dangers, now: float, *, armed: bool) -> Verdict:
        """Look at everything; the worst counts.

        What is to be held need not be known while the thermostat is not `armed`.
        """
        self._began = min(self._began, now)
        self.latched = self.latched or self._latching(dangers)
        if self.latched is not None:
            return Verdict(share=0.0, trip=self.latched)
        age = self._age(dangers, now, armed=armed)
        if trip := self._stopping(dangers, now, age):
            if trip is not self._resting:
                self._resting, self._rested_at = trip, now
            return Verdict(share=0.0, trip=trip)
        if self._resting is not None:
            # Who has been disarmed while a sensor was lost has nothing to come back to.
            if armed or self._resting is not Trip.SENSOR_LOST:
                self._wake()
            self._resting = None
        return self._lowering(dangers, now, age)

    def _wake(self) -> None:
        self._waking, self._wake_from = True, None

    def _latching(self, dangers: Dangers) -> Trip | None:
        failed = dangers.cooling_failed
        if self._failing.lasts(failed is not None, failed or 0.0) >= defaults.COOLING_SECONDS:
            return Trip.COOLING
        if (dangers.chip_excess or 0.0) >= defaults.CHIP_LATCH_ABOVE:
            return Trip.CHIP_LATCHED
        if dangers.supply is not None and dangers.supply.value >= self.limits.supply_hard:
            return Trip.SUPPLY_LATCHED
        return None

    def _age(self, dangers: Dangers, now: float, *, armed: bool) -> float:
        """Return for how many seconds the sensor that is worst off has said nothing."""
        at = [seen.at for seen in (dangers.supply, dangers.pump) if seen is not None]
        if armed:
            at.append(dangers.controlled.at if dangers.controlled is not None else self._began)
        return max(now - min(at, default=now), 0.0)

    def _stopping(self, dangers: Dangers, now: float, age: float) -> Trip | None:
        if self._too_hot(dangers, now):
            return Trip.CHIP_HOT
        stands = dangers.pump is not None and not dangers.pump.value and dangers.drawing
        if self._stands.lasts(stands, now) >= defaults.PUMP_GRACE:
            return Trip.PUMP_OFF
        if dangers.pump is not None and not dangers.pump.value and self._resting is Trip.PUMP_OFF:
            return Trip.PUMP_OFF
        return Trip.SENSOR_LOST if age > defaults.SENSOR_STOP else None

    def _too_hot(self, dangers: Dangers, now: float) -> bool:
        """Tell whether the chips have to cool down, with hysteresis."""
        excess = dangers.chip_excess
        if self._resting is not Trip.CHIP_HOT:
            return excess is not None and excess >= defaults.CHIP_PAUSE_ABOVE
        if excess is not None:
            return excess > -defaults.CHIP_CLEAR_BELOW
        # A miner that is off may not tell, so it gets the time that cooling down takes.
        self._rested_at = since(self._rested_at, now)
        return now - self._rested_at < defaults.CHIP_REST

    def _lowering(self, dangers: Dangers, now: float, age: float) -> Verdict:
        if age > defaults.SENSOR_FLOOR:
            return Verdict(share=1.0, trip=Trip.SENSOR_OLD)
        if dangers.chip_excess is not None and dangers.chip_excess >= 0:
            return Verdict(share=1.0, trip=Trip.CHIP_HOT)
        if dangers.supply is not None and dangers.supply.value >= self.limits.supply_soft:
            return Verdict(share=1.0, trip=Trip.SUPPLY_SOFT)
        if not self._waking:
            return Verdict(share=None, trip=None)
        # It does not come back before it draws again, however long that takes.
        if dangers.drawing:
            self._wake_from = since(self._wake_from, now)
        until = None if self._wake_from is None else self._wake_from + defaults.WAKE_SECONDS
        if until is not None and now >= until:
            self._waking = False
            return Verdict(share=None, trip=None)
        return Verdict(share=1.0, trip=Trip.WAKE, until=until)


def _trip(stored: JsonValue, of: frozenset[Trip]) -> Trip | None:
    return Trip(stored) if isinstance(stored, str) and stored in of else None
