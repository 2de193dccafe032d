"""The miners of a soak in a process of their own, behind stretches of network that fail.

Run as `python -m tests.reliability.soak.fleet NUMBER PRESET...`; lines of JSON go in and out.
"""

import asyncio
from bisect import bisect_right
from contextlib import AsyncExitStack
from itertools import pairwise
import json
import sys
import time
from typing import override

from tests.benchmarks.fleet import MIX, Answer, Devices, Fleet, serve
from tests.reliability.gate import HEALTHY, Gate, Refused
from tests.reliability.troubles import TROUBLES
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .plan import CRASHED, FORGOTTEN, UNPLUGGED

TICK = 1.0
"""Seconds between two looks at what a miner really draws."""
GRACE = 40.0
"""Seconds after which a miner that answers again has been read: the pause while it is away,
and the longest poll."""
POLL = 22.5
"""Seconds between two readings of a miner that draws: the usual 15, once half as many more
to get out of step with others."""
JOULES = 3_600_000.0
"""Per kWh."""


def address(place: int) -> str:
    """Return an address of this machine alone, another for each miner."""
    return f"127.0.{1 + place // 250}.{1 + place % 250}"


class Book:
    """What one miner really drew."""

    def __init__(self) -> None:
        """Begin empty."""
        self.times: list[float] = []
        self.energy: list[float] = []
        self.power: list[float] = []
        self.unsure: list[tuple[float, float, bool]] = []
        """Begin and end of what Home Assistant could not see, and whether it counts nothing."""

    def add(self, now: float, power: float) -> None:
        """Take a reading in W."""
        total = 0.0
        if self.times:
            mean = (self.power[-1] + power) / 2
            total = self.energy[-1] + mean * (now - self.times[-1]) / JOULES
        self.times.append(now)
        self.energy.append(total)
        self.power.append(power)

    def at(self, when: float) -> float:
        """Return kWh up to a time, on a straight line between two looks."""
        after = min(max(bisect_right(self.times, when), 1), len(self.times) - 1)
        begin, end = self.times[after - 1], self.times[after]
        part = min(max((when - begin) / (end - begin), 0.0), 1.0)
        return self.energy[after - 1] + part * (self.energy[after] - self.energy[after - 1])

    def between(self, begin: float, end: float) -> float:
        """Return kWh by which straight lines between readings may miss a draw that moves.

        Of a draw that moves one way between two readings that is at most half of how far it
        moves, for the time between them.
        """
        first, last = bisect_right(self.times, begin), bisect_right(self.times, end)
        seen = self.power[max(first - 1, 0) : last + 1]
        moved = sum(abs(after - before) for before, after in pairwise(seen))
        return moved * POLL / 2 / JOULES

    def unseen(self, begin: float, end: float) -> float:
        """Return kWh by which what is counted may differ between two times.

        Where two readings are joined by a straight line it is off by no more than the draw
        varied; where nothing is joined, as around a reload, by all that was drawn.
        """
        total = 0.0
        for began, ended, nothing in self.unsure:
            first = bisect_right(self.times, max(began, begin))
            last = bisect_right(self.times, min(ended, end))
            seen = self.power[max(first - 1, 0) : last + 1]
            if seen and last > first:
                off = max(seen) - (0.0 if nothing else min(seen))
                total += off * (self.times[last - 1] - self.times[max(first - 1, 0)]) / JOULES
        return total


class Troubled(Devices):
    """The devices, and what goes wrong with them."""

    def __init__(self, number: int, mix: tuple[str, ...]) -> None:
        """Have nothing wrong yet."""
        super().__init__(number, mix, address)
        self._gates = [
            Gate(device, http=isinstance(device, BraiinsSimulator)) for device in self.devices
        ]
        self._books = [Book() for _ in self.devices]
        self._open = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    @override
    async def start(self) -> None:
        await super().start()
        for gate in self._gates:
            await self._open.enter_async_context(gate)
        self._look()
        self._watch = asyncio.create_task(self._watching())

    @override
    async def stop(self) -> None:
        assert self._watch is not None
        for task in (self._watch, *self._tasks):
            task.cancel()
        await asyncio.gather(self._watch, *self._tasks, return_exceptions=True)
        await self._open.aclose()
        await super().stop()

    @override
    def listed(self) -> Answer:
        told = super().listed()
        for device, gate in zip(told["devices"], self._gates, strict=True):
            device["port"] = gate.port
        return told

    @override
    async def answer(self, line: bytes) -> Answer:
        """Carry out one order: a JSON object with `do`."""
        asked = json.loads(line)
        match asked["do"]:
            case "trouble":
                task = asyncio.create_task(
                    self._trouble(asked["place"], asked["what"], asked["seconds"])
                )
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                return {}
            case "unsure":
                self._unsure(asked["place"], asked["seconds"], nothing=asked["nothing"])
                return {}
            case "calm":
                await asyncio.gather(*self._tasks)
                return {}
            case "truth":
                return {device.mac: device.truth() for device in self.devices}
            case "books":
                return self._told(asked["begin"], asked["end"])
        return self.counted()

    def _told(self, begin: Answer, end: Answer) -> Answer:
        """Return kWh by MAC, each between two times of its own.

        Those drawn, those that could not be seen, and those between readings.
        """
        told: Answer = {}
        for device, book in zip(self.devices, self._books, strict=True):
            if device.mac in begin and device.mac in end:
                first, last = begin[device.mac], end[device.mac]
                told[device.mac] = [
                    book.at(last) - book.at(first),
                    book.unseen(first, last),
                    book.between(first, last),
                ]
        return told

    def _unsure(self, place: int, seconds: float, *, nothing: bool) -> None:
        # What is not read now was last read up to a pause ago.
        now = time.monotonic()
        self._books[place].unsure.append((now - GRACE / 2, now + seconds + GRACE, nothing))

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._look()

    def _look(self) -> None:
        for device, book in zip(self.devices, self._books, strict=True):
            power = device.truth()["power"]
            assert isinstance(power, int | float)
            book.add(time.monotonic(), power)

    async def _trouble(self, place: int, what: str, seconds: float) -> None:
        """Have something go wrong for a while."""
        device, gate = self.devices[place], self._gates[place]
        if what == FORGOTTEN:
            if isinstance(device, WhatsminerSimulator):
                device.access.forget()
            else:
                device.gateway.sessions.drop_all()
            return
        self._unsure(place, seconds, nothing=False)
        if what == CRASHED:
            if isinstance(device, WhatsminerSimulator):
                device.device.restart_mining()
            else:
                device.device.crash()
        elif what == UNPLUGGED:
            await device.unplug()
            await gate.go(Refused())
            await asyncio.sleep(seconds)
            await device.plug()
            await gate.go(HEALTHY)
        else:
            trouble = next(one for one in TROUBLES if one.name == what)
            await gate.go(trouble.way(device))
            with trouble.in_device(device):
                await asyncio.sleep(seconds)
                await gate.go(HEALTHY)


class TroubledFleet(Fleet):
    """The devices, seen from outside."""

    program = __name__

    async def order(self, do: str, **words: object) -> Answer:
        """Have something done."""
        return await self.ask(json.dumps({"do": do, **words}).encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(serve(Troubled(int(sys.argv[1]), tuple(sys.argv[2:]) or MIX)))
