"""Others behind the same guard, so that only the planning differs.

That is also what their owners get: who sets the power of a miner in Home Assistant goes
through its guard, which keeps the machine's times and counts its starts.
"""

from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import Source, Wish

from .baselines import Baseline, View
from .plant import SimMiner
from .wire import EPOCH, poll, send


class Behind:
    """A miner as seen through its guard, with what the others need of one."""

    def __init__(self, miner: SimMiner) -> None:
        """Begin without a wish."""
        self.miner = miner
        self.guard = Guard(miner.ability)
        self.key, self.floor, self.full = miner.key, miner.floor, miner.full
        self.wished: float | None = None

    @property
    def on(self) -> bool:
        """Whether it mines."""
        return self.miner.on

    @property
    def power(self) -> float:
        """Measured W."""
        return self.miner.power

    @property
    def target(self) -> float:
        """W that were wished last, which is kinder than what has arrived."""
        return self.wished or self.miner.target

    def order(self, watts: float, now: float) -> bool:
        """Wish for it. The guard does it when it may."""
        wanted = min(max(watts, self.floor), self.full) if watts > 0 else 0.0
        if wanted != self.wished:
            self.wished = wanted
            self.guard.wish(Wish(watts=wanted, source=Source.ACTION, at=EPOCH + now))
        return True


class Guarded:
    """One of the others, and the guards that do what it wishes."""

    def __init__(self, kind: type[Baseline], miners: list[SimMiner]) -> None:
        """Put a guard before each miner."""
        self.behind = [Behind(miner) for miner in miners]
        self.controller = kind(self.behind)

    def act(self, now: float, view: View) -> None:
        """Poll, let it decide, and send."""
        for place, one in enumerate(self.behind):
            poll(one.miner, one.guard, now, place)
        self.controller.act(now, view)
        for one in self.behind:
            send(one.miner, one.guard, now)
