"""The entry of a thermostat: set up, taken down and forgotten."""

from homeassistant.core import HomeAssistant

from .planning import store_of
from .thermostat import HeatController, ThermostatConfigEntry
from .thermostat_entities import platforms


async def async_setup_entry(hass: HomeAssistant, entry: ThermostatConfigEntry) -> bool:
    """Set up one thermostat, which begins to plan."""
    controller = HeatController(hass, entry, await store_of(hass, entry).async_load())
    entry.runtime_data = controller
    controller.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, platforms(controller))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ThermostatConfigEntry) -> bool:
    """Stop planning, let go of the miners, and take the entities away."""
    controller = entry.runtime_data
    unloaded = await hass.config_entries.async_unload_platforms(entry, platforms(controller))
    if unloaded:
        await controller.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ThermostatConfigEntry) -> None:
    """Forget what was set."""
    await store_of(hass, entry).async_remove()
