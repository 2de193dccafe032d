"""A pause of a miner that a thermostat heats with: who has it stay off, and who decides then."""

import pytest

from custom_components.asic_miner.power.model import Source
from tests.simulators.base import SimulatedMiner

from .conftest import AddMiner, Miner
from .heating import Heating, House
from .test_power_actions import act

WARM = 26.0
"""°C: more than the thermostat is to hold."""


async def paused(house: House, miner: Miner) -> Heating:
    """Have a person pause a miner that heats, for ten minutes, and see it go off."""
    heating = await house.heat(miner)
    assert heating.attribute("hvac_action") == "heating"
    await act("pause", miner, duration={"minutes": 10})
    await house.minutes(1)
    assert miner.device.truth()["mining"] is False
    return heating


async def stays_off(house: House, miner: Miner, minutes: int) -> None:
    """Let time pass in which nobody says anything to the miner, and least of all to mine."""
    writes = miner.device.truth()["writes"]
    for _ in range(minutes):
        await house.minutes(1)
        assert miner.device.truth()["mining"] is False
    assert miner.device.truth()["writes"] == writes


@pytest.mark.parametrize("warm", [False, True])
async def test_the_thermostat_decides_at_the_end_of_a_pause(
    house: House, add_miner: AddMiner, heater: SimulatedMiner, warm: bool
) -> None:
    """In the cold it stays off until then; where it is warm by then it is not started at all."""
    miner = await add_miner(heater)
    heating = await paused(house, miner)
    await stays_off(house, miner, 4)
    if warm:
        house.temperature = house.outside = WARM
    await stays_off(house, miner, 4)
    actuator = miner.entry.runtime_data.actuator
    assert actuator.interlude is not None
    if warm:
        await stays_off(house, miner, 30)
    else:
        await house.minutes(20)
        assert heater.truth()["mining"] is True
    assert actuator.interlude is None
    wish = actuator.state.wish
    assert (wish.source, wish.watts > 0) == (Source.HEAT, not warm)
    assert heating.attribute("hvac_action") == ("idle" if warm else "heating")
    if warm:
        # It was only not needed.
        house.temperature = house.outside = 15.0
        await house.minutes(20)
        assert heater.truth()["mining"] is True


async def test_off_in_a_pause_is_for_longer_than_the_pause(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """However cold it gets, until something is ordered at the thermostat."""
    miner = await add_miner(heater)
    heating = await paused(house, miner)
    await stays_off(house, miner, 3)
    await miner.call("switch.turn_off", "mining")
    assert miner.entry.runtime_data.actuator.interlude is None
    await stays_off(house, miner, 40)
    assert miner.entry.runtime_data.actuator.state.wish.source is Source.USER
    assert heating.attribute("hvac_action") == "idle"
    await heating.call("set_temperature", temperature=24)
    await house.minutes(15)
    assert heater.truth()["mining"] is True
