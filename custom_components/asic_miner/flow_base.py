"""What all ways to a new miner have in common: its login is tried, and it is kept once."""

import re
from typing import Any

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.network import is_ip_address

from .const import CONF_MAKE, DOMAIN, LOGGER
from .coordinator import MinerCoordinator
from .errors import async_reason, translation_key
from .flow_forms import MAKE_NAMES, credentials_form, stored_credentials, without_password
from .miners.detect import Detected
from .miners.errors import MinerError
from .miners.models import Identity
from .network_search import neighbours
from .trial import async_identify, async_try

END_OF_MAC = re.compile(r"miner-([0-9a-f]{6})")
"""The host name that Braiins OS gives to the machines it was built for."""


class MinerFlow(ConfigFlow):
    """One miner is one entry."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._host = ""
        self._found: Detected | None = None

    @property
    def _name(self) -> str:
        """What to call the miner that was found."""
        assert self._found is not None  # noqa: S101 - only asked for when it is
        identity = self._found.identity
        return identity.name if identity else MAKE_NAMES[self._found.make]

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
                **stored_credentials(make, user_input),
            }
            try:
                identity, learned = await async_try(self.hass, data)
            except MinerError as error:
                errors["base"] = translation_key(error)
                reason = await async_reason(self.hass, error, self._name)
            else:
                await self._async_claim(identity)
                return self.async_create_entry(title=identity.name, data=data | learned)
        return self.async_show_form(
            step_id="credentials",
            data_schema=self.add_suggested_values_to_schema(
                credentials_form(make), without_password(user_input)
            ),
            errors=errors,
            description_placeholders={"name": self._name, "host": self._host, "reason": reason},
        )

    def _is_ignored(self, host: str, mac: str) -> bool:
        """Tell whether it was ignored at a time when its MAC was not known.

        Then it is known by the end of its MAC in its name, and if it had told no name either,
        by its address. `mac` is empty while it is not known now.
        """
        entries = self.hass.config_entries.async_entries(DOMAIN)
        ignored = {entry.unique_id or "" for entry in entries if entry.source == SOURCE_IGNORE}
        if not mac:
            return host in ignored
        end = mac.replace(":", "")[-6:]
        return any(name[1] == end for known in ignored if (name := END_OF_MAC.fullmatch(known)))

    async def _async_claim(self, identity: Identity) -> None:
        """Stop here if this miner is set up already; if it has moved, its entry follows."""
        assert self._found is not None  # noqa: S101 - only reached from a step that found it
        # Somebody who adds a miner by hand need not know that it was discovered as well.
        await self.async_set_unique_id(identity.mac, raise_on_progress=self.source != SOURCE_USER)
        self._abort_if_unique_id_configured(
            updates={CONF_HOST: self._host, CONF_PORT: self._found.port}
        )

    async def _async_follow(self, entry: ConfigEntry, host: str) -> bool:
        """Move an entry to an address at which its miner was seen, if it really is there.

        Returns False when another one or none answers, which changes nothing. Raises
        MinerError.
        """
        if entry.data[CONF_HOST] == host or not is_ip_address(entry.data[CONF_HOST]):
            # Who has entered a name has somebody else keep track of the address.
            return True
        known = await self.hass.async_add_executor_job(neighbours)
        if known.get(host, entry.unique_id) != entry.unique_id or await self._async_is_there(entry):
            # Anybody can announce anything, and would be told the login.
            LOGGER.debug("%s does not follow to %s", entry.title, host)
            return False
        identity = await async_identify(self.hass, {**entry.data, CONF_HOST: host})
        if identity.mac != entry.unique_id:
            return False
        LOGGER.info("%s has moved to %s", entry.title, host)
        self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_HOST: host})
        self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return True

    async def _async_is_there(self, entry: ConfigEntry) -> bool:
        """Tell whether the miner of an entry still answers where it has always been."""
        if entry.state is ConfigEntryState.LOADED:
            coordinator: MinerCoordinator = entry.runtime_data
            if coordinator.is_transferring:
                return True
            try:
                # Through its own polls, since it may take no more than one request at a time.
                await coordinator.async_read_anew()
            except HomeAssistantError:
                return False
            return True
        try:
            identity = await async_identify(self.hass, entry.data)
        except MinerError:
            return False
        return identity.mac == entry.unique_id
