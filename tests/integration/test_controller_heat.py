"""A power controller that gives miners what their thermostats ask for."""

from typing import Any

from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.asic_miner.power.model import Source
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .flows import choose, fill, start
from .home import miner_in, restarted
from .house import MUST_STOP, SOURCES, House, house_with

ROOM = "sensor.room"
SETPOINT = 21.0
COLD, WARM = 15.0, 25.0


class Heated:
    """A house with a thermostat, whose room is as warm as the test says."""

    def __init__(self, house: House) -> None:
        """Begin cold."""
        self.house = house
        self.room = COLD
        house.seen = self.look

    def look(self) -> None:
        """Have the thermostat look, as it does every half minute, at what its sensor says."""
        unit = UnitOfTemperature.CELSIUS
        self.house.say(ROOM, self.room, unit_of_measurement=unit, device_class="temperature")
        self.entry.runtime_data.async_tick()

    async def add(self, **controller: Any) -> None:
        """Add the thermostat, and the controller in its mode Heat."""
        house, hass = self.house, self.house.hass
        unit = UnitOfTemperature.CELSIUS
        house.say(ROOM, self.room, unit_of_measurement=unit, device_class="temperature")
        step = await choose(hass, await fill(hass, await start(hass), advanced={}), "thermostat")
        step = await fill(
            hass,
            step,
            name="Workshop",
            miners=house.devices,
            heats="room",
            temperature_sensor=ROOM,
            more={},
            # The simulated chips run at 82 °C and a little more.
            limits={"chip_limit": 100, "water_soft_limit": 50, "water_hard_limit": 60},
        )
        self.entry = step["result"]
        await hass.async_block_till_done(wait_background_tasks=True)
        await house.add(**controller)
        await self.set(temperature=SETPOINT, hvac_mode="heat")
        await house.call("select.select_option", "mode", option="heat")

    async def set(self, service: str = "set_temperature", **data: object) -> None:
        """Perform an action of the thermostat."""
        entities = er.async_get(self.house.hass)
        [entity] = [
            found.entity_id
            for found in er.async_entries_for_config_entry(entities, self.entry.entry_id)
            if found.domain == "climate"
        ]
        await self.house.hass.services.async_call(
            "climate", service, {"entity_id": entity, **data}, blocking=True
        )
        await self.house.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def source(self) -> Source:
        """Who has wished last what the miner draws."""
        found: Source = self.house.miners[0].entry.runtime_data.actuator.state.wish.source
        return found

    @property
    def mining(self) -> bool:
        """Whether the miner really mines."""
        return self.house.miners[0].device.truth()["mining"] is True


@pytest.fixture
async def heated(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> Heated:
    """A house with one WhatsMiner, which mines."""
    return Heated(await house_with(hass, clock, add_miner, whatsminer))


async def test_miners_get_what_thermostats_ask_for(heated: Heated) -> None:
    """From whatever there is; the controller is the only one that commands."""
    house = heated.house
    await heated.add()
    await house.live(1200)
    assert house.drawn > 3200
    assert float(house.state("allocated")) == pytest.approx(house.drawn, rel=0.05)
    heated.room = WARM
    await house.live(3000)
    assert not heated.mining
    assert heated.source is Source.SITE
    heated.room = COLD
    await house.live(1800)
    assert heated.mining
    # Whoever switches the heating off does not mean the sun.
    await heated.set("set_hvac_mode", hvac_mode="off")
    await house.live(1800)
    assert not heated.mining


async def test_limits_and_signals_hold_for_heat(heated: Heated) -> None:
    """A circuit, and what must stop at once."""
    house = heated.house
    house.say(MUST_STOP, "off")
    await heated.add(
        sources=SOURCES | {"signals": {"must_stop": MUST_STOP}},
        circuit={"name": "Shed", "members": house.devices, "watts": 2000},
    )
    await house.live(600)
    assert 1500 < house.drawn <= 2040
    house.say(MUST_STOP, "on")
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert not heated.mining
    await house.live(1200)
    assert not heated.mining


async def test_without_the_controller_the_thermostat_heats_by_itself(heated: Heated) -> None:
    """It is handed its miner when the controller is switched off, and gives it back."""
    house = heated.house
    await heated.add()
    await house.live(600)
    await house.call("switch.turn_off", "enabled")
    heated.room = WARM
    await house.live(3000)
    assert not heated.mining
    assert heated.source is Source.HEAT
    await house.call("switch.turn_on", "enabled")
    heated.room = COLD
    await house.live(1800)
    assert heated.mining
    assert heated.source is Source.SITE


async def test_in_other_modes_a_thermostat_has_its_miner(heated: Heated) -> None:
    """The sun is not asked; only limits are the controller's."""
    house = heated.house
    await heated.add()
    await house.call("select.select_option", "mode", option="surplus")
    await house.live(1800)
    assert house.drawn > 3200
    assert heated.source is not Source.SITE


async def test_nobody_stops_for_a_thermostat_that_is_loaded_anew(heated: Heated) -> None:
    """It says nothing for a moment, which is not the same as wanting no heat."""
    house = heated.house
    await heated.add()
    await house.live(1200)
    assert house.drawn > 3200
    writes = house.writes
    assert await house.hass.config_entries.async_unload(heated.entry.entry_id)
    house.controller.async_tick()
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert await house.hass.config_entries.async_setup(heated.entry.entry_id)
    await house.live(600)
    assert house.drawn > 3200
    assert house.writes == writes


@pytest.mark.usefixtures("hass_storage")
@pytest.mark.parametrize("mode", ["heat", "off", "surplus"])
async def test_a_restart_stops_no_heating(heated: Heated, mode: str) -> None:
    """Controller, thermostat and sensors come back in any order, whatever the controller does."""
    house = heated.house
    await heated.add()
    await house.call("select.select_option", "mode", option=mode)
    await house.live(1200)
    assert house.drawn > 3200
    writes = house.writes
    async with restarted(house.hass) as again:
        house.hass = again
        house.entry, heated.entry = (
            again.config_entries.async_get_known_entry(entry.entry_id)
            for entry in (house.entry, heated.entry)
        )
        house.miners = [miner_in(again, miner) for miner in house.miners]
        house.report()
        for step in range(6):
            # The sensor of the room is not there yet.
            house.clock.advance(10)
            await house.miners[0].poll()
            house.controller.async_tick()
            if step >= 3:
                # It looks less often than the controller, so that it may be the later one.
                heated.entry.runtime_data.async_tick()
            await again.async_block_till_done(wait_background_tasks=True)
        assert house.state("mode") == mode
        assert heated.mining
        await house.live(900)
        assert house.drawn > 3200
        assert house.writes - writes <= 1
