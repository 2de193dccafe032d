"""Budgets: never more than what may be drawn, and what happens when nobody renews them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.power.budget import Budget, Member, share
from custom_components.asic_miner.power.model import Ability, Path
from custom_components.asic_miner.power.policy import Policy, Safe

from .rig import PERCENT, START, TARGET
from .states import miner


def member(key: str, ability: Ability = PERCENT, **more: float | bool | None) -> Member:
    values: dict[str, object] = {"running": True, "floor": ability.minimum, **more}
    return Member(key=key, ability=ability, **values)  # type: ignore[arg-type] # checked by use


def test_priority_fills_one_after_another() -> None:
    members = [member("b", TARGET, priority=2), member("a", TARGET, priority=1)]
    shared = share(4500, members, Policy.PRIORITY)
    assert shared.orders == {"a": 3200, "b": 1300}
    assert shared.left == 0


def test_equal_gives_the_same_to_as_many_as_possible() -> None:
    members = [member(key, TARGET) for key in "abc"]
    assert set(share(6000, members, Policy.EQUAL).orders.values()) == {2000}
    few = share(2500, members, Policy.EQUAL)
    assert sorted(few.orders.values()) == [0, 1200, 1300]


def test_the_most_efficient_comes_first_and_does_not_swap_for_nothing() -> None:
    good, bad = member("good", TARGET, efficiency=20.0), member("bad", TARGET, efficiency=30.0)
    assert share(2000, [bad, good], Policy.EFFICIENT).orders == {"good": 2000, "bad": 0}
    off = member("off", TARGET, efficiency=19.9, running=False)
    assert share(2000, [off, good], Policy.EFFICIENT).orders == {"good": 2000, "off": 0}


def test_it_resumes_later_than_it_pauses() -> None:
    running, off = member("a"), member("a", running=False)
    assert share(1000, [running], Policy.PRIORITY).orders["a"] == 1000
    assert share(1000, [off], Policy.PRIORITY).orders["a"] == 0
    assert share(1100, [off], Policy.PRIORITY).orders["a"] > 0


def test_a_miner_that_can_only_be_switched_can_start() -> None:
    only = Ability(path=Path.START_STOP, minimum=3000, maximum=3000)
    off = member("a", only, running=False)
    assert share(3000, [off], Policy.PRIORITY).orders == {"a": 3000}
    assert share(2999, [off], Policy.PRIORITY).orders == {"a": 0}


@pytest.mark.parametrize(
    ("safe", "orders"),
    [(Safe.PAUSE, {"a": 0, "b": 0}), (Safe.FLOOR, {"a": 1000, "b": 0}), (Safe.HOLD, None)],
)
def test_a_budget_that_is_not_renewed_falls_back(
    safe: Safe, orders: dict[str, float] | None
) -> None:
    budget = Budget(watts=3000, at=START, valid_for=600, safe=safe)
    members = [member("a"), member("b", running=False)]
    before = budget.grant(members, START + 599)
    assert before is not None
    assert before.orders["a"] > 1000
    after = budget.grant(members, START + 600)
    assert (after.orders if after else None) == orders
    assert Budget(watts=1, at=START).expired(START + 1e9) is False
    assert budget.expired(START - 3600), "a clock set back does not prolong it"


@given(
    watts=st.floats(min_value=-100, max_value=50_000),
    policy=st.sampled_from(Policy),
    members=st.lists(
        st.tuples(
            st.sampled_from([PERCENT, TARGET]),
            st.booleans(),
            st.integers(min_value=1, max_value=3),
            st.floats(min_value=1.0, max_value=1.15),
        ),
        max_size=6,
    ),
)
def test_never_more_than_the_budget(
    watts: float, policy: Policy, members: list[tuple[Ability, bool, int, float]]
) -> None:
    ones = [
        member(str(i), ability, running=running, priority=priority, excess=excess)
        for i, (ability, running, priority, excess) in enumerate(members)
    ]
    shared = share(watts, ones, policy)
    drawn = sum(shared.orders[one.key] * one.excess for one in ones)
    assert drawn <= max(watts, 0) + 0.01
    assert shared.applied == pytest.approx(drawn)
    assert shared.left == pytest.approx(max(max(watts, 0) - drawn, 0), abs=0.01)
    for one in ones:
        order = shared.orders[one.key]
        assert order == 0 or one.ability.minimum <= order <= one.ability.maximum


EFFICIENT = Policy.EFFICIENT


@pytest.mark.parametrize(
    ("policy", "watts", "members", "orders"),
    [
        # What it needs to be started is more than what it needs to go on.
        (Policy.PRIORITY, 999.0, [member("a")], {"a": 0.0}),
        (Policy.PRIORITY, 1000.0, [member("a")], {"a": 1000.0}),
        (Policy.PRIORITY, 1099.0, [member("a", running=False)], {"a": 0.0}),
        (Policy.PRIORITY, 1100.0, [member("a", running=False)], {"a": 1088.0}),
        # Of a large floor a share instead.
        (Policy.PRIORITY, 3149.0, [member("a", floor=3000.0, running=False)], {"a": 0.0}),
        (Policy.PRIORITY, 3150.0, [member("a", floor=3000.0, running=False)], {"a": 3128.0}),
        # A floor between two steps is not gone below.
        (Policy.PRIORITY, 1080.0, [member("a", TARGET, floor=1050.0)], {"a": 1050.0}),
        (Policy.PRIORITY, 1110.0, [member("a", excess=1.1)], {"a": 1000.0}),
        (Policy.PRIORITY, 1099.0, [member("a", excess=1.1)], {"a": 0.0}),
        (Policy.PRIORITY, 1199.0, [member("a", excess=1.1, running=False)], {"a": 0.0}),
        (Policy.PRIORITY, 1200.0, [member("a", excess=1.1, running=False)], {"a": 1088.0}),
        # With an excess the next one gets what is left of what is drawn.
        (
            Policy.PRIORITY,
            4640.0,
            [member("a", TARGET, excess=1.1), member("b", TARGET)],
            {"a": 3200.0, "b": 1100.0},
        ),
        # Equal priorities go by name, and a small one gets what is left.
        (
            Policy.PRIORITY,
            4200.0,
            [member("b", TARGET), member("a", TARGET)],
            {"a": 3200.0, "b": 1000.0},
        ),
        (
            Policy.PRIORITY,
            1600.0,
            [member("a", TARGET, floor=2000.0), member("b", TARGET, priority=2)],
            {"a": 0.0, "b": 1600.0},
        ),
        # What runs counts as 3 % better; what is not known comes last.
        (
            EFFICIENT,
            1500.0,
            [
                member("a", TARGET, efficiency=20.0, running=False),
                member("b", TARGET, efficiency=20.6),
            ],
            {"a": 0.0, "b": 1500.0},
        ),
        (
            EFFICIENT,
            1500.0,
            [
                member("a", TARGET, efficiency=20.0, running=False),
                member("b", TARGET, efficiency=20.7),
            ],
            {"a": 1500.0, "b": 0.0},
        ),
        (
            EFFICIENT,
            1500.0,
            [member("a", TARGET), member("b", TARGET, efficiency=90.0)],
            {"a": 0.0, "b": 1500.0},
        ),
        (
            EFFICIENT,
            1500.0,
            [
                member("a", TARGET, efficiency=20.0, priority=2),
                member("b", TARGET, efficiency=20.0, priority=1),
            ],
            {"a": 0.0, "b": 1500.0},
        ),
        # Who can use less leaves the rest to the others, but nobody goes below its floor.
        (
            Policy.EQUAL,
            5200.0,
            [member("a", TARGET), member("b", Ability(path=TARGET.path, minimum=500, maximum=900))],
            {"a": 3200.0, "b": 900.0},
        ),
        (
            Policy.EQUAL,
            3600.0,
            [member("a", TARGET, floor=2400.0), member("b", TARGET)],
            {"a": 2400.0, "b": 1200.0},
        ),
        (
            Policy.EQUAL,
            3600.0,
            [member("a", TARGET), member("b", TARGET, floor=2400.0)],
            {"a": 1200.0, "b": 2400.0},
        ),
        (
            Policy.EQUAL,
            3300.0,
            [member("a", TARGET, excess=1.1), member("b", TARGET, excess=1.1)],
            {"a": 1500.0, "b": 1500.0},
        ),
        (
            Policy.EQUAL,
            2000.0,
            [member("a", TARGET), member("b", TARGET, running=False)],
            {"a": 2000.0, "b": 0.0},
        ),
        (Policy.EQUAL, -5.0, [member("a", TARGET)], {"a": 0.0}),
    ],
)
def test_who_gets_what_of_a_budget(
    policy: Policy, watts: float, members: list[Member], orders: dict[str, float]
) -> None:
    found = share(watts, members, policy)
    assert found.orders == pytest.approx(orders)
    drawn = sum(found.orders[one.key] * one.excess for one in members)
    assert found.applied == pytest.approx(drawn)
    assert found.left == pytest.approx(max(watts, 0.0) - drawn)


def test_a_budget_is_stored() -> None:
    budget = Budget(watts=1234.5, at=START, valid_for=600.0, safe=Safe.FLOOR, policy=Policy.EQUAL)
    stored = budget.to_json()
    assert stored == {
        "watts": 1234.5,
        "at": START,
        "valid_for": 600.0,
        "safe": "floor",
        "policy": "equal",
    }
    assert Budget.from_json(stored) == budget
    assert Budget.from_json({**stored, "valid_for": None}) == replace(budget, valid_for=None)
    assert Budget(watts=-5.0, at=START).to_json()["watts"] == 0.0
    assert Budget(watts=0.5, at=START).to_json()["watts"] == 0.5
    for name, wrong in (
        ("watts", None),
        ("watts", -1),
        ("at", "now"),
        ("valid_for", "x"),
        ("safe", "hope"),
        ("policy", None),
    ):
        assert Budget.from_json({**stored, name: wrong}) is None


def test_the_floors_after_a_budget_are_never_more_than_it_was() -> None:
    members = [member("a", excess=1.1), member("b", excess=1.1), member("c", running=False)]
    for watts, orders in (
        (9000.0, {"a": 1000.0, "b": 1000.0, "c": 0.0}),
        (2199.0, {"a": 1972.0, "b": 0.0, "c": 0.0}),
        (900.0, {"a": 0.0, "b": 0.0, "c": 0.0}),
    ):
        budget = Budget(watts=watts, at=START, valid_for=1.0, safe=Safe.FLOOR)
        found = budget.grant(members, START + 1)
        assert found is not None
        assert found.orders == pytest.approx(orders)
        assert found.applied == pytest.approx(sum(orders.values()) * 1.1)
        assert found.left == 0.0


def test_a_member_is_taken_from_its_guard() -> None:
    now = miner("a", 2000.0, floor=1200.0, excess=1.03)
    taken = Member.of("a", PERCENT, now.state, priority=3, efficiency=21.0)
    assert taken == Member(
        key="a",
        ability=PERCENT,
        floor=1200.0,
        running=True,
        priority=3,
        efficiency=21.0,
        excess=1.03,
    )
