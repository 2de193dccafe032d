"""Telemetry as the mining process tells it, spelled for the wire."""

import math

from .device import Device, Process
from .pools import DIFFICULTY, HASHES_PER_DIFFICULTY, PoolCounters
from .series import WINDOWS, HashSeries
from .wire import Json, celsius, gigahash, hertz, megahash, timestamp, volt, watt

ERROR_PART = 0.0007
"""Part of all work that chips get wrong."""
CHIP, BOARD = 1, 2
"""SensorLocation on the wire."""


def solver_stats(device: Device, boards: list[str], *, nominal: float) -> dict[str, Json]:
    """Return hash statistics of some boards; `nominal` in TH/s."""
    series = [device.series[board] for board in boards]
    best = int(sum(one.total for one in series) / HASHES_PER_DIFFICULTY)
    stats: dict[str, Json] = {
        "real_hashrate": _windows(device, series),
        "nominal_hashrate": gigahash(nominal),
        "error_hashrate": megahash(sum(one.mean(device.now, 60) for one in series) * ERROR_PART),
        "found_blocks": 0,
        "best_share": best,
    }
    if device.preset.rest >= (1, 3, 0):
        stats["best_share_str"] = str(best)
    return stats


def _windows(device: Device, series: list[HashSeries]) -> dict[str, Json]:
    windows: dict[str, Json] = {}
    for name, length in {**WINDOWS, "since_restart": math.inf}.items():
        # The longer the window, the steadier its mean: 5 s have the plant's full noise.
        noise = (device.plant.measured(1.0) - 1.0) * math.sqrt(5 / length)
        mean = sum(one.mean(device.now, length) for one in series)
        windows[name] = gigahash(mean * (1 + noise))
    return windows


def nominal_hashrate(device: Device, board: str | None = None) -> float:
    """Return what the present clocks should give, in TH/s."""
    whole = device.plant.nominal
    return whole if board is None else whole * device.share(board)


def power_stats(device: Device) -> dict[str, Json]:
    """Return the estimate of consumption, and efficiency where it means something."""
    power = device.plant.measured(device.power_estimate)
    hashrate = sum(one.mean(device.now, 60) for one in device.series.values())
    efficiency: Json = None
    if hashrate > 0.001 * device.preset.nameplate.hashrate:
        efficiency = {"joule_per_terahash": power / hashrate}
    return {"approximated_consumption": watt(power), "efficiency": efficiency}


def pool_stats(device: Device, counters: list[PoolCounters]) -> dict[str, Json]:
    """Return share counters of some pools together."""
    shares = [one.last_share for one in counters if one.last_share is not None]
    best = max((one.best_share for one in counters), default=0)
    stats: dict[str, Json] = {
        "accepted_shares": sum(one.accepted for one in counters),
        "rejected_shares": sum(one.rejected for one in counters),
        "stale_shares": sum(one.stale for one in counters),
        "last_difficulty": DIFFICULTY if shares else 0,
        "best_share": best,
        "generated_work": sum(int(one.work / HASHES_PER_DIFFICULTY) for one in counters),
        "last_share_time": timestamp(max(shares)) if shares else None,
    }
    if device.preset.rest >= (1, 3, 0):
        stats["best_share_str"] = str(best)
    return stats


def chip_temperature(device: Device, board: str) -> float:
    """Return the hottest chip of a board in °C; boards differ by up to two degrees."""
    return device.plant.chip_temperature - (int(board) * 7 + device.seed) % 5 / 2


def hashboard(device: Device, board: str) -> dict[str, Json]:
    """Return one board; a disabled or dead one has zero stats and null temperatures."""
    preset, rest = device.preset, device.preset.rest
    enabled, works = device.settings.boards[board], device.works(board)
    hashing = works and device.plant.on
    load = device.plant.power / preset.nameplate.power if hashing else 0.0
    manual = device.settings.manual
    frequency, voltage = preset.frequency * load**0.8, preset.voltage * (0.9 + 0.1 * load)
    if hashing and not device.tuner.enabled:
        frequency = manual.board_frequency.get(board) or manual.frequency or frequency
        voltage = manual.board_voltage.get(board) or manual.voltage or voltage
    chip = chip_temperature(device, board) if works else None
    ambient = device.plant.ambient
    air = enabled and preset.cooling == "auto" and not preset.mini
    reading: dict[str, Json] = {
        "id": board,
        "enabled": enabled,
        "chips_count": preset.nameplate.chips_per_board,
        "current_voltage": volt(voltage if hashing else 0.0),
        "current_frequency": hertz(frequency if hashing else 0.0),
        "highest_chip_temp": None if chip is None else sensor(None, CHIP, chip),
        "board_temp": None if chip is None else celsius(ambient + 0.75 * (chip - ambient)),
        "stats": solver_stats(device, [board], nominal=nominal_hashrate(device, board)),
        "model": preset.board,
        "lowest_inlet_temp": celsius(ambient + 3) if air else None,
        "highest_outlet_temp": (
            celsius(ambient + 0.6 * (chip - ambient)) if air and chip is not None else None
        ),
        "serial_number": None if preset.board is None else f"SIM{device.seed:04d}HB{board:0>4}",
        "board_name": preset.board,
        "chip_type": preset.chip,
    }
    if rest >= (1, 4, 0):
        wet = enabled and preset.cooling == "hydro"
        reading["lowest_water_inlet_temp"] = celsius(ambient + 8) if wet else None
        reading["highest_water_outlet_temp"] = celsius(ambient + 8 + 9 * load) if wet else None
    return reading


def sensor(number: int | None, location: int, temperature: float) -> dict[str, Json]:
    """Return one sensor; the value is nested one level deeper than elsewhere."""
    return {"id": number, "location": location, "temperature": celsius(temperature)}


def highest_temperature(device: Device) -> dict[str, Json] | None:
    """Return the hottest chip of the enabled boards."""
    chips = [
        chip_temperature(device, board) for board in device.settings.boards if device.works(board)
    ]
    return sensor(None, CHIP, max(chips)) if chips else None


def fans(device: Device) -> list[Json]:
    """Return all fans, none on liquid cooling."""
    preset = device.preset
    ratio = fan_ratio(device)
    rpm = preset.fan_idle_rpm + (preset.fan_full_rpm - preset.fan_idle_rpm) * ratio
    return [
        {
            "position": preset.fan_position_base + number,
            "rpm": _measured_speed(device, number, rpm) if ratio > 0 or preset.mini else 0,
            "target_speed_ratio": round(ratio, 3),
        }
        for number in range(preset.nameplate.fans)
    ]


def _measured_speed(device: Device, number: int, rpm: float) -> int:
    return 0 if number in device.stopped_fans else round(device.plant.measured(rpm))


def fan_ratio(device: Device) -> float:
    """Return the commanded speed of the fans, 0.0-1.0."""
    if device.process is not Process.RUNNING:
        return 1.0
    tag, mode = next(iter(device.settings.cooling.items()))
    if not isinstance(mode, dict) or tag in {"immersion", "hydro"}:
        return 0.0
    if device.paused:
        held = _paused_ratio(mode)
        if held is not None:
            return held
    if tag in {"manual", "disabled"}:
        return _number(mode.get("fan_speed_ratio"), 1.0)
    # The shared plant speaks of a 1800-6500 rpm fan.
    wish = (device.plant.fan_speed - 1800.0) / 4700.0
    if device.plant.chip_temperature >= device.limit("hot_temperature"):
        wish = 1.0
    low = _number(mode.get("min_fan_speed"), 0.0) / 100
    high = _number(mode.get("max_fan_speed"), 100.0) / 100
    return min(max(wish, low), high)


def _paused_ratio(mode: dict[str, Json]) -> float | None:
    """Return the speed set for pauses, None when the firmware chooses."""
    policy = mode.get("pause_mode")
    kind = policy.get("mode") if isinstance(policy, dict) else None
    manual = kind.get("manual") if isinstance(kind, dict) else None
    if not isinstance(manual, dict):
        return None
    ratio = manual.get("pause_cooldown_fan_speed_ratio")
    return float(ratio) if isinstance(ratio, int | float) else None


def _number(value: Json, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


def detailed_status(device: Device) -> dict[str, Json]:
    """Return the state with its reason, as firmware from REST 1.7.0 tells it."""
    until: Json = None
    if device.cooldown_until is not None:
        until = {"precision": {"exact": timestamp(device.cooldown_until)}}
    return {
        "status": _phase(device),
        "status_since": timestamp(device.phase_since),
        "status_until": until,
    }


def _phase(device: Device) -> Json:
    off = {
        "application_unavailable": device.process in {Process.STOPPED, Process.CRASHED},
        "user_pause": device.paused,
        "thermal_pause": device.thermal_pause or device.fans_broken,
        "dps_cooldown": device.cooldown_until is not None,
        "dead_pools": not device.pools.usable(device.settings.groups),
        "hardware_error": not any(device.settings.boards.values()),
    }
    cause = "BROKEN_FANS" if device.fans_broken else "DANGEROUS_TEMPERATURE"
    details: dict[str, Json] = {
        "thermal_pause": {"reason": f"THERMAL_PAUSE_REASON_{cause}"},
        "hardware_error": {"message": "no hashboard is enabled"},
    }
    phase, reason = "running", "preheating" if device.tuner.preheating else "normal"
    if device.process is Process.STARTING:
        phase, reason = "starting", "none"
    elif any(off.values()):
        phase, reason = "stopped", next(name for name, applies in off.items() if applies)
    elif device.pause_wanted:
        phase, reason = "stopping", "user_pause"
    elif not device.boards_ready:
        phase, reason = "starting", "cooling_down"
    return {phase: {"reason": {reason: details.get(reason, {})}}}
