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


def lost(those: Sequence[Result]) -> list[Result]:
    """Return those who use more, without breaking a limit."""
    mine = next((one for one in those if one.controller == PLANNER), None)
    return [
        one
        for one in those
        if mine is not None
        and not one.controller.startswith(PLANNER)
        and one.used > mine.used + CLOSE
        and one.breaches <= mine.breaches
    ]
