"""Miners that announce themselves: asked before they are offered, followed when they move."""

import asyncio
from collections.abc import Generator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_IGNORE,
    SOURCE_USER,
    SOURCE_ZEROCONF,
    ConfigEntry,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.loader import async_get_dhcp, async_get_zeroconf
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.asic_miner import flow_discovery, network_search
from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners import DEFAULT_PORTS
from custom_components.asic_miner.restart import Restart, RestartWatch
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import add_through_flow
from .flows import fill, start


@pytest.fixture(autouse=True)
def _network(device: SimulatedMiner, unused_port: int, tmp_path: Path) -> Generator[None]:
    """Let the device's port be its make's own, and nobody wait for a boot that does not come."""
    pytest_socket.socket_allow_hosts([f"127.0.0.{last}" for last in range(1, 7)])
    ports = {
        make: device.port
        if (make == "whatsminer") == isinstance(device, WhatsminerSimulator)
        else unused_port
        for make in DEFAULT_PORTS
    }
    with (
        patch.dict(DEFAULT_PORTS, ports),
        patch.object(flow_discovery, "BOOT_RETRY_SECONDS", 0.05),
        patch.object(flow_discovery, "BOOT_RETRIES", 2),
        patch.object(network_search, "NEIGHBOURS", tmp_path / "arp"),
    ):
        yield


def mac_of(device: SimulatedMiner) -> str:
    """Return the MAC that it tells."""
    return str(device.truth()["mac"])


async def dhcp(hass: HomeAssistant, ip: str, mac: str, hostname: str = "whatsminer") -> Any:
    """Notice that somebody got an address."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(ip=ip, hostname=hostname, macaddress=mac.replace(":", "")),
    )


async def zeroconf(hass: HomeAssistant, ip: str, name: str) -> Any:
    """Notice an announced web page."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_ZEROCONF},
        data=ZeroconfServiceInfo(
            ip_address=IPv4Address(ip),
            ip_addresses=[IPv4Address(ip)],
            port=80,
            hostname=f"{name}.local.",
            type="_http._tcp.local.",
            name=f"{name}._http._tcp.local.",
            properties={},
        ),
    )


async def test_a_new_miner_is_offered(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """With a name and an address that tell which one it is; the login is all that is asked."""
    step = await dhcp(hass, device.host, mac_of(device))
    assert step["type"] is FlowResultType.FORM
    assert step["step_id"] == "credentials"
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["unique_id"] == mac_of(device)
    placeholders = flow["context"]["title_placeholders"]
    assert placeholders["host"] == device.host
    assert placeholders["name"]
    step = await fill(hass, step, password="wrong")
    assert step["errors"] == {"base": "authentication_failed"}
    step = await fill(hass, step, password=device.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["result"].unique_id == mac_of(device)
    assert step["result"].data["host"] == device.host
    await hass.async_block_till_done()


async def test_offered_once(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """The second notice adds no second card; adding it by hand takes the card away."""
    await dhcp(hass, device.host, mac_of(device))
    step = await dhcp(hass, device.host, mac_of(device))
    assert step["reason"] == "already_in_progress"
    step = await fill(hass, await start(hass), host=device.host, advanced={"port": device.port})
    step = await fill(hass, step, password=device.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()


async def test_nothing_there(hass: HomeAssistant, unused_port: int, device: SimulatedMiner) -> None:
    """A name alone is believed by nobody."""
    step = await dhcp(hass, "127.0.0.2", "02:00:00:00:00:01")
    assert step["reason"] == "no_miner"
    step = await zeroconf(hass, "127.0.0.2", "miner-000001")
    assert step["reason"] == "no_miner"


@pytest.mark.parametrize(
    ("ip", "mac", "hostname"),
    [
        ("", "", ""),
        ("not an address", "zz", "\x00"),
        ("127.0.0.2", "zz", "whatsminer"),
        ("127.0.0.2", "", ""),
        (None, "", None),
        ("::gg", "0200000000", "whatsminer" * 50),
    ],
)
async def test_garbage(hass: HomeAssistant, ip: Any, mac: Any, hostname: Any) -> None:
    """Whatever is announced, it is no miner, and no traceback."""
    step = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(ip=ip, hostname=hostname, macaddress=mac),
    )
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "no_miner"


async def test_it_is_waited_for_while_it_boots(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """It gets its address long before it answers."""
    await device.stop()
    real_sleep = asyncio.sleep

    async def boots(seconds: float) -> None:
        if seconds == flow_discovery.BOOT_RETRY_SECONDS:
            await device.start()
        await real_sleep(0)

    with patch(f"{flow_discovery.__name__}.asyncio.sleep", boots):
        step = await dhcp(hass, device.host, mac_of(device))
    assert step["step_id"] == "credentials"


@pytest.fixture
async def entry(hass: HomeAssistant, device: SimulatedMiner) -> ConfigEntry:
    """A miner that is set up."""
    return await add_through_flow(hass, device)


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_known_miner_is_followed(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, restarts: bool
) -> None:
    """It has got another address: the entry goes there, and all works as before.

    Many get one with a restart, while it is expected that they do not answer.
    """
    if restarts:
        coordinator = entry.runtime_data
        now = coordinator._now()
        coordinator._restart = RestartWatch(Restart.BOARD, coordinator.last, now)
    [device_entry] = [
        found
        for found in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if found.connections
    ]
    # That is how Home Assistant finds out whose address it is.
    assert (dr.CONNECTION_NETWORK_MAC, mac_of(device)) in device_entry.connections
    await device.stop()
    device.host = "127.0.0.3"
    await device.start()
    step = await dhcp(hass, device.host, mac_of(device), "any name")
    assert step["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert entry.data["host"] == "127.0.0.3"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.last_update_success


async def test_nobody_is_followed_while_firmware_is_installed(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """The miner answers nobody else meanwhile, and is where it was."""
    await device.stop()
    device.host = "127.0.0.3"
    await device.start()
    with patch.object(entry.runtime_data, "_transferring", True):
        await dhcp(hass, device.host, mac_of(device), "any name")
    assert entry.data["host"] == "127.0.0.1"


@pytest.mark.parametrize("taken", [False, True], ids=["address is free", "address is taken"])
async def test_moved_while_home_assistant_was_down(
    hass: HomeAssistant,
    device: SimulatedMiner,
    entry: ConfigEntry,
    clock: ManualClock,
    taken: bool,
) -> None:
    """Found by the notice that comes after the start, also when a stranger has its old address."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    old = device.host
    await device.stop()
    device.host = "127.0.0.3"
    await device.start()
    kind: Any = type(device)
    stranger: SimulatedMiner = kind(old, device.port, clock=clock, seed=92)
    if taken:
        await stranger.start()
    try:
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        if not taken:
            assert entry.state is ConfigEntryState.LOADED
            assert not entry.runtime_data.last_update_success
        elif isinstance(device, WhatsminerSimulator):
            assert entry.state is ConfigEntryState.SETUP_RETRY
            assert entry.error_reason_translation_key == "wrong_miner"
        step = await dhcp(hass, device.host, mac_of(device), "any name")
        assert step["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert entry.data["host"] == "127.0.0.3"
        assert entry.state is ConfigEntryState.LOADED
        assert entry.runtime_data.last_update_success
        assert not ir.async_get(hass).issues
    finally:
        await stranger.stop()


async def test_replaced_by_another_miner(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, clock: ManualClock
) -> None:
    """The new one at the old address is offered as what it is, and has a history of its own."""
    await device.stop()
    kind: Any = type(device)
    new: SimulatedMiner = kind(
        device.host, device.port, clock=clock, seed=93, password=device.password
    )
    await new.start()
    try:
        step = await dhcp(hass, new.host, mac_of(new))
        assert step["step_id"] == "credentials"
        step = await fill(hass, step, password=new.password)
        assert step["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        await entry.runtime_data.async_refresh()
        assert not entry.runtime_data.last_update_success
        assert step["result"].unique_id == mac_of(new) != entry.unique_id
        assert step["result"].runtime_data.last_update_success
        # The old one is gone for good: its owner deletes it, and nothing of it is left.
        assert await hass.config_entries.async_remove(entry.entry_id)
        assert not ir.async_get(hass).issues
    finally:
        for left in hass.config_entries.async_entries(DOMAIN):
            await hass.config_entries.async_unload(left.entry_id)
        await new.stop()


async def test_nothing_is_done_where_it_is_already(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """Most notices say nothing new, so the device is not even asked."""
    await device.stop()
    step = await dhcp(hass, device.host, mac_of(device))
    assert step["reason"] == "already_configured"


@pytest.mark.parametrize("announced", ["by DHCP", "by its web page"])
@pytest.mark.parametrize("loaded", [True, False])
async def test_nobody_is_followed_while_the_miner_is_where_it_was(
    hass: HomeAssistant,
    device: SimulatedMiner,
    entry: ConfigEntry,
    announced: str,
    loaded: bool,
) -> None:
    """Anybody can announce a MAC or a name, and hand on what they are asked; no login for them."""
    if not loaded:
        assert await hass.config_entries.async_unload(entry.entry_id)
    heard: list[bytes] = []

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(request := await reader.read(4096))
        there, onward = await asyncio.open_connection(device.host, device.port)
        onward.write(request)
        writer.write(await there.read())
        onward.close()
        writer.close()

    thief = await asyncio.start_server(hand_on, "127.0.0.6", device.port)
    async with thief:
        if announced == "by DHCP":
            step = await dhcp(hass, "127.0.0.6", mac_of(device), "any name")
        else:
            end = mac_of(device).replace(":", "")[-6:]
            step = await zeroconf(hass, "127.0.0.6", f"miner-{end}")
        assert step["reason"] == "already_configured"
    assert entry.data["host"] == device.host
    assert device.password.encode() not in b"".join(heard)


async def test_nobody_else_is_followed_while_the_miner_is_away(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, tmp_path: Path
) -> None:
    """Where this machine knows from the network itself who has the address."""
    await device.stop()
    device.host = "127.0.0.3"
    await device.start()
    table = tmp_path / "arp"
    head = "IP address HW type Flags HW address Mask Device\n"
    row = "127.0.0.3 0x1 0x2 {} * eth0\n"
    with patch.object(network_search, "NEIGHBOURS", table):
        table.write_text(head + row.format("02:00:00:00:00:66"), "ascii")
        await dhcp(hass, device.host, mac_of(device), "any name")
        assert entry.data["host"] == "127.0.0.1"
        table.write_text(head + row.format(mac_of(device)), "ascii")
        await dhcp(hass, device.host, mac_of(device), "any name")
        await hass.async_block_till_done()
        assert entry.data["host"] == "127.0.0.3"


@pytest.mark.parametrize("ip", ["192.0.2.1", "8.8.8.8", "2001:db8::1", "169.254.1", "224.0.0.251"])
async def test_only_addresses_of_a_home(
    hass: HomeAssistant, ip: str, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """Who announces something cannot have Home Assistant ask anybody in the internet."""
    with patch.object(flow_discovery, "detect", side_effect=AssertionError):
        step = await dhcp(hass, ip, "02:00:00:00:00:01")
        assert step["reason"] == "no_miner"
        step = await dhcp(hass, ip, mac_of(device))
        assert step["reason"] == "no_miner"
    assert entry.data["host"] == device.host


async def test_a_name_is_left_alone(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """Who has entered a name has a name service that follows."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "host": "localhost"})
    step = await dhcp(hass, "127.0.0.3", mac_of(device))
    assert step["reason"] == "already_configured"
    assert entry.data["host"] == "localhost"


async def test_it_does_not_follow_to_another_miner(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """A network that claims a MAC is asked for proof."""
    hass.config_entries.async_update_entry(entry, unique_id="02:00:00:00:00:99")
    await device.stop()
    step = await dhcp(hass, "127.0.0.3", "02:00:00:00:00:99")
    assert step["reason"] == "no_miner"
    device.host = "127.0.0.3"
    await device.start()
    step = await dhcp(hass, "127.0.0.3", "02:00:00:00:00:99")
    assert step["reason"] == "already_configured"
    assert entry.data["host"] == "127.0.0.1"


async def test_an_ignored_miner_stays_ignored(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """Also after a change of address; adding it by hand is possible all the same."""
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id=mac_of(device)).add_to_hass(hass)
    step = await dhcp(hass, device.host, mac_of(device))
    assert step["reason"] == "already_configured"
    entry = await add_through_flow(hass, device)
    assert entry.source == SOURCE_USER
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_ignored_by_name_and_met_with_its_mac(
    hass: HomeAssistant, device: SimulatedMiner
) -> None:
    """Its MAC was not known when it was ignored, and is when it asks for an address."""
    name = "miner-" + mac_of(device).replace(":", "")[-6:]
    MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id=name).add_to_hass(hass)
    step = await dhcp(hass, device.host, mac_of(device), name)
    assert step["reason"] == "already_configured"
    step = await zeroconf(hass, device.host, name)
    assert step["reason"] == "already_configured"
    # Set up by hand it is known, and no longer taken for the one that is ignored.
    entry = await add_through_flow(hass, device)
    await device.stop()
    device.host = "127.0.0.3"
    await device.start()
    step = await zeroconf(hass, device.host, name)
    assert step["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert entry.data["host"] == "127.0.0.3"


async def test_a_name_that_is_not_its_own(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, clock: ManualClock
) -> None:
    """Anybody can announce the name of our miner; the entry goes only where our miner answers."""
    kind: Any = type(device)
    stranger: SimulatedMiner = kind(
        "127.0.0.3", device.port, clock=clock, seed=91, password=device.password
    )
    await stranger.start()
    try:
        step = await zeroconf(hass, "127.0.0.3", "miner-" + mac_of(device).replace(":", "")[-6:])
        assert step["reason"] == "already_configured"
        assert entry.data["host"] == device.host
        assert entry.runtime_data.last_update_success
    finally:
        await stranger.stop()


async def test_an_announcement_moves_no_name(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """Also not where the miner itself says who it is, without a MAC in the announcement."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "host": "localhost"})
    name = "miner-" + mac_of(device).replace(":", "")[-6:]
    for announced in (name, "any-name") if isinstance(device, WhatsminerSimulator) else (name,):
        step = await zeroconf(hass, device.host, announced)
        assert step["reason"] == "already_configured"
        assert entry.data["host"] == "localhost"


async def test_an_announced_web_page(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """A miner is offered whose MAC is told by its name only in part; then by itself."""
    step = await zeroconf(hass, device.host, "miner-" + mac_of(device).replace(":", "")[-6:])
    assert step["step_id"] == "credentials"
    step = await fill(hass, step, password=device.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert step["result"].unique_id == mac_of(device)
    await hass.async_block_till_done()


async def test_the_web_page_of_a_known_miner(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """Known by its address, and by its name when that has changed."""
    step = await zeroconf(hass, device.host, "any-name")
    assert step["reason"] == "already_configured"
    await device.stop()
    device.host = "127.0.0.3"
    await device.start()
    step = await zeroconf(hass, device.host, "miner-" + mac_of(device).replace(":", "")[-6:])
    assert step["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert entry.data["host"] == "127.0.0.3"


async def test_home_assistant_listens_for_them(hass: HomeAssistant) -> None:
    """The manifest says what to listen for, in a form that Home Assistant takes."""
    matchers = [matcher for matcher in await async_get_dhcp(hass) if matcher["domain"] == DOMAIN]
    assert {matcher["hostname"] for matcher in matchers if "hostname" in matcher} == {
        "antminer*",
        "miner-*",
        "whatsminer*",
    }
    assert {matcher["macaddress"] for matcher in matchers if "macaddress" in matcher} == {
        "88A6EF*",
        "A05B06*",
    }
    assert any(matcher.get("registered_devices") for matcher in matchers)
    pages = (await async_get_zeroconf(hass))["_http._tcp.local."]
    assert [page["name"] for page in pages if page["domain"] == DOMAIN] == ["miner-*"]
