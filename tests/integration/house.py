"""A simulated house around simulated miners: a roof, a battery, meters, and a controller."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.controller import PowerController
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock

from .conftest import UNIX_START, AddMiner, Miner
from .flows import choose, fill, start

GRID = "sensor.grid"
FROM_GRID = "sensor.from_grid"
INTO_GRID = "sensor.into_grid"
BATTERY = "sensor.battery"
SOC = "sensor.state_of_charge"
SOLAR = "sensor.solar"
MUST_STOP = "binary_sensor.must_stop"
HOUSE_WATTS = 300.0
"""What else is drawn."""

METER = {"grid_meter": GRID, "grid_sign": "import", "pair": {}}
SOURCES: dict[str, Any] = {
    "battery": {"battery_sign": "discharging", "discharge": False},
    "tariff": {},
    "signals": {},
}
LIMITS: dict[str, Any] = {"phases": {}}


@dataclass(kw_only=True)
class Battery:
    """Takes what is left over and gives what is missing, as hybrid inverters have it do."""

    soc: float
    """Percent."""
    capacity: float = 10_000.0
    """Wh."""
    most: float = 4000.0
    """W, both ways."""
    given: float = 0.0
    """Wh that it has given."""

    def gives(self, missing: float, seconds: float) -> float:
        """Return the W that it gives while so many are missing, below 0 what it takes."""
        power = max(-self.most, min(missing, self.most))
        if (power > 0 and self.soc <= 5) or (power < 0 and self.soc >= 100):
            power = 0.0
        self.soc -= power * seconds / 36 / self.capacity
        self.soc = max(0.0, min(self.soc, 100.0))
        self.given += max(power, 0.0) * seconds / 3600
        return power


@dataclass(kw_only=True)
class House:
    """Has a meter that shows what the simulated miners really draw, and a roof."""

    hass: HomeAssistant
    clock: ManualClock
    miners: list[Miner]
    solar: float = 0.0
    load: float = HOUSE_WATTS
    """What else is drawn."""
    meter: bool = True
    throttles: bool = False
    """Nothing may be fed in, so the inverter holds back what nobody draws."""
    battery: Battery | None = None
    seen: Callable[[], None] | None = None
    """Called after each plan, when all that it orders has been sent."""
    entry: ConfigEntry = field(init=False)
    grid: float = field(init=False, default=0.0)

    @property
    def drawn(self) -> float:
        """What all miners draw in truth."""
        return sum(float(miner.device.truth()["power"] or 0.0) for miner in self.miners)

    @property
    def writes(self) -> int:
        """How many commands all miners have got."""
        return sum(int(miner.device.truth()["writes"] or 0) for miner in self.miners)

    @property
    def controller(self) -> PowerController:
        """The one that is set up."""
        found: PowerController = self.entry.runtime_data
        return found

    @property
    def devices(self) -> list[str]:
        """The ids of the miners' devices."""
        registry = dr.async_get(self.hass)
        found = []
        for miner in self.miners:
            device = registry.async_get_device_by_identifier(
                (DOMAIN, miner.mac), miner.entry.entry_id
            )
            assert device
            found.append(device.id)
        return found

    def say(self, entity_id: str, state: object, **attributes: object) -> None:
        """Have an entity report now."""
        self.hass.states.async_set(
            entity_id, str(state), attributes, timestamp=UNIX_START + self.clock.now()
        )

    def report(self, seconds: float = 0.0) -> None:
        """Have the meters show what is so, after so many seconds of it."""
        needed = self.load + self.drawn
        solar = min(self.solar, needed) if self.throttles else self.solar
        rest = needed - solar
        if self.battery:
            battery = self.battery.gives(rest, seconds)
            self.say(BATTERY, round(battery), unit_of_measurement="W", device_class="power")
            self.say(SOC, round(self.battery.soc, 2), unit_of_measurement="%")
            rest -= battery
        self.grid = rest
        for meter, shown in ((GRID, rest), (FROM_GRID, max(rest, 0)), (INTO_GRID, max(-rest, 0))):
            self.say(meter, round(shown), unit_of_measurement="W", device_class="power")
        self.say(SOLAR, round(solar), unit_of_measurement="W", device_class="power")

    async def live(self, seconds: float) -> None:
        """Let time pass in steps of a plan, with polls in their tempo."""
        for step in range(int(seconds // 10)):
            self.clock.advance(10)
            if self.meter:
                self.report(10)
            for miner in self.miners:
                if step % 2 == 0 and miner.entry.state is ConfigEntryState.LOADED:
                    await miner.entry.runtime_data.async_refresh()
            self.controller.async_tick()
            await self.hass.async_block_till_done(wait_background_tasks=True)
            if self.seen:
                self.seen()

    async def add(self, **changed: Any) -> None:
        """Add the controller as a user does, and end its dry run."""
        self.entry = (await self.through_flow(**changed))["result"]
        await self.hass.async_block_till_done()
        await self.call("switch.turn_off", "dry_run")

    async def through_flow(
        self,
        meter: dict[str, Any] = METER,
        sources: dict[str, Any] = SOURCES,
        limits: dict[str, Any] = LIMITS,
        circuit: dict[str, Any] | None = None,
    ) -> Any:
        """Go through all steps."""
        self.report()
        hass = self.hass
        step = await fill(hass, await start(hass), advanced={})
        step = await choose(hass, step, "controller")
        step = await fill(hass, step, name="Sun", **meter)
        assert step["step_id"] == "controller_sources", step
        step = await fill(hass, step, **sources)
        assert step["step_id"] == "controller_sharing", step
        step = await fill(hass, step, miners=self.devices, policy="priority")
        assert step["step_id"] == "controller_limits", step
        step = await fill(hass, step, **limits)
        if circuit:
            step = await choose(hass, step, "controller_circuit")
            step = await fill(hass, step, **{"details": {"wires": "1", "voltage": 230}} | circuit)
        step = await choose(hass, step, "controller_finish")
        assert step["type"] is FlowResultType.CREATE_ENTRY, step
        return step

    def entity_id(self, key: str) -> str:
        """Return the entity id of one of the controller's keys."""
        found = {
            entity.unique_id.removeprefix(f"{self.entry.entry_id}_"): entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
        }
        return next(entity for own, entity in found.items() if own.startswith(key))

    def state(self, key: str) -> str:
        """Return the state of one of its entities."""
        state = self.hass.states.get(self.entity_id(key))
        assert state, key
        return state.state

    async def call(self, service: str, key: str, **data: object) -> None:
        """Perform an action on one of its entities."""
        domain, name = service.split(".")
        await self.hass.services.async_call(
            domain, name, {"entity_id": self.entity_id(key), **data}, blocking=True
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)


async def house_with(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner, *devices: SimulatedMiner
) -> House:
    """Return a house with these miners, which mine."""
    house = House(hass=hass, clock=clock, miners=[await add_miner(device) for device in devices])
    clock.advance(1800)
    for miner in house.miners:
        await miner.poll(slow=True)
    return house
