"""Leaves alone what has refused, longer each time that it refuses again."""

FIRST_PAUSE = 10.0
"""Seconds. Nothing frees a place at a device within less, and who presses a button twice
does so within a few seconds."""
LONGEST_PAUSE = 300.0
"""Seconds. Places are held for half an hour, so one becomes free every few minutes where
many are taken; a longer pause would keep a miner from being switched off for no reason."""


class Patience:
    """Counts refusals in a row."""

    def __init__(self) -> None:
        """Begin without any."""
        self.first_pause = FIRST_PAUSE
        self._refusals = 0
        self._until = 0.0

    def left(self, now: float) -> float:
        """Return the seconds until it may be asked again, 0 for now."""
        return max(self._until - now, 0.0) if self._refusals else 0.0

    def refused(self, now: float) -> None:
        """Begin a pause, twice as long as the one before."""
        self._until = now + min(self.first_pause * 2.0**self._refusals, LONGEST_PAUSE)
        # Beyond this the pause is as long as it gets.
        self._refusals = min(self._refusals + 1, 16)

    def granted(self) -> None:
        """Forget all refusals."""
        self._refusals = 0
