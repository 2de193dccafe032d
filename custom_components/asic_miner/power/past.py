"""What a guard remembers of its own commands: the locks, the last order, the attempts."""

from dataclasses import dataclass, field, replace
import math
from typing import Self

from ..miners.models import JsonValue
from . import defaults
from .learning import number
from .model import PEOPLE, Command, CommandKind, Personal, Reading

LONG_AGO = 0.0
"""Unix time of what has never happened."""


def tolerance(watts: float) -> float:
    """Return by how many W a draw may miss an order and still be what was ordered."""
    return max(watts * defaults.CONFIRM_SHARE, defaults.CONFIRM_WATTS)


@dataclass(kw_only=True, slots=True)
class Pending:
    """A command that has not shown in the measured watts yet."""

    number: int
    kind: CommandKind
    at: float
    watts: float
    """Ordered draw; 0 for a stop, None never."""
    before: float
    """The most it may have drawn before."""
    what: str
    """For learning: up, down, start, stop; empty where there is nothing to learn."""
    shed: bool
    """A limit demanded it."""
    off: bool
    """The miner was off, so the order shows in its target and not in its draw."""
    answered: float | None = None
    failed: bool = False
    """It has been counted as an attempt without effect, though it may have one."""

    def is_out(self, now: float) -> bool:
        """Tell whether the miner has been told, or nobody works on telling it any more."""
        return (
            self.answered is not None or until(self.at, defaults.SENDING_LONGEST, now) == -math.inf
        )

    def shows(self, reading: Reading) -> bool:  # noqa: PLR0911 - one return per kind of proof
        """Tell whether the miner does it, by measured watts where there are any."""
        if self.kind is CommandKind.STOP:
            if reading.runs:
                return False
            return reading.power is None or reading.power <= defaults.OFF_WATTS
        if self.off:
            return reading.target is None or abs(reading.target - self.watts) <= 1
        if not reading.runs:
            return False
        if reading.power is None:
            return reading.settled and reading.target is not None
        if self.kind is CommandKind.START:
            # Field: less than half of the target after its time is a start not obeyed.
            return reading.power >= self.watts / 2
        if self.watts < self.before:
            # What still rises is below it for now, whether it obeys or not.
            return not reading.ramping and reading.power <= self.watts + tolerance(self.watts)
        return reading.power >= self.watts - tolerance(self.watts)

    def fell_short_of_floor(self, reading: Reading) -> bool:
        """Tell whether it was to draw less, and has settled above that."""
        return (
            self.what == "down"
            and reading.settled
            and reading.power is not None
            and self.watts + tolerance(self.watts) < reading.power < self.before
        )


@dataclass(kw_only=True, slots=True)
class Past:
    """One guard's own history."""

    order: float | None = None
    confirmed: float | None = None
    changed: float = LONG_AGO
    on_since: float = LONG_AGO
    off_since: float = LONG_AGO
    starts: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    fast: bool = False
    """The draw is held by the quick form of the percentage, which is not for long."""
    pending: Pending | None = None
    failures: int = 0
    """In a row, all of them of commands to draw more, or all of them to draw less."""
    failed_rise: bool = False
    """They were to draw more."""
    failed_at: float = LONG_AGO
    retry_at: float = LONG_AGO
    lost: bool = False
    """The last failure was accepted and never showed."""
    refused: bool = False
    """An urgent lowering was refused because the miner ramps; it can only be stopped."""
    shed_at: float = LONG_AGO
    """When what a limit demanded last has shown, or has been given up."""
    preset_refused: bool = False
    """The target cannot be set while it is off."""
    asked: float = LONG_AGO
    """When a person has last ordered something."""
    personal: Personal | None = None
    """A person's order that nothing has replaced."""
    ran: bool | None = None
    """Whether it was on when that was last known, None if it never was."""
    stays_off: bool = False
    """A person has switched it off, or it went off though it was wanted on here, so that only a
    person starts it."""
    rises: bool = False
    """The last command was to draw more."""
    lifted: bool = False
    """A boost may start it all the same, for its time."""
    _before: Past | None = None

    def count(self, times: list[float], now: float) -> int:
        """Return how many of the times are within the last 24 hours."""
        return sum(now - defaults.DAY < at for at in times)

    def clamp(self, now: float) -> None:
        """Let nothing lie in the future after a clock was set back: time counts from now on."""
        latest = now + defaults.READING_FRESH
        if self.changed > latest:
            self.changed = now
        if self.on_since > latest:
            self.on_since = now
        if self.off_since > latest:
            self.off_since = now
        if self.failed_at > latest:
            self.retry_at, self.failed_at = now + self.retry_at - self.failed_at, now
        if self.pending is not None and self.pending.at > latest:
            self.pending.at = now
        if self.shed_at > latest:
            self.shed_at = now
        if self.personal is not None and self.personal.at > latest:
            self.personal = replace(self.personal, at=now)
        self.starts = [min(at, now) if at > latest else at for at in self.starts]
        self.changes = [min(at, now) if at > latest else at for at in self.changes]

    def read(self, reading: Reading, *, held_off: bool) -> None:
        """Take note of whether the miner is on. `held_off` is one that is stopped when it is."""
        if not reading.known:
            return
        if reading.runs is self.ran:
            return
        first, self.ran = self.ran is None, reading.runs
        self._switched(reading, first=first, held_off=held_off)

    def is_lost(self, reading: Reading) -> bool:
        """Tell whether a stop or start has had its time and does not show.

        Not told by whether it was given up: it may have gone out before a restart of Home
        Assistant.
        """
        under_way = self.pending is not None and self.pending.kind is not CommandKind.SET_POWER
        if under_way or not reading.known:
            return False
        if reading.runs:
            return self.on_since < self.off_since < reading.at - defaults.OFF_CONFIRM
        return self.off_since < self.on_since < reading.at - defaults.START_CONFIRM

    def forget_lost(self, reading: Reading) -> None:
        """Take back a lost stop or start, or the next hand that switches would count as ours."""
        if reading.runs:
            self.off_since = self.on_since
            self.order = self.order or None
        else:
            self.on_since = self.off_since

    def _switched(self, reading: Reading, *, first: bool, held_off: bool) -> None:
        """Take note that the miner has gone on or off, by whatever hand."""
        if reading.runs:
            ours = self.pending is not None and self.pending.kind is CommandKind.START
            if self.on_since > self.off_since or ours:
                return
            if not held_off:
                self.stays_off = False
            if not first or self.off_since > LONG_AGO:
                self.on_since = self.changed = reading.at
                self.starts.append(reading.at)
        elif self.on_since >= self.off_since and (not first or self.on_since > LONG_AGO):
            self.off_since = reading.at
            self.fast = False
            # What was under way when a person ordered something else is no other hand.
            under_way = reading.at - self.asked <= defaults.OFF_CONFIRM
            if not (held_off or under_way or self.order == 0):
                self.stays_off, self.lifted = True, False

    def sent(self, command: Command, now: float, reading: Reading | None, before: float) -> None:
        """Take note of a command that goes out; `before` is the most it may draw until now."""
        self._before = replace(
            self, starts=list(self.starts), changes=list(self.changes), _before=None
        )
        off = reading is None or not reading.runs
        watts = command.watts or 0.0
        what = {CommandKind.START: "start", CommandKind.STOP: "stop"}.get(command.kind, "")
        self.rises = off or watts > self._from(watts, reading, before)
        if command.kind is CommandKind.START:
            self.order = watts
            self.on_since = self.changed = now
            self.starts = [at for at in self.starts if now - defaults.DAY < at <= now] + [now]
            self.preset_refused = False
        elif command.kind is CommandKind.STOP:
            self.off_since = self.changed = now
            self.order = 0.0
            self.fast = False
        else:
            if not off:
                if abs(watts - before) > 2 * tolerance(watts):
                    what = "up" if watts > before else "down"
                self.changed = now
                self.changes = [at for at in self.changes if now - defaults.DAY < at <= now]
                self.changes.append(now)
            self.order = watts
            self.fast = command.fast
        self.refused = False
        self.pending = Pending(
            number=command.number,
            kind=command.kind,
            at=now,
            watts=watts,
            before=before,
            what=what,
            # What takes its place before it shows is no leave to draw more either.
            shed=command.shed or (self.pending is not None and self.pending.shed),
            off=off and command.kind is CommandKind.SET_POWER,
        )

    def _from(self, watts: float, reading: Reading | None, before: float) -> float:
        """Return the W from which an order goes up or down."""
        if self.order is not None and watts != self.order:
            return self.order
        # The same once more: what it was to change is what is still drawn.
        drawn = reading.power if reading is not None else None
        return before if drawn is None else drawn

    def answered(self, now: float) -> None:
        """Take note that the device has the command, or may have it."""
        self._before = None
        if self.pending is not None:
            self.pending.answered = now

    def undo(self) -> None:
        """Forget the last command, which had no effect."""
        preset = self.pending is not None and self.pending.off
        if (before := self._before) is not None:
            self.order, self.confirmed, self.fast = before.order, before.confirmed, before.fast
            self.changed, self.on_since = before.changed, before.on_since
            self.off_since, self.starts = before.off_since, before.starts
            self.changes = before.changes
            self.pending = before.pending
            self._before = None
        self.preset_refused = preset

    def over(self, now: float) -> None:
        """Wait no longer for the last command, which has shown or had its time."""
        if self.pending is not None and self.pending.shed:
            self.shed_at = now
        self.pending = None

    def failed(
        self, now: float, *, hopeless: bool, lost: bool = False, again: bool = False
    ) -> None:
        """Take note of an attempt without effect, and wait longer after each.

        `lost` is one that was accepted and never showed, `again` one that is counted already.
        """
        if self.failed_rise is not self.rises:
            self.failures, self.failed_rise = 0, self.rises
        # Another wish of a person may have taken the count back meanwhile.
        self.failures = max(self.failures, 1) if again else self.failures + 1
        self.lost = lost
        self.failed_at = now
        wait = min(defaults.RETRY_FIRST * 2 ** min(self.failures - 1, 5), defaults.RETRY_LONGEST)
        self.retry_at = now + (defaults.RETRY_LONGEST if hopeless else wait)

    def to_json(self) -> dict[str, JsonValue]:
        """Return what keeps the locks over a restart."""
        return {
            "changed": self.changed,
            "on_since": self.on_since,
            "off_since": self.off_since,
            "ran": self.ran,
            "stays_off": self.stays_off,
            "personal": _personal_to_json(self.personal),
            "starts": list[JsonValue](self.starts),
            "changes": list[JsonValue](self.changes),
        }

    @classmethod
    def from_json(cls, stored: JsonValue) -> Self:
        """Read what `to_json` wrote; what is missing or wrong has never happened."""
        if not isinstance(stored, dict):
            return cls()

        def times(name: str) -> list[float]:
            found = stored.get(name)
            numbers = [number(at) for at in found] if isinstance(found, list) else []
            return [at for at in numbers if at is not None]

        return cls(
            changed=number(stored.get("changed")) or LONG_AGO,
            on_since=number(stored.get("on_since")) or LONG_AGO,
            off_since=number(stored.get("off_since")) or LONG_AGO,
            ran=ran if isinstance(ran := stored.get("ran"), bool) else None,
            stays_off=stored.get("stays_off") is True,
            personal=_personal_from_json(stored.get("personal")),
            starts=times("starts"),
            changes=times("changes"),
        )


def _personal_to_json(personal: Personal | None) -> JsonValue:
    return None if personal is None else {"source": personal.source.value, "at": personal.at}


def _personal_from_json(stored: JsonValue) -> Personal | None:
    found = stored if isinstance(stored, dict) else {}
    source = next((one for one in PEOPLE if one == found.get("source")), None)
    at = number(found.get("at"))
    return None if source is None or at is None else Personal(source=source, at=at)


def until(at: float, seconds: float, now: float) -> float:
    """Return when `seconds` after `at` are over; -inf if they are.

    A clock that was set back cannot make anyone wait longer than once more the whole time.
    """
    end = at + seconds if at <= now else now + seconds
    return end if end > now else -math.inf
