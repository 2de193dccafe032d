"""Talks to a miner as it will be talked to, before anything is stored."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant

from .connect import async_client_for
from .const import CONF_CAPABILITIES, CONF_IDENTITY, CONF_MEMORY
from .miners.client import MinerClient
from .miners.models import Capabilities, Identity


@asynccontextmanager
async def lent_client(hass: HomeAssistant, data: Mapping[str, Any]) -> AsyncGenerator[MinerClient]:
    """Lend a client for what an entry holds, or would hold."""
    client = await async_client_for(hass, data)
    try:
        yield client
    finally:
        await client.close()


async def async_identify(hass: HomeAssistant, data: Mapping[str, Any]) -> Identity:
    """Ask who answers there. Raises MinerError."""
    async with lent_client(hass, data) as client:
        return await client.identify()


async def async_try(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> tuple[Identity, dict[str, Any]]:
    """Prove that address and login work; return who it is and what an entry is to remember.

    Side effects on the device: those of `MinerClient.check_access`. Raises MinerError.
    """
    watched = data.get(CONF_PASSWORD) is None
    async with lent_client(hass, data) as client:
        identity = await client.identify()
        if not watched:
            await client.check_access()
        await client.read(slow=True)
    known = (
        Capabilities.from_json(data[CONF_CAPABILITIES])
        if CONF_CAPABILITIES in data
        else Capabilities()
    )
    if watched:
        known = known.only_watched()
    return identity, {
        CONF_IDENTITY: identity.to_json(),
        CONF_CAPABILITIES: known.merged(client.capabilities).to_json(),
        CONF_MEMORY: dict(client.memory),
    }
