"""Diagnostics: all that a developer needs, also of a miner that cannot be set up."""

import json
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.asic_miner.miners.braiins.raw import CONTRACT, PATHS
from custom_components.asic_miner.miners.redact import REDACTED
from custom_components.asic_miner.miners.whatsminer.raw import COMMANDS
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.faults import Malformed, Wire

from .conftest import AddMiner, Miner
from .heating import House as HeatedHouse
from .house import HOUSE_WATTS, house_with


async def report(client: ClientSessionGenerator, miner: Miner) -> dict[str, Any]:
    """Download the diagnostics as the frontend does."""
    return await report_of(client, miner.hass, miner.entry)


async def report_of(
    client: ClientSessionGenerator, hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any]:
    """Download the diagnostics of any entry."""
    assert await async_setup_component(hass, "diagnostics", {})
    await hass.async_block_till_done()
    found = await get_diagnostics_for_config_entry(hass, client, entry)
    assert isinstance(found, dict)
    return found


async def test_what_is_known_and_what_the_miner_says(
    device: SimulatedMiner, add_miner: AddMiner, hass_client: ClientSessionGenerator
) -> None:
    """The entry, what was made of it, and every answer as it came."""
    miner = await add_miner(device)
    found = await report(hass_client, miner)
    assert found["entry"]["state"] == "loaded"
    assert found["entry"]["data"]["password"] == REDACTED
    assert found["entry"]["data"]["host"] == REDACTED
    assert found["identity"]["model"] == miner.entry.runtime_data.identity.model
    # The maker's half of the MAC tells which hardware it is.
    assert found["identity"]["mac"] == f"{device.mac[:8]}:**:**:**"
    assert "mining" in found["capabilities"]["features"]
    assert found["snapshot"]["hashrate"] == pytest.approx(miner.number("hashrate"))
    assert found["polling"] == {
        "interval": miner.entry.runtime_data.update_interval.total_seconds(),
        "last_succeeded": True,
        "last_error": None,
    }
    for answer in found["answers"].values():
        assert answer["seconds"] >= 0


async def test_answers_of_a_whatsminer(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, hass_client: ClientSessionGenerator
) -> None:
    """Every reading command with its envelope, one at a time and without a token."""
    miner = await add_miner(whatsminer)
    whatsminer.commands.clear()
    whatsminer.max_open_connections = 0
    answers = (await report(hass_client, miner))["answers"]
    assert list(answers) == list(COMMANDS) == whatsminer.commands
    assert whatsminer.max_open_connections == 1
    assert answers["get_version"]["answer"]["Msg"]["fw_ver"] == whatsminer.device.preset.firmware
    assert answers["summary"]["answer"]["STATUS"] == "S"
    pool = answers["pools"]["answer"]["POOLS"][0]
    assert pool["User"] == REDACTED
    assert pool["URL"] == whatsminer.device.pools[0].url
    info = answers["get_miner_info"]["answer"]["Msg"]
    assert info["mac"] == f"{whatsminer.mac[:8].upper()}:**:**:**"
    assert info["minersn"] == info["powersn"] == info["ip"] == info["hostname"] == REDACTED
    # A refusal is an answer, too.
    assert answers["devdetails"]["answer"]["Code"] == 132


async def test_answers_of_a_braiins_device(
    braiins: BraiinsSimulator, add_miner: AddMiner, hass_client: ClientSessionGenerator
) -> None:
    """Everything that can be read, and where its contract differs from ours."""
    miner = await add_miner(braiins)
    braiins.max_open_requests = 0
    answers = (await report(hass_client, miner))["answers"]
    assert list(answers) == [*PATHS, CONTRACT]
    assert braiins.max_open_requests == 1
    assert set(answers["version/"]["answer"]) == {"major", "minor", "patch"}
    details = answers["miner/details"]["answer"]
    assert details["mac_address"].lower() == f"{braiins.mac[:8]}:**:**:**"
    assert details["uid"] == REDACTED
    pool = answers["pools/"]["answer"][0]["pools"][0]
    assert pool["user"] == REDACTED
    assert pool["url"] == braiins.device.settings.groups[0].pools[0].url
    contract = answers[CONTRACT]["answer"]
    assert contract["version"] == ".".join(map(str, braiins.device.preset.rest))
    assert contract["unknown"] == []
    # What this firmware does not have is shown by the kind of the refusal.
    assert "GET performance/efficiency-profile" in contract["missing"]
    assert answers["performance/efficiency-profile"]["error"] == "UnsupportedError"


async def test_parts_that_fail(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, hass_client: ClientSessionGenerator
) -> None:
    """Each is shown by what is wrong with it, and the others all the same."""
    miner = await add_miner(whatsminer)
    whatsminer.faults.texts = {"get_error_code": "over max connect"}
    whatsminer.faults.malformed = {Malformed.PSU_COMMA}
    whatsminer.faults.wire, whatsminer.faults.wire_commands = Wire.REFUSED_TEXT, {"edevs"}
    answers = (await report(hass_client, miner))["answers"]
    assert answers["edevs"]["error"] == "MiningProcessDownError"
    assert answers["get_psu"]["answer"]["Msg"]["model"]
    assert answers["devdetails"]["answer"]


async def test_a_miner_that_is_off(
    device: SimulatedMiner, add_miner: AddMiner, hass_client: ClientSessionGenerator
) -> None:
    """What is known of it, the error, and no long wait for what cannot come."""
    miner = await add_miner(device)
    await device.unplug()
    await miner.poll()
    found = await report(hass_client, miner)
    assert found["polling"]["last_succeeded"] is False
    assert found["polling"]["last_error"]["kind"] == "UnreachableError"
    first, *others = found["answers"].values()
    assert first["error"] == "UnreachableError"
    assert {answer["error"] for answer in others} == {"not asked"}


@pytest.mark.parametrize("device", ["whatsminer", "braiins"], indirect=True)
async def test_a_miner_that_is_not_loaded(
    hass: HomeAssistant,
    device: SimulatedMiner,
    add_miner: AddMiner,
    hass_client: ClientSessionGenerator,
) -> None:
    """It is asked all the same: that is when its answers are needed most."""
    miner = await add_miner(device)
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    found = await report(hass_client, miner)
    assert found["entry"]["state"] == ConfigEntryState.NOT_LOADED.value
    assert "snapshot" not in found
    assert all("answer" in answer or answer["error"] for answer in found["answers"].values())
    assert sum("answer" in answer for answer in found["answers"].values()) > 5
    assert device.mac not in json.dumps(found).lower()


async def test_a_controller(
    hass: HomeAssistant,
    clock: ManualClock,
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
    hass_client: ClientSessionGenerator,
) -> None:
    """What it has read and when, what it plans, and what holds each miner; no MAC."""
    house = await house_with(hass, clock, add_miner, whatsminer, braiins)
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.live(600)
    found = await report_of(hass_client, hass, house.entry)
    controller = house.controller
    assert found["dials"] == controller.dials.to_json()
    assert found["plan"]["reason"]["why"] == controller.plan.reason.why
    assert found["plan"]["allocated"].keys() == {"miner 1", "miner 2"}
    assert sum(found["plan"]["allocated"].values()) > 0
    age = found["now"] - found["readings"]["grid"]["at"]
    assert 0 <= age < 60
    assert found["meter_sign"]["wrong"] is found["meter_sign"]["trusted"] is False
    states = controller.states()
    assert [guard["sent"] for guard in found["guards"].values()] == [
        states[mac].sent for mac in controller.macs
    ]
    for miner in house.miners:
        assert miner.mac not in json.dumps(found).lower()

    assert await hass.config_entries.async_unload(house.entry.entry_id)
    assert set(await report_of(hass_client, hass, house.entry)) == {"entry"}


async def test_a_thermostat(
    house: HeatedHouse,
    add_miner: AddMiner,
    whatsminer: WhatsminerSimulator,
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
) -> None:
    """What it has measured, what it plans, and what holds its miner."""
    miner = await add_miner(whatsminer)
    heating = await house.add(miner)
    await heating.call("set_temperature", temperature=18.5, hvac_mode="heat")
    await house.minutes(5)
    found = await report_of(hass_client, hass, heating.entry)
    assert found["on"] is True
    assert found["setpoint"] == found["plan"]["setpoint"] == 18.5
    seen = found["readings"]["dangers"]["controlled"]
    assert seen["value"] == pytest.approx(heating.attribute("current_temperature"), abs=0.1)
    assert found["guards"]["miner 1"]["sent"] == miner.entry.runtime_data.actuator.state.sent
