"""What a user may choose about a miner that is set up."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import UnitOfPower, UnitOfTime
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import probatio

from .const import (
    CONF_PLUG,
    CONF_POLL_SECONDS,
    CONF_POWER_SENSOR,
    DEFAULT_POLL_SECONDS,
    MAX_POLL_SECONDS,
    MIN_POLL_SECONDS,
)

POWER_UNITS = (UnitOfPower.WATT, UnitOfPower.KILO_WATT)
"""What meters report; the others are for power stations."""


def options_form(own: list[str]) -> probatio.Schema:
    """Return the form. The miner's `own` entities would say nothing new; they are refused."""
    return probatio.Schema(
        {
            probatio.Required(CONF_POLL_SECONDS, default=DEFAULT_POLL_SECONDS): probatio.All(
                NumberSelector(
                    NumberSelectorConfig(
                        min=MIN_POLL_SECONDS,
                        max=MAX_POLL_SECONDS,
                        unit_of_measurement=UnitOfTime.SECONDS,
                        mode=NumberSelectorMode.BOX,
                    )
                ),
                probatio.Coerce(int),
            ),
            probatio.Optional(CONF_POWER_SENSOR): EntitySelector(
                EntitySelectorConfig(
                    exclude_entities=own,
                    filter=EntityWithDeviceFilterSelectorConfig(
                        domain="sensor", unit_of_measurement=list(POWER_UNITS)
                    ),
                )
            ),
            probatio.Optional(CONF_PLUG): EntitySelector(
                EntitySelectorConfig(
                    exclude_entities=own,
                    filter=EntityWithDeviceFilterSelectorConfig(domain=["switch", "input_boolean"]),
                )
            ),
        }
    )


class MinerOptionsFlow(OptionsFlowWithReload):
    """How often a miner is read, and what else knows of its power."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the form."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                options_form(self._own_entities()), self.config_entry.options
            ),
            description_placeholders={"name": self.config_entry.title},
        )

    def _own_entities(self) -> list[str]:
        return [
            entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.config_entry.entry_id
            )
        ]
