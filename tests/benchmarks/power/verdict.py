"""Whether the planner is better than another on the same day. docs/power-bench.md says how."""

from collections.abc import Sequence
from enum import StrEnum

from .measure import Result
from .world import PLANNER, VARIANTS

CLOSE = 0.05
"""% of used energy, and kWh, that are a tie: less than the tables show."""


class Verdict(StrEnum):
    """How the planner does beside another."""

    BREAKS = "breaks"
    """The other breaks a rule of this day, so it could not be used here."""
    IDLE = "never runs"
    """The other never starts a miner, so there is nothing to compare."""
    BETTER = "better"
    """More used at no more starts, and no more drawn beyond it."""
    BETTER_BUT = "better, draws more beyond"
    """More used at no more starts, and more drawn beyond it."""
    BETTER_SET = "better when set"
    """The same with another setting of the owner, which draws no more beyond it either."""
    TRADE = "trade"
    """More used at more starts, or the other way round, whatever is set."""
    WORSE = "worse"


OPEN = (Verdict.TRADE, Verdict.WORSE)
"""Where the planner is not better, whatever its owner sets."""


def verdict(other: Result, those: Sequence[Result]) -> tuple[Verdict, str]:
    """Say how the planner does beside another of the same day, and what it is about."""
    mine = next(one for one in those if one.controller == PLANNER)
    if other.breaks:
        return Verdict.BREAKS, other.breaks
    if not other.starts:
        return Verdict.IDLE, ""
    if _wins(mine, other):
        if mine.beyond <= other.beyond + CLOSE:
            return Verdict.BETTER, ""
        more = f"{mine.beyond - other.beyond:.1f} kWh"
        return Verdict.BETTER_BUT, more
    for one in those:
        if one.controller in VARIANTS and _wins(one, other) and one.beyond <= other.beyond + CLOSE:
            return Verdict.BETTER_SET, one.controller.removeprefix(f"{PLANNER}, ")
    more = (
        f"used {mine.used - other.used:+.1f} %, beyond {mine.beyond - other.beyond:+.1f} kWh,"
        f" starts {mine.starts - other.starts:+d}"
    )
    worse = mine.used < other.used and mine.starts >= other.starts and mine.beyond >= other.beyond
    return (Verdict.WORSE if worse else Verdict.TRADE), more


def _wins(mine: Result, other: Result) -> bool:
    """Tell whether it uses as much at no more starts, and is better in one of them."""
    return mine.used >= other.used - CLOSE and mine.starts <= other.starts
