"""How long a meter has been silent, and what is done meanwhile."""

from collections import deque
from collections.abc import Mapping
from statistics import median
from typing import Final

from . import defaults
from .aim_model import Aim, Intent
from .clock import AGED
from .lasting import since
from .model import Measured
from .site_model import Reason, SiteReadings, Why

_KNOWN = 3
"""Own: times between reports from which a meter's pace is known."""
_COUNTED = 9
"""Own: and how many of the last count, so that the median takes no notice of a few gaps."""

_GRID: Final[Mapping[Intent, Why]] = {
    Intent.NO_RISE: Why.METER_OLD,
    Intent.HOLD: Why.METER_HOLD,
    Intent.FLOOR: Why.METER_FLOOR,
    Intent.STOP: Why.METER_PAUSE,
}
_BATTERY: Final[Mapping[Intent, Why]] = dict.fromkeys(_GRID, Why.BATTERY_SILENT)
_SIGN: Final[Mapping[Intent, Why]] = dict.fromkeys(_GRID, Why.METER_SIGN)


def intent_after(silent: float) -> Intent | None:
    """Return what is done after so many seconds of silence; None while that is no silence.

    It is the same for what an aim is built on and for a limit.
    """
    if silent > defaults.METER_PAUSE:
        return Intent.STOP
    if silent > defaults.METER_FLOOR:
        return Intent.FLOOR
    if silent > defaults.METER_HOLD:
        return Intent.HOLD
    return Intent.NO_RISE if silent > defaults.METER_NO_INCREASE else None


class Silence:
    """Watches when what an aim is built on reports."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._since: float | None = None
        self._reported: float | None = None
        self._between: deque[float] = deque(maxlen=_COUNTED)

    def listen(self, readings: SiteReadings, now: float) -> None:
        """Take note of when the meter of the grid has reported."""
        self._since = since(self._since, now)
        if readings.grid is None or readings.grid.at == self._reported:
            return
        if self._reported is not None:
            passed = readings.grid.at - self._reported
            if 0 < passed <= defaults.METER_FLOOR:
                self._between.append(passed)
        self._reported = readings.grid.at

    @property
    def pace(self) -> float | None:
        """The s that mostly pass between two reports of the grid's meter; None if not known."""
        return median(self._between) if len(self._between) >= _KNOWN else None

    def grid(self, readings: SiteReadings, now: float, watts: float | None) -> Aim | None:
        """Return the aim while the meter of the grid is silent; `watts` is what was last good."""
        age = self._age(readings.grid, now)
        intent = intent_after(age)
        if intent is None and readings.grid is None:
            intent = Intent.HOLD
        return _aim(intent, age, watts, _GRID)

    def in_time(self, readings: SiteReadings, now: float) -> bool:
        """Tell whether the meter of the grid is as silent as it always is between two reports."""
        pace = self.pace
        return pace is not None and self._age(readings.grid, now) <= pace * defaults.METER_PATIENCE

    def battery(self, readings: SiteReadings, now: float, watts: float | None) -> Aim | None:
        """Return the aim while the battery is silent, which hides what the meter would show."""
        if readings.battery is None:
            return None
        age = self._age(readings.battery, now)
        return _aim(intent_after(age), age, watts, _BATTERY)

    def sign(self, readings: SiteReadings, now: float) -> Aim | None:
        """Return the aim while the meter of the grid seems to be the wrong way round.

        What it says is worth as little as what is too old to act upon.
        """
        if readings.doubted is None:
            return None
        age = now - readings.doubted + AGED
        return _aim(intent_after(age), age, None, _SIGN)

    def _age(self, measured: Measured | None, now: float) -> float:
        """Return for how long a value has been silent; from the start if it never spoke."""
        since = measured.at if measured is not None else self._since
        return max(now - since, 0.0) if since is not None else 0.0


def _aim(
    intent: Intent | None, age: float, watts: float | None, whys: Mapping[Intent, Why]
) -> Aim | None:
    if intent is None:
        return None
    kept = {Intent.NO_RISE: watts, Intent.STOP: 0.0}
    reason = Reason(why=whys[intent], data={"seconds": age})
    return Aim(intent=intent, watts=kept.get(intent), reason=reason)
