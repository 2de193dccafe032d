"""Since when something has been so, on a clock that may be set back."""

from dataclasses import dataclass


def since(at: float | None, now: float) -> float:
    """Return `at`; `now` where there is none, or where a clock was set back to before it."""
    return now if at is None else min(at, now)


@dataclass(kw_only=True, slots=True)
class Since:
    """Since when something has been true without a break."""

    at: float | None = None

    def lasts(self, holds: bool, now: float) -> float:
        """Return for how many seconds it has been true; 0 when it is not."""
        self.at = since(self.at, now) if holds else None
        return 0.0 if self.at is None else now - self.at
