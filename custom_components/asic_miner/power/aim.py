"""What all miners together are to draw in each mode, and how urgently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
import math

from . import balance, caps, defaults
from .model import Measured
from .site_model import MinerNow, Mode, Reason, SiteReadings, SiteSettings, Why


class Intent(StrEnum):
    """What may be done to reach the aim."""

    FOLLOW = "follow"
    """Everything, with the patience that clouds need."""
    BUDGET = "budget"
    """Everything, without that patience: the aim is an order, not the weather."""
    NO_RISE = "no_rise"
    HOLD = "hold"
    FLOOR = "floor"
    STOP = "stop"
    """All off, in an orderly way."""
    STOP_NOW = "stop_now"


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """What all miners together are to draw."""

    intent: Intent
    watts: float | None
    """None while it is not known."""
    reason: Reason
    """Why the intent is not FOLLOW, or why nothing more is to be had."""
    ceiling: float | None = None
    """W that are not exceeded whatever the patience."""
    soft: bool = False
    """The ceiling is no breaker: what was told in time gets the time that it needs to obey."""
    eager: bool = False
    """Too much is lowered without patience: it is no cloud."""
    final: bool = False
    """And what is at its floor is stopped without patience."""
    each: Mapping[str, float] = field(default_factory=dict)
    """W of single miners, in the mode HEAT."""


@dataclass(kw_only=True, slots=True)
class _Probe:
    """The search for what a throttled inverter holds back."""

    at: float = 0.0
    step: float = defaults.PROBE_STEP
    aim: float | None = None
    paused_until: float = 0.0
    pause: float = defaults.PROBE_BACKOFF
    start_pause: float = defaults.PROBE_START_BACKOFF
    ran: bool = False
    covered: float = 0.0
    """The most W that were covered a short while ago."""
    covered_at: float = -math.inf

    def remember(self, drawn: float, now: float) -> None:
        """Take note of a draw that is covered."""
        young = self.covered_at <= now < self.covered_at + defaults.RIDE_LONGEST
        if drawn >= self.covered or not young:
            self.covered, self.covered_at = drawn, now


class Aims:
    """Turns readings into aims. Remembers what has to last."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._smooth = balance.Smooth()
        self._cheap = balance.Since()
        self._is_cheap = False
        self._dear_at = -math.inf
        self._battery_is_full = False
        self._battery_is_low = False
        self._resting = balance.Since()
        self._discharging = balance.Since()
        self._taken = balance.Taken()
        self._probe = _Probe()
        self._started_at: float | None = None

    def aim(  # noqa: PLR0911 - one return per mode
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> Aim:
        """Return the aim of this moment."""
        if self._started_at is None or self._started_at > now:
            self._started_at = now
        self._watch_low(settings, readings, now)
        if (stop := self._stop(settings, readings, miners)) is not None:
            return stop
        settings = self._battery_first(settings, readings)
        mode = settings.mode
        if mode is Mode.HEAT:
            return Aim(
                intent=Intent.BUDGET,
                watts=sum(readings.heat.values()),
                reason=Reason(why=Why.BALANCED),
                each=dict(readings.heat),
            )
        if mode in {Mode.FIXED, Mode.FULL}:
            most = sum(miner.ability.maximum * miner.state.excess for miner in miners)
            watts = settings.fixed if mode is Mode.FIXED else most
            return Aim(intent=Intent.BUDGET, watts=watts, reason=Reason(why=Why.FULL))
        cheap, price = self._price(settings, readings, now)
        if cheap:
            # What is cheap is the grid's power, not the battery's.
            if (battery := self._battery(settings, readings, miners, now, bought=True)) is not None:
                return battery
            most = sum(miner.ability.maximum * miner.state.excess for miner in miners)
            return Aim(intent=Intent.BUDGET, watts=most, reason=Reason(why=Why.FULL))
        if (silent := self._silent(readings, now)) is not None:
            return silent
        if (battery := self._battery(settings, readings, miners, now)) is not None:
            return battery
        if mode is Mode.ZERO_EXPORT:
            return self._zero_export(settings, readings, miners, now)
        return self._follow(settings, readings, miners, now, price)

    def _stop(
        self, settings: SiteSettings, readings: SiteReadings, miners: Sequence[MinerNow]
    ) -> Aim | None:
        if readings.must_stop:
            return Aim(intent=Intent.STOP_NOW, watts=0.0, reason=Reason(why=Why.MUST_STOP))
        if settings.mode is Mode.OFF:
            return Aim(intent=Intent.STOP, watts=0.0, reason=Reason(why=Why.MODE_OFF))
        if readings.permission is False:
            return Aim(intent=Intent.STOP, watts=0.0, reason=Reason(why=Why.NOT_PERMITTED))
        if self._battery_is_low and readings.soc is not None:
            data = {"soc": readings.soc.value, "limit": settings.stop_soc}
            reason = Reason(why=Why.BATTERY_LOW, data=data)
            return Aim(intent=Intent.STOP_NOW, watts=0.0, reason=reason)
        if not miners:
            return Aim(intent=Intent.HOLD, watts=None, reason=Reason(why=Why.NO_MINERS))
        return None

    def _battery_first(self, settings: SiteSettings, readings: SiteReadings) -> SiteSettings:
        """Return settings by which a battery that was full stays so while it falls a little."""
        if readings.soc is None:
            return settings
        least = settings.first_soc - defaults.BATTERY_FIRST_HYSTERESIS
        if readings.soc.value >= settings.first_soc:
            self._battery_is_full = True
        elif readings.soc.value < least:
            self._battery_is_full = False
        return replace(settings, first_soc=least) if self._battery_is_full else settings

    def _watch_low(self, settings: SiteSettings, readings: SiteReadings, now: float) -> None:
        """Find out whether a battery that miners may discharge is too low for that.

        Once it is, the little that it is charged with starts nobody who would discharge it
        again. One that rests gives nothing, so that nobody discharges it.
        """
        soc, power = readings.soc, readings.battery
        anything = settings.mode in {Mode.FIXED, Mode.FULL, Mode.HEAT}
        if soc is None or power is None or not (anything or settings.discharge):
            self._battery_is_low = False
            return
        rests = self._resting.lasts(abs(power.value) <= defaults.BATTERY_NOISE, now)
        if soc.value < settings.stop_soc and power.value > defaults.BATTERY_NOISE:
            self._battery_is_low = True
        elif (
            soc.value >= settings.stop_soc + defaults.BATTERY_STOP_HYSTERESIS
            or rests >= defaults.BATTERY_HOLD
        ):
            self._battery_is_low = False

    def _price(
        self, settings: SiteSettings, readings: SiteReadings, now: float
    ) -> tuple[bool, Reason | None]:
        """Tell whether the grid is cheap, and if not, why."""
        if settings.mode is not Mode.SURPLUS_CHEAP:
            return False, None
        price, limit = readings.price, readings.price_limit
        if price is None or limit is None or price > limit:
            if self._is_cheap:
                self._dear_at = now
            self._is_cheap = False
            self._cheap.lasts(False, now)
            data = {} if price is None or limit is None else {"price": price, "limit": limit}
            return False, Reason(why=Why.PRICE_HIGH, data=data)
        below = price <= limit - abs(limit) * defaults.PRICE_MARGIN
        lasted = self._cheap.lasts(below, now)
        if below and lasted >= defaults.PRICE_HOLD:
            self._is_cheap = True
        if self._is_cheap:
            return True, None
        until = now + defaults.PRICE_HOLD - lasted if below else None
        return False, Reason(why=Why.PRICE_SOON, data={"price": price, "limit": limit}, until=until)

    def _silent(self, readings: SiteReadings, now: float) -> Aim | None:
        """Return the aim while what it is built on is not reported."""
        parts = [readings.grid]
        if readings.battery is not None:
            # A battery that is not known hides what the meter would show.
            parts.append(readings.battery)
        age = max(_age(part, now, self._started_at or now) for part in parts)
        data = {"seconds": age}
        if age > defaults.METER_PAUSE:
            return Aim(intent=Intent.STOP, watts=0.0, reason=Reason(why=Why.METER_PAUSE, data=data))
        if age > defaults.METER_FLOOR:
            return Aim(
                intent=Intent.FLOOR, watts=None, reason=Reason(why=Why.METER_FLOOR, data=data)
            )
        if age > defaults.METER_HOLD or readings.grid is None:
            return Aim(intent=Intent.HOLD, watts=None, reason=Reason(why=Why.METER_HOLD, data=data))
        if age > defaults.METER_NO_INCREASE:
            reason = Reason(why=Why.METER_OLD, data=data)
            return Aim(intent=Intent.NO_RISE, watts=self._smooth.value, reason=reason)
        return None

    def _follow(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
        price: Reason | None,
    ) -> Aim:
        drawn = sum(miner.state.drawn or 0.0 for miner in miners)
        raw = balance.surplus(settings, readings, drawn) or 0.0
        smooth = self._smooth.add(raw, now)
        reason = price or Reason(why=Why.NO_SURPLUS, data={"watts": smooth})
        eager = self._dear_at <= now < self._dear_at + defaults.DEAR_SECONDS
        return Aim(intent=Intent.FOLLOW, watts=smooth, reason=reason, eager=eager, final=eager)

    def _battery(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
        *,
        bought: bool = False,
    ) -> Aim | None:
        """Return the aim while miners discharge a battery that is not for them.

        With `bought` they may have what comes from the grid.
        """
        power = readings.battery.value if readings.battery is not None else 0.0
        drawn = sum(miner.state.drawn or 0.0 for miner in miners)
        forbidden = power > defaults.BATTERY_NOISE and not balance.may_discharge(settings, readings)
        # A battery that feeds the house alone discharges as well, and nobody is to start.
        lasted = self._discharging.lasts(forbidden, now)
        taken = self._taken.add(min(power, drawn) if forbidden else None, now)
        if not forbidden:
            return None
        grid = readings.grid.value if readings.grid is not None and not bought else 0.0
        covered = drawn - power - max(grid, 0.0)
        smooth = self._smooth.add(covered, now)
        patience = (defaults.BATTERY_HOLD_WH - taken) * 3600 / power
        patience = min(
            max(patience, defaults.BATTERY_HOLD - lasted), defaults.BATTERY_STOP - lasted
        )
        if patience > 0 or drawn <= 0:
            reason = Reason(why=Why.BATTERY, data={"watts": power}, until=now + max(patience, 0.0))
            return Aim(intent=Intent.NO_RISE, watts=smooth, reason=reason)
        floors = sum(
            one.state.floor * one.state.excess
            if one.state.running and not caps.ramping(one)
            else one.state.committed
            for one in miners
        )
        # At the floors first; what still discharges the battery then is stopped.
        soft = lasted < defaults.BATTERY_STOP
        ceiling = max(covered, floors) if soft else covered
        reason = Reason(why=Why.BATTERY, data={"watts": power})
        return Aim(intent=Intent.NO_RISE, watts=covered, reason=reason, ceiling=ceiling, soft=soft)

    def _zero_export(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> Aim:
        """Keep the import in a band, and look now and then whether there is more."""
        low, high = settings.band
        drawn = sum(miner.state.drawn or 0.0 for miner in miners)
        middle = (low + high) / 2
        # What a battery gives counts as bought here: it is not what the sun holds back.
        grid = readings.grid.value if readings.grid is not None else 0.0
        taken = grid - balance.battery_part(settings, readings)
        raw = drawn + middle - taken
        smooth = self._smooth.add(raw, now)
        probe = self._probe
        running = any(miner.state.running for miner in miners)
        if probe.ran and not running:
            # There was not even enough for one at its floor: a start is not tried soon.
            probe.paused_until = now + probe.start_pause
            probe.start_pause = min(probe.start_pause * 2, defaults.PROBE_START_BACKOFF_LONGEST)
        probe.ran = running
        data = {"watts": taken, "low": low, "high": high}
        if taken > high:
            # What a step cannot have brought is a cloud, and says nothing of the step.
            own = probe.aim is not None and taken - high <= probe.step * defaults.PROBE_DOING
            if own and drawn > 0 and now - probe.at < defaults.PROBE_HOLD:
                # The probe met the grid: there is nothing more for a while.
                probe.paused_until = now + probe.pause
                probe.pause = min(probe.pause * 2, defaults.PROBE_BACKOFF_LONGEST)
                probe.covered = 0.0
            eager = probe.aim is not None and now - probe.at < defaults.PROBE_SETTLE
            probe.aim, probe.step = None, defaults.PROBE_STEP
            return Aim(
                intent=Intent.FOLLOW,
                watts=min(smooth, drawn),
                reason=Reason(why=Why.NO_SURPLUS, data=data),
                # What the probe itself has brought is taken back at once.
                eager=eager,
            )
        probe.remember(drawn, now)
        if taken >= low:
            probe.aim = None
            return Aim(intent=Intent.HOLD, watts=drawn, reason=Reason(why=Why.BALANCED, data=data))
        if now < probe.paused_until:
            reason = Reason(why=Why.PROBE_PAUSED, data=data, until=probe.paused_until)
            return Aim(intent=Intent.HOLD, watts=drawn, reason=reason)
        most = sum(m.ability.maximum * m.state.excess for m in miners)
        if probe.aim is None or now - probe.at >= defaults.PROBE_SETTLE:
            if probe.aim is not None:
                # The last one was covered in full, so the next may be larger.
                largest = max(defaults.PROBE_STEP_LARGEST, defaults.PROBE_SHARE * most)
                probe.step = min(probe.step * 2, largest)
                probe.pause = defaults.PROBE_BACKOFF
                probe.start_pause = defaults.PROBE_START_BACKOFF
            # A cloud that has passed gives back what was covered before it.
            probe.step = max(probe.step, probe.covered - drawn)
            probe.at = now
            probe.aim = max(drawn + probe.step, smooth)
        least = min((m.state.floor * m.state.excess for m in miners), default=0.0)
        # What is on its way already is not taken back for being slow.
        watts = max(probe.aim, sum(_reached(one) for one in miners)) if running else least
        return Aim(
            intent=Intent.FOLLOW,
            watts=min(watts, most),
            reason=Reason(why=Why.PROBING, data={**data, "aim": watts}),
        )


def _reached(miner: MinerNow) -> float:
    """Return what a miner draws, or will when it has obeyed."""
    state = miner.state
    drawn, ordered = state.drawn or 0.0, state.current * state.excess
    return max(drawn, ordered) if state.running and state.busy else drawn


def _age(measured: Measured | None, now: float, started: float) -> float:
    """Return for how long a value has been silent; from the start if it never spoke."""
    return max(now - (measured.at if measured is not None else started), 0.0)
