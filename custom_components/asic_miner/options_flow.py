"""What a user may choose about a miner that is set up."""

from collections.abc import Iterable
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
    CONF_TAKEOVER,
    DEFAULT_POLL_SECONDS,
    DOMAIN,
    MAX_POLL_SECONDS,
    MIN_POLL_SECONDS,
)
from .takeover import Rename, async_take_over, async_undo, counterpart, plan

POWER_UNITS = (UnitOfPower.WATT, UnitOfPower.KILO_WATT)
"""What meters report; the others are for power stations."""


def options_form(own: list[str], ours: list[str]) -> probatio.Schema:
    """Return the form. What says nothing new, or is no plug, is refused.

    `own` are the miner's entities, `ours` those of the whole integration: the switch of
    another miner, or of a controller, cuts no mains.
    """
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
                    exclude_entities=ours,
                    filter=EntityWithDeviceFilterSelectorConfig(domain=["switch", "input_boolean"]),
                )
            ),
        }
    )


class MinerOptionsFlow(OptionsFlowWithReload):
    """How often a miner is read, and what else knows of its power."""

    _shown: list[Rename]
    """What the user has been asked about."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the form; first a menu where there is something to take over or to give back."""
        if CONF_TAKEOVER in self.config_entry.data:
            return self._menu("undo_takeover")
        if counterpart(self.hass, self.config_entry):
            return self._menu("takeover")
        return await self.async_step_settings()

    def _menu(self, other: str) -> ConfigFlowResult:
        return self.async_show_menu(
            step_id="init",
            menu_options=["settings", other],
            description_placeholders={"name": self.config_entry.title},
        )

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the settings."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(
                self._form(), self.config_entry.options
            ),
            description_placeholders={"name": self.config_entry.title},
        )

    async def async_step_takeover(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what would be renamed, and do so when the user agrees."""
        other = counterpart(self.hass, self.config_entry)
        renames = plan(self.hass, self.config_entry, other) if other else []
        if other is None or not renames:
            return self.async_abort(reason="nothing_to_take_over")
        errors: dict[str, str] = {}
        # Only what was shown is done; if anything has changed meanwhile, it is shown again.
        if user_input is not None and renames == self._shown:
            if await async_take_over(self.hass, self.config_entry, other, renames):
                return self.async_create_entry(data=self.config_entry.options)
            errors["base"] = "other_does_not_stop"
        self._shown = renames
        return self.async_show_form(
            step_id="takeover",
            data_schema=probatio.Schema({}),
            errors=errors,
            description_placeholders={
                "name": self.config_entry.title,
                "other": other.title,
                "renames": _listed((rename.own, rename.other) for rename in renames),
            },
        )

    async def async_step_undo_takeover(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what would be renamed back, and do so when the user agrees."""
        if user_input is not None:
            await async_undo(self.hass, self.config_entry)
            return self.async_create_entry(data=self.config_entry.options)
        renamed = self.config_entry.data[CONF_TAKEOVER]["renamed"].values()
        return self.async_show_form(
            step_id="undo_takeover",
            data_schema=probatio.Schema({}),
            description_placeholders={
                "name": self.config_entry.title,
                "renames": _listed((other, own) for own, other in renamed),
            },
        )

    def _form(self) -> probatio.Schema:
        entities = er.async_get(self.hass).entities.values()
        ours = [entity for entity in entities if entity.platform == DOMAIN]
        entry_id = self.config_entry.entry_id
        return options_form(
            own=[entity.entity_id for entity in ours if entity.config_entry_id == entry_id],
            ours=[entity.entity_id for entity in ours],
        )


def _listed(renames: Iterable[tuple[str, str]]) -> str:
    """Return renames as a list for a description."""
    return "\n".join(f"- `{before}` → `{after}`" for before, after in renames)
