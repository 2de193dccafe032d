"""Commands: what is sent, how often, and what is looked up afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.errors import (
    BusyError,
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
)
from tests.miners.reasons import because

from .answers import (
    HASHRATE_MODE,
    HASHRATE_TARGET,
    PAUSE,
    POWER_MODE,
    POWER_TARGET,
    RESUME,
    details,
    drop,
    then,
)
from .conftest import Naps
from .device import AWAY, STOPPED, Answer, Device, Reply


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
    why = because(Reason.OUT_OF_RANGE, minimum="950 W", maximum="3300 W")
    with pytest.raises(InvalidValueError, match=r"is outside 950 to 3300 W$", check=why):
        await client.set_power_target(watts)
    assert device.writes == []


@pytest.mark.parametrize("terahashes", [70.4, 110.1, float("nan")])
async def test_hashrate_target_out_of_range(
    terahashes: float, device: Device, client: BraiinsClient
) -> None:
    """As for watts."""
    why = because(Reason.OUT_OF_RANGE, minimum="70.5 TH/s", maximum="110 TH/s")
    with pytest.raises(InvalidValueError, match=r"is outside 70.5 to 110 TH/s$", check=why):
        await client.set_hashrate_target(terahashes)
    assert device.writes == []


async def test_limits_of_the_range_are_inside(device: Device, client: BraiinsClient) -> None:
    """Both ends can be set, and the range is asked for once."""
    for watts in (950, 3300):
        device.answers[POWER_TARGET] = {"watt": watts}
        await client.set_power_target(watts)
    assert device.calls.count(("GET", "configuration/constraints")) == 1


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        (HASHRATE_MODE, ["power"]),
        (POWER_MODE, ["hashrate"]),
        ({"manualmode": {"hashboards": []}}, ["power", "hashrate"]),
    ],
)
async def test_target_of_another_mode_is_not_stored(
    mode: Json, kinds: list[str], device: Device, client: BraiinsClient
) -> None:
    """The mode is not changed unasked, nothing is sent, and the user is told why."""
    device.answers["GET", "performance/mode"] = mode
    commands: dict[str, list[Callable[[], Awaitable[object]]]] = {
        "power": [lambda: client.set_power_target(1500), client.default_power_target],
        "hashrate": [lambda: client.set_hashrate_target(90), client.default_hashrate_target],
    }
    for kind in kinds:
        for command in commands[kind]:
            with pytest.raises(
                RejectedError, match=r"performance mode .* nothing has been changed"
            ):
                await command()
    assert device.writes == []


async def test_mode_that_changes_meanwhile(device: Device, client: BraiinsClient) -> None:
    """Stored but without effect is no success."""
    device.answers[POWER_TARGET] = {"watt": 1500}
    device.answers["PUT", "performance/power-target/default"] = {"watt": 3000}
    for command in (client.set_power_target(1500), client.default_power_target()):
        device.answers["GET", "performance/mode"] = then(POWER_MODE, HASHRATE_MODE)
        with pytest.raises(
            RejectedError,
            match="is stored, but has no effect",
            check=because(Reason.STORED_WITHOUT_EFFECT),
        ):
            await command


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
    why = because(Reason.TOOK_OTHER, taken="1400 W", wanted="1500 W")
    with pytest.raises(RejectedError, match="1400 W instead of 1500 W", check=why):
        await client.set_power_target(1500)
    device.answers[POWER_TARGET] = Reply(status=204)
    await client.set_power_target(1500)
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    device.answers[HASHRATE_TARGET] = {"terahash_per_second": 89.5}
    why = because(Reason.TOOK_OTHER, taken="89.5 TH/s", wanted="90.5 TH/s")
    with pytest.raises(RejectedError, match=r"89\.5 TH/s instead of 90\.5 TH/s", check=why):
        await client.set_hashrate_target(90.5)


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
    commands: dict[tuple[str, str], tuple[Awaitable[object], Json]] = {
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
        device.answers["GET", "performance/mode"] = (
            HASHRATE_MODE if "hashrate" in call[1] else POWER_MODE
        )
        await command
    assert device.writes == list(commands)
    assert naps.taken == [1, 2] * 4
    device.answers["GET", "configuration/miner"] = {"tuner": None}
    device.answers["GET", "performance/mode"] = POWER_MODE
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
