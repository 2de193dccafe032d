"""Polls: what is asked, what it becomes, and what happens when parts of it fail."""

import asyncio
from collections.abc import Callable

from aiohttp import ClientSession, web
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.faults import FAULTS
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    MalformedReplyError,
    UnreachableError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import (
    Fan,
    Fault,
    Feature,
    LicenseState,
    MinerState,
    Pool,
    Snapshot,
)
from tests.simulators.clock import ManualClock

from .answers import (
    HASHRATE_MODE,
    LIVE,
    RARE,
    SLOW,
    details,
    drop,
    process_down,
)
from .device import AWAY, STATS, STOPPED, Device, Reply, board


async def test_live_read_takes_three_requests(device: Device, client: BraiinsClient) -> None:
    """The budget, and details before all else."""
    await client.identify()
    await client.read(slow=True)
    device.asked.clear()
    await client.read(slow=False)
    assert device.calls == LIVE


async def test_slow_read(device: Device, client: BraiinsClient) -> None:
    """Everything else, with constraints and what changes hardly ever only once."""
    await client.identify()
    device.asked.clear()
    await client.read(slow=True)
    assert device.calls[:3] == LIVE
    assert len(device.calls) == 12
    assert set(device.calls[3:]) == SLOW | RARE
    device.asked.clear()
    await client.read(slow=True)
    assert len(device.calls) == 9
    assert set(device.calls[3:]) == SLOW
    assert device.max_open == 2


async def test_first_slow_read_of_an_unknown_device(device: Device, client: BraiinsClient) -> None:
    """The most that is ever asked for at once: three live ones and twelve more."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 1, "patch": 0}
    device.answers["GET", "upgrade/auto-upgrade"] = {"enabled": True}
    await client.read(slow=True)
    once = {("GET", "version/"), ("GET", "configuration/constraints")}
    asked = [call for call in device.calls if call[1] != "auth/login"]
    assert set(asked[3:]) == SLOW | RARE | once | {("GET", "upgrade/auto-upgrade")}
    assert len(asked) == 15


async def test_what_changes_hardly_ever_is_read_in_turn(
    device: Device, client: BraiinsClient, clock: ManualClock
) -> None:
    """Two with a slow read at most: the log every five minutes, the others every ten."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 1, "patch": 0}
    device.answers["GET", "upgrade/auto-upgrade"] = {"enabled": True}
    first = await client.read(slow=True)
    assert first.settings[Feature.AUTO_UPGRADE] is True
    passed: list[list[str]] = []
    for _ in range(12):
        clock.advance(60)
        device.asked.clear()
        snapshot = await client.read(slow=True)
        passed.append(sorted(path for _, path in {*device.calls} - SLOW - set(LIVE)))
        assert (snapshot.fault_log, snapshot.ip_address) == ((), "192.0.2.7")
        assert snapshot.license_state is LicenseState.VALID
        assert snapshot.settings == first.settings
    none: list[str] = []
    assert passed == [
        *[none] * 4,
        ["miner/errors"],
        *[none] * 4,
        ["license/license", "network/"],
        ["miner/errors", "upgrade/auto-upgrade"],
        none,
    ]


async def test_what_failed_is_read_again(device: Device, client: BraiinsClient) -> None:
    """An error is no answer; that firmware does not have it is one."""
    good = dict(device.answers)
    device.answers["GET", "miner/errors"] = Reply(status=500)
    device.answers["GET", "network/"] = Reply(status=404)
    snapshot = await client.read(slow=True)
    assert snapshot.fault_log is None
    assert snapshot.ip_address is None
    assert Feature.FAULT_LOG not in client.capabilities
    assert Feature.IP_ADDRESS not in client.capabilities
    device.answers = good
    device.asked.clear()
    snapshot = await client.read(slow=True)
    assert snapshot.fault_log == ()
    assert {call for call in device.calls if call in RARE} == {("GET", "miner/errors")}


async def test_snapshot_while_mining(client: BraiinsClient) -> None:
    """All values in plain terms."""
    snapshot = await client.read(slow=True)
    assert snapshot.mac == "02:5a:10:00:00:07"
    assert snapshot.state is MinerState.MINING
    assert snapshot.mining_wanted is True
    assert snapshot.hashrate == 99.0
    assert snapshot.expected_hashrate == 102.0
    assert snapshot.power == 3050.0
    assert snapshot.efficiency == 30.8
    assert snapshot.temperature == 72.5
    assert snapshot.environment_temperature is None
    assert snapshot.inlet_temperature == 32.0
    assert snapshot.outlet_temperature == 53.0
    assert snapshot.uptime == 90000
    assert snapshot.mining_uptime == 80000
    assert snapshot.accepted_shares == 4000
    assert snapshot.rejected_shares == 16
    assert [one.index for one in snapshot.boards] == [1, 2, 3]
    assert snapshot.fans[0] == Fan(index=1, speed=4000)
    assert len(snapshot.fans) == 4
    assert snapshot.pools == (
        Pool(
            index=1,
            url="stratum+tcp://pool.example:3333",
            user="someone.rig",
            enabled=True,
            alive=True,
            active=True,
            accepted=3900,
            rejected=15,
            stale=2,
        ),
        Pool(
            index=2,
            url="stratum+tcp://spare.example:3333",
            user="someone.rig",
            enabled=True,
            alive=False,
            active=False,
        ),
    )
    assert snapshot.faults is None
    assert snapshot.locate is False
    assert snapshot.power_target == 2800
    assert snapshot.power_target_effective == 2500
    assert snapshot.hashrate_target is None


async def test_capabilities_once_seen(client: BraiinsClient) -> None:
    """What a large air-cooled machine shows."""
    await client.read(slow=True)
    seen = client.capabilities
    assert {Feature.BOARD_CHIPS, Feature.BOARD_VOLTAGE, Feature.INLET_TEMPERATURE} <= seen.features
    assert Feature.FAULTS not in seen
    assert {
        Feature.FAULT_LOG,
        Feature.TUNER_STATE,
        Feature.LICENSE_STATE,
        Feature.IP_ADDRESS,
        Feature.STOP_MINING,
        Feature.LOGS,
    } <= seen.features
    assert seen.choices[Feature.LOGS] == ("support_archive",)
    # The device names no range for it.
    assert Feature.DEFAULT_QUICK_RAMPING not in seen
    assert Feature.AUTO_UPGRADE not in seen
    assert Feature.ENVIRONMENT_TEMPERATURE not in seen
    assert Feature.POWER_PERCENT not in seen
    assert seen.fans == {1, 2, 3, 4}
    assert seen.boards == {1, 2, 3}


async def test_slow_values_stay_between_slow_reads(device: Device, client: BraiinsClient) -> None:
    """And go when a slow read does not bring them."""
    first = await client.read(slow=True)
    second = await client.read(slow=False)
    assert second.boards == first.boards
    assert second.pools == first.pools
    device.answers["GET", "pools/"] = Reply(status=500)
    third = await client.read(slow=True)
    assert third.pools is None
    assert third.boards == first.boards


@pytest.mark.parametrize(("_method", "path"), sorted(SLOW) + LIVE[1:])
async def test_any_part_may_fail_alone(
    _method: str, path: str, device: Device, client: BraiinsClient
) -> None:
    """One call that goes wrong takes only its own values with it."""
    whole = await client.read(slow=True)
    device.answers["GET", path] = Reply(status=500)
    partial = await client.read(slow=True)
    assert partial.state is MinerState.MINING
    lost = {
        "miner/hw/hashboards": {"boards", "inlet_temperature", "outlet_temperature"},
        "performance/tuner-state": {"power_target_effective", "tuner_state"},
        # The configuration tells the same as the mode, here.
        "performance/mode": set[str](),
        "configuration/miner": {"settings"},
        "pools/": {"pools"},
        "actions/locate": {"locate"},
        "cooling/state": {"fans", "temperature"},
        "miner/stats": {
            "hashrate",
            "expected_hashrate",
            "power",
            "efficiency",
            "accepted_shares",
            "rejected_shares",
        },
    }[path]
    changed = {name for name in whole.__slots__ if getattr(whole, name) != getattr(partial, name)}
    assert changed == lost


async def test_targets_by_mode_alone(device: Device, client: BraiinsClient) -> None:
    """What the configuration does not tell, the mode in force does."""
    device.answers["GET", "configuration/miner"] = {"tuner": None}
    assert (await client.read(slow=True)).power_target == 2800
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    snapshot = await client.read(slow=True)
    assert snapshot.power_target is None
    assert snapshot.hashrate_target == 90.0
    device.answers["GET", "performance/mode"] = {"manualmode": {"hashboards": []}}
    snapshot = await client.read(slow=True)
    assert snapshot.power_target is None
    assert snapshot.hashrate_target is None


async def test_hashrate_target(device: Device, client: BraiinsClient) -> None:
    """While the tuner holds a hashrate, the stored power target is stale."""
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    device.answers["GET", "configuration/miner"] = {
        "tuner": {
            "tuner_mode": 2,
            "power_target": {"watt": 2800},
            "hashrate_target": {"terahash_per_second": 91.0},
        }
    }
    snapshot = await client.read(slow=True)
    assert snapshot.power_target is None
    assert snapshot.hashrate_target == 91.0
    device.answers["GET", "performance/mode"] = Reply(status=500)
    assert (await client.read(slow=True)).hashrate_target == 91.0
    device.answers["GET", "configuration/miner"] = {"tuner": {"tuner_mode": 2}}
    assert (await client.read(slow=True)).hashrate_target is None
    device.answers["GET", "configuration/miner"] = {"tuner": {"tuner_mode": 1}}
    assert (await client.read(slow=True)).power_target is None


async def test_paused(device: Device, client: BraiinsClient) -> None:
    """Off on purpose: no hashrate however slowly the averages fade, power as estimated."""
    await client.read(slow=True)
    device.answers["GET", "miner/details"] = details(status=3)
    snapshot = await client.read(slow=False)
    assert snapshot.state is MinerState.PAUSED
    assert snapshot.mining_wanted is False
    assert snapshot.hashrate == 0.0
    assert [one.hashrate for one in snapshot.boards] == [0.0, 0.0, 0.0]
    assert snapshot.power == 3050.0
    assert snapshot.efficiency is None
    device.answers["GET", "miner/stats"] = STATS | {"power_stats": None}
    assert (await client.read(slow=False)).power == 0.0


@pytest.mark.parametrize(("told", "efficiency"), [(None, 3050 / 99), (0.0, 3050 / 99), (31, 31)])
async def test_efficiency(
    told: float | None, efficiency: float, device: Device, client: BraiinsClient
) -> None:
    """The device's own, else power by hashrate."""
    power: Json = {
        "approximated_consumption": {"watt": 3050},
        "efficiency": {"joule_per_terahash": told},
    }
    device.answers["GET", "miner/stats"] = STATS | {"power_stats": power}
    assert (await client.read(slow=False)).efficiency == pytest.approx(efficiency)


async def test_efficiency_of_unknown_power(device: Device, client: BraiinsClient) -> None:
    """Nothing is made of nothing."""
    device.answers["GET", "miner/stats"] = STATS | {"power_stats": None}
    snapshot = await client.read(slow=False)
    assert snapshot.power is None
    assert snapshot.efficiency is None


async def test_starting_after_resume(
    device: Device, client: BraiinsClient, clock: ManualClock
) -> None:
    """Old processes start boards too; only after ten minutes something is in the way."""
    idle = STATS | {"miner_stats": None}
    device.answers["GET", "miner/stats"] = idle
    device.answers["GET", "miner/details"] = details(status=1)
    assert (await client.read(slow=False)).state is MinerState.LIMITED
    device.answers["GET", "miner/details"] = details(status=3)
    assert (await client.read(slow=False)).state is MinerState.PAUSED
    device.answers["GET", "miner/details"] = details(status=1)
    clock.advance(599)
    assert (await client.read(slow=False)).state is MinerState.STARTING
    clock.advance(1)
    assert (await client.read(slow=False)).state is MinerState.LIMITED
    device.answers["GET", "miner/details"] = details(status=1, bosminer_uptime_s=599)
    assert (await client.read(slow=False)).state is MinerState.STARTING


@pytest.mark.parametrize(
    ("answer", "state", "wanted", "hashrate", "power"),
    [
        (STOPPED, MinerState.STOPPED, False, 0.0, 0.0),
        (AWAY, MinerState.RESTARTING, True, None, None),
    ],
)
async def test_process_down(  # pytest calls by name
    answer: Reply,
    state: MinerState,
    wanted: bool,
    hashrate: float | None,
    power: float | None,
    device: Device,
    client: BraiinsClient,
) -> None:
    """The device stays available; nothing of the process's last words is shown."""
    await client.identify()
    whole = await client.read(slow=True)
    assert whole.boards
    process_down(device, answer, bosminer_uptime_s=0)
    device.asked.clear()
    snapshot = await client.read(slow=False)
    # One of them is enough to tell whether it restarts or is stopped.
    assert device.calls == LIVE[:2]
    assert snapshot.state is state
    assert snapshot.mining_wanted is wanted
    assert snapshot.hashrate == hashrate
    assert snapshot.power == power
    assert snapshot.efficiency is None
    assert snapshot.boards == ()
    assert snapshot.fans == ()
    assert snapshot.temperature is None
    assert snapshot.power_target_effective is None
    assert snapshot.uptime == 90000
    assert snapshot.power_target == 2800
    assert snapshot.pools == whole.pools

    device.asked.clear()
    await client.read(slow=True)
    assert set(device.calls) == {
        *LIVE[:2],
        ("GET", "configuration/miner"),
        ("GET", "pools/"),
        ("GET", "actions/locate"),
    }


@pytest.mark.parametrize(
    ("answer", "state"), [(STOPPED, MinerState.STOPPED), (AWAY, MinerState.RESTARTING)]
)
async def test_process_that_has_just_gone(
    answer: Reply, state: MinerState, device: Device, client: BraiinsClient
) -> None:
    """What needs the process tells the truth before the details do."""
    process_down(device, answer)
    snapshot = await client.read(slow=True)
    assert snapshot.state is state
    assert snapshot.boards == ()


async def test_one_answer_of_the_process_is_enough(device: Device, client: BraiinsClient) -> None:
    """One refused call does not mean that the process is gone when another one worked."""
    device.answers["GET", "miner/stats"] = AWAY
    snapshot = await client.read(slow=False)
    assert snapshot.state is MinerState.MINING
    assert snapshot.hashrate is None
    assert snapshot.temperature == 72.5


async def test_process_that_has_just_come(device: Device, client: BraiinsClient) -> None:
    """It can answer while the details still say that it does not run."""
    device.answers["GET", "miner/details"] = details(status=1, bosminer_uptime_s=0)
    snapshot = await client.read(slow=False)
    assert snapshot.state is MinerState.STARTING
    assert snapshot.fans


async def test_returning_process_is_asked_anew(device: Device, client: BraiinsClient) -> None:
    """Boards at once, and constraints, which a restart can change."""
    await client.identify()
    await client.read(slow=True)
    healthy = dict(device.answers)
    process_down(device, AWAY, bosminer_uptime_s=0)
    await client.read(slow=False)
    device.answers = healthy
    device.answers["GET", "miner/details"] = details(bosminer_uptime_s=5)
    device.asked.clear()
    snapshot = await client.read(slow=False)
    assert len(snapshot.boards) == 3
    anew = {("GET", "configuration/constraints"), ("GET", "license/license")}
    assert set(device.calls) == {*LIVE, *SLOW, *anew}
    device.asked.clear()
    await client.read(slow=False)
    assert device.calls == LIVE


async def test_replaced_process_is_asked_anew(device: Device, client: BraiinsClient) -> None:
    """A restart between two polls shows in the process's age."""
    await client.identify()
    await client.read(slow=True)
    device.answers["GET", "configuration/constraints"] = {
        "tuner_constraints": {"power_target": {"min": {"watt": 800}, "max": {"watt": 900}}}
    }
    device.answers["GET", "miner/details"] = details(bosminer_uptime_s=5)
    await client.read(slow=False)
    power_target = client.capabilities.ranges.get(Feature.POWER_TARGET)
    assert power_target is not None
    assert power_target.maximum == 900


async def test_details_decide_about_reachability(device: Device, client: BraiinsClient) -> None:
    """Without details there is no snapshot; the reason is passed on."""
    device.answers["GET", "miner/details"] = drop
    with pytest.raises(UnreachableError):
        await client.read(slow=True)
    device.answers["GET", "miner/details"] = Reply(body=b"<html>")
    with pytest.raises(MalformedReplyError):
        await client.read(slow=True)
    device.answers["GET", "miner/details"] = Reply(status=401)
    with pytest.raises(AuthenticationError):
        await client.read(slow=True)


async def read_rest(
    client: BraiinsClient, rest: Callable[[Snapshot], object], *, slow: bool
) -> Snapshot:
    """Read a device of which one part hangs, with as much time as the rest needs here and now."""
    for seconds in (0.25, 1.0, 4.0, 16.0):
        snapshot = await client.read(slow=slow, seconds=seconds)
        if rest(snapshot) is not None:
            break
    return snapshot


async def test_slow_device_is_not_waited_for(device: Device, http: ClientSession) -> None:
    """What has answered in time counts, the rest is not known."""
    client = BraiinsClient("127.0.0.1", device.port, Credentials(password="root"), http)
    await client.check_access()
    released = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response({})

    device.answers["GET", "miner/stats"] = hang
    snapshot = await read_rest(client, lambda seen: seen.temperature, slow=False)
    assert snapshot.state is MinerState.MINING
    assert snapshot.hashrate is None
    assert snapshot.temperature == 72.5
    # The live values come first, so slow ones that hang cost nothing but themselves.
    device.answers["GET", "miner/stats"] = STATS
    device.answers["GET", "pools/"] = hang
    snapshot = await read_rest(client, lambda seen: seen.power_target, slow=True)
    assert snapshot.hashrate == 99.0
    assert snapshot.pools is None
    assert snapshot.power_target == 2800
    device.answers["GET", "miner/details"] = hang
    with pytest.raises(UnreachableError):
        await client.read(slow=False, seconds=0.25)
    released.set()


async def test_detailed_status(device: Device, client: BraiinsClient) -> None:
    """From 1.7.0 present faults are known, and so is that there are none."""
    reason: Json = {"hardware_error": {"message": "Board 2 {ERR:H2}"}}
    device.answers["GET", "miner/details"] = details(
        status=4, detailed_status={"status": {"stopped": {"reason": reason}}}
    )
    snapshot = await client.read(slow=False)
    assert snapshot.state is MinerState.FAULT
    assert snapshot.mining_wanted is True
    remedy = FAULTS["hardware_error"].remedy
    key = "braiins_hardware_error"
    assert snapshot.faults == (
        Fault(code="H2", message="Board 2 {ERR:H2}", remedy=remedy, key=key),
    )
    device.answers["GET", "miner/details"] = details(
        detailed_status={"status": {"running": {"reason": {"normal": {}}}}}
    )
    assert (await client.read(slow=False)).faults == ()
    assert Feature.FAULTS in client.capabilities


async def test_mini_miner(device: Device, client: BraiinsClient) -> None:
    """No ranges, no targets: no numbers. One fan, and boards that come later."""
    device.answers["GET", "configuration/constraints"] = {
        "tuner_constraints": {"power_target": None, "hashrate_target": None, "default_mode": 1},
        "hashboards_constraints": None,
    }
    device.answers["GET", "configuration/miner"] = {
        "tuner": {"enabled": None, "tuner_mode": None, "power_target": None}
    }
    device.answers["GET", "performance/mode"] = {"tunermode": {"target": None}}
    device.answers["GET", "miner/hw/hashboards"] = {"hashboards": []}
    device.answers["GET", "cooling/state"] = {"fans": [{"position": None, "rpm": 170}]}
    await client.identify()
    snapshot = await client.read(slow=True)
    capabilities = client.capabilities
    assert snapshot.power_target is None
    assert capabilities.ranges.get(Feature.POWER_TARGET) is None
    assert capabilities.boards == frozenset()
    assert capabilities.fans == {1}
    commands = {Feature.MINING, Feature.LOCATE, Feature.RESTART_MINING, Feature.REBOOT}
    targets = {
        Feature.POWER_TARGET,
        Feature.POWER_TARGET_EFFECTIVE,
        Feature.DEFAULT_POWER_TARGET,
        Feature.HASHRATE_TARGET,
        Feature.DEFAULT_HASHRATE_TARGET,
    }
    assert commands <= capabilities.features
    assert not targets & capabilities.features
    for command in (
        client.set_power_target(30),
        client.set_hashrate_target(1),
        client.default_power_target(),
        client.default_hashrate_target(),
    ):
        with pytest.raises(UnsupportedError):
            await command
    assert device.writes == []
    device.answers["GET", "miner/hw/hashboards"] = {"hashboards": [board("1")]}
    await client.read(slow=True)
    assert client.capabilities.boards == {1}
