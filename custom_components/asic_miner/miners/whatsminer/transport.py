"""Sockets and framing: one request per connection, one connection at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_address
import re
import socket

from ..errors import MalformedReplyError, MinerError, UnconfirmedError, UnreachableError
from ..lean import dataclass

MAX_REPLY = 1 << 20
"""Bytes; real replies stay below some tens of kilobytes."""
_CHUNK = 1 << 16
_CONTENT = re.compile(rb"\S")
_STRUCTURE = re.compile(rb'(?:[^"\[\]{}\x00]++|"[^"\\\x00]*+")*+["\[\]{}\x00]')
"""The next byte that counts. Whole strings without anything special in them, which most are,
are passed over together with what is between them."""
_STRING_END = re.compile(rb'[^"\\\x00]*+["\\\x00]')
_LINE_END = re.compile(rb"[\n\x00]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Seconds; the reply times bound the whole exchange, not one chunk."""

    connect: float = 5.0
    """A board that is up accepts within milliseconds, a loaded Wi-Fi bridge within seconds."""
    read: float = 10.0
    """The device itself gives up on a silent connection after this time."""
    write: float = 15.0
    """Some writes are answered only after the device has acted on them."""
    silent: float = 5.0
    """For writes that are seldom answered at all: their effect is looked for anyway, and
    nothing else can be asked while this one waits."""
    stall: float = 60.0
    """Without a single byte while a file is on its way; a busy device pauses for seconds."""
    log: float = 120.0
    """For a whole log. The device sends megabytes a second, and a log has a few; meanwhile
    nobody can read it or switch it off."""
    install: float = 300.0
    """For the reply after a firmware image, as the manual asks for (3.7)."""


def was_not_connected(error: MinerError) -> bool:
    """Tell whether no connection came about, as while a control board boots.

    It can refuse them, or be off the network.
    """
    return isinstance(error.__cause__, _NotConnectedError)


def was_lost(error: MinerError) -> bool:
    """Tell whether a connection was made, and closed or broken without a reply."""
    return isinstance(error.__cause__, _LostReplyError)


class _NotConnectedError(OSError):
    """The reason for an UnreachableError that `was_not_connected` looks for."""


class _LostReplyError(OSError):
    """The reason for an UnreachableError that `was_lost` looks for."""


class Connection:
    """One open connection, on which messages and later raw bytes can follow each other.

    A plain socket: each carries one short reply, and to open and close a stream on top takes
    several turns of the event loop more.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Take over a connected socket; the transport closes it."""
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()

    async def send(self, data: bytes) -> None:
        """Send bytes. The writing side stays open: closing it ends some devices' patience."""
        await self._loop.sock_sendall(self._socket, data)

    async def _read(self, most: int) -> bytes:
        return await self._loop.sock_recv(self._socket, most)

    async def receive_bytes(self, most: int) -> bytes:
        """Return at least one and at most so many raw bytes, none at the end of all."""
        if self._received:
            found = bytes(self._received[:most])
            del self._received[:most]
            return found
        return await self._read(most)

    async def receive(self) -> str:
        """Return the next reply, "" when the device closes without one.

        A reply ends where its JSON is complete, at a NUL, at a line end when it is bare
        text, or with the connection. What follows it is kept for the next reader.
        Raises MalformedReplyError when it grows beyond MAX_REPLY.
        """
        frame = _Frame()
        end = None
        while end is None and (chunk := await self._read(_CHUNK)):
            self._received += chunk
            end = frame.end(self._received)
            if (len(self._received) if end is None else end) > MAX_REPLY:
                raise MalformedReplyError(f"a reply of more than {MAX_REPLY} bytes")
        end = len(self._received) if end is None else end
        reply = bytes(self._received[:end])
        del self._received[:end]
        return reply.decode(errors="replace").strip("\0 \t\r\n")


class _Frame:
    """Finds the end of a reply that arrives in pieces, looking at each byte once."""

    def __init__(self) -> None:
        self._position = 0
        self._depth = 0
        self._in_string = False
        self._bare: bool | None = None

    def end(self, received: bytearray) -> int | None:
        """Return the length of the reply, None while it is incomplete."""
        if self._bare is None:
            start = _CONTENT.search(received, self._position)
            if start is None:
                self._position = len(received)
                return None
            self._position = start.start()
            self._bare = start.group() not in b"{["
        if self._bare:
            found = _LINE_END.search(received, self._position)
            self._position = len(received)
            return found.end() if found else None
        while self._position < len(received):
            found = (_STRING_END if self._in_string else _STRUCTURE).match(received, self._position)
            if found is None:
                self._position = len(received)
                return None
            self._position = found.end()
            match received[self._position - 1 : self._position]:
                case b"\0":
                    return self._position
                case b'"':
                    self._in_string = not self._in_string
                case b"\\":
                    # The escaped byte may not have arrived yet; it is skipped when it has.
                    self._position += 1
                case b"{" | b"[":
                    self._depth += 1
                case _:
                    self._depth -= 1
                    if self._depth <= 0:
                        return self._position
        return None


async def _connected(host: str, port: int) -> socket.socket:
    """Connect to the first address of a host that can be reached.

    Raises OSError as the last one, ValueError for what is no name.
    """
    loop = asyncio.get_running_loop()
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        family = None
    if family is not None and "%" not in host:
        return await _connected_to(family, (host, port))
    refusal = OSError("the name has no address")
    for found, *_, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return await _connected_to(found, address)
        except OSError as error:
            refusal = error
    raise refusal


async def _connected_to(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        # Also when nobody waits for it any longer.
        sock.close()
        raise
    return sock


class Transport:
    """The way to one device. Requests queue up; the device bears one connection well."""

    def __init__(self, host: str, port: int, timeouts: Timeouts | None = None) -> None:
        """Remember where the device is. Nothing is sent yet."""
        self.host = host
        self.port = port
        self.timeouts = timeouts or Timeouts()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Open a connection, once no other is open.

        Raises UnreachableError when that fails; nothing has been sent then.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(self.timeouts.connect):
                    sock = await _connected(self.host, self.port)
            except ConnectionRefusedError as error:
                raise UnreachableError("the connection was refused") from _NotConnectedError(
                    str(error)
                )
            except TimeoutError as error:
                raise UnreachableError(
                    f"no connection within {self.timeouts.connect:g} s"
                ) from _NotConnectedError(str(error))
            # A host name that cannot be encoded for the name service is a ValueError.
            except (OSError, ValueError) as error:
                raise UnreachableError(
                    f"no connection: {type(error).__name__}"
                ) from _NotConnectedError(str(error))
            with sock:
                yield Connection(sock)

    async def exchange(
        self, request: str, *, write: bool = False, seconds: float | None = None
    ) -> str:
        """Send one request and return the text of its reply, which is never empty.

        `seconds` replaces the usual time for a reply.
        Raises UnreachableError when there is no connection or, for reads, no reply in
        time; MalformedReplyError for a reply without end; UnconfirmedError when a write
        may have arrived and its reply did not.
        """
        if seconds is None:
            seconds = self.timeouts.write if write else self.timeouts.read
        async with self.connection() as connection:
            try:
                return await self.converse(connection, request, seconds)
            except MinerError as error:
                if write:
                    raise UnconfirmedError(f"the command was sent, but {error}") from error
                raise

    async def converse(self, connection: Connection, request: str, seconds: float) -> str:
        """Send and receive once, with every failure as an error of a reading command."""
        try:
            async with asyncio.timeout(seconds):
                await connection.send(request.encode())
                reply = await connection.receive()
        except TimeoutError as error:
            raise UnreachableError(f"there was no reply within {seconds:g} s") from error
        except OSError as error:
            raise UnreachableError("the connection broke") from _LostReplyError(str(error))
        if not reply:
            raise UnreachableError("the connection was closed without a reply") from (
                _LostReplyError()
            )
        return reply
