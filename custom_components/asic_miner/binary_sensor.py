"""Binary sensors: the yes-or-no facts of a miner."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .kinds import async_add_entities_of_other_kinds
from .miners.lean import dataclass
from .miners.models import Capabilities, Feature, MinerState, Snapshot

# Everything comes from the coordinator.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MinerBinarySensorDescription(MinerEntityDescription, BinarySensorEntityDescription):
    """A binary sensor of the miner as a whole."""

    value: Callable[[Snapshot], bool | None]


def _problem(snapshot: Snapshot) -> bool | None:
    """Tell whether something is broken; what the maker calls harmless is not."""
    if snapshot.state is MinerState.FAULT:
        return True
    if snapshot.faults is None:
        # Without a list of faults the state is all there is to go by.
        return None if snapshot.state is MinerState.UNKNOWN else False
    return any(not fault.minor for fault in snapshot.faults)


def _pool_connected(snapshot: Snapshot) -> bool | None:
    if snapshot.pools is None:
        return None
    if any(pool.active and pool.alive is not False for pool in snapshot.pools):
        return True
    # One of which it is not told whether it is mined for may be the one.
    maybe = any(pool.active is None and pool.alive is not False for pool in snapshot.pools)
    return None if maybe else False


BINARY_SENSORS = (
    MinerBinarySensorDescription(
        key="problem",
        feature=Feature.HASHRATE,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=_problem,
    ),
    MinerBinarySensorDescription(
        key="pool_connected",
        feature=Feature.POOL,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=_pool_connected,
    ),
    MinerBinarySensorDescription(
        key="write_access",
        feature=Feature.WRITE_ACCESS,
        entity_category=EntityCategory.DIAGNOSTIC,
        # A repair says so when it is off.
        entity_registry_enabled_default=False,
        value=lambda snapshot: snapshot.write_access,
    ),
)


def _entities(
    coordinator: MinerCoordinator, capabilities: Capabilities
) -> Iterable[MinerBinarySensor]:
    """Make the binary sensors of all that the miner has shown."""
    for description in BINARY_SENSORS:
        if description.feature in capabilities:
            yield MinerBinarySensor(coordinator, description)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of one miner, or of what commands several."""
    if await async_add_entities_of_other_kinds(
        hass, entry, Platform.BINARY_SENSOR, async_add_entities
    ):
        return
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerBinarySensor(MinerEntity[bool], BinarySensorEntity):
    """A yes-or-no fact of the miner as a whole."""

    entity_description: MinerBinarySensorDescription

    @override
    def _value(self, snapshot: Snapshot) -> bool | None:
        return self.entity_description.value(snapshot)

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value
