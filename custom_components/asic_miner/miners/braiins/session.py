"""A session on one device: opened when it is needed, shared by all requests, renewed."""

import asyncio
import codecs
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
import json
import time
from typing import Final

from aiohttp import ClientSession, ClientTimeout

from ..errors import (
    AuthenticationError,
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    OutdatedFirmwareError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
    UnsupportedError,
)
from .parse import Json
from .schema import Login
from .transport import (
    CHUNK,
    DOWNLOAD_TIMEOUT,
    REPLY_LIMIT,
    STREAM_TIMEOUT,
    UPLOAD_TIMEOUT,
    ProcessStoppedError,
    Request,
    SessionEndedError,
    Transport,
    Upload,
    bounded,
)

SESSION_SECONDS: Final = 3600.0
"""What devices grant; used when one does not say."""
FIRST_BACKOFF: Final = 10.0
LAST_BACKOFF: Final = 300.0
"""The vendor's own client waits 10 s after a refused login and doubles up to 5 min."""
PROOF_SECONDS: Final = (0.0, 1.0, 2.0, 4.0)
"""Pauses before trying which password is valid, as long as no login is answered at all."""
TOO_OLD: Final = "the firmware is older than the REST API, which begins with Braiins OS 25.07"


@dataclass(slots=True)
class _Session:
    granted: Login
    idle_seconds: float
    ends: float


class BraiinsSession:
    """Requests to one device, in a session that is opened when it is needed.

    At most two requests are open at a time, each takes 10 s at most, and each write is sent
    once; only one refused because the session had ended is sent again, since it provably
    was not executed. Raises kinds of MinerError only. Needs the caller's
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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Send nothing yet. `clock` and `sleep` are in seconds."""
        self._username = username
        self._password = password
        self._clock = clock
        self._sleep = sleep
        self._transport = Transport(host, port, http, self._secrets)
        self._sent = {password}
        """Passwords that the device has been told, valid or not."""
        self._login_lock = asyncio.Lock()
        self._session: _Session | None = None
        self._backoff = 0.0
        self._refused_until = 0.0

    async def login(self) -> Login:
        """Open a new session now, even when a refusal was a moment ago."""
        async with self._login_lock:
            return (await self._login()).granted

    async def set_password(self, path: str, password: str | None) -> None:
        """Let the device have another password, and use it from now on if it is valid.

        Everyone else waits meanwhile, so that nobody is refused with the old one. Which of
        the two is valid is found out by logging in: twice at most, since a refused login is
        nothing to try often. Raises RevertedError when the old one is; UnconfirmedError
        when an answer was lost and neither could be proved. The old one is kept then.
        """
        body: Json = {"password": password}
        request = Request(method="PUT", path=path, body=body, private=True)
        self._sent.add(password or "")
        async with self._login_lock:
            answered = True
            try:
                await self._renewed(request, self._opened_alone)
            except UnconfirmedError, MalformedReplyError:
                answered = False
            await self._prove(password or "", answered=answered)

    async def _prove(self, new: str, *, answered: bool) -> None:
        old, valid = self._password, self._password
        try:
            for pause in PROOF_SECONDS:
                await self._sleep(pause)
                refused = 0
                for candidate in (new, old):
                    self._password = candidate
                    try:
                        await self._login()
                    except AuthenticationError:
                        refused += 1
                    except MinerError:
                        break
                    else:
                        valid = candidate
                        if candidate != new:
                            raise RevertedError(
                                "the device kept its password", Reason.PASSWORD_KEPT
                            )
                        return
                if refused == 2:
                    raise UnconfirmedError("neither the new nor the old password is accepted")
            if not answered:
                raise UnconfirmedError("no answer, so it is not known which password is valid")
            # It said that it took it, and went away before anybody could log in.
            valid = new
            self._session = None
        finally:
            self._password = valid

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
        request = Request(method=method, path=path, body=body, query=query or {}, private=private)
        return await self._renewed(request, self._opened)

    async def upload(self, path: str, body: Upload) -> None:
        """Send a long body once, whatever happens. Raises as `call`.

        Also when the session has ended it is not sent again, but BusyError raised; ask
        for something just before, which renews it.
        """
        request = Request(method="POST", path=path, upload=body)
        session = await self._opened()
        try:
            await self._in_session(session, request, UPLOAD_TIMEOUT)
        except SessionEndedError:
            self._close(session)
            raise BusyError(
                "the session had just ended, so nothing was done", Reason.SESSION_ENDED
            ) from None

    async def call_without_session(self, method: str, path: str) -> Json:
        """Send one request without any credentials. Raises as `call`."""
        try:
            return await self._transport.send(Request(method=method, path=path))
        except SessionEndedError:
            raise AuthenticationError(f"{path} wants a session") from None

    async def download(self, path: str, body: Json = None, *, limit: int) -> AsyncGenerator[bytes]:
        """Read an answer that is no JSON piece by piece, in a session. Raises as `call`.

        One of the requests that may be open is this one until it ends or is closed.
        Raises MalformedReplyError after `limit` bytes if there are more.
        """
        request, size = Request(method="GET", path=path, body=body), 0
        async with aclosing(self._pieces(request, DOWNLOAD_TIMEOUT)) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise MalformedReplyError(f"{path}: longer than {limit} bytes")
                yield piece

    async def stream(self, path: str) -> AsyncGenerator[Json]:
        """Read JSON values one after the other from an answer without end. Raises as `call`.

        Space between the values, such as line ends, is allowed and not needed. One of the
        requests that may be open is this one until it is closed.
        """
        decoder, characters = json.JSONDecoder(), codecs.getincrementaldecoder("utf-8")("replace")
        left = ""
        request = Request(method="GET", path=path)
        async with aclosing(self._pieces(request, STREAM_TIMEOUT)) as pieces:
            async for piece in pieces:
                left = (left + characters.decode(piece)).lstrip()
                while left:
                    try:
                        value, end = decoder.raw_decode(left)
                    except ValueError, RecursionError:
                        # Either not all of it is there yet, or it never will be.
                        if len(left) > REPLY_LIMIT or left[0] not in "{[":
                            raise MalformedReplyError(f"{path}: not JSON") from None
                        break
                    left = left[end:].lstrip()
                    yield value
        if left:
            raise MalformedReplyError(f"{path}: broke off")

    async def _pieces(self, request: Request, patience: ClientTimeout) -> AsyncGenerator[bytes]:
        transport = self._transport
        for _ in range(2):
            session = await self._opened()
            started, token = self._clock(), session.granted.token
            async with transport.slots, transport.answer(request, token, patience) as response:
                if response.status not in {401, 403}:
                    self._used(session, started)
                    if not 200 <= response.status < 300:
                        content = await bounded(response)
                        raise transport.refusal(request, response.status, content, token)
                    # As they come: a stream waits for nothing that would fill a piece.
                    async for piece in response.content.iter_any():
                        for at in range(0, len(piece), CHUNK):
                            yield piece[at : at + CHUNK]
                    return
            self._close(session)
        self._refused()
        raise AuthenticationError("a new session was refused at once")

    async def _renewed(self, request: Request, opened: Callable[[], Awaitable[_Session]]) -> Json:
        """Send a request, once more in a new session when the session had ended."""
        session = await opened()
        try:
            return await self._in_session(session, request)
        except SessionEndedError:
            self._close(session)
        session = await opened()
        try:
            return await self._in_session(session, request)
        except SessionEndedError:
            self._close(session)
            self._refused()
            raise AuthenticationError("a new session was refused at once") from None

    async def _in_session(
        self, session: _Session, request: Request, patience: ClientTimeout | None = None
    ) -> Json:
        started = self._clock()
        try:
            reply = await self._transport.send(request, session.granted.token, patience)
        except RejectedError, UnsupportedError, MiningProcessDownError, BusyError:
            # Refused for another reason, so the session was good and begins anew.
            self._used(session, started)
            raise
        self._used(session, started)
        return reply

    def _secrets(self) -> tuple[str, ...]:
        return (*self._sent, self._session.granted.token if self._session is not None else "")

    def _used(self, session: _Session, at: float) -> None:
        session.ends = at + session.idle_seconds
        self._backoff = 0.0

    async def _opened(self) -> _Session:
        """Return the open session; whoever comes first opens it for all who wait."""
        async with self._login_lock:
            return await self._opened_alone()

    async def _opened_alone(self) -> _Session:
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
        login = Request(method="POST", path="auth/login", body=body, private=True)
        try:
            reply = await self._transport.send(login)
        except SessionEndedError:
            self._refused()
            raise AuthenticationError("user name or password refused") from None
        except UnsupportedError as error:
            raise OutdatedFirmwareError(TOO_OLD) from error
        except ProcessStoppedError as error:
            # It would be taken for what the request says that is not even sent now.
            raise MalformedReplyError("auth/login: it needs no mining process") from error
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
