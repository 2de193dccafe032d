"""What a power controller shows and can be set to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription
from homeassistant.components.number.const import NumberDeviceClass, NumberMode
from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform, UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util

from .const import DOMAIN, MOST_WATTS
from .controller import ControllerConfigEntry, Dials, PowerController
from .entries import Kind, kind_of
from .errors import check_between
from .miners.lean import dataclass
from .miners.models import JsonValue
from .planning_entity import PlanningEntity
from .power.site_model import Mode, Why

DISABLED: Final = "disabled"
"""The reason of a controller that is switched off."""


@dataclass(frozen=True, kw_only=True)
class ControllerSensorDescription(SensorEntityDescription):
    """A reading of the controller."""

    value: Callable[[PowerController], float | int | str | None]


@dataclass(frozen=True, kw_only=True)
class ControllerNumberDescription(NumberEntityDescription):
    """A number of the controller; `key` is also its name among the dials."""

    value: Callable[[Dials], float]
    set: Callable[[Dials, float], Dials]


@dataclass(frozen=True, kw_only=True)
class ControllerSwitchDescription(SwitchEntityDescription):
    """A switch of the controller."""

    value: Callable[[Dials], bool]
    set: Callable[[Dials, bool], Dials]


def _watts(
    key: str, value: Callable[[PowerController], float | None]
) -> ControllerSensorDescription:
    """Return the row of a power. Whole watts, as nothing smaller means anything."""

    def whole(controller: PowerController) -> int | None:
        found = value(controller)
        return None if found is None else round(found)

    return ControllerSensorDescription(
        key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        value=whole,
    )


def _energy(key: str, value: Callable[[PowerController], float]) -> ControllerSensorDescription:
    """Return the row of an energy."""
    return ControllerSensorDescription(
        key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        value=value,
    )


WHY: Final = ControllerSensorDescription(
    key="why",
    device_class=SensorDeviceClass.ENUM,
    options=[*Why, DISABLED],
    value=lambda controller: controller.plan.reason.why if controller.dials.enabled else DISABLED,
)
HEADROOM: Final = SensorEntityDescription(
    key="headroom",
    device_class=SensorDeviceClass.POWER,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfPower.WATT,
)
"""One of each circuit."""

SENSORS: Final = (
    _watts(
        "budget",
        lambda controller: controller.plan.budget if controller.dials.enabled else None,
    ),
    _watts("surplus", lambda controller: controller.plan.surplus),
    _watts("allocated", lambda controller: sum(controller.plan.allocated.values())),
    _energy("energy_solar", lambda controller: controller.plan.energy.solar),
    _energy("energy_grid", lambda controller: controller.plan.energy.grid),
    _energy("energy_battery", lambda controller: controller.plan.energy.battery),
    ControllerSensorDescription(
        key="running_miners",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda controller: sum(state.running for state in controller.states().values()),
    ),
)

MODE: Final = SelectEntityDescription(key="mode")

SWITCHES: Final = (
    ControllerSwitchDescription(
        key="enabled",
        value=lambda dials: dials.enabled,
        set=lambda dials, on: replace(dials, enabled=on),
    ),
    ControllerSwitchDescription(
        key="dry_run",
        entity_category=EntityCategory.CONFIG,
        value=lambda dials: dials.dry_run,
        set=lambda dials, on: replace(dials, dry_run=on),
    ),
)

NUMBERS: Final = (
    ControllerNumberDescription(
        key="fixed_budget",
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        native_min_value=0,
        native_max_value=MOST_WATTS,
        native_step=1,
        mode=NumberMode.BOX,
        value=lambda dials: dials.fixed,
        set=lambda dials, watts: replace(dials, fixed=watts),
    ),
    ControllerNumberDescription(
        key="reserve",
        entity_category=EntityCategory.CONFIG,
        device_class=NumberDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        native_min_value=-MOST_WATTS,
        native_max_value=MOST_WATTS,
        native_step=1,
        mode=NumberMode.BOX,
        value=lambda dials: dials.reserve,
        set=lambda dials, watts: replace(dials, reserve=watts),
    ),
)


def entities(entry: ControllerConfigEntry, platform: Platform) -> Iterable[Entity]:
    """Return the entities of one platform."""
    controller = entry.runtime_data
    match platform:
        case Platform.SENSOR:
            yield WhySensor(controller, WHY)
            for row in SENSORS:
                yield ControllerSensor(controller, row)
            for key, name in controller.setup.circuits.items():
                yield HeadroomSensor(controller, key, name)
        case Platform.SELECT:
            yield ModeSelect(controller, MODE)
        case Platform.SWITCH:
            for switch in SWITCHES:
                yield ControllerSwitch(controller, switch)
        case Platform.NUMBER:
            for dial in NUMBERS:
                yield ControllerNumber(controller, dial)


def forget_circuits(hass: HomeAssistant, controller: PowerController) -> None:
    """Take away the entities of circuits that are no longer set up."""
    registry = er.async_get(hass)
    begin = f"{controller.entry.entry_id}_{HEADROOM.key}_"
    kept = {begin + key for key in controller.setup.circuits}
    for entity in er.async_entries_for_config_entry(registry, controller.entry.entry_id):
        if entity.unique_id.startswith(begin) and entity.unique_id not in kept:
            registry.async_remove(entity.entity_id)


class ControllerSensor(PlanningEntity[PowerController], SensorEntity):
    """A reading of the controller."""

    entity_description: ControllerSensorDescription

    @property
    @override
    def native_value(self) -> float | int | str | None:
        """Return what the newest plan says."""
        return self.entity_description.value(self.controller)


class WhySensor(ControllerSensor):
    """The one reason for what is done or waited for."""

    _unrecorded_attributes = frozenset({"miner", "watts", "until", "waiting"})

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, JsonValue]:
        """Return what the sentence is about."""
        reason = self.controller.plan.reason
        miners = self.controller.miners()
        watts = reason.data.get("watts")
        until = dt_util.utc_from_timestamp(reason.until) if reason.until else None
        return {
            "miner": self.controller.title(reason.miner) if reason.miner else None,
            "watts": None if watts is None else round(watts),
            "until": until.isoformat(timespec="seconds") if until else None,
            "waiting": [
                miners[mac].config_entry.title
                for mac, state in self.controller.states().items()
                if state.wait is not None
            ],
        }


class HeadroomSensor(PlanningEntity[PowerController], SensorEntity):
    """What a circuit has left."""

    def __init__(self, controller: PowerController, circuit: str, name: str) -> None:
        """Carry the circuit in the unique id and in the name."""
        super().__init__(controller, HEADROOM)
        self._circuit = circuit
        self._attr_unique_id = f"{self._attr_unique_id}_{circuit}"
        self._attr_translation_placeholders = {"circuit": name}

    @property
    @override
    def native_value(self) -> int | None:
        """Return it in W; unknown while none of its miners is there."""
        left = self.controller.plan.headroom.get(self._circuit)
        return None if left is None else round(left)


class ModeSelect(PlanningEntity[PowerController], SelectEntity):
    """What the miners live from."""

    @property
    @override
    def options(self) -> list[str]:
        """Return what makes sense with what is set up."""
        controller = self.controller
        entries = controller.hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        possible = {
            Mode.SURPLUS_CHEAP: controller.setup.has_price,
            Mode.HEAT: any(kind_of(entry) is Kind.THERMOSTAT for entry in entries),
        }
        now = controller.dials.mode
        return [mode.value for mode in Mode if possible.get(mode, True) or mode is now]

    @property
    @override
    def current_option(self) -> str:
        """Return the mode."""
        return self.controller.dials.mode.value

    @override
    async def async_select_option(self, option: str) -> None:
        """Change the mode; Home Assistant has checked that it is offered."""
        self.controller.async_turn(replace(self.controller.dials, mode=Mode(option)))


class ControllerSwitch(PlanningEntity[PowerController], SwitchEntity):
    """Something that the controller does or does not."""

    entity_description: ControllerSwitchDescription

    @property
    @override
    def is_on(self) -> bool:
        """Tell whether it does."""
        return self.entity_description.value(self.controller.dials)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on."""
        self._turn(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off."""
        self._turn(False)

    def _turn(self, on: bool) -> None:
        self.controller.async_turn(self.entity_description.set(self.controller.dials, on))


class ControllerNumber(PlanningEntity[PowerController], NumberEntity):
    """A number of W."""

    entity_description: ControllerNumberDescription

    @property
    @override
    def native_value(self) -> float:
        """Return the number."""
        return self.entity_description.value(self.controller.dials)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it, and not to nan, which Home Assistant lets through."""
        unit = f" {self.native_unit_of_measurement}"
        check_between(
            value, self.native_min_value, self.native_max_value, unit, self.controller.entry.title
        )
        self.controller.async_turn(self.entity_description.set(self.controller.dials, value))
