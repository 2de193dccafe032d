"""The rules of the guard: what is sent to one miner at one moment, or why it waits."""

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
import math

from ..miners.lean import dataclass
from ..miners.models import MinerState
from . import defaults
from .model import CommandKind, Path, Reading, Source, Wait
from .moment import Moment
from .past import Pending, tolerance, until

SAFETY_RETRY = 10.0
"""Seconds between attempts of what is urgent: one poll after a command."""
LOOKS_AGAIN = defaults.HEAT_TICK
"""Seconds after which all who set limits have looked again at what a miner draws."""
STOP_ALARM = 3
"""Stops without effect before it is called not obeyed, and refusals of less before it is stopped
instead; one or two may be lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One command, or one reason to wait, or neither when all is as wished."""

    kind: CommandKind | None = None
    watts: float = 0.0
    fast: bool = False
    shed: bool = False
    source: Source = Source.ADOPTED
    wait: Wait | None = None
    until: float | None = None
    data: Mapping[str, float] = field(default_factory=dict)


class Decider(Moment):
    """The rules applied to one moment. Changes nothing."""

    @cached_property
    def blocked_up(self) -> Wait | None:
        """Why the draw could not be raised now, locks apart."""
        if self.reading is None or not self.fresh:
            return Wait.NO_READING
        decision = self._retry(up=True) or self._moving(self.reading, up=True)
        return decision.wait if decision is not None else None

    def decide(self) -> Decision:  # noqa: PLR0911 - one return per rule
        """Return what is sent now, or why nothing is."""
        reading, goal, pending = self.reading, self.goal, self.pending
        if reading is None or self.blind is not None:
            return Decision(wait=Wait.NO_READING)
        if goal is None:
            return Decision(wait=None if self.fresh else Wait.NO_READING)
        if pending is not None and pending.answered is None:
            end = until(pending.at, defaults.SENDING_LONGEST, self.now)
            if end > self.now:
                return Decision(wait=Wait.SENDING, until=end)
        limited = self.limit is not None and (self._urgent or self._over)
        if not self.fresh and not (limited and reading.runs):
            return Decision(wait=Wait.NO_READING)
        if goal == 0:
            return self._off(reading, urgent=limited)
        if not reading.runs:
            return self._on(reading)
        return self._change(reading, goal)

    def _send(self, kind: CommandKind, watts: float = 0.0, *, fast: bool = False) -> Decision:
        source, shed = Source.ADOPTED, False
        if self.wish is not None:
            source = self.wish.source
        if self.limit is not None and (self._urgent or self._over):
            source, shed = self.limit.source, True
        return Decision(kind=kind, watts=watts, fast=fast, shed=shed, source=source)

    @property
    def _refusals_of_less(self) -> int:
        """How often in a row it has not drawn less when told to."""
        return 0 if self.past.failed_rise else self.past.failures

    def _retry(self, *, up: bool, urgent: bool = False) -> Decision | None:
        """Return the wait after an attempt that had no effect.

        Less is not kept waiting by what was refused when more was wanted.
        """
        past = self.past
        if not (past.failures if up else self._refusals_of_less):
            return None
        seconds = past.retry_at - past.failed_at
        if urgent and past.failures <= STOP_ALARM:
            seconds = min(seconds, SAFETY_RETRY)
        elif urgent and self.reading is not None and self.reading.runs:
            # What must be less is not left for an hour because the network was bad for a while.
            seconds = min(seconds, defaults.RETRY_FIRST)
        end = until(past.failed_at, seconds, self.now)
        if end <= self.now:
            return None
        wait = Wait.UNCONFIRMED if past.lost else Wait.REFUSED
        return Decision(wait=wait, until=end, data={"attempts": past.failures})

    def _confirming(self, pending: Pending) -> Decision:
        end = pending.at + self.confirm_seconds(pending)
        return Decision(wait=Wait.CONFIRMING, until=end, data={"watts": pending.watts})

    def _off(self, reading: Reading, *, urgent: bool) -> Decision:  # noqa: PLR0911 - one return per rule
        """Return the way to off."""
        wish, pending, past = self.wish, self.pending, self.past
        if pending is not None and pending.kind is CommandKind.STOP:
            return self._confirming(pending)
        asked = wish is not None and wish.watts == 0 and wish.source in {Source.USER, Source.VOICE}
        urgent = urgent or asked
        if not reading.runs:
            drawn = reading.power or 0.0
            if drawn <= defaults.OFF_WATTS or past.order != 0 or not self._refusals_of_less:
                return self._settled_off()
        if retry := self._retry(up=False, urgent=urgent):
            if past.failures >= STOP_ALARM:
                return Decision(wait=Wait.STOP_NOT_OBEYED, until=retry.until, data=retry.data)
            return retry
        if urgent or not reading.runs:
            return self._send(CommandKind.STOP)
        if reading.state is MinerState.RESTARTING:
            return Decision(wait=Wait.RESTARTING)
        if self.can_stop_at > self.now:
            # It draws as little as it can until it may be switched off.
            lower = self._change(reading, self.floor) if self.current > self.floor else None
            if lower is not None and lower.kind is not None:
                return lower
            return Decision(wait=Wait.MINIMUM_ON, until=self.can_stop_at)
        return self._send(CommandKind.STOP)

    def _settled_off(self) -> Decision:
        if self._stays_off:
            # Also where it is wished off: what it is given later would not start it.
            return Decision(wait=Wait.STAYS_OFF)
        if self.limit is not None and self.wish is not None and self.wish.watts > 0:
            return Decision(
                wait=Wait.LIMIT, data={"watts": self.limit.watts, "wish": self.wish.watts}
            )
        if self.wish is not None and self.wish.watts > 0:
            return Decision(
                wait=Wait.BELOW_FLOOR, data={"watts": self.wish.watts, "floor": self.floor}
            )
        return Decision()

    def _on(self, reading: Reading) -> Decision:  # noqa: PLR0911 - one return per rule
        """Return the way from off to on."""
        pending = self.pending
        if pending is not None:
            return self._confirming(pending)
        if reading.state is MinerState.RESTARTING:
            return Decision(wait=Wait.RESTARTING)
        if reading.state is MinerState.FAULT and not self.person:
            return Decision(wait=Wait.FAULT)
        if self._stays_off:
            return Decision(wait=Wait.STAYS_OFF)
        start = self.start_watts()
        if self.limit is not None and start > self.limit.watts + 1:
            return Decision(
                wait=Wait.START_ABOVE_LIMIT, data={"watts": start, "limit": self.limit.watts}
            )
        if not self.person:
            if self.can_start_at > self.now:
                return Decision(wait=Wait.MINIMUM_OFF, until=self.can_start_at)
            recent = [at for at in self.past.starts if self.now - defaults.DAY < at <= self.now]
            if len(recent) >= defaults.STARTS_PER_DAY:
                return Decision(
                    wait=Wait.STARTS_SPENT,
                    until=min(recent) + defaults.DAY,
                    data={"starts": len(recent)},
                )
        if looking := self._looking_again():
            return looking
        goal = self.goal or 0.0
        if self.ability.path is Path.POWER_TARGET and not self.past.preset_refused:
            set_to = reading.target if reading.target is not None else self.past.order
            if set_to is None or abs(set_to - goal) > 1:
                retry = self._retry(up=True)
                return retry or self._send(CommandKind.SET_POWER, goal)
        elif self.past.preset_refused:
            # It was refused only because the miner is off, which is no reason to wait.
            return self._send(CommandKind.START, self._start_target())
        return self._retry(up=True) or self._send(CommandKind.START, self._start_target())

    def _change(self, reading: Reading, goal: float) -> Decision:  # noqa: PLR0911 - one return per rule
        """Return the way from one draw to another."""
        if self._urgent or self._over:
            return self._shed(reading, goal)
        current = self.current
        least = defaults.worthwhile(self.ability.path, self.ability.full)
        if self.person:
            # Who moves a slider means it, and does not do so all day.
            least = self.ability.step
        if abs(goal - current) < least:
            return self._there(reading, goal)
        if reading.state is MinerState.FAULT:
            return Decision(wait=Wait.FAULT)
        up = goal > current
        if retry := self._retry(up=up):
            return retry
        if blocked := self._moving(reading, up=up):
            return blocked
        lock, wait = (self.can_rise_at, Wait.LOCK_UP) if up else (self.can_fall_at, Wait.LOCK_DOWN)
        if lock > self.now and not self.person:
            return Decision(wait=wait, until=lock)
        return self._send(CommandKind.SET_POWER, goal)

    def _moving(self, reading: Reading, *, up: bool) -> Decision | None:  # noqa: PLR0911 - one return per rule
        """Return the wait for a miner that is on its way already."""
        may_fall = not up and self.ability.path is Path.POWER_TARGET
        if reading.state is MinerState.RESTARTING:
            return Decision(wait=Wait.RESTARTING)
        if reading.state is MinerState.STARTING and not may_fall:
            usual = self.learned.seconds_start or defaults.START_CONFIRM
            end = until(self.past.on_since, usual, self.now)
            return Decision(wait=Wait.RAMPING, until=end if math.isfinite(end) else None)
        if reading.state is MinerState.TUNING and up:
            return Decision(wait=Wait.TUNING)
        if reading.state is MinerState.LIMITED and up:
            return Decision(wait=Wait.LIMITED)
        pending = self.pending
        if pending is None:
            return self._looking_again() if up else None
        overlaps = pending.kind is CommandKind.SET_POWER and (
            defaults.TIMES[self.ability.path].overlap or self.person
        )
        if overlaps and up and pending.shed:
            # What a limit has lowered still counts with all that it drew before, which is no room.
            return Decision(wait=Wait.LOCK_UP, until=pending.at + self.confirm_seconds(pending))
        if overlaps or may_fall:
            return None
        return self._confirming(pending)

    def _looking_again(self) -> Decision | None:
        """Return the wait after what a limit demanded, until who set it has looked again.

        What may be drawn was found out while the miner still counted with more.
        """
        end = until(self.past.shed_at, LOOKS_AGAIN, self.now)
        return Decision(wait=Wait.LOCK_UP, until=end) if end > self.now else None

    def _shed(self, reading: Reading, goal: float) -> Decision:  # noqa: PLR0911 - one return per rule
        """Return the way below a limit, which does not wait for anything but answers."""
        path, pending, past = self.ability.path, self.pending, self.past
        slow = path not in {Path.LIVE_PERCENT, Path.POWER_TARGET}
        patience = (
            defaults.SAFETY_REPEAT if path is Path.LIVE_PERCENT else defaults.SAFETY_CONFIRM_TARGET
        )
        if pending is not None and pending.kind is CommandKind.STOP:
            return self._confirming(pending)
        if not self._urgent:
            if path is Path.LIVE_PERCENT and not (past.fast or past.refused):
                # It is on its way in the gentle form, which takes minutes; the quick one first.
                watts = min(goal, self.current)
                return self._retry(up=False, urgent=True) or self._send(
                    CommandKind.SET_POWER, watts, fast=True
                )
            # Enough was ordered, and the draw is still above: it gets its time, then stops.
            end = until(past.changed, patience, self.now)
            if end > self.now:
                return Decision(wait=Wait.CONFIRMING, until=end, data={"watts": goal})
            return self._retry(up=False, urgent=True) or self._send(CommandKind.STOP)
        if past.refused or slow or goal >= self.current:
            return self._send(CommandKind.STOP)
        if retry := self._retry(up=False, urgent=True):
            return retry
        if self._refusals_of_less >= STOP_ALARM:
            # What is refused again and again is no way down.
            return self._send(CommandKind.STOP)
        return self._send(CommandKind.SET_POWER, goal, fast=path is Path.LIVE_PERCENT)

    def _there(self, reading: Reading, goal: float) -> Decision:  # noqa: PLR0911 - one return per rule
        """Return what is left to say of a miner that was ordered what is wished."""
        wish, limit, past = self.wish, self.limit, self.past
        if (
            past.fast
            and self.pending is None
            and reading.state is MinerState.MINING
            and until(past.changed, defaults.TIMES[self.ability.path].up, self.now) <= self.now
        ):
            # The quick form is not for long: the same once more, in the gentle one.
            return self._retry(up=True) or self._send(CommandKind.SET_POWER, self.current)
        if self.pending is not None:
            return self._confirming(self.pending)
        if retry := self._retry(up=True):
            return retry
        effective = reading.effective
        if effective is not None and effective < self.current - tolerance(self.current):
            return Decision(wait=Wait.LIMITED, data={"watts": effective})
        if reading.state is MinerState.FAULT:
            return Decision(wait=Wait.FAULT)
        if limit is not None and wish is not None and limit.watts < wish.watts:
            return Decision(wait=Wait.LIMIT, data={"watts": limit.watts, "wish": wish.watts})
        if abs(goal - self.current) > 1:
            return Decision(wait=Wait.SMALL_CHANGE, data={"watts": goal - self.current})
        return Decision()
