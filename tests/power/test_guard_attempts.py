"""Commands that are refused, lost, cancelled or not obeyed."""

from itertools import pairwise

import pytest

from custom_components.asic_miner.miners.errors import (
    BusyError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnconfirmedError,
)
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.model import (
    CommandKind,
    Path,
    Source,
    Wait,
)

from .rig import TARGET, Rig


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


def test_a_wish_that_was_refused_gives_way_to_the_one_before() -> None:
    rig = Rig()
    rig.wish(2000)
    before = rig.guard.state(rig.now).wish
    rig.wish(3000, Source.USER)
    rig.guard.take_back(before)
    assert rig.guard.state(rig.now).wish == before
    rig.guard.take_back(None)
    assert rig.guard.state(rig.now).wish is None


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


def test_one_attempt_of_which_nothing_is_known_counts_once() -> None:
    rig = Rig(obeys=False, answer=UnconfirmedError("no answer"))
    rig.wish(0, safety=True)
    rig.run(20)
    assert rig.guard.past.failures == 1
    rig.run(defaults.OFF_CONFIRM - 20)
    assert (rig.guard.past.failures, rig.guard.past.lost) == (1, True)
