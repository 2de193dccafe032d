"""Adding the miners that another integration has in Home Assistant already."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_HOST

from .connect import async_session
from .entries import miner_entries
from .flow_forms import CONF_MINERS, pick_form
from .flow_search import SearchSteps
from .miners.detect import Detected, detect
from .miners.errors import MinerError
from .takeover import host_of, login_of, other_entries


class TakeoverSteps(SearchSteps):
    """Its addresses and logins are offered; its entries and entities are not touched here."""

    other_kinds: tuple[str, ...] = ()
    """Steps by which something else than miners is added."""

    async def async_step_start(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user choose where to look for miners, or what else to add."""
        options = ["search", *self.other_kinds]
        if self._others():
            options.append("takeover")
        return self.async_show_menu(step_id="start", menu_options=options)

    async def async_step_takeover(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose which of the other integration's miners to add, and try their logins."""
        others = self._others()
        errors: dict[str, str] = {}
        if user_input is not None:
            picked = [host for host in user_input[CONF_MINERS] if host in others]
            answers = await asyncio.gather(*(self._async_look(host) for host in picked))
            self._hits = {
                host: answer
                for host, answer in zip(picked, answers, strict=True)
                if isinstance(answer, Detected)
            }
            if self._hits:
                self._left = {}
                for host, found in self._hits.items():
                    login = login_of(others[host], found.make)
                    if await self._async_try_one(host, login):
                        self._left.setdefault(found.make, []).append(host)
                if self._left:
                    return await self.async_step_shared_login()
                return await self._async_add_accepted()
            errors[CONF_MINERS] = "none_answers" if picked else "none_picked"
        return self.async_show_form(
            step_id="takeover",
            data_schema=pick_form(
                {host: f"{entry.title} ({host})" for host, entry in others.items()}
            ),
            errors=errors,
        )

    def _others(self) -> dict[str, ConfigEntry]:
        """Return the other integration's entries by address, without miners that are known."""
        known = {entry.data[CONF_HOST] for entry in miner_entries(self.hass)}
        return {
            host: entry
            for entry in other_entries(self.hass)
            if (host := host_of(entry)) and host not in known
        }

    async def _async_look(self, host: str) -> Detected | MinerError:
        try:
            return await detect(async_session(self.hass), host)
        except MinerError as error:
            return error
