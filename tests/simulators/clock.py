"""Time as a simulator sees it: real, faster than real, or moved by hand."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Where a simulator takes its time from."""

    def now(self) -> float:
        """Return simulated seconds since the clock was made."""

    async def sleep(self, seconds: float) -> None:
        """Wait until that many simulated seconds have passed."""


class RunningClock:
    """Runs by itself, `speed` times as fast as real time."""

    def __init__(self, speed: float = 1.0) -> None:
        """Start at zero."""
        self.speed = speed
        self._started = time.monotonic()

    def now(self) -> float:
        """Return simulated seconds since the clock was made."""
        return (time.monotonic() - self._started) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait in simulated seconds."""
        await asyncio.sleep(seconds / self.speed)


class ManualClock:
    """Stands still until a test moves it, so that no test depends on real time."""

    def __init__(self) -> None:
        """Start at zero."""
        self._now = 0.0

    def now(self) -> float:
        """Return simulated seconds since the clock was made."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let that much simulated time pass at once."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Do not wait: what a device does after a pause, it does at once here."""
        await asyncio.sleep(0)
