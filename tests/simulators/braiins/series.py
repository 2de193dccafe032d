"""One series of hashing over time, from which every window is computed."""

from bisect import bisect_right

WINDOWS: dict[str, float] = {
    "last_5s": 5,
    "last_15s": 15,
    "last_30s": 30,
    "last_1m": 60,
    "last_5m": 300,
    "last_15m": 900,
    "last_30m": 1800,
    "last_1h": 3600,
    "last_24h": 86400,
}
"""Names of the windows on the wire and their lengths in seconds."""

KEPT = 90_000.0
"""Seconds of history kept: a little more than the longest window."""


class HashSeries:
    """Work done since a moment, in terahashes, as a line through known points."""

    def __init__(self, begin: float) -> None:
        """Begin without any work at a simulated time."""
        self.begin = begin
        self._times = [begin]
        self._work = [0.0]

    @property
    def total(self) -> float:
        """Return all work done so far in terahashes."""
        return self._work[-1]

    def add(self, now: float, work: float) -> None:
        """Record work in terahashes done between the last point and now."""
        if now <= self._times[-1]:
            self._work[-1] += work
            return
        self._times.append(now)
        self._work.append(self._work[-1] + work)
        if len(self._times) > 2 and self._times[1] < now - 2 * KEPT:
            first = bisect_right(self._times, now - KEPT) - 1
            del self._times[:first], self._work[:first]

    def mean(self, now: float, seconds: float) -> float:
        """Return the mean hashrate in TH/s of the last seconds.

        A window that is longer than the series covers just the series.
        """
        covered = min(seconds, now - self.begin)
        if covered <= 0:
            return 0.0
        return (self._at(now) - self._at(now - covered)) / covered

    def _at(self, moment: float) -> float:
        index = bisect_right(self._times, moment)
        if index == 0:
            return self._work[0]
        if index == len(self._times):
            return self._work[-1]
        start, end = self._times[index - 1], self._times[index]
        part = (moment - start) / (end - start)
        return self._work[index - 1] + part * (self._work[index] - self._work[index - 1])
