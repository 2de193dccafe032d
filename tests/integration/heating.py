"""A simulated room that simulated miners heat, and a thermostat in Home Assistant for it."""

from typing import TYPE_CHECKING, Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.clock import ManualClock

if TYPE_CHECKING:
    from .conftest import Miner

ROOM = "sensor.room"
OUTLET = "sensor.outlet"
OUTSIDE = "sensor.outside"
WINDOW = "binary_sensor.window"
BACKUP = "input_boolean.backup"
PUMP = "input_boolean.pump"
STEP = 30.0
CHIP_RISE = 58.0
"""K by which simulated chips are warmer than the air at full power."""

LIMITS = {"water_soft_limit": 50, "water_hard_limit": 60}


class House:
    """A room that cools by itself and is warmed by what miners draw."""

    def __init__(
        self, hass: HomeAssistant, clock: ManualClock, freezer: FrozenDateTimeFactory
    ) -> None:
        """Begin cold."""
        self.hass = hass
        self.clock = clock
        self.freezer = freezer
        self.miners: list[Miner] = []
        self.temperature = 17.0
        self.outlet: float | None = None
        self.outside = 5.0
        self.both = 0
        """Looks at which miner and backup heater drew power together."""
        self.dry = 0
        """Looks at which a miner drew power and the pump stood."""
        self.silent = False
        self.pumped = False
        """There is a pump."""

    def show(self) -> None:
        """Have the sensors show what is."""
        shown = STATE_UNAVAILABLE if self.silent else f"{self.temperature:.2f}"
        for entity, value in ((ROOM, shown), (OUTLET, self.outlet), (OUTSIDE, self.outside)):
            if value is not None:
                self.hass.states.async_set(
                    entity,
                    str(value),
                    {
                        "unit_of_measurement": UnitOfTemperature.CELSIUS,
                        "device_class": "temperature",
                    },
                )

    def is_on(self, entity: str) -> bool:
        """Tell whether something is on."""
        state = self.hass.states.get(entity)
        return state is not None and state.state == "on"

    async def minutes(self, minutes: float) -> None:
        """Let time pass for all."""
        for _ in range(round(minutes * 60 / STEP)):
            self.clock.advance(STEP)
            self.freezer.tick(STEP)
            for miner in self.miners:
                await miner.poll()
            watts = sum(float(miner.device.truth()["power"] or 0) for miner in self.miners)
            backup = self.is_on(BACKUP)
            self.both += backup and watts > 100
            self.dry += self.pumped and not self.is_on(PUMP) and watts > 100
            # 120 W per K of loss and 0.6 kWh per K: a small, badly insulated workshop.
            gain = watts + 2000.0 * backup - 120.0 * (self.temperature - self.outside)
            self.temperature += gain * STEP / (0.6 * 3_600_000)
            self.show()
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done(wait_background_tasks=True)

    async def add(self, *miners: Miner, **changes: Any) -> Heating:
        """Add a thermostat through the flow."""
        self.miners = list(miners)
        self.pumped = "pump_switch" in changes.get("more", {})
        self.show()
        step = await self.hass.config_entries.flow.async_configure(
            await begin(self.hass), choices(self.hass, *miners, **changes)
        )
        assert step["type"] is FlowResultType.CREATE_ENTRY, step
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return Heating(self.hass, step["result"])

    async def heat(self, *miners: Miner, **changes: Any) -> Heating:
        """Add one, and have it heat for a while."""
        heating = await self.add(*miners, **changes)
        await heating.call("set_temperature", temperature=25, hvac_mode="heat")
        await self.minutes(15)
        assert all(miner.device.truth()["mining"] for miner in miners)
        return heating


class Heating:
    """A thermostat in Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Keep them together."""
        self.hass = hass
        self.entry = entry

    def keys(self) -> set[str]:
        """Return the keys of all its entities."""
        found = er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id)
        return {entity.unique_id.removeprefix(f"{self.entry.entry_id}_") for entity in found}

    def entity(self, key: str) -> str:
        """Return the entity id of a key."""
        for found in er.async_entries_for_config_entry(
            er.async_get(self.hass), self.entry.entry_id
        ):
            if found.unique_id == f"{self.entry.entry_id}_{key}":
                return found.entity_id
        raise KeyError(key)

    def shown(self, key: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(self.entity(key))
        assert state is not None
        return state.state

    @property
    def reason(self) -> str:
        """Why it does what it does."""
        return self.shown("heating_reason")

    @property
    def wanted(self) -> float:
        """W."""
        return float(self.shown("heat_demand"))

    @property
    def main(self) -> str:
        """The entity id of the thermostat itself."""
        return self.entity("thermostat" if "thermostat" in self.keys() else "water")

    def attribute(self, name: str) -> Any:
        """Return an attribute of the thermostat itself."""
        state = self.hass.states.get(self.main)
        assert state is not None
        return state.attributes[name]

    async def call(self, service: str, **data: Any) -> None:
        """Perform an action of the thermostat itself."""
        await self.hass.services.async_call(
            self.main.partition(".")[0], service, {"entity_id": self.main, **data}, blocking=True
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def acknowledge(self) -> None:
        """Press the button."""
        await self.hass.services.async_call(
            "button", "press", {"entity_id": self.entity("acknowledge")}, blocking=True
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def reload(self) -> None:
        """Begin anew, as with a restart of Home Assistant."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)


def set_chips(miner: Miner, celsius: float) -> None:
    """Have the chips of a simulated miner be so warm with what it draws."""
    plant = miner.device.device.plant  # type: ignore[attr-defined] # all simulators have one
    plant.ambient = celsius - CHIP_RISE * plant.power / plant.nameplate.power
    plant.chip_temperature = celsius


def device_of(hass: HomeAssistant, miner: Miner) -> str:
    """Return the device of a miner."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    return device.id


def choices(hass: HomeAssistant, *miners: Miner, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in."""
    return {
        "name": "Workshop",
        "miners": [device_of(hass, miner) for miner in miners],
        "heats": "room",
        "temperature_sensor": ROOM,
        "more": {},
        "limits": LIMITS,
        **changes,
    }


async def begin(hass: HomeAssistant) -> str:
    """Go to the form of a thermostat as a user does."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    step = await hass.config_entries.flow.async_configure(flow["flow_id"], {"advanced": {}})
    assert step["type"] is FlowResultType.MENU
    step = await hass.config_entries.flow.async_configure(
        step["flow_id"], {"next_step_id": "thermostat"}
    )
    assert step["type"] is FlowResultType.FORM
    return str(step["flow_id"])
