"""Events: a fault that appears or clears."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .miners.models import Capabilities, Fault, Feature

# Everything comes from the coordinator.
PARALLEL_UPDATES = 0

APPEARED = "appeared"
CLEARED = "cleared"


@dataclass(frozen=True, kw_only=True)
class MinerEventDescription(MinerEntityDescription, EventEntityDescription):
    """An event of the miner as a whole."""


FAULT = MinerEventDescription(
    key="fault",
    feature=Feature.FAULTS,
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[APPEARED, CLEARED],
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[FaultEvent]:
    """Make the event of a miner that tells its faults."""
    if FAULT.feature in capabilities:
        yield FaultEvent(coordinator, FAULT)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of one miner."""
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class FaultEvent(MinerEntity, EventEntity):
    """Says when a fault appears and when it is gone."""

    entity_description: MinerEventDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Take what is there now as known: it did not happen while we were looking."""
        await super().async_added_to_hass()
        self._known = self._present()

    def _present(self) -> dict[str, Fault] | None:
        """Return the faults of the last snapshot by code, None when it does not tell."""
        last = self.coordinator.last if self.coordinator.last_update_success else None
        if last is None or last.faults is None:
            return None
        return {fault.code: fault for fault in last.faults}

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        present = self._present()
        if present is not None:
            before = present if self._known is None else self._known
            self._known = present
            for kind, one, other in ((APPEARED, present, before), (CLEARED, before, present)):
                for code in one.keys() - other.keys():
                    fault = one[code]
                    self._trigger_event(
                        kind,
                        {"code": code, "message": fault.message, "remedy": fault.remedy},
                    )
                    # One state for each, or all but the last would go unnoticed.
                    self.async_write_ha_state()
        super()._handle_coordinator_update()
