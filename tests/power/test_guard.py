"""The guard: one actuator for all who write, and what it never does."""

from dataclasses import replace
from itertools import pairwise
import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.errors import (
    BusyError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnconfirmedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import (
    Capabilities,
    Feature,
    MinerState,
    PowerRange,
    Snapshot,
)
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.decision import LOOKS_AGAIN, SAFETY_RETRY, STOP_ALARM
from custom_components.asic_miner.power.guard import Guard, forget
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


def test_an_answer_that_comes_after_the_next_command_is_not_that_ones() -> None:
    rig = Rig()
    rig.wish(2000)
    first = rig.guard.next(rig.now)
    assert first is not None
    rig.guard.sent(first, rig.now)
    rig.now += defaults.SENDING_LONGEST + defaults.TIMES[Path.LIVE_PERCENT].up
    rig.read()
    rig.wish(3000)
    second = rig.guard.next(rig.now)
    assert second is not None
    rig.guard.sent(second, rig.now)
    rig.guard.done(first, rig.now, RejectedError("late"))
    assert rig.guard.past.pending is not None
    assert (rig.guard.past.pending.number, rig.guard.past.pending.answered) == (2, None)
    assert rig.guard.past.failures == 0
    rig.guard.done(second, rig.now)
    assert rig.guard.past.pending.answered == rig.now
    rig.guard.past.pending = None
    rig.guard.done(second, rig.now, RejectedError("once more"))
    assert rig.guard.past.failures == 0


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


def test_safety_goes_down_at_once_and_by_the_quick_form() -> None:
    rig = Rig()
    rig.wish(3000)
    rig.run(10)
    rig.wish(1500, Source.SAFETY, safety=True)
    command = rig.step()
    assert command is not None
    assert command.fast
    assert command.watts == 1496
    assert command.source is Source.SAFETY
    # The quick form is not for long: the same again in the gentle one, once.
    rig.read()
    again = rig.run(600)
    assert [(one.watts, one.fast) for one in again] == [(1496, False)]
    assert rig.guard.state(rig.now).wait is Wait.LIMIT


def test_a_limit_is_kept_until_it_is_lifted() -> None:
    rig = Rig()
    rig.wish(1500, Source.SAFETY, safety=True)
    rig.wish(3400, Source.USER)
    rig.run(600)
    assert rig.target <= 1500
    rig.guard.lift(Source.SAFETY)
    rig.run(600)
    assert rig.target == 3400


def test_what_ignores_a_limit_is_stopped() -> None:
    rig = Rig(obeys=False)
    rig.wish(1500, Source.SAFETY, safety=True)
    kinds = [command.kind for command in rig.run(60)]
    assert kinds[0] is CommandKind.SET_POWER
    assert CommandKind.STOP in kinds


def test_what_falls_in_the_gentle_form_is_hurried_before_it_is_stopped() -> None:
    rig = Rig(target=3000)
    rig.wish(1500)
    assert [command.fast for command in rig.run(40)] == [False]
    rig.power = 2600.0
    rig.read()
    rig.wish(2000, Source.SAFETY, safety=True)
    (hurried,) = rig.run(20)
    assert (hurried.kind, hurried.watts, hurried.fast) == (CommandKind.SET_POWER, 1496, True)
    rig.run(40)
    assert not rig.on, "it did not help"


def test_what_ramps_and_refuses_a_limit_is_stopped() -> None:
    rig = Rig(state=MinerState.STARTING, answer=RampingError("ramping"))
    rig.wish(1500, Source.SAFETY, safety=True)
    rig.step()
    rig.answer = None
    assert [command.kind for command in rig.run(20)] == [CommandKind.STOP]


def test_what_ramps_is_told_a_limit_once_and_stopped_above_it() -> None:
    """What it draws on its way up is no proof that it has obeyed."""
    rig = Rig(state=MinerState.STARTING, power=1200.0)
    rig.wish(1500, Source.SAFETY, safety=True)
    assert [(one.watts, one.fast) for one in rig.run(300)] == [(1496, True)]
    assert rig.guard.state(rig.now).confirmed is None
    rig.power = 1700.0
    rig.read()
    assert [one.kind for one in rig.run(10)] == [CommandKind.STOP]


@pytest.mark.parametrize("error", [BusyError("busy"), RejectedError("no"), WriteAccessError("no")])
def test_what_refuses_a_limit_again_and_again_is_stopped(error: MinerError) -> None:
    """And not left above it for an hour; nor is the stop hammered if it is refused, too."""
    rig = Rig(answer=error)
    rig.wish(1500, Source.SAFETY, safety=True)
    kinds = [command.kind for command in rig.run(600)]
    assert kinds[: STOP_ALARM + 1] == [*[CommandKind.SET_POWER] * STOP_ALARM, CommandKind.STOP]
    assert set(kinds[STOP_ALARM:]) == {CommandKind.STOP}
    times = [at - START for at, _ in rig.sent[: STOP_ALARM + 2]]
    assert times[STOP_ALARM] == STOP_ALARM * SAFETY_RETRY
    # It draws too much still, so it is told so again.
    assert times[-1] - times[-2] == defaults.RETRY_FIRST


@pytest.mark.parametrize("ability", [PERCENT, TARGET])
@pytest.mark.parametrize("before", [False, True])
def test_a_limit_holds_for_what_nobody_wishes(ability: Ability, before: bool) -> None:
    """Another hand has set it, or nobody had read it when the limit came."""
    rig = Rig(ability=ability)
    if before:
        rig.guard = Guard(ability)
    rig.wish(1500, Source.SITE, safety=True)
    if not before:
        rig.run(600)
        assert rig.target <= 1500
        rig.target = 3000.0
        rig.guard.release()
    rig.read()
    rig.run(600)
    assert rig.target <= 1500
    rig.guard.lift(Source.SITE)
    rig.run(1200)
    assert rig.target == ability.snap(ability.maximum if before else 3000.0)


def test_a_start_that_goes_above_a_limit_does_not_happen() -> None:
    rig = Rig(on=False)
    rig.wish(1500, Source.SITE, safety=True)
    rig.wish(1500)
    assert rig.run(1800) == []
    assert rig.guard.state(rig.now).wait is Wait.START_ABOVE_LIMIT


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


def test_an_acknowledgement_confirms_nothing() -> None:
    rig = Rig(obeys=False)
    rig.wish(1500)
    rig.run(30)
    state = rig.guard.state(rig.now)
    assert (state.sent, state.confirmed, state.wait) == (1496, None, Wait.CONFIRMING)
    rig.power = 1500
    rig.run(20)
    state = rig.guard.state(rig.now)
    assert state.confirmed == 1496


def test_what_never_shows_is_not_sent_in_a_loop() -> None:
    rig = Rig(ability=TARGET, obeys=False, power=3200)
    rig.wish(1500)
    commands = rig.run(6 * 3600, every=30)
    assert 1 < len(commands) <= 12
    assert rig.guard.state(rig.now).wait in {Wait.UNCONFIRMED, Wait.REFUSED, Wait.CONFIRMING}


@pytest.mark.parametrize("error", [BusyError("busy"), RampingError("ramping")])
def test_a_refusal_waits_longer_each_time_and_spends_no_lock(
    error: BusyError | RampingError,
) -> None:
    rig = Rig(answer=error)
    rig.wish(1500)
    rig.run(3600)
    gaps = [b[0] - a[0] for a, b in pairwise(rig.sent)]
    assert gaps
    assert all(later >= earlier for earlier, later in pairwise(gaps))
    assert gaps[0] >= defaults.RETRY_FIRST


def test_a_lost_answer_is_not_repeated_before_the_watts_tell() -> None:
    rig = Rig(ability=TARGET, answer=UnconfirmedError("no answer"))
    rig.wish(1500)
    rig.run(10)
    rig.answer = None
    rig.target = 1500.0  # It had been executed after all.
    assert rig.run(1200) == []
    assert rig.guard.state(rig.now).confirmed == 1500


def test_a_person_who_tries_something_else_does_not_wait() -> None:
    rig = Rig(answer=RejectedError("no"))
    rig.wish(1500)
    rig.run(60)
    rig.answer = None
    rig.wish(2000, Source.SITE)
    assert rig.run(60) == []
    rig.wish(2500, Source.USER)
    assert rig.run(60)[0].watts == 2482


def test_a_target_that_cannot_be_set_while_off_is_set_later() -> None:
    rig = Rig(ability=TARGET, on=False, answer=MiningProcessDownError("stopped"))
    rig.wish(1500)
    rig.step()
    rig.answer = None
    assert rig.guard.state(rig.now).start_watts > 3000, "it will start with its old target"
    kinds = [command.kind for command in rig.run(600)]
    assert kinds == [CommandKind.START, CommandKind.SET_POWER]
    assert rig.target == 1500


def test_a_stop_that_is_not_obeyed_is_told_and_not_hammered() -> None:
    rig = Rig(obeys=False)
    rig.wish(0, Source.USER)
    commands = rig.run(3600)
    assert 3 <= len(commands) <= 20
    assert rig.guard.state(rig.now).wait in {Wait.STOP_NOT_OBEYED, Wait.CONFIRMING}


def test_a_command_of_yesterday_is_refused() -> None:
    rig = Rig()
    rig.wish(1500)
    command = rig.guard.next(rig.now)
    assert command is not None
    rig.wish(3000)
    with pytest.raises(ValueError, match="out of date"):
        rig.guard.sent(command, rig.now)


def test_an_old_reading_sends_nothing_but_safety() -> None:
    rig = Rig()
    rig.wish(1500)
    rig.now += defaults.READING_FRESH + 1
    assert rig.guard.next(rig.now) is None
    assert rig.guard.state(rig.now).wait is Wait.NO_READING
    rig.wish(1200, Source.SAFETY, safety=True)
    assert rig.guard.next(rig.now) is not None


def test_it_learns_seconds_floor_idle_and_efficiency_and_keeps_them() -> None:
    guard = Guard(TARGET)
    now = START

    def read(power: float, target: float, *, on: bool = True) -> None:
        state = MinerState.MINING if on else MinerState.PAUSED
        guard.read(
            Reading(at=now, state=state, on=on, power=power, target=target, hashrate=power / 20)
        )

    read(3000, 3000)
    for _ in range(40):
        now += 30
        read(3000, 3000)
    guard.wish(Wish(watts=1000, source=Source.SITE, at=now))
    command = guard.next(now)
    assert command is not None
    guard.sent(command, now)
    guard.done(command, now)
    for _ in range(60):
        now += 30
        read(1400, 1000)  # It cannot go lower, whatever its target says.
    assert guard.learned.floor == 1400
    assert guard.state(now).floor == 1400
    assert guard.learned.joules_per_terahash(3000, TARGET) == pytest.approx(20)
    stored = guard.to_json()
    assert Guard(TARGET, stored).learned == guard.learned
    assert Guard(TARGET, forget(stored)).learned.floor is None
    for _ in range(20):
        now += 30
        read(17, 1000, on=False)
    assert guard.learned.idle == pytest.approx(17)


@pytest.mark.parametrize(("more", "goal"), [(1.0, 2000), (0.996, 2000), (0.993, 1800)])
def test_a_limit_at_what_it_draws_lowers_nothing_for_one_reading(more: float, goal: float) -> None:
    """The excess is learned anew with each reading, a little more or less."""
    tuned = Ability(
        path=Path.POWER_TARGET, minimum=1000, maximum=3200, step=1, tuned=(1800, 2000, 2200)
    )
    rig = Rig(ability=tuned, target=2000, power=2060)
    for _ in range(int(defaults.LEARN_STEADY * 2 // 15)):
        rig.now += 15
        rig.read()
    assert rig.guard.learned.excess == pytest.approx(1.03)
    rig.wish(3200)
    rig.wish(2060 * more, Source.SITE, safety=True)
    assert rig.guard.state(rig.now).goal == goal


def test_what_restarts_because_it_was_set_too_low_has_a_higher_floor() -> None:
    rig = Rig()
    rig.wish(1000)
    rig.run(120)
    rig.state, rig.target = MinerState.RESTARTING, 3400.0
    rig.run(60)
    assert rig.guard.learned.floor == pytest.approx(1100)
    rig.state = MinerState.MINING
    rig.run(120)
    assert not rig.on, "1000 W is now below what it can do"
    assert rig.guard.state(rig.now).wait is Wait.BELOW_FLOOR


@pytest.mark.parametrize("source", sorted(PEOPLE))
def test_a_floor_that_is_learned_later_switches_nothing_off_that_a_person_has_set(
    source: Source,
) -> None:
    """Nor does it keep a miner off that a person starts with what was set before."""
    rig = Rig()
    rig.wish(1000, source)
    rig.run(120)
    rig.state, rig.target = MinerState.RESTARTING, 3400.0
    rig.run(60)
    rig.state = MinerState.MINING
    rig.run(600)
    assert rig.on
    assert rig.target == pytest.approx(1100)
    rig.wish(0, source)
    rig.run(600)
    assert not rig.on
    rig.wish(1000, source)
    rig.run(600)
    assert rig.on
    assert rig.target == pytest.approx(1100)
    rig.wish(1050, Source.SAFETY, safety=True)
    rig.run(60)
    assert not rig.on, "a limit below the floor leaves only off"


@pytest.mark.parametrize("how", ["told to", "without mains", "by itself"])
def test_only_who_restarts_by_itself_may_have_been_set_too_low(how: str) -> None:
    rig = Rig()
    rig.wish(1000)
    rig.run(120)
    if how == "told to":
        rig.guard.restarting()
    if how == "without mains":
        rig.now += defaults.READING_FRESH
    rig.state = MinerState.RESTARTING
    rig.run(60)
    rig.state = MinerState.STARTING
    rig.run(60)
    assert (rig.guard.learned.floor is not None) is (how == "by itself")


BELOW = PERCENT.maximum * defaults.FELL_OVER_BELOW


@pytest.mark.parametrize(
    ("ability", "watts", "seconds", "before", "after", "learns"),
    [
        (PERCENT, BELOW - 1, 0.0, MinerState.MINING, MinerState.RESTARTING, True),
        (PERCENT, BELOW - 1, 0.0, MinerState.MINING, MinerState.STARTING, True),
        (
            PERCENT,
            BELOW - 1,
            defaults.FELL_OVER_SECONDS,
            MinerState.MINING,
            MinerState.STARTING,
            True,
        ),
        (
            PERCENT,
            BELOW - 1,
            defaults.FELL_OVER_SECONDS + 1,
            MinerState.MINING,
            MinerState.STARTING,
            False,
        ),
        # Of a clock that was set back nobody knows how long ago it was.
        (PERCENT, BELOW - 1, -1.0, MinerState.MINING, MinerState.STARTING, False),
        # It was not little, so it has restarted for another reason.
        (PERCENT, BELOW, 0.0, MinerState.MINING, MinerState.STARTING, False),
        (PERCENT, 0.0, 0.0, MinerState.MINING, MinerState.STARTING, False),
        (PERCENT, None, 0.0, MinerState.MINING, MinerState.STARTING, False),
        # It had not mined, or goes on mining.
        (PERCENT, BELOW - 1, 0.0, MinerState.STARTING, MinerState.RESTARTING, False),
        (PERCENT, BELOW - 1, 0.0, MinerState.MINING, MinerState.LIMITED, False),
        # A target makes nobody fall over.
        (TARGET, 1500.0, 0.0, MinerState.MINING, MinerState.STARTING, False),
    ],
)
def test_who_fell_over_because_of_an_order_has_a_higher_floor(
    ability: Ability,
    watts: float | None,
    seconds: float,
    before: MinerState,
    after: MinerState,
    learns: bool,
) -> None:
    guard = Guard(ability)
    guard.wish(Wish(watts=3000.0, source=Source.SITE, at=START))
    guard.read(Reading(at=START - 15, state=before, on=True, power=2000.0))
    guard.past.order, guard.past.changed = watts, START - seconds
    guard.read(Reading(at=START, state=after, on=True, power=500.0))
    floor = (watts or 0.0) * defaults.FELL_OVER_FACTOR
    assert guard.learned.floor == (pytest.approx(floor) if learns else None)


def test_a_wish_that_was_refused_gives_way_to_the_one_before() -> None:
    rig = Rig()
    rig.wish(2000)
    before = rig.guard.state(rig.now).wish
    rig.wish(3000, Source.USER)
    rig.guard.take_back(before)
    assert rig.guard.state(rig.now).wish == before
    rig.guard.take_back(None)
    assert rig.guard.state(rig.now).wish is None


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


def test_what_was_learned_is_forgotten_without_the_locks() -> None:
    rig = Rig(on=False)
    rig.wish(3400)
    rig.run(20)
    rig.guard.learned = rig.guard.learned.idles(17.0)
    stored = rig.guard.to_json()
    assert forget(stored) == {"past": stored["past"]}
    assert Guard(PERCENT, forget(stored)).past.starts == [START]
    assert forget(None) is None


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


def slowly_shed(ability: Ability) -> Rig:
    """Return one that a limit has just lowered, and that still draws as before."""
    rig = Rig(ability=ability, power=3000.0)
    rig.run(4000)
    rig.wish(3000, Source.USER)
    rig.run(600)
    rig.wish(1100, safety=True)
    assert rig.step()
    return rig


@pytest.mark.parametrize("ability", [PERCENT, TARGET])
def test_what_a_limit_lowers_is_not_raised_before_it_has_shown(ability: Ability) -> None:
    rig = slowly_shed(ability)
    lowered = rig.target
    # It may draw what it drew before, so that this is what it counts with; it is no room.
    rig.wish(rig.guard.state(rig.now).committed, safety=True)
    rig.run(20)
    rig.wish(2000, Source.USER)
    assert rig.run(20, every=5) == []
    rig.power = lowered
    rig.now += 5
    rig.read()
    # Whoever has set the limit has had no time yet to see that it draws less.
    assert rig.run(LOOKS_AGAIN, every=5) == []
    assert rig.guard.state(rig.now).current == lowered
    assert [command.watts for command in rig.run(10)] == [ability.snap(2000)]


def test_what_takes_the_place_of_a_lowering_is_no_leave_to_rise() -> None:
    """It draws as before still, whatever it has been told since."""
    rig = slowly_shed(PERCENT)
    rig.wish(rig.guard.state(rig.now).committed, safety=True)
    rig.wish(1000, Source.USER)
    assert [command.watts for command in rig.run(20, every=5)] == [1000]
    rig.wish(2000, Source.USER)
    assert rig.run(20, every=5) == []
    assert rig.guard.state(rig.now).blocked_up is Wait.LOCK_UP


def test_what_a_limit_has_stopped_is_started_after_all_have_looked_again() -> None:
    rig = Rig()
    rig.wish(3000, Source.USER)
    rig.run(60)
    rig.wish(0, safety=True)
    rig.step()
    rig.now += 5
    rig.read()
    shown = rig.now
    rig.wish(4000, safety=True)
    rig.run(120, every=5)
    starts = [at for at, command in rig.sent if command.kind is CommandKind.START]
    assert [at - shown for at in starts] == [LOOKS_AGAIN]


@pytest.mark.parametrize("obeyed", [True, False])
def test_a_command_of_which_nobody_tells_the_end_is_over_one_day(obeyed: bool) -> None:
    rig = Rig()
    rig.wish(0, Source.USER)
    command = rig.guard.next(rig.now)
    assert command is not None
    rig.guard.sent(command, rig.now)
    rig.on = not obeyed
    rig.run(defaults.SENDING_LONGEST - 10)
    assert rig.sent == []
    rig.run(defaults.OFF_CONFIRM + defaults.RETRY_FIRST)
    assert not rig.on
    rig.wish(3000, Source.USER)
    rig.run(600)
    assert rig.on


def test_the_clock_is_set_back_after_a_limit_has_lowered_it() -> None:
    rig = slowly_shed(PERCENT)
    rig.power = None
    rig.now += 5
    rig.read()
    rig.now -= 3600
    rig.wish(3400, safety=True)
    rig.wish(2000, Source.USER)
    rig.read()
    assert rig.run(120)


def test_one_attempt_of_which_nothing_is_known_counts_once() -> None:
    rig = Rig(obeys=False, answer=UnconfirmedError("no answer"))
    rig.wish(0, safety=True)
    rig.run(20)
    assert rig.guard.past.failures == 1
    rig.run(defaults.OFF_CONFIRM - 20)
    assert (rig.guard.past.failures, rig.guard.past.lost) == (1, True)


def test_what_must_stop_is_told_so_every_few_minutes_for_as_long_as_it_runs() -> None:
    rig = Rig(obeys=False, answer=UnconfirmedError("no answer"))
    rig.wish(0, safety=True)
    rig.run(4 * 3600)
    gaps = [after - before for (before, _), (after, _) in pairwise(rig.sent)]
    assert max(gaps) <= defaults.OFF_CONFIRM + defaults.RETRY_FIRST + 20
    assert min(gaps) >= defaults.OFF_CONFIRM
