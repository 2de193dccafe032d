"""What is known of one miner at one moment, and when what may be done with it."""

from functools import cached_property
import math

from ..miners.lean import dataclass
from ..miners.models import MinerState
from . import defaults
from .learning import Learned
from .model import PEOPLE, Ability, CommandKind, Path, Reading, Source, Wish
from .past import Past, Pending, tolerance, until

ROUGHLY = 1.03
"""How much the excess of a draw over its order may change while it is being learned."""
JUST_LEARNED = defaults.LEARN_WEIGHT * defaults.RISE_NOISE
"""By how much of it the excess of a draw moves with one reading. A limit that was made from the
excess before is no other limit for that."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """All there is to know at one moment. Changes nothing."""

    now: float
    ability: Ability
    learned: Learned
    past: Past
    reading: Reading | None
    wish: Wish | None
    limit: Wish | None
    blind: float | None = None
    """W that it may draw at most, whatever was read last; None while the reading counts."""

    # What is

    @cached_property
    def fresh(self) -> bool:
        """Tell whether the last reading says something of now."""
        if self.reading is None or self.blind is not None:
            return False
        return self.now - self.reading.at <= defaults.READING_FRESH

    @cached_property
    def excess(self) -> float:
        """Settled draw as a multiple of the ordered one."""
        return self.learned.expected_excess(self.ability)

    @cached_property
    def pending(self) -> Pending | None:
        """The command that has not shown yet."""
        return self.past.pending

    @cached_property
    def current(self) -> float:
        """The draw in W that the miner was ordered to have and will reach."""
        if self.blind is not None or (self.reading is not None and not self.reading.runs):
            return 0.0
        full = self.ability.full
        if self.ability.path is Path.START_STOP:
            return full
        pending = self.pending
        if pending is not None and pending.kind is CommandKind.SET_POWER:
            return pending.watts
        if self.reading is None:
            return full
        if self.ability.path is Path.LIVE_PERCENT and self.reading.ramping:
            return full
        told = self.reading.target
        return told if told is not None else self.past.order or full

    def committed(self) -> float:
        """Return the most that the miner may draw in W until the next command."""
        reading, pending, past = self.reading, self.pending, self.past
        if self.blind is not None:
            return self.blind
        if reading is None:
            return self.ability.maximum
        drawn = reading.power or 0.0
        if pending is not None and not pending.off:
            if pending.kind is CommandKind.STOP:
                return max(pending.before, drawn)
            ordered = self._start_target() if pending.kind is CommandKind.START else pending.watts
            return max(pending.before, ordered * self.excess, drawn)
        if not reading.runs:
            return max(drawn, self.learned.idle or 0.0)
        # Devices round an order down, but nobody draws less than the floor for long.
        ordered = max(self.current, self.floor)
        if reading.power is None and past.confirmed is None and reading.target is None:
            ordered = self.ability.maximum
        return max(ordered * self.excess, drawn)

    def _start_target(self) -> float:
        """Return the draw in W that a start goes to."""
        if self.ability.starts_at_full:
            return self.ability.full
        told = self.reading.target if self.reading is not None else None
        if self.ability.path is Path.RESTART or self.past.preset_refused:
            return told if told is not None else self.ability.maximum
        if self.pending is not None and self.pending.kind is CommandKind.START:
            return max(told or 0.0, self.pending.watts) or self.ability.maximum
        return self.goal or self.floor

    def start_watts(self) -> float:
        """Return the most in W that the miner would draw if it were started now."""
        return self._start_target() * self.excess

    @cached_property
    def floor(self) -> float:
        """The lowest draw known to hold."""
        return self.ability.lowest(self.learned.floor)

    @cached_property
    def busy(self) -> bool:
        """Tell whether it is on its way, so that nothing is to be concluded from its draw."""
        if self.pending is not None:
            return True
        reading = self.reading
        return reading is not None and (reading.ramping or reading.state is MinerState.TUNING)

    @cached_property
    def person(self) -> bool:
        """Tell whether a person at the miner's own entities wishes."""
        return self.wish is not None and self.wish.source is Source.USER

    @cached_property
    def goal(self) -> float | None:
        """The draw in W that is to be reached; None when nobody wishes anything."""
        if self.wish is None:
            return None
        watts = self.wish.watts
        if watts > 0 and self.wish.source in PEOPLE:
            # They look once only. That it has shown since that it cannot draw so little is no
            # order to switch it off, nor a reason not to start it.
            watts = max(watts, self.floor)
        if self.limit is not None:
            allowed = self.limit.watts / self.excess
            if allowed < self.floor <= min(self.limit.watts, allowed * ROUGHLY):
                # A limit at the floor is not to stop it for what is still being learned.
                allowed = self.floor
            elif allowed < self.current <= allowed * (1 + JUST_LEARNED):
                # Nor is one at what it draws to lower it by a whole step.
                allowed = self.current
            watts = min(watts, allowed)
        # A millionth makes up for what is lost by multiplying and dividing.
        return self.ability.snap(watts + 1e-6, self.learned.floor)

    @cached_property
    def _urgent(self) -> bool:
        """Tell whether the draw that was ordered is above a limit."""
        if self.limit is None:
            return False
        # What is still being learned of its excess is no emergency.
        expected = self.current * self.excess
        return self.current > self.limit.watts + 1 or expected > self.limit.watts * ROUGHLY + 1

    @cached_property
    def _over(self) -> bool:
        """Tell whether the measured draw is above a limit by more than measuring errors."""
        drawn = self.reading.power if self.reading is not None else None
        if self.limit is None or drawn is None:
            return False
        return drawn > self.limit.watts + tolerance(self.limit.watts)

    # When what may be

    @property
    def _stays_off(self) -> bool:
        """Tell whether the wish may not start it."""
        return self.past.stays_off and not self.past.lifted

    @cached_property
    def can_start_at(self) -> float:
        """When the minimum off time is over; -inf if it is, inf if only a person starts it."""
        if self._stays_off:
            return math.inf
        return until(self.past.off_since, defaults.MINIMUM_OFF, self.now)

    @cached_property
    def can_stop_at(self) -> float:
        """When the minimum on time is over; -inf if it is."""
        return until(self.past.on_since, defaults.MINIMUM_ON, self.now)

    @cached_property
    def can_rise_at(self) -> float:
        """When the draw may be raised again; -inf if it may be."""
        return until(self.past.changed, defaults.TIMES[self.ability.path].up, self.now)

    @cached_property
    def can_fall_at(self) -> float:
        """When the draw may be lowered again, safety apart; -inf if it may be."""
        return until(self.past.changed, defaults.TIMES[self.ability.path].down, self.now)

    def confirm_seconds(self, pending: Pending) -> float:
        """Return how long a command may take to show."""
        if pending.kind is CommandKind.STOP or pending.off:
            return defaults.OFF_CONFIRM
        if pending.kind is CommandKind.START:
            return defaults.START_CONFIRM
        longest = defaults.TIMES[self.ability.path].confirm
        usual = self.learned.seconds_up
        if pending.what == "down":
            usual = self.learned.seconds_down
        if usual is None:
            return longest
        # Small steps show sooner than large ones, so what was seen halves it at most.
        return min(longest, max(usual * defaults.CONFIRM_FACTOR, longest / 2))
