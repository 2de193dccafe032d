"""Miners as they behave when their draw is changed, in both makes.

The times are those that makers state and owners have measured: a WhatsMiner follows a
percentage within a few minutes, ignores it until it is stable, and is stable about nine
minutes after a start, which goes to full draw. Braiins OS keeps a target while off, creeps
up, and tunes anew for 18 minutes at a draw that it has not tuned for before.
"""

from abc import ABC, abstractmethod
import math
from random import Random
from typing import override

from custom_components.asic_miner.miners.errors import MinerError, RampingError
from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.power.model import Ability, Path, Reading

IDLE = 15.0
"""W of a control board."""
JITTER = 0.006
"""Relative noise of the measured draw."""
HASHRATE_JITTER = 0.05
"""One-minute hashrate at constant draw moves by more than a tenth."""
ADVANCE = 5.0
"""Seconds of one step of the simulation."""


class SimMiner(ABC):
    """One machine. Watts at the wall; `now` in seconds since the trace began."""

    path: Path
    floor: float
    full: float

    def __init__(self, key: str, seed: int) -> None:
        """Begin off, cold, at night."""
        self.key = key
        self.on = False
        self.power = IDLE
        self.target = self.full
        self.since = -1e6
        """When it was last switched."""
        self.switched: list[tuple[float, bool]] = []
        """When it went on or off."""
        self.changed: list[float] = []
        """When its draw was changed while it ran."""
        self.random = Random(f"{key}{seed}")

    @property
    def starts(self) -> int:
        """How often it was switched on."""
        return sum(on for _, on in self.switched)

    @property
    @abstractmethod
    def ability(self) -> Ability:
        """What the guard is told."""

    @property
    @abstractmethod
    def state(self) -> MinerState:
        """What it says of itself."""

    @abstractmethod
    def advance(self, now: float) -> None:
        """Move on by ADVANCE seconds."""

    @abstractmethod
    def set_power(self, watts: float, now: float, *, fast: bool = False) -> None:
        """Set the draw. Raises a MinerError where a real one would refuse."""

    def start(self, now: float) -> None:
        """Begin to mine."""
        if not self.on:
            self.on, self.since = True, now
            self.switched.append((now, True))

    def stop(self, now: float) -> None:
        """Stop mining."""
        if self.on:
            self.on, self.since = False, now
            self.switched.append((now, False))

    def order(self, watts: float, now: float) -> bool:
        """Do what simple programs do: switch, or set, and ignore a refusal."""
        if watts <= 0:
            self.stop(now)
            return True
        watts = min(max(watts, self.floor), self.full)
        self.start(now)
        if abs(watts - self.target) < 1:
            return True
        try:
            self.set_power(watts, now)
        except MinerError:
            return False
        return True

    def reading(self, now: float, epoch: float) -> Reading:
        """Return a poll."""
        drawn = self.power * (1 + self.random.gauss(0, JITTER))
        hashrate = 0.0
        if self.on and self.power > 2 * IDLE:
            # J/TH rises with the draw.
            joules = 16.0 + 6.0 * self.power / self.full
            hashrate = self.power / joules * (1 + self.random.gauss(0, HASHRATE_JITTER))
        return Reading(
            at=epoch + now,
            state=self.state,
            on=self.on,
            power=drawn,
            target=self.target,
            hashrate=hashrate,
        )


class SimWhatsminer(SimMiner):
    """By percentage, without restart, once it is stable."""

    path = Path.LIVE_PERCENT
    full = 3400.0
    floor = 1000.0
    dead = 30.0
    ramp = 480.0
    stable_after = 540.0

    def __init__(self, key: str, seed: int) -> None:
        """Begin off."""
        super().__init__(key, seed)
        self.lag = 60.0

    @property
    @override
    def ability(self) -> Ability:
        return Ability(path=self.path, minimum=self.floor, maximum=self.full, step=34.0)

    @property
    def stable(self) -> bool:
        """Whether a percentage has an effect."""
        return self.on and self.running_for >= self.stable_after

    @property
    @override
    def state(self) -> MinerState:
        if not self.on:
            return MinerState.PAUSED
        return MinerState.MINING if self.stable else MinerState.STARTING

    @override
    def start(self, now: float) -> None:
        if not self.on:
            self.target, self.lag, self.running_for = self.full, 60.0, 0.0
        super().start(now)

    running_for = 0.0

    @override
    def set_power(self, watts: float, now: float, *, fast: bool = False) -> None:
        if not self.stable:
            raise RampingError("not stable")
        # Whole percent, rounded down.
        percent = math.floor(watts * 100 / self.full + 1e-9)
        target = self.full * percent / 100
        self.lag = 0.5 if fast else 60.0
        if target != self.target:
            self.changed.append(now)
        self.target = target
        if target < self.floor - self.full / 100:
            # Too low: it becomes unstable and restarts by itself.
            self.running_for = 0.0
            self.target = self.full

    @override
    def advance(self, now: float) -> None:
        self.running_for += ADVANCE
        if not self.on:
            self.power += (IDLE - self.power) * (1 - math.exp(-ADVANCE / 2))
        elif not self.stable:
            part = min(max((self.running_for - self.dead) / self.ramp, 0.0), 1.0)
            goal = IDLE + (self.full - IDLE) * part
            self.power = min(max(self.power, goal), self.full) if part else IDLE
        else:
            self.power += (self.target - self.power) * (1 - math.exp(-ADVANCE / self.lag))


class SimBraiins(SimMiner):
    """By a lasting target; best at draws that it has tuned for."""

    path = Path.POWER_TARGET
    full = 3200.0
    floor = 1000.0
    excess = 1.03
    tuning_seconds = 1080.0
    profile_seconds = 2760.0

    def __init__(self, key: str, seed: int) -> None:
        """Begin off, tuned for every second step of 200 W."""
        super().__init__(key, seed)
        self.tuned = {float(watts) for watts in range(1000, 3201, 200)}
        self.tuning_since: float | None = None
        self.now = 0.0

    @property
    @override
    def ability(self) -> Ability:
        return Ability(
            path=self.path,
            minimum=self.floor,
            maximum=self.full,
            step=1.0,
            tuned=tuple(sorted(self.tuned)),
        )

    @property
    @override
    def state(self) -> MinerState:
        if not self.on:
            return MinerState.PAUSED
        if self.now - self.since < 360 and self.power < 0.95 * self.target:
            return MinerState.STARTING
        if self.tuning_since is not None and self.now - self.tuning_since < self.tuning_seconds:
            return MinerState.TUNING
        return MinerState.MINING

    @override
    def set_power(self, watts: float, now: float, *, fast: bool = False) -> None:
        target = float(round(watts))
        if target == self.target:
            return
        self.target = target
        if self.on:
            self.changed.append(now)
        self.tuning_since = None if target in self.tuned else now

    @override
    def advance(self, now: float) -> None:
        self.now = now
        if not self.on:
            # Clocks ramp down over 25 s.
            self.power = max(self.power - self.full / 25 * ADVANCE, IDLE)
            return
        passed = now - self.since
        if passed < 60:
            return
        goal = self.target * self.excess
        if self.tuning_since is not None:
            if now - self.tuning_since > self.profile_seconds:
                self.tuned.add(self.target)
                self.tuning_since = None
            elif (now - self.tuning_since) % 240 < 60:
                goal *= 0.85  # It probes.
        if passed < 90:
            self.power = min(goal, IDLE + 1400 * (passed - 60) / 30)
        elif self.power < goal:
            # Boards must warm up: 1.8 kW take about four minutes.
            self.power = min(goal, self.power + 8 * ADVANCE)
        else:
            self.power += (goal - self.power) * (1 - math.exp(-ADVANCE / 40))


def fleet(count: int, seed: int = 1) -> list[SimMiner]:
    """Return miners of both makes, taking turns."""
    return [
        SimBraiins(f"miner{i}", seed) if i % 3 == 1 else SimWhatsminer(f"miner{i}", seed)
        for i in range(count)
    ]
