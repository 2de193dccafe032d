"""Runs one day at one house, with the planner or with one of the others."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import CommandKind
from custom_components.asic_miner.power.site import SiteController
from custom_components.asic_miner.power.site_model import (
    Circuit,
    Measured,
    MinerNow,
    Mode,
    SiteMiner,
    SiteReadings,
    SiteSettings,
)

from .baselines import BASELINES, View
from .plant import SimMiner, fleet
from .traces import LENGTH, STEP, Kind, Trace, trace

EPOCH = 1_800_000_000.0
"""Unix time of the trace's midnight."""
BATTERY_WH = 10_000.0
BATTERY_W = 5_000.0
POLL = 15
"""Seconds between polls of a miner, as in life."""
METER = 10
PLANNER = "planner"
IMPORTING = "planner, imports 300 W"
"""The planner when it may import as much as one of the others means to."""
DRAINING = "planner, from battery"
"""The planner when it may live from the battery, as others do unasked."""
RIVAL_FREE = {
    IMPORTING: {Kind.CLEAR, Kind.CLOUDS, Kind.WINTER, Kind.PRICE},
    DRAINING: {Kind.BATTERY},
}
"""Variants, and on which days they mean anything."""


@dataclass(kw_only=True)
class Battery:
    """Keeps the grid at nothing as long as it can."""

    wh: float = 0.25 * BATTERY_WH

    def take(self, surplus: float) -> float:
        """Return its power for a step, discharging above 0."""
        hours = STEP / 3600
        if surplus > 0:
            power = min(surplus, BATTERY_W, (BATTERY_WH - self.wh) / hours)
            self.wh += power * hours
            return -power
        power = min(-surplus, BATTERY_W, (self.wh - 0.1 * BATTERY_WH) / hours)
        power = max(power, 0.0)
        self.wh -= power * hours
        return power


@dataclass(kw_only=True)
class Result:
    """What one day came to."""

    trace: str
    miners: int
    controller: str
    used: float = 0.0
    """% of the energy that was there for miners."""
    bought: float = 0.0
    """kWh that miners drew beyond it."""
    starts: int = 0
    changes: int = 0
    breaches: int = 0
    """Seconds above a circuit's limit."""
    battery: float = 0.0
    """kWh that a battery gave while miners drew as much."""
    series: dict[str, list[float]] = field(default_factory=dict)

    def row(self) -> dict[str, str | int | float]:
        """Return it without the series."""
        values = asdict(self)
        del values["series"]
        return {key: round(v, 2) if isinstance(v, float) else v for key, v in values.items()}


type Controller = Callable[[float, View], None]


class Planner:
    """The real planner and guards, fed as Home Assistant would feed them."""

    def __init__(self, day: Trace, miners: list[SimMiner], variant: str = PLANNER) -> None:
        """Set up a site for a kind of day."""
        modes = {
            Kind.PRICE: Mode.SURPLUS_CHEAP,
            Kind.NIGHT: Mode.SURPLUS_CHEAP,
            Kind.ZERO_EXPORT: Mode.ZERO_EXPORT,
        }
        circuits: tuple[Circuit, ...] = ()
        if day.circuit is not None:
            members = frozenset(miner.key for miner in miners)
            circuits = (Circuit(key="garage", members=members, limit=day.circuit),)
        self.site = SiteController(
            SiteSettings(
                miners=tuple(
                    SiteMiner(key=miner.key, priority=place) for place, miner in enumerate(miners)
                ),
                circuits=circuits,
                mode=modes.get(day.kind, Mode.SURPLUS),
                reserve=-300.0 if variant == IMPORTING else defaults.RESERVE,
                discharge=variant == DRAINING,
            )
        )
        self.miners = miners
        self.guards = {miner.key: Guard(miner.ability) for miner in miners}
        self.reasons: dict[str, int] = {}

    def act(self, now: float, view: View) -> None:
        """Poll, plan, and send."""
        at = EPOCH + now
        for place, miner in enumerate(self.miners):
            if (now + place * STEP) % POLL < STEP:
                guard = self.guards[miner.key]
                guard.able(miner.ability)
                guard.read(miner.reading(now, EPOCH))
        if now % METER < STEP:
            readings = SiteReadings(
                grid=Measured(value=view.grid, at=at),
                battery=None if view.battery is None else Measured(value=view.battery, at=at),
                soc=None if view.soc is None else Measured(value=view.soc, at=at),
                price=0.1 if view.cheap else 0.3,
                price_limit=0.2,
            )
            now_miners = [MinerNow.of(key, guard, at) for key, guard in self.guards.items()]
            plan = self.site.plan(at, readings, now_miners)
            plan.apply(self.guards, at)
            self.reasons[plan.reason.why] = self.reasons.get(plan.reason.why, 0) + 1
        for miner in self.miners:
            self._send(miner, self.guards[miner.key], now)

    def _send(self, miner: SimMiner, guard: Guard, now: float) -> None:
        at = EPOCH + now
        command = guard.next(at)
        if command is None:
            return
        guard.sent(command, at)
        error: MinerError | None = None
        try:
            match command.kind:
                case CommandKind.START:
                    miner.start(now)
                case CommandKind.STOP:
                    miner.stop(now)
                case CommandKind.SET_POWER:
                    miner.set_power(command.watts or 0.0, now, fast=command.fast)
        except MinerError as refused:
            error = refused
        guard.done(command, at, error)


def controllers() -> dict[str, Callable[[Trace, list[SimMiner]], Controller]]:
    """Return all who can be compared, by name."""
    found: dict[str, Callable[[Trace, list[SimMiner]], Controller]] = {}
    for variant in (PLANNER, *RIVAL_FREE):
        found[variant] = partial(lambda name, day, miners: Planner(day, miners, name).act, variant)
    for kind in BASELINES:
        found[kind.name] = partial(lambda cls, _, miners: cls(miners).act, kind)
    return found


def run(kind: Kind, count: int, name: str) -> Result:
    """Live through one day."""
    miners = fleet(count)
    day = trace(kind, sum(miner.full for miner in miners))
    act = controllers()[name](day, miners)
    battery = Battery() if kind is Kind.BATTERY else None
    alone = Battery() if kind is Kind.BATTERY else None
    result = Result(trace=day.name, miners=count, controller=name)
    available_sum = used_sum = 0.0
    series: dict[str, list[float]] = {"available": [], "drawn": [], "grid": []}
    capacity = sum(miner.full * 1.03 for miner in miners)
    for i in range(LENGTH):
        now = float(i * STEP)
        for miner in miners:
            miner.advance(now)
        drawn = sum(miner.power for miner in miners)
        idle = sum(miner.power for miner in miners if not miner.on)
        sun, house = day.sun[i], day.house[i]
        surplus = max(sun - house, 0.0)
        if alone is not None:
            surplus = max(sun - house + alone.take(sun - house), 0.0)
        power = None
        given = sun - house - drawn
        if battery is not None:
            power = battery.take(given)
            given += power
        if kind is Kind.ZERO_EXPORT:
            given = min(given, 0.0)
        available = min(surplus, capacity)
        if day.cheap[i]:
            available = min(capacity, day.circuit or capacity)
        useful = min(drawn - idle, available)
        available_sum += available
        used_sum += useful
        result.bought += max(drawn - idle - available, 0.0) * STEP / 3_600_000
        if power is not None and power > 0:
            result.battery += min(power, drawn - idle) * STEP / 3_600_000
        if day.circuit is not None and drawn > day.circuit:
            result.breaches += STEP
        soc = 100 * battery.wh / BATTERY_WH if battery is not None else None
        seen = min(sun, house + drawn) if kind is Kind.ZERO_EXPORT else sun
        view = View(
            grid=-given,
            battery=power,
            soc=soc,
            cheap=day.cheap[i],
            sun=seen,
            circuit=day.circuit,
        )
        act(now, view)
        if i % 12 == 0:
            series["available"].append(available)
            series["drawn"].append(drawn)
            series["grid"].append(-given)
    result.used = 100 * used_sum / available_sum
    result.starts = sum(miner.starts for miner in miners)
    result.changes = sum(miner.changes for miner in miners)
    result.series = series
    return result
