"""Switches: what a miner does or does not."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, override

from homeassistant.components.switch import (
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import (
    HashboardEntity,
    MinerEntity,
    MinerEntityDescription,
    add_entities_as_they_appear,
)
from .kinds import async_add_entities_of_other_kinds
from .miners.lean import dataclass
from .miners.models import Capabilities, Feature, Snapshot

# A miner takes one command at a time.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerSwitchDescription(MinerEntityDescription, SwitchEntityDescription):
    """A switch of the miner as a whole."""

    value: Callable[[Snapshot], bool | None]
    set: Callable[[MinerCoordinator, bool], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class HashboardSwitchDescription(MinerEntityDescription, SwitchEntityDescription):
    """The switch of each hashboard."""


def _setting(feature: Feature) -> MinerSwitchDescription:
    """Return the row of a setting that is on or off."""

    def value(snapshot: Snapshot) -> bool | None:
        stored = snapshot.settings.get(feature)
        return stored if isinstance(stored, bool) else None

    return MinerSwitchDescription(
        key=feature.value,
        feature=feature,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        value=value,
        set=lambda coordinator, on: coordinator.async_command(
            lambda client: client.set_setting(feature, on)
        ),
    )


SWITCHES = (
    MinerSwitchDescription(
        key="mining",
        feature=Feature.MINING,
        name=None,
        device_class=SwitchDeviceClass.SWITCH,
        value=lambda snapshot: snapshot.mining_wanted,
        set=lambda coordinator, on: coordinator.async_user_mining(on),
    ),
    MinerSwitchDescription(
        key="locate",
        feature=Feature.LOCATE,
        entity_category=EntityCategory.CONFIG,
        value=lambda snapshot: snapshot.locate,
        set=lambda coordinator, on: coordinator.async_command(lambda client: client.set_locate(on)),
    ),
    _setting(Feature.AUTO_UPGRADE),
    _setting(Feature.DPS),
    _setting(Feature.DPS_SHUTDOWN),
    _setting(Feature.FAN_ZERO_SPEED),
    _setting(Feature.FAST_BOOT),
    _setting(Feature.FAST_MINING),
    _setting(Feature.MINE_AT_STARTUP),
    _setting(Feature.POWEROFF_COOL),
    _setting(Feature.WEB_POOLS),
)

HASHBOARD = HashboardSwitchDescription(
    key="hashboard",
    feature=Feature.HASHBOARD,
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[SwitchEntity]:
    """Make the switches of all that the miner can do."""
    for description in SWITCHES:
        if description.feature in capabilities:
            yield MinerSwitch(coordinator, description)
    if HASHBOARD.feature in capabilities:
        for index in sorted(capabilities.boards):
            yield HashboardSwitch(coordinator, HASHBOARD, index)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of one miner, or of what commands several."""
    if await async_add_entities_of_other_kinds(hass, entry, Platform.SWITCH, async_add_entities):
        return
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerSwitch(MinerEntity[bool], SwitchEntity):
    """Something that a miner does or does not. Its state is what the miner says."""

    entity_description: MinerSwitchDescription

    @property
    @override
    def assumed_state(self) -> bool:
        """Tell that the miner takes this setting and cannot be asked for it."""
        return self.entity_description.feature in self.coordinator.capabilities.assumed

    @override
    def _value(self, snapshot: Snapshot) -> bool | None:
        return self.entity_description.value(snapshot)

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on."""
        await self.entity_description.set(self.coordinator, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off."""
        await self.entity_description.set(self.coordinator, False)


class HashboardSwitch(HashboardEntity[bool], SwitchEntity):
    """One hashboard that can be left out of mining."""

    entity_description: HashboardSwitchDescription

    @override
    def _value(self, snapshot: Snapshot) -> bool | None:
        board = snapshot.board(self.index)
        return board.enabled if board else None

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let the board mine. Interrupts mining."""
        await self.coordinator.async_command(lambda client: client.set_hashboard(self.index, True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Leave the board out. Interrupts mining."""
        await self.coordinator.async_command(lambda client: client.set_hashboard(self.index, False))
