"""Switches: what a miner does or does not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Command, MinerConfigEntry, MinerCoordinator
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .miners.models import Capabilities, Feature, Snapshot

# A miner takes one command at a time.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerSwitchDescription(MinerEntityDescription, SwitchEntityDescription):
    """A switch of the miner as a whole."""

    value: Callable[[Snapshot], bool | None]
    set: Callable[[bool], Command]


SWITCHES = (
    MinerSwitchDescription(
        key="mining",
        feature=Feature.MINING,
        name=None,
        device_class=SwitchDeviceClass.SWITCH,
        value=lambda snapshot: snapshot.mining_wanted,
        set=lambda on: lambda client: client.set_mining(on),
    ),
    MinerSwitchDescription(
        key="locate",
        feature=Feature.LOCATE,
        entity_category=EntityCategory.CONFIG,
        value=lambda snapshot: snapshot.locate,
        set=lambda on: lambda client: client.set_locate(on),
    ),
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[MinerSwitch]:
    """Make the switches of all that the miner can do."""
    for description in SWITCHES:
        if description.feature in capabilities:
            yield MinerSwitch(coordinator, description)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of one miner."""
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerSwitch(MinerEntity, SwitchEntity):
    """Something that a miner does or does not. Its state is what the miner says."""

    entity_description: MinerSwitchDescription

    @override
    def _read(self, snapshot: Snapshot) -> None:
        self._attr_is_on = self.entity_description.value(snapshot)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on."""
        await self.coordinator.async_command(self.entity_description.set(True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off."""
        await self.coordinator.async_command(self.entity_description.set(False))
