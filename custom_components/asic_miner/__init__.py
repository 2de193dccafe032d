"""ASIC miners in Home Assistant, read and controlled over their own local interfaces."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .budgets import async_restore as async_restore_budgets
from .const import DOMAIN
from .kinds import async_module_of
from .services import async_setup_services
from .stale import async_remove_config_entry_device

__all__ = ["async_remove_config_entry_device"]

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, which are there also while no miner is loaded."""
    async_setup_services(hass)
    await async_restore_budgets(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Set up a miner, or what commands several of them."""
    return await (await async_module_of(hass, entry)).async_setup_entry(hass, entry)


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Take it down and take its entities away."""
    return await (await async_module_of(hass, entry)).async_unload_entry(hass, entry)


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Forget what was kept of it."""
    await (await async_module_of(hass, entry)).async_remove_entry(hass, entry)
