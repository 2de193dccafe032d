"""What was said to miners, before anybody has made sense of it."""

from enum import StrEnum

from .miners.lean import dataclass


class Command(StrEnum):
    """What can be said."""

    SET_POWER = "set_power"
    PAUSE = "pause"
    RESUME = "resume"
    BOOST = "boost"
    STATUS = "status"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A command as it was spoken."""

    command: Command
    assistant: str
    language: str
    name: str | None = None
    """Of a miner or an area; None or only "the miner" when none was named."""
    percent: str | float | None = None
    """Of the miner's highest power."""
    watts: str | float | None = None
    kilowatts: str | float | None = None
    duration: str | float | None = None
    """In words, or minutes."""
    until: str | None = None
    device_id: str | None = None
    """Of who was spoken to: the miner in its room is preferred."""
    user_id: str | None = None
    """Who has said it, where that is known."""
