"""Where thermostats say what they need of miners, for a power controller in its mode Heat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN


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
def async_heat_board(hass: HomeAssistant) -> HeatBoard:
    """Return the board of this Home Assistant."""
    return hass.data.setdefault(HEAT_BOARD, HeatBoard())
