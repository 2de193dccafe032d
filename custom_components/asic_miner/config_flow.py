"""Adds a miner: find out what it is, ask for what it needs, try it, and keep it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import callback

from .connect import async_session
from .const import CONF_ADVANCED, DOMAIN
from .entries import Kind, kind_of
from .errors import async_reason, translation_key
from .flow_controller import ControllerAddSteps, ControllerOptionsFlow
from .flow_discovery import DiscoverySteps
from .flow_forms import ADDRESS, typed_address
from .flow_reconfigure import ReconfigureSteps
from .flow_takeover import TakeoverSteps
from .flow_thermostat import ThermostatAddSteps, ThermostatOptionsFlow
from .miners.detect import detect
from .miners.errors import MinerError
from .options_flow import MinerOptionsFlow

OPTIONS_FLOWS: Final[Mapping[Kind, Callable[[], OptionsFlow]]] = MappingProxyType(
    {
        Kind.MINER: MinerOptionsFlow,
        Kind.CONTROLLER: ControllerOptionsFlow,
        Kind.THERMOSTAT: ThermostatOptionsFlow,
    }
)


class MinerConfigFlow(
    ControllerAddSteps,
    ThermostatAddSteps,
    TakeoverSteps,
    DiscoverySteps,
    ReconfigureSteps,
    domain=DOMAIN,
):
    """One miner is one entry."""

    # Raised when an earlier release could not make sense of an entry, so that Home Assistant
    # refuses to load it there; the minor one when an earlier release can do without what is new.
    VERSION = 1
    MINOR_VERSION = 1

    other_kinds = ("controller", "thermostat")

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return what the gear of an entry opens."""
        return OPTIONS_FLOWS[kind_of(config_entry)]()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address and find out what is there; without one, offer all else.

        The form comes before the menu, as most who add a miner know its address.
        """
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            typed = user_input.get(CONF_HOST, "").strip()
            port = user_input[CONF_ADVANCED].get(CONF_PORT)
            address = typed_address(typed)
            if not typed and not port:
                return await self.async_step_start()
            if address is None:
                errors[CONF_HOST] = "invalid_host"
            else:
                host, typed_port = address
                try:
                    found = await detect(async_session(self.hass), host, port or typed_port)
                except MinerError as error:
                    errors["base"] = translation_key(error)
                    reason = await async_reason(self.hass, error, host)
                else:
                    self._host, self._found = host, found
                    if found.identity:
                        await self._async_claim(found.identity)
                    return await self.async_step_credentials()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(ADDRESS, user_input),
            errors=errors,
            description_placeholders={"reason": reason},
        )
