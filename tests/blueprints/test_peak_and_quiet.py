"""Peak avoidance and quiet hours: down while it lasts, and as before afterwards."""

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import MEMORY, House, control, writes

PEAK = "binary_sensor.peak"


async def begin(house: House, miner: Miner, blueprint: str, **inputs: object) -> None:
    """Set the automation up and let the miner settle."""
    await house.minutes(20)
    house.orders.clear()
    await house.automate(
        blueprint,
        mining_switch=miner.entity_id("mining"),
        control=control(miner),
        memory=MEMORY,
        **inputs,
    )


async def test_pauses_at_once_and_comes_back(
    house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """A signal that must be obeyed is, without any minimum time."""
    miner = await add_miner(device)
    await house.show(PEAK, "off")
    await begin(house, miner, "peak_avoidance", signal=PEAK)
    await house.show(PEAK, "on")
    await house.minutes(0.5)
    mining = miner.entity_id("mining")
    assert device.truth()["mining"] is False
    assert house.orders == [("switch.turn_off", mining, None)]
    await house.minutes(10)
    await house.show(PEAK, STATE_UNKNOWN)
    await house.minutes(10)
    assert len(house.orders) == 1
    await house.show(PEAK, "off")
    await house.minutes(3)
    assert device.truth()["mining"] is False, "before its time"
    await house.minutes(10)
    assert device.truth()["mining"] is True
    assert house.orders[1:] == [("switch.turn_on", mining, None)]
    assert house.memory == ""


async def test_lowers_and_restores(
    house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """One order down, one order up, and mining goes on."""
    miner = await add_miner(device)
    number = control(miner)
    down, usual = (40, 80) if number.endswith("level") else (1500, 2600)
    await miner.hass.services.async_call(
        "number", "set_value", {"entity_id": number, "value": usual}, blocking=True
    )
    await house.show(PEAK, "off")
    await begin(house, miner, "peak_avoidance", signal=PEAK, how="lower", level=down)
    before = device.truth()
    await house.show(PEAK, "on")
    await house.minutes(20)
    assert house.orders == [("number.set_value", number, down)]
    assert house.memory.startswith(f"low:{usual}")
    await house.show(PEAK, "off")
    await house.minutes(30)
    assert house.orders[1:] == [("number.set_value", number, usual)]
    assert house.memory == ""
    after = device.truth()
    assert writes(device) == int(before["writes"] or 0) + 2
    assert after["mining_restarts"] == before["mining_restarts"]


async def test_what_somebody_has_set_meanwhile_stays(
    hass: HomeAssistant, house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """The newest wish wins; power is not raised against it."""
    miner = await add_miner(braiins)
    await house.show(PEAK, "off")
    await begin(house, miner, "peak_avoidance", signal=PEAK, how="lower", level=1800)
    await house.show(PEAK, "on")
    await house.minutes(10)
    await miner.call("number.set_value", "power_target", value=1400)
    await house.minutes(10)
    house.orders.clear()
    await house.show(PEAK, "off")
    await house.minutes(20)
    assert house.orders == []
    assert braiins.truth()["power_target"] == 1400
    assert house.memory == ""


async def test_a_miner_that_is_off_or_below_is_left_alone(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Lowering never raises, and off stays off."""
    miner = await add_miner(braiins)
    await miner.call("number.set_value", "power_target", value=1300)
    await house.show(PEAK, "off")
    await begin(house, miner, "peak_avoidance", signal=PEAK, how="lower", level=2000)
    for state in ("on", "off"):
        await house.show(PEAK, state)
        await house.minutes(15)
    assert house.orders == []
    await miner.call("switch.turn_off", "mining")
    await house.minutes(2)
    house.orders.clear()
    for state in ("on", "off"):
        await house.show(PEAK, state)
        await house.minutes(15)
    assert house.orders == []


async def test_a_level_that_is_not_known_is_lowered_once(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """What was not known before cannot be put back, so it stays low."""
    miner = await add_miner(whatsminer)
    target = miner.entity_id("power_target")
    await house.minutes(20)
    await house.show(PEAK, "off")
    house.orders.clear()
    await house.automate(
        "peak_avoidance",
        mining_switch=miner.entity_id("mining"),
        control=target,
        memory=MEMORY,
        signal=PEAK,
        how="lower",
        level=1700,
    )
    # Most firmware takes a level and does not tell which one it has.
    await house.show(target, STATE_UNKNOWN, min=850, max=3400, step=1)
    await house.show(PEAK, "on")
    await house.minutes(20)
    assert [service for service, *_ in house.orders] == ["number.set_value"]
    await house.show(PEAK, "off")
    await house.minutes(20)
    assert len(house.orders) == 1


@pytest.mark.parametrize(
    ("quiet_from", "quiet_to", "days", "quiet"),
    [
        # The house begins at half past one in the night of a Monday.
        ("22:00:00", "02:00:00", ["sun"], True),
        ("22:00:00", "02:00:00", ["mon"], False),
        ("01:00:00", "02:00:00", ["mon"], True),
        ("01:00:00", "02:00:00", ["sun"], False),
        ("03:00:00", "04:00:00", ["mon"], False),
    ],
)
async def test_quiet_hours_know_the_day(
    house: House,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
    quiet_from: str,
    quiet_to: str,
    days: list[str],
    quiet: bool,
) -> None:
    """A night belongs to the day on which it begins."""
    miner = await add_miner(braiins)
    await begin(
        house,
        miner,
        "quiet_hours",
        level=1500,
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        days=days,
    )
    usual = braiins.truth()["power_target"]
    await house.minutes(10)
    assert braiins.truth()["power_target"] == (1500 if quiet else usual)
    await house.minutes(35)
    assert braiins.truth()["power_target"] == usual
    assert len(house.orders) == (2 if quiet else 0)


async def test_quiet_hours_can_pause(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """And the level of before comes back with the mining."""
    miner = await add_miner(whatsminer)
    await miner.call("number.set_value", "power_percent", value=70)
    await begin(
        house, miner, "quiet_hours", how="pause", quiet_from="01:30:00", quiet_to="02:00:00"
    )
    await house.minutes(10)
    assert whatsminer.truth()["mining"] is False
    await house.minutes(60)
    assert whatsminer.truth()["mining"] is True
    assert whatsminer.truth()["power_percent"] == 70
