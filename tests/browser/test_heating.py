"""A thermostat and a water heater in the real frontend, added as a person does it, and at work."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.demo.hass import Hass
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .frontend import MOVES_MS, Frontend

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEED = 20
"""Ramps of minutes take seconds."""
M60S = "WhatsMiner M60S"
S19 = "Antminer S19j Pro"


async def show(hass: Hass, entity: str, name: str, celsius: float) -> None:
    """Have a temperature sensor."""
    await hass.post(
        f"/api/states/{entity}",
        {
            "state": f"{celsius:.1f}",
            "attributes": {
                "friendly_name": name,
                "unit_of_measurement": "°C",
                "device_class": "temperature",
            },
        },
    )


@pytest_asyncio.fixture(loop_scope="module")
async def miners(
    hass_process: Hass,
) -> AsyncGenerator[tuple[WhatsminerSimulator, BraiinsSimulator]]:
    """A machine of each make, a cold room and a cold pool."""
    first = WhatsminerSimulator(preset="M60S", clock=RunningClock(SPEED), seed=51)
    second = BraiinsSimulator(preset="S19j Pro", clock=RunningClock(SPEED), seed=52)
    for miner in (first, second):
        await miner.start()
        await hass_process.add_miner(miner.host, miner.port, password=miner.password)
    await show(hass_process, "sensor.attic_temperature", "Attic temperature", 17.5)
    await show(hass_process, "sensor.pool_temperature", "Pool temperature", 22.0)
    await show(hass_process, "sensor.outdoor_temperature", "Outdoor temperature", 2.0)
    yield first, second
    for miner in (first, second):
        await miner.stop()


async def add(ui: Frontend, name: str, miner: str, sensor: str, heats: str) -> None:
    """Go through the form."""
    tab = ui.tab
    await ui.add_integration()
    await ui.submit()
    await ui.see("What do you want to add?")
    await tab.get_by_text("Add a thermostat that heats with miners").click()
    await ui.see("This is no safety device")
    await ui.text_field("Name").fill(name)
    await tab.locator("ha-selector-device ha-picker-field").click()
    await tab.locator("ha-combo-box-item", has_text=miner).first.click()
    await tab.wait_for_timeout(MOVES_MS)
    await tab.get_by_text(heats, exact=True).first.click()
    await ui.pick("Select an entity", sensor)
    await tab.get_by_role("heading", name="Pump, backup heater, window").click()
    await tab.get_by_role("heading", name="Limits").click()
    await tab.wait_for_timeout(MOVES_MS)
    await ui.shot(f"heating-{heats.lower()}-0-form")
    for number, label in enumerate(("Outdoor temperature", "Off until you acknowledge it.")):
        await tab.get_by_text(label).last.scroll_into_view_if_needed()
        await ui.shot(f"heating-{heats.lower()}-{number}-form-below")
    await ui.submit()
    await ui.see("Name and assign")
    await ui.press("Skip and finish")


async def open_thermostat(ui: Frontend, name: str) -> None:
    """Open its page; it is a service and no device."""
    devices = await ui.hass.command("config/device_registry/list")
    [found] = [device["id"] for device in devices if device["name"] == name]
    await ui.open(f"/config/devices/device/{found}")
    await ui.see("Service info")
    await ui.see("Heating reason")


async def test_a_room_and_a_pool(
    ui: Frontend, miners: tuple[WhatsminerSimulator, BraiinsSimulator]
) -> None:
    """Their forms and their pages."""
    tab, hass = ui.tab, ui.hass
    await add(ui, "Attic", M60S, "Attic temperature", "Room")
    await hass.call("climate.set_temperature", "climate.attic", temperature=21, hvac_mode="heat")
    await open_thermostat(ui, "Attic")
    await ui.see("Too cold")
    await ui.shot("heating-room-1-page")
    await ui.docs_shot("heating")
    states = await hass.states()
    room = states["climate.attic"]
    assert room["state"] == "heat"
    assert room["attributes"]["hvac_action"] in {"heating", "preheating"}
    assert float(states["sensor.attic_heat_demand"]["state"]) > 1000
    await tab.locator("hui-climate-entity-row").get_by_text("Heating (Heat)").first.click()
    await tab.locator("more-info-climate").wait_for()
    await ui.shot("heating-room-2-dialog")
    await tab.keyboard.press("Escape")

    await add(ui, "Pool", S19, "Pool temperature", "Pool")
    await hass.call("water_heater.set_temperature", "water_heater.pool", temperature=28)
    await hass.call("water_heater.set_operation_mode", "water_heater.pool", operation_mode="eco")
    await open_thermostat(ui, "Pool")
    await ui.see("Pump demand")
    async with asyncio.timeout(60):
        while (await hass.states())["sensor.pool_heating_action"]["state"] != "heating":
            await asyncio.sleep(1)
    await ui.shot("heating-pool-1-page")
    await tab.locator("ha-device-entities-card").get_by_text("Pool", exact=True).first.click()
    await tab.locator("more-info-water_heater").wait_for()
    await ui.shot("heating-pool-2-dialog")
    states = await hass.states()
    assert states["water_heater.pool"]["state"] == "eco"
    assert states["binary_sensor.pool_pump_demand"]["state"] == "on"
    assert " ERROR " not in hass.log
