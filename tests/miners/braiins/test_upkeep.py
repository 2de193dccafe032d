"""Mining process, tuned profiles, licence, advanced settings, automatic upgrades, logs."""

from contextlib import aclosing
from io import BytesIO
from zipfile import ZipFile

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    UnconfirmedError,
)
from custom_components.asic_miner.miners.models import Feature, MinerState
from custom_components.asic_miner.miners.orders import LogKind, Profile
from tests.miners.reasons import because
from tests.simulators.braiins import Fault
from tests.simulators.clock import ManualClock

from .answers import drop
from .conftest import MakeClient, MakeMachine
from .device import Device, refusal


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


async def test_the_numbers_of_profiles(device: Device, client: BraiinsClient) -> None:
    """Each in its own unit; a time that no calendar has is not known."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 4, "patch": 0}
    device.answers["GET", "performance/target-profiles"] = {
        "power_target_profiles": [
            {
                "target": {"watt": 2000},
                "estimated_power_consumption": {"watt": 2050},
                "measured_hashrate": {"gigahash_per_second": 80_500},
                "created": {"seconds": 1_800_000_000},
            }
        ],
        "hashrate_target_profiles": [
            {"target": {"terahash_per_second": 90}, "created": {"seconds": 1 << 60}},
            {"target": {"terahash_per_second": 95}},
        ],
    }
    device.answers["GET", "performance/efficiency-profile"] = {
        "points": [
            {
                "power_target": {"watt": 1500},
                "consumption": {"watt": 1510},
                "hashrate": {"terahash_per_second": 60},
            }
        ]
    }
    assert await client.get_profiles() == (
        Profile(power_target=2000, power=2050, hashrate=80.5, tuned_at="2027-01-15T08:00:00+00:00"),
        Profile(hashrate_target=90),
        Profile(hashrate_target=95),
        Profile(name="expected", power_target=1500, power=1510, hashrate=60),
    )


async def test_contract_key(device: Device, client: BraiinsClient) -> None:
    """Taken, refused, or no key at all; it is in no error."""
    path = ("PUT", "license/apply-contract-key")
    device.answers[path] = {"successful": True}
    await client.apply_contract_key("secret-key")
    assert device.asked[-1].json == {"contract_key": "secret-key"}
    device.answers[path] = {"successful": False}
    with pytest.raises(RejectedError, check=because(Reason.LEFT_AS_IT_WAS)) as caught:
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
        with pytest.raises(InvalidValueError, check=because(Reason.WRONG_KIND)):
            await client.apply_contract_key(key)
    assert device.asked == []


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
    with pytest.raises(InvalidValueError, check=because(Reason.NOTHING_GIVEN)):
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
    with pytest.raises(InvalidValueError, check=because(Reason.WRONG_KIND)):
        await client.set_setting(Feature.AUTO_UPGRADE, "no")
    miner.faults.set("PATCH upgrade/auto-upgrade", Fault(body={"enabled": False}))
    why = because(Reason.LEFT_AS_IT_WAS)
    with pytest.raises(RejectedError, match="left automatic upgrades off", check=why):
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
