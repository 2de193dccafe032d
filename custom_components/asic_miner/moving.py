"""Gives a miner another address, and follows it there."""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .connect import async_client_for
from .const import DOMAIN
from .coordinator import MinerCoordinator
from .miners.errors import MinerError, UnconfirmedError
from .miners.orders import NetworkSettings, StaticAddress
from .restart import Restart

FOLLOW_SECONDS = 180.0
"""A control board restarts in one to three minutes."""
LOOK_SECONDS = 10.0
"""What one look at the new address may take, as long as a poll."""
PAUSE_SECONDS = 5.0
"""Between two looks."""


async def async_set_network(
    hass: HomeAssistant, coordinator: MinerCoordinator, data: Mapping[str, Any]
) -> None:
    """Change the miner's network, and with a fixed address move its entry there.

    The entry moves only when this very miner answers at the new address. Raises as
    `MinerCoordinator.async_command`, and HomeAssistantError when it is not found there.
    """
    settings = _settings(data)
    lost: HomeAssistantError | None = None
    try:
        await coordinator.async_command(
            lambda client: client.set_network(settings), restarts=Restart.BOARD
        )
    except HomeAssistantError as error:
        # Whether it has moved shows at the new address.
        if settings.static is None or not isinstance(error.__cause__, UnconfirmedError):
            raise
        lost = error
    if (
        settings.static is None
        or settings.static.address == coordinator.config_entry.data[CONF_HOST]
    ):
        return
    if await _async_found(hass, coordinator, settings.static.address):
        entry = coordinator.config_entry
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_HOST: settings.static.address}
        )
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    raise lost or HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="not_at_new_address",
        translation_placeholders={
            "name": coordinator.config_entry.title,
            "address": settings.static.address,
        },
    )


def _settings(data: Mapping[str, Any]) -> NetworkSettings:
    static = None
    if not data.get("dhcp"):
        if not data.get("address") or not data.get("gateway"):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="address_needed"
            )
        static = StaticAddress(
            address=data["address"],
            netmask=data["netmask"],
            gateway=data["gateway"],
            # The router answers names in most homes.
            dns=tuple(data["dns"]) or (data["gateway"],),
        )
    return NetworkSettings(static=static, hostname=data.get("hostname"))


_pause = asyncio.sleep


async def _async_found(hass: HomeAssistant, coordinator: MinerCoordinator, address: str) -> bool:
    """Look for the miner at its new address until it is there or late."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + FOLLOW_SECONDS
    client = await async_client_for(hass, {**coordinator.config_entry.data, CONF_HOST: address})
    try:
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    if (await client.identify()).mac == coordinator.identity.mac:
                        return True
            except MinerError, TimeoutError:
                pass  # It is still on its way.
            if loop.time() >= deadline:
                return False
            await _pause(PAUSE_SECONDS)
    finally:
        await client.close()
