"""What can go wrong with a miner, in kinds that a caller can act on.

Clients raise these and nothing else. `str(error)` is English for the log, free of
secrets; what the user reads is translated by the caller from the reason, where we know
it, else from the kind. What a device itself says can only be quoted.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why something is not done, as far as it is us who know it: the key of a sentence."""

    OUT_OF_RANGE = "out_of_range"
    NOT_A_STEP = "not_a_step"
    STEP_TOO_SMALL = "step_too_small"
    WRONG_KIND = "wrong_kind"
    NOT_A_CHOICE = "not_a_choice"
    NOTHING_GIVEN = "nothing_given"
    TEMPERATURES_ORDER = "temperatures_order"
    COOLING_OFF = "cooling_off"
    ONLY_LIQUID = "only_liquid"
    OTHER_PERFORMANCE_MODE = "other_performance_mode"
    STORED_WITHOUT_EFFECT = "stored_without_effect"
    NO_TARGET_KNOWN = "no_target_known"
    NO_HASHBOARD = "no_hashboard"
    LAST_HASHBOARD = "last_hashboard"
    FULL_POWER_UNKNOWN = "full_power_unknown"
    FAST_BOOT_ON = "fast_boot_on"
    TUNING_SPEED_SET = "tuning_speed_set"
    NEEDS_API = "needs_api"
    TOOK_OTHER = "took_other"
    LEFT_AS_IT_WAS = "left_as_it_was"
    PASSWORD_SHORT = "password_short"  # noqa: S105 - the key of a sentence, no password
    PASSWORD_PRINTABLE = "password_printable"  # noqa: S105 - the key of a sentence, no password
    PASSWORD_KEPT = "password_kept"  # noqa: S105 - the key of a sentence, no password
    LIGHT_TIMES = "light_times"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    ONE_POOL_GROUP = "one_pool_group"
    POOL_COUNT = "pool_count"
    POOL_PASSWORDS_MISSING = "pool_passwords_missing"
    POOL_OFF = "pool_off"
    POOL_ADDRESS = "pool_address"
    POOL_USER = "pool_user"
    PREVIOUS_PASSWORDS = "previous_passwords"
    POOL_GROUP_TWICE = "pool_group_twice"
    POOL_GROUP_EMPTY = "pool_group_empty"
    POOL_GROUP_SHARE = "pool_group_share"
    POOLS_REVERTED = "pools_reverted"
    POOLS_NOT_REVERTED = "pools_not_reverted"
    NO_ADDRESS = "no_address"
    NO_NETMASK = "no_netmask"
    NOT_IN_NETWORK = "not_in_network"
    DNS_NEEDED = "dns_needed"
    NETWORK_DIFFERS = "network_differs"
    HOSTNAME_FORMAT = "hostname_format"
    HOSTNAME_NEEDED = "hostname_needed"
    FILE_UNREADABLE = "file_unreadable"
    FILE_NO_FIRMWARE = "file_no_firmware"
    FILE_CHANGED = "file_changed"
    NOT_READY_FOR_FILE = "not_ready_for_file"
    NO_LOGINS = "no_logins"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    SESSION_ENDED = "session_ended"
    REFUSED_CODE = "refused_code"


class MinerError(Exception):
    """Base of all: something is wrong with or at the miner."""

    def __init__(self, text: str = "", reason: Reason | None = None, /, **told: str) -> None:
        """Say it in English for the log, and by a reason with what its sentence names."""
        super().__init__(text)
        self.reason = reason
        self.told = told


class UnreachableError(MinerError):
    """No connection, no answer in time, or the connection broke while reading."""


class UnconfirmedError(MinerError):
    """A write was sent and no answer came, or none that can be read: its outcome is not known.

    Reading did not show the wanted state in time either. It must not be repeated
    without looking at the miner's state first.
    """


class MalformedReplyError(MinerError):
    """Something answered, but not in the way this make answers."""


class AuthenticationError(MinerError):
    """The credentials were refused."""


class WriteAccessError(MinerError):
    """The device does not allow writes (a switch of its own, or a default password)."""


class BusyError(MinerError):
    """The device cannot take this now; the same request may work later."""


class RampingError(MinerError):
    """The device would ignore this until its hashrate has settled; nothing was sent."""


class UnsupportedError(MinerError):
    """This device or firmware does not have the command."""


class OutdatedFirmwareError(UnsupportedError):
    """The firmware is older than this interface; updating it helps."""


class RejectedError(MinerError):
    """The device understood and refused: a value out of range, or a failed command."""


class RevertedError(MinerError):
    """What was set did not show as wanted; all is as it was before."""


class NotRevertedError(MinerError):
    """What was set did not show as wanted, and what was before could not be restored."""


class InvalidValueError(MinerError):
    """The value is outside what the device takes; nothing was sent."""


class MiningProcessDownError(MinerError):
    """The device answers but its mining process does not run, so this is not possible."""


class WrongMinerError(MinerError):
    """Another miner answers at this address."""
