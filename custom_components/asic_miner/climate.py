"""Thermostats of rooms, whose heaters are miners. No miner has one by itself."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .kinds import async_add_entities_of_other_kinds

# One order after another, as for the miners behind it.
PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the one of an entry."""
    await async_add_entities_of_other_kinds(hass, entry, Platform.CLIMATE, async_add_entities)
