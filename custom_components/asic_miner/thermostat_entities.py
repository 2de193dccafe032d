"""What a thermostat shows and can be set to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.climate import ClimateEntity, ClimateEntityDescription
from homeassistant.components.climate.const import ClimateEntityFeature, HVACAction, HVACMode
from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.components.water_heater import (
    WaterHeaterEntity,
    WaterHeaterEntityDescription,
)
from homeassistant.components.water_heater.const import (
    STATE_ECO,
    STATE_ELECTRIC,
    STATE_PERFORMANCE,
    WaterHeaterEntityFeature,
)
from homeassistant.const import (
    ATTR_TEMPERATURE,
    STATE_OFF,
    EntityCategory,
    Platform,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.helpers.entity import Entity, EntityDescription

from .planning_entity import PlanningEntity
from .power.heat import Action, HeatWhy, Kind, Preset
from .power.heat_safety import Trip
from .thermostat import HeatController, ThermostatConfigEntry
from .thermostat_config import RANGES

ACTIONS: Final[Mapping[Action, HVACAction]] = {
    Action.OFF: HVACAction.OFF,
    Action.PREHEATING: HVACAction.PREHEATING,
    Action.HEATING: HVACAction.HEATING,
    Action.IDLE: HVACAction.IDLE,
}
OPERATIONS: Final[Mapping[str, Preset]] = {
    # Home Assistant fixes these words. None of them is quiet, so that SLEEP is for rooms only.
    STATE_ECO: Preset.ECO,
    STATE_ELECTRIC: Preset.COMFORT,
    STATE_PERFORMANCE: Preset.BOOST,
}


@dataclass(frozen=True, kw_only=True)
class ThermostatSensorDescription(SensorEntityDescription):
    """A reading of the thermostat."""

    value: Callable[[HeatController], float | str | None]


def _reason(controller: HeatController) -> str:
    """Return what holds the miner down, or else why it does what it does."""
    plan = controller.plan
    return plan.trip.value if plan.trip else plan.why.value


SENSORS: Final = (
    ThermostatSensorDescription(
        key="heating_reason",
        device_class=SensorDeviceClass.ENUM,
        # Without a trip nothing says so.
        options=[*(why for why in HeatWhy if why is not HeatWhy.TRIPPED), *Trip, HeatWhy.TRIPPED],
        value=_reason,
    ),
    ThermostatSensorDescription(
        key="heat_demand",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        value=lambda controller: round(controller.plan.data["wanted"]),
    ),
)
PROBLEM: Final = BinarySensorEntityDescription(
    key="heat_problem", device_class=BinarySensorDeviceClass.PROBLEM
)
ACKNOWLEDGE: Final = ButtonEntityDescription(
    key="acknowledge", entity_category=EntityCategory.CONFIG
)


def entities(entry: ThermostatConfigEntry, platform: Platform) -> Iterable[Entity]:
    """Return the entities of one platform."""
    controller = entry.runtime_data
    match platform:
        case Platform.CLIMATE:
            yield RoomThermostat(controller, ClimateEntityDescription(key="thermostat"))
        case Platform.WATER_HEATER:
            yield WaterThermostat(controller, WaterHeaterEntityDescription(key="water"))
        case Platform.SENSOR:
            for row in SENSORS:
                yield ThermostatSensor(controller, row)
        case Platform.BINARY_SENSOR:
            yield HeatProblem(controller, PROBLEM)
        case Platform.BUTTON:
            yield AcknowledgeButton(controller, ACKNOWLEDGE)


def platforms(controller: HeatController) -> list[Platform]:
    """Return the platforms that a thermostat needs."""
    room = controller.setup.heats.kind is Kind.ROOM
    main = Platform.CLIMATE if room else Platform.WATER_HEATER
    return [main, Platform.BINARY_SENSOR, Platform.BUTTON, Platform.SENSOR]


class RoomThermostat(PlanningEntity[HeatController], ClimateEntity):
    """A room that miners heat."""

    _attr_name = None
    _attr_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_target_temperature_step = 0.5
    _attr_hvac_modes = [HVACMode.OFF, HVACMode.HEAT]  # noqa: RUF012 - as Home Assistant types it
    _attr_preset_modes = [preset.value for preset in Preset]  # noqa: RUF012 - as above
    _attr_supported_features = (
        ClimateEntityFeature.TARGET_TEMPERATURE
        | ClimateEntityFeature.PRESET_MODE
        | ClimateEntityFeature.TURN_ON
        | ClimateEntityFeature.TURN_OFF
    )

    def __init__(self, controller: HeatController, description: EntityDescription) -> None:
        """Know the range."""
        super().__init__(controller, description)
        self._attr_min_temp, self._attr_max_temp, _ = RANGES[controller.setup.heats]

    @property
    @override
    def current_temperature(self) -> float | None:
        """°C of the room."""
        return self.controller.temperature

    @property
    @override
    def target_temperature(self) -> float:
        """°C that somebody has set."""
        return self.controller.setpoint

    @property
    @override
    def hvac_mode(self) -> HVACMode:
        """Whether it is armed."""
        return HVACMode.HEAT if self.controller.on else HVACMode.OFF

    @property
    @override
    def hvac_action(self) -> HVACAction:
        """What the miners do for it."""
        return ACTIONS[self.controller.plan.action]

    @property
    @override
    def preset_mode(self) -> str:
        """The preset that holds now."""
        return self.controller.preset.value

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Arm or disarm."""
        self.controller.async_switch(hvac_mode is HVACMode.HEAT)

    @override
    async def async_turn_on(self) -> None:
        """Arm."""
        self.controller.async_switch(True)

    @override
    async def async_turn_off(self) -> None:
        """Disarm."""
        self.controller.async_switch(False)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Take a preset; Home Assistant has checked that it is one of ours."""
        self.controller.async_choose(Preset(preset_mode))

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Take a setpoint, and a mode where one is given; Home Assistant has checked the range."""
        if "hvac_mode" in kwargs:
            self.controller.async_switch(kwargs["hvac_mode"] is HVACMode.HEAT)
        if ATTR_TEMPERATURE in kwargs:
            self.controller.async_set_temperature(kwargs[ATTR_TEMPERATURE])


class WaterThermostat(PlanningEntity[HeatController], WaterHeaterEntity):
    """Water that miners heat."""

    _attr_name = None
    _attr_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_target_temperature_step = 0.5
    _attr_operation_list = [STATE_OFF, *OPERATIONS]  # noqa: RUF012 - as Home Assistant types it
    _attr_supported_features = (
        WaterHeaterEntityFeature.TARGET_TEMPERATURE
        | WaterHeaterEntityFeature.OPERATION_MODE
        | WaterHeaterEntityFeature.AWAY_MODE
        | WaterHeaterEntityFeature.ON_OFF
    )

    def __init__(self, controller: HeatController, description: EntityDescription) -> None:
        """Know the range."""
        super().__init__(controller, description)
        self._attr_min_temp, self._attr_max_temp, _ = RANGES[controller.setup.heats]

    @property
    @override
    def current_temperature(self) -> float | None:
        """°C of the water."""
        return self.controller.temperature

    @property
    @override
    def target_temperature(self) -> float:
        """°C that somebody has set."""
        return self.controller.setpoint

    @property
    @override
    def current_operation(self) -> str:
        """Off, or how much power may be used."""
        if not self.controller.on:
            return STATE_OFF
        operations = {preset: operation for operation, preset in OPERATIONS.items()}
        return operations.get(self.controller.preset, STATE_ELECTRIC)

    @property
    @override
    def is_away_mode_on(self) -> bool:
        """Whether only frost is kept away."""
        return self.controller.preset is Preset.AWAY

    @override
    async def async_set_operation_mode(self, operation_mode: str) -> None:
        """Take an operation; Home Assistant has checked that it is one of ours."""
        if preset := OPERATIONS.get(operation_mode):
            self.controller.async_choose(preset)
        self.controller.async_switch(operation_mode != STATE_OFF)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Arm."""
        self.controller.async_switch(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Disarm."""
        self.controller.async_switch(False)

    @override
    async def async_turn_away_mode_on(self) -> None:
        """Keep only frost away."""
        self.controller.async_choose(Preset.AWAY)

    @override
    async def async_turn_away_mode_off(self) -> None:
        """Be at home again."""
        self.controller.async_choose(Preset.COMFORT)

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Take a setpoint, and an operation where one is given."""
        if operation := kwargs.get("operation_mode"):
            await self.async_set_operation_mode(operation)
        if ATTR_TEMPERATURE in kwargs:
            self.controller.async_set_temperature(kwargs[ATTR_TEMPERATURE])


class ThermostatSensor(PlanningEntity[HeatController], SensorEntity):
    """A reading of the thermostat."""

    entity_description: ThermostatSensorDescription

    @property
    @override
    def native_value(self) -> float | str | None:
        """Return what the newest plan says."""
        return self.entity_description.value(self.controller)


class HeatProblem(PlanningEntity[HeatController], BinarySensorEntity):
    """Something holds the miners down that is not the temperature that was asked for."""

    @property
    @override
    def is_on(self) -> bool:
        """Coming back low after a trip is no problem any more."""
        return self.controller.plan.trip not in {None, Trip.WAKE}

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, bool]:
        """Tell whether somebody has to press the button."""
        return {"latched": self.controller.latched}


class AcknowledgeButton(PlanningEntity[HeatController], ButtonEntity):
    """Clears what only a person may clear."""

    @property
    @override
    def available(self) -> bool:
        """There is something to clear."""
        return self.controller.latched

    @override
    async def async_press(self) -> None:
        """Clear it."""
        self.controller.async_acknowledge()
