"""Readings over a jump of the clock, after which nobody knows how old they are."""

from collections.abc import Iterator
from dataclasses import replace

from . import defaults
from .model import Measured
from .site_model import SiteReadings

AGED = defaults.METER_HOLD + 1
"""Own: so many s old is what was said before a jump. Too old to act upon, and not so old that
anything is stopped for that yet."""


class Clock:
    """Notices when the time of day was set, or when nobody has looked at it for long."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._last: float | None = None
        self._jumped_at = 0.0
        self._before: frozenset[float] = frozenset()
        """When all that was said before the jump was said, by the clock of then."""

    def jumped(self, readings: SiteReadings, now: float) -> bool:
        """Tell whether the clock has jumped since the last call."""
        last, self._last = self._last, now
        if last is None or 0 <= now - last <= defaults.CLOCK_JUMP:
            return False
        self._jumped_at = now
        # What was said since the last call was perhaps said by the clock of now.
        young = now - defaults.TICK
        self._before = frozenset(one.at for one in _all(readings) if not young <= one.at <= now)
        return True

    def mend(self, readings: SiteReadings) -> SiteReadings:
        """Return readings in which those from before a jump are AGED at the jump."""
        if not any(one.at in self._before for one in _all(readings)):
            return readings
        old = self._jumped_at - AGED

        def aged(one: Measured) -> Measured:
            return replace(one, at=old) if one.at in self._before else one

        return replace(
            readings,
            grid=readings.grid and aged(readings.grid),
            battery=readings.battery and aged(readings.battery),
            soc=readings.soc and aged(readings.soc),
            solar=readings.solar and aged(readings.solar),
            phases={number: aged(one) for number, one in readings.phases.items()},
            circuits={key: aged(one) for key, one in readings.circuits.items()},
        )


def _all(readings: SiteReadings) -> Iterator[Measured]:
    single = (readings.grid, readings.battery, readings.soc, readings.solar)
    yield from (one for one in single if one is not None)
    yield from readings.phases.values()
    yield from readings.circuits.values()
