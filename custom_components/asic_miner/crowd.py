"""Keeps miners that are set up or commanded together out of each other's way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from zlib import crc32

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

FIRST_READS = 20
"""At once: the some twenty requests of each are work of half a second to two, also on a small
computer, and a poll has ten seconds."""
PATIENCE_SECONDS = 2.0
"""What takes longer waits for its device, and keeps nobody else from working."""

_TURNS: HassKey[asyncio.Semaphore] = HassKey(f"{DOMAIN}_first_reads")
_SPREAD = 1 << 16
"""Steps that half a checksum can tell apart."""


def phases(mac: str) -> tuple[float, float]:
    """Return two shares of a period, each from 0 to below 1, that are this miner's own."""
    first, second = divmod(crc32(mac.encode()), _SPREAD)
    return first / _SPREAD, second / _SPREAD


@asynccontextmanager
async def one_of_few(hass: HomeAssistant) -> AsyncGenerator[None]:
    """Wait until few enough others are at their first read."""
    turns = hass.data.setdefault(_TURNS, asyncio.Semaphore(FIRST_READS))
    await turns.acquire()
    let_on = asyncio.Event()

    def let_another_on() -> None:
        if not let_on.is_set():
            let_on.set()
            turns.release()

    timer = hass.loop.call_later(PATIENCE_SECONDS, let_another_on)
    try:
        yield
    finally:
        timer.cancel()
        let_another_on()
