"""Days of 24 h: sun, house, prices, limits. All from fixed seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
import math
from random import Random

STEP = 5
"""Seconds between two values of a trace."""
LENGTH = 24 * 3600 // STEP


class Kind(StrEnum):
    """What makes a day special."""

    CLEAR = "clear day"
    CLOUDS = "broken clouds"
    WINTER = "winter"
    PRICE = "price day"
    ZERO_EXPORT = "zero-export"
    BATTERY = "battery day"
    NIGHT = "breaker night"


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One day at one house. W, one value for each STEP."""

    kind: Kind
    sun: Sequence[float]
    """What the panels could give."""
    house: Sequence[float]
    cheap: Sequence[bool]
    circuit: float | None = None
    """W of the one circuit behind which all miners are; for ever, so 80 % of its breaker."""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return self.kind.value


def _bell(second: float, rise: float, fall: float) -> float:
    """Return the part of the peak that a clear sky gives."""
    hour = second / 3600
    if not rise < hour < fall:
        return 0.0
    return math.pow(math.sin(math.pi * (hour - rise) / (fall - rise)), 1.4)


def _clouds(random: Random, sunny: float, cloudy: float, deep: float) -> list[float]:
    """Return how much passes through broken clouds, with soft edges."""
    values: list[float] = []
    clear, left, now = True, 0.0, 1.0
    passes = 1.0
    while len(values) < LENGTH:
        if left <= 0:
            clear = not clear
            left = random.expovariate(1 / (sunny if clear else cloudy)) + 30
            passes = random.uniform(0.93, 1.08) if clear else random.uniform(deep, 0.65)
        left -= STEP
        # A shadow needs some twenty seconds to cross the panels.
        now += (passes - now) * (1 - math.exp(-STEP / 15))
        values.append(now)
    return values


def _house(random: Random, seed: int) -> list[float]:
    """Return a household: a base, a fridge, kettles and cooking. Each seed is another family."""
    base, kettles = (random.uniform(150, 600), random.randint(6, 30)) if seed else (280.0, 14)
    values = [base + (110.0 if (i * STEP) % 2700 < 900 else 0.0) for i in range(LENGTH)]
    for _ in range(kettles):
        begin = int(random.triangular(6, 22, 12) * 3600 / STEP)
        for i in range(begin, min(begin + random.randint(120, 300) // STEP, LENGTH)):
            values[i] += 2000
    for hour in (12.2, 18.4):
        begin = int((hour + random.uniform(-0.3, 0.3)) * 3600 / STEP)
        for i in range(begin, begin + 1800 // STEP):
            values[i] += 1400 if (i // 12) % 2 else 500
    return [value * random.gauss(1, 0.01) for value in values]


def _circuit(seed: int) -> float:
    """Return which part of what all miners can draw a circuit carries. Each seed is another."""
    return Random(f"circuit {seed}").uniform(0.4, 0.9) if seed else 0.55


@cache
def trace(kind: Kind, capacity: float, seed: int = 0) -> Trace:
    """Return a day for miners that can draw `capacity` W together; each seed is another one."""
    random = Random(f"{kind}{capacity}{seed or ''}")
    seconds = [i * STEP for i in range(LENGTH)]
    peak, rise, fall = 1.05 * capacity, 5.8, 20.4
    passes = [1.0] * LENGTH
    match kind:
        case Kind.CLOUDS | Kind.ZERO_EXPORT | Kind.BATTERY:
            passes = _clouds(random, 420, 300, 0.15)
        case Kind.WINTER:
            peak, rise, fall = 0.42 * capacity, 8.6, 15.8
            passes = _clouds(random, 900, 400, 0.3)
        case Kind.PRICE:
            peak = 0.5 * capacity
            passes = _clouds(random, 1200, 240, 0.4)
        case Kind.NIGHT:
            peak = 0.0
    sun = [peak * _bell(s, rise, fall) * p for s, p in zip(seconds, passes, strict=True)]
    cheap = [False] * LENGTH
    if kind is Kind.PRICE:
        # Cheap at night and around noon, as spot prices are.
        cheap = [s // 3600 in {1, 2, 3, 4, 13, 14, 22} for s in seconds]
    if kind is Kind.NIGHT:
        cheap = [s < 7 * 3600 or s >= 21 * 3600 for s in seconds]
    return Trace(
        kind=kind,
        sun=sun,
        house=_house(random, seed),
        cheap=cheap,
        circuit=_circuit(seed) * capacity if kind is Kind.NIGHT else None,
    )
