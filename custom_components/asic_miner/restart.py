"""Tells a restart that was asked for from a miner that went away."""

from enum import StrEnum

from .const import RESTART_SECONDS
from .miners.errors import MalformedReplyError, MinerError, UnreachableError
from .miners.models import Snapshot


class Restart(StrEnum):
    """What a command restarts."""

    BOARD = "board"
    MINING = "mining"


class RestartWatch:
    """Watches one restart from the command until the miner is back or too late."""

    def __init__(self, kind: Restart, before: Snapshot | None, now: float) -> None:
        """Begin at the command. `before` is the last that was read before it."""
        self._kind = kind
        self._uptime = self._counter(before) if before else None
        self._deadline = now + RESTART_SECONDS
        self._was_away = False

    def excuses(self, error: MinerError, now: float) -> bool:
        """Tell whether this error is part of the restart."""
        if now >= self._deadline:
            return False
        self._was_away = True
        # A board that is booting refuses, stays silent, or says half of something.
        return isinstance(error, UnreachableError | MalformedReplyError)

    def is_over(self, snapshot: Snapshot, now: float) -> bool:
        """Tell whether the miner has restarted and is back, or has had its time."""
        if now >= self._deadline:
            return True
        counter = self._counter(snapshot)
        if counter is not None:
            return self._was_away or (self._uptime is not None and counter < self._uptime)
        if self._kind is Restart.BOARD:
            return self._was_away
        # The board answers and its mining process does not yet.
        self._was_away = True
        return False

    def _counter(self, snapshot: Snapshot) -> int | None:
        """Return the seconds that begin anew with this kind of restart."""
        return snapshot.uptime if self._kind is Restart.BOARD else snapshot.mining_uptime
