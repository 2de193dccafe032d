"""Energy: never falls, never invents, and is what an integral of power would be."""

from itertools import pairwise
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.energy import LONGEST_GAP, EnergyMeter

POWER = st.one_of(st.none(), st.floats(min_value=-10, max_value=20_000))


def test_an_hour_at_one_kilowatt_is_one_kilowatt_hour() -> None:
    """Read every 15 s."""
    meter = EnergyMeter()
    for second in range(0, 3601, 15):
        meter.add(1000, second)
    assert meter.total == pytest.approx(1.0)


def test_power_moves_in_a_straight_line() -> None:
    """From 0 to 3600 W in a minute is 30 Wh."""
    meter = EnergyMeter()
    meter.add(0, 0)
    assert meter.add(3600, 60) == pytest.approx(0.030)


def test_a_long_gap_adds_nothing() -> None:
    """Nobody knows what was drawn in the meantime."""
    meter = EnergyMeter()
    meter.add(3000, 0)
    assert meter.add(3000, LONGEST_GAP + 1) == 0
    assert meter.add(3000, LONGEST_GAP + 61) == pytest.approx(0.05)


def test_a_short_gap_is_joined() -> None:
    """One poll that failed is no reason to lose energy."""
    meter = EnergyMeter()
    meter.add(3000, 0)
    meter.add(None, 30)
    assert meter.add(3000, 60) == pytest.approx(0.05)


def test_restored_below_what_was_counted_since() -> None:
    """The total of an earlier run arrives after the first polls of this one."""
    meter = EnergyMeter()
    meter.add(3000, 0)
    meter.add(3000, 60)
    meter.restore(100.0)
    assert meter.total == pytest.approx(100.05)
    meter.restore(100.0)
    assert meter.total == pytest.approx(100.05), "an entity that is added again restores again"
    broken = EnergyMeter()
    broken.restore(-5.0)
    assert broken.total == 0


@given(st.lists(st.tuples(POWER, st.floats(min_value=-100, max_value=1000)), max_size=60))
def test_it_never_falls(readings: list[tuple[float | None, float]]) -> None:
    """Whatever is read and whatever the clock does."""
    meter = EnergyMeter()
    now, totals = 0.0, [0.0]
    for power, passed in readings:
        now += passed
        totals.append(meter.add(power, now))
    assert all(before <= after for before, after in pairwise(totals))
    assert math.isfinite(meter.total)


@given(st.lists(st.floats(min_value=0, max_value=20_000), min_size=2, max_size=60))
def test_it_is_the_integral(powers: list[float]) -> None:
    """The trapezoidal rule, for readings without gaps."""
    meter = EnergyMeter()
    for index, power in enumerate(powers):
        meter.add(power, index * 15.0)
    expected = sum((a + b) / 2 * 15 for a, b in pairwise(powers)) / 3_600_000
    assert meter.total == pytest.approx(expected)
