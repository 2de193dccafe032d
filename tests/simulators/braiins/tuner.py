"""Targets, tuning and dynamic performance scaling (reference 7)."""

from dataclasses import dataclass
import math

from .presets import Preset
from .settings import Settings

DISABLED, STABLE, TUNING, ERROR, CONTINUOUS, PREHEAT = 1, 2, 3, 4, 5, 6
"""TunerState on the wire."""

POWER, HASHRATE = 1, 2
"""TunerMode on the wire."""

EXPONENT = 0.93
"""Of hashrate over power, as in the plant that is shared by the makes."""

DEFAULT_STEP = {POWER: 300.0, HASHRATE: 11.0}
"""W and TH/s by which scaling moves the target unless it is told otherwise."""
DEFAULT_SHUTDOWN_HOURS = 3
"""Length of a scaling shutdown unless it is told otherwise."""


@dataclass(kw_only=True)
class Profile:
    """A finished tuning."""

    mode: int
    target: float
    created: float
    """Simulated time; before zero for profiles that a fresh simulator has."""


class Tuner:
    """What the mining process does with the stored targets."""

    def __init__(self, preset: Preset, settings: Settings) -> None:
        """Begin tuned for the stored target."""
        self.preset = preset
        self.settings = settings
        self.scaled: float | None = None
        """Effective target below the stored one, in the unit of the mode."""
        self.failed = False
        """Set by tests: tuning has failed."""
        self.tuning = False
        self.preheating = False
        # A day before the start is as good as any age of an old profile.
        self.profiles = [Profile(mode=self.mode, target=self.target, created=-86_400.0)]

    @property
    def enabled(self) -> bool:
        """Tell whether the tuner sets the clocks; null in the configuration means yes."""
        return self.settings.tuner_enabled is not False

    @property
    def mode(self) -> int:
        """Return which kind of target is active."""
        return self.settings.tuner_mode or POWER

    @property
    def target(self) -> float:
        """Return the target in W or TH/s before scaling."""
        if self.mode == HASHRATE:
            return self.settings.hashrate_target or self.preset.hashrate.default
        return self.settings.power_target or self.preset.power.default

    @property
    def effective(self) -> float:
        """Return the target in W or TH/s that is really held."""
        return self.target if self.scaled is None else self.scaled

    @property
    def profile(self) -> Profile | None:
        """Return the finished tuning for the effective target."""
        return next(
            (
                profile
                for profile in reversed(self.profiles)
                if profile.mode == self.mode and profile.target == self.effective
            ),
            None,
        )

    @property
    def state(self) -> int:
        """Return the TunerState; 5 and 6 only where the REST version knows them."""
        if not self.enabled:
            return DISABLED
        if self.failed:
            return ERROR
        if self.preheating and self.preset.rest >= (1, 4, 0):
            return PREHEAT
        if self.preset.continuous_tuner and self.preset.rest >= (1, 2, 0):
            return CONTINUOUS
        return TUNING if self.tuning else STABLE

    def draw(self) -> float:
        """Return the power in W that the present settings lead to, all boards enabled."""
        nameplate = self.preset.nameplate
        if not self.enabled:
            megahertz = self.settings.manual.frequency or self.preset.frequency
            return nameplate.power * megahertz / self.preset.frequency
        if self.mode == POWER:
            return self.effective
        return self.power_for(self.effective)

    def power_for(self, hashrate: float) -> float:
        """Return the power in W that a hashrate in TH/s takes."""
        nameplate = self.preset.nameplate
        full = nameplate.power - nameplate.idle_power
        return nameplate.idle_power + full * math.pow(hashrate / nameplate.hashrate, 1 / EXPONENT)

    def hashrate_for(self, power: float) -> float:
        """Return the hashrate in TH/s that a power in W gives."""
        nameplate = self.preset.nameplate
        drawn = max(power - nameplate.idle_power, 0.0)
        full = nameplate.power - nameplate.idle_power
        return nameplate.hashrate * math.pow(drawn / full, EXPONENT)

    def retarget(self) -> bool:
        """Take up a changed target; return whether it has to be tuned first."""
        self.scaled = None
        self.tuning = self.profile is None
        return self.tuning

    def finish(self, now: float) -> None:
        """End tuning and keep its result."""
        self.tuning = False
        if self.enabled and self.profile is None:
            self.profiles.append(Profile(mode=self.mode, target=self.effective, created=now))

    @property
    def step(self) -> float:
        """Return the size of a scaling step in W or TH/s."""
        scaling = self.settings.scaling
        stored = scaling.power_step if self.mode == POWER else scaling.hashrate_step
        return stored or DEFAULT_STEP[self.mode]

    @property
    def lowest(self) -> float:
        """Return the target in W or TH/s below which scaling does not go."""
        scaling = self.settings.scaling
        if self.mode == POWER:
            return scaling.minimum_power or self.preset.power.minimum
        return scaling.minimum_hashrate or self.preset.hashrate.minimum

    def step_down(self) -> bool:
        """Lower the effective target once; return False at the lowest."""
        if self.effective <= self.lowest:
            return False
        self.scaled = max(self.effective - self.step, self.lowest)
        return True

    def step_up(self) -> None:
        """Raise the effective target once, up to the stored one."""
        if self.scaled is not None:
            raised = self.scaled + self.step
            self.scaled = None if raised >= self.target else raised

    def start_over(self) -> None:
        """Begin where scaling begins after a start of mining (`on_start_target_percent`)."""
        percent = self.settings.scaling.start_percent
        self.scaled = None
        if self.settings.scaling.enabled and percent is not None and percent < 100:
            self.scaled = max(self.target * percent / 100, self.lowest)
