"""From what a config entry holds to a client for the miner."""

from collections.abc import Mapping
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_USERNAME,
    EVENT_HOMEASSISTANT_CLOSE,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.importlib import async_import_module
from homeassistant.util.hass_dict import HassKey

from .const import CONF_MAKE, CONF_MEMORY, DOMAIN
from .miners import client_module, create_client
from .miners.client import Credentials, MinerClient
from .miners.models import Make

_SESSION: HassKey[ClientSession] = HassKey(f"{DOMAIN}_session")


@callback
def async_session(hass: HomeAssistant) -> ClientSession:
    """Return the session for all miners: Home Assistant's own connections, and no cookies.

    In its shared session a device could leave as many as it likes, also for the whole domain
    that its name is in, and other integrations would send them there.
    """
    if (known := hass.data.get(_SESSION)) is not None:
        return known
    # Made while an entry is set up it would else end with that entry.
    session = async_create_clientsession(hass, auto_cleanup=False, cookie_jar=DummyCookieJar())

    @callback
    def end(_: Event) -> None:
        session.detach()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, end)
    hass.data[_SESSION] = session
    return session


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
        async_session(hass),
        memory=data.get(CONF_MEMORY),
    )
