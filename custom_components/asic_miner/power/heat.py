"""A thermostat whose heater is a miner, for a room, a loop, a tank or a pool.

Its owner calls `plan` about every HEAT_TICK seconds and hands the wish and the limit to the
miner's guard (`HeatPlan.apply`). Watts, °C, Unix time in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..miners.models import JsonValue
from . import defaults
from .guard import Guard
from .heat_safety import LATCHING, Dangers, HeatSafety, Limits, Trip
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
    TRIPPED = "tripped"
    NO_POOL = "no_pool"
    """Without a pool a miner makes no heat."""
    NO_MINER = "no_miner"
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


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatReadings:
    """What is measured now."""

    dangers: Dangers = field(default_factory=Dangers)
    """With the temperature that is to be held, in `controlled`."""
    power: float | None = None
    """W that the miner draws, measured. None is not known, which is not 0."""
    running: bool = False
    ramping: bool = False
    reachable: bool = True
    pool_alive: bool | None = None
    backup_on: bool = False
    outside: float | None = None


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
    """The pump is to run, also for some minutes after the miner."""
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


class Thermostat:
    """Holds a temperature."""

    def __init__(self, settings: HeatSettings, setpoint: float, stored: JsonValue = None) -> None:
        """Begin off, or as `to_json` once said."""
        known = stored if isinstance(stored, dict) else {}
        latched = known.get("latched")
        self.settings = settings
        self.setpoint = setpoint
        self.on = False
        self.preset = Preset.COMFORT
        self._before_boost = Preset.COMFORT
        self._boost_until = 0.0
        self._safety = HeatSafety(
            settings.limits,
            Trip(latched) if isinstance(latched, str) and latched in LATCHING else None,
        )
        self._integral = 0.0
        """K."""
        self._calls = False
        """It is cold enough to heat."""
        self._leaving = False
        self._wish: float | None = None
        self._wished_at = 0.0
        self._planned_at: float | None = None
        self._unable_since: float | None = None
        self._drew_at: float | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """Return what must survive a restart: a latched trip."""
        return {"latched": self._safety.latched}

    # Orders

    def switch(self, on: bool) -> None:
        """Arm or disarm. Each time it is armed, it begins without a past."""
        if on and not self.on:
            self._integral, self._calls, self._wish = 0.0, False, None
        if self.on and not on:
            self._leaving = True
        self.on = on

    def choose(self, preset: Preset, now: float, seconds: float = defaults.BOOST_SECONDS) -> None:
        """Choose a preset; `seconds` is how long a boost lasts."""
        if preset is Preset.BOOST:
            if self.preset is not Preset.BOOST:
                self._before_boost = self.preset
            self._boost_until = now + seconds
        self.preset = preset

    def acknowledge(self, now: float) -> None:
        """Clear a latched trip."""
        self._safety.acknowledge(now)

    # The plan

    def plan(self, now: float, readings: HeatReadings) -> HeatPlan:
        """Decide."""
        settings = self.settings
        if self.preset is Preset.BOOST and now >= self._boost_until:
            self.preset = self._before_boost
        verdict = self._safety.judge(readings.dangers, now, armed=self.on)
        wanted, why = self._wanted(now, readings)
        if verdict.share is not None:
            wanted = min(wanted, verdict.share * settings.floor)
            why = HeatWhy.TRIPPED if self.on else why
        backup, miner_blocked, why = self._backup(now, readings, why, tripped=verdict.share == 0)
        if miner_blocked:
            wanted = 0.0
        limit = None if verdict.share is None else verdict.share * settings.floor
        if miner_blocked:
            limit = 0.0
        return HeatPlan(
            wish=self._paced(wanted, now, urgent=verdict.trip is not None or miner_blocked),
            limit=limit,
            action=self._action(readings),
            preset=self.preset,
            setpoint=self._target,
            backup=backup,
            pump=self._pump(now, readings),
            frost=self._frost(readings),
            why=why,
            trip=verdict.trip,
            until=verdict.until,
            data={"wanted": wanted, "integral": self._integral},
        )

    @property
    def _target(self) -> float:
        if self.preset is Preset.AWAY:
            return min(self.setpoint, defaults.AWAY_TEMPERATURE)
        return self.setpoint

    @property
    def _most(self) -> float:
        """The most that the preset allows, in W; never below the floor."""
        settings = self.settings
        most = settings.maximum
        if self.preset is Preset.ECO:
            most = settings.eco or settings.maximum * defaults.ECO_SHARE
        elif self.preset is Preset.SLEEP:
            most = settings.maximum * defaults.SLEEP_SHARE
        return min(max(most, settings.floor), settings.maximum)

    def _wanted(  # noqa: PLR0911 - one return per reason
        self, now: float, readings: HeatReadings
    ) -> tuple[float, HeatWhy]:
        """Return the W that the temperature asks for."""
        passed = 0.0
        if self._planned_at is not None and self._planned_at < now:
            # What nobody looked at for minutes is not integrated.
            passed = min(now - self._planned_at, defaults.SENSOR_FLOOR)
        self._planned_at = now
        if not self.on:
            return 0.0, HeatWhy.OFF
        if not readings.reachable:
            return 0.0, HeatWhy.NO_MINER
        if readings.pool_alive is False:
            return 0.0, HeatWhy.NO_POOL
        if self.preset is Preset.BOOST:
            return self.settings.maximum, HeatWhy.BOOST
        measured = readings.dangers.controlled
        if measured is None:
            return 0.0, HeatWhy.TRIPPED
        error = self._target - measured.value
        room = self.settings.kind is Kind.ROOM
        band = defaults.ROOM_DEADBAND if room else defaults.TANK_DEADBAND
        watts = self._regulate(error, passed, readings, room=room)
        if error > band:
            self._calls = True
        elif error < -band and watts <= self.settings.floor:
            self._calls = False
        if not self._calls:
            return 0.0, HeatWhy.WARM
        return watts, HeatWhy.COLD

    def _regulate(
        self, error: float, passed: float, readings: HeatReadings, *, room: bool
    ) -> float:
        """Return the W of a PI controller, between floor and what the preset allows."""
        gain = defaults.ROOM_GAIN if room else defaults.TANK_GAIN
        reset = defaults.ROOM_RESET if room else defaults.TANK_RESET
        floor, most = self.settings.floor, self._most
        raw = gain * (error + self._integral)
        # Nothing is learned from a miner that does not run or an output at its end.
        saturated = (raw >= most and error > 0) or (raw <= floor and error < 0)
        if readings.running and not readings.ramping and not saturated:
            self._integral += error * passed / reset
        bound = most / gain
        self._integral = min(max(self._integral, -bound), bound)
        return min(max(gain * (error + self._integral), floor), most)

    def _paced(self, wanted: float, now: float, *, urgent: bool) -> float | None:
        """Return a new wish when it is time for one; None to leave the last."""
        if not self.on:
            # Who is off wishes nothing: the miner may mine for others. It is told once.
            leaving, self._leaving = self._leaving, False
            return 0.0 if leaving else None
        last = self._wish
        if last is not None and wanted == last:
            return None
        if last is not None and not urgent and wanted > 0 and last > 0:
            pause = defaults.HEAT_UP if wanted > last else defaults.HEAT_DOWN
            if self._wished_at <= now < self._wished_at + pause:
                return None
        self._wish, self._wished_at = wanted, now
        return wanted

    def _backup(
        self, now: float, readings: HeatReadings, why: HeatWhy, *, tripped: bool
    ) -> tuple[bool, bool, HeatWhy]:
        """Return whether the backup is to be on, whether the miner is blocked, and why."""
        unable = why in {HeatWhy.NO_POOL, HeatWhy.NO_MINER} or (tripped and self.on)
        if self._unable_since is None or self._unable_since > now or not unable:
            self._unable_since = now if unable else None
        if not self.settings.backup or not self.on:
            # One that is still on is told to go off, and the miner waits for it.
            return False, readings.backup_on, why
        measured = readings.dangers.controlled
        fresh = measured is not None and now - measured.at <= defaults.SENSOR_FLOOR
        cold = fresh and measured is not None and measured.value < self._target
        waited = self._unable_since is not None and (
            now - self._unable_since >= defaults.BACKUP_DELAY
        )
        if not (unable and waited and cold):
            return False, readings.backup_on, HeatWhy.BACKUP_STOPS if readings.backup_on else why
        proven = readings.power is not None and readings.power <= defaults.BACKUP_OFF_WATTS
        if not proven or readings.running:
            # A draw that is not known is no proof.
            return False, True, HeatWhy.BACKUP_WAITS
        return True, True, HeatWhy.BACKUP

    def _action(self, readings: HeatReadings) -> Action:
        if not self.on:
            return Action.OFF
        if readings.running and readings.ramping:
            return Action.PREHEATING
        drawn = readings.power
        if readings.running and (drawn is None or drawn > defaults.OFF_WATTS):
            return Action.HEATING
        return Action.IDLE

    def _pump(self, now: float, readings: HeatReadings) -> bool:
        """Tell whether the pump runs; what is not known counts as drawing."""
        drawn = readings.power
        if readings.running or drawn is None or drawn > defaults.OFF_WATTS:
            self._drew_at = now
        if self._drew_at is None:
            return False
        return now - self._drew_at < defaults.PUMP_RUN_ON

    def _frost(self, readings: HeatReadings) -> bool:
        cold = readings.outside is not None and readings.outside < defaults.FROST_OUTSIDE
        return cold and self.settings.kind is Kind.TANK and not readings.running
