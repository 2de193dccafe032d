"""The normalised world: what a miner is and says, the same for every make.

Units are fixed here once and for all: hashrate TH/s, power W, energy kWh,
efficiency J/TH, temperature °C, frequency MHz, voltage V, time s, fan speed rpm.

Everywhere below, None means that the device does not say. It never means zero.
"""

from collections.abc import Mapping
from dataclasses import asdict, field, fields, replace
from enum import StrEnum
from functools import lru_cache
from typing import Self

from .lean import dataclass
from .wording import as_name

type JsonValue = str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None
"""What json.loads can give, and what may be stored in a config entry."""


class Make(StrEnum):
    """The protocol families that can be spoken to."""

    WHATSMINER = "whatsminer"
    BRAIINS = "braiins"


class MinerState(StrEnum):
    """What a miner is doing, in the order of a normal day."""

    MINING = "mining"
    STARTING = "starting"
    """Mining is wanted and the hashrate is still ramping up."""
    TUNING = "tuning"
    """Mining, while the firmware searches frequencies and voltages."""
    PAUSED = "paused"
    """Off on purpose; the mining process is kept ready."""
    STOPPED = "stopped"
    """The mining process does not run, on purpose or not."""
    RESTARTING = "restarting"
    LIMITED = "limited"
    """The firmware allows no mining or only some: dead pools, licence, heat."""
    FAULT = "fault"
    UNKNOWN = "unknown"


type SettingValue = bool | float | str
"""On or off, a number in the unit of its feature, or one of its choices."""


class PowerMode(StrEnum):
    """Power modes of a WhatsMiner; changing the mode restarts mining."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Feature(StrEnum):
    """A reading that a device delivers or a command that it takes.

    Entities ask for features, never for a make. Members are only ever added: the
    values are stored in config entries.
    """

    # Readings
    HASHRATE = "hashrate"
    EXPECTED_HASHRATE = "expected_hashrate"
    POWER = "power"
    EFFICIENCY = "efficiency"
    TEMPERATURE = "temperature"
    ENVIRONMENT_TEMPERATURE = "environment_temperature"
    INLET_TEMPERATURE = "inlet_temperature"
    OUTLET_TEMPERATURE = "outlet_temperature"
    UPTIME = "uptime"
    SHARES = "shares"
    POOL = "pool"
    FAULTS = "faults"
    POWER_TARGET_EFFECTIVE = "power_target_effective"
    PSU_POWER = "psu_power"
    PSU_INPUT_VOLTAGE = "psu_input_voltage"
    PSU_INPUT_CURRENT = "psu_input_current"
    PSU_TEMPERATURE = "psu_temperature"
    PSU_FAN_SPEED = "psu_fan_speed"
    BOARD_TEMPERATURE = "board_temperature"
    BOARD_CHIP_TEMPERATURE = "board_chip_temperature"
    BOARD_FREQUENCY = "board_frequency"
    BOARD_VOLTAGE = "board_voltage"
    BOARD_CHIPS = "board_chips"
    FAULT_LOG = "fault_log"
    """The device keeps a log of faults of the past, which is not what is wrong now."""
    TUNER_STATE = "tuner_state"
    LICENSE_STATE = "license_state"
    IP_ADDRESS = "ip_address"
    # Commands; everything from here on is one, or a setting
    MINING = "mining"
    LOCATE = "locate"
    POWER_PERCENT = "power_percent"
    POWER_TARGET = "power_target"
    POWER_LIMIT = "power_limit"
    POWER_MODE = "power_mode"
    HASHRATE_TARGET = "hashrate_target"
    RESTORE_POWER = "restore_power"
    DEFAULT_POWER_TARGET = "default_power_target"
    DEFAULT_HASHRATE_TARGET = "default_hashrate_target"
    RESTART_MINING = "restart_mining"
    REBOOT = "reboot"
    STOP_MINING = "stop_mining"
    """The mining process can be ended, which is more than a pause."""
    DEFAULT_QUICK_RAMPING = "default_quick_ramping"
    LOGS = "logs"
    """Logs can be fetched; its choices are kinds of `LogKind`."""
    UPDATE_FIRMWARE = "update_firmware"
    """A firmware file can be installed."""
    # Settings: kept by the device, set by `set_setting`, read in `Snapshot.settings`
    FAST_BOOT = "fast_boot"
    MINE_AT_STARTUP = "mine_at_startup"
    WEB_POOLS = "web_pools"
    """The web page may change the pools."""
    POWEROFF_COOL = "poweroff_cool"
    """Fans go on for a while after mining has stopped."""
    FAN_ZERO_SPEED = "fan_zero_speed"
    """Fans may stand still."""
    FAST_MINING = "fast_mining"
    TARGET_FREQUENCY = "target_frequency"
    """In percent of the normal frequency, from -100 to 100."""
    UPFREQ_SPEED = "upfreq_speed"
    TEMP_OFFSET = "temp_offset"
    HEAT_MODE = "heat_mode"
    COOLING_MODE = "cooling_mode"
    TARGET_TEMPERATURE = "target_temperature"
    HOT_TEMPERATURE = "hot_temperature"
    DANGEROUS_TEMPERATURE = "dangerous_temperature"
    PERFORMANCE_MODE = "performance_mode"
    DPS = "dps"
    """Dynamic performance scaling: the firmware lowers the target when it gets hot."""
    DPS_SHUTDOWN = "dps_shutdown"
    DPS_MODE = "dps_mode"
    DPS_POWER_STEP = "dps_power_step"
    DPS_MINIMUM_POWER = "dps_minimum_power"
    DPS_HASHRATE_STEP = "dps_hashrate_step"
    DPS_MINIMUM_HASHRATE = "dps_minimum_hashrate"
    DPS_SHUTDOWN_HOURS = "dps_shutdown_hours"
    QUICK_RAMP_UP = "quick_ramp_up"
    QUICK_RAMP_DOWN = "quick_ramp_down"
    HASHBOARD = "hashboard"
    """Each hashboard can be switched; set by `set_hashboard`, read in `Hashboard.enabled`."""
    AUTO_UPGRADE = "auto_upgrade"
    """The device installs new firmware by itself."""
    WRITE_ACCESS = "write_access"
    """The device can refuse all writes by a switch of its own."""


_FEATURES = list(Feature)
READINGS = frozenset(_FEATURES[: _FEATURES.index(Feature.MINING)])
"""What a device that is only watched can have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerRange:
    """The values a number accepts, in the unit of that number."""

    minimum: float
    maximum: float
    step: float
    default: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who answers at an address."""

    make: Make
    mac: str
    """Lower case with colons. The one thing that never changes."""
    manufacturer: str
    """Who built the hardware, for example "MicroBT" or "Bitmain"."""
    model: str
    model_id: str | None = None
    """The maker's own text for it, which may tell the hardware variant as well."""
    firmware: str | None = None
    api_version: str | None = None
    hardware: str | None = None
    """The control board."""
    serial: str | None = None
    hostname: str | None = None

    def __post_init__(self) -> None:
        """Make names of what a device calls itself, whichever make reads it."""
        for item in fields(self):
            if item.name != "make" and (said := getattr(self, item.name)):
                object.__setattr__(self, item.name, as_name(said))

    @property
    def name(self) -> str:
        """What its owner calls it; the short model names of one maker say too little."""
        return f"WhatsMiner {self.model}" if self.make is Make.WHATSMINER else self.model

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that a config entry can store."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def updated(self, seen: Identity) -> Identity:
        """Take over what the same miner says of itself now, and keep what it does not say.

        A miner that is off may not tell its model; it has not become another one.
        """
        told = {
            item.name: value
            for item in fields(seen)
            if (value := getattr(seen, item.name)) is not None
        }
        if seen.model_id is None and self.model_id is not None:
            del told["model"]
        return replace(self, **told)

    @classmethod
    def from_json(cls, stored: dict[str, JsonValue]) -> Self:
        """Read what `to_json` wrote, ignoring members of other versions.

        Raises ValueError when a required member is missing or wrong.
        """
        known: dict[str, str | None] = {}
        for item in fields(cls):
            value = stored.get(item.name)
            if value is not None and not isinstance(value, str):
                raise ValueError(f"stored identity: {item.name} is not text")
            known[item.name] = value
        make, mac = known.pop("make"), known.pop("mac")
        manufacturer, model = known.pop("manufacturer"), known.pop("model")
        if make is None or mac is None or manufacturer is None or model is None:
            raise ValueError("stored identity is incomplete")
        return cls(make=Make(make), mac=mac, manufacturer=manufacturer, model=model, **known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """What a device has, as far as it has shown yet. Kept in the config entry."""

    features: frozenset[Feature] = frozenset()
    boards: frozenset[int] = frozenset()
    """Numbers of the hashboards, counted from 1."""
    fans: frozenset[int] = frozenset()
    """Numbers of the fans, counted from 1; empty on liquid cooling."""
    pools: frozenset[int] = frozenset()
    """Places of the pools in the order of priority, counted from 1."""
    ranges: Mapping[Feature, PowerRange] = field(default_factory=dict)
    """What each number accepts."""
    choices: Mapping[Feature, tuple[str, ...]] = field(default_factory=dict)
    """What each choice offers."""
    assumed: frozenset[Feature] = frozenset()
    """Settings that the device takes and cannot be asked for."""

    def __contains__(self, feature: Feature) -> bool:
        """Tell whether the device has a feature."""
        return feature in self.features

    def only_watched(self) -> Capabilities:
        """Return what is left when the device is no longer commanded."""
        return Capabilities(
            features=self.features & READINGS, boards=self.boards, fans=self.fans, pools=self.pools
        )

    def merged(self, seen: Capabilities) -> Capabilities:
        """Add what has been seen now to what was known before.

        A paused or restarting miner shows less of itself; what it has once shown
        it still has. Newer ranges and choices win over older ones. The same object is
        returned where nothing is new, which is so at nearly every poll.
        """
        if (
            seen.features <= self.features
            and seen.boards <= self.boards
            and seen.fans <= self.fans
            and seen.pools <= self.pools
            and seen.ranges.items() <= self.ranges.items()
            and seen.choices.items() <= self.choices.items()
            and seen.assumed - self.features <= self.assumed
            and self.assumed.isdisjoint(seen.features - seen.assumed)
        ):
            return self
        return replace(
            seen,
            features=_shared(self.features | seen.features),
            boards=_shared(self.boards | seen.boards),
            fans=_shared(self.fans | seen.fans),
            pools=_shared(self.pools | seen.pools),
            # What has once been read is no longer only assumed.
            assumed=_shared(
                frozenset(
                    feature
                    for feature in self.assumed | seen.assumed
                    if feature not in self.features - self.assumed
                    and feature not in seen.features - seen.assumed
                )
            ),
            ranges={**self.ranges, **seen.ranges},
            choices={**self.choices, **seen.choices},
        )

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that a config entry can store, the same for equal contents."""
        return {
            "features": list[JsonValue](sorted(self.features)),
            "boards": list[JsonValue](sorted(self.boards)),
            "fans": list[JsonValue](sorted(self.fans)),
            "pools": list[JsonValue](sorted(self.pools)),
            "assumed": list[JsonValue](sorted(self.assumed)),
            "ranges": {feature: asdict(self.ranges[feature]) for feature in sorted(self.ranges)},
            "choices": {
                feature: list[JsonValue](self.choices[feature]) for feature in sorted(self.choices)
            },
        }

    @classmethod
    def from_json(cls, stored: dict[str, JsonValue]) -> Self:
        """Read what `to_json` wrote; what is unknown to this version is left out."""
        return cls(
            features=_features(stored.get("features")),
            assumed=_features(stored.get("assumed")),
            boards=_shared(frozenset(_integers(stored.get("boards")))),
            fans=_shared(frozenset(_integers(stored.get("fans")))),
            pools=_shared(frozenset(_integers(stored.get("pools")))),
            ranges={
                feature: limits
                for feature, value in _by_feature(stored.get("ranges"))
                if (limits := _range(value))
            },
            choices={
                feature: tuple(_texts(value))
                for feature, value in _by_feature(stored.get("choices"))
            },
        )


@lru_cache(maxsize=128)
def _shared[T: Feature | int](some: frozenset[T]) -> frozenset[T]:
    """Return the set equal to this one that was made first.

    Miners of one kind have the same ones, and a set of sixty features takes two to four kB.
    """
    return some


def _features(stored: JsonValue) -> frozenset[Feature]:
    return _shared(frozenset(Feature(name) for name in _texts(stored) if name in set(Feature)))


def _by_feature(stored: JsonValue) -> list[tuple[Feature, JsonValue]]:
    if not isinstance(stored, dict):
        return []
    return [(Feature(key), value) for key, value in stored.items() if key in set(Feature)]


def _texts(stored: JsonValue) -> list[str]:
    return [v for v in stored if isinstance(v, str)] if isinstance(stored, list) else []


def _integers(stored: JsonValue) -> list[int]:
    found = stored if isinstance(stored, list) else []
    # Yes is 1 to Python, and a set with it would be shared with those that have the 1.
    return [v for v in found if isinstance(v, int) and not isinstance(v, bool)]


def _range(stored: JsonValue) -> PowerRange | None:
    if not isinstance(stored, dict):
        return None
    numbers = {
        key: float(value)
        for key, value in stored.items()
        if key in {"minimum", "maximum", "step", "default"} and isinstance(value, int | float)
    }
    if not {"minimum", "maximum", "step"} <= numbers.keys():
        return None
    return PowerRange(**numbers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hashboard:
    """One hashboard at one moment."""

    index: int
    """Counted from 1."""
    hashrate: float | None = None
    expected_hashrate: float | None = None
    temperature: float | None = None
    chip_temperature: float | None = None
    """Of the hottest chip."""
    frequency: float | None = None
    voltage: float | None = None
    chips: int | None = None
    enabled: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fan:
    """One fan at one moment."""

    index: int
    """Counted from 1."""
    speed: int | None = None


class PoolState(StrEnum):
    """What becomes of a configured pool."""

    IN_USE = "in_use"
    STANDBY = "standby"
    """It answers, and another one is mined for."""
    DEAD = "dead"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """One configured pool."""

    index: int
    """Counted from 1, in order of priority."""
    url: str = field(repr=False)
    user: str = field(repr=False)
    """Worker name. Never logged, never an entity state."""
    enabled: bool | None = None
    """False where somebody has switched it off; then nothing is asked of it."""
    alive: bool | None = None
    active: bool | None = None
    accepted: int | None = None
    rejected: int | None = None
    stale: int | None = None

    @property
    def address(self) -> str:
        """Host and port as configured, without what stands around them.

        An address may carry a worker's name and password, which nobody is to see.
        """
        rest = self.url.rpartition("//")[2]
        return rest.rpartition("@")[2].partition("/")[0]

    @property
    def state(self) -> PoolState | None:
        """Return whether it is mined for, could be, or does not answer; None if untold."""
        if self.enabled is False:
            return PoolState.DISABLED
        if self.alive is False:
            return PoolState.DEAD
        if self.active:
            return PoolState.IN_USE
        return PoolState.STANDBY if self.alive else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault that is present now."""

    code: str
    message: str
    """In English, for logs."""
    remedy: str | None = None
    minor: bool = False
    """The maker itself treats it as harmless."""
    cooling: bool = False
    """A fan or the flow of a liquid has failed."""
    key: str | None = None
    """Of its translated text: lower case letters, digits and underscores. None where there
    is no text but the device's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedFault:
    """One entry of a log of faults of the past."""

    time: str
    """As the device writes it; with the message it tells one entry from another."""
    message: str
    code: str | None = None
    remedy: str | None = None


class TunerState(StrEnum):
    """What a tuner of frequencies and voltages does."""

    DISABLED = "disabled"
    PREHEATING = "preheating"
    TUNING = "tuning"
    STABLE = "stable"
    CONTINUOUS = "continuous"
    """Stable, and it goes on improving what it has found."""
    ERROR = "error"


class LicenseState(StrEnum):
    """Whether the firmware's licence lets the miner mine."""

    NONE = "none"
    LIMITED = "limited"
    VALID = "valid"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerSupply:
    """The power supply's own readings."""

    power: float | None = None
    input_voltage: float | None = None
    input_current: float | None = None
    temperature: float | None = None
    fan_speed: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything a miner said in one poll, in plain terms.

    Live members are read at each poll; what it is set to may be a minute older while its draw
    and its work go on unchanged. Members marked (slow) come from the last slow
    read; when that read failed they are None, not an old value.
    """

    mac: str | None = None
    """Who answered, where the device tells it for free; checked against the entry."""
    state: MinerState = MinerState.UNKNOWN
    mining_wanted: bool | None = None
    """True while the device is set to mine, also while it ramps or cannot."""
    hashrate: float | None = None
    expected_hashrate: float | None = None
    power: float | None = None
    efficiency: float | None = None
    """None when not mining."""
    temperature: float | None = None
    """Of the hottest chip, else of the hottest board."""
    environment_temperature: float | None = None
    inlet_temperature: float | None = None
    outlet_temperature: float | None = None
    clock: float | None = field(default=None, compare=False)
    """The device's own time of day as Unix time. It moves on, so it makes no difference."""
    uptime: int | None = None
    """Since the control board booted."""
    mining_uptime: int | None = None
    """Since the mining process started."""
    accepted_shares: int | None = None
    rejected_shares: int | None = None
    reject_rate: float | None = None
    """Rejected part of the latest shares in percent. No device tells it: who polls counts it."""
    boards: tuple[Hashboard, ...] = ()
    fans: tuple[Fan, ...] = ()
    pools: tuple[Pool, ...] | None = None
    """(slow)"""
    faults: tuple[Fault, ...] | None = None
    """(slow) Faults present now; () when there are none."""
    fault_log: tuple[LoggedFault, ...] | None = None
    """(slow) What has happened, newest last. None where the device keeps no log."""
    psu: PowerSupply | None = None
    """(slow)"""
    tuner_state: TunerState | None = None
    """(slow)"""
    license_state: LicenseState | None = None
    """(slow)"""
    ip_address: str | None = None
    """(slow) The device's own word."""
    locate: bool | None = None
    """(slow) The identify light blinks."""
    power_percent: float | None = None
    power_target: float | None = None
    power_target_effective: float | None = None
    power_limit: float | None = None
    """The limit as set; None when there is none."""
    hashrate_target: float | None = None
    power_mode: PowerMode | None = None
    settings: Mapping[Feature, SettingValue] = field(default_factory=dict)
    """(slow) What the device is set to; what it does not tell is not in here."""
    write_access: bool | None = None
    """Whether writes are allowed, as far as the last write told."""

    @property
    def active_pool(self) -> Pool | None:
        """Return the pool that is mined on now."""
        return next((pool for pool in self.pools or () if pool.active), None)

    @property
    def off_on_purpose(self) -> bool:
        """Tell whether the miner is off because it was told to be."""
        return self.mining_wanted is False

    def board(self, index: int) -> Hashboard | None:
        """Return one board, None when it is not reported now."""
        return next((board for board in self.boards if board.index == index), None)

    def fan(self, index: int) -> Fan | None:
        """Return one fan, None when it is not reported now."""
        return next((fan for fan in self.fans if fan.index == index), None)

    def pool(self, index: int) -> Pool | None:
        """Return the pool at one place, None when there is none now."""
        return next((pool for pool in self.pools or () if pool.index == index), None)
