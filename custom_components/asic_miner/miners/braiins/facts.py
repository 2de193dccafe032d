"""What is asked of a device less often than the live values, and what follows from it. Pure."""

from collections.abc import Mapping
from typing import Self

from ..lean import dataclass
from ..models import Feature, LicenseState, LoggedFault, Pool, PowerRange, SettingValue, TunerState
from . import convert, schema, settings
from .configuration import Constraints, MinerConfiguration
from .faults import fault_log
from .schema import TargetKind
from .settings_schema import AutoUpgrade, License
from .state import license_state, tuner_state


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowParts:
    """What changes rarely. None where the last slow read did not bring it."""

    hashboards: tuple[schema.Hashboard, ...] | None = None
    tuner: schema.TunerState | None = None
    mode: schema.PerformanceMode | None = None
    configuration: MinerConfiguration | None = None
    pools: tuple[schema.PoolGroup, ...] | None = None
    locate: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RareParts:
    """What changes hardly ever, or is long. None where its last read did not bring it."""

    errors: tuple[schema.LoggedError, ...] | None = None
    license: License | None = None
    network: schema.Network | None = None
    upgrade: AutoUpgrade | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is the same from one slow read to the next, in the units of the normalised world."""

    pools: tuple[Pool, ...] | None
    fault_log: tuple[LoggedFault, ...] | None
    tuner_state: TunerState | None
    license_state: LicenseState | None
    ip_address: str | None
    power_target: float | None
    power_target_effective: float | None
    hashrate_target: float | None
    settings: Mapping[Feature, SettingValue]
    ranges: Mapping[Feature, PowerRange]
    """What each number accepts, of those that are set to anything."""

    @classmethod
    def of(cls, slow: SlowParts, rare: RareParts, constraints: Constraints | None) -> Self:
        """Work them out."""
        kind = convert.active_kind(slow.mode, slow.configuration, constraints)
        found = settings.values(constraints, slow.configuration, kind)
        found |= settings.of_firmware(rare.upgrade)
        return cls(
            pools=None if slow.pools is None else convert.pools(slow.pools),
            fault_log=None if rare.errors is None else fault_log(rare.errors, slow.pools or ()),
            tuner_state=tuner_state(slow.tuner),
            license_state=license_state(rare.license),
            ip_address=convert.ip_address(rare.network),
            power_target=_stored_power(slow, kind),
            power_target_effective=slow.tuner.power_watt if slow.tuner else None,
            hashrate_target=_stored_hashrate(slow, kind),
            settings=found,
            ranges=_ranges(constraints, found) if constraints else {},
        )


def _ranges(
    constraints: Constraints, found: Mapping[Feature, SettingValue]
) -> dict[Feature, PowerRange]:
    ranges: dict[Feature, PowerRange] = {}
    if power := convert.power_range(constraints):
        ranges[Feature.POWER_TARGET] = power
    if hashrate := convert.hashrate_range(constraints):
        ranges[Feature.HASHRATE_TARGET] = hashrate
    offered = settings.ranges(constraints)
    return ranges | {name: offered[name] for name in offered if name in found}


def _stored_power(slow: SlowParts, kind: TargetKind | None) -> float | None:
    """Return the target in W; what is stored of a kind that is not active is stale."""
    if kind is not TargetKind.POWER:
        return None
    if slow.configuration is not None and slow.configuration.power_watt is not None:
        return slow.configuration.power_watt
    return slow.mode.power_watt if slow.mode else None


def _stored_hashrate(slow: SlowParts, kind: TargetKind | None) -> float | None:
    """Return the target in TH/s, as `_stored_power`."""
    if kind is not TargetKind.HASHRATE:
        return None
    if slow.configuration is not None and slow.configuration.hashrate_terahash is not None:
        return slow.configuration.hashrate_terahash
    return slow.mode.hashrate_terahash if slow.mode else None
