"""What a device's status numbers mean."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.miners.braiins.schema import DetailedStatus, MinerDetails
from custom_components.asic_miner.miners.braiins.state import (
    FAULTS,
    STOPPED,
    Process,
    miner_state,
    mining_wanted,
    present_faults,
)
from custom_components.asic_miner.miners.models import MinerState

from .device import DETAILS

MINING = MinerDetails.parse(DETAILS)
RUNNING, GONE, AWAY = Process.RUNNING, Process.STOPPED, Process.AWAY


@pytest.mark.parametrize(
    ("status", "uptime", "seen", "state"),
    [
        (2, 9000, (2, 99.0, RUNNING), MinerState.MINING),
        (2, 9000, (1, 99.0, RUNNING), MinerState.MINING),
        (2, 9000, (5, 99.0, RUNNING), MinerState.MINING),
        (2, 9000, (99, 99.0, RUNNING), MinerState.MINING),
        (2, 9000, (None, None, RUNNING), MinerState.MINING),
        (2, 9000, (3, 99.0, RUNNING), MinerState.TUNING),
        (2, 9000, (6, 0.0, RUNNING), MinerState.TUNING),
        (2, 60, (2, 0.0, RUNNING), MinerState.STARTING),
        (2, 9000, (None, 0.0, RUNNING), MinerState.STARTING),
        (2, 9000, (4, 99.0, RUNNING), MinerState.MINING),
        (2, 9000, (4, 0.0, RUNNING), MinerState.FAULT),
        (3, 9000, (2, 40.0, RUNNING), MinerState.PAUSED),
        (1, 599, (None, 0.0, RUNNING), MinerState.STARTING),
        (1, None, (None, None, RUNNING), MinerState.STARTING),
        (1, 600, (None, 0.0, RUNNING), MinerState.LIMITED),
        (4, 9000, (2, 0.0, RUNNING), MinerState.LIMITED),
        (5, 9000, (2, 50.0, RUNNING), MinerState.LIMITED),
        (1, 0, (None, None, GONE), MinerState.STOPPED),
        (2, 9000, (2, None, GONE), MinerState.STOPPED),
        (1, 0, (None, None, AWAY), MinerState.RESTARTING),
        (3, 9000, (None, None, AWAY), MinerState.RESTARTING),
        (0, 9000, (2, 99.0, RUNNING), MinerState.UNKNOWN),
        (77, 9000, (2, 99.0, RUNNING), MinerState.UNKNOWN),
        (None, 9000, (2, 99.0, RUNNING), MinerState.UNKNOWN),
    ],
)
def test_coarse_status(
    status: int | None,
    uptime: int | None,
    seen: tuple[int | None, float | None, Process],
    state: MinerState,
) -> None:
    """Status and age of the mining process with tuner, hashrate and what it does."""
    details = replace(MINING, status=status, bosminer_uptime_s=uptime)
    assert miner_state(details, *seen) is state


@pytest.mark.parametrize(
    ("phase", "reason", "state"),
    [
        *(("stopped", reason, state) for reason, state in STOPPED.items()),
        *(("stopping", reason, state) for reason, state in STOPPED.items()),
        ("starting", "cooling_down", MinerState.STARTING),
        ("starting", None, MinerState.STARTING),
        ("running", "preheating", MinerState.TUNING),
        # These know no more than the coarse status, which says mining here.
        ("running", "normal", MinerState.MINING),
        ("running", None, MinerState.MINING),
        ("stopped", "application_unavailable", MinerState.MINING),
        ("stopped", "unspecified", MinerState.MINING),
        ("stopped", None, MinerState.MINING),
    ],
)
def test_detailed_status_refines(phase: str, reason: str | None, state: MinerState) -> None:
    """From 1.7.0 the reason decides where it says more."""
    detailed = DetailedStatus(phase=phase, reason=reason)
    details = replace(MINING, detailed_status=detailed)
    assert miner_state(details, 2, 99.0, RUNNING) is state


def test_mining_is_wanted_unless_switched_off() -> None:
    """A fault or a missing licence is not what anybody wanted."""
    unwanted = {state for state in MinerState if mining_wanted(state) is False}
    unknown = {state for state in MinerState if mining_wanted(state) is None}
    assert unwanted == {MinerState.PAUSED, MinerState.STOPPED}
    assert unknown == {MinerState.UNKNOWN}


def test_faults_are_unknown_before_1_7_0() -> None:
    """The log of errors is history and no list of faults."""
    assert present_faults(MINING) is None


@pytest.mark.parametrize("phase", ["stopped", "stopping"])
@pytest.mark.parametrize("reason", FAULTS)
def test_fault_with_and_without_words(phase: str, reason: str) -> None:
    """The device's words where it has some, its own code where it marks one."""
    silent = replace(MINING, detailed_status=DetailedStatus(phase=phase, reason=reason))
    assert [(fault.code, fault.message) for fault in present_faults(silent) or ()] == [
        (reason, FAULTS[reason])
    ]
    status = DetailedStatus(phase=phase, reason=reason, message="Board 2 {ERR:H2}")
    speaking = replace(MINING, detailed_status=status)
    assert [(fault.code, fault.message) for fault in present_faults(speaking) or ()] == [
        ("H2", "Board 2 {ERR:H2}")
    ]


@pytest.mark.parametrize(
    ("phase", "reason"),
    [("running", "normal"), ("stopped", "user_pause"), ("stopped", None), ("starting", "none")],
)
def test_no_faults(phase: str, reason: str | None) -> None:
    """A detailed status without a fault says that there is none."""
    details = replace(MINING, detailed_status=DetailedStatus(phase=phase, reason=reason))
    assert present_faults(details) == ()
