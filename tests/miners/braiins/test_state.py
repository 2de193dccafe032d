"""What a device's status numbers mean."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.miners.braiins.faults import (
    FAULTS,
    LOG_LENGTH,
    fault_log,
    present_faults,
)
from custom_components.asic_miner.miners.braiins.schema import (
    DetailedStatus,
    LoggedError,
    MinerDetails,
    PoolGroup,
    PoolState,
    ShareStats,
)
from custom_components.asic_miner.miners.braiins.schema import TunerState as Tuner
from custom_components.asic_miner.miners.braiins.settings_schema import License
from custom_components.asic_miner.miners.braiins.state import (
    STOPPED,
    Doing,
    Process,
    license_state,
    miner_state,
    mining_wanted,
    tuner_state,
)
from custom_components.asic_miner.miners.models import LicenseState, MinerState, TunerState

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
@pytest.mark.parametrize("reason", sorted(FAULTS.keys() - {"broken_fans"}))
def test_fault_without_words(phase: str, reason: str) -> None:
    """Each reason has a text, a remedy and a key of its own."""
    silent = replace(MINING, detailed_status=DetailedStatus(phase=phase, reason=reason))
    [fault] = present_faults(silent) or ()
    assert (fault.code, fault.message) == (reason, FAULTS[reason].message)
    assert fault.remedy == FAULTS[reason].remedy
    assert fault.key == f"braiins_{reason}"


def test_fault_with_words() -> None:
    """The device's words where it has some, and its own code where it marks one."""
    status = DetailedStatus(phase="stopped", reason="hardware_error", message="Board 2 {ERR:H2}")
    [fault] = present_faults(replace(MINING, detailed_status=status)) or ()
    assert (fault.code, fault.message, fault.key) == (
        "H2",
        "Board 2 {ERR:H2}",
        "braiins_hardware_error",
    )


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("BROKEN_FANS", "braiins_broken_fans"),
        ("DANGEROUS_TEMPERATURE", "braiins_thermal_pause"),
        ("OF_THE_FUTURE", "braiins_thermal_pause"),
    ],
)
def test_why_it_is_too_hot(reason: str, key: str) -> None:
    """Broken fans want another remedy than heat; the contract's name is no text."""
    message = f"THERMAL_PAUSE_REASON_{reason}"
    status = DetailedStatus(phase="stopped", reason="thermal_pause", message=message)
    [fault] = present_faults(replace(MINING, detailed_status=status)) or ()
    assert fault.key == key
    assert fault.cooling is (reason == "BROKEN_FANS")
    assert "_" not in fault.message


def logged(
    message: str | None,
    *,
    codes: tuple[str, ...] = (),
    reasons: tuple[str, ...] = (),
    hints: tuple[str, ...] = (),
) -> LoggedError:
    """Return one entry of a log."""
    return LoggedError(
        timestamp="2026-01-02T03:04:05Z", message=message, codes=codes, reasons=reasons, hints=hints
    )


def test_fault_log() -> None:
    """The newest fifty, newest last; reason beside the code, without markers and users."""
    entries = [logged(f"number {number}") for number in range(60)]
    entries.append(logged("Board 2 lost {ERR:H2}", codes=("H2",), reasons=("R",), hints=("Do",)))
    user = PoolState(
        url="u", user="someone.rig", enabled=True, alive=True, active=True,
        shares=ShareStats(accepted=1, rejected=0, stale=0),
    )  # fmt: skip
    entries += [
        logged("someone.rig was refused {ERR:V2}"),
        logged(None),
        logged(None, reasons=("R",)),
    ]
    log = fault_log(entries, [PoolGroup(name="main", pools=(user,))])
    assert len(log) == LOG_LENGTH
    assert [(entry.message, entry.code, entry.remedy) for entry in log[-3:]] == [
        ("Board 2 lost (R)", "H2", "Do"),
        ("… was refused", "V2", None),
        ("R", None, None),
    ]
    assert log[0].message == "number 13"
    assert {entry.time for entry in log} == {"2026-01-02T03:04:05Z"}
    [timeless] = fault_log([replace(logged("x"), timestamp=None)], [])
    assert timeless.time == ""


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (None, None),
        (0, None),
        (99, None),
        (1, TunerState.DISABLED),
        (2, TunerState.STABLE),
        (3, TunerState.TUNING),
        (4, TunerState.ERROR),
        (5, TunerState.CONTINUOUS),
        (6, TunerState.PREHEATING),
    ],
)
def test_tuner_state(told: int | None, state: TunerState | None) -> None:
    """Every number of the contract, and none of the future raises."""
    assert tuner_state(Tuner(state=told, power_watt=None, hashrate_terahash=None)) is state
    assert tuner_state(None) is None


def test_license_state() -> None:
    """All four, and none where nothing is told."""
    for state in LicenseState:
        assert license_state(License.parse({"state": {state.value: {}}})) is state
    assert license_state(License.parse({"state": {"gifted": {}}})) is None
    assert license_state(None) is None


@pytest.mark.parametrize(
    ("phase", "reason"),
    [("running", "normal"), ("stopped", "user_pause"), ("stopped", None), ("starting", "none")],
)
def test_no_faults(phase: str, reason: str | None) -> None:
    """A detailed status without a fault says that there is none."""
    details = replace(MINING, detailed_status=DetailedStatus(phase=phase, reason=reason))
    assert present_faults(details) == ()
