"""From what a config entry holds to a client for the miner."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.importlib import async_import_module

from .const import CONF_MAKE, CONF_MEMORY
from .miners import client_module, create_client
from .miners.client import Credentials, MinerClient
from .miners.models import Make


async def async_client_for(hass: HomeAssistant, data: Mapping[str, Any]) -> MinerClient:
    """Return a client for the miner of an entry's data. Nothing is sent yet."""
    make = Make(data[CONF_MAKE])
    # Once for all entries that are set up together, which would keep a thread busy each.
    await async_import_module(hass, client_module(make))
    return await create_client(
        make,
        data[CONF_HOST],
        data[CONF_PORT],
        Credentials(username=data.get(CONF_USERNAME), password=data.get(CONF_PASSWORD)),
        async_get_clientsession(hass),
        memory=data.get(CONF_MEMORY),
    )
