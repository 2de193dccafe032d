"""Switches of somebody's own that a thermostat uses: its backup heater and its pump."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF, SERVICE_TURN_ON
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from . import meters
from .const import LOGGER
from .power.model import Measured


class Relay:
    """One switch, or none: then nothing is ever on, and nothing is switched."""

    def __init__(
        self, hass: HomeAssistant, entity_id: str | None, *, ours: bool, on: bool = False
    ) -> None:
        """`ours` tells whether it was switched on here before; `on` is believed at first."""
        self._hass = hass
        self._entity_id = entity_id
        self.ours = ours
        self.on = on
        self._at: float | None = None
        """When it last said what it is."""

    @callback
    def look(self, now: float) -> Measured | None:
        """Return 1 for on and 0 for off, and since when it has not said so; None without one.

        One that does not say is as it was.
        """
        if self._entity_id is None:
            return None
        said = meters.is_on(self._hass, self._entity_id)
        if said is not None or self._at is None:
            self._at = now
        self.on = self.on if said is None else said
        if not self.on:
            self.ours = False
        return Measured(value=float(self.on), at=self._at)

    @callback
    def have(self, entry: ConfigEntry, *, on: bool, always: bool) -> None:
        """Switch it if it is not so. Off, only what was switched on here, or `always`."""
        if self._entity_id is None or on is self.on or not (on or always or self.ours):
            return
        self.ours = self.ours or on
        entry.async_create_background_task(
            self._hass,
            self._async_switch(entry.title, self._entity_id, on=on),
            f"{entry.title}: {self._entity_id}",
        )

    async def _async_switch(self, title: str, entity_id: str, *, on: bool) -> None:
        try:
            await self._hass.services.async_call(
                HOMEASSISTANT_DOMAIN,
                SERVICE_TURN_ON if on else SERVICE_TURN_OFF,
                {ATTR_ENTITY_ID: entity_id},
                blocking=True,
            )
        except HomeAssistantError as error:
            # The next plan sees that it is not as wanted and tries again.
            LOGGER.warning("%s could not switch %s: %s", title, entity_id, error)
