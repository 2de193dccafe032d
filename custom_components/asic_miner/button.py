"""Buttons: things to do once."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.button import (
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry, MinerCoordinator, Order
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .kinds import async_add_entities_of_other_kinds
from .miners.lean import dataclass
from .miners.models import Capabilities, Feature
from .restart import Restart

# A miner takes one command at a time.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerButtonDescription(MinerEntityDescription, ButtonEntityDescription):
    """A button of the miner as a whole."""

    press: Order[object]
    restarts: Restart | None = None
    power: bool = False
    """It sets the power, so that what was wished of it before is out of date."""


BUTTONS = (
    MinerButtonDescription(
        key="restart_mining",
        feature=Feature.RESTART_MINING,
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        press=lambda client: client.restart_mining(),
        restarts=Restart.MINING,
    ),
    MinerButtonDescription(
        key="reboot",
        feature=Feature.REBOOT,
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        press=lambda client: client.reboot(),
        restarts=Restart.BOARD,
    ),
    MinerButtonDescription(
        key="restore_power",
        feature=Feature.RESTORE_POWER,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda client: client.restore_power(),
        power=True,
    ),
    MinerButtonDescription(
        key="stop_mining",
        feature=Feature.STOP_MINING,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda client: client.stop_mining(),
    ),
    MinerButtonDescription(
        key="default_quick_ramping",
        feature=Feature.DEFAULT_QUICK_RAMPING,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda client: client.default_quick_ramping(),
    ),
    # The defaults are the nameplate's full draw. Nobody should press them by accident.
    MinerButtonDescription(
        key="default_power_target",
        feature=Feature.DEFAULT_POWER_TARGET,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda client: client.default_power_target(),
        power=True,
    ),
    MinerButtonDescription(
        key="default_hashrate_target",
        feature=Feature.DEFAULT_HASHRATE_TARGET,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda client: client.default_hashrate_target(),
        power=True,
    ),
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[MinerButton]:
    """Make the buttons of all that the miner can do."""
    for description in BUTTONS:
        if description.feature in capabilities:
            yield MinerButton(coordinator, description)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of one miner, or of what commands several."""
    if await async_add_entities_of_other_kinds(hass, entry, Platform.BUTTON, async_add_entities):
        return
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerButton(MinerEntity[None], ButtonEntity):
    """Something that a miner does once."""

    entity_description: MinerButtonDescription

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self.coordinator.async_command(
            self.entity_description.press, restarts=self.entity_description.restarts
        )
        if self.entity_description.power:
            self.coordinator.forget_power()
