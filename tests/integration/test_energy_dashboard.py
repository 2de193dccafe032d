"""The Energy dashboard takes a miner's sensors as they are."""

from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.energy.validate import async_validate
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from tests.simulators.base import SimulatedMiner

from .conftest import AddMiner


@pytest.fixture(autouse=True)
def _custom_integrations(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder has to be there before Home Assistant is."""


async def test_the_energy_dashboard_takes_them(
    hass: HomeAssistant, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """Energy and power need no helper: Home Assistant's own check has nothing to say."""
    assert await async_setup_component(hass, "energy", {})
    miner = await add_miner(device)
    kinds = {
        "energy": (SensorDeviceClass.ENERGY, SensorStateClass.TOTAL_INCREASING, "kWh"),
        "power": (SensorDeviceClass.POWER, SensorStateClass.MEASUREMENT, "W"),
    }
    for key, (device_class, state_class, unit) in kinds.items():
        state = hass.states.get(miner.entity_id(key))
        assert state is not None
        assert state.attributes["device_class"] == device_class
        assert state.attributes["state_class"] == state_class
        assert state.attributes["unit_of_measurement"] == unit
        seen = state.last_updated
    manager = await async_get_manager(hass)
    await manager.async_update(
        {
            "energy_sources": [],
            "device_consumption": [
                {
                    "stat_consumption": miner.entity_id("energy"),
                    "stat_rate": miner.entity_id("power"),
                }
            ],
        }
    )
    await async_wait_recording_done(hass)
    # Those of the five minutes that run, which Home Assistant makes when they are over.
    do_adhoc_statistics(
        hass, start=seen.replace(minute=seen.minute // 5 * 5, second=0, microsecond=0)
    )
    await async_wait_recording_done(hass)
    found = (await async_validate(hass)).as_dict()
    assert len(found["device_consumption"]) == 1
    assert not [issues for part in found.values() for issues in part if issues]

    # The check does find something where there is something.
    await manager.async_update(
        {
            "energy_sources": [],
            "device_consumption": [{"stat_consumption": miner.entity_id("temperature")}],
        }
    )
    assert any((await async_validate(hass)).as_dict()["device_consumption"])
