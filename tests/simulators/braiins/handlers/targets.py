"""Power and hashrate targets: absolute, by a difference, default and relative."""

from .. import shapes
from ..device import Device
from ..gateway import Call, operation
from ..tuner import HASHRATE, POWER
from ..wire import Json, RefusedError, out_of_range, terahash, watt

_RELATIVE = shapes.members(
    {
        "percentage": shapes.number,
        "reference": shapes.one_of(0, 1, 2, 3, 4),
    }
)


def store_power(device: Device, target: float) -> Json:
    """Store a power target in W and take it up without a restart."""
    limits = device.preset.power
    if target not in limits:
        raise out_of_range(
            "new power target", round(target), int(limits.minimum), int(limits.maximum)
        )
    settings = device.settings
    settings.power_target = float(round(target))
    if device.unknowns.target_switches_mode or settings.tuner_mode is None:
        activate(device, POWER)
    device.retarget()
    return watt(target)


def store_hashrate(device: Device, target: float) -> Json:
    """Store a hashrate target in TH/s and take it up without a restart."""
    limits = device.preset.hashrate
    if target not in limits:
        raise out_of_range(
            "new hashrate target", float(target), float(limits.minimum), float(limits.maximum)
        )
    settings = device.settings
    settings.hashrate_target = float(target)
    if device.unknowns.target_switches_mode or settings.tuner_mode is None:
        activate(device, HASHRATE)
    device.retarget()
    return terahash(target)


def activate(device: Device, mode: int) -> None:
    """Let the tuner run by one kind of target; the other one is forgotten."""
    settings = device.settings
    settings.tuner_enabled = True
    settings.tuner_mode = mode
    if mode == POWER:
        settings.hashrate_target = None
    else:
        settings.power_target = None


def _power(call: Call) -> float:
    return call.device.settings.power_target or call.device.preset.power.default


def _hashrate(call: Call) -> float:
    return call.device.settings.hashrate_target or call.device.preset.hashrate.default


def _given(call: Call, member: str) -> float:
    value = call.members[member]
    assert isinstance(value, int | float), "the shape says so"
    return value


@operation("PUT", "performance/power-target", process=True, body=shapes.POWER)
def set_power(call: Call) -> Json:
    """Store the target."""
    return store_power(call.device, _given(call, "watt"))


@operation("PATCH", "performance/power-target/increment", process=True, body=shapes.POWER)
def increment_power(call: Call) -> Json:
    """Raise the stored target; the answer is the new one."""
    return store_power(call.device, _power(call) + _given(call, "watt"))


@operation("PATCH", "performance/power-target/decrement", process=True, body=shapes.POWER)
def decrement_power(call: Call) -> Json:
    """Lower the stored target; the answer is the new one."""
    return store_power(call.device, _power(call) - _given(call, "watt"))


@operation("PUT", "performance/power-target/default", process=True)
def default_power(call: Call) -> Json:
    """Store the model's own target."""
    return store_power(call.device, call.device.preset.power.default)


@operation("PUT", "performance/hashrate-target", process=True, body=shapes.TERAHASH)
def set_hashrate(call: Call) -> Json:
    """Store the target."""
    return store_hashrate(call.device, _given(call, "terahash_per_second"))


@operation("PATCH", "performance/hashrate-target/increment", process=True, body=shapes.TERAHASH)
def increment_hashrate(call: Call) -> Json:
    """Raise the stored target; the answer is the new one."""
    return store_hashrate(call.device, _hashrate(call) + _given(call, "terahash_per_second"))


@operation("PATCH", "performance/hashrate-target/decrement", process=True, body=shapes.TERAHASH)
def decrement_hashrate(call: Call) -> Json:
    """Lower the stored target; the answer is the new one."""
    return store_hashrate(call.device, _hashrate(call) - _given(call, "terahash_per_second"))


@operation("PUT", "performance/hashrate-target/default", process=True)
def default_hashrate(call: Call) -> Json:
    """Store the model's own target."""
    return store_hashrate(call.device, call.device.preset.hashrate.default)


def _relative(call: Call, current: float, nominal: float, low: float, high: float) -> float:
    reference = call.members["reference"]
    if reference == 0:
        raise RefusedError(400, "reference is unspecified")
    base = {1: nominal, 2: low, 3: high, 4: current}[int(_given(call, "reference"))]
    return base * _given(call, "percentage") / 100


@operation(
    "PATCH", "performance/power-target/relative", since=(1, 1, 0), process=True, body=_RELATIVE
)
def relative_power(call: Call) -> Json:
    """Store a percentage of the nominal, lowest, highest or current target."""
    limits = call.device.preset.power
    target = _relative(call, _power(call), limits.default, limits.minimum, limits.maximum)
    return store_power(call.device, round(target))


@operation(
    "PATCH", "performance/hashrate-target/relative", since=(1, 1, 0), process=True, body=_RELATIVE
)
def relative_hashrate(call: Call) -> Json:
    """Store a percentage of the nominal, lowest, highest or current target."""
    limits = call.device.preset.hashrate
    target = _relative(call, _hashrate(call), limits.default, limits.minimum, limits.maximum)
    return store_hashrate(call.device, target)
