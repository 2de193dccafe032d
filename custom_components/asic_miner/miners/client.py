"""The one interface to a miner of any make."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import field

from .errors import UnsupportedError
from .lean import dataclass
from .models import (
    Capabilities,
    Feature,
    Identity,
    JsonValue,
    Make,
    PowerMode,
    SettingValue,
    Snapshot,
)
from .orders import (
    Blink,
    FirmwareImage,
    LogFile,
    LogKind,
    NetworkSettings,
    PoolGroup,
    Profile,
    Progress,
    TargetReference,
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

    one_at_a_time: bool = False
    """The device answers one request at a time, so that a long one keeps all others waiting."""

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

    @property
    def memory(self) -> Mapping[str, JsonValue]:
        """What is worth keeping over a restart of the caller, to be given to `create_client`.

        Only what took the device's time to learn or cannot be learned at every moment, such
        as the draw that percentages refer to. No secrets.
        """
        return {}

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

    async def raw(self) -> Mapping[str, JsonValue]:
        """Return the device's own answers to all reading commands, for a report to developers.

        Secrets, and what tells who and where the owner is, are replaced. Fails in no other
        way than by what the answers say. May take half a minute.
        """
        raise UnsupportedError("the answers cannot be shown as they come")

    async def close(self) -> None:
        """Let go of what is held open. The client is not used afterwards."""

    async def set_mining(self, on: bool) -> None:
        """Start or stop hashing; the control board stays on."""
        raise UnsupportedError("mining cannot be switched")

    async def set_locate(self, on: bool) -> None:
        """Let the light blink so that the miner can be found."""
        raise UnsupportedError("there is no identify light")

    async def set_power_percent(self, percent: float, *, fast: bool = False) -> bool:
        """Set the draw in percent of stable power, without restart of mining.

        With `fast` within about a second, at the cost of efficiency, and not for long.
        Returns whether it lasts: if not, it is to be given once more, in the ordinary way,
        when mining is stable. While mining is not stable raises RampingError for more than
        now, and takes less than now.
        """
        raise UnsupportedError("no power percentage")

    async def set_power_target(self, watts: float) -> bool:
        """Set the draw in W, without restart of mining. Returns as `set_power_percent`."""
        raise UnsupportedError("no power target")

    async def set_power(self, watts: float) -> bool:
        """Set the draw in W by the device's own command for it, where it has one.

        Returns and raises as `set_power_percent`.
        """
        raise UnsupportedError("no command for a power in W")

    async def step_power_target(self, watts: float) -> float | None:
        """Raise the power target by W, or lower it if negative; returns the new one if told.

        Only on a user's demand: repeated, it adds up.
        """
        raise UnsupportedError("the power target cannot be changed in steps")

    async def step_hashrate_target(self, terahashes: float) -> float | None:
        """Raise or lower the hashrate target by TH/s, as `step_power_target`."""
        raise UnsupportedError("the hashrate target cannot be changed in steps")

    async def scale_power_target(self, percent: float, reference: TargetReference) -> float | None:
        """Set the power target to a percentage; returns the new one in W if told."""
        raise UnsupportedError("the power target cannot be set relatively")

    async def scale_hashrate_target(
        self, percent: float, reference: TargetReference
    ) -> float | None:
        """Set the hashrate target to a percentage; returns the new one in TH/s if told."""
        raise UnsupportedError("the hashrate target cannot be set relatively")

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

    async def default_quick_ramping(self) -> None:
        """Go back to the model's own ramping times."""
        raise UnsupportedError("no quick ramping")

    async def stop_mining(self) -> None:
        """End the mining process, so that nothing can be measured any more."""
        raise UnsupportedError("the mining process cannot be ended")

    async def restart_mining(self) -> None:
        """Restart the mining process; back to full hashrate takes minutes."""
        raise UnsupportedError("mining cannot be restarted")

    async def reboot(self) -> None:
        """Restart the control board; it is away for one to three minutes."""
        raise UnsupportedError("no reboot")

    # Orders for which there are no entities

    async def get_pools(self) -> tuple[PoolGroup, ...]:
        """Read the pools as configured. Passwords are always None."""
        raise UnsupportedError("the pools cannot be read")

    async def set_pools(
        self,
        groups: tuple[PoolGroup, ...],
        *,
        previous_passwords: tuple[str, ...] | None = None,
    ) -> None:
        """Replace all pools, and read them back.

        Every entry needs its password: InvalidValueError names those without. When it
        does not show, what was before is restored (RevertedError); that needs
        `previous_passwords` in the order of the present pools where they cannot be read,
        else NotRevertedError says what the device has now. May restart mining.
        """
        raise UnsupportedError("the pools cannot be set")

    async def set_led(self, blink: Blink | None) -> None:
        """Let a light blink in a certain way, or hand it back to the device (None)."""
        raise UnsupportedError("the light cannot be set")

    async def change_password(self, new: str | None) -> None:
        """Change the device's password, and use the new one from now on.

        None removes it where the make allows that. On any error the old one stays in use
        and is valid still, but after UnconfirmedError, when neither could be proved.
        """
        raise UnsupportedError("the password cannot be changed")

    async def set_network(self, settings: NetworkSettings) -> None:
        """Change address and host name. The device may restart, and be found elsewhere."""
        raise UnsupportedError("the network cannot be set")

    async def set_hostname(self, hostname: str) -> None:
        """Change the host name, used after the device's network restarts."""
        raise UnsupportedError("the host name cannot be set")

    async def set_time_zone(self, name: str) -> None:
        """Set the time zone, for example "Europe/Berlin"."""
        raise UnsupportedError("the time zone cannot be set")

    async def set_syslog(self, host: str, port: int, *, tcp: bool) -> None:
        """Have the log sent to a syslog server."""
        raise UnsupportedError("no syslog server can be set")

    async def get_message(self, key: str) -> str | None:
        """Read a note that its owner has stored in the device."""
        raise UnsupportedError("no notes can be stored")

    async def set_message(self, key: str, value: str) -> None:
        """Store a note in the device."""
        raise UnsupportedError("no notes can be stored")

    async def get_profiles(self) -> tuple[Profile, ...]:
        """Read for which targets the device has tuned itself."""
        raise UnsupportedError("no tuned profiles")

    async def remove_profiles(self) -> None:
        """Forget all tuning. Restarts mining, which then tunes anew."""
        raise UnsupportedError("no tuned profiles")

    async def apply_contract_key(self, key: str) -> None:
        """Enter a licence's contract key, used when the mining process restarts."""
        raise UnsupportedError("no licence")

    async def get_advanced_settings(self) -> Mapping[str, JsonValue]:
        """Read the firmware's own further settings, in its own words."""
        raise UnsupportedError("no advanced settings")

    async def set_advanced_settings(
        self, settings: Mapping[str, JsonValue]
    ) -> Mapping[str, JsonValue]:
        """Change some of them and return all that hold then."""
        raise UnsupportedError("no advanced settings")

    async def reset_advanced_settings(self) -> Mapping[str, JsonValue]:
        """Set all of them back, and return all that hold then."""
        raise UnsupportedError("no advanced settings")

    async def fetch_log(self, kind: LogKind) -> LogFile:
        """Begin to fetch a log. It is bounded: MalformedReplyError if it is far too long."""
        raise UnsupportedError("no logs can be fetched")

    async def update_firmware(self, image: FirmwareImage, progress: Progress) -> None:
        """Install a firmware file. It is sent once, whatever happens.

        Raises UnconfirmedError when the transfer broke, and it is not known what the
        device made of it.
        """
        raise UnsupportedError("no firmware can be installed")

    async def restore_stock(self) -> None:
        """Replace the firmware by the maker's own."""
        raise UnsupportedError("there is no firmware to go back to")

    async def factory_reset(self, *, wipe_network: bool = False) -> None:
        """Forget all settings, pools and the password, and reboot.

        `wipe_network` also forgets the address; some makes always do.
        """
        raise UnsupportedError("no factory reset")
