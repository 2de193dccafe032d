"""Runs a thermostat whose heater is a miner or several: reads, plans, and has it done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .coordinator import MinerCoordinator
from .heat_board import async_heat_board
from .planning import Page, PlanningEntry
from .power import defaults
from .power.guard import Guard
from .power.heat import Thermostat
from .power.heat_model import HeatPlan, HeatReadings, HeatSettings, Kind, Preset
from .power.heat_share import Heater, share
from .power.learning import number
from .power.model import Source
from .relay import Relay
from .thermostat_config import HeatSetup
from .thermostat_options import RANGES
from .thermostat_senses import Senses

type ThermostatConfigEntry = ConfigEntry[HeatController]


class HeatController(PlanningEntry):
    """One thermostat and its miners. Those that are not loaded are not reachable."""

    TICK = defaults.HEAT_TICK
    SOURCE = Source.HEAT

    plan: HeatPlan
    _readings: HeatReadings
    """What the plan was made of."""

    def __init__(
        self, hass: HomeAssistant, entry: ThermostatConfigEntry, stored: Page | None
    ) -> None:
        """Begin with what was written last; nothing is sent yet."""
        page = stored or {}
        super().__init__(hass, entry)
        self.setup = HeatSetup.of(hass, entry.options)
        setpoint = self.setup.setpoint(number(page.get("setpoint")))
        self._thermostat = Thermostat(self._settings([]), setpoint, page.get("thermostat"))
        preset = page.get("preset")
        self._calm = Preset(preset) if preset in list(Preset) else Preset.COMFORT
        """The preset apart from a boost, which does not outlive a restart."""
        self._thermostat.choose(self._calm, self.unix_time())
        if page.get("on") is True:
            self._thermostat.resume()
        self._senses = Senses(hass, self.setup)
        self._backup = Relay(hass, self.setup.backup, ours=page.get("backup_ours") is True)
        # A pump that does not say yet holds nothing up; it gets old like any sensor.
        self._pump = Relay(hass, self.setup.pump, ours=page.get("pump_ours") is True, on=True)
        self._wish: float | None = None
        """W; None while nothing has been wished since the start."""
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
    def temperature(self) -> float | None:
        """°C of what is heated; None while its sensor does not say."""
        shown = self._senses.controlled
        fresh = shown and self.unix_time() - shown.at < defaults.SENSOR_FLOOR
        return shown.value if shown and fresh else None

    @property
    def latched(self) -> bool:
        """Whether only a person can clear what holds the miner down."""
        return self._thermostat.latched

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
        self._thermostat.acknowledge()
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
        """Water that is too hot, a heater that comes on and a pump that stops wait for no timer."""
        return [
            entity
            for entity in (self.setup.outlet, self.setup.backup, self.setup.pump)
            if entity is not None
        ]

    @override
    def known(self) -> Mapping[str, object]:
        """Return what is set, what was read last, and the plan."""
        return {**self._page(), "readings": self._readings, "plan": self.plan}

    @callback
    @override
    def make_plan(self) -> None:
        """Read, plan, and have done what is planned."""
        now = self.unix_time()
        miners = self.miners()
        if self._insists and self.on:
            for miner in miners.values():
                miner.actuator.hand_over()
        guards = [miner.actuator.guard for miner in miners.values()]
        self._thermostat.settings = self._settings([guard for guard in guards if guard])
        pump = self._pump.look(now)
        self._backup.look(now)
        seen = self._senses.read(miners, now, pump=pump, backup_on=self._backup.on)
        kept_off = [self._kept_off(mac, miner, now) for mac, miner in miners.items()]
        self._readings = replace(seen, kept_off=bool(kept_off) and all(kept_off))
        self.plan = self._thermostat.plan(now, self._readings)
        if self.plan.wish is not None:
            self._wish = self.plan.wish
        self._apply(self.plan, miners)
        self._insists = False
        if (page := self._page()) != self._written:
            self._written = page
            self._store.async_delay_save(self._page, 0)

    def _settings(self, guards: Sequence[Guard]) -> HeatSettings:
        """Return what its miners can do together; one of nothing while none has said."""
        heaters = [_heater("", guard) for guard in guards]
        best = [guard.learned.most_efficient(guard.ability) for guard in guards]
        known = [watts for watts in best if watts is not None]
        room = self.setup.kind is Kind.ROOM
        return HeatSettings(
            floor=min((heater.floor for heater in heaters), default=1.0),
            maximum=sum(heater.maximum for heater in heaters) or 1.0,
            kind=self.setup.kind,
            eco=sum(known) if known and len(known) == len(guards) else None,
            limits=self.setup.limits,
            backup=self.setup.backup is not None,
            starts_low=not any(guard.ability.starts_at_full for guard in guards),
            coarse=max(
                (defaults.worthwhile(guard.ability.path, guard.ability.full) for guard in guards),
                default=0.0,
            ),
            highest=RANGES[self.setup.heats][1],
            stuck=defaults.STUCK_ROOM if room else defaults.STUCK_WATER,
        )

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
        shares = {} if self._wish is None else share(self._wish, heaters)
        for heater in heaters:
            miner, watts = miners[heater.key], shares.get(heater.key)
            # Each has its own floor; the plan knows the lowest.
            limit = heater.floor if plan.limit else plan.limit
            miner.actuator.limit(limit, Source.HEAT)
            if watts is not None or not self.on:
                board.wish(heater.key, watts if self.on else None)
            served = heater.key in board.served
            ordered = self.on or plan.wish is not None
            wishes = not served and ordered and self._may(miner)
            self.order(miner, watts if wishes else None)
        self._backup.have(self.entry, on=plan.backup, always=self.on)
        # A pump may run for others, too.
        self._pump.have(self.entry, on=plan.pump, always=False)

    def _may(self, miner: MinerCoordinator) -> bool:
        """Tell whether nobody has ordered something else at the miner itself, which counts.

        A pause or boost ends by itself; off by a person stays off until something is
        ordered here.
        """
        if self._insists:
            return True
        state = miner.actuator.state
        return miner.actuator.interlude is None and not (state and state.stays_off)

    def _kept_off(self, mac: str, miner: MinerCoordinator, now: float) -> bool:
        """Tell whether a miner is off and would not be started for heat now."""
        guard = miner.actuator.guard
        if guard is None or guard.reading is None or guard.reading.runs:
            return False
        served = mac in async_heat_board(self.hass).served
        return guard.kept_off(now, Source.HEAT) or not (served or self._may(miner))

    # Memory

    @override
    def _page(self) -> Page:
        """Return what is set, and what must not be forgotten."""
        return {
            "on": self.on,
            "setpoint": self.setpoint,
            "preset": self._calm,
            "backup_ours": self._backup.ours,
            "pump_ours": self._pump.ours,
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
    ability = guard.ability.usual
    return Heater(key=key, floor=ability.lowest(guard.learned.floor), maximum=ability.maximum)
