"""A loop whose time passes by itself, but only while nobody is at work.

All timers of Home Assistant, of the integration and of the simulated miners run as ever, on
real sockets. When nothing is left to do before the next of them, time leaps to it.
"""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
import selectors
from typing import Any, override
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory

from custom_components.asic_miner.miners.braiins.base import BraiinsBase
from custom_components.asic_miner.miners.whatsminer.session import Session
from tests.simulators.clock import Clock

GRACE = 0.0005
"""Real seconds without anything to read before time passes. Both ends of a connection are in
this process, so what was sent is there at once."""
LEAP = 5.0
"""Simulated seconds that pass at most at once, half of the shortest time limit for an answer:
should the machine be slow to deliver, nobody gives up for it."""
AT_WORK = 0.005
"""Real seconds between two looks whether another thread is done."""
START = 1_000_000.0
"""What the clock of the loop shows at the beginning; any number that leaves room for the
nanoseconds with which a loop compares."""

type Events = list[tuple[selectors.SelectorKey, int]]


class SimulatedTime(Clock):
    """The time of one loop, and with it of the whole process."""

    def __init__(self, loop: asyncio.BaseEventLoop, freezer: FrozenDateTimeFactory) -> None:
        """Stand still until `running`."""
        self._loop = loop
        self._freezer = freezer
        # Whole microseconds, so that it never drifts from the time of day.
        self._passed = 0
        self._working = 0
        self.busy: Callable[[], bool] = lambda: False
        """Tells whether some thread still has work from before."""
        self.leaps = 0

    @override
    def now(self) -> float:
        """Return simulated seconds since the beginning."""
        return self._passed / 1e6

    @override
    async def sleep(self, seconds: float) -> None:
        """Wait in simulated seconds."""
        await asyncio.sleep(seconds)

    def time(self) -> float:
        """Return what the clock of the loop shows."""
        return START + self._passed / 1e6

    def pass_by(self, seconds: float) -> None:
        """Let so much time pass at once."""
        passed = max(round(seconds * 1e6), 1)
        self._passed += passed
        self.leaps += 1
        self._freezer.tick(timedelta(microseconds=passed))

    @property
    def still(self) -> bool:
        """Tell whether time has to wait for another thread."""
        return self._working > 0 or self.busy()

    def in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run something in another thread, for which time waits."""
        self._working += 1
        future = asyncio.BaseEventLoop.run_in_executor(self._loop, executor, func, *args)
        future.add_done_callback(self._done)
        return future

    def _done(self, _: asyncio.Future[Any]) -> None:
        self._working -= 1

    @contextmanager
    def running(self) -> Generator[None]:
        """Let this be the time of everything."""
        real = self._loop._selector  # type: ignore[attr-defined]  # private
        with (
            patch.object(self._loop, "_selector", _Selector(real, self)),
            patch.object(self._loop, "time", self.time),
            patch.object(self._loop, "run_in_executor", self.in_executor),
            # They took the clock of the process when they were defined.
            patch.dict(Session.__init__.__kwdefaults__, clock=self.time),
            patch.dict(BraiinsBase.__init__.__kwdefaults__, clock=self.time),
        ):
            yield


class _Selector:
    """Waits for sockets, and lets time pass when there is nothing to wait for."""

    def __init__(self, real: selectors.BaseSelector, time: SimulatedTime) -> None:
        self._real = real
        self._time = time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def select(self, timeout: float | None = None) -> Events:
        """Return what there is to read or write, or nothing after some simulated time."""
        found = self._real.select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if timeout is None or self._time.still:
            return self._real.select(AT_WORK)
        found = self._real.select(GRACE)
        if not found and not self._time.still:
            self._time.pass_by(min(timeout, LEAP))
        return found
