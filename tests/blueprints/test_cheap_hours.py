"""Cheap hours: mines while power is cheap, and touches nothing that it has not done itself."""

from homeassistant.const import STATE_UNAVAILABLE

from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import MEMORY, House, control, writes

PRICE = "sensor.price"
CHEAP = "binary_sensor.cheap"


async def begin(house: House, miner: Miner, **inputs: object) -> None:
    """Set the automation up and let the miner have been as it is for long."""
    await house.minutes(20)
    house.orders.clear()
    await house.automate(
        "cheap_hours",
        mining_switch=miner.entity_id("mining"),
        control=control(miner),
        memory=MEMORY,
        **inputs,
    )


async def test_follows_the_price(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """Pauses above the limit and resumes below it, once each."""
    miner = await add_miner(device)
    await house.show(PRICE, 0.15)
    await begin(house, miner, price_sensor=PRICE, price_limit=0.20)
    await house.minutes(5)
    assert house.orders == []

    before = writes(device)
    await house.show(PRICE, 0.25)
    await house.minutes(20)
    mining = miner.entity_id("mining")
    assert house.orders == [("switch.turn_off", mining, None)]
    assert device.truth()["mining"] is False
    assert writes(device) == before + 1

    # Not yet cheap enough: within the margin. Not known: nothing.
    await house.show(PRICE, 0.195)
    await house.minutes(5)
    await house.show(PRICE, STATE_UNAVAILABLE)
    await house.minutes(5)
    assert len(house.orders) == 1
    await house.show(PRICE, 0.15)
    await house.minutes(10)
    assert house.orders[1:] == [("switch.turn_on", mining, None)]
    assert device.truth()["mining"] is True
    assert house.memory == ""


async def test_off_stays_off(house: House, braiins: BraiinsSimulator, add_miner: AddMiner) -> None:
    """A miner that its owner has switched off is not started by a price."""
    miner = await add_miner(braiins)
    await miner.call("switch.turn_off", "mining")
    await house.show(PRICE, 0.30)
    await begin(house, miner, price_sensor=PRICE, price_limit=0.20)
    for price in (0.30, 0.10):
        await house.show(PRICE, price)
        await house.minutes(15)
    assert house.orders == []
    assert braiins.truth()["mining"] is False


async def test_minimum_times(house: House, braiins: BraiinsSimulator, add_miner: AddMiner) -> None:
    """A sensor that flickers starts and stops nothing more often than allowed."""
    miner = await add_miner(braiins)
    await house.show(CHEAP, "on")
    await begin(house, miner, cheap_sensor=CHEAP, minimum_on=15, minimum_off=10)
    for _ in range(10):
        for state in ("off", "on"):
            await house.show(CHEAP, state)
            await house.minutes(2)
    # 40 minutes: on before, off for 10, on for 15, off for 10, on.
    assert [service for service, *_ in house.orders] == [
        "switch.turn_off",
        "switch.turn_on",
        "switch.turn_off",
        "switch.turn_on",
    ]


async def test_both_sensors_must_agree(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Either may stop it, both have to allow it."""
    miner = await add_miner(braiins)
    await house.show(PRICE, 0.10)
    await house.show(CHEAP, "off")
    await begin(house, miner, price_sensor=PRICE, price_limit=0.20, cheap_sensor=CHEAP)
    await house.minutes(20)
    assert miner.state("mining") == "off"
    await house.show(CHEAP, "on")
    await house.show(PRICE, 0.30)
    await house.minutes(20)
    assert miner.state("mining") == "off"
    await house.show(PRICE, 0.10)
    await house.minutes(5)
    assert miner.state("mining") == "on"


async def test_power_level_survives_the_pause(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A WhatsMiner forgets its level in a pause; it does not come back with more than before."""
    miner = await add_miner(whatsminer)
    await miner.call("number.set_value", "power_percent", value=60)
    await house.show(CHEAP, "on")
    await begin(house, miner, cheap_sensor=CHEAP)
    await house.show(CHEAP, "off")
    await house.minutes(15)
    assert whatsminer.truth()["mining"] is False
    assert house.memory == "off:60"
    await house.show(CHEAP, "on")
    await house.minutes(40)
    assert whatsminer.truth()["mining"] is True
    assert whatsminer.truth()["power_percent"] == 60
    assert [service for service, *_ in house.orders] == [
        "switch.turn_off",
        "switch.turn_on",
        "number.set_value",
    ]


async def test_unreachable_when_it_gets_dear(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Nothing is sent to a miner that is not there; once it is back it is paused."""
    miner = await add_miner(braiins)
    await house.show(CHEAP, "on")
    await begin(house, miner, cheap_sensor=CHEAP)
    await braiins.unplug()
    await house.minutes(2)
    assert miner.state("mining") == STATE_UNAVAILABLE
    await house.show(CHEAP, "off")
    await house.minutes(10)
    assert house.orders == []
    await braiins.plug()
    await house.minutes(25)
    assert house.orders == [("switch.turn_off", miner.entity_id("mining"), None)]
    assert braiins.truth()["mining"] is False
