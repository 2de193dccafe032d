"""What all miners together are to draw, and how. Plain data, no rules."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from ..miners.lean import dataclass
from .site_model import Reason


class Intent(StrEnum):
    """What may be done to reach the aim."""

    FOLLOW = "follow"
    """Everything, with the patience that clouds need."""
    BUDGET = "budget"
    """Everything, without that patience: the aim is an order, not the weather."""
    WAIT = "wait"
    """No rise before the meter reports again, which it will; what lasts is counted on."""
    NO_RISE = "no_rise"
    HOLD = "hold"
    FLOOR = "floor"
    STOP = "stop"
    """All off, in an orderly way."""
    STOP_NOW = "stop_now"


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """What all miners together are to draw."""

    intent: Intent
    watts: float | None
    """None while it is not known."""
    reason: Reason
    """Why the intent is not FOLLOW, or why nothing more is to be had."""
    ceiling: float | None = None
    """W that are not exceeded whatever the patience."""
    soft: bool = False
    """The ceiling is no breaker: what was told in time gets the time that it needs to obey."""
    eager: bool = False
    """Too much is lowered without patience: it is no cloud."""
    final: bool = False
    """And what is at its floor is stopped without patience."""
    each: Mapping[str, float] = field(default_factory=dict)
    """W of single miners, in the mode HEAT."""
