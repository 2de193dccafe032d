"""Processor time of parsing and normalising alone: real clients on replies from memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
import statistics
import time
from typing import cast, override

from aiohttp import ClientResponse, ClientSession, ClientTimeout

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.transport import Request
from custom_components.asic_miner.miners.braiins.transport import Transport as BraiinsTransport
from custom_components.asic_miner.miners.client import Credentials, MinerClient
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from custom_components.asic_miner.miners.whatsminer.transport import Transport
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

ROUNDS = 9
READS = 200
"""Reads in each round; the median round counts."""


class _Recording(Transport):
    """Asks the device once for each thing, and remembers."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.replies: dict[str, str] = {}

    @override
    async def exchange(
        self, request: str, *, write: bool = False, seconds: float | None = None
    ) -> str:
        if request not in self.replies:
            self.replies[request] = await super().exchange(request, seconds=seconds)
        return self.replies[request]


class _Content:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Give all at once, as a small answer comes."""
        yield self._content


class _Answer:
    """As much of an answer as is looked at."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status = status
        self._bytes = content

    @property
    def content(self) -> _Content:
        """The body, from its beginning."""
        return _Content(self._bytes)


class _RecordingHttp(BraiinsTransport):
    """Asks the device once for each thing, and remembers."""

    def __init__(self, host: str, port: int, http: ClientSession) -> None:
        super().__init__(host, port, http)
        self._replies: dict[str, _Answer] = {}

    @override
    @asynccontextmanager
    async def answer(
        self, request: Request, token: str | None, patience: ClientTimeout
    ) -> AsyncGenerator[ClientResponse]:
        if request.what not in self._replies:
            async with super().answer(request, token, patience) as response:
                self._replies[request.what] = _Answer(response.status, await response.read())
        yield cast("ClientResponse", self._replies[request.what])


async def _timed(client: MinerClient, *, slow: bool) -> float:
    """Return milliseconds of processor time per read."""
    await client.identify()
    await client.read(slow=True)
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(READS):
            await client.read(slow=slow)
        rounds.append((time.process_time() - began) / READS * 1000)
    return statistics.median(rounds)


async def _pure() -> dict[str, float]:
    found: dict[str, float] = {}
    for preset in ("M60S", "M30S++"):
        miner = WhatsminerSimulator(preset=preset, seed=1)
        await miner.start()
        client = WhatsminerClient(miner.host, miner.port, Credentials(password=miner.password))
        client.api.transport = _Recording(miner.host, miner.port)
        for slow in (False, True):
            key = f"{preset}, {'slow' if slow else 'live'}"
            found[key] = await _timed(client, slow=slow)
        await miner.stop()
    other = BraiinsSimulator(preset="S19j Pro", seed=1)
    await other.start()
    async with ClientSession() as http:
        braiins = BraiinsClient(
            other.host, other.port, Credentials(username="root", password=other.password), http
        )
        braiins._api._session._transport = _RecordingHttp(other.host, other.port, http)
        for slow in (False, True):
            key = f"S19j Pro, {'slow' if slow else 'live'}"
            found[key] = await _timed(braiins, slow=slow)
    await other.stop()
    return found


def pure() -> dict[str, float]:
    """Return milliseconds of processor time per read, by model and kind of read."""
    return asyncio.run(_pure())
