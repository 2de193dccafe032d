"""What other entities know of a miner: its plug, and a meter at the wall."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner.const import CONF_PLUG, CONF_POLL_SECONDS, CONF_POWER_SENSOR
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner

PLUG = "switch.garage_plug"
METER = "sensor.garage_power"


async def choose(miner: Miner, **options: object) -> None:
    """Store options as the form does, and load them."""
    miner.hass.config_entries.async_update_entry(miner.entry, options=options)
    assert await miner.hass.config_entries.async_reload(miner.entry.entry_id)
    await miner.hass.async_block_till_done()


async def test_plug_off_is_off_and_not_broken(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Cut by its own plug a miner is stopped; it is restarting while it boots again."""
    hass.states.async_set(PLUG, "on")
    miner = await add_miner(device)
    await choose(miner, **{CONF_PLUG: PLUG})
    assert miner.number("power") > 1000

    caplog.clear()
    await device.unplug()
    hass.states.async_set(PLUG, "off")
    for _ in range(3):
        clock.advance(30)
        await miner.poll()
        assert miner.state("state") == "stopped"
        assert miner.state("mining") == "off"
        assert miner.number("power") == 0
        assert miner.number("hashrate") == 0
        assert miner.state("temperature") == STATE_UNKNOWN
        state = miner.entry.runtime_data.actuator.state
        assert state
        assert (state.committed, state.wait) == (0.0, "no_reading")
    energy = miner.number("energy")

    hass.states.async_set(PLUG, "on")
    await miner.poll()
    assert miner.state("state") == "restarting"
    assert miner.number("energy") == energy
    guard = miner.entry.runtime_data.actuator.guard
    assert guard
    assert guard.state(miner.entry.runtime_data.unix_time()).committed == guard.ability.maximum
    await miner.plug(clock)
    assert miner.state("state") in {"starting", "tuning", "mining"}
    assert not [
        record
        for record in caplog.records
        if record.levelname in {"ERROR", "WARNING"} and record.name.startswith("custom_components")
    ]


async def test_a_plug_that_says_nothing_changes_nothing(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Only a plug that is known to be off tells something."""
    miner = await add_miner(whatsminer)
    await choose(miner, **{CONF_PLUG: PLUG})
    for state in (None, STATE_UNAVAILABLE, STATE_UNKNOWN):
        if state:
            hass.states.async_set(PLUG, state)
        clock.advance(15)
        await miner.poll()
        assert miner.state("state") == "mining"
    await whatsminer.unplug()
    clock.advance(15)
    await miner.poll()
    assert miner.state("state") == STATE_UNAVAILABLE
    await whatsminer.plug()


@pytest.mark.parametrize(
    ("state", "unit", "watts"),
    [
        ("3210.5", "W", 3210.5),
        ("3.21", "kW", 3210),
        (STATE_UNAVAILABLE, "W", None),
        (STATE_UNKNOWN, "W", None),
        ("nan", "W", None),
        ("-5", "W", None),
        ("12", "A", None),
        (None, "W", None),
    ],
)
async def test_the_meter_counts(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    state: str | None,
    unit: str,
    watts: float | None,
) -> None:
    """What a meter at the wall shows stands for the miner's own figure, or nothing does."""
    miner = await add_miner(whatsminer)
    await choose(miner, **{CONF_POWER_SENSOR: METER})
    if state is not None:
        hass.states.async_set(METER, state, {"unit_of_measurement": unit})
    await miner.poll()
    before = miner.number("energy")
    clock.advance(60)
    await miner.poll()
    gained = miner.entry.runtime_data.energy.total - before
    if watts is None:
        assert miner.state("power") == STATE_UNKNOWN
        assert miner.state("efficiency") == STATE_UNKNOWN
        assert gained == 0
        return
    assert miner.number("power") == pytest.approx(watts)
    assert miner.number("efficiency") == pytest.approx(watts / miner.number("hashrate"), rel=0.001)
    assert gained == pytest.approx(watts * 60 / 3_600_000)


@pytest.mark.parametrize("silent", ["unplugged", "restarting"])
async def test_the_meter_counts_while_the_miner_is_silent(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    silent: str,
) -> None:
    """Its network cable is out or it boots: the meter at the wall measures all the same."""
    miner = await add_miner(device)
    await choose(miner, **{CONF_POWER_SENSOR: METER})
    hass.states.async_set(METER, "3000", {"unit_of_measurement": "W"})
    await miner.poll()
    before = miner.number("energy")
    coordinator = miner.entry.runtime_data
    if silent == "restarting":
        await miner.call("button.press", "reboot")
    await device.unplug()
    # Longer than any gap that would be bridged, and shorter than a restart may take.
    for _ in range(19):
        clock.advance(30)
        await miner.poll()
    if silent == "restarting":
        assert miner.state("state") == "restarting"
    else:
        assert set(miner.states().values()) == {STATE_UNAVAILABLE}
    counted = 3000 * 570 / 3_600_000
    assert coordinator.energy.total - before == pytest.approx(counted)
    # A meter that is away as well says nothing, and nothing is made up.
    hass.states.async_set(METER, STATE_UNAVAILABLE)
    for _ in range(20):
        clock.advance(30)
        await miner.poll()
    assert coordinator.energy.total - before == pytest.approx(counted)
    # What was counted is not lost when Home Assistant is restarted meanwhile.
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert miner.entry.runtime_data.energy.total - before == pytest.approx(counted)


async def test_without_a_meter_nothing_counts_while_the_miner_is_silent(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Nobody has measured it."""
    miner = await add_miner(device)
    before = miner.number("energy")
    await device.unplug()
    for _ in range(20):
        clock.advance(30)
        await miner.poll()
    assert miner.entry.runtime_data.energy.total == before


async def test_the_meter_of_a_miner_without_mains(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A plug that is off counts for more than a meter, which lags or measures something else."""
    hass.states.async_set(PLUG, "on")
    hass.states.async_set(METER, "3000", {"unit_of_measurement": "W"})
    miner = await add_miner(whatsminer)
    await choose(miner, **{CONF_PLUG: PLUG, CONF_POWER_SENSOR: METER})
    await miner.poll()
    await whatsminer.unplug()
    hass.states.async_set(PLUG, "off")
    await miner.poll()
    energy = miner.number("energy")
    for _ in range(20):
        clock.advance(30)
        await miner.poll()
    assert miner.number("power") == 0
    assert miner.number("energy") == energy


async def test_the_meter_of_another_miner(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Nothing of a stranger at the address is recorded, and that may be its draw as well."""
    hass.states.async_set(METER, "3000", {"unit_of_measurement": "W"})
    miner = await add_miner(whatsminer)
    await choose(miner, **{CONF_POWER_SENSOR: METER})
    await miner.poll()
    before = miner.number("energy")
    await whatsminer.stop()
    stranger = WhatsminerSimulator(preset="M60S", clock=clock, seed=99, port=whatsminer.port)
    await stranger.start()
    try:
        for _ in range(20):
            clock.advance(30)
            await miner.poll()
        assert miner.entry.runtime_data.last_exception.translation_key == "wrong_miner"
        assert miner.entry.runtime_data.energy.total == before
    finally:
        await stranger.stop()


async def test_tempo_as_chosen(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Steady polls come as often as the user wants."""
    miner = await add_miner(whatsminer)
    await choose(miner, **{CONF_POLL_SECONDS: 45})
    clock.advance(120)
    await miner.poll()
    assert miner.entry.runtime_data.update_interval.total_seconds() == 45
