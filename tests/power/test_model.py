"""What can be ordered, and what a reading says."""

from dataclasses import replace
import math

import pytest

from custom_components.asic_miner.miners.models import (
    Capabilities,
    Feature,
    MinerState,
    PowerRange,
    Snapshot,
)
from custom_components.asic_miner.power.model import Ability, Path, Reading, Source, Wish

from .rig import PERCENT, START, TARGET

SWITCH = Ability(path=Path.START_STOP, minimum=3000, maximum=3000)
TUNED = Ability(
    path=Path.POWER_TARGET, minimum=1000, maximum=3200, step=1, tuned=(900, 1500, 2400, 3300)
)


@pytest.mark.parametrize(
    ("ability", "watts", "floor", "order"),
    [
        (PERCENT, 999.0, None, 0.0),
        (PERCENT, 1000.0, None, 1000.0),  # no step of 34 W, but its lowest
        (PERCENT, 1054.0, None, 1054.0),
        (PERCENT, 1053.9, None, 1020.0),
        (PERCENT, 3399.0, None, 3366.0),
        (PERCENT, 9000.0, None, 3400.0),
        (PERCENT, 1100.0, 1200.0, 0.0),
        (PERCENT, 1210.0, 1200.0, 1200.0),
        (PERCENT, 1000.0, 500.0, 1000.0),
        (SWITCH, 2999.0, None, 0.0),
        (SWITCH, 3000.0, None, 3000.0),
        (TUNED, 1499.0, None, 0.0),
        (TUNED, 2400.0, None, 2400.0),
        (TUNED, 9000.0, None, 2400.0),
        (TUNED, 2399.0, 1600.0, 0.0),
    ],
)
def test_the_highest_order_below(
    ability: Ability, watts: float, floor: float | None, order: float
) -> None:
    assert ability.snap(watts, floor) == order


@pytest.mark.parametrize(
    ("ability", "floor", "lowest"),
    [
        (PERCENT, None, 1000.0),
        (PERCENT, 1200.0, 1200.0),
        (PERCENT, 9000.0, 3400.0),
        (SWITCH, None, 3000.0),
        (TUNED, None, 1500.0),
        (TUNED, 1501.0, 2400.0),
        (TUNED, 3000.0, 3000.0),
    ],
)
def test_the_lowest_order(ability: Ability, floor: float | None, lowest: float) -> None:
    assert ability.lowest(floor) == lowest


@pytest.mark.parametrize(
    "numbers", [(0, 1, 1), (2, 1, 1), (1, math.inf, 1), (1, 2, 0), (1, 2, -1), (math.nan, 2, 1)]
)
def test_a_range_that_makes_no_sense(numbers: tuple[float, float, float]) -> None:
    minimum, maximum, step = numbers
    with pytest.raises(ValueError, match="range"):
        Ability(path=Path.LIVE_PERCENT, minimum=minimum, maximum=maximum, step=step)


def test_one_draw_only_is_a_range() -> None:
    assert Ability(path=Path.LIVE_PERCENT, minimum=5, maximum=5).snap(6) == 5


@pytest.mark.parametrize("watts", [-1.0, math.inf, math.nan])
def test_a_wish_is_a_number_of_watts(watts: float) -> None:
    with pytest.raises(ValueError, match="watts"):
        Wish(watts=watts, source=Source.SITE, at=START)
    assert Wish(watts=0.0, source=Source.SITE, at=START).watts == 0


RANGE = PowerRange(minimum=850, maximum=3400, step=10)
LIMIT = PowerRange(minimum=1000, maximum=99_999, step=20)


def capable(*features: Feature, **ranges: PowerRange) -> Capabilities:
    return Capabilities(
        features=frozenset(features), ranges={Feature(key): one for key, one in ranges.items()}
    )


PERCENT_AND_TARGET = capable(Feature.POWER_TARGET, Feature.POWER_PERCENT, power_target=RANGE)
TARGET_ONLY = capable(Feature.POWER_TARGET, power_target=RANGE)
LIMITED = capable(Feature.MINING, power_limit=LIMIT)


@pytest.mark.parametrize(
    ("capabilities", "more", "expected"),
    [
        (
            PERCENT_AND_TARGET,
            {"tuned": (1000.0,)},
            Ability(path=Path.LIVE_PERCENT, minimum=850, maximum=3400, step=10),
        ),
        # Twice as much can be ordered, and nothing but a number does.
        (
            capable(
                Feature.POWER_PERCENT,
                Feature.POWER_TARGET,
                power_target=replace(RANGE, maximum=6800, default=3400),
            ),
            {},
            Ability(path=Path.LIVE_PERCENT, minimum=850, maximum=6800, step=10, stable=3400),
        ),
        (
            TARGET_ONLY,
            {"tuned": (1000.0,)},
            Ability(path=Path.POWER_TARGET, minimum=850, maximum=3400, step=10, tuned=(1000.0,)),
        ),
        (capable(Feature.POWER_TARGET), {}, None),
        (capable(power_target=RANGE), {}, None),
        (
            LIMITED,
            {"restarts": True, "full": 3400.0},
            Ability(path=Path.RESTART, minimum=1000, maximum=3400, step=20),
        ),
        # To restart has to be agreed to; and a range has to be known.
        (LIMITED, {"full": 3400.0}, Ability(path=Path.START_STOP, minimum=3400, maximum=3400)),
        (LIMITED, {"restarts": True}, None),
        (
            LIMITED,
            {"restarts": True, "full": 1000.0},
            Ability(path=Path.START_STOP, minimum=1000, maximum=1000),
        ),
        # What begins at nothing is no range of a draw.
        (
            capable(Feature.MINING, power_limit=replace(LIMIT, minimum=0)),
            {"restarts": True, "full": 3400.0},
            Ability(path=Path.START_STOP, minimum=3400, maximum=3400),
        ),
        (
            capable(Feature.MINING, Feature.POWER_TARGET, power_target=replace(RANGE, minimum=0)),
            {"full": 3400.0},
            Ability(path=Path.START_STOP, minimum=3400, maximum=3400),
        ),
        (capable(power_limit=LIMIT), {"full": 3400.0}, None),
        (capable(Feature.MINING), {}, None),
    ],
)
def test_what_a_device_can_do(
    capabilities: Capabilities, more: dict[str, object], expected: Ability | None
) -> None:
    assert Ability.of(capabilities, **more) == expected  # type: ignore[arg-type] # by name


def test_a_reading_takes_what_matters_of_a_snapshot() -> None:
    snapshot = Snapshot(
        state=MinerState.MINING,
        mining_wanted=True,
        power=2010.0,
        power_target=2000.0,
        power_limit=3300.0,
        power_target_effective=1990.0,
        hashrate=100.0,
    )
    expected = Reading(
        at=START,
        state=MinerState.MINING,
        on=True,
        power=2010.0,
        target=2000.0,
        effective=1990.0,
        hashrate=100.0,
    )
    assert Reading.of(snapshot, START) == expected
    assert Reading.of(snapshot, START, Path.RESTART).target == 3300.0


@pytest.mark.parametrize(
    ("state", "on", "runs", "ramping", "settled"),
    [
        (MinerState.MINING, True, True, False, True),
        (MinerState.MINING, None, True, False, True),
        (MinerState.MINING, False, False, False, True),
        (MinerState.LIMITED, None, True, False, True),
        (MinerState.STARTING, None, True, True, False),
        (MinerState.RESTARTING, None, True, True, False),
        (MinerState.TUNING, None, True, False, False),
        (MinerState.PAUSED, None, False, False, False),
        (MinerState.STOPPED, None, False, False, False),
        (MinerState.STOPPED, True, True, False, False),
    ],
)
def test_what_a_state_means(
    state: MinerState, on: bool | None, runs: bool, ramping: bool, settled: bool
) -> None:
    reading = Reading(at=START, state=state, on=on)
    assert (reading.runs, reading.ramping, reading.settled) == (runs, ramping, settled)


def test_what_starts_at_full_draw() -> None:
    restart = Ability(path=Path.RESTART, minimum=1000, maximum=3400)
    assert [one.starts_at_full for one in (PERCENT, SWITCH, TARGET, restart)] == [
        True,
        True,
        False,
        False,
    ]


def test_overdrive_is_not_usual() -> None:
    """What is started, and what a controller makes use of, ends at full power."""
    ability = Ability(path=Path.LIVE_PERCENT, minimum=850, maximum=6800, step=10, stable=3400)
    assert ability.full == 3400
    assert ability.usual == Ability(path=Path.LIVE_PERCENT, minimum=850, maximum=3400, step=10)
    assert ability.usual.usual == ability.usual
    # A number that somebody gives is more.
    assert ability.snap(5000) == 5000
