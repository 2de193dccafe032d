"""Hard limits: how many watts each miner may draw so that no circuit carries too much.

A miner counts with the most that it may draw until its next command, so that ramps are
covered too. The caps of the miners on one circuit never add up to more than its limit:
a miner may only rise into what has been given to it before, whoever wishes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import math

from . import defaults
from .model import Measured, Path, Wait
from .site_model import Circuit, MinerNow, SiteReadings, SiteSettings

GRID = "grid"
PHASE = "phase"
_SOON = 1.0
"""W below which nothing is left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """One limit that holds for the sum of some miners at this moment."""

    key: str
    parts: Mapping[str, float]
    """For each miner how much of its draw counts: 1, or a third on one of three phases."""
    limit: float
    """W."""
    largest: float = math.inf
    """W of it that one miner can take at most."""

    @property
    def rise(self) -> float:
        """W up to which miners are raised: the limit less the noise of their readings."""
        fewest = max(math.ceil(self.limit / self.largest), 1)
        return self.limit * (1 - defaults.RISE_NOISE / math.sqrt(fewest))


def bounds(
    settings: SiteSettings, readings: SiteReadings, miners: Sequence[MinerNow], now: float
) -> list[Bound]:
    """Return all limits that hold now."""
    known = {miner.key for miner in miners}
    found = [
        Bound(
            key=circuit.key,
            parts=dict.fromkeys(circuit.members & known, 1.0),
            limit=max(circuit.limit - _others(circuit, readings, miners, now), 0.0),
        )
        for circuit in settings.circuits
    ]
    everyone = dict.fromkeys(known, 1.0)
    if settings.import_limit is not None:
        if _recent(readings.grid, now):
            found.append(_bound(GRID, everyone, settings.import_limit, readings.grid, miners))
        else:
            # Nobody knows what is drawn from the grid, so nobody may draw more.
            committed = sum(one.state.committed for one in miners)
            found.append(Bound(key=GRID, parts=everyone, limit=committed))
    if settings.phase_limit is not None:
        places = {miner.key: miner.phase for miner in settings.miners}
        for number, phase in enumerate(readings.phases, 1):
            if _recent(phase, now):
                parts = {
                    key: 1.0 if places.get(key) == number else 1 / len(readings.phases)
                    for key in known
                    if places.get(key) in {number, None}
                }
                key = f"{PHASE}_{number}"
                found.append(_bound(key, parts, settings.phase_limit, phase, miners))
    most = {miner.key: miner.ability.maximum * miner.state.excess for miner in miners}
    return [
        replace(bound, largest=max(most[key] * part for key, part in bound.parts.items()))
        for bound in found
        if bound.parts
    ]


def _recent(measured: Measured | None, now: float) -> bool:
    return measured is not None and now - measured.at <= defaults.METER_HOLD


def _bound(
    key: str,
    parts: Mapping[str, float],
    limit: float,
    measured: Measured | None,
    miners: Sequence[MinerNow],
) -> Bound:
    """Return what is left for miners of a limit on what the meter sees."""
    drawn = sum((one.state.drawn or 0.0) * parts.get(one.key, 0.0) for one in miners)
    seen = measured.value if measured is not None else 0.0
    return Bound(key=key, parts=parts, limit=max(limit - seen + drawn, 0.0))


def _others(
    circuit: Circuit, readings: SiteReadings, miners: Sequence[MinerNow], now: float
) -> float:
    """Return what else draws from a circuit, where it is measured as a whole."""
    measured = readings.circuits.get(circuit.key)
    if measured is None or not _recent(measured, now):
        return 0.0
    ours = sum(one.state.drawn or 0.0 for one in miners if one.key in circuit.members)
    return max(measured.value - ours, 0.0)


def headroom(bound: Bound, committed: Mapping[str, float], *, rise: bool = False) -> float:
    """Return the W that are left of a limit; below 0 it is exceeded.

    With `rise` what is left for those who want more, who keep away from it a little.
    """
    limit = bound.rise if rise else bound.limit
    return limit - sum(committed[key] * part for key, part in bound.parts.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """The caps of all miners, None where nothing limits one."""

    watts: Mapping[str, float | None]
    breached: str | None
    """The limit that is exceeded and for which miners are lowered now."""


def caps(
    found: Sequence[Bound],
    miners: Sequence[MinerNow],
    wanted: Mapping[str, float],
    ranks: Mapping[str, float],
) -> Caps:
    """Give each miner what it may draw already, then what is left to who wants more.

    `wanted` is what miners would draw with what is wished of them. Where too much may be
    drawn, the largest that stays above its floor gives way, else the one that is served
    last stops.
    """
    given = {miner.key: miner.state.committed for miner in miners}
    breached = None
    for bound in found:
        if headroom(bound, given) < -_SOON:
            breached = breached or bound.key
            _relieve(bound, given, miners, ranks)
    for miner in sorted(miners, key=lambda one: ranks[one.key]):
        rise = wanted.get(miner.key, 0.0) - given[miner.key]
        room = min(
            (
                headroom(bound, given, rise=True) / bound.parts[miner.key]
                for bound in found
                if miner.key in bound.parts
            ),
            default=rise,
        )
        if rise > 0 and room > 0:
            given[miner.key] += min(rise, room)
    limited = {key for bound in found for key in bound.parts}
    return Caps(
        watts={miner.key: given[miner.key] if miner.key in limited else None for miner in miners},
        breached=breached,
    )


def ramping(miner: MinerNow) -> bool:
    """Tell whether a miner is on its way up and cannot be lowered."""
    rising = miner.state.blocked_up in {Wait.RAMPING, Wait.RESTARTING}
    return rising and miner.ability.path is not Path.POWER_TARGET


def _relieve(
    bound: Bound, given: dict[str, float], miners: Sequence[MinerNow], ranks: Mapping[str, float]
) -> None:
    """Lower what is given until the limit holds, or nothing is left."""
    members = [miner for miner in miners if miner.key in bound.parts]
    # One that ramps cannot be lowered, only stopped, so it comes last.
    for miner in sorted(members, key=lambda one: (ramping(one), -given[one.key])):
        over = -headroom(bound, given) / bound.parts[miner.key]
        if over <= _SOON:
            return
        floor = miner.state.floor * miner.state.excess
        if given[miner.key] > floor:
            given[miner.key] = max(given[miner.key] - over, floor)
    for miner in sorted(members, key=lambda one: -ranks[one.key]):
        if headroom(bound, given) >= -_SOON:
            return
        given[miner.key] = 0.0
