"""Which module sees to which kind of entry."""

from collections.abc import Iterable
from typing import Any, Protocol, cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.importlib import async_import_module

from .const import DOMAIN
from .entries import Kind, kind_of


class KindModule(Protocol):
    """What the module `KIND_entry` has to have."""

    async def async_setup_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        """Set it up, platforms included."""

    async def async_unload_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        """Take it down, platforms included."""

    async def async_remove_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Take away what it has left behind."""


class EntitiesModule(Protocol):
    """What the module `KIND_entities` has to have, of entries that are no miners."""

    def entities(self, entry: ConfigEntry[Any], platform: Platform) -> Iterable[Entity]:
        """Make the entities of a loaded entry on one platform."""


async def async_module_of(hass: HomeAssistant, entry: ConfigEntry[Any]) -> KindModule:
    """Return the module that sees to an entry.

    Loaded with the first entry of its kind: most homes have neither controller nor thermostat.
    """
    try:
        kind = kind_of(entry)
    except ValueError as error:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="newer_version",
            translation_placeholders={"name": entry.title},
        ) from error
    return cast("KindModule", await async_import_module(hass, f"{__package__}.{kind}_entry"))


async def async_add_entities_of_other_kinds(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    platform: Platform,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> bool:
    """Add the entities of an entry that is no miner; False, and nothing done, for a miner."""
    kind = kind_of(entry)
    if kind is Kind.MINER:
        return False
    module = await async_import_module(hass, f"{__package__}.{kind}_entities")
    async_add_entities(cast("EntitiesModule", module).entities(entry, platform))
    return True
