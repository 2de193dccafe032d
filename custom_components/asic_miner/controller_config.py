"""What the owner of a power controller has set up, as its planning needs it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant

from . import meters
from .controller_options import (
    CHARGE,
    CONF_BATTERY,
    CONF_BATTERY_METER,
    CONF_BATTERY_SIGN,
    CONF_CIRCUIT_METER,
    CONF_CIRCUITS,
    CONF_DISCHARGE,
    CONF_IMPORT_LIMIT,
    CONF_KEY,
    CONF_LIMITS,
    CONF_MEMBERS,
    CONF_METER,
    CONF_MINERS,
    CONF_MUST_STOP,
    CONF_PERMISSION,
    CONF_PHASE_LIMIT,
    CONF_PHASES,
    CONF_POLICY,
    CONF_PRICE,
    CONF_PRICE_LIMIT,
    CONF_SHARING,
    CONF_SIGNALS,
    CONF_SOC,
    CONF_SOLAR,
    CONF_SOURCES,
    CONF_TARIFF,
    PHASE_METERS,
    PHASE_MINERS,
    circuit_watts,
    grid,
    mac_of,
)
from .miners.lean import dataclass
from .miners.models import JsonValue
from .power import defaults
from .power.model import Measured
from .power.policy import Policy
from .power.site_model import Circuit, SiteMiner, SiteReadings, SiteSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """One controller's options, with miners by their MAC."""

    options: Mapping[str, Any]
    macs: Mapping[str, str]
    """By device id; a device that is gone is not there."""

    @classmethod
    def of(cls, hass: HomeAssistant, options: Mapping[str, Any]) -> Setup:
        """Look up the devices of the options."""
        devices = options[CONF_SHARING][CONF_MINERS]
        found = ((device, mac_of(hass, device)) for device in devices)
        return cls(options=options, macs={device: mac for device, mac in found if mac})

    def _part(self, *keys: str) -> Mapping[str, Any]:
        part: Mapping[str, Any] = self.options
        for key in keys:
            part = part.get(key) or {}
        return part

    @property
    def meter(self) -> dict[str, JsonValue]:
        """The options of the meter of the grid."""
        return dict(self._part(CONF_METER))

    @property
    def must_stop(self) -> str | None:
        """The entity that stops everything at once while it is on."""
        entity: str | None = self._part(CONF_SOURCES, CONF_SIGNALS).get(CONF_MUST_STOP)
        return entity

    @property
    def permission(self) -> str | None:
        """The entity without which nothing may mine."""
        entity: str | None = self._part(CONF_SOURCES, CONF_SIGNALS).get(CONF_PERMISSION)
        return entity

    @property
    def has_price(self) -> bool:
        """Whether there is a price to go by."""
        return CONF_PRICE in self._part(CONF_SOURCES, CONF_TARIFF)

    def nothing_read(self, now: float) -> SiteReadings:
        """Return readings from before the first: of what is there, but has not spoken yet."""
        battery = CONF_BATTERY_METER in self._part(CONF_SOURCES, CONF_BATTERY)
        return SiteReadings(battery=Measured(value=0.0, at=now) if battery else None)

    @property
    def circuits(self) -> Mapping[str, str]:
        """The names of the circuits by their keys."""
        return {item[CONF_KEY]: item[CONF_NAME] for item in self.options.get(CONF_CIRCUITS, ())}

    def settings(self) -> SiteSettings:
        """Return all that the options decide; the rest is set at the entities."""
        sharing, limits = self._part(CONF_SHARING), self._part(CONF_LIMITS)
        battery = self._part(CONF_SOURCES, CONF_BATTERY)
        phases = self._part(CONF_LIMITS, CONF_PHASES)
        place = {
            device: number
            for number, key in enumerate(PHASE_MINERS, 1)
            for device in phases.get(key, ())
        }
        return SiteSettings(
            miners=tuple(
                SiteMiner(key=mac, priority=priority, phase=place.get(device))
                for priority, (device, mac) in enumerate(self.macs.items(), 1)
            ),
            circuits=tuple(self._circuit(item) for item in self.options.get(CONF_CIRCUITS, ())),
            policy=Policy(sharing.get(CONF_POLICY, Policy.PRIORITY)),
            import_limit=limits.get(CONF_IMPORT_LIMIT),
            phase_limit=phases.get(CONF_PHASE_LIMIT),
            discharge=battery.get(CONF_DISCHARGE, False),
        )

    def _circuit(self, stored: Mapping[str, Any]) -> Circuit:
        members = frozenset(
            self.macs[device] for device in stored[CONF_MEMBERS] if device in self.macs
        )
        metered = CONF_CIRCUIT_METER in stored
        limit = circuit_watts(stored)
        return Circuit(key=stored[CONF_KEY], members=members, limit=limit, metered=metered)

    def grid(self, hass: HomeAssistant) -> Measured | None:
        """Return what is drawn from the grid now, below 0 what is exported."""
        return grid(hass, self._part(CONF_METER))

    def readings(
        self,
        hass: HomeAssistant,
        before: SiteReadings,
        now: float,
        *,
        must_stop: bool,
        permission: bool | None,
        heat: Mapping[str, float],
    ) -> SiteReadings:
        """Return what all meters and signals say now.

        What says nothing now stands with what it said `before`, and when: how long it has
        been silent decides what is done.
        """
        battery = self._part(CONF_SOURCES, CONF_BATTERY)
        tariff = self._part(CONF_SOURCES, CONF_TARIFF)
        stored = self._part(CONF_LIMITS, CONF_PHASES)
        phases = {
            number: meters.watts(hass, stored.get(key))
            for number, key in enumerate(PHASE_METERS, 1)
        }
        circuits = {
            item[CONF_KEY]: meters.watts(hass, item.get(CONF_CIRCUIT_METER))
            for item in self.options.get(CONF_CIRCUITS, ())
        }
        power = meters.watts(
            hass,
            battery.get(CONF_BATTERY_METER),
            negate=battery.get(CONF_BATTERY_SIGN) == CHARGE,
        )
        solar = meters.watts(hass, self._part(CONF_SOURCES).get(CONF_SOLAR))
        price = meters.number(hass, tariff.get(CONF_PRICE))
        return SiteReadings(
            grid=self.grid(hass) or before.grid,
            phases={**before.phases, **_known(phases)},
            battery=_there(power, now) or before.battery,
            soc=meters.number(hass, battery.get(CONF_SOC)),
            # An inverter that sleeps at night says nothing, and what it said last gets old.
            solar=_there(solar, now) or before.solar,
            elevation=meters.elevation(hass),
            price=price.value if price else None,
            price_limit=tariff.get(CONF_PRICE_LIMIT),
            permission=permission,
            must_stop=must_stop,
            circuits={**before.circuits, **_known(circuits)},
            heat=heat,
        )


def _known[K](values: Mapping[K, Measured | None]) -> dict[K, Measured]:
    return {key: value for key, value in values.items() if value is not None}


def _there(measured: Measured | None, now: float) -> Measured | None:
    """Return what a battery or a roof does, with the time until which that is believed.

    At rest it says nothing new for as long as it rests.
    """
    if measured is None:
        return None
    rests = abs(measured.value) <= defaults.BATTERY_NOISE
    return meters.while_there(measured, 0.0 if rests else now - measured.at, now)
