"""A miner that can be ordered to draw twice its full power does so for a number only."""

from collections.abc import AsyncGenerator

from homeassistant.core import HomeAssistant
import pytest

from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner
from .test_power_actions import act, pass_time, power

FULL = 7215.0
"""W of the M63S at 100 %."""


@pytest.fixture
async def hydro(hass: HomeAssistant, clock: ManualClock) -> AsyncGenerator[WhatsminerSimulator]:
    """A hydro miner, which takes up to 200 %."""
    device = WhatsminerSimulator(preset="M63S", clock=clock, seed=11)
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
async def miner(hydro: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner) -> Miner:
    """The same, having mined for a while."""
    miner = await add_miner(hydro)
    await pass_time(clock, 1800, miner)
    assert miner.entry.runtime_data.actuator.guard.ability.maximum > 1.9 * FULL
    return miner


async def test_on_is_full_power(
    miner: Miner, hydro: WhatsminerSimulator, clock: ManualClock
) -> None:
    """After off, and also for a boost; nobody has asked for more."""
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 1800, miner)
    assert hydro.truth()["mining"] is False
    await miner.call("switch.turn_on", "mining")
    await pass_time(clock, 3600, miner)
    assert power(hydro) == pytest.approx(FULL, rel=0.05)
    await act("boost", miner, duration={"hours": 1})
    await pass_time(clock, 1800, miner)
    assert power(hydro) == pytest.approx(FULL, rel=0.05)


async def test_a_number_is_an_order(
    miner: Miner, hydro: WhatsminerSimulator, clock: ManualClock
) -> None:
    """Overdrive is had by saying how much, and a boost takes none of it away."""
    await miner.call("number.set_value", "power_target", value=9000)
    await pass_time(clock, 1800, miner)
    assert power(hydro) == pytest.approx(9000, rel=0.05)
    await act("boost", miner, duration={"hours": 1})
    await pass_time(clock, 600, miner)
    assert power(hydro) == pytest.approx(9000, rel=0.05)
