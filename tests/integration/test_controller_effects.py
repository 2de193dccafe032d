"""What each input of a power controller does to real miners in a simulated house."""

from contextlib import AsyncExitStack
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.asic_miner.budgets import BUDGETS
from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.issues import SLOW_METER
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.model import Source
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .home import miner_in, restarted
from .house import (
    BATTERY,
    HOUSE_WATTS,
    LIMITS,
    MUST_STOP,
    SOC,
    SOLAR,
    SOURCES,
    Battery,
    House,
    house_with,
)

PRICE = "sensor.price"
PERMISSION = "input_boolean.permission"
CIRCUIT = "sensor.circuit"
PHASES = ("sensor.phase_1", "sensor.phase_2", "sensor.phase_3")


def with_battery(*, discharge: bool = False) -> dict[str, Any]:
    """Return what its owner chooses who has a battery."""
    battery = {
        "battery_meter": BATTERY,
        "battery_sign": "discharging",
        "state_of_charge": SOC,
        "discharge": discharge,
    }
    return SOURCES | {"battery": battery}


@pytest.fixture
async def house(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> House:
    """A house with one WhatsMiner, which mines."""
    return await house_with(hass, clock, add_miner, whatsminer)


def mining(house: House, number: int = 0) -> bool:
    """Tell whether a miner really mines."""
    return house.miners[number].device.truth()["mining"] is True


async def test_the_battery_comes_first(house: House) -> None:
    """What charges it starts no miner before it is nearly full; then they have it all."""
    house.battery = Battery(soc=60)
    await house.add(sources=with_battery())
    await house.live(1200)
    assert not mining(house)
    house.solar = HOUSE_WATTS + 2500
    await house.live(1800)
    assert not mining(house)
    assert 60 < house.battery.soc < defaults.BATTERY_FIRST_SOC
    house.battery.soc = 97
    await house.live(600)
    assert mining(house)
    assert house.battery.soc > 97


async def test_miners_never_discharge_the_battery(house: House) -> None:
    """The meter of the grid shows nothing at all when the sun goes; they stop all the same."""
    house.solar = HOUSE_WATTS + 2500
    house.battery = Battery(soc=99)
    await house.add(sources=with_battery())
    await house.live(1800)
    assert house.drawn > 2300
    house.solar, house.battery.given = 0.0, 0.0
    longest = defaults.BATTERY_HOLD + defaults.BATTERY_STOP
    await house.live(longest + 60)
    assert not mining(house)
    assert abs(house.grid) < 50
    # Nothing but what it took to see it, and what a miner that lives from it draws off.
    assert house.battery.given < 3000 * (longest + 60) / 3600
    given = house.battery.given
    await house.live(1800)
    assert not mining(house)
    assert house.battery.given - given == pytest.approx((HOUSE_WATTS + 20) / 2, rel=0.1)
    assert house.state("why") in {"battery", "no_surplus"}


async def test_miners_may_discharge_the_battery(house: House) -> None:
    """Down to what is kept for the house, and no further."""
    house.solar = HOUSE_WATTS + 2500
    house.battery = Battery(soc=99)
    await house.add(sources=with_battery(discharge=True))
    await house.live(1800)
    house.solar = 0.0
    await house.live(1200)
    assert mining(house)
    assert house.battery.soc > defaults.BATTERY_DISCHARGE_SOC
    assert float(house.state("energy_battery")) > 0.3
    house.battery.soc = defaults.BATTERY_DISCHARGE_SOC - 1
    await house.live(1800)
    assert not mining(house)
    assert house.battery.soc > defaults.BATTERY_STOP_SOC


async def test_cheap_grid(house: House) -> None:
    """All that the miners can draw while it is cheap, and off at the end of the hour."""
    house.say(PRICE, 0.30)
    tariff = {"price": PRICE, "price_limit": 0.20}
    await house.add(sources=SOURCES | {"tariff": tariff})
    await house.call("select.select_option", "mode", option="surplus_cheap")
    await house.live(3600)
    assert not mining(house)
    assert house.state("why") == "price_high"
    house.say(PRICE, 0.15)
    await house.live(defaults.PRICE_HOLD + 1500)
    assert house.drawn > 3300
    house.say(PRICE, 0.25)
    await house.live(300)
    assert house.drawn < 1200
    await house.live(900)
    assert not mining(house)
    # What does not say its price is dear.
    house.say(PRICE, STATE_UNAVAILABLE)
    await house.live(1800)
    assert not mining(house)


async def test_why_is_true(house: House) -> None:
    """It never speaks of too little sun while there is enough of it."""
    wrong: list[tuple[str, float, float]] = []

    def look() -> None:
        surplus = float(house.state("surplus"))
        if house.state("why") == "no_surplus" and surplus > max(house.drawn, 1500) - 60:
            wrong.append((house.state("why"), surplus, house.drawn))

    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.live(1200)
    await house.call("select.select_option", "mode", option="off")
    await house.live(60)
    house.seen = look
    # It has just been switched off and may not be started again so soon.
    await house.call("select.select_option", "mode", option="surplus")
    await house.live(120)
    assert house.state("why") == "miner_waits"
    shown = house.hass.states.get(house.entity_id("why"))
    assert shown
    assert shown.attributes["until"]
    await house.live(1500)
    assert mining(house)
    assert wrong == []


async def test_permission(house: House) -> None:
    """Off stops in an orderly way; unavailable, it stands as it was."""
    house.solar = HOUSE_WATTS + 2500
    house.say(PERMISSION, "on")
    await house.add(sources=SOURCES | {"signals": {"permission": PERMISSION}})
    await house.live(1800)
    assert house.drawn > 2300
    house.say(PERMISSION, STATE_UNAVAILABLE)
    await house.live(1200)
    assert mining(house)
    house.say(PERMISSION, "off")
    await house.live(1800)
    assert not mining(house)
    assert house.state("why") == "not_permitted"
    house.say(PERMISSION, STATE_UNAVAILABLE)
    await house.live(1800)
    assert not mining(house)
    assert house.state("why") == "not_permitted"
    house.say(PERMISSION, "on")
    await house.live(1800)
    assert mining(house)


async def test_must_stop_stops_everybody(house: House) -> None:
    """Also what a person has just ordered to draw all that it can, and it stays off."""
    house.say(MUST_STOP, "off")
    await house.add(sources=SOURCES | {"signals": {"must_stop": MUST_STOP}})
    await house.hass.services.async_call(
        DOMAIN, "boost", {"device_id": house.devices, "duration": {"hours": 3}}, blocking=True
    )
    await house.live(600)
    assert house.drawn > 3300
    house.say(MUST_STOP, "on")
    await house.hass.async_block_till_done(wait_background_tasks=True)
    assert not mining(house)
    await house.live(3600)
    assert not mining(house)
    house.say(MUST_STOP, "off")
    await house.live(1800)
    assert mining(house)


async def test_a_phase_is_never_exceeded(house: House) -> None:
    """A kettle on the phase of the miner takes its place at once."""
    limit = 4600.0
    kettle = 0.0

    def show() -> None:
        on_first = HOUSE_WATTS + house.drawn + kettle
        for entity, watts in zip(PHASES, (on_first, 100.0, 100.0), strict=True):
            house.say(entity, round(watts), unit_of_measurement="W", device_class="power")

    show()
    house.seen = show
    meters = {f"phase_meter_{number}": entity for number, entity in enumerate(PHASES, 1)}
    phases = {"phase_1": house.devices, "phase_limit": limit, **meters}
    await house.add(limits={"phases": phases})
    await house.call("select.select_option", "mode", option="full")
    await house.live(1200)
    assert house.drawn > 3300
    kettle = 2000.0
    show()
    # One look of the controller, and the seconds that the quick form of the command takes.
    await house.live(20)
    assert HOUSE_WATTS + house.drawn + kettle <= limit * 1.02
    assert mining(house)
    assert house.state("why") == "import_limit"
    # A phase that says nothing takes no other with it, nor its own limit.
    silent = PHASES[1]

    def show_two() -> None:
        show()
        house.say(silent, STATE_UNAVAILABLE)

    house.seen = show_two
    await house.live(300)
    assert house.drawn + HOUSE_WATTS + kettle <= limit * 1.02
    kettle, silent = 0.0, PHASES[0]
    before = house.drawn
    await house.live(300)
    assert house.drawn <= before + 50
    assert house.state("why") == "limit_meter_hold"


async def test_a_circuit_whose_meter_is_silent(house: House) -> None:
    """What else hangs on it is still there, so nobody rises; in the end all are off."""
    others = 1800.0

    def show() -> None:
        house.say(CIRCUIT, others + house.drawn, unit_of_measurement="W", device_class="power")

    show()
    house.seen = show
    circuit = {
        "name": "Garage",
        "watts": 4000,
        "members": house.devices,
        "details": {"wires": "1", "voltage": 230, "circuit_meter": CIRCUIT},
    }
    await house.add(circuit=circuit)
    await house.call("select.select_option", "mode", option="full")
    await house.live(1200)
    before = house.drawn
    assert 1800 < before <= 4000 - others
    house.seen = None
    house.say(CIRCUIT, STATE_UNAVAILABLE)
    await house.live(defaults.METER_FLOOR - 60)
    assert house.state("why") == "limit_meter_hold"
    assert house.drawn == pytest.approx(before, abs=60)
    # Nor after a restart, when it has not spoken at all.
    await house.hass.config_entries.async_reload(house.entry.entry_id)
    await house.live(300)
    assert house.state("why") == "limit_meter_hold"
    assert house.drawn == pytest.approx(before, abs=60)
    await house.live(defaults.METER_FLOOR)
    assert house.state("why") == "limit_meter_floor"
    await house.live(defaults.METER_PAUSE)
    assert not mining(house)
    assert house.state("why") == "limit_meter_pause"


async def test_an_import_limit(house: House) -> None:
    """It holds in every mode, and without a meter nobody rises."""
    limit = 2500.0
    await house.add(limits={"import_limit": limit, "phases": {}})
    await house.call("select.select_option", "mode", option="full")
    await house.live(900)
    assert 1500 < house.drawn <= limit - HOUSE_WATTS + 50
    assert house.state("why") == "import_limit"
    house.load = 1200.0
    await house.live(60)
    assert house.grid <= limit * 1.02
    assert mining(house)
    # Without a meter it ends as every silent limit does, in this mode too.
    house.meter = False
    await house.live(defaults.METER_FLOOR)
    assert house.state("why") == "meter_hold"
    await house.live(300)
    assert house.state("why") == "meter_floor"
    await house.live(defaults.METER_PAUSE)
    assert not mining(house)
    assert house.state("why") == "meter_pause"


async def test_a_circuit_in_amps_holds_in_every_look(
    hass: HomeAssistant,
    clock: ManualClock,
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
) -> None:
    """Not what is drawn and not what has been ordered is ever above it, ramps included."""
    house = await house_with(hass, clock, add_miner, whatsminer, braiins)
    limit = 30 * 230 * defaults.LIMIT_SHARE
    looks: list[tuple[float, float]] = []

    def look() -> None:
        states = house.controller.states().values()
        looks.append((sum(state.committed for state in states), house.drawn))

    await house.add(circuit={"name": "Garage", "members": house.devices, "amps": 30})
    await house.live(1200)
    for miner in house.miners:
        miner.entry.runtime_data.actuator.release()
    house.seen = look
    for mode, seconds in (("full", 1200), ("off", 1000), ("full", 2400)):
        await house.call("select.select_option", "mode", option=mode)
        await house.live(seconds)
    committed, drawn = (max(values) for values in zip(*looks, strict=True))
    assert committed <= limit * 1.01
    assert limit * 0.8 < drawn <= limit * 1.02


async def test_zero_export(house: House) -> None:
    """The sun that is held back is found by trying, and the import stays in its band."""
    house.throttles = True
    house.solar = HOUSE_WATTS + 2600
    await house.add()
    await house.call("select.select_option", "mode", option="off")
    await house.live(1500)
    await house.call("select.select_option", "mode", option="surplus")
    await house.live(900)
    # The meter shows nothing of all the sun.
    assert not mining(house)
    await house.call("select.select_option", "mode", option="zero_export")
    await house.live(3600)
    assert house.drawn == pytest.approx(2600 + defaults.BAND_HIGH / 2, abs=500)
    assert house.grid < defaults.BAND_HIGH + 150
    house.solar = HOUSE_WATTS + 1500
    await house.live(1200)
    assert house.grid < defaults.BAND_HIGH + 150
    assert mining(house)
    house.solar = 0.0
    await house.live(3600)
    assert not mining(house)


async def test_zero_export_at_night(house: House) -> None:
    """Where no roof is measured, it is the sun at this home that says when to search."""
    house.throttles = True
    house.load = defaults.BAND_LOW - 50
    house.say("sun.sun", "below_horizon", elevation=-0.5)
    await house.add()
    await house.call("select.select_option", "mode", option="off")
    await house.live(900)
    await house.call("select.select_option", "mode", option="zero_export")
    await house.live(900)
    assert not mining(house)
    assert house.state("why") == "no_surplus"
    house.say("sun.sun", "above_horizon", elevation=0.5)
    await house.live(300)
    assert mining(house)


async def test_two_controllers(
    hass: HomeAssistant,
    clock: ManualClock,
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
) -> None:
    """Each commands its own miners and leaves those of the other as they are."""
    house = await house_with(hass, clock, add_miner, whatsminer)
    shed = await house_with(hass, clock, add_miner, braiins)
    await house.add()
    await shed.add()
    await house.call("number.set_value", "fixed_budget", value=1500)
    await house.call("select.select_option", "mode", option="fixed")
    await shed.call("number.set_value", "fixed_budget", value=2400)
    await shed.call("select.select_option", "mode", option="fixed")
    for _ in range(30):
        await house.live(30)
        clock.advance(-30)
        await shed.live(30)
    assert house.drawn == pytest.approx(1500, abs=120)
    assert shed.drawn == pytest.approx(2400, abs=120)
    await house.call("select.select_option", "mode", option="off")
    for _ in range(40):
        await house.live(30)
        clock.advance(-30)
        await shed.live(30)
    assert not mining(house)
    assert shed.drawn == pytest.approx(2400, abs=120)


async def test_where_the_energy_came_from(house: House) -> None:
    """A battery that nobody measures is not taken for the sun after dark."""
    house.solar = HOUSE_WATTS + 2500
    await house.add(sources=SOURCES | {"solar_meter": SOLAR})
    await house.call("number.set_value", "fixed_budget", value=2000)
    await house.call("select.select_option", "mode", option="fixed")
    await house.live(1800)
    sun = float(house.state("energy_solar"))
    assert sun > 0.8
    # A battery gives all that the house and its miner need; no meter of it is set up.
    house.solar, house.battery = 0.0, Battery(soc=90)
    await house.live(1800)
    assert float(house.state("energy_solar")) == pytest.approx(sun, abs=0.05)
    assert float(house.state("energy_battery")) > 0.8
    # At night the inverter says nothing at all.
    house.say(SOLAR, STATE_UNAVAILABLE)
    assert house.controller.setup.readings(
        house.hass,
        house.controller._readings,
        house.controller.unix_time(),
        must_stop=False,
        permission=True,
        heat={},
    ).solar


@pytest.mark.usefixtures("hass_storage")
async def test_a_restart_of_home_assistant(house: House) -> None:
    """The miner that runs is adopted as it is, and all that was set is still set."""
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    await house.call("number.set_value", "reserve", value=50)
    await house.live(1800)
    before, writes = house.drawn, house.writes
    async with restarted(house.hass) as again:
        entry = again.config_entries.async_get_entry(house.entry.entry_id)
        assert entry
        house.hass, house.entry = again, entry
        house.miners = [miner_in(again, miner) for miner in house.miners]
        house.report()
        assert house.state("dry_run") == "off"
        assert house.state("reserve") == "50.0"
        assert house.state("mode") == "surplus"
        await house.live(900)
        assert house.drawn == pytest.approx(before, abs=100)
        assert house.miners[0].device.truth()["mining_restarts"] == 0
        assert house.writes - writes <= 2
        house.solar = HOUSE_WATTS + 1500
        await house.live(900)
        assert house.drawn == pytest.approx(1500, abs=150)


async def test_who_switches_on_behind_a_circuit_is_obeyed_at_once(house: House) -> None:
    """Its room had been given to nobody, and is found without waiting for the next look."""
    await house.add(circuit={"name": "Garage", "members": house.devices, "amps": 25})
    await house.call("select.select_option", "mode", option="off")
    await house.live(1500)
    assert not mining(house)
    await house.miners[0].call("switch.turn_on", "mining")
    assert mining(house)


@pytest.mark.parametrize("limit", ["import_limit", "must_stop"])
async def test_who_switches_on_is_told_that_a_limit_forbids_it(house: House, limit: str) -> None:
    """And nothing else: nobody is at home any more when the limit is gone."""
    if limit == "import_limit":
        house.load = 4000.0
        await house.add(limits=LIMITS | {"import_limit": 6000})
    else:
        house.say(MUST_STOP, "on")
        await house.add(sources=SOURCES | {"signals": {"must_stop": MUST_STOP}})
    await house.call("select.select_option", "mode", option="off")
    await house.live(1500)
    assert not mining(house)
    miner = house.miners[0]
    with pytest.raises(HomeAssistantError) as told:
        await miner.call("switch.turn_on", "mining")
    assert told.value.translation_key == "left_off"
    await house.live(60)
    assert not mining(house)
    # Off is never kept from anybody.
    await miner.call("switch.turn_off", "mining")
    with pytest.raises(HomeAssistantError):
        await miner.call("switch.turn_on", "mining")
    if limit == "import_limit":
        house.load = HOUSE_WATTS
    else:
        house.say(MUST_STOP, "off")
    await house.live(600)
    assert not mining(house)
    await miner.call("switch.turn_on", "mining")
    assert mining(house)


@pytest.mark.usefixtures("hass_storage")
@pytest.mark.parametrize("way", ["reload", "restart"])
async def test_the_hour_of_a_person_outlives(house: House, way: str) -> None:
    """What somebody has switched on stays on for as long as it would have, and no longer."""
    await house.add()
    await house.call("select.select_option", "mode", option="off")
    await house.live(1500)
    assert not mining(house)
    await house.miners[0].call("switch.turn_on", "mining")
    await house.live(1500)
    assert mining(house)
    async with AsyncExitStack() as stack:
        if way == "restart":
            again = await stack.enter_async_context(restarted(house.hass))
            entry = again.config_entries.async_get_entry(house.entry.entry_id)
            assert entry
            house.hass, house.entry = again, entry
            house.miners = [miner_in(again, miner) for miner in house.miners]
        else:
            for entry in (house.entry, house.miners[0].entry):
                assert await house.hass.config_entries.async_reload(entry.entry_id)
        house.report()
        writes = house.writes
        await house.live(1800)
        assert mining(house)
        assert house.writes == writes
        await house.live(900)
        assert not mining(house)


@pytest.mark.usefixtures("hass_storage")
async def test_must_stop_outlives_a_restart(house: House) -> None:
    """Also while its signal is not there yet: off stays off."""
    house.solar = HOUSE_WATTS + 2500
    house.say(MUST_STOP, "on")
    await house.add(sources=SOURCES | {"signals": {"must_stop": MUST_STOP}})
    await house.live(60)
    assert not mining(house)
    async with restarted(house.hass) as again:
        house.hass = again
        house.entry = again.config_entries.async_get_known_entry(house.entry.entry_id)
        house.miners = [miner_in(again, miner) for miner in house.miners]
        await house.live(1800)
        assert not mining(house)
        assert house.state("why") == "must_stop"
        house.say(MUST_STOP, "off")
        await house.live(900)
        assert mining(house)


async def test_power_status_never_says_done_too_early(house: House) -> None:
    """While what is wished has still to be sent it is not as wished."""
    status = er.async_get(house.hass).async_get_entity_id(
        "sensor", DOMAIN, f"{house.miners[0].mac}_power_status"
    )
    assert status
    actuator = house.miners[0].entry.runtime_data.actuator
    actuator.note(2000.0, Source.SITE)
    assert actuator.state.wait is not None
    said = []
    for _ in range(30):
        house.clock.advance(10)
        await house.miners[0].poll()
        state = house.hass.states.get(status)
        assert state
        reached = abs((actuator.state.sent or 0.0) - 2000) < 100
        said.append((reached, state.state))
    assert "as_wished" not in {state for reached, state in said if not reached}, said
    assert said[-1][0]


@pytest.mark.parametrize("valid_for", [{"minutes": 30}, None])
async def test_a_budget_comes_first(house: House, valid_for: dict[str, int] | None) -> None:
    """For its duration, and without one for an hour as any order; then the controller goes on."""

    async def live(seconds: float) -> None:
        for _ in range(int(seconds // 30)):
            await house.live(30)
            await house.hass.data[BUDGETS]._async_share_again(None)  # type: ignore[arg-type] # unused

    await house.add()
    await house.call("select.select_option", "mode", option="full")
    await house.live(1200)
    assert house.drawn > 3300
    data = {"device_id": house.devices, "watts": 1200, "fallback": "hold"}
    if valid_for:
        data["valid_for"] = valid_for
    await house.hass.services.async_call(DOMAIN, "set_power_budget", data, blocking=True)
    await live((1800 if valid_for else 3600) - 60)
    assert house.drawn == pytest.approx(1200, rel=0.05)
    await live(900)
    assert house.drawn > 3300


@pytest.mark.usefixtures("hass_storage")
@pytest.mark.parametrize("said", ["off", None])
async def test_a_permission_outlives_a_restart(house: House, said: str | None) -> None:
    """While its signal is not there yet it is as it was; before it was ever there, none."""
    house.solar = HOUSE_WATTS + 2500
    if said:
        house.say(PERMISSION, said)
    await house.add(sources=SOURCES | {"signals": {"permission": PERMISSION}})
    await house.call("select.select_option", "mode", option="off")
    await house.live(900)
    await house.call("select.select_option", "mode", option="surplus")
    await house.live(60)
    assert not mining(house)
    async with restarted(house.hass) as again:
        house.hass = again
        house.entry = again.config_entries.async_get_known_entry(house.entry.entry_id)
        house.miners = [miner_in(again, miner) for miner in house.miners]
        await house.live(900)
        assert not mining(house)
        assert house.state("why") == ("not_permitted" if said else "permission_unknown")
        house.say(PERMISSION, "on")
        await house.live(900)
        assert mining(house)


async def test_a_battery_that_rests_may_say_nothing(house: House) -> None:
    """A sensor that reports only what changes says nothing for hours when the battery is full."""
    house.solar = HOUSE_WATTS + 2500
    house.say(BATTERY, 0, unit_of_measurement="W", device_class="power")
    house.say(SOC, 100, unit_of_measurement="%")
    await house.add(sources=with_battery())
    await house.live(defaults.METER_PAUSE + 120)
    assert house.drawn > 2300
    house.say(BATTERY, STATE_UNAVAILABLE)
    await house.live(60)
    assert house.state("why") == "battery_silent"


async def test_a_slow_meter_is_followed_and_named(house: House) -> None:
    """Miners follow a meter that reports every two minutes, and its owner is told."""
    house.solar = HOUSE_WATTS + 2500
    await house.add()
    issues = ir.async_get(house.hass)

    async def live(seconds: int, every: int) -> str | None:
        for _ in range(seconds // every):
            house.meter = True
            await house.live(10)
            house.meter = False
            await house.live(every - 10)
        found = issues.async_get_issue(DOMAIN, f"{SLOW_METER}_{house.entry.entry_id}")
        return (found.translation_placeholders or {})["seconds"] if found else None

    assert await live(1200, 120) == "120"
    assert house.drawn == pytest.approx(2500, abs=150)
    assert await live(300, 30) is None
    assert await live(720, 120) == "120"
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    assert not [one for _, one in issues.issues if one.startswith(SLOW_METER)]
