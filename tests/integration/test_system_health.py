"""What the system information page says of all miners."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.translations import load

from .conftest import AddMiner


async def test_counts_and_versions(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    old_whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
) -> None:
    """Of all miners, whether loaded or not; each line has a text."""
    assert await async_setup_component(hass, "system_health", {})
    first, second, third = [
        await add_miner(device) for device in (whatsminer, old_whatsminer, braiins)
    ]
    info = await get_system_health_info(hass, DOMAIN)
    assert (info["miners"], info["reachable"], info["failing"]) == (3, 3, 0)
    for miner in (first, second, third):
        identity = miner.entry.runtime_data.identity
        assert f"{identity.model} {identity.firmware}" in info["firmware"]
    texts = load()
    assert {f"system_health.info.{key}" for key in info} == {
        key for key in texts if key.startswith("system_health.")
    }

    await whatsminer.unplug()
    await first.poll()
    assert await hass.config_entries.async_unload(second.entry.entry_id)
    info = await get_system_health_info(hass, DOMAIN)
    assert (info["miners"], info["reachable"], info["failing"]) == (3, 1, 2)


async def test_equal_miners_are_counted(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A fleet of one model is one line, and no miner at all is an empty one."""
    assert await async_setup_component(hass, "system_health", {})
    assert await async_setup_component(hass, DOMAIN, {})
    assert (await get_system_health_info(hass, DOMAIN))["firmware"] == ""
    twin = WhatsminerSimulator(preset="M60S", clock=whatsminer.clock, seed=5)
    await twin.start()
    try:
        await add_miner(whatsminer)
        miner = await add_miner(twin)
        info = await get_system_health_info(hass, DOMAIN)
        identity = miner.entry.runtime_data.identity
        assert info["firmware"] == f"2 x {identity.model} {identity.firmware}"
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await twin.stop()
