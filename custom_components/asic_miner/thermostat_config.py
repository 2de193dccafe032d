"""What the owner of a thermostat has set up."""

from collections.abc import Mapping
from typing import Any, Self

from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_conversion import TemperatureConverter

from . import meters
from .controller_options import mac_of
from .miners.lean import dataclass
from .power import defaults
from .power.heat_model import Kind
from .power.heat_safety import Limits
from .power.model import Measured
from .thermostat_options import (
    CONF_BACKUP,
    CONF_CHIP,
    CONF_HARD,
    CONF_HEATS,
    CONF_LIMITS,
    CONF_MINERS,
    CONF_MORE,
    CONF_OUTLET,
    CONF_OUTSIDE,
    CONF_PUMP,
    CONF_SENSOR,
    CONF_SOFT,
    CONF_WINDOW,
    RANGES,
    Heats,
    within,
)

OUTLET_WARMER = 5.0
"""K by which the water that leaves a miner may be warmer than what it heats: 3 kW warm 10 l/min by
4 K."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatSetup:
    """The options of one thermostat."""

    heats: Heats
    miners: tuple[str, ...]
    """MACs, in the order in which they are started."""
    sensor: str
    outlet: str | None
    backup: str | None
    pump: str | None
    window: str | None
    outside: str | None
    chip_limit: float | None
    """°C; None for what suits each miner."""
    limits: Limits

    @property
    def kind(self) -> Kind:
        """How what is heated behaves."""
        return Kind.ROOM if self.heats is Heats.ROOM else Kind.TANK

    @property
    def wet(self) -> bool:
        """Whether there is water that has to flow."""
        return self.kind is Kind.TANK or bool(self.outlet or self.pump)

    def setpoint(self, kept: float | None) -> float:
        """Return the setpoint in °C to begin with: the one that was kept, else the first one."""
        if kept is not None:
            return within(self.heats, kept)
        lowest, _, first = RANGES[self.heats]
        if self.kind is Kind.ROOM:
            return first
        # Nobody has chosen it, so a low limit of the water does.
        return max(lowest, min(first, self.limits.supply_soft - OUTLET_WARMER))

    @classmethod
    def of(cls, hass: HomeAssistant, options: Mapping[str, Any]) -> Self:
        """Read the options; devices that are gone are left out."""
        more, limits = options.get(CONF_MORE) or {}, options.get(CONF_LIMITS) or {}
        macs = (mac_of(hass, device) for device in options[CONF_MINERS])
        return cls(
            heats=Heats(options[CONF_HEATS]),
            miners=tuple(mac for mac in macs if mac),
            sensor=options[CONF_SENSOR],
            outlet=more.get(CONF_OUTLET),
            backup=more.get(CONF_BACKUP),
            pump=more.get(CONF_PUMP),
            window=more.get(CONF_WINDOW),
            outside=more.get(CONF_OUTSIDE),
            chip_limit=limits.get(CONF_CHIP),
            limits=Limits(
                supply_soft=limits.get(CONF_SOFT, defaults.SUPPLY_SOFT),
                supply_hard=limits.get(CONF_HARD, defaults.SUPPLY_HARD),
            ),
        )


def celsius(
    hass: HomeAssistant, entity_id: str, last: Measured | None, now: float, age: float
) -> Measured | None:
    """Return what a sensor shows in °C, else what it showed `last`.

    `age` is for how many seconds it has not reported. Being there is enough to be fresh, as
    many sensors report nothing while nothing changes.
    """
    shown = meters.number(hass, entity_id)
    unit = meters.unit(hass, entity_id)
    if shown is None or unit not in set(UnitOfTemperature):
        return last
    value = TemperatureConverter.convert(shown.value, unit, UnitOfTemperature.CELSIUS)
    return meters.while_there(Measured(value=value, at=now), age, now)
