"""Off must stay off: some miners start mining again by themselves after a while."""

from .miners.models import Snapshot

REPEATS = 5
"""Telling it more often would be a fight that a miner in a home should not be in."""
GRACE_SECONDS = 20.0
"""Until an order shows: mining is gone within seconds, and what a miner says lags a little."""


class OffGuard:
    """Remembers that a miner was ordered to be off, and tells when to order it again."""

    def __init__(self, *, ordered_off: bool, now: float) -> None:
        """Begin without an order, or with one from before a restart, at `now` in seconds.

        Without one a miner may be on or off as it likes.
        """
        self._ordered_off = ordered_off
        self._told_at = now
        self.repeats = 0
        """How often the present order had to be given again."""

    @property
    def ordered_off(self) -> bool:
        """Tell whether the last order was off."""
        return self._ordered_off

    def ordered(self, on: bool, now: float) -> None:
        """Take note of an order. The same one again is no new one, and counts on."""
        self._told_at = now
        if self._ordered_off is on:
            self._ordered_off = not on
            self.repeats = 0

    def resumed(self, snapshot: Snapshot, now: float) -> bool:
        """Tell whether the miner mines although it is to be off and has had time for it."""
        late = now - self._told_at >= GRACE_SECONDS
        return self._ordered_off and snapshot.mining_wanted is True and late

    def may_repeat(self, now: float) -> bool:
        """Count one more order, and tell whether it is still within the limit."""
        self._told_at = now
        self.repeats += 1
        return self.repeats <= REPEATS
