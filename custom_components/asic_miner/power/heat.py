"""A thermostat whose heater is a miner, for a room, a loop, a tank or a pool.

Its owner calls `plan` about every HEAT_TICK seconds and hands the wish and the limit to the
miner's guard (`HeatPlan.apply`). Watts, °C, Unix time in seconds.
"""

from dataclasses import replace

from ..miners.models import JsonValue
from . import defaults
from .heat_model import Action, HeatPlan, HeatReadings, HeatSettings, HeatWhy, Preset
from .heat_regulator import Regulator, band
from .heat_safety import Dangers, HeatSafety, Trip, Verdict
from .lasting import Since
from .model import Measured

_UNABLE = frozenset({HeatWhy.NO_POOL, HeatWhy.NO_MINER, HeatWhy.PUMP_WAITS})
"""Reasons for which the miner cannot heat, though it is to."""


class Thermostat:
    """Holds a temperature."""

    def __init__(self, settings: HeatSettings, setpoint: float, stored: JsonValue = None) -> None:
        """Begin off, or as `to_json` once said."""
        self.settings = settings
        self.setpoint = setpoint
        self.on = False
        self.preset = Preset.COMFORT
        self._before_boost = Preset.COMFORT
        self._boost_until = 0.0
        self._safety = HeatSafety(settings.limits, stored)
        self._regulator = Regulator()
        self._adopts = False
        """What the miner does at the first look is where to begin."""
        self._leaving = False
        self._wish: float | None = None
        self._wished_at = 0.0
        self._planned_at: float | None = None
        self._unable = Since()
        self._rests = Since()
        """It is to heat and draws nothing."""
        self._given_up_at: float | None = None
        self._was_kept_off = False
        """Something was known to keep it off when it was given up."""
        self._drew_at: float | None = None
        self._open = Since()
        self._airing = False
        self._still: Measured | None = None
        """What the temperature is, and since when it has been just that."""

    def to_json(self) -> dict[str, JsonValue]:
        """Return what must survive a restart: trips."""
        return self._safety.to_json()

    @property
    def latched(self) -> bool:
        """Whether only a person can clear what holds the miner down."""
        return self._safety.latched is not None

    # Orders

    def switch(self, on: bool) -> None:
        """Arm or disarm. Each time it is armed, it begins without a past."""
        if on and not self.on:
            self._regulator, self._wish = Regulator(), None
        if self.on and not on:
            self._leaving = True
        self.on = on

    def resume(self) -> None:
        """Be armed as before a restart, without stopping a miner that heats well."""
        self.on = self._adopts = True

    def choose(self, preset: Preset, now: float, seconds: float = defaults.BOOST_SECONDS) -> None:
        """Choose a preset; `seconds` is how long a boost lasts."""
        if preset is Preset.BOOST:
            if self.preset is not Preset.BOOST:
                self._before_boost = self.preset
            self._boost_until = now + seconds
        self.preset = preset

    def acknowledge(self) -> None:
        """Clear a latched trip."""
        self._safety.acknowledge()

    # The plan

    def plan(self, now: float, readings: HeatReadings) -> HeatPlan:
        """Decide."""
        if self.preset is Preset.BOOST and now >= self._boost_until:
            self.preset = self._before_boost
        self._look_at_window(now, readings)
        readings = replace(readings, dangers=self._dangers(now, readings))
        dangers = readings.dangers
        verdict = self._safety.judge(dangers, now, armed=self.on)
        wanted, why = self._wanted(now, readings)
        trip, limit = self._held(verdict, wanted, drawing=dangers.drawing)
        if wanted is not None and verdict.share is not None:
            wanted = min(wanted, verdict.share * self.settings.floor)
        if trip is not None and self.on and why not in _UNABLE:
            why = HeatWhy.TRIPPED
        pump = self._pump(now, readings, trip, wanted or 0.0)
        if wanted and dangers.pump is not None and not dangers.pump.value and not dangers.drawing:
            wanted, why = 0.0, HeatWhy.PUMP_WAITS
        elif wanted and readings.kept_off and not dangers.drawing and trip is None:
            why = HeatWhy.MINER_WAITS
        given_up = self._gives_up(now, readings, wanted or 0.0)
        backup, miner_blocked, why = self._backup(
            now, readings, why, tripped=limit == 0, given_up=given_up
        )
        if miner_blocked:
            wanted = limit = 0.0
        return HeatPlan(
            wish=self._paced(wanted, now, urgent=trip is not None or miner_blocked),
            limit=limit,
            action=self._action(readings),
            preset=self.preset,
            setpoint=self._target,
            backup=backup,
            pump=pump,
            frost=self._frost(readings),
            why=why,
            trip=trip,
            until=verdict.until if trip is not None else None,
            data={"wanted": wanted or 0.0, "integral": self._regulator.integral},
        )

    def _held(
        self, verdict: Verdict, wanted: float | None, *, drawing: bool
    ) -> tuple[Trip | None, float | None]:
        """Return what holds the miner down, and the W to which."""
        if verdict.share is None:
            return None, None
        if verdict.trip is Trip.WAKE:
            if self.on and not wanted:
                # It is warm enough, and comes back low when it is not any more.
                return None, None
            if not (drawing and self.settings.starts_low):
                # A limit would never let it start. What goes to full draw first is lowered as
                # soon as it takes that.
                return verdict.trip, None
        return verdict.trip, verdict.share * self.settings.floor

    def _dangers(self, now: float, readings: HeatReadings) -> Dangers:
        """Return the dangers, with what is found out here."""
        dangers, drawn = readings.dangers, readings.power
        drawing = readings.running if drawn is None else drawn > self.settings.standby
        controlled = dangers.controlled
        if controlled is None:
            return replace(dangers, drawing=drawing)
        still = self._still
        heats = self.on and drawing and controlled.value < self._target - band(self.settings.kind)
        gone = still is not None and now - still.at > self.settings.stuck
        if still is None or still.value != controlled.value or not (heats or gone):
            still = self._still = Measured(value=controlled.value, at=now)
        # From then on it says nothing, until it moves.
        at = min(controlled.at, still.at + self.settings.stuck)
        return replace(dangers, drawing=drawing, controlled=Measured(value=controlled.value, at=at))

    def _look_at_window(self, now: float, readings: HeatReadings) -> None:
        """See whether a window is open, and not only for a moment."""
        self._airing = self._open.lasts(readings.window_open, now) >= defaults.WINDOW_OPEN

    @property
    def _target(self) -> float:
        if self.preset is Preset.AWAY or self._airing:
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
    ) -> tuple[float | None, HeatWhy]:
        """Return the W that the temperature asks for; None to leave it as it is."""
        passed = 0.0
        if self._planned_at is not None and self._planned_at < now:
            # What nobody looked at for minutes is not integrated.
            passed = min(now - self._planned_at, defaults.SENSOR_FLOOR)
        self._planned_at = now
        if not self.on:
            return 0.0, HeatWhy.OFF
        if not readings.reachable:
            # Who does not answer is not told to stop for it when it is back.
            return None, HeatWhy.NO_MINER
        if readings.pool_alive is False:
            return 0.0, HeatWhy.NO_POOL
        measured = readings.dangers.controlled
        if self.preset is Preset.BOOST and not self._airing:
            if measured is not None and measured.value >= self.settings.highest:
                return 0.0, HeatWhy.WARM
            return self.settings.maximum, HeatWhy.BOOST
        if measured is None:
            return None, HeatWhy.NO_TEMPERATURE
        error = self._target - measured.value
        if self._adopts:
            self._adopts = False
            if (drawn := self._regulator.adopt(error, readings, self.settings.kind)) is not None:
                self._wish = drawn
        watts = self._regulator.watts(
            error, passed, readings, self.settings, most=self._most, wished=self._wish
        )
        if watts is None:
            return 0.0, HeatWhy.WINDOW if self._airing else HeatWhy.WARM
        return watts, HeatWhy.COLD

    def _paced(self, wanted: float | None, now: float, *, urgent: bool) -> float | None:
        """Return a new wish when it is time for one; None to leave the last."""
        if not self.on:
            # Who is off wishes nothing: the miner may mine for others. It is told once.
            leaving, self._leaving = self._leaving, False
            return 0.0 if leaving else None
        last = self._wish
        if wanted is None or wanted == last:
            return None
        if last is not None and not urgent and wanted > 0 and last > 0:
            pause = defaults.HEAT_UP if wanted > last else defaults.HEAT_DOWN
            if self._wished_at <= now < self._wished_at + pause:
                return None
        self._wish, self._wished_at = wanted, now
        return wanted

    def _gives_up(self, now: float, readings: HeatReadings, wanted: float) -> bool:
        """Tell whether the miner has had its time to heat and draws nothing, whatever the reason.

        It gets another when what kept it off is gone; where that is not known, now and then.
        """
        if not self.on or readings.power is None or readings.dangers.drawing:
            self._rests, self._given_up_at = Since(), None
            return False
        if (at := self._given_up_at) is not None:
            over = self._was_kept_off or not at <= now < at + defaults.BACKUP_RETRY
            if readings.kept_off or not over:
                return True
            self._rests, self._given_up_at = Since(), None
        if self._rests.lasts(wanted > 0, now) < defaults.BACKUP_DELAY:
            return False
        self._given_up_at, self._was_kept_off = now, readings.kept_off
        return True

    def _backup(
        self, now: float, readings: HeatReadings, why: HeatWhy, *, tripped: bool, given_up: bool
    ) -> tuple[bool, bool, HeatWhy]:
        """Return whether the backup is to be on, whether the miner is blocked, and why."""
        unable = why in _UNABLE or (tripped and self.on)
        waited = self._unable.lasts(unable, now) >= defaults.BACKUP_DELAY
        if not self.settings.backup or not self.on:
            # One that is still on is told to go off, and the miner waits for it.
            return False, readings.backup_on, why
        measured = readings.dangers.controlled
        fresh = measured is not None and now - measured.at <= defaults.SENSOR_FLOOR
        cold = fresh and measured is not None and measured.value < self._target
        if not ((waited or given_up) and cold):
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
        backup = self.settings.backup and readings.backup_on
        return Action.HEATING if readings.dangers.drawing or backup else Action.IDLE

    def _pump(self, now: float, readings: HeatReadings, trip: Trip | None, wanted: float) -> bool:
        """Tell whether the pump is to run; what is not known counts as drawing."""
        dangers = readings.dangers
        if readings.running or readings.power is None or dangers.drawing:
            self._drew_at = now
        elif self._drew_at is None and dangers.pump is not None and dangers.pump.value:
            # When it began to run on is not known after a restart.
            self._drew_at = now
        runs_on = self._drew_at is not None and now - self._drew_at < defaults.PUMP_RUN_ON
        return runs_on or wanted > 0 or trip is Trip.PUMP_OFF

    def _frost(self, readings: HeatReadings) -> bool:
        cold = readings.outside is not None and readings.outside < defaults.FROST_OUTSIDE
        return cold and not readings.dangers.drawing
