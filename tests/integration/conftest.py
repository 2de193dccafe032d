"""Simulated miners and Home Assistant in one process, over real sockets."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
import time
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.coordinator import MinerCoordinator
from custom_components.asic_miner.planning import PlanningEntry
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import OWN_PASSWORD, BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .heating import House
from .speech import Assistant

START = 1_000_000.0
"""What the coordinator's clock shows at the beginning; any number does."""

UNIX_START = float(int(time.time()))
"""The time of day at the beginning; the devices take it, too."""

type AddMiner = Callable[[SimulatedMiner], Awaitable[Miner]]


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant find ours."""


@pytest.fixture
def clock() -> ManualClock:
    """The time of all simulated miners of a test."""
    return ManualClock()


@pytest.fixture(autouse=True)
def _one_time(clock: ManualClock) -> Generator[None]:
    """Let all that looks at a clock live in the time of the devices."""
    with (
        patch.object(MinerCoordinator, "_now", lambda _: START + clock.now()),
        patch.object(MinerCoordinator, "unix_time", lambda _: UNIX_START + clock.now()),
        patch.object(PlanningEntry, "unix_time", lambda _: UNIX_START + clock.now()),
    ):
        yield


@pytest.fixture
def all_enabled() -> Generator[None]:
    """Let all entities be enabled that are added while this lasts."""
    with patch.object(Entity, "entity_registry_enabled_default", True):
        yield


@pytest.fixture
async def whatsminer(clock: ManualClock) -> AsyncGenerator[WhatsminerSimulator]:
    """An air-cooled WhatsMiner on the 2.2.2 envelope."""
    miner = WhatsminerSimulator(preset="M60S", clock=clock, seed=1)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
async def old_whatsminer(clock: ManualClock) -> AsyncGenerator[WhatsminerSimulator]:
    """An air-cooled WhatsMiner on the 2.0.x envelope."""
    miner = WhatsminerSimulator(preset="M30S++", clock=clock, seed=2)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
async def braiins(clock: ManualClock) -> AsyncGenerator[BraiinsSimulator]:
    """An Antminer on Braiins OS."""
    miner = BraiinsSimulator(preset="S19j Pro", clock=clock, seed=3, password=OWN_PASSWORD)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture(params=["whatsminer", "old_whatsminer", "braiins"])
def device(request: pytest.FixtureRequest) -> SimulatedMiner:
    """Each of the simulated miners in turn."""
    found: SimulatedMiner = request.getfixturevalue(request.param)
    return found


class Miner:
    """A miner that has been added to Home Assistant, and its device."""

    def __init__(self, hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry) -> None:
        """Keep them together."""
        self.hass = hass
        self.device = device
        self.entry = entry

    @property
    def mac(self) -> str:
        """Unique ids begin with it."""
        return str(self.entry.unique_id)

    def entity_id(self, key: str) -> str:
        """Return the entity id that belongs to the rest of a unique id.

        The event has the same key as the sensor that it goes with, so it is left out.
        """
        found = {
            entity.unique_id.removeprefix(f"{self.mac}_"): entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
            if entity.domain != "event"
        }
        return found[key]

    def entity_keys(self) -> set[str]:
        """Return the rest of the unique ids of all entities but events, also of disabled ones."""
        return {
            entity.unique_id.removeprefix(f"{self.mac}_")
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
            if entity.domain != "event"
        }

    def state(self, key: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(self.entity_id(key))
        assert state is not None, key
        return state.state

    def number(self, key: str) -> float:
        """Return the state of an entity that is a number."""
        return float(self.state(key))

    def states(self) -> dict[str, str]:
        """Return the states of all enabled entities."""
        return {
            key: state.state
            for key in self.entity_keys()
            if (state := self.hass.states.get(self.entity_id(key)))
        }

    async def poll(self, *, slow: bool = False) -> None:
        """Read the miner once, as the next scheduled poll would."""
        coordinator = self.entry.runtime_data
        if slow:
            coordinator._slow_due = 0.0
        await coordinator.async_refresh()
        await self.hass.async_block_till_done()

    async def plug(self, clock: ManualClock) -> None:
        """Give the device its mains back and wait until Home Assistant has found it."""
        await self.device.plug()
        await self.until_back(clock)

    async def until_back(self, clock: ManualClock) -> None:
        """Let time pass, and poll, until the device has booted and its mining has started."""
        for _ in range(200):
            clock.advance(10)
            # The device looks at its clock now and then.
            await asyncio.sleep(0.02)
            await self.poll()
            if self.state("state") not in {STATE_UNAVAILABLE, "restarting"}:
                return
        raise AssertionError("the device did not come back")

    async def call(self, service: str, key: str, **data: object) -> None:
        """Perform an action ("switch.turn_on") on one entity and wait for it."""
        domain, name = service.split(".")
        await self.hass.services.async_call(
            domain, name, {"entity_id": self.entity_id(key), **data}, blocking=True
        )


async def add_through_flow(
    hass: HomeAssistant, device: SimulatedMiner, *, password: str | None = None
) -> ConfigEntry:
    """Add a miner as a user does. Without a password the device's own is given."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    step = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"host": device.host, "advanced": {"port": device.port}}
    )
    assert step["type"] is FlowResultType.FORM, step
    assert step["step_id"] == "credentials", step
    step = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": device.password if password is None else password}
    )
    assert step["type"] is FlowResultType.CREATE_ENTRY, step
    await hass.async_block_till_done()
    entry: ConfigEntry = step["result"]
    return entry


@pytest.fixture
def add_miner(hass: HomeAssistant) -> AddMiner:
    """Add a simulated miner to Home Assistant."""

    async def add(device: SimulatedMiner) -> Miner:
        return Miner(hass, device, await add_through_flow(hass, device))

    return add


@pytest.fixture(params=["whatsminer", "braiins"])
def heater(request: pytest.FixtureRequest) -> SimulatedMiner:
    """A machine that heats, of each make."""
    found: SimulatedMiner = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def house(hass: HomeAssistant, clock: ManualClock, freezer: FrozenDateTimeFactory) -> House:
    """A room, with a backup heater and a pump that are off."""
    switches: dict[str, dict[str, str]] = {"backup": {}, "pump": {}}
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": switches})
    made = House(hass, clock, freezer)
    made.show()
    return made


@pytest.fixture
async def assistant(
    hass: HomeAssistant,
    tmp_path: Path,
    add_miner: AddMiner,
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
) -> Assistant:
    """Two exposed miners in two rooms, and no sentences yet but the built-in ones."""
    hass.config.config_dir = str(tmp_path)
    for component in ("homeassistant", "conversation", "llm", "intent"):
        assert await async_setup_component(hass, component, {})
    made = Assistant(hass, await add_miner(braiins), await add_miner(whatsminer))
    await made.call(("Garage Miner", "Garage"), ("Cellar Miner", "Cellar"))
    for miner in (made.garage, made.cellar):
        made.expose(miner, True)
    return made
