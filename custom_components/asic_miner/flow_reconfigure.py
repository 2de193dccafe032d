"""Another address, another login, and another password on the miner itself."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.exceptions import HomeAssistantError

from .const import CONF_ADVANCED, CONF_MAKE
from .entries import is_miner
from .errors import async_reason, translation_key
from .flow_base import MinerFlow
from .flow_forms import (
    CONF_CHANGE_PASSWORD,
    CONF_FORGET_PASSWORD,
    CONF_NEW_PASSWORD,
    CONF_ONLY_WATCH,
    CONF_REPEATED,
    NEW_PASSWORD_FORM,
    reauth_form,
    reconfigure_form,
    reconfigure_values,
    stored_credentials,
    typed_address,
    without_password,
)
from .miners import DEFAULT_PORTS
from .miners.errors import AuthenticationError, MinerError, WrongMinerError
from .miners.models import Make
from .trial import async_try, lent_client

CONNECTION = (CONF_HOST, CONF_PORT, CONF_USERNAME, CONF_PASSWORD)


class ReconfigureSteps(MinerFlow):
    """Changes to a miner that is set up. It has to be the same miner afterwards."""

    def __init__(self) -> None:
        """Begin with nothing changed."""
        super().__init__()
        self._updates: dict[str, Any] = {}

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The miner refuses the credentials that are stored."""
        entry = self._get_reauth_entry()
        # Home Assistant gives the title of the card only the name.
        self.context["title_placeholders"] = {"name": entry.title, "host": entry.data[CONF_HOST]}
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the credentials anew, and try them."""
        entry = self._get_reauth_entry()
        make = Make(entry.data[CONF_MAKE])
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            credentials = stored_credentials(make, user_input)
            if credentials[CONF_PASSWORD] is None and not user_input[CONF_ONLY_WATCH]:
                errors[CONF_PASSWORD] = "password_needed"
            else:
                try:
                    learned = await self._async_try_same(entry, credentials)
                except MinerError as error:
                    errors["base"] = translation_key(error)
                    reason = await async_reason(self.hass, error, entry.title)
                else:
                    return self.async_update_reload_and_abort(
                        entry, data_updates=credentials | learned
                    )
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                reauth_form(make), without_password(user_input or entry.data)
            ),
            errors=errors,
            description_placeholders={"name": entry.title, "reason": reason},
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for address and login, and try them."""
        entry = self._get_reconfigure_entry()
        if not is_miner(entry):
            # Home Assistant offers this for all entries of an integration or for none.
            return self.async_abort(reason="change_in_options")
        make = Make(entry.data[CONF_MAKE])
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            address = typed_address(user_input[CONF_HOST])
            if address is None:
                errors[CONF_HOST] = "invalid_host"
            else:
                updates = _reconfigured(make, entry.data, address, user_input)
                try:
                    if user_input[CONF_CHANGE_PASSWORD] and updates[CONF_PASSWORD] is None:
                        raise AuthenticationError("the password is not known")
                    self._updates = updates | await self._async_try_same(entry, updates)
                except MinerError as error:
                    errors["base"] = translation_key(error)
                    reason = await async_reason(self.hass, error, entry.title)
                else:
                    if user_input[CONF_CHANGE_PASSWORD]:
                        return await self.async_step_new_password()
                    return self.async_update_reload_and_abort(entry, data_updates=self._updates)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                reconfigure_form(make),
                without_password(user_input or reconfigure_values(make, entry.data)),
            ),
            errors=errors,
            description_placeholders={"name": entry.title, "reason": reason},
        )

    async def async_step_new_password(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new password, and change it on the miner and here: both or neither."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            new = user_input[CONF_NEW_PASSWORD]
            if new != user_input[CONF_REPEATED]:
                errors[CONF_REPEATED] = "passwords_differ"
            else:
                try:
                    await self._async_change_password(entry, new)
                except MinerError as error:
                    errors["base"] = translation_key(error)
                    reason = await async_reason(self.hass, error, entry.title)
                    if errors["base"] == "unconfirmed":
                        errors["base"] = "password_unconfirmed"
                else:
                    return self.async_update_reload_and_abort(
                        entry, data_updates={**self._updates, CONF_PASSWORD: new}
                    )
        return self.async_show_form(
            step_id="new_password",
            data_schema=NEW_PASSWORD_FORM,
            errors=errors,
            description_placeholders={"name": entry.title, "reason": reason},
        )

    async def _async_try_same(
        self, entry: ConfigEntry, updates: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Try an entry with other data and return what was learned. Raises MinerError."""
        identity, learned = await async_try(self.hass, {**entry.data, **updates})
        if identity.mac != entry.unique_id:
            raise WrongMinerError("another miner answers at this address")
        return learned

    async def _async_change_password(self, entry: ConfigEntry, new: str) -> None:
        """Change the password on the miner. Raises MinerError.

        An earlier attempt that got no answer may have succeeded; then the new password is
        accepted and there is nothing left to change.
        """
        data = {**entry.data, **self._updates}
        try:
            if entry.state is ConfigEntryState.LOADED and all(
                data.get(key) == entry.data.get(key) for key in CONNECTION
            ):
                # The client that polls has to know of it, or its next poll would be refused.
                await entry.runtime_data.async_command(lambda client: client.change_password(new))
            else:
                async with lent_client(self.hass, data) as client:
                    await client.change_password(new)
        except AuthenticationError:
            await self._async_try_same(entry, {**data, CONF_PASSWORD: new})
        except HomeAssistantError as error:
            if not isinstance(error.__cause__, MinerError):
                raise
            if not isinstance(error.__cause__, AuthenticationError):
                raise error.__cause__ from None
            await self._async_try_same(entry, {**data, CONF_PASSWORD: new})


def _reconfigured(
    make: Make,
    data: Mapping[str, Any],
    address: tuple[str, int | None],
    user_input: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what changes in an entry. A password that is left empty stays as it is."""
    host, port = address
    advanced = user_input[CONF_ADVANCED]
    login = stored_credentials(make, user_input)
    if not user_input.get(CONF_PASSWORD) and not advanced[CONF_FORGET_PASSWORD]:
        login[CONF_PASSWORD] = data[CONF_PASSWORD]
    return {
        CONF_HOST: host,
        CONF_PORT: advanced.get(CONF_PORT) or port or DEFAULT_PORTS[make],
        **login,
    }
