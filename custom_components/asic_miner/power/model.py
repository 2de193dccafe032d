"""What the guard of a miner is told and what it says. Plain data, no rules.

Times are seconds since 1970 (Unix time), passed in by the caller, so that they still mean
something after a restart. Watts are W at the wall; 0 W ordered means off.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
import math
from typing import Self

from ..miners.lean import dataclass
from ..miners.models import Capabilities, Feature, MinerState, Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A value and when it was last reported, changed or not."""

    value: float
    at: float


class Path(StrEnum):
    """By which kind of command the draw of a miner is changed."""

    LIVE_PERCENT = "live_percent"
    """A percentage of the settled draw, without restart. It is lost when mining stops, and
    ignored until the hashrate has settled: every start goes to full draw first."""
    POWER_TARGET = "power_target"
    """A lasting target without restart, which can be set before a start."""
    RESTART = "restart"
    """A lasting limit; each change restarts mining."""
    START_STOP = "start_stop"
    """Nothing but on and off."""


class Source(StrEnum):
    """Who wishes."""

    USER = "user"
    """A person by slider or switch."""
    ACTION = "action"
    BUDGET = "budget"
    SITE = "site"
    HEAT = "heat"
    VOICE = "voice"
    SAFETY = "safety"
    """Heat limits, must-stop signals and the like that belong to no controller."""
    ADOPTED = "adopted"
    """Nobody: what the miner did when the guard was made."""


PEOPLE = frozenset({Source.USER, Source.VOICE, Source.ACTION})
"""Who wishes once and is told that it will be done, automations among them.

A controller looks again and again by itself whether it is still so.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ability:
    """What a miner can do."""

    path: Path
    minimum: float
    """Lowest draw in W that can be ordered, off apart."""
    maximum: float
    step: float = 1.0
    tuned: tuple[float, ...] = ()
    """Draws that the firmware has already tuned itself for; where there are any, no others
    are ordered."""
    stable: float | None = None
    """W at 100 % of a miner that can be ordered to draw more than that; else None."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense (ValueError)."""
        if not (0 < self.minimum <= self.maximum < math.inf and self.step > 0):
            raise ValueError("a miner's range must be above 0 W and end where it is highest")

    @property
    def full(self) -> float:
        """W at which a start ends, and that "on" means.

        What is above is overdrive, which nothing but a number orders that somebody gives.
        """
        return self.stable or self.maximum

    @property
    def usual(self) -> Self:
        """What may be made use of without anybody having asked for overdrive."""
        return replace(self, maximum=self.full, stable=None)

    @property
    def starts_at_full(self) -> bool:
        """Tell whether a start goes to full draw, whatever was ordered before."""
        return self.path in {Path.LIVE_PERCENT, Path.START_STOP}

    def snap(self, watts: float, floor: float | None = None) -> float:
        """Return the highest draw that can be ordered and is not above `watts`; else 0.

        `floor` is a true minimum that was learned.
        """
        lowest = max(self.minimum, floor or 0.0)
        if self.path is Path.START_STOP:
            return self.maximum if watts >= self.maximum else 0.0
        if watts < lowest:
            return 0.0
        if steps := [step for step in self.tuned if lowest <= step <= self.maximum]:
            return max((step for step in steps if step <= watts), default=0.0)
        if watts >= self.maximum:
            return self.maximum
        # The tiny addition makes up for what binary fractions lose on exact steps.
        return max(lowest, math.floor(watts / self.step + 1e-9) * self.step)

    def lowest(self, floor: float | None = None) -> float:
        """Return the lowest draw that `snap` can give, off apart."""
        if self.path is Path.START_STOP:
            return self.maximum
        lowest = min(max(self.minimum, floor or 0.0), self.maximum)
        steps = [step for step in self.tuned if lowest <= step <= self.maximum]
        return min(steps) if steps else lowest

    @classmethod
    def of(
        cls,
        capabilities: Capabilities,
        *,
        restarts: bool = False,
        tuned: tuple[float, ...] = (),
        full: float | None = None,
    ) -> Self | None:
        """Derive it from what a device has shown. None if it cannot even be switched.

        `restarts` allows the path that restarts mining, which its owner must have agreed
        to. `full` is the draw in W at full power, used where only on and off are left.
        """
        target = capabilities.ranges.get(Feature.POWER_TARGET)
        if Feature.POWER_TARGET in capabilities and target and target.minimum > 0:
            live = Feature.POWER_PERCENT in capabilities
            stable = target.default if live else None
            return cls(
                path=Path.LIVE_PERCENT if live else Path.POWER_TARGET,
                minimum=target.minimum,
                maximum=target.maximum,
                step=target.step,
                tuned=() if live else tuned,
                stable=stable if stable and stable < target.maximum else None,
            )
        limit = capabilities.ranges.get(Feature.POWER_LIMIT)
        if restarts and full and limit and 0 < limit.minimum < full:
            # A limit's own range ends far above what the machine can draw.
            maximum = min(limit.maximum, full)
            return cls(path=Path.RESTART, minimum=limit.minimum, maximum=maximum, step=limit.step)
        if Feature.MINING in capabilities and full:
            return cls(path=Path.START_STOP, minimum=full, maximum=full)
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a miner said at one moment."""

    at: float
    state: MinerState
    on: bool | None
    """Whether mining is wanted by the device itself."""
    power: float | None = None
    """Measured draw in W."""
    target: float | None = None
    """The target as stored, in W."""
    effective: float | None = None
    """The target in force, where the firmware may lower it by itself."""
    hashrate: float | None = None

    @classmethod
    def of(cls, snapshot: Snapshot, at: float, path: Path = Path.POWER_TARGET) -> Self:
        """Take from a snapshot what matters here; `path` tells what the target is."""
        return cls(
            at=at,
            state=snapshot.state,
            on=snapshot.mining_wanted,
            power=snapshot.power,
            target=snapshot.power_limit if path is Path.RESTART else snapshot.power_target,
            effective=snapshot.power_target_effective,
            hashrate=snapshot.hashrate,
        )

    @property
    def runs(self) -> bool:
        """Tell whether it mines or is about to, as far as can be told."""
        if self.on is not None:
            return self.on
        return self.state not in {MinerState.PAUSED, MinerState.STOPPED}

    @property
    def known(self) -> bool:
        """Tell whether `runs` is more than a guess, as it is of a miner that restarts."""
        unclear = {MinerState.RESTARTING, MinerState.FAULT, MinerState.UNKNOWN}
        return self.on is not None or self.state not in unclear

    @property
    def ramping(self) -> bool:
        """Tell whether it starts, and draws more with every minute."""
        return self.state in {MinerState.STARTING, MinerState.RESTARTING}

    @property
    def settled(self) -> bool:
        """Tell whether the draw is where it will stay."""
        return self.state in {MinerState.MINING, MinerState.LIMITED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Personal:
    """That a person has ordered something, apart from what."""

    source: Source
    """One of PEOPLE."""
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What someone wants a miner to draw."""

    watts: float
    """At most so many W; less than the miner's floor, or 0, means off."""
    source: Source
    at: float
    safety: bool = False
    """A limit: it is kept until its source lifts it, obeyed at once downwards, and never
    exceeded, not even while starting. It raises nothing and starts nothing."""
    passing: bool = False
    """A pause that ends by itself, or what comes after a pause or boost: no order to stay off,
    and none that a controller leaves alone."""

    def __post_init__(self) -> None:
        """Refuse what is no number of watts (ValueError)."""
        if not 0 <= self.watts < math.inf:
            raise ValueError("a wish is a number of watts from 0")

    @property
    def personal(self) -> Personal | None:
        """What others leave alone for a while; None of what is not a person's, or passes."""
        if self.source not in PEOPLE or self.passing or self.safety:
            return None
        return Personal(source=self.source, at=self.at)


class CommandKind(StrEnum):
    """What the caller is to do with the miner."""

    SET_POWER = "set_power"
    """`set_power_target`, or `set_power_limit` on the restart path."""
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One order for the device."""

    kind: CommandKind
    watts: float | None
    """To be set, or that a start will lead to; None for a stop."""
    fast: bool
    """In an emergency: use the quick form of the percentage where there is one."""
    shed: bool
    """A limit demands it."""
    source: Source
    number: int
    """Tells this command from all others of this guard."""


class Wait(StrEnum):
    """Why a wish is not yet, or not, what the miner does. Translated by the caller."""

    NO_READING = "no_reading"
    SENDING = "sending"
    RESTARTING = "restarting"
    RAMPING = "ramping"
    TUNING = "tuning"
    LOCK_UP = "lock_up"
    LOCK_DOWN = "lock_down"
    MINIMUM_ON = "minimum_on"
    MINIMUM_OFF = "minimum_off"
    STAYS_OFF = "stays_off"
    """A person has switched it off, here or elsewhere, or it went off by itself while it was wanted
    on."""
    STARTS_SPENT = "starts_spent"
    SMALL_CHANGE = "small_change"
    CONFIRMING = "confirming"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    STOP_NOT_OBEYED = "stop_not_obeyed"
    START_ABOVE_LIMIT = "start_above_limit"
    """A start would go to more watts than a limit allows."""
    BELOW_FLOOR = "below_floor"
    """Off, because less is wished than the miner can draw."""
    LIMIT = "limit"
    """A limit holds it below the wish."""
    LIMITED = "limited"
    """The firmware holds it below what was ordered."""
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardState:
    """What everyone may see of a guard. Watts; 0 is off, None not known."""

    wish: Wish | None
    """The newest wish."""
    limit: Wish | None
    """The lowest limit."""
    goal: float | None
    """What the miner is to draw in the end, after limits, floor and steps."""
    sent: float | None
    """What was last sent to it or found on it."""
    confirmed: float | None
    """What it has last been seen to obey."""
    drawn: float | None
    """Measured now; None when the reading is old."""
    committed: float
    """The most that it may draw until the next command."""
    start_watts: float
    """The most that it would draw if it were started now for `goal`."""
    running: bool
    busy: bool
    """It ramps, tunes or restarts, or a command is under way or has not shown."""
    blocked_up: Wait | None
    """Why it could not be raised now, locks apart."""
    excess: float
    """Settled draw as a multiple of the ordered one."""
    current: float
    """What it was ordered to draw and will reach, 0 while off."""
    can_start_at: float
    """When the minimum off time is over; inf if nobody but a person starts it again."""
    can_stop_at: float
    """When the minimum on time is over."""
    can_rise_at: float
    can_fall_at: float
    floor: float
    """The lowest draw known to hold."""
    starts: int
    """Within the last 24 hours."""
    changes: int
    wait: Wait | None
    """None when the miner does what is wished. SENDING also while `Guard.next` has a command
    that has only to be sent."""
    until: float | None
    """When the wait ends, where that is known."""
    data: Mapping[str, float] = field(default_factory=dict)
    """Numbers for the text of `wait`."""
    silent: float = 0.0
    """Seconds since the last reading; inf before the first."""
    personal: Personal | None = None
    """A person's order that nothing has replaced, also one from before a restart, of which the
    wish says nothing any more."""

    @property
    def stays_off(self) -> bool:
        """Tell whether nobody but a person is to start it."""
        return self.can_start_at == math.inf
