"""Limits and defaults of settings that are the same for all models."""

from ..presets import Preset, Range

POWER_STEP = Range(minimum=1, default=300, maximum=1000)
"""W; as real firmware has it."""
HASHRATE_STEP = Range(minimum=0.1, default=11.0, maximum=100.0)
"""TH/s."""
SHUTDOWN_HOURS = Range(minimum=0, default=3, maximum=999)
RAMP_SECONDS = Range(minimum=2, default=30, maximum=600)
START_PERCENT = Range(minimum=1, default=100, maximum=100)
FAN_PERCENT = Range(minimum=0, default=100, maximum=100)
FAN_RATIO = Range(minimum=0.0, default=1.0, maximum=1.0)
REQUIRED_FANS = Range(minimum=0, default=1, maximum=4)


def frequency(preset: Preset) -> Range:
    """Return the limits of clocks in MHz."""
    return Range(minimum=50.0, default=preset.frequency, maximum=2 * preset.frequency)


def voltage(preset: Preset) -> Range:
    """Return the limits of the boards' supply in V."""
    return Range(
        minimum=0.85 * preset.voltage, default=preset.voltage, maximum=1.15 * preset.voltage
    )
