"""A take-over is undone, whatever has happened since."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    OperationNotAllowed,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.asic_miner.const import CONF_TAKEOVER
from custom_components.asic_miner.miners.models import Capabilities
from tests.simulators.whatsminer import WhatsminerSimulator

from ..conftest import AddMiner
from .steps import disabled_by, ids, options, submit, take_over, undo


def gone(other: ConfigEntry) -> Callable[..., Any]:
    """Return a set-up that fails for one entry, as without its integration."""
    real = ConfigEntry.async_setup

    async def async_setup(entry: ConfigEntry, hass: HomeAssistant, **given: Any) -> None:
        if entry is other:
            entry._async_set_state(hass, ConfigEntryState.SETUP_ERROR, "Integration not found")
        else:
            await real(entry, hass, **given)

    return async_setup


async def test_undo_after_the_other_one_was_deleted(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Then there is nobody to give the ids to, and ours have their own all the same."""
    miner = await add_miner(whatsminer)
    own = ids(hass, miner.entry)
    await submit(hass, await options(hass, miner.entry, "takeover"))
    await hass.async_block_till_done()
    await hass.config_entries.async_remove(other.entry_id)
    await submit(hass, await options(hass, miner.entry, "undo_takeover"))
    await hass.async_block_till_done()
    assert ids(hass, miner.entry) == own


async def test_undo_after_the_other_one_was_uninstalled(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Its entry is still there and cannot be loaded: ours have their own ids all the same."""
    miner = await add_miner(whatsminer)
    own = ids(hass, miner.entry)
    await take_over(hass, miner.entry)
    with patch("homeassistant.config_entries.ConfigEntry.async_setup", gone(other)):
        await undo(hass, miner.entry)
    assert other.state is ConfigEntryState.SETUP_ERROR
    assert ids(hass, miner.entry) == own
    assert float(miner.state("hashrate")) > 10


async def test_undo_when_the_other_one_cannot_be_switched_on_now(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """It has its ids as soon as it can, since ours do not stand in their way."""
    miner = await add_miner(whatsminer)
    own, others = ids(hass, miner.entry), ids(hass, other)
    await take_over(hass, miner.entry)
    with patch.object(hass.config_entries, "async_reload", side_effect=OperationNotAllowed):
        await undo(hass, miner.entry)
    assert ids(hass, miner.entry) == own
    assert await hass.config_entries.async_setup(other.entry_id)
    await hass.async_block_till_done()
    assert ids(hass, other) == others


async def test_undo_after_the_other_one_was_switched_on_by_hand(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Its entities have got other ids meanwhile, because ours had theirs; they get them back."""
    miner = await add_miner(whatsminer)
    own, others = ids(hass, miner.entry), ids(hass, other)
    await take_over(hass, miner.entry)
    assert await hass.config_entries.async_set_disabled_by(other.entry_id, None)
    await hass.async_block_till_done()
    assert ids(hass, other) != others
    assert float(miner.state("hashrate")) > 10
    assert miner.entity_id("hashrate") == "sensor.garage_hashrate"
    await undo(hass, miner.entry)
    assert ids(hass, miner.entry) == own
    assert ids(hass, other) == others


async def test_undo_when_an_id_is_taken_meanwhile(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Nobody loses one for it: ours is numbered. One that was changed by hand stays."""
    miner = await add_miner(whatsminer)
    own, others = ids(hass, miner.entry), ids(hass, other)
    await take_over(hass, miner.entry)
    entities = er.async_get(hass)
    taken = own[f"{miner.mac}_hashrate"]
    domain, _, object_id = taken.partition(".")
    stranger = entities.async_get_or_create(domain, "test", "1", suggested_object_id=object_id)
    assert stranger.entity_id == taken
    entities.async_update_entity(miner.entity_id("power"), new_entity_id="sensor.my_own_name")
    await hass.async_block_till_done()
    await undo(hass, miner.entry)
    now = ids(hass, miner.entry)
    assert now.pop(f"{miner.mac}_hashrate") == f"{taken}_2"
    assert now.pop(f"{miner.mac}_power") == "sensor.my_own_name"
    assert now.items() <= own.items()
    assert ids(hass, other) == others


async def test_undo_of_a_miner_that_is_only_watched_now(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Its controls were taken away with their ids; when they come back, it is under their own."""
    miner = await add_miner(whatsminer)
    entities = er.async_get(hass)
    entities.async_update_entity(miner.entity_id("mining"), new_entity_id="switch.rig")
    await hass.async_block_till_done()
    own, others = ids(hass, miner.entry), ids(hass, other)
    await take_over(hass, miner.entry)
    assert miner.entity_id("mining") == "switch.garage_active"

    def store(**data: object) -> None:
        hass.config_entries.async_update_entry(miner.entry, data={**miner.entry.data, **data})

    capabilities = miner.entry.data["capabilities"]
    watched = Capabilities.from_json(capabilities).only_watched().to_json()
    store(password=None, capabilities=watched)
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert not hass.states.get("switch.garage_active")
    assert CONF_TAKEOVER in miner.entry.data
    await undo(hass, miner.entry)
    assert ids(hass, other) == others
    assert "mining" not in miner.entity_keys()

    store(password=whatsminer.password, capabilities=capabilities)
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert ids(hass, miner.entry) == own
    assert ids(hass, other) == others


async def test_ours_is_deleted_before_undo(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Who switches the other one on by hand finds all its ids as they were."""
    miner = await add_miner(whatsminer)
    others = ids(hass, other)
    await take_over(hass, miner.entry)
    await hass.config_entries.async_remove(miner.entry.entry_id)
    assert other.disabled_by is ConfigEntryDisabler.USER
    assert await hass.config_entries.async_set_disabled_by(other.entry_id, None)
    await hass.async_block_till_done()
    assert ids(hass, other) == others
    state = hass.states.get("sensor.garage_hashrate")
    assert state
    assert state.state == "1"


async def test_ours_is_deleted_before_undo_and_added_again(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Each has its own ids then, and nothing stands in the way of another takeover."""
    miner = await add_miner(whatsminer)
    own = {key: miner.entity_id(key) for key in miner.entity_keys()}
    others = ids(hass, other)
    entities = er.async_get(hass)
    power = miner.entity_id("power")
    entities.async_update_entity(power, disabled_by=er.RegistryEntryDisabler.INTEGRATION)
    await take_over(hass, miner.entry)
    await hass.config_entries.async_remove(miner.entry.entry_id)
    miner = await add_miner(whatsminer)
    assert {key: miner.entity_id(key) for key in miner.entity_keys()} == own
    assert disabled_by(hass, power) is er.RegistryEntryDisabler.INTEGRATION
    assert await hass.config_entries.async_set_disabled_by(other.entry_id, None)
    await hass.async_block_till_done()
    assert ids(hass, other) == others
    await take_over(hass, miner.entry)
    assert miner.entity_id("hashrate") == "sensor.garage_hashrate"


async def test_ours_is_deleted_while_the_other_one_is_on(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Its entities get their ids back from ours at once."""
    miner = await add_miner(whatsminer)
    others = ids(hass, other)
    await take_over(hass, miner.entry)
    assert await hass.config_entries.async_set_disabled_by(other.entry_id, None)
    await hass.async_block_till_done()
    assert ids(hass, other) != others
    await hass.config_entries.async_remove(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert ids(hass, other) == others
