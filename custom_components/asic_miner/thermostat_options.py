"""What the options of a thermostat are called, and the setpoints of what it heats."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

CONF_MINERS: Final = "miners"
CONF_HEATS: Final = "heats"
CONF_SENSOR: Final = "temperature_sensor"
CONF_MORE: Final = "more"
CONF_OUTLET: Final = "outlet_sensor"
CONF_BACKUP: Final = "backup_switch"
CONF_PUMP: Final = "pump_switch"
CONF_WINDOW: Final = "window_sensor"
CONF_OUTSIDE: Final = "outside_sensor"
CONF_LIMITS: Final = "limits"
CONF_CHIP: Final = "chip_limit"
CONF_SOFT: Final = "water_soft_limit"
CONF_HARD: Final = "water_hard_limit"


class Heats(StrEnum):
    """What is heated."""

    ROOM = "room"
    TANK = "tank"
    POOL = "pool"
    TUB = "hot_tub"


RANGES: Final[Mapping[Heats, tuple[float, float, float]]] = {
    # Below 5 °C a room freezes at its walls; nobody heats one above 30.
    Heats.ROOM: (5.0, 30.0, 20.0),
    # A tank's own limits stay with its certified hardware; water loops of miners end at 60.
    Heats.TANK: (10.0, 60.0, 45.0),
    # Warmer than 35 °C is no pool; an owner who ran flat out could not use it for weeks.
    Heats.POOL: (10.0, 35.0, 26.0),
    # Nobody stays for long in water above 40 °C.
    Heats.TUB: (10.0, 40.0, 37.0),
}
"""Lowest, highest and first setpoint in °C."""


def within(heats: Heats, setpoint: float) -> float:
    """Return a setpoint in °C as far as it is in the range of what is heated."""
    lowest, highest, _ = RANGES[heats]
    return min(max(setpoint, lowest), highest)
