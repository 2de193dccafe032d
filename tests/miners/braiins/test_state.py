"""What a device's status numbers mean."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.miners.braiins.schema import DetailedStatus, MinerDetails
from custom_components.asic_miner.miners.braiins.state import (
    FAULTS,
    STOPPED,
    Doing,
    Process,
    miner_state,
    mining_wanted,
    present_faults,
)
from custom_components.asic_miner.miners.models import MinerState

from .device import DETAILS

MINING = MinerDetails.parse(DETAILS)


MINES = Doing(tuner=2, hashrate=99.0)
IDLES = Doing(tuner=2, hashrate=0.0)


@pytest.mark.parametrize(
    ("status", "doing", "state"),
    [
        (2, MINES, MinerState.MINING),
        (2, replace(MINES, tuner=1), MinerState.MINING),
        (2, replace(MINES, tuner=5), MinerState.MINING),
        (2, replace(MINES, tuner=99), MinerState.MINING),
        (2, replace(MINES, recent=True), MinerState.MINING),
        (2, Doing(), MinerState.MINING),
        (2, replace(MINES, tuner=3), MinerState.TUNING),
        (2, replace(IDLES, tuner=6), MinerState.TUNING),
        (2, replace(IDLES, recent=True), MinerState.STARTING),
        (2, IDLES, MinerState.LIMITED),
        (2, replace(MINES, tuner=4), MinerState.MINING),
        (2, replace(IDLES, tuner=4), MinerState.FAULT),
        (3, MINES, MinerState.PAUSED),
        (1, replace(IDLES, recent=True), MinerState.STARTING),
        (4, replace(IDLES, recent=True), MinerState.STARTING),
        (1, IDLES, MinerState.LIMITED),
        (4, IDLES, MinerState.LIMITED),
        (5, MINES, MinerState.LIMITED),
        (5, replace(MINES, recent=True), MinerState.LIMITED),
        (1, Doing(process=Process.STOPPED), MinerState.STOPPED),
        (2, Doing(process=Process.STOPPED), MinerState.STOPPED),
        (1, Doing(process=Process.AWAY), MinerState.RESTARTING),
        (3, Doing(process=Process.AWAY), MinerState.RESTARTING),
        (0, MINES, MinerState.UNKNOWN),
        (77, MINES, MinerState.UNKNOWN),
        (None, MINES, MinerState.UNKNOWN),
    ],
)
def test_coarse_status(status: int | None, doing: Doing, state: MinerState) -> None:
    """Status together with tuner, hashrate and the mining process."""
    assert miner_state(replace(MINING, status=status), doing) is state


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
    assert miner_state(details, MINES) is state


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
