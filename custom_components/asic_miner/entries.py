"""What the entries of the integration are: miners, and what commands several of them."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntry
from homeassistant.core import HomeAssistant

from .const import DOMAIN

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry

CONF_KIND: Final = "kind"


class Kind(StrEnum):
    """What one entry stands for."""

    MINER = "miner"
    CONTROLLER = "controller"
    THERMOSTAT = "thermostat"


def kind_of(entry: ConfigEntry[Any]) -> Kind:
    """Return what an entry stands for. A miner's says nothing of it."""
    return Kind(entry.data.get(CONF_KIND, Kind.MINER))


def is_miner(entry: ConfigEntry[Any]) -> bool:
    """Tell whether an entry is that of a miner, and not one that was ignored."""
    # One that a newer version has made may be of any other kind.
    return entry.source != SOURCE_IGNORE and entry.data.get(CONF_KIND, Kind.MINER) == Kind.MINER


def all_miners(hass: HomeAssistant) -> Iterator[MinerConfigEntry]:
    """Yield the entries of miners, disabled ones as well."""
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if is_miner(entry):
            yield cast("MinerConfigEntry", entry)


def miner_entries(hass: HomeAssistant, *, loaded: bool = False) -> Iterator[MinerConfigEntry]:
    """Yield the entries of miners that are not disabled; only `loaded` ones on demand."""
    found = (
        hass.config_entries.async_loaded_entries(DOMAIN)
        if loaded
        else hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    )
    for entry in found:
        if is_miner(entry):
            yield cast("MinerConfigEntry", entry)
