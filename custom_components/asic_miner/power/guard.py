"""The guard of one miner: the only one that commands its draw, whoever wishes.

Its owner calls, in this order and from one task:

    guard.read(reading)              after each poll of the miner
    guard.wish(wish) / guard.lift()  whenever someone wishes something else
    command = guard.next(now)        after both, and when `state(now).until` has passed
    guard.sent(command, now)         right before the command goes out, with the same `now`
    guard.done(command, now, error)  when the device has answered, or has not

`next` changes nothing, so it may be asked as often as one likes. A command is current only
until the next of these calls. There is no queue: only the newest wish counts.
"""

from dataclasses import replace
import math

from ..miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnsupportedError,
    WriteAccessError,
)
from ..miners.models import JsonValue, MinerState
from . import defaults
from .decision import Decider, Decision
from .learning import Learned
from .model import (
    PEOPLE,
    Ability,
    Command,
    CommandKind,
    GuardState,
    Path,
    Personal,
    Reading,
    Source,
    Wait,
    Wish,
)
from .past import Past, Pending

_HOPELESS = (AuthenticationError, WriteAccessError, UnsupportedError, RejectedError)
"""Errors that will be the same in two minutes."""
_NOT_SENT = (
    BusyError,
    InvalidValueError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnsupportedError,
    WriteAccessError,
)
"""Errors after which the miner is as it was before."""


class Guard:
    """One actuator for all who write."""

    def __init__(self, ability: Ability, stored: JsonValue = None) -> None:
        """Begin with what `to_json` once gave; nothing is known of the miner yet.

        What the miner does is adopted at the first reading: nothing is sent until someone
        wishes something else.
        """
        known = stored if isinstance(stored, dict) else {}
        self.ability = ability
        self.learned = Learned.from_json(known.get("learned"))
        self.past = Past.from_json(known.get("past"))
        self.reading: Reading | None = None
        self._blind: float | None = None
        """W that it may draw at most until it is read again; None while the reading counts."""
        self._plugged_at = -math.inf
        """When it got its mains back."""
        self._wish: Wish | None = None
        self._limits: dict[Source, Wish] = {}
        self._numbers = 0
        self._restoring = False
        """A limit has changed what nobody had wished, so that is to be put back."""
        self._was = self._whose
        """What the newest wish has changed of that, should it be taken back."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return what is worth keeping over a restart: what was learned, the locks, whose it is.

        Of a wish only that a person had it: what is wished begins anew with what is found.
        """
        return {"learned": self.learned.to_json(), "past": self.past.to_json()}

    def able(self, ability: Ability) -> None:
        """Take over that the miner can do something else than before."""
        self.ability = ability

    # Wishes

    def wish(self, wish: Wish) -> None:
        """Take a wish. It replaces the last one; a limit replaces that of its source only."""
        if wish.safety:
            self._limits[wish.source] = wish
            return
        before, self._wish = self._wish, wish
        self._was = self._whose
        self.past.personal = wish.personal
        self.past.lifted = wish.source in PEOPLE and wish.passing and wish.watts > 0
        if wish.source in PEOPLE:
            if not wish.passing:
                self.past.stays_off = wish.watts == 0
            self.past.asked = wish.at
            if before is None or before.watts != wish.watts:
                # A person who tries something else does not wait for what was refused before.
                self.past.failures = 0

    def go_on(self, wish: Wish) -> None:
        """Take up again what was wished before a pause or boost that has ended by itself.

        Nobody orders it at that moment, so what is to stay off does.
        """
        self._wish = wish
        self.past.personal = wish.personal
        self.past.lifted = False

    def take_back(self, before: Wish | None) -> None:
        """Put the wish before the newest in its place, because the newest was refused.

        What a person has wished in vain is not tried again, so there is nothing to wait for.
        """
        if self._wish and self._wish.source in PEOPLE:
            self.past.failures = 0
        if before is None:
            self.release()
        else:
            self._wish = before
        self.past.stays_off, self.past.lifted, self.past.personal = self._was

    def lift(self, source: Source) -> None:
        """Take back a limit. Without one it does nothing."""
        self._limits.pop(source, None)

    def hand_over(self) -> None:
        """Let others than a person start it, since a person has ordered something of them."""
        self.past.stays_off = False

    def release(self) -> None:
        """Forget the wish. What the miner is found to do at the next reading is wished then."""
        self._wish = None
        self._restoring = False
        self.past.lifted = False
        self.past.personal = None

    @property
    def _whose(self) -> tuple[bool, bool, Personal | None]:
        """Whether it is to stay off, whether that is lifted, and who has ordered it."""
        return self.past.stays_off, self.past.lifted, self.past.personal

    @property
    def limit(self) -> Wish | None:
        """The lowest limit."""
        return min(self._limits.values(), key=lambda wish: wish.watts, default=None)

    # Readings

    def mains(self, on: bool, now: float) -> None:
        """Take that the miner cannot draw anything, or may again, of which it says nothing."""
        if not on:
            self._blind = 0.0
        elif self._blind == 0:
            # It boots, and some mine at full power then, whatever they did before.
            self._blind, self._plugged_at = self.ability.maximum, now

    def restarting(self) -> None:
        """Take that the miner restarts because it was told to, so that this says nothing of it."""
        if self.reading is not None:
            self.reading = replace(self.reading, state=MinerState.RESTARTING)

    def read(self, reading: Reading, *, held_off: bool = False) -> None:
        """Take what the miner says now. Confirms, learns, and sees what others did to it.

        `held_off` says that it was ordered off and that its owner stops it when it mines all the
        same, past this guard: nobody wishes then what it does.
        """
        before, self.reading = self.reading, reading
        self._blind = None
        past = self.past
        past.clamp(reading.at)
        past.read(reading, held_off=held_off)
        if past.is_lost(reading):
            goal = self.decider(reading.at).goal
            # As long as it is wished it may still come, and is tried again.
            if not (goal == 0 if reading.runs else goal):
                past.forget_lost(reading)
        if self._unwished or self._wish is None:
            # Also under a limit, which needs a wish that it limits.
            self._adopt(reading, on=reading.runs and not held_off)
        if before is not None and self._fell_over(before, reading):
            self.learned = self.learned.bottomed(
                (past.order or 0.0) * defaults.FELL_OVER_FACTOR, self.ability
            )
            past.over(reading.at)
        if past.pending is not None and past.pending.is_out(reading.at):
            self._confirm(past.pending, reading, before)
        self._learn(reading)

    @property
    def _unwished(self) -> bool:
        """Tell whether the miner does what it did before anyone wished anything."""
        adopted = self._wish is None or self._wish.source is Source.ADOPTED
        return adopted and not self._limits and not self._restoring

    def _adopt(self, reading: Reading, *, on: bool) -> None:
        """Make what a miner does the wish of nobody."""
        if reading.state is MinerState.UNKNOWN:
            return
        watts = 0.0
        if on:
            watts = reading.target or self.ability.full
        self._wish = Wish(watts=watts, source=Source.ADOPTED, at=reading.at)
        self.past.order = reading.target if on else 0.0

    def _fell_over(self, before: Reading, reading: Reading) -> bool:
        """Tell whether it has restarted by itself because it was to draw too little.

        One that was away meanwhile has lost its mains, as far as anyone knows.
        """
        past = self.past
        low = past.order is not None and 0 < past.order < (
            self.ability.full * defaults.FELL_OVER_BELOW
        )
        return (
            self.ability.path is Path.LIVE_PERCENT
            and low
            and before.state is MinerState.MINING
            and reading.at - before.at <= defaults.READING_FRESH
            and reading.ramping
            and 0 <= reading.at - past.changed <= defaults.FELL_OVER_SECONDS
        )

    def _confirm(self, pending: Pending, reading: Reading, before: Reading | None) -> None:
        """See whether the last command shows in the measured watts."""
        past = self.past
        if reading.at <= pending.at:
            return
        if pending.shows(reading):
            if pending.what:
                self.learned = self.learned.took(pending.what, reading.at - pending.at)
            past.confirmed = pending.watts
            past.over(reading.at)
            past.failures = 0
            return
        if pending.watts and not reading.runs and reading.at - pending.at > defaults.OFF_CONFIRM:
            # It has gone off instead, by itself or by another hand.
            past.over(reading.at)
            return
        seconds = self.decider(reading.at).confirm_seconds(pending)
        if reading.at < pending.at + seconds:
            return
        moving = before is None or not _still(before.power, reading.power)
        if moving and reading.at < pending.at + 2 * seconds:
            return
        # It has had its time. What it draws now is the truth; the next attempt waits.
        if not moving and pending.fell_short_of_floor(reading):
            self.learned = self.learned.bottomed(reading.power or 0.0, self.ability)
        past.over(reading.at)
        past.failed(reading.at, hopeless=False, lost=True, again=pending.failed)

    def _learn(self, reading: Reading) -> None:
        """Learn from a miner that is where it will stay."""
        past = self.past
        if past.pending is not None or reading.power is None:
            return
        steady = reading.at - max(past.changed, past.on_since, past.off_since)
        if not reading.runs:
            if steady > defaults.OFF_CONFIRM and reading.power < defaults.OFF_WATTS:
                self.learned = self.learned.idles(reading.power)
        elif reading.state is MinerState.MINING and steady > defaults.LEARN_STEADY:
            target = reading.effective or reading.target or past.confirmed
            if target:
                self.learned = self.learned.steady(
                    target, reading.power, reading.hashrate, self.ability
                )

    # Commands

    def decider(self, now: float) -> Decider:
        """Return the rules applied to this moment."""
        return Decider(
            now=now,
            ability=self.ability,
            learned=self.learned,
            past=self.past,
            reading=self.reading,
            wish=None if self._unwished else self._wish,
            limit=self.limit,
            blind=self._blind,
        )

    def next(self, now: float) -> Command | None:
        """Return the command that is to be sent now; None if there is none."""
        decision = self.decider(now).decide()
        if decision.kind is None:
            return None
        return Command(
            kind=decision.kind,
            watts=None if decision.kind is CommandKind.STOP else decision.watts,
            fast=decision.fast,
            shed=decision.shed,
            source=decision.source,
            number=self._numbers + 1,
        )

    def sent(self, command: Command, now: float) -> None:
        """Take note that a command goes out. Raises ValueError if it is not the next one."""
        if command != self.next(now):
            raise ValueError("this command is out of date; ask for the next one")
        self._numbers = command.number
        adopted = self._wish is not None and self._wish.source is Source.ADOPTED
        self._restoring = adopted and bool(self._limits)
        self.past.sent(command, now, self.reading, self.decider(now).committed())

    def done(self, command: Command, now: float, error: MinerError | None = None) -> None:
        """Take note of how the device answered; a command of long ago is ignored."""
        past = self.past
        pending = past.pending
        if pending is None or pending.number != command.number:
            return
        if error is None:
            past.answered(now)
        elif isinstance(error, _NOT_SENT):
            # Nothing has changed, so no lock and no start is spent.
            past.undo()
            past.refused = isinstance(error, RampingError) and command.fast
            past.failed(now, hopeless=isinstance(error, _HOPELESS))
        else:
            # Its outcome is not known: only the measured watts will tell.
            past.answered(now)
            past.failed(now, hopeless=isinstance(error, _HOPELESS))
            pending.failed = True

    @property
    def wished(self) -> Wish | None:
        """The newest wish, as in `state`."""
        return self._wish

    def kept_off(self, now: float, by: Source) -> bool:
        """Tell whether the miner is off and could not be started now.

        Not for a wish or a limit of `by`, which asks whether it is worth wishing.
        """
        if self.reading is None or self.reading.runs:
            return False
        limits = [limit for source, limit in self._limits.items() if source is not by]
        decider = replace(
            self.decider(now),
            wish=Wish(watts=self.ability.full, source=by, at=now),
            limit=min(limits, key=lambda limit: limit.watts, default=None),
        )
        # What is being started is not kept from it.
        return decider.decide().wait not in {None, Wait.CONFIRMING, Wait.SENDING}

    def state(self, now: float) -> GuardState:
        """Return what everyone may see."""
        decider = self.decider(now)
        decision: Decision = decider.decide()
        past = self.past
        reading = self.reading
        fresh = decider.fresh
        running = reading is not None and reading.runs and decider.blind is None
        unplugged = 0.0 if decider.blind == 0 else None
        return GuardState(
            wish=self._wish,
            limit=self.limit,
            goal=decider.goal,
            sent=past.order,
            confirmed=past.confirmed,
            drawn=reading.power if reading is not None and fresh else unplugged,
            committed=decider.committed(),
            start_watts=decider.start_watts(),
            running=running,
            busy=decider.busy,
            blocked_up=decider.blocked_up,
            excess=decider.excess,
            current=decider.current,
            can_start_at=decider.can_start_at,
            can_stop_at=decider.can_stop_at,
            can_rise_at=decider.can_rise_at,
            can_fall_at=decider.can_fall_at,
            floor=self.ability.lowest(self.learned.floor),
            starts=past.count(past.starts, now),
            changes=past.count(past.changes, now),
            wait=Wait.SENDING if decision.kind is not None else decision.wait,
            until=decision.until,
            data=decision.data,
            silent=self._silent(now),
            personal=past.personal,
        )

    def _silent(self, now: float) -> float:
        if self._blind == 0:
            # That it draws nothing is known all the time.
            return 0.0
        if self._blind is not None:
            # What it was silent for without mains says nothing of whether it comes back.
            return now - self._plugged_at
        return now - self.reading.at if self.reading is not None else math.inf


def _still(before: float | None, now: float | None) -> bool:
    """Tell whether two draws, one poll apart, are the same but for noise."""
    return before is not None and now is not None and abs(now - before) <= 0.02 * before


def forget(stored: JsonValue) -> JsonValue:
    """Return a stored guard without what it learned, with its locks."""
    if not isinstance(stored, dict):
        return None
    return {"past": stored.get("past")}
