"""How many watts there are for miners, and where what they used came from."""

import math

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.balance import (
    Smooth,
    battery_part,
    may_discharge,
    split,
    surplus,
)
from custom_components.asic_miner.power.site_model import Energy, SiteReadings, SiteSettings

from .states import measured

SETTINGS = SiteSettings(miners=())
ALLOWED = SiteSettings(miners=(), discharge=True)


def test_a_mean_rises_sooner_than_it_falls_and_forgets_after_silence() -> None:
    mean = Smooth()
    assert mean.add(1000.0, 100.0) == 1000.0
    up = mean.add(2000.0, 100.0 + defaults.SMOOTH_UP)
    assert up == pytest.approx(2000.0 - 1000.0 / math.e)
    now = 100.0 + defaults.SMOOTH_UP + defaults.SMOOTH_DOWN
    assert mean.add(0.0, now) == pytest.approx(up / math.e)
    assert mean.add(500.0, now + defaults.METER_HOLD) > 500.0
    assert mean.add(9.0, now + 2 * defaults.METER_HOLD + 1) == 9.0
    assert mean.add(8.0, now) == 8.0, "a clock that was set back"


@pytest.mark.parametrize(
    ("battery", "soc", "settings", "part"),
    [
        (None, 99.0, SETTINGS, 0.0),
        (800.0, 99.0, SETTINGS, -800.0),  # discharged: no surplus
        (800.0, 80.0, ALLOWED, 0.0),
        (800.0, 79.9, ALLOWED, -800.0),
        (800.0, None, ALLOWED, -800.0),
        (-800.0, 94.9, SETTINGS, 0.0),  # charged: the battery comes first
        (-800.0, 95.0, SETTINGS, 800.0),
        (-800.0, None, SETTINGS, 0.0),
        (0.0, 50.0, SETTINGS, 0.0),
    ],
)
def test_the_part_of_a_battery(
    battery: float | None, soc: float | None, settings: SiteSettings, part: float
) -> None:
    readings = SiteReadings(
        battery=None if battery is None else measured(battery),
        soc=None if soc is None else measured(soc),
    )
    assert battery_part(settings, readings) == part


def test_who_may_discharge() -> None:
    full = SiteReadings(soc=measured(80.0))
    assert may_discharge(ALLOWED, full)
    assert not may_discharge(SETTINGS, full)
    assert not may_discharge(ALLOWED, SiteReadings())


def test_surplus() -> None:
    settings = SiteSettings(miners=(), reserve=100.0)
    assert surplus(settings, SiteReadings(), 2000.0) is None
    readings = SiteReadings(grid=measured(300.0), battery=measured(50.0))
    assert surplus(settings, readings, 2000.0) == 2000.0 - 300.0 - 50.0 - 100.0


@pytest.mark.parametrize(
    ("grid", "battery", "solar_w", "grid_w", "battery_w"),
    [
        (None, None, 0, 0, 0),
        (-500.0, None, 2000, 0, 0),
        (0.0, None, 2000, 0, 0),
        (700.0, None, 1300, 700, 0),
        (700.0, 300.0, 1000, 700, 300),
        (700.0, -300.0, 1300, 700, 0),
        (700.0, 9000.0, 0, 700, 1300),
        (9000.0, 300.0, 0, 2000, 0),
    ],
)
def test_where_an_hour_of_2000_watts_came_from(
    grid: float | None, battery: float | None, solar_w: float, grid_w: float, battery_w: float
) -> None:
    readings = SiteReadings(
        grid=None if grid is None else measured(grid),
        battery=None if battery is None else measured(battery),
    )
    before = Energy(solar=1.0, grid=2.0, battery=3.0)
    after = split(before, readings, 2000.0, 3600.0)
    assert (after.solar, after.grid, after.battery) == pytest.approx(
        (1 + solar_w / 1000, 2 + grid_w / 1000, 3 + battery_w / 1000)
    )
    for seconds in (0.0, -10.0):
        assert split(before, readings, 2000.0, seconds) == before
    # Half a second counts, too.
    half = split(before, readings, 2000.0, 0.5)
    assert half.grid == pytest.approx(2 + grid_w / 7_200_000, abs=1e-9)
