"""Power over time becomes energy."""

LONGEST_GAP = 300.0
"""Seconds between two readings that may still be joined: a miner that was away for
longer may have been off, and energy nobody measured is not made up."""


class EnergyMeter:
    """Adds up kWh from power readings. Never falls."""

    def __init__(self, total: float = 0.0) -> None:
        """Begin at a total in kWh, for example that of an earlier run."""
        self.total = total
        self._last: tuple[float, float] | None = None
        self._restored = False

    def add(self, power: float | None, now: float) -> float:
        """Take a reading in W at `now` in seconds and return the total in kWh.

        `now` comes from a clock that never goes backwards. Between two readings the
        power is taken to move in a straight line. None (not known) and negative readings
        add nothing; they end the line only when it becomes longer than LONGEST_GAP.
        """
        if power is None or power < 0:
            return self.total
        if self._last is not None:
            before, earlier = self._last
            passed = now - earlier
            if 0 < passed <= LONGEST_GAP:
                # W·s to kWh
                self.total += (before + power) / 2 * passed / 3_600_000
        self._last = (power, now)
        return self.total

    def restore(self, total: float) -> None:
        """Put the total of an earlier run below what was counted since, once.

        Whoever keeps the total may ask again; only the first time counts.
        """
        if not self._restored:
            self._restored = True
            self.total += max(total, 0.0)
