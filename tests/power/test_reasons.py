"""Each reason a guard gives, with the numbers and the time that its text shows."""

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.decision import SAFETY_RETRY
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import (
    Ability,
    CommandKind,
    Path,
    Reading,
    Source,
    Wait,
    Wish,
)

from .rig import PERCENT, START, TARGET, Rig


def told(rig: Rig) -> tuple[Wait | None, float | None, dict[str, float]]:
    state = rig.guard.state(rig.now)
    return state.wait, state.until, dict(state.data)


def test_before_the_first_reading_nothing_is_known() -> None:
    state = Guard(PERCENT).state(START)
    assert (state.wait, state.blocked_up) == (Wait.NO_READING, Wait.NO_READING)
    assert (state.running, state.drawn, state.busy) == (False, None, False)
    assert (state.committed, state.start_watts) == (3400.0, 3400.0)
    assert (state.starts, state.changes, state.floor) == (0, 0, 1000.0)


def test_a_command_that_is_out_is_waited_for_as_long_as_a_client_may_take() -> None:
    rig = Rig()
    rig.wish(2000)
    command = rig.guard.next(rig.now)
    assert command is not None
    rig.guard.sent(command, rig.now)
    rig.now += defaults.SENDING_LONGEST - 1
    rig.read()
    assert told(rig) == (Wait.SENDING, START + defaults.SENDING_LONGEST, {})


def test_it_waits_until_the_watts_show() -> None:
    rig = Rig(obeys=False)
    rig.wish(2000)
    rig.step()
    rig.read()
    confirm = defaults.TIMES[Path.LIVE_PERCENT].confirm
    assert told(rig) == (Wait.CONFIRMING, START + confirm, {"watts": 1972.0})


@pytest.mark.parametrize(
    ("on", "confirm", "kind"),
    [
        (True, defaults.OFF_CONFIRM, CommandKind.STOP),
        (False, defaults.START_CONFIRM, CommandKind.START),
    ],
)
def test_on_and_off_have_their_own_time_to_show(
    on: bool, confirm: float, kind: CommandKind
) -> None:
    rig = Rig(on=on, obeys=False)
    rig.wish(0 if on else 3400, Source.USER)
    command = rig.step()
    assert command is not None
    assert command.kind is kind
    rig.now += 10
    rig.read()
    assert told(rig) == (Wait.CONFIRMING, START + confirm, {"watts": 0.0 if on else 3400.0})


@pytest.mark.parametrize(
    ("error", "wait", "seconds"),
    [
        (BusyError("x"), Wait.REFUSED, defaults.RETRY_FIRST),
        (RampingError("x"), Wait.REFUSED, defaults.RETRY_FIRST),
        (InvalidValueError("x"), Wait.REFUSED, defaults.RETRY_FIRST),
        (MiningProcessDownError("x"), Wait.REFUSED, defaults.RETRY_FIRST),
        (RejectedError("x"), Wait.REFUSED, defaults.RETRY_LONGEST),
        (UnsupportedError("x"), Wait.REFUSED, defaults.RETRY_LONGEST),
        (WriteAccessError("x"), Wait.REFUSED, defaults.RETRY_LONGEST),
    ],
)
def test_what_was_refused_is_tried_again_later(
    error: MinerError, wait: Wait, seconds: float
) -> None:
    rig = Rig(answer=error)
    rig.wish(2000)
    rig.step()
    assert told(rig) == (wait, START + seconds, {"attempts": 1})
    # It has spent nothing.
    assert rig.guard.past.changes == []
    assert rig.guard.state(rig.now).blocked_up is wait
    rig.now += seconds
    rig.read()
    assert rig.guard.next(rig.now) is not None


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (UnconfirmedError("x"), defaults.RETRY_FIRST),
        (UnreachableError("x"), defaults.RETRY_FIRST),
        (AuthenticationError("x"), defaults.RETRY_LONGEST),
    ],
)
def test_what_may_have_happened_has_spent_its_lock(error: MinerError, seconds: float) -> None:
    rig = Rig(answer=error)
    rig.wish(2000)
    rig.step()
    past = rig.guard.past
    assert (past.changes, past.retry_at) == ([START], START + seconds)
    assert past.pending is not None
    assert past.pending.answered == START


@pytest.mark.parametrize(
    ("error", "quick", "stops"),
    [
        (RampingError("x"), True, True),
        # Another refusal of the quick form, or the refusal of the gentle one, says less.
        (BusyError("x"), True, False),
        (RampingError("x"), False, False),
    ],
)
def test_only_who_refuses_the_quick_form_for_its_ramp_is_stopped(
    error: MinerError, quick: bool, stops: bool
) -> None:
    rig = Rig(answer=error)
    rig.wish(1500, Source.SAFETY if quick else Source.SITE, safety=quick)
    command = rig.step()
    assert command is not None
    assert command.fast is quick
    rig.now += SAFETY_RETRY
    rig.read()
    rig.wish(1500, Source.SAFETY, safety=True)
    again = rig.guard.next(rig.now)
    assert again is not None
    assert (again.kind is CommandKind.STOP) is stops


def test_what_never_showed_says_so() -> None:
    rig = Rig(ability=TARGET, obeys=False)
    rig.wish(1500)
    rig.step()
    confirm = defaults.TIMES[Path.POWER_TARGET].confirm
    rig.now += confirm - 1
    rig.read()
    assert rig.guard.state(rig.now).wait is Wait.CONFIRMING
    rig.now += 1
    rig.read()
    assert told(rig) == (Wait.UNCONFIRMED, rig.now + defaults.RETRY_FIRST, {"attempts": 1})


def test_a_draw_that_still_moves_has_twice_the_time() -> None:
    rig = Rig(ability=TARGET, obeys=False)
    rig.wish(1500)
    rig.step()
    confirm = defaults.TIMES[Path.POWER_TARGET].confirm
    rig.now += confirm - 15
    for power, wait in (
        (3000.0, Wait.CONFIRMING),
        (2900.0, Wait.CONFIRMING),
        (2890.0, Wait.UNCONFIRMED),
    ):
        rig.power = power
        rig.read()
        assert rig.guard.state(rig.now).wait is wait
        rig.now += 15


def test_what_goes_off_instead_is_not_waited_for() -> None:
    rig = Rig(ability=TARGET, obeys=False)
    rig.wish(1500)
    rig.step()
    rig.on = False
    rig.now += defaults.OFF_CONFIRM
    rig.read()
    assert rig.guard.past.pending is not None
    rig.now += 1
    rig.read()
    assert rig.guard.past.pending is None
    assert rig.guard.past.failures == 0


def test_a_stop_that_is_not_obeyed_is_alarming_the_third_time() -> None:
    rig = Rig(obeys=False)
    rig.wish(0, Source.USER)
    waits = []
    while len(rig.sent) < 3 or rig.guard.past.pending is not None:
        rig.step()
        rig.now += 10
        rig.read()
        waits.append(rig.guard.state(rig.now).wait)
    assert Wait.STOP_NOT_OBEYED not in waits[:-1]
    wait, until, data = told(rig)
    assert (wait, data) == (Wait.STOP_NOT_OBEYED, {"attempts": 3})
    # A stop is urgent as long as it may be obeyed.
    assert until == rig.guard.past.failed_at + SAFETY_RETRY


@pytest.mark.parametrize(
    ("on", "state", "wish"),
    [(True, MinerState.RESTARTING, 0), (True, MinerState.RESTARTING, 2000)],
)
def test_a_miner_that_restarts_is_left_to_it(on: bool, state: MinerState, wish: float) -> None:
    rig = Rig(on=on, state=state)
    rig.wish(wish)
    assert told(rig) == (Wait.RESTARTING, None, {})
    assert rig.guard.next(rig.now) is None


def test_a_fault_is_no_time_to_start_or_change_but_for_a_person() -> None:
    rig = Rig(state=MinerState.FAULT)
    rig.wish(2000)
    assert told(rig) == (Wait.FAULT, None, {})
    off = Rig()
    off.wish(2000)
    off.guard.read(Reading(at=off.now, state=MinerState.FAULT, on=False, power=15.0))
    assert told(off) == (Wait.FAULT, None, {})
    off.wish(2000, Source.USER)
    command = off.guard.next(off.now)
    assert command is not None
    assert command.kind is CommandKind.START


def test_what_another_hand_has_switched_off_stays_off_but_for_a_person() -> None:
    rig = Rig()
    rig.wish(2000)
    rig.guard.read(Reading(at=rig.now, state=MinerState.PAUSED, on=False, power=15.0))
    assert told(rig) == (Wait.STAYS_OFF, None, {})
    rig.now += defaults.DAY
    rig.wish(3000, Source.SITE)
    rig.guard.read(Reading(at=rig.now, state=MinerState.PAUSED, on=False, power=15.0))
    assert told(rig) == (Wait.STAYS_OFF, None, {})
    assert rig.guard.next(rig.now) is None
    assert rig.guard.state(rig.now).stays_off
    again = Guard(rig.guard.ability, rig.guard.to_json())
    again.read(Reading(at=rig.now, state=MinerState.PAUSED, on=False, power=15.0))
    assert again.state(rig.now).stays_off
    rig.wish(3000, Source.VOICE)
    command = rig.guard.next(rig.now)
    assert command is not None


@pytest.mark.parametrize("source", [Source.USER, Source.VOICE, Source.ACTION])
def test_what_a_person_has_switched_off_stays_off_but_for_a_person(source: Source) -> None:
    rig = Rig()
    rig.wish(0, source)
    rig.run(1800)
    assert not rig.on
    rig.wish(2000, Source.BUDGET)
    assert told(rig) == (Wait.STAYS_OFF, None, {})
    again = Guard(rig.guard.ability, rig.guard.to_json())
    again.read(Reading(at=rig.now, state=MinerState.PAUSED, on=False, power=15.0))
    assert again.state(rig.now).stays_off
    # Somebody has ordered something of who wishes, which counts as much.
    again.hand_over()
    assert not again.state(rig.now).stays_off
    rig.wish(2000, source)
    rig.run(60)
    assert rig.on
    rig.wish(0)
    rig.run(1800)
    assert (rig.on, rig.guard.state(rig.now).stays_off) == (False, False)


def test_what_ends_by_itself_is_no_order_to_stay_off() -> None:
    rig = Rig()
    rig.guard.wish(Wish(watts=0, source=Source.USER, at=rig.now, passing=True))
    rig.run(1800)
    assert (rig.on, rig.guard.state(rig.now).stays_off) == (False, False)


def test_an_order_that_is_refused_leaves_it_as_it_was() -> None:
    rig = Rig()
    before = rig.guard.state(rig.now).wish
    rig.wish(0, Source.USER)
    rig.guard.take_back(before)
    assert not rig.guard.state(rig.now).stays_off
    rig.wish(0, Source.USER)
    rig.run(60)
    off = rig.guard.state(rig.now).wish
    rig.wish(2000, Source.USER)
    rig.guard.take_back(off)
    assert rig.guard.state(rig.now).stays_off


def test_the_numbers_of_off_by_limit_and_by_floor() -> None:
    rig = Rig(on=False)
    rig.wish(900)
    assert told(rig) == (Wait.BELOW_FLOOR, None, {"watts": 900.0, "floor": 1000.0})
    rig.wish(800, Source.BUDGET, safety=True)
    rig.wish(2000)
    assert told(rig) == (Wait.LIMIT, None, {"watts": 800.0, "wish": 2000.0})
    rig.wish(0)
    assert told(rig) == (None, None, {})


def test_the_numbers_of_a_start_above_a_limit() -> None:
    rig = Rig(on=False)
    rig.wish(3399, Source.SAFETY, safety=True)
    rig.wish(3400)
    # A watt is for rounding.
    assert rig.guard.next(rig.now) is not None
    rig.wish(3398, Source.SAFETY, safety=True)
    assert told(rig) == (Wait.START_ABOVE_LIMIT, None, {"watts": 3400.0, "limit": 3398.0})


def test_locks_tell_when_they_end() -> None:
    times = defaults.TIMES[Path.POWER_TARGET]
    rig = Rig(ability=TARGET)
    rig.wish(2000)
    rig.step()
    rig.now += 10
    rig.read()
    rig.wish(3000)
    assert told(rig) == (Wait.LOCK_UP, START + times.up, {})
    rig.wish(1500)
    assert told(rig) == (Wait.LOCK_DOWN, START + times.down, {})
    # Who moves a slider means it.
    rig.wish(1500, Source.USER)
    assert rig.guard.next(rig.now) is not None


def test_minimum_times_tell_when_they_end() -> None:
    rig = Rig(on=False)
    rig.wish(3400)
    rig.step()
    rig.now += 60
    rig.read()
    rig.wish(0)
    rig.now += 120
    rig.run(60)
    assert told(rig)[:2] == (Wait.MINIMUM_ON, START + defaults.MINIMUM_ON)
    rig.wish(0, Source.SAFETY, safety=True)
    rig.step()
    off = rig.now
    rig.now += 30
    rig.read()
    rig.guard.lift(Source.SAFETY)
    rig.wish(3400)
    assert told(rig) == (Wait.MINIMUM_OFF, off + defaults.MINIMUM_OFF, {})


def test_starts_that_are_spent_come_back_one_by_one() -> None:
    rig = Rig(on=False)
    ago = [defaults.DAY - 100 * place for place in range(1, defaults.STARTS_PER_DAY + 1)]
    rig.guard.past.starts = [START - one for one in ago]
    rig.wish(3400)
    assert told(rig) == (
        Wait.STARTS_SPENT,
        START + 100,
        {"starts": defaults.STARTS_PER_DAY},
    )
    rig.now += 100
    rig.read()
    assert rig.guard.next(rig.now) is not None


def test_what_holds_it_below_the_wish() -> None:
    rig = Rig(ability=TARGET)
    rig.wish(2000, Source.BUDGET, safety=True)
    rig.wish(3200)
    rig.run(3600, every=30)
    assert rig.target <= 2000
    wait, until, data = told(rig)
    assert (wait, until) == (Wait.LIMIT, None)
    assert data == {"watts": 2000.0, "wish": 3200.0}


@pytest.mark.parametrize(("effective", "limited"), [(1879.0, True), (1880.0, False)])
def test_a_firmware_that_lowers_the_target_by_itself(effective: float, limited: bool) -> None:
    rig = Rig(ability=TARGET, target=2000)
    rig.wish(2000)
    rig.guard.read(
        Reading(
            at=rig.now,
            state=MinerState.LIMITED,
            on=True,
            power=effective,
            target=2000.0,
            effective=effective,
        )
    )
    expected = (Wait.LIMITED, None, {"watts": effective}) if limited else (None, None, {})
    assert told(rig) == expected


@pytest.mark.parametrize(
    ("wish", "wait", "data"),
    [
        (1972.0, None, {}),
        # 2.5 % of 3400 W are 85 W: two steps of 34 W are less, three are more.
        (2040.0, Wait.SMALL_CHANGE, {"watts": 68.0}),
        (1904.0, Wait.SMALL_CHANGE, {"watts": -68.0}),
        (2074.0, Wait.SENDING, {}),
    ],
)
def test_small_changes_are_not_worth_it(
    wish: float, wait: Wait | None, data: dict[str, float]
) -> None:
    rig = Rig(target=1972)
    rig.wish(wish)
    assert told(rig) == (wait, None, data)
    assert (rig.guard.next(rig.now) is not None) == (wish == 2074.0)
    rig.wish(wish, Source.USER)
    assert (rig.guard.next(rig.now) is not None) == (wish != 1972.0)


@pytest.mark.parametrize(
    ("source", "state", "learned", "until"),
    [
        (MinerState.STARTING, Wait.RAMPING, None, defaults.START_CONFIRM),
        (MinerState.STARTING, Wait.RAMPING, 300.0, 300.0),
        (MinerState.TUNING, Wait.TUNING, None, None),
        (MinerState.LIMITED, Wait.LIMITED, None, None),
    ],
)
def test_upwards_it_waits_for_what_the_miner_does(
    source: MinerState, state: Wait, learned: float | None, until: float | None
) -> None:
    rig = Rig(ability=TARGET, target=1500, state=source)
    rig.guard.past.on_since = START - 10
    if learned:
        rig.guard.learned = rig.guard.learned.took("start", learned)
    rig.wish(3000)
    end = until and START - 10 + until
    assert told(rig) == (state, end, {})
    assert rig.guard.state(rig.now).blocked_up is state


@pytest.mark.parametrize(
    ("ability", "state", "sends"),
    [
        # A target may be lowered at any time, a percentage not while it ramps.
        (TARGET, MinerState.STARTING, True),
        (TARGET, MinerState.TUNING, True),
        (PERCENT, MinerState.STARTING, False),
        (PERCENT, MinerState.TUNING, True),
        (PERCENT, MinerState.LIMITED, True),
    ],
)
def test_downwards_only_a_percentage_waits_for_a_ramp(
    ability: Ability, state: MinerState, sends: bool
) -> None:
    rig = Rig(ability=ability, state=state)
    rig.wish(1500)
    assert (rig.guard.next(rig.now) is not None) is sends


def test_a_person_wins_over_an_adopted_draw_and_failures() -> None:
    rig = Rig(answer=RejectedError("x"))
    rig.wish(2000, Source.USER)
    rig.step()
    assert rig.guard.past.failures == 1
    # The same again is no new try; anything else is.
    rig.wish(2000, Source.USER)
    assert rig.guard.past.failures == 1
    for source, failures in ((Source.SITE, 1), (Source.USER, 0)):
        rig.wish(2500 if source is Source.SITE else 2600, source)
        assert rig.guard.past.failures == failures


@pytest.mark.parametrize(
    ("usual", "seconds"), [(None, 900.0), (10.0, 450.0), (200.0, 600.0), (400.0, 900.0)]
)
def test_what_is_usual_shortens_the_time_to_show_to_half_at_most(
    usual: float | None, seconds: float
) -> None:
    rig = Rig(ability=TARGET, obeys=False)
    if usual is not None:
        rig.guard.learned = rig.guard.learned.took("down", usual)
    rig.wish(1500)
    rig.step()
    rig.read()
    assert told(rig) == (Wait.CONFIRMING, START + seconds, {"watts": 1500.0})
