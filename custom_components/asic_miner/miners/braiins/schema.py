"""The answers of the contract, as far as they are used, in the device's own units.

Member names follow the contract with the unit in the name. Every member may be None:
devices send null for what they do not know now, and leave out what their version does
not have. Unknown members are ignored and unknown enum numbers are kept as numbers.
"""

from dataclasses import field
from enum import IntEnum, StrEnum
from typing import Self, override

from ..lean import dataclass
from .parse import Json, at, flag, integer, items, number, tag, text, verbatim


class MinerStatus(IntEnum):
    """`status` of miner/details."""

    NOT_STARTED = 1
    NORMAL = 2
    PAUSED = 3
    SUSPENDED = 4
    RESTRICTED = 5


class TunerStatus(IntEnum):
    """`overall_tuner_state` of performance/tuner-state."""

    DISABLED = 1
    STABLE = 2
    TUNING = 3
    ERROR = 4
    CONTINUOUS = 5
    """From 1.2.0: goes on optimising for ever, which is normal there."""
    PREHEAT = 6
    """From 1.4.0."""


class MinerBrand(IntEnum):
    """`miner_identity.brand` of miner/details: who made the hashing hardware."""

    ANTMINER = 1
    WHATSMINER = 2


class TargetKind(StrEnum):
    """What the tuner holds."""

    POWER = "power"
    HASHRATE = "hashrate"
    MANUAL = "manual"
    """Fixed frequency and voltage; there is no target."""


TUNER_MODES = {1: TargetKind.POWER, 2: TargetKind.HASHRATE}
"""The numbers of the enum TunerMode."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiVersion:
    """`getApiVersion`."""

    major: int
    minor: int
    patch: int

    @override
    def __str__(self) -> str:
        """Return the usual dotted form."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @classmethod
    def parse(cls, reply: Json) -> Self | None:
        """Read strictly: this reply is how a Braiins OS device is told from anything else."""
        if not isinstance(reply, dict) or reply.keys() != {"major", "minor", "patch"}:
            return None
        numbers = {
            name: value
            for name, value in reply.items()
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0
        }
        return cls(**numbers) if len(numbers) == len(reply) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """`login`: a session that ends when it has been idle for `timeout_s`."""

    token: str = field(repr=False)
    timeout_s: float | None = None

    @classmethod
    def parse(cls, reply: Json) -> Self | None:
        """Read; None when there is no token, or one that no header can carry."""
        token = (verbatim(reply, "token") or "").strip()
        if not token or not token.isascii() or not token.isprintable():
            return None
        return cls(token=token, timeout_s=number(reply, "timeout_s"))


PHASES = ("stopped", "stopping", "starting", "running")
REASONS = (
    "unspecified",
    "application_unavailable",
    "unsupported_hardware",
    "dead_pools",
    "missing_license",
    "user_pause",
    "thermal_pause",
    "dps_cooldown",
    "tuner_error",
    "hardware_error",
    "none",
    "delayed_start",
    "cooling_down",
    "waiting_while_cold",
    "defrosting",
    "normal",
    "preheating",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DetailedStatus:
    """Phase and reason, from 1.7.0."""

    phase: str
    """One of PHASES."""
    reason: str | None = None
    """One of REASONS; None for one that is newer than us."""
    message: str | None = None
    """The device's own words on an error."""

    @classmethod
    def parse(cls, value: Json) -> Self | None:
        """Read; None when it is missing or of a phase that is newer than us."""
        phase = tag(at(value, "status"), PHASES)
        if phase is None:
            return None
        reason = tag(at(phase[1], "reason"), REASONS)
        if reason is None:
            return cls(phase=phase[0])
        name, content = reason
        words = [text(content, "message"), text(content, "reason")]
        words += [text(error) for error in items(at(content, "errors"))]
        return cls(phase=phase[0], reason=name, message="; ".join(filter(None, words)) or None)


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerDetails:
    """`getMinerDetails`."""

    hostname: str | None
    mac_address: str | None
    serial_number: str | None
    brand: int | None
    name: str | None
    miner_model: str | None
    platform: int | None
    soc_family: int | None
    bos_version: str | None
    status: int | None
    """See MinerStatus."""
    detailed_status: DetailedStatus | None
    system_uptime_s: int | None
    bosminer_uptime_s: int | None
    """0 while the mining process does not run."""
    sticker_gigahash: float | None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        uptime = integer(reply, "system_uptime_s")
        return cls(
            hostname=text(reply, "hostname"),
            mac_address=text(reply, "mac_address"),
            serial_number=text(reply, "serial_number"),
            brand=integer(reply, "miner_identity", "brand"),
            name=text(reply, "miner_identity", "name"),
            miner_model=text(reply, "miner_identity", "miner_model"),
            platform=integer(reply, "platform"),
            soc_family=integer(reply, "control_board_soc_family"),
            bos_version=text(reply, "bos_version", "current"),
            status=integer(reply, "status"),
            detailed_status=DetailedStatus.parse(at(reply, "detailed_status")),
            # The obsolete twin has the same meaning where the newer one is missing.
            system_uptime_s=integer(reply, "system_uptime") if uptime is None else uptime,
            bosminer_uptime_s=integer(reply, "bosminer_uptime_s"),
            sticker_gigahash=number(reply, "sticker_hashrate", "gigahash_per_second"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkStats:
    """Hashrates in GH/s, of the whole miner or of one board."""

    last_1m_gigahash: float | None
    nominal_gigahash: float | None
    """What the tuned frequencies should give."""

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            last_1m_gigahash=number(value, "real_hashrate", "last_1m", "gigahash_per_second"),
            nominal_gigahash=number(value, "nominal_hashrate", "gigahash_per_second"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareStats:
    """Shares since the mining process started."""

    accepted: int | None
    rejected: int | None
    stale: int | None

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            accepted=integer(value, "accepted_shares"),
            rejected=integer(value, "rejected_shares"),
            stale=integer(value, "stale_shares"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerStats:
    """`getMinerStats`."""

    work: WorkStats
    shares: ShareStats
    approximated_watt: float | None
    """An estimate of the firmware; it can lag a pause by one or two polls."""
    joule_per_terahash: float | None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        power = at(reply, "power_stats")
        return cls(
            work=WorkStats.parse(at(reply, "miner_stats")),
            shares=ShareStats.parse(at(reply, "pool_stats")),
            approximated_watt=number(power, "approximated_consumption", "watt"),
            joule_per_terahash=number(power, "efficiency", "joule_per_terahash"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Hashboard:
    """One element of `getHashboards`."""

    id: str | None
    """Counted from 1, as text."""
    enabled: bool | None
    chips_count: int | None
    voltage_volt: float | None
    frequency_hertz: float | None
    chip_degree_c: float | None
    board_degree_c: float | None
    inlet_degree_c: float | None
    outlet_degree_c: float | None
    water_inlet_degree_c: float | None
    """From 1.4.0, on hydro machines."""
    water_outlet_degree_c: float | None
    work: WorkStats

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            id=text(value, "id"),
            enabled=flag(value, "enabled"),
            chips_count=integer(value, "chips_count"),
            voltage_volt=number(value, "current_voltage", "volt"),
            frequency_hertz=number(value, "current_frequency", "hertz"),
            chip_degree_c=number(value, "highest_chip_temp", "temperature", "degree_c"),
            board_degree_c=number(value, "board_temp", "degree_c"),
            inlet_degree_c=number(value, "lowest_inlet_temp", "degree_c"),
            outlet_degree_c=number(value, "highest_outlet_temp", "degree_c"),
            water_inlet_degree_c=number(value, "lowest_water_inlet_temp", "degree_c"),
            water_outlet_degree_c=number(value, "highest_water_outlet_temp", "degree_c"),
            work=WorkStats.parse(at(value, "stats")),
        )

    @classmethod
    def parse_all(cls, reply: Json) -> tuple[Self, ...]:
        """Read the whole answer."""
        return tuple(cls.parse(item) for item in items(at(reply, "hashboards")))


@dataclass(frozen=True, kw_only=True, slots=True)
class FanState:
    """One fan of `getCoolingState`."""

    position: int | None
    """Counted from 0."""
    rpm: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CoolingState:
    """`getCoolingState`. No fans on hydro and immersion."""

    fans: tuple[FanState, ...]
    highest_degree_c: float | None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        return cls(
            fans=tuple(
                FanState(position=integer(fan, "position"), rpm=integer(fan, "rpm"))
                for fan in items(at(reply, "fans"))
            ),
            highest_degree_c=number(reply, "highest_temperature", "temperature", "degree_c"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PerformanceMode:
    """`getPerformanceMode`: what is in force now."""

    kind: TargetKind | None
    power_watt: float | None = None
    hashrate_terahash: float | None = None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        mode = tag(reply, ("tunermode", "manualmode"))
        if mode is None:
            return cls(kind=None)
        if mode[0] == "manualmode":
            return cls(kind=TargetKind.MANUAL)
        match tag(at(mode[1], "target"), ("powertarget", "hashratetarget")):
            case "powertarget", target:
                watt = number(target, "power_target", "watt")
                return cls(kind=TargetKind.POWER, power_watt=watt)
            case "hashratetarget", target:
                terahash = number(target, "hashrate_target", "terahash_per_second")
                return cls(kind=TargetKind.HASHRATE, hashrate_terahash=terahash)
        return cls(kind=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class TunerState:
    """`getTunerState`: the target in effect, after power scaling."""

    state: int | None
    """See TunerStatus."""
    power_watt: float | None
    hashrate_terahash: float | None

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        mode = at(reply, "mode_state")
        return cls(
            state=integer(reply, "overall_tuner_state"),
            power_watt=number(mode, "powertargetmodestate", "current_target", "watt"),
            hashrate_terahash=number(
                mode, "hashratetargetmodestate", "current_target", "terahash_per_second"
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolState:
    """One pool of `getPools`."""

    url: str = field(repr=False)
    user: str = field(repr=False)
    enabled: bool | None
    alive: bool | None
    active: bool | None
    shares: ShareStats

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            url=text(value, "url") or "",
            user=text(value, "user") or "",
            enabled=flag(value, "enabled"),
            alive=flag(value, "alive"),
            active=flag(value, "active"),
            shares=ShareStats.parse(at(value, "stats")),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolGroup:
    """One group of `getPools`."""

    name: str | None
    pools: tuple[PoolState, ...]

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        return cls(
            name=text(value, "name"),
            pools=tuple(PoolState.parse(pool) for pool in items(at(value, "pools"))),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """`getNetwork`."""

    mac_address: str | None
    hostname: str | None
    addresses: tuple[str, ...] = ()
    """In use now."""

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        addresses = (text(one, "address") for one in items(at(reply, "networks")))
        return cls(
            mac_address=text(reply, "mac_address"),
            hostname=text(reply, "hostname"),
            addresses=tuple(address for address in addresses if address is not None),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedError:
    """One entry of `getMinerErrors`: something that happened once, not a present fault."""

    timestamp: str | None
    """RFC 3339; 2015 for entries from before the clock was set."""
    message: str | None
    codes: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    """What each code stands for."""
    hints: tuple[str, ...] = ()
    """What to do about it."""

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        known = items(at(value, "error_codes"))

        def told(member: str) -> tuple[str, ...]:
            return tuple(filter(None, (text(item, member) for item in known)))

        return cls(
            timestamp=text(value, "timestamp"),
            message=text(value, "message"),
            codes=told("code"),
            reasons=told("reason"),
            hints=told("hint"),
        )
