"""What holds a heating miner down, at which number, and until when."""

import pytest

from custom_components.asic_miner.miners.models import JsonValue
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat_safety import (
    Dangers,
    HeatSafety,
    Limits,
    Trip,
    Verdict,
)
from custom_components.asic_miner.power.model import Measured

from .rig import START
from .states import measured

ROOM = measured(20.0)
FREE = Verdict(share=None, trip=None)


def dangers(
    now: float = START,
    *,
    chip: float | None = None,
    supply: float | None = None,
    cooling_failed: bool = False,
    pump: bool | None = None,
    drawing: bool = True,
) -> Dangers:
    """Return what is measured at this moment; `chip` is K above the limit."""
    return Dangers(
        chip_excess=chip,
        supply=None if supply is None else Measured(value=supply, at=now),
        controlled=Measured(value=20.0, at=now),
        cooling_failed=now if cooling_failed else None,
        pump=None if pump is None else Measured(value=float(pump), at=now),
        drawing=drawing,
    )


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (dangers(chip=-0.1), FREE),
        (dangers(chip=0.0), Verdict(share=1.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=4.9), Verdict(share=1.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=5.0), Verdict(share=0.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=9.9), Verdict(share=0.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=10.0), Verdict(share=0.0, trip=Trip.CHIP_LATCHED)),
        (dangers(supply=49.9), FREE),
        (dangers(supply=50.0), Verdict(share=1.0, trip=Trip.SUPPLY_SOFT)),
        (dangers(supply=60.0), Verdict(share=0.0, trip=Trip.SUPPLY_LATCHED)),
        (dangers(cooling_failed=True), FREE),
        (dangers(pump=False), FREE),
        (dangers(pump=True), FREE),
    ],
)
def test_limits(seen: Dangers, verdict: Verdict) -> None:
    assert HeatSafety(Limits()).judge(seen, START, armed=True) == verdict


@pytest.mark.parametrize("trip", [Trip.CHIP_LATCHED, Trip.SUPPLY_LATCHED, Trip.COOLING])
def test_what_is_latched_stays_until_a_person_clears_it_and_comes_back_low(trip: Trip) -> None:
    safety = HeatSafety(Limits(), {"latched": trip})
    held = Verdict(share=0.0, trip=trip)
    assert safety.judge(dangers(), START, armed=True) == held
    # The first one is told, not what comes after it.
    assert safety.judge(dangers(chip=14.0, supply=70.0), START, armed=True) == held
    safety.acknowledge()
    end = START + defaults.WAKE_SECONDS
    low = Verdict(share=1.0, trip=Trip.WAKE, until=end)
    assert safety.judge(dangers(), START, armed=True) == low
    assert safety.judge(dangers(end - 1), end - 1, armed=True) == low
    assert safety.judge(dangers(end), end, armed=True) == FREE
    # Nothing was latched, so there is nothing to come back from.
    safety.acknowledge()
    assert safety.judge(dangers(end), end, armed=True) == FREE


def test_a_pause_ends_below_the_limit_and_comes_back_low() -> None:
    safety = HeatSafety(Limits())
    paused = Verdict(share=0.0, trip=Trip.CHIP_HOT)
    for chip in (5.0, 0.0, -4.9):
        assert safety.judge(dangers(chip=chip), START, armed=True) == paused
    assert safety.judge(dangers(chip=-5.0), START, armed=True) == Verdict(
        share=1.0, trip=Trip.WAKE, until=START + defaults.WAKE_SECONDS
    )


def test_a_clock_that_was_set_back_begins_the_low_time_anew() -> None:
    safety = HeatSafety(Limits(), {"latched": Trip.COOLING})
    safety.acknowledge()
    safety.judge(dangers(), START, armed=True)
    early = START - 9
    assert safety.judge(dangers(early), early, armed=True) == Verdict(
        share=1.0, trip=Trip.WAKE, until=early + defaults.WAKE_SECONDS
    )


def test_the_low_time_begins_when_it_draws_again() -> None:
    safety = HeatSafety(Limits(), {"waking": True})
    waiting = Verdict(share=1.0, trip=Trip.WAKE)
    assert safety.judge(dangers(drawing=False), START, armed=True) == waiting
    late = START + 10 * defaults.WAKE_SECONDS
    assert safety.judge(dangers(late, drawing=False), late, armed=True) == waiting
    end = late + defaults.WAKE_SECONDS
    assert safety.judge(dangers(late), late, armed=True).until == end
    assert safety.judge(dangers(end), end, armed=True) == FREE


@pytest.mark.parametrize(
    ("seconds", "trip"),
    [(defaults.COOLING_SECONDS - 1, None), (defaults.COOLING_SECONDS, Trip.COOLING)],
)
def test_cooling_that_fails_must_be_seen_twice(seconds: float, trip: Trip | None) -> None:
    safety = HeatSafety(Limits())
    safety.judge(dangers(cooling_failed=True), START, armed=True)
    later = START + seconds
    assert safety.judge(dangers(later, cooling_failed=True), later, armed=True).trip is trip


def test_one_good_reading_between_two_bad_ones_begins_anew() -> None:
    safety = HeatSafety(Limits())
    for second, fails in ((0, True), (15, False), (40, True)):
        now = START + second
        assert safety.judge(dangers(now, cooling_failed=fails), now, armed=True) == FREE


@pytest.mark.parametrize(
    ("seconds", "trip"), [(defaults.PUMP_GRACE - 1, None), (defaults.PUMP_GRACE, Trip.PUMP_OFF)]
)
def test_a_pump_that_stands(seconds: float, trip: Trip | None) -> None:
    safety = HeatSafety(Limits())
    safety.judge(dangers(pump=False), START, armed=True)
    later = START + seconds
    assert safety.judge(dangers(later, pump=False), later, armed=True).trip is trip
    # At rest it may, until it has stopped the miner.
    rest = safety.judge(dangers(later, pump=False, drawing=False), later, armed=True).trip
    assert rest is trip


@pytest.mark.parametrize("trip", [Trip.CHIP_HOT, Trip.PUMP_OFF, Trip.SENSOR_LOST])
def test_what_has_stopped_it_is_not_forgotten(trip: Trip) -> None:
    safety = HeatSafety(Limits(), {"resting": trip})
    assert safety.to_json() == {"latched": None, "resting": trip, "waking": False}
    cooled = dangers(chip=-20.0, pump=True)
    assert safety.judge(cooled, START, armed=True).trip is Trip.WAKE
    # Who was disarmed while a sensor was lost has nothing to come back to.
    unarmed = HeatSafety(Limits(), {"resting": trip}).judge(cooled, START, armed=False).trip
    assert unarmed is (None if trip is Trip.SENSOR_LOST else Trip.WAKE)


@pytest.mark.parametrize("stored", [None, [], {"latched": "wake", "resting": 1, "waking": "no"}])
def test_what_it_never_wrote_is_not_believed(stored: JsonValue) -> None:
    safety = HeatSafety(Limits(), stored)
    assert safety.to_json() == {"latched": None, "resting": None, "waking": False}


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (defaults.SENSOR_FLOOR, FREE),
        (defaults.SENSOR_FLOOR + 1, Verdict(share=1.0, trip=Trip.SENSOR_OLD)),
        (defaults.SENSOR_STOP, Verdict(share=1.0, trip=Trip.SENSOR_OLD)),
        (defaults.SENSOR_STOP + 1, Verdict(share=0.0, trip=Trip.SENSOR_LOST)),
    ],
)
def test_sensors_that_are_silent(age: float, verdict: Verdict) -> None:
    old = measured(20.0, age)
    for seen in (Dangers(controlled=old), Dangers(controlled=ROOM, supply=old)):
        assert HeatSafety(Limits()).judge(seen, START, armed=True) == verdict
    # What is to be held need not be known while nobody holds it; what may boil has to.
    assert HeatSafety(Limits()).judge(Dangers(controlled=old), START, armed=False) == FREE
    unarmed = HeatSafety(Limits()).judge(Dangers(supply=old), START, armed=False)
    assert unarmed == verdict


def test_a_sensor_that_never_spoke_is_silent_since_the_beginning() -> None:
    safety = HeatSafety(Limits())
    assert safety.judge(Dangers(), START, armed=True) == FREE
    later = START + defaults.SENSOR_STOP + 1
    assert safety.judge(Dangers(), later, armed=True).trip is Trip.SENSOR_LOST
    back = safety.judge(dangers(later), later, armed=True)
    assert back == Verdict(share=1.0, trip=Trip.WAKE, until=later + defaults.WAKE_SECONDS)
