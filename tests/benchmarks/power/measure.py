"""What a day comes to, and which rules it broke. docs/power-bench.md says why it is so.

Written down before any result was looked at, and the same for all.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from custom_components.asic_miner.power import defaults

from .plant import SimMiner
from .traces import LENGTH, STEP, Kind, Trace

KWH = STEP / 3_600_000
"""kWh of a W that lasts for one step."""
CHEAP, DEAR, FED_IN = 0.10, 0.30, 0.08
"""Money per kWh from the grid in cheap hours and in others, and for what is fed in."""
BATTERY_PATIENCE = defaults.MINIMUM_ON
"""Seconds in a row for which a battery that is not for miners may carry them: the minimum on
time, for so long not even a correct controller can stop what it has just started."""
EXCUSED = 60
"""Seconds after a forbidden discharge in which a machine's times do not count: so long until
meters have shown it and a command has an effect."""
QUICK = {path: min(times.up, times.down) for path, times in defaults.TIMES.items()}


@dataclass(kw_only=True)
class Result:
    """What one day came to."""

    trace: str
    miners: int
    controller: str
    seed: int = 0
    used: float = 0.0
    """% of the energy that was there for miners, in cheap hours what the grid gives as well."""
    sun: float = 0.0
    """The same outside cheap hours: % of the surplus."""
    kwh: float = 0.0
    """Energy that miners drew in all, standing by apart."""
    beyond: float = 0.0
    """kWh of it that were not there for them: bought, or taken from the battery or out of its
    charge."""
    price: float = 0.0
    """Money per kWh that miners drew, what is not fed in for it included."""
    battery: float = 0.0
    """kWh of `beyond` that came out of the battery."""
    starts: int = 0
    changes: int = 0
    over_circuit: int = 0
    """Seconds above the limit of the circuit."""
    from_battery: int = 0
    """Seconds of discharge for miners that lasted longer than BATTERY_PATIENCE."""
    hurried: int = 0
    """Switches and changes that were too soon for the machine, hard limits apart, and starts
    beyond those that a machine has in a day."""
    series: dict[str, list[float]] = field(default_factory=dict)

    @property
    def breaks(self) -> str:
        """What it breaks; empty where it keeps all rules."""
        broken = {
            f"circuit for {self.over_circuit / 60:.0f} min": self.over_circuit,
            f"battery for {self.from_battery / 60:.1f} min": self.from_battery,
            f"machines {self.hurried} times": self.hurried,
        }
        return ", ".join(what for what, much in broken.items() if much)

    def row(self) -> dict[str, str | int | float]:
        """Return it without the series."""
        values = asdict(self)
        del values["series"]
        return {key: round(v, 3) if isinstance(v, float) else v for key, v in values.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One step of a day. W."""

    drawn: float
    """By all miners."""
    mined: float
    """The same, standing by apart."""
    available: float
    """What they could draw without anything being bought for them."""
    sun: float
    """Surplus of the sun alone."""
    battery: float
    """Discharge."""
    grid: float


class Tally:
    """Counts a day."""

    def __init__(self, day: Trace) -> None:
        """Begin at midnight."""
        self._day = day
        self._available = self._used = 0.0
        self._sun = self._sun_used = 0.0
        self._mined = self._beyond = self._battery = self._money = 0.0
        self._over = self._drained = self._draining = 0
        self._drained_at = -LENGTH
        self._excused: set[int] = set()
        self.series: dict[str, list[float]] = {"available": [], "drawn": [], "grid": []}

    def add(self, i: int, now: Moment) -> None:
        """Take one step."""
        used = min(now.mined, now.available)
        beyond = now.mined - used
        self._available += now.available * KWH
        self._used += used * KWH
        cheap = self._day.cheap[i]
        if not cheap:
            self._sun += now.available * KWH
            self._sun_used += used * KWH
        self._mined += now.mined * KWH
        self._beyond += beyond * KWH
        free = min(now.mined, now.sun)
        tariff = CHEAP if cheap else DEAR
        self._money += (free * FED_IN + (now.mined - free) * tariff) * KWH
        taken = min(max(now.battery, 0.0), beyond)
        self._battery += taken * KWH
        if taken > defaults.BATTERY_NOISE:
            self._drained_at = i
        over = self._day.circuit is not None and now.drawn > self._day.circuit
        self._over += STEP * over
        drains = taken > defaults.BATTERY_NOISE
        self._draining = self._draining + STEP if drains else 0
        self._drained += STEP * (self._draining > BATTERY_PATIENCE)
        if over or i - self._drained_at <= EXCUSED // STEP:
            self._excused.add(i)
        if i % (60 // STEP) == 0:
            self.series["available"].append(now.available)
            self.series["drawn"].append(now.mined)
            self.series["grid"].append(now.grid)

    def result(self, miners: Sequence[SimMiner], controller: str, seed: int) -> Result:
        """Return what it came to."""
        return Result(
            trace=self._day.name,
            miners=len(miners),
            controller=controller,
            seed=seed,
            used=100 * self._used / self._available,
            sun=100 * self._sun_used / self._sun if self._day.kind is not Kind.NIGHT else 0.0,
            kwh=self._mined,
            beyond=self._beyond,
            price=self._money / self._mined if self._mined else 0.0,
            battery=self._battery,
            starts=sum(miner.starts for miner in miners),
            changes=sum(len(miner.changed) for miner in miners),
            over_circuit=self._over,
            from_battery=self._drained,
            hurried=sum(self._hurried(miner) for miner in miners),
            series=self.series,
        )

    def _hurried(self, miner: SimMiner) -> int:
        many = max(miner.starts - defaults.STARTS_PER_DAY, 0)
        for (before, _), (at, on) in zip(miner.switched, miner.switched[1:], strict=False):
            least = defaults.MINIMUM_OFF if on else defaults.MINIMUM_ON
            many += at - before < least and not self._excuses(at)
        for before, at in zip(miner.changed, miner.changed[1:], strict=False):
            many += at - before < QUICK[miner.path] and not self._excuses(at)
        return many

    def _excuses(self, at: float) -> bool:
        """Tell whether a hard limit was exceeded, for which nobody has to wait."""
        return int(at) // STEP in self._excused
