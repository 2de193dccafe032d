"""What all miners together are to draw in each mode, and how urgently."""

from collections.abc import Sequence
from dataclasses import replace

from . import balance, caps, defaults
from .aim_model import Aim, Intent
from .lasting import Since
from .price import Prices
from .silence import Silence
from .site_model import MinerNow, Mode, Reason, SiteReadings, SiteSettings, Why
from .zero_export import ZeroExport

_SEVERITY = [Intent.WAIT, Intent.NO_RISE, Intent.HOLD, Intent.FLOOR, Intent.STOP]


class Aims:
    """Turns readings into aims. Remembers what has to last."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._smooth = balance.Smooth()
        self._silence = Silence()
        self._prices = Prices()
        self._drawn = 0.0
        self._drawn_at: float | None = None
        self._battery_is_full = False
        self._battery_is_low = False
        self._soc: float | None = None
        """The last in % that was told, since its sensor may be gone for a while."""
        self._resting = Since()
        self._discharging = Since()
        self._taken = balance.Taken()
        self._zero_export = ZeroExport(self._smooth)

    @property
    def pace(self) -> float | None:
        """The s that mostly pass between two reports of the grid's meter; None if not known."""
        return self._silence.pace

    def aim(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> Aim:
        """Return the aim of this moment."""
        self._silence.listen(readings, now)
        found = self._aim(settings, readings, miners, now)
        if readings.permission is None and found.intent in {Intent.FOLLOW, Intent.BUDGET}:
            reason = Reason(why=Why.PERMISSION_UNKNOWN)
            return replace(found, intent=Intent.NO_RISE, reason=reason)
        return found

    def _aim(  # noqa: PLR0911 - one return per mode
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> Aim:
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
        price = None
        if mode is Mode.SURPLUS_CHEAP:
            price = self._prices.expensive(readings, now)
            if price is None:
                return self._cheap(settings, readings, miners, now)
        if (silent := self._silent(readings, now)) is not None:
            return silent
        if (battery := self._battery(settings, readings, miners, now)) is not None:
            return battery
        if mode is Mode.ZERO_EXPORT:
            return self._zero_export.aim(settings, readings, miners, now)
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
        if self._battery_is_low and self._soc is not None:
            data = {"soc": self._soc, "limit": settings.stop_soc}
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
        again, nor does a sensor that says nothing. One that rests gives nothing, so that
        nobody discharges it.
        """
        if readings.soc is not None:
            self._soc = readings.soc.value
        soc, power = self._soc, readings.battery
        if settings.mode not in {Mode.FIXED, Mode.FULL, Mode.HEAT} and not settings.discharge:
            self._battery_is_low = False
            return
        if soc is None or power is None:
            return
        rests = self._resting.lasts(abs(power.value) <= defaults.BATTERY_NOISE, now)
        if soc < settings.stop_soc and power.value > defaults.BATTERY_NOISE:
            self._battery_is_low = True
        elif (
            soc >= settings.stop_soc + defaults.BATTERY_STOP_HYSTERESIS
            or rests >= defaults.BATTERY_HOLD
        ):
            self._battery_is_low = False

    def _cheap(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> Aim:
        """All that miners can draw from the grid. What is cheap is not the battery's power."""
        for battery in (
            self._silence.battery(readings, now, None),
            self._battery(settings, readings, miners, now, bought=True),
        ):
            if battery is not None:
                return battery
        most = sum(miner.ability.maximum * miner.state.excess for miner in miners)
        return Aim(intent=Intent.BUDGET, watts=most, reason=Reason(why=Why.FULL))

    def _silent(self, readings: SiteReadings, now: float) -> Aim | None:
        """Return the aim while what it is built on is not reported."""
        watts = self._smooth.value
        grid = self._silence.grid(readings, now, watts)
        if grid is not None and grid.intent is Intent.NO_RISE:
            in_time = self._silence.in_time(readings, now)
            grid = replace(grid, intent=Intent.WAIT) if in_time else grid
        battery = self._silence.battery(readings, now, watts)
        sign = self._silence.sign(readings, now)
        found = [aim for aim in (grid, sign, battery) if aim is not None]
        return max(found, key=lambda aim: _SEVERITY.index(aim.intent), default=None)

    def _follow(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
        price: Reason | None,
    ) -> Aim:
        if readings.grid is not None and readings.grid.at != self._drawn_at:
            # What has changed since the meter has reported is not in what it said.
            self._drawn_at = readings.grid.at
            self._drawn = sum(miner.state.drawn or 0.0 for miner in miners)
        raw = balance.surplus(settings, readings, self._drawn) or 0.0
        smooth = self._smooth.add(raw, now)
        reason = price or Reason(why=Why.NO_SURPLUS, data={"watts": smooth})
        eager = self._prices.dear(now)
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
