"""Thermostats in Home Assistant, whose heaters are simulated miners in a simulated room."""

from typing import Any

from homeassistant.components.conversation import async_converse
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.power.heat_share import Heater, share
from custom_components.asic_miner.power.model import Source
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .heating import BACKUP, LIMITS, House, begin, choices


async def test_holds_a_room(
    hass: HomeAssistant, house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """Within half a kelvin, once it has warmed up, and without starting again and again."""
    miner = await add_miner(heater)
    heating = await house.add(miner)
    main = hass.states.get(heating.main)
    assert main is not None
    assert (main.domain, main.state, main.name) == ("climate", "off", "Workshop")
    assert main.attributes["hvac_action"] == "off"
    assert main.attributes["preset_modes"] == ["eco", "comfort", "boost", "sleep", "away"]
    # While it is off the miner mines for others.
    await house.minutes(5)
    assert heater.truth()["mining"] is True
    house.temperature = 16.0
    await heating.call("set_temperature", temperature=18.5, hvac_mode="heat")
    await house.minutes(110)
    assert heating.attribute("hvac_action") == "heating"
    for _ in range(6):
        await house.minutes(10)
        assert house.temperature == pytest.approx(18.5, abs=0.5)
    state = miner.entry.runtime_data.actuator.state
    assert state.starts <= 4
    # Told once, and then left alone.
    await heating.call("turn_off")
    assert heater.truth()["mining"] is False
    assert heating.attribute("hvac_action") == "off"


@pytest.mark.parametrize(
    "sentence", ["set the office to 21 degrees", "set the workshop heating to 21 degrees"]
)
async def test_temperature_by_voice(
    hass: HomeAssistant,
    house: House,
    add_miner: AddMiner,
    heater: SimulatedMiner,
    sentence: str,
) -> None:
    """Built in, by the area in which the thermostat is, and by its name."""
    assert await async_setup_component(hass, "conversation", {})
    heating = await house.add(await add_miner(heater), name="Workshop heating")
    async_expose_entity(hass, "conversation", heating.main, True)
    office = ar.async_get(hass).async_create("Office")
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, heating.entry.entry_id), heating.entry.entry_id
    )
    assert device is not None
    dr.async_get(hass).async_update_device(device.id, area_id=office.id)
    said = await async_converse(hass, sentence, None, Context(), language="en", device_id=None)
    await hass.async_block_till_done()
    assert said.response.error_code is None
    assert heating.attribute("temperature") == 21


async def test_mode_setpoint_and_preset_survive_a_reload(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """A boost does not; what was before it does."""
    heating = await house.add(await add_miner(braiins))
    await heating.call("set_preset_mode", preset_mode="sleep")
    await heating.call("set_temperature", temperature=21.5, hvac_mode="heat")
    await heating.call("set_preset_mode", preset_mode="boost")
    assert heating.attribute("preset_mode") == "boost"
    await heating.reload()
    assert heating.shown("thermostat") == "heat"
    assert heating.attribute("temperature") == 21.5
    assert heating.attribute("preset_mode") == "sleep"


async def test_presets_bound_the_power(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Far below the setpoint each preset asks for what it allows."""
    miner = await add_miner(braiins)
    heating = await house.add(miner)
    house.temperature = 10.0
    house.show()
    await heating.call("set_temperature", temperature=25, hvac_mode="heat")
    demand = {}
    for preset in ("comfort", "eco", "sleep", "boost"):
        await heating.call("set_preset_mode", preset_mode=preset)
        demand[preset] = heating.wanted
    assert demand["boost"] == demand["comfort"] > demand["eco"] > demand["sleep"] > 0
    # Away holds 10 °C, which it has.
    house.temperature = 12.0
    house.show()
    await heating.call("set_preset_mode", preset_mode="away")
    assert heating.wanted == 0
    assert heating.attribute("temperature") == 25


async def test_a_person_may_stop_the_miner(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Off at the miner stays off until something is ordered at the thermostat."""
    miner = await add_miner(braiins)
    heating = await house.add(miner)
    await heating.call("set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(20)
    await miner.call("switch.turn_off", "mining")
    await house.minutes(30)
    assert braiins.truth()["mining"] is False
    await heating.call("set_temperature", temperature=24)
    await house.minutes(20)
    assert braiins.truth()["mining"] is True
    # Any other draw is the thermostat's to decide.
    await miner.entry.runtime_data.actuator.async_wish(1200.0, Source.USER)
    await house.minutes(1)
    assert miner.entry.runtime_data.actuator.state.wish.source is Source.HEAT


async def test_water_heater(
    hass: HomeAssistant,
    house: House,
    add_miner: AddMiner,
    braiins: BraiinsSimulator,
    whatsminer: WhatsminerSimulator,
) -> None:
    """A pool with two miners; the operations are what Home Assistant knows."""
    first, second = await add_miner(braiins), await add_miner(whatsminer)
    house.temperature = 20.0
    house.show()
    heating = await house.add(first, second, heats="pool")
    state = hass.states.get(heating.main)
    assert state is not None
    assert (state.domain, state.state) == ("water_heater", "off")
    assert state.attributes["max_temp"] == 35

    await heating.call("set_temperature", temperature=30)
    await heating.call("set_operation_mode", operation_mode="electric")
    for miner in (first, second):
        wish = miner.entry.runtime_data.actuator.state.wish
        assert wish.source is Source.HEAT
        assert wish.watts > 0
    assert heating.shown("water") == "electric"
    assert heating.shown("heating_action") in {"heating", "preheating"}
    assert heating.shown("pump_demand") == "on"
    await heating.call("set_away_mode", away_mode=True)
    assert heating.attribute("away_mode") == "on"
    assert heating.wanted == 0
    await heating.call("set_operation_mode", operation_mode="performance")
    # Without a sensor at the outlet the limits are those of the pool itself.
    house.temperature = 61.0
    await house.minutes(1)
    assert heating.reason == "supply_latched"
    assert braiins.truth()["mining"] is False
    await heating.call("turn_off")
    assert heating.shown("water") == "off"
    assert heating.shown("heating_action") == "off"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"miners": []}, {"miners": "none_picked"}),
        ({"temperature_sensor": "sensor.humidity"}, {"base": "not_temperature"}),
        (
            {"more": {"pump_switch": BACKUP, "backup_switch": BACKUP}},
            {"base": "pump_is_backup"},
        ),
        (
            {"limits": {**LIMITS, "water_soft_limit": 65}},
            {"base": "limits_crossed"},
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(
    hass: HomeAssistant,
    house: House,
    add_miner: AddMiner,
    braiins: BraiinsSimulator,
    changes: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """And taken once it is mended."""
    hass.states.async_set("sensor.humidity", "50", {"unit_of_measurement": "%"})
    miner = await add_miner(braiins)
    flow = await begin(hass)
    step = await hass.config_entries.flow.async_configure(flow, choices(hass, miner, **changes))
    assert step["errors"] == errors
    step = await hass.config_entries.flow.async_configure(flow, choices(hass, miner))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    # A second one for the same miner would fight the first.
    step = await hass.config_entries.flow.async_configure(await begin(hass), choices(hass, miner))
    assert step["errors"] == {"miners": "miner_heats"}


@pytest.mark.parametrize(
    ("heats", "highest", "keys"),
    [
        ("room", 30, {"thermostat"}),
        ("tank", 60, {"water", "heating_action", "pump_demand"}),
        ("pool", 35, {"water", "heating_action", "pump_demand"}),
        ("hot_tub", 40, {"water", "heating_action", "pump_demand"}),
    ],
)
async def test_what_is_heated(
    house: House,
    add_miner: AddMiner,
    heater: SimulatedMiner,
    heats: str,
    highest: int,
    keys: set[str],
) -> None:
    """Each has its range, and only what it needs."""
    heating = await house.add(await add_miner(heater), heats=heats)
    assert heating.attribute("max_temp") == highest
    always = {"heating_reason", "heat_demand", "heat_problem", "acknowledge"}
    assert heating.keys() == keys | always


async def test_options(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """A room becomes a pool: another entity, the same thermostat."""
    miner = await add_miner(braiins)
    heating = await house.add(miner)
    step = await hass.config_entries.options.async_init(heating.entry.entry_id)
    chosen = choices(hass, miner, heats="pool")
    del chosen["name"]
    step = await hass.config_entries.options.async_configure(step["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert heating.shown("water") == "off"


@pytest.mark.parametrize(
    ("soft", "hard", "error"),
    [
        (40, 45, "setpoint_above_hard"),
        (40, 44, "setpoint_above_hard"),
        (45, 60, "setpoint_above_soft"),
        (44, 46, "setpoint_above_soft"),
        (46, 47, None),
    ],
)
async def test_limits_of_water_are_above_its_setpoint(
    hass: HomeAssistant,
    house: House,
    add_miner: AddMiner,
    braiins: BraiinsSimulator,
    soft: int,
    hard: int,
    error: str | None,
) -> None:
    """Or the water would stop the miners on its way there; the form says which one to raise."""
    miner = await add_miner(braiins)
    heating = await house.add(miner, heats="tank")
    await heating.call("set_temperature", temperature=45)
    step = await hass.config_entries.options.async_init(heating.entry.entry_id)
    assert not limits_are_open(step)
    limits = {"water_soft_limit": soft, "water_hard_limit": hard}
    chosen = choices(hass, miner, heats="tank", limits=limits)
    del chosen["name"]
    step = await hass.config_entries.options.async_configure(step["flow_id"], chosen)
    if error is not None:
        assert step["errors"] == {"base": error}
        assert step["description_placeholders"] == {"setpoint": "45 °C"}
        assert limits_are_open(step)
        # It is as good to ask for less warmth.
        await heating.call("set_temperature", temperature=30)
        step = await hass.config_entries.options.async_configure(step["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


def limits_are_open(step: Any) -> bool:
    """Tell whether a form shows the limits without being asked to."""
    sections = {str(key): value for key, value in step["data_schema"].schema.items()}
    return sections["limits"].options["collapsed"] is False


async def test_limits_of_water_are_nothing_to_a_room(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    miner = await add_miner(braiins)
    heating = await house.add(miner)
    await heating.call("set_temperature", temperature=25)
    step = await hass.config_entries.options.async_init(heating.entry.entry_id)
    limits = {"water_soft_limit": 22, "water_hard_limit": 24}
    chosen = choices(hass, miner, limits=limits)
    del chosen["name"]
    step = await hass.config_entries.options.async_configure(step["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("heats", "soft", "setpoint"),
    [
        ("tank", 50, 45),
        ("tank", 40, 35),
        ("tank", 20, 15),
        ("pool", 50, 26),
        ("pool", 30, 25),
        ("room", 20, 20),
    ],
)
async def test_a_new_thermostat_begins_below_its_limits(
    house: House,
    add_miner: AddMiner,
    braiins: BraiinsSimulator,
    heats: str,
    soft: int,
    setpoint: int,
) -> None:
    """Who has a low limit need not raise it for a setpoint that nobody has chosen."""
    limits = {"water_soft_limit": soft, "water_hard_limit": soft + 5}
    heating = await house.add(await add_miner(braiins), heats=heats, limits=limits)
    assert heating.attribute("temperature") == setpoint


def test_sharing() -> None:
    """The first ones first, and nothing between two of them is left out."""
    heaters = [
        Heater(key="a", floor=1000, maximum=3000),
        Heater(key="b", floor=900, maximum=3000),
    ]
    assert share(900, heaters) == {"a": 0, "b": 900}
    assert share(2000, heaters) == {"a": 2000, "b": 0}
    assert share(3500, heaters) == {"a": 2600, "b": 900}
    assert share(9000, heaters) == {"a": 3000, "b": 3000}
    assert share(0, heaters) == {"a": 0, "b": 0}
