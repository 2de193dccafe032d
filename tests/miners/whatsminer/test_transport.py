"""Sockets and framing against real servers that do everything real devices do."""

import _socket
import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import socket
import struct

import pytest

from custom_components.asic_miner.miners.errors import (
    MalformedReplyError,
    MinerError,
    UnconfirmedError,
    UnreachableError,
)
from custom_components.asic_miner.miners.whatsminer.transport import (
    MAX_REPLY,
    Timeouts,
    Transport,
    was_lost,
    was_not_connected,
)

type Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

JSON = b'{"STATUS":"S","Msg":{"a":"}\\"]","b":[1,{"c":"\\\\"}]}}'
SHORT = Timeouts(connect=5.0, read=0.2, write=0.2)
"""For servers that never answer; nothing else may take as long."""


@asynccontextmanager
async def device(handler: Handler, timeouts: Timeouts | None = None) -> AsyncGenerator[Transport]:
    """Run a server on loopback, and a transport to it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Transport("127.0.0.1", server.sockets[0].getsockname()[1], timeouts)
    finally:
        server.close()
        await server.wait_closed()


def replying(*pieces: bytes, then_wait: bool = False) -> Handler:
    """Return a server that reads a request and sends these pieces one after the other."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await reader.read(1024)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if then_wait:
            # Until the client has closed.
            await reader.read()

    return handler


@pytest.mark.parametrize(
    "pieces",
    [
        (JSON,),
        tuple(bytes([byte]) for byte in JSON),
        (JSON[:20], JSON[20:]),
        (b"\r\n " + JSON + b"\n",),
        (JSON + b"\0",),
        (b" ", JSON, b"\0"),
    ],
)
@pytest.mark.parametrize("then_wait", [False, True])
async def test_reply_in_any_pieces(pieces: tuple[bytes, ...], then_wait: bool) -> None:
    """A reply ends where its JSON does, whether the device closes or not."""
    async with device(replying(*pieces, then_wait=then_wait)) as transport:
        assert await transport.exchange("{}") == JSON.decode()


async def test_nul_ends_a_reply_that_never_closes() -> None:
    """Also one that is cut off, and whatever follows the NUL."""
    async with device(replying(b'{"a":[1\0{"b"', then_wait=True)) as transport:
        assert await transport.exchange("{}") == '{"a":[1'


@pytest.mark.parametrize(
    "end", [b"\n", b"\0", b"\r\n"], ids=["line feed", "NUL", "carriage return"]
)
async def test_bare_text_ends_with_its_line(end: bytes) -> None:
    """That is how old firmware says that the mining process is down."""
    text = b"Socket connect failed: Connection refused"
    async with device(replying(b"\n" + text[:9], text[9:] + end, then_wait=True)) as transport:
        assert await transport.exchange("{}") == text.decode()


async def test_bare_text_that_ends_with_the_connection() -> None:
    """Without any line end."""
    async with device(replying(b"over max ", b"connect")) as transport:
        assert await transport.exchange("{}") == "over max connect"


async def test_cut_off_reply_is_returned_as_it_is() -> None:
    """What can be made of it is for others to decide."""
    async with device(replying(JSON[:-5])) as transport:
        assert await transport.exchange("{}") == JSON[:-5].decode()


async def test_odd_bytes_are_replaced() -> None:
    """Users can set fields to bytes that are no UTF-8."""
    async with device(replying(b'{"User":"\xff\xfe"}')) as transport:
        assert await transport.exchange("{}") == '{"User":"\ufffd\ufffd"}'


async def test_request_arrives_and_the_writing_side_stays_open() -> None:
    """Exactly the bytes asked for, and no end of file after them."""
    received: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readexactly(7))
        received.append(b"eof" if reader.at_eof() else b"open")
        writer.write(b"{}")

    async with device(handler) as transport:
        assert await transport.exchange('{"a":1}') == "{}"
    assert received == [b'{"a":1}', b"open"]


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read until the client gives up, and say nothing."""
    await reader.read()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read a request and close."""
    await reader.read(1024)


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read a request and reset the connection."""
    await reader.read(1024)
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def flooding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send ten megabytes inside one string."""
    await reader.read(1024)
    writer.write(b'{"a":"')
    for _ in range(160):
        writer.write(b"x" * 65536)
        try:
            await writer.drain()
        except ConnectionError:
            return


@pytest.mark.parametrize(
    ("handler", "kind", "lost"),
    [
        (silent, UnreachableError, False),
        (replying(b'{"a":', then_wait=True), UnreachableError, False),
        (closing, UnreachableError, True),
        (replying(b"\0"), UnreachableError, True),
        (replying(b" \n"), UnreachableError, True),
        (resetting, UnreachableError, True),
        (flooding, MalformedReplyError, False),
    ],
)
async def test_failed_reads_and_writes(
    handler: Handler, kind: type[MinerError], lost: bool
) -> None:
    """A read fails by its kind; of a write that was sent, the outcome is not known."""
    # Only silence is what the deadline is for, however slow the machine is.
    patient = handler in (closing, resetting, flooding)
    timeouts = Timeouts(read=60.0, write=60.0) if patient else SHORT
    async with device(handler, timeouts) as transport:
        with pytest.raises(MinerError) as read:
            await transport.exchange("{}")
        assert type(read.value) is kind
        assert was_lost(read.value) is lost
        assert not was_not_connected(read.value)
        with pytest.raises(MinerError) as write:
            await transport.exchange("{}", write=True)
        assert type(write.value) is UnconfirmedError


async def test_a_large_reply_is_taken() -> None:
    """The limit is far above what devices send, and not below it."""
    reply = b'{"a":"' + b"x" * (MAX_REPLY - 8) + b'"}'
    async with device(replying(reply)) as transport:
        assert len(await transport.exchange("{}")) == MAX_REPLY


@pytest.mark.parametrize("write", [False, True])
async def test_refused_connection(write: bool, unused_tcp_port: int) -> None:
    """Nothing was sent, so a write is known not to have happened."""
    with pytest.raises(UnreachableError) as caught:
        await Transport("127.0.0.1", unused_tcp_port).exchange("{}", write=write)
    assert was_not_connected(caught.value)
    assert not was_lost(caught.value)


async def test_no_connection_in_time() -> None:
    """A full queue of connections looks like a host that is not there."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            transport = Transport("127.0.0.1", port, Timeouts(connect=0.2))
            with pytest.raises(UnreachableError) as caught:
                await transport.exchange("{}", write=True)
            assert was_not_connected(caught.value)
        finally:
            for one in waiting:
                one.close()


async def test_impossible_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that the resolver cannot even be asked for."""
    # Tests may ask no resolver, and it is not asked: the name does not get as far as that.
    monkeypatch.setattr(socket, "getaddrinfo", _socket.getaddrinfo)
    with pytest.raises(UnreachableError):
        await Transport("no\0host", 4028).exchange("{}")


async def test_host_name() -> None:
    """A name is looked up."""
    async with device(replying(b"{}")) as transport:
        assert await Transport("localhost", transport.port).exchange("{}") == "{}"


async def test_host_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first address of a name refuses, the next one is tried."""

    async def found(host: str, port: int, *, type: int) -> list[tuple[object, ...]]:  # noqa: A002 - as asyncio calls it
        assert host == "miner.local"
        return [(socket.AF_INET, type, 0, "", ("127.0.0.1", to)) for to in (1, port)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
    async with device(replying(b"{}")) as transport:
        assert await Transport("miner.local", transport.port).exchange("{}") == "{}"


async def test_one_connection_at_a_time() -> None:
    """However many ask, the device sees one after the other."""
    open_now = 0
    most = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.read(1024)
        await asyncio.sleep(0.01)
        open_now -= 1
        writer.write(b"{}")

    async with device(handler) as transport:
        replies = await asyncio.gather(*(transport.exchange("{}") for _ in range(10)))
    assert replies == ["{}"] * 10
    assert most == 1


async def test_cancelled_request_leaves_the_way_free() -> None:
    """The next request is not kept waiting by one that was given up."""
    arrived = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not arrived.is_set():
            arrived.set()
            await silent(reader, writer)
        else:
            await reader.read(1024)
            writer.write(b"{}")

    async with device(handler) as transport:
        given_up = asyncio.create_task(transport.exchange("{}"))
        await arrived.wait()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await transport.exchange("{}") == "{}"


async def test_what_follows_a_reply_is_kept() -> None:
    """A transfer of raw bytes can follow on the same connection."""
    handler = replying(b'{"logfilelen":"4"}', b'{"b":2}')
    async with device(handler) as transport, transport.connection() as connection:
        await connection.send(b"{}")
        assert await connection.receive() == '{"logfilelen":"4"}'
        assert await connection.receive() == '{"b":2}'
        assert await connection.receive() == ""
