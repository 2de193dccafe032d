"""What only a person starts again, and what is no such thing."""

import json

import pytest

from custom_components.asic_miner.miners.errors import UnconfirmedError
from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import PEOPLE, Reading, Source, Wait, Wish

from .rig import TARGET, Rig


def off_by(source: Source) -> Rig:
    """Return one that was switched off half an hour ago."""
    rig = Rig()
    rig.run(4000)
    rig.wish(0, source)
    rig.run(1800)
    assert not rig.on
    return rig


def stays_off(rig: Rig) -> bool:
    return rig.guard.state(rig.now).stays_off


def restart(rig: Rig) -> None:
    """Have Home Assistant begin anew with what it has written down."""
    rig.guard = Guard(rig.guard.ability, json.loads(json.dumps(rig.guard.to_json())))
    rig.read()


def silent(rig: Rig, state: MinerState) -> None:
    """Have it say nothing of whether it is on."""
    rig.now += 10
    rig.guard.read(Reading(at=rig.now, state=state, on=None, power=None, target=None))


def mains_cut(rig: Rig) -> None:
    """Have it mine after a boot, until what holds it off stops it past the guard."""
    for on in (True, False):
        rig.now += defaults.OFF_CONFIRM
        state = MinerState.MINING if on else MinerState.PAUSED
        reading = Reading(at=rig.now, state=state, on=on, power=3000.0 if on else 15.0, target=3400)
        rig.guard.read(reading, held_off=True)


@pytest.mark.parametrize(
    ("source", "stays"), [(Source.SITE, False), (Source.BUDGET, False), (Source.USER, True)]
)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_stopped_again_after_a_boot_is_off_as_before(
    source: Source, stays: bool, restarted: bool
) -> None:
    rig = off_by(source)
    if restarted:
        rig.guard = Guard(rig.guard.ability, json.loads(json.dumps(rig.guard.to_json())))
    mains_cut(rig)
    assert stays_off(rig) is stays


@pytest.mark.parametrize("state", [MinerState.UNKNOWN, MinerState.RESTARTING, MinerState.FAULT])
def test_a_reading_that_says_nothing_changes_nothing(state: MinerState) -> None:
    rig = off_by(Source.SITE)
    starts = rig.guard.state(rig.now).starts
    silent(rig, state)
    rig.now += 10
    rig.read()
    assert (stays_off(rig), rig.guard.state(rig.now).starts) == (False, starts)
    # Nor while a person's order is young.
    rig = Rig()
    rig.wish(0, Source.USER)
    rig.run(60)
    silent(rig, state)
    rig.now += 10
    rig.read()
    assert stays_off(rig)


def test_what_was_on_its_way_over_a_restart_is_no_other_hand() -> None:
    rig = Rig()
    rig.run(4000)
    rig.obeys = False
    rig.wish(0)
    rig.step()
    rig.guard = Guard(rig.guard.ability, rig.guard.to_json())
    rig.now += 5
    rig.read()
    rig.now += 15
    rig.on = False
    rig.read()
    assert not stays_off(rig)
    # A start as well.
    rig.now += defaults.MINIMUM_OFF
    rig.read()
    rig.wish(3000)
    assert rig.step()
    rig.guard = Guard(rig.guard.ability, rig.guard.to_json())
    rig.now += 5
    rig.read()
    assert not stays_off(rig)


def test_a_pause_leaves_it_to_a_person() -> None:
    rig = off_by(Source.USER)
    rig.guard.wish(Wish(watts=0, source=Source.ACTION, at=rig.now, passing=True))
    assert stays_off(rig)
    rig.wish(3000, Source.BUDGET)
    rig.run(1800)
    assert not rig.on


@pytest.mark.parametrize("end", ["budget", "release", "pause", "another hand"])
def test_a_boost_starts_it_for_its_time_only(end: str) -> None:
    rig = off_by(Source.USER)
    rig.guard.wish(Wish(watts=3400, source=Source.ACTION, at=rig.now, passing=True))
    rig.run(1800)
    assert rig.on
    if end == "budget":
        rig.wish(2000, Source.BUDGET)
    elif end == "release":
        rig.guard.release()
    elif end == "pause":
        rig.guard.wish(Wish(watts=0, source=Source.ACTION, at=rig.now, passing=True))
    rig.on = False
    rig.run(1800)
    assert (rig.on, stays_off(rig)) == (False, True)


@pytest.mark.parametrize("source", [Source.SITE, Source.BUDGET, Source.HEAT, *sorted(PEOPLE)])
def test_why_it_is_off_is_said_also_where_off_is_wished(source: Source) -> None:
    rig = off_by(Source.USER)
    rig.guard.wish(Wish(watts=0, source=source, at=rig.now))
    assert rig.guard.state(rig.now).wait is Wait.STAYS_OFF


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_stop_that_was_lost_is_not_behind_a_later_one_at_its_page(
    refused: bool, restarted: bool
) -> None:
    rig = Rig()
    rig.run(4000)
    rig.wish(3400)
    rig.run(60)
    before = rig.guard.state(rig.now).wish
    rig.answer, rig.obeys = UnconfirmedError("lost") if refused else None, False
    rig.wish(0, Source.USER if refused else Source.SITE)
    assert rig.step()
    if refused:
        rig.guard.take_back(before)
    if restarted:
        restart(rig)
    rig.answer, rig.obeys = None, True
    rig.wish(3400)
    rig.run(6 * 3600)
    assert rig.on
    rig.on = False
    rig.run(1800)
    assert (rig.on, stays_off(rig)) == (False, True)


def test_what_goes_off_after_a_lost_stop_is_off_for_its_time() -> None:
    rig = Rig()
    rig.run(4000)
    rig.obeys = False
    rig.wish(0)
    assert rig.step()
    rig.obeys = True
    rig.wish(3400)
    rig.run(3600)
    rig.on = False
    rig.read()
    rig.guard.hand_over()
    assert rig.guard.state(rig.now).can_start_at == rig.now + defaults.MINIMUM_OFF


@pytest.mark.parametrize("late", [100, 130, 150, 200, 260, 400, 1000])
def test_a_stop_that_shows_late_is_still_ours(late: int) -> None:
    """It is still wished, and would have been tried again."""
    rig = Rig()
    rig.run(4000)
    rig.obeys = False
    rig.wish(0)
    rig.run(late)
    rig.on = False
    rig.read()
    assert not stays_off(rig)
    rig.obeys = True
    rig.run(1800)
    rig.wish(3400)
    rig.run(60)
    assert rig.on


@pytest.mark.parametrize("restarted", [False, True])
def test_a_start_that_was_lost_is_not_behind_a_later_one_at_its_page(restarted: bool) -> None:
    rig = Rig(ability=TARGET)
    rig.run(4000)
    rig.wish(0, Source.USER)
    rig.run(1800)
    before = rig.guard.state(rig.now).wish
    rig.answer, rig.obeys = UnconfirmedError("lost"), False
    rig.wish(3200, Source.USER)
    assert rig.step()
    rig.guard.take_back(before)
    if restarted:
        restart(rig)
    rig.answer, rig.obeys = None, True
    rig.run(1800)
    assert (rig.on, stays_off(rig)) == (False, True)
    rig.guard.release()
    rig.on = True
    rig.read()
    assert not stays_off(rig)
    assert rig.guard.past.on_since == rig.now


def test_what_may_still_show_is_still_ours() -> None:
    rig = Rig()
    rig.run(4000)
    rig.obeys = False
    rig.wish(0)
    assert rig.step()
    restart(rig)
    rig.run(defaults.OFF_CONFIRM)
    rig.on = False
    rig.read()
    assert not stays_off(rig)
