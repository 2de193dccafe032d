"""A power controller at work: a simulated house, miners on real sockets, and the real flow."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigFlowContext,
)
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.controller import PowerController
from custom_components.asic_miner.power import defaults
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .flows import choose, fill, start
from .house import GRID, HOUSE_WATTS, METER, MUST_STOP, SOURCES, House, house_with


@pytest.fixture
async def house(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> House:
    """A house with one WhatsMiner, which mines."""
    return await house_with(hass, clock, add_miner, whatsminer)


async def test_surplus_becomes_draw(house: House) -> None:
    """What is left over rises and falls, and the miner with it, without a restart."""
    miner = house.miners[0]
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.live(1800)
    assert house.drawn == pytest.approx(2500, abs=150)
    assert float(house.state("surplus")) == pytest.approx(2500, abs=150)
    assert house.state("running_miners") == "1"
    before = house.drawn

    # A short cloud passes.
    house.solar = HOUSE_WATTS + 1800
    await house.live(40)
    assert house.drawn == pytest.approx(before, abs=60)
    await house.live(900)
    assert house.drawn == pytest.approx(1800, abs=150)

    house.solar = HOUSE_WATTS + 3200
    await house.live(900)
    assert house.drawn > 2900
    assert miner.device.truth()["mining_restarts"] == 0
    assert float(house.state("energy_solar")) > 0.5

    # The sun goes down.
    house.solar = 0.0
    await house.live(3600)
    assert miner.device.truth()["mining"] is False
    assert house.state("why") == "no_surplus"
    assert house.state("running_miners") == "0"
    assert float(house.state("energy_grid")) > 0


async def test_a_silent_meter(house: House) -> None:
    """Hold, then as little as possible, then off; and on again by itself."""
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.live(1800)
    before = house.drawn
    house.meter = False
    house.hass.states.async_set(GRID, STATE_UNAVAILABLE)
    await house.live(defaults.METER_FLOOR - 60)
    assert house.state("why") == "meter_hold"
    assert house.drawn == pytest.approx(before, abs=60)
    await house.live(600)
    assert house.state("why") == "meter_floor"
    assert 500 < house.drawn < before - 300
    await house.live(1200)
    assert house.state("why") == "meter_pause"
    assert house.miners[0].device.truth()["mining"] is False
    house.meter = True
    await house.live(3600)
    assert house.drawn == pytest.approx(2500, abs=150)


async def test_must_stop_is_instant(house: House) -> None:
    """Without waiting for the next plan; and it goes on when the signal ends."""
    house.solar = HOUSE_WATTS + 2500
    house.say(MUST_STOP, "off")
    await house.add(sources=SOURCES | {"signals": {"must_stop": MUST_STOP}})
    await house.live(1800)
    assert house.miners[0].device.truth()["mining"] is True
    house.say(MUST_STOP, "on")
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert house.miners[0].device.truth()["mining"] is False
    assert house.state("why") == "must_stop"
    # What it last said counts while it says nothing.
    house.say(MUST_STOP, STATE_UNAVAILABLE)
    await house.live(1200)
    assert house.miners[0].device.truth()["mining"] is False
    house.say(MUST_STOP, "off")
    await house.live(2400)
    assert house.miners[0].device.truth()["mining"] is True


async def test_a_circuit_is_never_exceeded(
    house: House, clock: ManualClock, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Two miners on a breaker for little more than one, with sun for both."""
    house.miners.append(await add_miner(braiins))
    clock.advance(1800)
    house.solar = 0.0
    await house.add(circuit={"name": "Garage", "members": house.devices, "amps": 25})
    await house.live(3600)
    # Both were on, and are off for want of sun; what a person switches off would stay off.
    assert house.drawn < 100
    house.solar = 9000.0
    limit = 25 * 230 * 0.8
    for _ in range(120):
        await house.live(60)
        assert house.drawn <= limit * 1.02
    assert house.drawn > limit * 0.7
    assert 0 <= float(house.state("headroom")) < limit * 0.3


async def test_a_dry_run_sends_nothing(house: House) -> None:
    """It is so at first; what would be done is shown."""
    house.entry = (await house.through_flow())["result"]
    await house.hass.async_block_till_done()
    assert house.state("dry_run") == "on"
    writes = house.writes
    await house.live(3600)
    assert house.writes == writes
    assert house.miners[0].device.truth()["mining"] is True
    assert float(house.state("surplus")) < 100
    await house.call("switch.turn_off", "dry_run")
    await house.live(1800)
    assert house.miners[0].device.truth()["mining"] is False


async def test_switched_off_it_leaves_miners_alone(house: House) -> None:
    """They go on as they are, also when the controller is removed."""
    house.solar = HOUSE_WATTS + 2500
    await house.add(circuit={"name": "Shed", "members": house.devices, "watts": 2600})
    await house.live(1800)
    assert house.miners[0].entry.runtime_data.actuator.guard.limit is not None
    before = house.drawn
    await house.call("switch.turn_off", "enabled")
    assert house.state("why") == "disabled"
    assert house.state("budget") == STATE_UNKNOWN
    assert house.miners[0].entry.runtime_data.actuator.guard.limit is None
    house.solar = 0.0
    await house.live(3600)
    assert house.drawn == pytest.approx(before, abs=60)
    assert await house.hass.config_entries.async_remove(house.entry.entry_id)
    assert house.miners[0].entry.state is ConfigEntryState.LOADED


async def test_a_restart_adopts_what_runs(house: House, hass_storage: dict[str, Any]) -> None:
    """Everything set up goes down and comes back, and the miner does not notice."""
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.call("number.set_value", "reserve", value=-50)
    await house.live(1800)
    before, energy = house.drawn, float(house.state("energy_solar"))
    writes, entry = house.writes, house.miners[0].entry
    for one in (house.entry, entry):
        assert await house.hass.config_entries.async_unload(one.entry_id)
    # The controller first: its miner is not there yet.
    for one in (house.entry, entry):
        assert await house.hass.config_entries.async_setup(one.entry_id)
    await house.hass.async_block_till_done()
    assert house.state("dry_run") == "off"
    assert house.state("reserve") == "-50.0"
    assert float(house.state("energy_solar")) == pytest.approx(energy)
    await house.live(600)
    assert house.drawn == pytest.approx(before, abs=100)
    assert house.miners[0].device.truth()["mining_restarts"] == 0
    assert house.writes - writes <= 2
    assert float(house.state("energy_solar")) > energy


async def test_a_person_comes_first(house: House) -> None:
    """What is set at the miner itself is left alone for an hour, a pause as long as it lasts."""
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.live(1800)
    await house.miners[0].call("number.set_value", "power_target", value=1600)
    await house.live(1800)
    assert house.drawn == pytest.approx(1600, abs=120)
    await house.live(3600)
    assert house.drawn == pytest.approx(2500, abs=150)


async def for_minutes(house: House, name: str, minutes: int) -> None:
    """Pause or boost."""
    data = {"device_id": house.devices, "duration": {"minutes": minutes}}
    await house.hass.services.async_call(DOMAIN, name, data, blocking=True)


async def test_off_stays_off(house: House, hass_storage: dict[str, Any]) -> None:
    """What a person has switched off is not started, whatever the sun."""
    miner = house.miners[0]
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await miner.call("switch.turn_off", "mining")
    await house.live(4200)
    assert miner.device.truth()["mining"] is False
    assert house.state("why") == "stays_off"
    # A boost ends as it began, and a restart forgets nothing.
    await for_minutes(house, "boost", 5)
    await house.live(120)
    assert miner.device.truth()["mining"] is True
    # After its minimum time.
    await house.live(960)
    assert miner.device.truth()["mining"] is False
    for entry in (house.entry, miner.entry):
        assert await house.hass.config_entries.async_reload(entry.entry_id)
    await house.hass.async_block_till_done()
    await house.live(1200)
    assert miner.device.truth()["mining"] is False
    assert house.state("why") == "stays_off"


async def test_a_pause_ends_as_told(house: House) -> None:
    """Then the controller has the miner again at once, and not after an hour."""
    miner = house.miners[0]
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.live(600)
    assert miner.device.truth()["mining"] is True
    await for_minutes(house, "pause", 15)
    await house.live(600)
    assert miner.device.truth()["mining"] is False
    await house.live(600)
    assert miner.device.truth()["mining"] is True
    await house.call("select.select_option", "mode", option="off")
    await house.live(1200)
    assert miner.device.truth()["mining"] is False


@pytest.mark.parametrize("meanwhile", ["off", "permission", "night"])
async def test_the_end_of_a_pause_is_no_order_to_start(house: House, meanwhile: str) -> None:
    """What the controller wished before says nothing of what it wishes now."""
    miner = house.miners[0]
    permission = "binary_sensor.permission"
    house.solar = HOUSE_WATTS + 2500
    house.say(permission, "on")
    await house.add(sources=SOURCES | {"signals": {"permission": permission}})
    await house.live(1200)
    assert miner.device.truth()["mining"] is True
    await for_minutes(house, "pause", 20)
    await house.live(600)
    if meanwhile == "off":
        await house.call("select.select_option", "mode", option="off")
    elif meanwhile == "permission":
        house.say(permission, "off")
    else:
        house.solar = 0.0
    for _ in range(120):
        await house.live(10)
        assert miner.device.truth()["mining"] is False


async def test_modes(house: House) -> None:
    """A fixed budget, everything, nothing. Only what makes sense is offered."""
    await house.add()
    options = house.hass.states.get(house.entity_id("mode"))
    assert options
    assert options.attributes["options"] == ["off", "surplus", "zero_export", "fixed", "full"]
    await house.call("number.set_value", "fixed_budget", value=2000)
    await house.call("select.select_option", "mode", option="fixed")
    await house.live(1200)
    assert house.drawn == pytest.approx(2000, abs=100)
    await house.call("select.select_option", "mode", option="full")
    await house.live(1200)
    assert house.drawn > 3000
    await house.call("select.select_option", "mode", option="off")
    await house.live(1800)
    assert house.miners[0].device.truth()["mining"] is False
    assert house.state("why") == "mode_off"


async def test_it_plans_by_itself(house: House, clock: ManualClock) -> None:
    """Every ten seconds, as long as it is set up."""
    await house.add()
    with patch.object(PowerController, "async_tick") as tick:
        async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=11))
        assert tick.call_count == 1
        assert await house.hass.config_entries.async_unload(house.entry.entry_id)
        async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=60))
        assert tick.call_count == 1


async def test_meters_in_kilowatts_and_two_of_them(house: House) -> None:
    """Units, signs and pairs all mean the same surplus."""
    say = house.say
    say("sensor.kw", "-1.5", unit_of_measurement="kW", device_class="power")
    say("sensor.in", "0", unit_of_measurement="W", device_class="power")
    say("sensor.out", "1.5", unit_of_measurement="kW", device_class="power")
    say("sensor.up", "1500", unit_of_measurement="W", device_class="power")
    pair = {"import_meter": "sensor.in", "export_meter": "sensor.out"}
    for meter in (
        {"grid_meter": "sensor.kw", "grid_sign": "import", "pair": {}},
        {"grid_meter": "sensor.up", "grid_sign": "export", "pair": {}},
        {"grid_sign": "import", "pair": pair},
    ):
        house.entry = (await house.through_flow(meter=meter))["result"]
        await house.hass.async_block_till_done()
        grid = house.controller.setup.grid(house.hass)
        assert grid
        assert grid.value == pytest.approx(-1500)
        assert await house.hass.config_entries.async_remove(house.entry.entry_id)
        await house.hass.async_block_till_done()


async def test_wrong_choices_are_explained(house: House) -> None:
    """Each at the step at which it is made."""
    hass, say = house.hass, house.say
    say("sensor.kwh", "5", unit_of_measurement="kWh", device_class="energy")
    say("sensor.soc", "5", unit_of_measurement="V", device_class="battery")
    house.report()
    flow = await fill(hass, await start(hass), advanced={})
    step = await choose(hass, flow, "controller")

    async def refused(error: dict[str, str], **given: Any) -> None:
        again = await fill(hass, step, **given)
        assert again["type"] is FlowResultType.FORM
        assert again["errors"] == error

    base = METER | {"name": "Sun"}
    await refused({"base": "meter_missing"}, name="Sun", grid_sign="import", pair={})
    await refused({"base": "meter_twice"}, **base | {"pair": {"import_meter": GRID}})
    same = {"import_meter": GRID, "export_meter": GRID}
    await refused({"base": "meter_same"}, name="Sun", grid_sign="import", pair=same)
    await refused({"base": "not_power"}, **base | {"grid_meter": "sensor.kwh"})
    step = await fill(hass, step, **base)
    assert step["description_placeholders"]["now"].endswith(" W")

    battery = {"battery_sign": "discharging", "discharge": True}
    await refused({"base": "battery_incomplete"}, **SOURCES | {"battery": battery})
    battery |= {"battery_meter": GRID, "state_of_charge": "sensor.soc"}
    await refused({"base": "not_percent"}, **SOURCES | {"battery": battery})
    battery |= {"battery_meter": "sensor.kwh"}
    await refused({"base": "not_power"}, **SOURCES | {"battery": battery})
    await refused({"base": "price_incomplete"}, **SOURCES | {"tariff": {"price_limit": 0.2}})
    signals = {"permission": MUST_STOP, "must_stop": MUST_STOP}
    await refused({"base": "signal_twice"}, **SOURCES | {"signals": signals})
    step = await fill(hass, step, **SOURCES)

    [device] = house.devices
    await refused({"miners": "none_picked"}, miners=[], policy="priority")
    await refused({"miners": "no_miner_chosen"}, miners=["?"], policy="priority")
    await refused({"miners": "miner_twice"}, miners=[device, device], policy="priority")
    step = await fill(hass, step, miners=[device], policy="equal")

    phases: dict[str, Any] = {"phase_1": [device], "phase_2": [device]}
    await refused({"base": "two_phases"}, phases=phases)
    await refused({"base": "phases_incomplete"}, phases={"phase_limit": 5000})
    step = await fill(hass, step, phases={"phase_1": [device]}, import_limit=9000)

    step = await choose(hass, step, "controller_circuit")
    garage: dict[str, Any] = {
        "name": "Garage",
        "members": [device],
        "details": {"wires": "3", "voltage": 230},
    }
    await refused({"members": "none_picked"}, **garage | {"members": [], "amps": 16})
    await refused({"base": "one_limit"}, **garage)
    await refused({"base": "one_limit"}, **garage, amps=16, watts=2000)
    step = await fill(hass, step, **garage, amps=16)
    assert step["description_placeholders"]["circuits"] == "- Garage: 16 A"
    step = await choose(hass, step, "controller_circuit")
    await refused({"name": "name_used"}, **garage, amps=16)
    step = await fill(hass, step, **garage | {"name": "Shed", "watts": 2000})
    # A WhatsMiner starts at full power, which is more.
    full = house.miners[0].entry.runtime_data.actuator.state.start_watts
    shown = f"- Garage: 16 A\n- Shed: 2000 W ⚠ WhatsMiner M60S {full:.0f} W > 1960 W"
    assert step["description_placeholders"]["circuits"] == shown
    step = await choose(hass, step, "controller_remove")
    [marker] = step["data_schema"].schema.items()
    shed = marker[1].config["options"][1]["value"]
    step = await fill(hass, step, circuits=[shed])
    step = await choose(hass, step, "controller_finish")
    await hass.async_block_till_done()
    house.entry = step["result"]
    settings = house.controller.setup.settings()
    assert [circuit.limit for circuit in settings.circuits] == [16 * 230 * 3 * 0.8]
    assert settings.miners[0].phase == 1
    assert settings.import_limit == 9000

    # A miner has one controller only, and a controller is none of the miners.
    step = await choose(hass, await fill(hass, await start(hass), advanced={}), "controller")
    step = await fill(hass, await fill(hass, step, **base), **SOURCES)
    await refused({"miners": "miner_taken"}, miners=[device], policy="priority")
    own = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, house.entry.entry_id), house.entry.entry_id
    )
    assert own
    await refused({"miners": "no_miner_chosen"}, miners=[own.id], policy="priority")
    with pytest.raises(ServiceValidationError, match="is no miner"):
        await hass.services.async_call(DOMAIN, "pause", {"device_id": [own.id]}, blocking=True)


@pytest.mark.parametrize(
    ("maximum", "excess", "needed"), [(2902, 1.0, None), (2903, 1.0, 2903), (2800, 1.04, 2912)]
)
async def test_a_miner_that_never_starts_is_marked(
    house: House, maximum: float, excess: float, needed: int | None
) -> None:
    """By what forbids its start: a little less than the limit, and what it draws in truth."""
    guard = house.miners[0].entry.runtime_data.actuator.guard
    guard.able(replace(guard.ability, maximum=maximum))
    guard.learned = replace(guard.learned, excess=excess)
    await house.add(circuit={"name": "Garage", "members": house.devices, "amps": 16})

    async def listed() -> str:
        options = house.hass.config_entries.options
        step = await options.async_init(house.entry.entry_id)
        step = await options.async_configure(
            step["flow_id"], {"next_step_id": "controller_circuits"}
        )
        placeholders = step["description_placeholders"]
        assert placeholders
        return placeholders["circuits"]

    # Of 2944 W it keeps away by the noise of two, since one of these does not fill it.
    mark = f" ⚠ WhatsMiner M60S {needed} W > 2902 W" if needed else ""
    assert await listed() == f"- Garage: 16 A{mark}"
    # Of one that is not loaded it is known what it has shown.
    assert await house.hass.config_entries.async_unload(house.miners[0].entry.entry_id)
    assert await listed() == "- Garage: 16 A ⚠ WhatsMiner M60S 3450 W > 2885 W"


async def test_everything_can_be_changed(house: House) -> None:
    """In the options, one step at a time; a circuit that goes takes its entity along."""
    hass = house.hass
    await house.add(circuit={"name": "Shed", "members": house.devices, "watts": 2600})
    await house.live(60)
    assert house.state("headroom")

    async def change(part: str) -> Any:
        step = await hass.config_entries.options.async_init(house.entry.entry_id)
        return await hass.config_entries.options.async_configure(
            step["flow_id"], {"next_step_id": part}
        )

    async def go_on(step: Any, **given: Any) -> Any:
        result = await hass.config_entries.options.async_configure(step["flow_id"], given)
        await hass.async_block_till_done()
        return result

    step = await go_on(await change("controller_meter"), **METER | {"grid_sign": "export"})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert house.entry.options["meter"]["grid_sign"] == "export"
    step = await go_on(await change("controller_meter"), grid_sign="export", pair={})
    assert step["errors"] == {"base": "meter_missing"}
    await go_on(step, **METER)
    tariff = {"price": "sensor.price", "price_limit": 0.2}
    await go_on(await change("controller_sources"), **SOURCES | {"tariff": tariff})
    modes = hass.states.get(house.entity_id("mode"))
    assert modes
    assert "surplus_cheap" in modes.attributes["options"]
    await go_on(await change("controller_sharing"), miners=house.devices, policy="efficient")
    await go_on(await change("controller_limits"), import_limit=5000, phases={})
    assert house.controller.setup.settings().import_limit == 5000
    step = await change("controller_circuits")
    step = await go_on(step, next_step_id="controller_remove")
    step = await go_on(step, circuits=list(house.controller.setup.circuits))
    await go_on(step, next_step_id="controller_finish")
    assert house.controller.setup.circuits == {}
    with pytest.raises(StopIteration):
        house.entity_id("headroom")
    assert house.state("dry_run") == "off"
    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=house.entry.entry_id)
    result = await hass.config_entries.flow.async_init(DOMAIN, context=context)
    assert result["reason"] == "change_in_options"
