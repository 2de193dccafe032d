"""What goes wrong becomes the right kind of error, and no write is ever sent twice."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import json
import socket
import traceback

from aiohttp import ClientSession, ClientTimeout, ServerDisconnectedError, web
import pytest

from custom_components.asic_miner.miners.braiins import transport
from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.transport import (
    MESSAGE_LIMIT,
    REPLY_LIMIT,
    ProcessAwayError,
    ProcessStoppedError,
)
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    MalformedReplyError,
    MinerError,
    OutdatedFirmwareError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
)

from .device import AWAY, STOPPED, Device, Reply, refusal

READ = ("GET", "miner/details")
WRITE = ("PUT", "actions/pause")

RANGE = "new power target '500' is out-of-range (min: Some(954), max: Some(6435))"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal(400, RANGE), RejectedError, RANGE),
        (Reply(status=422, body=b"missing field `watt`"), RejectedError, "missing field `watt`"),
        (Reply(status=415), RejectedError, "PUT actions/pause: status 415"),
        (Reply(status=400, body=b'{"message": ""}'), RejectedError, "status 400"),
        (Reply(status=400, body=b'{"message": 3}'), RejectedError, "status 400"),
        (Reply(status=400, body=b'"just text"'), RejectedError, "just text"),
        (Reply(status=400, body=b"[" * 5000), RejectedError, "[" * 200),
        (Reply(status=400, body=b"\xff\xfe"), RejectedError, "\ufffd"),
        (refusal(400, "x" * 900), RejectedError, "x" * 200),
        (Reply(status=404), UnsupportedError, "status 404"),
        (Reply(status=405), UnsupportedError, "status 405"),
        (refusal(501, "not on this platform"), UnsupportedError, "not on this platform"),
        (refusal(409, "another task is running"), BusyError, "another task is running"),
        (Reply(status=429), BusyError, "status 429"),
        (Reply(status=503), BusyError, "status 503"),
        (STOPPED, ProcessStoppedError, "BOSminer is not running"),
        (Reply(status=412), ProcessStoppedError, "status 412"),
        (AWAY, ProcessAwayError, "Connection refused"),
        (Reply(status=500, body=b"Connection refused"), ProcessAwayError, "Connection refused"),
        (refusal(500, "disk full"), RejectedError, "disk full"),
        (Reply(status=500), RejectedError, "status 500"),
        (Reply(status=502, body=b"<html>Bad Gateway</html>"), RejectedError, "status 502"),
        (
            Reply(status=302, headers={"Location": "/login"}),
            MalformedReplyError,
            "redirect",
        ),
        (
            Reply(status=400, body=b" " * (REPLY_LIMIT + 1)),
            UnconfirmedError,
            "longer than 1048576 bytes",
        ),
    ],
)
async def test_answer_is_judged(
    answer: Reply, kind: type[MinerError], words: str, device: Device, api: BraiinsApi
) -> None:
    """Each status has its kind, and what the device says reaches the log, in bounds."""
    device.answers[WRITE] = answer
    with pytest.raises(kind) as caught:
        await api.pause_mining()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert len(str(caught.value)) <= 200
    assert device.writes == [WRITE]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(body=b"<html>Hello</html>", content_type="text/html"), "not JSON"),
        (Reply(body=b'{"watt": 15'), "not JSON"),
        (Reply(body=b"\xff\xff"), "not JSON"),
        (Reply(body=b"[" * 100_000), "not JSON"),
        (Reply(body=b" " * (REPLY_LIMIT + 1)), "longer than 1048576 bytes"),
    ],
)
async def test_success_that_cannot_be_read(
    answer: Reply, words: str, device: Device, api: BraiinsApi
) -> None:
    """Of a read it is no answer; a write has probably been executed, and is not sent again."""
    device.answers[WRITE] = device.answers[READ] = answer
    with pytest.raises(MalformedReplyError, match=words):
        await api.get_miner_details()
    with pytest.raises(UnconfirmedError, match=words):
        await api.pause_mining()
    assert device.writes == [WRITE]


async def test_longest_allowed_answer(device: Device, api: BraiinsApi) -> None:
    """The limit is not one byte too strict."""
    device.answers[WRITE] = Reply(body=b"true".ljust(REPLY_LIMIT))
    assert await api.pause_mining() is True


@pytest.mark.parametrize("path", ["pools/", "auth/login"])
async def test_words_that_could_repeat_a_secret_are_not_passed_on(
    path: str, device: Device, api: BraiinsApi
) -> None:
    """Answers about pools and logins can quote what was sent."""
    device.answers["GET" if path == "pools/" else "POST", path] = refusal(422, "hunter2")
    with pytest.raises(RejectedError) as caught:
        await api.get_pools()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("secret", ["hunter2", "secret-token", "kept-again"])
@pytest.mark.parametrize(
    "quoting",
    [
        lambda secret: secret,
        lambda secret: json.dumps({"message": f"no {secret}!"}),
        lambda secret: json.dumps(secret).replace(secret[0], f"\\u{ord(secret[0]):04x}"),
        lambda secret: json.dumps({"message": "\0".join(secret)}),
        "\t".join,
        lambda secret: "x" * (MESSAGE_LIMIT - 6) + secret,
        lambda secret: "\x01" * 900 + "x" * 94 + secret,
    ],
    ids=["bare", "a message", "escaped", "with NUL", "with tabs", "cut off", "cut off before"],
)
@pytest.mark.parametrize("status", [503, 400, 412])
async def test_a_refusal_that_quotes_a_secret(
    status: int, quoting: Callable[[str], str], secret: str, http: ClientSession
) -> None:
    """The device knows both, and is asked with neither, one or both of them."""
    body = quoting(secret).encode()
    head = b"HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n"
    async with dropping(head % (status, len(body)) + body) as server:
        api = BraiinsApi("127.0.0.1", server.port, "root", "hunter2", http)
        await api.login()
        # Refused as well; the device has been told it all the same.
        with pytest.raises(MinerError):
            await api.set_password("kept-again")
        for call in (api.pause_mining, api.get_miner_details, api.get_api_version):
            with pytest.raises(MinerError) as caught:
                await call()
            assert str(caught.value).endswith(f": status {status}")


async def test_a_refusal_that_quotes_the_token_before(device: Device, api: BraiinsApi) -> None:
    """The one of the request, which is valid still when another session has been opened."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        await api.login()
        return web.json_response({"message": request.headers["Authorization"]}, status=503)

    device.answers[WRITE] = refuse
    with pytest.raises(BusyError, match=r": status 503$"):
        await api.pause_mining()
    assert device.logins == 2


async def test_what_quotes_no_secret_is_passed_on(http: ClientSession) -> None:
    """An empty password stands in everything."""
    async with dropping(b"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy") as server:
        api = BraiinsApi("127.0.0.1", server.port, "root", "", http)
        with pytest.raises(BusyError, match=r"^busy$"):
            await api.pause_mining()


class Dropping:
    """Accepts connections, reads one request each, and answers with raw bytes or nothing."""

    def __init__(self, answer: bytes = b"") -> None:
        """Answer every request but the login, which goes well."""
        self.answer = answer
        self.lines: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line = head.split(b"\r\n")[0].decode()
                self.lines.append(line)
                for header in head.lower().split(b"\r\n"):
                    if header.startswith(b"content-length:"):
                        await reader.readexactly(int(header.split(b":")[1]))
                if "auth/login" not in line:
                    writer.write(self.answer)
                    break
                body = json.dumps({"token": "secret-token", "timeout_s": 60}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            await writer.wait_closed()

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [line for line in self.lines if line.startswith(("PUT", "DELETE"))]


@asynccontextmanager
async def dropping(answer: bytes = b"") -> AsyncGenerator[Dropping]:
    """Run a server that drops connections."""
    behaviour = Dropping(answer)
    server = await asyncio.start_server(behaviour.serve, "127.0.0.1", 0)
    behaviour.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield behaviour
        finally:
            server.close_clients()


async def test_http_library_would_repeat_a_write(http: ClientSession) -> None:
    """Why there is a guard at all: without it one PUT becomes two."""
    async with dropping() as server:
        with pytest.raises(ServerDisconnectedError):
            await http.put(f"http://127.0.0.1:{server.port}/", json=True)
        assert len(server.writes) == 2


async def test_write_is_sent_once_when_the_connection_drops(http: ClientSession) -> None:
    """A write whose answer is lost is not repeated, and says that it may have worked."""
    async with dropping() as server:
        api = BraiinsApi("127.0.0.1", server.port, "root", "", http)
        with pytest.raises(UnconfirmedError):
            await api.set_power_target(1500)
        assert len(server.writes) == 1


class Keeping:
    """Keeps each connection whatever it is asked to do, and hangs up instead of a late answer."""

    def __init__(self, answers: int) -> None:
        """Give so many answers on each connection."""
        self.answers = answers
        self.connections: list[list[str]] = []
        """What was asked on each connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        asked: list[str] = []
        self.connections.append(asked)
        try:
            while len(asked) <= self.answers:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                asked.append(head.decode().split(" ")[0].upper())
                if b"content-length:" in head:
                    length = head.split(b"content-length:")[1].split(b"\r\n")[0]
                    await reader.readexactly(int(length))
                login = b"auth/login" in head
                body = b'{"token": "secret-token", "timeout_s": 60}' if login else b"true"
                if len(asked) <= self.answers:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def keeping(http: ClientSession, answers: int) -> AsyncGenerator[tuple[Keeping, BraiinsApi]]:
    """Run a server that keeps connections."""
    behaviour = Keeping(answers)
    server = await asyncio.start_server(behaviour.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            yield behaviour, BraiinsApi("127.0.0.1", port, "root", "", http)
        finally:
            server.close_clients()


async def test_reads_share_a_connection_and_writes_never_do(http: ClientSession) -> None:
    """No write travels on a used connection, also where the device keeps all of them."""
    async with keeping(http, answers=99) as (device, api):
        for _ in range(3):
            await api.get_locate_device_status()
            await api.set_locate_device_status(True)
        assert sorted(device.connections) == [["GET"] * 3, ["POST"], *[["PUT"]] * 3]


async def test_at_most_two_connections_are_kept(http: ClientSession) -> None:
    """However many reads there are at once, and again."""
    async with keeping(http, answers=99) as (device, api):
        for _ in range(2):
            await asyncio.gather(*(api.get_locate_device_status() for _ in range(6)))
        reads = [asked for asked in device.connections if asked[0] == "GET"]
        assert len(reads) == 2
        assert sum(map(len, reads)) == 12


async def test_kept_connections_that_break_cost_no_answer(http: ClientSession) -> None:
    """The read is sent once more, and not on the other kept one, which is closed as well."""
    async with keeping(http, answers=1) as (device, api):
        await asyncio.gather(*(api.get_locate_device_status() for _ in range(2)))
        assert await api.get_locate_device_status() is True
        assert device.connections == [["POST"], ["GET", "GET"], ["GET"], ["GET"]]


async def test_a_read_is_not_repeated_for_ever(http: ClientSession) -> None:
    """Once is enough for a connection that was closed meanwhile."""
    async with keeping(http, answers=1) as (device, api):
        await api.get_locate_device_status()
        device.answers = 0
        with pytest.raises(UnreachableError):
            await api.get_locate_device_status()
        assert device.connections == [["POST"], ["GET", "GET"], ["GET"]]


@pytest.mark.parametrize(
    ("answer", "read", "write"),
    [
        (b"", UnreachableError, UnconfirmedError),
        (b"HTTP/1.1 200 OK\r\n", UnreachableError, UnconfirmedError),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{",
            UnreachableError,
            UnconfirmedError,
        ),
        (b'{"STATUS":"E"}\0', MalformedReplyError, UnconfirmedError),
        (b"220 mail.example ESMTP\r\n\r\n", MalformedReplyError, UnconfirmedError),
    ],
    ids=["nothing", "half a head", "half a body", "another miner", "a mail server"],
)
async def test_broken_conversation(
    answer: bytes, read: type[MinerError], write: type[MinerError], http: ClientSession
) -> None:
    """A lost answer to a read is a lost answer; to a write it is an open question."""
    async with dropping(answer) as server:
        api = BraiinsApi("127.0.0.1", server.port, "root", "", http)
        with pytest.raises(MinerError) as caught:
            await api.get_miner_details()
        assert type(caught.value) is read
        with pytest.raises(MinerError) as caught:
            await api.reboot()
        assert type(caught.value) is write
        assert len(server.writes) == 1


@pytest.mark.parametrize("call", [BraiinsApi.get_miner_details, BraiinsApi.pause_mining])
async def test_nothing_listens(
    call: Callable[[BraiinsApi], Awaitable[object]], http: ClientSession, unused_port: int
) -> None:
    """Without a connection nothing was sent, so a write has certainly not been executed."""
    with pytest.raises(UnreachableError):
        await call(BraiinsApi("127.0.0.1", unused_port, "root", "", http))


async def test_device_goes_away_between_login_and_write(
    device: Device, http: ClientSession, api: BraiinsApi
) -> None:
    """Refused connections are no open question for writes."""
    await api.get_miner_details()
    await device.stop()
    with pytest.raises(UnreachableError):
        await api.pause_mining()


@pytest.mark.parametrize("host", ["", "exa mple", "a..b", "x" * 300])
async def test_impossible_address(host: str, http: ClientSession) -> None:
    """What is no address is not reachable, and nothing worse."""
    with pytest.raises(UnreachableError):
        await BraiinsApi(host, 80, "root", "", http).get_api_version()


async def test_closed_http_session(device: Device) -> None:
    """When Home Assistant stops, its session closes under the last requests."""
    http = ClientSession()
    api = BraiinsApi("127.0.0.1", device.port, "root", "root", http)
    await http.close()
    with pytest.raises(UnreachableError):
        await api.get_miner_details()


async def test_no_answer_in_time(
    device: Device, api: BraiinsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that hangs is not waited for, and a hanging write is an open question."""
    released = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response(True)

    await api.login()
    device.answers[READ] = hang
    device.answers[WRITE] = hang
    monkeypatch.setattr(transport, "TIMEOUT", ClientTimeout(total=0.05))
    try:
        with pytest.raises(UnreachableError):
            await api.get_miner_details()
        with pytest.raises(UnconfirmedError):
            await api.pause_mining()
    finally:
        released.set()
    assert device.writes == [WRITE]


async def test_no_connection_in_time(http: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting has a limit of its own, so that a write is known not to have been sent."""
    # A listener with a full queue and nobody who accepts answers no further connection.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        monkeypatch.setattr(transport, "TIMEOUT", ClientTimeout(total=30, connect=0.1))
        api = BraiinsApi("127.0.0.1", listener.getsockname()[1], "root", "", http)
        try:
            with pytest.raises(UnreachableError, match="no connection"):
                await api.get_api_version()
        finally:
            for filler in fillers:
                filler.close()


async def test_version_that_wants_a_session(device: Device, api: BraiinsApi) -> None:
    """A web server that wants a login for everything is told from Braiins OS."""
    device.answers["GET", "version/"] = Reply(status=401)
    with pytest.raises(AuthenticationError):
        await api.get_api_version()
    assert device.logins == 0


async def test_firmware_without_rest(device: Device, api: BraiinsApi) -> None:
    """Firmware before 25.07 answers the login with 404 or 405; the error says what to do."""
    for status in (404, 405):
        device.answers["POST", "auth/login"] = Reply(status=status)
        with pytest.raises(OutdatedFirmwareError, match=r"25\.07"):
            await api.get_miner_details()


async def test_nothing_secret_in_errors(http: ClientSession) -> None:
    """Neither password nor token, whatever goes wrong, also not in what was the cause."""
    answers = [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
    ]
    for answer in answers:
        async with dropping(answer) as server:
            api = BraiinsApi("127.0.0.1", server.port, "root", "hunter2", http)
            with pytest.raises(MinerError) as caught:
                await api.pause_mining()
        shown = "".join(traceback.format_exception(caught.value))
        error: BaseException | None = caught.value
        while error is not None:
            shown += repr(error)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        assert "secret-token" not in shown
        assert "hunter2" not in shown
