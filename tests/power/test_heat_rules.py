"""The rules of a thermostat one by one: its paces, presets, pump and backup."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat import Thermostat
from custom_components.asic_miner.power.heat_model import (
    Action,
    HeatPlan,
    HeatReadings,
    HeatSettings,
    HeatWhy,
    Preset,
)
from custom_components.asic_miner.power.heat_safety import Dangers, Trip
from custom_components.asic_miner.power.model import Measured

from .rig import START

ROOM = HeatSettings(floor=1000, maximum=3400)


def at(thermostat: Thermostat, seconds: float, warmth: float | None, **more: object) -> HeatPlan:
    """Plan so many seconds after START; cold is 10 °C."""
    now = START + seconds
    seen = None if warmth is None else Measured(value=warmth, at=now)
    dangers = {"controlled": seen}
    for name in ("pump", "chip_excess"):
        if name in more:
            dangers[name] = more.pop(name)  # type: ignore[assignment] # by name
    found = {"power": 2000.0, "running": True, **more}
    readings = HeatReadings(dangers=Dangers(**dangers), **found)  # type: ignore[arg-type] # by name
    return thermostat.plan(now, readings)


def armed(settings: HeatSettings = ROOM, setpoint: float = 21.0) -> Thermostat:
    thermostat = Thermostat(settings, setpoint)
    thermostat.switch(True)
    return thermostat


@pytest.mark.parametrize(
    ("first", "second", "pause"),
    [(19.5, 15.0, defaults.HEAT_UP), (19.0, 19.5, defaults.HEAT_DOWN)],
)
def test_a_new_wish_waits_its_time(first: float, second: float, pause: float) -> None:
    thermostat = armed()
    one = at(thermostat, 0, first).wish
    assert one is not None
    assert at(thermostat, pause - 1, second).wish is None
    two = at(thermostat, pause, second).wish
    assert two is not None
    assert (two > one) is (second < first)
    # The time begins anew, and a clock that was set back ends it.
    assert at(thermostat, pause + 1, first).wish is None
    assert at(thermostat, pause - 1, first).wish is not None


def test_off_on_and_a_trip_do_not_wait() -> None:
    thermostat = armed()
    assert at(thermostat, 0, 15.0).wish == 3400
    assert at(thermostat, 30, 22.0, pool_alive=False).wish == 0
    assert at(thermostat, 60, 15.0).wish == 3400
    assert at(thermostat, 90, 15.0, chip_excess=0.0).wish == 1000
    # The same once more is no wish.
    assert at(thermostat, 120, 15.0, chip_excess=0.0).wish is None


@pytest.mark.parametrize(
    ("preset", "eco", "most"),
    [
        (Preset.COMFORT, None, 3400.0),
        (Preset.ECO, None, 3400.0 * defaults.ECO_SHARE),
        (Preset.ECO, 1500.0, 1500.0),
        (Preset.ECO, 500.0, 1000.0),
        (Preset.ECO, 5000.0, 3400.0),
        (Preset.SLEEP, 1500.0, 3400.0 * defaults.SLEEP_SHARE),
        (Preset.BOOST, None, 3400.0),
    ],
)
def test_the_most_that_a_preset_allows(preset: Preset, eco: float | None, most: float) -> None:
    thermostat = armed(replace(ROOM, eco=eco))
    thermostat.choose(preset, START)
    found = at(thermostat, 0, 10.0)
    assert found.wish == pytest.approx(most)
    assert found.preset is preset


def test_a_boost_ends_and_is_renewed() -> None:
    thermostat = armed()
    thermostat.choose(Preset.SLEEP, START)
    thermostat.choose(Preset.BOOST, START)
    thermostat.choose(Preset.BOOST, START + 100)
    end = 100 + defaults.BOOST_SECONDS
    assert at(thermostat, end - 1, 22.0).why is HeatWhy.BOOST
    found = at(thermostat, end, 22.0)
    assert (found.preset, found.why) == (Preset.SLEEP, HeatWhy.WARM)


@pytest.mark.parametrize(
    ("warmth", "wish", "why"),
    [(29.9, 3400.0, HeatWhy.BOOST), (30.0, 0.0, HeatWhy.WARM), (None, 3400.0, HeatWhy.BOOST)],
)
def test_a_boost_does_not_boil(warmth: float | None, wish: float, why: HeatWhy) -> None:
    thermostat = armed(replace(ROOM, highest=30.0))
    thermostat.choose(Preset.BOOST, START)
    found = at(thermostat, 0, warmth)
    assert (found.wish, found.why) == (wish, why)


@pytest.mark.parametrize(
    ("setpoint", "preset", "window", "target"),
    [
        (21.0, Preset.COMFORT, False, 21.0),
        (21.0, Preset.AWAY, False, defaults.AWAY_TEMPERATURE),
        (5.0, Preset.AWAY, False, 5.0),
        (21.0, Preset.COMFORT, True, defaults.AWAY_TEMPERATURE),
    ],
)
def test_the_temperature_that_is_held(
    setpoint: float, preset: Preset, window: bool, target: float
) -> None:
    thermostat = armed(setpoint=setpoint)
    thermostat.choose(preset, START)
    at(thermostat, 0, 15.0, window_open=window)
    before = at(thermostat, defaults.WINDOW_OPEN - 1, 15.0, window_open=window)
    assert before.setpoint == (setpoint if window else target)
    found = at(thermostat, defaults.WINDOW_OPEN, 15.0, window_open=window)
    assert found.setpoint == target
    # As soon as it is closed all is as before, and the next one has its own time.
    assert at(thermostat, 70, 15.0).setpoint == (setpoint if window else target)
    again = at(thermostat, 71, 15.0, window_open=window)
    assert again.setpoint == (setpoint if window else target)


@pytest.mark.parametrize(
    ("more", "wish", "why"),
    [
        ({"reachable": False}, None, HeatWhy.NO_MINER),
        ({"pool_alive": False}, 0.0, HeatWhy.NO_POOL),
        ({"pool_alive": None}, 3400.0, HeatWhy.COLD),
        ({"pool_alive": True}, 3400.0, HeatWhy.COLD),
    ],
)
def test_why_it_does_not_heat(more: dict[str, object], wish: float | None, why: HeatWhy) -> None:
    found = at(armed(), 0, 10.0, **more)
    assert (found.wish, found.why) == (wish, why)
    assert (found.limit, found.trip, found.until) == (None, None, None)


def test_a_gap_in_the_plans_is_not_integrated() -> None:
    thermostat = armed()
    at(thermostat, 0, 20.0, power=1200.0)
    first = at(thermostat, 30, 20.0, power=1200.0).data["integral"]
    assert first == pytest.approx(30 / defaults.ROOM_RESET)
    later = at(thermostat, 9000, 20.0, power=1200.0).data["integral"]
    assert later == pytest.approx((30 + defaults.SENSOR_FLOOR) / defaults.ROOM_RESET)
    # Nor is a clock that was set back.
    assert at(thermostat, 30, 20.0, power=1200.0).data["integral"] == pytest.approx(later)


@pytest.mark.parametrize(
    ("on", "more", "backup", "action"),
    [
        (False, {}, False, Action.OFF),
        (True, {}, False, Action.HEATING),
        (True, {"ramping": True}, False, Action.PREHEATING),
        (True, {"ramping": True, "running": False}, False, Action.HEATING),
        (True, {"power": 100.0}, False, Action.IDLE),
        (True, {"power": 101.0}, False, Action.HEATING),
        (True, {"power": None}, False, Action.HEATING),
        (True, {"power": None, "running": False}, False, Action.IDLE),
        (True, {"power": 15.0, "backup_on": True}, True, Action.HEATING),
        (True, {"power": 15.0, "backup_on": True}, False, Action.IDLE),
    ],
)
def test_what_the_heater_is_said_to_do(
    on: bool, more: dict[str, object], backup: bool, action: Action
) -> None:
    thermostat = Thermostat(replace(ROOM, backup=backup), 21.0)
    thermostat.switch(on)
    assert at(thermostat, 0, 15.0, **more).action is action


OFF = {"power": 15.0, "running": False}


def test_the_pump_runs_on() -> None:
    thermostat = armed()
    assert not at(thermostat, 0, 25.0, **OFF).pump
    assert at(thermostat, 10, 25.0, power=15.0, running=True).pump
    assert at(thermostat, 10 + defaults.PUMP_RUN_ON - 1, 25.0, **OFF).pump
    assert not at(thermostat, 10 + defaults.PUMP_RUN_ON, 25.0, **OFF).pump
    # It runs before the miner does, and while nobody knows what that draws.
    assert at(thermostat, 1000, 15.0, **OFF).pump
    assert at(armed(), 0, 25.0, power=None, running=False).pump
    assert at(armed(), 0, 25.0, power=101.0, running=False).pump
    assert not at(armed(), 0, 25.0, power=100.0, running=False).pump


@pytest.mark.parametrize(
    ("runs", "drawn", "wish", "why"),
    [
        (1.0, OFF, 3400.0, HeatWhy.COLD),
        (0.0, OFF, 0.0, HeatWhy.PUMP_WAITS),
        (None, OFF, 3400.0, HeatWhy.COLD),
        (0.0, {}, 3400.0, HeatWhy.COLD),  # it draws: safety has the word
    ],
)
def test_a_start_waits_for_the_pump(
    runs: float | None, drawn: dict[str, object], wish: float, why: HeatWhy
) -> None:
    pump = None if runs is None else Measured(value=runs, at=START)
    found = at(armed(), 0, 10.0, pump=pump, **drawn)
    assert (found.wish, found.why) == (wish, why)
    # Who is warm waits for nothing.
    assert at(armed(), 0, 25.0, pump=pump, **OFF).why is HeatWhy.WARM


NO_POOL = {**OFF, "pool_alive": False}


@pytest.mark.parametrize(
    ("seconds", "warmth", "more", "backup", "why"),
    [
        (defaults.BACKUP_DELAY - 1, 15.0, NO_POOL, False, HeatWhy.NO_POOL),
        (defaults.BACKUP_DELAY, 15.0, NO_POOL, True, HeatWhy.BACKUP),
        (defaults.BACKUP_DELAY, 20.9, NO_POOL, True, HeatWhy.BACKUP),
        (defaults.BACKUP_DELAY, 21.0, NO_POOL, False, HeatWhy.NO_POOL),
        (defaults.BACKUP_DELAY, None, NO_POOL, False, HeatWhy.NO_POOL),
        # Only when the miner is seen to rest.
        (defaults.BACKUP_DELAY, 15.0, {**NO_POOL, "power": 100.0}, True, HeatWhy.BACKUP),
        (defaults.BACKUP_DELAY, 15.0, {**NO_POOL, "power": 101.0}, False, HeatWhy.BACKUP_WAITS),
        (defaults.BACKUP_DELAY, 15.0, {**NO_POOL, "power": None}, False, HeatWhy.BACKUP_WAITS),
        (defaults.BACKUP_DELAY, 15.0, {**NO_POOL, "running": True}, False, HeatWhy.BACKUP_WAITS),
        # There is work again, or there is none and it is still on.
        (defaults.BACKUP_DELAY, 15.0, OFF, False, HeatWhy.COLD),
        (defaults.BACKUP_DELAY, 15.0, {**OFF, "backup_on": True}, False, HeatWhy.BACKUP_STOPS),
    ],
)
def test_when_the_backup_takes_over(
    seconds: float, warmth: float | None, more: dict[str, object], backup: bool, why: HeatWhy
) -> None:
    thermostat = armed(replace(ROOM, backup=True))
    assert not at(thermostat, 0, 15.0, **NO_POOL).backup
    found = at(thermostat, seconds, warmth, **more)
    assert (found.backup, found.why) == (backup, why)
    blocked = why in {HeatWhy.BACKUP, HeatWhy.BACKUP_STOPS, HeatWhy.BACKUP_WAITS}
    if warmth is not None:  # else the lost sensor stops it as well
        assert (found.limit == 0) is blocked
    # Where there is none, nobody waits for one.
    alone = armed()
    at(alone, 0, 15.0, **NO_POOL)
    assert not at(alone, seconds, warmth, **more).backup


def test_the_backup_takes_over_from_what_has_tripped_and_does_so_anew_each_time() -> None:
    thermostat = armed(replace(ROOM, backup=True))
    hot = {**OFF, "chip_excess": 6.0}
    assert at(thermostat, 0, 15.0, **hot).trip is Trip.CHIP_HOT
    assert at(thermostat, defaults.BACKUP_DELAY, 15.0, **hot).backup
    late = defaults.BACKUP_DELAY + 30
    assert not at(thermostat, late, 15.0, **OFF, chip_excess=-9.0).backup
    # The next time has its own delay, also after a clock was set back.
    assert not at(thermostat, late + 30, 15.0, **hot).backup
    assert not at(thermostat, late, 15.0, **hot).backup
    assert not at(thermostat, late + defaults.BACKUP_DELAY - 1, 15.0, **hot).backup
    assert at(thermostat, late + defaults.BACKUP_DELAY, 15.0, **hot).backup


@pytest.mark.parametrize(("kept_off", "why"), [(True, HeatWhy.MINER_WAITS), (False, HeatWhy.COLD)])
def test_the_backup_takes_over_from_a_miner_that_draws_nothing(
    kept_off: bool, why: HeatWhy
) -> None:
    """Whatever the reason, and only when it had its time without a break."""
    off = {**OFF, "kept_off": kept_off}
    thermostat = armed(replace(ROOM, backup=True))
    assert at(thermostat, 0, 15.0, **off).why is why
    # What it draws is heat, and what is not known is no rest.
    for seconds, power in ((600, 600.0), (1200, None)):
        at(thermostat, seconds, 15.0, **{**off, "power": power})
        assert not at(thermostat, seconds + 30, 15.0, **off).backup
    begin = 1230
    found = at(thermostat, begin + defaults.BACKUP_DELAY - 1, 15.0, **off)
    assert (found.backup, found.why, found.limit) == (False, why, None)
    assert found.wish is None
    found = at(thermostat, begin + defaults.BACKUP_DELAY, 15.0, **off)
    assert (found.backup, found.why, found.limit) == (True, HeatWhy.BACKUP, 0.0)
    # Once it is warm it has nothing to do, and is there again when it is not.
    assert not at(thermostat, begin + 1800, 22.0, **off).backup
    assert at(thermostat, begin + 1830, 15.0, **off).backup
    # Where there is none, the miner is not held off.
    alone = armed()
    at(alone, 0, 15.0, **off)
    found = at(alone, defaults.BACKUP_DELAY, 15.0, **off)
    assert (found.why, found.limit) == (why, None)


def test_a_miner_gets_its_next_try() -> None:
    """When what kept it off is gone; else after an hour, unless something keeps it off."""
    thermostat = armed(replace(ROOM, backup=True))
    kept = {**OFF, "kept_off": True}
    at(thermostat, 0, 15.0, **kept)
    assert at(thermostat, defaults.BACKUP_DELAY, 15.0, **kept).backup
    late = defaults.BACKUP_DELAY + 2 * defaults.BACKUP_RETRY
    assert at(thermostat, late, 15.0, **kept).backup
    found = at(thermostat, late + 30, 15.0, **OFF, backup_on=True)
    assert (found.backup, found.why, found.limit) == (False, HeatWhy.BACKUP_STOPS, 0.0)
    assert at(thermostat, late + 60, 15.0, **OFF).limit is None
    # Nothing is known to keep it off, and it does not heat.
    begin = late + 30 + defaults.BACKUP_DELAY
    assert at(thermostat, begin, 15.0, **OFF).backup
    assert at(thermostat, begin + defaults.BACKUP_RETRY - 1, 15.0, **OFF, backup_on=True).backup
    assert at(thermostat, begin + defaults.BACKUP_RETRY, 15.0, **kept, backup_on=True).backup
    assert not at(thermostat, begin + defaults.BACKUP_RETRY, 15.0, **OFF, backup_on=True).backup


def test_the_backup_needs_a_temperature_of_now() -> None:
    thermostat = armed(replace(ROOM, backup=True))
    at(thermostat, 0, 15.0, **NO_POOL)
    now = START + defaults.BACKUP_DELAY
    for age, backup in ((defaults.SENSOR_FLOOR, True), (defaults.SENSOR_FLOOR + 1, False)):
        old = Dangers(controlled=Measured(value=15.0, at=now - age))
        readings = HeatReadings(dangers=old, power=15.0, pool_alive=False)
        assert thermostat.plan(now, readings).backup is backup


def test_who_is_off_leaves_a_backup_that_runs_to_end() -> None:
    thermostat = Thermostat(replace(ROOM, backup=True), 21.0)
    found = at(thermostat, 0, 15.0, backup_on=True)
    assert (found.backup, found.limit, found.why) == (False, 0.0, HeatWhy.OFF)
    assert at(thermostat, 30, 15.0).limit is None


@pytest.mark.parametrize(
    ("outside", "drawn", "frost"),
    [
        (defaults.FROST_OUTSIDE - 0.1, 15.0, True),
        (defaults.FROST_OUTSIDE, 15.0, False),
        (None, 15.0, False),
        (-20.0, 2000.0, False),
    ],
)
def test_when_a_loop_may_freeze(outside: float | None, drawn: float, frost: bool) -> None:
    assert at(armed(), 0, 25.0, outside=outside, power=drawn).frost is frost


@pytest.mark.parametrize(
    ("warmth", "more", "stuck"),
    [
        (20.6, {}, True),
        (20.7, {}, False),  # within the band it may stand still
        (20.6, {"power": 15.0}, False),  # nor need it move while nothing heats
    ],
)
def test_a_sensor_that_never_moves(warmth: float, more: dict[str, object], stuck: bool) -> None:
    thermostat = armed(replace(ROOM, stuck=1000.0))
    for seconds in (0, 500, 1000, 1000 + defaults.SENSOR_FLOOR):
        assert at(thermostat, seconds, warmth, **more).trip is None
    last = at(thermostat, 1001 + defaults.SENSOR_FLOOR, warmth, **more)
    assert last.trip is (Trip.SENSOR_OLD if stuck else None)
    if stuck:
        assert (last.why, last.limit, last.until) == (HeatWhy.TRIPPED, 1000.0, None)
        # What heats no more says nothing new; the first move does.
        off = at(thermostat, 1100 + defaults.SENSOR_FLOOR, warmth, power=15.0)
        assert off.trip is Trip.SENSOR_OLD
        assert at(thermostat, 1130 + defaults.SENSOR_FLOOR, warmth + 0.1).trip is None


def test_a_trip_that_ends_by_itself_says_when() -> None:
    thermostat = armed()
    assert at(thermostat, 0, 15.0, chip_excess=5.0).limit == 0.0
    found = at(thermostat, 30, 15.0, chip_excess=-5.0)
    assert (found.trip, found.until) == (Trip.WAKE, START + 30 + defaults.WAKE_SECONDS)
    assert found.data["wanted"] == 1000
    # It is warm: nothing has to come back.
    warm = at(thermostat, 60, 25.0, chip_excess=-5.0)
    assert (warm.trip, warm.limit, warm.until) == (None, None, None)


def test_who_is_armed_again_begins_without_a_past() -> None:
    thermostat = armed()
    for seconds in (0, 30, 60, 90):
        found = at(thermostat, seconds, 20.0, power=1300.0)
    assert found.data["integral"] > 0
    thermostat.switch(True)
    assert at(thermostat, 120, 20.0, power=1300.0).data["integral"] > found.data["integral"]
    thermostat.switch(False)
    assert at(thermostat, 150, 20.0).wish == 0
    thermostat.switch(True)
    again = at(thermostat, 180, 20.0, power=1300.0)
    assert again.wish == pytest.approx(1200.0)
    assert again.data["integral"] == 0.0
