"""What a device's replies say of what it is doing. Pure."""

from ..models import Fault, MinerState, Pool
from .readings import NOTHING, Live, hashrate

_LONGEST_RAMP = 45 * 60
"""Seconds. A ramp takes about twenty minutes; more than twice that is a miner that never
calls itself stable, and waiting for it would never end. Nor would it for one that does not tell
how long it has been mining, so that one is past it from the beginning. Past it a miner counts as
mining and its draw as settled: no ramp raises it any more."""
_RAMP_SECONDS = 30 * 60
"""A start takes up to 20 minutes; half as much again before silence of chips is a fault."""


def miner_state(
    live: Live, faults: tuple[Fault, ...] | None, known: tuple[Pool, ...] | None
) -> MinerState:
    """Return what the miner is doing."""
    wanted = live.mining_wanted
    if wanted is False:
        return MinerState.STOPPED
    if live.summary is None:
        if not live.process_away:
            return MinerState.UNKNOWN
        return MinerState.RESTARTING if wanted else MinerState.STOPPED
    if wanted is None:
        return MinerState.UNKNOWN
    if not hashrate(live.summary):
        return _state_without_hashrate(live, faults, known)
    # One that never calls itself stable is at work all the same, and what is wrong with it
    # shall not be taken for a part of its start.
    return MinerState.STARTING if on_its_way(live) else MinerState.MINING


def _state_without_hashrate(
    live: Live, faults: tuple[Fault, ...] | None, known: tuple[Pool, ...] | None
) -> MinerState:
    """Return why a miner that should hash does not."""
    elapsed = (live.summary or NOTHING).number("Elapsed")
    if live.boards == ():
        return MinerState.FAULT
    if known and all(pool.alive is False for pool in known):
        return MinerState.LIMITED
    if elapsed is not None and elapsed < _RAMP_SECONDS:
        # Some faults show up for a moment in every start, so they prove nothing yet.
        return MinerState.STARTING
    if any(not fault.minor for fault in faults or ()) or elapsed is not None:
        return MinerState.FAULT
    return MinerState.UNKNOWN


def ramping(live: Live) -> bool:
    """Tell whether the frequency is still being raised.

    The boards are asked only where the summary does not say: one bad board can stay
    below its frequency for good.
    """
    summary = live.summary or NOTHING
    if (is_stable := summary.flag("Hash Stable")) is not None:
        return not is_stable
    return any(
        record.flag("Upfreq Complete") is False for record in (summary, *(live.boards or ()))
    )


def on_its_way(live: Live) -> bool:
    """Tell whether the miner is in a start, where it may ignore what it is to draw."""
    elapsed = (live.summary or NOTHING).number("Elapsed")
    in_time = elapsed is not None and elapsed < _LONGEST_RAMP
    return in_time and ramping(live) and live.mining_wanted is not False


def stable(live: Live) -> bool:
    """Tell whether the miner has reached the draw that percentages refer to."""
    return bool(hashrate(live.summary)) and not ramping(live)


def at_work_for(live: Live) -> float | None:
    """Return for how many s a miner has been mining that hashes steadily, None for others.

    Only the hashrate of the moment proves it: averages outlast the work.
    """
    summary = live.summary or NOTHING
    at_work = (summary.number("HS RT") or 0.0) > 0 and not ramping(live)
    return summary.number("Elapsed") if at_work else None
