"""What holds a heating miner down: each rule with a machine of each make, over real sockets."""

from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner.miners.errors import UnreachableError
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.faults import Fault
from tests.simulators.braiins.wire import Json
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner
from .heating import BACKUP, OUTLET, OUTSIDE, PUMP, WINDOW, Heating, House, set_chips


def mines(miner: Miner) -> bool:
    """Tell whether it is really set to mine."""
    return miner.device.truth()["mining"] is True


async def until(house: House, heating: Heating, reason: str, minutes: float = 60) -> None:
    """Let time pass until something is the reason."""
    for _ in range(round(minutes * 2)):
        if heating.reason == reason:
            return
        await house.minutes(0.5)
    raise AssertionError(f"{reason} never came, but {heating.reason}")


async def until_heats(house: House, heating: Heating, miner: Miner) -> None:
    """Let time pass until it heats again, which is not at full power."""
    await until(house, heating, "wake", 5)
    for _ in range(80):
        if mines(miner):
            return
        await house.minutes(0.5)
    raise AssertionError("it never came back")


async def test_hot_chips(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """Lower at the limit, off above it, and off until somebody acknowledges it further above."""
    miner = await add_miner(heater)
    heating = await house.heat(miner, limits={"chip_limit": 80.0})
    await house.minutes(10)
    full = miner.number("power")
    set_chips(miner, 81.0)
    await house.minutes(0.5)
    assert heating.reason == "chip_hot"
    assert mines(miner)
    assert heating.wanted == pytest.approx(miner.entry.runtime_data.actuator.state.floor)
    await house.minutes(3)
    assert miner.number("power") < full
    set_chips(miner, 87.0)
    await house.minutes(1)
    assert not mines(miner)
    assert heating.reason == "chip_hot"
    set_chips(miner, 40.0)
    await until_heats(house, heating, miner)
    set_chips(miner, 94.0)
    await house.minutes(1)
    assert heating.reason == "chip_latched"
    set_chips(miner, 40.0)
    await house.minutes(12)
    assert not mines(miner), "only a person clears it"
    assert heating.shown("heat_problem") == "on"
    await heating.acknowledge()
    await until_heats(house, heating, miner)


async def test_chips_that_are_as_warm_as_usual(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """What is hot depends on the machine; without a limit of the owner's each has its own."""
    limit = 100.0 if isinstance(heater, WhatsminerSimulator) else 88.0
    miner = await add_miner(heater)
    heating = await house.heat(miner)
    set_chips(miner, limit - 3)
    await house.minutes(0.5)
    assert heating.reason == "cold"
    set_chips(miner, limit + 3)
    await house.minutes(0.5)
    assert heating.reason == "chip_hot"


def stop_fans(device: SimulatedMiner) -> None:
    """Have them stand while it mines."""
    if isinstance(device, WhatsminerSimulator):
        device.device.faults.fans_stopped = True
    else:
        assert isinstance(device, BraiinsSimulator)
        device.faults.set("cooling/state", Fault(replace={"fans.*.rpm": 0}))


def mend_fans(device: SimulatedMiner) -> None:
    """Have them turn again."""
    if isinstance(device, WhatsminerSimulator):
        device.device.faults.fans_stopped = False
    else:
        assert isinstance(device, BraiinsSimulator)
        device.faults.clear()


async def test_fans(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """Stopped within a minute and for good, over a restart, until somebody acknowledges it."""
    miner = await add_miner(heater)
    heating = await house.heat(miner)
    stop_fans(heater)
    await house.minutes(2)
    assert heating.reason == "cooling"
    assert not mines(miner)
    mend_fans(heater)
    await heating.reload()
    await house.minutes(12)
    assert heating.reason == "cooling"
    assert not mines(miner)
    await miner.poll(slow=True)
    await heating.acknowledge()
    await until_heats(house, heating, miner)


async def test_fan_headers_without_fans(
    house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Who cools with water or with other fans has some that have never turned."""
    braiins.faults.set("cooling/state", Fault(replace={"fans.*.rpm": 0}))
    miner = await add_miner(braiins)
    heating = await house.heat(miner)
    assert heating.reason == "cold"
    assert mines(miner)


async def test_water_that_takes_nothing_away(
    house: House, add_miner: AddMiner, clock: ManualClock
) -> None:
    """A machine that is cooled with water and shows it where it comes and where it leaves."""
    hydro = BraiinsSimulator(preset="S21 Hyd", clock=clock, seed=4)
    await hydro.start()
    try:
        miner = await add_miner(hydro)
        heating = await house.heat(miner)
        assert heating.reason == "cold"
        told: dict[str, Json] = {
            f"hashboards.*.{member}": {"degree_c": 30.0}
            for member in ("lowest_water_inlet_temp", "highest_water_outlet_temp")
        }
        hydro.faults.set("miner/hw/hashboards", Fault(replace=told))
        await house.minutes(4)
        assert heating.reason == "cooling"
        assert not mines(miner)
    finally:
        await hydro.stop()


async def test_liquid_that_does_not_flow(
    house: House, add_miner: AddMiner, whatsminer: WhatsminerSimulator
) -> None:
    """The machine says so by a code of its own."""
    miner = await add_miner(whatsminer)
    heating = await house.heat(miner)
    whatsminer.device.faults.error_codes.append(5070)
    await miner.poll(slow=True)
    await house.minutes(1.5)
    assert heating.reason == "cooling"
    assert not mines(miner)


async def test_hot_water(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """Lowest power at the first limit; off at the second, until somebody acknowledges it."""
    miner = await add_miner(heater)
    house.outlet = 40.0
    heating = await house.heat(miner, more={"outlet_sensor": OUTLET})
    house.outlet = 52.0
    await house.minutes(1)
    assert heating.reason == "supply_soft"
    house.outlet = 61.0
    await house.minutes(1)
    assert not mines(miner)
    house.outlet = 30.0
    await house.minutes(1)
    await heating.reload()
    await house.minutes(12)
    assert not mines(miner)
    assert heating.reason == "supply_latched"
    assert heating.shown("heat_problem") == "on"
    await heating.acknowledge()
    await until_heats(house, heating, miner)
    assert heating.shown("heat_problem") == "off"


async def test_sensor_gone(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """The floor after two minutes, nothing after ten, and back low when it is back."""
    miner = await add_miner(heater)
    heating = await house.heat(miner)
    house.silent = True
    await house.minutes(5)
    assert heating.reason == "sensor_old"
    assert heating.shown("heat_problem") == "on"
    # A target takes a while to bite; what draws more after a minute is stopped instead.
    state = miner.entry.runtime_data.actuator.state
    assert state.limit.watts == pytest.approx(state.floor)
    assert miner.number("power") <= state.floor * 1.1
    await house.minutes(7)
    assert heating.reason == "sensor_lost"
    assert not mines(miner)
    assert heating.attribute("current_temperature") is None
    house.silent = False
    await house.minutes(1)
    assert heating.shown("heat_problem") == "off"
    # Nothing is latched by that.
    assert heating.shown("acknowledge") == STATE_UNAVAILABLE
    await until_heats(house, heating, miner)


async def test_the_pump_runs_before_and_after_the_miner(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """And if somebody stops it while the miner draws, it is told to go on."""
    miner = await add_miner(heater)
    heating = await house.add(miner, more={"pump_switch": PUMP})
    # It heats for others already.
    await house.minutes(1)
    assert house.is_on(PUMP)
    await heating.call("set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(3)
    assert heating.shown("pump_demand") == "on"
    await house.hass.services.async_call(
        "input_boolean", "turn_off", {"entity_id": PUMP}, blocking=True
    )
    await house.minutes(0.5)
    assert house.is_on(PUMP)
    await heating.call("turn_off")
    await house.minutes(3)
    assert not mines(miner)
    assert house.is_on(PUMP), "it is never stopped with the miner"
    await house.minutes(4)
    assert not house.is_on(PUMP)
    assert heating.shown("pump_demand") == "off"


async def test_a_pump_that_fails(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """The miner is stopped at once, and comes back low with the pump."""
    miner = await add_miner(heater)
    heating = await house.heat(miner, more={"pump_switch": PUMP})

    async def does_nothing(*_: object) -> None:
        """Be a relay that does not close."""

    house.hass.services.async_register("homeassistant", "turn_on", does_nothing)
    await house.hass.services.async_call(
        "input_boolean", "turn_off", {"entity_id": PUMP}, blocking=True
    )
    await house.minutes(1)
    assert heating.reason == "pump_off"
    assert not mines(miner)
    await house.hass.services.async_call(
        "input_boolean", "turn_on", {"entity_id": PUMP}, blocking=True
    )
    await until_heats(house, heating, miner)


async def test_frost(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """A loop of a miner that is off may freeze."""
    miner = await add_miner(heater)
    heating = await house.add(miner, more={"outside_sensor": OUTSIDE})
    house.outside = 2.0
    await house.minutes(0.5)
    assert heating.shown("frost_risk") == "off"
    await miner.call("switch.turn_off", "mining")
    await house.minutes(1)
    assert heating.shown("frost_risk") == "on"
    house.outside = 8.0
    await house.minutes(0.5)
    assert heating.shown("frost_risk") == "off"


async def test_an_open_window(
    hass: HomeAssistant, house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """Nobody heats the street; what somebody has set is kept."""
    miner = await add_miner(heater)
    hass.states.async_set(WINDOW, "off")
    heating = await house.heat(miner, more={"window_sensor": WINDOW})
    hass.states.async_set(WINDOW, "on")
    await house.minutes(0.5)
    assert heating.reason == "cold"
    await house.minutes(2)
    assert heating.reason == "window"
    assert not mines(miner)
    assert heating.attribute("hvac_action") == "idle"
    hass.states.async_set(WINDOW, "off")
    await house.minutes(0.5)
    # It was switched off a moment ago.
    assert heating.reason == "miner_waits"
    assert heating.attribute("temperature") == 25


async def test_backup_heater(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """It takes over while the miner may not heat, and goes before the miner comes back."""
    miner = await add_miner(heater)
    house.outlet = 40.0
    heating = await house.heat(miner, more={"outlet_sensor": OUTLET, "backup_switch": BACKUP})
    house.outlet = 61.0
    await house.minutes(5)
    assert not house.is_on(BACKUP), "not at once"
    await house.minutes(12)
    assert house.is_on(BACKUP)
    assert heating.reason == "supply_latched"
    assert heating.attribute("hvac_action") == "heating"
    assert not mines(miner)
    house.outlet = 30.0
    await house.minutes(1)
    # A person who starts the miner by hand does not get both, either.
    await miner.call("switch.turn_on", "mining")
    await house.minutes(3)
    assert not mines(miner)
    await heating.acknowledge()
    await until_heats(house, heating, miner)
    assert not house.is_on(BACKUP)
    assert house.both == 0


async def test_without_a_pool_the_backup_heats(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """A miner without work stays cold; it is tried again, and not all the time."""
    miner = await add_miner(heater)
    heating = await house.heat(miner, more={"backup_switch": BACKUP})
    kill_pools(heater, dead=True)
    await until(house, heating, "no_pool", 5)
    await until(house, heating, "backup", 25)
    await house.minutes(0.5)
    assert house.is_on(BACKUP)
    kill_pools(heater, dead=False)
    await until(house, heating, "cold", 45)
    await house.minutes(5)
    assert not house.is_on(BACKUP)
    assert mines(miner)
    assert house.both == 0


async def test_the_backup_heats_for_a_miner_that_is_switched_off(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """At its own page, where no thermostat may start it; switched on, it heats again."""
    miner = await add_miner(heater)
    heating = await house.heat(miner, more={"backup_switch": BACKUP})
    await miner.entry.runtime_data.client.set_mining(False)
    await until(house, heating, "miner_waits", 5)
    assert not house.is_on(BACKUP)
    await until(house, heating, "backup", 20)
    await house.minutes(1)
    assert house.is_on(BACKUP)
    assert heating.attribute("hvac_action") == "heating"
    await miner.call("switch.turn_on", "mining")
    await until(house, heating, "cold", 5)
    await house.minutes(5)
    assert mines(miner)
    assert not house.is_on(BACKUP)
    assert house.both == 0


def kill_pools(device: SimulatedMiner, *, dead: bool) -> None:
    """Have no pool answer, or all again."""
    if isinstance(device, WhatsminerSimulator):
        device.device.faults.dead_pools = {0, 1, 2} if dead else set()
    else:
        assert isinstance(device, BraiinsSimulator)
        device.device.pools.all_dead = dead


async def test_a_miner_that_is_away_for_a_moment(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """It goes on where it was: nobody stops it for not having answered."""
    miner = await add_miner(heater)
    heating = await house.heat(miner)
    before = miner.entry.runtime_data.actuator.state
    client = type(miner.entry.runtime_data.client)
    with patch.object(client, "read", side_effect=UnreachableError("tried")):
        await house.minutes(1)
        assert heating.reason == "cold"
        await house.minutes(4)
        assert heating.reason == "no_miner"
    await house.minutes(2)
    assert heating.reason == "cold"
    assert mines(miner)
    assert miner.entry.runtime_data.actuator.state.starts == before.starts


async def test_a_restart_of_home_assistant_stops_nothing(
    house: House, add_miner: AddMiner, heater: SimulatedMiner
) -> None:
    """A room that is held stays held, even while its sensor is not there yet."""
    miner = await add_miner(heater)
    heating = await house.heat(miner)
    await heating.call("set_temperature", temperature=round(house.temperature * 2) / 2)
    house.silent = True
    house.show()
    before = miner.device.truth()["writes"]
    await heating.reload()
    await house.minutes(1)
    assert heating.reason == "no_temperature"
    assert mines(miner)
    assert miner.device.truth()["writes"] == before
    house.silent = False
    await house.minutes(1)
    assert mines(miner)
    assert heating.shown("thermostat") == "heat"


async def test_unloading_lets_go(house: House, add_miner: AddMiner, heater: SimulatedMiner) -> None:
    """No limit is left behind."""
    miner = await add_miner(heater)
    heating = await house.heat(miner)
    house.silent = True
    await house.minutes(12)
    actuator = miner.entry.runtime_data.actuator
    assert actuator.state.limit is not None
    assert await house.hass.config_entries.async_remove(heating.entry.entry_id)
    assert actuator.state.limit is None
