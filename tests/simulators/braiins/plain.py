"""A plain HTTP client, so that tests of the simulator need no other reading of the reference."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
import json
from typing import Any

import aiohttp

from ..clock import ManualClock
from .contract import Contract
from .server import BraiinsSimulator
from .wire import Json

type Node = Any  # what a test digs into; a wrong shape fails the test by itself


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, read to its end."""

    status: int
    kind: str
    """Content type without parameters, "" when there is none."""
    body: bytes

    @property
    def json(self) -> Node:
        """Return the body as JSON."""
        return json.loads(self.body)


async def send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a PUT by itself when its connection breaks."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectionError as error:
        raise aiohttp.ClientConnectionError(str(error)) from error


class Client:
    """A plain HTTP client with one session on the device."""

    def __init__(self, miner: BraiinsSimulator, http: aiohttp.ClientSession) -> None:
        """Begin without a session."""
        self.miner = miner
        self.http = http
        self.token: str | None = None
        self.contract: Contract | None = None
        self.checked: set[tuple[str, str]] = set()

    def url(self, path: str) -> str:
        """Return the URL of a path below `/api/v1/`."""
        return f"http://127.0.0.1:{self.miner.port}/api/v1/{path}"

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        headers: dict[str, str] | None = None,
        data: aiohttp.MultipartWriter | bytes | None = None,
    ) -> Answer:
        """Send a request and read the answer, whatever it is; hold it against the contract."""
        sent = {"Authorization": self.token} if self.token else {}
        # null is no body of any operation, so it can stand for "none" here.
        given = None if body is None else json.dumps(body).encode()
        if given is not None:
            sent["Content-Type"] = "application/json"
        async with self.http.request(
            method, self.url(path), headers=headers or sent, data=data or given
        ) as reply:
            kind = reply.headers.get("Content-Type", "").split(";")[0]
            answer = Answer(status=reply.status, kind=kind, body=await reply.read())
        if self.contract is not None:
            bare = path.partition("?")[0]
            if given is not None and answer.status < HTTPStatus.BAD_REQUEST:
                self.contract.check_request(method, bare, sent["Content-Type"], given)
            self.contract.check(method, bare, answer.status, answer.kind, answer.body)
            if answer.status < HTTPStatus.BAD_REQUEST:
                self.checked.add(self.contract.operation(method, bare))
        return answer

    async def get(self, path: str) -> Node:
        """Read something that has to be there."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    async def put(self, path: str, body: Json = None) -> Node:
        """Write something that has to be accepted with an answer."""
        answer = await self.ask("PUT", path, body)
        assert answer.status == 200, answer
        return answer.json

    async def login(self, password: str | None = None) -> Answer:
        """Open a session, with the device's own password unless another is given."""
        answer = await self.ask(
            "POST",
            "auth/login",
            {"username": "root", "password": self.miner.password if password is None else password},
        )
        if answer.status == 200:
            self.token = answer.json["token"]
        return answer


type MakeClient = Callable[..., Awaitable[Client]]
"""Starts a machine of a model, S19j Pro unless another is named, and logs in."""


@asynccontextmanager
async def machines(clock: ManualClock) -> AsyncIterator[MakeClient]:
    """Hand out machines, and stop them in the end."""
    clients: list[Client] = []

    async def start(preset: str = "S19j Pro") -> Client:
        miner = BraiinsSimulator(preset=preset, clock=clock, seed=3)
        await miner.start()
        client = Client(miner, aiohttp.ClientSession(middlewares=(send_once,)))
        clients.append(client)
        assert (await client.login()).status == HTTPStatus.OK
        return client

    try:
        yield start
    finally:
        for client in clients:
            await client.http.close()
            await client.miner.stop()


def hashrate(stats: Node, window: str = "last_5s") -> float:
    """Return a window of a stats answer in TH/s."""
    value: float = stats["miner_stats"]["real_hashrate"][window]["gigahash_per_second"]
    return value / 1000


def draw(stats: Node) -> int:
    value: int = stats["power_stats"]["approximated_consumption"]["watt"]
    return value
