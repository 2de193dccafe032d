"""How a mining machine behaves physically: power follows a target, heat follows power.

First-order lags with seeded noise, shared by the simulators of both makes. The time
constants are of the size seen on air-cooled 3 kW machines.
"""

from dataclasses import dataclass, field
from functools import cache
import math
from random import Random

HEAT_LAG = 90.0
"""Seconds in which chips make up 63 % of the way to their new temperature."""
NOISE = 0.004
"""Relative jitter of measured power and hashrate within one reading."""


@dataclass(frozen=True, kw_only=True)
class Nameplate:
    """What a model draws and makes at full power."""

    hashrate: float
    """TH/s at `power`."""
    power: float
    """W at the wall in normal operation."""
    idle_power: float = 14.0
    """W of the control board alone."""
    boards: int = 3
    chips_per_board: int = 111
    fans: int = 2
    """0 on liquid cooling."""


@cache
def _shares(seed: int, boards: int) -> list[float]:
    """Return the part that each of so many boards has, the same for the same seed."""
    # No two boards are equal; the weights sum to one.
    weights = [1 + Random(seed * 31 + i).uniform(-0.02, 0.02) for i in range(boards)]
    return [weight / sum(weights) for weight in weights]


@dataclass(kw_only=True)
class Plant:
    """The hashing part of one machine. Moved on by `advance`, read through properties."""

    nameplate: Nameplate
    seed: int = 0
    ambient: float = 24.0
    on: bool = True
    target: float = 0.0
    """Draw asked for in W; 0 means the nameplate's."""
    lag: float = 40.0
    """Seconds in which the draw makes up 63 % of the way to the target."""
    lost: float = 0.0
    """Part of the hashrate that is missing at the same draw, as where chips fail."""
    power: float = field(init=False)
    """True draw in W, without measuring noise."""
    chip_temperature: float = field(init=False)
    _now: float = field(init=False, default=0.0)
    _jitter: Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin settled, as a machine that has been mining for hours."""
        self._jitter = Random(self.seed)
        self.target = self.target or self.nameplate.power
        self.settle()

    @property
    def goal(self) -> float:
        """Return the draw in W that the machine is moving to."""
        return self.target if self.on else self.nameplate.idle_power

    def settle(self) -> None:
        """Skip all lags: be where things will end up."""
        self.power = self.goal
        self.chip_temperature = self._final_temperature()

    def advance(self, now: float) -> None:
        """Move on to the simulated time `now` in seconds."""
        passed = now - self._now
        if passed <= 0:
            return
        self._now = now
        # Boards lose their supply at once; only the way up and between targets is slow.
        lag = self.lag if self.on else 2.0
        self.power += (self.goal - self.power) * (1 - math.exp(-passed / lag))
        self.chip_temperature += (self._final_temperature() - self.chip_temperature) * (
            1 - math.exp(-passed / HEAT_LAG)
        )

    def cold_start(self) -> None:
        """Be a machine that has just been given power and begins to ramp."""
        self.power = self.nameplate.idle_power

    @property
    def hashrate(self) -> float:
        """Return the true hashrate in TH/s."""
        return self.nominal * (1 - self.lost)

    @property
    def nominal(self) -> float:
        """Return the hashrate in TH/s that the present draw gives where every chip works."""
        drawn = self.power - self.nameplate.idle_power
        full = self.nameplate.power - self.nameplate.idle_power
        if not self.on or drawn <= 0:
            return 0.0
        # Chips at lower voltage do more per joule: the curve bends a little upwards.
        return self.nameplate.hashrate * math.pow(drawn / full, 0.93)

    @property
    def settled(self) -> bool:
        """Tell whether the draw is within 3 % of its goal."""
        return abs(self.power - self.goal) <= 0.03 * max(self.goal, 100.0)

    def measured(self, true_value: float) -> float:
        """Return a value as a sensor would report it this moment."""
        return true_value * (1 + self._jitter.gauss(0, NOISE))

    def share(self, board: int) -> float:
        """Return the part of the whole that one board (0, 1, …) contributes."""
        return _shares(self.seed, self.nameplate.boards)[board]

    @property
    def fan_speed(self) -> float:
        """Return the speed in rpm that an automatic fan control would choose."""
        if not self.nameplate.fans:
            return 0.0
        warmth = (self.chip_temperature - 35.0) / 50.0
        return 1800.0 + 4700.0 * min(max(warmth, 0.0), 1.0)

    def _final_temperature(self) -> float:
        """Return the chip temperature in °C at which the present draw would settle."""
        return self.ambient + 58.0 * self.power / self.nameplate.power
