"""Sending requests to one device: sessions, limits, and what each answer means."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
import json
import time
from typing import Final

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
    ServerDisconnectedError,
)
from yarl import URL

from ..errors import (
    AuthenticationError,
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
)
from .parse import Json, text
from .schema import Login

BASE_PATH: Final = "/api/v1/"
REQUESTS_IN_FLIGHT: Final = 2
"""More than two at a time slow a small control board down for its own web pages."""
TOTAL_SECONDS: Final = 10.0
"""Loaded boards take several seconds to answer."""
CONNECT_SECONDS: Final = 5.0
"""A kernel accepts at once whatever the load. Ends well before the total, so that it is
known whether a write can have been sent."""
TIMEOUT: Final = ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
DOWNLOAD_TIMEOUT: Final = ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=60.0)
"""Of logs and archives, which a device packs for up to a minute before it sends."""
CHUNK: Final = 1 << 16
"""Bytes held at a time while reading."""
REPLY_LIMIT: Final = 1 << 20
"""Bytes; the longest reply seen, a full fault history, has 26 kB."""
MESSAGE_LIMIT: Final = 200
"""Characters of an answer's own words that are passed on."""
SESSION_SECONDS: Final = 3600.0
"""What devices grant; used when one does not say."""
FIRST_BACKOFF: Final = 10.0
LAST_BACKOFF: Final = 300.0
"""The vendor's own client waits 10 s after a refused login and doubles up to 5 min."""


class ProcessStoppedError(MiningProcessDownError):
    """412: the mining process does not run."""


class ProcessAwayError(MiningProcessDownError):
    """500: the mining process cannot be reached, as while it restarts or after a crash."""


class _SessionEndedError(Exception):
    """401 or 403: the token is not known (any more), and the request was not executed."""


class _DroppedError(Exception):
    """The connection broke after it had been made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    method: str
    path: str
    body: Json = field(default=None, repr=False)
    query: dict[str, str] = field(default_factory=dict)
    private: bool = False

    @property
    def what(self) -> str:
        """What is asked for, as it may be shown."""
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class _Session:
    granted: Login
    idle_seconds: float
    ends: float


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from sending a request again by itself.

    For PUT, DELETE and GET it does so when the connection breaks before an answer, also
    on a new connection. It tells by the kind of error, so the kind is changed here.
    """
    try:
        return await handler(request)
    except ClientConnectorError, ConnectionTimeoutError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise _DroppedError from error


class BraiinsSession:
    """Requests to one device, in a session that is opened when it is needed.

    At most two requests are open at a time, each takes 10 s at most, and each is sent
    once; only a request refused because the session had ended is sent again, since it
    provably was not executed. Raises kinds of MinerError only. Needs the caller's
    aiohttp session and never closes it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        password: str,
        http: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Send nothing yet. `clock` returns seconds."""
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._http = http
        self._clock = clock
        self._slots = asyncio.Semaphore(REQUESTS_IN_FLIGHT)
        self._login_lock = asyncio.Lock()
        self._session: _Session | None = None
        self._backoff = 0.0
        self._refused_until = 0.0

    async def login(self) -> Login:
        """Open a new session now, even when a refusal was a moment ago."""
        async with self._login_lock:
            return (await self._login()).granted

    def use_password(self, password: str) -> None:
        """Log in with another password from now on, and at once."""
        self._password = password
        self._session = None

    async def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: dict[str, str] | None = None,
        private: bool = False,
    ) -> Json:
        """Send one request in a session and return what was answered, None for nothing.

        `path` follows BASE_PATH and is encoded already. `private` keeps the device's
        words out of errors where they could repeat a secret. Anything but GET is a
        write: when it may have been sent and no answer came, UnconfirmedError is raised
        instead of UnreachableError.
        """
        request = _Request(method=method, path=path, body=body, query=query or {}, private=private)
        session = await self._opened()
        try:
            return await self._in_session(session, request)
        except _SessionEndedError:
            self._close(session)
        session = await self._opened()
        try:
            return await self._in_session(session, request)
        except _SessionEndedError:
            self._close(session)
            self._refused()
            raise AuthenticationError("a new session was refused at once") from None

    async def call_without_session(self, method: str, path: str) -> Json:
        """Send one request without any credentials. Raises as `call`."""
        try:
            return await self._send(_Request(method=method, path=path))
        except _SessionEndedError:
            raise AuthenticationError(f"{path} wants a session") from None

    async def download(self, path: str, body: Json = None, *, limit: int) -> AsyncGenerator[bytes]:
        """Read an answer that is no JSON piece by piece, in a session. Raises as `call`.

        One of the requests that may be open is this one until it ends or is closed.
        Raises MalformedReplyError after `limit` bytes if there are more.
        """
        request = _Request(method="GET", path=path, body=body)
        for _ in range(2):
            session = await self._opened()
            started, size = self._clock(), 0
            token = session.granted.token
            async with self._slots, self._answer(request, token, DOWNLOAD_TIMEOUT) as response:
                if response.status not in {401, 403}:
                    self._used(session, started)
                    if not 200 <= response.status < 300:
                        words = _words(await _bounded(response))
                        raise _failure(request.what, response.status, words)
                    async for chunk in response.content.iter_chunked(CHUNK):
                        size += len(chunk)
                        if size > limit:
                            raise MalformedReplyError(f"{path}: longer than {limit} bytes")
                        yield chunk
                    return
            self._close(session)
        self._refused()
        raise AuthenticationError("a new session was refused at once")

    async def _in_session(self, session: _Session, request: _Request) -> Json:
        started = self._clock()
        try:
            reply = await self._send(request, session.granted.token)
        except RejectedError, UnsupportedError, MiningProcessDownError, BusyError:
            # Refused for another reason, so the session was good and begins anew.
            self._used(session, started)
            raise
        self._used(session, started)
        return reply

    def _used(self, session: _Session, at: float) -> None:
        session.ends = at + session.idle_seconds
        self._backoff = 0.0

    async def _opened(self) -> _Session:
        """Return the open session; whoever comes first opens it for all who wait."""
        async with self._login_lock:
            if self._session is not None and self._clock() < self._session.ends:
                return self._session
            if self._clock() < self._refused_until:
                raise AuthenticationError("the login was refused a moment ago")
            return await self._login()

    def _close(self, session: _Session) -> None:
        # Another request may have opened a new one in the meantime.
        if self._session is session:
            self._session = None

    async def _login(self) -> _Session:
        started = self._clock()
        body: Json = {"username": self._username, "password": self._password}
        login = _Request(method="POST", path="auth/login", body=body, private=True)
        try:
            reply = await self._send(login)
        except _SessionEndedError:
            self._refused()
            raise AuthenticationError("user name or password refused") from None
        except UnsupportedError as error:
            raise UnsupportedError("the firmware is older than the REST API (25.07)") from error
        granted = Login.parse(reply)
        if granted is None:
            raise MalformedReplyError("auth/login: no token")
        idle = granted.timeout_s if granted.timeout_s and granted.timeout_s > 0 else SESSION_SECONDS
        self._refused_until = 0.0
        self._session = _Session(granted=granted, idle_seconds=idle, ends=started + idle)
        return self._session

    def _refused(self) -> None:
        self._session = None
        self._backoff = min(max(self._backoff * 2, FIRST_BACKOFF), LAST_BACKOFF)
        self._refused_until = self._clock() + self._backoff

    async def _send(self, request: _Request, token: str | None = None) -> Json:
        """Send one request exactly once and judge the answer."""
        async with self._slots, self._answer(request, token, TIMEOUT) as response:
            status, content = response.status, await _bounded(response)
        what = request.what
        if status in {401, 403}:
            raise _SessionEndedError
        if not 200 <= status < 300:
            raise _failure(what, status, None if request.private else _words(content))
        if not content.strip():
            return None
        try:
            return _decoded(content)
        except (ValueError, RecursionError) as error:
            raise MalformedReplyError(f"{what}: the answer is not JSON") from error

    @asynccontextmanager
    async def _answer(
        self, request: _Request, token: str | None, patience: ClientTimeout
    ) -> AsyncGenerator[ClientResponse]:
        """Send one request exactly once, and judge what goes wrong until it has been read."""
        # A login changes nothing that would have to be looked up.
        write = request.method != "GET" and token is not None
        lost = UnconfirmedError if write else UnreachableError
        what = request.what
        if self._http.closed:
            raise UnreachableError("the HTTP session is closed")
        try:
            async with self._requested(request, token, patience) as response:
                yield response
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise UnreachableError(f"{what}: no connection") from error
        except (InvalidURL, ValueError) as error:
            raise UnreachableError(f"{what}: not a valid address") from error
        except ClientPayloadError as error:
            raise lost(f"{what}: the answer broke off") from error
        except ClientResponseError:
            # It carries the request's headers, and with them the token.
            raise MalformedReplyError(f"{what}: not an HTTP answer") from None
        except TimeoutError as error:
            raise lost(f"{what}: no answer in time") from error
        except (_DroppedError, ClientError) as error:
            raise lost(f"{what}: the connection broke") from error

    def _requested(
        self, request: _Request, token: str | None, patience: ClientTimeout
    ) -> AbstractAsyncContextManager[ClientResponse]:
        url = URL.build(
            scheme="http",
            host=self._host,
            port=self._port,
            path=BASE_PATH + request.path,
            encoded=True,
        ).with_query(request.query)
        # How long a device keeps idle connections is not known, polls come as rarely as
        # pooled connections live, and a write that is lost on a dead one could not be
        # repeated. So each request has its own, which costs nothing in a home network.
        headers = {"Connection": "close"}
        if token is not None:
            headers["Authorization"] = token
        data: bytes | None = None
        if request.body is not None:
            data = json.dumps(request.body).encode()
            headers["Content-Type"] = "application/json"
        return self._http.request(
            request.method,
            url,
            data=data,
            headers=headers,
            # What is not asked for is not sent: actions without a body want no type.
            skip_auto_headers=() if data is not None else ("Content-Type",),
            allow_redirects=False,
            timeout=patience,
            middlewares=(_once,),
        )


async def _bounded(response: ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > REPLY_LIMIT:
            raise MalformedReplyError(f"the answer is longer than {REPLY_LIMIT} bytes")
    return bytes(content)


def _decoded(content: bytes) -> Json:
    decoded: Json = json.loads(content)
    return decoded


def _words(content: bytes) -> str | None:
    """Return what an error answer says in its own words."""
    try:
        decoded = _decoded(content)
    except ValueError, RecursionError:
        # Markup is no message for anybody.
        said = content.decode(errors="replace").strip()
        return None if said.startswith("<") else said[:MESSAGE_LIMIT] or None
    message = text(decoded, "message") or text(decoded)
    return message[:MESSAGE_LIMIT] if message else None


def _failure(what: str, status: int, words: str | None) -> MinerError:
    """Return what an answer other than success means."""
    said = words or f"{what}: status {status}"
    if 300 <= status < 400:
        return MalformedReplyError(f"{what}: answered with a redirect")
    match status:
        case 404 | 405 | 501:
            return UnsupportedError(said)
        case 409 | 429 | 503:
            return BusyError(said)
        case 412:
            return ProcessStoppedError(said)
        case 500 if words and _names_process(words):
            return ProcessAwayError(said)
        case _:
            return RejectedError(said)


def _names_process(words: str) -> bool:
    """Tell the gateway's failure to reach the mining process from its other failures."""
    lower = words.lower()
    return "bosminer" in lower or "connection refused" in lower
