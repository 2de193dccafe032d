"""Hard limits: what each one leaves, and what is left while its meter is silent."""

from collections.abc import Callable, Mapping
from dataclasses import replace
import math

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.caps import Bound, caps, headroom
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.limits import Limits
from custom_components.asic_miner.power.model import Measured, Wait
from custom_components.asic_miner.power.site import SiteController
from custom_components.asic_miner.power.site_model import (
    Circuit,
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

from .house import HOUSE, House, starts
from .rig import PERCENT, START, TARGET, Rig
from .states import measured, miner

RANKS = {"a": 0.0, "b": 1.0}


def bounds(
    settings: SiteSettings,
    readings: SiteReadings,
    *miners: MinerNow,
    now: float = START,
    limits: Limits | None = None,
) -> dict[str, Bound]:
    found = (limits or Limits()).bounds(settings, readings, miners, now)
    return {bound.key: bound for bound in found}


CIRCUIT = Circuit(key="c", members=frozenset({"a", "b", "gone"}), limit=5000.0, metered=True)
METERED = SiteSettings(miners=(), circuits=(CIRCUIT,))


@pytest.mark.parametrize(
    ("on_circuit", "left"),
    [
        (measured(3200.0), 3800.0),  # 1200 W of it are something else
        (measured(3200.0, defaults.METER_HOLD), 3800.0),
        (measured(1500.0), 5000.0),  # less than the miners say themselves
        (measured(9000.0), 0.0),
    ],
)
def test_a_circuit_leaves_what_others_do_not_draw(on_circuit: Measured, left: float) -> None:
    readings = SiteReadings(circuits={"c": on_circuit})
    # The third miner is on another circuit.
    ones = miner("a", 2000.0), miner("b", drawn=0.0), miner("x", 900.0)
    bound = bounds(METERED, readings, *ones)["c"]
    assert bound.limit == pytest.approx(left)
    assert (bound.parts, bound.why) == ({"a": 1.0, "b": 1.0}, Why.CIRCUIT)


def test_a_circuit_without_a_meter_is_its_breaker_alone() -> None:
    plain = Circuit(key="c", members=CIRCUIT.members, limit=5000.0)
    found = bounds(SiteSettings(miners=(), circuits=(plain,)), SiteReadings(), miner("a", 2000.0))
    expected = Bound(key="c", parts={"a": 1.0}, limit=5000.0, largest=3400.0, why=Why.CIRCUIT)
    assert found["c"] == expected


def test_a_circuit_without_miners_limits_nothing() -> None:
    assert bounds(METERED, SiteReadings(), miner("x", 900.0)) == {}


@pytest.mark.parametrize(
    ("grid", "left"),
    [
        (measured(2500.0), 4000.0 - 2500.0 + 3000.0),
        (measured(-1000.0), 4000.0 + 1000.0 + 3000.0),
        (measured(9000.0), 0.0),
        (measured(2500.0, defaults.METER_HOLD), 4500.0),
    ],
)
def test_an_import_limit_leaves_what_the_house_does_not_draw(grid: Measured, left: float) -> None:
    settings = SiteSettings(miners=(), import_limit=4000.0)
    miners = miner("a", 2000.0, committed=2100.0), miner("b", 1000.0)
    found = bounds(settings, SiteReadings(grid=grid), *miners)
    assert set(found) == {"grid"}
    assert found["grid"].limit == left
    assert (found["grid"].parts, found["grid"].why) == ({"a": 1.0, "b": 1.0}, Why.IMPORT_LIMIT)


THREE = SiteSettings(
    miners=(SiteMiner(key="one", phase=1), SiteMiner(key="two", phase=2), SiteMiner(key="all")),
    phase_limit=3000.0,
)


def test_a_phase_counts_its_miners_and_a_third_of_those_on_all() -> None:
    miners = miner("one", 1200.0), miner("two", 1500.0), miner("all", 900.0)
    phases = {1: measured(2000.0), 2: measured(2600.0), 3: measured(100.0)}
    found = bounds(THREE, SiteReadings(phases=phases), *miners)
    assert {key: bound.limit for key, bound in found.items()} == pytest.approx(
        {
            "phase_1": 3000 - 2000 + 1200 + 300,
            "phase_2": 3000 - 2600 + 1500 + 300,
            "phase_3": 3000 - 100 + 300,
        }
    )
    assert [bound.parts for bound in found.values()] == [
        {"one": 1.0, "all": 1 / 3},
        {"two": 1.0, "all": 1 / 3},
        {"all": 1 / 3},
    ]


# A limit whose meter is silent

HOLD, FLOOR, PAUSE = "hold", "floor", "pause"
SILENCE = [
    (defaults.METER_HOLD, None),
    (defaults.METER_HOLD + 1, HOLD),
    (defaults.METER_FLOOR, HOLD),
    (defaults.METER_FLOOR + 1, FLOOR),
    (defaults.METER_PAUSE, FLOOR),
    (defaults.METER_PAUSE + 1, PAUSE),
]
LIMITED: list[tuple[SiteSettings, Callable[[Measured], SiteReadings], str, str]] = [
    (METERED, lambda it: SiteReadings(circuits={"c": it}), "c", "limit_meter"),
    (
        SiteSettings(miners=(), import_limit=9000.0),
        lambda it: SiteReadings(grid=it),
        "grid",
        "meter",
    ),
    (
        SiteSettings(miners=(SiteMiner(key="a", phase=2),), phase_limit=5000.0),
        lambda it: SiteReadings(phases={1: measured(0.0), 2: it, 3: measured(0.0)}),
        "phase_2",
        "limit_meter",
    ),
]


@pytest.mark.parametrize(("settings", "reads", "key", "name"), LIMITED)
@pytest.mark.parametrize(("age", "stage"), SILENCE)
def test_every_limit_goes_down_the_same_ladder(
    settings: SiteSettings,
    reads: Callable[[Measured], SiteReadings],
    key: str,
    name: str,
    age: float,
    stage: str | None,
) -> None:
    one = miner("a", 2000.0, committed=2300.0, excess=1.04)
    bound = bounds(settings, reads(measured(2000.0, age)), one)[key]
    if stage is None:
        assert bound.limit >= 5000.0
        assert bound.why in {Why.CIRCUIT, Why.IMPORT_LIMIT}
        return
    assert bound.limit == pytest.approx({HOLD: 2300.0, FLOOR: 1040.0, PAUSE: 0.0}[stage])
    assert bound.why == f"{name}_{stage}"
    assert bound.data == {"seconds": age}


@pytest.mark.parametrize(
    ("seconds", "left"),
    [(0.0, 2300.0), (defaults.METER_FLOOR, 1040.0), (defaults.METER_PAUSE, 0.0)],
)
def test_a_meter_that_is_the_wrong_way_round_shows_no_room(seconds: float, left: float) -> None:
    """It says that 6 kW are exported, whatever it is asked."""
    one = miner("a", 2000.0, committed=2300.0, excess=1.04)
    settings = SiteSettings(miners=(), import_limit=9000.0)
    readings = SiteReadings(grid=measured(-6000.0), doubted=START - seconds)
    bound = bounds(settings, readings, one)["grid"]
    assert bound.limit == pytest.approx(left)
    assert bound.why is Why.METER_SIGN


@pytest.mark.parametrize(("settings", "reads", "key", "name"), LIMITED)
def test_a_meter_that_never_spoke_is_silent_from_the_beginning(
    settings: SiteSettings, reads: Callable[[Measured], SiteReadings], key: str, name: str
) -> None:
    limits = Limits()
    for seconds, stage, left in (
        (0.0, HOLD, 2000.0),
        (defaults.METER_FLOOR + 1, FLOOR, 1000.0),
        (defaults.METER_PAUSE + 1, PAUSE, 0.0),
    ):
        now = START + seconds
        found = bounds(settings, SiteReadings(), miner("a", 2000.0), now=now, limits=limits)
        assert (found[key].limit, found[key].why) == (left, f"{name}_{stage}")


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({}, 1000.0),
        # What cannot be lowered, or has been, is not stopped for being slow.
        ({"current": 1000.0, "committed": 1800.0}, 1800.0),
        ({"blocked_up": Wait.RAMPING}, 2000.0),
        ({"running": False, "committed": 40.0}, 40.0),
    ],
)
def test_what_is_left_when_all_go_to_their_floors(more: dict[str, object], left: float) -> None:
    one = miner("a", 2000.0, PERCENT, **more)
    readings = SiteReadings(circuits={"c": measured(2000.0, defaults.METER_FLOOR + 1)})
    assert bounds(METERED, readings, one)["c"].limit == left


def test_what_others_drew_last_still_counts_while_the_meter_is_silent() -> None:
    limits = Limits()
    spoke = SiteReadings(circuits={"c": measured(4000.0)})
    bounds(METERED, spoke, miner("a", 1000.0), limits=limits)
    # 3000 W are others', and a miner that draws more by itself has to give way.
    later = START + defaults.METER_HOLD + 1
    for reads in (spoke, SiteReadings()):
        found = bounds(METERED, reads, miner("a", 2500.0), now=later, limits=limits)
        assert found["c"].limit == 2000.0


def test_a_rise_that_a_slow_meter_has_not_seen_makes_no_room() -> None:
    limits = Limits()
    reads = SiteReadings(circuits={"c": measured(4000.0)})
    for seconds, draws, left in (
        (0.0, 1000.0, 2000.0),
        # A miner is read a moment later than the meter.
        (10.0, 1200.0, 2200.0),
        # But not later what it was told to do since.
        (defaults.METER_NO_INCREASE, 2200.0, 2200.0),
        (defaults.METER_NO_INCREASE + 1, 2200.0, 2200.0),
        (defaults.METER_HOLD, 2200.0, 2200.0),
    ):
        one = miner("a", draws, committed=max(draws, 1200.0))
        found = bounds(METERED, reads, one, now=START + seconds, limits=limits)
        assert found["c"].limit == left


# In a house

OTHERS = 3000.0
ON_PHASE = 1500.0


def circuit(house: House) -> SiteReadings:
    return SiteReadings(circuits={"c": Measured(value=OTHERS + house.drawn, at=house.now)})


def phases(house: House) -> SiteReadings:
    first = Measured(value=ON_PHASE + house.drawn, at=house.now)
    none = Measured(value=0.0, at=house.now)
    return SiteReadings(phases={1: first, 2: none, 3: none})


def nothing(_: House) -> SiteReadings:
    return SiteReadings()


HOUSES: Mapping[str, tuple[dict[str, object], Callable[[House], SiteReadings], float, float]] = {
    "circuit": (
        {"circuits": (Circuit(key="c", members=frozenset({"m0"}), limit=5000.0, metered=True),)},
        circuit,
        5000.0,
        OTHERS,
    ),
    "phase": (
        {"miners": (SiteMiner(key="m0", phase=1),), "phase_limit": 3000.0},
        phases,
        3000.0,
        ON_PHASE,
    ),
    "grid": ({"import_limit": 3000.0}, nothing, 3000.0, HOUSE),
}


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.FIXED, Mode.HEAT, Mode.SURPLUS_CHEAP])
@pytest.mark.parametrize("limited", HOUSES)
def test_a_limit_holds_while_its_meter_is_silent_and_ends_at_nothing(
    limited: str, mode: Mode
) -> None:
    """What else is drawn is the same all the time, and nobody sees it any more."""
    more, reads, limit, others = HOUSES[limited]
    house = House(abilities=(TARGET,))
    house.set(mode=mode, fixed=3200.0, **more)
    wishes = SiteReadings(heat={"m0": 3200.0}, price=0.1, price_limit=0.3)

    def live(seconds: float, *, silent: bool = False) -> Why:
        for _ in range(int(seconds // 10)):
            if not silent:
                told = reads(house)
                house.extra = SiteReadings(
                    heat=wishes.heat,
                    price=wishes.price,
                    price_limit=wishes.price_limit,
                    circuits=told.circuits,
                    phases=told.phases,
                )
            house.meter = not (silent and limited == "grid")
            why = house.step().reason.why
            assert house.drawn + others <= limit
        return why

    own = "meter" if limited == "grid" else "limit_meter"
    live(2400)
    drawn = house.drawn
    assert drawn >= 1300
    assert live(defaults.METER_FLOOR, silent=True) == f"{own}_hold"
    assert house.drawn == pytest.approx(drawn, abs=TARGET.step)
    assert live(600, silent=True) == f"{own}_floor"
    assert house.drawn == 1000
    assert live(defaults.METER_PAUSE, silent=True) == f"{own}_pause"
    assert house.ordered == 0
    live(3600)
    assert house.drawn == pytest.approx(drawn, abs=TARGET.step)


# Miners that are not there

PLAIN = SiteSettings(miners=(), circuits=(Circuit(key="c", members=CIRCUIT.members, limit=5000.0),))
GONE = Load(key="gone", drawn=0.0, most=3200.0)
WATCHED = Load(key="gone", drawn=1500.0, most=3200.0)


@pytest.mark.parametrize(
    ("on_circuit", "load", "limit", "kept"),
    [
        (None, GONE, 5000.0, 3200.0),
        (None, WATCHED, 3500.0, 1700.0),
        # What it draws is among what others draw there.
        (measured(3000.0), GONE, 4000.0, 2200.0),
        (measured(3500.0), WATCHED, 3500.0, 1700.0),
        (measured(5500.0), WATCHED, 1500.0, 0.0),
        (measured(2000.0), WATCHED, 3500.0, 1700.0),
        (None, replace(GONE, key="elsewhere"), 5000.0, 0.0),
        # It alone is more than the breaker bears.
        (None, Load(key="gone", drawn=5001.0, most=5001.0), 0.0, 0.0),
    ],
)
def test_room_is_kept_for_who_is_not_there(
    on_circuit: Measured | None, load: Load, limit: float, kept: float
) -> None:
    readings = SiteReadings(loads=(load,), circuits={"c": on_circuit} if on_circuit else {})
    found = bounds(METERED if on_circuit else PLAIN, readings, miner("a", 2000.0))["c"]
    assert (found.limit, found.kept) == (limit, kept)
    assert found.away == ("gone" if kept else None)
    committed = {"a": 2000.0}
    assert headroom(found, committed) == limit - kept - 2000.0
    assert headroom(found, committed, rise=True) == pytest.approx(found.rise - kept - 2000.0)


@pytest.mark.parametrize(
    ("silent", "gives"), [(defaults.METER_PAUSE, True), (defaults.METER_PAUSE + 1, False)]
)
def test_nobody_is_lowered_for_one_that_has_been_silent_for_long(
    silent: float, gives: bool
) -> None:
    away = miner("b", silent=silent, drawn=None, committed=3200.0, wait=Wait.NO_READING)
    here = miner("a", 2800.0)
    (bound,) = bounds(PLAIN, SiteReadings(), here, away).values()
    assert headroom(bound, {"a": 2800.0, "b": 3200.0}) == -1000.0
    found = caps([bound], [here, away], {"a": 3400.0}, {"a": 0.0, "b": 1.0})
    assert (found.breached is not None) is gives
    # But it does not rise either.
    assert found.watts["a"] == (2800.0 if not gives else found.watts["a"])
    assert bound.away == (None if gives else "b")


def absent(key: str, silent: float, committed: float = 3200.0) -> MinerNow:
    return miner(
        key,
        committed,
        silent=silent,
        drawn=None,
        wait=Wait.NO_READING,
        blocked_up=Wait.NO_READING,
    )


SILENT_FOR = [
    defaults.READING_FRESH + 10,
    defaults.METER_PAUSE,
    defaults.METER_PAUSE + 1,
    math.inf,
]
MEASURED: list[tuple[SiteSettings, Callable[[Measured], SiteReadings]]] = [
    (
        SiteSettings(miners=(), circuits=(replace(CIRCUIT, limit=6500.0),)),
        lambda it: SiteReadings(circuits={"c": it}),
    ),
    (SiteSettings(miners=(), import_limit=6500.0), lambda it: SiteReadings(grid=it)),
    (
        SiteSettings(
            miners=(SiteMiner(key="a", phase=1), SiteMiner(key="b", phase=1)), phase_limit=6500.0
        ),
        lambda it: SiteReadings(phases={1: it, 2: measured(0.0), 3: measured(0.0)}),
    ),
]


@pytest.mark.parametrize(("settings", "reads"), MEASURED)
@pytest.mark.parametrize("silent", SILENT_FOR)
@pytest.mark.parametrize(
    ("total", "left"), [(6500.0, 3000.0), (8000.0, 1500.0), (8500.0, 1000.0), (9600.0, 0.0)]
)
def test_what_a_meter_shows_too_much_is_taken_from_who_can_hear(
    settings: SiteSettings,
    reads: Callable[[Measured], SiteReadings],
    silent: float,
    total: float,
    left: float,
) -> None:
    """However long another has been silent, and whatever of it that one draws."""
    ones = [miner("a", 3000.0), absent("b", silent)]
    limits = Limits()
    # The last two are after the last report, while the silence goes on.
    for age in (0.0, defaults.METER_NO_INCREASE + 1, defaults.METER_HOLD):
        now = START + age
        found = limits.bounds(settings, reads(measured(total)), ones, now)
        given = caps(found, ones, {"a": 3400.0}, RANKS)
        assert given.watts["a"] == pytest.approx(left)
        assert (given.breached is not None) is (left < 3000.0)


def test_a_miner_that_is_lost_after_the_last_report_makes_no_room() -> None:
    settings, reads = MEASURED[0]
    limits = Limits()
    told = reads(measured(6500.0))
    limits.bounds(settings, told, [miner("a", 3000.0), miner("b", 3200.0)], START)
    ones = [miner("a", 4000.0), absent("b", math.inf)]
    later = START + defaults.METER_NO_INCREASE + 1
    assert caps(limits.bounds(settings, told, ones, later), ones, {}, RANKS).watts["a"] == 3000.0


@pytest.mark.parametrize("silent", SILENT_FOR)
@pytest.mark.parametrize(
    ("age", "left"),
    [
        (defaults.METER_HOLD + 1, 3000.0),
        (defaults.METER_FLOOR + 1, 1000.0),
        (defaults.METER_PAUSE + 1, 0.0),
    ],
)
def test_the_ladder_is_the_same_beside_one_that_is_silent(
    silent: float, age: float, left: float
) -> None:
    settings = SiteSettings(miners=(), circuits=(replace(CIRCUIT, limit=9000.0),))
    ones = [miner("a", 3000.0), absent("b", silent)]
    readings = SiteReadings(circuits={"c": measured(7000.0, age)})
    found = Limits().bounds(settings, readings, ones, START)
    assert caps(found, ones, {"a": 3400.0}, RANKS).watts["a"] == left


def test_one_that_comes_back_may_go_on_with_what_it_drew_there() -> None:
    settings, reads = MEASURED[0]
    ones = [miner("a", 3000.0), absent("b", math.inf)]
    found = Limits().bounds(settings, reads(measured(6200.0)), ones, START)
    assert caps(found, ones, {}, RANKS).watts == {"a": 3000.0, "b": 3200.0}


def test_a_circuit_with_a_miner_that_vanishes_is_not_filled_up() -> None:
    """It goes on drawing what it drew, and nobody asks it any more."""
    house = House(abilities=(TARGET, TARGET), on=True)
    both = Circuit(key="c", members=frozenset({"m0", "m1"}), limit=5000.0)
    house.set(mode=Mode.FULL, circuits=(both,))
    house.run(1800)
    low, high = sorted(house.rigs, key=lambda key: house.rigs[key].drawn)
    gone, rig = house.rigs.pop(high).drawn, house.rigs[low]
    before = rig.drawn
    assert 4500 <= gone + before <= 5000
    house.extra = SiteReadings(loads=(Load(key=high, drawn=0.0, most=gone * 1.04),))
    for _ in range(360):
        plan = house.step()
        assert gone + rig.drawn <= both.limit
        assert plan.headroom["c"] <= both.limit - gone - rig.drawn + 1
    assert rig.drawn == before
    assert plan.reason == Reason(why=Why.MINER_AWAY, miner=high)


def test_one_that_was_never_read_neither_lowers_others_nor_lets_them_rise() -> None:
    rig, phantom = Rig(ability=TARGET, target=2800), Guard(TARGET)
    circuit = Circuit(key="c", members=frozenset({"m", "x"}), limit=4000.0)
    site = SiteController(SiteSettings(miners=(), circuits=(circuit,), mode=Mode.FULL))
    guards = {"m": rig.guard, "x": phantom}

    def live() -> Plan:
        for _ in range(180):
            rig.read()
            now = rig.now
            miners = [MinerNow.of(key, guard, now) for key, guard in guards.items()]
            plan = site.plan(now, SiteReadings(grid=Measured(value=0.0, at=now)), miners)
            plan.apply(guards, now)
            rig.step()
            rig.now += 10
        return plan

    assert live().reason == Reason(why=Why.MINER_AWAY, miner="x")
    assert rig.drawn == 2800
    # Its plug is off, so it draws nothing.
    phantom.mains(False, rig.now)
    assert live().headroom["c"] > 0
    assert rig.drawn == 3200
    # It is plugged in again, and not read yet: it may draw all that it can.
    phantom.mains(True, rig.now)
    assert phantom.state(rig.now).committed == TARGET.maximum
    # All that it could draw then is kept for it, until it has been silent for long.
    plugged = rig.now
    live()
    assert not rig.on
    live()
    assert rig.now - plugged > defaults.METER_PAUSE
    assert phantom.state(rig.now).silent == rig.now - plugged


@pytest.mark.parametrize(("full", "begins"), [(3400.0, False), (2800.0, True)])
def test_one_that_starts_at_full_draw_needs_a_circuit_for_that(full: float, begins: bool) -> None:
    """As the pages tell: 16 A at 230 V are too little for 3400 W, and a lasting limit helps."""
    house = House(abilities=(replace(PERCENT, minimum=full / 4, maximum=full),))
    breaker = 16 * 230 * 0.8
    circuit = Circuit(key="c", members=frozenset({"m0"}), limit=breaker)
    house.set(mode=Mode.FIXED, fixed=1500.0, circuits=(circuit,))
    plan = house.run(3600)
    assert bool(starts(house)) is begins
    assert house.drawn <= breaker
    if not begins:
        assert plan.reason == Reason(why=Why.CIRCUIT, miner="m0")
