"""The guard: one actuator for all who write, and what it never does."""

from dataclasses import replace
from itertools import pairwise
import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.models import (
    Capabilities,
    Feature,
    MinerState,
    PowerRange,
    Snapshot,
)
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import (
    PEOPLE,
    Ability,
    CommandKind,
    Path,
    Personal,
    Reading,
    Source,
    Wait,
    Wish,
)

from .rig import PERCENT, START, TARGET, Rig


def test_nothing_is_sent_until_someone_wishes() -> None:
    rig = Rig(target=1234.0)
    assert rig.run(3600) == []
    assert rig.guard.state(rig.now).wait is None


def test_a_wish_is_snapped_down_and_never_exceeded() -> None:
    rig = Rig()
    rig.wish(2000)
    (command,) = rig.run(30)
    assert command.kind is CommandKind.SET_POWER
    assert command.watts == 1972  # 58 steps of 34 W
    assert not command.fast


def test_tuned_steps_are_the_only_ones() -> None:
    ability = Ability(
        path=Path.POWER_TARGET, minimum=1000, maximum=3200, step=1, tuned=(1200, 1800, 2400)
    )
    assert [ability.snap(watts) for watts in (1199, 1200, 1799, 3200)] == [0, 1200, 1200, 2400]
    assert ability.lowest() == 1200


def test_less_than_the_floor_is_off_and_says_so() -> None:
    rig = Rig()
    rig.wish(900)
    rig.run(60)
    state = rig.guard.state(rig.now)
    assert not rig.on
    assert (state.wait, state.goal) == (Wait.BELOW_FLOOR, 0)


def test_only_the_newest_wish_counts() -> None:
    rig = Rig()
    rig.wish(3000)
    assert rig.run(10)[0].watts == 2992
    for watts in (1100, 1500, 2500):
        rig.wish(watts)
    later = rig.run(300)
    assert [command.watts for command in later] == [2482]


def test_the_lock_between_changes_holds_in_both_directions() -> None:
    rig = Rig(ability=TARGET)
    rig.wish(2000)
    rig.run(10)
    rig.wish(2600)
    assert rig.guard.state(rig.now).wait in {Wait.LOCK_UP, Wait.CONFIRMING}
    rig.wish(1500)
    assert rig.guard.state(rig.now).wait is Wait.LOCK_DOWN
    rig.run(400)
    times = [at for at, _ in rig.sent]
    assert times[1] - times[0] >= defaults.TIMES[Path.POWER_TARGET].down


def test_when_a_lock_ends_the_command_takes_the_place_of_the_wait() -> None:
    rig = Rig()
    rig.wish(2176)
    rig.run(10)
    rig.wish(1972)
    state = rig.guard.state(rig.now)
    assert (state.wait, rig.guard.next(rig.now)) == (Wait.LOCK_DOWN, None)
    assert state.until == START + defaults.TIMES[Path.LIVE_PERCENT].down
    rig.now = state.until
    rig.read()
    command = rig.guard.next(rig.now)
    assert rig.guard.state(rig.now).wait is Wait.SENDING
    assert command is not None
    assert (command.kind, command.watts) == (CommandKind.SET_POWER, 1972)


def test_nothing_upward_while_it_ramps_or_tunes() -> None:
    for state, wait in ((MinerState.STARTING, Wait.RAMPING), (MinerState.TUNING, Wait.TUNING)):
        rig = Rig(ability=TARGET, target=1500, state=state)
        rig.wish(3000)
        assert rig.run(1800) == []
        assert rig.guard.state(rig.now).wait is wait
        rig.state = MinerState.MINING
        assert rig.run(20)[0].watts == 3000


def test_a_lasting_target_is_set_before_the_start() -> None:
    rig = Rig(ability=TARGET, on=False, target=3200)
    rig.wish(1500)
    commands = rig.run(60)
    assert [command.kind for command in commands] == [CommandKind.SET_POWER, CommandKind.START]
    assert rig.target == 1500


def test_minimum_on_and_off_times() -> None:
    rig = Rig(on=False)
    rig.wish(3400)
    rig.run(20)
    began = rig.now
    rig.wish(0)
    rig.run(20)
    assert rig.on
    assert rig.guard.state(rig.now).wait is Wait.MINIMUM_ON
    # It draws as little as it can until then.
    rig.run(120)
    assert rig.target == 1000
    rig.run(1200)
    assert not rig.on
    assert rig.sent[-1][0] - began >= defaults.MINIMUM_ON - 30
    off = rig.sent[-1][0]
    rig.wish(3400)
    rig.run(1200)
    start = next(at for at, one in rig.sent if at > off and one.kind is CommandKind.START)
    assert start - off >= defaults.MINIMUM_OFF


@pytest.mark.parametrize("source", [Source.USER, Source.VOICE])
def test_a_person_switches_off_at_once(source: Source) -> None:
    rig = Rig(on=False)
    rig.wish(3400)
    rig.run(20)
    rig.wish(0, source)
    command = rig.step()
    assert command is not None
    assert command.kind is CommandKind.STOP


def test_starts_per_day_are_counted_and_end() -> None:
    rig = Rig(on=False)
    for _ in range(20):
        rig.wish(3400)
        rig.run(1500, every=30)
        rig.wish(0)
        rig.run(700, every=30)
    starts = [one for _, one in rig.sent if one.kind is CommandKind.START]
    assert len(starts) == defaults.STARTS_PER_DAY
    rig.wish(3400)
    state = rig.guard.state(rig.now)
    assert state.wait is Wait.STARTS_SPENT
    assert state.until is not None
    rig.run(state.until - rig.now + 60, every=60)
    assert rig.on


def test_an_old_reading_sends_nothing_but_safety() -> None:
    rig = Rig()
    rig.wish(1500)
    rig.now += defaults.READING_FRESH + 1
    assert rig.guard.next(rig.now) is None
    assert rig.guard.state(rig.now).wait is Wait.NO_READING
    rig.wish(1200, Source.SAFETY, safety=True)
    assert rig.guard.next(rig.now) is not None


BY_USER = Personal(source=Source.USER, at=START)


@pytest.mark.parametrize(
    ("source", "watts", "passing", "personal"),
    [
        *((source, 2000.0, False, Personal(source=source, at=START)) for source in sorted(PEOPLE)),
        (Source.USER, 0.0, False, BY_USER),
        (Source.USER, 2000.0, True, None),
        (Source.SITE, 2000.0, False, None),
        (Source.ADOPTED, 2000.0, False, None),
    ],
)
def test_whose_order_it_is_outlives_a_restart_and_is_none(
    source: Source, watts: float, passing: bool, personal: Personal | None
) -> None:
    rig = Rig(target=2400.0)
    rig.guard.wish(Wish(watts=watts, source=source, at=rig.now, passing=passing))
    assert rig.guard.state(rig.now).personal == personal
    rig.guard = Guard(rig.ability, json.loads(json.dumps(rig.guard.to_json())))
    assert rig.guard.state(rig.now).personal == personal
    rig.read()
    state = rig.guard.state(rig.now)
    assert state.personal == personal
    assert state.wish == Wish(watts=2400.0, source=Source.ADOPTED, at=START)
    assert rig.run(1200) == []


@pytest.mark.parametrize(
    "newer",
    [
        Wish(watts=2000.0, source=Source.BUDGET, at=START),
        Wish(watts=0.0, source=Source.ACTION, at=START, passing=True),
    ],
)
def test_a_newer_wish_takes_it_from_a_person_unless_it_is_taken_back(newer: Wish) -> None:
    rig = Rig()
    rig.wish(2000, Source.USER)
    before = rig.guard.state(rig.now).wish
    rig.guard.wish(replace(newer, safety=True))
    assert rig.guard.state(rig.now).personal == BY_USER
    rig.guard.wish(newer)
    assert rig.guard.state(rig.now).personal is None
    rig.guard.take_back(before)
    assert rig.guard.state(rig.now).personal == BY_USER
    rig.guard.go_on(replace(newer, source=Source.ACTION, passing=True))
    assert rig.guard.state(rig.now).personal is None
    rig.wish(2000, Source.USER)
    rig.guard.release()
    assert rig.guard.state(rig.now).personal is None


def test_a_stop_has_no_watts() -> None:
    rig = Rig()
    rig.wish(0, Source.USER)
    command = rig.guard.next(rig.now)
    assert command is not None
    assert (command.kind, command.watts) == (CommandKind.STOP, None)


@pytest.mark.parametrize(
    ("seconds", "gone"), [(defaults.OFF_CONFIRM, False), (defaults.OFF_CONFIRM + 1, True)]
)
def test_what_goes_off_while_a_person_orders_is_no_other_hand(seconds: float, gone: bool) -> None:
    rig = Rig()
    rig.wish(3400, Source.USER)
    rig.now += seconds
    rig.on = False
    rig.read()
    assert rig.guard.state(rig.now).stays_off is gone


def test_locks_survive_a_restart_of_the_caller() -> None:
    rig = Rig(on=False)
    rig.wish(3400)
    rig.run(20)
    rig.wish(0, Source.SAFETY, safety=True)
    rig.run(20)
    other = Rig(on=False, now=rig.now)
    other.guard = Guard(PERCENT, rig.guard.to_json())
    other.read()
    other.wish(3400)
    assert other.guard.state(other.now).wait is Wait.MINIMUM_OFF


@pytest.mark.parametrize(
    "stored", [None, 3, {"past": 1, "learned": "x"}, {"past": {"starts": [{}]}}]
)
def test_what_was_stored_wrongly_is_forgotten(stored: object) -> None:
    guard = Guard(PERCENT, stored)  # type: ignore[arg-type] # what a damaged file may hold
    assert guard.to_json() == Guard(PERCENT).to_json()


def test_a_clock_that_was_set_back_locks_for_one_more_time_at_most() -> None:
    rig = Rig(ability=TARGET)
    rig.wish(2000)
    rig.run(20)
    rig.now -= 86_400
    rig.read()
    rig.wish(1200)
    assert rig.run(defaults.TIMES[Path.POWER_TARGET].confirm * 2 + 60, every=30)


def test_ability_comes_from_what_a_device_has_shown() -> None:
    power = PowerRange(minimum=850, maximum=3400, step=10)
    both = Capabilities(
        features=frozenset({Feature.POWER_TARGET, Feature.POWER_PERCENT, Feature.MINING}),
        ranges={Feature.POWER_TARGET: power},
    )
    ability = Ability.of(both)
    assert ability is not None
    assert ability.path is Path.LIVE_PERCENT
    limit = Capabilities(
        features=frozenset({Feature.POWER_LIMIT, Feature.MINING}),
        ranges={Feature.POWER_LIMIT: PowerRange(minimum=1000, maximum=99_999, step=10)},
    )
    assert Ability.of(limit) is None
    switched = Ability.of(limit, full=3400)
    assert switched is not None
    assert switched.path is Path.START_STOP
    restarting = Ability.of(limit, full=3400, restarts=True)
    assert restarting is not None
    assert (restarting.path, restarting.maximum) == (Path.RESTART, 3400)
    assert Ability.of(Capabilities()) is None
    reading = Reading.of(Snapshot(power_limit=3000.0, power_target=None), START, Path.RESTART)
    assert reading.target == 3000


WISHES = st.lists(
    st.tuples(
        st.sampled_from([0.0, 500.0, 1000.0, 1700.0, 2500.0, 3400.0]),
        st.sampled_from([Source.SITE, Source.BUDGET, Source.HEAT]),
        st.integers(min_value=1, max_value=40),
    ),
    min_size=1,
    max_size=25,
)


@given(wishes=WISHES, ability=st.sampled_from([PERCENT, TARGET]), on=st.booleans())
@settings(deadline=None, max_examples=60)
def test_never_a_change_inside_a_lock_and_every_wait_has_a_reason(
    wishes: list[tuple[float, Source, int]], ability: Ability, on: bool
) -> None:
    rig = Rig(ability=ability, on=on)
    times = defaults.TIMES[ability.path]
    for watts, source, ticks in wishes:
        rig.wish(watts, source)
        for _ in range(ticks):
            rig.step()
            state = rig.guard.state(rig.now)
            idle = rig.guard.next(rig.now) is None
            reached = state.goal is None or state.goal == (rig.target if rig.on else 0.0)
            assert not idle or reached or state.wait is not None
            rig.now += 15
            rig.read()
    changes = [(at, one) for at, one in rig.sent if one.kind is CommandKind.SET_POWER]
    running = [at for at, one in changes if not _off_at(rig, at, on)]
    for earlier, later in pairwise(running):
        assert later - earlier >= min(times.up, times.down)
    switches = [(at, one.kind) for at, one in rig.sent if one.kind is not CommandKind.SET_POWER]
    for (earlier, kind), (later, _) in pairwise(switches):
        least = defaults.MINIMUM_ON if kind is CommandKind.START else defaults.MINIMUM_OFF
        assert later - earlier >= least


def _off_at(rig: Rig, when: float, on: bool) -> bool:
    for at, command in rig.sent:
        if at >= when:
            break
        if command.kind is CommandKind.START:
            on = True
        elif command.kind is CommandKind.STOP:
            on = False
    return not on


def test_what_keeps_a_miner_off() -> None:
    """Not what runs or is being started, nor what is asked by whoever sets a limit himself."""
    rig = Rig(ability=TARGET, on=False, target=2000)

    def kept_off() -> bool:
        return rig.guard.kept_off(rig.now, Source.HEAT)

    assert not kept_off()
    rig.wish(0, Source.HEAT, safety=True)
    assert not kept_off()
    rig.wish(500, Source.SITE, safety=True)
    assert kept_off()
    rig.wish(2000, Source.SITE, safety=True)
    assert not kept_off()
    rig.state = MinerState.FAULT
    rig.guard.read(Reading(at=rig.now, state=MinerState.FAULT, on=False, power=15.0, target=2000))
    assert kept_off()
    rig.read()
    rig.guard.lift(Source.SITE)
    rig.guard.lift(Source.HEAT)
    rig.wish(2000)
    rig.step()
    rig.step()
    assert not kept_off()
    rig.run(300)
    assert rig.on
    assert not kept_off()


def test_without_mains_it_draws_nothing_and_is_not_asked() -> None:
    rig = Rig(target=2800)
    rig.wish(2000)
    rig.guard.mains(True, START)
    assert rig.guard.state(START).committed == 2800
    rig.guard.mains(False, START)
    later = START + 3600
    rig.wish(0, safety=True)
    state = rig.guard.state(later)
    assert (state.committed, state.drawn, state.silent, state.running) == (0.0, 0.0, 0.0, False)
    assert (state.current, state.wait, rig.guard.next(later)) == (0.0, Wait.NO_READING, None)
    # Plugged in again it may draw all that it can, until it says what it does.
    rig.guard.mains(True, later)
    rig.guard.mains(True, later + 60)
    state = rig.guard.state(later + 100)
    assert (state.committed, state.drawn, state.silent) == (PERCENT.maximum, None, 100.0)
    assert rig.guard.next(later) is None
    rig.now = later
    rig.read()
    assert rig.guard.state(later).drawn == 2800
    assert Guard(PERCENT).state(START).silent == math.inf
