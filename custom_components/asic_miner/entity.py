"""What all entities of a miner have in common."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, override

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from yarl import URL

from .const import DOMAIN
from .coordinator import MinerConfigEntry, MinerCoordinator
from .miners.lean import dataclass
from .miners.models import Capabilities, Feature, Snapshot


@dataclass(frozen=True, kw_only=True)
class MinerEntityDescription(EntityDescription):
    """One row of a platform's table."""

    feature: Feature
    """The entity exists only on a miner that has this."""


def main_device_info(coordinator: MinerCoordinator, url: URL) -> DeviceInfo:
    """Return what the device page shows of the miner itself."""
    identity = coordinator.identity
    return DeviceInfo(
        identifiers={(DOMAIN, identity.mac)},
        connections={(dr.CONNECTION_NETWORK_MAC, identity.mac)},
        configuration_url=url,
        manufacturer=identity.manufacturer,
        model=identity.model,
        model_id=identity.model_id,
        name=coordinator.config_entry.title,
        serial_number=identity.serial,
        sw_version=identity.firmware,
        hw_version=identity.hardware,
    )


class Written[T](NamedTuple):
    """All that the state of an entity and its attributes follow from.

    A tuple, as one is made and compared for each entity at each poll.
    """

    available: bool
    capabilities: Capabilities
    value: T


class MinerEntity[T](CoordinatorEntity[MinerCoordinator]):
    """An entity of the miner as a whole."""

    _attr_has_entity_name = True
    entity_description: MinerEntityDescription
    _written: Written[T | None] | None = None

    def __init__(self, coordinator: MinerCoordinator, description: MinerEntityDescription) -> None:
        """Belong to the miner's device."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.identity.mac}_{description.key}"
        # Every name comes from the translations, under the key of the row. Only the main
        # thing about a miner has none: it carries the device's own.
        self._attr_translation_key = description.key
        if description.name is None:
            self._attr_name = None
        if snapshot := coordinator.last:
            self._show(self._value(snapshot))

    @property
    @override
    def device_info(self) -> DeviceInfo | ChildDeviceInfo:
        """Tell whose it is. Asked for when it is added only, so nothing of it is kept."""
        return DeviceInfo(identifiers={(DOMAIN, self.coordinator.identity.mac)})

    def _value(self, snapshot: Snapshot) -> T | None:
        """Return what a snapshot says that is shown. Of some entities none says anything."""
        return None

    def _show(self, value: T | None) -> None:
        """Take over a value of `_value` that is to be written.

        Seldom, and so not done for the values that are only compared.
        """

    @property
    @override
    def available(self) -> bool:
        """Nothing is shown of a miner that does not answer."""
        return super().available and self.coordinator.last is not None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        coordinator, old = self.coordinator, self._written
        value = self._value(snapshot) if (snapshot := coordinator.last) else None
        new = Written(self.available, coordinator.capabilities, value)
        if old is None or (new != old and not self._may_wait(old, new)):
            self._written = new
            self._show(value)
            super()._handle_coordinator_update()

    @override
    async def async_update(self) -> None:
        """Read at once and show all of it, also what is noise: somebody has asked."""
        await super().async_update()
        if snapshot := self.coordinator.last:
            self._show(self._value(snapshot))

    def _may_wait(self, old: Written[T | None], new: Written[T | None]) -> bool:
        """Tell whether nothing but noise has been added since it was written last."""
        return (
            not self.coordinator.shows_all
            and old.available is new.available
            and self._is_noise(old.value, new.value)
        )

    def _is_noise(self, old: T | None, new: T | None) -> bool:
        """Tell whether a change is so small that it is shown no more than every two minutes."""
        return False


class MinerPartEntity[T](MinerEntity[T]):
    """An entity of one of several equal parts of the miner, counted from 1."""

    def __init__(
        self, coordinator: MinerCoordinator, description: MinerEntityDescription, index: int
    ) -> None:
        """Carry the number of the part in the unique id and in the name."""
        self.index = index
        super().__init__(coordinator, description)
        self._attr_unique_id = f"{self._attr_unique_id}_{index}"
        self._attr_translation_placeholders = {"index": str(index)}


class HashboardEntity[T](MinerPartEntity[T]):
    """An entity of one hashboard, which is a child device of its miner."""

    @property
    @override
    def device_info(self) -> ChildDeviceInfo:
        """Tell which board it belongs to."""
        mac = self.coordinator.identity.mac
        parent = dr.async_get(self.coordinator.hass).async_get_device_by_identifier(
            (DOMAIN, mac), self.coordinator.config_entry.entry_id
        )
        assert parent is not None  # noqa: S101 - registered in async_setup_entry
        return ChildDeviceInfo(
            identifiers={(DOMAIN, f"{mac}_hashboard_{self.index}")},
            parent_device_id=parent.id,
            translation_key="hashboard",
            translation_placeholders={"index": str(self.index)},
        )


def add_entities_as_they_appear(
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entities: Callable[[MinerCoordinator, Capabilities], Iterable[Entity]],
) -> None:
    """Add the entities of a platform now, and more when the miner shows more of itself.

    A miner that is paused or that answers for the first time may not show all its
    boards, fans and readings at once; nothing has to be reloaded when it does.
    """
    coordinator = entry.runtime_data
    seen = Capabilities()

    @callback
    def add_new() -> None:
        nonlocal seen
        now = coordinator.capabilities
        if now == seen:
            return
        # Made again to be compared, which is seldom: the names of some seventy entities, of
        # which most are disabled, are not kept for it. What is gone is new when it comes back.
        known = {entity.unique_id for entity in entities(coordinator, seen)}
        seen = now
        async_add_entities(
            [entity for entity in entities(coordinator, now) if entity.unique_id not in known]
        )

    add_new()
    entry.async_on_unload(coordinator.async_add_listener(add_new))
