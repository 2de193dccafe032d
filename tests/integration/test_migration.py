"""Going back to an older release: what it cannot read it leaves alone, and says so."""

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.asic_miner.config_flow import MinerConfigFlow
from custom_components.asic_miner.entries import CONF_KIND
from tests.simulators.base import SimulatedMiner
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner

NEWER_FEATURE = "time_travel"
NEWER_IDENTITY = {"colour": "black"}
NEWER_MEMBER = {"some": ["thing"]}
"""What this release has never heard of."""


async def stored_by(miner: Miner, **changes: object) -> ConfigEntry:
    """Let the entry be one that another release has stored, and start Home Assistant with it."""
    entries = miner.hass.config_entries
    assert await entries.async_unload(miner.entry.entry_id)
    entries.async_update_entry(miner.entry, **changes)  # type: ignore[arg-type]  # as given
    await entries.async_setup(miner.entry.entry_id)
    await miner.hass.async_block_till_done()
    return miner.entry


async def test_a_newer_major_version_is_refused(
    device: SimulatedMiner,
    add_miner: AddMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a reason, without a word to the miner, and with nothing of the entry lost."""
    miner = await add_miner(device)
    data, keys = miner.entry.data, miner.entity_keys()
    await device.stop()
    entry = await stored_by(miner, version=MinerConfigFlow.VERSION + 1)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert "has version 2 which is higher than the current version 1" in caplog.text
    assert entry.data == data
    assert miner.entity_keys() == keys
    assert "cannot be read" not in caplog.text


async def test_a_newer_minor_version_loads(device: SimulatedMiner, add_miner: AddMiner) -> None:
    """What is new is left alone and kept for the release that knows it."""
    miner = await add_miner(device)
    data = dict(miner.entry.data)
    features = [*data["capabilities"]["features"], NEWER_FEATURE]
    entry = await stored_by(
        miner,
        minor_version=MinerConfigFlow.MINOR_VERSION + 1,
        data=data
        | {
            "identity": data["identity"] | NEWER_IDENTITY,
            "capabilities": data["capabilities"] | {"features": features},
            "what_is_new": NEWER_MEMBER,
        },
        options={"poll_seconds": 20, "new_option": True},
    )
    assert entry.state is ConfigEntryState.LOADED
    assert entry.minor_version == MinerConfigFlow.MINOR_VERSION + 1
    assert miner.state("mining") == "on"
    await miner.poll(slow=True)
    assert entry.data["what_is_new"] == NEWER_MEMBER
    assert entry.options["new_option"] is True


async def test_a_kind_of_entry_that_this_release_does_not_know(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """It is not taken for a miner."""
    miner = await add_miner(whatsminer)
    connections = whatsminer.connections
    entry = await stored_by(miner, data={**miner.entry.data, CONF_KIND: "power_plant"})
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "newer_version"
    assert whatsminer.connections == connections
    assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    hass.config_entries.async_update_entry(
        entry, data={key: value for key, value in entry.data.items() if key != CONF_KIND}
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
