"""Firmware images, the factory's own, and a factory reset."""

from collections.abc import AsyncIterator

from aiohttp import web
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.upkeep import IMAGE_LIMIT
from custom_components.asic_miner.miners.errors import (
    BusyError,
    InvalidValueError,
    Reason,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.orders import FirmwareImage, NetworkSettings
from tests.simulators.clock import ManualClock

from .answers import drop
from .conftest import MakeClient, MakeMachine
from .device import Answer, Device, Reply
from .setting_operations import IMAGE, image
from .test_network import STATIC


def file_of(content: bytes = IMAGE, *, size: int | None = None) -> FirmwareImage:
    """Return a firmware file."""

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 50_001):
            yield content[at : at + 50_001]

    return FirmwareImage(name="image", size=len(content) if size is None else size, chunks=chunks)


async def test_firmware(machine: MakeMachine, client_of: MakeClient, clock: ManualClock) -> None:
    """Size and hash are right, settings are kept, and progress goes to the end."""
    miner = await machine("S21 Pro")
    client = client_of(miner)
    await client.read(slow=True)
    # The session has ended meanwhile, and the file is sent once all the same.
    clock.advance(4000)
    progress: list[int] = []
    await client.update_firmware(file_of(), progress.append)
    assert progress == [50_001, 100_002, 150_003, len(IMAGE)]
    assert miner.requests.count("POST /api/v1/upgrade/system-upgrade") == 1
    clock.advance(miner.device.timing.boot)
    await miner.booted()
    assert (await client.read(slow=True)).power_target == 3480


async def test_firmware_that_is_none(device: Device, client: BraiinsClient) -> None:
    """Nothing is sent of a file that is empty, or not as long as it was said to be."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 3, "patch": 0}
    for wrong, reason in (
        (file_of(b""), Reason.FILE_NO_FIRMWARE),
        (file_of(size=len(IMAGE) + 1), Reason.FILE_CHANGED),
        (file_of(size=IMAGE_LIMIT), Reason.FILE_CHANGED),
        (file_of(size=IMAGE_LIMIT + 1), Reason.FILE_NO_FIRMWARE),
    ):
        with pytest.raises(InvalidValueError) as caught:
            await client.update_firmware(wrong, lambda _: None)
        assert caught.value.reason is reason
    assert device.writes == []
    # How little an image may be, the device has to say.
    device.answers["POST", "upgrade/system-upgrade"] = drop
    with pytest.raises(UnconfirmedError):
        await client.update_firmware(file_of(b"x"), lambda _: None)
    assert device.writes == [("POST", "upgrade/system-upgrade")]


async def test_firmware_while_another_is_installed(
    machine: MakeMachine, client_of: MakeClient
) -> None:
    """The device is busy; nothing is sent again."""
    miner = await machine("S21 Pro")
    miner.device.system_task_running = True
    with pytest.raises(BusyError):
        await client_of(miner).update_firmware(file_of(), lambda _: None)
    with pytest.raises(BusyError):
        await client_of(miner).restore_stock()


@pytest.mark.parametrize("answer", [drop, Reply(status=401)])
async def test_firmware_is_sent_once(answer: Answer, device: Device, client: BraiinsClient) -> None:
    """Whatever happens."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 3, "patch": 0}
    device.answers["POST", "upgrade/system-upgrade"] = answer
    kind = BusyError if isinstance(answer, Reply) else UnconfirmedError
    with pytest.raises(kind):
        await client.update_firmware(FirmwareImage(name="x", size=len(IMAGE), chunks=image), print)
    assert device.writes == [("POST", "upgrade/system-upgrade")]


@pytest.mark.parametrize("size", [10, 1000, 2000])
async def test_file_that_changes_while_it_is_sent(
    size: int, machine: MakeMachine, client_of: MakeClient
) -> None:
    """The device gets no other file than the one whose hash it was told."""
    miner = await machine("S21 Pro")
    reads = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal reads
        reads += 1
        yield b"x" * 1000 if reads == 1 else b"y" * size

    with pytest.raises(UnconfirmedError):
        await client_of(miner).update_firmware(
            FirmwareImage(name="x", size=1000, chunks=chunks), lambda _: None
        )
    assert miner.device.system_task_running is False


@pytest.mark.parametrize("readings", [0, 1])
@pytest.mark.parametrize("error", [PermissionError(13, "denied", "/secret"), OSError("broken")])
@pytest.mark.parametrize("begun", [True, False])
async def test_file_that_cannot_be_read(
    *, readings: int, error: OSError, begun: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """Before anything is sent, that is the caller's; in the middle nobody knows."""
    miner = await machine("S21 Pro")
    reads = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal reads
        reads += 1
        if begun or reads <= readings:
            yield b"x" * 500
        if reads > readings:
            raise error
        yield b"x" * 500

    image = FirmwareImage(name="x", size=1000, chunks=chunks)
    kind = UnconfirmedError if readings else InvalidValueError
    with pytest.raises(kind, match=None if readings else "cannot be read: (denied|OSError)$"):
        await client_of(miner).update_firmware(image, lambda _: None)
    assert miner.device.system_task_running is False
    assert miner.writes == 0


async def test_restore_stock(
    machine: MakeMachine, client_of: MakeClient, clock: ManualClock
) -> None:
    """Sent once; a mini miner has nothing to go back to."""
    miner = await machine("S21 Pro")
    await client_of(miner).restore_stock()
    clock.advance(miner.device.timing.boot)
    await miner.booted()
    assert miner.device.stock_firmware
    mini = await machine("BMM 101", (1, 3, 0))
    with pytest.raises(UnsupportedError, match="no stock firmware"):
        await client_of(mini).restore_stock()


@pytest.mark.parametrize("wipe", [True, False])
async def test_factory_reset(
    wipe: bool, machine: MakeMachine, client_of: MakeClient, clock: ManualClock
) -> None:
    """All settings are as delivered, the address only on demand."""
    miner = await machine("S19 XP")
    client = client_of(miner)
    await client.set_network(NetworkSettings(static=STATIC))
    await client.set_power_target(2000)
    await client.factory_reset(wipe_network=wipe)
    clock.advance(miner.device.timing.boot)
    await miner.booted()
    assert miner.truth()["power_target"] == 2980
    assert (miner.device.settings.network.static is None) is wipe
    sent = [request for request in miner.requests if "factory" in request]
    assert len(sent) == 1


@pytest.mark.parametrize("rest", [(1, 2, 0), (1, 6, 0)])
async def test_network_cannot_be_wiped_by_older_firmware(
    rest: tuple[int, int, int], machine: MakeMachine, client_of: MakeClient
) -> None:
    """It would keep the address without a word."""
    miner = await machine("S19j Pro", rest)
    with pytest.raises(UnsupportedError, match=r"1\.7"):
        await client_of(miner).factory_reset(wipe_network=True)
    assert miner.writes == 0


async def test_lost_answer_of_a_factory_reset(device: Device, client: BraiinsClient) -> None:
    """That our password is no longer the one shows that it worked; silence shows nothing."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 2, "patch": 0}
    call = ("PUT", "actions/factory-reset")

    async def reset(request: web.Request) -> web.StreamResponse:
        device.password, device.tokens = "new", set()
        return await drop(request)

    device.answers[call] = drop
    with pytest.raises(UnconfirmedError):
        await client.factory_reset()
    device.answers[call] = reset
    await client.factory_reset()
    assert device.writes == [call, call]
