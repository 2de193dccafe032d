"""What is stored on a device, and what may be stored there, in the device's own units.

None in what is stored means the default that the constraints name.
"""

from dataclasses import field, replace
from typing import Self

from ..lean import dataclass
from .parse import Json, at, flag, integer, items, number, text
from .schema import TUNER_MODES, TargetKind
from .settings_schema import (
    CoolingKind,
    CoolingMode,
    PoolGroupSettings,
    PowerScaling,
    QuickRamping,
)

COOLING_KINDS = {
    1: CoolingKind.AUTO,
    2: CoolingKind.MANUAL,
    3: CoolingKind.DISABLED,
    4: CoolingKind.IMMERSION,
    5: CoolingKind.HYDRO,
}
"""The numbers of the enum CoolingModeKind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Default and range of one setting, in the unit of the setting."""

    default: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    @classmethod
    def parse(cls, value: Json, *unit: str) -> Self:
        """Read tolerantly; `unit` is the member that holds each number, if there is one."""
        return cls(
            default=number(value, "default", *unit),
            minimum=number(value, "min", *unit),
            maximum=number(value, "max", *unit),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CoolingLimits:
    """Of the cooling modes."""

    kind: CoolingKind | None = None
    """What the machine is built for."""
    target_degree_c: Limits = field(default_factory=Limits)
    hot_degree_c: Limits = field(default_factory=Limits)
    dangerous_degree_c: Limits = field(default_factory=Limits)
    fan_speed_ratio: Limits = field(default_factory=Limits)

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""

        def degrees(name: str) -> Limits:
            return Limits.parse(at(value, f"{name}_temperature"), "degree_c")

        return cls(
            kind=COOLING_KINDS.get(integer(value, "default_cooling_mode") or 0),
            target_degree_c=degrees("target"),
            hot_degree_c=degrees("hot"),
            dangerous_degree_c=degrees("dangerous"),
            fan_speed_ratio=Limits.parse(at(value, "fan_speed_ratio")),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalingLimits:
    """Of dynamic performance scaling."""

    enabled: bool | None = None
    """The default."""
    shutdown_enabled: bool | None = None
    """The default."""
    mode: int | None = None
    """The default: 1 normal, 2 boost."""
    power_step_watt: Limits = field(default_factory=Limits)
    min_power_watt: Limits = field(default_factory=Limits)
    hashrate_step_terahash: Limits = field(default_factory=Limits)
    min_hashrate_terahash: Limits = field(default_factory=Limits)
    shutdown_hours: Limits = field(default_factory=Limits)

    @classmethod
    def parse(cls, value: Json) -> Self:
        """Read tolerantly."""
        unit = "terahash_per_second"
        return cls(
            enabled=flag(value, "enabled", "default"),
            shutdown_enabled=flag(value, "shutdown_enabled", "default"),
            mode=integer(value, "mode"),
            power_step_watt=Limits.parse(at(value, "power_step"), "watt"),
            min_power_watt=Limits.parse(at(value, "min_power_target"), "watt"),
            hashrate_step_terahash=Limits.parse(at(value, "hashrate_step"), unit),
            min_hashrate_terahash=Limits.parse(at(value, "min_hashrate_target"), unit),
            shutdown_hours=Limits.parse(at(value, "shutdown_duration"), "hours"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraints:
    """`getConstraints`. Generous software limits, not values that are safe everywhere."""

    power_watt: Limits
    hashrate_terahash: Limits
    default_kind: TargetKind | None
    hashboard_ids: tuple[str, ...]
    cooling: CoolingLimits = field(default_factory=CoolingLimits)
    scaling: ScalingLimits = field(default_factory=ScalingLimits)
    ramping_s: Limits = field(default_factory=Limits)
    """Of both directions."""

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        tuner, boards = at(reply, "tuner_constraints"), at(reply, "hashboards_constraints")
        names = map(text, items(at(boards, "hashboard_ids")))
        return cls(
            power_watt=Limits.parse(at(tuner, "power_target"), "watt"),
            hashrate_terahash=Limits.parse(at(tuner, "hashrate_target"), "terahash_per_second"),
            default_kind=TUNER_MODES.get(integer(tuner, "default_mode") or 0),
            hashboard_ids=tuple(name for name in names if name is not None),
            cooling=CoolingLimits.parse(at(reply, "cooling_constraints")),
            scaling=ScalingLimits.parse(at(reply, "dps_constraints")),
            ramping_s=Limits.parse(at(boards, "quick_ramping_time_s")),
        )


SECTIONS = ("temperature", "dps", "hashboard_config")
"""The parts of the stored configuration besides pools and targets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerConfiguration:
    """`getMinerConfiguration`: what is stored, whatever is in force now."""

    tuner_enabled: bool | None
    kind: TargetKind | None
    power_watt: float | None
    """Null or stale while the tuner holds a hashrate."""
    hashrate_terahash: float | None
    told: frozenset[str] = frozenset()
    """Those of SECTIONS that the answer has and that we know. Of the others it is not
    known what is stored, so nothing may be written over it."""
    cooling: CoolingMode | None = None
    scaling: PowerScaling = field(default_factory=PowerScaling)
    ramping: QuickRamping = field(default_factory=QuickRamping)
    pool_groups: tuple[PoolGroupSettings, ...] | None = None
    """None when the answer has none. With passwords where the device tells them."""

    @classmethod
    def parse(cls, reply: Json) -> Self:
        """Read tolerantly."""
        tuner, boards = at(reply, "tuner"), at(reply, "hashboard_config")
        cooling = _cooling(at(reply, "temperature"))
        groups = at(reply, "pool_groups")
        told = {name for name in SECTIONS if isinstance(at(reply, name), dict)}
        if cooling is None and at(reply, "temperature", "mode") is not None:
            # A mode that is newer than us.
            told.discard("temperature")
        return cls(
            tuner_enabled=flag(tuner, "enabled"),
            kind=TUNER_MODES.get(integer(tuner, "tuner_mode") or 0),
            power_watt=number(tuner, "power_target", "watt"),
            hashrate_terahash=number(tuner, "hashrate_target", "terahash_per_second"),
            told=frozenset(told),
            cooling=cooling,
            scaling=PowerScaling.stored(at(reply, "dps")),
            ramping=QuickRamping(
                up_s=integer(boards, "quick_ramping_time_up_s"),
                down_s=integer(boards, "quick_ramping_time_down_s"),
            ),
            pool_groups=(
                tuple(PoolGroupSettings.parse(group) for group in groups)
                if isinstance(groups, list)
                else None
            ),
        )


def _cooling(value: Json) -> CoolingMode | None:
    mode = CoolingMode.parse(at(value, "mode"))
    if mode is None or mode.minimum_required_fans is not None:
        return mode
    # The number of fans may also be stored beside the mode, and must survive a write.
    return replace(mode, minimum_required_fans=integer(value, "minimum_required_fans"))
