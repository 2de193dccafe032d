"""What entities of Home Assistant say, as numbers with the time at which they said so."""

import math
from typing import Final

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_OFF, STATE_ON, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_conversion import PowerConverter

from .power.model import Measured

SUN: Final = "sun.sun"
"""Home Assistant's own; an entity that is always called so."""
ELEVATION: Final = "elevation"
SILENT_SECONDS: Final = 3 * 3600.0
"""Own: so long a sensor may say nothing while it is there: many report only what changes."""


def number(hass: HomeAssistant, entity_id: str | None) -> Measured | None:
    """Return what a sensor shows in its own unit; None where it shows no number."""
    state = hass.states.get(entity_id) if entity_id else None
    if state is None:
        return None
    try:
        value = float(state.state)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return Measured(value=value, at=state.last_reported_timestamp)


def watts(hass: HomeAssistant, entity_id: str | None, *, negate: bool = False) -> Measured | None:
    """Return what a power sensor shows in W; None where it shows no power."""
    measured = number(hass, entity_id)
    if measured is None or entity_id is None or not is_power(hass, entity_id):
        return None
    value = PowerConverter.convert(measured.value, unit(hass, entity_id), UnitOfPower.WATT)
    return Measured(value=-value if negate else value, at=measured.at)


def difference(plus: Measured | None, minus: Measured | None) -> Measured | None:
    """Return one value minus another of the same meter; None if one is missing.

    At most one of import and export moves at a time, so the meter is alive if one of them is
    reported.
    """
    if plus is None or minus is None:
        return None
    return Measured(value=plus.value - minus.value, at=max(plus.at, minus.at))


def while_there(measured: Measured, age: float, now: float) -> Measured:
    """Return a value that is fresh because its sensor is there, though it says nothing new.

    `age` is for how many seconds it has said nothing.
    """
    return Measured(value=measured.value, at=now - max(0.0, age - SILENT_SECONDS))


def elevation(hass: HomeAssistant) -> float | None:
    """Return the degrees of the sun above the horizon; None without Home Assistant's sun."""
    state = hass.states.get(SUN)
    found = state.attributes.get(ELEVATION) if state else None
    return float(found) if isinstance(found, int | float) else None


def is_on(hass: HomeAssistant, entity_id: str | None) -> bool | None:
    """Tell whether something is on; None where it does not say."""
    state = hass.states.get(entity_id) if entity_id else None
    if state is None or state.state not in {STATE_ON, STATE_OFF}:
        return None
    return state.state == STATE_ON


def unit(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the unit of a sensor; None where it has none, or is not there now."""
    state = hass.states.get(entity_id)
    found = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
    return found if isinstance(found, str) else None


def is_power(hass: HomeAssistant, entity_id: str) -> bool:
    """Tell whether the unit of a sensor is one of power."""
    try:
        PowerConverter.convert(0.0, unit(hass, entity_id), UnitOfPower.WATT)
    except HomeAssistantError:
        return False
    return True
