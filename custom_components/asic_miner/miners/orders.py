"""What a miner can be told beyond single values, the same for every make."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import field
from enum import StrEnum
from typing import Literal

from .lean import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolEntry:
    """One pool. Never shown by repr(), since an address can carry a login."""

    url: str = field(repr=False)
    user: str = field(repr=False)
    """The worker."""
    password: str | None = field(default=None, repr=False)
    """None where it is not known: devices do not tell it. "" is a valid one."""
    enabled: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolGroup:
    """Pools in order of priority. Devices without groups have one."""

    pools: tuple[PoolEntry, ...]
    name: str | None = None
    quota: int | None = None
    """The group's part of the hashrate in relation to the quotas of the others."""
    share: float | None = None
    """The group's fixed part of the hashrate, from 0 to 1, instead of a quota."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blink:
    """How a light blinks: lit for `duration` of each `period`, from `start` on. Times in ms."""

    colour: Literal["red", "green"]
    period: int = 1000
    duration: int = 500
    start: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticAddress:
    """A fixed IPv4 address and what goes with it."""

    address: str
    netmask: str
    gateway: str
    dns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSettings:
    """Where a miner is in the network. `static` None takes the address from DHCP."""

    static: StaticAddress | None = None
    hostname: str | None = None
    """None leaves it as it is."""


class TargetReference(StrEnum):
    """What a relative target is a percentage of."""

    NOMINAL = "nominal"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    CURRENT = "current"


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A target that a device has tuned itself for. W and TH/s; None where not told."""

    name: str | None = None
    power_target: float | None = None
    hashrate_target: float | None = None
    power: float | None = None
    """As estimated by the device."""
    hashrate: float | None = None
    tuned_at: str | None = None


class LogKind(StrEnum):
    """Logs that can be fetched; which ones is in `Capabilities.choices`."""

    MINER = "miner"
    """What the mining software writes."""
    SYSTEM = "system"
    KERNEL = "kernel"
    MANAGEMENT = "management"
    """What the firmware's own interface writes."""
    SUPPORT_ARCHIVE = "support_archive"
    """Everything that the maker's support asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFile:
    """A log on its way from a device. Close `chunks` when it is not read to the end."""

    suffix: str
    """Of a file that holds it, for example ".tar.gz"."""
    chunks: AsyncGenerator[bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareImage:
    """A firmware file on its way to a device."""

    name: str
    size: int
    """Bytes."""
    chunks: Callable[[], AsyncIterator[bytes]]
    """Opens it for reading once, from its beginning."""


type Progress = Callable[[int], None]
"""Told how many bytes have been sent so far."""
