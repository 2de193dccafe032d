"""The shapes that occur more than once in the outline of the interface, in its own notation.

A shape is `int`, `float`, `str`, `bool`; `bytes` for a file; `dict` for an object with
members of any name; `object` for anything at all; a list with the shape of its items; an
object with the shapes of its members; or a choice of members of which exactly one is there.
A member's name may end in `?`, when it may be null and may be left out of a request, and
in `@1.2.0`, the version from which on it is surely there.
"""

from dataclasses import dataclass

type Shape = type | list[Shape] | dict[str, Shape] | OneOf


@dataclass(frozen=True)
class OneOf:
    """An object with exactly one of these members."""

    choices: dict[str, Shape]


def _limits(unit: Shape) -> Shape:
    return {"default?": unit, "min?": unit, "max?": unit}


def _range(number: Shape) -> Shape:
    return {"default": number, "min": number, "max": number}


def _profile(unit: Shape) -> Shape:
    return {
        "created?": MOMENT,
        "target?": unit,
        "measured_hashrate?": GIGAHASH,
        "estimated_power_consumption?": WATT,
    }


# Units

WATT: Shape = {"watt": int}
TERAHASH: Shape = {"terahash_per_second": float}
GIGAHASH: Shape = {"gigahash_per_second": float}
CELSIUS: Shape = {"degree_c": float}
HERTZ: Shape = {"hertz": float}
VOLT: Shape = {"volt": float}
HOURS: Shape = {"hours": int}
FEE: Shape = {"bsp": int}
MOMENT: Shape = {"seconds": int, "nanos": int}

# Limits and what is known of a target

WATT_LIMITS = _limits(WATT)
TERAHASH_LIMITS = _limits(TERAHASH)
CELSIUS_LIMITS = _limits(CELSIUS)
HOURS_LIMITS = _limits(HOURS)
HERTZ_LIMITS = _limits(HERTZ)
VOLT_LIMITS = _limits(VOLT)
INT_RANGE = _range(int)
FLOAT_RANGE = _range(float)
SWITCH: Shape = {"default": bool}
POWER_PROFILE = _profile(WATT)
HASHRATE_PROFILE = _profile(TERAHASH)

# Cooling

TEMPERATURES: dict[str, Shape] = {
    "target_temperature?": CELSIUS,
    "hot_temperature?": CELSIUS,
    "dangerous_temperature?": CELSIUS,
}
FANS: dict[str, Shape] = {
    "minimum_required_fans?": int,
    "pause_mode?": {
        "mode?": OneOf(
            {
                "auto": {},
                "manual": {
                    "pause_cooldown_fan_speed_ratio?": float,
                    "fan_pause_runtime?@1.2.0": int,
                },
            }
        )
    },
}
COOLING_MODES: dict[str, Shape] = {
    "auto": {**TEMPERATURES, **FANS, "min_fan_speed?": int, "max_fan_speed?": int},
    "manual": {**TEMPERATURES, **FANS, "fan_speed_ratio?": float},
    "immersion": TEMPERATURES,
    "hydro": TEMPERATURES,
}
COOLING: Shape = OneOf(COOLING_MODES)
STORED_COOLING: Shape = OneOf({**COOLING_MODES, "disabled": {"fan_speed_ratio?": float}})
SENSOR: Shape = {"id?": int, "location": int, "temperature?": CELSIUS}

# Pools

STRATEGY: Shape = OneOf({"quota": {"value": int}, "fixedshareratio": {"value": float}})
GROUP: Shape = {
    "uid?": str,
    "name": str,
    "load_balance_strategy?": STRATEGY,
    "pools": [{"uid?": str, "url": str, "user": str, "password?": str, "enabled?": bool}],
}
SHARES: Shape = {
    "accepted_shares": int,
    "rejected_shares": int,
    "stale_shares": int,
    "last_difficulty": int,
    "best_share": int,
    "best_share_str@1.3.0": str,
    "generated_work": int,
    "last_share_time?": MOMENT,
}

# What the miner does

_WINDOWS = ("5s", "15s", "30s", "1m", "5m", "15m", "30m", "1h", "24h")
WORK: Shape = {
    "real_hashrate?": {
        **{f"last_{window}?": GIGAHASH for window in _WINDOWS},
        "since_restart?": GIGAHASH,
    },
    "nominal_hashrate?": GIGAHASH,
    "error_hashrate?": {"megahash_per_second": float},
    "found_blocks": int,
    "best_share": int,
    "best_share_str@1.3.0": str,
}


def _bare(*names: str) -> dict[str, Shape]:
    return {name: {} for name in names}


_STOP: Shape = {
    "reason?": OneOf(
        {
            **_bare("unspecified", "application_unavailable", "dead_pools", "missing_license"),
            **_bare("user_pause", "dps_cooldown"),
            "unsupported_hardware": {"errors": [str]},
            "thermal_pause": {"reason": str},
            "tuner_error": {"message": str},
            "hardware_error": {"message": str},
        }
    )
}
_START = _bare("none", "delayed_start", "cooling_down", "waiting_while_cold", "defrosting")
DETAILED: Shape = {
    "status?": OneOf(
        {
            "stopped": _STOP,
            "starting": {"reason?": OneOf(_START)},
            "running": {"reason?": OneOf(_bare("normal", "preheating"))},
            "stopping": _STOP,
        }
    ),
    "status_since?": MOMENT,
    "status_until?": {"precision?": OneOf({"max": MOMENT, "exact": MOMENT})},
}

# What can be set

PERFORMANCE: Shape = OneOf(
    {
        "manualmode": {
            "global_frequency?": HERTZ,
            "global_voltage?": VOLT,
            "hashboards": [{"id": str, "frequency?": HERTZ, "voltage?": VOLT}],
        },
        "tunermode": {
            "target?": OneOf(
                {
                    "powertarget": {"power_target?": WATT},
                    "hashratetarget": {"hashrate_target?": TERAHASH},
                }
            )
        },
    }
)
PERCENTAGE: Shape = {"percentage": float, "reference": int}
POWER_SCALING: Shape = {"power_step?": WATT, "min_power_target?": WATT}
HASHRATE_SCALING: Shape = {"hashrate_step?": TERAHASH, "min_hashrate_target?": TERAHASH}
RAMPING: Shape = {"up_s": int, "down_s": int}
PROTOCOL: Shape = OneOf(
    {"dhcp": {}, "static": {"address": str, "netmask": str, "gateway": str, "dns_servers": [str]}}
)
NETWORK: Shape = {"hostname": str, "protocol?": PROTOCOL}
_TIME: Shape = {"hours": int, "minutes": int, "seconds?": int}
SCHEDULE: Shape = {
    "schedule_type?": OneOf(
        {
            "daily": {"time?": _TIME},
            "weekly": {"day_of_week?": int, "time?": _TIME},
            "monthly": {"day_of_month?": int, "time?": _TIME},
        }
    )
}
