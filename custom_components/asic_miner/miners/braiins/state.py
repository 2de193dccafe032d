"""What a device's status numbers mean for its owner. Pure."""

from enum import Enum, auto
import re

from ..models import Fault, MinerState
from .schema import DetailedStatus, MinerDetails, MinerStatus, TunerStatus

STARTING_SECONDS = 600
"""A mining process younger than this that does not hash yet is still starting: boards need
about three minutes, after a change of cooling up to eight."""

COARSE = {
    MinerStatus.PAUSED.value: MinerState.PAUSED,
    MinerStatus.SUSPENDED.value: MinerState.LIMITED,
    MinerStatus.RESTRICTED.value: MinerState.LIMITED,
}
"""Statuses that say it all; any other number, also a new one, says nothing to us."""

STOPPED = {
    "user_pause": MinerState.PAUSED,
    "dead_pools": MinerState.LIMITED,
    "missing_license": MinerState.LIMITED,
    "thermal_pause": MinerState.LIMITED,
    "dps_cooldown": MinerState.LIMITED,
    "tuner_error": MinerState.FAULT,
    "hardware_error": MinerState.FAULT,
    "unsupported_hardware": MinerState.FAULT,
}
"""Reasons not to mine that say more than the coarse status; the others do not."""

FAULTS = {
    "tuner_error": "The tuner failed",
    "hardware_error": "The hardware failed",
    "unsupported_hardware": "The hardware is not supported",
    "thermal_pause": "Stopped to protect itself from heat",
}
"""Reasons that are faults, with words for a device that gives none."""

MARKER = re.compile(r"\{ERR:(\w+)\}")
"""How codes such as H2 (board) are embedded in texts."""


class Process(Enum):
    """What the mining process is known to do."""

    RUNNING = auto()
    STOPPED = auto()
    AWAY = auto()
    """It restarts or has crashed."""


def miner_state(
    details: MinerDetails, tuner: int | None, hashrate: float | None, process: Process
) -> MinerState:
    """Return what the miner does; `hashrate` is measured, `tuner` a TunerStatus."""
    detailed = _from_detailed(details.detailed_status)
    if detailed is not None:
        return detailed
    if process is not Process.RUNNING:
        return MinerState.STOPPED if process is Process.STOPPED else MinerState.RESTARTING
    if details.status == MinerStatus.NORMAL:
        return _while_normal(tuner, hashrate)
    if details.status == MinerStatus.NOT_STARTED:
        uptime = details.bosminer_uptime_s
        young = uptime is None or uptime < STARTING_SECONDS
        return MinerState.STARTING if young else MinerState.LIMITED
    return COARSE.get(details.status or 0, MinerState.UNKNOWN)


def _from_detailed(status: DetailedStatus | None) -> MinerState | None:
    """Return what the detailed status says, None when the coarse one knows as much."""
    if status is None:
        return None
    if status.phase == "starting":
        return MinerState.STARTING
    if status.phase == "running":
        return MinerState.TUNING if status.reason == "preheating" else None
    return STOPPED.get(status.reason or "")


def _while_normal(tuner: int | None, hashrate: float | None) -> MinerState:
    if tuner in {TunerStatus.TUNING, TunerStatus.PREHEAT}:
        return MinerState.TUNING
    if hashrate == 0:
        # Without hashrate a failed tuner is what is wrong; with it, mining goes on untuned.
        return MinerState.FAULT if tuner == TunerStatus.ERROR else MinerState.STARTING
    return MinerState.MINING


def mining_wanted(state: MinerState) -> bool | None:
    """Tell whether the device is set to mine."""
    if state is MinerState.UNKNOWN:
        return None
    return state not in {MinerState.PAUSED, MinerState.STOPPED}


def present_faults(details: MinerDetails) -> tuple[Fault, ...] | None:
    """Return the faults that are present now; None on firmware that does not tell.

    `miner/errors` cannot tell: it is a log, full of DNS failures of weeks ago. Only the
    detailed status of 1.7.0 says what stops the miner now.
    """
    status = details.detailed_status
    if status is None:
        return None
    if status.phase not in {"stopped", "stopping"} or status.reason not in FAULTS:
        return ()
    message = status.message or FAULTS[status.reason]
    marker = MARKER.search(message)
    return (Fault(code=marker[1] if marker else status.reason, message=message),)
