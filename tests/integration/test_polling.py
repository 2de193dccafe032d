"""Polling: how often, how long, who answered, and what becomes of energy."""

from dataclasses import replace
from datetime import timedelta
import gc
from weakref import ref

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.asic_miner.const import (
    FAST_INTERVAL,
    IDENTITY_SECONDS,
    LIVE_INTERVAL,
    OFF_INTERVAL,
)
from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.miners.models import Fault, MinerState, Pool, Snapshot
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock, RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator, Wire

from .conftest import AddMiner, Miner


async def show(miner: Miner, **said: object) -> None:
    """Let the miner say something that its simulator does not."""
    coordinator = miner.entry.runtime_data
    coordinator.async_set_updated_data(replace(coordinator.data, **said))
    await miner.hass.async_block_till_done()


async def test_tempo(device: SimulatedMiner, add_miner: AddMiner, clock: ManualClock) -> None:
    """Live, faster for a minute after a command, slower while off and while away."""
    assert timedelta(seconds=15) == LIVE_INTERVAL
    assert timedelta(seconds=30) == OFF_INTERVAL
    miner = await add_miner(device)
    coordinator = miner.entry.runtime_data
    # The first is the miner's own.
    await miner.poll()
    assert coordinator.update_interval == LIVE_INTERVAL

    await miner.call("switch.turn_off", "mining")
    clock.advance(20)
    await miner.poll()
    assert coordinator.update_interval == FAST_INTERVAL
    clock.advance(61)
    await miner.poll()
    assert miner.state("mining") == "off"
    assert coordinator.update_interval == OFF_INTERVAL

    await device.unplug()
    await miner.poll()
    assert coordinator.update_interval == OFF_INTERVAL


async def test_slow_facts_once_a_minute_and_identity_once_an_hour(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, clock: ManualClock
) -> None:
    """Counted at the device."""
    miner = await add_miner(whatsminer)
    whatsminer.commands.clear()
    for _ in range(8):
        # As late as Home Assistant may be with a poll: it is the fourth all the same.
        clock.advance(15.5)
        await miner.poll()
    assert whatsminer.commands.count("pools") == 2
    assert whatsminer.commands.count("get_version") == 0
    assert whatsminer.commands.count("summary+edevs") == 8
    whatsminer.commands.clear()
    clock.advance(IDENTITY_SECONDS)
    await miner.poll()
    assert whatsminer.commands.count("get_version") == 1
    # Not both in one poll; the slow facts come with the next.
    assert "pools" not in whatsminer.commands
    await miner.poll()
    assert whatsminer.commands.count("pools") == 1


async def test_a_slow_device_is_not_an_absent_one(
    hass: HomeAssistant, add_miner: AddMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not answer in time is unknown; the poll ends in time with the rest."""
    # Its replies take real time, so it lives in it.
    device = WhatsminerSimulator(preset="M30S++", clock=RunningClock(), seed=8)
    await device.start()
    try:
        miner = await add_miner(device)
        # Everything ten times as fast as a device that takes over a second for each answer.
        monkeypatch.setattr("custom_components.asic_miner.polling.POLL_SECONDS", 1.5)
        monkeypatch.setattr("custom_components.asic_miner.polling.POLL_MARGIN_SECONDS", 0.1)
        device.faults.reply_delay = 0.12
        await miner.poll(slow=True)
        assert miner.number("hashrate") > 0
        # Also after it was away, when it must be asked who it is.
        await device.stop()
        await miner.poll()
        assert miner.state("hashrate") == STATE_UNAVAILABLE
        await device.start()
        await miner.poll()
        await miner.poll()
        assert miner.number("hashrate") > 0
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await device.stop()


async def test_another_mac_in_the_answer(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A swap that leaves no other trace shows with the next slow facts."""
    miner = await add_miner(whatsminer)
    whatsminer.faults.mac = "02:00:00:00:00:99"
    await miner.poll(slow=True)
    assert miner.state("hashrate") == "unavailable"
    assert miner.entry.runtime_data.last_exception.translation_key == "wrong_miner"


async def test_the_last_error_holds_no_reply(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """It is kept for as long as the entry is loaded, and its frames would be with it."""
    miner = await add_miner(whatsminer)
    whatsminer.faults.wire = Wire.REFUSED_TEXT
    await miner.poll()
    error = miner.entry.runtime_data.last_exception.__cause__
    assert isinstance(error, MinerError)
    assert str(error)
    assert [error.__traceback__, error.__cause__, error.__context__] == [None] * 3


async def test_a_reload_leaves_nothing_behind(
    hass: HomeAssistant, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """No coordinator and no client, also after a command, whose effect is still to be read."""
    miner = await add_miner(device)
    await miner.call("switch.turn_on", "locate")
    kept = [ref(one) for one in (miner.entry.runtime_data, miner.entry.runtime_data.client)]
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    gc.collect()
    assert [one() for one in kept] == [None, None]


async def test_energy_is_the_integral_of_power(
    device: SimulatedMiner, add_miner: AddMiner, clock: ManualClock
) -> None:
    """An hour, held against what the device itself has drawn."""
    miner = await add_miner(device)
    drawn = 0.0
    before = miner.number("energy")
    for _ in range(240):
        clock.advance(15)
        await miner.poll()
        drawn += float(device.truth()["power"] or 0) * 15 / 3_600_000
    assert miner.number("energy") - before == pytest.approx(drawn, rel=0.02)


async def test_a_long_gap_adds_nothing(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, clock: ManualClock
) -> None:
    """Nobody knows what was drawn in ten minutes without an answer."""
    miner = await add_miner(whatsminer)
    clock.advance(15)
    await miner.poll()
    before = miner.number("energy")
    assert before > 0
    clock.advance(600)
    await miner.poll()
    assert miner.number("energy") == before


async def test_energy_survives_all_that_can_happen_to_its_entity(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner, clock: ManualClock
) -> None:
    """Renamed, renamed back, reloaded: the total is what it was, never twice as much."""
    miner = await add_miner(whatsminer)
    for _ in range(40):
        clock.advance(60)
        await miner.poll()
    total = miner.number("energy")
    assert total > 1
    entities = er.async_get(hass)
    first = miner.entity_id("energy")
    for name in ("sensor.renamed", first):
        entities.async_update_entity(miner.entity_id("energy"), new_entity_id=name)
        await hass.async_block_till_done()
        assert miner.number("energy") == pytest.approx(total, rel=0.001)
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert miner.number("energy") == pytest.approx(total, rel=0.001)


async def test_harmless_faults_are_no_problem(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """What the maker itself calls minor is told in words and sets off no alarm."""
    miner = await add_miner(whatsminer)
    minor = Fault(code="1", message="A small thing", minor=True)
    await show(miner, faults=(minor,))
    assert miner.state("problem") == "off"
    assert miner.state("fault") == "A small thing (1)"
    await show(miner, faults=(minor, Fault(code="2", message="A big thing")))
    assert miner.state("problem") == "on"
    assert miner.state("fault") == "A big thing (2)"
    await show(miner, faults=None, state=MinerState.FAULT)
    assert miner.state("problem") == "on"
    await show(miner, faults=None, state=MinerState.UNKNOWN)
    assert miner.state("problem") == "unknown"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("stratum+tcp://pool.example.com:3333", "pool.example.com:3333"),
        ("pool.example.com:3333", "pool.example.com:3333"),
        ("stratum+tcp://worker:secret@pool.example.com:3333/path", "pool.example.com:3333"),
        ("stratum+tcp://[pool", "[pool"),
        ("x" * 300, "x" * 255),
    ],
)
@pytest.mark.usefixtures("all_enabled")
async def test_pool(braiins: BraiinsSimulator, add_miner: AddMiner, url: str, shown: str) -> None:
    """Whatever somebody has configured: no worker is shown, and nothing breaks."""
    miner = await add_miner(braiins)
    await show(miner, pools=(Pool(index=1, url=url, user="w", active=True),))
    assert miner.state("pool") == shown
    await show(miner, pools=())
    assert miner.state("pool") == "unknown"
    assert miner.state("pool_connected") == "off"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ([(True, True)], "on"),
        ([(None, False), (True, None)], "on"),
        ([(True, False), (False, True)], "off"),
        ([(None, True)], "unknown"),
        ([(None, None), (False, False)], "unknown"),
        ([(None, False)], "off"),
    ],
)
async def test_pool_connection(
    device: SimulatedMiner,
    add_miner: AddMiner,
    told: list[tuple[bool | None, bool | None]],
    shown: str,
) -> None:
    """Where it is not told which pool is mined for, it is not known whether that one answers."""
    miner = await add_miner(device)
    pools = tuple(
        Pool(index=index, url="u", user="w", active=active, alive=alive)
        for index, (active, alive) in enumerate(told, start=1)
    )
    await show(miner, pools=pools)
    assert miner.state("pool_connected") == shown


async def test_nothing_known_is_nothing_shown(device: SimulatedMiner, add_miner: AddMiner) -> None:
    """A miner that answers and says nothing has unknown values, not zeros."""
    miner = await add_miner(device)
    miner.entry.runtime_data.async_set_updated_data(Snapshot())
    values = {key: state for key, state in miner.states().items() if key != "energy"}
    assert set(values.values()) == {"unknown"}
