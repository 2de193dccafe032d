"""What no miner can be, whatever a device says, becomes unknown. Pure.

A single impossible reading would stay for ever: in the energy total, in long-term
statistics, and as entities of hashboards that nobody has. Each limit is far above any
machine that is sold, so that none is taken away from a real one.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from .models import Fan, Fault, Feature, Hashboard, Pool, PowerSupply, SettingValue, Snapshot

TERAHASHES: Final = 100_000.0
"""A container of large hydro machines; the largest single one makes about 2 000."""
WATTS: Final = 1_000_000.0
"""The same container; the largest single machine draws below 30 000."""
JOULES: Final = 100_000.0
"""Per terahash; the first ASICs of 2013 needed about 6 000."""
COLDEST, HOTTEST = -60.0, 250.0
"""°C. A winter outside; solder melts."""
SECONDS: Final = 10_000_000_000
"""Some 300 years; counters that show the time of day instead stay below it."""
SHARES: Final = 1 << 63
"""Counters have 64 bits."""
TURNS: Final = 100_000
"""Per minute; the fastest fans turn at about a tenth of that."""
MEGAHERTZ: Final = 10_000.0
VOLTS: Final = 1_000.0
AMPERES: Final = 1_000.0
PERCENT: Final = 1_000.0
"""Of the usual power."""
CHIPS: Final = 100_000
BOARDS: Final = 16
"""More than any model has."""
FANS: Final = 32
"""As above."""
POOLS: Final = 32
"""More than anybody configures; three in one group are usual."""
FAULTS: Final = 64
"""At once: of each board, fan and supply some. Each one that comes or goes is an event."""
NUMBER: Final = 1e12
"""Of any setting, whatever its unit."""


type _Limits = Mapping[str, tuple[float, float]]
"""The least and the most that a field can be."""

_TEMPERATURE = (COLDEST, HOTTEST)
_SNAPSHOT: Final[_Limits] = {
    "hashrate": (0, TERAHASHES),
    "expected_hashrate": (0, TERAHASHES),
    "power": (0, WATTS),
    "efficiency": (0, JOULES),
    "temperature": _TEMPERATURE,
    "environment_temperature": _TEMPERATURE,
    "inlet_temperature": _TEMPERATURE,
    "outlet_temperature": _TEMPERATURE,
    "uptime": (0, SECONDS),
    "mining_uptime": (0, SECONDS),
    "accepted_shares": (0, SHARES),
    "rejected_shares": (0, SHARES),
    "power_percent": (0, PERCENT),
    "power_target": (0, WATTS),
    "power_target_effective": (0, WATTS),
    "power_limit": (0, WATTS),
    "hashrate_target": (0, TERAHASHES),
}
_BOARD: Final[_Limits] = {
    "hashrate": (0, TERAHASHES),
    "expected_hashrate": (0, TERAHASHES),
    "temperature": _TEMPERATURE,
    "chip_temperature": _TEMPERATURE,
    "frequency": (0, MEGAHERTZ),
    "voltage": (0, VOLTS),
    "chips": (0, CHIPS),
}
_FAN: Final[_Limits] = {"speed": (0, TURNS)}
_POOL: Final[_Limits] = {"accepted": (0, SHARES), "rejected": (0, SHARES), "stale": (0, SHARES)}
_SUPPLY: Final[_Limits] = {
    "power": (0, WATTS),
    "input_voltage": (0, VOLTS),
    "input_current": (0, AMPERES),
    "temperature": _TEMPERATURE,
    "fan_speed": (0, TURNS),
}


def plausible(seen: Snapshot) -> Snapshot:
    """Return a snapshot without what cannot be; itself, not a copy, if nothing is."""
    whole = _within(seen, _SNAPSHOT)
    boards = tuple(_within(b, _BOARD) for b in seen.boards if 0 <= b.index <= BOARDS)
    fans = tuple(_within(fan, _FAN) for fan in seen.fans if 0 <= fan.index <= FANS)
    pools = None if seen.pools is None else _pools(seen.pools)
    faults = None if seen.faults is None else _faults(seen.faults)
    psu = None if seen.psu is None else _within(seen.psu, _SUPPLY)
    settings = _settings(seen.settings)
    told = (seen.boards, seen.fans, seen.pools, seen.faults, seen.psu, seen.settings)
    if (boards, fans, pools, faults, psu, settings) == told:
        # Nearly always so, and a snapshot is large.
        return whole
    return replace(
        whole, boards=boards, fans=fans, pools=pools, faults=faults, psu=psu, settings=settings
    )


def _within[T: (Snapshot, Hashboard, Fan, Pool, PowerSupply)](part: T, limits: _Limits) -> T:
    """Return a part without what is outside its limits; itself, not a copy, if nothing is."""
    # Which fields these are, and that each of them can be None, is known to the tables only.
    wrong: dict[str, Any] = {
        name: None
        for name, (least, most) in limits.items()
        if (value := getattr(part, name)) is not None and not least <= value <= most
    }
    return replace(part, **wrong) if wrong else part


def _pools(pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
    # One that is mined for is told of wherever it stands.
    return tuple(_within(pool, _POOL) for pool in pools if pool.index <= POOLS or pool.active)


def _faults(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    if len(faults) <= FAULTS:
        return faults
    return tuple(sorted(faults, key=lambda fault: fault.minor)[:FAULTS])


def _settings(settings: Mapping[Feature, SettingValue]) -> Mapping[Feature, SettingValue]:
    if all(_possible(value) for value in settings.values()):
        return settings
    return {name: value for name, value in settings.items() if _possible(value)}


def _possible(value: SettingValue) -> bool:
    return not isinstance(value, (int, float)) or abs(value) <= NUMBER
