"""Settings as they are written and read back, in the device's own units.

None leaves a setting as it is, or means the default where the device says so.
"""

from dataclasses import field
from enum import IntEnum, StrEnum
from typing import Self

from ..lean import dataclass
from .parse import Json, at, flag, integer, items, number, tag, text, verbatim
from .schema import PerformanceMode, TargetKind


class RelativeReference(IntEnum):
    """What a relative target is a percentage of (from 1.1.0)."""

    NOMINAL = 1
    MIN = 2
    MAX = 3
    CURRENT = 4


class CoolingKind(StrEnum):
    """The tags of a cooling mode."""

    AUTO = "auto"
    MANUAL = "manual"
    IMMERSION = "immersion"
    HYDRO = "hydro"
    DISABLED = "disabled"
    """Fans at a fixed speed whatever the heat. Can be stored, but not be set."""


class ArchiveFormat(StrEnum):
    """The formats of a support archive."""

    ZIP = "zip"
    BOS = "bos"
    ZIP_ENCRYPTED = "zipencrypted"


class LogType(StrEnum):
    """The logs that a device keeps."""

    ERRORS = "errors"
    BOSMINER = "bosminer"
    BOSER = "boser"
    MONITOR = "monitor"
    SYSLOG = "syslog"
    DMESG = "dmesg"


SAVE_AND_APPLY = 2
"""Of the enum SaveAction: wanted by 1.0.0, ignored later."""


def performance_mode_body(mode: PerformanceMode) -> Json:
    """Return the body that makes the tuner hold a power or a hashrate.

    Manual operation sets clocks and voltages directly and is not offered: ValueError.
    """
    if mode.kind is TargetKind.POWER:
        power = _unit("watt", mode.power_watt)
        return {"tunermode": {"target": {"powertarget": {"power_target": power}}}}
    if mode.kind is TargetKind.HASHRATE:
        hashrate = _unit("terahash_per_second", mode.hashrate_terahash)
        return {"tunermode": {"target": {"hashratetarget": {"hashrate_target": hashrate}}}}
    raise ValueError("only tuner modes can be set")


def _unit(name: str, value: float | None) -> Json:
    return None if value is None else {name: value}


@dataclass(frozen=True, kw_only=True, slots=True)
class CoolingMode:
    """A cooling mode. Liquid modes have the three temperatures only, DISABLED has none."""

    kind: CoolingKind
    target_degree_c: float | None = None
    hot_degree_c: float | None = None
    """Fans go to full speed, and power scaling steps down."""
    dangerous_degree_c: float | None = None
    """Mining stops."""
    minimum_required_fans: int | None = None
    min_fan_percent: int | None = None
    """0 to 100, automatic mode only."""
    max_fan_percent: int | None = None
    """0 to 100, automatic mode only."""
    fan_speed_ratio: float | None = None
    """0 to 1, manual mode only."""
    pause_mode: Json = None
    """What fans do during a pause, in the device's own form. Not in liquid modes."""

    def body(self) -> Json:
        """Return the request; exactly one tag, unset members left out.

        Raises ValueError for DISABLED, which devices do not take.
        """
        if self.kind is CoolingKind.DISABLED:
            raise ValueError("cooling cannot be disabled")
        members: dict[str, Json] = {
            "target_temperature": _unit("degree_c", self.target_degree_c),
            "hot_temperature": _unit("degree_c", self.hot_degree_c),
            "dangerous_temperature": _unit("degree_c", self.dangerous_degree_c),
        }
        if self.kind in {CoolingKind.AUTO, CoolingKind.MANUAL}:
            members["minimum_required_fans"] = self.minimum_required_fans
            members["pause_mode"] = self.pause_mode
        if self.kind is CoolingKind.AUTO:
            members["min_fan_speed"] = self.min_fan_percent
            members["max_fan_speed"] = self.max_fan_percent
        if self.kind is CoolingKind.MANUAL:
            members["fan_speed_ratio"] = self.fan_speed_ratio
        return {self.kind.value: _without_none(members)}

    @classmethod
    def parse(cls, reply: Json) -> Self | None:
        """Read the answer; None for a mode that is newer than us."""
        found = tag(reply, tuple(CoolingKind))
        if found is None:
            return None
        kind, members = found
        return cls(
            kind=CoolingKind(kind),
            target_degree_c=number(members, "target_temperature", "degree_c"),
            hot_degree_c=number(members, "hot_temperature", "degree_c"),
            dangerous_degree_c=number(members, "dangerous_temperature", "degree_c"),
            minimum_required_fans=integer(members, "minimum_required_fans"),
            min_fan_percent=integer(members, "min_fan_speed"),
            max_fan_percent=integer(members, "max_fan_speed"),
            fan_speed_ratio=number(members, "fan_speed_ratio"),
            pause_mode=at(members, "pause_mode"),
        )


def _without_none(members: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerScaling:
    """Dynamic performance scaling (DPS)."""

    enabled: bool | None = None
    mode: int | None = None
    """1 normal, 2 boost."""
    shutdown_enabled: bool | None = None
    shutdown_hours: int | None = None
    power_step_watt: int | None = None
    min_power_watt: int | None = None
    hashrate_step_terahash: float | None = None
    min_hashrate_terahash: float | None = None
    on_start_percent: int | None = None
    """From 1.2.0."""

    def body(self) -> Json:
        """Return the request, whose names differ from those of the answer.

        Raises ValueError with members of both kinds of target, of which one fits in.
        """
        power = _without_none(
            {
                "power_step": _unit("watt", self.power_step_watt),
                "min_power_target": _unit("watt", self.min_power_watt),
            }
        )
        unit = "terahash_per_second"
        hashrate = _without_none(
            {
                "hashrate_step": _unit(unit, self.hashrate_step_terahash),
                "min_hashrate_target": _unit(unit, self.min_hashrate_terahash),
            }
        )
        if power and hashrate:
            raise ValueError("scaling is of a power or of a hashrate target")
        target: dict[str, Json] = {}
        if power or hashrate:
            target = {"powertarget": power} if power else {"hashratetarget": hashrate}
        members: dict[str, Json] = {
            "save_action": SAVE_AND_APPLY,
            "enable": self.enabled,
            "mode": self.mode,
            "enable_shutdown": self.shutdown_enabled,
            "shutdown_duration": _unit("hours", self.shutdown_hours),
            "target": {"target": target} if target else None,
            "on_start_target_percent": self.on_start_percent,
        }
        return _without_none(members)

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read the answer tolerantly."""
        return cls._of(reply, at(reply, "power_target"), at(reply, "hashrate_target"))

    @classmethod
    def stored(cls, value: Json) -> Self:
        """Read the part of the stored configuration, which is flat."""
        return cls._of(value, value, value)

    @classmethod
    def _of(cls, value: Json, power: Json, hashrate: Json) -> Self:
        unit = "terahash_per_second"
        return cls(
            enabled=flag(value, "enabled"),
            mode=integer(value, "mode"),
            shutdown_enabled=flag(value, "shutdown_enabled"),
            shutdown_hours=integer(value, "shutdown_duration", "hours"),
            power_step_watt=integer(power, "power_step", "watt"),
            min_power_watt=integer(power, "min_power_target", "watt"),
            hashrate_step_terahash=number(hashrate, "hashrate_step", unit),
            min_hashrate_terahash=number(hashrate, "min_hashrate_target", unit),
            on_start_percent=integer(value, "on_start_target_percent"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class QuickRamping:
    """How long clocks ramp on resume and on pause. Both are always sent."""

    up_s: int | None = None
    down_s: int | None = None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read the answer tolerantly."""
        return cls(up_s=integer(reply, "up_s"), down_s=integer(reply, "down_s"))


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetProfile:
    """One finished tuning of `getTargetProfiles`; one of the targets is None."""

    power_watt: float | None
    hashrate_terahash: float | None
    estimated_watt: float | None
    measured_gigahash: float | None
    created: int | None = None
    """Seconds since 1970."""

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            power_watt=number(value, "target", "watt"),
            hashrate_terahash=number(value, "target", "terahash_per_second"),
            estimated_watt=number(value, "estimated_power_consumption", "watt"),
            measured_gigahash=number(value, "measured_hashrate", "gigahash_per_second"),
            created=integer(value, "created", "seconds"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class EfficiencyPoint:
    """One point of `getEfficiencyProfile` (from 1.4.0)."""

    power_watt: float | None
    consumption_watt: float | None
    hashrate_terahash: float | None
    fan_percent: int | None

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            power_watt=number(value, "power_target", "watt"),
            consumption_watt=number(value, "consumption", "watt"),
            hashrate_terahash=number(value, "hashrate", "terahash_per_second"),
            fan_percent=integer(value, "fan_speed"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSettings:
    """One pool as it is stored."""

    url: str = field(repr=False)
    user: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    enabled: bool | None = None

    def body(self) -> Json:
        """Return the request's part; the device gives out the uid."""
        return {"url": self.url, "user": self.user} | _without_none(
            {"password": self.password, "enabled": self.enabled}
        )

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            url=verbatim(value, "url") or "",
            user=verbatim(value, "user") or "",
            password=verbatim(value, "password"),
            enabled=flag(value, "enabled"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolGroupSettings:
    """One group of pools as it is stored. Shares work with others by quota or by ratio."""

    name: str
    """At least one character."""
    pools: tuple[PoolSettings, ...]
    uid: str | None = None
    """Given out by the device; never sent."""
    quota: int | None = None
    fixed_share_ratio: float | None = None

    def body(self) -> Json:
        """Return the request."""
        body: dict[str, Json] = {"name": self.name, "pools": [pool.body() for pool in self.pools]}
        if self.quota is not None:
            body["load_balance_strategy"] = {"quota": {"value": self.quota}}
        elif self.fixed_share_ratio is not None:
            ratio: Json = {"value": self.fixed_share_ratio}
            body["load_balance_strategy"] = {"fixedshareratio": ratio}
        return body

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        strategy = at(value, "load_balance_strategy")
        return cls(
            name=verbatim(value, "name") or "",
            pools=tuple(PoolSettings.parse(pool) for pool in items(at(value, "pools"))),
            uid=text(value, "uid"),
            quota=integer(strategy, "quota", "value"),
            fixed_share_ratio=number(strategy, "fixedshareratio", "value"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticAddress:
    """A fixed IP configuration; complete or not at all."""

    address: str
    netmask: str
    gateway: str
    dns_servers: tuple[str, ...] = ()

    def body(self) -> Json:
        """Return the request's part."""
        return {
            "address": self.address,
            "netmask": self.netmask,
            "gateway": self.gateway,
            "dns_servers": [*self.dns_servers],
        }

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        servers = (text(server) for server in items(at(value, "dns_servers")))
        return cls(
            address=text(value, "address") or "",
            netmask=text(value, "netmask") or "",
            gateway=text(value, "gateway") or "",
            dns_servers=tuple(server for server in servers if server is not None),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkConfiguration:
    """`getNetworkConfiguration`. None for `static` means DHCP."""

    hostname: str | None
    static: StaticAddress | None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        static = at(reply, "protocol", "static")
        return cls(
            hostname=text(reply, "hostname"),
            static=None if static is None else StaticAddress.parse(static),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class License:
    """`getLicenseState`."""

    state: str | None
    """One of none, limited, valid, expired."""
    time_to_restricted_s: int | None = None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        found = tag(at(reply, "state"), ("none", "limited", "valid", "expired"))
        if found is None:
            return cls(state=None)
        return cls(state=found[0], time_to_restricted_s=integer(found[1], "time_to_restricted"))


@dataclass(frozen=True, kw_only=True, slots=True)
class UpgradeMetadata:
    """What an image is announced as (`systemUpgrade`, from 1.3.0)."""

    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""
    discard_settings: bool = False
    disable_cleanup: bool = False

    def body(self) -> Json:
        """Return the request's first part."""
        return {
            "size": self.size,
            "hash": self.sha256,
            "discard_settings": self.discard_settings,
            "disable_cleanup": self.disable_cleanup,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoUpgrade:
    """`getAutoUpgradeStatus` (from 1.1.0). Times in seconds since 1970."""

    enabled: bool | None
    next_execution: int | None
    last_execution: int | None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        return cls(
            enabled=flag(reply, "enabled"),
            next_execution=integer(reply, "next_execution", "seconds"),
            last_execution=integer(reply, "last_execution", "seconds"),
        )
