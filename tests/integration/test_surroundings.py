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
    energy = miner.number("energy")

    hass.states.async_set(PLUG, "on")
    await miner.poll()
    assert miner.state("state") == "restarting"
    assert miner.number("energy") == energy
    await miner.plug(clock)
    assert miner.state("state") in {"starting", "tuning", "mining"}
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}]


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
    gained = miner.number("energy") - before
    if watts is None:
        assert miner.state("power") == STATE_UNKNOWN
        assert miner.state("efficiency") == STATE_UNKNOWN
        assert gained == 0
        return
    assert miner.number("power") == pytest.approx(watts)
    assert miner.number("efficiency") == pytest.approx(watts / miner.number("hashrate"), rel=0.001)
    assert gained == pytest.approx(watts * 60 / 3_600_000)


async def test_tempo_as_chosen(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Steady polls come as often as the user wants."""
    miner = await add_miner(whatsminer)
    await choose(miner, **{CONF_POLL_SECONDS: 45})
    clock.advance(120)
    await miner.poll()
    assert miner.entry.runtime_data.update_interval.total_seconds() == 45
