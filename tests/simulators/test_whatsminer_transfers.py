"""Files to and from the simulated WhatsMiner, by a client written from the manual alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import struct

import pytest

from tests.simulators.naive_whatsminer import Device, Reply, Session, data, raw, running
from tests.simulators.whatsminer import Transfer

IMAGE = bytes(range(256)) * 1000


async def log_of(device: Device) -> tuple[Reply, bytes]:
    """Return the reply to download_logs and the raw bytes after it."""
    session = Session(device)
    await session.open()
    received = await raw(device, session.request("download_logs"))
    _, end = json.JSONDecoder().raw_decode(received.decode())
    return session.opened(received[:end]), received[end:]


@asynccontextmanager
async def uploading(device: Device) -> AsyncIterator[tuple[Session, asyncio.StreamReader]]:
    """Send an image whole, as far as it is taken."""
    session = Session(device)
    await session.open()
    reader, writer = await asyncio.open_connection(device.host, device.port)
    try:
        writer.write(session.request("update_firmware"))
        assert session.opened(await reader.readuntil(b"}"))["Msg"] == "ready"
        writer.write(struct.pack("<I", len(IMAGE)) + IMAGE)
        yield session, reader
    finally:
        writer.close()


async def test_the_log_may_come_in_one_segment_with_its_announcement() -> None:
    async with running() as device:
        device.device.note("first")
        apart = await log_of(device)
        device.faults.transfer = Transfer.ONE_SEGMENT
        reader, writer = await asyncio.open_connection(device.host, device.port)
        session = Session(device)
        await session.open()
        writer.write(session.request("download_logs"))
        together = await reader.read(65536)
        writer.close()
        assert together.endswith(b"}" + apart[1])
        assert data(apart[0])["logfilelen"] == str(len(apart[1]))


async def test_logs_of_a_wrong_length() -> None:
    async with running() as device:
        device.device.note("first")
        _, whole = await log_of(device)
        for fault, expected in ((Transfer.SHORT, whole[:-5]), (Transfer.LONG, whole + b"more")):
            device.faults.transfer = fault
            reply, log = await log_of(device)
            assert data(reply)["logfilelen"] == str(len(whole))
            assert log == expected
        device.faults.transfer = Transfer.NO_LENGTH
        reply, log = await log_of(device)
        assert data(reply)["logfilelen"] == "many"
        assert log == whole


async def test_a_log_that_breaks_or_stalls() -> None:
    async with running() as device:
        device.device.note("first")
        device.faults.transfer = Transfer.BREAKS
        with pytest.raises(ConnectionError):
            await log_of(device)
        device.faults.transfer = Transfer.STALLS
        stalled = asyncio.create_task(log_of(device))
        while len(device.commands) < 4 or not device.open_connections:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert not stalled.done()
        device.pass_time(device.silence_limit)
        _, log = await stalled
        assert 0 < len(log) < len("\n".join(device.device.log))


async def test_a_refused_image() -> None:
    async with running() as device:
        device.faults.transfer = Transfer.REFUSED
        async with uploading(device) as (session, reader):
            assert session.opened(await reader.read())["Code"] == 132
        assert device.images == []
        assert device.truth()["state"] == "stable"


async def test_an_image_refused_before_its_end() -> None:
    async with running() as device:
        device.faults.transfer = Transfer.REFUSED_EARLY
        session = Session(device)
        await session.open()
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(session.request("update_firmware"))
        await reader.readuntil(b"}")
        writer.write(struct.pack("<I", 1000) + b"x" * 500)
        assert session.opened(await reader.readuntil(b"}"))["Code"] == 132
        writer.close()
        assert device.images == []


async def test_an_upload_that_the_device_breaks_off() -> None:
    async with running() as device:
        device.faults.transfer = Transfer.BREAKS
        async with uploading(device) as (_, reader):
            with pytest.raises(ConnectionError):
                await reader.read()
        assert device.images == []
        assert device.truth()["state"] == "stable"


async def test_an_image_installed_without_a_word() -> None:
    async with running() as device:
        device.faults.transfer = Transfer.SILENT
        async with uploading(device) as (_, reader):
            assert await reader.read() == b""
        assert device.images == [IMAGE]
        assert device.truth()["state"] == "booting"


async def test_an_image_installed_in_silence() -> None:
    async with running() as device:
        device.faults.transfer = Transfer.HANGS
        async with uploading(device) as (_, reader):
            while not device.images:
                await asyncio.sleep(0.001)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(), 0.05)
        assert device.images == [IMAGE]
        assert device.truth()["state"] == "booting"


@pytest.mark.parametrize("command", ["download_logs", "update_firmware"])
async def test_transfers_need_access(command: str) -> None:
    async with running(write_enabled=False) as device:
        session = Session(device)
        await session.open()
        assert (await session.send(command) or {})["Code"] == 45


async def test_a_device_that_is_not_ready_for_an_image() -> None:
    async with running() as device:
        device.faults.texts["update_firmware"] = "busy"
        session = Session(device)
        await session.open()
        assert (await session.send("update_firmware") or {})["Msg"] == "busy"
        assert device.images == []
