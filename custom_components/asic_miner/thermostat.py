"""Runs a thermostat whose heater is a miner or several: reads, plans, and has it done."""

from collections.abc import Iterable
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TURN_OFF, SERVICE_TURN_ON
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from . import meters
from .actuator import PERSONAL
from .const import LOGGER
from .coordinator import MinerCoordinator
from .heat_board import async_heat_board
from .miners.models import MinerState, Snapshot
from .planning import Page, PlanningEntry
from .power import defaults
from .power.guard import Guard
from .power.heat import HeatPlan, HeatReadings, HeatSettings, HeatWhy, Kind, Preset, Thermostat
from .power.heat_safety import Dangers
from .power.heat_share import Heater, share
from .power.learning import number
from .power.model import Source
from .power.site_model import Measured
from .thermostat_config import RANGES, HeatSetup, celsius

FAN_TICKS: Final = 2
"""In so many looks in a row a fan must stand still: one reading may be wrong, and what it
trips only a person can clear."""

POOL_SECONDS: Final = 1800.0
"""Half an hour after its pools were gone a miner is started again to see whether they are
back: often enough for a cold room, and within the starts of a day."""
PEOPLE: Final = PERSONAL - {Source.ADOPTED}
"""Whose "off" at the miner itself is respected."""

type ThermostatConfigEntry = ConfigEntry[HeatController]


class HeatController(PlanningEntry):
    """One thermostat and its miners. Those that are not loaded are not reachable."""

    TICK = defaults.HEAT_TICK
    SOURCE = Source.HEAT

    plan: HeatPlan

    def __init__(
        self, hass: HomeAssistant, entry: ThermostatConfigEntry, stored: Page | None
    ) -> None:
        """Begin with what was written last; nothing is sent yet."""
        page = stored or {}
        super().__init__(hass, entry)
        self.setup = HeatSetup.of(hass, entry.options)
        lowest, highest, first = RANGES[self.setup.heats]
        setpoint = number(page.get("setpoint"))
        setpoint = first if setpoint is None else min(max(setpoint, lowest), highest)
        self._thermostat = Thermostat(self._settings([]), setpoint, page.get("thermostat"))
        preset = page.get("preset")
        self._calm = Preset(preset) if preset in list(Preset) else Preset.COMFORT
        """The preset apart from a boost, which does not outlive a restart."""
        self._thermostat.choose(self._calm, self.unix_time())
        self._thermostat.switch(page.get("on") is True)
        self._controlled: Measured | None = None
        self._supply: Measured | None = None
        self._backup_on = False
        self._backup_ours = page.get("backup_ours") is True
        self._fan_ticks = 0
        self._no_pool_until: float | None = None
        self._wish: float | None = None
        self._insists = False
        """Somebody has just ordered something here, which is newer than what was ordered at
        the miner."""
        self._written = self._page()

    # What the entities need

    @property
    def on(self) -> bool:
        """Whether it is armed."""
        return self._thermostat.on

    @property
    def setpoint(self) -> float:
        """°C that somebody has set; what is held may be less while away."""
        return self._thermostat.setpoint

    @property
    def preset(self) -> Preset:
        """The preset that holds now."""
        return self._thermostat.preset

    @property
    def calm_preset(self) -> Preset:
        """The preset apart from a boost."""
        return self._calm

    @property
    def temperature(self) -> float | None:
        """°C of what is heated; None while its sensor does not say."""
        shown = self._controlled
        fresh = shown and self.unix_time() - shown.at < defaults.SENSOR_FLOOR
        return shown.value if shown and fresh else None

    @property
    def latched(self) -> bool:
        """Whether only a person can clear what holds the miner down."""
        return self._thermostat.to_json()["latched"] is not None

    # Orders

    @callback
    def async_switch(self, on: bool) -> None:
        """Arm or disarm."""
        self._thermostat.switch(on)
        self._async_ordered()

    @callback
    def async_set_temperature(self, celsius_wanted: float) -> None:
        """Take a setpoint."""
        self._thermostat.setpoint = celsius_wanted
        self._async_ordered()

    @callback
    def async_choose(self, preset: Preset) -> None:
        """Take a preset; a boost ends by itself."""
        if preset is not Preset.BOOST:
            self._calm = preset
        self._thermostat.choose(preset, self.unix_time())
        self._async_ordered()

    @callback
    def async_acknowledge(self) -> None:
        """Clear a latched trip; what is still wrong trips again at once."""
        self._thermostat.acknowledge(self.unix_time())
        self._async_ordered()

    @callback
    def _async_ordered(self) -> None:
        self._insists = True
        self.async_tick()

    # Planning

    @property
    @override
    def macs(self) -> Iterable[str]:
        """The MACs of its miners, in their order."""
        return self.setup.miners

    @property
    @override
    def watched(self) -> Iterable[str]:
        """Water that is too hot and a heater that comes on wait for no timer."""
        return [entity for entity in (self.setup.outlet, self.setup.backup) if entity]

    @callback
    @override
    def make_plan(self) -> None:
        """Read, plan, and have done what is planned."""
        now = self.unix_time()
        miners = self.miners()
        guards = [miner.actuator.guard for miner in miners.values()]
        self._thermostat.settings = self._settings([guard for guard in guards if guard])
        self.plan = self._thermostat.plan(now, self._readings(miners, now))
        if self.plan.wish is not None:
            self._wish = self.plan.wish
        self._apply(self.plan, miners)
        self._insists = False
        if (page := self._page()) != self._written:
            self._written = page
            self._store.async_delay_save(self._page, 0)

    def _settings(self, guards: Iterable[Guard]) -> HeatSettings:
        """Return what its miners can do together; one of nothing while none has said."""
        heaters = [_heater("", guard) for guard in guards]
        return HeatSettings(
            floor=min((heater.floor for heater in heaters), default=1.0),
            maximum=sum(heater.maximum for heater in heaters) or 1.0,
            kind=self.setup.heats.kind,
            limits=self.setup.limits,
            backup=self.setup.backup is not None,
        )

    def _readings(self, miners: dict[str, MinerCoordinator], now: float) -> HeatReadings:
        """Return what is measured now."""
        snapshots = [_fresh(miner, now) for miner in miners.values()]
        there = [snapshot for snapshot in snapshots if snapshot]
        complete = len(there) == len(self.setup.miners)
        running = [snapshot for snapshot in there if _runs(snapshot)]
        powers = [snapshot.power for snapshot in there if snapshot.power is not None]
        hot = [snapshot.temperature for snapshot in there if snapshot.temperature is not None]
        self._fan_ticks = self._fan_ticks + 1 if any(map(_fan_stands, there)) else 0
        backup = meters.is_on(self.hass, self.setup.backup)
        # One that does not say is as it was.
        self._backup_on = self._backup_on if backup is None else backup
        pools = [_pool_alive(snapshot) for snapshot in there]
        return HeatReadings(
            dangers=Dangers(
                chip=max(hot, default=None),
                supply=self._read_supply(now),
                controlled=self._read_controlled(now),
                cooling_failed=self._fan_ticks >= FAN_TICKS,
            ),
            # What one of them draws that does not answer is not known.
            power=sum(powers) if complete and len(powers) == len(there) else None,
            running=bool(running),
            ramping=bool(running) and all(_ramps(snapshot) for snapshot in running),
            reachable=bool(there),
            pool_alive=self._pools_alive(pools, now),
            backup_on=self._backup_on,
        )

    def _pools_alive(self, pools: list[bool | None], now: float) -> bool | None:
        """Tell whether there is work for any miner; one that is off does not know.

        So what the last one said holds for a while, in which the backup heater may help.
        """
        if True in pools:
            self._no_pool_until = None
            return True
        if pools and None not in pools:
            self._no_pool_until = now + POOL_SECONDS
        return False if self._no_pool_until and now < self._no_pool_until else None

    def _read_controlled(self, now: float) -> Measured | None:
        self._controlled = self._read(self.setup.sensor, self._controlled, now)
        return self._controlled

    def _read_supply(self, now: float) -> Measured | None:
        """Return the water that leaves the miner; else, of a tank, the water itself."""
        if self.setup.outlet:
            # One that has never said anything is there all the same, and gets old.
            last = self._supply or Measured(value=0.0, at=now)
            self._supply = self._read(self.setup.outlet, last, now)
            return self._supply
        if self.setup.heats.kind is Kind.ROOM:
            return None
        return self._controlled

    def _read(self, entity_id: str, last: Measured | None, now: float) -> Measured | None:
        state = self.hass.states.get(entity_id)
        age = (dt_util.utcnow() - state.last_reported).total_seconds() if state else 0.0
        return celsius(self.hass, entity_id, last, now, age)

    # Having it done

    @callback
    def _apply(self, plan: HeatPlan, miners: dict[str, MinerCoordinator]) -> None:
        """Hand the plan to the actuators. The only place from which miners are commanded."""
        board = async_heat_board(self.hass)
        heaters = [
            _heater(mac, guard)
            for mac, miner in miners.items()
            if (guard := miner.actuator.guard) is not None
        ]
        shares = share(self._wish or 0.0, heaters)
        for heater in heaters:
            miner, watts = miners[heater.key], shares[heater.key]
            # Each has its own floor; the plan knows the lowest.
            limit = heater.floor if plan.limit else plan.limit
            miner.actuator.limit(limit, Source.HEAT)
            board.wish(heater.key, watts if self.on else None)
            served = heater.key in board.served
            # Who does not answer is not told to stop for it when it is back.
            away = plan.why is HeatWhy.NO_MINER
            ordered = self.on or plan.wish is not None
            wishes = not served and not away and ordered and self._may(miner)
            self.order(miner, watts if wishes else None)
        self._switch_backup(plan)

    def _may(self, miner: MinerCoordinator) -> bool:
        """Tell whether nobody has ordered something else at the miner itself, which counts.

        A pause or boost ends by itself; off by a person stays off until something is
        ordered here.
        """
        if self._insists:
            return True
        state = miner.actuator.state
        wish = state.wish if state else None
        stopped = wish is not None and wish.watts == 0 and wish.source in PEOPLE
        return miner.actuator.interlude is None and not stopped

    def _switch_backup(self, plan: HeatPlan) -> None:
        """Have the other heater as planned; while disarmed only what was switched on here."""
        if self.setup.backup is None or plan.backup is self._backup_on:
            if not self._backup_on:
                self._backup_ours = False
            return
        if not plan.backup and not (self.on or self._backup_ours):
            return
        self._backup_ours = plan.backup or self._backup_ours
        self.entry.async_create_background_task(
            self.hass,
            self._async_switch_backup(self.setup.backup, plan.backup),
            f"{self.entry.title}: backup heater",
        )

    async def _async_switch_backup(self, entity_id: str, on: bool) -> None:
        try:
            await self.hass.services.async_call(
                HOMEASSISTANT_DOMAIN,
                SERVICE_TURN_ON if on else SERVICE_TURN_OFF,
                {ATTR_ENTITY_ID: entity_id},
                blocking=True,
            )
        except HomeAssistantError as error:
            # The next tick sees that it is not as planned and tries again.
            LOGGER.warning("%s could not switch the backup heater: %s", self.entry.title, error)

    # Memory

    @override
    def _page(self) -> Page:
        """Return what is set, and what must not be forgotten."""
        return {
            "on": self.on,
            "setpoint": self.setpoint,
            "preset": self._calm,
            "backup_ours": self._backup_ours,
            "thermostat": self._thermostat.to_json(),
        }

    @callback
    @override
    def release(self) -> None:
        """Let go of the miners: limits end, and what they draw stays."""
        board = async_heat_board(self.hass)
        for mac, miner in self.miners().items():
            miner.actuator.limit(None, Source.HEAT)
            board.wish(mac, None)


def _heater(key: str, guard: Guard) -> Heater:
    ability = guard.ability
    return Heater(key=key, floor=ability.lowest(guard.learned.floor), maximum=ability.maximum)


def _fresh(miner: MinerCoordinator, now: float) -> Snapshot | None:
    """Return what a miner has said; one poll that is lost is no reason to stop heating."""
    reading = miner.actuator.guard.reading if miner.actuator.guard else None
    recent = reading is not None and now - reading.at < defaults.READING_FRESH
    return miner.last if miner.last_update_success or recent else None


def _runs(snapshot: Snapshot) -> bool:
    if snapshot.mining_wanted is not None:
        return snapshot.mining_wanted
    return snapshot.state not in {MinerState.PAUSED, MinerState.STOPPED}


def _ramps(snapshot: Snapshot) -> bool:
    return snapshot.state in {MinerState.STARTING, MinerState.RESTARTING, MinerState.TUNING}


def _fan_stands(snapshot: Snapshot) -> bool:
    return snapshot.state is MinerState.MINING and any(fan.speed == 0 for fan in snapshot.fans)


def _pool_alive(snapshot: Snapshot) -> bool | None:
    """Tell whether one of its pools is alive; None where it does not say, or is off."""
    if snapshot.pools is None or not _runs(snapshot):
        return None
    said = [pool.alive for pool in snapshot.pools]
    if True in said:
        return True
    return None if None in said or not said else False
