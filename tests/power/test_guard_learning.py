"""What a guard learns of its miner."""

import pytest

from custom_components.asic_miner.miners.models import (
    MinerState,
)
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.guard import Guard, forget
from custom_components.asic_miner.power.model import (
    PEOPLE,
    Ability,
    Reading,
    Source,
    Wait,
    Wish,
)

from .rig import PERCENT, START, TARGET, Rig


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


def test_what_was_learned_is_forgotten_without_the_locks() -> None:
    rig = Rig(on=False)
    rig.wish(3400)
    rig.run(20)
    rig.guard.learned = rig.guard.learned.idles(17.0)
    stored = rig.guard.to_json()
    assert forget(stored) == {"past": stored["past"]}
    assert Guard(PERCENT, forget(stored)).past.starts == [START]
    assert forget(None) is None
