"""A hostile stretch of network between Home Assistant and a simulated miner.

The device behind it works and executes what it is told; what it answers is spoilt on the
way back, which is the hardest case for whoever has to tell what became of a command.
"""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
import json
import socket
import struct
from typing import Self, override

from tests.simulators.base import SimulatedMiner

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset."""
_HEAD_END = b"\r\n\r\n"
_CHUNK = 1 << 16
_TRICKLE_SECONDS = 1.0
_PACE = 0.001
"""Seconds between two pieces of what is long; any pause does."""

type Spoil = Callable[[bytes], bytes]
"""Makes another body of the device's JSON."""


@dataclass(kw_only=True)
class Delivery:
    """One answer on its way to Home Assistant."""

    http: bool
    request: bytes
    reply: bytes
    writer: asyncio.StreamWriter
    closing: asyncio.Event
    again: bool
    """The connection has carried an answer before."""

    @property
    def write(self) -> bool:
        """Tell whether the request was a command: sealed, or neither GET nor a login."""
        if self.http:
            return not self.request.startswith(b"GET ") and not self.login
        return b'"enc"' in self.request

    @property
    def login(self) -> bool:
        """Tell whether the request opens a session or takes a token."""
        line = self.request.split(b"\r\n", 1)[0]
        return b"auth/login" in line if self.http else b"get_token" in self.request

    def spoilt(self, spoil: Spoil) -> bytes:
        """Return the answer with another body, and with a length that is right for it."""
        if not self.http:
            return spoil(self.reply.rstrip(b"\0\n"))
        head, _, body = self.reply.partition(_HEAD_END)
        body = spoil(body) if body else body
        kept = [
            line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")
        ]
        return b"\r\n".join([*kept, b"Content-Length: %d" % len(body)]) + _HEAD_END + body


class Way:
    """How answers are delivered; the base delivers them as they are."""

    listens = True
    """Connections are accepted."""
    drops = False
    """Connections are neither accepted nor refused."""
    reaches = True
    """Requests get to the device and are executed."""
    keeps = False
    """Connections stay open after an answer."""

    async def deliver(self, delivery: Delivery) -> None:
        """Write the answer, or what becomes of it."""
        delivery.writer.write(delivery.reply)
        await delivery.writer.drain()


HEALTHY = Way()


class Refused(Way):
    """Nothing listens."""

    listens = False


class Unroutable(Way):
    """The beginning of a connection gets no answer, as from an address nobody has."""

    listens = False
    drops = True


class Silent(Way):
    """Connections are accepted, requests are executed, and nothing is ever said."""

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        await delivery.closing.wait()


class Half(Way):
    """The connection ends in the middle of the answer, or hangs there."""

    def __init__(self, *, hangs: bool) -> None:
        """Close in the middle, or say nothing more."""
        self.hangs = hangs

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        delivery.writer.write(delivery.reply[: len(delivery.reply) // 2])
        await delivery.writer.drain()
        if self.hangs:
            await delivery.closing.wait()


class Trickle(Way):
    """One byte a second, so that no pause is long and the whole never ends."""

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        for byte in delivery.reply:
            delivery.writer.write(bytes([byte]))
            await delivery.writer.drain()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TRICKLE_SECONDS):
                    await delivery.closing.wait()
                    return


class Reset(Way):
    """The connection is reset instead of an answer."""

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        sock = delivery.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        delivery.writer.transport.abort()


class ResetWhenKept(Way):
    """Each connection is kept, also against the client's wish, and reset when it is used again."""

    keeps = True

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        if delivery.again:
            await Reset().deliver(delivery)
            return
        delivery.writer.write(delivery.reply.replace(b"\r\nConnection: close", b"", 1))
        await delivery.writer.drain()


class Raw(Way):
    """The same bytes instead of every answer."""

    def __init__(
        self, whatsminer: bytes, braiins: bytes | None = None, *, refuses: bool = False
    ) -> None:
        """Answer like this; what refuses does not let the request through."""
        self.whatsminer = whatsminer
        # What is refused is not executed.
        self.reaches = not refuses
        self.braiins = whatsminer if braiins is None else braiins

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        delivery.writer.write(self.braiins if delivery.http else self.whatsminer)
        await delivery.writer.drain()


class Flood(Way):
    """Ten megabytes of one string."""

    def __init__(self) -> None:
        """Have given nothing yet."""
        self.most = 0
        """Bytes of an answer that were taken before the connection was closed, the most of all.

        What lies in the buffers of the kernel counts as taken.
        """

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        sock = delivery.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CHUNK)
        delivery.writer.transport.set_write_buffer_limits(0)
        if delivery.http:
            delivery.writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        delivery.writer.write(b'{"a":"')
        with contextlib.suppress(ConnectionError):
            taken = 0
            for _ in range(160):
                delivery.writer.write(b"x" * _CHUNK)
                await delivery.writer.drain()
                # Its turn to read, or else all would go into buffers before it can hang up.
                await asyncio.sleep(_PACE)
                taken += _CHUNK
                self.most = max(self.most, taken)


class Body(Way):
    """Answers whose JSON is made something else."""

    def __init__(self, spoil: Spoil) -> None:
        """Make another body of each."""
        self.spoil = spoil

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        delivery.writer.write(delivery.spoilt(self.spoil))
        await delivery.writer.drain()


class LateLogin(Way):
    """Whoever wants to be let in waits for longer than anybody has patience."""

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        if delivery.login:
            await delivery.closing.wait()
        else:
            await super().deliver(delivery)


class OnlyWrites(Way):
    """Answers to commands go one way; everything else is answered as ever."""

    def __init__(self, way: Way) -> None:
        """Treat commands like this, which have to be executed all the same."""
        assert way.reaches
        self.way = way

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        await (self.way if delivery.write else HEALTHY).deliver(delivery)


class RebootsOnWrite(Way):
    """The device executes a command and is gone before it has answered."""

    def __init__(self, device: SimulatedMiner) -> None:
        """Be about to."""
        self.device = device

    @override
    async def deliver(self, delivery: Delivery) -> None:
        """As the class says."""
        if delivery.write:
            await Reset().deliver(delivery)
            await self.device.unplug()
        else:
            await super().deliver(delivery)


class Gate:
    """Listens where a miner seems to be, and passes on to where it is."""

    def __init__(self, device: SimulatedMiner, *, http: bool) -> None:
        """Pass to a device that listens already."""
        self.device = device
        self.http = http
        self.host = device.host
        self.port = 0
        self.way = HEALTHY
        self.connections = 0
        self.write_requests = 0
        """Commands that came through, also those whose answers were spoilt."""
        self.again = 0
        """Requests on connections that had been used before."""
        self.received = asyncio.Event()
        """A request has come since the way was chosen."""
        self.answers = asyncio.Event()
        """Cleared, requests wait for their answers until it is set again."""
        self.answers.set()
        self._server: asyncio.Server | None = None
        self._stopper: list[socket.socket] = []
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        await self._listen()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close everything."""
        await self._shut()

    async def go(self, way: Way) -> None:
        """Treat everything like this from now on; what is open is closed."""
        await self._shut()
        self._closing = asyncio.Event()
        self.received.clear()
        self.way = way
        if way.drops:
            self._drop()
        elif way.listens:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._taken, self.host, self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _drop(self) -> None:
        """Fill the queue of a socket that accepts nobody, so that all others wait."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(0)
        self._stopper.append(listener)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex((self.host, self.port))
            self._stopper.append(waiting)

    async def _shut(self) -> None:
        for held in reversed(self._stopper):
            held.close()
        self._stopper.clear()
        self._closing.set()
        if self._server is not None:
            for listening in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            # Whom it has just let in it cannot look after once it is closed.
            await asyncio.sleep(0)
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._pass(reader, writer, again=False)
                while self.way.keeps and not writer.is_closing():
                    await self._pass(reader, writer, again=True)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, again: bool
    ) -> None:
        request = await (http_request(reader) if self.http else reader.read(_CHUNK))
        if not request:
            writer.close()
            return
        self.again += again
        self.received.set()
        await self.answers.wait()
        delivery = Delivery(
            http=self.http,
            request=request,
            reply=b"",
            writer=writer,
            closing=self._closing,
            again=again,
        )
        self.write_requests += delivery.write
        if self.way.reaches:
            delivery.reply = await self._asked(request)
        await self.way.deliver(delivery)

    async def _asked(self, request: bytes) -> bytes:
        """Return what the device itself says, b"" when it does not."""
        reply = b""
        try:
            reader, writer = await asyncio.open_connection(self.host, self.device.port)
        except OSError:
            return b""
        try:
            # By the end of the connection the end of an HTTP answer is known here.
            closing = b"\r\nConnection: close\r\n"
            writer.write(request.replace(b"\r\n", closing, 1) if self.http else request)
            while chunk := await reader.read(_CHUNK):
                reply += chunk
                if not self.http and _complete(reply):
                    break
        except OSError:
            return reply
        finally:
            writer.transport.abort()
        return reply


async def http_request(reader: asyncio.StreamReader) -> bytes:
    """Read one whole request, or whatever comes first if it is none of HTTP."""
    first = await reader.read(1)
    if not first.isalpha():
        # No HTTP: it is for the device to say so.
        return first + await reader.read(_CHUNK) if first else b""
    head = first + await reader.readuntil(_HEAD_END)
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def _complete(reply: bytes) -> bool:
    try:
        json.loads(reply.rstrip(b"\0\n"))
    except ValueError:
        return False
    return True
