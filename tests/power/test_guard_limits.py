"""Limits of a guard: down at once, and up again only when it has shown."""

from itertools import pairwise

import pytest

from custom_components.asic_miner.miners.errors import (
    BusyError,
    MinerError,
    RampingError,
    RejectedError,
    UnconfirmedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import (
    MinerState,
)
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.decision import LOOKS_AGAIN, SAFETY_RETRY, STOP_ALARM
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import (
    Ability,
    CommandKind,
    Path,
    Source,
    Wait,
)

from .rig import PERCENT, START, TARGET, Rig


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


def test_what_must_stop_is_told_so_every_few_minutes_for_as_long_as_it_runs() -> None:
    rig = Rig(obeys=False, answer=UnconfirmedError("no answer"))
    rig.wish(0, safety=True)
    rig.run(4 * 3600)
    gaps = [after - before for (before, _), (after, _) in pairwise(rig.sent)]
    assert max(gaps) <= defaults.OFF_CONFIRM + defaults.RETRY_FIRST + 20
    assert min(gaps) >= defaults.OFF_CONFIRM
