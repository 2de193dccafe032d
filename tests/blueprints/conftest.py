"""A house in which the blueprints run: real Home Assistant, simulated miners, time by hand."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
import shutil

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.blueprint.const import BLUEPRINT_FOLDER
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.asic_miner.const import DOMAIN
from tests.integration.conftest import (  # noqa: F401 - fixtures are found by their names
    AddMiner,
    Miner,
    _custom_integrations,
    _one_time,
    add_miner,
    braiins,
    clock,
    whatsminer,
)
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock

BLUEPRINTS = Path(__file__).parents[2] / "blueprints" / "automation" / "asic_miner"
MEMORY = "input_text.memory"
MORNING = "2026-06-01 08:00:00+00:00"
"""A Monday; the test harness lives in California, so it is one o'clock at night there."""

IDLE_ROUNDS = 50
"""Turns of the event loop in which nothing is under way; an action takes a handful."""
STEP = 30
"""Seconds; a miner is polled in each of them."""


class House:
    """Home Assistant with automations from blueprints, and the time that passes in it."""

    def __init__(
        self, hass: HomeAssistant, time: ManualClock, freezer: FrozenDateTimeFactory
    ) -> None:
        """Listen to all that is ordered."""
        self.hass = hass
        self._clock = time
        self._freezer = freezer
        self.orders: list[tuple[str, str, object]] = []
        hass.bus.async_listen(EVENT_CALL_SERVICE, self._ordered)

    @callback
    def _ordered(self, event: Event[dict[str, object]]) -> None:
        data = event.data["service_data"]
        assert isinstance(data, dict)
        target = data.get("entity_id")
        for entity_id in target if isinstance(target, list) else [target]:
            service = f"{event.data['domain']}.{event.data['service']}"
            if not service.startswith("input_text."):
                self.orders.append((service, str(entity_id), data.get("value")))

    async def automate(self, blueprint: str, **inputs: object) -> None:
        """Set up an automation of a blueprint."""
        assert await async_setup_component(
            self.hass,
            "automation",
            {
                "automation": {
                    "alias": "tested",
                    "use_blueprint": {"path": f"asic_miner/{blueprint}.yaml", "input": inputs},
                }
            },
        )
        await self.hass.async_block_till_done()
        state = self.hass.states.get("automation.tested")
        assert state is not None
        assert state.state == "on"

    async def show(self, entity_id: str, state: object, **attributes: object) -> None:
        """Have a sensor of the house show something."""
        self.hass.states.async_set(entity_id, str(state), attributes, force_update=True)
        await self._settle()

    async def minutes(
        self,
        minutes: float,
        each: Callable[[], Awaitable[None]] | None = None,
        *,
        step: float = STEP,
    ) -> None:
        """Let time pass for the house, the miners and Home Assistant alike."""
        for _ in range(round(minutes * 60 / step)):
            self._clock.advance(step)
            self._freezer.tick(step)
            if each:
                await each()
            async_fire_time_changed(self.hass)
            await self._settle()

    async def _settle(self) -> None:
        """Wait until nothing is under way; automations that wait themselves are left waiting."""
        idle = 0
        while idle < IDLE_ROUNDS:
            await asyncio.sleep(0)
            busy = any(
                entry.runtime_data._turn.locked() or entry.runtime_data._commands
                for entry in self.hass.config_entries.async_loaded_entries(DOMAIN)
            )
            idle = 0 if busy else idle + 1

    async def enable(self, miner: Miner, *keys: str) -> None:
        """Enable entities as a user does on the page of the miner."""
        for key in keys:
            er.async_get(self.hass).async_update_entity(miner.entity_id(key), disabled_by=None)
        assert await self.hass.config_entries.async_reload(miner.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def memory(self) -> str:
        """What the automation remembers."""
        state = self.hass.states.get(MEMORY)
        assert state is not None
        return state.state


@pytest.fixture(params=["whatsminer", "braiins"])
def device(request: pytest.FixtureRequest) -> SimulatedMiner:
    """Each make in turn."""
    found: SimulatedMiner = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def house(
    hass: HomeAssistant,
    clock: ManualClock,  # noqa: F811 - the fixture
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
) -> AsyncGenerator[House]:
    """A house with the blueprints in their place and a text helper."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / BLUEPRINT_FOLDER / "automation" / "asic_miner"
    shutil.copytree(BLUEPRINTS, folder)
    freezer.move_to(MORNING)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "input_text", {"input_text": {"memory": {}}})
    yield House(hass, clock, freezer)
    if automations := hass.states.async_entity_ids("automation"):
        # Their timers end with them.
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": automations}, blocking=True
        )


def control(miner: Miner) -> str:
    """Return the number that sets the draw and is known from the beginning."""
    keys = miner.entity_keys()
    return miner.entity_id("power_percent" if "power_percent" in keys else "power_target")


def writes(device: SimulatedMiner) -> int:
    """Return how many commands that change something the device has taken."""
    return int(device.truth()["writes"] or 0)
