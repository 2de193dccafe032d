"""The settings of a WhatsMiner: which devices have them, how each is told and set."""

from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from enum import Enum, auto
from typing import Literal

from ..errors import InvalidValueError, Reason, UnsupportedError
from ..lean import dataclass
from ..models import Capabilities, Feature, PowerRange, SettingValue
from .api import WhatsminerApi
from .device import Model, Version
from .parse import Record, as_number

_BASE_API: Version = (1, 3)
"""The oldest documented interface; what no later history names as new is from there."""
_FREQUENCY_API: Version = (2, 0)
"""First that lets the frequency be lowered at will."""
_FANS_API: Version = (2, 0, 5)
"""First with the commands for fans and for the speed of the search."""
_INIT_API: Version = (2, 2)
"""First that can boot without mining, that knows heat modes, and that lifts the bounds of
the target frequency."""
_FAST_API: Version = (2, 2, 2)
"""First with fast mining."""
_FAST_VARIANTS = ("VK", "VL", "VM")
"""Chip variants that have fast mining."""
_OLD_LOWEST = -10.0
"""Percent; how far interfaces before 2.0 let the frequency be lowered."""

type _Write[V] = Callable[[WhatsminerApi, V], Coroutine[object, object, None]]


class Source(Enum):
    """The reply that tells a setting."""

    SUMMARY = auto()
    STATUS = auto()
    INFO = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What decides which settings a device has."""

    version: Version
    model: Model | None
    liquid: bool | None

    @property
    def air(self) -> bool:
        """Tell whether it is known to be cooled by fans."""
        return self.liquid is False

    @property
    def hydro(self) -> bool:
        """Tell whether water is led through the boards."""
        return self.model is not None and self.model.hydro and not self.air

    @property
    def fast(self) -> bool:
        """Tell whether its chips have fast mining."""
        variant = self.model.variant if self.model else None
        return variant is not None and variant.startswith(_FAST_VARIANTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One way in which firmware knows a setting."""

    command: str
    """By which a refusal is remembered; switches with two commands fail together."""
    write: _Write[SettingValue]
    source: Source | None = None
    """None where nothing tells it."""
    told: Callable[[Record], SettingValue | None] = lambda _: None
    """Read from the reply of `source`; None where that does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting: a switch, or a number within `limits`, or one of `choices`."""

    since: Version
    forms: tuple[Form, ...]
    """The first one that the firmware knows is used."""
    fits: Callable[[Machine], bool] = lambda _: True
    limits: Callable[[Machine], PowerRange] | None = None
    unit: str = ""
    """Of a number, as it is written behind it."""
    choices: tuple[str, ...] = ()


def _switch(write: _Write[bool]) -> _Write[SettingValue]:
    return lambda api, value: write(api, bool(value))


def _either(on: _Write[None], off: _Write[None]) -> _Write[SettingValue]:
    return lambda api, value: (on if value else off)(api, None)


def _number(write: _Write[float]) -> _Write[SettingValue]:
    return lambda api, value: write(api, float(value))


def _bare(write: Callable[[WhatsminerApi], Coroutine[object, object, None]]) -> _Write[None]:
    return lambda api, _: write(api)


_HEAT_MODES: Mapping[str, Literal["anti-icing", "heating"]] = {
    "anti_icing": "anti-icing",
    "heating": "heating",
}
"""By the names of choices; "normal" is not in this interface."""


def _heat(api: WhatsminerApi, value: SettingValue) -> Coroutine[object, object, None]:
    return api.set_heat_mode(_HEAT_MODES[str(value)])


def _target_frequency(status: Record) -> float | None:
    """Return percent of change; empty means none.

    No capture shows the text of one that is set, so "90" could stand for -10. Nothing
    tells the two apart for good, so the number counts as it is written: a wrong guess
    would turn lowered into raised.
    """
    value = status.get("hash_percent")
    return 0.0 if value == "" else as_number(value)


def _target_limits(machine: Machine) -> PowerRange:
    lowest, highest = -100.0, 100.0
    if machine.version < _FREQUENCY_API:
        lowest = _OLD_LOWEST
    elif machine.version < _INIT_API and not machine.liquid:
        # These interfaces let air-cooled models only be slowed down.
        highest = 0.0
    return PowerRange(minimum=lowest, maximum=highest, step=1.0, default=0.0)


SETTINGS: Mapping[Feature, Setting] = {
    Feature.FAST_BOOT: Setting(
        since=_BASE_API,
        forms=(
            Form(
                command="enable_btminer_fast_boot",
                write=_either(
                    _bare(WhatsminerApi.enable_btminer_fast_boot),
                    _bare(WhatsminerApi.disable_btminer_fast_boot),
                ),
                source=Source.SUMMARY,
                told=lambda summary: summary.flag("Btminer Fast Boot"),
            ),
            Form(
                command="enable_cgminer_fast_boot",
                write=_either(
                    _bare(WhatsminerApi.enable_cgminer_fast_boot),
                    _bare(WhatsminerApi.disable_cgminer_fast_boot),
                ),
            ),
        ),
    ),
    Feature.MINE_AT_STARTUP: Setting(
        since=_INIT_API,
        forms=(
            Form(
                command="enable_btminer_init",
                write=_either(
                    _bare(WhatsminerApi.enable_btminer_init),
                    _bare(WhatsminerApi.disable_btminer_init),
                ),
            ),
        ),
    ),
    Feature.WEB_POOLS: Setting(
        since=_BASE_API,
        forms=(
            Form(
                command="enable_web_pools",
                write=_either(
                    _bare(WhatsminerApi.enable_web_pools),
                    _bare(WhatsminerApi.disable_web_pools),
                ),
            ),
        ),
    ),
    Feature.POWEROFF_COOL: Setting(
        since=_FANS_API,
        fits=lambda machine: machine.air,
        forms=(
            Form(
                command="set_poweroff_cool",
                write=_switch(WhatsminerApi.set_poweroff_cool),
            ),
        ),
    ),
    Feature.FAN_ZERO_SPEED: Setting(
        since=_FANS_API,
        fits=lambda machine: machine.air,
        forms=(
            Form(
                command="set_fan_zero_speed",
                write=_switch(WhatsminerApi.set_fan_zero_speed),
            ),
        ),
    ),
    Feature.FAST_MINING: Setting(
        since=_FAST_API,
        fits=lambda machine: machine.fast,
        forms=(
            Form(
                command="set_fast_mining",
                write=_switch(WhatsminerApi.set_fast_mining),
                source=Source.STATUS,
                told=lambda status: status.flag("fast_mining"),
            ),
            Form(
                command="set_fast_hash",
                write=_switch(WhatsminerApi.set_fast_hash),
                source=Source.STATUS,
                told=lambda status: status.flag("fast_hash"),
            ),
        ),
    ),
    Feature.TARGET_FREQUENCY: Setting(
        since=_BASE_API,
        limits=_target_limits,
        unit="%",
        forms=(
            Form(
                command="set_target_freq",
                write=_number(WhatsminerApi.set_target_freq),
                source=Source.STATUS,
                told=_target_frequency,
            ),
        ),
    ),
    Feature.UPFREQ_SPEED: Setting(
        since=_FANS_API,
        limits=lambda _: PowerRange(minimum=0.0, maximum=9.0, step=1.0),
        forms=(
            Form(
                command="adjust_upfreq_speed",
                write=_number(WhatsminerApi.adjust_upfreq_speed),
                source=Source.INFO,
                told=lambda info: info.number("upfreq_speed", "ut_speed"),
            ),
        ),
    ),
    Feature.TEMP_OFFSET: Setting(
        since=_FANS_API,
        fits=lambda machine: machine.air,
        limits=lambda _: PowerRange(minimum=-30.0, maximum=0.0, step=1.0, default=0.0),
        unit="°C",
        forms=(
            Form(
                command="set_temp_offset",
                write=_number(WhatsminerApi.set_temp_offset),
            ),
        ),
    ),
    Feature.HEAT_MODE: Setting(
        since=_INIT_API,
        fits=lambda machine: machine.hydro,
        choices=tuple(_HEAT_MODES),
        forms=(Form(command="set_heat_mode", write=_heat),),
    ),
}


def offered(machine: Machine, unsupported: Collection[str]) -> Capabilities:
    """Return the settings a device takes, with ranges and choices, without refused ones."""
    found = {
        feature: setting
        for feature, setting in SETTINGS.items()
        if machine.version >= setting.since
        if setting.fits(machine)
        if any(form.command not in unsupported for form in setting.forms)
    }
    return Capabilities(
        features=frozenset(found),
        ranges={f: row.limits(machine) for f, row in found.items() if row.limits},
        choices={f: row.choices for f, row in found.items() if row.choices},
    )


def forms(feature: Feature, unsupported: Collection[str]) -> Iterator[Form]:
    """Return the ways to send a setting that are still worth trying."""
    # Looked at one by one: what has been refused meanwhile is passed over.
    return (form for form in SETTINGS[feature].forms if form.command not in unsupported)


def told(
    replies: Mapping[Source, Record | None], unsupported: Collection[str]
) -> dict[Feature, SettingValue]:
    """Return the settings that replies tell, whether or not the device has them."""
    found: dict[Feature, SettingValue] = {}
    for feature in SETTINGS:
        form = next(forms(feature, unsupported), None)
        reply = replies.get(form.source) if form and form.source else None
        value = form.told(reply) if form and reply is not None else None
        if value is not None:
            found[feature] = value
    return found


async def ask(api: WhatsminerApi, feature: Feature, unsupported: Collection[str]) -> object:
    """Ask the device for one setting; None when it does not tell."""
    form = next(forms(feature, unsupported), None)
    match form.source if form else None:
        case Source.SUMMARY:
            replies = {Source.SUMMARY: await api.summary()}
        case Source.STATUS:
            replies = {Source.STATUS: await api.status()}
        case Source.INFO:
            replies = {Source.INFO: await api.get_miner_info()}
        case _:
            return None
    return told(replies, unsupported).get(feature)


def check(feature: Feature, value: SettingValue, has: Capabilities) -> None:
    """Raise UnsupportedError for a setting the device has not, InvalidValueError for a value."""
    if feature not in SETTINGS or feature not in has:
        raise UnsupportedError(f"this device has no setting {feature}")
    if limits := has.ranges.get(feature):
        check_whole(value, limits, SETTINGS[feature].unit)
    elif choices := has.choices.get(feature):
        if value not in choices:
            raise InvalidValueError(
                f"must be one of {', '.join(choices)}",
                Reason.NOT_A_CHOICE,
                choices=", ".join(choices),
            )
    elif not isinstance(value, bool):
        raise InvalidValueError("must be on or off", Reason.WRONG_KIND)


def check_range(value: float, limits: PowerRange | None, unit: str) -> None:
    """Raise InvalidValueError for what a range does not have."""
    if limits is None:
        raise UnsupportedError("the firmware of this device is too old for this")
    if not limits.minimum <= value <= limits.maximum:
        unit = f" {unit}" if unit else ""
        raise InvalidValueError(
            f"must be from {limits.minimum:g} to {limits.maximum:g}{unit}",
            Reason.OUT_OF_RANGE,
            minimum=f"{limits.minimum:g}{unit}",
            maximum=f"{limits.maximum:g}{unit}",
        )


def check_whole(value: SettingValue, limits: PowerRange | None, unit: str) -> None:
    """Raise InvalidValueError for what is no whole number or not in the range."""
    if isinstance(value, bool | str):
        raise InvalidValueError("must be a number", Reason.WRONG_KIND)
    check_range(value, limits, unit)
    if value != round(value):
        raise InvalidValueError("must be a whole number", Reason.NOT_A_STEP, step="1")
