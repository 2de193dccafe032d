"""Firmware to a device and its log from there, on real sockets and with every fault."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
import random
from typing import override

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.whatsminer.api import WhatsminerApi
from custom_components.asic_miner.miners.whatsminer.transfers import MAX_IMAGE, MAX_LOG
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts, Transport
from tests.miners.reasons import because
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import Transfer, WhatsminerSimulator

from .scripted import OK, Answer, Plain, Request, Scripted, Wire, envelope, error

IMAGE = random.Random(7).randbytes(300_000)
"""Of several pieces, the last of them not a whole one."""
SHORT = Timeouts(stall=0.2, install=0.2)
"""Seconds; where a test waits for nothing to come."""


class File:
    """A firmware file that notes how it is treated."""

    def __init__(self, *chunks: bytes, fails: bool = False) -> None:
        """Give these chunks, and break after them if it `fails`."""
        self.chunks = chunks
        self.fails = fails
        self.given = 0
        self.closed = False
        self.progress: list[int] = []

    async def read(self) -> AsyncGenerator[bytes]:
        """Give chunk after chunk."""
        try:
            for chunk in self.chunks:
                self.given += 1
                yield chunk
            if self.fails:
                raise OSError("disk")
        finally:
            self.closed = True

    async def install(self, api: WhatsminerApi, size: int | None = None) -> None:
        """Send it, under its own or another size."""
        own = sum(len(chunk) for chunk in self.chunks)
        await api.update_firmware(own if size is None else size, self.read(), self.progress.append)


@asynccontextmanager
async def simulated(
    preset: str = "M60S", *, write_enabled: bool = True
) -> AsyncGenerator[WhatsminerSimulator]:
    """Run a device that has a log of some thousand lines."""
    device = WhatsminerSimulator(preset=preset, clock=ManualClock(), write_enabled=write_enabled)
    await device.start()
    for number in range(20_000):
        device.device.note(f"line {number}")
    try:
        yield device
    finally:
        await device.stop()


def api_of(
    device: WhatsminerSimulator | Scripted,
    timeouts: Timeouts | None = None,
    password: str | None = "",
) -> WhatsminerApi:
    """Return the commands of a device."""
    known = device.password if password == "" else password
    return WhatsminerApi(Transport("127.0.0.1", device.port, timeouts), known)


def log_of(device: WhatsminerSimulator) -> bytes:
    """Return the log as the device has it."""
    return "".join(f"{line}\n" for line in device.device.log).encode()


async def gather(chunks: AsyncIterator[bytes], into: bytearray) -> None:
    """Add what comes of a log, as long as something comes."""
    async for chunk in chunks:
        into += chunk


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    """Read a log to its end."""
    received = bytearray()
    await gather(chunks, received)
    return bytes(received)


# Firmware


async def test_image_arrives_as_it_is() -> None:
    """Byte by byte, with its progress, on one connection beside that of the token."""
    async with simulated() as device:
        file = File(IMAGE[:10], b"", IMAGE[10:200_000], IMAGE[200_000:])
        await file.install(api_of(device))
        assert device.images == [IMAGE]
        assert device.connections == 2
        assert file.progress == sorted(set(file.progress))
        assert file.progress[-1] == len(IMAGE)
        assert file.closed


@pytest.mark.parametrize(
    ("fault", "kind", "installed"),
    [
        (Transfer.REFUSED, RejectedError, False),
        (Transfer.BREAKS, UnconfirmedError, False),
        (Transfer.SILENT, UnconfirmedError, True),
        (Transfer.HANGS, UnconfirmedError, True),
    ],
)
async def test_image_with_an_unhappy_end(
    fault: Transfer, kind: type[MinerError], *, installed: bool
) -> None:
    """Sent once, whatever the device says or does not say."""
    async with simulated() as device:
        device.faults.transfer = fault
        file = File(IMAGE)
        with pytest.raises(MinerError) as caught:
            await file.install(api_of(device, SHORT if fault is Transfer.HANGS else None))
        assert type(caught.value) is kind
        assert ("not known" in str(caught.value)) == (kind is UnconfirmedError)
        assert device.images == ([IMAGE] if installed else [])
        assert device.commands == ["get_token", "update_firmware"]
        assert file.closed


async def test_image_refused_in_the_middle() -> None:
    """The refusal ends the sending, and the rest of the file is not even read."""

    async def slowly() -> AsyncGenerator[bytes]:
        for _ in range(1000):
            yield IMAGE[:1000]
            # Gives the device the time that a large image over a network would.
            await asyncio.sleep(0.001)

    async with simulated() as device:
        device.faults.transfer = Transfer.REFUSED_EARLY
        sent: list[int] = []
        with pytest.raises(RejectedError):
            await api_of(device).update_firmware(1_000_000, slowly(), sent.append)
        assert 500_000 <= sent[-1] < 1_000_000
        assert device.images == []


@pytest.mark.parametrize("size", [0, -1, MAX_IMAGE + 1])
async def test_size_out_of_range(size: int) -> None:
    """Nothing is sent, and the file stays closed."""
    async with simulated() as device:
        file = File(IMAGE)
        with pytest.raises(InvalidValueError, check=because(Reason.FILE_NO_FIRMWARE)):
            await file.install(api_of(device), size)
        assert device.connections == 0
        assert file.given == 0


@pytest.mark.parametrize(
    ("file", "reason"),
    [(File(), Reason.FILE_NO_FIRMWARE), (File(fails=True), Reason.FILE_UNREADABLE)],
)
async def test_file_that_cannot_be_read(file: File, reason: Reason) -> None:
    """Is found out before the device is asked for anything."""
    async with simulated() as device:
        with pytest.raises(InvalidValueError, check=because(reason)):
            await file.install(api_of(device), 10)
        assert device.connections == 0


@pytest.mark.parametrize(
    "file",
    [File(IMAGE[:-1]), File(IMAGE, b"x"), File(IMAGE[:1000], fails=True)],
    ids=["shorter", "longer", "broken"],
)
async def test_file_that_changes_on_its_way(file: File) -> None:
    """The device never gets a whole image, and it is not known what it makes of that."""
    async with simulated() as device:
        with pytest.raises(UnconfirmedError):
            await file.install(api_of(device), len(IMAGE))
        assert device.images == []
        assert file.closed


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (envelope("busy"), RejectedError),
        (envelope({"ready": "true"}), RejectedError),
        (OK, RejectedError),
        (error(14, "invalid cmd"), UnsupportedError),
        (error(45, "can't access write cmd"), WriteAccessError),
        (error(132, "API command ERROR"), RejectedError),
        (error(137), RejectedError),
        (error(132, "over max connect"), BusyError),
        (Plain(error(135, "check token err")), BusyError),
        (Plain(error(23, "enc json load err")), AuthenticationError),
        (b'{"enc":"AAAAAAAAAAAAAAAAAAAAAA=="}', MalformedReplyError),
        (b'{"enc":"%%%"}', MalformedReplyError),
        (b"garbage", MalformedReplyError),
        (Wire.CLOSE, UnreachableError),
        (Wire.RESET, UnreachableError),
    ],
)
@pytest.mark.parametrize("cmd", ["update_firmware", "download_logs"])
async def test_refused_before_the_transfer(
    cmd: str, answer: Answer, kind: type[MinerError]
) -> None:
    """Each in its own kind, and not a byte of an image is sent."""
    if cmd == "download_logs" and kind is RejectedError and answer in (envelope("busy"), OK):
        kind = MalformedReplyError
    if cmd == "download_logs" and answer == envelope({"ready": "true"}):
        kind = MalformedReplyError
    async with Scripted({cmd: answer}).running() as device:
        api = api_of(device)
        file = File(IMAGE)
        call = file.install(api) if cmd == "update_firmware" else api.download_logs()
        with pytest.raises(MinerError) as caught:
            await call
        assert type(caught.value) is kind
        assert file.progress == []
        # Twice only where the first was refused before the device looked at it.
        again = kind in {AuthenticationError, BusyError} and isinstance(answer, Plain)
        assert device.commands == ["get_token", cmd] * (2 if again else 1)
        # The connection is free again.
        await api.power_on()


class Uploads(Scripted):
    """A scripted device that takes an image, and answers it once it has some bytes of it."""

    def __init__(self, ready: list[Answer], final: bytes, after: int) -> None:
        """Answer the command as `ready` says, and after so many raw bytes with `final`."""
        super().__init__({"update_firmware": ready})
        self.final = final
        self.after = after
        self.taken = b""

    @override
    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await super()._reply(reader, writer)
        if self.commands[-1] == "update_firmware":
            while len(self.taken) < self.after and (piece := await reader.read(65536)):
                self.taken += piece
            if self.taken:
                writer.write(self.final)


async def test_image_after_a_renewed_token() -> None:
    """A refusal of the token comes before everything, so the command is sent again."""
    device = Uploads([Plain(error(135)), envelope("ready")], b"", len(IMAGE) + 4)
    device.final = device.sealed(OK)
    async with device.running():
        file = File(IMAGE)
        await file.install(api_of(device))
        assert device.commands == ["get_token", "update_firmware"] * 2
        assert device.taken == len(IMAGE).to_bytes(4, "little") + IMAGE


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(132, "API command ERROR"), RejectedError),
        # Never a reason to send it again: the image has arrived.
        (error(135, "check token err"), RejectedError),
        (error(23, "json cmd err"), RejectedError),
        (error(14, "invalid cmd"), UnsupportedError),
        ({"Code": 999}, UnconfirmedError),
    ],
)
async def test_last_replies(reply: Request, kind: type[MinerError]) -> None:
    """A refusal is one, and what says nothing is no success."""
    device = Uploads([envelope("ready")], b"", len(IMAGE) + 4)
    device.final = device.sealed(reply)
    async with device.running():
        with pytest.raises(MinerError) as caught:
            await File(IMAGE).install(api_of(device))
        assert type(caught.value) is kind
        assert device.commands == ["get_token", "update_firmware"]


@pytest.mark.parametrize("final", [b"garbage", b'{"enc":"', b'{"enc":"%%%"}'])
async def test_unreadable_last_replies(final: bytes) -> None:
    """Nobody knows what they were to say."""
    async with Uploads([envelope("ready")], final, len(IMAGE) + 4).running() as device:
        with pytest.raises(UnconfirmedError):
            await File(IMAGE).install(api_of(device))


async def test_success_before_the_end_of_the_image_is_none() -> None:
    """A device cannot have installed what it has not got."""

    async def slowly() -> AsyncGenerator[bytes]:
        for _ in range(1000):
            yield IMAGE[:1000]
            await asyncio.sleep(0.001)

    device = Uploads([envelope("ready")], b"", 1000)
    device.final = device.sealed(OK)
    async with device.running():
        with pytest.raises(UnconfirmedError, match="only a part"):
            await api_of(device).update_firmware(1_000_000, slowly(), lambda _: None)


async def test_device_that_takes_no_more() -> None:
    """Given up after a time without a byte, however long the whole may take."""
    gate = asyncio.Event()

    class Stuck(Uploads):
        @override
        async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await Scripted._reply(self, reader, writer)
            if self.commands[-1] == "update_firmware":
                await gate.wait()

    async with Stuck([envelope("ready")], b"", 0).running() as device:
        # More than all buffers on the way can hold.
        with pytest.raises(UnconfirmedError, match="took nothing"):
            await File(bytes(64 << 20)).install(api_of(device, SHORT))
        gate.set()


# Logs


@pytest.mark.parametrize("preset", ["M60S", "M63S", "M30S++", "M50-2022", "M31S-2021", "M30S-2020"])
@pytest.mark.parametrize("fault", [None, Transfer.ONE_SEGMENT])
async def test_log_arrives_as_it_is(preset: str, fault: Transfer | None) -> None:
    """In pieces, in whatever segments, and whatever old firmware puts after its replies."""
    async with simulated(preset) as device:
        device.faults.transfer = fault
        log = await api_of(device).download_logs()
        assert not log.packed
        chunks = [chunk async for chunk in log.chunks]
        assert b"".join(chunks) == log_of(device)
        assert len(chunks) > 1
        assert max(map(len, chunks)) <= 1 << 16
        assert device.commands == ["get_token", "download_logs"]


async def test_log_in_tiny_segments() -> None:
    """Even the announcement may come in parts."""
    async with simulated() as device:
        device.device.log = device.device.log[:50]
        device.faults.segment = 7
        assert await whole((await api_of(device).download_logs()).chunks) == log_of(device)


def logs(
    content: bytes, *, length: object = None, ending: bytes = b""
) -> Callable[[Request], Answer]:
    """Return what answers download_logs with a log."""
    announced = str(len(content)) if length is None else length
    text = Scripted({}).sealed(envelope({"logfilelen": announced}))
    return lambda _: text + ending + content


@pytest.mark.parametrize("ending", [b"", b"\0", b"\n"])
@pytest.mark.parametrize(
    "content", [b"", b"x", b"\x1f\x8bpacked", b'{"a":1}{"b":2}', b"\n\nx", b"\n"]
)
async def test_end_of_the_announcement(content: bytes, ending: bytes) -> None:
    """What an old device puts after a reply is no part of the log."""
    async with Scripted({"download_logs": logs(content, ending=ending)}).running() as device:
        log = await api_of(device).download_logs()
        assert log.packed == content.startswith(b"\x1f")
        found = await whole(log.chunks)
        # A line end at the very beginning could be either, and is not missed.
        assert found == (content if ending else content.removeprefix(b"\n"))


@pytest.mark.parametrize("length", ["", "many", "-1", -5, None, {}, str(MAX_LOG + 1), "9" * 30])
async def test_log_of_an_impossible_length(length: object) -> None:
    """Refused before a byte of it is read."""
    answer = logs(b"x", length={} if length is None else length)
    async with Scripted({"download_logs": answer}).running() as device:
        api = api_of(device)
        with pytest.raises(MalformedReplyError):
            await api.download_logs()
        await api.power_on()


async def test_log_without_a_number() -> None:
    """The simulated device agrees."""
    async with simulated() as device:
        device.faults.transfer = Transfer.NO_LENGTH
        with pytest.raises(MalformedReplyError):
            await api_of(device).download_logs()


async def test_more_than_announced_is_not_read() -> None:
    """The announced length is what counts."""
    async with simulated() as device:
        device.faults.transfer = Transfer.LONG
        assert await whole((await api_of(device).download_logs()).chunks) == log_of(device)


async def test_log_that_takes_too_long() -> None:
    """However steadily it comes: nothing else can be asked or ordered meanwhile."""
    gate = asyncio.Event()

    class Slow(Scripted):
        @override
        async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await super()._reply(reader, writer)
            while self.commands[-1] == "download_logs" and not gate.is_set():
                writer.write(b"line\n")
                await asyncio.sleep(0.01)

    async with Slow({"download_logs": logs(b"", length="2000")}).running() as device:
        api = api_of(device, Timeouts(log=1.0))
        log = await api.download_logs()
        received = bytearray()
        with pytest.raises(UnreachableError, match="not complete after 1 s"):
            await gather(log.chunks, received)
        gate.set()
        assert received.startswith(b"line\n")
        # The connection is free again.
        await api.power_on()


@pytest.mark.parametrize("fault", [Transfer.SHORT, Transfer.BREAKS, Transfer.STALLS])
async def test_log_that_breaks_off(fault: Transfer) -> None:
    """What came is given, and then an error says that it was not all."""
    async with simulated() as device:
        device.faults.transfer = fault
        api = api_of(device, SHORT if fault is Transfer.STALLS else None)
        received = bytearray()
        log = await api.download_logs()
        with pytest.raises(UnreachableError):
            await gather(log.chunks, received)
        assert log_of(device).startswith(received)
        device.faults.transfer = None
        await api.power_on()


async def test_nothing_is_held_in_memory() -> None:
    """Of a log that nobody reads the device can send only what fits on the way."""
    async with simulated() as device:
        device.device.log = ["x" * 1000] * 40_000
        log = await api_of(device).download_logs()
        await anext(log.chunks)
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert device.open_connections == 1
        assert len(await whole(log.chunks)) > 39_000_000


# One at a time


async def test_transfer_holds_the_device() -> None:
    """A read waits until the log has been read or given up."""
    async with simulated() as device:
        api = api_of(device)
        for end in (True, False):
            log = await api.download_logs()
            read = asyncio.create_task(api.get_version())
            await asyncio.sleep(0.05)
            assert not read.done()
            if end:
                await whole(log.chunks)
            else:
                await log.chunks.aclose()
            await read
        assert device.max_open_connections == 1


async def test_everything_waits_for_an_image() -> None:
    """Reads and writes come after it, however many."""
    async with simulated() as device:
        api = api_of(device)
        moment = asyncio.Event()
        go_on = asyncio.Event()

        async def chunks() -> AsyncGenerator[bytes]:
            yield IMAGE[:1000]
            moment.set()
            await go_on.wait()
            yield IMAGE[1000:]

        install = asyncio.create_task(api.update_firmware(len(IMAGE), chunks(), lambda _: None))
        await moment.wait()
        others = [asyncio.create_task(call) for call in (api.get_version(), api.power_on())]
        await asyncio.sleep(0.05)
        assert device.commands == ["get_token", "update_firmware"]
        go_on.set()
        await install
        # The device boots now, so they find nobody; what matters is that they came later.
        await asyncio.gather(*others, return_exceptions=True)
        assert device.images == [IMAGE]
        assert device.max_open_connections == 1


async def test_cancelled_transfers_let_go() -> None:
    """As when Home Assistant stops."""
    async with simulated() as device:
        api = api_of(device)
        waiting = asyncio.Event()

        async def chunks() -> AsyncGenerator[bytes]:
            yield IMAGE[:1000]
            waiting.set()
            await asyncio.Event().wait()

        install = asyncio.create_task(api.update_firmware(5000, chunks(), lambda _: None))
        await waiting.wait()
        install.cancel()
        with pytest.raises(asyncio.CancelledError):
            await install
        assert (await api.get_version()).text("api_ver") == "2.2.2"
        assert device.images == []


async def test_without_password_nothing_is_transferred() -> None:
    """Reading the log is encrypted too."""
    async with simulated() as device:
        api = api_of(device, password=None)
        with pytest.raises(AuthenticationError):
            await api.download_logs()
        with pytest.raises(AuthenticationError):
            await File(IMAGE).install(api)
        assert device.connections == 0
