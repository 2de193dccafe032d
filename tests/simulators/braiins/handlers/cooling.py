"""Cooling state and mode."""

from .. import readings, shapes
from ..device import Device
from ..gateway import Call, operation
from ..presets import Range
from ..wire import Json, RefusedError, out_of_range

_TEMPERATURES = {
    "target_temperature": shapes.TEMPERATURE,
    "hot_temperature": shapes.TEMPERATURE,
    "dangerous_temperature": shapes.TEMPERATURE,
}
_PAUSE = shapes.members(
    {},
    {
        "mode": shapes.tagged(
            auto=shapes.members({}),
            manual=shapes.members(
                {},
                {
                    "pause_cooldown_fan_speed_ratio": shapes.number,
                    "fan_pause_runtime": shapes.one_of(0, 1, 2),
                },
            ),
        )
    },
)
_MODES = {
    "auto": {
        **_TEMPERATURES,
        "min_fan_speed": shapes.unsigned,
        "max_fan_speed": shapes.unsigned,
        "minimum_required_fans": shapes.unsigned,
        "pause_mode": _PAUSE,
    },
    "manual": {
        **_TEMPERATURES,
        "fan_speed_ratio": shapes.number,
        "minimum_required_fans": shapes.unsigned,
        "pause_mode": _PAUSE,
    },
    "immersion": _TEMPERATURES,
    "hydro": _TEMPERATURES,
}


@operation("GET", "cooling/state", process=True)
def state(call: Call) -> Json:
    """Tell fans and the hottest sensor."""
    device = call.device
    return {
        "fans": readings.fans(device),
        "highest_temperature": readings.highest_temperature(device),
    }


@operation(
    "PUT",
    "cooling/mode",
    process=True,
    body=shapes.tagged(**{tag: shapes.members({}, known) for tag, known in _MODES.items()}),
)
def set_mode(call: Call) -> Json:
    """Store a cooling mode; on a hashing machine this restarts mining."""
    device = call.device
    tag, given = next(iter(call.members.items()))
    assert isinstance(given, dict), "the shape says so"
    mode: dict[str, Json] = {name: given.get(name) for name in _MODES[tag]}
    _check(device, mode)
    device.settings.cooling = {tag: mode}
    device.cooling_changed()
    return {tag: mode}


def _check(device: Device, mode: dict[str, Json]) -> None:
    degrees: list[float] = []
    for name in _TEMPERATURES:
        value = mode[name]
        limits: Range = getattr(device.preset, name)
        number = limits.default
        given = value.get("degree_c") if isinstance(value, dict) else None
        if isinstance(given, int | float):
            number = float(given)
            if number not in limits:
                raise out_of_range(name.replace("_", " "), number, limits.minimum, limits.maximum)
        degrees.append(number)
    if degrees != sorted(degrees):
        raise RefusedError(400, "temperatures have to rise from target over hot to dangerous")
    low, high = mode.get("min_fan_speed"), mode.get("max_fan_speed")
    for value in (low, high):
        if isinstance(value, int) and value > 100:
            raise out_of_range("fan speed", value, 0, 100)
    if isinstance(low, int) and isinstance(high, int) and low >= high:
        raise RefusedError(400, "min_fan_speed has to be below max_fan_speed")
    ratio = mode.get("fan_speed_ratio")
    if isinstance(ratio, int | float) and not 0 <= ratio <= 1:
        raise out_of_range("fan speed ratio", ratio, 0.0, 1.0)
