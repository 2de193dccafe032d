"""Every command while the mining process of a whole simulated machine is not there."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.settings import SETTINGS
from custom_components.asic_miner.miners.client import MinerClient
from custom_components.asic_miner.miners.errors import (
    MiningProcessDownError,
    Reason,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import (
    Feature,
    MinerState,
    PowerMode,
    SettingValue,
)
from custom_components.asic_miner.miners.orders import (
    FirmwareImage,
    LogKind,
    NetworkSettings,
    PoolEntry,
    PoolGroup,
    TargetReference,
)
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock

from .conftest import MakeClient
from .setting_operations import IMAGE as BYTES
from .setting_operations import image

type Command = Callable[[BraiinsClient], Awaitable[object]]

OTHER_VALUES: dict[Feature, SettingValue] = {
    Feature.COOLING_MODE: "manual",
    Feature.TARGET_TEMPERATURE: 61,
    Feature.HOT_TEMPERATURE: 81,
    Feature.DANGEROUS_TEMPERATURE: 91,
    Feature.PERFORMANCE_MODE: "hashrate_target",
    Feature.DPS: True,
    Feature.DPS_SHUTDOWN: True,
    Feature.DPS_SHUTDOWN_HOURS: 7,
    Feature.DPS_MODE: "boost",
    Feature.DPS_POWER_STEP: 210,
    Feature.DPS_MINIMUM_POWER: 1210,
    Feature.DPS_HASHRATE_STEP: 7,
    Feature.DPS_MINIMUM_HASHRATE: 81,
    Feature.QUICK_RAMP_UP: 41,
    Feature.QUICK_RAMP_DOWN: 41,
}
"""A value of each setting that is offered and not set."""


OTHER_POOLS = (
    PoolGroup(pools=(PoolEntry(url="stratum+tcp://new.example:1", user="u.w", password="x"),)),
)
IMAGE = FirmwareImage(name="image", size=len(BYTES), chunks=image)


def _setting(setting: Feature) -> Command:
    return lambda client: client.set_setting(setting, OTHER_VALUES[setting])


NEED_PROCESS: dict[str, Command] = {
    "set_power_target": lambda client: client.set_power_target(2000),
    "set_hashrate_target": lambda client: client.set_hashrate_target(80),
    "default_power_target": lambda client: client.default_power_target(),
    "default_hashrate_target": lambda client: client.default_hashrate_target(),
    "set_hashboard": lambda client: client.set_hashboard(1, False),
    **{f"set_setting {setting}": _setting(setting) for setting in OTHER_VALUES},
    "default_quick_ramping": lambda client: client.default_quick_ramping(),
    "step_power_target": lambda client: client.step_power_target(-100),
    "step_hashrate_target": lambda client: client.step_hashrate_target(-1),
    "set_pools": lambda client: client.set_pools(OTHER_POOLS),
    "get_profiles": lambda client: client.get_profiles(),
}
TOO_OLD: dict[str, Command] = {
    "scale_power_target": lambda client: client.scale_power_target(90, TargetReference.NOMINAL),
    "scale_hashrate_target": lambda client: client.scale_hashrate_target(
        90, TargetReference.NOMINAL
    ),
    "get_advanced_settings": lambda client: client.get_advanced_settings(),
    "set_advanced_settings": lambda client: client.set_advanced_settings({"a": 1}),
    "reset_advanced_settings": lambda client: client.reset_advanced_settings(),
    "update_firmware": lambda client: client.update_firmware(IMAGE, lambda _: None),
    "restore_stock": lambda client: client.restore_stock(),
    "factory_reset": lambda client: client.factory_reset(),
    "fetch_log miner": lambda client: client.fetch_log(LogKind.MINER),
    "set_setting auto_upgrade": lambda client: client.set_setting(Feature.AUTO_UPGRADE, False),
}
NEED_NONE: dict[str, Command] = {
    "stop_mining": lambda client: client.stop_mining(),
    "get_pools": lambda client: client.get_pools(),
    "change_password": lambda client: client.change_password("better"),
    "set_network": lambda client: client.set_network(NetworkSettings()),
    "set_hostname": lambda client: client.set_hostname("cellar"),
    "remove_profiles": lambda client: client.remove_profiles(),
    "apply_contract_key": lambda client: client.apply_contract_key("key"),
    "fetch_log support_archive": lambda client: client.fetch_log(LogKind.SUPPORT_ARCHIVE),
    "set_locate": lambda client: client.set_locate(True),
    "restart_mining": lambda client: client.restart_mining(),
    "reboot": lambda client: client.reboot(),
    "probe": lambda client: client.probe(),
    "raw": lambda client: client.raw(),
    "identify": lambda client: client.identify(),
    "check_access": lambda client: client.check_access(),
    "read": lambda client: client.read(slow=True),
    "close": lambda client: client.close(),
}
OTHER_MAKES: dict[str, Command] = {
    "set_power_percent": lambda client: client.set_power_percent(50),
    "set_power_limit": lambda client: client.set_power_limit(2000),
    "set_power_mode": lambda client: client.set_power_mode(PowerMode.LOW),
    "restore_power": lambda client: client.restore_power(),
    "set_power": lambda client: client.set_power(2000),
    "set_led": lambda client: client.set_led(None),
    "set_time_zone": lambda client: client.set_time_zone("Europe/Berlin"),
    "set_syslog": lambda client: client.set_syslog("192.0.2.1", 514, tcp=False),
    "get_message": lambda client: client.get_message("k"),
    "set_message": lambda client: client.set_message("k", "v"),
}


@pytest.fixture
async def miner(clock: ManualClock) -> AsyncGenerator[BraiinsSimulator]:
    """A machine that has been mining for a day."""
    miner = BraiinsSimulator(preset="S19j Pro", clock=clock, seed=3)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
def client(miner: BraiinsSimulator, client_of: MakeClient) -> BraiinsClient:
    """The client of the machine."""
    return client_of(miner)


@pytest.fixture(params=["stopped", "restarting"])
async def down(
    request: pytest.FixtureRequest,
    miner: BraiinsSimulator,
    client: BraiinsClient,
    http: ClientSession,
) -> str:
    """Take the mining process away, from a client that has seen it."""
    await client.identify()
    await client.read(slow=True)
    api = BraiinsApi("127.0.0.1", miner.port, "root", "root", http)
    if request.param == "stopped":
        await api.stop()
    else:
        await api.restart()
    miner.requests.clear()
    return str(request.param)


def test_nothing_is_forgotten() -> None:
    """Every coroutine of the interface and every setting is tried here."""
    methods = {
        name
        for name, member in vars(MinerClient).items()
        if callable(member) and not name.startswith("_")
    }
    tried = {name.split()[0] for name in NEED_PROCESS | NEED_NONE | OTHER_MAKES | TOO_OLD}
    # The switch has tests of its own below.
    assert tried | {"set_mining"} == methods
    assert OTHER_VALUES.keys() == set(SETTINGS)


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("name", NEED_PROCESS)
async def test_needs_the_process(name: str, miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """The user is told what is missing, and nothing has changed."""
    before, writes = miner.truth(), miner.writes
    with pytest.raises(MiningProcessDownError):
        await NEED_PROCESS[name](client)
    assert miner.writes == writes
    assert miner.truth() == before


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("name", NEED_NONE)
async def test_works_without_the_process(name: str, client: BraiinsClient) -> None:
    """What the control board does by itself."""
    await NEED_NONE[name](client)


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("name", OTHER_MAKES)
async def test_of_other_makes(name: str, miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Refused as always, without asking."""
    with pytest.raises(UnsupportedError):
        await OTHER_MAKES[name](client)
    assert miner.requests == []


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("name", TOO_OLD)
async def test_of_later_firmware(name: str, miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Refused before anything is sent, with the version that it takes."""
    with pytest.raises(UnsupportedError, match=r"needs version 1\.\d .* has 1\.0\.0") as caught:
        await TOO_OLD[name](client)
    assert caught.value.reason is Reason.NEEDS_API
    assert caught.value.told.keys() == {"needed", "version"}
    assert caught.value.told["needed"] in str(caught.value)
    assert caught.value.told["version"] == "1.0.0"
    assert miner.requests == []


@pytest.mark.parametrize("on", [True, False])
async def test_switch(*, on: bool, down: str, client: BraiinsClient, clock: ManualClock) -> None:
    """What is wanted comes about, whatever the process did."""
    await client.set_mining(on)
    clock.advance(400)
    state = (await client.read(slow=False)).state
    off = MinerState.STOPPED if down == "stopped" else MinerState.PAUSED
    assert state is (MinerState.MINING if on else off)


@pytest.mark.parametrize("on", [True, False])
async def test_switch_of_a_process_that_stays_away(
    *, on: bool, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Patience ends, and the user is told what is missing."""
    miner.device.timing.process_start = 3600
    await client.restart_mining()
    with pytest.raises(MiningProcessDownError):
        await client.set_mining(on)
