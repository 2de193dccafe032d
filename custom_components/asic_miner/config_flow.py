"""Adds a miner: find out what it is, ask for what it needs, try it, and keep it."""

from collections.abc import Mapping
from typing import Any, override
from urllib.parse import urlsplit

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util.network import is_host_valid, is_ip_address
import probatio

from .const import (
    CONF_ADVANCED,
    CONF_CAPABILITIES,
    CONF_IDENTITY,
    CONF_MAKE,
    CONF_MEMORY,
    DOMAIN,
)
from .errors import translation_key
from .miners import create_client
from .miners.client import Credentials
from .miners.detect import Detected, detect
from .miners.errors import MinerError, WrongMinerError
from .miners.models import Capabilities, Identity, Make

USERS = {Make.BRAIINS: "root"}
"""The user name to offer, for makes that ask for one."""

OPEN_TO_READ = frozenset({Make.WHATSMINER})
"""Makes that can be watched without a password; an empty one then means to only watch."""

ADDRESS = probatio.Schema(
    {
        probatio.Required(CONF_HOST): TextSelector(),
        probatio.Required(CONF_ADVANCED): section(
            probatio.Schema(
                {
                    probatio.Optional(CONF_PORT): probatio.All(
                        NumberSelector(
                            NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX)
                        ),
                        probatio.Coerce(int),
                    )
                }
            ),
            {"collapsed": True},
        ),
    }
)

PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)


def credentials_schema(make: Make) -> probatio.Schema:
    """Return the form that asks for what this make needs."""
    fields: dict[probatio.Marker, TextSelector] = {}
    if make in USERS:
        fields[probatio.Required(CONF_USERNAME, default=USERS[make])] = TextSelector(
            TextSelectorConfig(autocomplete="username")
        )
    fields[probatio.Optional(CONF_PASSWORD)] = PASSWORD
    return probatio.Schema(fields)


def typed_address(text: str) -> tuple[str, int | None] | None:
    """Return host and port in what somebody typed or copied, None if there is no host."""
    text = text.strip()
    if is_ip_address(text):
        return text, None
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port) if host and is_host_valid(host) else None


class MinerConfigFlow(ConfigFlow, domain=DOMAIN):
    """One miner is one entry."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._host = ""
        self._found: Detected | None = None

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address and find out what is there."""
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            address = typed_address(user_input[CONF_HOST])
            if address is None:
                errors[CONF_HOST] = "invalid_host"
            else:
                host, port = address
                port = user_input[CONF_ADVANCED].get(CONF_PORT) or port
                try:
                    found = await detect(async_get_clientsession(self.hass), host, port)
                except MinerError as error:
                    errors["base"], reason = translation_key(error), str(error)
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

    async def async_step_credentials(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for what this make needs, and try it."""
        assert self._found is not None  # noqa: S101 - only reached from a step that found it
        make = self._found.make
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            data = {
                CONF_HOST: self._host,
                CONF_PORT: self._found.port,
                CONF_MAKE: make.value,
                **_stored_credentials(make, user_input),
            }
            try:
                identity, learned = await self._async_try(data)
            except MinerError as error:
                errors["base"], reason = translation_key(error), str(error)
            else:
                await self._async_claim(identity)
                return self.async_create_entry(title=identity.name, data=data | learned)
        return self.async_show_form(
            step_id="credentials",
            data_schema=self.add_suggested_values_to_schema(
                credentials_schema(make), _without_password(user_input)
            ),
            errors=errors,
            description_placeholders={
                "name": self._found.identity.name if self._found.identity else self._host,
                "reason": reason,
            },
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The miner refuses the credentials that are stored."""
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
            credentials = _stored_credentials(make, user_input)
            try:
                identity, learned = await self._async_try({**entry.data, **credentials})
                if identity.mac != entry.unique_id:
                    raise WrongMinerError("another miner answers at this address")
            except MinerError as error:
                errors["base"], reason = translation_key(error), str(error)
            else:
                return self.async_update_reload_and_abort(entry, data_updates=credentials | learned)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                credentials_schema(make), _without_password(user_input or entry.data)
            ),
            errors=errors,
            description_placeholders={"name": entry.title, "reason": reason},
        )

    async def _async_claim(self, identity: Identity) -> None:
        """Stop here if this miner is set up already; if it has moved, its entry follows."""
        await self.async_set_unique_id(identity.mac)
        assert self._found is not None  # noqa: S101 - only reached from a step that found it
        self._abort_if_unique_id_configured(
            updates={CONF_HOST: self._host, CONF_PORT: self._found.port}
        )

    async def _async_try(self, data: Mapping[str, Any]) -> tuple[Identity, dict[str, Any]]:
        """Talk to the miner as it will be talked to, and learn what it is and has."""
        credentials = Credentials(
            username=data.get(CONF_USERNAME), password=data.get(CONF_PASSWORD)
        )
        client = create_client(
            Make(data[CONF_MAKE]),
            data[CONF_HOST],
            data[CONF_PORT],
            credentials,
            async_get_clientsession(self.hass),
        )
        try:
            identity = await client.identify()
            if credentials.password is not None:
                await client.check_access()
            await client.read(slow=True)
        finally:
            await client.close()
        known = (
            Capabilities.from_json(data[CONF_CAPABILITIES])
            if CONF_CAPABILITIES in data
            else Capabilities()
        )
        if credentials.password is None:
            known = known.only_watched()
        return identity, {
            CONF_IDENTITY: identity.to_json(),
            CONF_CAPABILITIES: known.merged(client.capabilities).to_json(),
            CONF_MEMORY: dict(client.memory),
        }


def _stored_credentials(make: Make, user_input: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what is stored of a filled-in form. No password is one, or means to only watch."""
    password = user_input.get(CONF_PASSWORD) or (None if make in OPEN_TO_READ else "")
    return {CONF_USERNAME: user_input.get(CONF_USERNAME), CONF_PASSWORD: password}


def _without_password(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a form shows again: all but the password."""
    return {key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD}
