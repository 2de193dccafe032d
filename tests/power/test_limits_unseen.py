"""Hard limits with a meter: what nobody knows of a miner is no room for another to rise into."""

import math

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.caps import Bound, headroom
from custom_components.asic_miner.power.limits import Limits
from custom_components.asic_miner.power.model import Measured
from custom_components.asic_miner.power.site_model import (
    Circuit,
    Load,
    MinerNow,
    SiteMiner,
    SiteReadings,
    SiteSettings,
)

from .rig import START
from .states import measured, miner

OTHERS = 500.0
LIMIT = 5000.0
CIRCUIT = Circuit(key="c", members=frozenset({"a", "b"}), limit=LIMIT, metered=True)
PLACES = (SiteMiner(key="a", phase=1), SiteMiner(key="b", phase=1))


def settings(kind: str) -> SiteSettings:
    """Return a site with one limit."""
    match kind:
        case "circuit":
            return SiteSettings(miners=PLACES, circuits=(CIRCUIT,))
        case "phase":
            return SiteSettings(miners=PLACES, phase_limit=LIMIT)
    return SiteSettings(miners=PLACES, import_limit=LIMIT)


def readings(seen: Measured, *loads: Load) -> SiteReadings:
    """Return what the one meter of a limit has shown, whichever limit it is."""
    return SiteReadings(
        grid=seen,
        circuits={"c": seen},
        phases=dict.fromkeys(defaults.PHASES, seen),
        loads=loads,
    )


def room(found: list[Bound], *ones: MinerNow) -> float:
    """Return the W by which somebody may rise."""
    committed = {one.key: one.state.committed for one in ones}
    return min(headroom(bound, committed) for bound in found)


@pytest.fixture(params=["import", "phase", "circuit"])
def limited(request: pytest.FixtureRequest) -> SiteSettings:
    """Each kind of limit that a meter tells of."""
    return settings(request.param)


@pytest.mark.parametrize("silent", [defaults.READING_FRESH + 1, math.inf])
def test_one_that_is_silent_may_not_have_been_seen(limited: SiteSettings, silent: float) -> None:
    """It has been told to start, and the meter shows nothing of it yet."""
    ones = [miner("a"), miner("b", 3400.0, drawn=None, silent=silent)]
    found = Limits().bounds(limited, readings(measured(OTHERS)), ones, START)
    assert room(found, *ones) <= LIMIT - OTHERS - 3400.0


def test_a_rise_after_the_report_is_not_in_it(limited: SiteSettings) -> None:
    """A slow meter, and a miner that is read while it is on its way up."""
    limits = Limits()
    before = [miner("a"), miner("b", 600.0, committed=3400.0)]
    limits.bounds(limited, readings(measured(OTHERS + 600.0, 60.0)), before, START - 60.0)
    told = readings(measured(OTHERS + 700.0, 20.0))
    after = [miner("a"), miner("b", 1800.0, committed=3400.0)]
    for later in (0.0, 10.0):
        found = limits.bounds(limited, told, after, START + later)
        # 100 W of the rise have been seen; of the rest nobody knows.
        assert room(found, *after) <= LIMIT - OTHERS - 3400.0


def test_what_is_known_costs_no_room(limited: SiteSettings) -> None:
    limits = Limits()
    ones = [miner("a"), miner("b", 3000.0)]
    for age in (60.0, 0.0):
        told = readings(measured(OTHERS + 3000.0, age))
        found = limits.bounds(limited, told, ones, START - age)
        assert room(found, *ones) == pytest.approx(LIMIT - OTHERS - 3000.0, abs=20.0)


@pytest.mark.parametrize("kind", ["import", "phase"])
def test_one_that_is_not_loaded_may_go_on_rising(kind: str) -> None:
    """It was on its way to 3400 W when its entry was reloaded."""
    limits, ones = Limits(), [miner("a")]
    absent = Load(key="b", drawn=0.0, most=3400.0)
    for later in (0.0, defaults.METER_PAUSE):
        told = readings(measured(OTHERS, -later), absent)
        (found, *_) = limits.bounds(settings(kind), told, ones, START + later)
        assert room([found], *ones) <= LIMIT - OTHERS - 3400.0
        assert found.away == "b"


@pytest.mark.parametrize("kind", ["import", "phase"])
def test_after_a_while_the_meter_has_shown_what_it_draws(kind: str) -> None:
    """A circuit keeps its room for ever; here it would be that of the whole house."""
    limits, ones = Limits(), [miner("a")]
    absent = Load(key="b", drawn=0.0, most=3400.0)
    later = defaults.METER_PAUSE + 1
    for age in (0.0, later):
        told = readings(measured(OTHERS, -age), absent)
        found = limits.bounds(settings(kind), told, ones, START + age)
    assert room(found, *ones) >= LIMIT - OTHERS - 20.0
    # When it has been back meanwhile it is as new.
    limits.bounds(settings(kind), readings(measured(OTHERS, -later)), ones, START + later)
    again = readings(measured(OTHERS, -later - 10), absent)
    found = limits.bounds(settings(kind), again, ones, START + later + 10)
    assert room(found, *ones) <= LIMIT - OTHERS - 3400.0
