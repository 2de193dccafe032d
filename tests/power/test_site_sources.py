"""The controller of a site and its sources: batteries, prices, and meters of any kind."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.model import Measured
from custom_components.asic_miner.power.site_model import Circuit, Mode, SiteReadings, Why

from .house import House, starts
from .rig import PERCENT, TARGET

ANYTHING = [Mode.FIXED, Mode.FULL, Mode.HEAT]


@pytest.mark.parametrize("mode", ANYTHING)
def test_what_lives_from_anything_leaves_a_low_battery(mode: Mode) -> None:
    """Allowed or not, and the little that it is charged with starts nobody."""
    house = House(abilities=(TARGET,), battery=0.0, soc=25.0)
    house.set(mode=mode, fixed=3000.0)
    house.extra = SiteReadings(heat={"m0": 3000.0})
    for solar, soc, seconds, runs in (
        (0.0, 25.0, 1800, True),
        (0.0, 19.0, 60, False),
        (1500.0, 22.0, 3600, False),
        (1500.0, 25.0, 300, True),
        (0.0, 19.0, 1200, False),
    ):
        house.soc = soc
        for _ in range(seconds // 10):
            house.battery = min(300 + house.drawn - solar, 5000.0)
            plan = house.step()
        assert (house.ordered > 0) is runs
        assert (plan.reason.why is Why.BATTERY_LOW) is not runs
    # It is empty for its inverter, which gives nothing any more: the grid is there still.
    house.battery = 0.0
    house.run(1200)
    assert house.ordered > 2900


def test_cheap_power_is_not_that_of_the_battery() -> None:
    house = House(abilities=(TARGET,), battery=0.0, soc=60.0)
    house.set(mode=Mode.SURPLUS_CHEAP)
    house.extra = SiteReadings(price=0.1, price_limit=0.3)
    given = 0.0
    for _ in range(720):
        house.battery = min(300 + house.drawn, 5000.0)
        plan = house.step()
        given += min(house.drawn, house.battery) * 10 / 3600
    assert plan.reason.why is Why.BATTERY
    assert given < 100
    # Whose battery is held back in cheap hours, or is empty, mines.
    house.battery = 0.0
    assert house.run(600).reason.why is Why.FULL
    assert house.ordered == 3200


def test_a_price_sensor_that_is_gone_for_a_moment_stops_nobody() -> None:
    house = House(abilities=(TARGET, PERCENT, TARGET))
    house.set(mode=Mode.SURPLUS_CHEAP)
    house.extra = SiteReadings(price=0.1, price_limit=0.3)
    house.run(3600)
    before = house.drawn
    assert before > 9000
    house.extra = SiteReadings(price_limit=0.3)
    for _ in range(80):
        house.step()
        assert house.drawn == before


def test_a_battery_that_says_only_what_changes_stops_nobody() -> None:
    """Its owner says when it was there last; gone for long it does stop them."""
    house = House(abilities=(TARGET,), solar=4300, battery=0.0, soc=100.0)
    house.run(3600)
    assert house.ordered == 3200
    at = house.now
    real = house.readings
    house.readings = lambda: replace(  # type: ignore[method-assign] # a meter of its own
        real(), battery=Measured(value=0.0, at=at)
    )
    assert house.run(60).reason.why is Why.BATTERY_SILENT
    assert house.ordered == 3200
    assert house.run(2400).reason.why is Why.BATTERY_SILENT
    assert house.ordered == 0


@pytest.mark.parametrize("every", [10, 20, 30, 35, 45, 60, 120, 300])
def test_miners_follow_a_meter_of_any_pace(every: int) -> None:
    house = House(abilities=(TARGET, PERCENT), solar=4300)
    bought = 0.0
    for second in range(0, 3 * 3600, 10):
        house.meter = second % every < 10
        house.step()
        bought += max(300 + house.drawn - house.solar, 0.0) * 10 / 3_600_000
    assert house.drawn == pytest.approx(4000, abs=250)
    assert bought < 0.15
    assert len(starts(house)) == 2
    # Its reason does not change with each report when nothing else does.
    if every <= defaults.METER_HOLD:
        assert {plan.reason.why for plan in house.plans[-60:]} == {Why.BALANCED}
    assert house.site.pace == pytest.approx(every, abs=5)


@pytest.mark.parametrize("permitted", [True, False])
def test_nobody_starts_before_mining_was_permitted(permitted: bool) -> None:
    """As after a restart of Home Assistant, when its signal is not there yet."""
    house = House(abilities=(TARGET,))
    house.set(mode=Mode.FULL)
    house.extra = SiteReadings(permission=None)
    assert house.run(60).reason.why is Why.PERMISSION_UNKNOWN
    house.extra = SiteReadings(permission=permitted)
    house.run(900)
    assert (house.ordered > 0) is permitted
    assert len(starts(house)) == permitted


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86_400.0])
@pytest.mark.parametrize("limit", [None, 12_000.0])
def test_a_clock_that_jumps_stops_nobody(jump: float, limit: float | None) -> None:
    house = House(abilities=(TARGET, TARGET), solar=9000)
    house.set(import_limit=limit)
    house.run(3600)
    assert house.ordered == 6400
    house.now += jump
    # The meter reports a minute later only, and all that it has said was said by another clock.
    house.meter = False
    for _ in range(6):
        assert house.step().reason.why is Why.METER_HOLD
    house.meter = True
    for _ in range(60):
        house.step()
        assert house.ordered == 6400


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_meter_that_is_dead_when_the_clock_jumps_stays_dead(jump: float) -> None:
    house = House(abilities=(TARGET, TARGET), solar=9000)
    house.run(3600)
    house.meter = False
    house.run(60)
    house.now += jump
    for _ in range(180):
        why = house.step().reason.why
        assert why in {Why.METER_HOLD, Why.METER_FLOOR, Why.METER_PAUSE}
    assert (house.ordered, why) == (0, Why.METER_PAUSE)
    # Also when the clock comes to where the meter died.
    house.run(4000)
    assert house.ordered == 0
    assert {plan.reason.why for plan in house.plans[-400:]} == {Why.METER_PAUSE}


@pytest.mark.parametrize("jump", [-259_200.0, 259_200.0])
@pytest.mark.parametrize("spoke", [True, False])
def test_a_limit_whose_meter_is_silent_when_the_clock_jumps_stops_nobody_for_that(
    jump: float, spoke: bool
) -> None:
    """As when the time comes from the network only after a start."""
    house = House(abilities=(TARGET,), on=True)
    key = next(iter(house.rigs))
    circuit = Circuit(key="c", members=frozenset({key}), limit=5000.0, metered=True)
    house.set(mode=Mode.FULL, circuits=(circuit,))
    if spoke:
        told = Measured(value=house.drawn, at=house.now)
        house.extra = SiteReadings(circuits={"c": told})
        house.run(60)
        house.extra = SiteReadings()
    house.run(60)
    house.now += jump
    jumped = house.now
    while house.step().reason.why is not Why.LIMIT_METER_PAUSE:
        assert house.now - jumped < 2 * defaults.METER_PAUSE
    assert house.now - jumped > defaults.METER_PAUSE - defaults.METER_HOLD - defaults.TICK


@pytest.mark.parametrize(
    ("solar", "elevation", "searches"),
    [
        (0.0, None, False),
        (0.0, 30.0, False),
        (None, -1.0, False),
        (9000.0, -1.0, False),
        (None, 30.0, True),
        (None, None, True),
        (60.0, 1.0, True),
    ],
)
def test_nobody_searches_for_hidden_sun_at_night(
    monkeypatch: pytest.MonkeyPatch,
    solar: float | None,
    elevation: float | None,
    searches: bool,
) -> None:
    """A house that needs less than the band looks like a roof that is held back."""
    monkeypatch.setattr("tests.power.house.HOUSE", 150.0)
    house = House()
    house.set(mode=Mode.ZERO_EXPORT)
    for _ in range(360):
        roof = None if solar is None else Measured(value=solar, at=house.now)
        house.extra = SiteReadings(solar=roof, elevation=elevation)
        plan = house.step()
    assert bool(starts(house)) is searches
    if not searches:
        assert plan.reason.why is Why.NO_SURPLUS


def test_a_roof_that_is_not_there_is_judged_by_the_sun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.power.house.HOUSE", 150.0)
    house = House()
    house.set(mode=Mode.ZERO_EXPORT)
    asleep = Measured(value=0.0, at=house.now - defaults.METER_HOLD - 1)
    house.extra = SiteReadings(solar=asleep, elevation=10.0)
    house.run(3600)
    assert starts(house)
