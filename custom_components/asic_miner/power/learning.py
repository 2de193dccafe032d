"""What a guard learns of its miner, kept over restarts."""

from collections.abc import Mapping
from dataclasses import field, replace
import math
from typing import Self

from ..miners.lean import dataclass
from ..miners.models import JsonValue
from . import defaults
from .model import Ability

BUCKET_SHARE = 0.05
"""Efficiency is kept per twentieth of the maximum: 20 points make a curve."""


def _mean(old: float | None, new: float) -> float:
    """Return a mean in which newer observations count more."""
    if old is None:
        return new
    return old + defaults.LEARN_WEIGHT * (new - old)


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What one miner has shown. None where it has not yet."""

    seconds_up: float | None = None
    """From the command to the watts, upwards."""
    seconds_down: float | None = None
    seconds_start: float | None = None
    seconds_stop: float | None = None
    floor: float | None = None
    """The lowest draw in W that holds, where it is above what the device says."""
    idle: float | None = None
    """Draw in W while off."""
    excess: float | None = None
    """Settled draw as a multiple of the target."""
    efficiency: Mapping[int, float] = field(default_factory=dict)
    """J/TH by the twentieth of the maximum draw."""

    def took(self, what: str, seconds: float) -> Self:
        """Take note of how long a command ("up", "down", "start", "stop") took to show."""
        seconds = max(seconds, 0.0)
        match what:
            case "up":
                return replace(self, seconds_up=_mean(self.seconds_up, seconds))
            case "down":
                return replace(self, seconds_down=_mean(self.seconds_down, seconds))
            case "start":
                return replace(self, seconds_start=_mean(self.seconds_start, seconds))
        return replace(self, seconds_stop=_mean(self.seconds_stop, seconds))

    def idles(self, watts: float) -> Self:
        """Take note of the draw while off."""
        return replace(self, idle=_mean(self.idle, watts))

    def bottomed(self, watts: float, ability: Ability) -> Self:
        """Take note that less than `watts` does not hold."""
        highest = ability.full * defaults.FLOOR_SHARE_HIGHEST
        if watts <= ability.minimum or watts > highest:
            return self
        return replace(self, floor=max(self.floor or 0.0, watts))

    def steady(self, target: float, watts: float, hashrate: float | None, ability: Ability) -> Self:
        """Take note of a settled draw at a target, in W, and its hashrate in TH/s."""
        excess = min(max(watts / target, 1.0), defaults.EXCESS_HIGHEST)
        curve = dict(self.efficiency)
        if hashrate:
            bucket = round(watts / ability.maximum / BUCKET_SHARE)
            curve[bucket] = _mean(curve.get(bucket), watts / hashrate)
        return replace(self, excess=_mean(self.excess, excess), efficiency=curve)

    def expected_excess(self, ability: Ability) -> float:
        """Return the excess, before it is known what its kind of miner may have."""
        return self.excess if self.excess is not None else defaults.EXCESS[ability.path]

    def joules_per_terahash(self, watts: float, ability: Ability) -> float | None:
        """Return the efficiency at a draw from the nearest that is known; else None."""
        if not self.efficiency:
            return None
        wanted = watts / ability.maximum / BUCKET_SHARE
        return self.efficiency[min(self.efficiency, key=lambda bucket: abs(bucket - wanted))]

    def most_efficient(self, ability: Ability) -> float | None:
        """Return the draw in W that makes the most of a joule; None while not known."""
        if len(self.efficiency) < 3:  # Fewer points are no curve.
            return None
        best = min(self.efficiency, key=lambda bucket: self.efficiency[bucket])
        return best * BUCKET_SHARE * ability.maximum

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that a config entry can store."""
        return {
            "seconds_up": self.seconds_up,
            "seconds_down": self.seconds_down,
            "seconds_start": self.seconds_start,
            "seconds_stop": self.seconds_stop,
            "floor": self.floor,
            "idle": self.idle,
            "excess": self.excess,
            "efficiency": {
                str(bucket): self.efficiency[bucket] for bucket in sorted(self.efficiency)
            },
        }

    @classmethod
    def from_json(cls, stored: JsonValue) -> Self:
        """Read what `to_json` wrote; what is unknown or no number is left out."""
        if not isinstance(stored, dict):
            return cls()
        curve = stored.get("efficiency")
        return cls(
            seconds_up=number(stored.get("seconds_up")),
            seconds_down=number(stored.get("seconds_down")),
            seconds_start=number(stored.get("seconds_start")),
            seconds_stop=number(stored.get("seconds_stop")),
            floor=number(stored.get("floor")),
            idle=number(stored.get("idle")),
            excess=_bounded(number(stored.get("excess"))),
            efficiency={
                int(bucket): joules
                for bucket, value in (curve if isinstance(curve, dict) else {}).items()
                if bucket.isdecimal() and (joules := number(value))
            },
        )


def _bounded(excess: float | None) -> float | None:
    return None if excess is None else min(max(excess, 1.0), defaults.EXCESS_HIGHEST)


def number(value: JsonValue) -> float | None:
    """Return a stored number that is finite and not negative; else None."""
    found = finite(value)
    return found if found is not None and found >= 0 else None


def finite(value: JsonValue) -> float | None:
    """Return a stored number that is finite; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
