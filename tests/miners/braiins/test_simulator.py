"""The client against a whole simulated machine, over real sockets and simulated time."""

from collections.abc import AsyncGenerator

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    OutdatedFirmwareError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
)
from custom_components.asic_miner.miners.models import Feature, MinerState, Snapshot
from tests.simulators.braiins import PRESETS, BraiinsSimulator, Fault
from tests.simulators.clock import ManualClock

from .conftest import MakeClient, Naps
from .operations import Operation
from .setting_operations import SETTING_OPERATIONS

POLL = 15.0


@pytest.fixture
def preset() -> str:
    """Which model is simulated."""
    return "S19j Pro"


@pytest.fixture
async def miner(preset: str, clock: ManualClock) -> AsyncGenerator[BraiinsSimulator]:
    """A machine that has been mining for a day."""
    miner = BraiinsSimulator(preset=preset, clock=clock, seed=3)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
def client(miner: BraiinsSimulator, client_of: MakeClient) -> BraiinsClient:
    """The client of the machine."""
    return client_of(miner)


async def until(
    client: BraiinsClient, clock: ManualClock, state: MinerState, *, within: float
) -> list[MinerState]:
    """Poll until the miner is in a state; return what it has been on the way."""
    passed: list[MinerState] = []
    for _ in range(int(within / POLL) + 1):
        snapshot = await client.read(slow=True)
        if snapshot.state is state:
            return passed
        passed.append(snapshot.state)
        clock.advance(POLL)
    raise AssertionError(f"not {state} within {within:g} s, but {passed}")


def of(truth: dict[str, str | float | bool | None], name: str) -> float:
    """Return a number of the truth."""
    value = truth[name]
    assert isinstance(value, int | float)
    return value


@pytest.mark.parametrize("preset", PRESETS)
async def test_every_model_is_read_truly(
    preset: str, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """What the client says is what the machine does."""
    assert await client.probe() is None
    assert miner.logins == 0
    identity = await client.identify()
    snapshot = await client.read(slow=True)
    truth, model = miner.truth(), PRESETS[preset]
    assert identity.mac == snapshot.mac == truth["mac"]
    assert identity.model == truth["model"]
    built = {0: "Braiins", 1: "Bitmain", 2: "MicroBT"}
    assert identity.manufacturer == built[model.brand]
    assert identity.api_version == ".".join(str(number) for number in model.rest)
    assert identity.firmware is not None
    assert f"-{identity.firmware}-plus" in model.firmware
    assert snapshot.state is MinerState.MINING
    assert snapshot.hashrate == pytest.approx(of(truth, "hashrate"), rel=0.03)
    assert snapshot.power == pytest.approx(of(truth, "power"), rel=0.03)
    assert snapshot.temperature == pytest.approx(of(truth, "temperature"), abs=5)
    assert snapshot.power_target == truth["power_target"]
    assert snapshot.locate is truth["locate"]
    assert snapshot.pools is not None
    assert ", ".join(pool.url for pool in snapshot.pools) == truth["pools"]
    assert snapshot.active_pool is not None
    assert len(snapshot.boards) == model.nameplate.boards
    assert client.capabilities.boards == set(range(1, model.nameplate.boards + 1))
    assert client.capabilities.fans == set(range(1, model.nameplate.fans + 1))
    for one in snapshot.boards:
        assert one.enabled is (one.index not in model.disabled_boards)
    assert (snapshot.faults is not None) is (model.rest >= (1, 7, 0))
    offered = client.capabilities.ranges.get(Feature.POWER_TARGET)
    if not model.publishes_limits:
        assert offered is None
        assert Feature.POWER_TARGET not in client.capabilities
        return
    assert offered is not None
    assert offered.minimum == model.power.minimum
    assert offered.default == model.power.default
    assert model.power.default <= offered.maximum <= 1.1 * model.power.default


async def test_network_budget(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Three requests a poll, two at a time, one login for a whole day."""
    await client.identify()
    await client.read(slow=True)
    miner.requests.clear()
    for _ in range(20):
        clock.advance(POLL)
        await client.read(slow=False)
    assert len(miner.requests) == 60
    for _ in range(30):
        clock.advance(3000)
        await client.read(slow=True)
    assert miner.logins == 1
    assert miner.max_open_requests <= 2


async def test_pause_and_resume(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Off within the settling time; on by way of starting."""
    await client.read(slow=True)
    await client.set_mining(False)
    clock.advance(client.settling_seconds)
    off = await client.read(slow=False)
    assert off.state is MinerState.PAUSED
    assert off.off_on_purpose
    assert off.hashrate == 0.0
    assert miner.truth()["mining"] is False
    clock.advance(60)
    off = await client.read(slow=True)
    assert off.power == pytest.approx(PRESETS["S19j Pro"].nameplate.idle_power, abs=5)
    assert off.efficiency is None
    assert {one.hashrate for one in off.boards} == {0.0}

    await client.set_mining(True)
    assert await until(client, clock, MinerState.MINING, within=300) == [
        MinerState.PAUSED,
        MinerState.STARTING,
    ]
    assert miner.truth()["mining"] is True
    assert miner.truth()["mining_restarts"] == 0
    assert miner.writes == 2


@pytest.mark.parametrize("status", [1, 4])
async def test_start_up_is_no_limitation(
    status: int, miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Whichever status a device has while its boards start up."""
    miner.device.unknowns.starting_status = status
    await client.read(slow=True)
    await client.restart_mining()
    passed = await until(client, clock, MinerState.MINING, within=300)
    assert set(passed) == {MinerState.RESTARTING, MinerState.STARTING}


async def test_power_target(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Takes effect without a restart, and touches nothing else."""
    before = miner.truth()
    await client.identify()
    await client.set_power_target(2000)
    snapshot = await client.read(slow=True)
    assert snapshot.state is MinerState.TUNING
    assert snapshot.power_target == 2000
    assert snapshot.power_target_effective == 2000
    await until(client, clock, MinerState.MINING, within=600)
    snapshot = await client.read(slow=False)
    after = miner.truth()
    assert snapshot.power == pytest.approx(2000, rel=0.03)
    assert snapshot.hashrate == pytest.approx(of(after, "hashrate"), rel=0.03)
    assert after["power_target"] == 2000
    assert after["mining_restarts"] == before["mining_restarts"]
    assert after["pools"] == before["pools"]
    assert miner.writes == 1


async def test_range_is_kept_by_the_client(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Neither what the device refuses nor what it would take but no home bears."""
    for watts in (949, 3400, 6200):
        with pytest.raises(InvalidValueError):
            await client.set_power_target(watts)
    assert miner.writes == 0


async def test_device_refuses_out_of_range(miner: BraiinsSimulator, http: ClientSession) -> None:
    """Its own words tell the range."""
    api = BraiinsApi("127.0.0.1", miner.port, "root", "root", http)
    with pytest.raises(RejectedError, match=r"out-of-range \(min: Some\(950\)"):
        await api.set_power_target(500)


async def test_hashrate_target(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Held after a while; the default goes back to the model's own."""
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    await client.set_hashrate_target(80)
    await until(client, clock, MinerState.MINING, within=600)
    snapshot = await client.read(slow=True)
    assert snapshot.hashrate == pytest.approx(80, rel=0.03)
    assert snapshot.hashrate_target == 80
    assert snapshot.power_target is None
    await client.default_hashrate_target()
    assert miner.truth()["hashrate_target"] == 101.0
    await client.set_setting(Feature.PERFORMANCE_MODE, "power_target")
    await client.default_power_target()
    assert miner.truth()["power_target"] == 3040
    assert (await client.read(slow=True)).power_target == 3040


@pytest.mark.parametrize("switches", [True, False])
async def test_target_of_the_other_mode(
    *, switches: bool, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Refused before it is stored, whether or not it would have changed the mode."""
    miner.device.unknowns.target_switches_mode = switches
    before = miner.truth()
    with pytest.raises(RejectedError, match="power"):
        await client.set_hashrate_target(80)
    assert miner.writes == 0
    assert miner.truth()["hashrate_target"] == before["hashrate_target"]
    await client.set_power_target(2000)
    assert miner.truth()["power_target"] == 2000


async def test_scaled_down_by_heat(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Stored and effective target differ while the firmware scales."""
    miner.device.settings.scaling.enabled = True
    miner.device.plant.ambient = 45.0
    for _ in range(8):
        clock.advance(120)
        snapshot = await client.read(slow=True)
    assert snapshot.power_target == 3040
    assert snapshot.power_target_effective is not None
    assert snapshot.power_target_effective < 3040
    assert snapshot.power_target_effective == miner.truth()["power_target_effective"]


async def test_locate(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Blinks and stops."""
    for on in (True, False):
        await client.set_locate(on)
        assert miner.truth()["locate"] is on
        assert (await client.read(slow=True)).locate is on


async def test_stopped_process(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock, http: ClientSession
) -> None:
    """Stopped is off on purpose, and switching on starts it again."""
    await client.identify()
    await BraiinsApi("127.0.0.1", miner.port, "root", "root", http).stop()
    snapshot = await client.read(slow=True)
    assert snapshot.state is MinerState.STOPPED
    assert snapshot.off_on_purpose
    assert (snapshot.hashrate, snapshot.power) == (0.0, 0.0)
    with pytest.raises(MiningProcessDownError):
        await client.set_power_target(2000)
    await client.set_mining(False)
    assert (await client.read(slow=True)).state is MinerState.STOPPED
    await client.set_mining(True)
    passed = await until(client, clock, MinerState.MINING, within=300)
    assert set(passed) == {MinerState.RESTARTING, MinerState.STARTING}
    assert len((await client.read(slow=False)).boards) == 3


async def test_switching_while_the_process_restarts(
    miner: BraiinsSimulator, client: BraiinsClient, naps: Naps, clock: ManualClock
) -> None:
    """The wish is kept until the process can take it."""
    await client.restart_mining()
    await client.set_mining(False)
    assert naps.taken == [5, 10, 20]
    clock.advance(5)
    assert (await client.read(slow=False)).state is MinerState.PAUSED


async def test_crash(miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock) -> None:
    """A mining process that dies and comes back by itself."""
    await client.read(slow=True)
    miner.device.crash()
    passed = await until(client, clock, MinerState.MINING, within=300)
    assert set(passed) == {MinerState.RESTARTING, MinerState.STARTING}


async def test_reboot(miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock) -> None:
    """Away, then back by itself in a new session."""
    await client.read(slow=True)
    await client.reboot()
    clock.advance(1)
    with pytest.raises(UnreachableError):
        await client.read(slow=False)
    clock.advance(120)
    await miner.booted()
    await until(client, clock, MinerState.MINING, within=300)
    assert miner.logins == 2


async def test_mains(miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock) -> None:
    """Unplugged is not reachable; plugged it comes alive."""
    await client.read(slow=True)
    await miner.unplug()
    with pytest.raises(UnreachableError):
        await client.read(slow=True)
    with pytest.raises(UnreachableError):
        await client.set_mining(False)
    clock.advance(3600)
    await miner.plug()
    await until(client, clock, MinerState.MINING, within=300)


async def test_dead_pools_and_licence(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Not allowed to mine is not what anybody asked for."""
    miner.device.pools.all_dead = True
    clock.advance(700)
    snapshot = await client.read(slow=True)
    assert snapshot.state is MinerState.LIMITED
    assert snapshot.mining_wanted is True
    assert snapshot.active_pool is None
    miner.device.pools.all_dead = False
    miner.device.license_restricted = True
    clock.advance(700)
    assert (await client.read(slow=True)).state is MinerState.LIMITED


@pytest.mark.parametrize("preset", ["S19 XP"])
async def test_detailed_status(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """From 1.7.0 the reason tells what the log of errors cannot."""
    snapshot = await client.read(slow=True)
    assert snapshot.faults == ()
    await client.set_mining(False)
    clock.advance(10)
    paused = await client.read(slow=True)
    assert (paused.state, paused.faults) == (MinerState.PAUSED, ())
    await client.set_mining(True)
    passed = await until(client, clock, MinerState.MINING, within=600)
    assert MinerState.STARTING in passed
    miner.device.pools.all_dead = True
    clock.advance(60)
    assert (await client.read(slow=True)).state is MinerState.LIMITED


async def test_password_changes(
    miner: BraiinsSimulator, client: BraiinsClient, http: ClientSession, clock: ManualClock
) -> None:
    """A running session goes on; the next login needs the new one."""
    await client.read(slow=True)
    miner.password = "better"
    await client.read(slow=False)
    clock.advance(4000)
    with pytest.raises(AuthenticationError):
        await client.read(slow=False)
    with pytest.raises(AuthenticationError):
        await client.check_access()
    right = Credentials(username="root", password="better")
    await BraiinsClient("127.0.0.1", miner.port, right, http).check_access()


@pytest.mark.parametrize("status", [404, 405])
async def test_old_firmware(status: int, miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Firmware without REST is explained."""
    miner.faults.old_firmware = status
    with pytest.raises(OutdatedFirmwareError, match=r"25\.07"):
        await client.probe()
    assert miner.requests == ["GET /api/v1/version/", "GET /"]
    with pytest.raises(OutdatedFirmwareError, match=r"25\.07"):
        await client.check_access()


async def test_another_miner_at_the_address(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Each poll tells who answered."""
    mine = (await client.read(slow=False)).mac
    miner.faults.mac = "02:b0:00:00:00:99"
    assert (await client.read(slow=False)).mac == "02:b0:00:00:00:99" != mine


@pytest.mark.parametrize("execute", [True, False])
async def test_lost_answer_of_a_write(
    execute: bool, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Told from the truth by looking, and never sent again."""
    await client.identify()
    miner.faults.set("PUT performance/power-target", Fault(reset=True, execute=execute))
    before = sum(request.startswith("PUT") for request in miner.requests)
    if execute:
        await client.set_power_target(1800)
    else:
        with pytest.raises(UnconfirmedError):
            await client.set_power_target(1800)
    assert sum(request.startswith("PUT") for request in miner.requests) == before + 1
    assert (miner.truth()["power_target"] == 1800) is execute


ODD: dict[str, Fault] = {
    "status 500": Fault(status=500),
    "status 418": Fault(status=418),
    "plain text": Fault(text="Internal error"),
    "page": Fault(text="<html>busy</html>"),
    "empty": Fault(empty=True),
    "truncated": Fault(truncated=True),
    "reset": Fault(reset=True),
    "a list": Fault(body=[]),
    "a number": Fault(body=7),
    "null": Fault(body=None),
    "no members": Fault(body={}),
    "later version": Fault(unknown_members=True),
    "all null": Fault(replace={"*": None}),
    "all odd": Fault(replace={"*": "odd"}),
    "all huge": Fault(replace={"*": 10**30}),
}
READS = [
    "miner/details",
    "miner/stats",
    "miner/hw/hashboards",
    "cooling/state",
    "configuration/miner",
    "configuration/constraints",
    "performance/mode",
    "performance/tuner-state",
    "pools",
    "actions/locate",
    "network",
    "version",
    "auth/login",
]


@pytest.mark.parametrize(
    ("odd", "path"),
    [
        (odd, path)
        for odd in ODD
        for path in READS
        # A bare array or boolean has no members that could be changed.
        if not (odd.startswith("all ") and path in {"pools", "actions/locate"})
    ],
)
async def test_odd_answers(
    odd: str, path: str, miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Whatever one call says, the client raises its own errors or goes on without it."""
    miner.faults.set(path, ODD[odd])
    read: Snapshot | None = None
    for step in (client.probe, client.identify, client.check_access):
        try:
            await step()
        except MinerError:
            clock.advance(400)
    try:
        read = await client.read(slow=True)
    except MinerError:
        assert path in {"miner/details", "auth/login"}
    if path not in {"miner/details", "auth/login"}:
        assert read is not None
        assert read.mac == miner.mac
    if odd == "later version" and path != "version":
        assert read is not None
        assert read.state is MinerState.MINING

    # Without the fault all is well again.
    miner.faults.clear()
    clock.advance(400)
    snapshot = await client.read(slow=True)
    assert snapshot.state is MinerState.MINING
    assert len(snapshot.boards) == 3
    assert miner.writes == 0


async def test_unknown_numbers(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Newer firmware has more statuses, tuner states and platforms than we know."""
    miner.faults.set(
        "miner/details",
        Fault(
            replace={
                "status": 42,
                "platform": 99,
                "control_board_soc_family": 99,
                "miner_identity.brand": 99,
            }
        ),
    )
    miner.faults.set("performance/tuner-state", Fault(replace={"overall_tuner_state": 42}))
    identity = await client.identify()
    snapshot = await client.read(slow=True)
    assert identity.hardware is None
    assert identity.manufacturer == "Bitmain"
    assert snapshot.state is MinerState.UNKNOWN
    assert snapshot.mining_wanted is None
    assert snapshot.hashrate is not None


def newest(operation: Operation) -> str:
    """Return a model with the newest contract on which the operation can work."""
    # The one with 1.7.0 boots from an SD card, which holds no stock firmware.
    return "S21 Pro" if operation.id == "restoreStock" else "S19 XP"


@pytest.mark.parametrize(
    ("operation", "preset"),
    [(operation, newest(operation)) for operation in SETTING_OPERATIONS],
    ids=[operation.id for operation in SETTING_OPERATIONS],
)
async def test_settings_are_taken(
    operation: Operation, miner: BraiinsSimulator, http: ClientSession
) -> None:
    """Two readings of the contract agree on every request."""
    api = BraiinsApi("127.0.0.1", miner.port, "root", "root", http)
    if operation.id == "setAdvancedSettings":
        # Only names that the device has are settings.
        settings = await api.get_advanced_settings(include_default=True)
        assert await api.set_advanced_settings(settings) is not None
        return
    await operation.call(api)
