"""Which addresses are asked, and how long at most."""

import asyncio
from ipaddress import IPv4Address
from pathlib import Path
from unittest.mock import patch

from aiohttp import ClientSession
from homeassistant.components.network.models import Adapter, IPv4ConfiguredAddress
import pytest

from custom_components.asic_miner import network_search
from custom_components.asic_miner.miners import DEFAULT_PORTS
from custom_components.asic_miner.miners.models import Make
from custom_components.asic_miner.network_search import addresses_of, neighbours, search


def adapter(*networks: str, enabled: bool = True) -> Adapter:
    """Describe an adapter as Home Assistant does."""
    return Adapter(
        name="eth0",
        index=1,
        enabled=enabled,
        auto=True,
        default=True,
        ipv6=[],
        ipv4=[
            IPv4ConfiguredAddress(address=address, network_prefix=int(prefix))
            for address, _, prefix in (network.partition("/") for network in networks)
        ],
    )


@pytest.mark.parametrize(
    ("networks", "first", "last", "count"),
    [
        (["192.168.1.20/24"], "192.168.1.1", "192.168.1.254", 254),
        (["10.11.12.13/8"], "10.11.12.1", "10.11.15.254", 1022),
        (["172.31.255.1/12"], "172.31.252.1", "172.31.255.254", 1022),
        (["192.168.1.20/24", "192.168.1.21/24"], "192.168.1.1", "192.168.1.254", 254),
        (["192.168.4.2/23", "10.0.0.5/30"], "192.168.4.1", "10.0.0.6", 512),
        (["10.0.0.5/32"], "10.0.0.5", "10.0.0.5", 1),
    ],
)
def test_which_addresses(networks: list[str], first: str, last: str, count: int) -> None:
    """The networks that Home Assistant is in, and of a large one the part around it."""
    addresses = addresses_of([adapter(*networks)])
    assert (addresses[0], addresses[-1]) == (IPv4Address(first), IPv4Address(last))
    assert len(addresses) == count


@pytest.mark.parametrize("network", ["8.8.8.8/24", "100.64.0.1/24", "169.254.3.4/16", "0.0.0.0/0"])
def test_nothing_that_is_not_private(network: str) -> None:
    """Not the internet, not the provider, and no addresses that nobody gave out."""
    assert not addresses_of([adapter(network)])


def test_no_adapter_that_is_switched_off() -> None:
    """Somebody has excluded it for a reason."""
    assert not addresses_of([adapter("192.168.1.20/24", enabled=False)])


async def test_it_ends(unused_port: int) -> None:
    """Whatever answers slowly, what was found until then counts."""
    held = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", unused_port)
    with (
        patch.object(network_search, "SEARCH_SECONDS", 0.2),
        patch.dict(DEFAULT_PORTS, dict.fromkeys(Make, unused_port)),
    ):
        async with ClientSession() as session:
            assert await search(session, [IPv4Address("127.0.0.1")], lambda _: None) == []
    held.set()
    server.close()
    await server.wait_closed()


async def test_progress_is_told_in_steps(unused_port: int) -> None:
    """A thousand addresses are no thousand events."""
    told: list[float] = []
    with patch.dict(DEFAULT_PORTS, dict.fromkeys(Make, unused_port)):
        async with ClientSession() as session:
            await search(session, [IPv4Address("127.0.0.1")] * 250, told.append)
    assert told == [percent / 100 for percent in range(1, 101)]


async def test_nowhere_to_search() -> None:
    """No address is no error."""
    async with ClientSession() as session:
        assert await search(session, [], lambda _: None) == []


def test_neighbours(tmp_path: Path) -> None:
    """As Linux writes them; one that was asked for in vain is none, and other systems differ."""
    file = tmp_path / "arp"
    with patch.object(network_search, "NEIGHBOURS", file):
        assert neighbours() == {}
        file.write_text(
            "IP address       HW type     Flags       HW address            Mask     Device\n"
            "192.168.1.50     0x1         0x2         C4:08:28:00:11:22     *        eth0\n"
            "192.168.1.51     0x1         0x0         00:00:00:00:00:00     *        eth0\n"
            "nonsense\n",
            "ascii",
        )
        assert neighbours() == {"192.168.1.50": "c4:08:28:00:11:22"}
