"""Heat: a temperature is held, and nothing unsafe happens while it is."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat import Thermostat
from custom_components.asic_miner.power.heat_model import (
    Action,
    HeatPlan,
    HeatReadings,
    HeatSettings,
    HeatWhy,
    Kind,
    Preset,
)
from custom_components.asic_miner.power.heat_safety import Dangers, Limits, Trip
from custom_components.asic_miner.power.model import Measured, Source

from .rig import PERCENT, START, TARGET, Rig

ROOM = HeatSettings(floor=1000, maximum=3400)
TANK = HeatSettings(floor=1000, maximum=3400, kind=Kind.TANK)


class Place:
    """A room or a tank that loses heat to the outside, with a miner in it."""

    def __init__(self, thermostat: Thermostat, *, warmth: float, loss: float, heat: float) -> None:
        """W per K lost, and J per K stored."""
        self.thermostat = thermostat
        self.warmth, self.loss, self.heat = warmth, loss, heat
        self.outside = 0.0
        self.power = 0.0
        self.goal = 0.0
        self.now = START
        self.readings = HeatReadings()

    def step(self) -> HeatPlan:
        """Live for 30 s."""
        self.warmth += (self.power - self.loss * (self.warmth - self.outside)) * 30 / self.heat
        # The miner follows within minutes.
        self.power += (self.goal - self.power) * 0.3
        if self.goal == 0 and self.power < 50:
            self.power = 0.0
        now = Measured(value=self.warmth, at=self.now)
        plan = self.thermostat.plan(
            self.now,
            replace(
                self.readings,
                dangers=replace(self.readings.dangers, controlled=now),
                power=self.power,
                running=self.goal > 0,
            ),
        )
        if plan.wish is not None:
            self.goal = plan.wish
        if plan.limit is not None:
            self.goal = min(self.goal, plan.limit)
        self.now += 30
        return plan


def room(outside: float = 0.0, **more: object) -> Place:
    thermostat = Thermostat(replace(ROOM, **more), 21.0)  # type: ignore[arg-type] # by name
    thermostat.switch(True)
    place = Place(thermostat, warmth=19.0, loss=100.0, heat=2.5e6)
    place.outside = outside
    return place


@pytest.mark.parametrize("outside", [-8.0, 0.0, 6.0])
def test_a_room_is_held_within_half_a_kelvin(outside: float) -> None:
    place = room(outside)
    for _ in range(8 * 120):
        place.step()
    for _ in range(24 * 120):
        place.step()
        assert abs(place.warmth - 21.0) <= 0.5


def test_a_tank_is_held_within_a_kelvin() -> None:
    thermostat = Thermostat(TANK, 45.0)
    thermostat.switch(True)
    # 500 l of water.
    place = Place(thermostat, warmth=43.0, loss=50.0, heat=2.1e6)
    place.outside = 15.0
    for _ in range(12 * 120):
        place.step()
    for _ in range(24 * 120):
        place.step()
        assert abs(place.warmth - 45.0) <= 1.0


def test_a_mild_day_pauses_and_comes_back() -> None:
    place = room(15.0)  # 600 W would do, which is below the floor.
    seen = set()
    for _ in range(48 * 120):
        seen.add(place.step().action)
        assert place.warmth < 22
    assert {Action.IDLE, Action.HEATING} <= seen


def test_the_integral_does_not_wind_up() -> None:
    place = room(-40.0)  # Full power is not enough for two days.
    for _ in range(48 * 120):
        place.step()
    place.outside = 10.0
    place.warmth = 20.9
    highest = 0.0
    for _ in range(6 * 120):
        place.step()
        highest = max(highest, place.warmth)
    assert highest < 22.0


def test_changes_are_paced() -> None:
    place = room()
    wishes = [(place.now, plan.wish) for _ in range(960) if (plan := place.step()).wish is not None]
    changes = [at for at, watts in wishes if watts]
    assert len(changes) > 3
    assert min(b - a for a, b in pairwise(changes)) >= defaults.HEAT_UP


def test_presets() -> None:
    place = room(-30.0)
    thermostat = place.thermostat

    def settled() -> float:
        for _ in range(60):
            place.step()
        return place.goal

    assert settled() == 3400
    thermostat.choose(Preset.ECO, place.now)
    assert settled() == pytest.approx(3400 * defaults.ECO_SHARE)
    thermostat.choose(Preset.SLEEP, place.now)
    assert settled() == 1700
    thermostat.choose(Preset.BOOST, place.now, seconds=3600)
    assert settled() == 3400
    for _ in range(120):
        place.step()
    assert thermostat.preset is Preset.SLEEP, "a boost ends by itself"
    thermostat.choose(Preset.AWAY, place.now)
    place.warmth = 15.0
    plan = place.step()
    assert (plan.setpoint, thermostat.setpoint) == (defaults.AWAY_TEMPERATURE, 21.0)
    assert settled() == 0


def test_off_wishes_nothing_but_once() -> None:
    thermostat = Thermostat(ROOM, 21.0)
    quiet = thermostat.plan(START, HeatReadings(power=3000, running=True))
    assert (quiet.wish, quiet.limit, quiet.action) == (None, None, Action.OFF)
    thermostat.switch(True)
    thermostat.switch(False)
    assert thermostat.plan(START + 30, HeatReadings()).wish == 0
    assert thermostat.plan(START + 60, HeatReadings()).wish is None


def test_preheating_is_told() -> None:
    thermostat = Thermostat(ROOM, 21.0)
    thermostat.switch(True)
    cold = Dangers(controlled=Measured(value=15, at=START))
    plan = thermostat.plan(START, HeatReadings(dangers=cold, running=True, ramping=True, power=900))
    assert plan.action is Action.PREHEATING


def test_hot_chips_reduce_pause_and_latch() -> None:
    place = room(-30.0)
    place.step()

    def at(excess: float | None) -> HeatPlan:
        place.readings = HeatReadings(dangers=Dangers(chip_excess=excess))
        return place.step()

    assert (at(-1.0).limit, at(0.0).limit, at(5.0).limit) == (None, 1000, 0)
    assert at(0.0).limit == 0, "paused until it has cooled down"
    woken = at(-5.0)
    assert (woken.limit, woken.trip) == (1000, Trip.WAKE)
    for _ in range(int(defaults.WAKE_SECONDS // 30) + 10):
        woken = at(-15.0)
    assert woken.limit is None
    assert at(10.0).trip is Trip.CHIP_LATCHED
    assert at(-45.0).limit == 0, "only a person clears it"
    stored = place.thermostat.to_json()
    again = Thermostat(ROOM, 21.0, stored)
    again.switch(True)
    assert again.plan(START, HeatReadings()).limit == 0
    place.thermostat.acknowledge()
    assert at(-45.0).trip is Trip.WAKE


def test_chips_that_cannot_be_read_while_off_get_time_to_cool_down() -> None:
    place = room(-30.0)
    place.readings = HeatReadings(dangers=Dangers(chip_excess=6.0))
    assert place.step().limit == 0
    stopped = place.now
    place.readings = HeatReadings()
    while place.step().trip is Trip.CHIP_HOT:
        assert place.now < stopped + 7200
    assert place.now - stopped == pytest.approx(defaults.CHIP_REST, abs=60)
    assert place.step().trip is Trip.WAKE


@pytest.mark.parametrize("starts_low", [True, False])
def test_it_wakes_low_however_long_the_start_takes(starts_low: bool) -> None:
    """The minimum off time of a guard is as long as the time at the floor."""
    place = room(-30.0, starts_low=starts_low)
    place.readings = HeatReadings(dangers=Dangers(chip_excess=6.0))
    place.step()
    place.readings = HeatReadings(dangers=Dangers(chip_excess=-20.0))
    place.goal, place.power = 0.0, 0.0
    for second in range(0, 3600, 30):
        cold = Dangers(chip_excess=-20.0, controlled=Measured(value=10, at=place.now + second))
        plan = place.thermostat.plan(
            place.now + second, HeatReadings(dangers=cold, power=15.0, running=False)
        )
    # A limit would keep it from starting.
    assert (plan.trip, plan.limit) == (Trip.WAKE, None)
    assert plan.data["wanted"] == 1000
    begun = place.now + 3600
    for second in range(0, 570, 30):
        cold = Dangers(controlled=Measured(value=10, at=begun + second))
        plan = place.thermostat.plan(
            begun + second, HeatReadings(dangers=cold, power=1000.0, running=True)
        )
        assert plan.data["wanted"] == 1000
        # Nor is one stopped for it that goes to full draw first.
        assert plan.limit == (1000 if starts_low else None)
    cold = Dangers(controlled=Measured(value=10, at=begun + 601))
    plan = place.thermostat.plan(begun + 601, HeatReadings(dangers=cold, power=1000, running=True))
    assert (plan.trip, plan.data["wanted"]) == (None, 3400)


def test_it_wakes_low_after_a_restart_of_home_assistant() -> None:
    place = room(-30.0)
    place.readings = HeatReadings(dangers=Dangers(chip_excess=6.0))
    place.step()
    again = Thermostat(ROOM, 21.0, place.thermostat.to_json())
    again.resume()
    cold = Dangers(chip_excess=-30.0, controlled=Measured(value=10, at=START))
    plan = again.plan(START, HeatReadings(dangers=cold, power=1000, running=True))
    assert (plan.trip, plan.limit) == (Trip.WAKE, 1000)


@pytest.mark.parametrize(
    ("supply", "limit", "trip"),
    [(49.0, None, None), (50.0, 1000, Trip.SUPPLY_SOFT), (60.0, 0, Trip.SUPPLY_LATCHED)],
)
def test_supply_water(supply: float, limit: float | None, trip: Trip | None) -> None:
    place = room(-30.0)
    water = Measured(value=supply, at=place.now)
    place.readings = HeatReadings(dangers=Dangers(supply=water))
    plan = place.step()
    assert (plan.limit, plan.trip) == (limit, trip)
    place.readings = HeatReadings(dangers=Dangers(supply=Measured(value=20, at=place.now)))
    assert (place.step().limit == 0) is (trip is Trip.SUPPLY_LATCHED)


def test_failed_cooling_latches_and_the_pump_runs_on() -> None:
    place = room(-30.0)
    for _ in range(40):
        place.step()
    place.readings = HeatReadings(dangers=Dangers(cooling_failed=place.now))
    assert place.step().trip is None, "one reading may be wrong"
    place.readings = HeatReadings(dangers=Dangers(cooling_failed=place.now))
    plan = place.step()
    assert (plan.limit, plan.trip, plan.pump) == (0, Trip.COOLING, True)
    place.readings = HeatReadings()
    stopped = place.now
    while (plan := place.step()).pump:
        assert place.now - stopped < defaults.PUMP_RUN_ON + 600
    assert place.now - stopped >= defaults.PUMP_RUN_ON
    assert plan.trip is Trip.COOLING, "only a person clears it"
    stored = place.thermostat.to_json()
    assert Thermostat(ROOM, 21.0, stored).latched
    place.thermostat.acknowledge()
    assert place.step().trip is Trip.WAKE


def test_the_same_reading_twice_is_one_reading() -> None:
    place = room(-30.0)
    place.readings = HeatReadings(dangers=Dangers(cooling_failed=START - 5))
    assert [place.step().trip for _ in range(3)] == [None, None, None]


def with_pump(place: Place, on: bool, at: float | None = None) -> HeatPlan:
    seen = Measured(value=float(on), at=place.now if at is None else at)
    place.readings = HeatReadings(dangers=Dangers(pump=seen))
    return place.step()


def test_the_pump_comes_before_the_miner_and_stops_it_when_it_fails() -> None:
    place = room(-30.0)
    plan = with_pump(place, False)
    assert (plan.wish, plan.pump, plan.why) == (0, True, HeatWhy.PUMP_WAITS)
    for _ in range(10):
        plan = with_pump(place, True)
    assert (plan.limit, plan.action) == (None, Action.HEATING)
    assert with_pump(place, False).trip is None, "it is told to come on again first"
    plan = with_pump(place, False)
    assert (plan.limit, plan.trip, plan.pump) == (0, Trip.PUMP_OFF, True)
    while place.power:
        plan = with_pump(place, False)
    assert (plan.trip, plan.pump) == (Trip.PUMP_OFF, True)
    plan = with_pump(place, True)
    assert (plan.trip, plan.data["wanted"]) == (Trip.WAKE, 1000), "nothing is latched by that"


def test_a_pump_that_does_not_say_is_a_lost_sensor() -> None:
    place = room(-30.0)
    with_pump(place, True)
    silent = place.now
    trips = [with_pump(place, True, silent).trip for _ in range(25)]
    assert trips[2] is None
    assert trips[6] is Trip.SENSOR_OLD
    assert trips[-1] is Trip.SENSOR_LOST


def test_the_pump_of_a_miner_that_mines_for_others_runs_too() -> None:
    thermostat = Thermostat(ROOM, 21.0)
    on = Dangers(pump=Measured(value=1, at=START))
    plan = thermostat.plan(START, HeatReadings(dangers=on, power=3000, running=True))
    assert plan.pump
    # After a restart it runs on for a while, as nobody knows when it began to.
    again = Thermostat(ROOM, 21.0)
    assert again.plan(START, HeatReadings(dangers=on, power=10)).pump
    assert not again.plan(START + defaults.PUMP_RUN_ON, HeatReadings(dangers=on, power=10)).pump


def test_an_open_window_keeps_only_frost_away() -> None:
    place = room(-10.0)
    for _ in range(20):
        place.step()
    place.readings = HeatReadings(window_open=True)
    assert place.step().why is HeatWhy.COLD, "somebody may only pass through"
    place.step()
    plan = place.step()
    assert (plan.wish, plan.why, plan.setpoint) == (0, HeatWhy.WINDOW, 10)
    place.thermostat.choose(Preset.BOOST, place.now)
    assert place.step().data["wanted"] == 0, "nobody heats the street"
    place.readings = HeatReadings()
    assert place.step().why is HeatWhy.BOOST


def test_a_sensor_that_sticks_is_found_out() -> None:
    thermostat = Thermostat(ROOM, 21.0)
    thermostat.switch(True)

    def plan(second: float, value: float, power: float = 3400) -> HeatPlan:
        seen = Dangers(controlled=Measured(value=value, at=START + second))
        return thermostat.plan(
            START + second, HeatReadings(dangers=seen, power=power, running=power > 100)
        )

    first = int(defaults.STUCK_ROOM)
    for second in range(0, first, 30):
        assert plan(second, 15.0).limit is None
    assert plan(first + 150, 15.0).trip is Trip.SENSOR_OLD
    assert plan(first + 630, 15.0).trip is Trip.SENSOR_LOST
    assert plan(first + 7200, 15.0, power=15).limit == 0, "off says nothing new"
    assert plan(first + 7230, 14.9, power=15).trip is Trip.WAKE, "it lives"


def test_a_temperature_that_is_held_may_stand_still() -> None:
    thermostat = Thermostat(ROOM, 21.0)
    thermostat.switch(True)
    for second in range(0, int(2 * defaults.STUCK_ROOM), 30):
        seen = Dangers(controlled=Measured(value=20.9, at=START + second))
        plan = thermostat.plan(START + second, HeatReadings(dangers=seen, power=15))
        assert plan.limit is None


def test_a_restart_of_home_assistant_stops_nothing() -> None:
    """A miner that holds the temperature goes on with what it draws."""
    again = Thermostat(ROOM, 21.0)
    again.resume()
    plan = again.plan(START, HeatReadings(power=2000, running=True))
    assert (plan.wish, plan.limit, plan.why) == (None, None, HeatWhy.NO_TEMPERATURE)
    held = Dangers(controlled=Measured(value=21.1, at=START + 30))
    plan = again.plan(START + 30, HeatReadings(dangers=held, power=2000, running=True))
    assert plan.data["wanted"] == pytest.approx(2000, abs=5)
    idle = Thermostat(ROOM, 21.0)
    idle.resume()
    plan = idle.plan(START + 30, HeatReadings(dangers=held, power=15))
    assert plan.data["wanted"] == 0, "and one that rests goes on resting"


@pytest.mark.parametrize(("value", "drawn"), [(20.5, 1200.0), (21.5, 3300.0)])
def test_watts_that_were_only_wished_teach_nothing(value: float, drawn: float) -> None:
    """A limit, a lock or the firmware holds it for hours; the integral waits."""
    thermostat = Thermostat(ROOM, 21.0)
    thermostat.resume()
    for second in range(0, 6 * 3600, 30):
        seen = Dangers(controlled=Measured(value=value, at=START + second))
        held = HeatReadings(dangers=seen, power=2200.0 if second < 60 else drawn, running=True)
        plan = thermostat.plan(START + second, held)
        if second == 60:
            before = plan.data["integral"]
    assert plan.data["integral"] == pytest.approx(before)
    # The same error with a miner that follows moves it.
    for second in range(6 * 3600, 7 * 3600, 30):
        seen = Dangers(controlled=Measured(value=value, at=START + second))
        plan = thermostat.plan(
            START + second, HeatReadings(dangers=seen, power=plan.data["wanted"], running=True)
        )
    assert plan.data["integral"] != pytest.approx(before)


def test_a_small_miner_heats_too() -> None:
    """40 W are at rest for a machine of 3 kW, and full power for a mini miner."""
    small = Thermostat(HeatSettings(floor=20, maximum=40), 21.0)
    small.switch(True)
    cold = Dangers(controlled=Measured(value=15, at=START))
    plan = small.plan(START, HeatReadings(dangers=cold, power=40, running=True))
    assert plan.action is Action.HEATING


def test_a_missing_sensor_means_the_floor_then_nothing() -> None:
    thermostat = Thermostat(ROOM, 21.0)
    thermostat.switch(True)
    old = HeatReadings(dangers=Dangers(controlled=Measured(value=15, at=START)), running=True)
    assert thermostat.plan(START + 60, old).limit is None
    assert thermostat.plan(START + 121, old).limit == 1000
    assert thermostat.plan(START + 601, old).limit == 0
    thermostat.switch(False)
    assert thermostat.plan(START + 700, old).limit is None, "who is off needs no sensor"


def test_frost_is_warned_of() -> None:
    thermostat = Thermostat(TANK, 45.0)
    assert thermostat.plan(START, HeatReadings(outside=4.0, power=15)).frost
    assert not thermostat.plan(START, HeatReadings(outside=6.0, power=15)).frost
    assert not thermostat.plan(START, HeatReadings(outside=4.0, running=True, power=900)).frost


def test_a_limit_reaches_the_guard_and_is_lifted() -> None:
    rig = Rig()
    place = room(-30.0)
    place.readings = HeatReadings(dangers=Dangers(chip_excess=1.0))
    place.step().apply(rig.guard, rig.now)
    assert rig.guard.limit is not None
    assert rig.guard.limit.source is Source.HEAT
    place.readings = HeatReadings(dangers=Dangers(chip_excess=-25.0))
    place.step().apply(rig.guard, rig.now)
    assert rig.guard.limit is None


def test_the_backup_takes_over_when_there_is_no_pool_and_gives_back() -> None:
    place = room(0.0, backup=True)
    place.warmth = 15.0
    for _ in range(20):
        place.step()
    place.readings = HeatReadings(pool_alive=False)
    plan = place.step()
    assert (plan.why, plan.backup) == (HeatWhy.NO_POOL, False)
    while not (plan := place.step()).backup:
        assert place.now < START + 3600
    assert (plan.why, plan.limit, place.power <= 100) == (HeatWhy.BACKUP, 0, True)
    place.readings = HeatReadings(pool_alive=True, backup_on=True)
    plan = place.step()
    assert (plan.backup, plan.limit, plan.why) == (False, 0, HeatWhy.BACKUP_STOPS)
    place.readings = HeatReadings(pool_alive=True, backup_on=False)
    assert place.step().limit is None


def test_a_draw_that_is_not_known_is_no_proof() -> None:
    thermostat = Thermostat(replace(ROOM, backup=True), 21.0)
    thermostat.switch(True)
    for second in range(0, 7200, 30):
        now = START + second
        cold = Dangers(controlled=Measured(value=12, at=now))
        plan = thermostat.plan(now, HeatReadings(dangers=cold, reachable=False, power=None))
        assert not plan.backup
    assert plan.why is HeatWhy.BACKUP_WAITS


@given(
    days=st.lists(
        st.tuples(
            st.booleans(), st.booleans(), st.sampled_from([None, -15.0, 7.0, 12.0]), st.booleans()
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(deadline=None, max_examples=40)
def test_backup_and_miner_never_heat_together(
    days: list[tuple[bool, bool, float | None, bool]],
) -> None:
    place = room(0.0, backup=True)
    backup = False
    for alive, reachable, excess, on in days:
        place.thermostat.switch(on)
        for _ in range(80):
            place.readings = HeatReadings(
                dangers=Dangers(chip_excess=excess),
                reachable=reachable,
                pool_alive=alive,
                backup_on=backup,
            )
            plan = place.step()
            assert not (backup and place.goal > 0)
            assert not (plan.backup and place.power > defaults.BACKUP_OFF_WATTS)
            backup = plan.backup


moments = st.fixed_dictionaries(
    {
        "on": st.booleans(),
        "preset": st.sampled_from(list(Preset)),
        "chip": st.sampled_from([None, -20.0, 0.0, 4.0, 6.0, 11.0]),
        "supply": st.sampled_from([None, 30.0, 51.0, 61.0]),
        "warmth": st.sampled_from([None, 12.0, 20.8, 21.2, 30.0]),
        "fails": st.booleans(),
        "pump": st.sampled_from([None, False, True]),
        "backup": st.booleans(),
        "alive": st.sampled_from([None, False, True]),
        "reachable": st.booleans(),
        "window": st.booleans(),
        "ramping": st.booleans(),
        "acknowledges": st.booleans(),
        "ticks": st.integers(1, 25),
    }
)


@given(
    days=st.lists(moments, min_size=1, max_size=15),
    starts_low=st.booleans(),
    has_backup=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_whatever_happens(days: list[dict[str, Any]], starts_low: bool, has_backup: bool) -> None:
    """Never more than is allowed, no miner beside the backup, and always a reason."""
    what = replace(ROOM, starts_low=starts_low, backup=has_backup, limits=Limits())
    thermostat = Thermostat(what, 21.0)
    rig = Rig(ability=TARGET if starts_low else PERCENT)
    now, drawn_at = START, None
    for day in days:
        thermostat.switch(day["on"])
        thermostat.choose(day["preset"], now)
        if day["acknowledges"]:
            thermostat.acknowledge()
        for _ in range(day["ticks"]):
            now = rig.now = rig.now + 30
            rig.read()
            dangers = Dangers(
                chip_excess=day["chip"],
                supply=measured(day["supply"], now),
                controlled=measured(day["warmth"], now),
                cooling_failed=now if day["fails"] else None,
                pump=None if day["pump"] is None else Measured(value=float(day["pump"]), at=now),
            )
            readings = HeatReadings(
                dangers=dangers,
                power=rig.drawn if day["reachable"] else None,
                running=rig.on and day["reachable"],
                ramping=day["ramping"],
                reachable=day["reachable"],
                pool_alive=day["alive"],
                backup_on=has_backup and day["backup"],
                window_open=day["window"],
            )
            if rig.drawn > what.standby or not day["reachable"]:
                drawn_at = now
            plan = thermostat.plan(now, readings)
            again = Thermostat(what, 21.0, thermostat.to_json())
            assert again.to_json() == thermostat.to_json(), "a restart forgets nothing"
            plan.apply(rig.guard, now)
            rig.step()

            wanted = plan.data["wanted"]
            assert 0 <= wanted <= what.maximum
            assert wanted == 0 or wanted >= what.floor
            if plan.limit is not None:
                goal = rig.guard.state(now).goal
                assert goal is None or goal <= plan.limit
                assert wanted <= plan.limit
            if (excess := day["chip"]) is not None:
                assert excess < 0 or wanted <= what.floor
                assert excess < 5 or (wanted, plan.limit) == (0, 0)
            if day["supply"] == 61.0 or thermostat.latched:
                assert (wanted, plan.limit) == (0, 0)
            if readings.backup_on:
                assert (wanted, plan.limit) == (0, 0), "each waits until the other is off"
            if plan.backup:
                assert has_backup
                assert rig.drawn <= defaults.BACKUP_OFF_WATTS
                assert plan.limit == 0
            # Nothing held back without somebody being told why.
            held = {HeatWhy.BACKUP, HeatWhy.BACKUP_WAITS, HeatWhy.BACKUP_STOPS}
            assert plan.limit is None or plan.trip or plan.why in held or readings.backup_on
            assert (plan.why is HeatWhy.TRIPPED) <= (plan.trip is not None)
            assert (plan.action is Action.OFF) is not day["on"]
            if wanted:
                assert plan.why in {HeatWhy.COLD, HeatWhy.BOOST, HeatWhy.TRIPPED}
                assert day["pump"] is not False or rig.drawn > what.standby
            if drawn_at is not None and now - drawn_at < defaults.PUMP_RUN_ON:
                assert plan.pump, "it is never stopped with the miner"


def measured(value: float | None, now: float) -> Measured | None:
    return None if value is None else Measured(value=value, at=now)
