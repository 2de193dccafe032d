"""Settings: each that a miner has can be set in Home Assistant, and shows what the miner holds."""

from collections.abc import Generator
from unittest.mock import PropertyMock, patch

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity import Entity
import pytest

from custom_components.asic_miner.miners.errors import Reason
from custom_components.asic_miner.miners.models import Feature
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.translations import load

from .conftest import AddMiner, Miner, add_through_flow

DEVICES: dict[str, tuple[type[WhatsminerSimulator | BraiinsSimulator], str]] = {
    "M60S": (WhatsminerSimulator, "M60S"),
    "M30S++": (WhatsminerSimulator, "M30S++"),
    "M56S": (WhatsminerSimulator, "M56S"),
    "M63S": (WhatsminerSimulator, "M63S"),
    "S19j Pro": (BraiinsSimulator, "S19j Pro"),
    "S21 Hyd": (BraiinsSimulator, "S21 Hyd"),
    "BMM 101": (BraiinsSimulator, "BMM 101"),
}

SETTINGS = {feature.value for feature in Feature} - {
    "power_percent",
    "power_target",
    "power_limit",
    "power_mode",
    "hashrate_target",
}
"""What has tests of its own in test_control.py is not tried again here."""

TEXTS = load()


@pytest.fixture(autouse=True)
def _all_enabled() -> Generator[None]:
    """Enable every entity, also those that a user would have to enable."""
    with patch.object(Entity, "entity_registry_enabled_default", PropertyMock(return_value=True)):
        yield


@pytest.fixture(params=DEVICES)
async def any_device(request: pytest.FixtureRequest, clock: ManualClock) -> SimulatedMiner:
    """Each kind of simulated miner in turn; stopped by the test."""
    kind, preset = DEVICES[request.param]
    return kind(preset=preset, clock=clock, seed=6)


async def test_every_setting(
    hass: HomeAssistant, any_device: SimulatedMiner, clock: ManualClock
) -> None:
    """Set each to every kind of value, and read it back from the device."""
    await any_device.start()
    try:
        miner = Miner(hass, any_device, await add_through_flow(hass, any_device))
        pools = any_device.truth()["pools"]
        for key in sorted(miner.entity_keys() & SETTINGS):
            entity_id = miner.entity_id(key)
            domain = entity_id.split(".")[0]
            state = hass.states.get(entity_id)
            assert state is not None
            match domain:
                case "switch" if key not in {"mining", "locate"}:
                    for word in ("on", "off"):
                        await _set(miner, clock, key, (f"switch.turn_{word}", {}), word)
                case "select":
                    for option in state.attributes["options"]:
                        assert f"entity.select.{key}.state.{option}" in TEXTS
                        await _set(
                            miner, clock, key, ("select.select_option", {"option": option}), option
                        )
                case "number":
                    low, step = state.attributes["min"], state.attributes["step"]
                    for value in (low, low + step):
                        await _set(
                            miner, clock, key, ("number.set_value", {"value": value}), str(value)
                        )
        assert any_device.truth()["pools"] == pools
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await any_device.stop()


async def _set(
    miner: Miner, clock: ManualClock, key: str, order: tuple[str, dict[str, object]], expected: str
) -> None:
    """Set one value, wait for what it restarts, and compare; a refusal must have words."""
    try:
        service, data = order
        await miner.call(service, key, **data)
    except HomeAssistantError as error:
        # Some values exclude each other (fast boot and tuning speed, an order of
        # temperatures). Then the device is as it was, and the user is told why.
        if error.translation_key not in {"invalid_value", "rejected", *Reason}:
            raise
        return
    # Longer than any restart and ramp.
    clock.advance(1800)
    await miner.poll(slow=True)
    await miner.until_back(clock)
    await miner.poll(slow=True)
    state = miner.state(key)
    same = state == expected or float(state) == float(expected)
    assert same, f"{key}: {state} instead of {expected}"


async def test_no_impossible_entities(
    whatsminer: WhatsminerSimulator, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """What a miner does not have is not there, not even switched off."""
    air = await add_miner(whatsminer)
    assert not air.entity_keys() & {"heat_mode", "cooling_mode", "dps", "inlet_temperature"}
    antminer = await add_miner(braiins)
    assert not antminer.entity_keys() & {"power_mode", "power_limit", "power_percent", "fast_boot"}
