"""Which module sees to which kind of entry."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError

from . import controller_entry, miner_entry, thermostat_entry
from .const import DOMAIN
from .entries import Kind, kind_of


class KindModule(Protocol):
    """What a module has to have for its kind of entry.

    Its entities on the platforms that miners have, too, come from `other_entities`.
    """

    async def async_setup_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        """Set it up, platforms included."""

    async def async_unload_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
        """Take it down, platforms included."""

    async def async_remove_entry(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Take away what it has left behind."""


KINDS: Final[Mapping[Kind, KindModule]] = MappingProxyType(
    {
        Kind.MINER: miner_entry,
        Kind.CONTROLLER: controller_entry,
        Kind.THERMOSTAT: thermostat_entry,
    }
)


def module_of(entry: ConfigEntry[Any]) -> KindModule:
    """Return the module that sees to an entry."""
    try:
        return KINDS[kind_of(entry)]
    except ValueError as error:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="newer_version",
            translation_placeholders={"name": entry.title},
        ) from error
