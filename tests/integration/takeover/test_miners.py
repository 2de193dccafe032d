"""The miners of another integration are added with its logins."""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners import DEFAULT_PORTS
from custom_components.asic_miner.miners.models import Make
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from ..flows import choose, fill, start
from .steps import options


@pytest.fixture
async def two(
    hass: HomeAssistant, clock: ManualClock, unused_tcp_port_factory: Callable[[], int]
) -> AsyncGenerator[dict[str, SimulatedMiner]]:
    """A miner of each make, by address."""
    pytest_socket.socket_allow_hosts([f"127.0.0.{last}" for last in range(1, 7)])
    ports = {make: unused_tcp_port_factory() for make in DEFAULT_PORTS}
    miners: dict[str, SimulatedMiner] = {
        "127.0.0.2": WhatsminerSimulator(
            "127.0.0.2", ports[Make.WHATSMINER], clock=clock, seed=80, password="rpc"
        ),
        "127.0.0.3": BraiinsSimulator(
            "127.0.0.3", ports[Make.BRAIINS], clock=clock, seed=81, password="web"
        ),
    }
    for miner in miners.values():
        await miner.start()
    with patch.dict(DEFAULT_PORTS, ports):
        yield miners
    for miner in miners.values():
        await miner.stop()


async def to_takeover(hass: HomeAssistant, *data: Mapping[str, object]) -> Any:
    """Have entries of the other integration, and go as far as choosing among them."""
    for number, stored in enumerate(data):
        MockConfigEntry(domain="miner", title=f"Old {number}", data=stored).add_to_hass(hass)
    step = await choose(hass, await fill(hass, await start(hass), advanced={}), "takeover")
    assert step["step_id"] == "takeover"
    return step


OLD_WHATSMINER = {"ip": "127.0.0.2", "rpc_password": "rpc", "web_username": "admin"}
OLD_BRAIINS = {"host": "127.0.0.3", "web_username": "root", "web_password": "web"}


async def test_its_miners_are_added_with_its_logins(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """No login has to be found again. What has no address or answers nothing is left out."""
    step = await to_takeover(
        hass, OLD_WHATSMINER, OLD_BRAIINS, {"ip": 5}, {"title": "x"}, {"ip": "127.0.0.5"}
    )
    [field] = step["data_schema"].schema.values()
    hosts = [option["value"] for option in field.config["options"]]
    assert hosts == ["127.0.0.2", "127.0.0.3", "127.0.0.5"]
    step = await fill(hass, step, miners=[])
    assert step["errors"] == {"miners": "none_picked"}
    step = await fill(hass, step, miners=["127.0.0.5"])
    assert step["errors"] == {"miners": "none_answers"}
    step = await fill(hass, step, miners=hosts)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entries = hass.config_entries.async_entries(DOMAIN)
    assert {entry.data["password"] for entry in entries} == {"rpc", "web"}
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}


async def test_its_miners_that_were_ignored_once(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """Who chooses them wants them now: all are added, not the first one alone."""
    for miner in two.values():
        MockConfigEntry(
            domain=DOMAIN, source=SOURCE_IGNORE, unique_id=str(miner.truth()["mac"])
        ).add_to_hass(hass)
    step = await to_takeover(hass, OLD_WHATSMINER, OLD_BRAIINS)
    step = await fill(hass, step, miners=list(two))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entries = hass.config_entries.async_entries(DOMAIN)
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}
    assert {entry.unique_id for entry in entries} == {
        miner.truth()["mac"] for miner in two.values()
    }


async def test_a_login_of_it_that_is_not_valid(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """It is asked for as after a search."""
    step = await to_takeover(hass, {**OLD_WHATSMINER, "rpc_password": "old"}, OLD_BRAIINS)
    step = await fill(hass, step, miners=["127.0.0.2", "127.0.0.3"])
    assert step["step_id"] == "shared_login"
    assert step["description_placeholders"]["make"] == "WhatsMiner"
    step = await fill(hass, step, password="rpc", skip=False)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_miners_that_are_here_already(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """They are not offered again, and when none is left neither is the takeover."""
    step = await to_takeover(hass, OLD_WHATSMINER, OLD_BRAIINS)
    step = await fill(hass, step, miners=["127.0.0.2"])
    await hass.async_block_till_done()
    step = await choose(hass, await fill(hass, await start(hass), advanced={}), "takeover")
    [field] = step["data_schema"].schema.values()
    assert [option["value"] for option in field.config["options"]] == ["127.0.0.3"]
    step = await fill(hass, step, miners=["127.0.0.3"])
    await hass.async_block_till_done()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2
    step = await fill(hass, await start(hass), advanced={})
    assert "takeover" not in step["menu_options"]


async def test_ours_is_known_by_its_address(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """Where the other integration has no entity that tells."""
    step = await to_takeover(hass, OLD_WHATSMINER)
    step = await fill(hass, step, miners=["127.0.0.2"])
    await hass.async_block_till_done()
    step = await options(hass, step["result"], "takeover")
    assert step["reason"] == "nothing_to_take_over"


async def test_search_all_the_same(hass: HomeAssistant, two: dict[str, SimulatedMiner]) -> None:
    """The other way stays open."""
    MockConfigEntry(domain="miner", data=OLD_BRAIINS).add_to_hass(hass)
    step = await fill(hass, await start(hass), advanced={})
    with patch("homeassistant.components.network.async_get_adapters", return_value=[]):
        step = await choose(hass, step, "search")
        assert step["type"] is FlowResultType.SHOW_PROGRESS
        await hass.async_block_till_done()
