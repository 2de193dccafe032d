"""The HTTP side: sockets, sessions, refusals and faults."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
import json
from random import Random
import socket
import struct
from typing import override

from aiohttp import hdrs, web

from ..base import SimulatedMiner
from ..clock import Clock, RunningClock
from . import handlers
from .device import Device
from .faults import Fault, Faults
from .gateway import Call, Gateway, Operation, Reply, find
from .presets import PRESETS
from .sessions import Sessions
from .shapes import ShapeError
from .wire import Json, RefusedError, Version

assert handlers.__all__, "importing the package has filled the table of operations"

OWN_PASSWORD = "rig-4-all"
"""What an owner may have set in place of that of the delivery."""
PREFIX = "/api/v1/"
ROOT_PAGE = b"<!doctype html><title>Braiins OS</title>"
BOOT_LOOK = 0.005
"""Real seconds between two looks at the clock while the board reboots."""
LINGER_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer as they were on the wire."""

    method: str
    path: str
    """Below `/api/v1/`."""
    sent_kind: str
    sent: bytes
    status: int
    kind: str
    """Content type without parameters, "" when there is none."""
    body: bytes


class BraiinsSimulator(SimulatedMiner):
    """One machine with Braiins OS.

    `device` is the machine itself (tests may set `device.plant.ambient`,
    `device.pools.all_dead`, `device.license_restricted`, `device.tuner.failed`,
    `device.timing`, `device.unknowns` or call `device.crash()`), `faults` what goes
    wrong on the wire.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        preset: str = "S19j Pro",
        clock: Clock | None = None,
        seed: int = 0,
        username: str = "root",
        password: str = "root",  # noqa: S107 - what new devices ship with
        mac: str | None = None,
        rest: Version | None = None,
    ) -> None:
        """Make a machine that has been mining for a day; `start` lets it answer.

        `rest` gives it another version of the contract than the model's own.
        """
        self.host = host
        self.port = port
        self.mac = mac or derived_mac(seed)
        self.password = password
        self.clock: Clock = RunningClock() if clock is None else clock
        model = PRESETS[preset] if rest is None else replace(PRESETS[preset], rest=rest)
        self.device = Device(model, self.clock, seed, self.mac)
        self.faults = Faults()
        self.gateway = Gateway(
            device=self.device,
            sessions=Sessions(seed),
            faults=self.faults,
            username=username,
            miner=self,
        )
        self.requests: list[str] = []
        """Every request since the simulator was made, such as `GET /api/v1/miner/stats`."""
        self.witness: Callable[[Exchange], None] | None = None
        """Told of every request below `/api/v1/` that has been answered."""
        self.writes = 0
        """Accepted requests other than reads and logins."""
        self.connections = 0
        """Accepted connections since the simulator was made."""
        self.open_requests = 0
        self.max_open_requests = 0
        self._server: asyncio.Server | None = None
        self._protocols: web.Server | None = None
        self._handling: set[asyncio.Task[object]] = set()
        self._reboot: asyncio.Task[None] | None = None
        self._foreign_firmware = False

    @property
    def logins(self) -> int:
        """Return how many logins were accepted."""
        return self.gateway.logins

    @override
    async def start(self) -> None:
        if self._server is not None:
            return
        self._protocols = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._server = await asyncio.get_running_loop().create_server(
            self._connected, self.host, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    @override
    async def stop(self) -> None:
        if self._reboot is not None:
            self._reboot.cancel()
            with suppress(asyncio.CancelledError):
                await self._reboot
            self._reboot = None
        await self._silence()

    @override
    async def unplug(self) -> None:
        await super().unplug()
        self.device.advance()
        self.device.halt(powered=False)

    @override
    def power_cycled(self) -> None:
        self.device.advance()
        self.gateway.sessions.drop_all()
        self.device.boot()

    async def booted(self) -> None:
        """Wait until a reboot that is under way is over, which takes the clock's time."""
        if self._reboot is not None:
            await self._reboot

    @override
    def truth(self) -> dict[str, str | float | bool | None]:
        device = self.device
        device.advance()
        tuner, settings = device.tuner, device.settings
        power_mode = tuner.enabled and tuner.mode == 1
        return {
            "model": device.preset.miner_model,
            "mac": self.mac,
            "mining": device.powered and device.mining_wanted,
            "hashrate": device.plant.hashrate if device.powered else 0.0,
            "power": device.plant.power if device.powered else 0.0,
            "temperature": device.plant.chip_temperature,
            "locate": device.locate,
            "pools": ", ".join(pool.url for group in settings.groups for pool in group.pools),
            "mining_restarts": device.mining_restarts,
            "writes": self.writes,
            "power_target": settings.power_target,
            "hashrate_target": settings.hashrate_target,
            "power_target_effective": tuner.effective if power_mode else None,
        }

    def _connected(self) -> asyncio.BaseProtocol:
        assert self._protocols is not None, "connections come only while listening"
        self.connections += 1
        return self._protocols()

    async def _silence(self) -> None:
        """Stop listening and drop every connection."""
        server, protocols = self._server, self._protocols
        self._server = self._protocols = None
        if server is None or protocols is None:
            return
        server.close()
        # Graceful closing first lets an answer out that is already written.
        server.close_clients()
        await asyncio.sleep(0)
        server.abort_clients()
        handling = [task for task in self._handling if task is not asyncio.current_task()]
        for task in handling:
            task.cancel()
        if handling:
            await asyncio.wait(handling)
        await protocols.shutdown(0.01)
        await server.wait_closed()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None, "aiohttp calls handlers in a task"
        self._handling.add(task)
        self.requests.append(f"{request.method} {request.path}")
        self.open_requests += 1
        self.max_open_requests = max(self.max_open_requests, self.open_requests)
        try:
            response = await self._respond(request)
            if self.gateway.reboot_wanted:
                # The answer has to be out before the board goes silent.
                await response.prepare(request)
                await response.write_eof()
        finally:
            self.open_requests -= 1
            self._handling.discard(task)
        await self._told(request, response)
        if self.gateway.reboot_wanted:
            self.gateway.reboot_wanted = False
            self._reboot = asyncio.create_task(self._rebooting())
        return response

    async def _told(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        if self.witness is None or not request.path.startswith(PREFIX):
            return
        # Files and streams are gone by now; that they were sent is all that is known.
        body = response.body if isinstance(response, web.Response) else b"..."
        kind = response.headers.get(hdrs.CONTENT_TYPE, "") if body else ""
        self.witness(
            Exchange(
                method=request.method,
                path=request.path.removeprefix(PREFIX),
                sent_kind=request.headers.get(hdrs.CONTENT_TYPE, ""),
                sent=await request.read(),
                status=response.status,
                kind=kind.partition(";")[0],
                body=body if isinstance(body, bytes) else b"",
            )
        )

    async def _rebooting(self) -> None:
        device = self.device
        device.advance()
        device.halt(powered=True)
        ends = self.clock.now() + device.timing.boot
        await self._silence()
        while self.clock.now() < ends:
            await asyncio.sleep(BOOT_LOOK)
        self._foreign_firmware = device.stock_firmware
        self.power_cycled()
        await self.start()

    def _outside(self, request: web.BaseRequest) -> web.Response | None:
        """Return the answer to what does not reach the API."""
        if request.path == "/" and request.method == "GET":
            return web.Response(body=ROOT_PAGE, content_type="text/html")
        old = self.faults.old_firmware
        if old is not None and request.path == f"{PREFIX}auth/login":
            return web.Response(status=old)
        foreign = self._foreign_firmware or old is not None
        return web.Response(status=404) if foreign or not request.path.startswith(PREFIX) else None

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        outside = self._outside(request)
        if outside is not None:
            return outside
        path = request.path.removeprefix(PREFIX)
        fault = self.faults.hit(request.method, path) or Fault()
        reply: Reply | web.Response = Reply(status=fault.status or 200)
        if not fault.prevents:
            reply = self._execute(request, path, raw)
        if fault.hold is not None:
            await fault.hold.wait()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.reset:
            return _reset(request)
        if isinstance(reply, web.Response):
            if not fault.changes:
                return reply
            reply = Reply(status=reply.status)
        if reply.stream is not None or reply.content is not None:
            return await _streamed(request, reply)
        return _spelled(reply, fault)

    def _execute(self, request: web.BaseRequest, path: str, raw: bytes) -> Reply | web.Response:
        """Let the request have its effect; a finished response is a refusal without JSON."""
        self.device.advance()
        found = find(request.method, path, self.device.preset.rest)
        if isinstance(found, int):
            return web.Response(status=found)
        wanted, parameters = found
        try:
            self._let_in(request, wanted)
            call = Call(
                gateway=self.gateway,
                body=_parsed(request, wanted, raw),
                raw=raw,
                content_type=request.headers.get(hdrs.CONTENT_TYPE, ""),
                parameters=parameters,
                query=request.query,
            )
            if wanted.process:
                self.device.need_process()
            result = wanted.handler(call)
        except ShapeError as error:
            text = f"Failed to deserialize the JSON body into the target type: {error}"
            return web.Response(status=422, text=text)
        except _PlainRefusalError as error:
            return web.Response(status=error.status, text=str(error))
        except RefusedError as error:
            return Reply(status=error.status, body={"message": error.message})
        if request.method != hdrs.METH_GET and wanted.path != "auth/login":
            self.writes += 1
        return result if isinstance(result, Reply) else Reply(body=result)

    def _let_in(self, request: web.BaseRequest, wanted: Operation) -> None:
        token = request.headers.get(hdrs.AUTHORIZATION)
        if wanted.session and not self.gateway.sessions.accept(token, self.device.now):
            raise RefusedError(401, "unauthenticated")


class _PlainRefusalError(Exception):
    """A refusal by the web stack itself, before the operation is asked: plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def derived_mac(seed: int) -> str:
    """Return the MAC of a simulated machine: locally administered, so nobody's."""
    octets = Random(f"mac {seed}").randbytes(4)
    return "02:b0:" + ":".join(f"{octet:02x}" for octet in octets)


def _parsed(request: web.BaseRequest, wanted: Operation, raw: bytes) -> Json:
    """Return the JSON body that the operation asks for; others are not looked at."""
    if wanted.body is None:
        return None
    if request.content_type != "application/json":
        raise _PlainRefusalError(415, "Expected request with `Content-Type: application/json`")
    try:
        body: Json = json.loads(raw)
    except ValueError:
        raise _PlainRefusalError(400, "Failed to parse the request body as JSON") from None
    wanted.body(body, "body")
    return body


def _spelled(reply: Reply, fault: Fault) -> web.Response:
    """Return the answer for the wire, with the fault's changes."""
    status = fault.status or reply.status
    if fault.text is not None:
        return web.Response(status=status, text=fault.text)
    if status == 204:
        return web.Response(status=204)
    body = b"" if fault.empty else json.dumps(fault.changed(reply.body)).encode()
    if fault.truncated:
        body = body[: len(body) // 2]
    return web.Response(status=status, body=body, content_type="application/json")


def _reset(request: web.BaseRequest) -> web.Response:
    transport = request.transport
    if transport is not None:
        wire: socket.socket | None = transport.get_extra_info("socket")
        if wire is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        transport.abort()
    return web.Response()


async def _streamed(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status)
    response.content_type = reply.stream_type
    if reply.content is not None:
        response.content_type = "application/octet-stream"
    response.enable_chunked_encoding()
    await response.prepare(request)
    if reply.content is not None:
        half = len(reply.content) // 2
        await response.write(reply.content[:half])
        await response.write(reply.content[half:])
    if reply.stream is not None:
        async for piece in reply.stream:
            await response.write(piece)
    return response
