"""The entry of a power controller: set up, taken down and forgotten."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .controller import ControllerConfigEntry, PowerController
from .controller_entities import forget_circuits
from .issues import async_tell_of_meter, async_tell_of_sign
from .planning import store_of

PLATFORMS: Final = [Platform.NUMBER, Platform.SELECT, Platform.SENSOR, Platform.SWITCH]


async def async_setup_entry(hass: HomeAssistant, entry: ControllerConfigEntry) -> bool:
    """Set up one controller, which begins to plan."""
    controller = PowerController(hass, entry, await store_of(hass, entry).async_load())
    entry.runtime_data = controller
    controller.async_start()
    forget_circuits(hass, controller)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ControllerConfigEntry) -> bool:
    """Stop planning, let go of the miners, and take the entities away."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ControllerConfigEntry) -> None:
    """Forget what it has counted, and take back what was said of its meter."""
    async_tell_of_meter(hass, entry, None)
    async_tell_of_sign(hass, entry, wrong=False)
    await store_of(hass, entry).async_remove()
