"""Events: a fault that appears, clears or was logged, and how far new firmware is."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_translate_state

from .const import DOMAIN
from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .install import InstallStep
from .miners.lean import dataclass
from .miners.models import Capabilities, Fault, Feature, LoggedFault, Snapshot

# Everything comes from the coordinator.
PARALLEL_UPDATES = 0

APPEARED = "appeared"
CLEARED = "cleared"
LOGGED = "logged"


@dataclass(frozen=True, kw_only=True)
class MinerEventDescription(MinerEntityDescription, EventEntityDescription):
    """An event of the miner as a whole."""


FAULT = MinerEventDescription(
    key="fault",
    feature=Feature.FAULTS,
    entity_category=EntityCategory.DIAGNOSTIC,
    # For who wants each of several faults; the first one is a sensor already.
    entity_registry_enabled_default=False,
    event_types=[APPEARED, CLEARED],
)
FAULT_LOG = MinerEventDescription(
    key="fault_log",
    feature=Feature.FAULT_LOG,
    entity_category=EntityCategory.DIAGNOSTIC,
    # Full of network trouble that heals by itself.
    entity_registry_enabled_default=False,
    event_types=[LOGGED],
)
FIRMWARE = MinerEventDescription(
    key="firmware",
    feature=Feature.UPDATE_FIRMWARE,
    entity_category=EntityCategory.DIAGNOSTIC,
    # Of use once in a long while, and the action itself says whether it went well.
    entity_registry_enabled_default=False,
    event_types=list(InstallStep),
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[EventEntity]:
    """Make the events of all that the miner tells."""
    for kind, description in (
        (FaultEvent, FAULT),
        (FaultLogEvent, FAULT_LOG),
        (FirmwareEvent, FIRMWARE),
    ):
        if description.feature in capabilities:
            yield kind(coordinator, description)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of one miner."""
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerEvent(MinerEntity[None], EventEntity):
    """Something that happens at a miner."""

    entity_description: MinerEventDescription

    def _happened(self, kind: str, **details: str | int | None) -> None:
        """Tell of one thing; each has a state, or all but the last would go unnoticed."""
        self._trigger_event(kind, details)
        self.async_write_ha_state()


class FaultEvent(MinerEvent):
    """Says when a fault appears and when it is gone."""

    @override
    async def async_added_to_hass(self) -> None:
        """Take what is there now as known: it did not happen while we were looking."""
        await super().async_added_to_hass()
        self._known = self._present()

    def _present(self) -> dict[str, Fault] | None:
        """Return the faults of the last snapshot by code, None when it does not tell."""
        last = _told(self.coordinator)
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
                for code in sorted(one.keys() - other.keys()):
                    self._happened(kind, code=code, message=self._words(one[code]))
        super()._handle_coordinator_update()

    def _words(self, fault: Fault) -> str:
        """Return what the fault is, in the language of Home Assistant where there are words."""
        if fault.key is None:
            return fault.message
        words = async_translate_state(self.hass, fault.key, "sensor", DOMAIN, "fault", None)
        return fault.message if words == fault.key else words


class FaultLogEvent(MinerEvent):
    """Says what is new in a log of faults of the past."""

    @override
    async def async_added_to_hass(self) -> None:
        """Take what is in the log now as known: it is history."""
        await super().async_added_to_hass()
        self._known = self._logged()

    def _logged(self) -> tuple[LoggedFault, ...] | None:
        last = _told(self.coordinator)
        return None if last is None else last.fault_log

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        logged = self._logged()
        if logged is not None:
            known = set(logged if self._known is None else self._known)
            self._known = logged
            for entry in logged:
                if entry not in known:
                    self._happened(LOGGED, code=entry.code, message=entry.message, time=entry.time)
        super()._handle_coordinator_update()


class FirmwareEvent(MinerEvent):
    """Says how far the installation of firmware is."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to installations."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_listen_to_install(self._step))

    @callback
    def _step(self, step: InstallStep, percent: int) -> None:
        self._happened(step, percent=percent)


def _told(coordinator: MinerCoordinator) -> Snapshot | None:
    """Return the last snapshot, None while the miner does not answer."""
    return coordinator.last if coordinator.last_update_success else None
