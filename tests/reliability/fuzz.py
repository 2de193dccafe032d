"""Answers of real simulated devices, changed in any way, given to the clients.

Everything from the text of an answer to the snapshot runs as ever; only the socket is left
out, so that thousands of answers a minute can be tried.
"""

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
import io
import json
import math
from pathlib import Path
import socket
from typing import override

import aiohttp

from custom_components.asic_miner.miners.braiins import transport as braiins
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.client import Credentials, MinerClient
from custom_components.asic_miner.miners.errors import MalformedReplyError, MinerError
from custom_components.asic_miner.miners.whatsminer import transport as whatsminer
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

FOUND = Path(__file__).parent / "found"
"""Answers that once did harm, one JSON file each, tried again in every run."""

type Answers = Mapping[str, bytes]
"""By the text of the request, or by method and path."""

ABSURD = {
    "hashrate": 1e5, "expected_hashrate": 1e5, "power": 1e6, "efficiency": 1e5,
    "temperature": 250, "chip_temperature": 250, "environment_temperature": 250,
    "inlet_temperature": 250, "outlet_temperature": 250, "uptime": 1e10, "mining_uptime": 1e10,
    "speed": 1e5, "fan_speed": 1e5, "frequency": 1e4, "voltage": 1e3, "input_voltage": 1e3,
    "input_current": 1e3, "power_target": 1e6, "power_target_effective": 1e6, "power_limit": 1e6,
    "power_percent": 1e3, "hashrate_target": 1e5, "chips": 1e5,
}  # fmt: skip
"""Above these no miner is; what is not named here has to fit into 63 bits."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What all answers of one device are in one trial."""

    make: str
    answers: Answers

    def to_json(self) -> str:
        """Return a form for the folder of found cases."""
        answers = {name: base64.b64encode(told).decode() for name, told in self.answers.items()}
        return json.dumps({"make": self.make, "answers": answers}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Case:
        """Read what `to_json` wrote."""
        stored = json.loads(text)
        answers = {name: base64.b64decode(told) for name, told in stored["answers"].items()}
        return cls(make=stored["make"], answers=answers)


class _Told(whatsminer.Connection):
    """What a device has sent already, before it closed the connection."""

    def __init__(self, told: bytes) -> None:
        with socket.socket() as unused:
            super().__init__(unused)
        self._told = io.BytesIO(told)

    @override
    async def _read(self, most: int) -> bytes:
        return self._told.read(most)


class _Whatsminer(whatsminer.Transport):
    """Hands over an answer through the framing and decoding of a real connection."""

    def __init__(self, answers: Answers) -> None:
        super().__init__("127.0.0.1", 1)
        self.answers = answers

    @override
    async def exchange(
        self, request: str, *, write: bool = False, seconds: float | None = None
    ) -> str:
        reply = await _Told(self.answers.get(request, b"")).receive()
        if not reply:
            raise MalformedReplyError("nothing")
        return reply


class _Recording(whatsminer.Transport):
    """Keeps what a device answers."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.told: dict[str, bytes] = {}

    @override
    async def exchange(
        self, request: str, *, write: bool = False, seconds: float | None = None
    ) -> str:
        reply = await super().exchange(request, write=write, seconds=seconds)
        self.told[request] = reply.encode()
        return reply


async def recorded(make: str, preset: str) -> Case:
    """Return all answers that a simulated device gives to identifying and reading it."""
    if make == "whatsminer":
        miner = WhatsminerSimulator(preset=preset, clock=ManualClock(), seed=1)
        miner.faults.error_codes = [110, 329, 540]
        await miner.start()
        try:
            transport = _Recording(miner.host, miner.port)
            client = WhatsminerClient(miner.host, miner.port, Credentials())
            client.api.transport = transport
            await client.identify()
            for _ in range(2):
                await client.read(slow=True)
        finally:
            await miner.stop()
        return Case(make=make, answers=transport.told)
    told: dict[str, bytes] = {}
    device = BraiinsSimulator(preset=preset, clock=ManualClock(), seed=1)
    device.witness = lambda seen: told.update({f"{seen.method} {seen.path}": seen.body})
    await device.start()
    try:
        async with aiohttp.ClientSession() as http:
            made = BraiinsClient(device.host, device.port, Credentials(password="root"), http)
            await made.identify()
            await made.read(slow=True)
    finally:
        await device.stop()
    return Case(make=make, answers=told)


def _client(case: Case) -> MinerClient:
    if case.make == "whatsminer":
        made = WhatsminerClient("127.0.0.1", 1, Credentials())
        made.api.transport = _Whatsminer(case.answers)
        return made
    client = BraiinsClient("127.0.0.1", 1, Credentials(password="root"), None)  # type: ignore[arg-type]  # never used

    async def send(
        request: braiins.Request, token: str | None = None, patience: object = None
    ) -> Json:
        content = case.answers.get(f"{request.method} {request.path}", b"")
        if not content.strip():
            return None
        try:
            return braiins._decoded(content)
        except (ValueError, RecursionError) as error:
            raise MalformedReplyError("not JSON") from error

    client._api._session._transport.send = send  # type: ignore[method-assign]  # instead of a socket
    return client


async def tried(case: Case) -> bool:
    """Read everything; return whether there was a snapshot. Raises what must not be.

    That is any error that is not the package's own, and AssertionError for a number that no
    miner can have.
    """
    client = _client(case)
    with suppress(MinerError):
        await client.identify()
    seen = False
    for _ in range(2):
        with suppress(MinerError):
            snapshot = await client.read(slow=True)
            seen = True
            check(snapshot)
            assert len(snapshot.boards) <= 17
            assert len(snapshot.fans) <= 33
            assert len(snapshot.faults or ()) <= 64
            assert len([pool for pool in snapshot.pools or () if not pool.active]) <= 32
    check(client.capabilities)
    json.dumps(client.capabilities.to_json(), allow_nan=False)
    json.dumps(dict(client.memory), allow_nan=False)
    return seen


def check(value: object, name: str = "") -> None:
    """Raise AssertionError if there is a number anywhere that cannot be."""
    match value:
        case bool() | None | str():
            return
        case int() | float():
            assert math.isfinite(value), f"{name} is {value}"
            assert abs(value) <= ABSURD.get(name, 1 << 63), f"{name} is {value:g}"
        case tuple() | list() | frozenset():
            for item in value:
                check(item, name)
        case Mapping():
            for key, item in value.items():
                check(item, str(key))
        case _ if is_dataclass(value):
            for field in fields(value):
                check(getattr(value, field.name), field.name)
