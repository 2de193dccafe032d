"""Answers as they are on the wire, heads and all, given to the clients on real sockets.

`fuzz` changes what an answer says; here it is the answer itself: status lines and headers,
tokens, what becomes of a login, of a command, and of the question who is there.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import json
import logging
import re
import traceback
from typing import Any, Self, override
from unittest.mock import patch

import aiohttp

from custom_components.asic_miner.miners import create_client, detect
from custom_components.asic_miner.miners.braiins import public
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.client import Credentials, MinerClient
from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.miners.models import Make
from custom_components.asic_miner.miners.orders import PoolEntry, PoolGroup
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator, crypto

from .fuzz import FOUND as FOUND_VALUES
from .gate import Delivery, Gate, Way, http_request

FOUND = FOUND_VALUES / "wire"
"""As that folder, for cases of this kind."""

PASSWORD, NEW_PASSWORD, POOL_PASSWORD = "Hs7wQpZ3", "Kx2mVr9L", "nobodys-business-77"
"""What must not be told. Words that nothing else has in it."""
SEALED = '"enc"'
"""In the name of each command to a WhatsMiner, whose contents only the device can read."""
LOOKS = 0.03
"""Real seconds to look for the effect of a command; there never is one, or it shows at once."""

type Script = Mapping[str, tuple[bytes, ...]]
"""Answers by the request, the first for the first of them; the last goes on for ever."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A job, and all that is answered meanwhile, byte by byte."""

    make: str
    job: str
    answers: Script

    def to_json(self) -> str:
        """Return a form for the folder of found cases."""
        told = {
            name: [base64.b64encode(one).decode() for one in each]
            for name, each in self.answers.items()
        }
        return json.dumps({"make": self.make, "job": self.job, "answers": told}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Exchange:
        """Read what `to_json` wrote."""
        stored = json.loads(text)
        answers = {
            name: tuple(base64.b64decode(one) for one in each)
            for name, each in stored["answers"].items()
        }
        return cls(make=stored["make"], job=stored["job"], answers=answers)


def _name(request: bytes) -> str:
    """Return what a request is known by: method and path, or what a WhatsMiner is asked."""
    line = request.split(b"\r\n", 1)[0].decode(errors="replace")
    if line.endswith(" HTTP/1.1"):
        return line.removesuffix(" HTTP/1.1")
    return SEALED if SEALED in line else line


def is_login(name: str) -> bool:
    """Tell whether a request opens a session or takes a token."""
    return "auth/login" in name or "get_token" in name


def is_write(name: str) -> bool:
    """Tell whether a request is a command."""
    http = name.startswith(("PUT ", "POST ", "DELETE ", "PATCH "))
    return name == SEALED or (http and not is_login(name))


# What is done


async def _read(client: MinerClient) -> None:
    await client.identify()
    await client.read(slow=True)


async def _set_pools(client: MinerClient) -> None:
    entry = PoolEntry(
        url="stratum+tcp://new.example.net:3333", user="owner.a", password=POOL_PASSWORD
    )
    await client.set_pools((PoolGroup(pools=(entry,)),))


PROBE = "probe"
JOBS: Mapping[str, Callable[[MinerClient], Awaitable[object]]] = {
    "read": _read,
    "access": lambda client: client.check_access(),
    "pause": lambda client: client.set_mining(False),
    "password": lambda client: client.change_password(NEW_PASSWORD),
    "pools": _set_pools,
}
"""By name, what a client is told to do; PROBE is to find out who is there."""
SEEDS = tuple(
    (make, job)
    for make in ("whatsminer", "braiins")
    for job in (PROBE, *JOBS)
    # Without heads and tokens, so `fuzz` has it already.
    if (make, job) != ("whatsminer", "read")
)
ONCE = {"pause", "pools"}
"""Jobs of one command, which must not come twice."""


# What devices answer, to begin with


class _Witness(Way):
    """Hands on and keeps what a device answers."""

    def __init__(self) -> None:
        self.told: dict[str, list[bytes]] = {}

    @override
    async def deliver(self, delivery: Delivery) -> None:
        self.told.setdefault(_name(delivery.request), []).append(delivery.reply)
        await super().deliver(delivery)


def _device(make: str) -> SimulatedMiner:
    clock = ManualClock()
    if make == "whatsminer":
        return WhatsminerSimulator(preset="M60S", clock=clock, seed=1, password=PASSWORD)
    return BraiinsSimulator(preset="S19j Pro", clock=clock, seed=1, password=PASSWORD)


async def recorded(make: str, job: str) -> Exchange:
    """Return all that a simulated device answers during a job."""
    witness = _Witness()
    device = _device(make)
    await device.start()
    try:
        async with Gate(device, http=make == "braiins") as gate, _http() as http:
            await gate.go(witness)
            if job == PROBE:
                await detect.detect(http, gate.host, gate.port)
            else:
                client = await _client(make, gate.port, http)
                # What is looked at later to see whether a command shows is as it was before.
                await _read(client)
                await JOBS[job](client)
    finally:
        await device.stop()
    told = {name: tuple(each) for name, each in witness.told.items()}
    return Exchange(make=make, job=job, answers=told)


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


async def _client(make: str, port: int, http: aiohttp.ClientSession) -> MinerClient:
    async def no_time(_: float) -> None:
        await asyncio.sleep(0)

    credentials = Credentials(password=PASSWORD)
    if make == "braiins":
        return BraiinsClient("127.0.0.1", port, credentials, http, sleep=no_time)
    client = await create_client(Make.WHATSMINER, "127.0.0.1", port, credentials, http)
    assert isinstance(client, WhatsminerClient)
    client.confirm_seconds = client.pools_seconds = LOOKS
    client.confirm_interval = LOOKS / 3
    return client


# Playing it


class _Listening(logging.Handler):
    """Keeps what is logged, by whomever."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: list[str] = []
        self.errors: list[str] = []
        self.setFormatter(logging.Formatter())

    @override
    def emit(self, record: logging.LogRecord) -> None:
        said = self.format(record)
        self.told.append(said)
        if record.levelno >= logging.ERROR:
            self.errors.append(said)


@dataclass(kw_only=True)
class Stage:
    """One port on which any device can be played, and what is seen there."""

    http: aiohttp.ClientSession
    port: int = 0
    script: Script = field(default_factory=dict)
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    """Each request by name, and its answer."""

    @classmethod
    @asynccontextmanager
    async def set(cls) -> AsyncGenerator[Self]:
        """Listen."""
        async with _http() as http:
            stage = cls(http=http)
            server = await asyncio.start_server(stage._answer, "127.0.0.1", 0)
            stage.port = server.sockets[0].getsockname()[1]
            async with server:
                yield stage

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await http_request(reader)
            name = _name(request)
            before = Counter(name for name, _ in self.asked)[name]
            told = self.script.get(name, (b"",))
            answer = told[min(before, len(told) - 1)]
            self.asked.append((name, answer))
            writer.write(answer)
            await writer.drain()
        except OSError, asyncio.IncompleteReadError:
            # Whoever asked has heard enough.
            return
        finally:
            writer.close()

    async def tried(self, case: Exchange) -> str:
        """Do the job; return "done", or the kind of error. Raises what must not be.

        That is any error that is not the package's own, and AssertionError for a command that
        is sent again or taken for done without having been said to be, and for a secret that
        is told.
        """
        self.script, self.asked = case.answers, []
        listening, root = _Listening(), logging.getLogger()
        level = root.level
        root.addHandler(listening)
        root.setLevel(logging.DEBUG)
        told, outcome = "", "done"
        try:
            await self._do(case)
        except MinerError as error:
            told, outcome = "".join(traceback.format_exception(error)), type(error).__name__
        finally:
            root.setLevel(level)
            root.removeHandler(listening)
        assert not listening.errors
        self._check(case, outcome)
        for secret in secrets(case):
            assert secret not in told
            assert not any(secret in said for said in listening.told)
        return outcome

    async def _do(self, case: Exchange) -> None:
        if case.job == PROBE:
            with patch.object(public, "PORT", self.port):
                found = await detect.detect(self.http, "127.0.0.1", self.port)
                seen = await detect.with_model(found, "127.0.0.1")
            assert seen.model is None or (seen.model.isprintable() and len(seen.model) < 100)
            return
        client = await _client(case.make, self.port, self.http)
        try:
            await JOBS[case.job](client)
        finally:
            await client.close()

    def _check(self, case: Exchange, outcome: str) -> None:
        written = [answer for name, answer in self.asked if is_write(name)]
        if case.job in {PROBE, "read"}:
            assert not written
        if case.job in ONCE:
            # Each but the last was refused before anybody looked at it.
            assert all(refused(case, answer) for answer in written[:-1]), "sent twice"
        if case.job == "pause" and outcome == "done":
            # The device is never seen to have stopped, so somebody must have said so.
            assert any(taken(case, answer) for answer in written), "not said to be done"


def secrets(case: Exchange) -> set[str]:
    """Return what of a case nobody may read, as it was before anything was changed."""
    return {PASSWORD, NEW_PASSWORD, POOL_PASSWORD, *_tokens(case.make, case.job)}


def sent(case: Exchange) -> set[str]:
    """Return what of that a device is told in the course of the job, and can quote."""
    told = _tokens(case.make, case.job)
    if case.job == "password" or (case.make == "braiins" and case.job != PROBE):
        told.add(PASSWORD)
    return told | {"password": {NEW_PASSWORD}, "pools": {POOL_PASSWORD}}.get(case.job, set())


_known: dict[tuple[str, str], Exchange] = {}


async def known(make: str, job: str) -> Exchange:
    """Return what is `recorded`, which is asked once only."""
    if (make, job) not in _known:
        _known[make, job] = await recorded(make, job)
    return _known[make, job]


def _tokens(make: str, job: str) -> set[str]:
    """Return the tokens of all sessions that the simulated device has opened."""
    if make != "braiins" or (make, job) not in _known:
        return set()
    bodies = [
        answer.partition(b"\r\n\r\n")[2]
        for name, each in _known[make, job].answers.items()
        for answer in each
        if is_login(name)
    ]
    return {str(json.loads(body)["token"]) for body in bodies if body}


def key_of(case: Exchange) -> bytes | None:
    """Return what the replies of a recorded WhatsMiner are encrypted with."""
    for name, each in case.answers.items():
        if "get_token" in name:
            given: dict[str, Any] = json.loads(each[0].rstrip(b"\0\n"))["Msg"]
            return crypto.aes_key(crypto.md5_crypt(PASSWORD, given["salt"]))
    return None


def plain(case: Exchange, answer: bytes) -> bytes:
    """Return an answer of a WhatsMiner as it was before it was encrypted."""
    before = _known.get((case.make, case.job))
    key = key_of(before) if before else None
    if key is None:
        return answer
    for cipher in _CIPHER.findall(_CONTROL.sub(b"", answer)):
        # Where it was changed it is none any more.
        with suppress(ValueError):
            return json.dumps(crypto.decrypt(key, crypto.decode(cipher.decode()))).encode()
    return answer


_HTTP_TAKEN = re.compile(rb"HTTP/\d\.\d\s+(2\d\d|412)")
"""412: no process runs, so it does not mine."""
_HTTP_REFUSED = re.compile(rb"HTTP/\d\.\d\s+(40[13]|500)")
"""500: the process is away, which was not reached."""
# Not parsed: clients mend broken JSON, too, for which they take out control characters.
_CONTROL = re.compile(rb"[\x00-\x1f]")
_CIPHER = re.compile(rb'"enc"\s*:\s*"([^"]*)"')
_STATUS = re.compile(rb'"STATUS"\s*:\s*"(\w+)')
_CODE = re.compile(rb'"Code"\s*:\s*"?\s*([\w.+-]+)')
_TAKEN = {131, 134}
_REFUSED = {23, 135}


def _said(case: Exchange, answer: bytes) -> tuple[set[bytes], set[int]]:
    """Return all that an answer of a WhatsMiner gives as its status, and as its code."""
    text, codes = _CONTROL.sub(b"", plain(case, answer)), set[int]()
    for code in _CODE.findall(text):
        with suppress(ValueError, OverflowError):
            codes.add(int(float(code)))
    return set(_STATUS.findall(text)), codes


def taken(case: Exchange, answer: bytes) -> bool:
    """Tell whether anything in an answer says that a command was taken."""
    if case.make == "braiins":
        return _HTTP_TAKEN.search(answer) is not None
    statuses, codes = _said(case, answer)
    failed = b"E" in statuses or b"F" in statuses
    return b"S" in statuses or (not failed and not codes.isdisjoint(_TAKEN))


def refused(case: Exchange, answer: bytes) -> bool:
    """Tell whether anything in an answer says that a command was refused unread."""
    if case.make == "braiins":
        return _HTTP_REFUSED.search(answer) is not None
    return not _said(case, answer)[1].isdisjoint(_REFUSED)
