"""Home Assistant that is stopped and started again, with what it has written down."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from homeassistant.bootstrap import async_load_base_functionality
from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.entries import miner_entries
from custom_components.asic_miner.planning import PlanningEntry

from .conftest import Miner


async def stop(hass: HomeAssistant) -> None:
    """Stop Home Assistant, and with it the process, which knows nothing more of miners."""
    await hass.async_stop(force=True)
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        if isinstance(entry.runtime_data, PlanningEntry):
            entry.runtime_data._halt()
    for entry in miner_entries(hass, loaded=True):
        coordinator = entry.runtime_data
        coordinator._cancel_read()
        coordinator._stop_watching_plug()
        await DataUpdateCoordinator.async_shutdown(coordinator)
        await coordinator.client.close()
    # What a last poll has had written at once after the final writes still has its turn.
    await asyncio.sleep(0)
    await hass.async_block_till_done(wait_background_tasks=True)


@asynccontextmanager
async def restarted(hass: HomeAssistant) -> AsyncGenerator[HomeAssistant]:
    """Stop Home Assistant as its own restart does, and start another from the same storage.

    The test needs the fixture `hass_storage`.
    """
    if hass.is_running:
        await stop(hass)
    async with async_test_home_assistant(load_registries=False) as again:
        again.data.pop(DATA_CUSTOM_COMPONENTS)
        assert await async_load_base_functionality(again)
        assert await async_setup_component(again, DOMAIN, {})
        await again.async_block_till_done()
        try:
            yield again
        finally:
            await stop(again)


def miner_in(hass: HomeAssistant, miner: Miner) -> Miner:
    """Return a miner as another Home Assistant has it."""
    entry = hass.config_entries.async_get_entry(miner.entry.entry_id)
    assert entry
    return Miner(hass, miner.device, entry)
