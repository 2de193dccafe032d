"""Hard limits: what each one leaves, and what is left while its meter is silent."""

from collections.abc import Callable, Mapping

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.caps import Bound
from custom_components.asic_miner.power.limits import Limits
from custom_components.asic_miner.power.model import Measured, Wait
from custom_components.asic_miner.power.site_model import (
    Circuit,
    MinerNow,
    Mode,
    SiteMiner,
    SiteReadings,
    SiteSettings,
    Why,
)

from .house import HOUSE, House
from .rig import PERCENT, START, TARGET
from .states import measured, miner


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
        (defaults.METER_NO_INCREASE, 1200.0, 2200.0),
        (defaults.METER_NO_INCREASE + 1, 2200.0, 2200.0),
        (defaults.METER_HOLD, 2200.0, 2200.0),
    ):
        one = miner("a", draws)
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
