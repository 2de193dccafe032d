"""Budgets of watts for one or several miners, shared out again and again while they hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store

from .budgets import SHARE_SECONDS, Page
from .const import CONF_ORDERED_OFF
from .coordinator import MinerConfigEntry, MinerCoordinator
from .entries import miner_entries
from .errors import async_joined
from .miners.models import JsonValue
from .power.budget import Budget, Member, Sharing
from .power.learning import number
from .power.model import GuardState, Source
from .power.policy import Policy, Safe


@dataclass(eq=False, kw_only=True, slots=True)
class Sharer:
    """One miner that shares a budget, over reloads of its entry."""

    entry: MinerConfigEntry
    priority: int
    coordinator: MinerCoordinator | None = None
    """The one that has the budget, or had it before the entry was loaded anew; None after a
    restart."""
    given: bool = False
    """The budget has been given to this coordinator, so that another wish is a newer one."""
    loaded_anew: bool = False
    """The coordinator began without wishes after the budget was set."""
    off: bool = True
    """It has not run since the budget had it off, or since it was set."""
    since: float
    """Unix time at which the budget was set."""

    @property
    def is_away(self) -> bool:
        """Tell whether it is not loaded now, for a moment or for longer."""
        return self.entry.state is not ConfigEntryState.LOADED

    @property
    def state(self) -> GuardState | None:
        """What its guard says, None while it has none."""
        return self.coordinator.actuator.state if self.coordinator else None

    @property
    def overruled(self) -> bool:
        """Tell whether somebody else has wished something since."""
        if self.is_away:
            return False
        if self.entry.runtime_data is not self.coordinator:
            self.coordinator = self.entry.runtime_data
            self.given, self.loaded_anew = False, True
        state = self.state
        wish = state.wish if state else None
        source = wish.source if wish else Source.BUDGET
        if interlude := self.coordinator.actuator.interlude:
            # A pause or boost ends by itself, and then the budget goes on.
            had_it = self.given or self.loaded_anew
            return had_it and interlude.source is not Source.BUDGET
        if self.given:
            return source is not Source.BUDGET
        if state and state.personal and state.personal.at > self.since:
            return True
        if not self.loaded_anew or (wish and wish.source is Source.BUDGET):
            return False
        # What it does by itself is no wish, unless somebody has switched it off right before.
        switched_off = self.entry.data.get(CONF_ORDERED_OFF) is True and not self.off
        return switched_off or source not in {Source.BUDGET, Source.ADOPTED}

    def member(self) -> Member | None:
        """Return what matters for sharing, None while it is not to be set for a budget."""
        coordinator = self.coordinator
        if self.is_away or coordinator is None or (guard := coordinator.actuator.guard) is None:
            return None
        if coordinator.actuator.interlude:
            return None
        state = guard.state(coordinator.unix_time())
        if guard.past.stays_off:
            # Also in a boost, which ends with what is off.
            return None
        return Member.of(
            self.entry.entry_id,
            guard.ability.usual,
            state,
            priority=self.priority,
            efficiency=guard.learned.joules_per_terahash(state.drawn or state.floor, guard.ability),
        )

    async def async_order(self, watts: float, *, quietly: bool) -> None:
        """Have it draw so much; raises as `Actuator.async_wish` unless `quietly`."""
        state = self.state
        if self.coordinator is None or state is None:
            return
        self.given = True
        self.off = watts == 0 or (self.off and not state.running)
        await self.coordinator.actuator.async_wish_if_new(watts, Source.BUDGET, quietly=quietly)


@dataclass(eq=False, kw_only=True, slots=True)
class Shared:
    """One budget and who shares it."""

    budget: Budget
    sharers: list[Sharer]

    def to_json(self) -> JsonValue:
        """Return a form that can be stored."""
        sharers: list[JsonValue] = [
            {"entry": sharer.entry.entry_id, "priority": sharer.priority, "off": sharer.off}
            for sharer in self.sharers
            if not sharer.overruled
        ]
        return {"budget": self.budget.to_json(), "sharers": sharers}

    @classmethod
    def from_json(cls, hass: HomeAssistant, stored: JsonValue) -> Self | None:
        """Read what `to_json` wrote, None where nothing of it is there any more."""
        found = stored if isinstance(stored, dict) else {}
        page, listed = found.get("budget"), found.get("sharers")
        budget = Budget.from_json(page) if isinstance(page, dict) else None
        if budget is None or not isinstance(listed, list):
            return None
        entries = {entry.entry_id: entry for entry in miner_entries(hass)}
        sharers = [
            Sharer(
                entry=entry,
                priority=int(priority),
                off=item.get("off") is not False,
                since=budget.at,
            )
            for item in listed
            if isinstance(item, dict)
            if (priority := number(item.get("priority"))) is not None
            if (entry := entries.get(str(item.get("entry")))) is not None
        ]
        return cls(budget=budget, sharers=sharers) if sharers else None


class Budgets:
    """All budgets that hold now. The newest of a miner counts; a person's order ends it."""

    def __init__(self, hass: HomeAssistant, store: Store[Page]) -> None:
        """Begin with none. What holds is kept in `store`."""
        self._hass = hass
        self._held: list[Shared] = []
        self._stop: CALLBACK_TYPE | None = None
        self._store = store
        self._written = self._page()

    @callback
    def restore(self, stored: Page) -> None:
        """Go on with what held when Home Assistant stopped; miners get it when they are loaded."""
        listed = stored.get("held")
        found = listed if isinstance(listed, list) else []
        held = [Shared.from_json(self._hass, item) for item in found]
        self._held = [shared for shared in held if shared is not None]
        self._written = self._page()
        if self._held:
            self._go_on()

    def _page(self) -> Page:
        pages = [shared.to_json() for shared in self._held]
        return {"held": pages}

    @callback
    def _write_if_new(self) -> None:
        """Write down at once what has changed: it must not be forgotten, or come back."""
        if (page := self._page()) != self._written:
            self._written = page
            self._store.async_delay_save(self._page, 0)

    def _go_on(self) -> None:
        """Share again and again."""
        if self._stop is None:
            self._stop = async_track_time_interval(
                self._hass,
                self._async_share_again,
                timedelta(seconds=SHARE_SECONDS),
                cancel_on_shutdown=True,
            )

    async def async_set(
        self,
        miners: Sequence[MinerCoordinator],
        watts: float,
        *,
        at: float,
        valid_for: float | None,
        safe: Safe,
        policy: Policy,
    ) -> dict[str, JsonValue]:
        """Share a budget now and from now on; returns what was applied and what is left.

        The miners in the order of their priority, at least one; the rest as `Budget` has it.
        Never fails for its range. Raises HomeAssistantError when miners refuse; the others have
        got theirs, and the budget holds for all.
        """
        budget = Budget(watts=watts, at=at, valid_for=valid_for, safe=safe, policy=policy)
        self.forget(*miners)
        shared = Shared(
            budget=budget,
            sharers=[
                Sharer(
                    entry=miner.config_entry,
                    priority=priority,
                    coordinator=miner,
                    since=budget.at,
                )
                for priority, miner in enumerate(miners, 1)
            ],
        )
        self._held.append(shared)
        for miner in miners:
            miner.actuator.hand_back_to(Source.BUDGET)
        self._go_on()
        self._write_if_new()
        sharing = await self._async_share(shared, first=True)
        return self._answer(shared, sharing)

    @callback
    def held(self, miner: MinerCoordinator) -> Budget | None:
        """See `budgets.held`."""
        return next(
            (
                shared.budget
                for shared in self._held
                for sharer in shared.sharers
                if sharer.entry is miner.config_entry and not sharer.overruled
            ),
            None,
        )

    @callback
    def forget(self, *miners: MinerCoordinator) -> None:
        """End what holds for miners; the others of a budget share what is left of it."""
        entries = {miner.config_entry.entry_id for miner in miners}
        self._keep(lambda sharer: sharer.entry.entry_id not in entries)

    @callback
    def ordered(self, miner: MinerCoordinator) -> None:
        """See `budgets.ordered`."""
        if miner.actuator.interlude is None:
            self.forget(miner)

    def _keep(self, wanted: Callable[[Sharer], bool]) -> None:
        """Go on with those sharers only."""
        for shared in self._held:
            shared.sharers = [sharer for sharer in shared.sharers if wanted(sharer)]
        self._held = [shared for shared in self._held if shared.sharers]
        if not self._held and self._stop:
            self._stop()
            self._stop = None
        self._write_if_new()

    async def _async_share_again(self, _now: datetime) -> None:
        entries = self._hass.config_entries
        self._keep(
            lambda sharer: (
                not sharer.overruled and entries.async_get_entry(sharer.entry.entry_id) is not None
            )
        )
        for shared in list(self._held):
            await self._async_share(shared)
        self._write_if_new()

    async def _async_share(self, shared: Shared, *, first: bool = False) -> Sharing | None:
        there = [sharer.coordinator for sharer in shared.sharers if sharer.coordinator]
        members = [member for sharer in shared.sharers if (member := sharer.member())]
        sharing = shared.budget.grant(members, there[0].unix_time()) if members else None
        if sharing is None:
            return None
        refusals: list[HomeAssistantError] = []
        # Those who get less give it up before others get more.
        for less in (True, False):
            for sharer in list(shared.sharers):
                order = sharing.orders.get(sharer.entry.entry_id)
                # While one is waited for, somebody may have ordered another something else.
                if order is None or sharer.is_away or sharer.overruled:
                    continue
                if sharer not in shared.sharers:
                    continue
                if (state := sharer.state) is None or (order < state.current) is not less:
                    continue
                try:
                    await sharer.async_order(order, quietly=not first)
                except HomeAssistantError as error:
                    # One that refuses must not keep the others from being lowered.
                    refusals.append(error)
        if refusals:
            raise await async_joined(self._hass, refusals)
        return sharing

    @staticmethod
    def _answer(shared: Shared, sharing: Sharing | None) -> dict[str, JsonValue]:
        orders = sharing.orders if sharing else {}
        miners: dict[str, JsonValue] = {}
        for sharer in shared.sharers:
            state = sharer.state
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
