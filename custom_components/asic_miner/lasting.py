"""A power level that a miner has taken and will not keep by itself is given once more."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .miners.client import MinerClient
from .miners.models import MinerState, Snapshot

ATTEMPTS = 3
"""A miner that refuses it three times while it is stable does not want it."""


@dataclass(eq=False, kw_only=True, slots=True)
class Draw:
    """One order of how much to draw."""

    order: Callable[[MinerClient], Awaitable[bool]]
    fast: Callable[[MinerClient], Awaitable[bool]] | None
    """A quicker form of the same order."""
    sent: bool = False
    """The miner has answered it."""


class Lasting:
    """Remembers the newest order, until it lasts."""

    def __init__(self) -> None:
        """Begin with nothing to repeat."""
        self.newest: Draw | None = None
        self._left = 0
        self._before: tuple[Draw | None, int] = (None, 0)

    def begin(self, draw: Draw) -> None:
        """Take note of the newest order."""
        self._before = self.newest, self._left
        self.newest = draw
        self._left = 0

    def refused(self, draw: Draw) -> None:
        """Go back to the order before, since the miner has not taken this one."""
        if self.newest is draw:
            self.newest, self._left = self._before

    def ended(self, draw: Draw, *, lasts: bool) -> None:
        """Take note that the miner has taken it, for good or for now."""
        again = draw.sent
        draw.sent = True
        if self.newest is not draw:
            return
        if lasts:
            self._left = 0
        elif not again:
            self._left = ATTEMPTS

    def forget(self) -> None:
        """Something else than an order of ours counts now."""
        self.newest = None
        self._left = 0

    def due(self, snapshot: Snapshot) -> Draw | None:
        """Return what to give again now, if anything, and count the attempt."""
        if snapshot.off_on_purpose:
            # Mining starts without it, and starting is not the time for less.
            self.forget()
        if not self._left or snapshot.state is not MinerState.MINING:
            return None
        self._left -= 1
        return self.newest
