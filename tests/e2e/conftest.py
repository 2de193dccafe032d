"""Whole programs: a real Home Assistant process and simulated miners on real sockets."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.demo.hass import Hass
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

SPEED = 20.0
"""Ramps of minutes take seconds; polls still come every 15 real seconds."""


@pytest.fixture
async def miners() -> AsyncGenerator[list[SimulatedMiner]]:
    """One miner of each kind."""
    clock = RunningClock(SPEED)
    found: list[SimulatedMiner] = [
        WhatsminerSimulator(preset="M60S", clock=clock, seed=11),
        WhatsminerSimulator(preset="M30S++", clock=clock, seed=12),
        BraiinsSimulator(preset="S19j Pro", clock=clock, seed=13),
    ]
    for miner in found:
        await miner.start()
    yield found
    for miner in found:
        await miner.stop()


@pytest.fixture
async def hass_process(tmp_path: Path) -> AsyncGenerator[Hass]:
    """A real Home Assistant that has started; stopped when the test is over."""
    async with Hass(config=tmp_path / "config", debug=True) as hass:
        yield hass
