"""Off must stay off: some miners start mining again by themselves after a while."""

from .miners.models import Snapshot

REPEATS = 5
"""Telling it more often would be a fight that a miner in a home should not be in."""


class OffGuard:
    """Remembers that a miner was ordered to be off, and tells when to order it again.

    It acts only on a miner that has been seen off after the order. An order that has no
    effect at all shows as a switch that stays on.
    """

    def __init__(self, *, ordered_off: bool = False) -> None:
        """Begin without an order, or with one from before a restart.

        Without one a miner may be on or off as it likes.
        """
        self._ordered_off = ordered_off
        self._seen_off = False
        self.repeats = 0
        """How often the present order had to be given again."""

    def ordered(self, on: bool) -> None:
        """Take note of an order. The same one again is no new one, and counts on."""
        if self._ordered_off is not on:
            return
        self._ordered_off = not on
        self._seen_off = False
        self.repeats = 0

    def resumed(self, snapshot: Snapshot) -> bool:
        """Tell whether the miner mines again although it is to be off."""
        if not self._ordered_off:
            return False
        if snapshot.off_on_purpose:
            self._seen_off = True
        return self._seen_off and snapshot.mining_wanted is True

    def may_repeat(self) -> bool:
        """Count one more order, and tell whether it is still within the limit."""
        self._seen_off = False
        self.repeats += 1
        return self.repeats <= REPEATS
