"""Who makes room for whom behind one limit, and when nobody does."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.power import caps, defaults, room
from custom_components.asic_miner.power.candidate import Candidate
from custom_components.asic_miner.power.site_model import MinerNow

from .rig import START, TARGET
from .states import miner

TUNED = replace(TARGET, tuned=tuple(float(watts) for watts in range(1000, 3201, 200)))


def one(now: MinerNow, left: float = 0.0) -> Candidate:
    return Candidate(now=now, allocated=now.state.current, rank=0.0, room=left, at=START)


def full(*ones: Candidate) -> dict[str, float]:
    return {each.key: each.now.ability.maximum for each in ones}


def all_of(*ones: Candidate) -> dict[str, frozenset[str]]:
    keys = frozenset(each.key for each in ones)
    return dict.fromkeys(keys, keys)


STARTER = one(miner("b"), 2000.0)
"""3385 W more when it starts, of which 2000 W are there."""
NEED = 3385.0 * (1 + defaults.RISE_NOISE) - 2000.0


def test_the_finest_steps_make_room_for_a_start() -> None:
    ones = [one(miner("a", 3400.0)), STARTER, one(miner("c", 3200.0, TUNED))]
    found = room.to_start(ones, full(*ones), all_of(*ones))
    assert found is not None
    starter, giver, order = found
    assert (starter.key, giver.key) == ("b", "a")
    assert 3400.0 - NEED - 34.0 <= order <= 3400.0 - NEED


def test_what_is_coming_already_is_not_asked_for_twice() -> None:
    falls = miner("a", 3400.0, current=3400.0 - NEED)
    ones = [one(falls), STARTER, one(miner("c", 3200.0, TUNED))]
    assert room.to_start(ones, full(*ones), all_of(*ones)) is None


@pytest.mark.parametrize(
    ("giver", "starter"),
    [
        (miner("a", 2000.0), STARTER),  # nobody has so much to give
        (miner("a", 3400.0, can_fall_at=START + 1), STARTER),
        (miner("a", 3400.0), replace(STARTER, now=miner("b", can_start_at=START + 1))),
        (miner("a", 3400.0), replace(STARTER, room=999 * defaults.ROOM_SHARE)),
    ],
)
def test_nobody_makes_room_for_a_start(giver: MinerNow, starter: Candidate) -> None:
    ones = [one(giver), starter]
    assert room.to_start(ones, full(*ones), all_of(*ones)) is None


def test_nobody_makes_room_for_who_gets_nothing_or_is_behind_another_limit() -> None:
    ones = [one(miner("a", 3400.0)), STARTER]
    assert room.to_start(ones, full(*ones), all_of(*ones)) is not None
    assert room.to_start(ones, {**full(*ones), "b": 0.0}, all_of(*ones)) is None
    assert room.to_start(ones, full(*ones), {"b": frozenset("b")}) is None


def test_a_coarse_step_is_filled_where_it_is_worth_it() -> None:
    fine = one(miner("a", 3400.0))
    # Of the 200 W of a step 100 W are there; 102 W are three steps of the other.
    ones = [fine, one(miner("b", 1800.0, TUNED), 100.0)]
    assert room.to_fill(ones, full(*ones), all_of(*ones)) == (fine, 3298.0, ones[1], 2000.0)
    assert room.to_fill(ones, {**full(*ones), "b": 1900.0}, all_of(*ones)) is None
    assert room.to_fill(ones, full(*ones), {"b": frozenset("b")}) is None
    # Also where they are just what is missing.
    exact = [fine, replace(ones[1], room=98.0)]
    assert room.to_fill(exact, full(*exact), all_of(*exact)) == (fine, 3298.0, exact[1], 2000.0)
    # With 20 W it would be hardly more for all, and a limit that is exceeded has none to give.
    for left in (20.0, 0.0, -50.0):
        ones = [fine, replace(ones[1], room=left)]
        assert room.to_fill(ones, full(*ones), all_of(*ones)) is None


@pytest.mark.parametrize(
    "now", [miner("a", 3400.0, can_fall_at=START + 1), miner("a", 3400.0, current=3000.0)]
)
def test_who_is_not_ready_fills_nothing(now: MinerNow) -> None:
    unready = replace(one(now), allocated=3400.0)
    ones = [unready, one(miner("b", 1800.0, TUNED), 100.0)]
    assert room.to_fill(ones, full(*ones), all_of(*ones)) is None


def test_the_noise_of_several_adds_up_by_squares() -> None:
    bound = caps.Bound(key="c", parts={}, limit=13_600.0, largest=3400.0)
    assert bound.rise == pytest.approx(13_600.0 * (1 - defaults.RISE_NOISE / 2))
    assert replace(bound, largest=20_000.0).rise == pytest.approx(13_600.0 * 0.98)
    assert replace(bound, limit=0.0).rise == 0.0
