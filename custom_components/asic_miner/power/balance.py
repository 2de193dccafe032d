"""How many watts there are for miners: the balance of a site, and how it is believed."""

from dataclasses import dataclass
import math

from . import defaults
from .site_model import Energy, SiteReadings, SiteSettings


@dataclass(kw_only=True, slots=True)
class Smooth:
    """A mean over time that believes a rise sooner than a fall."""

    value: float | None = None
    at: float = 0.0

    def add(self, value: float, now: float) -> float:
        """Take a value and return the mean. After a long silence it begins anew."""
        passed = now - self.at
        if self.value is None or not 0 <= passed <= defaults.METER_HOLD:
            self.value = value
        else:
            lag = defaults.SMOOTH_UP if value > self.value else defaults.SMOOTH_DOWN
            self.value += (value - self.value) * (1 - math.exp(-passed / lag))
        self.at = now
        return self.value


@dataclass(kw_only=True, slots=True)
class Taken:
    """The Wh that were taken without a break."""

    wh: float = 0.0
    at: float | None = None

    def add(self, watts: float | None, now: float) -> float:
        """Take the W of this moment, None for a break, and return the Wh until now."""
        passed = now - self.at if self.at is not None else 0.0
        self.at = None if watts is None else now
        if watts is None:
            self.wh = 0.0
        elif 0 < passed <= defaults.METER_HOLD:
            self.wh += watts * passed / 3600
        return self.wh


def battery_part(settings: SiteSettings, readings: SiteReadings) -> float:
    """Return the W that a battery adds to what miners may have; below 0 it takes away."""
    if readings.battery is None:
        return 0.0
    power = readings.battery.value
    soc = readings.soc.value if readings.soc is not None else None
    if power > 0:
        # What comes out of the battery is no surplus, unless miners may have it.
        return 0.0 if may_discharge(settings, readings) else -power
    if soc is not None and soc >= settings.first_soc:
        return -power
    return 0.0


def may_discharge(settings: SiteSettings, readings: SiteReadings) -> bool:
    """Tell whether miners may live from the battery now."""
    soc = readings.soc.value if readings.soc is not None else None
    return settings.discharge and soc is not None and soc >= settings.discharge_soc


def surplus(settings: SiteSettings, readings: SiteReadings, drawn: float) -> float | None:
    """Return what miners that draw `drawn` W now could draw without buying any power."""
    if readings.grid is None:
        return None
    return drawn - readings.grid.value + battery_part(settings, readings) - settings.reserve


def split(energy: Energy, readings: SiteReadings, drawn: float, seconds: float) -> Energy:
    """Add what miners have used for some seconds, the newest load being the last served.

    What is bought counts as bought for the miners first, then what the battery gives. What is
    left is the sun's, as far as its meter says that it gives so much; the rest can only come
    from a battery that is not measured, or not wholly.
    """
    if readings.grid is None or seconds <= 0:
        return energy
    grid = min(max(readings.grid.value, 0.0), drawn)
    battery = max(readings.battery.value, 0.0) if readings.battery is not None else 0.0
    battery = min(battery, drawn - grid)
    solar = drawn - grid - battery
    if readings.solar is not None:
        solar = min(solar, max(readings.solar.value, 0.0))
        battery = drawn - grid - solar
    # W·s to kWh
    factor = seconds / 3_600_000
    return Energy(
        solar=energy.solar + solar * factor,
        grid=energy.grid + grid * factor,
        battery=energy.battery + battery * factor,
    )
