"""How long what an aim is built on has been silent, and what is done meanwhile."""

from collections import deque
from collections.abc import Sequence
from statistics import median

from . import defaults
from .aim_model import Aim, Intent
from .clock import AGED
from .model import Measured
from .site_model import Reason, SiteReadings, Why

_KNOWN = 3
"""Own: times between reports from which a meter's pace is known."""
_COUNTED = 9
"""Own: and how many of the last count, so that the median takes no notice of a few gaps."""


class Silence:
    """Watches when the meters report."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._since: float | None = None
        self._reported: float | None = None
        self._between: deque[float] = deque(maxlen=_COUNTED)

    def listen(self, readings: SiteReadings, now: float) -> None:
        """Take note of when the meter of the grid has reported."""
        if self._since is None or self._since > now:
            self._since = now
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
        found = _ladder(
            age, watts, (Why.METER_OLD, Why.METER_HOLD, Why.METER_FLOOR, Why.METER_PAUSE)
        )
        if found is None and readings.grid is None:
            reason = Reason(why=Why.METER_HOLD, data={"seconds": age})
            return Aim(intent=Intent.HOLD, watts=None, reason=reason)
        return found

    def in_time(self, readings: SiteReadings, now: float) -> bool:
        """Tell whether the meter of the grid is as silent as it always is between two reports."""
        pace = self.pace
        return pace is not None and self._age(readings.grid, now) <= pace * defaults.METER_PATIENCE

    def battery(self, readings: SiteReadings, now: float, watts: float | None) -> Aim | None:
        """Return the aim while the battery is silent, which hides what the meter would show."""
        if readings.battery is None:
            return None
        return _ladder(self._age(readings.battery, now), watts, [Why.BATTERY_SILENT] * 4)

    def sign(self, readings: SiteReadings, now: float) -> Aim | None:
        """Return the aim while the meter of the grid seems to be the wrong way round.

        What it says is worth as little as what is too old to act upon.
        """
        if readings.doubted is None:
            return None
        return _ladder(now - readings.doubted + AGED, None, [Why.METER_SIGN] * 4)

    def _age(self, measured: Measured | None, now: float) -> float:
        """Return for how long a value has been silent; from the start if it never spoke."""
        since = measured.at if measured is not None else self._since
        return max(now - since, 0.0) if since is not None else 0.0


def _ladder(age: float, watts: float | None, whys: Sequence[Why]) -> Aim | None:
    """Return what is done after so many seconds of silence, for four reasons."""
    old, hold, floor, pause = (Reason(why=why, data={"seconds": age}) for why in whys)
    if age > defaults.METER_PAUSE:
        return Aim(intent=Intent.STOP, watts=0.0, reason=pause)
    if age > defaults.METER_FLOOR:
        return Aim(intent=Intent.FLOOR, watts=None, reason=floor)
    if age > defaults.METER_HOLD:
        return Aim(intent=Intent.HOLD, watts=None, reason=hold)
    if age > defaults.METER_NO_INCREASE:
        return Aim(intent=Intent.NO_RISE, watts=watts, reason=old)
    return None
