"""Budgets of watts for one or several miners, shared out again and again while they hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import MinerConfigEntry, MinerCoordinator
from .miners.models import JsonValue
from .power.budget import Budget, Member, Sharing
from .power.model import Source

SHARE_SECONDS: Final = 15.0
"""As often as miners are read: nothing new is known before."""
BUDGETS: Final[HassKey[Budgets]] = HassKey(f"{DOMAIN}_budgets")


@dataclass(eq=False, kw_only=True, slots=True)
class Sharer:
    """One miner that shares a budget, over reloads of its entry."""

    entry: MinerConfigEntry
    priority: int
    coordinator: MinerCoordinator
    given: bool = False
    """The budget has been given to this coordinator, so that another wish is a newer one."""

    @property
    def is_away(self) -> bool:
        """Tell whether it is not loaded now, for a moment or for longer."""
        return self.entry.state is not ConfigEntryState.LOADED

    @property
    def overruled(self) -> bool:
        """Tell whether somebody else has wished something since."""
        if self.is_away:
            return False
        if self.entry.runtime_data is not self.coordinator:
            # Loaded anew: nobody has wished anything, the budget has only to be given again.
            self.coordinator, self.given = self.entry.runtime_data, False
        if not self.given:
            return False
        state = self.coordinator.actuator.state
        wish = state.wish if state else None
        return wish is not None and wish.source is not Source.BUDGET

    def member(self) -> Member | None:
        """Return what matters for sharing, None while it cannot be set."""
        guard = None if self.is_away else self.coordinator.actuator.guard
        if guard is None:
            return None
        state = guard.state(self.coordinator.unix_time())
        return Member.of(
            self.entry.entry_id,
            guard.ability,
            state,
            priority=self.priority,
            efficiency=guard.learned.joules_per_terahash(state.drawn or state.floor, guard.ability),
        )


@dataclass(eq=False, kw_only=True, slots=True)
class Shared:
    """One budget and who shares it."""

    budget: Budget
    sharers: list[Sharer]


class Budgets:
    """All budgets that hold now. The newest of a miner counts; a person's order ends it."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._held: list[Shared] = []
        self._stop: CALLBACK_TYPE | None = None

    async def async_set(
        self, budget: Budget, miners: Sequence[MinerCoordinator], priorities: Sequence[int]
    ) -> dict[str, JsonValue]:
        """Share a budget now and from now on; returns what was applied and what is left.

        Never fails for its range. Raises HomeAssistantError when a miner refuses.
        """
        self.forget(*miners)
        shared = Shared(
            budget=budget,
            sharers=[
                Sharer(entry=miner.config_entry, priority=priority, coordinator=miner)
                for miner, priority in zip(miners, priorities, strict=True)
            ],
        )
        self._held.append(shared)
        if self._stop is None:
            self._stop = async_track_time_interval(
                self._hass,
                self._async_share_again,
                timedelta(seconds=SHARE_SECONDS),
                cancel_on_shutdown=True,
            )
        sharing = await self._async_share(shared, first=True)
        return self._answer(shared, sharing)

    @callback
    def forget(self, *miners: MinerCoordinator) -> None:
        """End what holds for miners; the others of a budget share what is left of it."""
        entries = {miner.config_entry.entry_id for miner in miners}
        self._keep(lambda sharer: sharer.entry.entry_id not in entries)

    def _keep(self, wanted: Callable[[Sharer], bool]) -> None:
        """Go on with those sharers only."""
        for shared in self._held:
            shared.sharers = [sharer for sharer in shared.sharers if wanted(sharer)]
        self._held = [shared for shared in self._held if shared.sharers]
        if not self._held and self._stop:
            self._stop()
            self._stop = None

    async def _async_share_again(self, _now: datetime) -> None:
        entries = self._hass.config_entries
        self._keep(
            lambda sharer: (
                not sharer.overruled and entries.async_get_entry(sharer.entry.entry_id) is not None
            )
        )
        for shared in list(self._held):
            await self._async_share(shared)

    async def _async_share(self, shared: Shared, *, first: bool = False) -> Sharing | None:
        members = [member for sharer in shared.sharers if (member := sharer.member())]
        if not members:
            return None
        sharing = shared.budget.grant(members, shared.sharers[0].coordinator.unix_time())
        if sharing is None:
            return None
        # Those who get less give it up before others get more.
        for less in (True, False):
            for sharer in list(shared.sharers):
                order = sharing.orders.get(sharer.entry.entry_id)
                # While one is waited for, somebody may have ordered another something else.
                if order is None or sharer.is_away or sharer.overruled:
                    continue
                if sharer not in shared.sharers:
                    continue
                actuator = sharer.coordinator.actuator
                if (state := actuator.state) and (order < state.current) is less:
                    sharer.given = True
                    await actuator.async_wish_if_new(order, Source.BUDGET, quietly=not first)
        return sharing

    @staticmethod
    def _answer(shared: Shared, sharing: Sharing | None) -> dict[str, JsonValue]:
        orders = sharing.orders if sharing else {}
        miners: dict[str, JsonValue] = {}
        for sharer in shared.sharers:
            state = sharer.coordinator.actuator.state
            miners[sharer.entry.title] = {
                "ordered": orders.get(sharer.entry.entry_id),
                "drawn": state.drawn if state else None,
                "wait": state.wait if state else None,
            }
        return {
            "applied": sharing.applied if sharing else None,
            "left": sharing.left if sharing else None,
            "miners": miners,
        }


@callback
def async_get(hass: HomeAssistant) -> Budgets:
    """Return the budgets of this Home Assistant."""
    if BUDGETS not in hass.data:
        hass.data[BUDGETS] = Budgets(hass)
    return hass.data[BUDGETS]
