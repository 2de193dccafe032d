"""Numbers: how much a miner shall draw or make."""

from collections.abc import Awaitable, Callable, Iterable
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import (
    EntityCategory,
    Platform,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import TERAHASH_PER_SECOND
from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import MinerEntity, MinerEntityDescription, add_entities_as_they_appear
from .errors import check_between
from .kinds import async_add_entities_of_other_kinds
from .miners.lean import dataclass
from .miners.models import Capabilities, Feature, Snapshot
from .power.model import Source
from .restart import Restart

# A miner takes one command at a time.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class MinerNumberDescription(MinerEntityDescription, NumberEntityDescription):
    """A number of the miner as a whole."""

    value: Callable[[Snapshot], float | None]
    set: Callable[[MinerCoordinator, float, Source], Awaitable[None]]


def _setting(
    feature: Feature,
    unit: str | None,
    device_class: NumberDeviceClass | None = None,
    restarts: Restart | None = None,
) -> MinerNumberDescription:
    """Return the row of a setting that is a number."""

    def value(snapshot: Snapshot) -> float | None:
        stored = snapshot.settings.get(feature)
        return stored if isinstance(stored, int | float) else None

    return MinerNumberDescription(
        key=feature.value,
        feature=feature,
        native_unit_of_measurement=unit,
        device_class=device_class,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        mode=NumberMode.BOX,
        value=value,
        set=lambda coordinator, number, _: coordinator.async_command(
            lambda client: client.set_setting(feature, number), restarts=restarts
        ),
    )


NUMBERS = (
    MinerNumberDescription(
        key="power_target",
        feature=Feature.POWER_TARGET,
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        mode=NumberMode.SLIDER,
        value=lambda snapshot: snapshot.power_target,
        set=lambda coordinator, watts, source: coordinator.async_user_power(watts, source),
    ),
    MinerNumberDescription(
        key="power_percent",
        feature=Feature.POWER_PERCENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode=NumberMode.SLIDER,
        value=lambda snapshot: snapshot.power_percent,
        set=lambda coordinator, percent, source: coordinator.async_user_percent(percent, source),
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
        set=lambda coordinator, watts, _: coordinator.async_command(
            lambda client: client.set_power_limit(watts), restarts=Restart.MINING
        ),
    ),
    MinerNumberDescription(
        key="hashrate_target",
        feature=Feature.HASHRATE_TARGET,
        native_unit_of_measurement=TERAHASH_PER_SECOND,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        mode=NumberMode.BOX,
        value=lambda snapshot: snapshot.hashrate_target,
        set=lambda coordinator, terahashes, _: coordinator.async_command(
            lambda client: client.set_hashrate_target(terahashes)
        ),
    ),
    _setting(Feature.TARGET_FREQUENCY, UnitOfRatio.PERCENTAGE, restarts=Restart.MINING),
    _setting(Feature.UPFREQ_SPEED, None),
    _setting(Feature.TEMP_OFFSET, UnitOfTemperature.CELSIUS, NumberDeviceClass.TEMPERATURE_DELTA),
    *(
        _setting(feature, UnitOfTemperature.CELSIUS, NumberDeviceClass.TEMPERATURE)
        for feature in (
            Feature.TARGET_TEMPERATURE,
            Feature.HOT_TEMPERATURE,
            Feature.DANGEROUS_TEMPERATURE,
        )
    ),
    *(
        _setting(feature, UnitOfPower.WATT, NumberDeviceClass.POWER)
        for feature in (Feature.DPS_POWER_STEP, Feature.DPS_MINIMUM_POWER)
    ),
    *(
        _setting(feature, TERAHASH_PER_SECOND)
        for feature in (Feature.DPS_HASHRATE_STEP, Feature.DPS_MINIMUM_HASHRATE)
    ),
    _setting(Feature.DPS_SHUTDOWN_HOURS, UnitOfTime.HOURS, NumberDeviceClass.DURATION),
    *(
        _setting(feature, UnitOfTime.SECONDS, NumberDeviceClass.DURATION)
        for feature in (Feature.QUICK_RAMP_UP, Feature.QUICK_RAMP_DOWN)
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
    """Set up the numbers of one miner, or of what commands several."""
    if await async_add_entities_of_other_kinds(hass, entry, Platform.NUMBER, async_add_entities):
        return
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class MinerNumber(MinerEntity[float], NumberEntity):
    """Something that a miner can be set to. Its value is what the miner says."""

    entity_description: MinerNumberDescription

    @property
    @override
    def assumed_state(self) -> bool:
        """Tell that the miner takes this setting and cannot be asked for it."""
        return self.entity_description.feature in self.coordinator.capabilities.assumed

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
    def _value(self, snapshot: Snapshot) -> float | None:
        return self.entity_description.value(snapshot)

    @override
    def _show(self, value: float | None) -> None:
        self._take_limits()
        # Whole steps are shown as whole numbers: 80 %, not 80.0 %.
        whole = value is not None and self.native_step is not None and self.native_step % 1 == 0
        self._attr_native_value = round(value) if value is not None and whole else value

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set a value, and not nan, which Home Assistant lets through."""
        unit = f" {self.native_unit_of_measurement}" if self.native_unit_of_measurement else ""
        name = self.coordinator.config_entry.title
        check_between(value, self.native_min_value, self.native_max_value, unit, name)
        # An automation keeps to the times between changes, a person need not.
        person = self._context is not None and self._context.user_id is not None
        source = Source.USER if person else Source.ACTION
        await self.entity_description.set(self.coordinator, value, source)
