"""What a power controller shows and can be set to."""

from collections.abc import Iterable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.helpers.entity import Entity


def entities(entry: ConfigEntry[Any], platform: Platform) -> Iterable[Entity]:
    """Return the entities of one platform."""
    return ()
