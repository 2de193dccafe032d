"""What entries have in common that plan for miners: power controllers and thermostats."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
import time
from typing import Any, ClassVar, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .coordinator import MinerCoordinator
from .entries import miner_entries
from .miners.models import JsonValue
from .power.model import Source

VERSION: Final = 1

type Page = dict[str, JsonValue]


class PlanningEntry(ABC):
    """Plans again and again, has its miners do what is planned, and tells its entities."""

    TICK: ClassVar[float]
    """Seconds between two plans."""
    SOURCE: ClassVar[Source]
    """In whose name miners are commanded."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Belong to an entry; nothing is planned before `async_start`."""
        self.hass = hass
        self.entry = entry
        self._listeners: list[Callable[[], None]] = []
        self._timers: list[CALLBACK_TYPE] = []
        self._halted = False
        self._store = store_of(hass, entry)

    def unix_time(self) -> float:
        """Return the time of day, which is also that of the readings."""
        return time.time()

    # What each kind has of its own

    @property
    @abstractmethod
    def macs(self) -> Iterable[str]:
        """The MACs of its miners, in their order."""

    @property
    @abstractmethod
    def watched(self) -> Iterable[str]:
        """Entities of which a change is planned for at once."""

    @abstractmethod
    def known(self) -> Mapping[str, object]:
        """Return what the last plan was made of, and the plan, for diagnostics."""

    @abstractmethod
    def make_plan(self) -> None:
        """Read, plan, and have done what is planned."""

    @abstractmethod
    def release(self) -> None:
        """Let go of all miners: they go on as they are, and no limit is left behind."""

    @abstractmethod
    def _page(self) -> Page:
        """Return what is written down."""

    # What is common

    def miners(self) -> dict[str, MinerCoordinator]:
        """Return the miners that are there now by MAC, in their order."""
        loaded = {
            entry.unique_id: entry.runtime_data for entry in miner_entries(self.hass, loaded=True)
        }
        return {mac: loaded[mac] for mac in self.macs if mac in loaded}

    @callback
    def async_add_listener(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call after each plan; returns how to stop that."""
        self._listeners.append(changed)

        def stop() -> None:
            self._listeners.remove(changed)

        return stop

    @callback
    def async_start(self) -> None:
        """Plan now, and again and again until the entry is unloaded."""
        self.async_tick()
        self._timers = [
            async_track_time_interval(
                self.hass,
                self._async_tick_due,
                timedelta(seconds=self.TICK),
                name=f"{self.entry.title}: plan",
            )
        ]
        if watched := list(self.watched):
            self._timers.append(
                async_track_state_change_event(self.hass, watched, self._async_tick_due)
            )
        self.entry.async_on_unload(self._halt)

    @callback
    def _async_tick_due(self, _moment: datetime | Event[EventStateChangedData]) -> None:
        self.async_tick()

    @callback
    def async_tick(self) -> None:
        """Plan, and have everybody shown what is planned; nothing once the entry is unloaded."""
        if self._halted:
            # A miner that was not there to be let go of may still ask.
            return
        self.make_plan()
        for changed in list(self._listeners):
            changed()

    @callback
    def order(self, miner: MinerCoordinator, watts: float | None) -> None:
        """Have a miner draw so many W; None leaves that, and only has its limit obeyed.

        A slow miner keeps nobody else waiting, and no later plan either.
        """
        miner.config_entry.async_create_background_task(
            self.hass,
            self._async_order(miner, watts),
            f"{self.entry.title}: power of {miner.config_entry.title}",
        )

    async def _async_order(self, miner: MinerCoordinator, watts: float | None) -> None:
        if watts is None:
            await miner.actuator.async_step()
        else:
            await miner.actuator.async_wish_if_new(watts, self.SOURCE, quietly=True)

    @callback
    def _halt(self) -> None:
        self._halted = True
        for stop in self._timers:
            stop()
        self._timers = []

    async def async_stop(self) -> None:
        """Plan no more, let go of all miners, and write down what is to be kept."""
        self._halt()
        self.release()
        await self._store.async_save(self._page())


def store_of(hass: HomeAssistant, entry: ConfigEntry[Any]) -> Store[Page]:
    """Return the file of one entry that plans."""
    return Store[Page](hass, VERSION, f"{DOMAIN}.{entry.entry_id}")
