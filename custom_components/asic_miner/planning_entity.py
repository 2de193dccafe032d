"""The base of all entities of entries that plan."""

from typing import override

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from .const import DOMAIN
from .planning import PlanningEntry


class PlanningEntity[P: PlanningEntry](Entity):
    """An entity of the device of such an entry, which shows what the newest plan says."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, controller: P, description: EntityDescription) -> None:
        """Belong to the entry's device."""
        entry = controller.entry
        self.controller = controller
        self.entity_description = description
        self._attr_translation_key = description.key
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            entry_type=DeviceEntryType.SERVICE,
            name=entry.title,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plans."""
        await super().async_added_to_hass()
        self.async_on_remove(self.controller.async_add_listener(self.async_write_ha_state))
