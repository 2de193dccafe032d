"""What no miner can be, whatever a device says, becomes unknown. Pure.

A single impossible reading would stay for ever: in the energy total, in long-term
statistics, and as entities of hashboards that nobody has. Each limit is far above any
machine that is sold, so that none is taken away from a real one.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from .models import Fan, Feature, Hashboard, Pool, PowerSupply, SettingValue, Snapshot

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
CHIPS: Final = 100_000
BOARDS: Final = 16
"""More than any model has."""
FANS: Final = 32
"""As above."""
POOLS: Final = 32
"""More than anybody configures; three in one group are usual."""
NUMBER: Final = 1e12
"""Of any setting, whatever its unit."""


def plausible(seen: Snapshot) -> Snapshot:
    """Return a snapshot without what cannot be."""
    return replace(
        seen,
        hashrate=_within(seen.hashrate, TERAHASHES),
        expected_hashrate=_within(seen.expected_hashrate, TERAHASHES),
        power=_within(seen.power, WATTS),
        efficiency=_within(seen.efficiency, JOULES),
        temperature=_celsius(seen.temperature),
        environment_temperature=_celsius(seen.environment_temperature),
        inlet_temperature=_celsius(seen.inlet_temperature),
        outlet_temperature=_celsius(seen.outlet_temperature),
        uptime=_within(seen.uptime, SECONDS),
        mining_uptime=_within(seen.mining_uptime, SECONDS),
        accepted_shares=_within(seen.accepted_shares, SHARES),
        rejected_shares=_within(seen.rejected_shares, SHARES),
        boards=tuple(_board(board) for board in seen.boards if 0 <= board.index <= BOARDS),
        fans=tuple(_fan(fan) for fan in seen.fans if 0 <= fan.index <= FANS),
        pools=None if seen.pools is None else _pools(seen.pools),
        psu=None if seen.psu is None else _supply(seen.psu),
        power_percent=_within(seen.power_percent, 1_000.0),
        power_target=_within(seen.power_target, WATTS),
        power_target_effective=_within(seen.power_target_effective, WATTS),
        power_limit=_within(seen.power_limit, WATTS),
        hashrate_target=_within(seen.hashrate_target, TERAHASHES),
        settings=_settings(seen.settings),
    )


def _within[N: (int, float)](value: N | None, most: float) -> N | None:
    return value if value is not None and 0 <= value <= most else None


def _celsius(value: float | None) -> float | None:
    return value if value is not None and COLDEST <= value <= HOTTEST else None


def _board(board: Hashboard) -> Hashboard:
    return replace(
        board,
        hashrate=_within(board.hashrate, TERAHASHES),
        expected_hashrate=_within(board.expected_hashrate, TERAHASHES),
        temperature=_celsius(board.temperature),
        chip_temperature=_celsius(board.chip_temperature),
        frequency=_within(board.frequency, MEGAHERTZ),
        voltage=_within(board.voltage, VOLTS),
        chips=_within(board.chips, CHIPS),
    )


def _fan(fan: Fan) -> Fan:
    return replace(fan, speed=_within(fan.speed, TURNS))


def _pools(pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
    return tuple(
        replace(
            pool,
            accepted=_within(pool.accepted, SHARES),
            rejected=_within(pool.rejected, SHARES),
            stale=_within(pool.stale, SHARES),
        )
        for pool in pools
        # One that is mined for is told of wherever it stands.
        if pool.index <= POOLS or pool.active
    )


def _supply(supply: PowerSupply) -> PowerSupply:
    return replace(
        supply,
        power=_within(supply.power, WATTS),
        input_voltage=_within(supply.input_voltage, VOLTS),
        input_current=_within(supply.input_current, AMPERES),
        temperature=_celsius(supply.temperature),
        fan_speed=_within(supply.fan_speed, TURNS),
    )


def _settings(settings: Mapping[Feature, SettingValue]) -> Mapping[Feature, SettingValue]:
    if all(_possible(value) for value in settings.values()):
        return settings
    return {name: value for name, value in settings.items() if _possible(value)}


def _possible(value: SettingValue) -> bool:
    return not isinstance(value, int | float) or abs(value) <= NUMBER
