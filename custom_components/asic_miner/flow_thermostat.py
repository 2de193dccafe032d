"""Setting up a thermostat, and changing it later."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryBaseFlow,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_NAME, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import SectionConfig, section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    DeviceSelector,
    DeviceSelectorConfig,
    EntityFilterSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import probatio

from . import meters
from . import thermostat_options as conf
from .const import DOMAIN
from .controller_options import mac_of
from .entries import CONF_KIND, Kind, kind_of
from .power import defaults

NAME = "Miner heating"
"""What a new one is called unless its owner knows better."""
COLLAPSED = SectionConfig(collapsed=True)
CHIP_RANGE = (50.0, 110.0)
"""°C. Below, no miner would ever run; above, none does."""
WATER_RANGE = (20.0, 90.0)
"""°C. A loop of water without pressure ends below boiling."""

type UserInput = dict[str, Any] | None


def _temperature(exclude: list[str]) -> EntitySelector:
    return EntitySelector(
        EntitySelectorConfig(
            exclude_entities=exclude,
            filter=EntityWithDeviceFilterSelectorConfig(
                domain="sensor", device_class="temperature"
            ),
        )
    )


def _switch(exclude: list[str]) -> EntitySelector:
    return EntitySelector(
        EntitySelectorConfig(
            exclude_entities=exclude,
            filter=EntityWithDeviceFilterSelectorConfig(domain=["switch", "input_boolean"]),
        )
    )


def _limit(limits: tuple[float, float]) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=limits[0],
            max=limits[1],
            step=1,
            unit_of_measurement=UnitOfTemperature.CELSIUS,
            mode=NumberSelectorMode.BOX,
        )
    )


def fields(
    hass: HomeAssistant, *, named: bool = False, limits_shown: bool = False
) -> dict[Any, Any]:
    """Return the fields of the one form, with a name for a new thermostat."""
    entities = er.async_get(hass).entities.values()
    # A chip is warm for other reasons than the room; the water that leaves a miner is not.
    own = [entity.entity_id for entity in entities if entity.platform == DOMAIN]
    name = {probatio.Required(CONF_NAME, default=NAME): TextSelector()} if named else {}
    return {
        **name,
        probatio.Required(conf.CONF_MINERS): DeviceSelector(
            DeviceSelectorConfig(
                integration=DOMAIN,
                entity=EntityFilterSelectorConfig(domain="switch", device_class="switch"),
                multiple=True,
            )
        ),
        probatio.Required(conf.CONF_HEATS, default=conf.Heats.ROOM.value): SelectSelector(
            SelectSelectorConfig(
                options=[heats.value for heats in conf.Heats],
                translation_key="heats",
                mode=SelectSelectorMode.LIST,
            )
        ),
        probatio.Required(conf.CONF_SENSOR): _temperature(own),
        probatio.Required(conf.CONF_MORE): section(
            probatio.Schema(
                {
                    probatio.Optional(conf.CONF_OUTLET): _temperature([]),
                    probatio.Optional(conf.CONF_PUMP): _switch(own),
                    probatio.Optional(conf.CONF_BACKUP): _switch(own),
                    probatio.Optional(conf.CONF_WINDOW): EntitySelector(
                        EntitySelectorConfig(
                            filter=EntityWithDeviceFilterSelectorConfig(
                                domain="binary_sensor", device_class=["window", "door", "opening"]
                            ),
                        )
                    ),
                    probatio.Optional(conf.CONF_OUTSIDE): _temperature([]),
                }
            ),
            COLLAPSED,
        ),
        probatio.Required(conf.CONF_LIMITS): section(
            probatio.Schema(
                {
                    # Left empty, it is what suits each miner.
                    probatio.Optional(conf.CONF_CHIP): _limit(CHIP_RANGE),
                    probatio.Required(conf.CONF_SOFT, default=defaults.SUPPLY_SOFT): _limit(
                        WATER_RANGE
                    ),
                    probatio.Required(conf.CONF_HARD, default=defaults.SUPPLY_HARD): _limit(
                        WATER_RANGE
                    ),
                }
            ),
            SectionConfig(collapsed=not limits_shown),
        ),
    }


def wrong(
    hass: HomeAssistant, given: Mapping[str, Any], own: ConfigEntry[Any] | None = None
) -> dict[str, str]:
    """Return what is wrong with what somebody chose; `own` is the entry that is changed."""
    own_entry = own.entry_id if own else None
    if error := _wrong_miners(hass, given[conf.CONF_MINERS], own_entry):
        return {conf.CONF_MINERS: error}
    more = given[conf.CONF_MORE]
    sensors = [given[conf.CONF_SENSOR], more.get(conf.CONF_OUTLET), more.get(conf.CONF_OUTSIDE)]
    for sensor in sensors:
        # One that says nothing now may be asleep.
        if sensor and meters.unit(hass, sensor) not in {None, *UnitOfTemperature}:
            return {"base": "not_temperature"}
    if (pump := more.get(conf.CONF_PUMP)) and pump == more.get(conf.CONF_BACKUP):
        return {"base": "pump_is_backup"}
    limits = given[conf.CONF_LIMITS]
    if limits[conf.CONF_SOFT] >= limits[conf.CONF_HARD]:
        return {"base": "limits_crossed"}
    return _wrong_setpoint(limits, _setpoint(own, given[conf.CONF_HEATS]))


def _setpoint(own: ConfigEntry[Any] | None, heats: str) -> float | None:
    """Return the °C that the water is held at; None of a room, and while that is not known.

    A new thermostat begins below its limits.
    """
    if own is None or own.state is not ConfigEntryState.LOADED or heats == conf.Heats.ROOM:
        return None
    return conf.within(conf.Heats(heats), own.runtime_data.setpoint)


def _wrong_setpoint(limits: Mapping[str, float], setpoint: float | None) -> dict[str, str]:
    """Return which limit of the water is at the setpoint or below; the upper one is the higher."""
    if setpoint is None or setpoint < limits[conf.CONF_SOFT]:
        return {}
    above_hard = setpoint >= limits[conf.CONF_HARD]
    return {"base": "setpoint_above_hard" if above_hard else "setpoint_above_soft"}


def _of_limits(errors: Mapping[str, str]) -> bool:
    """Tell whether the limits are what is wrong, so that they are to be seen."""
    about = {"limits_crossed", "setpoint_above_hard", "setpoint_above_soft"}
    return not about.isdisjoint(errors.values())


def _wrong_miners(hass: HomeAssistant, devices: list[str], own_entry: str | None) -> str | None:
    macs = [mac_of(hass, device) for device in devices]
    if not macs:
        return "none_picked"
    if None in macs:
        return "no_miner_chosen"
    if len(set(macs)) != len(macs):
        return "miner_twice"
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if kind_of(entry) is Kind.THERMOSTAT and entry.entry_id != own_entry:
            others = {mac_of(hass, device) for device in entry.options[conf.CONF_MINERS]}
            if others & set(macs):
                return "miner_heats"
    return None


class ThermostatAddSteps(ConfigFlow):
    """Adding one."""

    async def async_step_thermostat(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for everything and make the entry."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = wrong(self.hass, user_input)
            if not errors:
                title = user_input.pop(CONF_NAME).strip() or NAME
                return self.async_create_entry(
                    title=title,
                    data={CONF_KIND: Kind.THERMOSTAT.value},
                    options=user_input,
                )
        return _form(
            self,
            "thermostat",
            fields(self.hass, named=True, limits_shown=_of_limits(errors)),
            user_input,
            errors,
        )


class ThermostatOptionsFlow(OptionsFlowWithReload):
    """Changing one."""

    async def async_step_init(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for everything again; with changes the thermostat begins anew."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = wrong(self.hass, user_input, self.config_entry)
            if not errors:
                return self.async_create_entry(data=user_input)
        return _form(
            self,
            "thermostat",
            fields(self.hass, limits_shown=_of_limits(errors)),
            user_input or self.config_entry.options,
            errors,
            setpoint=_setpoint(
                self.config_entry, (user_input or self.config_entry.options)[conf.CONF_HEATS]
            ),
        )

    async def async_step_thermostat(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Take the form, which has the same name as when it was added."""
        return await self.async_step_init(user_input)


def _form(
    flow: ConfigEntryBaseFlow,
    step: str,
    form: dict[Any, Any],
    values: Mapping[str, Any] | None,
    errors: dict[str, str],
    *,
    setpoint: float | None = None,
) -> ConfigFlowResult:
    told = "—" if setpoint is None else f"{setpoint:g} {UnitOfTemperature.CELSIUS}"
    return flow.async_show_form(
        step_id=step,
        data_schema=flow.add_suggested_values_to_schema(probatio.Schema(form), values),
        errors=errors,
        description_placeholders={"setpoint": told},
    )
