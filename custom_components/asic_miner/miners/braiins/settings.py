"""Which settings a device has, what they are set to, and what they accept. Pure.

A setting is only there where both is told: what it is set to, and what it may be.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
import math

from ..errors import InvalidValueError, Reason, UnsupportedError
from ..lean import dataclass
from ..models import Feature, PowerRange, SettingValue
from . import convert
from .configuration import Constraints, Limits, MinerConfiguration
from .schema import TargetKind
from .settings_schema import AutoUpgrade, CoolingKind, CoolingMode

TEMPERATURE_MARGIN = 10.0
"""°C above the model's own dangerous temperature up to which temperatures are offered. The
device's maximum is a software limit of 200 °C, which protects no chip."""

SCALING_MODES = {1: "normal", 2: "boost"}
"""The numbers of the enum DpsMode."""

KINDS = {"power_target": TargetKind.POWER, "hashrate_target": TargetKind.HASHRATE}
"""The performance modes that can be chosen. Manual operation sets clocks directly."""

CHOICES: Mapping[Feature, tuple[str, ...]] = {
    # A hydro machine has no other mode, so there is nothing to choose.
    Feature.COOLING_MODE: tuple(
        kind.value for kind in (CoolingKind.AUTO, CoolingKind.MANUAL, CoolingKind.IMMERSION)
    ),
    Feature.PERFORMANCE_MODE: tuple(KINDS),
    Feature.DPS_MODE: tuple(SCALING_MODES.values()),
}
"""What each choice offers, always all of it or the choice is not there."""

SWITCHES = frozenset({Feature.DPS, Feature.DPS_SHUTDOWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """Where one number is found."""

    section: str
    """See configuration.SECTIONS."""
    stored: Callable[[MinerConfiguration], float | None]
    limits: Callable[[Constraints], Limits]
    step: float
    """What a user can tell apart; from 1 on the device takes whole numbers only."""
    kind: TargetKind | None = None
    """The kind of target without which it has no effect."""


def _of_mode(
    pick: Callable[[CoolingMode], float | None],
) -> Callable[[MinerConfiguration], float | None]:
    return lambda stored: None if stored.cooling is None else pick(stored.cooling)


NUMBERS: Mapping[Feature, Number] = {
    Feature.TARGET_TEMPERATURE: Number(
        section="temperature",
        stored=_of_mode(lambda mode: mode.target_degree_c),
        limits=lambda limits: limits.cooling.target_degree_c,
        step=1,
    ),
    Feature.HOT_TEMPERATURE: Number(
        section="temperature",
        stored=_of_mode(lambda mode: mode.hot_degree_c),
        limits=lambda limits: limits.cooling.hot_degree_c,
        step=1,
    ),
    Feature.DANGEROUS_TEMPERATURE: Number(
        section="temperature",
        stored=_of_mode(lambda mode: mode.dangerous_degree_c),
        limits=lambda limits: limits.cooling.dangerous_degree_c,
        step=1,
    ),
    Feature.DPS_POWER_STEP: Number(
        section="dps",
        stored=lambda stored: stored.scaling.power_step_watt,
        limits=lambda limits: limits.scaling.power_step_watt,
        step=1,
        kind=TargetKind.POWER,
    ),
    Feature.DPS_MINIMUM_POWER: Number(
        section="dps",
        stored=lambda stored: stored.scaling.min_power_watt,
        limits=lambda limits: limits.scaling.min_power_watt,
        step=1,
        kind=TargetKind.POWER,
    ),
    # Devices allow hashrate steps from 0.1 TH/s on.
    Feature.DPS_HASHRATE_STEP: Number(
        section="dps",
        stored=lambda stored: stored.scaling.hashrate_step_terahash,
        limits=lambda limits: limits.scaling.hashrate_step_terahash,
        step=0.1,
        kind=TargetKind.HASHRATE,
    ),
    Feature.DPS_MINIMUM_HASHRATE: Number(
        section="dps",
        stored=lambda stored: stored.scaling.min_hashrate_terahash,
        limits=lambda limits: limits.scaling.min_hashrate_terahash,
        step=0.1,
        kind=TargetKind.HASHRATE,
    ),
    Feature.DPS_SHUTDOWN_HOURS: Number(
        section="dps",
        stored=lambda stored: stored.scaling.shutdown_hours,
        limits=lambda limits: limits.scaling.shutdown_hours,
        step=1,
    ),
    Feature.QUICK_RAMP_UP: Number(
        section="hashboard_config",
        stored=lambda stored: stored.ramping.up_s,
        limits=lambda limits: limits.ramping_s,
        step=1,
    ),
    Feature.QUICK_RAMP_DOWN: Number(
        section="hashboard_config",
        stored=lambda stored: stored.ramping.down_s,
        limits=lambda limits: limits.ramping_s,
        step=1,
    ),
}

TEMPERATURES = (
    Feature.TARGET_TEMPERATURE,
    Feature.HOT_TEMPERATURE,
    Feature.DANGEROUS_TEMPERATURE,
)
"""They have to rise in this order."""

SETTINGS = frozenset(CHOICES) | SWITCHES | frozenset(NUMBERS)


def values(
    constraints: Constraints | None,
    stored: MinerConfiguration | None,
    kind: TargetKind | None,
) -> dict[Feature, SettingValue]:
    """Return what is set, the device's default where nothing is stored.

    `kind` is what the tuner holds. What has no effect in that mode, or in the present
    cooling mode, is left out; so is what cannot be set.
    """
    if constraints is None or stored is None:
        return {}
    found: dict[Feature, SettingValue | None] = {
        Feature.COOLING_MODE: _cooling_choice(constraints, stored),
        Feature.PERFORMANCE_MODE: _performance_choice(constraints, kind),
    }
    if "dps" in stored.told:
        scaling, limits = stored.scaling, constraints.scaling
        found |= {
            Feature.DPS: _first(scaling.enabled, limits.enabled),
            Feature.DPS_SHUTDOWN: _first(scaling.shutdown_enabled, limits.shutdown_enabled),
            Feature.DPS_MODE: SCALING_MODES.get(scaling.mode or limits.mode or 0),
        }
    offered = ranges(constraints)
    cooled = cooling(constraints, stored)
    for feature, number in NUMBERS.items():
        if feature not in offered or number.section not in stored.told:
            continue
        if number.kind not in {None, kind}:
            continue
        if feature in TEMPERATURES and (cooled is None or cooled.kind is CoolingKind.DISABLED):
            continue
        found[feature] = _first(number.stored(stored), number.limits(constraints).default)
    return {feature: value for feature, value in found.items() if value is not None}


def of_firmware(upgrade: AutoUpgrade | None) -> dict[Feature, SettingValue]:
    """Return what is set of the firmware itself, which has nothing to do with mining."""
    if upgrade is None or upgrade.enabled is None:
        return {}
    return {Feature.AUTO_UPGRADE: upgrade.enabled}


def ranges(constraints: Constraints) -> dict[Feature, PowerRange]:
    """Return what each number accepts, of those that the device has limits for."""
    found = {feature: _range(number, constraints) for feature, number in NUMBERS.items()}
    dangerous = constraints.cooling.dangerous_degree_c.default
    highest = None if dangerous is None else dangerous + TEMPERATURE_MARGIN
    for feature in TEMPERATURES:
        found[feature] = _capped(found[feature], highest)
    # Scaling down to more than can be set as a target is no scaling down.
    for feature, target in (
        (Feature.DPS_MINIMUM_POWER, convert.power_range(constraints)),
        (Feature.DPS_MINIMUM_HASHRATE, convert.hashrate_range(constraints)),
    ):
        found[feature] = _capped(found[feature], target.maximum if target else None)
    return {feature: accepted for feature, accepted in found.items() if accepted}


def cooling(constraints: Constraints, stored: MinerConfiguration) -> CoolingMode | None:
    """Return the cooling mode that is stored, else the one the machine is built for.

    None when the device does not tell, or tells a mode that is newer than us.
    """
    if "temperature" not in stored.told:
        return None
    if stored.cooling is not None or constraints.cooling.kind is None:
        return stored.cooling
    return CoolingMode(kind=constraints.cooling.kind)


def checked(constraints: Constraints, setting: Feature, value: SettingValue) -> SettingValue:
    """Return a value as it can be sent.

    Raises UnsupportedError for what is no setting here, InvalidValueError for a value of
    the wrong kind or outside what is offered.
    """
    if setting in SWITCHES and isinstance(value, bool):
        return value
    if setting in CHOICES and isinstance(value, str):
        if value not in CHOICES[setting]:
            raise InvalidValueError(
                f"{value!r} is none of {', '.join(CHOICES[setting])}",
                Reason.NOT_A_CHOICE,
                choices=", ".join(CHOICES[setting]),
            )
        return value
    if setting not in SETTINGS:
        raise UnsupportedError(f"there is no setting {setting}")
    if setting not in NUMBERS or isinstance(value, bool | str):
        raise InvalidValueError(f"{value!r} is no value for {setting}", Reason.WRONG_KIND)
    offered = ranges(constraints).get(setting)
    if offered is None:
        raise UnsupportedError(f"the device names no range for {setting}")
    # Put so that what is no number is outside, too.
    if not offered.minimum <= value <= offered.maximum:
        raise InvalidValueError(
            f"{value:g} is outside {offered.minimum:g} to {offered.maximum:g} for {setting}",
            Reason.OUT_OF_RANGE,
            minimum=f"{offered.minimum:g}",
            maximum=f"{offered.maximum:g}",
        )
    return round(value) if offered.step >= 1 else value


def check_order(constraints: Constraints, mode: CoolingMode) -> None:
    """Raise InvalidValueError unless the temperatures rise from target to dangerous."""
    limits = constraints.cooling
    rising = [
        _first(mode.target_degree_c, limits.target_degree_c.default),
        _first(mode.hot_degree_c, limits.hot_degree_c.default),
        _first(mode.dangerous_degree_c, limits.dangerous_degree_c.default),
    ]
    known = [degrees for degrees in rising if degrees is not None]
    if any(low >= high for low, high in pairwise(known)):
        target, hot, dangerous = ("?" if one is None else f"{one:g}" for one in rising)
        raise InvalidValueError(
            "the target temperature has to be below the hot and that below the dangerous one,"
            f" and would be {target}, {hot} and {dangerous} °C",
            Reason.TEMPERATURES_ORDER,
            target=target,
            hot=hot,
            dangerous=dangerous,
        )


def same(told: SettingValue | None, wanted: SettingValue) -> bool:
    """Tell whether two values are the same but for how they were written down."""
    if isinstance(told, bool | str) or isinstance(wanted, bool | str):
        return told == wanted and type(told) is type(wanted)
    return told is not None and math.isclose(told, wanted, rel_tol=1e-6)


def _first[T](stored: T | None, default: T | None) -> T | None:
    return default if stored is None else stored


def _cooling_choice(constraints: Constraints, stored: MinerConfiguration) -> str | None:
    mode = cooling(constraints, stored)
    if mode is None or constraints.cooling.kind is CoolingKind.HYDRO:
        return None
    return mode.kind.value if mode.kind in CHOICES[Feature.COOLING_MODE] else None


def _performance_choice(constraints: Constraints, kind: TargetKind | None) -> str | None:
    if not convert.power_range(constraints) or not convert.hashrate_range(constraints):
        return None
    return next((name for name, one in KINDS.items() if one is kind), None)


def _range(number: Number, constraints: Constraints) -> PowerRange | None:
    limits = number.limits(constraints)
    low, high = limits.minimum, limits.maximum
    if low is None or high is None or high <= low:
        return None
    return PowerRange(minimum=low, maximum=high, step=number.step, default=limits.default)


def _capped(accepted: PowerRange | None, highest: float | None) -> PowerRange | None:
    if accepted is None or highest is None or highest <= accepted.minimum:
        return None
    return replace(accepted, maximum=min(accepted.maximum, highest))
