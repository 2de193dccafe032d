"""What can go wrong with a device, switched on and off by tests."""

from dataclasses import dataclass, field
from enum import Enum, auto


class Wire(Enum):
    """How a connection goes wrong after the request has been read."""

    HANG = auto()
    """Never answers; closes when the device's silence limit is over."""
    CLOSE = auto()
    """Closes without a byte."""
    CUT = auto()
    """Closes in the middle of the reply."""
    RESET = auto()
    """Resets the connection instead of answering."""
    REFUSED_TEXT = auto()
    """A bare line of text, as while the mining process is down."""
    OVER_MAX = auto()
    """Says that too many are connected."""


class Malformed(Enum):
    """How a reply fails to be JSON."""

    PSU_COMMA = auto()
    """get_psu lacks the comma before temp0."""
    ERROR_PAIRS = auto()
    """get_error_code writes its objects' insides straight into the list."""
    TRAILING_COMMA = auto()
    NEWLINE = auto()
    """A raw newline inside a string."""


class Transfer(Enum):
    """How the transfer of a firmware image or of the log goes wrong."""

    BREAKS = auto()
    """The connection is reset in the middle."""
    STALLS = auto()
    """The log stops in the middle, with the connection left open."""
    ONE_SEGMENT = auto()
    """The log comes in the same segment as the reply that announces it."""
    SHORT = auto()
    """The log ends before the length that was announced."""
    LONG = auto()
    """The log goes on after the length that was announced."""
    NO_LENGTH = auto()
    """The announced length is no number."""
    REFUSED = auto()
    """The image is refused when all of it has come."""
    REFUSED_EARLY = auto()
    """The image is refused in the middle, and the rest not waited for."""
    SILENT = auto()
    """The image is installed, and the connection closed without a word about that."""
    HANGS = auto()
    """The image is installed, and the connection left open in silence."""


@dataclass(kw_only=True)
class Faults:
    """All faults of one device. As made, nothing is wrong; every member may be set at any time."""

    wire: Wire | None = None
    wire_commands: set[str] | None = None
    """The commands that `wire` is for; None means all."""
    codes: dict[str, int] = field(default_factory=dict)
    """Refuse a command (by its name) with a code and do not execute it."""
    tokens_void: bool = False
    """Know no token, however new it is."""
    texts: dict[str, str] = field(default_factory=dict)
    """Answer a command with success and this text where an object belongs."""
    unanswered: set[str] = field(default_factory=set)
    """Execute these commands and close without a reply."""
    answered: set[str] = field(default_factory=set)
    """Answer these even where devices of this kind do not (restart_btminer, power modes …)."""
    dropped_while_booting: bool = False
    """A control board that reboots is off the network, where it otherwise refuses connections."""
    hang_unanswered: bool = False
    """Keep the connection open in silence after a command that gets no answer."""
    transfer: Transfer | None = None
    malformed: set[Malformed] = field(default_factory=set)
    missing_keys: set[str] = field(default_factory=set)
    """Leave these keys out of every reply, at any depth."""
    wrong_types: bool = False
    """Write numbers as strings, strings of digits as numbers, booleans as strings."""
    power_unknown: bool = False
    """Power is -1."""
    power_limit_unset: bool = False
    """Power Limit is 2147483647."""
    missing_boards: set[int] = field(default_factory=set)
    """Slots (from 0) whose board is not found. It hashes and draws nothing."""
    dead_pools: set[int] = field(default_factory=set)
    """Places (from 0) of pools that do not answer the miner."""
    rejected_part: float | None = None
    """Part of the shares that pools refuse from now on; None means the few of every day."""
    fans_stopped: bool = False
    """Fan speeds are 0."""
    no_hashrate: bool = False
    """Set to mine, powered, and yet no hashes come."""
    error_codes: list[int] = field(default_factory=list)
    """Reported besides what the device finds itself. May hold a code twice."""
    self_resume_after: float | None = None
    """Simulated seconds after a power_off at which the device mines again by itself."""
    reply_delay: float = 0.0
    """Simulated seconds before every reply."""
    segment: int | None = None
    """Bytes per segment of a reply; None sends each reply at once."""
    ending: bytes | None = None
    """Bytes after each reply; None leaves that to the generation."""
    mac: str | None = None
    """Report this hardware address: another device has taken over the network address."""
