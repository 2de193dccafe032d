"""The last number that is believed, and the first that is not, for every value."""

from dataclasses import fields, replace

import pytest

from custom_components.asic_miner.miners import plausible as bounds
from custom_components.asic_miner.miners.models import (
    Fan,
    Fault,
    Hashboard,
    Pool,
    PowerSupply,
    Snapshot,
)
from custom_components.asic_miner.miners.plausible import plausible

# What is beyond these is no miner at all.
MOST = {
    "hashrate": bounds.TERAHASHES,
    "expected_hashrate": bounds.TERAHASHES,
    "hashrate_target": bounds.TERAHASHES,
    "power": bounds.WATTS,
    "power_target": bounds.WATTS,
    "power_target_effective": bounds.WATTS,
    "power_limit": bounds.WATTS,
    "power_percent": 1000.0,
    "efficiency": bounds.JOULES,
    "uptime": bounds.SECONDS,
    "mining_uptime": bounds.SECONDS,
    "accepted_shares": bounds.SHARES,
    "rejected_shares": bounds.SHARES,
}
CELSIUS = ("temperature", "environment_temperature", "inlet_temperature", "outlet_temperature")
BOARD = {
    "hashrate": bounds.TERAHASHES,
    "expected_hashrate": bounds.TERAHASHES,
    "frequency": bounds.MEGAHERTZ,
    "voltage": bounds.VOLTS,
    "chips": bounds.CHIPS,
}
SUPPLY = {
    "power": bounds.WATTS,
    "input_voltage": bounds.VOLTS,
    "input_current": bounds.AMPERES,
    "fan_speed": bounds.TURNS,
}
WARM = [
    (bounds.COLDEST, True),
    (bounds.COLDEST - 0.1, False),
    (bounds.HOTTEST, True),
    (bounds.HOTTEST + 0.1, False),
]


def edges(most: float) -> list[tuple[float, bool]]:
    return [(0, True), (most, True), (most + 1, False), (-1, False)]


def with_value[T](whole: T, name: str, value: float) -> T:
    return replace(whole, **{name: value})  # type: ignore[type-var] # a data class, by name


@pytest.mark.parametrize(
    ("name", "value", "believed"),
    [
        *((name, *edge) for name, most in MOST.items() for edge in edges(most)),
        *((name, *edge) for name in CELSIUS for edge in WARM),
    ],
)
def test_values_of_the_miner(name: str, value: float, believed: bool) -> None:
    left = getattr(plausible(with_value(Snapshot(), name, value)), name)
    assert left == (value if believed else None)


@pytest.mark.parametrize(
    ("name", "value", "believed"),
    [
        *((name, *edge) for name, most in BOARD.items() for edge in edges(most)),
        *((name, *edge) for name in ("temperature", "chip_temperature") for edge in WARM),
    ],
)
def test_values_of_a_hashboard(name: str, value: float, believed: bool) -> None:
    seen = Snapshot(boards=(with_value(Hashboard(index=1), name, value),))
    (board,) = plausible(seen).boards
    assert board == with_value(Hashboard(index=1), name, value) if believed else Hashboard(index=1)


@pytest.mark.parametrize(
    ("name", "value", "believed"),
    [
        *((name, *edge) for name, most in SUPPLY.items() for edge in edges(most)),
        *(("temperature", *edge) for edge in WARM),
    ],
)
def test_values_of_the_power_supply(name: str, value: float, believed: bool) -> None:
    left = plausible(Snapshot(psu=with_value(PowerSupply(), name, value))).psu
    assert left == (with_value(PowerSupply(), name, value) if believed else PowerSupply())


@pytest.mark.parametrize("name", ["accepted", "rejected", "stale"])
@pytest.mark.parametrize(("value", "believed"), edges(bounds.SHARES))
def test_shares_of_a_pool(name: str, value: float, believed: bool) -> None:
    bare = Pool(index=1, url="", user="")
    left = plausible(Snapshot(pools=(with_value(bare, name, value),))).pools
    assert left == ((with_value(bare, name, value) if believed else bare),)


@pytest.mark.parametrize(("value", "believed"), edges(bounds.TURNS))
def test_speed_of_a_fan(value: int, believed: bool) -> None:
    (fan,) = plausible(Snapshot(fans=(Fan(index=1, speed=value),))).fans
    assert fan.speed == (value if believed else None)


def test_parts_that_nobody_has() -> None:
    boards = tuple(Hashboard(index=index) for index in (-1, 0, bounds.BOARDS, bounds.BOARDS + 1))
    fans = tuple(Fan(index=index, speed=1) for index in (-1, 0, bounds.FANS, bounds.FANS + 1))
    pools = tuple(
        Pool(index=index, url="", user="", active=active)
        for index, active in ((1, False), (bounds.POOLS, False), (99_998, False), (99_999, True))
    )
    left = plausible(Snapshot(boards=boards, fans=fans, pools=pools))
    assert [board.index for board in left.boards] == [0, bounds.BOARDS]
    assert [fan.index for fan in left.fans] == [0, bounds.FANS]
    assert [pool.index for pool in left.pools or ()] == [1, bounds.POOLS, 99_999]


def test_more_faults_than_a_machine_has() -> None:
    """Those that matter stay."""
    minor = tuple(Fault(code=str(n), message="", minor=True) for n in range(bounds.FAULTS))
    serious = Fault(code="serious", message="")
    left = plausible(Snapshot(faults=(*minor, serious))).faults or ()
    assert left == (serious, *minor[:-1])
    assert plausible(Snapshot(faults=minor)).faults == minor
    assert plausible(Snapshot(faults=())).faults == ()


def test_what_is_not_said_stays_so_and_the_rest_stays_as_it_is() -> None:
    assert plausible(Snapshot()) == Snapshot()
    names = {one.name for one in fields(Snapshot)}
    assert names >= {*MOST, *CELSIUS}


def test_parts_that_are_plausible_are_not_copied() -> None:
    """They are looked at in each poll of each miner, and copying them took longest."""
    seen = Snapshot(
        boards=(Hashboard(index=1, hashrate=30.0, chip_temperature=80.0),),
        fans=(Fan(index=1, speed=6000),),
        pools=(Pool(index=1, url="", user="", active=True, accepted=7),),
        psu=PowerSupply(power=3000.0),
    )
    left = plausible(seen)
    assert left == seen
    assert left.boards[0] is seen.boards[0]
    assert left.fans[0] is seen.fans[0]
    assert (left.pools or ())[0] is (seen.pools or ())[0]
    assert left.psu is seen.psu
