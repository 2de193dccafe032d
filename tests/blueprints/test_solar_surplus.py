"""Solar surplus: the miner draws what is left over, calmly, and never against its owner."""

from dataclasses import dataclass

from homeassistant.const import STATE_UNAVAILABLE
import pytest

from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import MEMORY, House, control

GRID = "sensor.grid"


@dataclass
class Sun:
    """A house with panels: what the meter shows follows from sun and miner."""

    house: House
    device: SimulatedMiner
    watts: float = 0.0
    """What the panels give, less all that the house needs besides the miner."""
    kilowatts: bool = False
    """The meter counts in kW, and what is fed in as positive."""

    async def show(self) -> None:
        """Show the balance."""
        balance = float(self.device.truth()["power"] or 0) - self.watts
        shown = -balance / 1000 if self.kilowatts else balance
        await self.house.show(GRID, shown, unit_of_measurement="kW" if self.kilowatts else "W")

    async def minutes(self, minutes: float) -> None:
        """Let time pass with the meter showing."""
        await self.house.minutes(minutes, self.show)

    @property
    def drawn(self) -> float:
        """What the miner draws in W."""
        return float(self.device.truth()["power"] or 0)


async def begin(house: House, miner: Miner, **inputs: object) -> None:
    """Set the automation up."""
    house.orders.clear()
    await house.automate(
        "solar_surplus",
        mining_switch=miner.entity_id("mining"),
        state_sensor=miner.entity_id("state"),
        power_sensor=miner.entity_id("power"),
        control=control(miner),
        memory=MEMORY,
        grid_sensor=GRID,
        **inputs,
    )


def services(house: House) -> list[str]:
    """Return what was ordered, without entities and values."""
    return [service for service, *_ in house.orders]


async def test_a_day(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """Down, paused, started and up again, each with few orders."""
    miner = await add_miner(device)
    sun = Sun(house, device, kilowatts=True)
    sun.watts = sun.drawn + 150
    await sun.minutes(20)
    await begin(house, miner, positive="export")
    await sun.minutes(15)
    assert house.orders == [], "all that is left over is drawn already"

    sun.watts = 2000
    await sun.minutes(20)
    assert services(house) == ["number.set_value"]
    assert sun.drawn == pytest.approx(1900, abs=150)

    house.orders.clear()
    sun.watts = 0
    await sun.minutes(25)
    assert services(house)[-1] == "switch.turn_off"
    assert len(house.orders) <= 2
    assert device.truth()["mining"] is False
    assert house.memory == "off"

    house.orders.clear()
    sun.watts = 2400
    await sun.minutes(75)
    assert services(house)[0] == "switch.turn_on"
    assert services(house).count("switch.turn_on") == 1
    assert "switch.turn_off" not in services(house)
    assert device.truth()["mining"] is True
    assert sun.drawn == pytest.approx(2300, abs=200)
    assert house.memory == ""
    assert len(house.orders) <= 5, house.orders

    house.orders.clear()
    sun.watts = 3000
    await sun.minutes(25)
    assert set(services(house)) == {"number.set_value"}
    assert len(house.orders) <= 2
    assert sun.drawn == pytest.approx(2900, abs=200)


async def test_a_cloud_is_waited_out(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Four minutes of too little, again and again, change nothing."""
    miner = await add_miner(braiins)
    sun = Sun(house, braiins, watts=3300)
    await sun.minutes(20)
    await begin(house, miner)
    for _ in range(4):
        sun.watts = 1000
        await sun.minutes(4)
        sun.watts = 3300
        await sun.minutes(3)
    assert house.orders == []


async def test_too_much_from_the_grid_is_ended_quickly(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """The limit does not wait for the cloud to pass."""
    miner = await add_miner(braiins)
    sun = Sun(house, braiins, watts=3300)
    await sun.minutes(20)
    await begin(house, miner, import_limit=1000)
    sun.watts = 1800
    await sun.minutes(2.5)
    assert services(house) == ["number.set_value"]
    await sun.minutes(3)
    assert sun.drawn == pytest.approx(1700, abs=150)
    sun.watts = -1500
    await sun.minutes(2.5)
    assert services(house) == ["number.set_value", "switch.turn_off"]


async def test_off_stays_off(house: House, braiins: BraiinsSimulator, add_miner: AddMiner) -> None:
    """A miner that its owner has switched off is not started by the sun."""
    miner = await add_miner(braiins)
    await miner.call("switch.turn_off", "mining")
    sun = Sun(house, braiins, watts=5000)
    await sun.minutes(5)
    await begin(house, miner)
    await sun.minutes(30)
    assert house.orders == []


async def test_owner_takes_over_while_it_is_paused(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Switched on and off again by hand it is the owner's pause."""
    miner = await add_miner(braiins)
    sun = Sun(house, braiins, watts=-500)
    await sun.minutes(20)
    await begin(house, miner)
    await sun.minutes(25)
    assert house.memory == "off"
    await miner.call("switch.turn_on", "mining")
    sun.watts = 3200
    await sun.minutes(5)
    await miner.call("switch.turn_off", "mining")
    await sun.minutes(2)
    house.orders.clear()
    await sun.minutes(30)
    assert house.orders == []
    assert house.memory == ""


async def test_silent_meter(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """First the lowest power, then a pause; a short gap is nothing."""
    miner = await add_miner(whatsminer)
    sun = Sun(house, whatsminer, watts=4500)
    await sun.minutes(20)
    await begin(house, miner)
    await house.show(GRID, STATE_UNAVAILABLE)
    await house.minutes(8)
    assert house.orders == []
    await house.minutes(7)
    assert house.orders == [("number.set_value", control(miner), 25)]
    await house.minutes(20)
    assert services(house) == ["number.set_value", "switch.turn_off"]

    # A meter that shows the same for half an hour is as silent as one that is away.
    house.orders.clear()
    await sun.minutes(40)
    assert services(house)[0] == "switch.turn_on"
    house.orders.clear()
    await house.minutes(12)
    assert house.orders == [("number.set_value", control(miner), 25)]
