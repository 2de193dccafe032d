"""What a thermostat shows and can be set to."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.climate import ClimateEntityDescription
from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.components.water_heater import (
    WaterHeaterEntityDescription,
)
from homeassistant.const import (
    EntityCategory,
    Platform,
    UnitOfPower,
)
from homeassistant.helpers.entity import Entity

from .miners.lean import dataclass
from .planning_entity import PlanningEntity
from .power.heat_model import Action, HeatWhy, Kind
from .power.heat_safety import Trip
from .thermostat import HeatController, ThermostatConfigEntry
from .thermostat_config import HeatSetup
from .thermostat_main import RoomThermostat, WaterThermostat


@dataclass(frozen=True, kw_only=True)
class ThermostatSensorDescription(SensorEntityDescription):
    """A reading of the thermostat."""

    value: Callable[[HeatController], float | str | None]
    needed: Callable[[HeatSetup], bool] = lambda _: True


@dataclass(frozen=True, kw_only=True)
class ThermostatSignDescription(BinarySensorEntityDescription):
    """Something that is so, or not."""

    value: Callable[[HeatController], bool]
    needed: Callable[[HeatSetup], bool]


def _reason(controller: HeatController) -> str:
    """Return what holds the miner down, or else why it does what it does."""
    plan = controller.plan
    return plan.trip.value if plan.trip else plan.why.value


SENSORS: Final = (
    ThermostatSensorDescription(
        key="heating_reason",
        device_class=SensorDeviceClass.ENUM,
        # A trip has its own name.
        options=[*(why for why in HeatWhy if why is not HeatWhy.TRIPPED), *Trip],
        value=_reason,
    ),
    ThermostatSensorDescription(
        key="heat_demand",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        value=lambda controller: round(controller.plan.data["wanted"]),
    ),
    ThermostatSensorDescription(
        key="heating_action",
        device_class=SensorDeviceClass.ENUM,
        options=list(Action),
        # A climate entity says this itself; a water heater has no place for it.
        needed=lambda setup: setup.kind is not Kind.ROOM,
        value=lambda controller: controller.plan.action.value,
    ),
)
PROBLEM: Final = BinarySensorEntityDescription(
    key="heat_problem", device_class=BinarySensorDeviceClass.PROBLEM
)
SIGNS: Final = (
    ThermostatSignDescription(
        # No device class: that it is to run does not mean that it does.
        key="pump_demand",
        needed=lambda setup: setup.wet,
        value=lambda controller: controller.plan.pump,
    ),
    ThermostatSignDescription(
        key="frost_risk",
        device_class=BinarySensorDeviceClass.SAFETY,
        needed=lambda setup: setup.outside is not None,
        value=lambda controller: controller.plan.frost,
    ),
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
                if row.needed(controller.setup):
                    yield ThermostatSensor(controller, row)
        case Platform.BINARY_SENSOR:
            yield HeatProblem(controller, PROBLEM)
            for sign in SIGNS:
                if sign.needed(controller.setup):
                    yield ThermostatSign(controller, sign)
        case Platform.BUTTON:
            yield AcknowledgeButton(controller, ACKNOWLEDGE)


def platforms(controller: HeatController) -> list[Platform]:
    """Return the platforms that a thermostat needs."""
    room = controller.setup.kind is Kind.ROOM
    main = Platform.CLIMATE if room else Platform.WATER_HEATER
    return [main, Platform.BINARY_SENSOR, Platform.BUTTON, Platform.SENSOR]


class ThermostatSensor(PlanningEntity[HeatController], SensorEntity):
    """A reading of the thermostat."""

    entity_description: ThermostatSensorDescription

    @property
    @override
    def native_value(self) -> float | str | None:
        """Return what the newest plan says."""
        return self.entity_description.value(self.controller)


class ThermostatSign(PlanningEntity[HeatController], BinarySensorEntity):
    """Something that is so, or not."""

    entity_description: ThermostatSignDescription

    @property
    @override
    def is_on(self) -> bool:
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
