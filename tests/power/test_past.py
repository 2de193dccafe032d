"""What a guard remembers: when a command shows, and what is forgotten again."""

import json
import math

import pytest

from custom_components.asic_miner.miners.models import JsonValue, MinerState
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.model import (
    Command,
    CommandKind,
    Personal,
    Reading,
    Source,
)
from custom_components.asic_miner.power.past import Past, Pending, tolerance, until

from .rig import START

DAY = defaults.DAY


def reading(
    power: float | None,
    *,
    on: bool = True,
    state: MinerState = MinerState.MINING,
    target: float | None = 2000.0,
    at: float = START,
) -> Reading:
    return Reading(at=at, state=state, on=on, power=power, target=target)


def pending(kind: CommandKind, watts: float, before: float, *, off: bool = False) -> Pending:
    return Pending(
        number=1, kind=kind, at=START, watts=watts, before=before, what="", shed=False, off=off
    )


def test_tolerance_is_six_percent_and_not_less_than_60_watts() -> None:
    assert tolerance(2000.0) == pytest.approx(120.0)
    assert tolerance(500.0) == 60.0


LOWER = pending(CommandKind.SET_POWER, 2000.0, 3000.0)
RAISE = pending(CommandKind.SET_POWER, 2000.0, 1000.0)
STARTED = pending(CommandKind.START, 2000.0, 0.0)
STOPPED = pending(CommandKind.STOP, 0.0, 2000.0)
PRESET = pending(CommandKind.SET_POWER, 1500.0, 0.0, off=True)


@pytest.mark.parametrize(
    ("sent", "seen", "shows"),
    [
        (STOPPED, reading(15.0), False),  # it says itself that it runs
        (STOPPED, reading(defaults.OFF_WATTS, on=False), True),
        (STOPPED, reading(defaults.OFF_WATTS + 1, on=False), False),
        (STOPPED, reading(None, on=False), True),
        (PRESET, reading(15.0, on=False, target=1501.0), True),
        (PRESET, reading(15.0, on=False, target=1499.0), True),
        (PRESET, reading(15.0, on=False, target=1502.0), False),
        (PRESET, reading(15.0, on=False, target=None), True),
        (STARTED, reading(3000.0, on=False), False),
        (STARTED, reading(1000.0), True),
        (STARTED, reading(999.0), False),
        (LOWER, reading(2120.0), True),
        (LOWER, reading(2121.0), False),
        (LOWER, reading(15.0, on=False), False),
        # On its way up it is below for a while, whatever it was told.
        (LOWER, reading(1200.0, state=MinerState.STARTING), False),
        (LOWER, reading(1200.0, state=MinerState.RESTARTING), False),
        (LOWER, reading(1200.0, state=MinerState.TUNING), True),
        (RAISE, reading(1880.0), True),
        (RAISE, reading(1879.0), False),
        # Where nothing is measured, its own word has to do.
        (RAISE, reading(None), True),
        (RAISE, reading(None, target=None), False),
        (RAISE, reading(None, state=MinerState.TUNING), False),
    ],
)
def test_when_a_command_shows(sent: Pending, seen: Reading, shows: bool) -> None:
    assert sent.shows(seen) is shows


@pytest.mark.parametrize(
    ("what", "seen", "short"),
    [
        ("down", reading(2500.0), True),
        ("up", reading(2500.0), False),
        ("down", reading(2120.0), False),
        ("down", reading(3000.0), False),
        ("down", reading(None), False),
        ("down", reading(2500.0, state=MinerState.TUNING), False),
    ],
)
def test_a_floor_shows_where_it_settles_above_the_order(
    what: str, seen: Reading, short: bool
) -> None:
    sent = pending(CommandKind.SET_POWER, 2000.0, 3000.0)
    sent.what = what
    assert sent.fell_short_of_floor(seen) is short


def command(kind: CommandKind, watts: float | None = None, *, fast: bool = False) -> Command:
    return Command(kind=kind, watts=watts, fast=fast, shed=False, source=Source.SITE, number=7)


def test_a_change_spends_the_lock_and_counts() -> None:
    past = Past(changes=[START - DAY, START - DAY + 1, START + 5])
    past.sent(command(CommandKind.SET_POWER, 2000.0, fast=True), START, reading(3000.0), 3000.0)
    assert (past.order, past.changed, past.fast) == (2000.0, START, True)
    assert past.changes == [START - DAY + 1, START]
    assert past.pending == Pending(
        number=7,
        kind=CommandKind.SET_POWER,
        at=START,
        watts=2000.0,
        before=3000.0,
        what="down",
        shed=False,
        off=False,
    )


@pytest.mark.parametrize(
    ("before", "what"),
    [(3000.0, "down"), (2241.0, "down"), (2240.0, ""), (1760.0, ""), (1759.0, "up")],
)
def test_only_a_large_step_tells_how_long_it_takes(before: float, what: str) -> None:
    past = Past()
    past.sent(command(CommandKind.SET_POWER, 2000.0), START, reading(before), before)
    assert past.pending is not None
    assert past.pending.what == what


def test_a_target_that_is_set_while_off_spends_no_lock() -> None:
    past = Past()
    past.sent(command(CommandKind.SET_POWER, 2000.0), START, reading(15.0, on=False), 15.0)
    assert (past.order, past.changed, past.changes) == (2000.0, 0.0, [])
    assert past.pending is not None
    assert (past.pending.what, past.pending.off) == ("", True)


def test_a_start_and_a_stop() -> None:
    past = Past(starts=[START - DAY, START - 10, START + 5], preset_refused=True)
    past.sent(command(CommandKind.START, 1500.0), START, reading(15.0, on=False), 15.0)
    assert (past.order, past.on_since, past.changed) == (1500.0, START, START)
    assert past.starts == [START - 10, START]
    assert not past.preset_refused
    assert past.pending is not None
    assert (past.pending.what, past.pending.off) == ("start", False)
    past.fast = past.refused = True
    past.sent(command(CommandKind.STOP), START + 9, reading(1500.0), 1500.0)
    assert (past.order, past.off_since, past.changed) == (0.0, START + 9, START + 9)
    assert not past.fast
    assert not past.refused
    assert past.pending is not None
    assert (past.pending.what, past.pending.watts) == ("stop", 0.0)


def test_what_had_no_effect_is_undone_in_full() -> None:
    past = Past(order=3000.0, confirmed=2990.0, changed=1.0, on_since=2.0, off_since=3.0)
    past.starts, past.changes = [4.0], [5.0]
    before = json.dumps(past.to_json()), past.order, past.confirmed, past.fast, past.pending
    for kind in CommandKind:
        past.sent(command(kind, 2000.0, fast=True), START, reading(3000.0), 3000.0)
        past.undo()
        assert (
            json.dumps(past.to_json()),
            past.order,
            past.confirmed,
            past.fast,
            past.pending,
        ) == before
        assert not past.preset_refused
    past.sent(command(CommandKind.SET_POWER, 2000.0), START, reading(15.0, on=False), 15.0)
    past.undo()
    assert past.preset_refused
    # What was answered has happened.
    past.sent(command(CommandKind.SET_POWER, 2000.0), START, reading(3000.0), 3000.0)
    past.answered(START + 1)
    assert past.pending is not None
    assert past.pending.answered == START + 1
    past.undo()
    assert past.order == 2000.0


def test_each_failure_waits_twice_as_long_up_to_an_hour() -> None:
    past = Past()
    waits = []
    for _ in range(8):
        past.failed(START, hopeless=False)
        waits.append(past.retry_at - START)
    assert waits == [120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0, 3600.0]
    assert (past.failures, past.failed_at, past.lost) == (8, START, False)
    other = Past()
    other.failed(START, hopeless=True, lost=True)
    assert (other.retry_at, other.lost) == (START + 3600.0, True)


def test_a_clock_that_was_set_back_leaves_nothing_in_the_future() -> None:
    later = START + 500.0
    past = Past(changed=later, on_since=later, off_since=later, starts=[later, 5.0])
    past.changes, past.failed_at, past.retry_at = [later, 6.0], later, later + 240.0
    past.pending = pending(CommandKind.STOP, 0.0, 0.0)
    past.pending.at = later
    past.personal = Personal(source=Source.USER, at=later)
    past.clamp(START)
    assert past.personal == Personal(source=Source.USER, at=START)
    assert (past.changed, past.on_since, past.off_since) == (START, START, START)
    assert (past.failed_at, past.retry_at, past.pending.at) == (START, START + 240.0, START)
    assert (past.starts, past.changes) == ([START, 5.0], [START, 6.0])


def test_a_clock_that_is_a_little_ahead_is_left_alone() -> None:
    soon = START + defaults.READING_FRESH
    past = Past(changed=soon, on_since=soon, off_since=soon, starts=[soon], changes=[soon])
    past.failed_at = past.retry_at = soon
    past.personal = Personal(source=Source.USER, at=soon)
    before = json.dumps(past.to_json())
    past.clamp(START)
    assert (json.dumps(past.to_json()), past.failed_at) == (before, soon)


@pytest.mark.parametrize(
    ("past", "on", "first", "expected"),
    [
        # What is found at the first look has begun nobody knows when.
        (Past(), True, True, Past()),
        (Past(), False, True, Past()),
        (Past(), True, False, Past(on_since=START, changed=START, starts=[START])),
        (Past(on_since=9.0), False, False, Past(on_since=9.0, off_since=START, stays_off=True)),
        (Past(on_since=9.0), False, True, Past(on_since=9.0, off_since=START, stays_off=True)),
        (Past(off_since=9.0, stays_off=True), False, False, Past(off_since=9.0, stays_off=True)),
        (
            Past(off_since=9.0, stays_off=True),
            True,
            False,
            Past(off_since=9.0, on_since=START, changed=START, starts=[START]),
        ),
        # It was known to be off, or on, before.
        (Past(on_since=9.0, off_since=10.0), False, False, Past(on_since=9.0, off_since=10.0)),
        (Past(on_since=9.0, off_since=8.0), True, False, Past(on_since=9.0, off_since=8.0)),
        (
            Past(off_since=8.0),
            True,
            True,
            Past(off_since=8.0, on_since=START, changed=START, starts=[START]),
        ),
    ],
)
def test_on_and_off_by_another_hand(past: Past, on: bool, first: bool, expected: Past) -> None:
    past.ran = None if first else not on
    past.read(reading(1000.0, on=on), held_off=False)
    expected.ran = on
    assert past == expected


def test_our_own_start_is_counted_once_and_off_ends_the_quick_form() -> None:
    past = Past()
    past.sent(command(CommandKind.START, 2000.0), START, reading(15.0, on=False), 15.0)
    past.off_since = START + 1
    past.ran = False
    past.read(reading(1000.0, at=START + 30), held_off=False)
    assert (past.on_since, past.starts) == (START, [START])
    past = Past(on_since=9.0, fast=True, ran=True)
    past.read(reading(15.0, on=False), held_off=False)
    assert not past.fast


def test_locks_are_kept_whole() -> None:
    past = Past(changed=1.0, on_since=2.0, off_since=3.0, starts=[4.0, 5.0], changes=[6.0])
    past.ran, past.stays_off = True, True
    past.personal = Personal(source=Source.VOICE, at=7.0)
    assert Past.from_json(json.loads(json.dumps(past.to_json()))) == past


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        {"changed": "x", "starts": 3},
        {"starts": ["x", -1], "off_since": True},
        {"ran": "yes", "stays_off": 1},
        {"ran": 0, "on_since": "0"},
        {"personal": "user"},
        {"personal": {"source": "site", "at": 5.0}},
        {"personal": {"source": "user", "at": math.inf}},
        {"personal": {"source": "user", "at": -5.0}},
        {"personal": {"source": "user", "at": True}},
        {"personal": {"source": ["user"], "at": 5.0}},
    ],
)
def test_what_was_stored_wrongly_has_never_happened(stored: JsonValue) -> None:
    assert Past.from_json(stored) == Past()


def test_only_the_last_day_counts() -> None:
    times = [START - DAY, START - DAY + 1, START]
    assert Past().count(times, START) == 2


@pytest.mark.parametrize(
    ("began", "end"),
    [
        (START - 100, -math.inf),
        (START - 99, START + 1),
        (START, START + 100),
        (START + 9, START + 100),
    ],
)
def test_until(began: float, end: float) -> None:
    assert until(began, 100, START) == end


def test_an_attempt_that_is_counted_already_is_one_at_least() -> None:
    """Also where a person has wished something else meanwhile, which takes the count back."""
    past = Past()
    past.failed(START, hopeless=False)
    past.failures = 0
    past.failed(START + 60, hopeless=False, lost=True, again=True)
    assert (past.failures, past.retry_at - past.failed_at) == (1, defaults.RETRY_FIRST)
    past.failed(START + 120, hopeless=False, lost=True, again=True)
    assert past.failures == 1
