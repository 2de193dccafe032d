"""What others do: simple automations and published controllers, with their own defaults.

Each is written from the description of its behaviour, and is given more than it has in
life: the miners' live commands instead of restarts, exact readings, and no lost commands.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol, override


class Machine(Protocol):
    """A miner as a simple program sees it."""

    @property
    def key(self) -> str:
        """Its name."""

    @property
    def floor(self) -> float:
        """The lowest W it can draw."""

    @property
    def full(self) -> float:
        """The highest W."""

    @property
    def on(self) -> bool:
        """Whether it mines."""

    @property
    def power(self) -> float:
        """Measured W."""

    @property
    def target(self) -> float:
        """W that it is to draw."""

    def order(self, watts: float, now: float) -> bool:
        """Set the draw, 0 is off; False if it is refused."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What a controller can see."""

    grid: float
    battery: float | None
    """W, discharging above 0."""
    soc: float | None
    cheap: bool
    sun: float
    circuit: float | None = None
    """W that the circuit of the miners carries."""

    def surplus(self, *, charging_from: float | None = None) -> float:
        """Return export without what a battery gives; with what it takes above a charge."""
        battery = self.battery or 0.0
        if battery > 0:
            return -self.grid - battery
        if charging_from is not None and self.soc is not None and self.soc >= charging_from:
            return -self.grid - battery
        return -self.grid


class Baseline(ABC):
    """One way to control miners. Called every 10 s."""

    name: str
    period = 60

    def __init__(self, miners: Sequence[Machine]) -> None:
        """Begin at midnight with all miners off."""
        self.miners = miners
        self.since: dict[tuple[str, str], float] = {}
        self.changed: dict[str, float] = {}

    def act(self, now: float, view: View) -> None:
        """Do what is due now."""
        if now % self.period:
            return
        if view.cheap:
            self.cheap(now, view)
            return
        self.decide(now, view)

    def cheap(self, now: float, view: View) -> None:
        """Run at full draw."""
        for miner in self.miners:
            miner.order(miner.full, now)

    @abstractmethod
    def decide(self, now: float, view: View) -> None:
        """Follow the sun."""

    def lasts(self, what: str, key: str, holds: bool, now: float) -> float:
        """Return for how long something has held; -1 if it does not."""
        if not holds:
            self.since.pop((what, key), None)
            return -1.0
        return now - self.since.setdefault((what, key), now)


class Threshold(Baseline):
    """A plain automation: on at full draw when that is exported, off when it is imported."""

    name = "threshold"

    @override
    def decide(self, now: float, view: View) -> None:
        for miner in self.miners:
            on = self.lasts("on", miner.key, not miner.on and -view.grid >= miner.full, now)
            off = self.lasts("off", miner.key, miner.on and view.grid > 200, now)
            if on >= 300:
                miner.order(miner.full, now)
                self.since.clear()
                return
        for miner in reversed(self.miners):
            off = self.lasts("off", miner.key, miner.on and view.grid > 200, now)
            if off >= 300:
                miner.order(0, now)
                self.since.clear()
                return


class Ladder(Baseline):
    """A ladder of ten fixed steps per miner, looked at every five minutes."""

    name = "ladder"
    period = 300

    def __init__(self, miners: Sequence[Machine]) -> None:
        """Begin on the lowest step."""
        super().__init__(miners)
        self.level = dict.fromkeys((miner.key for miner in miners), 0)

    @override
    def cheap(self, now: float, view: View) -> None:
        super().cheap(now, view)
        self.level = dict.fromkeys(self.level, 10)

    @override
    def decide(self, now: float, view: View) -> None:
        rest = -view.grid
        for miner in self.miners if rest > 0 else reversed(self.miners):
            size = (miner.full - miner.floor) / 9
            level = self.level[miner.key]
            while rest >= (size if level else miner.floor) and level < 10:
                rest -= size if level else miner.floor
                level += 1
            while rest < 0 and level > 0:
                level -= 1
                rest += size if level else miner.floor
            self.level[miner.key] = level
            miner.order(miner.floor + size * (level - 1) if level else 0, now)


class Evcc(Baseline):
    """As an EV charger: every 30 s, on after 1 min, at the minimum for 3 min, then off."""

    name = "evcc"
    period = 30

    @override
    def cheap(self, now: float, view: View) -> None:
        """Share what the circuit carries, by what is commanded."""
        rest = view.circuit if view.circuit is not None else float("inf")
        for miner in self.miners:
            watts = min(rest, miner.full)
            miner.order(watts if watts >= miner.floor else 0.0, now)
            rest -= watts if watts >= miner.floor else 0.0

    @override
    def decide(self, now: float, view: View) -> None:
        residual = 100.0 if view.battery is not None else 0.0
        rest = view.surplus(charging_from=95) - residual
        rest += sum(miner.power for miner in self.miners)
        for miner in self.miners:
            target = min(rest, miner.full)
            if not miner.on:
                waited = self.lasts("on", miner.key, target >= miner.floor, now)
                if waited >= 60:
                    miner.order(target, now)
                    self.changed[miner.key] = now
                    rest -= target
                continue
            short = self.lasts("off", miner.key, target < miner.floor, now)
            # A minute of tolerance after switching.
            if short >= 180 and now - self.changed.get(miner.key, -60.0) >= 60:
                miner.order(0, now)
                self.changed[miner.key] = now
                continue
            miner.order(max(target, miner.floor), now)
            rest -= max(target, miner.floor)


class PvExcess(Baseline):
    """Minute means; each device changes every five minutes at most."""

    name = "pv excess control"
    period = 10

    def __init__(self, miners: Sequence[Machine]) -> None:
        """Begin without history."""
        super().__init__(miners)
        self.history: deque[float] = deque(maxlen=30)

    @override
    def decide(self, now: float, view: View) -> None:
        self.history.append(view.surplus())
        if now % 60 or len(self.history) < 30:
            return
        excess = sum(self.history) / len(self.history)
        for miner in self.miners:
            if now - self.changed.get(miner.key, -1e9) < 300:
                continue
            if miner.on and excess > 0 and miner.target < miner.full:
                self._order(miner, miner.target + excess, now)
                excess = 0.0
            elif not miner.on and excess >= miner.floor - 10:
                self._order(miner, miner.floor, now)
                excess -= miner.floor
        for miner in reversed(self.miners):
            if excess >= -10 or now - self.changed.get(miner.key, -1e9) < 300 or not miner.on:
                continue
            lower = miner.target + excess
            if lower < miner.floor and miner.target <= miner.floor + 1:
                excess += miner.power
                self._order(miner, 0, now)
            else:
                excess += miner.target - max(lower, miner.floor)
                self._order(miner, max(lower, miner.floor), now)

    def _order(self, miner: Machine, watts: float, now: float) -> None:
        if miner.order(watts, now):
            self.changed[miner.key] = now
            self.history.clear()


class SolarOptimizer(Baseline):
    """Every five minutes the best of all combinations; an hour on, an hour off at least.

    Annealing is replaced by an exact search where that is small, which is kinder.
    """

    name = "solar optimizer"
    period = 300

    @override
    def decide(self, now: float, view: View) -> None:
        available = -view.grid - (view.battery or 0.0) + sum(m.power for m in self.miners)
        groups = [self.miners[i : i + 5] for i in range(0, len(self.miners), 5)]
        for group in groups:
            choices = [self._choices(miner, now) for miner in group]
            best = min(product(*choices), key=lambda levels: self._cost(sum(levels), available))
            available -= sum(best)
            for miner, level in zip(group, best, strict=True):
                if (level > 0) is not miner.on:
                    self.changed[miner.key] = now
                miner.order(level, now)

    def _choices(self, miner: Machine, now: float) -> list[float]:
        levels = [miner.floor + (miner.full - miner.floor) * i / 4 for i in range(5)]
        locked = now - self.changed.get(miner.key, -1e9) < 3600
        if locked:
            return levels if miner.on else [0.0]
        return [0.0, *levels]

    @staticmethod
    def _cost(drawn: float, available: float) -> float:
        # Import costs three times what export pays.
        return 3 * (drawn - available) if drawn > available else available - drawn


class OpenEvse(Baseline):
    """Divert: quick to rise, ten minutes to fall, ten minutes on at least."""

    name = "openevse"
    period = 10

    def __init__(self, miners: Sequence[Machine]) -> None:
        """Begin with nothing."""
        super().__init__(miners)
        self.smooth = 0.0

    @override
    def decide(self, now: float, view: View) -> None:
        available = view.surplus() + sum(miner.power for miner in self.miners)
        lag = 20 if available > self.smooth else 600
        self.smooth += (available - self.smooth) * min(10 / lag, 1)
        rest = self.smooth / 1.1
        for miner in self.miners:
            if not miner.on and rest >= miner.floor + 115:
                miner.order(min(rest, miner.full), now)
                self.changed[miner.key] = now
            elif miner.on and rest < miner.floor:
                if now - self.changed.get(miner.key, -1e9) >= 600:
                    miner.order(0, now)
                else:
                    miner.order(miner.floor, now)
            elif miner.on:
                miner.order(min(rest, miner.full), now)
            rest -= min(max(rest, 0), miner.full) if miner.on else 0


class Pv2Hash(Baseline):
    """Four profiles; up with 100 W to spare, down after 15 s of import; 5 min between."""

    name = "pv2hash"
    period = 5

    def __init__(self, miners: Sequence[Machine]) -> None:
        """Begin with all off."""
        super().__init__(miners)
        self.level = dict.fromkeys((miner.key for miner in miners), 0)
        self.last = -1e9

    @override
    def cheap(self, now: float, view: View) -> None:
        super().cheap(now, view)
        self.level = dict.fromkeys(self.level, 4)

    @override
    def decide(self, now: float, view: View) -> None:
        surplus = view.surplus(charging_from=95)
        importing = self.lasts("import", "", surplus < -100, now)
        if now - self.last < 300:
            return
        if importing >= 15:
            for miner in reversed(self.miners):
                if self.level[miner.key]:
                    self._set(miner, self.level[miner.key] - 1, now)
                    return
        for miner in self.miners:
            level = self.level[miner.key]
            step = self._watts(miner, level + 1) - self._watts(miner, level)
            if level < 4 and surplus >= step + 100:
                self._set(miner, level + 1, now)
                return

    @staticmethod
    def _watts(miner: Machine, level: int) -> float:
        return miner.floor + (miner.full - miner.floor) * (level - 1) / 3 if level else 0.0

    def _set(self, miner: Machine, level: int, now: float) -> None:
        self.last = now
        self.level[miner.key] = level
        miner.order(self._watts(miner, level), now)


class SmartMiner(Baseline):
    """An import band of 200 to 400 W, steps of 200 W, 4 min between, 5 min before a fall."""

    name = "solar smart miner"
    last = -1e9

    @override
    def decide(self, now: float, view: View) -> None:
        taken = view.grid + max(view.battery or 0.0, 0.0)
        high = self.lasts("high", "", taken > 400, now)
        if now - self.last < 240:
            return
        if taken < 200:
            for miner in self.miners:
                if not miner.on and (view.sun > 500):
                    miner.order(miner.floor, now)
                    self.last = now
                    return
            for miner in self.miners:
                if miner.on and miner.target + 200 <= miner.full:
                    miner.order(miner.target + 200, now)
                    self.last = now
                    return
        elif high >= 300:
            self.last = now
            able = [m for m in self.miners if m.on and m.target - 200 >= m.floor]
            if able:
                largest = max(able, key=lambda miner: miner.target)
                largest.order(largest.target - 200, now)
                return
            for miner in reversed(self.miners):
                if miner.on:
                    miner.order(0, now)
                    return


class MlSolar(Baseline):
    """Matches the surplus every 20 min; off at once above 500 W of import or below 12 %."""

    name = "ml solar miner"

    @override
    def decide(self, now: float, view: View) -> None:
        if view.grid > 500 or (view.soc is not None and view.soc < 12):
            for miner in reversed(self.miners):
                if miner.on:
                    miner.order(0, now)
                    return
        if now % 1200:
            return
        rest = view.surplus() + sum(miner.power for miner in self.miners)
        for miner in self.miners:
            watts = min(rest, miner.full) if rest >= miner.floor else 0.0
            miner.order(watts, now)
            rest -= watts


class ProjectSolar(Baseline):
    """On after 7 min of enough, off after 7 min below half of it; a fixed order."""

    name = "project solar mining"

    @override
    def decide(self, now: float, view: View) -> None:
        available = view.surplus() + sum(miner.power for miner in self.miners)
        need = 0.0
        for miner in self.miners:
            need += miner.full
            if self.lasts("on", miner.key, not miner.on and available >= need, now) >= 420:
                miner.order(miner.full, now)
            short = available < need - miner.full / 2
            if self.lasts("off", miner.key, miner.on and short, now) >= 420:
                miner.order(0, now)


BASELINES: tuple[type[Baseline], ...] = (
    Threshold,
    Ladder,
    Evcc,
    PvExcess,
    SolarOptimizer,
    OpenEvse,
    Pv2Hash,
    SmartMiner,
    MlSolar,
    ProjectSolar,
)
