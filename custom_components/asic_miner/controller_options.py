"""What the options of a power controller are called, and what a form has to look up in them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from . import meters
from .const import DOMAIN
from .entries import Kind, kind_of
from .power import defaults
from .power.model import Measured

# The parts of an entry's options, each filled in by a step of the flow, and its fields.
CONF_METER: Final = "meter"
CONF_GRID_METER: Final = "grid_meter"
CONF_GRID_SIGN: Final = "grid_sign"
CONF_PAIR: Final = "pair"
CONF_IMPORT_METER: Final = "import_meter"
CONF_EXPORT_METER: Final = "export_meter"

CONF_SOURCES: Final = "sources"
CONF_SOLAR: Final = "solar_meter"
CONF_BATTERY: Final = "battery"
CONF_BATTERY_METER: Final = "battery_meter"
CONF_BATTERY_SIGN: Final = "battery_sign"
CONF_SOC: Final = "state_of_charge"
CONF_DISCHARGE: Final = "discharge"
CONF_TARIFF: Final = "tariff"
CONF_PRICE: Final = "price"
CONF_PRICE_LIMIT: Final = "price_limit"
CONF_SIGNALS: Final = "signals"
CONF_PERMISSION: Final = "permission"
CONF_MUST_STOP: Final = "must_stop"

CONF_SHARING: Final = "sharing"
CONF_MINERS: Final = "miners"
CONF_POLICY: Final = "policy"

CONF_LIMITS: Final = "limits"
CONF_IMPORT_LIMIT: Final = "import_limit"
CONF_PHASES: Final = "phases"
PHASE_MINERS: Final = ("phase_1", "phase_2", "phase_3")
PHASE_METERS: Final = ("phase_meter_1", "phase_meter_2", "phase_meter_3")
CONF_PHASE_LIMIT: Final = "phase_limit"

CONF_CIRCUITS: Final = "circuits"
CONF_KEY: Final = "key"
CONF_AMPS: Final = "amps"
CONF_WIRES: Final = "wires"
CONF_VOLTAGE: Final = "voltage"
CONF_WATTS: Final = "watts"
CONF_MEMBERS: Final = "members"
CONF_CIRCUIT_METER: Final = "circuit_meter"

IMPORT: Final = "import"
EXPORT: Final = "export"
CHARGE: Final = "charge"
DISCHARGING: Final = "discharging"


def circuit_watts(circuit: Mapping[str, Any]) -> float:
    """Return the W that all behind a circuit of the options may draw for ever.

    Of a breaker's amps that is only a part.
    """
    watts: float | None = circuit.get(CONF_WATTS)
    if watts is not None:
        return watts
    voltage: float = circuit.get(CONF_VOLTAGE, defaults.VOLTAGE)
    phases = int(circuit.get(CONF_WIRES, 1))
    amps: float = circuit[CONF_AMPS]
    return amps * voltage * phases * defaults.LIMIT_SHARE


def grid(hass: HomeAssistant, meter: Mapping[str, Any]) -> Measured | None:
    """Return what is drawn from the grid now by the meter of the options, in W."""
    if signed := meter.get(CONF_GRID_METER):
        return meters.watts(hass, signed, negate=meter.get(CONF_GRID_SIGN) == EXPORT)
    pair = meter.get(CONF_PAIR) or {}
    return meters.difference(
        meters.watts(hass, pair.get(CONF_IMPORT_METER)),
        meters.watts(hass, pair.get(CONF_EXPORT_METER)),
    )


def turned(meter: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the same meter with the other sign, or with its sensors swapped."""
    if meter.get(CONF_GRID_METER):
        other = IMPORT if meter.get(CONF_GRID_SIGN) == EXPORT else EXPORT
        return {**meter, CONF_GRID_SIGN: other}
    pair = meter[CONF_PAIR]
    swapped = {
        CONF_IMPORT_METER: pair[CONF_EXPORT_METER],
        CONF_EXPORT_METER: pair[CONF_IMPORT_METER],
    }
    return {**meter, CONF_PAIR: swapped}


def mac_of(hass: HomeAssistant, device_id: str) -> str | None:
    """Return the MAC of the miner that a device is, or is a part of; None if it is none."""
    registry = dr.async_get(hass)
    device = registry.async_get(device_id)
    if device is None:
        return None
    entry = hass.config_entries.async_get_entry(device.config_entry_id)
    is_miner = entry and entry.domain == DOMAIN and kind_of(entry) is Kind.MINER
    return entry.unique_id if entry and is_miner else None


def taken(hass: HomeAssistant, macs: Iterable[str], but: str | None) -> str | None:
    """Return the title of another controller that has one of these miners, if there is one."""
    wanted = set(macs)
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if kind_of(entry) is not Kind.CONTROLLER or entry.entry_id == but:
            continue
        if wanted & {mac_of(hass, device) for device in entry.options[CONF_SHARING][CONF_MINERS]}:
            return entry.title
    return None
