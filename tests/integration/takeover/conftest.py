"""Another integration with the same miner, as recorder and registries know it."""

from collections.abc import Callable, Generator
from typing import Any

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.sensor import SensorStateClass
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from tests.simulators.whatsminer import WhatsminerSimulator

from .steps import SENSORS, OtherSensor, OtherSwitch


@pytest.fixture(autouse=True)
def _custom_integrations(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let Home Assistant find ours, and remember, which has to begin before all else."""


@pytest.fixture
def other_state_class() -> SensorStateClass | None:
    """What makes Home Assistant keep statistics of the other integration's sensors."""
    return SensorStateClass.MEASUREMENT


@pytest.fixture
def other_integration(
    hass: HomeAssistant, other_state_class: SensorStateClass | None
) -> Generator[None]:
    """Another integration for miners, as far as it matters here."""
    platforms = [Platform.SENSOR, Platform.SWITCH]

    async def set_up(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        await hass.config_entries.async_forward_entry_setups(entry, platforms)
        return True

    async def unload(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        return await hass.config_entries.async_unload_platforms(entry, platforms)

    mock_integration(hass, MockModule("miner", async_setup_entry=set_up, async_unload_entry=unload))
    mock_platform(hass, "miner.config_flow", None)

    def platform(make: Callable[[ConfigEntry], list[Entity]]) -> MockPlatform:
        async def add(hass: HomeAssistant, entry: ConfigEntry, add_entities: Any) -> None:
            add_entities(make(entry))

        return MockPlatform(async_setup_entry=add)

    mock_platform(
        hass,
        "miner.sensor",
        platform(lambda entry: [OtherSensor(entry, key, other_state_class) for key in SENSORS]),
    )
    mock_platform(hass, "miner.switch", platform(lambda entry: [OtherSwitch(entry)]))
    with mock_config_flow("miner", ConfigFlow):
        yield


@pytest.fixture
async def other(
    hass: HomeAssistant, other_integration: None, whatsminer: WhatsminerSimulator
) -> ConfigEntry:
    """The miner as the other integration has it."""
    entry = MockConfigEntry(
        domain="miner",
        title="Garage",
        data={"ip": "192.168.1.77", "mac": str(whatsminer.truth()["mac"])},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry
