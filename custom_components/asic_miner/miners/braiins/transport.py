"""Sending single requests to one device: limits, and what each answer means."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import field
from itertools import count
import json
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
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
)
from ..lean import dataclass
from ..wording import printable
from .parse import Json, verbatim

BASE_PATH: Final = "/api/v1/"
REQUESTS_IN_FLIGHT: Final = 2
"""More than two at a time slow a small control board down for its own web pages."""
TOTAL_SECONDS: Final = 10.0
"""Loaded boards take several seconds to answer."""
CONNECT_SECONDS: Final = 5.0
"""A kernel accepts at once whatever the load. Ends well before the total, so that it is
known whether a write can have been sent."""
TIMEOUT: Final = ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)
DOWNLOAD_TIMEOUT: Final = ClientTimeout(total=900.0, connect=CONNECT_SECONDS, sock_read=60.0)
"""Of logs and archives, which a device packs for up to a minute before it sends; all of it for
the 64 MB that are taken at most, over a wireless link of 100 kB/s."""
CHUNK: Final = 1 << 16
"""Bytes held at a time while reading."""
REPLY_LIMIT: Final = 1 << 20
"""Bytes; the longest reply seen, a full fault history, has 26 kB."""
MESSAGE_LIMIT: Final = 200
"""Characters of an answer's own words that are passed on."""
UPLOAD_TIMEOUT: Final = ClientTimeout(total=1800.0, connect=CONNECT_SECONDS)
"""Of a firmware image: some 100 MB over a wireless link of 100 kB/s, and its check."""
STREAM_TIMEOUT: Final = ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=None)
"""Of open streams, which may say nothing for days."""


_numbers = count()
"""Of connections for one request; those of all transports are in one pool."""


class ProcessStoppedError(MiningProcessDownError):
    """412: the mining process does not run."""


class ProcessAwayError(MiningProcessDownError):
    """500: the mining process cannot be reached, as while it restarts or after a crash."""


class SessionEndedError(Exception):
    """401 or 403: the token is not known (any more), and the request was not executed."""


class _DroppedError(Exception):
    """The connection broke after it had been made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A body that is too long to be held."""

    length: int
    """Bytes of the whole body."""
    content_type: str
    chunks: Callable[[], AsyncIterator[bytes]] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, not sent yet."""

    method: str
    path: str
    """Encoded already."""
    body: Json = field(default=None, repr=False)
    query: dict[str, str] = field(default_factory=dict)
    private: bool = False
    """The device's words stay out of errors, since they could repeat a secret."""
    api: bool = True
    """Below BASE_PATH, or a page of the web server."""
    upload: Upload | None = None
    """Instead of `body`."""

    @property
    def what(self) -> str:
        """What is asked for, as it may be shown."""
        return f"{self.method} {self.path}"


def _own() -> str:
    """Return what a connection is called that has carried nothing before.

    As `server_hostname` it is among what aiohttp tells connections apart by, and has no other
    effect on plain HTTP. To ask for the end of a connection is not enough: a device may not,
    or not yet, close it, and the next request would go out on it.
    """
    return str(next(_numbers))


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


async def _again(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Send a read once more when a kept connection breaks before the answer.

    aiohttp would do so on the other kept one, which is as likely to be closed.
    """
    try:
        return await _once(request, handler)
    except _DroppedError:
        request.server_hostname = _own()
        request.headers["Connection"] = "close"
        return await _once(request, handler)


class Transport:
    """Requests to one device, at most two at a time.

    Each is sent once, on a connection of its own. Only reads in a session leave theirs, two at
    most, for the next ones; a read whose connection breaks before the answer is sent once more.
    """

    def __init__(
        self,
        host: str,
        port: int,
        http: ClientSession,
        secrets: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """Send nothing yet. `http` stays the caller's.

        `secrets` are what the device knows at the time and may not be heard to say.
        """
        self._host = host
        self._port = port
        self._http = http
        self._secrets = secrets
        self.slots = asyncio.Semaphore(REQUESTS_IN_FLIGHT)
        """To be held while `answer` is used."""

    async def send(
        self, request: Request, token: str | None = None, patience: ClientTimeout | None = None
    ) -> Json:
        """Send one request and judge the answer.

        `patience` is TIMEOUT unless given. Raises SessionEndedError besides MinerError.
        """
        what = request.what
        async with self.slots, self.answer(request, token, patience or TIMEOUT) as response:
            content = await bounded(response)
            if 200 <= response.status < 300:
                return _reply(what, content)
        if response.status in {401, 403}:
            raise SessionEndedError
        raise self.refusal(request, response.status, content, token)

    @asynccontextmanager
    async def answer(
        self, request: Request, token: str | None, patience: ClientTimeout
    ) -> AsyncGenerator[ClientResponse]:
        """Send one request, and judge what goes wrong until it has been read.

        What aiohttp raises is not chained: it quotes what it could not read, which can be a
        token, and carries the headers of the request, with another one.
        """
        # A login changes nothing that would have to be looked up.
        write = request.method != "GET" and token is not None
        lost = UnconfirmedError if write else UnreachableError
        what = request.what
        if self._http.closed:
            raise UnreachableError("the HTTP session is closed")
        try:
            async with self._requested(request, token, patience) as response:
                yield response
        except ClientConnectorError, ConnectionTimeoutError:
            raise UnreachableError(f"{what}: no connection") from None
        except InvalidURL, ValueError:
            raise UnreachableError(f"{what}: not a valid address") from None
        except ClientPayloadError:
            raise lost(f"{what}: the answer broke off") from None
        except MalformedReplyError as error:
            if write:
                # No refusal either: it has probably been executed.
                raise UnconfirmedError(str(error)) from error
            raise
        except ClientResponseError:
            unusable = UnconfirmedError if write else MalformedReplyError
            raise unusable(f"{what}: not an HTTP answer") from None
        except TimeoutError:
            raise lost(f"{what}: no answer in time") from None
        except _DroppedError, ClientError:
            raise lost(f"{what}: the connection broke") from None

    def _requested(
        self, request: Request, token: str | None, patience: ClientTimeout
    ) -> AbstractAsyncContextManager[ClientResponse]:
        url = URL.build(
            scheme="http",
            host=self._host,
            port=self._port,
            path=(BASE_PATH if request.api else "/") + request.path,
            encoded=True,
        ).with_query(request.query)
        # How long a device keeps idle connections is not known. A read that is lost on a dead
        # one can be repeated, a write could not. What has no session asks who is there, and
        # keeps no stranger's connection. Long answers come too rarely.
        kept = request.method == "GET" and token is not None and patience is TIMEOUT
        headers = {} if kept else {"Connection": "close"}
        if token is not None:
            headers["Authorization"] = token
        data: bytes | AsyncIterator[bytes] | None = None
        if request.upload is not None:
            data = request.upload.chunks()
            headers["Content-Type"] = request.upload.content_type
            # Told beforehand, so that a device can refuse what does not fit in.
            headers["Content-Length"] = str(request.upload.length)
        elif request.body is not None:
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
            middlewares=(_again if kept else _once,),
            server_hostname=None if kept else _own(),
        )

    def refusal(
        self, request: Request, status: int, content: bytes, token: str | None
    ) -> MinerError:
        """Return what an answer other than success means.

        Without its words if they could repeat a secret, or quote one that was sent.
        """
        said = _words_of(content)
        private = request.private or any(
            _quoted(secret, said, content) for secret in (*self._secrets(), token or "")
        )
        words = printable(said).strip()[:MESSAGE_LIMIT]
        return _failure(request.what, status, words, private=private)


async def bounded(response: ClientResponse) -> bytes:
    """Read a whole answer, MalformedReplyError beyond REPLY_LIMIT."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > REPLY_LIMIT:
            raise MalformedReplyError(f"the answer is longer than {REPLY_LIMIT} bytes")
    return bytes(content)


def _reply(what: str, content: bytes) -> Json:
    """Return what a successful answer holds, None for nothing."""
    if not content.strip():
        return None
    try:
        return _decoded(content)
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError(f"{what}: the answer is not JSON") from error


def _decoded(content: bytes) -> Json:
    decoded: Json = json.loads(content)
    return decoded


def _words_of(content: bytes) -> str:
    """Return all that an error answer says in its own words."""
    try:
        decoded = _decoded(content)
    except ValueError, RecursionError:
        said = content.decode(errors="replace").strip()
        # Markup is no message for anybody.
        return "" if said.startswith("<") else said
    return verbatim(decoded, "message") or verbatim(decoded) or ""


def _quoted(secret: str, said: str, content: bytes) -> bool:
    """Tell whether an answer has a secret in it, as it came or as it would be shown."""
    legible = _legible(secret)
    # An empty one stands in everything.
    return bool(legible) and (
        legible in _legible(said) or secret in content.decode(errors="replace")
    )


def _legible(said: str) -> str:
    # As `printable`, and to the end: what is cut off there can be half of a secret.
    return "".join(filter(str.isprintable, said)).strip()


def _failure(what: str, status: int, words: str, *, private: bool) -> MinerError:
    """Return what an answer other than success means, without its words where `private`."""
    said = f"{what}: status {status}" if private or not words else words
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
