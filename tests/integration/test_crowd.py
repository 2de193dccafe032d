"""Many miners at once: first reads in turn, and polls that do not stay together."""

import asyncio
from contextlib import AsyncExitStack

from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner import crowd
from custom_components.asic_miner.const import (
    FAST_INTERVAL,
    LIVE_INTERVAL,
    OFF_INTERVAL,
    SLOW_SECONDS,
)
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner

MACS = [f"c4:11:04:{number >> 8:02x}:{number & 255:02x}:01" for number in range(1000)]


@pytest.mark.parametrize("which", [0, 1])
def test_phases_are_spread_evenly(which: int) -> None:
    """Also of miners from one box, whose addresses follow each other."""
    tenths = [int(crowd.phases(mac)[which] * 10) for mac in MACS]
    counts = [tenths.count(tenth) for tenth in range(10)]
    assert sum(counts) == len(MACS)
    # Each tenth would have a hundred; chance alone leaves it between 60 and 140.
    assert min(counts) > 60
    assert max(counts) < 140


def test_phases_stay() -> None:
    """The same after each start, and each within its period."""
    assert crowd.phases(MACS[0]) == crowd.phases(MACS[0])
    assert all(0 <= phase < 1 for mac in MACS for phase in crowd.phases(mac))


async def test_intervals_after_what_may_happen_to_many_are_the_miners_own(
    device: SimulatedMiner, add_miner: AddMiner, clock: ManualClock
) -> None:
    """After the start, a command, and an outage; all others have the length that was chosen."""
    miner = await add_miner(device)
    coordinator = miner.entry.runtime_data
    poll, slow_read = crowd.phases(miner.mac)
    own = LIVE_INTERVAL * (0.5 + poll)
    assert coordinator.update_interval == own
    assert coordinator._slow_due == pytest.approx(coordinator._now() + SLOW_SECONDS * slow_read)
    await miner.poll()
    assert coordinator.update_interval == LIVE_INTERVAL

    await miner.call("switch.turn_on", "locate")
    await miner.poll()
    assert coordinator.update_interval == FAST_INTERVAL
    clock.advance(61)
    await miner.poll()
    assert coordinator.update_interval == own
    await miner.poll()
    assert coordinator.update_interval == LIVE_INTERVAL

    await device.stop()
    await miner.poll()
    assert coordinator.update_interval == OFF_INTERVAL
    await device.start()
    await miner.poll()
    assert coordinator.update_interval == own
    await miner.poll()
    assert coordinator.update_interval == LIVE_INTERVAL


async def test_a_first_read_that_failed_is_soon_tried_again(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, hass: HomeAssistant
) -> None:
    """Once; a miner that is away has time."""
    miner = await add_miner(whatsminer)
    await whatsminer.stop()
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    coordinator = miner.entry.runtime_data
    assert coordinator.update_interval == FAST_INTERVAL
    await miner.poll()
    assert coordinator.update_interval == OFF_INTERVAL


async def test_first_reads_take_turns(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a few at once; who is done, or failed, lets the next one on."""
    monkeypatch.setattr(crowd, "FIRST_READS", 2)
    reading, most, done = 0, 0, 0

    async def read() -> None:
        nonlocal reading, most, done
        async with crowd.one_of_few(hass):
            reading += 1
            most = max(most, reading)
            await asyncio.sleep(0)
            reading -= 1
            done += 1
            raise OSError

    await asyncio.gather(*(read() for _ in range(9)), return_exceptions=True)
    assert (most, done) == (2, 9)


async def test_who_waits_for_its_device_keeps_nobody_else_waiting(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A house full of miners without power does not hold up the start."""
    monkeypatch.setattr(crowd, "FIRST_READS", 2)
    monkeypatch.setattr(crowd, "PATIENCE_SECONDS", 0.01)
    async with AsyncExitStack() as stack:
        # All six are inside together in the end, and leave together.
        for _ in range(6):
            await stack.enter_async_context(crowd.one_of_few(hass))
    # Nobody has given back more turns than there are.
    monkeypatch.setattr(crowd, "PATIENCE_SECONDS", 3600.0)
    async with crowd.one_of_few(hass), crowd.one_of_few(hass):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), crowd.one_of_few(hass):
                pass
