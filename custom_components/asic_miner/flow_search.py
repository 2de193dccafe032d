"""The search for miners in the network, and adding several at once."""

import asyncio
from collections.abc import Mapping
from itertools import chain
from typing import Any

from homeassistant.components import network
from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_IMPORT, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.helpers.translation import async_get_translations

from .connect import async_session
from .const import CONF_IDENTITY, CONF_MAKE, DOMAIN, LOGGER
from .entries import miner_entries
from .errors import async_reason, translation_key
from .flow_base import MinerFlow
from .flow_forms import (
    CONF_MINERS,
    CONF_SKIP,
    MAKE_NAMES,
    pick_form,
    shared_login_form,
    stored_credentials,
    without_password,
)
from .miners.detect import Detected
from .miners.errors import MinerError
from .miners.models import Identity, Make
from .miners.wording import in_markdown
from .network_search import Found, addresses_of, neighbours, resolved, search
from .trial import async_try


class SearchSteps(MinerFlow):
    """Search, choose, and log in to all miners of a make with one form."""

    def __init__(self) -> None:
        """Begin with nothing searched."""
        super().__init__()
        self._searching: asyncio.Task[list[Found]] | None = None
        self._networks = ""
        self._hits: dict[str, Detected] = {}
        self._left: dict[Make, list[str]] = {}
        self._accepted: dict[str, dict[str, Any]] = {}

    async def async_step_search(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show how far the search is."""
        if self._searching is None:
            self._searching = self.hass.async_create_task(
                self._async_search(), "search for miners", eager_start=False
            )
        if not self._searching.done():
            return self.async_show_progress(
                step_id="search", progress_action="search", progress_task=self._searching
            )
        self._hits = {hit.host: hit.detected for hit in self._searching.result()}
        self._searching = None
        return self.async_show_progress_done(next_step_id="pick" if self._hits else "nothing_found")

    async def async_step_nothing_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what to check, and offer to go on all the same."""
        return self.async_show_menu(
            step_id="nothing_found",
            menu_options=["search", "user"],
            description_placeholders={"networks": self._networks},
        )

    async def async_step_pick(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose which of the found miners to add."""
        errors: dict[str, str] = {}
        if user_input is not None:
            picked = user_input[CONF_MINERS]
            if len(picked) == 1:
                self._host = picked[0]
                self._found = self._hits[self._host]
                if self._found.identity:
                    await self._async_claim(self._found.identity)
                return await self.async_step_credentials()
            if picked:
                self._left = {}
                for host in picked:
                    self._left.setdefault(self._hits[host].make, []).append(host)
                return await self.async_step_shared_login()
            errors[CONF_MINERS] = "none_picked"
        return self.async_show_form(
            step_id="pick",
            data_schema=pick_form({host: self._label(host) for host in self._hits}),
            errors=errors,
        )

    async def async_step_shared_login(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the login of all chosen miners of a make, and try it with each of them."""
        make, hosts = next(iter(self._left.items()))
        refused: dict[str, str] = {}
        if user_input is not None:
            if not user_input[CONF_SKIP]:
                refused = await self._async_try_all(make, hosts, user_input)
            if not refused:
                del self._left[make]
                if self._left:
                    return await self.async_step_shared_login()
                return await self._async_add_accepted()
            self._left[make] = hosts = list(refused)
        return self.async_show_form(
            step_id="shared_login",
            data_schema=self.add_suggested_values_to_schema(
                shared_login_form(make), without_password(user_input)
            ),
            errors={"base": "login_failed"} if refused else {},
            description_placeholders={
                "make": MAKE_NAMES[make],
                "miners": "\n".join(
                    f"- {self._label(host)}" + (f": {refused[host]}" if host in refused else "")
                    for host in hosts
                ),
            },
        )

    async def async_step_import(self, import_data: dict[str, Any]) -> ConfigFlowResult:
        """Keep a miner that was searched, chosen and tried together with others."""
        identity = Identity.from_json(import_data[CONF_IDENTITY])
        known = await self.async_set_unique_id(identity.mac, raise_on_progress=False)
        # Who has chosen it does not ignore it any more; its entry takes the other's place.
        if known and known.source != SOURCE_IGNORE:
            self._abort_if_unique_id_configured()
        return self.async_create_entry(title=identity.name, data=import_data)

    def _label(self, host: str) -> str:
        """Return how a found miner is listed."""
        found = self._hits[host]
        name = found.identity.name if found.identity else MAKE_NAMES[found.make]
        if found.model:
            name = f"{name}, {found.model}"
        return f"{name} ({host})"

    async def _async_search(self) -> list[Found]:
        """Search, follow known miners that have moved, and return those that are new."""
        addresses = addresses_of(await network.async_get_adapters(self.hass))
        self._networks = ", ".join(
            sorted({f"{address.exploded.rpartition('.')[0]}.*" for address in addresses})
        )
        # Miners that are being polled answer few connections, and are known already.
        hosts = {
            entry.data[CONF_HOST]
            for entry in miner_entries(self.hass, loaded=True)
            if entry.runtime_data.last_update_success
        }
        busy = set(chain(*await asyncio.gather(*(resolved(host) for host in hosts))))
        hits = await search(
            async_session(self.hass),
            [address for address in addresses if str(address) not in busy],
            self.async_update_progress,
        )
        macs = await self.hass.async_add_executor_job(neighbours)
        new: list[Found] = []
        for hit in hits:
            identity = hit.detected.identity
            mac = identity.mac if identity else macs.get(hit.host)
            entry = mac and self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, mac)
            if not entry:
                if not self._is_ignored(hit.host, mac or ""):
                    new.append(hit)
            elif entry.source != SOURCE_IGNORE:
                try:
                    await self._async_follow(entry, hit.host)
                except MinerError as error:
                    LOGGER.debug("%s was not found at %s: %s", entry.title, hit.host, error)
        return new

    async def _async_try_all(
        self, make: Make, hosts: list[str], user_input: Mapping[str, Any]
    ) -> dict[str, str]:
        """Try one login with several miners at once; return by address why it was refused."""
        outcomes = await asyncio.gather(*(self._async_try_one(host, user_input) for host in hosts))
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "config", {DOMAIN}
        )
        return {
            host: texts[f"component.{DOMAIN}.config.error.{translation_key(error)}"].replace(
                # A form shows its description as Markdown, and a device can say anything.
                "{reason}",
                in_markdown(await async_reason(self.hass, error, host)),
            )
            for host, error in zip(hosts, outcomes, strict=True)
            if error
        }

    async def _async_try_one(self, host: str, user_input: Mapping[str, Any]) -> MinerError | None:
        found = self._hits[host]
        data = {
            CONF_HOST: host,
            CONF_PORT: found.port,
            CONF_MAKE: found.make.value,
            **stored_credentials(found.make, user_input),
        }
        try:
            identity, learned = await async_try(self.hass, data)
        except MinerError as error:
            return error
        # By MAC, as one that answers at two addresses is still one.
        self._accepted[identity.mac] = data | learned
        return None

    async def _async_add_accepted(self) -> ConfigFlowResult:
        """Finish with the first miner, and add the others beside it."""
        known = self._async_current_ids(include_ignore=False)
        new = [data for mac, data in self._accepted.items() if mac not in known]
        if not new:
            return self.async_abort(reason="none_added")
        first, *others = new
        for data in others:
            self.hass.async_create_task(
                self.hass.config_entries.flow.async_init(
                    DOMAIN, context={"source": SOURCE_IMPORT}, data=data
                ),
                "add a miner that was found",
            )
        identity = Identity.from_json(first[CONF_IDENTITY])
        await self.async_set_unique_id(identity.mac, raise_on_progress=False)
        return self.async_create_entry(title=identity.name, data=first)
