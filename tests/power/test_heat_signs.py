"""What a thermostat concludes from what miners show."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.miners.models import (
    Capabilities,
    Fan,
    Fault,
    Feature,
    MinerState,
    Pool,
    Snapshot,
)
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.heat_signs import POOL_SECONDS, Pools, Watch, total_power

AIR = Capabilities(fans=frozenset({1, 2}))
LIQUID = Capabilities()
MINING = Snapshot(
    state=MinerState.MINING,
    mining_wanted=True,
    power=3000.0,
    temperature=82.0,
    fans=(Fan(index=1, speed=4000), Fan(index=2, speed=4000)),
)


def still(*speeds: int) -> Snapshot:
    fans = tuple(Fan(index=index, speed=speed) for index, speed in enumerate(speeds, start=1))
    return replace(MINING, fans=fans)


@pytest.mark.parametrize(
    ("chosen", "hot", "capabilities", "limit"),
    [
        (None, None, AIR, defaults.CHIP_LIMIT_AIR),
        (None, None, LIQUID, defaults.CHIP_LIMIT_LIQUID),
        (None, 88.0, AIR, 88.0),
        (None, 88.0, LIQUID, 88.0),
        (None, 200.0, AIR, defaults.CHIP_LIMIT_AIR),
        (None, 0.0, AIR, defaults.CHIP_LIMIT_AIR),
        (75.0, 88.0, AIR, 75.0),
        (110.0, 88.0, LIQUID, 110.0),
    ],
)
def test_what_is_hot_depends_on_the_machine(
    chosen: float | None, hot: float | None, capabilities: Capabilities, limit: float
) -> None:
    settings = {} if hot is None else {Feature.HOT_TEMPERATURE: hot}
    watch = Watch(chosen)
    told = replace(MINING, settings=settings)
    assert watch.limit(told, capabilities) == limit
    assert watch.look(told, capabilities, 0.0).chip_excess == 82.0 - limit
    assert watch.limit(MINING, capabilities) == limit, "a slow read that fails changes nothing"
    assert watch.look(replace(told, temperature=None), capabilities, 0.0).chip_excess is None


def test_a_fan_that_has_turned_must_not_stand() -> None:
    watch = Watch(None)
    assert watch.look(still(4000, 0), AIR, 1.0).cooling_failed is None, "never seen turning"
    assert watch.look(still(0, 0), AIR, 2.0).cooling_failed == 2.0
    paused = replace(still(0, 0), state=MinerState.PAUSED, mining_wanted=False)
    assert watch.look(paused, AIR, 3.0).cooling_failed is None, "at rest it may"


def test_what_the_maker_calls_minor_is_no_failure() -> None:
    watch = Watch(None)
    fault = Fault(code="254", message="", cooling=True)
    assert watch.look(replace(MINING, faults=(fault,)), AIR, 1.0).cooling_failed == 1.0
    minor = replace(fault, minor=True)
    assert watch.look(replace(MINING, faults=(minor,)), AIR, 1.0).cooling_failed is None
    other = replace(fault, cooling=False)
    assert watch.look(replace(MINING, faults=(other,)), AIR, 1.0).cooling_failed is None


@pytest.mark.parametrize(
    ("capabilities", "power", "outlet", "failed"),
    [
        (LIQUID, defaults.FLOW_WATTS, 30.0 + defaults.FLOW_DELTA, False),
        (LIQUID, defaults.FLOW_WATTS, 29.9 + defaults.FLOW_DELTA, True),
        (LIQUID, 3000.0, 30.2, True),
        (LIQUID, 3000.0, 33.0, False),
        (LIQUID, 600.0, 30.2, False),
        (LIQUID, 3000.0, None, False),
        (AIR, 3000.0, 30.2, False),
    ],
)
def test_water_that_leaves_no_warmer_than_it_comes(
    capabilities: Capabilities, power: float, outlet: float | None, failed: bool
) -> None:
    wet = replace(MINING, fans=(), power=power, inlet_temperature=30.0, outlet_temperature=outlet)
    watch = Watch(None)
    assert watch.look(wet, capabilities, 0.0).cooling_failed is None
    seen = watch.look(wet, capabilities, defaults.FLOW_SETTLE)
    assert (seen.cooling_failed is not None) is failed


def test_water_that_was_seen_while_the_machine_was_cold() -> None:
    """What was read before it came to power is shown for a while, and is no failure."""
    watch = Watch(None)
    cold = replace(MINING, fans=(), inlet_temperature=30.0, outlet_temperature=30.0)
    settle = defaults.FLOW_SETTLE
    starting = replace(cold, state=MinerState.STARTING)
    assert watch.look(starting, LIQUID, 0.0).cooling_failed is None
    assert watch.look(cold, LIQUID, settle).cooling_failed is None
    assert watch.look(cold, LIQUID, 2 * settle - 1).cooling_failed is None
    assert watch.look(cold, LIQUID, 2 * settle).cooling_failed == 2 * settle
    # It counts anew after each stop, and after each time below that power.
    for pause in (starting, replace(cold, power=None), replace(cold, power=900.0)):
        assert watch.look(pause, LIQUID, 2 * settle).cooling_failed is None
        assert watch.look(cold, LIQUID, 2 * settle + 1).cooling_failed is None
        assert watch.look(cold, LIQUID, 3 * settle).cooling_failed is None


def pool(alive: bool | None) -> Pool:
    return Pool(index=1, url="stratum+tcp://pool.example:3333", user="worker", alive=alive)


def test_a_miner_that_is_off_says_nothing_of_its_pools() -> None:
    watch = Watch(None)
    dead = replace(MINING, pools=(pool(False),))
    assert watch.look(dead, AIR, 0.0).pool_alive is False
    assert watch.look(replace(dead, pools=(pool(False), pool(True))), AIR, 0.0).pool_alive is True
    assert watch.look(replace(dead, pools=(pool(None),)), AIR, 0.0).pool_alive is None
    assert watch.look(replace(dead, pools=()), AIR, 0.0).pool_alive is None
    assert watch.look(replace(dead, mining_wanted=False), AIR, 0.0).pool_alive is None


def test_no_work_is_remembered_for_a_while() -> None:
    pools = Pools()
    assert pools.alive([None], 0.0) is None
    assert pools.alive([False], 0.0) is False
    assert pools.alive([None], POOL_SECONDS - 1) is False
    assert pools.alive([None], POOL_SECONDS) is None
    assert pools.alive([False, None], 0.0) is False
    assert pools.alive([True, False], 1.0) is True
    assert pools.alive([None], 2.0) is None


def test_what_one_does_not_say_is_not_known_of_all() -> None:
    watch = Watch(None)
    one = watch.look(MINING, AIR, 0.0)
    silent = watch.look(replace(MINING, power=None), AIR, 0.0)
    assert total_power([one, one], all_answer=True) == 6000
    assert total_power([one, silent], all_answer=True) is None
    assert total_power([one], all_answer=False) is None
    assert total_power([], all_answer=True) == 0
