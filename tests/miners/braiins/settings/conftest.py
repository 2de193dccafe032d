"""A simulated machine that has mined for a day, its client, and another reader of it."""

from collections.abc import AsyncGenerator

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.clock import ManualClock

from ..conftest import MakeClient


@pytest.fixture
def preset() -> str:
    """Which model is simulated."""
    return "S19j Pro"


@pytest.fixture
async def miner(preset: str, clock: ManualClock) -> AsyncGenerator[BraiinsSimulator]:
    """A machine that has been mining for a day, with settings of its owner's."""
    miner = BraiinsSimulator(preset=preset, clock=clock, seed=3)
    fans = miner.device.settings.cooling.get("auto")
    if isinstance(fans, dict):
        fans |= {
            "min_fan_speed": 20,
            "max_fan_speed": 70,
            "minimum_required_fans": 2,
            "pause_mode": {"mode": {"manual": {"pause_cooldown_fan_speed_ratio": 0.25}}},
        }
    scaling = miner.device.settings.scaling
    scaling.power_step, scaling.shutdown_hours = 200, 5
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
def client(miner: BraiinsSimulator, client_of: MakeClient) -> BraiinsClient:
    """The client of the machine."""
    return client_of(miner)


@pytest.fixture
async def plain(miner: BraiinsSimulator, http: ClientSession) -> PlainClient:
    """Another reader of the machine, which knows nothing of the client."""
    plain = PlainClient(miner, http)
    await plain.login()
    return plain
