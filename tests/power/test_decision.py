"""What the guard concludes at one moment: what a miner is set to, may draw, and is sent."""

from dataclasses import replace
import math

import pytest

from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.decision import SAFETY_RETRY, Decider, Decision
from custom_components.asic_miner.power.learning import Learned
from custom_components.asic_miner.power.model import (
    Ability,
    CommandKind,
    Path,
    Reading,
    Source,
    Wait,
    Wish,
)
from custom_components.asic_miner.power.moment import ROUGHLY
from custom_components.asic_miner.power.past import Past, Pending

from .rig import PERCENT, START, TARGET

SWITCH = Ability(path=Path.START_STOP, minimum=3000, maximum=3000)
RESTART = Ability(path=Path.RESTART, minimum=1000, maximum=3000, step=100)
# What is learned of it counts, so that no default does.
EXACT = Learned(excess=1.0)
MORE = Learned(excess=1.1)


def seen(power: float | None = 2000.0, target: float | None = 2000.0, **more: object) -> Reading:
    found = {"at": START, "state": MinerState.MINING, "on": True, **more}
    return Reading(power=power, target=target, **found)  # type: ignore[arg-type] # by name


OFF = seen(15.0, 2000.0, on=False, state=MinerState.PAUSED)


def wish(watts: float, source: Source = Source.SITE, *, safety: bool = False) -> Wish:
    return Wish(watts=watts, source=source, at=START, safety=safety)


def limit(watts: float) -> Wish:
    return wish(watts, Source.SAFETY, safety=True)


def sent(
    kind: CommandKind = CommandKind.SET_POWER, watts: float = 1500.0, **more: object
) -> Pending:
    one = Pending(
        number=1,
        kind=kind,
        at=START - 10,
        watts=watts,
        before=2000.0,
        what="down",
        shed=False,
        off=False,
        answered=START - 9,
    )
    return replace(one, **more)  # type: ignore[arg-type] # by name


def decider(ability: Ability = TARGET, reading: Reading | None = OFF, **more: object) -> Decider:
    known: dict[str, object] = {"learned": EXACT, "past": Past(), "wish": None, "limit": None}
    return Decider(
        now=START,
        ability=ability,
        reading=reading,
        **(known | more),  # type: ignore[arg-type] # by name
    )


@pytest.mark.parametrize(
    ("ability", "reading", "past", "current"),
    [
        (TARGET, OFF, Past(), 0.0),
        (TARGET, None, Past(), 3200.0),
        (TARGET, seen(), Past(), 2000.0),
        (TARGET, seen(target=None), Past(), 3200.0),
        (TARGET, seen(target=None), Past(order=1700.0), 1700.0),
        (TARGET, seen(), Past(order=1700.0), 2000.0),
        (TARGET, seen(), Past(pending=sent()), 1500.0),
        (TARGET, seen(), Past(pending=sent(CommandKind.STOP, 0.0)), 2000.0),
        (TARGET, seen(state=MinerState.STARTING), Past(), 2000.0),
        # A percentage is ignored until the hashrate has settled.
        (PERCENT, seen(state=MinerState.STARTING), Past(), 3400.0),
        (PERCENT, seen(state=MinerState.RESTARTING), Past(), 3400.0),
        (PERCENT, seen(state=MinerState.STARTING), Past(pending=sent()), 1500.0),
        (PERCENT, seen(), Past(), 2000.0),
        (SWITCH, seen(), Past(), 3000.0),
        (SWITCH, OFF, Past(), 0.0),
    ],
)
def test_what_it_was_ordered_to_draw(
    ability: Ability, reading: Reading | None, past: Past, current: float
) -> None:
    assert decider(ability, reading, past=past).current == current


@pytest.mark.parametrize(
    ("reading", "past", "committed"),
    [
        (None, Past(), 3200.0),
        (OFF, Past(), 15.0),
        (replace(OFF, power=None), Past(), 20.0),  # what it was seen to draw at rest
        (replace(OFF, power=700.0), Past(), 700.0),  # still on its way down
        (seen(), Past(), 2200.0),
        (seen(power=2500.0), Past(), 2500.0),
        (seen(power=1500.0), Past(), 2200.0),
        # Below its floor nothing draws for long, whatever it was told.
        (seen(power=900.0, target=800.0), Past(), 1100.0),
        (seen(power=None), Past(), 2200.0),
        # Nothing is known, so that it may be all.
        (seen(power=None, target=None), Past(order=1500.0), 3520.0),
        (seen(power=None, target=None), Past(order=1500.0, confirmed=1500.0), 1650.0),
        # On its way down it draws at most what it did, on its way up what it is to.
        (seen(), Past(pending=sent()), 2000.0),
        (seen(power=2300.0), Past(pending=sent()), 2300.0),
        (seen(), Past(pending=sent(watts=3000.0)), 3300.0),
        (seen(), Past(pending=sent(CommandKind.STOP, 0.0)), 2000.0),
        (seen(power=2100.0), Past(pending=sent(CommandKind.STOP, 0.0)), 2100.0),
        (seen(power=None), Past(pending=sent(CommandKind.STOP, 0.0)), 2000.0),
        # A target that is set while it is off draws nothing.
        (OFF, Past(pending=sent(watts=3000.0, off=True)), 20.0),
        (OFF, Past(pending=sent(CommandKind.START, 3000.0)), 3300.0),
    ],
)
def test_the_most_it_may_draw_until_the_next_command(
    reading: Reading | None, past: Past, committed: float
) -> None:
    learned = replace(MORE, idle=20.0)
    if reading is OFF and past.pending is None:
        learned = MORE
    assert decider(reading=reading, past=past, learned=learned).committed() == pytest.approx(
        committed
    )


@pytest.mark.parametrize(
    ("ability", "past", "told", "wished", "starts"),
    [
        # What can be set before a start is.
        (TARGET, Past(), 2000.0, 1500.0, 1500.0),
        (TARGET, Past(), 2000.0, None, 1000.0),
        # Where it could not be set, it starts with what it has.
        (TARGET, Past(preset_refused=True), 2000.0, 1500.0, 2000.0),
        (TARGET, Past(preset_refused=True), None, 1500.0, 3200.0),
        (RESTART, Past(), 2000.0, 1500.0, 2000.0),
        (RESTART, Past(), None, 1500.0, 3000.0),
        (PERCENT, Past(), 2000.0, 1500.0, 3400.0),
        (SWITCH, Past(), None, 3000.0, 3000.0),
        # Under way it goes to what is set, or to what was ordered with the start.
        (TARGET, Past(pending=sent(CommandKind.START, 1700.0)), 1500.0, 1200.0, 1700.0),
        (TARGET, Past(pending=sent(CommandKind.START, 1500.0)), 1700.0, 1200.0, 1700.0),
        (TARGET, Past(pending=sent(CommandKind.START, 1500.0)), None, 1200.0, 1500.0),
        (TARGET, Past(pending=sent(CommandKind.START, 0.0)), None, 1200.0, 3200.0),
        (TARGET, Past(pending=sent(watts=1700.0, off=True)), 1900.0, 1200.0, 1200.0),
    ],
)
def test_what_a_start_goes_to(
    ability: Ability, past: Past, told: float | None, wished: float | None, starts: float
) -> None:
    wishes = None if wished is None else wish(wished)
    one = decider(ability, replace(OFF, target=told), past=past, wish=wishes, learned=MORE)
    assert one.start_watts() == pytest.approx(starts * 1.1)


def test_a_start_of_what_was_never_read_goes_to_the_wish() -> None:
    assert decider(reading=None, wish=wish(1500.0)).start_watts() == 1500.0
    assert decider(RESTART, None, wish=wish(1500.0)).start_watts() == 3000.0


@pytest.mark.parametrize(
    ("wished", "limited", "goal"),
    [
        (None, 2000.0, None),
        (2550.0, None, 2500.0),
        (2500.0, 2200.0, 2000.0),  # with an excess of a tenth
        (1500.0, 2200.0, 1500.0),
        (999.0, None, 0.0),
        # A limit at the floor does not stop it for what is still being learned, up to 3 %.
        (2000.0, 1000.0 * 1.1 / ROUGHLY + 0.01, 1000.0),
        (2000.0, 1000.0 * 1.1 / ROUGHLY - 0.01, 0.0),
        (2000.0, 1100.0, 1000.0),
        (2000.0, 900.0, 0.0),
    ],
)
def test_what_is_to_be_reached(
    wished: float | None, limited: float | None, goal: float | None
) -> None:
    found = decider(
        reading=seen(),
        learned=MORE,
        wish=None if wished is None else wish(wished),
        limit=None if limited is None else limit(limited),
    ).goal
    assert found == (goal if goal is None else pytest.approx(goal))


def test_a_limit_below_the_floor_itself_is_no_matter_of_learning() -> None:
    few = Learned(excess=1.02)
    # 990 W / 1.02 is less than the floor by less than 3 %, and yet the floor is not allowed.
    assert decider(reading=seen(), learned=few, wish=wish(2000.0), limit=limit(990.0)).goal == 0.0


STOP = Decision(kind=CommandKind.STOP, source=Source.SITE)
HELD = Decision(kind=CommandKind.STOP, shed=True, source=Source.SAFETY)
CONFIRM = defaults.TIMES[Path.POWER_TARGET].confirm


def lowered(watts: float, *, fast: bool = False) -> Decision:
    return Decision(
        kind=CommandKind.SET_POWER, watts=watts, fast=fast, shed=True, source=Source.SAFETY
    )


@pytest.mark.parametrize(
    ("ability", "reading", "past", "decision"),
    [
        (TARGET, seen(), Past(), lowered(1500.0)),
        (PERCENT, seen(), Past(), lowered(1496.0, fast=True)),
        # What would restart for it is stopped, and what was refused for its ramp.
        (RESTART, seen(), Past(), HELD),
        (TARGET, seen(), Past(refused=True), HELD),
        (SWITCH, seen(power=2900.0), Past(), HELD),
        # What has failed is tried again soon.
        (
            TARGET,
            seen(),
            Past(failures=1, failed_at=START - SAFETY_RETRY + 1, retry_at=START + 99),
            Decision(wait=Wait.REFUSED, until=START + 1, data={"attempts": 1}),
        ),
        (
            TARGET,
            seen(),
            Past(failures=1, failed_at=START - SAFETY_RETRY, retry_at=START + 99),
            lowered(1500.0),
        ),
        # Only a few times: what never obeys is not hammered.
        (
            TARGET,
            seen(),
            Past(failures=4, failed_at=START - SAFETY_RETRY, retry_at=START + 99, lost=True),
            Decision(wait=Wait.UNCONFIRMED, until=START + 99, data={"attempts": 4}),
        ),
        # Then it is stopped, for what it refuses is no way down; a stop gets its time to show.
        (
            TARGET,
            seen(),
            Past(failures=3, failed_at=START - SAFETY_RETRY, retry_at=START + 99),
            HELD,
        ),
        (
            TARGET,
            seen(),
            Past(pending=sent(CommandKind.STOP, 0.0)),
            Decision(
                wait=Wait.CONFIRMING, until=START - 10 + defaults.OFF_CONFIRM, data={"watts": 0.0}
            ),
        ),
        # Enough was ordered; that gets its time, then it is stopped.
        (
            TARGET,
            seen(target=1500.0),
            Past(changed=START - defaults.SAFETY_CONFIRM_TARGET + 1),
            Decision(wait=Wait.CONFIRMING, until=START + 1, data={"watts": 1500.0}),
        ),
        (TARGET, seen(target=1500.0), Past(changed=START - defaults.SAFETY_CONFIRM_TARGET), HELD),
        (PERCENT, seen(target=1496.0), Past(changed=START), lowered(1496.0, fast=True)),
        (
            PERCENT,
            seen(target=1496.0),
            Past(changed=START - defaults.SAFETY_REPEAT + 1, fast=True),
            Decision(wait=Wait.CONFIRMING, until=START + 1, data={"watts": 1496.0}),
        ),
        (PERCENT, seen(target=1496.0), Past(changed=START - 30, fast=True), HELD),
        (PERCENT, seen(target=1496.0), Past(changed=START - 30, refused=True), HELD),
        (
            TARGET,
            seen(target=1500.0),
            Past(pending=sent(CommandKind.STOP, 0.0)),
            Decision(
                wait=Wait.CONFIRMING, until=START - 10 + defaults.OFF_CONFIRM, data={"watts": 0.0}
            ),
        ),
    ],
)
def test_the_way_below_a_limit(
    ability: Ability, reading: Reading, past: Past, decision: Decision
) -> None:
    one = decider(ability, reading, past=past, wish=wish(3000.0), limit=limit(1500.0))
    if ability is SWITCH:
        one = replace(one, limit=limit(2000.0))
    assert one.decide() == decision


@pytest.mark.parametrize(
    ("drawn", "told", "held"),
    [
        (2060.0, 2000.0, False),  # what measuring errors are is no emergency
        (2121.0, 2000.0, True),
        (2000.0, 2001.0, False),
        (2000.0, 2002.0, True),
    ],
)
def test_when_a_limit_is_exceeded(drawn: float, told: float, held: bool) -> None:
    one = decider(reading=seen(drawn, told), wish=wish(2000.0), limit=limit(2000.0))
    assert (one.decide().source is Source.SAFETY or one.decide().wait is Wait.CONFIRMING) is held


def test_a_limit_leaves_room_for_what_is_still_being_learned() -> None:
    for excess, urgent in ((ROUGHLY, False), (ROUGHLY + 0.01, True)):
        one = decider(
            reading=seen(), learned=Learned(excess=excess), wish=wish(2000.0), limit=limit(2000.0)
        )
        assert (one.decide().source is Source.SAFETY) is urgent


STOPPING = Past(pending=sent(CommandKind.STOP, 0.0))
SPENT = {"failures": 3, "failed_at": START - 5, "retry_at": START + 500}


@pytest.mark.parametrize(
    ("reading", "past", "wished", "decision"),
    [
        (seen(), Past(), wish(0.0), STOP),
        (
            seen(),
            STOPPING,
            wish(0.0),
            Decision(
                wait=Wait.CONFIRMING, until=START - 10 + defaults.OFF_CONFIRM, data={"watts": 0.0}
            ),
        ),
        (OFF, Past(), wish(0.0), Decision()),
        # Off by its own word, yet drawing: told once more only if it was told before.
        (replace(OFF, power=500.0), Past(), wish(0.0), Decision()),
        (replace(OFF, power=500.0), Past(order=0.0), wish(0.0), Decision()),
        (
            replace(OFF, power=500.0),
            Past(order=0.0, failures=1, failed_at=START - 500, retry_at=START - 1),
            wish(0.0),
            STOP,
        ),
        (
            replace(OFF, power=defaults.OFF_WATTS),
            Past(order=0.0, failures=1, failed_at=START - 500, retry_at=START - 1),
            wish(0.0),
            Decision(),
        ),
        (
            replace(OFF, power=500.0),
            Past(order=0.0, failures=1, failed_at=START - 5, retry_at=START + 115),
            wish(0.0),
            Decision(wait=Wait.REFUSED, until=START + 115, data={"attempts": 1}),
        ),
        (
            seen(),
            Past(**SPENT),  # type: ignore[arg-type] # by name
            wish(0.0),
            Decision(wait=Wait.STOP_NOT_OBEYED, until=START + 500, data={"attempts": 3}),
        ),
        # A person's own is tried again sooner, and not in its restart either.
        (
            seen(),
            Past(**SPENT),  # type: ignore[arg-type] # by name
            wish(0.0, Source.USER),
            Decision(wait=Wait.STOP_NOT_OBEYED, until=START + 5, data={"attempts": 3}),
        ),
        (seen(state=MinerState.RESTARTING), Past(), wish(0.0), Decision(wait=Wait.RESTARTING)),
        (
            seen(state=MinerState.RESTARTING),
            Past(),
            wish(0.0, Source.VOICE),
            replace(STOP, source=Source.VOICE),
        ),
        # Not the wish for less than its floor: that one may wait.
        (
            seen(state=MinerState.RESTARTING),
            Past(),
            wish(1.0, Source.USER),
            Decision(wait=Wait.RESTARTING),
        ),
        # Until it may be stopped it draws as little as it can.
        (
            seen(),
            Past(on_since=START - 10),
            wish(0.0),
            Decision(kind=CommandKind.SET_POWER, watts=1000.0, source=Source.SITE),
        ),
        (
            seen(target=1000.0),
            Past(on_since=START - 10),
            wish(0.0),
            Decision(wait=Wait.MINIMUM_ON, until=START - 10 + defaults.MINIMUM_ON),
        ),
        (
            seen(),
            Past(on_since=START - 10, changed=START - 10),
            wish(0.0),
            Decision(wait=Wait.MINIMUM_ON, until=START - 10 + defaults.MINIMUM_ON),
        ),
        (seen(), Past(on_since=START - defaults.MINIMUM_ON), wish(0.0), STOP),
    ],
)
def test_the_way_to_off(reading: Reading, past: Past, wished: Wish, decision: Decision) -> None:
    assert decider(reading=reading, past=past, wish=wished).decide() == decision


@pytest.mark.parametrize(
    ("ability", "reading", "past", "decision"),
    [
        # A lasting target is set before the start, one watt apart or more.
        (TARGET, OFF, Past(), Decision(kind=CommandKind.SET_POWER, watts=1500.0)),
        (TARGET, replace(OFF, target=1501.0), Past(), Decision(kind=CommandKind.START)),
        (
            TARGET,
            replace(OFF, target=1502.0),
            Past(),
            Decision(kind=CommandKind.SET_POWER, watts=1500.0),
        ),
        (
            TARGET,
            replace(OFF, target=None),
            Past(order=1500.0),
            Decision(kind=CommandKind.START),
        ),
        (
            TARGET,
            replace(OFF, target=None),
            Past(),
            Decision(kind=CommandKind.SET_POWER, watts=1500.0),
        ),
        # What was refused because it is off is no reason to wait.
        (
            TARGET,
            OFF,
            Past(preset_refused=True, failures=1, failed_at=START, retry_at=START + 120),
            Decision(kind=CommandKind.START, watts=2000.0),
        ),
        (
            TARGET,
            OFF,
            Past(failures=1, failed_at=START, retry_at=START + 120),
            Decision(wait=Wait.REFUSED, until=START + 120, data={"attempts": 1}),
        ),
        (
            TARGET,
            replace(OFF, target=1500.0),
            Past(failures=1, failed_at=START, retry_at=START + 120),
            Decision(wait=Wait.REFUSED, until=START + 120, data={"attempts": 1}),
        ),
        (PERCENT, OFF, Past(), Decision(kind=CommandKind.START, watts=3400.0)),
        (RESTART, OFF, Past(), Decision(kind=CommandKind.START, watts=2000.0)),
        (
            TARGET,
            replace(OFF, state=MinerState.RESTARTING),
            Past(),
            Decision(wait=Wait.RESTARTING),
        ),
        (
            TARGET,
            OFF,
            Past(pending=sent(CommandKind.START, 1500.0)),
            Decision(
                wait=Wait.CONFIRMING,
                until=START - 10 + defaults.START_CONFIRM,
                data={"watts": 1500.0},
            ),
        ),
        (
            TARGET,
            OFF,
            Past(pending=sent(off=True)),
            Decision(
                wait=Wait.CONFIRMING,
                until=START - 10 + defaults.OFF_CONFIRM,
                data={"watts": 1500.0},
            ),
        ),
        # Starts of a day ago, and those of a clock that was set back, do not count.
        (
            PERCENT,
            OFF,
            Past(
                starts=[START - defaults.DAY, START + 1]
                + [START - 99] * (defaults.STARTS_PER_DAY - 1)
            ),
            Decision(kind=CommandKind.START, watts=3400.0),
        ),
    ],
)
def test_the_way_from_off_to_on(
    ability: Ability, reading: Reading, past: Past, decision: Decision
) -> None:
    found = decider(ability, reading, past=past, wish=wish(1500.0)).decide()
    if decision.kind is not None:
        decision = replace(decision, source=Source.SITE, watts=decision.watts or 1500.0)
    assert found == decision


@pytest.mark.parametrize(
    ("reading", "more", "decision"),
    [
        (None, {"wish": wish(1500.0)}, Decision(wait=Wait.NO_READING)),
        (seen(), {}, Decision()),
        (seen(at=START - defaults.READING_FRESH), {}, Decision()),
        (seen(at=START - defaults.READING_FRESH - 1), {}, Decision(wait=Wait.NO_READING)),
        (
            seen(at=START - defaults.READING_FRESH - 1),
            {"wish": wish(1500.0)},
            Decision(wait=Wait.NO_READING),
        ),
        # A limit that is kept changes nothing of that.
        (
            seen(at=START - defaults.READING_FRESH - 1),
            {"wish": wish(1500.0), "limit": limit(3000.0)},
            Decision(wait=Wait.NO_READING),
        ),
        # One that is not does not wait for news, unless it was off.
        (
            seen(at=START - defaults.READING_FRESH - 1),
            {"wish": wish(2000.0), "limit": limit(1500.0)},
            lowered(1500.0),
        ),
        (
            replace(OFF, at=START - defaults.READING_FRESH - 1, power=2000.0),
            {"wish": wish(2000.0), "limit": limit(1500.0)},
            Decision(wait=Wait.NO_READING),
        ),
        # So long it is under way, in the eyes of a clock that was set back, too.
        (
            seen(),
            {"wish": wish(1500.0), "past": Past(pending=sent(answered=None))},
            Decision(wait=Wait.SENDING, until=START - 10 + defaults.SENDING_LONGEST),
        ),
        (
            seen(),
            {"wish": wish(1500.0), "past": Past(pending=sent(answered=None, at=START + 99))},
            Decision(wait=Wait.SENDING, until=START + defaults.SENDING_LONGEST),
        ),
        (
            seen(),
            {
                "wish": wish(1500.0),
                "past": Past(pending=sent(answered=None, at=START - defaults.SENDING_LONGEST)),
            },
            Decision(
                wait=Wait.CONFIRMING,
                until=START - defaults.SENDING_LONGEST + CONFIRM,
                data={"watts": 1500.0},
            ),
        ),
    ],
)
def test_what_comes_before_all_rules(
    reading: Reading | None, more: dict[str, object], decision: Decision
) -> None:
    assert decider(reading=reading, **more).decide() == decision  # type: ignore[arg-type] # by name


LATER = seen(2000.0, 2000.0)
TIMES = defaults.TIMES[Path.LIVE_PERCENT]


@pytest.mark.parametrize(
    ("reading", "past", "decision"),
    [
        (LATER, Past(), Decision()),
        # The quick form is not for long: after its lock comes the gentle one.
        (
            LATER,
            Past(fast=True, changed=START - TIMES.up),
            Decision(kind=CommandKind.SET_POWER, watts=2000.0, source=Source.SITE),
        ),
        (LATER, Past(fast=True, changed=START - TIMES.up + 1), Decision()),
        (replace(LATER, state=MinerState.TUNING), Past(fast=True), Decision()),
        (
            LATER,
            Past(fast=True, failures=1, failed_at=START, retry_at=START + 120),
            Decision(wait=Wait.REFUSED, until=START + 120, data={"attempts": 1}),
        ),
        (
            LATER,
            Past(fast=True, pending=sent(watts=2000.0)),
            Decision(
                wait=Wait.CONFIRMING, until=START - 10 + TIMES.confirm, data={"watts": 2000.0}
            ),
        ),
        (
            LATER,
            Past(failures=1, failed_at=START, retry_at=START + 120),
            Decision(wait=Wait.REFUSED, until=START + 120, data={"attempts": 1}),
        ),
        (LATER, Past(failures=1, failed_at=START - 120, retry_at=START), Decision()),
        (replace(LATER, state=MinerState.FAULT), Past(), Decision(wait=Wait.FAULT)),
        (replace(LATER, target=2001.0), Past(), Decision()),
        (
            replace(LATER, target=1998.0),
            Past(),
            Decision(wait=Wait.SMALL_CHANGE, data={"watts": 2.0}),
        ),
    ],
)
def test_what_is_left_to_say_when_the_order_is_out(
    reading: Reading, past: Past, decision: Decision
) -> None:
    ability = replace(PERCENT, step=10.0)
    assert decider(ability, reading, past=past, wish=wish(2000.0)).decide() == decision


@pytest.mark.parametrize(
    ("off_since", "gone", "at"),
    [
        (START - defaults.MINIMUM_OFF + 1, False, START + 1),
        (START - defaults.MINIMUM_OFF, False, -math.inf),
        (0.0, True, math.inf),
    ],
)
def test_when_it_may_be_started(off_since: float, gone: bool, at: float) -> None:
    assert decider(past=Past(off_since=off_since, stays_off=gone)).can_start_at == at


@pytest.mark.parametrize(
    ("reading", "past", "busy", "blocked"),
    [
        (seen(), Past(), False, None),
        (seen(), Past(pending=sent()), True, Wait.CONFIRMING),
        (seen(state=MinerState.TUNING), Past(), True, Wait.TUNING),
        (seen(state=MinerState.STARTING), Past(), True, Wait.RAMPING),
        (seen(state=MinerState.RESTARTING), Past(), True, Wait.RESTARTING),
        (seen(state=MinerState.LIMITED), Past(), False, Wait.LIMITED),
        (None, Past(), False, Wait.NO_READING),
        (seen(at=START - defaults.READING_FRESH - 1), Past(), False, Wait.NO_READING),
        (seen(), Past(failures=1, failed_at=START, retry_at=START + 9), False, Wait.REFUSED),
    ],
)
def test_what_is_on_its_way_is_not_raised(
    reading: Reading | None, past: Past, busy: bool, blocked: Wait | None
) -> None:
    one = decider(reading=reading, past=past, wish=wish(3000.0))
    assert (one.busy, one.blocked_up) == (busy, blocked)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_how_small_a_change_is_worth_it(sign: float) -> None:
    fine = replace(TARGET, step=1.0)
    least = defaults.worthwhile(fine.path, fine.maximum)
    one = decider(fine, seen(), wish=wish(2000.0 + sign * least))
    assert one.decide().kind is CommandKind.SET_POWER
    less = decider(fine, seen(), wish=wish(2000.0 + sign * (least - 1)))
    assert less.decide().wait is Wait.SMALL_CHANGE
