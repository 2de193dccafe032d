"""What the automations of a test have told, by an event of their own."""

from homeassistant.core import Event, HomeAssistant, callback


class Told:
    """Everything that has been told."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen."""
        self.told: list[dict[str, object]] = []
        hass.bus.async_listen("told", self._tell)

    @callback
    def _tell(self, event: Event[dict[str, object]]) -> None:
        self.told.append(dict(event.data))
