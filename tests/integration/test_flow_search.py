"""The search for miners: who is found, who is left out, and adding several at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
import socket
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_IMPORT, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE, FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
import pytest_socket

from custom_components.asic_miner import network_search
from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners import DEFAULT_PORTS
from custom_components.asic_miner.miners.braiins import public
from custom_components.asic_miner.miners.models import Make
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.older import OlderInterface
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .flows import choose, fill, start

type Neighbours = Callable[..., None]

WHATSMINERS = ("127.0.0.2", "127.0.0.3")
BRAIINS = ("127.0.0.4", "127.0.0.5")


@pytest.fixture(autouse=True)
def loopback_network(unused_tcp_port_factory: Callable[[], int]) -> Generator[None]:
    """Let six loopback addresses be the network, and free ports be those of the makes."""
    pytest_socket.socket_allow_hosts([f"127.0.0.{last}" for last in range(1, 7)])
    adapter = {"enabled": True, "ipv4": [{"address": "127.0.0.1", "network_prefix": 29}]}
    with (
        patch("homeassistant.components.network.async_get_adapters", return_value=[adapter]),
        patch.dict(
            DEFAULT_PORTS,
            {Make.WHATSMINER: unused_tcp_port_factory(), Make.BRAIINS: unused_tcp_port_factory()},
        ),
    ):
        yield


@pytest.fixture(autouse=True)
def neighbours(tmp_path: Path) -> Generator[Neighbours]:
    """Write the kernel's list of neighbours, which has none of the loopback network."""
    file = tmp_path / "arp"

    def write(**macs: str) -> None:
        lines = [f"{host[1:].replace('_', '.')} 0x1 0x2 {mac} * eth0" for host, mac in macs.items()]
        file.write_text("\n".join(["IP address HW type Flags HW address", *lines]), "ascii")

    with patch.object(network_search, "NEIGHBOURS", file):
        yield write


@pytest.fixture
async def miners(clock: ManualClock) -> AsyncGenerator[dict[str, SimulatedMiner]]:
    """Two miners of each make, by address."""
    ports = DEFAULT_PORTS
    found: dict[str, SimulatedMiner] = {
        host: WhatsminerSimulator(host, ports[Make.WHATSMINER], preset="M60S", clock=clock, seed=n)
        for n, host in enumerate(WHATSMINERS, 50)
    } | {
        host: BraiinsSimulator(host, ports[Make.BRAIINS], preset="S19j Pro", clock=clock, seed=n)
        for n, host in enumerate(BRAIINS, 60)
    }
    for miner in found.values():
        await miner.start()
    yield found
    for miner in found.values():
        await miner.stop()


async def searched(hass: HomeAssistant, step: Any) -> Any:
    """Wait for the end of a search that has begun."""
    assert step["type"] is FlowResultType.SHOW_PROGRESS, step
    assert step["progress_action"] == "search"
    await hass.async_block_till_done()
    return await hass.config_entries.flow.async_configure(step["flow_id"])


async def search(hass: HomeAssistant) -> Any:
    """Search the network and wait for the result."""
    step = await fill(hass, await start(hass), advanced={})
    return await searched(hass, await choose(hass, step, "search"))


def listed(step: Any) -> dict[str, str]:
    """Return what can be picked, by address."""
    assert step["step_id"] == "pick", step
    [field] = step["data_schema"].schema.values()
    return {option["value"]: option["label"] for option in field.config["options"]}


async def added(hass: HomeAssistant) -> dict[str, str]:
    """Return the MACs of the miners that are set up, by address."""
    await hass.async_block_till_done()
    entries = hass.config_entries.async_entries(DOMAIN)
    assert {entry.state for entry in entries} <= {ConfigEntryState.LOADED}
    return {entry.data["host"]: str(entry.unique_id) for entry in entries}


async def test_several_at_once(hass: HomeAssistant, miners: dict[str, SimulatedMiner]) -> None:
    """One login for all of a make; each becomes an entry of its own."""
    told = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    step = await search(hass)
    assert listed(step) == {
        "127.0.0.2": "WhatsMiner M60S (127.0.0.2)",
        "127.0.0.3": "WhatsMiner M60S (127.0.0.3)",
        "127.0.0.4": "Braiins OS (127.0.0.4)",
        "127.0.0.5": "Braiins OS (127.0.0.5)",
    }
    shares = [event.data["progress"] for event in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    step = await fill(hass, step, miners=[])
    assert step["errors"] == {"miners": "none_picked"}
    step = await fill(hass, step, miners=[*WHATSMINERS, *BRAIINS])
    assert step["step_id"] == "shared_login"
    assert "username" not in step["data_schema"].schema
    assert step["description_placeholders"]["make"] == "WhatsMiner"
    step = await fill(hass, step, password=miners["127.0.0.2"].password, skip=False)
    assert step["description_placeholders"]["make"] == "Braiins OS"
    step = await fill(hass, step, username="root", password="root", skip=False)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert await added(hass) == {host: miner.truth()["mac"] for host, miner in miners.items()}


async def test_those_that_refuse_stay_for_another_login(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner]
) -> None:
    """The form says which ones and why, and goes on with them alone."""
    miners["127.0.0.3"].password = "its own"
    step = await fill(hass, await search(hass), miners=list(WHATSMINERS))
    step = await fill(hass, step, password=miners["127.0.0.2"].password, skip=False)
    assert step["errors"] == {"base": "login_failed"}
    told = step["description_placeholders"]["miners"]
    assert "(127.0.0.3): The miner refuses this login" in told
    assert "127.0.0.2" not in told
    step = await fill(hass, step, password="its own", skip=False)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert set(await added(hass)) == set(WHATSMINERS)


async def test_left_out_after_all(hass: HomeAssistant, miners: dict[str, SimulatedMiner]) -> None:
    """Who does not know a login can go on without; nothing is added then."""
    step = await fill(hass, await search(hass), miners=list(BRAIINS))
    step = await fill(hass, step, username="root", password="wrong", skip=False)
    assert step["errors"] == {"base": "login_failed"}
    step = await fill(hass, step, username="root", skip=True)
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "none_added"
    assert not await added(hass)


async def test_only_watch_all_of_them(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner]
) -> None:
    """WhatsMiners can be watched without a password, also together."""
    step = await fill(hass, await search(hass), miners=list(WHATSMINERS))
    step = await fill(hass, step, skip=False)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert set(await added(hass)) == set(WHATSMINERS)
    assert not hass.states.async_entity_ids(["switch", "number", "select", "button"])


@pytest.mark.parametrize("host", [WHATSMINERS[0], BRAIINS[0]])
async def test_one_of_them(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner], host: str
) -> None:
    """A single one is asked for its login as one whose address was typed."""
    step = await fill(hass, await search(hass), miners=[host])
    assert step["step_id"] == "credentials"
    step = await fill(hass, step, password=miners[host].password)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert set(await added(hass)) == {host}


async def test_known_and_ignored_miners_are_left_out(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner], neighbours: Neighbours
) -> None:
    """Those that are polled are not even asked; a MAC tells the ignored ones."""
    step = await fill(hass, await search(hass), miners=[WHATSMINERS[0], BRAIINS[0]])
    step = await fill(hass, step, skip=False)
    await fill(hass, step, username="root", password="root", skip=False)
    await hass.async_block_till_done()
    for host in (WHATSMINERS[1], BRAIINS[1]):
        MockConfigEntry(
            domain=DOMAIN, source=SOURCE_IGNORE, unique_id=str(miners[host].truth()["mac"])
        ).add_to_hass(hass)
    neighbours(_127_0_0_5=str(miners[BRAIINS[1]].truth()["mac"]))
    step = await search(hass)
    assert step["step_id"] == "nothing_found"
    assert step["description_placeholders"] == {"networks": "127.0.0.*"}


async def test_a_miner_that_was_ignored_without_its_mac(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner], neighbours: Neighbours
) -> None:
    """Braiins OS does not tell its MAC before the login, so it is ignored by name or address."""
    named, nameless = (miners[host] for host in BRAIINS)
    name = "miner-" + str(named.truth()["mac"]).replace(":", "")[-6:]
    for unique_id in (name, BRAIINS[1]):
        MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id=unique_id).add_to_hass(hass)
    neighbours(_127_0_0_4=str(named.truth()["mac"]))
    step = await search(hass)
    [field] = step["data_schema"].schema.values()
    assert [option["value"] for option in field.config["options"]] == list(WHATSMINERS)
    assert nameless.port, "it is there, and would be found"


async def test_ignored_miners_that_are_chosen_all_the_same(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner]
) -> None:
    """Without its MAC nobody knows before the login that it was ignored; all are added."""
    for host in BRAIINS:
        MockConfigEntry(
            domain=DOMAIN, source=SOURCE_IGNORE, unique_id=str(miners[host].truth()["mac"])
        ).add_to_hass(hass)
    step = await fill(hass, await search(hass), miners=list(BRAIINS))
    step = await fill(hass, step, username="root", password="root", skip=False)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert await added(hass) == {host: str(miners[host].truth()["mac"]) for host in BRAIINS}


async def test_nothing_found_then_search_again_or_type(
    hass: HomeAssistant, clock: ManualClock
) -> None:
    """The way out of an empty result."""
    step = await search(hass)
    step = await choose(hass, step, "search")
    step = await searched(hass, step)
    step = await choose(hass, step, "user")
    assert step["step_id"] == "user"
    step = await choose(hass, await fill(hass, step, host=" ", advanced={}), "search")
    step = await searched(hass, step)
    assert step["step_id"] == "nothing_found"


async def test_a_port_alone_is_no_address(hass: HomeAssistant) -> None:
    """Who fills in a port has forgotten the host, and does not want a search."""
    step = await fill(hass, await start(hass), advanced={"port": 4028})
    assert step["errors"] == {"host": "invalid_host"}


async def test_other_devices_are_no_miners(hass: HomeAssistant) -> None:
    """Something that listens on such a port and speaks something else."""

    async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"\x1b%-12345X")
        writer.close()

    servers = [
        await asyncio.start_server(printer, "127.0.0.6", port) for port in DEFAULT_PORTS.values()
    ]
    assert (await search(hass))["step_id"] == "nothing_found"
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(("make", "answers"), [("WhatsMiner", True), ("Braiins OS", False)])
async def test_a_known_miner_that_has_moved(
    hass: HomeAssistant,
    clock: ManualClock,
    neighbours: Neighbours,
    make: str,
    answers: bool,
) -> None:
    """Its entry follows it there; one that does not let itself be asked stays where it was."""
    kind = WhatsminerSimulator if make == "WhatsMiner" else BraiinsSimulator
    port = DEFAULT_PORTS[Make.WHATSMINER if make == "WhatsMiner" else Make.BRAIINS]
    miner = kind("127.0.0.2", port, clock=clock, seed=70)
    await miner.start()
    step = await fill(hass, await search(hass), miners=["127.0.0.2"])
    step = await fill(hass, step, password=miner.password)
    entry = step["result"]
    await hass.async_block_till_done()
    await miner.stop()
    await entry.runtime_data.async_refresh()
    miner.host = "127.0.0.6"
    if not answers:
        miner.password = "another"
        neighbours(_127_0_0_6=str(entry.unique_id))
    await miner.start()
    try:
        assert (await search(hass))["step_id"] == "nothing_found"
        await hass.async_block_till_done()
        assert entry.data["host"] == ("127.0.0.6" if answers else "127.0.0.2")
        if answers:
            assert entry.runtime_data.last_update_success
        assert await hass.config_entries.async_unload(entry.entry_id)
    finally:
        await miner.stop()


async def test_a_miner_at_two_addresses_is_one(hass: HomeAssistant, clock: ManualClock) -> None:
    """It is added once, and not again when it is known."""
    port = DEFAULT_PORTS[Make.BRAIINS]
    miners = [
        BraiinsSimulator(host, port, clock=clock, seed=71) for host in ("127.0.0.2", "127.0.0.3")
    ]
    for miner in miners:
        await miner.start()
    login = {"username": "root", "password": "root", "skip": False}
    step = await fill(hass, await search(hass), miners=["127.0.0.2", "127.0.0.3"])
    step = await fill(hass, step, **login)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert len(await added(hass)) == 1
    entry = step["result"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    step = await fill(hass, await search(hass), miners=["127.0.0.2", "127.0.0.3"])
    step = await fill(hass, step, **login)
    assert step["reason"] == "none_added"
    for miner in miners:
        await miner.stop()


async def test_added_meanwhile(hass: HomeAssistant, miners: dict[str, SimulatedMiner]) -> None:
    """What another flow has added is not added a second time."""
    step = await fill(hass, await search(hass), miners=[WHATSMINERS[0]])
    step = await fill(hass, step)
    await hass.async_block_till_done()
    step = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IMPORT}, data=dict(step["result"].data)
    )
    assert step["reason"] == "already_configured"


async def test_a_closed_dialog_ends_the_search(hass: HomeAssistant) -> None:
    """Nobody waits for it any more."""
    held = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.6", DEFAULT_PORTS[Make.WHATSMINER])
    step = await choose(hass, await fill(hass, await start(hass), advanced={}), "search")
    await asyncio.sleep(0.1)
    hass.config_entries.flow.async_abort(step["flow_id"])
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()
    held.set()
    server.close()
    await server.wait_closed()


async def test_models_that_braiins_os_tells_without_a_login(
    hass: HomeAssistant,
    miners: dict[str, SimulatedMiner],
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    """The list names them where the older interface answers, and nothing but that is asked."""
    miner = miners[BRAIINS[0]]
    assert isinstance(miner, BraiinsSimulator)
    older = OlderInterface(miner.device)
    port = await older.start(BRAIINS[0], unused_tcp_port_factory())
    with patch.object(public, "PORT", port):
        labels = listed(await search(hass))
    await older.stop()
    assert labels[BRAIINS[0]] == "Braiins OS, Antminer S19J Pro (127.0.0.4)"
    assert labels[BRAIINS[1]] == "Braiins OS (127.0.0.5)"
    assert older.commands == ["devdetails"]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"not JSON",
        b"[" * 60_000,
        b'{"DEVDETAILS": 1}',
        b'{"DEVDETAILS": [1]}',
        b'{"DEVDETAILS": [{"Model": 7}, {"Model": " "}]}',
        b"x" * (1 << 18),
    ],
)
async def test_older_interface_that_says_something_else(
    reply: bytes, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """It costs the name in the list and nothing else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(reply)
        writer.close()

    port = unused_tcp_port_factory()
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    with patch.object(public, "PORT", port):
        assert await public.told_model("127.0.0.1") is None
    server.close()
    await server.wait_closed()


async def test_a_known_miner_with_a_name_for_an_address(
    hass: HomeAssistant, miners: dict[str, SimulatedMiner]
) -> None:
    """It is left alone like the others that are polled, although its MAC cannot be found."""
    step = await fill(hass, await search(hass), miners=[BRAIINS[0]])
    await fill(hass, step, username="root", password="root")
    await hass.async_block_till_done()
    [entry] = hass.config_entries.async_entries(DOMAIN)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "host": "rig.home"})

    async def known(host: str) -> set[str]:
        return {BRAIINS[0]} if host == "rig.home" else {host}

    with patch("custom_components.asic_miner.flow_search.resolved", known):
        assert set(listed(await search(hass))) == {*WHATSMINERS, BRAIINS[1]}


async def test_addresses_of_a_name() -> None:
    """By the name service; a name that nobody knows has none."""
    assert await network_search.resolved("localhost") == {"127.0.0.1"}
    assert await network_search.resolved("127.0.0.9") == {"127.0.0.9"}
    unknown = patch.object(asyncio.get_running_loop(), "getaddrinfo", side_effect=socket.gaierror)
    with unknown:
        assert await network_search.resolved("rig.home") == set()
