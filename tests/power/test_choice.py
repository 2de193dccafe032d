"""Which miner changes now, when, and what is said of it, step by step."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.aim_model import Aim, Intent
from custom_components.asic_miner.power.candidate import Candidate
from custom_components.asic_miner.power.choice import Change, Chooser
from custom_components.asic_miner.power.model import Wait
from custom_components.asic_miner.power.policy import Policy
from custom_components.asic_miner.power.site_model import MinerNow, Reason, Why

from .rig import START, TARGET
from .states import miner

INF = float("inf")
SUN = Reason(why=Why.NO_SURPLUS)


def on(key: str, watts: float, **more: object) -> MinerNow:
    return miner(key, watts, TARGET, **more)


def off(key: str, **more: object) -> MinerNow:
    return miner(key, ability=TARGET, **{"drawn": None, "start_watts": 1000.0, **more})  # type: ignore[arg-type] # by name


def follow(watts: float | None, intent: Intent = Intent.FOLLOW, **more: object) -> Aim:
    return Aim(intent=intent, watts=watts, reason=SUN, **more)  # type: ignore[arg-type] # by name


def choose(
    chooser: Chooser,
    aim: Aim,
    *miners: MinerNow,
    at: float = 0.0,
    allocated: Mapping[str, float] | None = None,
    rooms: Mapping[str, float] | None = None,
    policy: Policy = Policy.PRIORITY,
) -> Change:
    """Choose so many seconds after START; served in the order in which they are given."""
    return chooser.choose(
        now=START + at,
        aim=aim,
        miners=miners,
        allocated={one.key: one.state.current for one in miners}
        if allocated is None
        else allocated,
        ranks={one.key: float(place) for place, one in enumerate(miners)},
        policy=policy,
        rooms={one.key: INF for one in miners} if rooms is None else rooms,
        ride_through=defaults.RIDE_THROUGH,
    )


@pytest.mark.parametrize("intent", [Intent.STOP, Intent.STOP_NOW])
def test_a_stop_stops_all_that_runs_at_once(intent: Intent) -> None:
    change = choose(Chooser(), follow(0.0, intent), on("a", 2000.0), off("b"), on("c", 1000.0))
    assert change == Change(orders={"a": 0.0, "c": 0.0}, reason=SUN)


def test_who_was_given_nothing_yet_is_off() -> None:
    assert choose(Chooser(), follow(0.0, Intent.STOP), off("a"), allocated={}) == Change(reason=SUN)


def test_hold_does_nothing() -> None:
    assert choose(Chooser(), follow(9000.0, Intent.HOLD), on("a", 1000.0)) == Change(reason=SUN)


def test_floors_are_reached_one_by_one() -> None:
    chooser = Chooser()
    miners = [on("a", 1000.0), on("b", 2000.0), off("c"), on("d", 3000.0)]
    aim = follow(None, Intent.FLOOR)
    assert choose(chooser, aim, *miners) == Change(orders={"b": 1000.0}, reason=SUN)
    miners[1] = on("b", 1000.0)
    assert choose(chooser, aim, *miners, at=defaults.DECISION_GAP - 1) == Change(reason=SUN)
    later = choose(chooser, aim, *miners, at=defaults.DECISION_GAP)
    assert later == Change(orders={"d": 1000.0}, reason=SUN)


def reason(why: Why, key: str, watts: float, before: float) -> Reason:
    return Reason(why=why, miner=key, data={"watts": watts, "from": before})


@pytest.mark.parametrize(
    ("budget", "policy", "orders", "why"),
    [
        # Who is served first has all, the rest goes to the next.
        (4200.0, Policy.PRIORITY, {"b": 1000.0}, reason(Why.LOWERED, "b", 1000.0, 2000.0)),
        (3200.0, Policy.PRIORITY, {"b": 0.0}, reason(Why.STOPPED, "b", 0.0, 2000.0)),
        (5200.0, Policy.PRIORITY, {"a": 3200.0}, reason(Why.RAISED, "a", 3200.0, 2000.0)),
        (5000.0, Policy.EQUAL, {"a": 2500.0}, reason(Why.RAISED, "a", 2500.0, 2000.0)),
        (4000.0, Policy.EQUAL, {}, Reason(why=Why.FULL)),
    ],
)
def test_a_budget_is_shared(
    budget: float, policy: Policy, orders: dict[str, float], why: Reason
) -> None:
    aim = follow(budget, Intent.BUDGET)
    found = choose(Chooser(), aim, on("a", 2000.0), on("b", 2000.0), policy=policy)
    assert found == Change(orders=orders, reason=why)


def test_a_budget_starts_who_is_off_and_keeps_a_gap_between_starts() -> None:
    chooser = Chooser()
    aim = follow(6400.0, Intent.BUDGET)
    first = choose(chooser, aim, off("a"), off("b"))
    assert first == Change(orders={"a": 3200.0}, reason=reason(Why.STARTED, "a", 3200.0, 0.0))
    running = on("a", 3200.0)
    gap = Change(reason=Reason(why=Why.SPACING, until=START + defaults.START_GAP))
    assert choose(chooser, aim, running, off("b"), at=defaults.START_GAP - 1) == gap
    second = choose(chooser, aim, running, off("b"), at=defaults.START_GAP)
    assert second.orders == {"b": 3200.0}


@pytest.mark.parametrize(
    ("more", "starts"),
    [
        ({}, True),
        *(
            ({"wait": wait}, False)
            for wait in (
                Wait.NO_READING,
                Wait.FAULT,
                Wait.STARTS_SPENT,
                Wait.REFUSED,
                Wait.STOP_NOT_OBEYED,
            )
        ),
        ({"wait": Wait.BELOW_FLOOR}, True),
        ({"can_start_at": START}, True),
        ({"can_start_at": START + 1}, False),
        ({"starts": defaults.STARTS_PER_DAY - 1}, True),
        ({"starts": defaults.STARTS_PER_DAY}, False),
        ({"start_watts": 1500.0}, True),
        ({"start_watts": 1501.0}, False),
        # What it draws already needs no room.
        ({"start_watts": 1515.0, "drawn": 15.0}, True),
    ],
)
def test_who_can_be_started(more: dict[str, object], starts: bool) -> None:
    found = choose(Chooser(), follow(3200.0, Intent.BUDGET), off("a", **more), rooms={"a": 1500.0})
    # All of the room; what it draws at rest comes on top.
    assert found.orders == ({"a": 1500.0} if starts else {})


def test_thermostats_are_given_what_they_ask_for_or_nothing() -> None:
    aim = follow(2400.0, Intent.BUDGET, each={"a": 1500.0, "b": 900.0})
    found = choose(Chooser(), aim, on("a", 1500.0), on("b", 1000.0), on("c", 1000.0))
    assert found.orders == {"b": 0.0}
    assert choose(Chooser(), aim, on("a", 2000.0)).orders == {"a": 1500.0}


def test_what_is_not_known_changes_nothing() -> None:
    assert choose(Chooser(), follow(None), on("a", 2000.0)) == Change(reason=SUN)


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        # What it draws counts, but what it was told while it may still be on its way there.
        ({"drawn": 1500.0}, 500.0),
        ({"drawn": 1500.0, "busy": True}, 1000.0),
        ({"drawn": None}, 1000.0),
        ({"drawn": None, "excess": 1.1}, 1200.0),
        ({"drawn": 1500.0, "current": 1500.0}, 1000.0),
        # Devices round a little.
        ({"drawn": 1500.0, "current": 1841.0}, 500.0),
        ({"drawn": 1500.0, "current": 1840.0}, 1000.0),
        ({"drawn": 1500.0, "blocked_up": Wait.RAMPING}, 1000.0),
        ({"drawn": 2500.0, "blocked_up": Wait.RESTARTING}, 1500.0),
        ({"drawn": 2500.0, "running": False}, 1500.0),
        ({"drawn": 1500.0, "blocked_up": Wait.TUNING}, 500.0),
    ],
)
def test_what_a_miner_is_expected_to_draw(more: dict[str, object], missing: float) -> None:
    found = choose(Chooser(), follow(1000.0), on("a", 2000.0, **more), allocated={"a": 2000.0})
    assert found.reason.why is Why.WAIT_LOWER
    assert found.reason.data == pytest.approx({"watts": missing})


def test_what_goes_off_is_no_surplus_that_is_used() -> None:
    found = choose(Chooser(), follow(0.0), on("a", 2000.0), allocated={"a": 0.0})
    assert found.reason.why is not Why.WAIT_LOWER
    assert not found.orders


def test_a_rise_has_to_last_and_is_spaced() -> None:
    chooser = Chooser()
    waits = Change(
        reason=Reason(
            why=Why.WAIT_RAISE, data={"watts": 500.0}, until=START + defaults.STEP_UP_HOLD
        )
    )
    assert choose(chooser, follow(2500.0), on("a", 2000.0)) == waits
    raised = choose(chooser, follow(2500.0), on("a", 2000.0), at=defaults.STEP_UP_HOLD)
    assert raised == Change(orders={"a": 2500.0}, reason=reason(Why.RAISED, "a", 2500.0, 2000.0))
    again = choose(chooser, follow(3000.0), on("a", 2500.0), at=defaults.STEP_UP_HOLD + 10)
    assert again.reason == Reason(
        why=Why.SPACING, until=START + defaults.STEP_UP_HOLD + defaults.DECISION_GAP
    )


@pytest.mark.parametrize(
    "more",
    [
        {"blocked_up": Wait.TUNING},
        {"can_rise_at": START + defaults.STEP_UP_HOLD + 1},
        {"current": 1500.0},  # it does not yet what it was told
    ],
)
def test_who_cannot_rise_is_passed_over(more: dict[str, object]) -> None:
    chooser = Chooser()
    allocated = {"a": 2000.0, "b": 2000.0}
    for at in (0.0, defaults.STEP_UP_HOLD):
        found = choose(
            chooser,
            follow(4500.0),
            on("a", 2000.0, **more),
            on("b", 2000.0),
            at=at,
            allocated=allocated,
        )
    assert found.orders == {"b": 2500.0}


@pytest.mark.parametrize(
    ("blocked", "falls"), [(None, True), (Wait.LOCK_UP, True), (Wait.RAMPING, False)]
)
def test_what_may_only_not_rise_may_fall(blocked: Wait | None, falls: bool) -> None:
    """As after a limit has lowered it; who ramps does not listen."""
    one = miner("a", 2000.0, blocked_up=blocked)
    found = Candidate(now=one, allocated=2000.0, rank=0.0, room=INF, at=START)
    assert found.can_fall is falls


@pytest.mark.parametrize(("room", "order"), [(900.0, 2900.0), (300.0, 2300.0), (100.0, None)])
def test_a_rise_keeps_within_the_room(room: float, order: float | None) -> None:
    chooser = Chooser()
    for at in (0.0, defaults.STEP_UP_HOLD):
        found = choose(chooser, follow(2900.0), on("a", 2000.0), at=at, rooms={"a": room})
    assert found.orders == ({} if order is None else {"a": order})
    if order is None:
        assert found.reason == Reason(why=Why.CIRCUIT, miner="a")


def test_a_start_has_to_last_longer() -> None:
    chooser = Chooser()
    aim = follow(1000.0)
    waits = choose(chooser, aim, off("a"))
    until = START + defaults.START_HOLD
    assert waits.reason == Reason(
        why=Why.WAIT_START, data={"watts": 1000.0}, miner="a", until=until
    )
    # A cloud in between: it begins anew.
    assert choose(chooser, follow(999.0), off("a"), at=50).orders == {}
    assert choose(chooser, aim, off("a"), at=60).reason.until == until + 60
    started = choose(chooser, aim, off("a"), at=60 + defaults.START_HOLD)
    assert started == Change(orders={"a": 1000.0}, reason=reason(Why.STARTED, "a", 1000.0, 0.0))


@pytest.mark.parametrize(
    ("surplus", "starts"),
    [
        # The first can still take 1200 W; the floor of the next must be covered with what it
        # would give back (1000 W), and six tenths of it must be wasted now.
        (2000.0 + 1200.0 + 600.0, True),
        (2000.0 + 1200.0 + 599.0, False),
    ],
)
def test_the_next_one_starts_when_full_ones_can_make_room(surplus: float, starts: bool) -> None:
    chooser = Chooser()
    full = on("a", 2000.0, can_rise_at=START + 9999)
    choose(chooser, follow(surplus), full, off("b"))
    found = choose(chooser, follow(surplus), full, off("b"), at=defaults.START_HOLD)
    assert ("b" in found.orders) is starts


def test_nobody_starts_while_another_ramps() -> None:
    chooser = Chooser()
    ramps = on("a", 1000.0, blocked_up=Wait.RAMPING)
    choose(chooser, follow(6400.0), ramps, off("b"))
    found = choose(chooser, follow(6400.0), ramps, off("b"), at=defaults.START_HOLD)
    assert "b" not in found.orders


def test_no_rise_says_why_and_does_not_count_the_time() -> None:
    chooser = Chooser()
    assert choose(chooser, follow(3000.0, Intent.NO_RISE), on("a", 2000.0)) == Change(reason=SUN)
    assert choose(chooser, follow(3000.0), on("a", 2000.0), at=100).reason.why is Why.WAIT_RAISE


def test_a_shortage_has_to_last_then_the_largest_gives_way() -> None:
    chooser = Chooser()
    miners = on("a", 1500.0), on("b", 2500.0), on("c", 2000.0)
    waits = choose(chooser, follow(5500.0), *miners)
    assert waits == Change(
        reason=Reason(
            why=Why.WAIT_LOWER, data={"watts": 500.0}, until=START + defaults.STEP_DOWN_HOLD
        )
    )
    lowered = choose(chooser, follow(5500.0), *miners, at=defaults.STEP_DOWN_HOLD)
    assert lowered == Change(orders={"b": 2000.0}, reason=reason(Why.LOWERED, "b", 2000.0, 2500.0))


@pytest.mark.parametrize("more", [{"eager": True}, {"ceiling": 1500.0}])
def test_some_shortages_need_no_patience(more: dict[str, object]) -> None:
    changed = replace(follow(1500.0), **more)  # type: ignore[arg-type] # by name
    found = choose(Chooser(), changed, on("a", 2000.0))
    assert found.orders == {"a": 1500.0}


def test_of_two_as_large_the_one_served_last_gives_way() -> None:
    miners = on("a", 2000.0), on("b", 2000.0)
    assert choose(Chooser(), follow(3500.0, eager=True), *miners).orders == {"b": 1500.0}


def test_who_cannot_be_lowered_now_is_waited_for() -> None:
    locked = on("a", 2000.0, can_fall_at=START + 300), on("b", 2000.0, can_fall_at=START + 200)
    found = choose(Chooser(), follow(3000.0, eager=True), *locked)
    assert found == Change(reason=Reason(why=Why.MINER_WAITS, miner="a", until=START + 200))


def ride(chooser: Chooser, seconds: float, *miners: MinerNow, watts: float = 0.0) -> Change:
    """Live with so many W from now on; returns the last change."""
    for at in range(0, int(seconds) + 10, 10):
        found = choose(chooser, follow(watts), *miners, at=at)
    return found


def test_at_its_floor_it_rides_through_what_a_start_would_cost() -> None:
    # 1000 W are missing: 120 Wh last for 432 s.
    found = ride(Chooser(), 430, on("a", 1000.0))
    assert found.reason.why is Why.RIDE_THROUGH
    assert found.reason.miner == "a"
    assert found.reason.data == {
        "used": pytest.approx(430 / 3.6),
        "allowed": defaults.RIDE_THROUGH,
        "watts": 1000.0,
    }
    assert found.reason.until == START + defaults.RIDE_LONGEST
    stopped = ride(Chooser(), 440, on("a", 1000.0))
    assert stopped == Change(orders={"a": 0.0}, reason=reason(Why.STOPPED, "a", 0.0, 1000.0))


def test_a_small_shortage_lasts_half_an_hour_at_most() -> None:
    shortage = 1000.0 - defaults.NOISE - 1
    assert ride(Chooser(), defaults.RIDE_LONGEST - 10, on("a", 1000.0), watts=shortage).orders == {}
    assert ride(Chooser(), defaults.RIDE_LONGEST, on("a", 1000.0), watts=shortage).orders == {
        "a": 0.0
    }
    noise = 1000.0 - defaults.NOISE
    assert ride(Chooser(), 3600, on("a", 1000.0), watts=noise) == Change(
        reason=Reason(why=Why.BALANCED)
    )


def test_a_final_shortage_stops_at_once_who_may_be_stopped() -> None:
    aim = follow(0.0, eager=True, final=True)
    locked = on("b", 1000.0, can_stop_at=START + 100)
    assert choose(Chooser(), aim, on("a", 1000.0), locked).orders == {"a": 0.0}
    assert choose(Chooser(), aim, on("a", 1000.0), on("b", 1000.0)).orders == {"b": 0.0}
    also = on("a", 1000.0, can_stop_at=START + 50)
    assert choose(Chooser(), aim, also, locked) == Change(
        reason=Reason(why=Why.MINER_WAITS, miner="b", until=START + 50)
    )


def test_who_ramps_at_its_floor_is_waited_for() -> None:
    ramps = on("a", 1000.0, blocked_up=Wait.RAMPING)
    found = choose(Chooser(), follow(0.0), ramps)
    assert found == Change(reason=Reason(why=Why.MINER_WAITS, miner="a"))


@pytest.mark.parametrize(
    ("miners", "why"),
    [
        ([on("a", 3200.0)], Reason(why=Why.FULL)),
        (
            [on("a", 2000.0, can_rise_at=START + 9, wait=Wait.LOCK_UP, until=START + 9)],
            Reason(why=Why.MINER_WAITS, miner="a", until=START + 9),
        ),
        ([on("a", 2000.0, can_rise_at=START + 9)], Reason(why=Why.BALANCED)),
        (
            [off("a", can_start_at=START + 9)],
            Reason(why=Why.MINER_WAITS, miner="a", until=START + 9),
        ),
    ],
)
def test_why_nothing_changes_although_there_is_more(miners: list[MinerNow], why: Reason) -> None:
    assert choose(Chooser(), follow(9000.0), *miners) == Change(reason=why)


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    chooser = Chooser()
    aim = follow(None, Intent.FLOOR)
    assert choose(chooser, aim, on("a", 2000.0)).orders
    assert choose(chooser, aim, on("a", 2000.0), at=-5).orders


def test_each_start_has_to_last_anew() -> None:
    chooser, watts = Chooser(), 5000.0
    choose(chooser, follow(watts), off("a"), off("b"))
    first = defaults.START_HOLD
    assert "a" in choose(chooser, follow(watts), off("a"), off("b"), at=first).orders
    # It runs, and takes all that it can.
    running = on("a", 3200.0)
    waits = choose(chooser, follow(watts), running, off("b"), at=first + 100)
    assert waits.reason.why is Why.WAIT_START
    assert waits.reason.until == START + first + 100 + defaults.START_HOLD
