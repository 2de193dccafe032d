"""The thermostat itself: a climate entity for a room, a water heater for water."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.climate import ClimateEntity
from homeassistant.components.climate.const import ClimateEntityFeature, HVACAction, HVACMode
from homeassistant.components.water_heater import WaterHeaterEntity
from homeassistant.components.water_heater.const import (
    STATE_ECO,
    STATE_ELECTRIC,
    STATE_PERFORMANCE,
    WaterHeaterEntityFeature,
)
from homeassistant.const import ATTR_TEMPERATURE, STATE_OFF, UnitOfTemperature
from homeassistant.helpers.entity import EntityDescription

from .errors import check_between
from .planning_entity import PlanningEntity
from .power.heat_model import Action, Preset
from .thermostat import HeatController
from .thermostat_options import RANGES

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


class Holding(PlanningEntity[HeatController]):
    """What a room and water have in common: a temperature that is held."""

    _attr_name = None
    _attr_temperature_unit: str = UnitOfTemperature.CELSIUS
    _attr_target_temperature_step: float | None = 0.5

    def __init__(self, controller: HeatController, description: EntityDescription) -> None:
        """Know the range."""
        super().__init__(controller, description)
        self._attr_min_temp, self._attr_max_temp, _ = RANGES[controller.setup.heats]

    def _check(self, given: Mapping[str, Any]) -> None:
        """Raise for a setpoint out of range: Home Assistant lets nan through, and any of water."""
        if ATTR_TEMPERATURE not in given:
            return
        check_between(
            # In °F it was whole degrees, which are not quite that any more.
            round(given[ATTR_TEMPERATURE], 2),
            self._attr_min_temp,
            self._attr_max_temp,
            f" {UnitOfTemperature.CELSIUS}",
            self.controller.entry.title,
        )

    @property
    def current_temperature(self) -> float | None:
        """°C of what is heated."""
        return self.controller.temperature

    @property
    def target_temperature(self) -> float:
        """°C that somebody has set."""
        return self.controller.setpoint

    async def async_turn_on(self, **_: object) -> None:
        """Arm."""
        self.controller.async_switch(True)

    async def async_turn_off(self, **_: object) -> None:
        """Disarm."""
        self.controller.async_switch(False)


class RoomThermostat(Holding, ClimateEntity):
    """A room that miners heat."""

    _attr_hvac_modes = [HVACMode.OFF, HVACMode.HEAT]  # noqa: RUF012 - as Home Assistant types it
    _attr_preset_modes = [preset.value for preset in Preset]  # noqa: RUF012 - as above
    _attr_supported_features = (
        ClimateEntityFeature.TARGET_TEMPERATURE
        | ClimateEntityFeature.PRESET_MODE
        | ClimateEntityFeature.TURN_ON
        | ClimateEntityFeature.TURN_OFF
    )

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
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Take a preset; Home Assistant has checked that it is one of ours."""
        self.controller.async_choose(Preset(preset_mode))

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Take a setpoint, and a mode where one is given."""
        self._check(kwargs)
        if "hvac_mode" in kwargs:
            self.controller.async_switch(kwargs["hvac_mode"] is HVACMode.HEAT)
        if ATTR_TEMPERATURE in kwargs:
            self.controller.async_set_temperature(kwargs[ATTR_TEMPERATURE])


class WaterThermostat(Holding, WaterHeaterEntity):
    """Water that miners heat."""

    _attr_operation_list = [STATE_OFF, *OPERATIONS]  # noqa: RUF012 - as Home Assistant types it
    _attr_supported_features = (
        WaterHeaterEntityFeature.TARGET_TEMPERATURE
        | WaterHeaterEntityFeature.OPERATION_MODE
        | WaterHeaterEntityFeature.AWAY_MODE
        | WaterHeaterEntityFeature.ON_OFF
    )

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
        self._check(kwargs)
        if operation := kwargs.get("operation_mode"):
            await self.async_set_operation_mode(operation)
        if ATTR_TEMPERATURE in kwargs:
            self.controller.async_set_temperature(kwargs[ATTR_TEMPERATURE])
