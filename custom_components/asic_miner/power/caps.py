"""Hard limits: how many watts each miner may draw so that no circuit carries too much.

A miner counts with the most that it may draw until its next command, so that ramps are
covered too. The caps of the miners on one circuit never add up to more than its limit:
a miner may only rise into what has been given to it before, whoever wishes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
import math

from ..miners.lean import dataclass
from .model import Path, Wait
from .noise import raised_to
from .site_model import MinerNow, Why

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
    why: Why = Why.CIRCUIT
    """The reason that is given for it."""
    data: Mapping[str, float] = field(default_factory=dict)
    """Numbers for the text of `why`; there are some while its meter is silent."""
    largest: float = math.inf
    """W of it that one miner can take at most."""
    kept: float = 0.0
    """W of it into which nobody may rise: miners that are not there may be drawing it."""
    lost: frozenset[str] = frozenset()
    """Those of `parts` that have been silent for long. Nobody rises into what they may draw;
    who is there is lowered only for what a meter shows, not for what they may draw."""
    share: float = math.inf
    """W of `limit` that those of `parts` who are not lost may draw; inf where no meter tells
    what the lost draw."""
    away: str | None = None
    """The miner for which most is kept."""

    @property
    def rise(self) -> float:
        """W up to which miners are raised."""
        return raised_to(self.limit, self.largest)


def headroom(bound: Bound, committed: Mapping[str, float], *, rise: bool = False) -> float:
    """Return the W that are left of a limit; below 0 it is exceeded.

    With `rise` what is left for those who want more, who keep away from it a little.
    """
    limit = (bound.rise if rise else bound.limit) - bound.kept
    return limit - sum(committed[key] * part for key, part in bound.parts.items())


def _spare(bound: Bound, given: Mapping[str, float]) -> float:
    """Return the W that are left of a limit by those that are known to draw."""
    return min(bound.limit, bound.share) - sum(
        given[key] * part for key, part in bound.parts.items() if key not in bound.lost
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """The caps of all miners, None where nothing limits one."""

    watts: Mapping[str, float | None]
    breached: Bound | None
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
    last stops; one that cannot hear it only when all others have.
    """
    given = {miner.key: miner.state.committed for miner in miners}
    breached: Bound | None = None
    for bound in found:
        if _spare(bound, given) < -_SOON:
            breached = breached or bound
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
    for bound in found:
        # Who comes back may be commanded before anybody looks again, and gets what is left.
        for key in bound.lost & bound.parts.keys():
            left = bound.limit - sum(
                given[other] * part for other, part in bound.parts.items() if other != key
            )
            given[key] = min(given[key], max(left / bound.parts[key], 0.0))
    limited = {key for bound in found for key in bound.parts}
    return Caps(
        watts={miner.key: given[miner.key] if miner.key in limited else None for miner in miners},
        breached=breached,
    )


def hears(miner: MinerNow) -> bool:
    """Tell whether a miner answers, so that it can be commanded."""
    return miner.state.blocked_up is not Wait.NO_READING


def ramping(miner: MinerNow) -> bool:
    """Tell whether a miner is on its way up and cannot be lowered."""
    rising = miner.state.blocked_up in {Wait.RAMPING, Wait.RESTARTING}
    return rising and miner.ability.path is not Path.POWER_TARGET


def _relieve(
    bound: Bound, given: dict[str, float], miners: Sequence[MinerNow], ranks: Mapping[str, float]
) -> None:
    """Lower what is given until the limit holds, or nothing is left."""
    there = [one for one in miners if one.key in bound.parts and one.key not in bound.lost]
    for heard in (True, False):
        members = [one for one in there if hears(one) is heard]
        # One that ramps cannot be lowered, only stopped, so it comes last.
        for miner in sorted(members, key=lambda one: (ramping(one), -given[one.key])):
            over = -_spare(bound, given) / bound.parts[miner.key]
            if over <= _SOON:
                return
            floor = miner.state.floor * miner.state.excess
            if given[miner.key] > floor:
                given[miner.key] = max(given[miner.key] - over, floor)
        for miner in sorted(members, key=lambda one: -ranks[one.key]):
            if _spare(bound, given) >= -_SOON:
                return
            given[miner.key] = 0.0
