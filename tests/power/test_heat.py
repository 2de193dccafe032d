"""Heat: a temperature is held, and nothing unsafe happens while it is."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat import (
    Action,
    HeatPlan,
    HeatReadings,
    HeatSettings,
    HeatWhy,
    Kind,
    Preset,
    Thermostat,
)
from custom_components.asic_miner.power.heat_safety import Dangers, Trip
from custom_components.asic_miner.power.model import Source
from custom_components.asic_miner.power.site_model import Measured

from .rig import START, Rig

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
    hot = place.readings

    def at(chip: float) -> HeatPlan:
        place.readings = replace(hot, dangers=Dangers(chip=chip))
        return place.step()

    assert (at(84.0).limit, at(85.0).limit, at(90.0).limit) == (None, 1000, 0)
    assert at(85.0).limit == 0, "paused until it has cooled down"
    woken = at(80.0)
    assert (woken.limit, woken.trip) == (1000, Trip.WAKE)
    for _ in range(int(defaults.WAKE_SECONDS // 30) + 1):
        woken = at(70.0)
    assert woken.limit is None
    assert at(95.0).trip is Trip.CHIP_LATCHED
    assert at(40.0).limit == 0, "only a person clears it"
    stored = place.thermostat.to_json()
    again = Thermostat(ROOM, 21.0, stored)
    again.switch(True)
    assert again.plan(START, HeatReadings()).limit == 0
    place.thermostat.acknowledge(place.now)
    assert at(40.0).trip is Trip.WAKE


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


def test_failed_cooling_stops_now_and_the_pump_runs_on() -> None:
    place = room(-30.0)
    for _ in range(40):
        place.step()
    place.readings = HeatReadings(dangers=Dangers(cooling_failed=True))
    plan = place.step()
    assert (plan.limit, plan.trip, plan.pump) == (0, Trip.COOLING, True)
    stopped = place.now
    while place.step().pump:
        assert place.now - stopped < defaults.PUMP_RUN_ON + 600
    assert place.now - stopped >= defaults.PUMP_RUN_ON


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
    assert thermostat.plan(START, HeatReadings(outside=4.0)).frost
    assert not thermostat.plan(START, HeatReadings(outside=4.0, running=True)).frost


def test_a_limit_reaches_the_guard_and_is_lifted() -> None:
    rig = Rig()
    place = room(-30.0)
    place.readings = HeatReadings(dangers=Dangers(chip=86.0))
    place.step().apply(rig.guard, rig.now)
    assert rig.guard.limit is not None
    assert rig.guard.limit.source is Source.HEAT
    place.readings = HeatReadings(dangers=Dangers(chip=60.0))
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
            st.booleans(), st.booleans(), st.sampled_from([None, 70.0, 92.0, 97.0]), st.booleans()
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
    for alive, reachable, chip, on in days:
        place.thermostat.switch(on)
        for _ in range(80):
            place.readings = HeatReadings(
                dangers=Dangers(chip=chip),
                reachable=reachable,
                pool_alive=alive,
                backup_on=backup,
            )
            plan = place.step()
            assert not (backup and place.goal > 0)
            assert not (plan.backup and place.power > defaults.BACKUP_OFF_WATTS)
            backup = plan.backup
