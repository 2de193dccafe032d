"""Orders besides pools: targets in steps, password, network, tuning, settings, firmware."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from aiohttp import web
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.braiins.upkeep import IMAGE_LIMIT
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature, MinerState
from custom_components.asic_miner.miners.orders import (
    FirmwareImage,
    LogKind,
    NetworkSettings,
    StaticAddress,
    TargetReference,
)
from tests.simulators.braiins import Fault
from tests.simulators.clock import ManualClock

from .answers import HASHRATE_MODE, drop, then
from .conftest import MakeClient, MakeMachine, Naps
from .device import Answer, Device, Reply, refusal
from .operations import NO_CONTENT
from .setting_operations import IMAGE, image

INCREMENT = ("PATCH", "performance/power-target/increment")
DECREMENT = ("PATCH", "performance/power-target/decrement")
PASSWORD = ("PUT", "auth/password")

# Targets


async def test_steps(machine: MakeMachine, client_of: MakeClient) -> None:
    """Up and down by what was asked for; the new target is told; nothing restarts."""
    miner = await machine()
    client = client_of(miner)
    assert await client.step_power_target(-500) == 2540
    assert await client.step_power_target(100.4) == 2640
    assert miner.truth()["power_target"] == 2640
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    before = miner.truth()["hashrate_target"]
    assert isinstance(before, float)
    assert await client.step_hashrate_target(2.5) == pytest.approx(before + 2.5)
    assert await client.step_hashrate_target(-5) == pytest.approx(before - 2.5)
    assert await client.step_hashrate_target(0.01) == pytest.approx(before - 2.49)
    assert miner.truth()["mining_restarts"] == 0


async def test_relative(machine: MakeMachine, client_of: MakeClient) -> None:
    """Of the model's own, the lowest, the highest and the present target."""
    miner = await machine("S19j Pro", (1, 1, 0))
    client = client_of(miner)
    reference = TargetReference
    assert await client.scale_power_target(80, reference.NOMINAL) == 2432
    assert await client.scale_power_target(50, reference.CURRENT) == 1216
    assert await client.scale_power_target(150, reference.MINIMUM) == 1425
    assert await client.scale_power_target(50, reference.MAXIMUM) == 3100
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    assert await client.scale_hashrate_target(90, reference.NOMINAL) == pytest.approx(90.9)
    assert await client.scale_hashrate_target(90, reference.CURRENT) == pytest.approx(81.81)
    writes = miner.writes
    for percent, of in [
        (120, reference.NOMINAL),
        (100, reference.MAXIMUM),
        (50, reference.MINIMUM),
    ]:
        with pytest.raises(InvalidValueError, match="outside"):
            await client.scale_hashrate_target(percent, of)
    for none in (0, -5, float("nan"), float("inf")):
        with pytest.raises(InvalidValueError, match="no percentage"):
            await client.scale_hashrate_target(none, reference.NOMINAL)
    assert miner.writes == writes


async def test_relative_that_changes_nothing(device: Device, client: BraiinsClient) -> None:
    """Less than a watt would look done before it is; nothing is sent for it."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 1, "patch": 0}
    for percent in (100, 100.02, 99.98):
        assert await client.scale_power_target(percent, TargetReference.CURRENT) == 2800
    assert device.writes == []


@pytest.mark.parametrize("step", [600.0, -2000.0, 0.0, 0.4, -0.6, float("nan"), float("inf")])
async def test_step_that_is_none_or_too_wide(
    step: float, device: Device, client: BraiinsClient
) -> None:
    """Reckoned from the stored target of 2800 W before anything is sent."""
    with pytest.raises(InvalidValueError):
        await client.step_power_target(step)
    assert device.writes == []


@pytest.mark.parametrize("step", [0.0, 0.009, -1e-9, float("nan"), float("-inf")])
async def test_hashrate_step_that_would_not_show(
    step: float, device: Device, client: BraiinsClient
) -> None:
    """What a device tells would be the same before and after, so nobody could say."""
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    with pytest.raises(InvalidValueError, match=r"the smallest is 0\.01 TH/s"):
        await client.step_hashrate_target(step)
    assert device.asked == []


async def test_step_without_a_present_target(device: Device, client: BraiinsClient) -> None:
    """Where nothing is told there is nothing to reckon from."""
    device.answers["GET", "configuration/miner"] = {"tuner": {"power_target": None}}
    device.answers["GET", "performance/mode"] = {"tunermode": {"target": {"powertarget": {}}}}
    with pytest.raises(UnsupportedError, match="no present target"):
        await client.step_power_target(100)
    assert device.writes == []


async def test_step_of_the_other_mode(device: Device, client: BraiinsClient) -> None:
    """As with absolute targets: nothing is stored that has no effect."""
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    with pytest.raises(RejectedError, match="performance mode"):
        await client.step_power_target(100)
    assert device.writes == []


@pytest.mark.parametrize("step", [1, 100])
async def test_step_that_was_accepted_and_ignored(
    step: float, device: Device, client: BraiinsClient
) -> None:
    """Firmware has done that."""
    device.answers[INCREMENT] = {"watt": 2800}
    with pytest.raises(RejectedError, match="left its target at 2800 W"):
        await client.step_power_target(step)


@pytest.mark.parametrize("step", [1, 100])
@pytest.mark.parametrize("worked", [True, False])
async def test_lost_answer_of_a_step(
    worked: bool, step: int, device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """Looked up, and never sent again: it would add up. The old target is no success."""
    device.answers[DECREMENT] = drop
    tuner: dict[str, Json] = {"enabled": True, "tuner_mode": 1}
    old: Json = {"tuner": tuner | {"power_target": {"watt": 2800}}}
    new: Json = {"tuner": tuner | {"power_target": {"watt": 2800 - step}}}
    device.answers["GET", "configuration/miner"] = then(old, old, new if worked else old)
    if worked:
        assert await client.step_power_target(-step) == 2800 - step
    else:
        with pytest.raises(UnconfirmedError):
            await client.step_power_target(-step)
    assert device.writes == [DECREMENT]
    assert naps.taken[0] == 1


# Password


@pytest.mark.parametrize("drops", [True, False])
async def test_change_and_remove_password(
    drops: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """Device and client together, whether it ends sessions or not, and no login too many."""
    miner = await machine()
    miner.device.unknowns.password_change_drops_sessions = drops
    client = client_of(miner)
    await client.read(slow=True)
    await client.change_password("better")
    assert miner.password == "better"
    await client.read(slow=True)
    assert miner.logins == 2
    await client.change_password(None)
    assert miner.password == ""
    await client.read(slow=True)
    await client.check_access()


@pytest.mark.parametrize("password", ["", "a\nb"])
async def test_no_password(password: str, device: Device, client: BraiinsClient) -> None:
    """Refused before anything is sent."""
    with pytest.raises(InvalidValueError):
        await client.change_password(password)
    assert device.asked == []


async def test_refused_password(device: Device, client: BraiinsClient) -> None:
    """The old one stays in use, and the device's words, which may repeat it, are left out."""
    device.answers[PASSWORD] = refusal(400, "'better' is too short")
    with pytest.raises(RejectedError) as caught:
        await client.change_password("better")
    assert "better" not in str(caught.value)
    await client.check_access()
    assert device.writes == [PASSWORD]


def losing(
    device: Device, *passwords: str
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Take one of the passwords and lose the answer; none of them: keep what is valid."""

    async def answer(request: web.Request) -> web.StreamResponse:
        for password in passwords:
            device.password = password
        return await drop(request)

    return answer


async def test_lost_answer_of_a_password(device: Device, client: BraiinsClient, naps: Naps) -> None:
    """Which one is valid shows by logging in, once each; the back-off is not in the way."""
    await client.read(slow=True)
    device.answers[PASSWORD] = losing(device, "better")
    await client.change_password("better")
    logins = device.logins
    await client.read(slow=True)
    assert device.logins == logins == 2

    device.answers[PASSWORD] = losing(device)
    with pytest.raises(RevertedError) as caught:
        await client.change_password("best")
    assert "best" not in str(caught.value)
    assert device.logins == 4
    # The refusal in between does not keep the next request waiting.
    await client.read(slow=True)
    assert device.writes == [PASSWORD, PASSWORD]
    assert sum(naps.taken) == 0


async def test_neither_password_is_valid(device: Device, client: BraiinsClient) -> None:
    """Nobody knows; the old one stays in use, and no more than two logins are tried."""
    await client.read(slow=True)
    device.answers[PASSWORD] = losing(device, "something else")
    with pytest.raises(UnconfirmedError):
        await client.change_password("better")
    assert device.logins == 3
    device.password = "root"
    await client.check_access()


@pytest.mark.parametrize("answered", [True, False])
async def test_device_goes_away_after_a_password(
    answered: bool, device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """What it said counts; without an answer nothing is known."""
    await client.read(slow=True)
    device.answers["POST", "auth/login"] = drop
    device.answers[PASSWORD] = NO_CONTENT if answered else losing(device, "better")
    if answered:
        await client.change_password("better")
    else:
        with pytest.raises(UnconfirmedError):
            await client.change_password("better")
    assert naps.taken == [0, 1, 2, 4]
    del device.answers["POST", "auth/login"]
    device.tokens.clear()
    if answered:
        await client.check_access()
    else:
        with pytest.raises(AuthenticationError):
            await client.check_access()


# Network

STATIC = StaticAddress(
    address="192.0.2.5", netmask="255.255.255.0", gateway="192.0.2.1", dns=("192.0.2.1",)
)


async def test_network(machine: MakeMachine, client_of: MakeClient) -> None:
    """Address and name, and what is so already is not sent."""
    miner = await machine()
    client = client_of(miner)
    stored = miner.device.settings.network
    await client.set_network(NetworkSettings(static=STATIC, hostname="garage"))
    assert stored.hostname == "garage"
    assert stored.static == {
        "address": "192.0.2.5",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns_servers": ["192.0.2.1"],
    }
    await client.set_hostname("cellar")
    assert stored.hostname == "cellar"
    assert stored.static is not None
    await client.set_network(NetworkSettings())
    assert miner.device.settings.network.hostname == "cellar"
    assert miner.device.settings.network.static is None
    writes = miner.writes
    await client.set_network(NetworkSettings(hostname="cellar"))
    await client.set_hostname("cellar")
    assert miner.writes == writes == 3
    assert miner.truth()["mining_restarts"] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"address": "192.0.2"}, "no IPv4 address"),
        ({"address": "fe80::1"}, "no IPv4 address"),
        ({"address": "192.0.2.256"}, "no IPv4 address"),
        ({"address": "127.0.0.1"}, "no address of a host"),
        ({"address": "224.0.0.1"}, "no address of a host"),
        ({"address": "0.0.0.0"}, "no address of a host"),
        ({"address": "192.0.2.0"}, "no host of the network"),
        ({"address": "192.0.2.255"}, "no host of the network"),
        ({"address": "192.0.2.1"}, "of the gateway"),
        ({"netmask": "255.255.0.255"}, "no netmask"),
        ({"netmask": "24"}, "no netmask such as"),
        ({"netmask": "0.0.0.255"}, "no netmask such as"),
        ({"netmask": "255.255.255.254"}, "no netmask such as"),
        ({"netmask": "x"}, "no netmask"),
        ({"gateway": "198.51.100.1"}, "no host of the network"),
        ({"dns": ("dns.example",)}, "no IPv4 address"),
        ({"dns": ()}, "no DNS server"),
    ],
)
async def test_address_that_cannot_be(
    change: dict[str, Any], words: str, device: Device, client: BraiinsClient
) -> None:
    """A machine with such an address would not be found again."""
    with pytest.raises(InvalidValueError, match=words):
        await client.set_network(NetworkSettings(static=replace(STATIC, **change)))
    assert device.asked == []


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a.b", "ä", "x" * 64])
async def test_host_name_that_cannot_be(name: str, device: Device, client: BraiinsClient) -> None:
    """One label of letters, digits and hyphens."""
    with pytest.raises(InvalidValueError, match="no host name"):
        await client.set_hostname(name)
    with pytest.raises(InvalidValueError, match="no host name"):
        await client.set_network(NetworkSettings(hostname=name))
    assert device.asked == []


async def test_network_that_stored_something_else(device: Device, client: BraiinsClient) -> None:
    """What the device says that holds is what counts."""
    now: Json = {"hostname": "Antminer", "protocol": {"dhcp": {}}}
    device.answers["GET", "network/configuration"] = now
    device.answers["PATCH", "network/configuration"] = now
    with pytest.raises(RejectedError):
        await client.set_hostname("garage")


@pytest.mark.parametrize("worked", [True, False])
async def test_lost_answer_at_the_same_address(
    worked: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """Looked up where it was."""
    miner = await machine()
    miner.faults.set("PATCH network/configuration", Fault(reset=True, execute=worked))
    if worked:
        await client_of(miner).set_hostname("garage")
    else:
        with pytest.raises(UnconfirmedError):
            await client_of(miner).set_hostname("garage")
    assert miner.requests.count("PATCH /api/v1/network/configuration") == 1


@pytest.mark.parametrize(("found", "dhcp"), [(True, False), (False, False), (True, True)])
async def test_lost_answer_and_another_address(
    *, found: bool, dhcp: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """A new static address is looked at, without credentials; that of DHCP nobody knows."""
    miner, other = await machine(), await machine("BMM 101")
    client, elsewhere = client_of(miner), client_of(other)
    asked: list[str] = []

    def at(address: str) -> object:
        asked.append(address)
        return elsewhere._api

    async def moved(seconds: float) -> None:
        await miner.stop()
        if not found:
            await other.stop()

    client._api_at, client._sleep = at, moved  # type: ignore[assignment]  # stands in for a move
    miner.faults.set("PATCH network/configuration", Fault(reset=True, execute=True))
    miner.device.settings.network.static = {"address": "192.0.2.9"}
    wanted = NetworkSettings(static=None if dhcp else STATIC)
    if found and not dhcp:
        await client.set_network(wanted)
        assert asked == ["192.0.2.5"]
    else:
        with pytest.raises(UnconfirmedError):
            await client.set_network(wanted)
    assert other.logins == 0


# Mining process, tuning, licence


async def test_stop(machine: MakeMachine, client_of: MakeClient) -> None:
    """Nothing is measured any more, and the switch starts it again."""
    miner = await machine()
    client = client_of(miner)
    await client.read(slow=True)
    await client.stop_mining()
    snapshot = await client.read(slow=True)
    assert snapshot.state is MinerState.STOPPED
    assert snapshot.tuner_state is None
    assert snapshot.license_state is None
    assert snapshot.fault_log is not None
    miner.faults.set("PUT actions/stop", Fault(reset=True, execute=True))
    await client.stop_mining()
    assert miner.requests.count("PUT /api/v1/actions/stop") == 2


async def test_default_quick_ramping(machine: MakeMachine, client_of: MakeClient) -> None:
    """Back to what the model comes with."""
    miner = await machine()
    client = client_of(miner)
    await client.set_setting(Feature.QUICK_RAMP_UP, 77)
    miner.faults.set("PUT performance/quick-ramping/default", Fault(reset=True, execute=True))
    await client.default_quick_ramping()
    snapshot = await client.read(slow=True)
    assert snapshot.settings[Feature.QUICK_RAMP_UP] == 30
    assert Feature.DEFAULT_QUICK_RAMPING in client.capabilities


@pytest.mark.parametrize("rest", [(1, 0, 0), (1, 4, 0)])
async def test_profiles(
    rest: tuple[int, int, int], machine: MakeMachine, client_of: MakeClient, clock: ManualClock
) -> None:
    """What was tuned, what is expected where that is told, and how both are forgotten."""
    miner = await machine("S19j Pro", rest)
    client = client_of(miner)
    await client.set_power_target(2000)
    clock.advance(900)
    profiles = await client.get_profiles()
    tuned = [profile for profile in profiles if profile.name is None]
    assert 2000 in {profile.power_target for profile in tuned}
    for profile in tuned:
        assert profile.tuned_at is not None
        assert profile.tuned_at.startswith("202")
        assert profile.hashrate is not None
        assert 10 < profile.hashrate < 300
    expected = [profile for profile in profiles if profile.name == "expected"]
    assert bool(expected) is (rest >= (1, 4, 0))
    restarts = miner.truth()["mining_restarts"]
    miner.faults.set("DELETE performance/tuned-profiles", Fault(reset=True, execute=True))
    miner.device.timing.process_start = 0
    await client.remove_profiles()
    assert miner.truth()["mining_restarts"] == int(str(restarts)) + 1
    miner.faults.set("performance/efficiency-profile", Fault(status=500))
    assert {profile.name for profile in await client.get_profiles()} <= {None}


async def test_contract_key(device: Device, client: BraiinsClient) -> None:
    """Taken, refused, or no key at all; it is in no error."""
    path = ("PUT", "license/apply-contract-key")
    device.answers[path] = {"successful": True}
    await client.apply_contract_key("secret-key")
    assert device.asked[-1].json == {"contract_key": "secret-key"}
    device.answers[path] = {"successful": False}
    with pytest.raises(RejectedError) as caught:
        await client.apply_contract_key("secret-key")
    assert "secret-key" not in str(caught.value)
    device.answers[path] = refusal(400, "secret-key is invalid")
    with pytest.raises(RejectedError) as caught:
        await client.apply_contract_key("secret-key")
    assert "secret-key" not in str(caught.value)
    device.answers[path] = drop
    with pytest.raises(UnconfirmedError):
        await client.apply_contract_key("secret-key")
    device.asked.clear()
    for key in ("", "a\nb"):
        with pytest.raises(InvalidValueError):
            await client.apply_contract_key(key)
    assert device.asked == []


# Advanced settings, automatic upgrades, logs


async def test_advanced_settings(machine: MakeMachine, client_of: MakeClient) -> None:
    """All of them, some of them changed, and all of them back; lost answers looked up."""
    miner = await machine("S21 Hyd")
    client = client_of(miner)
    own = {"allow_single_board": False, "watchdog_minutes": 20}
    assert await client.get_advanced_settings() == own
    changed = own | {"watchdog_minutes": 30}
    assert await client.set_advanced_settings({"watchdog_minutes": 30}) == changed
    miner.faults.set("PATCH advanced-settings", Fault(reset=True, execute=True))
    again = await client.set_advanced_settings({"watchdog_minutes": None})
    assert again == own
    miner.faults.set("DELETE advanced-settings", Fault(reset=True, execute=True))
    assert await client.reset_advanced_settings() == own
    miner.faults.clear()
    with pytest.raises(RejectedError, match="unknown setting"):
        await client.set_advanced_settings({"nonsense": 1})
    with pytest.raises(InvalidValueError):
        await client.set_advanced_settings({})


async def test_auto_upgrade(machine: MakeMachine, client_of: MakeClient) -> None:
    """Read back with the next slow read, whenever it would be due; the schedule stays."""
    miner = await machine("S19j Pro", (1, 1, 0))
    client = client_of(miner)
    miner.device.settings.auto_upgrade_schedule = {"schedule_type": {"daily": {"time": None}}}
    assert (await client.read(slow=True)).settings[Feature.AUTO_UPGRADE] is True
    await client.set_setting(Feature.AUTO_UPGRADE, False)
    assert miner.device.settings.auto_upgrade is False
    assert (await client.read(slow=True)).settings[Feature.AUTO_UPGRADE] is False
    await client.set_setting(Feature.AUTO_UPGRADE, False)
    assert miner.writes == 1
    assert miner.device.settings.auto_upgrade_schedule is not None
    with pytest.raises(InvalidValueError):
        await client.set_setting(Feature.AUTO_UPGRADE, "no")
    miner.faults.set("PATCH upgrade/auto-upgrade", Fault(body={"enabled": False}))
    with pytest.raises(RejectedError, match="left automatic upgrades off"):
        await client.set_setting(Feature.AUTO_UPGRADE, True)


async def test_logs(machine: MakeMachine, client_of: MakeClient) -> None:
    """Each kind is the right log of the device."""
    miner = await machine("S21 Pro")
    client = client_of(miner)
    await client.identify()
    offered = client.capabilities.choices[Feature.LOGS]
    assert offered == ("miner", "system", "kernel", "management", "support_archive")
    names = {
        LogKind.MINER: "bosminer",
        LogKind.SYSTEM: "syslog",
        LogKind.KERNEL: "dmesg",
        LogKind.MANAGEMENT: "boser",
    }
    for kind in LogKind:
        log = await client.fetch_log(kind)
        async with aclosing(log.chunks) as chunks:
            content = b"".join([chunk async for chunk in chunks])
        if kind is LogKind.SUPPORT_ARCHIVE:
            assert log.suffix == ".zip"
            assert ZipFile(BytesIO(content)).namelist() == ["errors.log"]
        else:
            assert log.suffix == ".log"
            assert content.decode().startswith(f"{names[kind]}: ")


# Firmware


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


async def test_pause_is_needed_for_nothing(machine: MakeMachine, client_of: MakeClient) -> None:
    """What needs the mining process says so, and what does not works without."""
    miner = await machine("S21 Hyd")
    client = client_of(miner)
    await client.read(slow=True)
    await client.stop_mining()
    with pytest.raises(MiningProcessDownError):
        await client.get_profiles()
    assert await client.get_pools()
    assert await client.get_advanced_settings()
