"""How many of the latest shares a pool has refused."""

from collections import deque
import math

WINDOW = 300.0
"""Seconds that are looked back. Devices count since mining started: of a month, a day on which
everything is refused is three percent. A pool that hiccups for a minute is over after these."""
LEAST = 100
"""Shares that are looked back at least, so that a single one of a small miner, which finds a few
in that time, does not make a third."""


class RejectMeter:
    """Works out the rejected part of the latest shares from counters that only rise."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._seen: deque[tuple[float, int, int]] = deque()
        """Time in seconds, accepted and rejected shares, whenever there were more of them. All
        later ones are compared with the first."""

    def add(self, accepted: int | None, rejected: int | None, now: float) -> float | None:
        """Take the counters at `now` in seconds and return the rejected part in percent.

        `now` comes from a clock that never goes backwards. Until WINDOW has passed and LEAST
        shares have been found the part is that since mining started. None where the counters
        are not known, or stand at zero.
        """
        if accepted is None or rejected is None:
            return None
        seen = self._seen
        if not seen or accepted < seen[-1][1] or rejected < seen[-1][2]:
            # Mining has started anew, and its counters with it.
            seen.clear()
            seen.append((-math.inf, 0, 0))
        if (accepted, rejected) != seen[-1][1:]:
            seen.append((now, accepted, rejected))
        shares = accepted + rejected
        while len(seen) > 1:
            then, *before = seen[1]
            if then > now - WINDOW or sum(before) > shares - LEAST:
                break
            seen.popleft()
        _, accepted_before, rejected_before = seen[0]
        found = shares - accepted_before - rejected_before
        return 100 * (rejected - rejected_before) / found if found else None
