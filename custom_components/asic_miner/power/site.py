"""The controller of a site: what each miner is to draw, from sun, battery, price and heat.

Its owner calls `plan` about every TICK seconds, hands the plan to the guards (`Plan.apply`)
and shows what it says. Only the newest plan counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..miners.models import JsonValue
from . import balance, caps, defaults
from .aim import Aims
from .aim_model import Aim, Intent
from .budget import Member
from .choice import Chooser
from .clock import Clock
from .learning import number
from .limits import Limits
from .model import Source, Wait
from .policy import Policy
from .sign import Sign
from .site_model import (
    Energy,
    MinerNow,
    Plan,
    Reason,
    SiteMiner,
    SiteReadings,
    SiteSettings,
    Why,
)

MANUAL_SECONDS = 3600.0
"""Own: what a person has ordered at a miner itself, off apart, is left alone for an hour."""

_STUCK = {
    Wait.BELOW_FLOOR,
    Wait.FAULT,
    Wait.LIMIT,
    Wait.MINIMUM_OFF,
    Wait.REFUSED,
    Wait.STARTS_SPENT,
    Wait.START_ABOVE_LIMIT,
    Wait.UNCONFIRMED,
}
"""Reasons for which a miner that was to start does not."""


class SiteController:
    """Plans for all miners of one site."""

    def __init__(self, settings: SiteSettings, stored: JsonValue = None) -> None:
        """Begin with what `to_json` once gave. Running miners are adopted as they are."""
        known = stored if isinstance(stored, dict) else {}
        self.settings = settings
        self.energy = Energy(
            solar=number(known.get("solar")) or 0.0,
            grid=number(known.get("grid")) or 0.0,
            battery=number(known.get("battery")) or 0.0,
        )
        self.sign = Sign(known.get("sign"))
        self._places = {miner.key: miner for miner in settings.miners}
        self._aims = Aims()
        self._limits = Limits()
        self._chooser = Chooser()
        self._clock = Clock()
        self._allocated: dict[str, float] = {}
        self._planned_at: float | None = None

    def configure(self, settings: SiteSettings) -> None:
        """Take over other settings, such as another mode. Miners go on as they are."""
        if settings.mode is not self.settings.mode:
            self._aims = Aims()
            self._chooser = Chooser()
        self.settings = settings
        self._places = {miner.key: miner for miner in settings.miners}

    @property
    def pace(self) -> float | None:
        """The s that mostly pass between two reports of the grid's meter; None if not known."""
        return self._aims.pace

    def to_json(self) -> dict[str, JsonValue]:
        """Return what is worth keeping over a restart: energy, and doubts in the meter."""
        energy = self.energy
        return {
            "solar": energy.solar,
            "grid": energy.grid,
            "battery": energy.battery,
            "sign": self.sign.to_json(),
        }

    def plan(self, now: float, readings: SiteReadings, miners: Sequence[MinerNow]) -> Plan:
        """Decide. `miners` are all of the settings that are known now."""
        if self._clock.jumped(readings, now):
            # What has lasted for so long by the clock has not.
            self._aims, self._chooser = Aims(), Chooser()
            self._limits.jumped(now)
            self.sign.jumped(now)
        readings = self._clock.mend(readings)
        self.sign.listen(readings.grid, miners, now)
        readings = replace(readings, doubted=self.sign.doubted_since)
        mine = [miner for miner in miners if _ours(miner, now)]
        withdrawn = self._adopt(miners, mine)
        drawn = sum(_drawn(miner) for miner in mine)
        self._count(now, readings, sum(_drawn(miner) for miner in miners))
        aim = self._aims.aim(self.settings, readings, mine, now)
        ranks = self._ranks(mine, miners)
        found = self._limits.bounds(self.settings, readings, miners, now)
        committed = {miner.key: miner.state.committed for miner in miners}
        change = self._chooser.choose(
            now=now,
            aim=aim,
            miners=mine,
            allocated=self._allocated,
            ranks=ranks,
            policy=self.settings.policy,
            rooms={miner.key: self._room(found, miner, mine, committed) for miner in mine},
            ride_through=self.settings.ride_through,
            together={miner.key: _together(found, miner) for miner in mine},
        )
        self._allocated.update(change.orders)
        wanted = self._wanted(miners, mine)
        if aim.intent is Intent.STOP_NOW:
            wanted = {}
        limits = caps.caps(found, miners, wanted, ranks)
        reason = change.reason
        if reason.why is Why.NO_MINERS:
            reason = _nobody(readings, miners, now)
        if limits.breached is not None:
            reason = Reason(why=limits.breached.why, data=limits.breached.data)
        elif reason.why is Why.CIRCUIT and reason.miner is not None:
            tight = [bound for bound in found if reason.miner in bound.parts]
            least = min(tight, key=lambda bound: caps.headroom(bound, committed, rise=True))
            reason = replace(reason, why=least.why, data=least.data)
            if least.away is not None and not least.data:
                reason = Reason(why=Why.MINER_AWAY, miner=least.away)
        elif reason.why is Why.FULL and (blind := next((one for one in found if one.data), None)):
            reason = Reason(why=blind.why, data=blind.data)
        given = dict(limits.watts)
        if aim.intent is Intent.STOP_NOW:
            # What must stop also stops a boost, and what a thermostat heats with.
            must = readings.must_stop
            stopped = (miner.key for miner in miners if miner.controlled or must)
            given |= dict.fromkeys(stopped, 0.0)
        elif aim.ceiling is not None:
            given |= self._under(aim, mine, ranks, given)
        return Plan(
            orders={**withdrawn, **change.orders},
            limits=given,
            allocated={miner.key: self._allocated.get(miner.key, 0.0) for miner in mine},
            budget=aim.watts,
            surplus=balance.surplus(self.settings, readings, drawn),
            headroom={bound.key: caps.headroom(bound, committed) for bound in found},
            energy=self.energy,
            reason=reason,
        )

    def _adopt(self, miners: Sequence[MinerNow], mine: Sequence[MinerNow]) -> Mapping[str, float]:
        """Begin with what a miner does when it is seen first or is handed back.

        Returns the orders that are withdrawn because they cannot be obeyed: they would be
        obeyed later, when nobody wants them any more.
        """
        keys = {miner.key for miner in mine}
        for miner in miners:
            if miner.key not in keys:
                self._allocated.pop(miner.key, None)
        withdrawn = {
            miner.key: 0.0
            for miner in miners
            if miner.controlled and miner.state.stays_off and _ordered(miner)
        }
        for miner in mine:
            state = miner.state
            ordered = _ordered(miner)
            if ordered is None:
                self._allocated[miner.key] = state.current
            elif miner.key not in self._allocated:
                self._allocated[miner.key] = ordered
            elif self._allocated[miner.key] > 0 and not state.running and state.wait in _STUCK:
                self._allocated[miner.key] = withdrawn[miner.key] = 0.0
        return withdrawn

    def _count(self, now: float, readings: SiteReadings, drawn: float) -> None:
        before, self._planned_at = self._planned_at, now
        passed = now - before if before is not None else 0.0
        # What nobody has looked at for minutes is not made up.
        fresh = readings.grid is not None and now - readings.grid.at <= defaults.METER_HOLD
        if fresh and 0 < passed <= defaults.METER_HOLD:
            self.energy = balance.split(self.energy, readings, drawn, passed)

    def _ranks(self, mine: Sequence[MinerNow], miners: Sequence[MinerNow]) -> dict[str, float]:
        """Return the order in which miners are served, lowest first; strangers come last."""
        members = [_member(miner, self._places.get(miner.key)) for miner in mine]

        def key(member: Member) -> tuple[float, float, str]:
            joules = member.efficiency if member.efficiency is not None else float("inf")
            if self.settings.policy is Policy.EFFICIENT:
                # What runs counts as better, so that two that are equal do not change places.
                return (joules * (0.97 if member.running else 1.0), member.priority, member.key)
            return (member.priority, 0.0, member.key)

        ordered = [member.key for member in sorted(members, key=key)]
        ranks = {name: float(place) for place, name in enumerate(ordered)}
        for miner in miners:
            # A person's order at the miner itself comes first, others' wishes last.
            ranks.setdefault(miner.key, -1.0 if miner.controlled else float(len(miners)))
        return ranks

    def _wanted(self, miners: Sequence[MinerNow], mine: Sequence[MinerNow]) -> dict[str, float]:
        """Return what each would draw at most with what is wished of it."""
        wanted: dict[str, float] = {}
        ours = {miner.key for miner in mine}
        for miner in miners:
            state = miner.state
            if state.stays_off and not state.running:
                continue
            watts = self._allocated.get(miner.key, 0.0) if miner.key in ours else None
            if watts is None:
                watts = min(state.wish.watts, miner.ability.maximum) if state.wish else 0.0
            if watts <= 0:
                continue
            if not state.running and miner.ability.starts_at_full:
                watts = max(watts, miner.ability.maximum)
            elif not state.running:
                watts = max(watts, state.start_watts / state.excess)
            wanted[miner.key] = watts * state.excess
        return wanted

    def _room(
        self,
        found: Sequence[caps.Bound],
        miner: MinerNow,
        mine: Sequence[MinerNow],
        committed: Mapping[str, float],
    ) -> float:
        """Return by how many W a miner may rise when all have what they were given."""
        taken = dict(committed)
        for other in mine:
            if other.key != miner.key:
                given = self._allocated.get(other.key, 0.0) * other.state.excess
                taken[other.key] = max(taken[other.key], given)
        return min(
            (
                caps.headroom(bound, taken, rise=True) / bound.parts[miner.key]
                for bound in found
                if miner.key in bound.parts
            ),
            default=float("inf"),
        )

    def _under(
        self,
        aim: Aim,
        mine: Sequence[MinerNow],
        ranks: Mapping[str, float],
        limits: Mapping[str, float | None],
    ) -> dict[str, float | None]:
        """Return limits by which all miners together are below a ceiling at once."""
        bound = caps.Bound(
            key="",
            parts={miner.key: 1.0 for miner in mine},
            limit=max(aim.ceiling or 0.0, 0.0),
            why=aim.reason.why,
        )
        watts = caps.caps([bound], mine, {}, ranks).watts
        tight: dict[str, float | None] = {}
        for miner in mine:
            value, other = watts[miner.key], limits.get(miner.key)
            state = miner.state
            if aim.soft and value is not None and 0 < state.current * state.excess <= value:
                value = max(value, state.committed)
            tight[miner.key] = value if other is None or value is None else min(value, other)
        return tight


def _ours(miner: MinerNow, now: float) -> bool:
    """Tell whether a miner is to be commanded: not one that is silent or a person's own."""
    silent = miner.state.wait is Wait.NO_READING
    personal = miner.state.stays_off or _manual(miner, now)
    return miner.controlled and not silent and not personal


def _nobody(readings: SiteReadings, miners: Sequence[MinerNow], now: float) -> Reason:
    """Return why there is no miner to command."""
    off = (miner.key for miner in miners if miner.controlled and miner.state.stays_off)
    if (key := next(off, None)) is not None:
        return Reason(why=Why.STAYS_OFF, miner=key)
    silent = any(miner.state.wait is Wait.NO_READING for miner in miners)
    if readings.loads or silent or not miners:
        return Reason(why=Why.NO_MINERS)
    own = [one.state.personal for one in miners if one.controlled and _manual(one, now)]
    ends = [personal.at + MANUAL_SECONDS for personal in own if personal is not None]
    return Reason(why=Why.LEFT_ALONE, until=min(ends, default=None))


def _ordered(miner: MinerNow) -> float | None:
    """Return the W that a controller has ordered last; None if somebody else has since."""
    wish = miner.state.wish
    return wish.watts if wish is not None and wish.source is Source.SITE else None


def _manual(miner: MinerNow, now: float) -> bool:
    """Tell whether a person has ordered something at the miner itself a short while ago."""
    personal = miner.state.personal
    return personal is not None and now - MANUAL_SECONDS < personal.at <= now


def _together(found: Sequence[caps.Bound], miner: MinerNow) -> frozenset[str]:
    """Return who shares the only limit of a miner; nobody where it has none or several."""
    tight = [bound for bound in found if miner.key in bound.parts]
    return frozenset(tight[0].parts) if len(tight) == 1 else frozenset()


def _drawn(miner: MinerNow) -> float:
    """Return what a miner draws; what it was ordered where it does not say."""
    return miner.state.drawn if miner.state.drawn is not None else miner.state.current


def _member(miner: MinerNow, place: SiteMiner | None) -> Member:
    return Member.of(
        miner.key,
        miner.ability,
        miner.state,
        priority=place.priority if place is not None else 1,
        efficiency=miner.efficiency,
    )
