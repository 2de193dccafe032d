"""Readings over a jump of the clock."""

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.clock import AGED, Clock
from custom_components.asic_miner.power.model import Measured
from custom_components.asic_miner.power.site_model import SiteReadings

from .rig import START


def told(at: float) -> SiteReadings:
    """Return readings of which each was told at this moment."""
    one = Measured(value=5.0, at=at)
    return SiteReadings(
        grid=one, battery=one, soc=one, solar=one, phases={1: one, 3: one}, circuits={"c": one}
    )


def test_all_that_was_told_before_a_jump_is_aged() -> None:
    clock = Clock()
    assert not clock.jumped(told(START), START)
    assert clock.mend(told(START)) == told(START)
    later = START + 3600
    assert clock.jumped(told(START), later)
    assert clock.mend(told(START)) == told(later - AGED)
    # It is as old as it was at the jump, whenever that is asked.
    assert not clock.jumped(told(START), later + 10)
    assert clock.mend(told(START)) == told(later - AGED)
    assert clock.mend(told(later + 5)) == told(later + 5)
    assert clock.mend(SiteReadings()) == SiteReadings()


def test_what_is_as_young_as_a_plan_was_told_by_the_new_clock() -> None:
    clock = Clock()
    clock.jumped(told(START), START)
    later = START + 3600
    young = later - defaults.TICK
    assert clock.jumped(told(young), later)
    assert clock.mend(told(young)) == told(young)


def test_a_clock_that_is_set_back_or_is_late_has_jumped() -> None:
    clock = Clock()
    clock.jumped(told(START), START)
    assert not clock.jumped(told(START), START)
    assert not clock.jumped(told(START), START + defaults.CLOCK_JUMP)
    assert clock.jumped(told(START), START + 2 * defaults.CLOCK_JUMP + 1)
    assert clock.jumped(told(START), START)
