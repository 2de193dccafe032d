"""A house whose meters a test sets, with rigs as its miners."""

from dataclasses import dataclass, field, replace

from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.power.model import Ability, CommandKind, Measured
from custom_components.asic_miner.power.site import SiteController
from custom_components.asic_miner.power.site_model import (
    MinerNow,
    Plan,
    SiteMiner,
    SiteReadings,
    SiteSettings,
)

from .rig import PERCENT, START, TARGET, Rig

HOUSE = 300.0


@dataclass
class House:
    """Moves on by 10 s per step. Solar power is what the test says."""

    abilities: tuple[Ability, ...] = (PERCENT, TARGET)
    on: bool = False
    solar: float = 0.0
    battery: float | None = None
    soc: float | None = None
    meter: bool = True
    now: float = START
    extra: SiteReadings = field(default_factory=SiteReadings)
    seen: float = START

    def __post_init__(self) -> None:
        """Make the miners."""
        self.rigs = {
            f"m{i}": Rig(ability=ability, on=self.on, now=self.now)
            for i, ability in enumerate(self.abilities)
        }
        self.started: dict[str, float] = {}
        self.plans: list[Plan] = []
        self.settings = SiteSettings(
            miners=tuple(SiteMiner(key=key, priority=i) for i, key in enumerate(self.rigs))
        )
        self.site = SiteController(self.settings)

    def set(self, **changes: object) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type] # by name
        self.site.configure(self.settings)

    @property
    def drawn(self) -> float:
        """All miners together."""
        return sum(rig.drawn for rig in self.rigs.values())

    @property
    def ordered(self) -> float:
        """The most that all miners were told they may draw."""
        return sum(rig.target for rig in self.rigs.values() if rig.on)

    def readings(self) -> SiteReadings:
        """What the meters say."""
        if self.meter:
            self.seen = self.now
            self.grid = HOUSE + self.drawn - self.solar - (self.battery or 0.0)
        return replace(
            self.extra,
            grid=Measured(value=self.grid, at=self.seen),
            battery=None if self.battery is None else Measured(value=self.battery, at=self.now),
            soc=None if self.soc is None else Measured(value=self.soc, at=self.now),
        )

    grid = 0.0

    def step(self) -> Plan:
        """Poll, plan, send, and let 10 s pass."""
        for key, rig in self.rigs.items():
            rig.now = self.now
            young = self.now - self.started.get(key, -1e9) < 120
            rig.state = MinerState.STARTING if young else MinerState.MINING
            rig.read()
        miners = [MinerNow.of(key, rig.guard, self.now) for key, rig in self.rigs.items()]
        plan = self.site.plan(self.now, self.readings(), miners)
        plan.apply({key: rig.guard for key, rig in self.rigs.items()}, self.now)
        for key, rig in self.rigs.items():
            command = rig.step()
            if command is not None and command.kind is CommandKind.START:
                self.started[key] = self.now
        self.plans.append(plan)
        self.now += 10
        return plan

    def run(self, seconds: float) -> Plan:
        """Live for a while."""
        plan = self.step()
        for _ in range(int(seconds // 10) - 1):
            plan = self.step()
        return plan


def starts(house: House) -> list[float]:
    """Return when miners were told to start."""
    return sorted(
        at
        for rig in house.rigs.values()
        for at, command in rig.sent
        if command.kind is CommandKind.START
    )
