"""What the controller of a site is told and what it says. Plain data, no rules.

Signs: the grid is positive when power is drawn from it; the battery is positive when it
is discharged. Times are Unix time in seconds.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from ..miners.lean import dataclass
from . import defaults
from .guard import Guard
from .model import Ability, GuardState, Measured, Source, Wish
from .policy import Policy


class Mode(StrEnum):
    """What the miners of a site live from."""

    OFF = "off"
    """All miners are off."""
    SURPLUS = "surplus"
    """Only from what would be exported."""
    SURPLUS_CHEAP = "surplus_cheap"
    """From that, and from the grid while it is cheap."""
    ZERO_EXPORT = "zero_export"
    """From what an inverter holds back because nothing may be exported."""
    FIXED = "fixed"
    """From anything, up to a fixed number of watts."""
    FULL = "full"
    HEAT = "heat"
    """As much as the thermostats ask for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteMiner:
    """A miner's place in the site."""

    key: str
    priority: int = 1
    """1 is served first."""
    phase: int | None = None
    """1 to 3; None on all three, or where there is only one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit:
    """Cables and a breaker, and the miners behind them."""

    key: str
    members: frozenset[str]
    limit: float
    """W that all behind it may draw for ever."""
    metered: bool = False
    """Whether it is measured as a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSettings:
    """What the owner has decided."""

    miners: tuple[SiteMiner, ...]
    circuits: tuple[Circuit, ...] = ()
    mode: Mode = Mode.SURPLUS
    policy: Policy = Policy.PRIORITY
    reserve: float = defaults.RESERVE
    """W by which export is kept above nothing."""
    fixed: float = 0.0
    """W of the mode FIXED."""
    import_limit: float | None = None
    """W that may ever be drawn from the grid."""
    phase_limit: float | None = None
    """W that may ever be drawn from the grid on one phase."""
    discharge: bool = False
    """Whether miners may discharge the battery."""
    first_soc: float = defaults.BATTERY_FIRST_SOC
    discharge_soc: float = defaults.BATTERY_DISCHARGE_SOC
    stop_soc: float = defaults.BATTERY_STOP_SOC
    band: tuple[float, float] = (defaults.BAND_LOW, defaults.BAND_HIGH)
    """W of import between which ZERO_EXPORT keeps the grid."""
    ride_through: float = defaults.RIDE_THROUGH
    """Wh that a miner at its floor may take from the grid before it is stopped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """A miner that is only seen to, or that nobody can see to now."""

    key: str
    drawn: float
    """W that it draws, measured; 0 while nobody knows."""
    most: float
    """W that it may be drawing, or draw at any moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteReadings:
    """What is measured now. None where there is no such thing, or it does not say."""

    grid: Measured | None = None
    phases: Mapping[int, Measured] = field(default_factory=dict)
    """W from the grid on the phases 1 to 3."""
    battery: Measured | None = None
    soc: Measured | None = None
    solar: Measured | None = None
    """W from the sun, as it was last said however long ago: a dark roof says nothing."""
    elevation: float | None = None
    """Degrees of the sun above the horizon."""
    price: float | None = None
    price_limit: float | None = None
    permission: bool | None = True
    """False forbids mining, in an orderly way; None, as long as nobody has said, to begin."""
    must_stop: bool = False
    """True stops everything at once."""
    circuits: Mapping[str, Measured] = field(default_factory=dict)
    """W measured on a circuit as a whole, with what else hangs on it, as last said."""
    heat: Mapping[str, float] = field(default_factory=dict)
    """W that thermostats ask of miners, for the mode HEAT."""
    loads: tuple[Load, ...] = ()
    """Miners of the settings that are not handed to the plan."""
    doubted: float | None = None
    """Since when the meter of the grid seems to be the wrong way round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MinerNow:
    """One miner at this moment."""

    key: str
    ability: Ability
    state: GuardState
    efficiency: float | None = None
    """J/TH."""
    controlled: bool = True
    """False leaves it alone; it counts as a part of the house, and for its circuits."""

    @classmethod
    def of(cls, key: str, guard: Guard, now: float, *, controlled: bool = True) -> MinerNow:
        """Take it from its guard."""
        state = guard.state(now)
        watts = state.drawn or state.floor
        return cls(
            key=key,
            ability=guard.ability.usual,
            state=state,
            efficiency=guard.learned.joules_per_terahash(watts, guard.ability),
            controlled=controlled,
        )


class Why(StrEnum):
    """The one reason for what a plan does or waits for. Translated by the caller."""

    MODE_OFF = "mode_off"
    MUST_STOP = "must_stop"
    NOT_PERMITTED = "not_permitted"
    PERMISSION_UNKNOWN = "permission_unknown"
    """Nothing is raised: nobody has said yet whether mining is permitted."""
    NO_MINERS = "no_miners"
    LEFT_ALONE = "left_alone"
    """All are left to a person's order, a pause, boost or budget, or a thermostat."""
    METER_OLD = "meter_old"
    """Nothing is raised."""
    METER_HOLD = "meter_hold"
    METER_FLOOR = "meter_floor"
    METER_PAUSE = "meter_pause"
    LIMIT_METER_HOLD = "limit_meter_hold"
    """As METER_HOLD, for who is behind a circuit or on a phase."""
    LIMIT_METER_FLOOR = "limit_meter_floor"
    LIMIT_METER_PAUSE = "limit_meter_pause"
    METER_SIGN = "meter_sign"
    """It seems to be the wrong way round, so what it says is worth as much as silence."""
    BATTERY_SILENT = "battery_silent"
    """What it gives is not known, so the meter of the grid says too little."""
    CIRCUIT = "circuit"
    IMPORT_LIMIT = "import_limit"
    MINER_AWAY = "miner_away"
    """What one that is away may be drawing is kept for it."""
    BATTERY = "battery"
    """The battery is discharged, which it must not be for miners."""
    BATTERY_LOW = "battery_low"
    STARTED = "started"
    STOPPED = "stopped"
    RAISED = "raised"
    LOWERED = "lowered"
    WAIT_START = "wait_start"
    WAIT_RAISE = "wait_raise"
    WAIT_LOWER = "wait_lower"
    RIDE_THROUGH = "ride_through"
    SPACING = "spacing"
    """One miner at a time."""
    MINER_WAITS = "miner_waits"
    """All that could help have a reason of their own to wait."""
    STAYS_OFF = "stays_off"
    """None is left but those that a person has switched off."""
    NO_SURPLUS = "no_surplus"
    PRICE_HIGH = "price_high"
    PRICE_UNKNOWN = "price_unknown"
    PRICE_SOON = "price_soon"
    PROBING = "probing"
    PROBE_PAUSED = "probe_paused"
    FULL = "full"
    """Nobody can draw more."""
    BALANCED = "balanced"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why, with what its text needs."""

    why: Why
    data: Mapping[str, float] = field(default_factory=dict)
    miner: str | None = None
    until: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Energy:
    """kWh that the miners have used, by where they came from."""

    solar: float = 0.0
    grid: float = 0.0
    battery: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be done now, and all that may be seen."""

    orders: Mapping[str, float]
    """W that miners are to be ordered newly; 0 is off."""
    limits: Mapping[str, float | None]
    """The most that each miner may draw, for its guard; None for no limit."""
    allocated: Mapping[str, float]
    """W that each miner has been given."""
    budget: float | None
    """W for all miners together; None while it is not known."""
    surplus: float | None
    """W that would go to the grid without miners; None while it is not known."""
    headroom: Mapping[str, float]
    """W that are left on each circuit."""
    energy: Energy
    reason: Reason

    def apply(self, guards: Mapping[str, Guard], now: float) -> None:
        """Hand the plan to the guards. Not called in a dry run."""
        for key, watts in self.limits.items():
            if key not in guards:
                continue
            if watts is None:
                guards[key].lift(Source.SITE)
            else:
                guards[key].wish(Wish(watts=watts, source=Source.SITE, at=now, safety=True))
        for key, watts in self.orders.items():
            if key in guards:
                guards[key].wish(Wish(watts=watts, source=Source.SITE, at=now))
