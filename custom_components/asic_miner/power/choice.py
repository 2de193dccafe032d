"""Which one miner changes now, so that all together come nearer to the aim."""

from collections.abc import Mapping, Sequence
from dataclasses import field
import math
from types import MappingProxyType

from ..miners.lean import dataclass
from . import defaults, room
from .aim_model import Aim, Intent
from .budget import Member, share
from .candidate import Candidate
from .lasting import Since
from .policy import Policy
from .site_model import MinerNow, Reason, Why


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """The new orders, mostly one or none, and why."""

    reason: Reason
    orders: Mapping[str, float] = field(default_factory=dict)


class Chooser:
    """Remembers since when something would be good, and when it last did something."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._up, self._down, self._start = Since(), Since(), Since()
        self._below = Since()
        self._ride = 0.0
        self._ride_at: float | None = None
        self._changed_at = -math.inf
        self._started_at = -math.inf
        self._room_for: str | None = None
        self._room_at = -math.inf
        self._said: Reason | None = None

    def choose(
        self,
        *,
        now: float,
        aim: Aim,
        miners: Sequence[MinerNow],
        allocated: Mapping[str, float],
        ranks: Mapping[str, float],
        policy: Policy,
        rooms: Mapping[str, float],
        ride_through: float,
        together: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> Change:
        """Return what changes now.

        `rooms` are the W by which each may rise within hard limits. `together` names those who
        share the only limit of a miner.
        """
        ones = [
            Candidate(
                now=miner,
                allocated=allocated.get(miner.key, 0.0),
                rank=ranks[miner.key],
                room=rooms[miner.key],
                at=now,
            )
            for miner in miners
        ]
        ones.sort(key=lambda one: one.rank)
        match aim.intent:
            case Intent.STOP | Intent.STOP_NOW:
                return self._stop(ones, aim, now)
            case Intent.HOLD:
                return Change(reason=aim.reason)
            case Intent.FLOOR:
                return self._floor(ones, aim, now)
            case Intent.BUDGET:
                return self._budget(ones, aim, policy, together, now)
        change = self._follow(ones, aim, ride_through, now)
        self._said = change.reason
        return change

    # Orders that are not the weather's

    def _stop(self, ones: Sequence[Candidate], aim: Aim, now: float) -> Change:
        """All off: each stop lightens the load, so nothing is gained by spacing them."""
        orders = {one.key: 0.0 for one in ones if one.on}
        if orders:
            self._changed_at = now
        return Change(orders=orders, reason=aim.reason)

    def _floor(self, ones: Sequence[Candidate], aim: Aim, now: float) -> Change:
        for one in ones:
            lowest = one.order(0.0)
            if one.on and one.allocated > lowest and self._spaced(now):
                self._changed_at = now
                return Change(orders={one.key: lowest}, reason=aim.reason)
        return Change(reason=aim.reason)

    def _budget(
        self,
        ones: Sequence[Candidate],
        aim: Aim,
        policy: Policy,
        together: Mapping[str, frozenset[str]],
        now: float,
    ) -> Change:
        """Bring one miner to its part of a budget; those that go down come first."""
        parts = self._parts(ones, aim, policy)
        for one in ones:
            part = parts[one.key]
            if part < one.allocated and (part == 0 or one.allocated - part >= one.least_change):
                self._changed_at = now
                why = Why.LOWERED if part else Why.STOPPED
                return self._set(one, part, why, now)
        making = self._making(ones, parts, now)
        for one in ones:
            part = parts[one.key]
            if one.on and part - one.allocated >= one.least_change and not making:
                rise = min(part, (one.expected + max(one.room, 0.0)) / one.excess)
                order = one.order(rise * one.excess)
                if one.can_rise and order - one.allocated >= one.least_change:
                    if not self._spaced(now):
                        return self._spacing(now)
                    return self._set(one, order, Why.RAISED, now)
        for one in ones:
            if not one.on and parts[one.key] > 0 and one.can_start:
                if now < self._started_at + defaults.START_GAP or not self._spaced(now):
                    return self._spacing(now)
                if one.key == self._room_for:
                    self._room_for, self._room_at = None, -math.inf
                most = min(parts[one.key] * one.excess, one.room + (one.now.state.drawn or 0.0))
                return self._set(one, one.order(most), Why.STARTED, now)
        shared = self._share(ones, parts, together, making=making, now=now)
        return shared or self._rest(ones, aim, parts)

    def _share(
        self,
        ones: Sequence[Candidate],
        parts: Mapping[str, float],
        together: Mapping[str, frozenset[str]],
        *,
        making: bool,
        now: float,
    ) -> Change | None:
        """Let those behind one limit make room for each other, one after another."""
        if not self._spaced(now):
            return None
        if making or not self._room_at <= now < self._room_at + defaults.RETRY_LONGEST:
            found = room.to_start(ones, parts, together)
            if found is not None:
                starter, giver, order = found
                if not making:
                    self._room_for, self._room_at = starter.key, now
                return self._set(giver, order, Why.LOWERED, now)
        if not making and (filled := room.to_fill(ones, parts, together)) is not None:
            fine, less, coarse, more = filled
            change = self._set(coarse, more, Why.RAISED, now)
            return Change(orders={fine.key: less, **change.orders}, reason=change.reason)
        return None

    def _making(self, ones: Sequence[Candidate], parts: Mapping[str, float], now: float) -> bool:
        """Tell whether others are being lowered so that one can be started."""
        young = self._room_at <= now < self._room_at + defaults.START_CONFIRM
        return young and any(
            one.key == self._room_for and not one.on and parts[one.key] > 0 for one in ones
        )

    def _parts(self, ones: Sequence[Candidate], aim: Aim, policy: Policy) -> dict[str, float]:
        if aim.each:
            return {
                one.key: one.order(watts)
                if (watts := aim.each.get(one.key, 0.0)) >= one.floor
                else 0.0
                for one in ones
            }
        members = [
            Member(
                key=one.key,
                ability=one.now.ability,
                floor=one.now.state.floor,
                running=one.on,
                # The order of service is decided already.
                priority=int(one.rank),
                excess=one.excess,
            )
            for one in ones
        ]
        how = Policy.EQUAL if policy is Policy.EQUAL else Policy.PRIORITY
        return dict(share(aim.watts or 0.0, members, how).orders)

    # The weather

    def _follow(
        self, ones: Sequence[Candidate], aim: Aim, ride_through: float, now: float
    ) -> Change:
        if aim.watts is None:
            return Change(reason=aim.reason)
        rest = aim.watts - sum(one.expected for one in ones)
        running = [one for one in ones if one.on]
        change = self._towards(ones, aim, rest, ride_through, now)
        # What ramps takes its new order only afterwards, and by then it must be the right one.
        later = {
            one.key: order
            for one in running
            if one.ramping and one.now.state.running and one.key not in change.orders
            if one.now.ability.starts_at_full
            if abs((order := one.order(one.expected + rest)) - one.allocated) >= one.least_change
        }
        return Change(orders={**later, **change.orders}, reason=change.reason)

    def _towards(
        self,
        ones: Sequence[Candidate],
        aim: Aim,
        rest: float,
        ride_through: float,
        now: float,
    ) -> Change:
        running = [one for one in ones if one.on]
        if rest < 0:
            self._up.lasts(False, now)
            self._start.lasts(False, now)
            return self._less(running, aim, rest, ride_through, now)
        self._down.lasts(False, now)
        self._ride_over(now)
        if aim.intent is Intent.WAIT:
            return Change(reason=self._said or aim.reason)
        if aim.intent is Intent.NO_RISE:
            self._up.lasts(False, now)
            self._start.lasts(False, now)
            return Change(reason=aim.reason)
        return self._more(ones, running, aim, rest, now)

    def _more(  # noqa: PLR0911 - one return per reason
        self,
        ones: Sequence[Candidate],
        running: Sequence[Candidate],
        aim: Aim,
        rest: float,
        now: float,
    ) -> Change:
        """Raise what runs; start another when those cannot take it all."""
        rises = [
            (one, order)
            for one in running
            if one.can_rise
            and (order := one.order(min(one.expected + rest, one.expected + one.room)))
            - one.allocated
            >= one.least_change
        ]
        lasted = self._up.lasts(bool(rises), now)
        start = self._to_start(ones, running, rest)
        waited = self._start.lasts(start is not None, now)
        if start is not None and waited >= defaults.START_HOLD:
            if now >= self._started_at + defaults.START_GAP and self._spaced(now):
                self._start.lasts(False, now)
                return self._set(start, start.order(rest), Why.STARTED, now)
            return self._spacing(now)
        if rises:
            if lasted < defaults.STEP_UP_HOLD:
                until = now + defaults.STEP_UP_HOLD - lasted
                return Change(reason=Reason(why=Why.WAIT_RAISE, data={"watts": rest}, until=until))
            if not self._spaced(now):
                return self._spacing(now)
            return self._set(*rises[0], Why.RAISED, now)
        if start is not None:
            until = now + defaults.START_HOLD - waited
            reason = Reason(why=Why.WAIT_START, data={"watts": rest}, miner=start.key, until=until)
            return Change(reason=reason)
        waits = [
            one
            for one in ones
            if not one.on and now < one.now.state.can_start_at and rest >= one.floor
        ]
        if waits and not running:
            first = min(waits, key=lambda one: one.now.state.can_start_at)
            until = first.now.state.can_start_at
            return Change(reason=Reason(why=Why.MINER_WAITS, miner=first.key, until=until))
        return self._rest(ones, aim, {one.key: one.most for one in ones})

    def _to_start(
        self, ones: Sequence[Candidate], running: Sequence[Candidate], rest: float
    ) -> Candidate | None:
        """Return the miner that should be started, if one should."""
        if any(one.ramping for one in running):
            # What that one will draw is not known before it has settled.
            return None
        absorbed = sum(max(one.most - one.expected, 0.0) for one in running)
        left = rest - absorbed
        given = sum(max(one.expected - one.floor, 0.0) for one in running)
        for one in ones:
            # Where nobody gives anything, nothing but the surplus covers the floor.
            covered = left + given >= one.floor and left >= one.floor * defaults.ROOM_SHARE
            if covered and one.can_start:
                return one
        return None

    def _less(
        self, running: Sequence[Candidate], aim: Aim, rest: float, ride_through: float, now: float
    ) -> Change:
        """Lower the largest; stop the last when all are at their floors for too long."""
        falls = [
            (one, order)
            for one in running
            if one.allocated - (order := one.order(one.expected + rest)) >= one.least_change
        ]
        ready = [(one, order) for one, order in falls if one.can_fall]
        lasted = self._down.lasts(bool(falls), now)
        if falls:
            self._ride_over(now)
            if lasted < defaults.STEP_DOWN_HOLD and aim.ceiling is None and not aim.eager:
                until = now + defaults.STEP_DOWN_HOLD - lasted
                reason = Reason(why=Why.WAIT_LOWER, data={"watts": -rest}, until=until)
                return Change(reason=reason)
            if not ready:
                until = min(one.now.state.can_fall_at for one, _ in falls)
                return Change(
                    reason=Reason(
                        why=Why.MINER_WAITS,
                        miner=falls[0][0].key,
                        until=until if math.isfinite(until) else None,
                    )
                )
            if not (self._spaced(now) or aim.eager):
                return self._spacing(now)
            largest = max(ready, key=lambda pair: (pair[0].allocated, pair[0].rank))
            return self._set(*largest, Why.LOWERED, now)
        return self._ride_on(running, aim, rest, ride_through, now)

    def _ride_on(
        self, running: Sequence[Candidate], aim: Aim, rest: float, ride_through: float, now: float
    ) -> Change:
        """Let clouds pass at the floor, as long as that does not cost more than a start."""
        steady = [one for one in running if not one.ramping]
        if not running or -rest <= defaults.NOISE:
            self._ride_over(now)
            enough = running and aim.reason.why is Why.NO_SURPLUS
            return Change(reason=Reason(why=Why.BALANCED) if enough else aim.reason)
        if not steady:
            return Change(reason=Reason(why=Why.MINER_WAITS, miner=running[-1].key))
        last = steady[-1]
        lasted = self._below.lasts(True, now)
        if self._ride_at is not None and now > self._ride_at:
            missing = min(-rest, last.floor)
            self._ride += missing * (now - self._ride_at) / 3600
        self._ride_at = now
        over = aim.final or self._ride >= ride_through or lasted >= defaults.RIDE_LONGEST
        if not over:
            return Change(
                reason=Reason(
                    why=Why.RIDE_THROUGH,
                    miner=last.key,
                    data={"used": self._ride, "allowed": ride_through, "watts": -rest},
                    until=now + defaults.RIDE_LONGEST - lasted,
                )
            )
        if not (self._spaced(now) or aim.eager):
            return self._spacing(now)
        ready = [one for one in steady if one.now.state.can_stop_at <= now]
        if not ready:
            until = min(one.now.state.can_stop_at for one in steady)
            return Change(reason=Reason(why=Why.MINER_WAITS, miner=last.key, until=until))
        self._ride_over(now)
        return self._set(ready[-1], 0.0, Why.STOPPED, now)

    def _ride_over(self, now: float) -> None:
        self._below.lasts(False, now)
        self._ride, self._ride_at = 0.0, None

    # Common

    def _set(self, one: Candidate, order: float, why: Why, now: float) -> Change:
        self._changed_at = now
        if why is Why.STARTED:
            self._started_at = now
        return Change(
            orders={one.key: order},
            reason=Reason(why=why, miner=one.key, data={"watts": order, "from": one.allocated}),
        )

    def _spaced(self, now: float) -> bool:
        """Tell whether the last change is long enough ago; also after a clock was set back."""
        return not self._changed_at <= now < self._changed_at + defaults.DECISION_GAP

    def _spacing(self, now: float) -> Change:
        until = max(self._changed_at + defaults.DECISION_GAP, self._started_at + defaults.START_GAP)
        return Change(reason=Reason(why=Why.SPACING, until=until))

    def _rest(self, ones: Sequence[Candidate], aim: Aim, wanted: Mapping[str, float]) -> Change:
        """Say why nothing changes although more is to be had."""
        short = [one for one in ones if wanted[one.key] - one.expected >= one.least_change]
        if not short:
            return Change(reason=Reason(why=Why.FULL))
        cramped = [
            one
            for one in short
            if one.room < (one.least_change if one.on else one.now.state.start_watts)
        ]
        if len(cramped) == len(short):
            return Change(reason=Reason(why=Why.CIRCUIT, miner=short[0].key))
        for one in short:
            wait = one.now.state.wait
            if one.on and not one.can_rise and wait is not None:
                until = one.now.state.until
                return Change(reason=Reason(why=Why.MINER_WAITS, miner=one.key, until=until))
        if any(one.on for one in ones):
            return Change(reason=Reason(why=Why.BALANCED))
        return Change(reason=aim.reason)
