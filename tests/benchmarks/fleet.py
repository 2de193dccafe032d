"""Simulated miners in a process of their own, and how they are asked what they have seen.

Run as `python -m tests.benchmarks.fleet NUMBER`. It prints one line of JSON that lists the
devices, and answers each line on its standard input with one line of JSON.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import json
import sys
import time
from typing import Any, Self, override

from tests.demo.hass import ROOT
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

MIX = ("M60S", "S19j Pro", "M30S++", "S21 Pro")
"""Presets in turn: a new and an old firmware of each make, on air, with three boards."""
LOOPBACK = "127.0.0.1"
LONG_LINE = 1 << 24
"""Bytes; five hundred devices take some tens of kilobytes."""

type Answer = dict[str, Any]


class Stamped(list[str]):
    """A simulator's list of what it was asked, with the time of each."""

    def __init__(self, device: str, stamps: list[tuple[str, str, float]]) -> None:
        """Note times in `stamps`, which all devices share."""
        super().__init__()
        self._device = device
        self._stamps = stamps

    @override
    def append(self, item: str) -> None:
        self._stamps.append((self._device, item, time.monotonic()))
        super().append(item)


class Devices:
    """The devices, inside their process."""

    def __init__(
        self, number: int, mix: tuple[str, ...], host: Callable[[int], str] = lambda _: LOOPBACK
    ) -> None:
        """Make them; the seed gives each its own MAC and its own noise."""
        clock = RunningClock()
        self.stamps: list[tuple[str, str, float]] = []
        self.devices: list[BraiinsSimulator | WhatsminerSimulator] = []
        for seed in range(number):
            preset = mix[seed % len(mix)]
            if preset.startswith("M"):
                miner = WhatsminerSimulator(host(seed), preset=preset, clock=clock, seed=seed)
                miner.commands = Stamped(miner.mac, self.stamps)
                self.devices.append(miner)
            else:
                other = BraiinsSimulator(host(seed), preset=preset, clock=clock, seed=seed)
                other.requests = Stamped(other.mac, self.stamps)
                self.devices.append(other)

    async def start(self) -> None:
        """Listen."""
        for device in self.devices:
            await device.start()

    async def stop(self) -> None:
        """Stop listening."""
        for device in self.devices:
            await device.stop()

    async def answer(self, line: bytes) -> Answer:
        """Return what one line asks for."""
        return self.stamped() if line.strip() == b"stamps" else self.counted()

    def listed(self) -> Answer:
        """Return what has to be known to add them."""
        return {
            "devices": [
                {
                    "preset": device.device.preset.name
                    if isinstance(device, WhatsminerSimulator)
                    else "",
                    "kind": "whatsminer" if isinstance(device, WhatsminerSimulator) else "braiins",
                    "host": device.host,
                    "port": device.port,
                    "mac": device.mac,
                    "password": device.password,
                }
                for device in self.devices
            ]
        }

    def counted(self) -> Answer:
        """Return what they have seen since they were made, by kind."""
        found: dict[str, dict[str, int]] = {}
        for device in self.devices:
            if isinstance(device, BraiinsSimulator):
                kind, requests, logins = "braiins", len(device.requests), device.logins
            else:
                kind, requests, logins = "whatsminer", len(device.commands), device.tokens_issued
            count = found.setdefault(
                kind, {"devices": 0, "connections": 0, "requests": 0, "logins": 0, "writes": 0}
            )
            count["devices"] += 1
            count["connections"] += device.connections
            count["requests"] += requests
            count["logins"] += logins
            count["writes"] += device.writes
        return {**found, "cpu": time.process_time()}

    def stamped(self) -> Answer:
        """Return what was asked since this was called last, and when."""
        found = [*self.stamps]
        self.stamps.clear()
        return {"stamps": found}


async def serve(made: Devices) -> None:
    """Run until the standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await made.start()
    try:
        _tell(made.listed())
        while line := await reader.readline():
            _tell(await made.answer(line))
    finally:
        await made.stop()


async def _main(arguments: list[str]) -> None:
    await serve(Devices(int(arguments[1]), tuple(arguments[2:]) or MIX))


def _tell(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


class Fleet:
    """The devices, seen from outside. Used as an async context."""

    program = "tests.benchmarks.fleet"
    """The module that runs them."""

    def __init__(self, number: int, mix: tuple[str, ...] = MIX) -> None:
        """Start nothing yet."""
        self.number = number
        self.devices: list[Answer] = []
        self._mix = mix
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Start the process and wait until all devices listen."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.program,
            str(self.number),
            *self._mix,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            limit=LONG_LINE,
            start_new_session=True,
        )
        self.devices = (await self._read())["devices"]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """End the process."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def counts(self) -> Answer:
        """Return what the devices have seen since they were made, by kind."""
        return await self.ask(b"counts\n")

    async def stamps(self) -> list[tuple[str, str, float]]:
        """Return MAC, name and monotonic time of what was asked since the last call."""
        return [(mac, name, at) for mac, name, at in (await self.ask(b"stamps\n"))["stamps"]]

    async def ask(self, line: bytes) -> Answer:
        """Send one line and return what is answered to it."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._turn:
            self._process.stdin.write(line)
            await self._process.stdin.drain()
            return await self._read()

    async def _read(self) -> Answer:
        assert self._process is not None
        assert self._process.stdout is not None
        answer: Answer = json.loads(await self._process.stdout.readline())
        return answer


if __name__ == "__main__":
    asyncio.run(_main(sys.argv))
