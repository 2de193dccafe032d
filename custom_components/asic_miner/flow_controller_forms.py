"""The forms of a power controller, and what is wrong with what somebody chose in them."""

from collections.abc import Iterable, Mapping, Sequence
import math
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_NAME, PERCENTAGE, UnitOfElectricCurrent, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import SectionConfig, section
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    DeviceSelector,
    DeviceSelectorConfig,
    EntityFilterSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import probatio

from . import controller_options as conf
from . import meters
from .const import CONF_CAPABILITIES, DOMAIN, MOST_WATTS
from .entries import all_miners
from .miners.models import Capabilities
from .power import defaults
from .power.learning import Learned
from .power.model import Ability
from .power.noise import raised_to
from .power.policy import Policy

type Form = Mapping[str, Any]

COLLAPSED = SectionConfig(collapsed=True)
MOST_AMPS = 1000.0
"""The main switch of a large house has a tenth of it."""
MOST_VOLTS = 480.0
"""No home has more between two wires."""

SIGNAL_DOMAINS = ["binary_sensor", "input_boolean", "schedule", "switch"]
"""What is on or off."""


def _own(hass: HomeAssistant) -> list[str]:
    """Return our own entities: a controller that follows what it causes goes in circles."""
    entities = er.async_get(hass).entities.values()
    return [entity.entity_id for entity in entities if entity.platform == DOMAIN]


def _entity(
    hass: HomeAssistant, domain: str | list[str], device_class: str | None = None
) -> EntitySelector:
    found = EntityWithDeviceFilterSelectorConfig(domain=domain)
    if device_class:
        found["device_class"] = device_class
    return EntitySelector(EntitySelectorConfig(exclude_entities=_own(hass), filter=found))


def _power(hass: HomeAssistant) -> EntitySelector:
    return _entity(hass, "sensor", "power")


def _choice(key: str, options: Sequence[str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=list(options), translation_key=key, mode=SelectSelectorMode.LIST
        )
    )


def _number(maximum: float, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=0, max=maximum, step="any", unit_of_measurement=unit, mode=NumberSelectorMode.BOX
        )
    )


def _price() -> NumberSelector:
    # In whatever currency per kWh the price has; it may be below nothing.
    return NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX))


def _several(labels: Mapping[str, str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=value, label=label) for value, label in labels.items()],
            multiple=True,
            mode=SelectSelectorMode.LIST,
        )
    )


def meter_fields(hass: HomeAssistant) -> dict[Any, Any]:
    """Return the fields of the grid meter: one with a sign, or two."""
    return {
        probatio.Optional(conf.CONF_GRID_METER): _power(hass),
        probatio.Required(conf.CONF_GRID_SIGN, default=conf.IMPORT): _choice(
            "grid_sign", [conf.IMPORT, conf.EXPORT]
        ),
        probatio.Required(conf.CONF_PAIR): section(
            probatio.Schema(
                {
                    probatio.Optional(conf.CONF_IMPORT_METER): _power(hass),
                    probatio.Optional(conf.CONF_EXPORT_METER): _power(hass),
                }
            ),
            COLLAPSED,
        ),
    }


def named_meter_form(hass: HomeAssistant, name: str) -> probatio.Schema:
    """Return the first form of a new controller."""
    return probatio.Schema(
        {probatio.Required(CONF_NAME, default=name): TextSelector(), **meter_fields(hass)}
    )


def sources_form(hass: HomeAssistant) -> probatio.Schema:
    """Return the form of all that may be there besides the meter."""
    return probatio.Schema(
        {
            probatio.Optional(conf.CONF_SOLAR): _power(hass),
            probatio.Required(conf.CONF_BATTERY): section(
                probatio.Schema(
                    {
                        probatio.Optional(conf.CONF_BATTERY_METER): _power(hass),
                        probatio.Required(
                            conf.CONF_BATTERY_SIGN, default=conf.DISCHARGING
                        ): _choice("battery_sign", [conf.DISCHARGING, conf.CHARGE]),
                        probatio.Optional(conf.CONF_SOC): _entity(hass, "sensor", "battery"),
                        probatio.Required(conf.CONF_DISCHARGE, default=False): BooleanSelector(),
                    }
                ),
                COLLAPSED,
            ),
            probatio.Required(conf.CONF_TARIFF): section(
                probatio.Schema(
                    {
                        probatio.Optional(conf.CONF_PRICE): _entity(
                            hass, ["sensor", "input_number", "number"]
                        ),
                        probatio.Optional(conf.CONF_PRICE_LIMIT): _price(),
                    }
                ),
                COLLAPSED,
            ),
            probatio.Required(conf.CONF_SIGNALS): section(
                probatio.Schema(
                    {
                        probatio.Optional(conf.CONF_PERMISSION): _entity(hass, SIGNAL_DOMAINS),
                        probatio.Optional(conf.CONF_MUST_STOP): _entity(hass, SIGNAL_DOMAINS),
                    }
                ),
                COLLAPSED,
            ),
        }
    )


def sharing_form() -> probatio.Schema:
    """Return the form of the miners."""
    return probatio.Schema(
        {
            probatio.Required(conf.CONF_MINERS): DeviceSelector(
                DeviceSelectorConfig(
                    integration=DOMAIN,
                    # Every miner that takes commands has one; its hashboards, controllers and
                    # thermostats have none.
                    entity=EntityFilterSelectorConfig(domain="switch", device_class="switch"),
                    multiple=True,
                )
            ),
            probatio.Required(conf.CONF_POLICY, default=Policy.PRIORITY.value): _choice(
                "budget_policy", [policy.value for policy in Policy]
            ),
        }
    )


def limits_form(hass: HomeAssistant, miners: Mapping[str, str]) -> probatio.Schema:
    """Return the form of what may be drawn from the grid; `miners` are names by device."""
    return probatio.Schema(
        {
            probatio.Optional(conf.CONF_IMPORT_LIMIT): _number(MOST_WATTS, UnitOfPower.WATT),
            probatio.Required(conf.CONF_PHASES): section(
                probatio.Schema(
                    {
                        **{probatio.Optional(key): _several(miners) for key in conf.PHASE_MINERS},
                        **{probatio.Optional(key): _power(hass) for key in conf.PHASE_METERS},
                        probatio.Optional(conf.CONF_PHASE_LIMIT): _number(
                            MOST_WATTS, UnitOfPower.WATT
                        ),
                    }
                ),
                COLLAPSED,
            ),
        }
    )


def circuit_form(hass: HomeAssistant, miners: Mapping[str, str]) -> probatio.Schema:
    """Return the form of one circuit."""
    return probatio.Schema(
        {
            probatio.Required(CONF_NAME): TextSelector(),
            probatio.Required(conf.CONF_MEMBERS, default=list(miners)): _several(miners),
            probatio.Optional(conf.CONF_AMPS): _number(MOST_AMPS, UnitOfElectricCurrent.AMPERE),
            probatio.Optional(conf.CONF_WATTS): _number(MOST_WATTS, UnitOfPower.WATT),
            probatio.Required("details"): section(
                probatio.Schema(
                    {
                        probatio.Required(conf.CONF_WIRES, default="1"): _choice(
                            "wires", ["1", "3"]
                        ),
                        probatio.Required(conf.CONF_VOLTAGE, default=defaults.VOLTAGE): _number(
                            MOST_VOLTS, "V"
                        ),
                        probatio.Optional(conf.CONF_CIRCUIT_METER): _power(hass),
                    }
                ),
                COLLAPSED,
            ),
        }
    )


def remove_form(names: Mapping[str, str]) -> probatio.Schema:
    """Return the form to choose what is removed; `names` of circuits by their key."""
    # The frontend chooses something by itself where something is required.
    return probatio.Schema({probatio.Optional(conf.CONF_CIRCUITS, default=[]): _several(names)})


def miner_names(hass: HomeAssistant, devices: Iterable[str]) -> dict[str, str]:
    """Return the names of miners by their device ids, as far as they are still there."""
    registry = dr.async_get(hass)
    found = ((device_id, registry.async_get(device_id)) for device_id in devices)
    return {
        device_id: device.name_by_user or device.name or device_id
        for device_id, device in found
        if device
    }


def never_started(
    hass: HomeAssistant, circuit: Mapping[str, Any]
) -> tuple[dict[str, float], float]:
    """Return the miners that a circuit of the options can never start, not even alone.

    By their device the W that a start of each draws at least, as far as that is known; and the W
    up to which miners are raised there.
    """
    entries = {entry.unique_id: entry for entry in all_miners(hass)}
    needed: dict[str, float] = {}
    most: list[float] = []
    for device in circuit[conf.CONF_MEMBERS]:
        if (entry := entries.get(conf.mac_of(hass, device))) is None:
            continue
        loaded = entry.state is ConfigEntryState.LOADED
        if loaded and (guard := entry.runtime_data.actuator.guard):
            ability, learned = guard.ability.usual, guard.learned
        elif found := Ability.of(Capabilities.from_json(entry.data[CONF_CAPABILITIES])):
            ability, learned = found.usual, Learned()
        else:
            continue
        start = ability.maximum if ability.starts_at_full else ability.lowest(learned.floor)
        excess = learned.expected_excess(ability)
        needed[device] = start * excess
        most.append(ability.maximum * excess)
    room = raised_to(conf.circuit_watts(circuit), max(most, default=math.inf))
    return {device: watts for device, watts in needed.items() if watts > room}, room


# What is wrong


def wrong_power(hass: HomeAssistant, *entities: str | None) -> bool:
    """Tell whether one of these is there and does not measure power."""
    return any(
        entity and meters.number(hass, entity) and not meters.is_power(hass, entity)
        for entity in entities
    )


def wrong_meter(hass: HomeAssistant, given: Form) -> dict[str, str]:
    """Return what is wrong with the grid meter."""
    signed, pair = given.get(conf.CONF_GRID_METER), given[conf.CONF_PAIR]
    plus, minus = pair.get(conf.CONF_IMPORT_METER), pair.get(conf.CONF_EXPORT_METER)
    if signed and (plus or minus):
        return {"base": "meter_twice"}
    if not signed and not (plus and minus):
        return {"base": "meter_missing"}
    if not signed and plus == minus:
        return {"base": "meter_same"}
    if wrong_power(hass, signed, plus, minus):
        return {"base": "not_power"}
    return {}


def wrong_sources(hass: HomeAssistant, given: Form) -> dict[str, str]:
    """Return what is wrong with battery, price and signals."""
    battery, tariff = given[conf.CONF_BATTERY], given[conf.CONF_TARIFF]
    signals = given[conf.CONF_SIGNALS]
    meter, soc = battery.get(conf.CONF_BATTERY_METER), battery.get(conf.CONF_SOC)
    if wrong_power(hass, meter, given.get(conf.CONF_SOLAR)):
        return {"base": "not_power"}
    if soc and meters.unit(hass, soc) not in {None, PERCENTAGE}:
        return {"base": "not_percent"}
    if battery[conf.CONF_DISCHARGE] and not (meter and soc):
        return {"base": "battery_incomplete"}
    if (conf.CONF_PRICE in tariff) is not (conf.CONF_PRICE_LIMIT in tariff):
        return {"base": "price_incomplete"}
    signal = signals.get(conf.CONF_PERMISSION)
    if signal and signal == signals.get(conf.CONF_MUST_STOP):
        return {"base": "signal_twice"}
    return {}


def wrong_limits(hass: HomeAssistant, given: Form) -> dict[str, str]:
    """Return what is wrong with limits and phases."""
    phases = given[conf.CONF_PHASES]
    placed = [device for key in conf.PHASE_MINERS for device in phases.get(key, ())]
    if len(placed) != len(set(placed)):
        return {"base": "two_phases"}
    measured = [phases[key] for key in conf.PHASE_METERS if phases.get(key)]
    limited = conf.CONF_PHASE_LIMIT in phases
    if len(set(measured)) != (len(conf.PHASE_METERS) if limited else 0):
        return {"base": "phases_incomplete"}
    if wrong_power(hass, *measured):
        return {"base": "not_power"}
    return {}


def wrong_circuit(hass: HomeAssistant, given: Form, names: Iterable[str]) -> dict[str, str]:
    """Return what is wrong with a circuit; `names` are those of the others."""
    if given[CONF_NAME].strip() in names:
        return {CONF_NAME: "name_used"}
    if not given[conf.CONF_MEMBERS]:
        return {conf.CONF_MEMBERS: "none_picked"}
    limits = [given.get(conf.CONF_AMPS), given.get(conf.CONF_WATTS)]
    if sum(bool(limit) for limit in limits) != 1:
        return {"base": "one_limit"}
    if wrong_power(hass, given["details"].get(conf.CONF_CIRCUIT_METER)):
        return {"base": "not_power"}
    return {}
