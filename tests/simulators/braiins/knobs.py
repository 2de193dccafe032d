"""What tests may turn: how long things take, and behaviour nobody has documented."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class Timing:
    """How long things take, in simulated seconds. Tests change it at will."""

    pause: float = 4.0
    """Until an accepted pause shows in the status."""
    resume: float = 3.0
    """Until an accepted resume ends the pause; then the boards start up."""
    board_start: float = 15.0
    """From power on the boards to the first hash."""
    process_start: float = 20.0
    """In which the mining process cannot be reached yet."""
    crash_recovery: float = 30.0
    """After which a crashed mining process is started again."""
    board_switch: float = 25.0
    """Until an enabled or disabled board shows as such."""
    cooling_settle: float = 45.0
    """After a cooling write to a paused machine, in which a resume fails."""
    boot: float = 75.0
    """In which a rebooting control board is silent."""
    tuning: float = 300.0
    """Of a target that has no profile yet."""
    preheat: float = 60.0
    """Before boards take clocks, on firmware that says so."""
    estimate_lag: float = 8.0
    """By which the consumption estimate is behind the true draw."""
    scaling_interval: float = 60.0
    """Between two steps of dynamic performance scaling."""


@dataclass(kw_only=True)
class Unknowns:
    """Behaviour that is not documented. Tests try both answers."""

    starting_status: int = 1
    """MinerStatus while boards start up: 1 or 4."""
    pause_survives: bool = False
    """Whether a pause outlives a restart of the process or the board."""
    target_switches_mode: bool = True
    """Whether a target write also switches the kind of target and enables the tuner."""
    password_change_drops_sessions: bool = False
    framing: bytes = b""
    """Between two objects of the coarse status stream."""
