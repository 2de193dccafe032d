"""Budgets of watts for one or several miners, shared out again and again while they hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import MinerCoordinator
from .miners.models import JsonValue
from .power.budget import Budget, Member, Sharing
from .power.model import Source

SHARE_SECONDS: Final = 15.0
"""As often as miners are read: nothing new is known before."""
BUDGETS: Final[HassKey[Budgets]] = HassKey(f"{DOMAIN}_budgets")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """One budget and who shares it."""

    budget: Budget
    miners: tuple[MinerCoordinator, ...]
    priorities: tuple[int, ...]


def members(shared: Shared) -> list[Member]:
    """Return those of the miners that can be set now."""
    found = []
    for miner, priority in zip(shared.miners, shared.priorities, strict=True):
        guard = miner.actuator.guard
        if guard is None:
            continue
        state = guard.state(miner.unix_time())
        found.append(
            Member.of(
                miner.identity.mac,
                guard.ability,
                state,
                priority=priority,
                efficiency=guard.learned.joules_per_terahash(
                    state.drawn or state.floor, guard.ability
                ),
            )
        )
    return found


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
        shared = Shared(budget=budget, miners=tuple(miners), priorities=tuple(priorities))
        self.forget(*miners)
        self._held.append(shared)
        if self._stop is None:
            self._stop = async_track_time_interval(
                self._hass,
                self._async_share_again,
                timedelta(seconds=SHARE_SECONDS),
                cancel_on_shutdown=True,
            )
        sharing = await self._async_share(shared)
        return self._answer(shared, sharing)

    @callback
    def forget(self, *miners: MinerCoordinator) -> None:
        """End what holds for miners; the others of a budget share what is left of it."""
        kept = []
        for shared in self._held:
            left = [
                (miner, priority)
                for miner, priority in zip(shared.miners, shared.priorities, strict=True)
                if miner not in miners
            ]
            if left:
                kept.append(
                    Shared(
                        budget=shared.budget,
                        miners=tuple(miner for miner, _ in left),
                        priorities=tuple(priority for _, priority in left),
                    )
                )
        self._held = kept
        if not kept and self._stop:
            self._stop()
            self._stop = None

    async def _async_share_again(self, _now: datetime) -> None:
        for shared in list(self._held):
            overruled = [miner for miner in shared.miners if self._is_overruled(miner)]
            if overruled:
                self.forget(*overruled)
            else:
                await self._async_share(shared, quietly=True)

    def _is_overruled(self, miner: MinerCoordinator) -> bool:
        """Tell whether it is gone, or somebody else has wished something since."""
        if miner.config_entry.state is not ConfigEntryState.LOADED:
            return True
        state = miner.actuator.state
        wish = state.wish if state else None
        return wish is not None and wish.source is not Source.BUDGET

    async def _async_share(self, shared: Shared, *, quietly: bool = False) -> Sharing | None:
        now = shared.miners[0].unix_time()
        sharing = shared.budget.grant(members(shared), now)
        if sharing is None:
            return None
        # Those who get less give it up before others get more.
        for less in (True, False):
            for miner in shared.miners:
                order = sharing.orders.get(miner.identity.mac)
                state = miner.actuator.state
                if order is None or state is None or (order < state.current) is not less:
                    continue
                await miner.actuator.async_wish_if_new(order, Source.BUDGET, quietly=quietly)
        return sharing

    @staticmethod
    def _answer(shared: Shared, sharing: Sharing | None) -> dict[str, JsonValue]:
        orders = sharing.orders if sharing else {}
        miners: dict[str, JsonValue] = {}
        for miner in shared.miners:
            order, state = orders.get(miner.identity.mac), miner.actuator.state
            miners[miner.config_entry.title] = {
                "ordered": order,
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
