"""Commands after which raw bytes follow on the same connection: firmware and logs.

A transfer keeps the one connection that the device bears from its command to its end, so
everything else waits that long.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack
import struct

from ..errors import (
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
)
from ..lean import dataclass
from .crypto import WriteKeys
from .envelope import DeviceError, Reply, open_envelope
from .session import Session, opened, sealed
from .transport import Connection

MAX_LOG = 64 << 20
"""Bytes. The log lies in the control board's memory, of which there are 128 to 256 MiB for
everything; a longer one is a mistaken length."""
MAX_IMAGE = (1 << 32) - 1
"""Bytes; more cannot be written as the four bytes of the size."""
_READY = "ready"
_PIECE = 1 << 16
"""Bytes sent or received at a time; progress is told as often."""
_ENDINGS = (b"\0", b"\n")
_GZIP = b"\x1f\x8b"
_UNKNOWN = "it is not known what the device made of it"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceLog:
    """A log on its way, which holds the device until `chunks` is read to its end or closed."""

    packed: bool
    """It is compressed (gzip), not text."""
    chunks: AsyncGenerator[bytes]


class Transfers(Session):
    """The two commands of a device that transfer a file."""

    async def download_logs(self) -> DeviceLog:
        """Begin to fetch the device's log (manual 3.12).

        Raises MalformedReplyError for a length beyond MAX_LOG, and UnreachableError when it
        breaks off, then or while it is read, or takes longer than a log may.
        """
        chunks = self._log()
        # Runs as far as the first yield, so that closing it closes the connection.
        look = await anext(chunks)
        return DeviceLog(packed=look.startswith(_GZIP), chunks=chunks)

    async def _log(self) -> AsyncGenerator[bytes]:
        """Yield a look at the beginning, and then the log from its beginning."""
        async with AsyncExitStack() as stack:
            connection, _, reply = await self._begin("download_logs", stack)
            end = asyncio.get_running_loop().time() + self.transport.timeouts.log
            length = reply.record().integer("logfilelen")
            if length is None or not 0 <= length <= MAX_LOG:
                raise MalformedReplyError("the log has no length, or one that cannot be")
            piece = await self._log_piece(connection, length, end)
            # What old firmware puts after a reply; if it is not that, a byte less follows.
            spare = piece[:1] in _ENDINGS
            if spare:
                piece = piece[1:] or await self._log_piece(connection, length, end)
            yield piece
            received = 0
            while piece:
                yield piece
                received += len(piece)
                piece = await self._log_piece(connection, length - received, end)
            if received < length - spare:
                raise UnreachableError(f"the log broke off after {received} of {length} bytes")

    async def _log_piece(self, connection: Connection, most: int, end: float) -> bytes:
        """Return some bytes of the log, none when there are no more.

        `end` is when, on the loop's clock, all of it has to be there.
        """
        times = self.transport.timeouts
        left = end - asyncio.get_running_loop().time()
        late = UnreachableError(f"the log was not complete after {times.log:g} s")
        if left <= 0:
            # What has arrived already would be given without a look at the time.
            raise late
        try:
            async with asyncio.timeout(min(times.stall, left)):
                return await connection.receive_bytes(min(most, _PIECE))
        except TimeoutError as error:
            if left <= times.stall:
                raise late from error
            raise UnreachableError(f"nothing of the log came for {times.stall:g} s") from error
        except OSError as error:
            raise UnreachableError("the connection broke in the middle of the log") from error

    async def update_firmware(
        self, size: int, chunks: AsyncIterator[bytes], progress: Callable[[int], None]
    ) -> None:
        """Send a firmware image of so many bytes, once (manual 3.7). The device reboots.

        `progress` is told how many bytes have been sent so far. Before a byte of the image
        has been sent raises what any write raises, or RejectedError when the device is not
        ready; later RejectedError when it refuses the image, UnconfirmedError when the
        transfer broke or the device did not say that it is done, which is common.
        """
        if not 0 < size <= MAX_IMAGE:
            raise InvalidValueError("a firmware file has 1 byte to 4 GiB", Reason.FILE_NO_FIRMWARE)
        async with AsyncExitStack() as stack:
            if isinstance(chunks, AsyncGenerator):
                stack.push_async_callback(chunks.aclose)
            # A file that cannot be read is found out before the device is bothered.
            try:
                first = await anext(chunks, None)
            except OSError as error:
                raise InvalidValueError(
                    "the firmware file cannot be read", Reason.FILE_UNREADABLE
                ) from error
            if first is None:
                raise InvalidValueError("the firmware file is empty", Reason.FILE_NO_FIRMWARE)
            connection, keys, reply = await self._begin("update_firmware", stack)
            if reply.message != _READY:
                raise RejectedError(
                    "the device is not ready for a firmware file", Reason.NOT_READY_FOR_FILE
                )
            upload = _Upload(connection, self.transport.timeouts.stall)
            stack.push_async_callback(upload.close)
            await upload.send(struct.pack("<I", size))
            await upload.send_all(size, first, chunks, progress)
            seconds = self.transport.timeouts.install
            _check_installed(keys, await upload.final_reply(seconds), whole=upload.unbroken)

    async def _begin(self, cmd: str, stack: AsyncExitStack) -> tuple[Connection, WriteKeys, Reply]:
        """Send a command and return its reply, with the connection open until `stack` ends.

        Nothing has happened on the device yet, so a lost reply is no more than that.
        """

        async def once(keys: WriteKeys) -> tuple[Connection, WriteKeys, Reply]:
            async with AsyncExitStack() as attempt:
                connection = await attempt.enter_async_context(self.transport.connection())
                text = await self.transport.converse(
                    connection, sealed(keys, cmd, {}), self.transport.timeouts.write
                )
                try:
                    body = opened(keys, text)
                except ValueError as error:
                    raise MalformedReplyError("the reply cannot be decrypted") from error
                reply = open_envelope(body)
                stack.push_async_callback(attempt.pop_all().aclose)
            return connection, keys, reply

        return await self._with_keys(once)


class _Upload:
    """An image on its way to a device that may answer at any moment, and then takes no more."""

    def __init__(self, connection: Connection, stall: float) -> None:
        """Begin to listen. `stall` is how many seconds the device may take no byte."""
        self.unbroken = True
        """Everything has been handed over so far."""
        self._connection = connection
        self._stall = stall
        self._answer = asyncio.create_task(connection.receive())

    async def send_all(
        self,
        size: int,
        first: bytes,
        chunks: AsyncIterator[bytes],
        progress: Callable[[int], None],
    ) -> None:
        """Send the image, unless an answer or the connection's end comes first."""
        sent = 0
        chunk: bytes | None = first
        while chunk is not None:
            for start in range(0, len(chunk), _PIECE):
                piece = chunk[start : start + _PIECE]
                if sent + len(piece) > size:
                    raise UnconfirmedError(f"the file grew while it was sent; {_UNKNOWN}")
                await self.send(piece)
                if not self.unbroken:
                    return
                sent += len(piece)
                progress(sent)
            try:
                chunk = await anext(chunks, None)
            except OSError as error:
                raise UnconfirmedError(
                    f"the file could not be read to its end while it was sent; {_UNKNOWN}"
                ) from error
        if sent < size:
            raise UnconfirmedError(f"the file ended early while it was sent; {_UNKNOWN}")

    async def send(self, piece: bytes) -> None:
        """Send some bytes, or find that no more are taken."""
        if self._answer.done():
            self.unbroken = False
            return
        try:
            async with asyncio.timeout(self._stall):
                await self._connection.send(piece)
        except TimeoutError as error:
            raise UnconfirmedError(
                f"the device took nothing of the image for {self._stall:g} s; {_UNKNOWN}"
            ) from error
        except OSError:
            # What the device said before it left, if anything, is in its answer.
            self.unbroken = False

    async def final_reply(self, seconds: float) -> str:
        """Return what the device says in the end, "" when it closes without a word."""
        try:
            async with asyncio.timeout(seconds):
                return await self._answer
        except TimeoutError as error:
            raise UnconfirmedError(
                f"the device did not say within {seconds:g} s that it is done; {_UNKNOWN}"
            ) from error
        except (OSError, MinerError) as error:
            raise UnconfirmedError(f"the connection broke; {_UNKNOWN}") from error

    async def close(self) -> None:
        """Stop listening."""
        self._answer.cancel()
        await asyncio.gather(self._answer, return_exceptions=True)


def _check_installed(keys: WriteKeys, text: str, *, whole: bool) -> None:
    """Raise unless the device says that it has installed the image, and had all of it."""
    if not text:
        raise UnconfirmedError(f"the device closed the connection without a word; {_UNKNOWN}")
    try:
        body = opened(keys, text)
    except (MinerError, ValueError) as error:
        raise UnconfirmedError(f"the last reply is unreadable; {_UNKNOWN}") from error
    try:
        open_envelope(body, write=True)
    except DeviceError as error:
        raise error.meaning from error
    if not whole:
        raise UnconfirmedError(f"the device took only a part of the image; {_UNKNOWN}")
