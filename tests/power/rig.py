"""A miner that a test can script, behind a guard, on a clock that the test moves."""

from dataclasses import dataclass, field

from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import (
    Ability,
    Command,
    CommandKind,
    Path,
    Reading,
    Source,
    Wish,
)

START = 1_800_000_000.0
PERCENT = Ability(path=Path.LIVE_PERCENT, minimum=1000, maximum=3400, step=34)
TARGET = Ability(path=Path.POWER_TARGET, minimum=1000, maximum=3200, step=100)


@dataclass
class Rig:
    """Obeys at once unless told otherwise."""

    ability: Ability = PERCENT
    on: bool = True
    target: float = 0.0
    state: MinerState = MinerState.MINING
    power: float | None = None
    """Overrides what it would draw."""
    obeys: bool = True
    answer: MinerError | None = None
    now: float = START
    sent: list[tuple[float, Command]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Be read once, so that the guard knows it."""
        self.target = self.target or self.ability.maximum
        self.guard = Guard(self.ability)
        self.read()

    @property
    def drawn(self) -> float:
        """What it draws."""
        if self.power is not None:
            return self.power
        return self.target if self.on else 15.0

    def read(self) -> None:
        """Poll it."""
        state = self.state if self.on else MinerState.PAUSED
        self.guard.read(
            Reading(at=self.now, state=state, on=self.on, power=self.drawn, target=self.target)
        )

    def wish(self, watts: float, source: Source = Source.SITE, *, safety: bool = False) -> None:
        """Wish something now."""
        self.guard.wish(Wish(watts=watts, source=source, at=self.now, safety=safety))

    def step(self) -> Command | None:
        """Send what is to be sent now."""
        command = self.guard.next(self.now)
        if command is None:
            return None
        self.guard.sent(command, self.now)
        self.sent.append((self.now, command))
        if self.answer is None and self.obeys:
            match command.kind:
                case CommandKind.START:
                    self.on = True
                    if self.ability.starts_at_full:
                        self.target = self.ability.maximum
                case CommandKind.STOP:
                    self.on = False
                case CommandKind.SET_POWER:
                    self.target = command.watts or 0.0
        self.guard.done(command, self.now, self.answer)
        return command

    def run(self, seconds: float, every: float = 10.0) -> list[Command]:
        """Let time pass, polling and sending; returns what was sent."""
        before = len(self.sent)
        end = self.now + seconds
        while self.now < end:
            self.step()
            self.now += every
            self.read()
        return [command for _, command in self.sent[before:]]
