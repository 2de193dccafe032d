"""The one interface to a miner of any make."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .errors import UnsupportedError
from .models import (
    Capabilities,
    Feature,
    Identity,
    Make,
    PowerMode,
    SettingValue,
    Snapshot,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """How to be let in. Never shown by repr().

    `password` None means to read only, where the make allows that; "" is a valid
    password on Braiins OS.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)


class MinerClient(ABC):
    """One miner at one address.

    Every coroutine raises a kind of `MinerError` and nothing else (besides
    cancellation). Requests to one device are kept within the limits of the make
    whoever calls, so callers need no lock for that. A write is never sent twice
    unless the first provably was not executed. Out-of-range values raise
    `InvalidValueError` before anything is sent.

    Commands return when the device has accepted them. Where a make gives no reply
    because it restarts, the client verifies by reading and raises
    `UnconfirmedError` if the wanted effect does not show within its time.
    """

    make: Make
    """The protocol family, set by each implementation."""

    off_may_not_hold: bool = False
    """Devices of this make are known to start mining again by themselves."""

    web_port: int = 80
    """Where the device's own web page is."""

    settling_seconds: float = 3.0
    """How long after a command a read begins to show its effect."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What the device has shown in `identify` and `read` since the client was made."""

    @abstractmethod
    async def probe(self) -> Identity | None:
        """Find out whether this make answers here, without sending credentials.

        Returns who it is where the make tells that to anyone, else None. Raises
        MalformedReplyError when what answers is of no or another make.
        """

    @abstractmethod
    async def identify(self) -> Identity:
        """Ask who answers, and learn what can be learned only once.

        Side effects: none on the device. May take several requests.
        """

    @abstractmethod
    async def read(self, *, slow: bool, seconds: float = 9.0) -> Snapshot:
        """Read the live values, and with `slow` also those that change rarely.

        `seconds` is how long it may take in all; what has not answered by then is None.
        One part that fails alone is None in the snapshot. Raises UnreachableError only
        when nothing can be read at all, and never returns values of an earlier read as
        current ones, except slow ones between two slow reads.
        """

    @abstractmethod
    async def check_access(self) -> None:
        """Prove that the credentials work and that writes are allowed.

        Side effects: at most a write that changes nothing a user would miss (the
        identify light goes back to automatic). Raises AuthenticationError or
        WriteAccessError.
        """

    async def close(self) -> None:
        """Let go of what is held open. The client is not used afterwards."""

    async def set_mining(self, on: bool) -> None:
        """Start or stop hashing; the control board stays on."""
        raise UnsupportedError("mining cannot be switched")

    async def set_locate(self, on: bool) -> None:
        """Let the light blink so that the miner can be found."""
        raise UnsupportedError("there is no identify light")

    async def set_power_percent(self, percent: float) -> None:
        """Set the draw in percent of stable power, without restart of mining."""
        raise UnsupportedError("no power percentage")

    async def set_power_target(self, watts: float) -> None:
        """Set the draw in W, without restart of mining."""
        raise UnsupportedError("no power target")

    async def set_power_limit(self, watts: float) -> None:
        """Set the lasting upper limit in W. Restarts mining."""
        raise UnsupportedError("no power limit")

    async def set_power_mode(self, mode: PowerMode) -> None:
        """Choose a power mode. Restarts mining."""
        raise UnsupportedError("no power modes")

    async def set_hashrate_target(self, terahashes: float) -> None:
        """Set the hashrate to hold in TH/s, without restart of mining."""
        raise UnsupportedError("no hashrate target")

    async def restore_power(self) -> None:
        """Undo the power percentage."""
        raise UnsupportedError("no power percentage")

    async def default_power_target(self) -> None:
        """Go back to the model's own power target, its full nameplate draw."""
        raise UnsupportedError("no power target")

    async def default_hashrate_target(self) -> None:
        """Go back to the model's own hashrate target."""
        raise UnsupportedError("no hashrate target")

    async def set_setting(self, setting: Feature, value: SettingValue) -> None:
        """Set one of the settings in `Capabilities`.

        Numbers are within `Capabilities.ranges`, texts among `Capabilities.choices`. The
        implementation says of each setting whether it restarts mining.
        """
        raise UnsupportedError(f"there is no setting {setting}")

    async def set_hashboard(self, index: int, on: bool) -> None:
        """Switch one hashboard, counted from 1. Interrupts mining."""
        raise UnsupportedError("hashboards cannot be switched")

    async def restart_mining(self) -> None:
        """Restart the mining process; back to full hashrate takes minutes."""
        raise UnsupportedError("mining cannot be restarted")

    async def reboot(self) -> None:
        """Restart the control board; it is away for one to three minutes."""
        raise UnsupportedError("no reboot")
