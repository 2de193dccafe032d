"""How many watts a temperature asks for, and how several miners share them."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat_model import HeatReadings, HeatSettings, Kind
from custom_components.asic_miner.power.heat_regulator import Regulator, band
from custom_components.asic_miner.power.heat_safety import Dangers
from custom_components.asic_miner.power.heat_share import Heater, share

ROOM = HeatSettings(floor=1000, maximum=3400)
TANK = replace(ROOM, kind=Kind.TANK)
A, B = Heater(key="a", floor=1000, maximum=3000), Heater(key="b", floor=800, maximum=1500)


@pytest.mark.parametrize(
    ("watts", "given"),
    [
        (0.0, (0.0, 0.0)),
        (999.0, (0.0, 999.0)),  # not enough for the first one
        (799.0, (0.0, 0.0)),
        (1000.0, (1000.0, 0.0)),
        (1799.0, (1799.0, 0.0)),
        # The second one gets its floor, taken from the first.
        (3000.0, (3000.0, 0.0)),
        (3100.0, (2300.0, 800.0)),
        (3799.0, (2999.0, 800.0)),
        (3800.0, (3000.0, 800.0)),
        (4200.0, (3000.0, 1200.0)),
        (4500.0, (3000.0, 1500.0)),
        (9000.0, (3000.0, 1500.0)),
    ],
)
def test_watts_are_shared_and_nobody_gets_less_than_its_floor(
    watts: float, given: tuple[float, float]
) -> None:
    assert share(watts, (A, B)) == dict(zip("ab", given, strict=True))


def test_who_cannot_be_given_its_floor_stays_off_and_the_next_one_is_asked() -> None:
    tight = Heater(key="t", floor=1000, maximum=1200)
    large = Heater(key="l", floor=900, maximum=2000)
    # 1300 W: 200 W and 100 W to spare are no floor.
    assert share(1300.0, (tight, large)) == {"t": 1200.0, "l": 0.0}
    assert share(1900.0, (tight, large)) == {"t": 1000.0, "l": 900.0}
    small = Heater(key="s", floor=100, maximum=500)
    assert share(1350.0, (tight, large, small)) == {"t": 1200.0, "l": 0.0, "s": 150.0}
    # What is missing comes from the last that was started, not from one that is off.
    assert share(1250.0, (tight, large, small)) == {"t": 1150.0, "l": 0.0, "s": 100.0}
    assert share(800.0, (tight, large, small)) == {"t": 0.0, "l": 0.0, "s": 500.0}


def drawing(watts: float, **more: object) -> HeatReadings:
    found = {"power": watts, "running": True, "dangers": Dangers(drawing=watts > 100), **more}
    return HeatReadings(**found)  # type: ignore[arg-type] # by name


def ask(
    regulator: Regulator,
    error: float,
    drawn: float = 2000.0,
    *,
    passed: float = 30.0,
    settings: HeatSettings = ROOM,
    most: float = 3400.0,
    wished: float | None = 2000.0,
    readings: HeatReadings | None = None,
) -> float | None:
    seen = drawing(drawn) if readings is None else readings
    return regulator.watts(error, passed, seen, settings, most=most, wished=wished)


@pytest.mark.parametrize(
    ("settings", "gain", "reset"),
    [
        (ROOM, defaults.ROOM_GAIN, defaults.ROOM_RESET),
        (TANK, defaults.TANK_GAIN, defaults.TANK_RESET),
    ],
)
def test_watts_are_what_is_missing_now_and_was_before(
    settings: HeatSettings, gain: float, reset: float
) -> None:
    regulator = Regulator()
    assert ask(regulator, 1.5, settings=settings) == pytest.approx(
        max(gain * (1.5 + 1.5 * 30 / reset), 1000)
    )
    assert regulator.integral == pytest.approx(1.5 * 30 / reset)
    # No time has passed, so nothing more was missing.
    assert ask(regulator, 2.0, passed=0.0, settings=settings) == pytest.approx(
        gain * (2.0 + 1.5 * 30 / reset)
    )
    assert ask(regulator, 99.0, settings=settings) == 3400
    assert ask(regulator, 2.5, settings=settings, most=1100.0) == 1100
    # The integral alone never asks for more than all.
    regulator.integral = 99.0
    ask(regulator, 0.0, settings=settings)
    assert regulator.integral == pytest.approx(3400 / gain)
    regulator.integral = -99.0
    ask(regulator, 0.0, settings=settings)
    assert regulator.integral == pytest.approx(-3400 / gain)


@pytest.mark.parametrize("settings", [ROOM, TANK])
def test_heating_begins_and_ends_beyond_the_band(settings: HeatSettings) -> None:
    off = band(settings.kind)
    assert off == (defaults.ROOM_DEADBAND if settings is ROOM else defaults.TANK_DEADBAND)
    regulator = Regulator()
    assert ask(regulator, off, settings=settings) is None
    assert ask(regulator, off + 0.01, settings=settings) is not None
    assert ask(regulator, -off, settings=settings) is not None
    # Above the band it ends only at the floor: a smaller draw may be enough.
    regulator.integral = 3.0
    assert ask(regulator, -off - 0.1, passed=0.0, settings=settings) is not None
    regulator.integral = 0.0
    assert ask(regulator, -off - 0.1, passed=0.0, settings=settings) is None
    assert ask(regulator, off, settings=settings) is None


@pytest.mark.parametrize(
    ("error", "before", "most", "moves"),
    [
        (1.0, 0.0, 3400.0, True),
        (1.0, 2.0, 3400.0, False),  # it asks for all already
        (0.5, 2.5, 3400.0, False),
        (1.0, 1.5, 3400.0, True),
        (1.0, 2.0, 3600.0, False),
        (0.5, 0.0, 3400.0, True),  # at its floor, and still too cold
        (-0.5, 0.5, 3400.0, False),  # at its floor, and too warm
        (-0.5, 2.7, 3400.0, True),
    ],
)
def test_nothing_is_learned_at_the_end_of_the_range(
    error: float, before: float, most: float, moves: bool
) -> None:
    regulator = Regulator()
    regulator.integral = before
    ask(regulator, error, most=most)
    # Apart from being bounded.
    bounded = min(before, most / defaults.ROOM_GAIN)
    assert (regulator.integral != pytest.approx(bounded, abs=1e-9)) is moves


@pytest.mark.parametrize(
    ("error", "readings", "wished", "coarse", "moves"),
    [
        (0.5, drawing(2000.0), 2000.0, 0.0, True),
        (0.5, drawing(2000.0), None, 0.0, False),
        (0.5, drawing(2000.0, running=False), 2000.0, 0.0, False),
        (0.5, drawing(2000.0, ramping=True), 2000.0, 0.0, False),
        (0.5, drawing(2000.0, power=None), 2000.0, 0.0, False),
        # Too cold with less than was wished, too warm with more, but for tolerances.
        (0.5, drawing(1880.0), 2000.0, 0.0, True),
        (0.5, drawing(1879.0), 2000.0, 0.0, False),
        (0.5, drawing(1780.0), 2000.0, 100.0, True),
        (0.5, drawing(1779.0), 2000.0, 100.0, False),
        (0.5, drawing(3000.0), 2000.0, 0.0, True),
        (-0.5, drawing(2120.0), 2000.0, 0.0, True),
        (-0.5, drawing(2121.0), 2000.0, 0.0, False),
        (-0.5, drawing(2220.0), 2000.0, 100.0, True),
        (-0.5, drawing(1000.0), 2000.0, 0.0, True),
        # Not less than the least tolerance.
        (0.5, drawing(440.0), 500.0, 0.0, True),
        (0.5, drawing(439.0), 500.0, 0.0, False),
    ],
)
def test_nothing_is_learned_from_a_miner_that_does_not_follow(
    error: float, readings: HeatReadings, wished: float | None, coarse: float, moves: bool
) -> None:
    regulator = Regulator()
    regulator.integral = 1.5
    ask(regulator, error, readings=readings, wished=wished, settings=replace(ROOM, coarse=coarse))
    assert (regulator.integral != 1.5) is moves


@pytest.mark.parametrize(
    ("readings", "adopted", "next_watts"),
    [
        (drawing(2000.0), 2000.0, 2000.0),
        (drawing(50.0), None, None),
        # It draws, nobody knows how much.
        (drawing(2000.0, power=None), None, 1000.0),
    ],
)
def test_a_restart_goes_on_where_it_was(
    readings: HeatReadings, adopted: float | None, next_watts: float | None
) -> None:
    regulator = Regulator()
    assert regulator.adopt(0.1, readings, Kind.ROOM) == adopted
    found = ask(regulator, 0.1, passed=0.0, readings=readings)
    assert found == (None if next_watts is None else pytest.approx(next_watts))
