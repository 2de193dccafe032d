"""Tells a restart that was asked for from a miner that went away."""

from enum import StrEnum

from .const import RESTART_BEGINS_SECONDS, RESTART_SECONDS, UPTIME_TOLERANCE
from .miners.errors import AuthenticationError, MinerError, WrongMinerError
from .miners.models import Snapshot


class Restart(StrEnum):
    """What a command restarts."""

    BOARD = "board"
    MINING = "mining"


class RestartWatch:
    """Watches one restart from the command until the miner is back or too late."""

    def __init__(
        self, kind: Restart, before: Snapshot | None, now: float, *, away: bool = False
    ) -> None:
        """Begin at the command. `before` is the last that was read before it.

        `away` says that the miner is known to be gone already.
        """
        self._kind = kind
        self._uptime = self._counter(before) if before else None
        self._began = now
        self._was_away = away

    def excuses(self, error: MinerError, now: float) -> bool:
        """Tell whether this error is part of the restart."""
        if now >= self._began + RESTART_SECONDS:
            return False
        self._was_away = True
        # A board that is booting refuses, stays silent, or says all kinds of things.
        return not isinstance(error, AuthenticationError | WrongMinerError)

    def is_over(self, snapshot: Snapshot, now: float) -> bool:
        """Tell whether the miner has restarted and is back, or has had its time."""
        passed = now - self._began
        counter = self._counter(snapshot)
        mining = self._kind is Restart.MINING
        # Of a miner that is off there is nothing to restart.
        nothing = mining and snapshot.off_on_purpose
        if mining and counter is None and not nothing:
            # The board answers and its mining process does not yet.
            self._was_away = True
            return passed >= RESTART_SECONDS
        limit = RESTART_BEGINS_SECONDS if mining else RESTART_SECONDS
        if nothing or self._was_away or passed >= limit:
            return True
        if counter is None or self._uptime is None:
            return False
        return counter < self._uptime + passed - UPTIME_TOLERANCE

    def _counter(self, snapshot: Snapshot) -> int | None:
        """Return the seconds that begin anew with this kind of restart."""
        return snapshot.uptime if self._kind is Restart.BOARD else snapshot.mining_uptime
