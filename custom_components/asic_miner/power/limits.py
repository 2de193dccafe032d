"""The hard limits of a site at each moment, from what their meters say or have said last.

A limit whose meter is silent is one mechanism, whatever it limits: nobody behind it may rise, then
all go to their floors, then they stop. A meter that has never spoken is silent from the beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import math
from typing import Final

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

    def others(self, parts: Mapping[str, float], least: float) -> float:
        """Return the W of all that is not one of the miners of `parts`, `least` at least."""
        known = sum(self.drawn.get(key, 0.0) * part for key, part in parts.items())
        return max(self.value - known, least)


class Limits:
    """Turns what meters say into bounds. Remembers what they have said last."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._seen: dict[str, _Seen] = {}
        self._started_at = math.inf

    def jumped(self, now: float) -> None:
        """Take that the clock was set, so that nobody knows for how long a meter is silent."""
        self._started_at = now
        aged = now - AGED
        self._seen = {key: replace(seen, at=aged) for key, seen in self._seen.items()}

    def bounds(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> list[Bound]:
        """Return all limits that hold now."""
        self._started_at = min(self._started_at, now)
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
            found.append(self._measured(bound, grid, miners, now, silence))
        if settings.phase_limit is not None:
            places = {miner.key: miner.phase for miner in settings.miners}
            for number in defaults.PHASES:
                parts = {
                    key: 1.0 if places.get(key) == number else 1 / len(defaults.PHASES)
                    for key in everyone
                    if places.get(key) in {number, None}
                }
                bound = Bound(
                    key=f"{PHASE}_{number}",
                    parts=parts,
                    limit=settings.phase_limit,
                    why=Why.IMPORT_LIMIT,
                )
                measured = readings.phases.get(number)
                found.append(self._measured(bound, measured, miners, now, _OWN_SILENCE))
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
        return replace(bound, kept=kept, away=most.key if most and kept > 0 else None)

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
        bound = replace(bound, limit=limit, share=share, lost=lost)
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
        that others have given back.
        """
        seen = self._seen.get(key)
        if seen is None or seen.at != measured.at or now - seen.at <= defaults.METER_NO_INCREASE:
            most = {one.key: one.state.committed for one in miners}
            if seen is not None and seen.at == measured.at:
                most |= seen.most
            self._seen[key] = _Seen(
                at=measured.at,
                value=measured.value,
                drawn={one.key: min(_drawn(one), most[one.key]) for one in miners},
                most=most,
            )


def _lost(parts: Mapping[str, float], miners: Sequence[MinerNow]) -> frozenset[str]:
    """Return those of `parts` that have been silent for longer than METER_PAUSE."""
    return frozenset(
        one.key for one in miners if one.key in parts and one.state.silent > defaults.METER_PAUSE
    )


def _sum(parts: Mapping[str, float], watts: Mapping[str, float]) -> float:
    return sum(watts[key] * part for key, part in parts.items())


def _drawn(miner: MinerNow) -> float:
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
