"""Logs and archives: read piece by piece, bounded, in the same session as all else."""

import asyncio
from contextlib import aclosing
from io import BytesIO
from unittest.mock import patch
from zipfile import ZipFile

from aiohttp import ClientSession, ClientTimeout, web
import pytest

from custom_components.asic_miner.miners.braiins import session
from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.settings_schema import ArchiveFormat, LogType
from custom_components.asic_miner.miners.braiins.transport import DOWNLOAD_TIMEOUT
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    MalformedReplyError,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock

from .answers import drop
from .device import Device, Reply, refusal

LOG = ("GET", "miner/log/syslog")
LIMIT = 10_000


async def whole(api: BraiinsApi, *, limit: int = LIMIT) -> bytes:
    """Read a log to its end."""
    return b"".join([chunk async for chunk in api.get_log(LogType.SYSLOG, limit=limit)])


@pytest.mark.parametrize(("size", "fits"), [(LIMIT, True), (LIMIT + 1, False)])
async def test_limit(size: int, fits: bool, device: Device, api: BraiinsApi) -> None:
    """All of it or an error, never a silent part."""
    device.answers[LOG] = Reply(body=b"x" * size)
    if fits:
        assert len(await whole(api)) == size
    else:
        with pytest.raises(MalformedReplyError, match="longer"):
            await whole(api)


async def test_a_trickle_ends(device: Device, api: BraiinsApi) -> None:
    """Who sends a byte now and then does not hold one of the two places for ever."""

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.01)

    device.answers[LOG] = trickle
    # The real one is of minutes; between two bytes it may be as long as ever.
    assert DOWNLOAD_TIMEOUT.total is not None
    limit = ClientTimeout(total=0.3, sock_read=DOWNLOAD_TIMEOUT.sock_read)
    with patch.object(session, "DOWNLOAD_TIMEOUT", limit), pytest.raises(UnreachableError):
        await whole(api)


async def test_pieces_come_as_they_are_sent(device: Device, api: BraiinsApi) -> None:
    """The first is there before the last has been made, and only one is held."""
    more = asyncio.Event()

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await more.wait()
        await response.write(b"last")
        return response

    device.answers[LOG] = slowly
    async with aclosing(api.get_log(LogType.SYSLOG, limit=LIMIT)) as pieces:
        assert await anext(pieces) == b"first"
        more.set()
        assert await anext(pieces) == b"last"


async def test_given_up_downloads_leave_room(device: Device, api: BraiinsApi) -> None:
    """What is not read to the end is closed, and holds nothing up."""
    never = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await never.wait()
        return response

    device.answers[LOG] = endless
    for _ in range(3):
        async with aclosing(api.get_log(LogType.SYSLOG, limit=LIMIT)) as pieces:
            assert await anext(pieces) == b"first"
    await api.get_miner_details()
    never.set()


async def test_session_is_renewed(device: Device, api: BraiinsApi) -> None:
    """Once, when it had ended; a refusal of the new one is told."""
    device.answers[LOG] = Reply(body=b"text")
    assert await whole(api) == b"text"
    device.tokens.clear()
    assert await whole(api) == b"text"
    assert device.logins == 2
    device.answers[LOG] = Reply(status=401)
    with pytest.raises(AuthenticationError):
        await whole(api)
    assert device.logins == 3


async def test_failures(device: Device, api: BraiinsApi) -> None:
    """As of any other read."""
    for answer, kind in (
        (refusal(404, "no such path"), UnsupportedError),
        (refusal(400, "unknown log"), RejectedError),
        (drop, UnreachableError),
    ):
        device.answers[LOG] = answer
        with pytest.raises(kind):
            await whole(api)
    await device.stop()
    with pytest.raises(UnreachableError):
        await whole(api)


async def test_broken_off(device: Device, api: BraiinsApi) -> None:
    """A part is not the whole."""

    async def partly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"first")
        assert request.transport is not None
        request.transport.close()
        return response

    device.answers[LOG] = partly
    with pytest.raises(UnreachableError):
        await whole(api)


@pytest.mark.parametrize(("preset", "has_logs"), [("S19j Pro", False), ("S21 Pro", True)])
async def test_simulated_machine(
    preset: str, has_logs: bool, http: ClientSession, clock: ManualClock
) -> None:
    """An archive of any firmware, logs from 1.3.0 on."""
    miner = BraiinsSimulator(preset=preset, clock=clock, seed=3)
    await miner.start()
    api = BraiinsApi("127.0.0.1", miner.port, "root", "root", http, clock=clock.now)
    archive = api.get_support_archive(ArchiveFormat.ZIP, limit=1 << 20)
    with ZipFile(BytesIO(b"".join([chunk async for chunk in archive]))) as content:
        assert content.namelist() == ["errors.log"]
    if has_logs:
        assert b"syslog" in await whole(api)
    else:
        with pytest.raises(UnsupportedError):
            await whole(api)
    await miner.stop()
