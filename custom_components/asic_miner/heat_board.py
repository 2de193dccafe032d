"""Where thermostats say what they need of miners, for a power controller in its mode Heat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .entries import CONF_KIND, Kind
from .thermostat_config import HeatSetup

_SOON: Final = {
    ConfigEntryState.NOT_LOADED,
    ConfigEntryState.SETUP_IN_PROGRESS,
    ConfigEntryState.UNLOAD_IN_PROGRESS,
}
"""Of an entry that is not disabled: it is loaded now, or again."""


@dataclass(slots=True)
class HeatBoard:
    """Miners are named by their MAC."""

    wishes: dict[str, float] = field(default_factory=dict)
    """W that a thermostat wants a miner to draw, 0 for none; a miner without thermostat is
    not there."""
    served: dict[str, str] = field(default_factory=dict)
    """The id of the entry of the controller that gives a miner what is wished. Its thermostat
    only says what it wants and commands nothing."""

    @callback
    def wish(self, mac: str, watts: float | None) -> None:
        """Say what a miner is to draw for heat; None when its thermostat is gone."""
        if watts is None:
            self.wishes.pop(mac, None)
        else:
            self.wishes[mac] = watts

    @callback
    def serve(self, controller: str, miners: Mapping[str, object]) -> None:
        """Serve these miners from now on, and no others."""
        kept = {mac: entry for mac, entry in self.served.items() if entry != controller}
        self.served = kept | dict.fromkeys(miners, controller)


HEAT_BOARD: Final[HassKey[HeatBoard]] = HassKey(f"{DOMAIN}_heat_board")


@callback
def async_awaited(hass: HomeAssistant) -> set[str]:
    """Return the miners whose thermostat is on, or being loaded, and knows no wish yet.

    They are not to be stopped for that, as after each restart of Home Assistant.
    """
    board = async_heat_board(hass)
    found: set[str] = set()
    for entry in hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    ):
        if entry.data.get(CONF_KIND) != Kind.THERMOSTAT:
            continue
        loaded = entry.state is ConfigEntryState.LOADED
        if (loaded and entry.runtime_data.on) or entry.state in _SOON:
            found.update(HeatSetup.of(hass, entry.options).miners)
    return found - board.wishes.keys()


@callback
def async_heat_board(hass: HomeAssistant) -> HeatBoard:
    """Return the board of this Home Assistant."""
    return hass.data.setdefault(HEAT_BOARD, HeatBoard())
