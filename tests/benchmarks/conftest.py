"""One Home Assistant with a recorder, and devices with a meter in their wires."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from functools import partial
import logging
from unittest.mock import patch

import pytest

from custom_components.asic_miner.coordinator import MinerCoordinator
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .hour import Metered

START = 1_000_000.0
"""What the clocks of the integration show at the beginning; any number does."""


@pytest.fixture(autouse=True)
async def _quiet() -> None:
    """Keep the database from telling each of some thousand statements."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
def clock() -> ManualClock:
    """The time of all simulated miners of a test."""
    return ManualClock()


@pytest.fixture(autouse=True)
def _one_time(clock: ManualClock) -> Generator[None]:
    """Let coordinators, sessions and devices live in the same time."""

    def now(*_: object) -> float:
        return START + clock.now()

    with (
        patch.object(MinerCoordinator, "_now", now),
        patch(
            "custom_components.asic_miner.miners.braiins.client.BraiinsClient",
            partial(BraiinsClient, clock=now),
        ),
    ):
        yield


@pytest.fixture
async def metered(request: pytest.FixtureRequest, clock: ManualClock) -> AsyncGenerator[Metered]:
    """A device of the preset that is asked for; the seed makes every run the same."""
    preset: str = request.param
    device = (
        BraiinsSimulator(preset=preset, clock=clock, seed=7)
        if preset.startswith("S")
        else WhatsminerSimulator(preset=preset, clock=clock, seed=7)
    )
    await device.start()
    made = Metered(preset, device, clock)
    await made.tap.start()
    yield made
    await made.tap.stop()
    await device.stop()
