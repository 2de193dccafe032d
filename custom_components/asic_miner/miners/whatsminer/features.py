"""What a WhatsMiner has, gathered from what it shows."""

import math

from ..models import Capabilities, Feature, PowerMode, PowerRange, PowerSupply, Snapshot
from ..orders import LogKind
from .device import Version

PERCENT_API: Version = (1, 3)
"""First interface version with power percentages."""
MODES_API: Version = (2, 0)
"""First with all three power modes. Those before can enter the low one and not leave it, which
nobody would want from a switch."""
LIMIT_API: Version = (2, 0, 5)
"""First with a power limit."""
RESTORE_API: Version = (2, 2)
"""First that can undo a percentage."""
SET_POWER_API: Version = (2, 2)
"""First that takes a draw in W."""
OVERDRIVE_API: Version = (2, 2, 1)
"""First that takes more than 100 %, on liquid cooling."""

_TARGET_STEP = 10.0
"""W; finer than one percent of any model's draw."""
LOWEST_PERCENT = 25.0
"""Of full draw. Around a fifth devices refuse, and far below stable they restart mining:
who asks for very little would get all of it, minutes later."""
_LIMIT_MINIMUM = 500.0
"""W; below the least that any model hashes at."""
_LIMIT_MAXIMUM_AIR = 7500.0
"""W; twice what the strongest air-cooled models draw from their one power supply."""
_LIMIT_MAXIMUM = 20_000.0
"""W; hydro models draw 7 to 10 kW, and no hidden ceiling should be in newer ones' way."""
_READINGS = (
    ("hashrate", Feature.HASHRATE),
    ("expected_hashrate", Feature.EXPECTED_HASHRATE),
    ("power", Feature.POWER),
    ("temperature", Feature.TEMPERATURE),
    ("environment_temperature", Feature.ENVIRONMENT_TEMPERATURE),
    ("inlet_temperature", Feature.INLET_TEMPERATURE),
    ("uptime", Feature.UPTIME),
    ("accepted_shares", Feature.SHARES),
    ("pools", Feature.POOL),
    ("faults", Feature.FAULTS),
    ("ip_address", Feature.IP_ADDRESS),
)
_BOARD_READINGS = (
    ("temperature", Feature.BOARD_TEMPERATURE),
    ("chip_temperature", Feature.BOARD_CHIP_TEMPERATURE),
    ("frequency", Feature.BOARD_FREQUENCY),
    ("chips", Feature.BOARD_CHIPS),
)
_SUPPLY_READINGS = (
    ("power", Feature.PSU_POWER),
    ("input_voltage", Feature.PSU_INPUT_VOLTAGE),
    ("input_current", Feature.PSU_INPUT_CURRENT),
    ("temperature", Feature.PSU_TEMPERATURE),
)


def readings(snapshot: Snapshot) -> set[Feature]:
    """Return the readings that a snapshot has."""
    found = {feature for name, feature in _READINGS if getattr(snapshot, name) is not None}
    if {Feature.HASHRATE, Feature.POWER} <= found:
        found.add(Feature.EFFICIENCY)
    for board in snapshot.boards:
        found |= {f for name, f in _BOARD_READINGS if getattr(board, name) is not None}
    return found | supply_readings(snapshot.psu or PowerSupply())


def supply_readings(supply: PowerSupply) -> set[Feature]:
    """Return the readings that a power supply has; one without a fan reports 0 rpm."""
    found = {f for name, f in _SUPPLY_READINGS if getattr(supply, name) is not None}
    return found | {Feature.PSU_FAN_SPEED} if supply.fan_speed else found


def commands(
    version: Version | None, *, liquid: bool | None, full_power: float | None
) -> Capabilities:
    """Return the commands that an interface version takes, and their ranges.

    `full_power` is the draw in W at 100 %, None while not known.
    """
    have = version or ()
    features = {
        Feature.MINING,
        Feature.LOCATE,
        Feature.REBOOT,
        Feature.LOGS,
        Feature.UPDATE_FIRMWARE,
        Feature.RESTART_MINING,
        Feature.WRITE_ACCESS,
    }
    ranges: dict[Feature, PowerRange] = {}
    choices: dict[Feature, tuple[str, ...]] = {Feature.LOGS: (LogKind.MINER.value,)}
    if have >= PERCENT_API:
        features.add(Feature.POWER_PERCENT)
        highest = 200.0 if liquid and have >= OVERDRIVE_API else 100.0
        ranges[Feature.POWER_PERCENT] = PowerRange(
            minimum=LOWEST_PERCENT, maximum=highest, step=1.0, default=100.0
        )
        if full_power is not None:
            features.add(Feature.POWER_TARGET)
            ranges[Feature.POWER_TARGET] = PowerRange(
                minimum=_up(full_power * LOWEST_PERCENT / 100),
                maximum=_up(full_power * highest / 100),
                step=_TARGET_STEP,
                default=_up(full_power),
            )
    if have >= MODES_API:
        features.add(Feature.POWER_MODE)
        choices[Feature.POWER_MODE] = tuple(mode.value for mode in PowerMode)
    if have >= LIMIT_API:
        features.add(Feature.POWER_LIMIT)
        highest = _LIMIT_MAXIMUM_AIR if liquid is False else _LIMIT_MAXIMUM
        ranges[Feature.POWER_LIMIT] = PowerRange(
            minimum=_LIMIT_MINIMUM, maximum=highest, step=_TARGET_STEP
        )
    if have >= RESTORE_API:
        features.add(Feature.RESTORE_POWER)
    return Capabilities(
        features=frozenset(features),
        ranges=ranges,
        choices=choices,
    )


def set_power_range(
    percents: PowerRange, *, liquid: bool | None, full_power: float | None
) -> PowerRange:
    """Return the W that may be set by the device's own command for it.

    The manual takes 0 to 99999 W and says nothing of what happens outside the machine's
    reach, so it is kept to what `percents` are of the known full draw, which is the limit in
    force where there is one. More could overload a supply, a fuse or the cooling; far less
    restarts mining, which then draws all again. Where the full draw is not known, the ends of
    the power limit have to do.
    """
    if full_power is None:
        highest = _LIMIT_MAXIMUM_AIR if liquid is False else _LIMIT_MAXIMUM
        return PowerRange(minimum=_LIMIT_MINIMUM, maximum=highest, step=1.0)
    return PowerRange(
        minimum=math.ceil(full_power * percents.minimum / 100),
        maximum=math.floor(full_power * percents.maximum / 100),
        step=1.0,
    )


def _up(watts: float) -> float:
    """Round up to a whole step, so that the range ends at full power, not below it."""
    return math.ceil(watts / _TARGET_STEP) * _TARGET_STEP
