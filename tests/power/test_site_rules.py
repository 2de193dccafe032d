"""The controller of a site, one plan at a time, with miners put together by hand."""

from dataclasses import replace
import json
import math

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import (
    Ability,
    Measured,
    Personal,
    Source,
    Wait,
    Wish,
)
from custom_components.asic_miner.power.policy import Policy
from custom_components.asic_miner.power.site import MANUAL_SECONDS, SiteController
from custom_components.asic_miner.power.site_model import (
    Circuit,
    Energy,
    Load,
    MinerNow,
    Mode,
    Plan,
    Reason,
    SiteMiner,
    SiteReadings,
    SiteSettings,
    Why,
)

from .rig import PERCENT, START, TARGET
from .states import measured, miner

GRID = SiteReadings(grid=measured(0.0))


def settings(mode: Mode = Mode.FULL, **more: object) -> SiteSettings:
    places = tuple(SiteMiner(key=key, priority=place) for place, key in enumerate("abc", 1))
    return SiteSettings(**{"miners": places, "mode": mode, **more})  # type: ignore[arg-type] # by name


def wished(source: Source, watts: float, ago: float = 0.0) -> Wish:
    return Wish(watts=watts, source=source, at=START - ago)


def plan(site: SiteController, *miners: MinerNow, at: float = 0.0) -> Plan:
    readings = replace(GRID, grid=Measured(value=0.0, at=START + at))
    return site.plan(START + at, readings, miners)


def test_energy_is_counted_between_plans_and_kept() -> None:
    site = SiteController(settings(), {"solar": 1.0, "grid": 2.0, "battery": 3.0})
    running = miner("a", 2000.0)
    assert plan(site, running).energy == Energy(solar=1.0, grid=2.0, battery=3.0)
    kwh = 2000.0 * defaults.METER_HOLD / 3_600_000
    after = plan(site, running, at=defaults.METER_HOLD)
    assert after.energy.solar == pytest.approx(1.0 + kwh)
    assert (after.energy.grid, after.energy.battery) == (2.0, 3.0)
    # Nobody has looked for longer: that is not made up. Nor is a clock that was set back.
    for at in (3 * defaults.METER_HOLD, 0.0):
        assert plan(site, running, at=at).energy == after.energy
    stored = json.loads(json.dumps(site.to_json()))
    assert SiteController(settings(), stored).energy == after.energy
    assert SiteController(settings(), {"solar": -1, "grid": "x"}).energy == Energy()


def test_energy_is_not_counted_on_an_old_meter() -> None:
    site = SiteController(settings())
    running = [miner("a", 2000.0)]
    site.plan(START, GRID, running)
    for passed in (0.0, 60.0, 180.0):
        now = START + defaults.METER_HOLD + passed
        found = site.plan(now, replace(GRID, grid=Measured(value=0.0, at=START)), running)
    assert found.energy.solar == pytest.approx(2000.0 * defaults.METER_HOLD / 3_600_000)


def test_what_does_not_say_counts_with_what_it_was_ordered() -> None:
    site = SiteController(settings(Mode.SURPLUS))
    found = plan(site, miner("a", 2000.0, drawn=None), miner("b", 1500.0))
    assert found.surplus == 3500.0


@pytest.mark.parametrize(
    ("source", "ago", "ours"),
    [
        (Source.USER, 0.0, False),
        (Source.VOICE, MANUAL_SECONDS - 1, False),
        (Source.ACTION, 60.0, False),
        (Source.USER, MANUAL_SECONDS, True),
        (Source.USER, -1.0, True),  # of a clock that was set back
        (Source.BUDGET, 0.0, True),
    ],
)
def test_a_person_has_an_hour(source: Source, ago: float, ours: bool) -> None:
    site = SiteController(settings(Mode.OFF))
    found = plan(site, miner("a", 2000.0, wish=wished(source, 2000.0, ago)))
    assert (found.orders == {"a": 0.0}) is ours
    assert (found.allocated == {"a": 0.0}) is ours


@pytest.mark.parametrize(("ago", "ours"), [(MANUAL_SECONDS - 1, False), (MANUAL_SECONDS, True)])
def test_an_hour_is_an_hour_also_when_the_wish_is_forgotten(ago: float, ours: bool) -> None:
    site = SiteController(settings(Mode.OFF))
    person = Personal(source=Source.USER, at=START - ago)
    found = plan(site, miner("a", 2000.0, wish=wished(Source.ADOPTED, 2000.0), personal=person))
    assert (found.orders == {"a": 0.0}) is ours


def test_what_comes_after_a_pause_or_boost_is_no_order_of_a_person() -> None:
    site = SiteController(settings(Mode.OFF))
    wish = replace(wished(Source.ACTION, 2000.0), passing=True)
    assert plan(site, miner("a", 2000.0, wish=wish)).orders == {"a": 0.0}


def test_who_is_silent_or_not_controlled_is_left_alone_but_counts_as_load() -> None:
    site = SiteController(settings(Mode.OFF, circuits=(CIRCUIT,)))
    silent = miner("a", 2000.0, wait=Wait.NO_READING)
    foreign = replace(miner("b", 2000.0), controlled=False)
    found = plan(site, silent, foreign, miner("c", 1000.0))
    assert found.orders == {"c": 0.0}
    assert found.headroom == {"c": CIRCUIT.limit - 5000.0}


CIRCUIT = Circuit(key="c", members=frozenset("abc"), limit=7000.0)


def test_must_stop_limits_all_to_nothing() -> None:
    site = SiteController(settings(circuits=(CIRCUIT,)))
    foreign = replace(miner("b", 2000.0), controlled=False)
    person = miner("c", 1000.0, wish=wished(Source.USER, 1000.0))
    readings = replace(GRID, must_stop=True)
    found = site.plan(START, readings, [miner("a", 2000.0), foreign, person])
    assert found.limits == {"a": 0.0, "b": 0.0, "c": 0.0}
    assert found.orders == {"a": 0.0}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"circuits": (replace(CIRCUIT, limit=1500.0),)}, Why.CIRCUIT),
        ({"import_limit": -1.0}, Why.IMPORT_LIMIT),
        ({"phase_limit": -1.0}, Why.IMPORT_LIMIT),
    ],
)
def test_a_limit_that_is_exceeded_is_the_reason(more: dict[str, object], why: Why) -> None:
    site = SiteController(replace(settings(), **more))  # type: ignore[arg-type] # by name
    readings = replace(
        GRID, grid=measured(1000.0), phases=dict.fromkeys((1, 2, 3), measured(1000.0))
    )
    found = site.plan(START, readings, [miner("a", 2000.0)])
    assert found.reason == Reason(why=why)
    assert found.limits["a"] is not None
    assert found.limits["a"] < 2000.0


def test_who_draws_all_that_is_wanted_is_told_of_a_limit_that_is_not_seen() -> None:
    age = defaults.METER_HOLD + 1
    site = SiteController(replace(settings(Mode.FULL), import_limit=9000.0))
    readings = SiteReadings(grid=measured(3500.0, age))
    found = site.plan(START, readings, [miner("a", PERCENT.maximum)])
    assert found.reason == Reason(why=Why.METER_HOLD, data={"seconds": age})


def test_without_limits_there_are_none() -> None:
    found = plan(SiteController(settings()), miner("a", 2000.0))
    assert (found.limits, found.headroom, found.budget) == ({"a": None}, {}, 3400.0)


def test_a_ceiling_limits_at_once_who_is_served_last() -> None:
    site = SiteController(settings(Mode.SURPLUS))
    for at in (0.0, defaults.BATTERY_HOLD):
        now = START + at
        battery = Measured(value=2500.0, at=now)
        readings = SiteReadings(grid=Measured(value=0.0, at=now), battery=battery)
        found = site.plan(now, readings, [miner("a", 2000.0), miner("b", 1500.0)])
    # 1000 W are neither grid nor battery, but both may stay at their floors for a while.
    assert found.limits == {"a": 1000.0, "b": 1000.0}
    while now < START + defaults.BATTERY_STOP:
        now += defaults.TICK
        readings = SiteReadings(
            grid=Measured(value=0.0, at=now), battery=Measured(value=2500.0, at=now)
        )
        found = site.plan(now, readings, [miner("a", 2000.0), miner("b", 1500.0)])
    assert found.limits == {"a": 1000.0, "b": 0.0}


@pytest.mark.parametrize(
    "wait",
    [
        Wait.BELOW_FLOOR,
        Wait.FAULT,
        Wait.LIMIT,
        Wait.MINIMUM_OFF,
        Wait.REFUSED,
        Wait.STARTS_SPENT,
        Wait.START_ABOVE_LIMIT,
        Wait.UNCONFIRMED,
    ],
)
def test_a_start_that_does_not_happen_is_withdrawn(wait: Wait) -> None:
    site = SiteController(settings())
    assert plan(site, miner("a")).orders == {"a": 3400.0}
    wish = wished(Source.SITE, 3400.0)
    waits = plan(site, miner("a", wish=wish), at=10)
    assert waits.allocated == {"a": 3400.0}
    can_start_at = START + 999
    stuck = plan(site, miner("a", wait=wait, can_start_at=can_start_at, wish=wish), at=20)
    assert (stuck.orders, stuck.allocated) == ({"a": 0.0}, {"a": 0.0})


def test_what_is_off_for_us_needs_no_order_while_it_cannot_start() -> None:
    site = SiteController(settings(Mode.OFF))
    wish = wished(Source.SITE, 0.0)
    for at in (0, 10):
        assert plan(site, miner("a", wait=Wait.FAULT, wish=wish), at=at).orders == {}


def test_what_runs_for_us_is_not_withdrawn_for_what_it_waits_for() -> None:
    site = SiteController(settings())
    wish = wished(Source.SITE, 3400.0)
    for at in (0, 10):
        found = plan(site, miner("a", 3400.0, wait=Wait.LIMIT, wish=wish), at=at)
        assert (found.orders, found.allocated) == ({}, {"a": 3400.0})


def test_who_is_handed_back_begins_with_what_it_does() -> None:
    site = SiteController(settings(Mode.SURPLUS))
    for at, source in ((0, Source.SITE), (10, Source.USER), (20, Source.BUDGET)):
        wish = wished(source, 1500.0)
        found = plan(site, miner("a", 1500.0 + at, wish=wish), at=at)
        assert found.allocated == ({} if source is Source.USER else {"a": 1500.0 + at})
    # From then on what it was given counts, whatever it does.
    found = plan(site, miner("a", 2000.0, wish=wished(Source.SITE, 1520.0)), at=30)
    assert found.allocated == {"a": 1520.0}


@pytest.mark.parametrize(
    ("ability", "draws", "more", "watts"),
    [
        # What runs is to draw what it was told, with what it draws beyond that.
        (PERCENT, 1000.0, {}, 2000.0),
        (TARGET, 1000.0, {"excess": 1.04, "drawn": 1040.0, "committed": 1040.0}, 2080.0),
        # What is off goes to full draw first, or to where its start goes.
        (PERCENT, 0.0, {}, 3400.0),
        (TARGET, 0.0, {"start_watts": 2600.0}, 2600.0),
        (TARGET, 0.0, {"start_watts": 1500.0}, 2000.0),
        (TARGET, 0.0, {"start_watts": 2600.0, "excess": 1.04}, 2600.0),
    ],
)
def test_a_person_is_given_room_for_what_the_miner_will_draw(
    ability: Ability, draws: float, more: dict[str, object], watts: float
) -> None:
    limit = Circuit(key="c", members=frozenset("a"), limit=9000.0)
    site = SiteController(settings(Mode.OFF, circuits=(limit,)))
    wish = wished(Source.USER, 2000.0)
    found = plan(site, miner("a", draws, ability, wish=wish, **more))
    assert found.limits == {"a": pytest.approx(watts)}
    # More than it can draw is not kept for it, and nothing for who wishes nothing.
    high = plan(site, miner("a", draws, ability, wish=wished(Source.USER, 9000.0), **more))
    excess = more.get("excess", 1.0)
    assert isinstance(excess, float)
    assert high.limits == {"a": pytest.approx(ability.maximum * excess)}
    none = miner("a", draws, ability, wish=wished(Source.USER, 0.0), **more)
    assert plan(site, none).limits == {"a": none.state.committed}
    stranger = replace(miner("a", draws, ability, **more), controlled=False)
    assert plan(site, stranger).limits == {"a": stranger.state.committed}


def switched_off(wish: Wish) -> MinerNow:
    return miner("a", can_start_at=math.inf, wait=Wait.STAYS_OFF, wish=wish)


def test_what_a_person_has_switched_off_is_not_waited_for() -> None:
    site = SiteController(settings(Mode.FIXED, fixed=3400.0, circuits=(CIRCUIT,)))
    found = plan(site, switched_off(wished(Source.SITE, 3400.0)), miner("b"))
    # What was ordered before would be obeyed later; its part goes to the next.
    assert found.orders == {"a": 0.0, "b": 3400.0}
    assert found.reason.why is Why.STARTED
    assert found.headroom == {"c": CIRCUIT.limit - 30.0}
    alone = plan(site, switched_off(wished(Source.USER, 0.0)), at=10)
    assert (alone.orders, alone.allocated) == ({}, {})
    assert (alone.reason.why, alone.reason.miner) == (Why.STAYS_OFF, "a")


def test_miners_that_are_left_alone_are_no_failure() -> None:
    site = SiteController(settings(Mode.FIXED, fixed=3400.0))
    heats = replace(miner("a", 1500.0), controlled=False)
    by_hand = miner("b", 2000.0, personal=Personal(source=Source.USER, at=START - 600.0))
    later = miner("c", 2000.0, personal=Personal(source=Source.ACTION, at=START - 60.0))
    found = plan(site, heats, by_hand, later)
    assert found.orders == {}
    assert found.reason == Reason(why=Why.LEFT_ALONE, until=START - 600.0 + MANUAL_SECONDS)
    assert plan(site, heats, at=10).reason == Reason(why=Why.LEFT_ALONE)
    # Where one cannot be reached that is the reason.
    silent = miner("b", wait=Wait.NO_READING)
    assert plan(site, heats, silent, at=20).reason == Reason(why=Why.NO_MINERS)
    assert plan(site, at=30).reason == Reason(why=Why.NO_MINERS)
    away = replace(GRID, loads=(Load(key="b", drawn=0.0, most=3400.0),))
    assert site.plan(START + 40, away, [heats]).reason == Reason(why=Why.NO_MINERS)


def test_what_is_handed_back_has_what_was_ordered_before() -> None:
    site = SiteController(settings(Mode.FIXED, fixed=3400.0))
    # As switched on at its own page: its guard still has it off, which takes its minimum time.
    found = plan(site, miner("a", 3400.0, wish=wished(Source.SITE, 0.0)))
    assert (found.orders, found.allocated) == ({}, {"a": 0.0})


@pytest.mark.parametrize(
    ("policy", "first"), [(Policy.PRIORITY, "a"), (Policy.EFFICIENT, "b"), (Policy.EQUAL, "a")]
)
def test_who_is_served_first(policy: Policy, first: str) -> None:
    site = SiteController(settings(policy=policy))
    ones = [
        replace(miner(key), efficiency=joules)
        for key, joules in (("c", None), ("b", 20.0), ("a", 30.0))
    ]
    assert list(plan(site, *ones).orders) == [first]


def test_what_runs_counts_as_a_little_more_efficient() -> None:
    site = SiteController(settings(Mode.FIXED, fixed=3400.0, policy=Policy.EFFICIENT))
    runs = replace(miner("b", 2000.0), efficiency=20.5)
    assert plan(site, replace(miner("a"), efficiency=20.0), runs).orders == {"b": 3400.0}
    site = SiteController(settings(Mode.FIXED, fixed=3400.0, policy=Policy.EFFICIENT))
    # By more than that it is worth a stop and a start.
    assert plan(site, replace(miner("a"), efficiency=19.8), runs).orders == {"b": 0.0}


def test_strangers_are_served_last_and_a_persons_own_first() -> None:
    limit = Circuit(key="c", members=frozenset("abc"), limit=4000.0)
    site = SiteController(settings(circuits=(limit,)))
    person = miner("c", 1000.0, wish=wished(Source.USER, 3000.0))
    foreign = replace(miner("b", 1000.0, wish=wished(Source.USER, 3000.0)), controlled=False)
    found = plan(site, miner("a", 1000.0), foreign, person)
    # What is left is for the person, who wants more than that: less the noise of two machines,
    # without which 4000 W cannot be drawn.
    noise = 4000.0 * defaults.RISE_NOISE / math.sqrt(2)
    assert found.limits == {"a": 1000.0, "b": 1000.0, "c": pytest.approx(2000.0 - noise)}


def test_another_mode_begins_anew_and_other_settings_do_not() -> None:
    site = SiteController(settings(Mode.SURPLUS))
    site.plan(START, replace(GRID, grid=measured(-1000.0)), [miner("a", 2000.0)])
    site.configure(settings(Mode.SURPLUS, reserve=100.0))
    now = START + 5
    found = site.plan(now, SiteReadings(grid=Measured(value=0.0, at=now)), [miner("a", 2000.0)])
    assert found.budget is not None
    assert found.budget > 2800.0, "the mean goes on"
    site.configure(settings(Mode.ZERO_EXPORT))
    site.configure(settings(Mode.SURPLUS))
    found = site.plan(now, SiteReadings(grid=Measured(value=0.0, at=now)), [miner("a", 2000.0)])
    assert found.budget == 2000.0


def test_a_plan_is_handed_to_the_guards_that_are_there() -> None:
    guards = {"a": Guard(PERCENT), "b": Guard(TARGET)}
    guards["b"].wish(Wish(watts=1000.0, source=Source.SITE, at=START - 1, safety=True))
    Plan(
        orders={"gone": 1.0, "a": 2000.0},
        limits={"gone": 1.0, "a": 2500.0, "other": None, "b": None},
        allocated={},
        budget=None,
        surplus=None,
        headroom={},
        energy=Energy(),
        reason=Reason(why=Why.FULL),
    ).apply(guards, START)
    assert guards["a"].state(START).wish == wished(Source.SITE, 2000.0)
    assert guards["a"].limit == replace(wished(Source.SITE, 2500.0), safety=True)
    assert guards["b"].limit is None
