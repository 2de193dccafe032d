"""Thermostats in Home Assistant, whose heaters are simulated miners in a simulated room."""

from collections.abc import Generator
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.conversation import async_converse
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, UnitOfTemperature
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners.errors import UnreachableError
from custom_components.asic_miner.power.heat_share import Heater, share
from custom_components.asic_miner.power.model import Source
from custom_components.asic_miner.thermostat import HeatController
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import UNIX_START, AddMiner, Miner

ROOM = "sensor.room"
OUTLET = "sensor.outlet"
BACKUP = "input_boolean.backup"
STEP = 30.0

LIMITS = {"chip_limit": 100, "water_soft_limit": 50, "water_hard_limit": 60}
"""The simulated chips run at 82 °C and a little more in winter."""


@pytest.fixture(autouse=True)
def _one_time_for_heat(clock: ManualClock) -> Generator[None]:
    """Let the thermostat live in the time of its miners."""
    with patch.object(HeatController, "unix_time", lambda _: UNIX_START + clock.now()):
        yield


class House:
    """A room that cools by itself and is warmed by what miners draw."""

    def __init__(
        self, hass: HomeAssistant, clock: ManualClock, freezer: FrozenDateTimeFactory
    ) -> None:
        """Begin cold."""
        self.hass = hass
        self.clock = clock
        self.freezer = freezer
        self.miners: list[Miner] = []
        self.temperature = 17.0
        self.outlet: float | None = None
        self.outside = 5.0
        self.both = 0
        """Looks at which miner and backup heater drew power together."""
        self.silent = False

    def show(self) -> None:
        """Have the sensors show what is."""
        shown = STATE_UNAVAILABLE if self.silent else f"{self.temperature:.2f}"
        for entity, value in ((ROOM, shown), (OUTLET, self.outlet)):
            if value is not None:
                self.hass.states.async_set(
                    entity,
                    str(value),
                    {
                        "unit_of_measurement": UnitOfTemperature.CELSIUS,
                        "device_class": "temperature",
                    },
                )

    async def minutes(self, minutes: float) -> None:
        """Let time pass for all."""
        for _ in range(round(minutes * 60 / STEP)):
            self.clock.advance(STEP)
            self.freezer.tick(STEP)
            for miner in self.miners:
                await miner.poll()
            watts = sum(float(miner.device.truth()["power"] or 0) for miner in self.miners)
            state = self.hass.states.get(BACKUP)
            backup = state is not None and state.state == "on"
            self.both += backup and watts > 100
            # 120 W per K of loss and 0.6 kWh per K: a small, badly insulated workshop.
            gain = watts + 2000.0 * backup - 120.0 * (self.temperature - self.outside)
            self.temperature += gain * STEP / (0.6 * 3_600_000)
            self.show()
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def house(hass: HomeAssistant, clock: ManualClock, freezer: FrozenDateTimeFactory) -> House:
    """The room and a backup heater that is off."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"backup": {}}})
    made = House(hass, clock, freezer)
    made.show()
    return made


def device_of(hass: HomeAssistant, miner: Miner) -> str:
    """Return the device of a miner."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    return device.id


def choices(hass: HomeAssistant, *miners: Miner, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in."""
    return {
        "name": "Workshop",
        "miners": [device_of(hass, miner) for miner in miners],
        "heats": "room",
        "temperature_sensor": ROOM,
        "more": {},
        "limits": LIMITS,
        **changes,
    }


async def begin(hass: HomeAssistant) -> str:
    """Go to the form of a thermostat as a user does."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    step = await hass.config_entries.flow.async_configure(flow["flow_id"], {"advanced": {}})
    assert step["type"] is FlowResultType.MENU
    step = await hass.config_entries.flow.async_configure(
        step["flow_id"], {"next_step_id": "thermostat"}
    )
    assert step["type"] is FlowResultType.FORM
    return str(step["flow_id"])


async def add(house: House, *miners: Miner, **changes: Any) -> ConfigEntry:
    """Add a thermostat through the flow."""
    hass = house.hass
    house.miners = list(miners)
    step = await hass.config_entries.flow.async_configure(
        await begin(hass), choices(hass, *miners, **changes)
    )
    assert step["type"] is FlowResultType.CREATE_ENTRY, step
    await hass.async_block_till_done(wait_background_tasks=True)
    entry: ConfigEntry = step["result"]
    return entry


def entity(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str:
    """Return the entity id of a key."""
    for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if found.unique_id == f"{entry.entry_id}_{key}":
            return found.entity_id
    raise KeyError(key)


def shown(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str:
    """Return the state of an entity."""
    state = hass.states.get(entity(hass, entry, key))
    assert state is not None
    return state.state


def attribute(hass: HomeAssistant, entry: ConfigEntry, name: str, key: str = "thermostat") -> Any:
    """Return an attribute of the main entity."""
    state = hass.states.get(entity(hass, entry, key))
    assert state is not None
    return state.attributes[name]


async def call(hass: HomeAssistant, entry: ConfigEntry, service: str, **data: Any) -> None:
    """Perform an action of the climate entity."""
    await hass.services.async_call(
        "climate",
        service,
        {"entity_id": entity(hass, entry, "thermostat"), **data},
        blocking=True,
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_holds_a_room(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Within half a kelvin, once it has warmed up, and without starting again and again."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    main = hass.states.get(entity(hass, entry, "thermostat"))
    assert main is not None
    assert (main.domain, main.state, main.name) == ("climate", "off", "Workshop")
    assert main.attributes["hvac_action"] == "off"
    assert main.attributes["preset_modes"] == ["eco", "comfort", "boost", "sleep", "away"]
    # While it is off the miner mines for others.
    await house.minutes(5)
    assert braiins.truth()["mining"] is True
    await call(hass, entry, "set_temperature", temperature=19, hvac_mode="heat")
    await house.minutes(120)
    assert attribute(hass, entry, "hvac_action") == "heating"
    for _ in range(8):
        await house.minutes(30)
        assert house.temperature == pytest.approx(19, abs=0.8)
    state = miner.entry.runtime_data.actuator.state
    assert state.starts <= 4
    # Told once, and then left alone.
    await call(hass, entry, "turn_off")
    assert braiins.truth()["mining"] is False
    assert attribute(hass, entry, "hvac_action") == "off"


async def test_temperature_by_voice(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Built in, by the area in which the thermostat is."""
    assert await async_setup_component(hass, "conversation", {})
    entry = await add(house, await add_miner(braiins))
    main = entity(hass, entry, "thermostat")
    async_expose_entity(hass, "conversation", main, True)
    office = ar.async_get(hass).async_create("Office")
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.entry_id), entry.entry_id
    )
    assert device is not None
    dr.async_get(hass).async_update_device(device.id, area_id=office.id)
    await async_converse(
        hass, "set the office to 21 degrees", None, Context(), language="en", device_id=None
    )
    await hass.async_block_till_done()
    assert attribute(hass, entry, "temperature") == 21


async def test_mode_setpoint_and_preset_survive_a_reload(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """A boost does not; what was before it does."""
    entry = await add(house, await add_miner(braiins))
    await call(hass, entry, "set_preset_mode", preset_mode="sleep")
    await call(hass, entry, "set_temperature", temperature=21.5, hvac_mode="heat")
    await call(hass, entry, "set_preset_mode", preset_mode="boost")
    assert attribute(hass, entry, "preset_mode") == "boost"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert shown(hass, entry, "thermostat") == "heat"
    assert attribute(hass, entry, "temperature") == 21.5
    assert attribute(hass, entry, "preset_mode") == "sleep"


async def test_presets_bound_the_power(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Far below the setpoint each preset asks for what it allows."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    house.temperature = 10.0
    house.show()
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    demand = {}
    for preset in ("comfort", "eco", "sleep", "boost"):
        await call(hass, entry, "set_preset_mode", preset_mode=preset)
        demand[preset] = float(shown(hass, entry, "heat_demand"))
    assert demand["boost"] == demand["comfort"] > demand["eco"] > demand["sleep"] > 0
    # Away holds 10 °C, which it has.
    house.temperature = 12.0
    house.show()
    await call(hass, entry, "set_preset_mode", preset_mode="away")
    assert float(shown(hass, entry, "heat_demand")) == 0
    assert attribute(hass, entry, "temperature") == 25


async def test_sensor_gone(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """The floor after two minutes, nothing after ten, and back low when it is back."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(20)
    house.silent = True
    await house.minutes(4)
    assert shown(hass, entry, "heating_reason") == "sensor_old"
    assert shown(hass, entry, "heat_problem") == "on"
    # A target takes a while to bite; what draws more after a minute is stopped instead.
    state = miner.entry.runtime_data.actuator.state
    assert state.limit.watts == pytest.approx(state.floor)
    assert miner.number("power") <= state.floor * 1.1
    await house.minutes(9)
    assert shown(hass, entry, "heating_reason") == "sensor_lost"
    assert braiins.truth()["mining"] is False
    assert attribute(hass, entry, "current_temperature") is None
    house.silent = False
    await house.minutes(2)
    assert shown(hass, entry, "heating_reason") == "wake"
    assert shown(hass, entry, "heat_problem") == "off"
    # Nothing is latched by that.
    assert shown(hass, entry, "acknowledge") == STATE_UNAVAILABLE
    await house.minutes(30)
    assert braiins.truth()["mining"] is True


async def test_hot_water_latches(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Stopped at once and for good, over a reload, until somebody presses the button."""
    miner = await add_miner(braiins)
    house.outlet = 40.0
    house.show()
    entry = await add(house, miner, more={"outlet_sensor": OUTLET})
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(15)
    assert braiins.truth()["mining"] is True
    house.outlet = 52.0
    await house.minutes(1)
    assert shown(hass, entry, "heating_reason") == "supply_soft"
    house.outlet = 61.0
    await house.minutes(1)
    assert braiins.truth()["mining"] is False
    house.outlet = 30.0
    await house.minutes(20)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await house.minutes(20)
    assert braiins.truth()["mining"] is False
    assert shown(hass, entry, "heating_reason") == "supply_latched"
    assert shown(hass, entry, "heat_problem") == "on"
    await hass.services.async_call(
        "button", "press", {"entity_id": entity(hass, entry, "acknowledge")}, blocking=True
    )
    await house.minutes(3)
    assert shown(hass, entry, "heating_reason") == "wake"
    assert shown(hass, entry, "heat_problem") == "off"
    await house.minutes(20)
    assert braiins.truth()["mining"] is True


async def test_backup_heater(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """It takes over while the miner may not heat, and goes before the miner comes back."""
    miner = await add_miner(braiins)
    house.outlet = 40.0
    house.show()
    entry = await add(house, miner, more={"outlet_sensor": OUTLET, "backup_switch": BACKUP})
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(15)
    house.outlet = 61.0
    await house.minutes(5)
    backup = hass.states.get(BACKUP)
    assert backup is not None
    assert backup.state == "off", "not at once"
    await house.minutes(15)
    backup = hass.states.get(BACKUP)
    assert backup is not None
    assert backup.state == "on"
    assert shown(hass, entry, "heating_reason") == "supply_latched"
    assert braiins.truth()["mining"] is False
    house.outlet = 30.0
    await house.minutes(1)
    # A person who starts the miner by hand does not get both, either.
    await miner.call("switch.turn_on", "mining")
    await house.minutes(3)
    assert braiins.truth()["mining"] is False
    await hass.services.async_call(
        "button", "press", {"entity_id": entity(hass, entry, "acknowledge")}, blocking=True
    )
    await house.minutes(20)
    backup = hass.states.get(BACKUP)
    assert backup is not None
    assert backup.state == "off"
    assert braiins.truth()["mining"] is True
    assert house.both == 0


async def test_a_miner_that_is_away_for_a_moment(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """It goes on where it was: nobody stops it for not having answered."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(20)
    before = miner.entry.runtime_data.actuator.state
    client = type(miner.entry.runtime_data.client)
    with patch.object(client, "read", side_effect=UnreachableError("tried")):
        await house.minutes(1)
        assert shown(hass, entry, "heating_reason") == "cold"
        await house.minutes(4)
        assert shown(hass, entry, "heating_reason") == "no_miner"
    await house.minutes(2)
    assert shown(hass, entry, "heating_reason") == "cold"
    assert braiins.truth()["mining"] is True
    assert miner.entry.runtime_data.actuator.state.starts == before.starts


async def test_without_a_pool_the_backup_heats(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """A miner without work stays cold; it is tried again, and not all the time."""
    miner = await add_miner(braiins)
    entry = await add(house, miner, more={"backup_switch": BACKUP})
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(20)
    braiins.device.pools.all_dead = True
    await house.minutes(22)
    backup = hass.states.get(BACKUP)
    assert backup is not None
    assert backup.state == "on"
    assert shown(hass, entry, "heating_reason") == "backup"
    braiins.device.pools.all_dead = False
    await house.minutes(45)
    backup = hass.states.get(BACKUP)
    assert backup is not None
    assert backup.state == "off"
    assert shown(hass, entry, "heating_reason") == "cold"
    assert braiins.truth()["mining"] is True
    assert house.both == 0


async def test_a_person_may_stop_the_miner(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """Off at the miner stays off until something is ordered at the thermostat."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    await house.minutes(20)
    await miner.call("switch.turn_off", "mining")
    await house.minutes(30)
    assert braiins.truth()["mining"] is False
    await call(hass, entry, "set_temperature", temperature=24)
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
    entry = await add(house, first, second, heats="pool")
    heater = entity(hass, entry, "water")
    state = hass.states.get(heater)
    assert state is not None
    assert (state.domain, state.state) == ("water_heater", "off")
    assert state.attributes["max_temp"] == 35

    async def order(service: str, **data: Any) -> None:
        await hass.services.async_call(
            "water_heater", service, {"entity_id": heater, **data}, blocking=True
        )
        await hass.async_block_till_done(wait_background_tasks=True)

    await order("set_temperature", temperature=30)
    await order("set_operation_mode", operation_mode="electric")
    for miner in (first, second):
        wish = miner.entry.runtime_data.actuator.state.wish
        assert wish.source is Source.HEAT
        assert wish.watts > 0
    assert shown(hass, entry, "water") == "electric"
    await order("set_away_mode", away_mode=True)
    assert attribute(hass, entry, "away_mode", "water") == "on"
    assert float(shown(hass, entry, "heat_demand")) == 0
    await order("set_operation_mode", operation_mode="performance")
    # Without a sensor at the outlet the limits are those of the pool itself.
    house.temperature = 61.0
    await house.minutes(1)
    assert shown(hass, entry, "heating_reason") == "supply_latched"
    assert braiins.truth()["mining"] is False
    await order("turn_off")
    assert shown(hass, entry, "water") == "off"


async def test_unloading_lets_go(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """No limit is left behind."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    await call(hass, entry, "set_temperature", temperature=25, hvac_mode="heat")
    house.silent = True
    await house.minutes(15)
    actuator = miner.entry.runtime_data.actuator
    assert actuator.state.limit is not None
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert actuator.state.limit is None


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"miners": []}, {"miners": "none_picked"}),
        ({"temperature_sensor": "sensor.humidity"}, {"base": "not_temperature"}),
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


async def test_options(
    hass: HomeAssistant, house: House, add_miner: AddMiner, braiins: BraiinsSimulator
) -> None:
    """A room becomes a pool: another entity, the same thermostat."""
    miner = await add_miner(braiins)
    entry = await add(house, miner)
    step = await hass.config_entries.options.async_init(entry.entry_id)
    chosen = choices(hass, miner, heats="pool")
    del chosen["name"]
    step = await hass.config_entries.options.async_configure(step["flow_id"], chosen)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert shown(hass, entry, "water") == "off"


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
