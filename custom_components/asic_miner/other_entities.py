"""The entities of entries that are no miners, for the platform files."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import controller_entities, thermostat_entities
from .entries import Kind, kind_of

type Entities = Callable[[ConfigEntry[Any], Platform], Iterable[Entity]]

ENTITIES: Final[Mapping[Kind, Entities]] = MappingProxyType(
    {
        Kind.CONTROLLER: controller_entities.entities,
        Kind.THERMOSTAT: thermostat_entities.entities,
    }
)


def add_entities_of_other_kinds(
    entry: ConfigEntry[Any], platform: Platform, async_add_entities: AddConfigEntryEntitiesCallback
) -> bool:
    """Add the entities of an entry that is no miner; False, and nothing done, for a miner."""
    kind = kind_of(entry)
    if kind is Kind.MINER:
        return False
    async_add_entities(ENTITIES[kind](entry, platform))
    return True
