"""Whether the planner is better than another on the same day."""

from collections.abc import Sequence

from .world import PLANNER, Result

CLOSE = 0.05
"""% of used energy that are a tie: less than the table shows."""


def verdict(other: Result, those: Sequence[Result]) -> str:
    """Say how the planner does beside another; empty where it is ahead in everything."""
    mine = next((one for one in those if one.controller == PLANNER), None)
    if mine is None:
        return ""
    words = []
    if other.breaches > mine.breaches:
        return "breaks the limit"
    if other.used > mine.used + CLOSE:
        words.append(f"uses {other.used - mine.used:.1f} % more, buys {other.bought:.1f} kWh")
    if other.starts < mine.starts:
        words.append("fewer starts")
    return ", ".join(words)


def lost(those: Sequence[Result]) -> list[str]:
    """Return who uses more, or starts less often, without breaking a limit."""
    return [
        one.controller
        for one in those
        if not one.controller.startswith(PLANNER)
        and verdict(one, those) not in {"", "breaks the limit"}
    ]
