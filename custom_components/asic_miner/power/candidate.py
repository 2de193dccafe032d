"""A miner as the choice sees it: what it draws, what it could draw, and whether it may now."""

from ..miners.lean import dataclass
from . import defaults
from .model import Path, Wait
from .site_model import MinerNow

_RAMPS = {Wait.RAMPING, Wait.RESTARTING}
_AWAY = {Wait.NO_READING, Wait.FAULT, Wait.STARTS_SPENT, Wait.REFUSED, Wait.STOP_NOT_OBEYED}
"""Reasons for which it makes no sense to start a miner now."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One miner at this moment, with what it was given before. W at the wall."""

    now: MinerNow
    allocated: float
    rank: float
    room: float
    """W by which it may rise within hard limits."""
    at: float

    @property
    def key(self) -> str:
        """Its name."""
        return self.now.key

    @property
    def on(self) -> bool:
        """Whether it was given anything."""
        return self.allocated > 0

    @property
    def excess(self) -> float:
        """Settled draw as a multiple of the ordered one."""
        return self.now.state.excess

    @property
    def floor(self) -> float:
        """The least that it draws while it runs."""
        return self.now.state.floor * self.excess

    @property
    def most(self) -> float:
        """The most that it can draw."""
        return self.now.ability.maximum * self.excess

    @property
    def ramping(self) -> bool:
        """Whether it is on its way up and is not to be judged by its draw."""
        return self.now.state.blocked_up in _RAMPS or (self.on and not self.now.state.running)

    @property
    def obeyed(self) -> bool:
        """Tell whether it was told what is wanted; devices round a little."""
        return abs(self.now.state.current - self.allocated) < self.least_change

    @property
    def expected(self) -> float:
        """What it draws, or will when it has obeyed."""
        state = self.now.state
        if not self.on:
            # What goes off still draws until it is off, and that is no surplus used.
            return 0.0
        ordered = self.allocated * self.excess
        if self.ramping:
            return max(ordered, state.drawn or 0.0)
        if state.drawn is None or state.busy or not self.obeyed:
            return ordered
        return state.drawn

    @property
    def least_change(self) -> float:
        """W by which it is changed at least."""
        return defaults.worthwhile(self.now.ability.path, self.now.ability.maximum)

    @property
    def can_rise(self) -> bool:
        """Whether it may be raised now."""
        state = self.now.state
        return (
            self.on
            and state.running
            and state.blocked_up is None
            and state.can_rise_at <= self.at
            and self.obeyed
        )

    @property
    def can_fall(self) -> bool:
        """Whether it may be lowered now."""
        state = self.now.state
        # A lock is of raising only.
        moving = state.blocked_up not in {None, Wait.LOCK_UP}
        blocked = moving and self.now.ability.path is not Path.POWER_TARGET
        return self.on and state.running and not blocked and state.can_fall_at <= self.at

    @property
    def start_watts(self) -> float:
        """The most by which its draw grows when it is started."""
        return self.now.state.start_watts - (self.now.state.drawn or 0.0)

    @property
    def can_start(self) -> bool:
        """Whether it may be started now."""
        return self.startable and self.room >= self.start_watts

    @property
    def startable(self) -> bool:
        """Whether it may be started now, limits apart."""
        state = self.now.state
        return (
            not self.on
            and not state.running
            and state.wait not in _AWAY
            and state.can_start_at <= self.at
            and state.starts < defaults.STARTS_PER_DAY
        )

    def order(self, watts: float) -> float:
        """Return the order by which it draws at most `watts`, but its floor at least."""
        lowest = self.now.state.floor
        return self.now.ability.snap(max(watts / self.excess, lowest) + 1e-6, lowest)

    def step_up(self) -> float | None:
        """Return the next draw that its firmware is tuned for and that is worth a change."""
        wanted = self.allocated + self.least_change
        return min((watts for watts in self.now.ability.tuned if watts >= wanted), default=None)
