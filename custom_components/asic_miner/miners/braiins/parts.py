"""What is asked of a device less often than the live values, in its own units."""

from ..lean import dataclass
from .configuration import MinerConfiguration
from .schema import (
    Hashboard,
    LoggedError,
    Network,
    PerformanceMode,
    PoolGroup,
    TunerState,
)
from .settings_schema import AutoUpgrade, License


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowParts:
    """What changes rarely. None where the last slow read did not bring it."""

    hashboards: tuple[Hashboard, ...] | None = None
    tuner: TunerState | None = None
    mode: PerformanceMode | None = None
    configuration: MinerConfiguration | None = None
    pools: tuple[PoolGroup, ...] | None = None
    locate: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RareParts:
    """What changes hardly ever, or is long. None where its last read did not bring it."""

    errors: tuple[LoggedError, ...] | None = None
    license: License | None = None
    network: Network | None = None
    upgrade: AutoUpgrade | None = None
