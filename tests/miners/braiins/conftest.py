"""What the tests of the Braiins OS client stand on."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.client import Credentials
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.wire import Version
from tests.simulators.clock import ManualClock

from .device import Device


@pytest.fixture
async def http() -> AsyncGenerator[ClientSession]:
    """The caller's HTTP session; it must still be open when the client is done with it."""
    async with ClientSession() as session:
        yield session
        assert not session.closed


@pytest.fixture
async def device() -> AsyncGenerator[Device]:
    """A device that is mining at a power target."""
    device = Device()
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
def clock() -> ManualClock:
    """The time as the client sees it; not near zero, where a wrong sign would not show."""
    clock = ManualClock()
    clock.advance(10_000)
    return clock


@pytest.fixture
def api(device: Device, http: ClientSession, clock: ManualClock) -> BraiinsApi:
    """The operations of the device."""
    return BraiinsApi("127.0.0.1", device.port, "root", "root", http, clock=clock.now)


class Naps:
    """Sleeps by moving the clock, and remembers for how long."""

    def __init__(self, clock: ManualClock) -> None:
        """Move this clock."""
        self.clock = clock
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Let time pass at once."""
        self.taken.append(seconds)
        self.clock.advance(seconds)


@pytest.fixture
def naps(clock: ManualClock) -> Naps:
    """How the client sleeps."""
    return Naps(clock)


@pytest.fixture
def client(device: Device, http: ClientSession, clock: ManualClock, naps: Naps) -> BraiinsClient:
    """The client of the device."""
    return BraiinsClient(
        "127.0.0.1",
        device.port,
        Credentials(username="root", password="root"),
        http,
        clock=clock.now,
        sleep=naps,
    )


type MakeMachine = Callable[..., Awaitable[BraiinsSimulator]]
type MakeClient = Callable[[BraiinsSimulator], BraiinsClient]


@pytest.fixture
async def machine(clock: ManualClock) -> AsyncGenerator[MakeMachine]:
    """Start simulated machines, of any model and version of the contract."""
    running: list[BraiinsSimulator] = []

    async def start(preset: str = "S19j Pro", rest: Version | None = None) -> BraiinsSimulator:
        miner = BraiinsSimulator(preset=preset, rest=rest, clock=clock, seed=3)
        await miner.start()
        running.append(miner)
        return miner

    yield start
    for miner in running:
        await miner.stop()


@pytest.fixture
def client_of(http: ClientSession, clock: ManualClock, naps: Naps) -> MakeClient:
    """Make the client of a simulated machine."""

    def make(miner: BraiinsSimulator) -> BraiinsClient:
        return BraiinsClient(
            "127.0.0.1",
            miner.port,
            Credentials(username="root", password=miner.password),
            http,
            clock=clock.now,
            sleep=naps,
        )

    return make
