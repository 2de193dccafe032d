"""Home Assistant, miners behind a hostile network, and short time limits."""

from collections.abc import AsyncGenerator, Generator
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner.coordinator import MinerCoordinator
from tests.integration.conftest import START, UNIX_START, Miner, add_through_flow
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .neighbours import Neighbours


@pytest.fixture
def clock() -> ManualClock:
    """The time of all simulated miners of a test."""
    return ManualClock()


@pytest.fixture
def one_time(enable_custom_integrations: None, clock: ManualClock) -> Generator[None]:
    """Let the coordinators and the devices live in the same time."""
    with (
        patch.object(MinerCoordinator, "_now", lambda _: START + clock.now()),
        patch.object(MinerCoordinator, "unix_time", lambda _: UNIX_START + clock.now()),
    ):
        yield


def device_of(make: str, clock: ManualClock, seed: int) -> SimulatedMiner:
    """Return a device of a make that does not listen yet."""
    if make == "whatsminer":
        return WhatsminerSimulator(preset="M60S", clock=clock, seed=seed)
    return BraiinsSimulator(preset="S19j Pro", clock=clock, seed=seed)


@pytest.fixture
async def device(make: str, clock: ManualClock) -> AsyncGenerator[SimulatedMiner]:
    """The miner that has the trouble; a test is parametrised with its make."""
    miner = device_of(make, clock, seed=1)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
async def beside(clock: ManualClock) -> AsyncGenerator[list[SimulatedMiner]]:
    """A miner of each make that nothing happens to."""
    miners = [device_of("whatsminer", clock, seed=2), device_of("braiins", clock, seed=3)]
    for miner in miners:
        await miner.start()
    yield miners
    for miner in miners:
        await miner.stop()


@pytest.fixture
async def neighbours(
    hass: HomeAssistant, one_time: None, beside: list[SimulatedMiner]
) -> Neighbours:
    """The miners beside it, once they have been added."""
    return Neighbours([Miner(hass, one, await add_through_flow(hass, one)) for one in beside])
