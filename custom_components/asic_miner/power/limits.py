"""The hard limits of a site at each moment, from what their meters say or have said last.

A limit whose meter is silent is one mechanism, whatever it limits: nobody behind it may rise, then
all go to their floors, then they stop. A meter that has never spoken is silent from the beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
import math
from typing import Final

from ..miners.lean import dataclass
from . import defaults
from .aim_model import Intent
from .caps import Bound, hears, ramping
from .clock import AGED
from .model import Measured
from .silence import intent_after
from .site_model import Circuit, MinerNow, SiteReadings, SiteSettings, Why

GRID: Final = "grid"
PHASE: Final = "phase"

type _Silence = tuple[Why, Why, Why]
"""The reasons while a meter is silent: nobody rises, all at their floors, all off."""
_GRID_SILENCE: Final = (Why.METER_HOLD, Why.METER_FLOOR, Why.METER_PAUSE)
_SIGN: Final = (Why.METER_SIGN,) * 3
_OWN_SILENCE: Final = (Why.LIMIT_METER_HOLD, Why.LIMIT_METER_FLOOR, Why.LIMIT_METER_PAUSE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What the meter of a limit has shown last."""

    at: float
    value: float
    """W of all that it sees."""
    drawn: Mapping[str, float]
    """W that each miner drew then, or counted with."""
    most: Mapping[str, float]
    """W that each may have drawn when it was first looked at."""
    least: Mapping[str, float]
    """W that each is known to have drawn then; nothing of one that was silent."""

    def unsure(self, parts: Mapping[str, float]) -> float:
        """Return the W of `parts` of which nobody knows whether the meter has seen them."""
        return sum((self.drawn.get(k, 0.0) - self.least.get(k, 0.0)) * parts[k] for k in parts)

    def others(self, parts: Mapping[str, float], least: float) -> float:
        """Return the W of all that is not one of the miners of `parts`, `least` at least."""
        known = sum(self.drawn.get(key, 0.0) * part for key, part in parts.items())
        return max(self.value - known, least)


class Limits:
    """Turns what meters say into bounds. Remembers what they have said last."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._seen: dict[str, _Seen] = {}
        self._shown: dict[str, float] = {}
        """W that each miner was read to draw at the last look."""
        self._unseen: dict[str, float] = {}
        """Since when a miner is not there to be looked at."""
        self._started_at = math.inf

    def jumped(self, now: float) -> None:
        """Take that the clock was set, so that nobody knows for how long a meter is silent."""
        self._started_at = now
        aged = now - AGED
        self._seen = {key: replace(seen, at=aged) for key, seen in self._seen.items()}
        self._unseen = dict.fromkeys(self._unseen, now)

    def bounds(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> list[Bound]:
        """Return all limits that hold now."""
        self._started_at = min(self._started_at, now)
        unseen = self._not_seen(readings, now)
        found = [self._circuit(circuit, readings, miners, now) for circuit in settings.circuits]
        everyone = dict.fromkeys((miner.key for miner in miners), 1.0)
        if settings.import_limit is not None:
            bound = Bound(
                key=GRID, parts=everyone, limit=settings.import_limit, why=Why.IMPORT_LIMIT
            )
            grid, silence = readings.grid, _GRID_SILENCE
            if readings.doubted is not None:
                # The wrong way round, it would show room where there is none.
                grid, silence = Measured(value=0.0, at=readings.doubted - AGED), _SIGN
            bound = self._measured(bound, grid, miners, now, silence)
            found.append(_kept_for(unseen, dict.fromkeys(unseen, 1.0), bound))
        if settings.phase_limit is not None:
            places = {miner.key: miner.phase for miner in settings.miners}
            for number in defaults.PHASES:
                on_it = {
                    key: 1.0 if places.get(key) == number else 1 / len(defaults.PHASES)
                    for key in everyone.keys() | unseen.keys()
                    if places.get(key) in {number, None}
                }
                bound = Bound(
                    key=f"{PHASE}_{number}",
                    parts={key: part for key, part in on_it.items() if key in everyone},
                    limit=settings.phase_limit,
                    why=Why.IMPORT_LIMIT,
                )
                measured = readings.phases.get(number)
                bound = self._measured(bound, measured, miners, now, _OWN_SILENCE)
                found.append(_kept_for(unseen, on_it, bound))
        self._shown = {miner.key: miner.state.drawn or 0.0 for miner in miners}
        most = {miner.key: miner.ability.maximum * miner.state.excess for miner in miners}
        return [
            replace(
                bound,
                largest=max(most[key] * part for key, part in bound.parts.items()),
                away=bound.away or min(bound.lost, default=None),
            )
            for bound in found
            if bound.parts
        ]

    def _not_seen(self, readings: SiteReadings, now: float) -> Mapping[str, float]:
        """Return the W that each may draw of whom nothing is known now, and was until lately.

        What it was about to draw when it was seen last, its meters show by and by.
        """
        gone = {load.key: load.most for load in readings.loads if load.drawn <= 0}
        self._unseen = {key: min(self._unseen.get(key, now), now) for key in gone}
        late = now - defaults.METER_PAUSE
        return {key: most for key, most in gone.items() if self._unseen[key] >= late}

    def _circuit(
        self, circuit: Circuit, readings: SiteReadings, miners: Sequence[MinerNow], now: float
    ) -> Bound:
        parts = {miner.key: 1.0 for miner in miners if miner.key in circuit.members}
        bound = Bound(key=circuit.key, parts=parts, limit=circuit.limit, why=Why.CIRCUIT)
        loads = [load for load in readings.loads if load.key in circuit.members]
        drawn = sum(load.drawn for load in loads)
        if circuit.metered:
            measured = readings.circuits.get(circuit.key)
            # Nothing on a circuit gives power, so less than miners say is an error of measuring.
            bound = self._measured(bound, measured, miners, now, _OWN_SILENCE, least=drawn)
            seen = self._seen.get(circuit.key)
            drawn = seen.others(parts, drawn) if seen else drawn
        else:
            limit = max(circuit.limit - drawn, 0.0)
            bound = replace(bound, limit=limit, lost=_lost(parts, miners))
        most = max(loads, key=lambda load: load.most - load.drawn, default=None)
        # What is measured of a circuit is also what they draw there.
        kept = max(sum(load.most for load in loads) - drawn, 0.0)
        away = most.key if most and kept > 0 else None
        return replace(bound, kept=bound.kept + kept, away=away)

    def _measured(
        self,
        bound: Bound,
        measured: Measured | None,
        miners: Sequence[MinerNow],
        now: float,
        silence: _Silence,
        *,
        least: float = -math.inf,
    ) -> Bound:
        """Return what is left for miners of a limit on all that a meter sees."""
        if measured is not None:
            self._look(bound.key, measured, miners, now)
        lost = _lost(bound.parts, miners)
        there = {key: part for key, part in bound.parts.items() if key not in lost}
        seen = self._seen.get(bound.key)
        limit = share = bound.limit
        if seen:
            limit = max(bound.limit - seen.others(bound.parts, least), 0.0)
            # What those that are lost draw is told by the meter alone.
            share = max(bound.limit - seen.others(there, least), 0.0)
        kept = seen.unsure(bound.parts) if seen else 0.0
        bound = replace(bound, limit=limit, share=share, lost=lost, kept=kept)
        silent = now - (seen.at if seen else self._started_at)
        hold, floor, pause = silence
        match intent_after(silent):
            case Intent.STOP:
                why, watts = pause, {one.key: 0.0 for one in miners}
            case Intent.FLOOR:
                why, watts = floor, {one.key: _lowest(one) for one in miners}
            case intent:
                if seen and intent is not Intent.HOLD:
                    # What was measured so short a while ago still tells what is left.
                    return bound
                why, watts = hold, {one.key: one.state.committed for one in miners}
        return replace(
            bound,
            limit=min(limit, _sum(bound.parts, watts)),
            share=min(share, _sum(there, watts)),
            why=why,
            data={"seconds": silent},
        )

    def _look(self, key: str, measured: Measured, miners: Sequence[MinerNow], now: float) -> None:
        """Take note of what else is drawn.

        A miner is read a moment sooner or later than the meter. What it does after that, as what
        it is told to do after the first look, is not in what the meter has shown, and so nothing
        that others have given back. What one did not draw at the look before or does not at one
        after the report, or does not tell, the meter need not have seen.
        """
        seen = self._seen.get(key)
        again = seen is not None and seen.at == measured.at
        if again and now - measured.at > defaults.METER_NO_INCREASE:
            return
        most = {one.key: one.state.committed for one in miners}
        before: Mapping[str, float] = self._shown
        if seen is not None and again:
            most |= seen.most
            before = seen.least
        drawn = {one.key: min(_may_have_drawn(one), most[one.key]) for one in miners}
        shown = {one.key: one.state.drawn or 0.0 for one in miners}
        self._seen[key] = _Seen(
            at=measured.at,
            value=measured.value,
            drawn=drawn,
            most=most,
            least={key: min(drawn[key], w, before.get(key, w)) for key, w in shown.items()},
        )


def _kept_for(unseen: Mapping[str, float], parts: Mapping[str, float], bound: Bound) -> Bound:
    """Return a limit into whose room for those who are not seen nobody may rise."""
    watts = {key: most * parts[key] for key, most in unseen.items() if key in parts}
    away = max(watts, key=lambda key: watts[key], default=None)
    return replace(bound, kept=bound.kept + sum(watts.values()), away=away)


def _lost(parts: Mapping[str, float], miners: Sequence[MinerNow]) -> frozenset[str]:
    """Return those of `parts` that have been silent for longer than METER_PAUSE."""
    return frozenset(
        one.key for one in miners if one.key in parts and one.state.silent > defaults.METER_PAUSE
    )


def _sum(parts: Mapping[str, float], watts: Mapping[str, float]) -> float:
    return sum(watts[key] * part for key, part in parts.items())


def _may_have_drawn(miner: MinerNow) -> float:
    """Return the W that a miner draws; of one that is silent what it counts with."""
    state = miner.state
    if state.drawn is None and state.silent > defaults.READING_FRESH:
        return state.committed
    return state.drawn or 0.0


def _lowest(miner: MinerNow) -> float:
    """Return the W to which a miner can be lowered without being stopped."""
    state = miner.state
    lower = hears(miner) and not ramping(miner) and state.current > state.floor
    if not state.running or not lower:
        return state.committed
    return min(state.floor * state.excess, state.committed)
