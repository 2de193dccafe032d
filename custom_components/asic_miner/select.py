"""Selects: the ways a miner can work."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import MinerConfigEntry, MinerCoordinator, Order
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .kinds import async_add_entities_of_other_kinds
from .miners.lean import dataclass
from .miners.models import Capabilities, Feature, PowerMode, Snapshot
from .restart import Restart

# A miner takes one command at a time.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerSelectDescription(MinerEntityDescription, SelectEntityDescription):
    """A choice of the miner as a whole."""

    value: Callable[[Snapshot], str | None]
    set: Callable[[str], Order[object]]
    restarts: Restart | None = None


def _setting(feature: Feature) -> MinerSelectDescription:
    """Return the row of a setting that is one of several choices."""

    def value(snapshot: Snapshot) -> str | None:
        stored = snapshot.settings.get(feature)
        return stored if isinstance(stored, str) else None

    return MinerSelectDescription(
        key=feature.value,
        feature=feature,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        value=value,
        set=lambda option: lambda client: client.set_setting(feature, option),
    )


SELECTS = (
    MinerSelectDescription(
        key="power_mode",
        feature=Feature.POWER_MODE,
        entity_category=EntityCategory.CONFIG,
        value=lambda snapshot: snapshot.power_mode and snapshot.power_mode.value,
        set=lambda option: lambda client: client.set_power_mode(PowerMode(option)),
        restarts=Restart.MINING,
    ),
    _setting(Feature.COOLING_MODE),
    _setting(Feature.DPS_MODE),
    _setting(Feature.HEAT_MODE),
    _setting(Feature.PERFORMANCE_MODE),
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[MinerSelect]:
    """Make the selects of all that the miner has a choice of."""
    for description in SELECTS:
        if description.feature in capabilities and description.feature in capabilities.choices:
            yield MinerSelect(coordinator, description)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the selects of one miner, or of what commands several."""
    if await async_add_entities_of_other_kinds(hass, entry, Platform.SELECT, async_add_entities):
        return
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerSelect(MinerEntity[str], SelectEntity):
    """A choice of the miner. What is shown as chosen is what the miner says."""

    entity_description: MinerSelectDescription

    @property
    @override
    def assumed_state(self) -> bool:
        """Tell that the miner takes this setting and cannot be asked for it."""
        return self.entity_description.feature in self.coordinator.capabilities.assumed

    def __init__(self, coordinator: MinerCoordinator, description: MinerSelectDescription) -> None:
        """Offer what this very device has."""
        super().__init__(coordinator, description)
        self._attr_options = [*coordinator.capabilities.choices.get(description.feature, ())]

    @override
    def _value(self, snapshot: Snapshot) -> str | None:
        return self.entity_description.value(snapshot)

    @override
    def _show(self, value: str | None) -> None:
        self._attr_current_option = value

    @override
    async def async_select_option(self, option: str) -> None:
        """Choose; Home Assistant has checked that it is offered."""
        await self.coordinator.async_command(
            self.entity_description.set(option), restarts=self.entity_description.restarts
        )
