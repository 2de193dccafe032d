"""Coming from another integration: its addresses, its logins, its entity ids, and back again."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.sensor import SensorEntity, SensorStateClass
from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlow,
    OperationNotAllowed,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.recorder import get_instance
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_config_flow,
    mock_integration,
    mock_platform,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
import pytest_socket

from custom_components.asic_miner.const import CONF_TAKEOVER, DOMAIN
from custom_components.asic_miner.miners import DEFAULT_PORTS
from custom_components.asic_miner.miners.models import Capabilities, Make
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .flows import choose, fill, start


def gone(other: ConfigEntry) -> Callable[..., Any]:
    """Return a set-up that fails for one entry, as without its integration."""
    real = ConfigEntry.async_setup

    async def async_setup(entry: ConfigEntry, hass: HomeAssistant, **given: Any) -> None:
        if entry is other:
            entry._async_set_state(hass, ConfigEntryState.SETUP_ERROR, "Integration not found")
        else:
            await real(entry, hass, **given)

    return async_setup


EPOCH = datetime.fromtimestamp(0, UTC)
UNITS = {"hashrate": "TH/s", "miner_consumption": "W", "efficiency": "kJ/TH"}
SENSORS = ("hashrate", "miner_consumption", "efficiency", "0-board_temperature", "1-fan_speed")


class OtherSensor(SensorEntity):
    """A sensor of the other integration."""

    _attr_should_poll = False

    def __init__(self, entry: ConfigEntry, key: str, state_class: SensorStateClass | None) -> None:
        """Name it as that one does."""
        self._attr_unique_id = f"{entry.data['mac'].upper()}-{key}"
        self._attr_state_class = state_class
        self._attr_name = f"{entry.title} {key}"
        self._attr_native_unit_of_measurement = UNITS.get(key)
        self._attr_native_value = 1 if key in UNITS else None


class OtherSwitch(SwitchEntity):
    """The switch of the other integration."""

    _attr_should_poll = False

    def __init__(self, entry: ConfigEntry) -> None:
        """Name it as that one does."""
        self._attr_unique_id = f"{entry.data['mac'].upper()}-active"
        self._attr_name = f"{entry.title} active"
        self._attr_is_on = True


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


async def options(hass: HomeAssistant, entry: ConfigEntry, option: str) -> Any:
    """Choose from the menu of the options."""
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert step["type"] is FlowResultType.MENU
    return await submit(hass, step, next_step_id=option)


async def submit(hass: HomeAssistant, step: Any, **given: Any) -> Any:
    """Submit a form of the options."""
    return await hass.config_entries.options.async_configure(step["flow_id"], given)


def ids(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return entity ids by unique id."""
    return {
        entity.unique_id: entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }


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


def disabled_by(hass: HomeAssistant, entity_id: str) -> er.RegistryEntryDisabler | None:
    """Return who has switched an entity off."""
    entity = er.async_get(hass).async_get(entity_id)
    assert entity
    return entity.disabled_by


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


async def take_over(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Go through the takeover."""
    step = await submit(hass, await options(hass, entry, "takeover"))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def undo(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Go through the way back."""
    step = await submit(hass, await options(hass, entry, "undo_takeover"))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert CONF_TAKEOVER not in entry.data
    assert entry.state is ConfigEntryState.LOADED


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


# Adding its miners


@pytest.fixture
async def two(
    hass: HomeAssistant, clock: ManualClock, unused_tcp_port_factory: Callable[[], int]
) -> AsyncGenerator[dict[str, SimulatedMiner]]:
    """A miner of each make, by address."""
    pytest_socket.socket_allow_hosts([f"127.0.0.{last}" for last in range(1, 7)])
    ports = {make: unused_tcp_port_factory() for make in DEFAULT_PORTS}
    miners: dict[str, SimulatedMiner] = {
        "127.0.0.2": WhatsminerSimulator(
            "127.0.0.2", ports[Make.WHATSMINER], clock=clock, seed=80, password="rpc"
        ),
        "127.0.0.3": BraiinsSimulator(
            "127.0.0.3", ports[Make.BRAIINS], clock=clock, seed=81, password="web"
        ),
    }
    for miner in miners.values():
        await miner.start()
    with patch.dict(DEFAULT_PORTS, ports):
        yield miners
    for miner in miners.values():
        await miner.stop()


async def to_takeover(hass: HomeAssistant, *data: Mapping[str, object]) -> Any:
    """Have entries of the other integration, and go as far as choosing among them."""
    for number, stored in enumerate(data):
        MockConfigEntry(domain="miner", title=f"Old {number}", data=stored).add_to_hass(hass)
    step = await choose(hass, await fill(hass, await start(hass), advanced={}), "takeover")
    assert step["step_id"] == "takeover"
    return step


OLD_WHATSMINER = {"ip": "127.0.0.2", "rpc_password": "rpc", "web_username": "admin"}
OLD_BRAIINS = {"host": "127.0.0.3", "web_username": "root", "web_password": "web"}


async def test_its_miners_are_added_with_its_logins(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """No login has to be found again. What has no address or answers nothing is left out."""
    step = await to_takeover(
        hass, OLD_WHATSMINER, OLD_BRAIINS, {"ip": 5}, {"title": "x"}, {"ip": "127.0.0.5"}
    )
    [field] = step["data_schema"].schema.values()
    hosts = [option["value"] for option in field.config["options"]]
    assert hosts == ["127.0.0.2", "127.0.0.3", "127.0.0.5"]
    step = await fill(hass, step, miners=[])
    assert step["errors"] == {"miners": "none_picked"}
    step = await fill(hass, step, miners=["127.0.0.5"])
    assert step["errors"] == {"miners": "none_answers"}
    step = await fill(hass, step, miners=hosts)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entries = hass.config_entries.async_entries(DOMAIN)
    assert {entry.data["password"] for entry in entries} == {"rpc", "web"}
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}


async def test_its_miners_that_were_ignored_once(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """Who chooses them wants them now: all are added, not the first one alone."""
    for miner in two.values():
        MockConfigEntry(
            domain=DOMAIN, source=SOURCE_IGNORE, unique_id=str(miner.truth()["mac"])
        ).add_to_hass(hass)
    step = await to_takeover(hass, OLD_WHATSMINER, OLD_BRAIINS)
    step = await fill(hass, step, miners=list(two))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entries = hass.config_entries.async_entries(DOMAIN)
    assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}
    assert {entry.unique_id for entry in entries} == {
        miner.truth()["mac"] for miner in two.values()
    }


async def test_a_login_of_it_that_is_not_valid(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """It is asked for as after a search."""
    step = await to_takeover(hass, {**OLD_WHATSMINER, "rpc_password": "old"}, OLD_BRAIINS)
    step = await fill(hass, step, miners=["127.0.0.2", "127.0.0.3"])
    assert step["step_id"] == "shared_login"
    assert step["description_placeholders"]["make"] == "WhatsMiner"
    step = await fill(hass, step, password="rpc", skip=False)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_miners_that_are_here_already(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """They are not offered again, and when none is left neither is the takeover."""
    step = await to_takeover(hass, OLD_WHATSMINER, OLD_BRAIINS)
    step = await fill(hass, step, miners=["127.0.0.2"])
    await hass.async_block_till_done()
    step = await choose(hass, await fill(hass, await start(hass), advanced={}), "takeover")
    [field] = step["data_schema"].schema.values()
    assert [option["value"] for option in field.config["options"]] == ["127.0.0.3"]
    step = await fill(hass, step, miners=["127.0.0.3"])
    await hass.async_block_till_done()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2
    step = await fill(hass, await start(hass), advanced={})
    assert "takeover" not in step["menu_options"]


async def test_ours_is_known_by_its_address(
    hass: HomeAssistant, two: dict[str, SimulatedMiner]
) -> None:
    """Where the other integration has no entity that tells."""
    step = await to_takeover(hass, OLD_WHATSMINER)
    step = await fill(hass, step, miners=["127.0.0.2"])
    await hass.async_block_till_done()
    step = await options(hass, step["result"], "takeover")
    assert step["reason"] == "nothing_to_take_over"


async def test_search_all_the_same(hass: HomeAssistant, two: dict[str, SimulatedMiner]) -> None:
    """The other way stays open."""
    MockConfigEntry(domain="miner", data=OLD_BRAIINS).add_to_hass(hass)
    step = await fill(hass, await start(hass), advanced={})
    with patch("homeassistant.components.network.async_get_adapters", return_value=[]):
        step = await choose(hass, step, "search")
        assert step["type"] is FlowResultType.SHOW_PROGRESS
        await hass.async_block_till_done()
