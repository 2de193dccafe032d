"""A start that was promised to a person is kept over a reload or restart of Home Assistant.

It may have to wait: for a stop to show, for a restart to end, for a target to be set first.
"""

from typing import Self

from .miners.lean import dataclass
from .miners.models import JsonValue, MinerState
from .power import defaults
from .power.guard import Guard
from .power.learning import number
from .power.model import PEOPLE, CommandKind, Reading, Wish

LONGEST = 600.0
"""Seconds after which nobody expects it any more; a reboot, the longest wait, takes no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftStart:
    """An order to start that was taken and not sent."""

    wish: Wish

    @classmethod
    def of(cls, guard: Guard, wish: Wish | None) -> Self | None:
        """Return what is left to send of a wish, None if that is no start."""
        past, reading = guard.past, guard.reading
        if wish is None or wish.source not in PEOPLE or wish.watts == 0 or reading is None:
            return None
        if past.stays_off:
            # What was wished before a boost, and is wished again after it, starts nothing then.
            return None
        stopping = past.pending is not None and past.pending.kind is CommandKind.STOP
        # What was sent is not sent again, and what went off after the order was not started by it.
        unsent = past.off_since <= wish.at and past.on_since < wish.at
        return cls(wish=wish) if unsent and (stopping or not reading.runs) else None

    def is_over(self, reading: Reading) -> bool:
        """Tell whether it is too old, or nothing is left to wait for, or the clock was set back."""
        # A stop from before the order may still show; any later one is another's.
        longest = defaults.OFF_CONFIRM if reading.runs else LONGEST
        return not 0 <= reading.at - self.wish.at <= longest

    def is_due(self, reading: Reading) -> bool:
        """Tell whether the miner is still off and has not been started since."""
        known = reading.state is not MinerState.UNKNOWN
        return known and not reading.runs and not self.is_over(reading)

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that can be stored."""
        wish = self.wish
        return {
            "watts": wish.watts,
            "source": wish.source.value,
            "at": wish.at,
            "passing": wish.passing,
        }

    @classmethod
    def from_json(cls, stored: JsonValue) -> Self | None:
        """Read what `to_json` wrote, None where that is not it."""
        if not isinstance(stored, dict):
            return None
        watts, at = number(stored.get("watts")), number(stored.get("at"))
        source = next((one for one in PEOPLE if one == stored.get("source")), None)
        if not watts or at is None or source is None:
            return None
        passing = stored.get("passing") is True
        return cls(wish=Wish(watts=watts, source=source, at=at, passing=passing))
