"""Stored configuration and the constraints of its values."""

from collections.abc import Callable

from ..gateway import Call, operation
from ..presets import Range
from ..wire import Json, celsius, hertz, terahash, volt, watt
from . import limits
from .pools import stored_group

KINDS = {"auto": 1, "manual": 2, "disabled": 3, "immersion": 4, "hydro": 5}
"""CoolingModeKind by tag."""


@operation("GET", "configuration/miner")
def configuration(call: Call) -> Json:
    """Tell what is stored."""
    settings = call.device.settings
    scaling, manual = settings.scaling, settings.manual
    start = {"on_start_target_percent": scaling.start_percent} if call.since(1, 2, 0) else {}
    return {
        "pool_groups": [stored_group(group) for group in settings.groups],
        "temperature": {"minimum_required_fans": None, "mode": settings.cooling},
        "tuner": {
            "enabled": settings.tuner_enabled,
            "tuner_mode": settings.tuner_mode,
            "power_target": watt(settings.power_target),
            "hashrate_target": terahash(settings.hashrate_target),
        },
        "dps": {
            "enabled": scaling.enabled,
            "power_step": watt(scaling.power_step),
            "hashrate_step": terahash(scaling.hashrate_step),
            "min_power_target": watt(scaling.minimum_power),
            "min_hashrate_target": terahash(scaling.minimum_hashrate),
            "shutdown_enabled": scaling.shutdown_enabled,
            "shutdown_duration": (
                None if scaling.shutdown_hours is None else {"hours": scaling.shutdown_hours}
            ),
            "mode": scaling.mode,
            **start,
        },
        "hashboard_config": {
            "global_frequency": hertz(manual.frequency),
            "global_voltage": volt(manual.voltage),
            "hashboards": [
                {
                    "id": board,
                    "enabled": enabled,
                    "frequency": hertz(manual.board_frequency.get(board)),
                    "voltage": volt(manual.board_voltage.get(board)),
                }
                for board, enabled in settings.boards.items()
            ],
            "quick_ramping_time_up_s": settings.ramp_up,
            "quick_ramping_time_down_s": settings.ramp_down,
        },
    }


@operation("GET", "configuration/constraints")
def constraints(call: Call) -> Json:
    """Tell the limits and defaults of the settings."""
    preset = call.device.preset
    cooling: dict[str, Json] = {
        "default_cooling_mode": KINDS[preset.cooling],
        "target_temperature": _spell(preset.target_temperature, celsius),
        "hot_temperature": _spell(preset.hot_temperature, celsius),
        "dangerous_temperature": _spell(preset.dangerous_temperature, celsius),
        "fan_speed_ratio": _floats(limits.FAN_RATIO),
        "minimum_required_fans": _integers(limits.REQUIRED_FANS),
        "min_fan_speed": _integers(limits.FAN_PERCENT),
        "max_fan_speed": _integers(limits.FAN_PERCENT),
        "pause_cooldown_fan_speed_ratio": _floats(limits.FAN_RATIO),
        "default_fan_pause_mode": 1,
    }
    scaling: dict[str, Json] = {
        "power_step": _spell(limits.POWER_STEP, watt),
        "hashrate_step": _spell(limits.HASHRATE_STEP, terahash),
        "min_power_target": _spell(preset.power, watt),
        "min_hashrate_target": _spell(preset.hashrate, terahash),
        "shutdown_enabled": {"default": False},
        "shutdown_duration": _spell(limits.SHUTDOWN_HOURS, _hours),
        "enabled": {"default": False},
        "mode": 1,
    }
    if call.since(1, 2, 0):
        cooling["default_fan_pause_runtime"] = 1
        cooling["fan_pause_runtime_limited_duration_s"] = 300
        scaling["on_start_target_percent"] = _integers(limits.START_PERCENT)
    if not preset.publishes_limits:
        scaling |= {"min_power_target": None, "min_hashrate_target": None}
    return {
        "tuner_constraints": {
            # Absent limits are seen both as a null and as an object of nulls.
            "power_target": (
                _spell(preset.power, watt)
                if preset.publishes_limits
                else {"default": None, "min": None, "max": None}
            ),
            "hashrate_target": _spell(preset.hashrate, terahash)
            if preset.publishes_limits
            else None,
            "enabled": {"default": True},
            "default_mode": 1,
        },
        "cooling_constraints": cooling,
        "dps_constraints": scaling,
        "hashboards_constraints": {
            "hashboard_ids": list(call.device.settings.boards),
            "enabled": {"default": True},
            "frequency": _spell(limits.frequency(preset), hertz),
            "voltage": _spell(limits.voltage(preset), volt),
            "quick_ramping_time_s": _integers(limits.RAMP_SECONDS),
        },
    }


def _hours(value: float) -> Json:
    return {"hours": int(value)}


def _spell(limit: Range, unit: Callable[[float], Json]) -> Json:
    return {
        "default": unit(limit.default),
        "min": unit(limit.minimum),
        "max": unit(limit.maximum),
    }


def _floats(limit: Range) -> Json:
    return {"default": limit.default, "min": limit.minimum, "max": limit.maximum}


def _integers(limit: Range) -> Json:
    return {"default": int(limit.default), "min": int(limit.minimum), "max": int(limit.maximum)}
