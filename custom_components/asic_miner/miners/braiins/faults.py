"""What is wrong now, what was wrong, and what to do about it. Pure."""

from collections.abc import Iterable, Sequence
import re

from ..lean import dataclass
from ..models import Fault, LoggedFault
from .schema import LoggedError, MinerDetails, PoolGroup

LOG_LENGTH = 50
"""Entries that are kept, the newest. Devices hold well over a hundred, mostly repeated."""

MARKER = re.compile(r"\s*\{ERR:(\w+)\}")
"""How codes such as H2 (board) are embedded in texts."""

BROKEN_FANS = "THERMAL_PAUSE_REASON_BROKEN_FANS"

SHORT = 3
"""Characters. A user as short as that would be found inside of any word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """One fault that is known."""

    message: str
    remedy: str


FAULTS = {
    "tuner_error": Known(
        message="The tuner failed",
        remedy="Choose a lower target, or restart mining. If it comes back, look at the hashboards",
    ),
    "hardware_error": Known(
        message="The hardware failed",
        remedy="Cut the power for a minute and check the cables of the hashboards and the supply",
    ),
    "unsupported_hardware": Known(
        message="The hardware is not supported by this firmware",
        remedy="Check which hashboards and power supply are fitted, and update the firmware",
    ),
    "thermal_pause": Known(
        message="Mining has stopped because it got too hot",
        remedy="Let it cool down, clear the way of the air or liquid, and choose a lower target",
    ),
    "broken_fans": Known(
        message="Mining has stopped because fans fail",
        remedy="Check that every fan turns and is plugged in, and replace those that do not",
    ),
}
"""By reason."""


def texts() -> dict[str, str]:
    """Return what a user is shown, in English, by `Fault.key`."""
    return {_key(reason): f"{fault.message}. {fault.remedy}." for reason, fault in FAULTS.items()}


def _key(reason: str) -> str:
    return f"braiins_{reason}"


def present_faults(details: MinerDetails) -> tuple[Fault, ...] | None:
    """Return the faults that are present now; None on firmware that does not tell.

    `miner/errors` cannot tell: it is a log, full of DNS failures of weeks ago. Only the
    detailed status of 1.7.0 says what stops the miner now.
    """
    status = details.detailed_status
    if status is None:
        return None
    if status.phase not in {"stopped", "stopping"} or status.reason is None:
        return ()
    fans = status.reason == "thermal_pause" and status.message == BROKEN_FANS
    reason = "broken_fans" if fans else status.reason
    known = FAULTS.get(reason)
    if known is None:
        return ()
    # The reason of a pause is a name out of the contract, and no words for anybody.
    own = None if status.reason == "thermal_pause" else status.message
    marker = MARKER.search(own or "")
    return (
        Fault(
            code=marker[1] if marker else reason,
            message=own or known.message,
            remedy=known.remedy,
            cooling=fans,
            key=_key(reason),
        ),
    )


def fault_log(
    errors: Sequence[LoggedError], groups: Iterable[PoolGroup]
) -> tuple[LoggedFault, ...]:
    """Return the newest entries of the log, newest last, without the users of the pools."""
    users = {pool.user for group in groups for pool in group.pools}
    users = {user for user in users if len(user) > SHORT}
    told = [error for error in errors if error.message or error.reasons]
    return tuple(_logged(error, users) for error in told[-LOG_LENGTH:])


def _logged(error: LoggedError, users: set[str]) -> LoggedFault:
    marked = MARKER.findall(error.message or "")
    message = MARKER.sub("", error.message or "")
    reasons = "; ".join(reason for reason in error.reasons if reason not in message)
    if reasons:
        message = f"{message} ({reasons})" if message else reasons
    # A longer user can contain a shorter one.
    for user in sorted(users, key=len, reverse=True):
        message = message.replace(user, "…")
    return LoggedFault(
        time=error.timestamp or "",
        message=message,
        code=", ".join(error.codes or marked) or None,
        remedy="; ".join(error.hints) or None,
    )
