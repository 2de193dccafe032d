"""The client as Home Assistant uses it, against a device that answers from a table."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import ClientSession, web
import pytest

from custom_components.asic_miner.miners import create_client
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import (
    Capabilities,
    Fan,
    Fault,
    Feature,
    Make,
    MinerState,
    Pool,
    PowerRange,
)
from tests.simulators.clock import ManualClock

from .conftest import Naps
from .device import AWAY, CONSTRAINTS, DETAILS, STATS, STOPPED, Answer, Device, Reply, board

LIVE = [("GET", "miner/details"), ("GET", "cooling/state"), ("GET", "miner/stats")]
SLOW = {
    ("GET", "miner/hw/hashboards"),
    ("GET", "performance/tuner-state"),
    ("GET", "performance/mode"),
    ("GET", "configuration/miner"),
    ("GET", "pools/"),
    ("GET", "actions/locate"),
}
NEED_PROCESS = [
    "miner/stats",
    "miner/hw/hashboards",
    "cooling/state",
    "performance/mode",
    "performance/tuner-state",
]

POWER_TARGET = ("PUT", "performance/power-target")
HASHRATE_TARGET = ("PUT", "performance/hashrate-target")
PAUSE = ("PUT", "actions/pause")
RESUME = ("PUT", "actions/resume")

HASHRATE_MODE: Json = {
    "tunermode": {"target": {"hashratetarget": {"hashrate_target": {"terahash_per_second": 90.0}}}}
}


def details(**members: Json) -> Json:
    """Return details with some members of their own."""
    return DETAILS | members


def process_down(device: Device, answer: Reply, **members: Json) -> None:
    """Let the device be without its mining process."""
    for path in NEED_PROCESS:
        device.answers["GET", path] = answer
    device.answers["GET", "miner/details"] = details(status=1, **members)


def then(*answers: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer differently each time, and with the last one from then on."""
    left = list(answers)

    async def answer(_request: web.Request) -> web.StreamResponse:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Reply):
            return web.Response(
                status=now.status, body=now.body, headers={"Content-Type": now.content_type}
            )
        return web.json_response(now)

    return answer


async def drop(request: web.Request) -> web.StreamResponse:
    """Break the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


# Making and probing


async def test_made_by_the_common_function(device: Device, http: ClientSession) -> None:
    """Without credentials the usual user and no password are tried."""
    client = create_client(Make.BRAIINS, "127.0.0.1", device.port, Credentials(), http)
    assert isinstance(client, BraiinsClient)
    assert client.make is Make.BRAIINS
    assert client.capabilities == Capabilities()
    device.password = ""
    await client.check_access()
    await client.close()


async def test_probe(device: Device, client: BraiinsClient) -> None:
    """The version tells Braiins OS from others, without sending credentials."""
    assert await client.probe() is None
    assert device.calls == [("GET", "version/")]


@pytest.mark.parametrize(
    "answer",
    [
        {"major": 1, "minor": 0},
        "1.0.0",
        Reply(body=b"<html>Printer</html>"),
        Reply(status=401),
        Reply(status=404),
        Reply(status=500),
        Reply(status=301, headers={"Location": "https://printer.example/"}),
    ],
)
async def test_probe_of_something_else(
    answer: Answer, device: Device, client: BraiinsClient
) -> None:
    """Whatever else answers is of no or another make."""
    device.answers["GET", "version/"] = answer
    with pytest.raises(MalformedReplyError):
        await client.probe()
    assert device.logins == 0


async def test_probe_of_nothing(device: Device, client: BraiinsClient) -> None:
    """Nobody there is not somebody else."""
    await device.stop()
    with pytest.raises(UnreachableError):
        await client.probe()


# Identity


async def test_identify(device: Device, client: BraiinsClient) -> None:
    """Who it is, and which targets it takes."""
    identity = await client.identify()
    assert identity.mac == "02:5a:10:00:00:07"
    assert identity.model == "Antminer S19j Pro"
    assert client.capabilities.power_target == PowerRange(
        minimum=950, maximum=3300, step=10, default=3000
    )
    assert client.capabilities.hashrate_target == PowerRange(
        minimum=70.5, maximum=110, step=1, default=100
    )
    assert client.capabilities.boards == {1, 2, 3}
    assert Feature.DEFAULT_POWER_TARGET in client.capabilities
    assert len(device.calls) == 4


async def test_identify_by_network(device: Device, client: BraiinsClient) -> None:
    """Details without a MAC are made up for."""
    device.answers["GET", "miner/details"] = details(mac_address="", hostname="")
    identity = await client.identify()
    assert identity.mac == "02:5a:10:00:00:07"
    assert identity.hostname == "Antminer"


async def test_identify_without_constraints(device: Device, client: BraiinsClient) -> None:
    """They are asked for again with the next slow read, or when they are needed."""
    device.answers["GET", "configuration/constraints"] = Reply(status=500)
    await client.identify()
    assert Feature.POWER_TARGET not in client.capabilities
    assert Feature.MINING in client.capabilities
    await client.read(slow=True)
    assert Feature.POWER_TARGET not in client.capabilities
    device.answers["GET", "configuration/constraints"] = CONSTRAINTS
    await client.read(slow=True)
    assert Feature.POWER_TARGET in client.capabilities


async def test_check_access(device: Device, client: BraiinsClient) -> None:
    """Logs in and reads; a wrong password is refused each time it is tried."""
    await client.check_access()
    assert device.calls[-1] == ("GET", "miner/details")
    device.password = "changed"
    for logins in (2, 3):
        with pytest.raises(AuthenticationError):
            await client.check_access()
        assert device.logins == logins
    device.password = "root"
    await client.check_access()
    assert device.writes == []


# Reading


async def test_live_read_takes_three_requests(device: Device, client: BraiinsClient) -> None:
    """The budget, and details before all else."""
    await client.identify()
    await client.read(slow=True)
    device.asked.clear()
    await client.read(slow=False)
    assert device.calls == LIVE


async def test_slow_read(device: Device, client: BraiinsClient) -> None:
    """Everything else, with constraints only once."""
    await client.identify()
    device.asked.clear()
    await client.read(slow=True)
    assert device.calls[:3] == LIVE
    assert len(device.calls) == 9
    assert set(device.calls[3:]) == SLOW
    assert device.max_open == 2


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
        "performance/tuner-state": {"power_target_effective"},
        # The configuration tells the same as the mode, here.
        "performance/mode": set[str](),
        "configuration/miner": set[str](),
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
async def test_process_down(  # noqa: PLR0917  # pytest calls by name
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
    assert set(device.calls) == {*LIVE, *SLOW, ("GET", "configuration/constraints")}
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
    power_target = client.capabilities.power_target
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


async def test_slow_device_is_not_waited_for(device: Device, http: ClientSession) -> None:
    """What has answered in time counts, the rest is not known."""
    client = BraiinsClient(
        "127.0.0.1", device.port, Credentials(password="root"), http, read_seconds=0.25
    )
    await client.check_access()
    released = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response({})

    device.answers["GET", "miner/stats"] = hang
    snapshot = await client.read(slow=False)
    assert snapshot.state is MinerState.MINING
    assert snapshot.hashrate is None
    assert snapshot.temperature == 72.5
    device.answers["GET", "miner/details"] = hang
    with pytest.raises(UnreachableError):
        await client.read(slow=False)
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
    assert snapshot.faults == (Fault(code="H2", message="Board 2 {ERR:H2}"),)
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
    assert capabilities.power_target is None
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


# Commands


async def test_mining_switch(device: Device, client: BraiinsClient) -> None:
    """Pause and resume, whatever it did before."""
    device.answers[PAUSE] = device.answers[RESUME] = True
    await client.set_mining(False)
    await client.set_mining(True)
    assert device.writes == [PAUSE, RESUME]


async def test_stopped_process_is_started(device: Device, client: BraiinsClient) -> None:
    """A resume is not enough for it, and a pause has nothing to do."""
    device.answers[PAUSE] = device.answers[RESUME] = STOPPED
    device.answers["PUT", "actions/start"] = False
    await client.set_mining(True)
    assert device.writes == [RESUME, ("PUT", "actions/start")]
    device.asked.clear()
    await client.set_mining(False)
    assert device.writes == [PAUSE]


@pytest.mark.parametrize(("on", "call"), [(True, RESUME), (False, PAUSE)])
async def test_patience_while_the_process_restarts(
    on: bool, call: tuple[str, str], device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """Refused requests were not executed, so they are sent again, for 35 s."""
    device.answers[call] = then(AWAY, AWAY, False)
    await client.set_mining(on)
    assert device.writes == [call] * 3
    assert naps.taken == [5, 10]
    device.answers[call] = AWAY
    with pytest.raises(MiningProcessDownError):
        await client.set_mining(on)
    assert naps.taken == [5, 10, 5, 10, 20]


@pytest.mark.parametrize(("on", "status"), [(True, 2), (False, 3)])
async def test_lost_answer_of_the_switch_is_looked_up(
    on: bool, status: int, device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """Never sent again; the status tells whether it worked."""
    call = RESUME if on else PAUSE
    device.answers[call] = drop
    other = details(status=3 if on else 2)
    device.answers["GET", "miner/details"] = then(other, Reply(status=500), details(status=status))
    await client.set_mining(on)
    assert naps.taken == [1, 2, 4]
    device.answers["GET", "miner/details"] = other
    with pytest.raises(UnconfirmedError):
        await client.set_mining(on)
    assert device.writes == [call] * 2


async def test_locate(device: Device, client: BraiinsClient, naps: Naps) -> None:
    """On and off; a lost answer is looked up."""
    call = ("PUT", "actions/locate")
    device.answers[call] = True
    await client.set_locate(True)
    assert device.asked[-1].json is True
    device.answers[call] = drop
    await client.set_locate(False)
    assert device.asked[-1].call == ("GET", "actions/locate")
    assert naps.taken == [1]
    with pytest.raises(UnconfirmedError):
        await client.set_locate(True)
    assert device.writes == [call] * 3


async def test_power_target(device: Device, client: BraiinsClient) -> None:
    """Whole watts, and a look at what is in force afterwards."""
    device.answers[POWER_TARGET] = {"watt": 1501}
    await client.set_power_target(1500.6)
    assert device.writes == [POWER_TARGET]
    sent = next(asked for asked in device.asked if asked.call == POWER_TARGET)
    assert sent.body == b'{"watt": 1501}'
    assert device.asked[-1].call == ("GET", "performance/mode")


async def test_hashrate_target_write(device: Device, client: BraiinsClient) -> None:
    """In TH/s."""
    device.answers[HASHRATE_TARGET] = {"terahash_per_second": 90.5}
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    await client.set_hashrate_target(90.5)
    sent = next(asked for asked in device.asked if asked.call == HASHRATE_TARGET)
    assert sent.json == {"terahash_per_second": 90.5}


@pytest.mark.parametrize("watts", [949, 3301, 6400, -1, 0, float("nan"), float("inf")])
async def test_power_target_out_of_range(
    watts: float, device: Device, client: BraiinsClient
) -> None:
    """Nothing is sent, also not what the device itself would take."""
    with pytest.raises(InvalidValueError):
        await client.set_power_target(watts)
    assert device.writes == []


@pytest.mark.parametrize("terahashes", [70.4, 110.1, float("nan")])
async def test_hashrate_target_out_of_range(
    terahashes: float, device: Device, client: BraiinsClient
) -> None:
    """As for watts."""
    with pytest.raises(InvalidValueError):
        await client.set_hashrate_target(terahashes)
    assert device.writes == []


async def test_limits_of_the_range_are_inside(device: Device, client: BraiinsClient) -> None:
    """Both ends can be set, and the range is asked for once."""
    for watts in (950, 3300):
        device.answers[POWER_TARGET] = {"watt": watts}
        await client.set_power_target(watts)
    assert device.calls.count(("GET", "configuration/constraints")) == 1


@pytest.mark.parametrize("mode", [HASHRATE_MODE, {"manualmode": {"hashboards": []}}])
async def test_target_of_another_mode_says_so(
    mode: Json, device: Device, client: BraiinsClient
) -> None:
    """The mode is not changed unasked, and the user is told why nothing happens."""
    device.answers["GET", "performance/mode"] = mode
    device.answers[POWER_TARGET] = {"watt": 1500}
    device.answers["PUT", "performance/power-target/default"] = {"watt": 3000}
    with pytest.raises(RejectedError, match="performance mode"):
        await client.set_power_target(1500)
    with pytest.raises(RejectedError, match="performance mode"):
        await client.default_power_target()
    assert ("PUT", "performance/mode") not in device.calls


async def test_accepted_target_stands_when_the_look_fails(
    device: Device, client: BraiinsClient
) -> None:
    """200 means accepted; not being able to look afterwards changes nothing."""
    device.answers[POWER_TARGET] = {"watt": 1500}
    answers: list[Answer] = [AWAY, Reply(body=b"<html>"), {"newmode": {}}]
    for answer in answers:
        device.answers["GET", "performance/mode"] = answer
        await client.set_power_target(1500)


async def test_target_that_was_changed_by_the_device(device: Device, client: BraiinsClient) -> None:
    """An echo of another value is not success; none is."""
    device.answers[POWER_TARGET] = {"watt": 1400}
    with pytest.raises(RejectedError, match="1400 W instead of 1500 W"):
        await client.set_power_target(1500)
    device.answers[POWER_TARGET] = Reply(status=204)
    await client.set_power_target(1500)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (STOPPED, MiningProcessDownError),
        (AWAY, MiningProcessDownError),
        (Reply(status=400, body=b'{"message": "out-of-range"}'), RejectedError),
        (Reply(status=409), BusyError),
    ],
)
async def test_refused_target(
    answer: Reply, kind: type[MinerError], device: Device, client: BraiinsClient
) -> None:
    """Refusals reach the user, after one attempt."""
    device.answers[POWER_TARGET] = answer
    with pytest.raises(kind):
        await client.set_power_target(1500)
    assert device.writes == [POWER_TARGET]


async def test_lost_answer_of_a_target_is_looked_up(
    device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """The configuration tells whether it was stored; it is never sent again."""
    commands: dict[tuple[str, str], tuple[Awaitable[None], Json]] = {
        POWER_TARGET: (client.set_power_target(1500), {"power_target": {"watt": 1500}}),
        ("PUT", "performance/power-target/default"): (
            client.default_power_target(),
            {"power_target": {"watt": 3000}},
        ),
        HASHRATE_TARGET: (
            client.set_hashrate_target(90),
            {"tuner_mode": 2, "hashrate_target": {"terahash_per_second": 90}},
        ),
        ("PUT", "performance/hashrate-target/default"): (
            client.default_hashrate_target(),
            {"tuner_mode": 2, "hashrate_target": {"terahash_per_second": 100}},
        ),
    }
    for call, (command, tuner) in commands.items():
        device.answers[call] = drop
        device.answers["GET", "configuration/miner"] = then({"tuner": None}, {"tuner": tuner})
        if "hashrate" in call[1]:
            device.answers["GET", "performance/mode"] = HASHRATE_MODE
        await command
    assert device.writes == list(commands)
    assert naps.taken == [1, 2] * 4
    device.answers["GET", "configuration/miner"] = {"tuner": None}
    with pytest.raises(UnconfirmedError):
        await client.set_power_target(1500)


async def test_default_targets(device: Device, client: BraiinsClient) -> None:
    """The model's own."""
    power = ("PUT", "performance/power-target/default")
    hashrate = ("PUT", "performance/hashrate-target/default")
    device.answers[power] = {"watt": 3000}
    device.answers[hashrate] = {"terahash_per_second": 100.0}
    await client.default_power_target()
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    await client.default_hashrate_target()
    assert device.writes == [power, hashrate]


async def test_restart_mining(device: Device, client: BraiinsClient) -> None:
    """A lost answer is looked up: a process younger than the request is a new one."""
    call = ("PUT", "actions/restart")
    device.answers[call] = True
    await client.restart_mining()
    device.answers[call] = drop
    device.answers["GET", "miner/details"] = details(bosminer_uptime_s=0)
    await client.restart_mining()
    device.answers["GET", "miner/details"] = details(bosminer_uptime_s=100)
    with pytest.raises(UnconfirmedError):
        await client.restart_mining()
    assert device.writes == [call] * 3


async def test_reboot(device: Device, client: BraiinsClient, naps: Naps) -> None:
    """Silence afterwards is success, going on as before is not."""
    call = ("PUT", "actions/reboot")
    device.answers[call] = Reply(status=204)
    await client.reboot()
    device.answers[call] = drop
    with pytest.raises(UnconfirmedError):
        await client.reboot()
    assert naps.taken == [2, 4, 8, 16]
    device.answers["GET", "miner/details"] = details(system_uptime_s=1)
    await client.reboot()
    device.answers["GET", "miner/details"] = drop
    await client.reboot()
    assert device.writes == [call] * 4


async def test_commands_go_one_at_a_time(device: Device, client: BraiinsClient) -> None:
    """Two commands to one device never cross."""
    open_now = most = 0

    async def slowly(_request: web.Request) -> web.StreamResponse:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.01)
        open_now -= 1
        return web.json_response(True)

    device.answers[PAUSE] = device.answers[RESUME] = slowly
    await asyncio.gather(*(client.set_mining(on) for on in (True, False, True)))
    assert most == 1
    assert device.writes == [RESUME, PAUSE, RESUME]


async def test_commands_of_other_makes(client: BraiinsClient) -> None:
    """What Braiins OS does not have is unsupported."""
    for command in (
        client.set_power_percent(50),
        client.set_power_limit(3000),
        client.restore_power(),
    ):
        with pytest.raises(UnsupportedError):
            await command
