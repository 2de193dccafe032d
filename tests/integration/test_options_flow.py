"""What can be chosen about a miner, and what is refused."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.asic_miner.const import (
    CONF_PLUG,
    CONF_POLL_SECONDS,
    CONF_POWER_SENSOR,
    DEFAULT_POLL_SECONDS,
)
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner
from .flows import suggested


async def options(hass: HomeAssistant, entry: ConfigEntry) -> Any:
    """Open the form."""
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert step["type"] is FlowResultType.FORM
    assert step["step_id"] == "settings"
    return step


async def fill(hass: HomeAssistant, step: Any, **given: Any) -> Any:
    """Fill the form in."""
    return await hass.config_entries.options.async_configure(step["flow_id"], given)


@pytest.fixture
async def miner(add_miner: AddMiner, whatsminer: WhatsminerSimulator) -> Miner:
    """A miner that is set up."""
    return await add_miner(whatsminer)


async def test_options_are_stored_and_shown_again(hass: HomeAssistant, miner: Miner) -> None:
    """The entry is loaded anew with them."""
    hass.states.async_set("sensor.meter", "3000", {"unit_of_measurement": "W"})
    hass.states.async_set("switch.plug", "on")
    before = miner.entry.runtime_data
    given = {
        CONF_POLL_SECONDS: 30,
        CONF_POWER_SENSOR: "sensor.meter",
        CONF_PLUG: "switch.plug",
    }
    step = await fill(hass, await options(hass, miner.entry), **given)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert miner.entry.options == given
    assert type(miner.entry.options[CONF_POLL_SECONDS]) is int
    assert miner.entry.state is ConfigEntryState.LOADED
    assert miner.entry.runtime_data is not before
    step = await options(hass, miner.entry)
    assert suggested(step) == given
    # What is left empty is chosen no more.
    await fill(hass, step, poll_seconds=30)
    await hass.async_block_till_done()
    assert miner.entry.options == {CONF_POLL_SECONDS: 30}


async def test_without_options(hass: HomeAssistant, miner: Miner) -> None:
    """The form begins with what holds anyway."""
    step = await fill(hass, await options(hass, miner.entry))
    assert step["data"] == {CONF_POLL_SECONDS: DEFAULT_POLL_SECONDS}
    await hass.async_block_till_done()


@pytest.mark.parametrize("seconds", [9, 301, 0, -15])
async def test_a_tempo_out_of_range(hass: HomeAssistant, miner: Miner, seconds: int) -> None:
    """Not faster than a slow device answers, and not slower than statistics are made."""
    step = await options(hass, miner.entry)
    with pytest.raises(InvalidData):
        await fill(hass, step, poll_seconds=seconds)
    assert not miner.entry.options


@pytest.mark.parametrize(("option", "key"), [(CONF_POWER_SENSOR, "power"), (CONF_PLUG, "mining")])
async def test_own_entities(hass: HomeAssistant, miner: Miner, option: str, key: str) -> None:
    """A miner's own figures cannot replace themselves, and its switch is no plug."""
    step = await options(hass, miner.entry)
    with pytest.raises(InvalidData):
        await fill(hass, step, **{option: miner.entity_id(key)})
    assert not miner.entry.options


@pytest.mark.parametrize("key", ["mining", "locate"])
async def test_switches_of_other_miners_are_no_plugs(
    hass: HomeAssistant, miner: Miner, add_miner: AddMiner, braiins: BraiinsSimulator, key: str
) -> None:
    """They cut no mains."""
    other = await add_miner(braiins)
    step = await options(hass, miner.entry)
    with pytest.raises(InvalidData):
        await fill(hass, step, **{CONF_PLUG: other.entity_id(key)})
    assert not miner.entry.options
