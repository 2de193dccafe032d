"""What the owner of a power controller has set up, as its planning needs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from . import meters
from .const import DOMAIN
from .entries import Kind, kind_of
from .power import defaults
from .power.budget import Policy
from .power.site_model import Circuit, Measured, SiteMiner, SiteReadings, SiteSettings

# The parts of an entry's options, each filled in by a step of the flow, and its fields.
CONF_METER: Final = "meter"
CONF_GRID_METER: Final = "grid_meter"
CONF_GRID_SIGN: Final = "grid_sign"
CONF_PAIR: Final = "pair"
CONF_IMPORT_METER: Final = "import_meter"
CONF_EXPORT_METER: Final = "export_meter"

CONF_SOURCES: Final = "sources"
CONF_SOLAR: Final = "solar_meter"
CONF_BATTERY: Final = "battery"
CONF_BATTERY_METER: Final = "battery_meter"
CONF_BATTERY_SIGN: Final = "battery_sign"
CONF_SOC: Final = "state_of_charge"
CONF_DISCHARGE: Final = "discharge"
CONF_TARIFF: Final = "tariff"
CONF_PRICE: Final = "price"
CONF_PRICE_LIMIT: Final = "price_limit"
CONF_SIGNALS: Final = "signals"
CONF_PERMISSION: Final = "permission"
CONF_MUST_STOP: Final = "must_stop"

CONF_SHARING: Final = "sharing"
CONF_MINERS: Final = "miners"
CONF_POLICY: Final = "policy"

CONF_LIMITS: Final = "limits"
CONF_IMPORT_LIMIT: Final = "import_limit"
CONF_PHASES: Final = "phases"
PHASE_MINERS: Final = ("phase_1", "phase_2", "phase_3")
PHASE_METERS: Final = ("phase_meter_1", "phase_meter_2", "phase_meter_3")
CONF_PHASE_LIMIT: Final = "phase_limit"

CONF_CIRCUITS: Final = "circuits"
CONF_KEY: Final = "key"
CONF_AMPS: Final = "amps"
CONF_WIRES: Final = "wires"
CONF_VOLTAGE: Final = "voltage"
CONF_WATTS: Final = "watts"
CONF_MEMBERS: Final = "members"
CONF_CIRCUIT_METER: Final = "circuit_meter"

IMPORT: Final = "import"
EXPORT: Final = "export"
CHARGE: Final = "charge"
DISCHARGING: Final = "discharging"


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
    def must_stop(self) -> str | None:
        """The entity that stops everything at once while it is on."""
        entity: str | None = self._part(CONF_SOURCES, CONF_SIGNALS).get(CONF_MUST_STOP)
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
        if (watts := stored.get(CONF_WATTS)) is not None:
            return Circuit(key=stored[CONF_KEY], members=members, limit=watts)
        return Circuit.of_breaker(
            stored[CONF_KEY],
            members,
            stored[CONF_AMPS],
            voltage=stored.get(CONF_VOLTAGE, defaults.VOLTAGE),
            phases=int(stored.get(CONF_WIRES, 1)),
        )

    def grid(self, hass: HomeAssistant) -> Measured | None:
        """Return what is drawn from the grid now, below 0 what is exported."""
        return grid(hass, self._part(CONF_METER))

    def readings(
        self,
        hass: HomeAssistant,
        before: SiteReadings,
        *,
        must_stop: bool,
        heat: Mapping[str, float],
    ) -> SiteReadings:
        """Return what all meters and signals say now.

        What says nothing now stands with what it said `before`, and when: how long it has
        been silent decides what is done.
        """
        battery = self._part(CONF_SOURCES, CONF_BATTERY)
        tariff = self._part(CONF_SOURCES, CONF_TARIFF)
        stored = self._part(CONF_LIMITS, CONF_PHASES)
        phases = [meters.watts(hass, stored.get(key)) for key in PHASE_METERS if key in stored]
        known = [phase for phase in phases if phase is not None]
        power = meters.watts(
            hass,
            battery.get(CONF_BATTERY_METER),
            negate=battery.get(CONF_BATTERY_SIGN) == CHARGE,
        )
        price = meters.number(hass, tariff.get(CONF_PRICE))
        return SiteReadings(
            grid=self.grid(hass) or before.grid,
            # Which is which goes by their order, so one that is missing takes all with it.
            phases=tuple(known) if len(known) == len(phases) else (),
            battery=power or before.battery,
            soc=meters.number(hass, battery.get(CONF_SOC)),
            # An inverter that sleeps at night says nothing, and what it said last gets old.
            solar=meters.watts(hass, self._part(CONF_SOURCES).get(CONF_SOLAR)) or before.solar,
            price=price.value if price else None,
            price_limit=tariff.get(CONF_PRICE_LIMIT),
            permission=meters.is_on(
                hass, self._part(CONF_SOURCES, CONF_SIGNALS).get(CONF_PERMISSION)
            ),
            must_stop=must_stop,
            circuits={
                item[CONF_KEY]: measured
                for item in self.options.get(CONF_CIRCUITS, ())
                if (measured := meters.watts(hass, item.get(CONF_CIRCUIT_METER)))
            },
            heat=heat,
        )


def grid(hass: HomeAssistant, meter: Mapping[str, Any]) -> Measured | None:
    """Return what is drawn from the grid now by the meter of the options, in W."""
    if signed := meter.get(CONF_GRID_METER):
        return meters.watts(hass, signed, negate=meter.get(CONF_GRID_SIGN) == EXPORT)
    pair = meter.get(CONF_PAIR) or {}
    return meters.difference(
        meters.watts(hass, pair.get(CONF_IMPORT_METER)),
        meters.watts(hass, pair.get(CONF_EXPORT_METER)),
    )


def mac_of(hass: HomeAssistant, device_id: str) -> str | None:
    """Return the MAC of the miner that a device is, or is a part of; None if it is none."""
    registry = dr.async_get(hass)
    device = registry.async_get(device_id)
    if device is None:
        return None
    for entry_id in device.config_entries:
        entry = hass.config_entries.async_get_entry(entry_id)
        if entry and entry.domain == DOMAIN and kind_of(entry) is Kind.MINER:
            return entry.unique_id
    return None


def taken(hass: HomeAssistant, macs: Iterable[str], but: str | None) -> str | None:
    """Return the title of another controller that has one of these miners, if there is one."""
    wanted = set(macs)
    for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        if kind_of(entry) is not Kind.CONTROLLER or entry.entry_id == but:
            continue
        if wanted & set(Setup.of(hass, entry.options).macs.values()):
            return entry.title
    return None
