"""Numbers: how much a miner shall draw or make."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Command, MinerConfigEntry, MinerCoordinator
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .miners.models import Capabilities, Feature, Snapshot
from .restart import Restart

# A miner takes one command at a time.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerNumberDescription(MinerEntityDescription, NumberEntityDescription):
    """A number of the miner as a whole."""

    value: Callable[[Snapshot], float | None]
    set: Callable[[float], Command]
    restarts: Restart | None = None


NUMBERS = (
    MinerNumberDescription(
        key="power_target",
        feature=Feature.POWER_TARGET,
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        mode=NumberMode.SLIDER,
        value=lambda snapshot: snapshot.power_target,
        set=lambda watts: lambda client: client.set_power_target(watts),
    ),
    MinerNumberDescription(
        key="power_percent",
        feature=Feature.POWER_PERCENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode=NumberMode.SLIDER,
        value=lambda snapshot: snapshot.power_percent,
        set=lambda percent: lambda client: client.set_power_percent(percent),
    ),
    MinerNumberDescription(
        key="power_limit",
        feature=Feature.POWER_LIMIT,
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        entity_category=EntityCategory.CONFIG,
        # Typed, not dragged: each value that a slider passes would restart mining.
        mode=NumberMode.BOX,
        value=lambda snapshot: snapshot.power_limit,
        set=lambda watts: lambda client: client.set_power_limit(watts),
        restarts=Restart.MINING,
    ),
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[MinerNumber]:
    """Make the numbers of all that the miner can be set to."""
    for description in NUMBERS:
        if description.feature in capabilities and description.feature in capabilities.ranges:
            yield MinerNumber(coordinator, description)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the numbers of one miner."""
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerNumber(MinerEntity, NumberEntity):
    """Something that a miner can be set to. Its value is what the miner says."""

    entity_description: MinerNumberDescription

    def __init__(self, coordinator: MinerCoordinator, description: MinerNumberDescription) -> None:
        """Take the limits of this very device."""
        super().__init__(coordinator, description)
        self._take_limits()

    def _take_limits(self) -> None:
        # They may move: another power supply, or the base of a percentage learned anew.
        if limits := self.coordinator.capabilities.ranges.get(self.entity_description.feature):
            self._attr_native_min_value = limits.minimum
            self._attr_native_max_value = limits.maximum
            self._attr_native_step = limits.step

    @override
    def _read(self, snapshot: Snapshot) -> None:
        self._take_limits()
        value = self.entity_description.value(snapshot)
        # Whole steps are shown as whole numbers: 80 %, not 80.0 %.
        whole = value is not None and self.native_step is not None and self.native_step % 1 == 0
        self._attr_native_value = round(value) if value is not None and whole else value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set a value; Home Assistant has checked it against the limits."""
        await self.coordinator.async_command(
            self.entity_description.set(value), restarts=self.entity_description.restarts
        )
