"""What a device's status numbers mean for its owner. Pure."""

from enum import Enum, auto

from ..lean import dataclass
from ..models import LicenseState, MinerState, TunerState
from .schema import DetailedStatus, MinerDetails, MinerStatus, TunerStatus
from .schema import TunerState as Tuner
from .settings_schema import License

STARTING_SECONDS = 600
"""A miner that began to mine less long ago and does not hash yet is still starting: boards
need about three minutes, after a change of cooling up to eight."""

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

TUNER_STATES = {
    TunerStatus.DISABLED.value: TunerState.DISABLED,
    TunerStatus.STABLE.value: TunerState.STABLE,
    TunerStatus.TUNING.value: TunerState.TUNING,
    TunerStatus.ERROR.value: TunerState.ERROR,
    TunerStatus.CONTINUOUS.value: TunerState.CONTINUOUS,
    TunerStatus.PREHEAT.value: TunerState.PREHEATING,
}


class Process(Enum):
    """What the mining process is known to do."""

    RUNNING = auto()
    STOPPED = auto()
    AWAY = auto()
    """It restarts or has crashed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doing:
    """What there is besides the status to tell what a miner does."""

    process: Process = Process.RUNNING
    recent: bool = False
    """It began to mine less than STARTING_SECONDS ago."""
    tuner: int | None = None
    """See TunerStatus."""
    hashrate: float | None = None
    """As measured, whatever the status."""


def miner_state(details: MinerDetails, doing: Doing) -> MinerState:
    """Return what the miner does."""
    detailed = _from_detailed(details.detailed_status)
    if detailed is not None:
        return detailed
    if doing.process is not Process.RUNNING:
        gone = doing.process is Process.STOPPED
        return MinerState.STOPPED if gone else MinerState.RESTARTING
    # What the status is while boards start up is not documented; 1 and 4 are possible.
    not_yet = MinerState.STARTING if doing.recent else MinerState.LIMITED
    by_status = {
        MinerStatus.NOT_STARTED.value: not_yet,
        MinerStatus.NORMAL.value: _while_normal(doing, not_yet),
        MinerStatus.PAUSED.value: MinerState.PAUSED,
        MinerStatus.SUSPENDED.value: not_yet,
        MinerStatus.RESTRICTED.value: MinerState.LIMITED,
    }
    # Any other number, also a new one, says nothing to us.
    return by_status.get(details.status or 0, MinerState.UNKNOWN)


def _from_detailed(status: DetailedStatus | None) -> MinerState | None:
    """Return what the detailed status says, None when the coarse one knows as much."""
    if status is None:
        return None
    if status.phase == "starting":
        return MinerState.STARTING
    if status.phase == "running":
        return MinerState.TUNING if status.reason == "preheating" else None
    return STOPPED.get(status.reason or "")


def _while_normal(doing: Doing, not_yet: MinerState) -> MinerState:
    if doing.tuner in {TunerStatus.TUNING, TunerStatus.PREHEAT}:
        return MinerState.TUNING
    if doing.hashrate == 0:
        # Without hashrate a failed tuner is what is wrong; with it, mining goes on untuned.
        return MinerState.FAULT if doing.tuner == TunerStatus.ERROR else not_yet
    return MinerState.MINING


def mining_wanted(state: MinerState) -> bool | None:
    """Tell whether the device is set to mine."""
    if state is MinerState.UNKNOWN:
        return None
    return state not in {MinerState.PAUSED, MinerState.STOPPED}


def tuner_state(told: Tuner | None) -> TunerState | None:
    """Return what the tuner does; None for a number that is newer than us."""
    return None if told is None else TUNER_STATES.get(told.state or 0)


def license_state(told: License | None) -> LicenseState | None:
    """Return what the licence allows."""
    return None if told is None or told.state is None else LicenseState(told.state)
