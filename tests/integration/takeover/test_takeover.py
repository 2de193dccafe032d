"""Entities of another integration are taken over with ids, history and statistics."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.sensor import SensorStateClass
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    OperationNotAllowed,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.asic_miner.const import CONF_TAKEOVER
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from ..conftest import AddMiner
from .steps import disabled_by, ids, options, submit, take_over, undo

EPOCH = datetime.fromtimestamp(0, UTC)
TAKEN_OVER = {
    "hashrate": "sensor.garage_hashrate",
    "power": "sensor.garage_miner_consumption",
    "board_temperature_1": "sensor.garage_0_board_temperature",
    "fan_speed_2": "sensor.garage_1_fan_speed",
    "mining": "switch.garage_active",
}


async def test_take_over_and_undo(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Nothing happens before it is confirmed, and afterwards all is as it was."""
    miner = await add_miner(whatsminer)
    own, others = ids(hass, miner.entry), ids(hass, other)
    assert hass.states.get("switch.garage_active")

    step = await options(hass, miner.entry, "takeover")
    told = step["description_placeholders"]
    assert told["other"] == "Garage"
    for key, entity_id in TAKEN_OVER.items():
        assert f"`{own[f'{miner.mac}_{key}']}` → `{entity_id}`" in told["renames"]
    assert "efficiency" not in told["renames"], "its unit is another one"
    assert ids(hass, miner.entry) == own
    assert ids(hass, other) == others
    assert other.state is ConfigEntryState.LOADED

    step = await submit(hass, step)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert other.disabled_by is ConfigEntryDisabler.USER
    for key, entity_id in TAKEN_OVER.items():
        assert miner.entity_id(key) == entity_id
    assert float(miner.state("hashrate")) > 10
    await miner.call("switch.turn_off", "mining")
    assert whatsminer.truth()["mining"] is False

    step = await options(hass, miner.entry, "undo_takeover")
    step = await submit(hass, step)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert ids(hass, miner.entry) == own
    assert ids(hass, other) == others
    assert other.disabled_by is None
    assert hass.states.get("sensor.garage_hashrate").state == "1"
    assert miner.state("state") == "stopped"
    assert CONF_TAKEOVER not in miner.entry.data


async def history(hass: HomeAssistant, entity_id: str) -> list[str]:
    """Return all numbers that were recorded under an entity id."""
    await async_wait_recording_done(hass)
    states = await get_instance(hass).async_add_executor_job(
        lambda: get_significant_states(hass, EPOCH, entity_ids=[entity_id])
    )
    recorded = [state.state for state in states.get(entity_id, []) if isinstance(state, State)]
    # Nothing at all is what is written when an entity goes.
    return [state for state in recorded if state not in {"unavailable", "unknown", ""}]


async def test_history_goes_on(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """What was recorded stays where it was, whoever has the id, and so does what is new."""
    miner = await add_miner(whatsminer)
    own = miner.entity_id("hashrate")
    assert await history(hass, "sensor.garage_hashrate") == ["1"]
    before = await history(hass, own)
    assert before
    await submit(hass, await options(hass, miner.entry, "takeover"))
    await hass.async_block_till_done()
    old, *new = await history(hass, "sensor.garage_hashrate")
    assert old == "1"
    assert float(new[-1]) == miner.number("hashrate")
    assert await history(hass, own) == before
    await submit(hass, await options(hass, miner.entry, "undo_takeover"))
    await hass.async_block_till_done()
    assert (await history(hass, "sensor.garage_hashrate"))[-1] == "1"
    assert (await history(hass, own))[0] == before[0]
    assert "1" not in await history(hass, own)


async def means(hass: HomeAssistant, hour: int, *entity_ids: str) -> list[list[float]]:
    """Have statistics made of what is recorded last, and return all there are by entity id.

    It is done for five minutes some hours ahead, in which nothing changes any more.
    """
    await async_wait_recording_done(hass)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    do_adhoc_statistics(hass, start=now + timedelta(hours=hour))
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, EPOCH, None, set(entity_ids), "5minute", None, {"mean"}
    )
    return [[row["mean"] or 0 for row in found.get(entity_id, [])] for entity_id in entity_ids]


@pytest.mark.parametrize("other_state_class", [SensorStateClass.MEASUREMENT, None])
async def test_long_term_statistics_go_on(
    hass: HomeAssistant,
    other: ConfigEntry,
    add_miner: AddMiner,
    whatsminer: WhatsminerSimulator,
    other_state_class: SensorStateClass | None,
) -> None:
    """They belong to an id, whoever has it: none are moved, also where the old id had none."""
    miner = await add_miner(whatsminer)
    own, old = miner.entity_id("hashrate"), "sensor.garage_hashrate"
    others = [1] if other_state_class else []
    ours = [miner.number("hashrate")]
    assert await means(hass, 2, own, old) == [ours, others]
    await take_over(hass, miner.entry)
    meanwhile = [miner.number("hashrate")]
    assert await means(hass, 4, own, old) == [ours, others + meanwhile]
    await undo(hass, miner.entry)
    ours.append(miner.number("hashrate"))
    assert await means(hass, 6, own, old) == [ours, others + meanwhile + others]


async def test_the_log_is_not_filled(
    hass: HomeAssistant,
    other: ConfigEntry,
    add_miner: AddMiner,
    whatsminer: WhatsminerSimulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant complains of each rename to an id that has a past; so nothing is renamed."""
    miner = await add_miner(whatsminer)
    own, old = miner.entity_id("hashrate"), "sensor.garage_hashrate"
    assert all(await means(hass, 2, own, old))
    await take_over(hass, miner.entry)
    await undo(hass, miner.entry)
    await async_wait_recording_done(hass)
    assert miner.entity_id("hashrate") == own
    assert "Cannot migrate history" not in caplog.text
    assert "Cannot rename statistic_id" not in caplog.text


async def test_an_entity_with_a_name_of_its_own(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """It keeps the name, and the ids are those that were shown all the same."""
    miner = await add_miner(whatsminer)
    own, old = miner.entity_id("hashrate"), "sensor.garage_hashrate"
    er.async_get(hass).async_update_entity(own, name="Work")
    before = await history(hass, own)
    await take_over(hass, miner.entry)
    state = hass.states.get(old)
    assert state
    assert state.name.endswith("Work")
    assert await history(hass, own) == before
    await undo(hass, miner.entry)
    assert miner.entity_id("hashrate") == own
    assert (await history(hass, own))[0] == before[0]


async def test_what_was_off_is_on_while_it_is_taken_over(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """A dashboard shows it, so it has to have a state; afterwards it is off again."""
    miner = await add_miner(whatsminer)
    entities = er.async_get(hass)
    own = miner.entity_id("hashrate")
    entities.async_update_entity(own, disabled_by=er.RegistryEntryDisabler.INTEGRATION)
    await submit(hass, await options(hass, miner.entry, "takeover"))
    await hass.async_block_till_done()
    assert disabled_by(hass, "sensor.garage_hashrate") is None
    await submit(hass, await options(hass, miner.entry, "undo_takeover"))
    await hass.async_block_till_done()
    assert disabled_by(hass, own) is er.RegistryEntryDisabler.INTEGRATION


async def test_only_what_was_shown_is_done(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """If anything changes while the summary is open, there is a new one to agree to."""
    miner = await add_miner(whatsminer)
    own = ids(hass, miner.entry)
    step = await options(hass, miner.entry, "takeover")
    er.async_get(hass).async_update_entity(
        "sensor.garage_hashrate", new_entity_id="sensor.shed_hashrate"
    )
    await hass.async_block_till_done()
    step = await submit(hass, step)
    assert step["type"] is FlowResultType.FORM
    assert "sensor.shed_hashrate" in step["description_placeholders"]["renames"]
    assert ids(hass, miner.entry) == own
    assert other.state is ConfigEntryState.LOADED
    step = await submit(hass, step)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert miner.entity_id("hashrate") == "sensor.shed_hashrate"


@pytest.mark.parametrize("failure", [{"return_value": False}, {"side_effect": OperationNotAllowed}])
async def test_the_other_one_does_not_stop(
    hass: HomeAssistant,
    other: ConfigEntry,
    add_miner: AddMiner,
    whatsminer: WhatsminerSimulator,
    failure: dict[str, Any],
) -> None:
    """Nothing is renamed while it runs; the form stays open."""
    miner = await add_miner(whatsminer)
    own = ids(hass, miner.entry)
    step = await options(hass, miner.entry, "takeover")
    with patch.object(hass.config_entries, "async_reload", **failure):
        step = await submit(hass, step)
    assert step["errors"] == {"base": "other_does_not_stop"}
    assert ids(hass, miner.entry) == own
    assert other.disabled_by is None, "it is not switched off behind anybody's back"
    step = await submit(hass, step)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert miner.entity_id("hashrate") == "sensor.garage_hashrate"


async def test_nothing_corresponds(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """What its owner has switched off is not taken over, and without the rest nothing is left."""
    miner = await add_miner(whatsminer)
    entities = er.async_get(hass)
    for entity_id in ids(hass, other).values():
        entities.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    step = await options(hass, miner.entry, "takeover")
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "nothing_to_take_over"


async def test_the_settings_stay_within_reach(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """Behind the menu."""
    miner = await add_miner(whatsminer)
    step = await options(hass, miner.entry, "settings")
    step = await submit(hass, step, poll_seconds=20)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_a_miner_that_it_does_not_have(
    hass: HomeAssistant, other: ConfigEntry, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Nothing is offered for one that is neither at its addresses nor among its entities."""
    miner = await add_miner(braiins)
    step = await hass.config_entries.options.async_init(miner.entry.entry_id)
    assert step["step_id"] == "settings"
