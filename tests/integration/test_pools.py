"""Each configured pool in Home Assistant: by its place, without the name of a worker."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner.stale import STALE_SECONDS
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.settings import PoolSetting
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.settings import Pool

from .conftest import AddMiner, Miner

pytestmark = pytest.mark.usefixtures("all_enabled")

KEYS = ("pool_status", "pool_accepted_shares", "pool_rejected_shares")
WORKER = "somebody.cellar"


def configure(device: SimulatedMiner, *hosts: str) -> None:
    """Give the device other pools, as a person does on its own web page."""
    urls = [f"stratum+tcp://{host}:3333" for host in hosts]
    if isinstance(device, WhatsminerSimulator):
        device.device.set_pools([Pool(url=url, user=WORKER) for url in urls])
    else:
        assert isinstance(device, BraiinsSimulator)
        device.device.settings.groups[0].pools = [
            PoolSetting(uid=url, url=url, user=WORKER) for url in urls
        ]


def pool_keys(miner: Miner) -> set[str]:
    """Return the keys of the entities that one pool each has."""
    return {key for key in miner.entity_keys() if key.rpartition("_")[0] in KEYS}


def of_pools(*places: int) -> set[str]:
    """Return the keys of the entities of the pools at these places."""
    return {f"{key}_{place}" for key in KEYS for place in places}


async def test_pools_come_and_change_and_go(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A place has the same entities whatever is configured there; nothing is reloaded."""
    configure(device, "one.example.com", "two.example.com")
    miner = await add_miner(device)
    assert pool_keys(miner) == of_pools(1, 2)
    clock.advance(1800)
    await miner.poll(slow=True)
    assert miner.state("pool_status_1") == "in_use"
    assert miner.state("pool_status_2") == "standby"
    assert miner.number("pool_accepted_shares_1") > 0
    assert miner.number("pool_accepted_shares_2") == 0
    assert miner.number("pool_rejected_shares_2") == 0
    first = miner.entity_id("pool_status_1")

    configure(device, "other.example.com", "two.example.com", "three.example.com")
    clock.advance(60)
    await miner.poll(slow=True)
    assert pool_keys(miner) == of_pools(1, 2, 3)
    assert miner.entity_id("pool_status_1") == first
    assert miner.entry.data["capabilities"]["pools"] == [1, 2, 3]

    configure(device, "other.example.com", "two.example.com")
    clock.advance(60)
    await miner.poll(slow=True)
    assert pool_keys(miner) == of_pools(1, 2, 3)
    coordinator = miner.entry.runtime_data
    coordinator.stale._missing["pool", 3] = STALE_SECONDS
    for _ in range(2):
        clock.advance(1800)
        await miner.poll(slow=True)
    assert pool_keys(miner) == of_pools(1, 2)
    assert miner.entry.data["capabilities"]["pools"] == [1, 2]
    shown = " ".join(f"{state.state} {state.attributes}" for state in hass.states.async_all())
    assert WORKER not in shown


async def test_a_pool_that_does_not_answer(
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
) -> None:
    """The next one is used, and the first says so; one that is switched off is not dead."""
    devices: tuple[SimulatedMiner, ...] = (whatsminer, braiins)
    for device in devices:
        configure(device, "one.example.com", "two.example.com")
        miner = await add_miner(device)
        whatsminer.faults.dead_pools.add(0)
        braiins.device.pools.dead.add("stratum+tcp://one.example.com:3333")
        clock.advance(300)
        await miner.poll(slow=True)
        assert miner.state("pool_status_1") == "dead"
        assert miner.state("pool_status_2") == "in_use"
    braiins.device.settings.groups[0].pools[0].enabled = False
    clock.advance(300)
    await miner.poll(slow=True)
    assert miner.state("pool_status_1") == "disabled"
