"""The error log: history, not active faults (reference 6.6)."""

from dataclasses import dataclass
from random import Random

from .presets import Preset
from .wire import Json, rfc3339

CODES: dict[str, tuple[str, str]] = {
    "H1": ("Hashboard could not be started", "Check the cables of the hashboard"),
    "H2": ("Hashboard sensor does not answer", "Let the machine cool down, then reboot it"),
    "V2": ("Supply voltage out of limits", "Check the power supply"),
}
"""Codes with an invented reason and hint."""

OLD_MESSAGES: tuple[tuple[str, str | None], ...] = (
    ("pool host name could not be resolved", None),
    ("temperature sensor read failed", "H2"),
    ("tuner could not reach the target", None),
    ("output voltage deviates", "V2"),
)
"""What the history of a fresh simulator is made of."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One logged fault."""

    timestamp: str
    message: str
    code: str | None
    board: int | None

    @property
    def text(self) -> str:
        """Return the message, which carries its code as a marker."""
        return self.message if self.code is None else f"{self.message} {{ERR:{self.code}}}"

    def wire(self) -> dict[str, Json]:
        """Spell it for the wire."""
        codes: list[Json] = []
        if self.code is not None:
            reason, hint = CODES[self.code]
            codes.append({"code": self.code, "reason": reason, "hint": hint})
        components: list[Json] = []
        if self.board is not None:
            components.append({"name": "hashboard", "index": self.board})
        return {
            "timestamp": self.timestamp,
            "message": self.text,
            "error_codes": codes,
            "components": components,
        }


class ErrorLog:
    """All entries since the firmware was installed, oldest first."""

    def __init__(self, preset: Preset, seed: int) -> None:
        """Begin with the history the preset asks for."""
        chance = Random(f"errors {seed}")
        self.entries: list[Entry] = []
        for age in range(preset.old_errors, 0, -1):
            message, code = OLD_MESSAGES[age % len(OLD_MESSAGES)]
            board = chance.randrange(preset.nameplate.boards) + 1 if code else None
            # Two hours apart, at odd seconds.
            moment = -7200.0 * age + chance.uniform(0, 3600)
            self.add(moment, message, code, board=board)

    def add(
        self,
        now: float,
        message: str,
        code: str | None,
        *,
        board: int | None = None,
        unset_clock: bool = False,
    ) -> None:
        """Log a fault at a simulated time; before NTP answers, the clock says 2015."""
        stamp = "2015-01-01T00:00:21.000431Z" if unset_clock else rfc3339(now)
        self.entries.append(Entry(timestamp=stamp, message=message, code=code, board=board))
