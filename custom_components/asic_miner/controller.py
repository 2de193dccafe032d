"""Runs the planning of one site: reads, plans, and hands what is decided to the miners."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import time
from typing import Final, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.helpers.storage import Store

from . import meters
from .const import DIARY_SECONDS, DOMAIN
from .controller_config import Setup
from .coordinator import MinerCoordinator
from .entries import miner_entries
from .heat_board import async_heat_board
from .miners.models import JsonValue
from .power import defaults
from .power.learning import number
from .power.model import GuardState, Source
from .power.site import SiteController
from .power.site_model import MinerNow, Mode, Plan, SiteSettings

VERSION: Final = 1

type Page = dict[str, JsonValue]
type ControllerConfigEntry = ConfigEntry[PowerController]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dials:
    """What is set at the entities of a controller."""

    mode: Mode = Mode.SURPLUS
    enabled: bool = True
    dry_run: bool = True
    """At first, so that its owner sees that meters and signs are right before it acts."""
    fixed: float = 0.0
    """W of the mode FIXED."""
    reserve: float = defaults.RESERVE

    @property
    def acts(self) -> bool:
        """Whether miners are commanded."""
        return self.enabled and not self.dry_run

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that can be stored."""
        return {
            "mode": self.mode,
            "enabled": self.enabled,
            "dry_run": self.dry_run,
            "fixed": self.fixed,
            "reserve": self.reserve,
        }

    @classmethod
    def from_json(cls, stored: JsonValue) -> Self:
        """Read what `to_json` wrote; what is missing is as at first."""
        kept = stored if isinstance(stored, dict) else {}
        first = cls()
        mode, enabled, dry_run = kept.get("mode"), kept.get("enabled"), kept.get("dry_run")
        fixed, reserve = number(kept.get("fixed")), number(kept.get("reserve"))
        return cls(
            mode=Mode(mode) if isinstance(mode, str) and mode in list(Mode) else first.mode,
            enabled=enabled if isinstance(enabled, bool) else first.enabled,
            dry_run=dry_run if isinstance(dry_run, bool) else first.dry_run,
            fixed=first.fixed if fixed is None else fixed,
            reserve=first.reserve if reserve is None else reserve,
        )


class PowerController:
    """One site and its miners. Those that are not loaded are simply not there."""

    plan: Plan

    def __init__(
        self, hass: HomeAssistant, entry: ControllerConfigEntry, stored: Page | None
    ) -> None:
        """Begin with what was written last; nothing is sent yet."""
        page = stored or {}
        self.hass = hass
        self.entry = entry
        self.setup = Setup.of(hass, entry.options)
        self.dials = Dials.from_json(page.get("dials"))
        self._site = SiteController(self._settings(), page.get("site"))
        self._readings = self.setup.nothing_read(self.unix_time())
        self._must_stop = False
        self._listeners: list[Callable[[], None]] = []
        self._timers: list[CALLBACK_TYPE] = []
        self._writing = False
        self._store = store_of(hass, entry)

    def unix_time(self) -> float:
        """Return the time of day, which is also that of the readings."""
        return time.time()

    def _settings(self) -> SiteSettings:
        dials = self.dials
        return replace(
            self.setup.settings(), mode=dials.mode, fixed=dials.fixed, reserve=dials.reserve
        )

    # What the entities need

    def miners(self) -> dict[str, MinerCoordinator]:
        """Return the miners that are there now, by MAC."""
        ours = set(self.setup.macs.values())
        return {
            entry.runtime_data.identity.mac: entry.runtime_data
            for entry in miner_entries(self.hass, loaded=True)
            if entry.unique_id in ours
        }

    def states(self) -> dict[str, GuardState]:
        """Return what the guards of these miners say, by MAC."""
        found = ((mac, miner.actuator.state) for mac, miner in self.miners().items())
        return {mac: state for mac, state in found if state is not None}

    @callback
    def async_add_listener(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call after each plan; returns how to stop that."""
        self._listeners.append(changed)

        def stop() -> None:
            self._listeners.remove(changed)

        return stop

    @callback
    def async_turn(self, dials: Dials) -> None:
        """Take over what somebody has set, plan anew, and keep it over a restart."""
        acted, self.dials = self.dials.acts, dials
        if acted and not dials.acts:
            self.release()
        if dials.acts and not acted:
            # What was planned without being done is no past to build on.
            self._site = SiteController(self._settings(), self._site.to_json())
        else:
            self._site.configure(self._settings())
        self.async_tick()
        self._store.async_delay_save(self._page, 0)

    # Planning

    @callback
    def async_start(self) -> None:
        """Plan now, and again and again until the entry is unloaded."""
        self.async_tick()
        self._timers = [
            async_track_time_interval(
                self.hass,
                self._async_tick_due,
                timedelta(seconds=defaults.TICK),
                name=f"{self.entry.title}: plan",
            )
        ]
        if self.setup.must_stop:
            self._timers.append(
                async_track_state_change_event(
                    self.hass, self.setup.must_stop, self._async_tick_due
                )
            )
        self.entry.async_on_unload(self._halt)

    @callback
    def _async_tick_due(self, _moment: datetime | Event[EventStateChangedData]) -> None:
        self.async_tick()

    @callback
    def _halt(self) -> None:
        """Plan no more."""
        for stop in self._timers:
            stop()
        self._timers = []

    @callback
    def async_tick(self) -> None:
        """Read, plan, and have done what is planned."""
        now = self.unix_time()
        board = async_heat_board(self.hass)
        miners = self.miners()
        heats = self.dials.mode is Mode.HEAT and self.dials.acts
        board.serve(self.entry.entry_id, miners if heats else {})
        # A signal that has become unavailable stands as it was.
        must_stop = meters.is_on(self.hass, self.setup.must_stop)
        self._must_stop = self._must_stop if must_stop is None else must_stop
        self._readings = self.setup.readings(
            self.hass,
            self._readings,
            must_stop=self._must_stop,
            heat={mac: board.wishes.get(mac, 0.0) for mac in miners},
        )
        self.plan = self._site.plan(now, self._readings, self._miners_now(miners, now))
        if self.dials.acts:
            self._apply(self.plan, miners)
        self._write_soon()
        for changed in list(self._listeners):
            changed()

    def _miners_now(self, miners: dict[str, MinerCoordinator], now: float) -> list[MinerNow]:
        wishes = async_heat_board(self.hass).wishes
        found = []
        for mac, miner in miners.items():
            guard = miner.actuator.guard
            if guard is None:
                continue
            # A pause or boost for a time ends by itself, and a thermostat sees to its miner.
            heated = mac in wishes and self.dials.mode is not Mode.HEAT
            controlled = miner.actuator.interlude is None and not heated
            found.append(MinerNow.of(mac, guard, now, controlled=controlled))
        return found

    @callback
    def _apply(self, plan: Plan, miners: dict[str, MinerCoordinator]) -> None:
        """Hand the plan to the actuators. The only place from which miners are commanded."""
        for mac, watts in plan.limits.items():
            miners[mac].actuator.limit(watts, Source.SITE)
        for mac in plan.limits.keys() | plan.orders.keys():
            # A slow miner keeps nobody else waiting, and no later plan either.
            miner = miners[mac]
            miner.config_entry.async_create_background_task(
                self.hass,
                self._async_order(miner, plan.orders.get(mac)),
                f"{self.entry.title}: power of {miner.config_entry.title}",
            )

    @staticmethod
    async def _async_order(miner: MinerCoordinator, watts: float | None) -> None:
        if watts is None:
            await miner.actuator.async_step()
        else:
            await miner.actuator.async_wish_if_new(watts, Source.SITE, quietly=True)

    @callback
    def release(self) -> None:
        """Let go of all miners: they go on as they are, and no limit is left behind."""
        async_heat_board(self.hass).serve(self.entry.entry_id, {})
        for miner in self.miners().values():
            actuator, state = miner.actuator, miner.actuator.state
            limit = actuator.guard.limit if actuator.guard else None
            if state and limit and limit.source is Source.SITE and not actuator.interlude:
                # Without the limit it would rise to what was wished before that.
                actuator.note(min(state.current, limit.watts), Source.SITE)
            actuator.limit(None, Source.SITE)

    # Memory

    def _page(self) -> Page:
        self._writing = False
        return {"dials": self.dials.to_json(), "site": self._site.to_json()}

    @callback
    def _write_soon(self) -> None:
        """Write what is counted now and then, or when Home Assistant stops before."""
        if not self._writing:
            self._writing = True
            self._store.async_delay_save(self._page, DIARY_SECONDS)

    async def async_stop(self) -> None:
        """Plan no more, let go of all miners, and write down what was counted."""
        self._halt()
        self.release()
        await self._store.async_save(self._page())


def store_of(hass: HomeAssistant, entry: ControllerConfigEntry) -> Store[Page]:
    """Return the file of one controller."""
    return Store[Page](hass, VERSION, f"{DOMAIN}.{entry.entry_id}")
