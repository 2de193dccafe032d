"""A miner gets other firmware: by its owner, with Home Assistant running or not.

What belongs to the miner stays what it was; what the new firmware can do is there as soon as
it has been seen, and the miner is never mistaken for another one.
"""

from dataclasses import replace

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner

NEWER_BRAIINS = "2026-04-09-0-c07d3a51-26.04-plus"
NEWER_WHATSMINER = "M50S"
"""A personality two years younger than that of `old_whatsminer`, with the same API."""


def upgrade(device: SimulatedMiner) -> str:
    """Give a device, which is off, newer firmware; return its version."""
    if isinstance(device, WhatsminerSimulator):
        device.change_firmware(NEWER_WHATSMINER)
        return device.device.preset.firmware
    assert isinstance(device, BraiinsSimulator)
    device.device.preset = replace(device.device.preset, rest=(1, 3, 0), firmware=NEWER_BRAIINS)
    return "26.04"


def shown_firmware(hass: HomeAssistant, miner: Miner) -> str | None:
    """Return what the device page says."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    return device.sw_version


def entity_ids(hass: HomeAssistant, miner: Miner) -> dict[str, str]:
    """Return the entity ids of a miner by unique id."""
    registry = er.async_get(hass)
    return {
        f"{entity.domain} {entity.unique_id}": entity.entity_id
        for entity in er.async_entries_for_config_entry(registry, miner.entry.entry_id)
    }


@pytest.mark.parametrize("device", ["old_whatsminer", "braiins"], indirect=True)
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
async def test_newer_firmware(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    restarted: bool,
) -> None:
    """Found after its restart, with nothing lost and energy going on where it was."""
    miner = await add_miner(device)
    clock.advance(60)
    await miner.poll()
    before, energy = entity_ids(hass, miner), miner.number("energy")
    assert energy > 0

    await device.unplug()
    if restarted:
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    else:
        await miner.poll()
    firmware = upgrade(device)
    assert shown_firmware(hass, miner) != firmware
    if restarted:
        assert await hass.config_entries.async_setup(miner.entry.entry_id)
        await hass.async_block_till_done()
    await miner.plug(clock)

    assert shown_firmware(hass, miner) == firmware
    after = entity_ids(hass, miner)
    assert before.items() <= after.items()
    assert miner.number("energy") >= energy
    assert miner.state("mining") == "on"
    assert miner.entry.state is ConfigEntryState.LOADED


async def test_firmware_that_can_more(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Controls that only the newer firmware has appear without a reload or restart."""
    device = WhatsminerSimulator(preset="M31S-2021", clock=clock, seed=5)
    await device.start()
    try:
        miner = await add_miner(device)
        before, entry_id = entity_ids(hass, miner), miner.entry.entry_id
        assert "power_mode" not in miner.entity_keys()
        await device.unplug()
        await miner.poll()
        upgrade(device)
        await miner.plug(clock)
        assert miner.entry.entry_id == entry_id
        # The identity and what a miner can do are not asked for in the same poll.
        await miner.poll(slow=True)
        assert before.items() <= entity_ids(hass, miner).items()
        assert "power_mode" in miner.entity_keys()
    finally:
        await device.stop()
