"""Hard limits: who gets or gives what each one leaves."""

import pytest

from custom_components.asic_miner.power.caps import Bound, caps, headroom, ramping
from custom_components.asic_miner.power.model import Wait

from .rig import PERCENT, TARGET
from .states import miner


def test_headroom_keeps_a_little_away_from_the_limit_upward() -> None:
    bound = Bound(key="c", parts={"a": 1.0, "b": 0.5}, limit=3000.0)
    committed = {"a": 1000.0, "b": 800.0, "x": 9000.0}
    assert headroom(bound, committed) == 1600.0
    assert headroom(bound, committed, rise=True) == pytest.approx(1540.0)


RANKS = {"a": 1.0, "b": 2.0, "c": 3.0}


@pytest.mark.parametrize(
    ("limit", "miners", "wanted", "given", "breached"),
    [
        # What is left goes to who is served first.
        (5000, [("a", 2000), ("b", 1000)], {"a": 3400, "b": 3400}, {"a": 3400, "b": 1500}, None),
        (5000, [("a", 2000), ("b", 1000)], {"a": 1500, "b": 1200}, {"a": 2000, "b": 1200}, None),
        # The largest gives way, as far as its floor.
        (3500, [("a", 2500), ("b", 1500)], {}, {"a": 2000, "b": 1500}, "c"),
        (2600, [("a", 2500), ("b", 1500)], {}, {"a": 1100, "b": 1500}, "c"),
        (2200, [("a", 2500), ("b", 1500)], {}, {"a": 1000, "b": 1200}, "c"),
        # And then who is served last.
        (1500, [("a", 2500), ("b", 1500)], {}, {"a": 1000, "b": 0}, "c"),
        (500, [("a", 2500), ("b", 1500)], {}, {"a": 0, "b": 0}, "c"),
        # A watt is no breach.
        (2499, [("a", 2500)], {}, {"a": 2500}, None),
        (2498, [("a", 2500)], {}, {"a": 2498}, "c"),
    ],
)
def test_who_gets_and_who_gives(
    limit: float,
    miners: list[tuple[str, float]],
    wanted: dict[str, float],
    given: dict[str, float],
    breached: str | None,
) -> None:
    ones = [miner(key, watts) for key, watts in miners]
    bound = Bound(key="c", parts={one.key: 1.0 for one in ones}, limit=limit)
    found = caps([bound], ones, wanted, RANKS)
    assert found.watts == pytest.approx(given)
    assert (found.breached.key if found.breached else None) == breached


def test_who_ramps_can_only_be_stopped_and_gives_way_last() -> None:
    ramps = miner("a", 3000.0, blocked_up=Wait.RAMPING)
    bound = Bound(key="c", parts={"a": 1.0, "b": 1.0}, limit=4500.0)
    assert caps([bound], [ramps, miner("b", 2500.0)], {}, RANKS).watts == {"a": 3000, "b": 1500}


def test_without_a_limit_there_is_no_cap_and_the_first_breach_is_told() -> None:
    tight = Bound(key="tight", parts={"a": 1.0}, limit=1500.0)
    third = Bound(key="third", parts={"a": 0.5}, limit=500.0)
    found = caps([tight, third], [miner("a", 2000.0), miner("b", 2000.0)], {}, RANKS)
    assert found.watts == {"a": 1000.0, "b": None}
    assert found.breached == tight


def test_a_rise_is_held_by_the_tightest_limit() -> None:
    wide = Bound(key="wide", parts={"a": 1.0}, limit=3000.0)
    phase = Bound(key="phase", parts={"a": 1 / 3}, limit=500.0)
    found = caps([wide, phase], [miner("a", 1000.0)], {"a": 3400.0}, RANKS)
    # 0.98 · 500 W are there for a third of it.
    assert found.watts["a"] == pytest.approx(1470.0)


@pytest.mark.parametrize(
    ("wait", "on_percent", "on_target"),
    [
        (Wait.RAMPING, True, False),
        (Wait.RESTARTING, True, False),
        (Wait.TUNING, False, False),
        (None, False, False),
    ],
)
def test_what_cannot_be_lowered(wait: Wait | None, on_percent: bool, on_target: bool) -> None:
    assert ramping(miner("a", 2000.0, PERCENT, blocked_up=wait)) is on_percent
    assert ramping(miner("a", 2000.0, TARGET, blocked_up=wait)) is on_target
