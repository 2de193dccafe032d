"""Changing one setting of a device and nothing else.

Everything that goes with a setting in one request is read first and sent back as it was.
"""

from dataclasses import fields, replace

from ..errors import InvalidValueError, Reason, RejectedError, UnsupportedError
from ..lean import dataclass
from ..models import Feature, SettingValue
from . import convert
from .api import BraiinsApi
from .configuration import Constraints, MinerConfiguration
from .schema import MinerStatus, PerformanceMode, TargetKind
from .settings import (
    KINDS,
    NUMBERS,
    SCALING_MODES,
    TEMPERATURES,
    check_order,
    cooling,
    same,
    values,
)
from .settings_schema import CoolingKind, CoolingMode, PowerScaling, QuickRamping

FULL_SPEED = 1.0
"""Of the fans, for a manual mode whose speed nobody has set: it overheats nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Now:
    """What a device is set to, read just before it is changed."""

    stored: MinerConfiguration
    kind: TargetKind | None
    values: dict[Feature, SettingValue]


class Changes:
    """Changes settings of one device."""

    def __init__(self, api: BraiinsApi) -> None:
        """Send nothing yet."""
        self._api = api
        self._fans = CoolingMode(kind=CoolingKind.AUTO)
        """The fan settings that were seen last. A device forgets them in a mode that has
        none, and a later change back should not lose them."""
        self._targets: dict[TargetKind, float] = {}
        """The targets that were seen last, likewise."""

    async def send(self, constraints: Constraints, setting: Feature, wanted: SettingValue) -> None:
        """Read what goes with a setting and write it, unless it is set so already.

        `wanted` is what `settings.checked` returns. Raises InvalidValueError when it does
        not go with the other settings, RejectedError when the device takes another value.
        """
        now = await self._now(constraints, setting)
        if same(now.values.get(setting), wanted):
            # Most writes interrupt or disturb mining, which this is not worth.
            return
        if setting is Feature.COOLING_MODE or setting in TEMPERATURES:
            await self._cool(constraints, now, setting, wanted)
        elif setting is Feature.PERFORMANCE_MODE:
            await self._perform(constraints, now, KINDS[str(wanted)])
        elif setting in {Feature.QUICK_RAMP_UP, Feature.QUICK_RAMP_DOWN}:
            await self._ramp(now, setting, wanted)
        else:
            await self._scale(now, setting, wanted)

    async def shows(self, constraints: Constraints, setting: Feature, wanted: SettingValue) -> bool:
        """Tell whether a setting is as it is wanted."""
        now = await self._now(constraints, setting)
        return same(now.values.get(setting), wanted)

    async def _now(self, constraints: Constraints, setting: Feature) -> _Now:
        stored = await self._api.get_miner_configuration()
        number = NUMBERS.get(setting)
        mode: PerformanceMode | None = None
        if setting is Feature.PERFORMANCE_MODE or (number and number.kind):
            mode = await self._api.get_performance_mode()
        kind = convert.active_kind(mode, stored, constraints)
        return _Now(stored=stored, kind=kind, values=values(constraints, stored, kind))

    async def _cool(
        self, constraints: Constraints, now: _Now, setting: Feature, wanted: SettingValue
    ) -> None:
        mode = cooling(constraints, now.stored)
        if mode is None:
            raise UnsupportedError("the device does not tell how it is cooled")
        if mode.kind in {CoolingKind.AUTO, CoolingKind.MANUAL}:
            self._fans = _remembered(self._fans, mode)
        match setting, wanted:
            case Feature.COOLING_MODE, str():
                new = self._other(constraints, mode, CoolingKind(wanted))
            case _ if mode.kind is CoolingKind.DISABLED:
                raise InvalidValueError(
                    "while cooling is disabled there are no temperatures", Reason.COOLING_OFF
                )
            case Feature.TARGET_TEMPERATURE, float() | int():
                new = replace(mode, target_degree_c=wanted)
            case Feature.HOT_TEMPERATURE, float() | int():
                new = replace(mode, hot_degree_c=wanted)
            case Feature.DANGEROUS_TEMPERATURE, float() | int():
                new = replace(mode, dangerous_degree_c=wanted)
            case _:
                raise UnsupportedError(f"there is no setting {setting}")
        check_order(constraints, new)
        _accepted(new, await self._api.set_cooling_mode(new))

    def _other(self, constraints: Constraints, mode: CoolingMode, kind: CoolingKind) -> CoolingMode:
        """Return another mode with the temperatures and fans that are set."""
        if CoolingKind.HYDRO in {mode.kind, constraints.cooling.kind}:
            raise UnsupportedError("a hydro machine has no other cooling mode", Reason.ONLY_LIQUID)
        new = replace(
            self._fans,
            kind=kind,
            target_degree_c=mode.target_degree_c,
            hot_degree_c=mode.hot_degree_c,
            dangerous_degree_c=mode.dangerous_degree_c,
        )
        if new.fan_speed_ratio is not None:
            return new
        default = constraints.cooling.fan_speed_ratio.default
        return replace(new, fan_speed_ratio=FULL_SPEED if default is None else default)

    async def _perform(self, constraints: Constraints, now: _Now, kind: TargetKind) -> None:
        power = kind is TargetKind.POWER
        offer = convert.power_range if power else convert.hashrate_range
        offered = offer(constraints)
        for seen, value in (
            (TargetKind.POWER, now.stored.power_watt),
            (TargetKind.HASHRATE, now.stored.hashrate_terahash),
        ):
            if value is not None:
                self._targets[seen] = value
        if offered is None:
            raise UnsupportedError(f"the device names no range for a {kind} target")
        target = self._targets.get(kind)
        if target is None:
            target = await self._present(kind)
        if target is None:
            raise InvalidValueError(
                f"no {kind} target is known to begin with, and the miner does not mine now;"
                f" set a {kind} target in its own web page or switch mining on first",
                Reason.NO_TARGET_KNOWN,
            )
        target = min(max(target, offered.minimum), offered.maximum)
        mode = PerformanceMode(
            kind=kind,
            power_watt=round(target) if power else None,
            hashrate_terahash=None if power else target,
        )
        told = await self._api.set_performance_mode(mode)
        if told.kind not in {None, kind}:
            raise RejectedError(
                f"the device holds a {told.kind} target still", Reason.LEFT_AS_IT_WAS
            )

    async def _present(self, kind: TargetKind) -> float | None:
        """Return what a miner does now as a target, None while it does not mine.

        It is where a target begins that nobody has set. The default is the full draw, which
        nobody asks for by choosing how to hold a target.
        """
        details = await self._api.get_miner_details()
        if details.status not in {MinerStatus.NORMAL, MinerStatus.RESTRICTED}:
            # The draw of a control board, and a hashrate that only fades.
            return None
        found: float | None
        if kind is TargetKind.POWER:
            held = (await self._api.get_tuner_state()).power_watt
            found = held or (await self._api.get_miner_stats()).approximated_watt
        else:
            nominal = (await self._api.get_miner_stats()).work.nominal_gigahash
            found = convert.terahash(nominal)
        # A process that has just begun reports zero.
        return found if found and found > 0 else None

    async def _ramp(self, now: _Now, setting: Feature, wanted: SettingValue) -> None:
        times = now.values | {setting: wanted}
        up, down = times.get(Feature.QUICK_RAMP_UP), times.get(Feature.QUICK_RAMP_DOWN)
        if up is None or down is None:
            raise UnsupportedError("the device does not tell the other time, which goes with it")
        new = QuickRamping(up_s=int(up), down_s=int(down))
        _accepted(new, await self._api.set_quick_ramping(int(up), int(down)))

    async def _scale(self, now: _Now, setting: Feature, wanted: SettingValue) -> None:
        if "dps" not in now.stored.told:
            raise UnsupportedError("the device does not tell how it scales")
        number = NUMBERS.get(setting)
        if number and number.kind not in {None, now.kind}:
            raise InvalidValueError(
                f"this has no effect unless a {number.kind} target is held",
                Reason.OTHER_PERFORMANCE_MODE,
            )
        new = _scaling(now.stored.scaling, setting, wanted)
        _accepted(new, await self._api.set_dps(new))


def _scaling(stored: PowerScaling, setting: Feature, wanted: SettingValue) -> PowerScaling:
    """Return the change, and with one half of a target's settings the other as it is stored."""
    power = PowerScaling(
        power_step_watt=stored.power_step_watt, min_power_watt=stored.min_power_watt
    )
    hashrate = PowerScaling(
        hashrate_step_terahash=stored.hashrate_step_terahash,
        min_hashrate_terahash=stored.min_hashrate_terahash,
    )
    match setting, wanted:
        case Feature.DPS, bool():
            new = PowerScaling(enabled=wanted)
        case Feature.DPS_SHUTDOWN, bool():
            new = PowerScaling(shutdown_enabled=wanted)
        case Feature.DPS_MODE, str():
            numbers = {name: number for number, name in SCALING_MODES.items()}
            new = PowerScaling(mode=numbers[wanted])
        case Feature.DPS_SHUTDOWN_HOURS, int():
            new = PowerScaling(shutdown_hours=wanted)
        case Feature.DPS_POWER_STEP, int():
            new = replace(power, power_step_watt=wanted)
        case Feature.DPS_MINIMUM_POWER, int():
            new = replace(power, min_power_watt=wanted)
        case Feature.DPS_HASHRATE_STEP, float() | int():
            new = replace(hashrate, hashrate_step_terahash=wanted)
        case Feature.DPS_MINIMUM_HASHRATE, float() | int():
            new = replace(hashrate, min_hashrate_terahash=wanted)
        case _:
            raise UnsupportedError(f"there is no setting {setting}")
    return new


def _remembered(fans: CoolingMode, mode: CoolingMode) -> CoolingMode:
    """Return the fan settings with those that a mode has of its own."""
    fans = replace(
        fans, minimum_required_fans=mode.minimum_required_fans, pause_mode=mode.pause_mode
    )
    if mode.kind is CoolingKind.MANUAL:
        return replace(fans, fan_speed_ratio=mode.fan_speed_ratio)
    return replace(fans, min_fan_percent=mode.min_fan_percent, max_fan_percent=mode.max_fan_percent)


def _accepted[T: CoolingMode | PowerScaling | QuickRamping](sent: T, told: T | None) -> None:
    """Raise RejectedError when the device says that it took something else than was sent."""
    for item in fields(sent):
        wanted, taken = getattr(sent, item.name), getattr(told, item.name, None)
        # What the device does not tell is accepted by its success; it may word a pause anew.
        if wanted is None or taken is None or item.name in {"pause_mode", "fan_speed_ratio"}:
            continue
        if not same(taken, wanted):
            raise RejectedError(
                f"the device took {taken} instead of {wanted} for {item.name}",
                Reason.TOOK_OTHER,
                taken=str(taken),
                wanted=str(wanted),
            )
