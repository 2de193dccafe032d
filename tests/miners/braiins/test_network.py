"""Address and host name: what is stored, and where the device is found afterwards."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    Reason,
    RejectedError,
    UnconfirmedError,
)
from custom_components.asic_miner.miners.orders import NetworkSettings, StaticAddress
from tests.miners.reasons import because
from tests.simulators.braiins import Fault

from .conftest import MakeClient, MakeMachine
from .device import Device

STATIC = StaticAddress(
    address="192.0.2.5", netmask="255.255.255.0", gateway="192.0.2.1", dns=("192.0.2.1",)
)


async def test_network(machine: MakeMachine, client_of: MakeClient) -> None:
    """Address and name, and what is so already is not sent."""
    miner = await machine()
    client = client_of(miner)
    stored = miner.device.settings.network
    await client.set_network(NetworkSettings(static=STATIC, hostname="garage"))
    assert stored.hostname == "garage"
    assert stored.static == {
        "address": "192.0.2.5",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns_servers": ["192.0.2.1"],
    }
    await client.set_hostname("cellar")
    assert stored.hostname == "cellar"
    assert stored.static is not None
    await client.set_network(NetworkSettings())
    assert miner.device.settings.network.hostname == "cellar"
    assert miner.device.settings.network.static is None
    writes = miner.writes
    await client.set_network(NetworkSettings(hostname="cellar"))
    await client.set_hostname("cellar")
    assert miner.writes == writes == 3
    assert miner.truth()["mining_restarts"] == 0


@pytest.mark.parametrize(
    ("change", "words", "why"),
    [
        (
            {"address": "192.0.2"},
            "^the address '.*' is no IPv4 address$",
            because(Reason.NO_ADDRESS, value="192.0.2"),
        ),
        (
            {"address": "fe80::1"},
            "^the address '.*' is no IPv4 address$",
            because(Reason.NO_ADDRESS, value="fe80::1"),
        ),
        (
            {"address": "192.0.2.256"},
            "^the address '.*' is no IPv4 address$",
            because(Reason.NO_ADDRESS, value="192.0.2.256"),
        ),
        (
            {"address": "127.0.0.1"},
            "^the address .* is no address of a host$",
            because(Reason.NO_ADDRESS, value="127.0.0.1"),
        ),
        (
            {"address": "224.0.0.1"},
            "^the address .* is no address of a host$",
            because(Reason.NO_ADDRESS, value="224.0.0.1"),
        ),
        (
            {"address": "0.0.0.0"},
            "^the address .* is no address of a host$",
            because(Reason.NO_ADDRESS, value="0.0.0.0"),
        ),
        (
            {"address": "192.0.2.0"},
            "^the address .* is no host of the network 192.0.2.0/24$",
            because(Reason.NOT_IN_NETWORK),
        ),
        (
            {"address": "192.0.2.255"},
            "^the address .* is no host of the network 192.0.2.0/24$",
            because(Reason.NOT_IN_NETWORK),
        ),
        ({"address": "192.0.2.1"}, "of the gateway", because(Reason.NOT_IN_NETWORK)),
        (
            {"netmask": "255.255.0.255"},
            "no netmask",
            because(Reason.NO_NETMASK, value="255.255.0.255"),
        ),
        ({"netmask": "24"}, "no netmask such as", because(Reason.NO_NETMASK, value="24")),
        (
            {"netmask": "0.0.0.255"},
            "no netmask such as",
            because(Reason.NO_NETMASK, value="0.0.0.255"),
        ),
        (
            {"netmask": "255.255.255.254"},
            "no netmask such as",
            because(Reason.NO_NETMASK, value="255.255.255.254"),
        ),
        ({"netmask": "x"}, "no netmask", because(Reason.NO_NETMASK, value="x")),
        (
            {"gateway": "198.51.100.1"},
            "^the gateway .* is no host of the network",
            because(Reason.NOT_IN_NETWORK),
        ),
        (
            {"dns": ("dns.example",)},
            "^the DNS server 'dns.example' is no IPv4 address$",
            because(Reason.NO_ADDRESS, value="dns.example"),
        ),
        ({"dns": ()}, "no DNS server", because(Reason.DNS_NEEDED)),
    ],
)
async def test_address_that_cannot_be(
    change: dict[str, Any],
    words: str,
    why: Callable[[MinerError], bool],
    device: Device,
    client: BraiinsClient,
) -> None:
    """A machine with such an address would not be found again."""
    with pytest.raises(InvalidValueError, match=words, check=why):
        await client.set_network(NetworkSettings(static=replace(STATIC, **change)))
    assert device.asked == []


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a.b", "ä", "x" * 64])
async def test_host_name_that_cannot_be(name: str, device: Device, client: BraiinsClient) -> None:
    """One label of letters, digits and hyphens."""
    with pytest.raises(InvalidValueError, check=because(Reason.HOSTNAME_FORMAT)):
        await client.set_hostname(name)
    with pytest.raises(InvalidValueError, check=because(Reason.HOSTNAME_FORMAT)):
        await client.set_network(NetworkSettings(hostname=name))
    assert device.asked == []


async def test_network_that_stored_something_else(device: Device, client: BraiinsClient) -> None:
    """What the device says that holds is what counts."""
    now: Json = {"hostname": "Antminer", "protocol": {"dhcp": {}}}
    device.answers["GET", "network/configuration"] = now
    device.answers["PATCH", "network/configuration"] = now
    with pytest.raises(RejectedError):
        await client.set_hostname("garage")


@pytest.mark.parametrize("worked", [True, False])
async def test_lost_answer_at_the_same_address(
    worked: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """Looked up where it was."""
    miner = await machine()
    miner.faults.set("PATCH network/configuration", Fault(reset=True, execute=worked))
    if worked:
        await client_of(miner).set_hostname("garage")
    else:
        with pytest.raises(UnconfirmedError):
            await client_of(miner).set_hostname("garage")
    assert miner.requests.count("PATCH /api/v1/network/configuration") == 1


@pytest.mark.parametrize(("found", "dhcp"), [(True, False), (False, False), (True, True)])
async def test_lost_answer_and_another_address(
    *, found: bool, dhcp: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """A new static address is looked at, without credentials; that of DHCP nobody knows."""
    miner, other = await machine(), await machine("BMM 101")
    client, elsewhere = client_of(miner), client_of(other)
    asked: list[str] = []

    def at(address: str) -> object:
        asked.append(address)
        return elsewhere._api

    async def moved(seconds: float) -> None:
        await miner.stop()
        if not found:
            await other.stop()

    client._api_at, client._sleep = at, moved  # type: ignore[assignment]  # stands in for a move
    miner.faults.set("PATCH network/configuration", Fault(reset=True, execute=True))
    miner.device.settings.network.static = {"address": "192.0.2.9"}
    wanted = NetworkSettings(static=None if dhcp else STATIC)
    if found and not dhcp:
        await client.set_network(wanted)
        assert asked == ["192.0.2.5"]
    else:
        with pytest.raises(UnconfirmedError):
            await client.set_network(wanted)
    assert other.logins == 0
