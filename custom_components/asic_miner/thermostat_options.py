"""What the options of a thermostat are called."""

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
