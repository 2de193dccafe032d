"""What other entities of Home Assistant know of a miner: its plug, and a meter at the wall."""

from collections.abc import Callable
from dataclasses import replace
import math

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, STATE_OFF, UnitOfPower
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.unit_conversion import PowerConverter

from .const import CONF_PLUG, CONF_POWER_SENSOR
from .miners.models import MinerState, Snapshot

UNPLUGGED = Snapshot(
    state=MinerState.STOPPED, mining_wanted=False, hashrate=0.0, power=0.0, pools=None
)
"""What is known of a miner without mains."""


class Surroundings:
    """The entities that the user has linked to a miner, as far as there are any."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Look at nothing yet."""
        self._hass = hass
        self._plug: str | None = entry.options.get(CONF_PLUG)
        self._meter: str | None = entry.options.get(CONF_POWER_SENSOR)

    @property
    def unplugged(self) -> bool:
        """Tell whether the miner has no mains. A plug that is not known to be off is on."""
        state = self._hass.states.get(self._plug) if self._plug else None
        return state is not None and state.state == STATE_OFF

    @callback
    def async_on_plug(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call when the plug is switched; returns how to stop that."""

        @callback
        def switched(event: Event[EventStateChangedData]) -> None:
            old, new = event.data["old_state"], event.data["new_state"]
            if _is_off(old) is not _is_off(new):
                changed()

        if self._plug is None:
            return _nothing
        return async_track_state_change_event(self._hass, self._plug, switched)

    @property
    def watts(self) -> float | None:
        """W that the meter shows, None where it shows nothing or there is none."""
        return _watts(self._hass.states.get(self._meter)) if self._meter else None

    def measured(self, snapshot: Snapshot) -> Snapshot:
        """Put what the meter shows in place of what the miner thinks that it draws.

        A meter that shows nothing leaves the draw unknown: two sources in turn would
        make steps in the statistics that no miner made.
        """
        if self._meter is None:
            return snapshot
        power = self.watts
        efficiency = None
        if power is not None and snapshot.hashrate and snapshot.efficiency is not None:
            efficiency = power / snapshot.hashrate
        return replace(snapshot, power=power, efficiency=efficiency)


def _nothing() -> None:
    """Stop what never began."""


def _is_off(state: State | None) -> bool:
    return state is not None and state.state == STATE_OFF


def _watts(state: State | None) -> float | None:
    """Return what a power sensor shows in W, None when it shows nothing."""
    if state is None:
        return None
    try:
        value = float(state.state)
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, UnitOfPower.WATT)
        watts = PowerConverter.convert(value, unit, UnitOfPower.WATT)
    except ValueError, HomeAssistantError:
        return None
    return watts if math.isfinite(watts) and watts >= 0 else None
