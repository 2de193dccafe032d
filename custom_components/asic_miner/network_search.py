"""Looks for miners in the networks that Home Assistant itself is in.

Only ever on a user's demand: a scan nobody asked for looks like an attack.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
import socket
from typing import TYPE_CHECKING

from homeassistant.helpers.device_registry import format_mac

from .miners import DEFAULT_PORTS
from .miners.detect import Detected, detect, with_model
from .miners.errors import MinerError
from .miners.lean import dataclass

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from homeassistant.components.network.models import Adapter

PRIVATE = tuple(
    IPv4Network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
)
"""Nothing outside is ever asked. The last never leaves this machine: it is the network of
simulated miners, and is searched only where somebody has chosen that adapter."""

WIDEST_PREFIX = 22
"""1022 addresses per adapter. Homes have 254; a Linux host keeps about a thousand neighbours
in mind at once, and in a larger network nobody would wait for the end."""

HOSTS_AT_ONCE = 64
"""Two connections each. With CONNECT_SECONDS, 254 silent addresses take six seconds and 1022
take 24, and no home router is troubled by so few."""

CONNECT_SECONDS = 1.5
"""A control board accepts within some tens of milliseconds; the rest is for a lost packet,
which is sent again after one second."""

SEARCH_SECONDS = 120.0
"""However many slow web servers there are, it ends; what was found until then counts."""

RESOLVE_SECONDS = 5.0
"""As long as a name server is usually waited for before it is asked again."""

NEIGHBOURS = Path("/proc/net/arp")
"""The kernel's own list of who has which address in the local network, on Linux."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A miner that answers."""

    host: str
    detected: Detected


def addresses_of(adapters: Iterable[Adapter]) -> list[IPv4Address]:
    """Return the addresses to ask, each once: the private networks of enabled adapters."""
    addresses: dict[IPv4Address, None] = {}
    for adapter in adapters:
        if not adapter["enabled"]:
            continue
        for configured in adapter["ipv4"]:
            own = IPv4Interface(f"{configured['address']}/{configured['network_prefix']}")
            if own.network.prefixlen < WIDEST_PREFIX:
                # The part of it that Home Assistant itself is in.
                own = IPv4Interface(f"{own.ip}/{WIDEST_PREFIX}")
            if any(own.network.subnet_of(network) for network in PRIVATE):
                addresses |= dict.fromkeys(own.network.hosts())
    return list(addresses)


async def search(
    session: ClientSession, addresses: Iterable[IPv4Address], progress: Callable[[float], None]
) -> list[Found]:
    """Ask each address whether a miner is there, without credentials, and sort the answers.

    `progress` is told the share that is done, 0 to 1, in steps of a hundredth at least.
    """
    todo = list(addresses)
    found: list[Found] = []
    waiting = iter(todo)
    done = told = 0

    async def work() -> None:
        nonlocal done, told
        for address in waiting:
            if hit := await _look_at(session, str(address)):
                found.append(hit)
            done += 1
            if (percent := done * 100 // len(todo)) > told:
                told = percent
                progress(percent / 100)

    with suppress(TimeoutError):
        async with asyncio.timeout(SEARCH_SECONDS), asyncio.TaskGroup() as workers:
            for _ in range(min(HOSTS_AT_ONCE, len(todo))):
                workers.create_task(work())
    return sorted(found, key=lambda hit: IPv4Address(hit.host))


async def _look_at(session: ClientSession, host: str) -> Found | None:
    """Ask one address, if anything listens there at all."""
    if not any(await asyncio.gather(*(_listens(host, port) for port in DEFAULT_PORTS.values()))):
        return None
    try:
        detected = await detect(session, host)
        return Found(host=host, detected=await with_model(detected, host))
    except MinerError:
        # A printer, a router, or a miner of another make.
        return None


async def _listens(host: str, port: int) -> bool:
    """Tell whether a connection is accepted; nothing is sent."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def resolved(host: str) -> set[str]:
    """Return the IPv4 addresses of a host as text, none if its name is not known in time."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, None, family=socket.AF_INET)
    except OSError, ValueError:
        return set()
    return {str(address[0]) for *_, address in found}


def neighbours() -> dict[str, str]:
    """Return MAC addresses by IPv4 address as far as this machine knows them. Reads a file."""
    try:
        lines = NEIGHBOURS.read_text("ascii").splitlines()[1:]
    except OSError, ValueError:
        return {}
    columns = [line.split() for line in lines]
    # Address, kind, flags, MAC; one that was asked for in vain has only zeros.
    return {row[0]: format_mac(row[3]) for row in columns if len(row) > 3 and row[2] != "0x0"}
