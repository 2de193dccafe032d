"""What the sensors of a device say: one consistent set of numbers for all replies.

The relations that hold on real devices hold here by construction: boards add up to the
summary, the mean board frequency is the average, and power over hashrate is the rate.
"""

from random import Random

from tests.simulators.whatsminer.device import WINDOWS, Device
from tests.simulators.whatsminer.presets import NOT_SET

RAMP_FREQUENCY = 160
"""MHz that a board shows at the beginning of a ramp."""
COLDEST_CHIP, MEAN_CHIP, BOARD = 0.72, 0.88, 0.75
"""Parts of the hottest chip's warmth above ambient."""
LIQUID = 0.35
"""The same for the cooling liquid."""
HEATING = 12.0
"""°C by which the liquid is warmer at full power in heat mode "heating"."""
SUPPLY_FAN = 6400
"""rpm of the power supply's own fan."""
OFF_FAN = 900
"""rpm of the case fans while the boards are without supply."""
COOLING_FAN = 4200
"""rpm while poweroff_cool is cooling the boards down."""
FAN_PER_DEGREE = 60
"""rpm more for each degree that set_temp_offset asks the chips to be cooler."""
SUPPLY_LOSS = 1.012
"""The supply's own input power against the power that the program reports."""


class Readings:
    """The sensors of one device, read through properties. Units are those of the wire."""

    def __init__(self, device: Device) -> None:
        """Read from this device."""
        self.device = device

    @property
    def hashing(self) -> bool:
        """Tell whether any board hashes."""
        return self.device.running and self.device.hashrate > 0

    def board_hashrate(self, slot: int, window: str | None = None) -> int:
        """Return MH/s of a board, now or averaged over a window ("av" for all the time)."""
        device = self.device
        if not device.running or not device.boards:
            return 0
        if window is None:
            total = device.hashrate * device.measured[0]
        elif window == "av":
            elapsed = device.now - device.started
            total = device.total / elapsed if elapsed else 0.0
        else:
            total = device.averages[window]
        found = sum(device.plant.share(board) for board in device.boards)
        return round(total * device.plant.share(slot) / found * 1e6)

    def hashrate(self, window: str | None = None) -> int:
        """Return MH/s of all boards together."""
        return sum(self.board_hashrate(slot, window) for slot in self.device.boards)

    def windows(self) -> list[str]:
        """Return the names of the averages."""
        return list(WINDOWS)

    def board_factory(self, slot: int) -> int:
        """Return the GH/s that a board was sold with."""
        device = self.device
        return round(device.preset.nameplate.hashrate * 1000 * device.plant.share(slot))

    def factory(self) -> int:
        """Return the GH/s of all boards together."""
        return sum(self.board_factory(slot) for slot in self.device.boards)

    def board_frequency(self, slot: int) -> int:
        """Return MHz of a board."""
        device = self.device
        if not self.hashing:
            return 0
        part = device.plant.nominal / device.preset.nameplate.hashrate
        spread = Random(device.seed * 17 + slot).uniform(-6, 6)
        return max(RAMP_FREQUENCY, round(device.preset.frequency * part + spread))

    def frequency(self) -> int:
        """Return the mean MHz of the boards."""
        boards = self.device.boards
        return round(sum(map(self.board_frequency, boards)) / len(boards)) if boards else 0

    def power(self) -> float:
        """Return W, measured; -1 when a fault hides it."""
        if self.device.faults.power_unknown:
            return -1.0
        return round(self.device.power * self.device.measured[1], 1)

    def power_rate(self) -> float:
        """Return J/TH, 0 when not hashing."""
        hashrate = self.hashrate() / 1e6
        return round(self.power() / hashrate, 2) if hashrate else 0.0

    def power_limit(self) -> int:
        """Return W as the program keeps them."""
        device = self.device
        if device.faults.power_limit_unset:
            return NOT_SET
        if not device.running:
            return 0
        limit = device.limit_in_force
        return round(device.preset.nameplate.power if limit is None else limit)

    def supply_power(self) -> int:
        """Return the W that the power supply takes in."""
        return round(self.device.power * SUPPLY_LOSS)

    @property
    def ambient(self) -> float:
        """Return °C around the device."""
        return self.device.plant.ambient

    def hottest_chip(self) -> float:
        """Return °C; chips without supply cannot be read and give 0."""
        return round(self._warmed(1.0), 2) if self.device.running else 0.0

    def mean_chip(self) -> float:
        """Return °C, 0 without supply."""
        return round(self._warmed(MEAN_CHIP), 2) if self.device.running else 0.0

    def coldest_chip(self) -> float:
        """Return °C, 0 without supply."""
        return round(self._warmed(COLDEST_CHIP), 2) if self.device.running else 0.0

    def board_temperature(self, slot: int) -> float:
        """Return °C of a board's own sensor, which reads without supply too."""
        return round(self._warmed(BOARD) - 0.5 * slot, 1)

    def temperature(self) -> float:
        """Return °C of the hottest board."""
        return max(map(self.board_temperature, self.device.boards), default=0.0)

    def liquid_temperature(self) -> float:
        """Return °C of the cooling liquid."""
        warmer = HEATING if self.device.settings.heat_mode == "heating" else 0.0
        return round(self._warmed(LIQUID) + warmer * self._load, 1)

    def fan_speed(self, *, outlet: bool) -> int:
        """Return rpm of a case fan."""
        device, settings = self.device, self.device.settings
        if device.preset.liquid or device.faults.fans_stopped:
            return 0
        if device.running:
            speed = device.plant.fan_speed - FAN_PER_DEGREE * settings.temp_offset
        elif settings.poweroff_cool and device.plant.chip_temperature > self.ambient + 10:
            speed = COOLING_FAN
        else:
            speed = 0 if settings.fan_zero_speed else OFF_FAN
        return round(speed * 1.01) if outlet and speed else round(speed)

    def supply_fan(self) -> int:
        """Return rpm of the power supply's fan."""
        return 0 if self.device.preset.liquid else SUPPLY_FAN

    def _warmed(self, part: float) -> float:
        device = self.device
        # Only what was set when the program started counts, and only under load.
        cooler = device.temp_offset * self._load
        return self.ambient + (device.plant.chip_temperature - self.ambient) * part + cooler

    @property
    def _load(self) -> float:
        return self.device.plant.power / self.device.preset.nameplate.power
