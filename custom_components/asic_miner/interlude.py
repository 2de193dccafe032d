"""A pause or boost is kept over a restart of Home Assistant, so that it ends when it was to end."""

from dataclasses import dataclass
from typing import Self

from .miners.models import JsonValue
from .power.learning import number


@dataclass(frozen=True, kw_only=True, slots=True)
class Interlude:
    """A pause or boost that ends by itself."""

    watts: float
    """W that are wished meanwhile, 0 in a pause."""
    until: float
    """Unix time."""
    then: float
    """W that are wished again afterwards."""
    stays_off: bool = False
    """Afterwards only a person starts it, as before."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that can be stored."""
        return {
            "watts": self.watts,
            "until": self.until,
            "then": self.then,
            "stays_off": self.stays_off,
        }

    @classmethod
    def from_json(cls, stored: JsonValue) -> Self | None:
        """Read what `to_json` wrote, None where that is not it."""
        if not isinstance(stored, dict):
            return None
        watts, until, then = (number(stored.get(name)) for name in ("watts", "until", "then"))
        if watts is None or until is None or then is None:
            return None
        stays_off = stored.get("stays_off") is True
        return cls(watts=watts, until=until, then=then, stays_off=stays_off)
