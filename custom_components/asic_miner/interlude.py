"""A pause or boost is kept over a restart of Home Assistant, so that it ends when it was to end."""

from typing import Self

from .miners.lean import dataclass
from .miners.models import JsonValue
from .power.learning import number
from .power.model import Source

OWNERS = frozenset({Source.SITE, Source.HEAT, Source.BUDGET})
"""Who looks again and again what a miner is to draw, and so can take it back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interlude:
    """A pause or boost that ends by itself."""

    watts: float
    """W that are wished meanwhile, 0 in a pause."""
    until: float
    """Unix time."""
    then: float
    """W that are wished again afterwards."""
    source: Source
    """Who has wished `then`."""

    def after(self, *, runs: bool) -> tuple[float, Source]:
        """Return the W that are wished when the time is over, and by whom.

        What an owner wished then says nothing of now: a miner that is off is handed back off,
        and the owner starts it.
        """
        if self.source in OWNERS:
            return self.then if runs else 0.0, self.source
        return self.then, Source.ACTION

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that can be stored."""
        return {
            "watts": self.watts,
            "until": self.until,
            "then": self.then,
            "source": self.source.value,
        }

    @classmethod
    def from_json(cls, stored: JsonValue) -> Self | None:
        """Read what `to_json` wrote, None where that is not it."""
        if not isinstance(stored, dict):
            return None
        watts, until, then = (number(stored.get(name)) for name in ("watts", "until", "then"))
        source = next((one for one in Source if one == stored.get("source")), None)
        if watts is None or until is None or then is None or source is None:
            return None
        return cls(watts=watts, until=until, then=then, source=source)
