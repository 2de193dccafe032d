"""A power level that a miner has taken and will not keep by itself is given once more."""

from .miners.models import MinerState, Snapshot

ATTEMPTS = 3
"""A miner that refuses it three times while it is stable does not want it."""


class Lasting[Order]:
    """Remembers one such order until it may be given again."""

    def __init__(self) -> None:
        """Begin with nothing to repeat."""
        self._order: Order | None = None
        self._left = 0

    def set(self, order: Order | None) -> None:
        """Remember the newest order. None forgets: it lasts, or something else counts now."""
        self._order = order
        self._left = ATTEMPTS

    def is_current(self, order: Order) -> bool:
        """Tell whether nothing newer has been ordered since."""
        return self._order is order

    def due(self, snapshot: Snapshot) -> Order | None:
        """Return what to give again now, if anything, and count the attempt."""
        if snapshot.off_on_purpose:
            # Mining starts without it, and starting is not the time for less.
            self.set(None)
        if self._order is None or snapshot.state is not MinerState.MINING:
            return None
        if not self._left:
            self.set(None)
            return None
        self._left -= 1
        return self._order
