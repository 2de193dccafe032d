"""Counters of time that jump are no reason to switch off what a person has set."""

from homeassistant.core import HomeAssistant
import pytest

from tests.integration.conftest import Miner, add_through_flow
from tests.integration.test_power_actions import pass_time
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .gate import HEALTHY, Gate
from .test_matrix import Behind
from .troubles import TROUBLES

LITTLE = 1500.0
"""W, less than six tenths of all: what restarts so soon after that is taken to need more."""
JUMPS = next(one for one in TROUBLES if one.name == "clock of the miner jumps")


@pytest.mark.usefixtures("one_time")
async def test_a_low_power_set_by_hand_outlives_a_clock_that_jumps(
    hass: HomeAssistant, clock: ManualClock
) -> None:
    """What looks like a restart because of too little power raises the floor, and ends nothing."""
    device = WhatsminerSimulator(preset="M30S++", clock=clock, seed=1)
    await device.start()
    try:
        async with Gate(device, http=False) as gate:
            miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
            await pass_time(clock, 900, miner)
            await miner.call("button.press", "restart_mining")
            await pass_time(clock, 60, miner)
            await gate.go(JUMPS.way(device))
            await pass_time(clock, 30, miner)
            await miner.call("number.set_value", "power_target", value=LITTLE)
            await pass_time(clock, 30, miner)
            await gate.go(HEALTHY)
            await pass_time(clock, 900, miner)
            assert device.truth()["mining"] is True
            await miner.call("switch.turn_off", "mining")
            await pass_time(clock, 900, miner)
            await miner.call("switch.turn_on", "mining")
            await pass_time(clock, 900, miner)
            assert device.truth()["mining"] is True
    finally:
        await device.stop()
