"""How a budget of watts is shared, and what comes when it is not renewed."""

from enum import StrEnum


class Policy(StrEnum):
    """Who gets watts first."""

    PRIORITY = "priority"
    """One after another in the order of priority, each as much as it can draw."""
    EQUAL = "equal"
    """As many as possible, each the same."""
    EFFICIENT = "efficient"
    """As priority, in the order of J/TH."""


class Safe(StrEnum):
    """What happens when a budget is not renewed in time."""

    HOLD = "hold"
    """All stays as it is."""
    FLOOR = "floor"
    """What runs draws as little as it can; what is off stays off."""
    PAUSE = "pause"
