"""Runs one day at one house, with the planner or with one of the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import Measured
from custom_components.asic_miner.power.site import SiteController
from custom_components.asic_miner.power.site_model import (
    Circuit,
    MinerNow,
    Mode,
    SiteMiner,
    SiteReadings,
    SiteSettings,
)

from .baselines import BASELINES, View
from .guarded import Guarded
from .measure import Moment, Result, Tally
from .plant import SimMiner, fleet
from .traces import LENGTH, STEP, Kind, Trace, trace
from .wire import EPOCH, poll, send

BATTERY_WH = 10_000.0
BATTERY_W = 5_000.0
METER = 10
PLANNER = "planner"
GUARD = " + guard"
"""Added to the name of another that writes through the same guards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """What the owner has set differently from the defaults."""

    reserve: float = 0.0
    """W added to the reserve; in zero export the band is lowered by as much."""
    ride_through: float = defaults.RIDE_THROUGH
    first_soc: float = defaults.BATTERY_FIRST_SOC


VARIANTS: Mapping[str, Variant] = {
    PLANNER: Variant(),
    "planner, reserve 400 W": Variant(reserve=400.0),
    "planner, reserve 200 W": Variant(reserve=200.0),
    "planner, reserve -300 W": Variant(reserve=-300.0),
    "planner, reserve -600 W": Variant(reserve=-600.0),
    "planner, reserve -1200 W": Variant(reserve=-1200.0),
    "planner, reserve -16000 W": Variant(reserve=-16_000.0),
    "planner, miners before battery": Variant(reserve=-600.0, first_soc=0.0),
    "planner, patient": Variant(ride_through=4 * defaults.RIDE_THROUGH),
}
"""The planner with its default settings and with others that its owner can choose."""


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


type Controller = Callable[[float, View], None]
type Make = Callable[[Trace, list[SimMiner]], Controller]


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
        settings = SiteSettings(
            miners=tuple(
                SiteMiner(key=miner.key, priority=place) for place, miner in enumerate(miners)
            ),
            circuits=circuits,
            mode=modes.get(day.kind, Mode.SURPLUS),
        )
        other = VARIANTS[variant]
        low, high = (watts - other.reserve for watts in settings.band)
        self.site = SiteController(
            replace(
                settings,
                reserve=settings.reserve + other.reserve,
                band=(low, high),
                ride_through=other.ride_through,
                first_soc=other.first_soc,
            )
        )
        self.miners = miners
        self.guards = {miner.key: Guard(miner.ability) for miner in miners}
        self.reasons: dict[str, int] = {}

    def act(self, now: float, view: View) -> None:
        """Poll, plan, and send."""
        at = EPOCH + now
        for place, miner in enumerate(self.miners):
            poll(miner, self.guards[miner.key], now, place)
        if now % METER < STEP:
            readings = SiteReadings(
                grid=Measured(value=view.grid, at=at),
                battery=None if view.battery is None else Measured(value=view.battery, at=at),
                soc=None if view.soc is None else Measured(value=view.soc, at=at),
                solar=Measured(value=view.sun, at=at),
                price=0.1 if view.cheap else 0.3,
                price_limit=0.2,
            )
            now_miners = [MinerNow.of(key, guard, at) for key, guard in self.guards.items()]
            plan = self.site.plan(at, readings, now_miners)
            plan.apply(self.guards, at)
            self.reasons[plan.reason.why] = self.reasons.get(plan.reason.why, 0) + 1
        for miner in self.miners:
            send(miner, self.guards[miner.key], now)


def controllers() -> dict[str, Make]:
    """Return all who can be compared, by name."""
    found: dict[str, Make] = {}
    for variant in VARIANTS:
        found[variant] = partial(lambda name, day, miners: Planner(day, miners, name).act, variant)
    for kind in BASELINES:
        found[kind.name] = partial(lambda cls, _, miners: cls(miners).act, kind)
        found[kind.name + GUARD] = partial(lambda cls, _, miners: Guarded(cls, miners).act, kind)
    return found


def run(kind: Kind, count: int, name: str, seed: int = 0) -> Result:
    """Live through one day. The same arguments always come to the same."""
    return live_through(kind, count, controllers()[name], name, seed)


def live_through(kind: Kind, count: int, make: Make, name: str, seed: int = 0) -> Result:
    """Live through one day with a controller that is made for it."""
    miners = fleet(count)
    day = trace(kind, sum(miner.full for miner in miners), seed)
    act = make(day, miners)
    battery = Battery() if kind is Kind.BATTERY else None
    alone = Battery() if kind is Kind.BATTERY else None
    tally = Tally(day)
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
        tally.add(
            i,
            Moment(
                drawn=drawn,
                mined=drawn - idle,
                available=available,
                sun=surplus,
                battery=power or 0.0,
                grid=-given,
            ),
        )
        view = View(
            grid=-given,
            battery=power,
            soc=100 * battery.wh / BATTERY_WH if battery is not None else None,
            cheap=day.cheap[i],
            sun=min(sun, house + drawn) if kind is Kind.ZERO_EXPORT else sun,
            circuit=day.circuit,
        )
        act(now, view)
    return tally.result(miners, name, seed)
