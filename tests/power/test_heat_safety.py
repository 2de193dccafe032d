"""What holds a heating miner down, at which number, and until when."""

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat_safety import (
    Dangers,
    HeatSafety,
    Limits,
    Trip,
    Verdict,
)
from custom_components.asic_miner.power.site_model import Measured

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
) -> Dangers:
    """Return what is measured at this moment."""
    return Dangers(
        chip=chip,
        supply=None if supply is None else Measured(value=supply, at=now),
        controlled=Measured(value=20.0, at=now),
        cooling_failed=cooling_failed,
    )


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (dangers(chip=84.9), FREE),
        (dangers(chip=85.0), Verdict(share=1.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=89.9), Verdict(share=1.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=90.0), Verdict(share=0.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=94.9), Verdict(share=0.0, trip=Trip.CHIP_HOT)),
        (dangers(chip=95.0), Verdict(share=0.0, trip=Trip.CHIP_LATCHED)),
        (dangers(supply=49.9), FREE),
        (dangers(supply=50.0), Verdict(share=1.0, trip=Trip.SUPPLY_SOFT)),
        (dangers(supply=60.0), Verdict(share=0.0, trip=Trip.SUPPLY_LATCHED)),
        (dangers(cooling_failed=True), Verdict(share=0.0, trip=Trip.COOLING)),
    ],
)
def test_limits(seen: Dangers, verdict: Verdict) -> None:
    assert HeatSafety(Limits()).judge(seen, START, armed=True) == verdict


@pytest.mark.parametrize("trip", [Trip.CHIP_LATCHED, Trip.SUPPLY_LATCHED, Trip.COOLING])
def test_what_is_latched_stays_until_a_person_clears_it_and_comes_back_low(trip: Trip) -> None:
    safety = HeatSafety(Limits(), trip)
    held = Verdict(share=0.0, trip=trip)
    assert safety.judge(dangers(), START, armed=True) == held
    # The first one is told, not what comes after it.
    assert safety.judge(dangers(chip=99.0, supply=70.0), START, armed=True) == held
    safety.acknowledge(START)
    end = START + defaults.WAKE_SECONDS
    low = Verdict(share=1.0, trip=Trip.WAKE, until=end)
    assert safety.judge(dangers(), START, armed=True) == low
    assert safety.judge(dangers(end - 1), end - 1, armed=True) == low
    assert safety.judge(dangers(end), end, armed=True) == FREE
    # Nothing was latched, so there is nothing to come back from.
    safety.acknowledge(end)
    assert safety.judge(dangers(end), end, armed=True) == FREE


def test_a_pause_ends_below_the_limit_and_comes_back_low() -> None:
    safety = HeatSafety(Limits())
    paused = Verdict(share=0.0, trip=Trip.CHIP_HOT)
    for chip in (90.0, 85.0, 80.1):
        assert safety.judge(dangers(chip=chip), START, armed=True) == paused
    assert safety.judge(dangers(chip=80.0), START, armed=True) == Verdict(
        share=1.0, trip=Trip.WAKE, until=START + defaults.WAKE_SECONDS
    )


def test_a_clock_that_was_set_back_ends_the_low_time() -> None:
    safety = HeatSafety(Limits(), Trip.COOLING)
    safety.acknowledge(START)
    assert safety.judge(dangers(START - 9), START - 9, armed=True) == FREE


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
