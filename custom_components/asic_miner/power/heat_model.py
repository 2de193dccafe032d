"""What a thermostat is told and what it says. Plain data, no rules.

Watts, °C, Unix time in seconds.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
import math

from ..miners.lean import dataclass
from . import defaults
from .guard import Guard
from .heat_safety import Dangers, Limits, Trip
from .model import Source, Wish


class Kind(StrEnum):
    """What is heated."""

    ROOM = "room"
    TANK = "tank"


class Preset(StrEnum):
    """How much power may be used for heat, apart from the setpoint."""

    ECO = "eco"
    COMFORT = "comfort"
    BOOST = "boost"
    """Full power for a while, then what was before."""
    SLEEP = "sleep"
    AWAY = "away"


class Action(StrEnum):
    """What the heater does."""

    OFF = "off"
    PREHEATING = "preheating"
    HEATING = "heating"
    IDLE = "idle"


class HeatWhy(StrEnum):
    """The reason for a wish. Translated by the caller."""

    OFF = "off"
    WARM = "warm"
    COLD = "cold"
    BOOST = "boost"
    WINDOW = "window"
    """A window is open, so that only frost is kept away."""
    TRIPPED = "tripped"
    NO_POOL = "no_pool"
    """Without a pool a miner makes no heat."""
    NO_MINER = "no_miner"
    NO_TEMPERATURE = "no_temperature"
    """The sensor has not said anything yet."""
    PUMP_WAITS = "pump_waits"
    """The miner waits until the pump is seen on."""
    MINER_WAITS = "miner_waits"
    """Something apart from the temperature keeps the miner off; its guard says what."""
    BACKUP = "backup"
    BACKUP_STOPS = "backup_stops"
    """The miner waits until the backup heater is seen off."""
    BACKUP_WAITS = "backup_waits"
    """The backup heater waits until the miner is seen off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatSettings:
    """What the owner has decided, and what the miner can draw in W."""

    floor: float
    maximum: float
    kind: Kind = Kind.ROOM
    eco: float | None = None
    """W of the most efficient draw, where it is known."""
    limits: Limits = field(default_factory=Limits)
    backup: bool = False
    """There is another heater that may take over."""
    starts_low: bool = True
    """It can be started at its floor, and does not go to full draw first."""
    coarse: float = 0.0
    """W by which what is drawn may stay off what is wished, as less is not worth a change."""
    highest: float = math.inf
    """°C above which not even a boost heats."""
    stuck: float = defaults.STUCK_ROOM
    """s after which a temperature that does not move at all is not believed."""

    @property
    def standby(self) -> float:
        """W up to which the miner is at rest."""
        return min(defaults.OFF_WATTS, defaults.STANDBY_SHARE * self.floor)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatReadings:
    """What is measured now."""

    dangers: Dangers = field(default_factory=Dangers)
    """With the temperature that is to be held, in `controlled`. Whether it is `drawing` is
    found here."""
    power: float | None = None
    """W that the miner draws, measured. None is not known, which is not 0."""
    running: bool = False
    ramping: bool = False
    reachable: bool = True
    pool_alive: bool | None = None
    kept_off: bool = False
    """It is off and could not be started now."""
    backup_on: bool = False
    outside: float | None = None
    """°C, where there is a loop that may freeze."""
    window_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatPlan:
    """What is to be done now, and all that may be seen."""

    wish: float | None
    """W for the guard; None when nothing new is wished."""
    limit: float | None
    """W that must not be exceeded; None for no limit."""
    action: Action
    preset: Preset
    setpoint: float
    backup: bool
    """The backup heater is to be on. Never together with the miner."""
    pump: bool
    """The pump is to run: before the miner starts, and for some minutes after it."""
    frost: bool
    """To be warned of: a loop that is off may freeze."""
    why: HeatWhy
    trip: Trip | None
    until: float | None
    data: Mapping[str, float]

    def apply(self, guard: Guard, now: float) -> None:
        """Hand the plan to the guard of the miner."""
        if self.limit is None:
            guard.lift(Source.HEAT)
        else:
            guard.wish(Wish(watts=self.limit, source=Source.HEAT, at=now, safety=True))
        if self.wish is not None:
            guard.wish(Wish(watts=self.wish, source=Source.HEAT, at=now))
