"""Performance mode, tuner state, profiles, power scaling and quick ramping."""

from .. import shapes
from ..device import Device, Process
from ..gateway import Call, Reply, operation
from ..presets import Range
from ..settings import ManualSettings
from ..shapes import ShapeError
from ..tuner import POWER, Profile
from ..wire import (
    Json,
    RefusedError,
    celsius,
    gigahash,
    hertz,
    out_of_range,
    terahash,
    timestamp,
    volt,
    watt,
)
from . import limits
from .targets import activate, store_hashrate, store_power

_CLOCKS = {"frequency": shapes.FREQUENCY, "voltage": shapes.VOLTAGE}
_MODE = shapes.tagged(
    manualmode=shapes.members(
        {"hashboards": shapes.array(shapes.members({"id": shapes.text}, _CLOCKS))},
        {"global_frequency": shapes.FREQUENCY, "global_voltage": shapes.VOLTAGE},
    ),
    tunermode=shapes.members(
        {},
        {
            "target": shapes.tagged(
                powertarget=shapes.members({}, {"power_target": shapes.POWER}),
                hashratetarget=shapes.members({}, {"hashrate_target": shapes.TERAHASH}),
            )
        },
    ),
)
_DPS = shapes.members(
    {},
    {
        "save_action": shapes.one_of(0, 1, 2, 3),
        "enable": shapes.boolean,
        "enable_shutdown": shapes.boolean,
        "mode": shapes.one_of(0, 1, 2),
        "shutdown_duration": shapes.HOURS,
        "on_start_target_percent": shapes.unsigned,
        "target": shapes.members(
            {},
            {
                "target": shapes.tagged(
                    powertarget=shapes.members(
                        {}, {"power_step": shapes.POWER, "min_power_target": shapes.POWER}
                    ),
                    hashratetarget=shapes.members(
                        {},
                        {
                            "hashrate_step": shapes.TERAHASH,
                            "min_hashrate_target": shapes.TERAHASH,
                        },
                    ),
                )
            },
        ),
    },
)
_RAMPING = shapes.members({"up_s": shapes.unsigned, "down_s": shapes.unsigned})


def inner(value: Json, *path: str) -> float | None:
    """Return a number inside nested objects, None when some part is null or missing."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value if isinstance(value, int | float) else None


def _mode(device: Device) -> Json:
    settings = device.settings
    manual = settings.manual
    if not device.tuner.enabled:
        return {
            "manualmode": {
                "global_frequency": hertz(manual.frequency),
                "global_voltage": volt(manual.voltage),
                "hashboards": [
                    {
                        "id": board,
                        "frequency": hertz(manual.board_frequency.get(board)),
                        "voltage": volt(manual.board_voltage.get(board)),
                    }
                    for board in settings.boards
                ],
            }
        }
    target: Json = {"hashratetarget": {"hashrate_target": terahash(settings.hashrate_target)}}
    if device.tuner.mode == POWER:
        target = {"powertarget": {"power_target": watt(settings.power_target)}}
    return {"tunermode": {"target": target}}


@operation("GET", "performance/mode", process=True)
def mode(call: Call) -> Json:
    """Tell the active mode."""
    return _mode(call.device)


@operation("PUT", "performance/mode", process=True, body=_MODE)
def set_mode(call: Call) -> Json:
    """Switch between power target, hashrate target and fixed clocks; tunes anew."""
    device = call.device
    tag, content = next(iter(call.members.items()))
    assert isinstance(content, dict), "the shape says so"
    if tag == "manualmode":
        _set_manual(device, content)
        return _mode(device)
    target = content.get("target")
    if not isinstance(target, dict):
        raise RefusedError(400, "target is missing")
    kind = next(iter(target))
    if kind == "powertarget":
        power = inner(target, kind, "power_target", "watt")
        store_power(device, device.preset.power.default if power is None else power)
        activate(device, POWER)
    else:
        hashrate = inner(target, kind, "hashrate_target", "terahash_per_second")
        store_hashrate(device, device.preset.hashrate.default if hashrate is None else hashrate)
        activate(device, 2)
    device.retarget()
    return _mode(device)


def _set_manual(device: Device, content: dict[str, Json]) -> None:
    boards = content["hashboards"]
    assert isinstance(boards, list), "the shape says so"
    manual = ManualSettings(
        frequency=_clock(device, inner(content, "global_frequency", "hertz")),
        voltage=_voltage(device, inner(content, "global_voltage", "volt")),
    )
    for given in boards:
        assert isinstance(given, dict), "the shape says so"
        board = str(given["id"])
        if board not in device.settings.boards:
            raise RefusedError(400, f"unknown hashboard '{board}'")
        manual.board_frequency[board] = _clock(device, inner(given, "frequency", "hertz"))
        manual.board_voltage[board] = _voltage(device, inner(given, "voltage", "volt"))
    device.settings.manual = manual
    device.settings.tuner_enabled = False
    device.retarget()


def _clock(device: Device, value: float | None) -> float | None:
    allowed = limits.frequency(device.preset)
    if value is not None and value / 1e6 not in allowed:
        raise out_of_range("frequency", value, allowed.minimum * 1e6, allowed.maximum * 1e6)
    return None if value is None else value / 1e6


def _voltage(device: Device, value: float | None) -> float | None:
    allowed = limits.voltage(device.preset)
    if value is not None and value not in allowed:
        raise out_of_range("voltage", value, allowed.minimum, allowed.maximum)
    return value


@operation("GET", "performance/tuner-state", process=True)
def tuner_state(call: Call) -> Json:
    """Tell what the tuner does and the effective target."""
    device = call.device
    tuner = device.tuner
    state: Json = None
    if tuner.enabled:
        profile = None if tuner.profile is None else _spell_profile(device, tuner.profile)
        if tuner.mode == POWER:
            state = {
                "powertargetmodestate": {
                    "profile": profile,
                    "current_target": watt(tuner.effective),
                }
            }
        else:
            state = {
                "hashratetargetmodestate": {
                    "profile": profile,
                    "current_target": terahash(tuner.effective),
                }
            }
    return {"overall_tuner_state": tuner.state, "mode_state": state}


def _spell_profile(device: Device, profile: Profile) -> dict[str, Json]:
    tuner = device.tuner
    by_power = profile.mode == POWER
    power = profile.target if by_power else tuner.power_for(profile.target)
    return {
        "created": timestamp(profile.created),
        "target": watt(profile.target) if by_power else terahash(profile.target),
        "measured_hashrate": gigahash(tuner.hashrate_for(power)),
        "estimated_power_consumption": watt(power),
    }


@operation("GET", "performance/target-profiles", process=True)
def target_profiles(call: Call) -> Json:
    """Tell all finished tunings."""
    device = call.device
    profiles = device.tuner.profiles
    return {
        "power_target_profiles": [
            _spell_profile(device, one) for one in profiles if one.mode == POWER
        ],
        "hashrate_target_profiles": [
            _spell_profile(device, one) for one in profiles if one.mode != POWER
        ],
    }


@operation("DELETE", "performance/tuned-profiles")
def remove_profiles(call: Call) -> Reply:
    """Forget all tunings, for which mining stops and starts again if it was on."""
    device = call.device
    device.tuner.profiles.clear()
    device.retarget()
    if device.process is Process.RUNNING:
        device.reload()
    return Reply(status=204)


@operation("GET", "performance/efficiency-profile", since=(1, 4, 0), process=True)
def efficiency_profile(call: Call) -> Json:
    """Tell how efficient some targets are."""
    device = call.device
    preset, tuner = device.preset, device.tuner
    points: list[Json] = []
    for percent in (50, 75, 100):
        power = preset.power.default * percent / 100
        points.append(
            {
                "quality": percent // 25,
                "fan_speed": percent,
                "power_target": watt(power),
                "consumption": watt(power * 1.01),
                "hashrate": terahash(tuner.hashrate_for(power)),
                "outlet_temp": celsius(device.plant.ambient + 0.2 * percent),
                "ambient_temp": celsius(device.plant.ambient),
                "frequency": hertz(preset.frequency * percent / 100),
                "voltage": volt(preset.voltage),
            }
        )
    return {"points": points}


@operation("PUT", "performance/dps", body=_DPS)
def set_dps(call: Call) -> Json:
    """Store power scaling; request and answer name their members differently."""
    device, given = call.device, call.members
    if not call.since(1, 3, 0) and given.get("save_action") is None:
        raise ShapeError("missing field `save_action`")
    device.need_process()
    scaling = device.settings.scaling
    kind: Json = given.get("target")
    kind = kind.get("target") if isinstance(kind, dict) else None
    power_step = inner(kind, "powertarget", "power_step", "watt")
    lowest_power = inner(kind, "powertarget", "min_power_target", "watt")
    hash_step = inner(kind, "hashratetarget", "hashrate_step", "terahash_per_second")
    lowest_hash = inner(kind, "hashratetarget", "min_hashrate_target", "terahash_per_second")
    hours = inner(given, "shutdown_duration", "hours")
    percent = inner(given, "on_start_target_percent") if call.since(1, 2, 0) else None
    for what, value, allowed in (
        ("power step", power_step, limits.POWER_STEP),
        ("min power target", lowest_power, device.preset.power),
        ("hashrate step", hash_step, limits.HASHRATE_STEP),
        ("min hashrate target", lowest_hash, device.preset.hashrate),
        ("shutdown duration", hours, limits.SHUTDOWN_HOURS),
        ("on start target percent", percent, limits.START_PERCENT),
    ):
        _check(what, value, allowed)
    enable, shutdown, kept_mode = (
        given.get("enable"),
        given.get("enable_shutdown"),
        inner(given, "mode"),
    )
    scaling.enabled = enable if isinstance(enable, bool) else scaling.enabled
    scaling.shutdown_enabled = shutdown if isinstance(shutdown, bool) else scaling.shutdown_enabled
    scaling.mode = int(kept_mode) if kept_mode else scaling.mode
    scaling.power_step = scaling.power_step if power_step is None else power_step
    scaling.minimum_power = scaling.minimum_power if lowest_power is None else lowest_power
    scaling.hashrate_step = scaling.hashrate_step if hash_step is None else hash_step
    scaling.minimum_hashrate = scaling.minimum_hashrate if lowest_hash is None else lowest_hash
    scaling.shutdown_hours = scaling.shutdown_hours if hours is None else int(hours)
    scaling.start_percent = scaling.start_percent if percent is None else int(percent)
    answer: dict[str, Json] = {
        "enabled": scaling.enabled,
        "shutdown_enabled": scaling.shutdown_enabled,
        "mode": scaling.mode,
        "shutdown_duration": (
            None if scaling.shutdown_hours is None else {"hours": scaling.shutdown_hours}
        ),
        "power_target": {
            "power_step": watt(scaling.power_step),
            "min_power_target": watt(scaling.minimum_power),
        },
        "hashrate_target": {
            "hashrate_step": terahash(scaling.hashrate_step),
            "min_hashrate_target": terahash(scaling.minimum_hashrate),
        },
    }
    if call.since(1, 2, 0):
        answer["on_start_target_percent"] = scaling.start_percent
    return answer


def _check(what: str, value: float | None, allowed: Range) -> None:
    if value is not None and value not in allowed:
        raise out_of_range(what, value, allowed.minimum, allowed.maximum)


@operation("PUT", "performance/quick-ramping", process=True, body=_RAMPING)
def set_ramping(call: Call) -> Json:
    """Store how fast clocks go up and down; both members are needed."""
    up, down = inner(call.body, "up_s"), inner(call.body, "down_s")
    _check("quick ramping time", up, limits.RAMP_SECONDS)
    _check("quick ramping time", down, limits.RAMP_SECONDS)
    assert up is not None, "the shape says so"
    assert down is not None, "the shape says so"
    return _store_ramping(call.device, int(up), int(down))


@operation("PUT", "performance/quick-ramping/default", process=True)
def default_ramping(call: Call) -> Json:
    """Store the default times."""
    seconds = int(limits.RAMP_SECONDS.default)
    return _store_ramping(call.device, seconds, seconds)


def _store_ramping(device: Device, up: int, down: int) -> Json:
    device.settings.ramp_up, device.settings.ramp_down = up, down
    return {"up_s": up, "down_s": down}
