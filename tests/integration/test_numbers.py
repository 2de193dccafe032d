"""What is no number, or none of use, reaches neither a miner nor anything that is reckoned."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
import math
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.yaml import load_yaml_dict
import probatio
import pytest

from custom_components.asic_miner import services
from custom_components.asic_miner.action import number
from custom_components.asic_miner.miners.models import Feature
from custom_components.asic_miner.voice_words import number as spoken
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner
from .heating import House as Heated
from .house import house_with
from .test_power_actions import act

NONE: tuple[object, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    "nan",
    "inf",
    "-Infinity",
    True,
    [],
    None,
)
"""What is no number that can be reckoned with, as Python or a template gives it."""
FAR = (-1, 1e308, -1e308, 10**400)
"""Numbers beyond what any field takes, but for where it is said what becomes of them."""

type Data = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One number of one action, and a device that has the action."""

    action: str
    field: str
    device: str
    good: object
    """A value that is taken, as a text where that is the question."""
    data: Callable[[object], Data]
    takes: tuple[object, ...] = ()
    """Values of FAR that mean something here."""


def field(
    action: str, name: str, device: str, good: object, *takes: object, **more: object
) -> Field:
    """Return one that is a member of the action's data itself."""
    return Field(
        action=action,
        field=name,
        device=device,
        good=good,
        data=lambda value: {**more, name: value},
        takes=takes,
    )


def of_group(name: str, good: object) -> Field:
    """Return one of a group of pools."""

    def data(value: object) -> Data:
        pools = [
            {
                "url": f"stratum+tcp://{group}.example.com:3333",
                "user": "owner.a",
                "password": "",
                "group": group,
            }
            for group in ("one", "two")
        ]
        groups = [{"name": "one", name: value}, {"name": "two", "quota": 1}]
        return {"pools": pools, "groups": groups}

    return Field(action="set_pools", field=name, device="braiins", good=good, data=data)


FIELDS = (
    field("set_power_percent", "percent", "whatsminer", "60"),
    field("set_power_percent", "percent", "whatsminer", "60", fast=True),
    field("set_power", "watts", "whatsminer", "2000"),
    # Below 0 is nothing, and more than a miner can draw is all that it can.
    field("set_power_budget", "watts", "whatsminer", "2000", -1, 1e308, -1e308),
    *(
        field(f"change_{target}_target", "change", "braiins", good, -1)
        for target, good in (("power", "-200"), ("hashrate", "-2.5"))
    ),
    *(
        field(f"change_{target}_target", "percent", "braiins", "90")
        for target in ("power", "hashrate")
    ),
    of_group("quota", "3"),
    of_group("share", "30"),
    *(
        field("set_led", name, "whatsminer", good, colour="red")
        for name, good in (("period", "1200"), ("duration", "200"), ("start", "200"))
    ),
    field("set_syslog", "port", "whatsminer", "1514", host="192.168.1.10"),
)
WHOLE = [row for row in FIELDS if row.field == "quota" or row.action == "set_led"]
"""Those of which there are no parts."""
DURATIONS: tuple[tuple[str, str, Data], ...] = (
    ("pause", "duration", {}),
    ("boost", "duration", {}),
    ("set_power_budget", "valid_for", {"watts": 2000}),
)


@pytest.fixture
async def newest(clock: ManualClock) -> AsyncGenerator[BraiinsSimulator]:
    """A Braiins OS that has all the actions."""
    miner = BraiinsSimulator(preset="S21 Hyd", clock=clock, seed=4)
    await miner.start()
    yield miner
    await miner.stop()


def what_is_wished(miner: Miner) -> object:
    """Return what the guard holds, and what the device has been told."""
    actuator = miner.entry.runtime_data.actuator
    writes = miner.device.truth()["writes"]
    return actuator.state.wish, actuator.interlude, actuator.on_watts, writes


async def is_refused(miner: Miner, action: str, data: Mapping[str, object]) -> bool:
    """Tell whether an action is refused in words, and nothing has come of it."""
    before = what_is_wished(miner)
    try:
        await act(action, miner, **data)
    except probatio.Invalid, ServiceValidationError:
        return what_is_wished(miner) == before
    return False


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: f"{row.action} {row.field}")
async def test_only_numbers_are_taken(
    whatsminer: WhatsminerSimulator,
    newest: BraiinsSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    row: Field,
) -> None:
    clock.advance(1800)
    miner = await add_miner(whatsminer if row.device == "whatsminer" else newest)
    await miner.poll(slow=True)
    if "hashrate" in row.action:
        client = miner.entry.runtime_data.client
        await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    refused = [value for value in (*NONE, *FAR) if value not in row.takes]
    taken = [value for value in refused if not await is_refused(miner, row.action, row.data(value))]
    assert taken == []
    for value in (*row.takes, row.good):
        await act(row.action, miner, **row.data(value))
        guard = miner.entry.runtime_data.actuator.guard
        wish = guard.state(0.0).wish
        assert wish is None or 0 <= wish.watts <= guard.ability.maximum


@pytest.mark.parametrize("row", WHOLE, ids=lambda row: f"{row.action} {row.field}")
async def test_what_is_whole_is_not_made_so(
    whatsminer: WhatsminerSimulator, newest: BraiinsSimulator, add_miner: AddMiner, row: Field
) -> None:
    """Half of less than nothing is not nothing."""
    miner = await add_miner(whatsminer if row.device == "whatsminer" else newest)
    for value in (1.7, -0.5, "0.5"):
        assert await is_refused(miner, row.action, row.data(value)), value
    await act(row.action, miner, **row.data(f"{row.good}.0"))


@pytest.mark.parametrize(("action", "name", "more"), DURATIONS)
async def test_only_durations_are_taken(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, action: str, name: str, more: Data
) -> None:
    """Of a second at least and a week at most."""
    miner = await add_miner(whatsminer)
    wrong = [*NONE[:-1], *FAR, 0, "0:00"]
    wrong += [{"minutes": value} for value in (*NONE, *FAR, 0)]
    taken = [value for value in wrong if not await is_refused(miner, action, {**more, name: value})]
    assert taken == []
    for value in ("60", {"minutes": "12"}, "00:10:00"):
        await act(action, miner, **{**more, name: value})


def test_no_number_is_left_out() -> None:
    """Each field of the forms that is a number or a duration is in a table above."""
    path = Path(services.__file__).with_name("services.yaml")
    found = set()
    for action, form in load_yaml_dict(str(path)).items():
        for name, one in form.get("fields", {}).items():
            inner = one["selector"].get("object") or {}
            for key, part in {name: one, **inner.get("fields", {})}.items():
                if {"number", "duration"} & (part.get("selector") or {}).keys():
                    found.add((action, key))
    rows = {(row.action, row.field) for row in FIELDS} | {row[:2] for row in DURATIONS}
    assert rows == found


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
async def test_settings_are_what_json_can_say(
    newest: BraiinsSimulator, add_miner: AddMiner, value: float
) -> None:
    miner = await add_miner(newest)
    for settings in ({"a": value}, {"a": [{"b": value}]}):
        data = {"settings": settings, "confirm": True}
        assert await is_refused(miner, "set_advanced_settings", data)


@pytest.mark.usefixtures("all_enabled")
async def test_entities_take_only_numbers(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Home Assistant compares with the limits, and nan is neither below nor above any."""
    clock.advance(1800)
    miner = await add_miner(device)
    await miner.poll(slow=True)
    before = what_is_wished(miner)
    keys = [
        key for key in miner.entity_keys() if miner.entity_id(key).partition(".")[0] == "number"
    ]
    assert len(keys) >= 2
    for key in keys:
        for value in (math.nan, "nan", math.inf, -math.inf, 1e308, -1e308):
            with pytest.raises(ServiceValidationError):
                await miner.call("number.set_value", key, value=value)
    assert what_is_wished(miner) == before


@pytest.mark.parametrize("key", ["fixed", "reserve"])
async def test_a_controller_takes_only_numbers(
    hass: HomeAssistant,
    clock: ManualClock,
    whatsminer: WhatsminerSimulator,
    add_miner: AddMiner,
    key: str,
) -> None:
    house = await house_with(hass, clock, add_miner, whatsminer)
    await house.add()
    before = house.controller.dials
    for value in (math.nan, math.inf, 1e308):
        with pytest.raises(ServiceValidationError):
            await house.call("number.set_value", key, value=value)
    assert house.controller.dials == before


@pytest.mark.parametrize("heats", ["room", "pool"])
async def test_a_thermostat_takes_only_temperatures(
    house: Heated, add_miner: AddMiner, heater: SimulatedMiner, heats: str
) -> None:
    """Of its range; an operation that is given with another one is not taken either."""
    heating = await house.add(await add_miner(heater), heats=heats)
    before = heating.attribute("temperature")
    lowest, highest = heating.attribute("min_temp"), heating.attribute("max_temp")
    mode = {"hvac_mode": "heat"} if heats == "room" else {"operation_mode": "electric"}
    for value in (math.nan, "nan", math.inf, -math.inf, 1e308, lowest - 1, highest + 1):
        with pytest.raises(ServiceValidationError):
            await heating.call("set_temperature", temperature=value, **mode)
    assert heating.attribute("temperature") == before
    state = heating.hass.states.get(heating.main)
    assert state is not None
    assert state.state == "off"
    for value in (lowest, highest):
        await heating.call("set_temperature", temperature=value)
        assert heating.attribute("temperature") == value


def test_words_that_python_takes_for_numbers() -> None:
    """Said to a miner they mean nothing, and least of all everything it can draw."""
    for word in ("nan", "inf", "infinity", "1e999"):
        assert spoken(word) is None
    assert spoken("12") == number("12") == 12.0
