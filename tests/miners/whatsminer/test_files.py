"""Logs and firmware as orders to a miner, against the simulated device."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import Feature
from custom_components.asic_miner.miners.orders import FirmwareImage, LogKind
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import Transfer, WhatsminerSimulator

from .scripted import PASSWORD, Answer, Scripted, envelope

IMAGE = bytes(range(256)) * 500


@asynccontextmanager
async def miner(
    *, write_enabled: bool = True
) -> AsyncGenerator[tuple[WhatsminerSimulator, WhatsminerClient]]:
    """Run a simulated device and make a client of it."""
    device = WhatsminerSimulator(clock=ManualClock(), write_enabled=write_enabled)
    await device.start()
    device.device.note("first line")
    try:
        yield (
            device,
            WhatsminerClient(device.host, device.port, Credentials(password=device.password)),
        )
    finally:
        await device.stop()


def image(size: int = len(IMAGE)) -> FirmwareImage:
    """Return a firmware file."""

    async def chunks() -> AsyncGenerator[bytes]:
        yield IMAGE[:1000]
        yield IMAGE[1000:]

    return FirmwareImage(name="firmware.bin", size=size, chunks=chunks)


async def test_log() -> None:
    """One kind, as text, and access is known from it."""
    async with miner() as (device, client):
        await client.identify()
        assert client.capabilities.choices[Feature.LOGS] == (LogKind.MINER.value,)
        log = await client.fetch_log(LogKind.MINER)
        assert log.suffix == ".log"
        text = b"".join([chunk async for chunk in log.chunks]).decode()
        assert text.splitlines() == device.device.log
        assert client.memory["write_access"] is True
        with pytest.raises(UnsupportedError):
            await client.fetch_log(LogKind.KERNEL)
        assert device.commands.count("download_logs") == 1


async def test_packed_log() -> None:
    """Told by how it begins."""
    content = b"\x1f\x8b rest"
    plain = envelope({"logfilelen": str(len(content))})
    device = Scripted({})
    device.script["download_logs"] = device.sealed(plain) + content
    async with device.running():
        client = WhatsminerClient("127.0.0.1", device.port, Credentials(password=PASSWORD))
        log = await client.fetch_log(LogKind.MINER)
        assert log.suffix == ".gz"
        assert b"".join([chunk async for chunk in log.chunks]) == content


async def test_firmware() -> None:
    """As it is, with its progress."""
    async with miner() as (device, client):
        progress: list[int] = []
        await client.update_firmware(image(), progress.append)
        assert device.images == [IMAGE]
        assert progress[-1] == len(IMAGE)
        assert client.memory["write_access"] is True


@pytest.mark.parametrize(
    ("fault", "kind"), [(Transfer.SILENT, UnconfirmedError), (Transfer.REFUSED, RejectedError)]
)
async def test_firmware_that_is_not_confirmed(fault: Transfer, kind: type[MinerError]) -> None:
    """Said so, and not looked for: nothing shows what the device made of it."""
    async with miner() as (device, client):
        device.faults.transfer = fault
        with pytest.raises(kind):
            await client.update_firmware(image(), lambda _: None)
        assert device.commands == ["get_token", "update_firmware"]


@pytest.mark.parametrize("size", [0, 1 << 32])
async def test_firmware_of_an_impossible_size(size: int) -> None:
    """Nothing is sent."""
    async with miner() as (device, client):
        with pytest.raises(InvalidValueError):
            await client.update_firmware(image(size), lambda _: None)
        assert device.connections == 0


async def test_access_is_learned_from_a_refusal() -> None:
    """From files as from everything else."""
    async with miner(write_enabled=False) as (_, client):
        with pytest.raises(WriteAccessError):
            await client.fetch_log(LogKind.MINER)
        assert client.memory["write_access"] is False
    async with miner(write_enabled=False) as (_, client):
        with pytest.raises(WriteAccessError):
            await client.update_firmware(image(), lambda _: None)
        assert client.memory["write_access"] is False


async def test_firmware_that_does_not_know_transfers() -> None:
    """The other name of the command is not tried."""
    refusals: dict[str, Answer] = {
        name: envelope("invalid cmd", 14, "E") for name in ("update_firmware", "download_logs")
    }
    async with Scripted(refusals).running() as device:
        client = WhatsminerClient("127.0.0.1", device.port, Credentials(password=PASSWORD))
        with pytest.raises(UnsupportedError):
            await client.update_firmware(image(), lambda _: None)
        with pytest.raises(UnsupportedError):
            await client.fetch_log(LogKind.MINER)
        assert device.commands == ["get_token", "update_firmware", "download_logs"]
