"""One miner lets a poll wait, and the others are read meanwhile."""

import asyncio

from homeassistant.core import HomeAssistant
import pytest

from tests.integration.conftest import Miner, add_through_flow
from tests.simulators.base import SimulatedMiner

from .gate import HEALTHY, Gate, Silent
from .neighbours import BOUND, Neighbours
from .test_matrix import Behind

pytestmark = pytest.mark.usefixtures("one_time")


@pytest.mark.parametrize("make", ["whatsminer", "braiins"])
async def test_nobody_waits_for_another(
    make: str, hass: HomeAssistant, device: SimulatedMiner, neighbours: Neighbours
) -> None:
    """The miners beside one that lets a poll wait are read to the end meanwhile."""
    async with Gate(device, http=make == "braiins") as gate:
        miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
        await gate.go(Silent())
        poll = asyncio.create_task(miner.entry.runtime_data.async_refresh())
        async with asyncio.timeout(BOUND):
            await gate.received.wait()
            await neighbours.all_read()
        assert not poll.done()
        await gate.go(HEALTHY)
        await poll
