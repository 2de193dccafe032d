"""Miners that were noticed in the network without anybody looking for them."""

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
import re
from typing import override

from homeassistant.config_entries import SOURCE_IGNORE, ConfigFlowResult
from homeassistant.const import CONF_HOST
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.util.network import is_local

from .connect import async_session
from .const import LOGGER
from .flow_base import END_OF_MAC, MinerFlow
from .miners.detect import detect
from .miners.errors import BusyError, MinerError, MiningProcessDownError, UnreachableError
from .network_search import neighbours

BOOT_RETRIES = 15
BOOT_RETRY_SECONDS = 20.0
"""A miner asks for its address when it begins to boot, and answers one to three minutes later;
nobody tells of that moment, and the next notice may be a day away. Together five minutes."""

NOT_YET = (UnreachableError, BusyError, MiningProcessDownError)
"""What a miner that boots answers, if it does."""

MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


class DiscoverySteps(MinerFlow):
    """What was announced is asked who it is before a word of it is believed."""

    @override
    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Something that looks like a miner, or is a known one, has got an address."""
        return await self._async_discovered(
            discovery_info.ip,
            format_mac(discovery_info.macaddress or ""),
            discovery_info.hostname or "",
            BOOT_RETRIES,
        )

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Something that looks like a mini miner with Braiins OS announces its web page."""
        host = discovery_info.host
        name = (discovery_info.name or "").split(".")[0].lower()
        known = await self.hass.async_add_executor_job(neighbours)
        return await self._async_discovered(host, known.get(host, ""), name, 0)

    async def _async_discovered(
        self, host: str, mac: str, name: str, retries: int
    ) -> ConfigFlowResult:
        """Follow a known miner, offer an unknown one, and forget anything else."""
        if not _is_at_home(host or ""):
            return self.async_abort(reason="no_miner")
        if not MAC.fullmatch(mac):
            # Without a known MAC all that is left is not to trouble a miner that is set up.
            self._async_abort_entries_match({CONF_HOST: host})
            mac = self._mac_of_known(name)
        self._host = host
        # Only what has an id can be ignored for good; the real one comes with the login.
        entry = await self.async_set_unique_id(mac or name or host)
        if not entry and self._is_ignored(host, mac):
            return self.async_abort(reason="already_configured")
        try:
            if not entry:
                await _patiently(self._async_detect, retries)
                if self._found and self._found.identity:
                    entry = await self.async_set_unique_id(self._found.identity.mac)
            if entry:
                if entry.source != SOURCE_IGNORE:
                    await _patiently(lambda: self._async_follow(entry, host), retries)
                return self.async_abort(reason="already_configured")
        except MinerError as error:
            LOGGER.debug("Nothing to set up at %s: %s", host, error)
            return self.async_abort(reason="no_miner")
        self.context["title_placeholders"] = {"name": self._name, "host": host}
        return await self.async_step_credentials()

    def _mac_of_known(self, name: str) -> str:
        """Return the MAC of the miner that is set up and has this host name, if there is one."""
        if not (end := END_OF_MAC.fullmatch(name)):
            return ""
        macs = [entry.unique_id or "" for entry in self._async_current_entries(include_ignore=True)]
        found = (mac for mac in macs if MAC.fullmatch(mac))
        return next((mac for mac in found if mac.replace(":", "").endswith(end[1])), "")

    async def _async_detect(self) -> None:
        self._found = await detect(async_session(self.hass), self._host)


def _is_at_home(host: str) -> bool:
    """Tell whether an announced address is of a home, not of somebody in the internet."""
    try:
        return is_local(ip_address(host))
    except ValueError:
        return False


async def _patiently(ask: Callable[[], Awaitable[object]], retries: int) -> None:
    """Ask until there is an answer, or it cannot be a miner that boots. Raises MinerError."""
    for _ in range(retries):
        try:
            await ask()
        except NOT_YET:
            await asyncio.sleep(BOOT_RETRY_SECONDS)
        else:
            return
    await ask()
