"""What a guard learns of its miner, number by number."""

import json
import math

import pytest

from custom_components.asic_miner.miners.models import JsonValue
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.learning import Learned, number

from .rig import PERCENT, TARGET

FULL = Learned(
    seconds_up=1.0,
    seconds_down=2.0,
    seconds_start=3.0,
    seconds_stop=4.0,
    floor=1200.0,
    idle=17.0,
    excess=1.03,
    efficiency={10: 22.0, 20: 30.0},
)


def test_it_is_kept_whole() -> None:
    stored = json.loads(json.dumps(FULL.to_json()))
    assert Learned.from_json(stored) == FULL
    assert Learned.from_json(json.loads(json.dumps(Learned().to_json()))) == Learned()


@pytest.mark.parametrize("stored", [None, [], 3, "x"])
def test_what_is_no_store_is_nothing(stored: JsonValue) -> None:
    assert Learned.from_json(stored) == Learned()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"floor": -1}, Learned()),
        ({"floor": True}, Learned()),
        ({"floor": "1200"}, Learned()),
        ({"excess": 0.5}, Learned(excess=1.0)),
        ({"excess": 9}, Learned(excess=defaults.EXCESS_HIGHEST)),
        (
            {"efficiency": {"10": 22, "x": 20, "11": None, "12": 0, "-3": 5}},
            Learned(efficiency={10: 22.0}),
        ),
        ({"efficiency": [1]}, Learned()),
    ],
)
def test_what_makes_no_sense_is_left_out(stored: JsonValue, expected: Learned) -> None:
    assert Learned.from_json(stored) == expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (0, 0.0),
        (2, 2.0),
        (2.5, 2.5),
        (-0.1, None),
        (math.inf, None),
        (math.nan, None),
        (False, None),
        ("2", None),
    ],
)
def test_numbers(stored: JsonValue, expected: float | None) -> None:
    assert number(stored) == expected


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("up", "seconds_up"),
        ("down", "seconds_down"),
        ("start", "seconds_start"),
        ("stop", "seconds_stop"),
    ],
)
def test_how_long_each_kind_takes_is_kept_apart(what: str, name: str) -> None:
    once = Learned().took(what, 100.0)
    assert once == Learned(**{name: 100.0})  # type: ignore[arg-type] # by name
    # The second time counts for three tenths.
    assert getattr(once.took(what, 200.0), name) == pytest.approx(130.0)
    assert getattr(Learned().took(what, -5.0), name) == 0.0


def test_idle_draw_is_a_mean() -> None:
    assert Learned().idles(20.0).idle == 20.0
    assert Learned(idle=20.0).idles(10.0).idle == pytest.approx(17.0)


@pytest.mark.parametrize(
    ("known", "watts", "floor"),
    [
        (None, 1000.0, None),  # the device says so itself
        (None, 1001.0, 1001.0),
        (None, 2720.0, 2720.0),  # four fifths of 3400 W
        (None, 2721.0, None),
        (1500.0, 1200.0, 1500.0),
        (1200.0, 1500.0, 1500.0),
    ],
)
def test_a_floor_only_rises_and_not_too_far(
    known: float | None, watts: float, floor: float | None
) -> None:
    assert Learned(floor=known).bottomed(watts, PERCENT).floor == floor


@pytest.mark.parametrize(
    ("watts", "excess"),
    [(2000.0, 1.0), (1900.0, 1.0), (2080.0, 1.04), (2900.0, defaults.EXCESS_HIGHEST)],
)
def test_excess_is_bounded(watts: float, excess: float) -> None:
    learned = Learned().steady(2000.0, watts, None, TARGET)
    assert learned.excess == pytest.approx(excess)
    assert learned == Learned(excess=learned.excess)


def test_efficiency_is_kept_by_twentieths_of_the_maximum() -> None:
    # A twentieth of 3400 W is 170 W.
    learned = Learned().steady(1700.0, 1700.0, 100.0, PERCENT)
    assert learned.efficiency == {10: 17.0}
    learned = learned.steady(1750.0, 1750.0, 70.0, PERCENT)
    assert learned.efficiency == {10: pytest.approx(17.0 + 0.3 * 8.0)}
    assert learned.steady(3400.0, 3400.0, 0.0, PERCENT).efficiency == learned.efficiency
    assert set(learned.steady(3400.0, 3400.0, 170.0, PERCENT).efficiency) == {10, 20}


def test_efficiency_is_that_of_the_nearest_known_draw() -> None:
    assert Learned().joules_per_terahash(1700.0, PERCENT) is None
    assert FULL.joules_per_terahash(1700.0, PERCENT) == 22.0
    assert FULL.joules_per_terahash(2500.0, PERCENT) == 22.0  # 14.7 twentieths
    assert FULL.joules_per_terahash(2600.0, PERCENT) == 30.0  # 15.3
    assert FULL.most_efficient(PERCENT) is None
    curve = Learned(efficiency={8: 21.0, 10: 20.0, 20: 30.0})
    assert curve.most_efficient(PERCENT) == pytest.approx(1700.0)


def test_excess_before_it_is_known_is_that_of_the_path() -> None:
    assert Learned().expected_excess(TARGET) == 1.04
    assert Learned().expected_excess(PERCENT) == 1.0
    assert Learned(excess=1.1).expected_excess(TARGET) == 1.1
