"""Runs the planning of one site: reads, plans, and hands what is decided to the miners."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Self, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from . import meters
from .budgets import SHARE_SECONDS, held
from .const import CONF_CAPABILITIES, DIARY_SECONDS
from .controller_config import Setup
from .controller_options import CONF_METER
from .coordinator import MinerCoordinator
from .entries import all_miners
from .heat_board import async_awaited, async_heat_board
from .issues import async_tell_of_meter, async_tell_of_sign
from .miners.lean import dataclass
from .miners.models import Capabilities, JsonValue
from .planning import Page, PlanningEntry
from .power import defaults
from .power.budget import Budget
from .power.learning import finite, number
from .power.model import Ability, GuardState, Source
from .power.site import MANUAL_SECONDS, SiteController
from .power.site_model import Load, MinerNow, Mode, Plan, SiteSettings

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
        fixed, reserve = number(kept.get("fixed")), finite(kept.get("reserve"))
        return cls(
            mode=Mode(mode) if isinstance(mode, str) and mode in list(Mode) else first.mode,
            enabled=enabled if isinstance(enabled, bool) else first.enabled,
            dry_run=dry_run if isinstance(dry_run, bool) else first.dry_run,
            fixed=first.fixed if fixed is None else fixed,
            reserve=first.reserve if reserve is None else reserve,
        )


class PowerController(PlanningEntry):
    """One site and its miners. Those that are not loaded count, but are not commanded."""

    TICK = defaults.TICK
    SOURCE = Source.SITE

    plan: Plan

    def __init__(
        self, hass: HomeAssistant, entry: ControllerConfigEntry, stored: Page | None
    ) -> None:
        """Begin with what was written last; nothing is sent yet."""
        page = stored or {}
        super().__init__(hass, entry)
        self.setup = Setup.of(hass, entry.options)
        self.dials = Dials.from_json(page.get("dials"))
        self._site = SiteController(self._settings(), self._known(page))
        self._readings = self.setup.nothing_read(self.unix_time())
        self._must_stop = self.setup.must_stop is not None and page.get("must_stop") is True
        permitted = page.get("permission")
        self._permission = permitted if isinstance(permitted, bool) else None
        self._most: dict[str, float] = {}
        """W that each miner may draw at most, as far as was seen last."""
        self._writing = False

    def _known(self, page: Page) -> JsonValue:
        """Return what is kept of the site: of its meter only what was found out of the same one."""
        site = page.get("site")
        if isinstance(site, dict) and page.get(CONF_METER) != self.setup.meter:
            return {key: value for key, value in site.items() if key != "sign"}
        return site

    def _settings(self) -> SiteSettings:
        dials = self.dials
        return replace(
            self.setup.settings(), mode=dials.mode, fixed=dials.fixed, reserve=dials.reserve
        )

    # What the entities need

    def states(self) -> dict[str, GuardState]:
        """Return what the guards of these miners say, by MAC."""
        found = ((mac, miner.actuator.state) for mac, miner in self.miners().items())
        return {mac: state for mac, state in found if state is not None}

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

    @callback
    def async_trust_meter(self) -> None:
        """Take its owner's word that the meter of the grid is right; see `Sign.trust`."""
        self._site.sign.trust()
        self._store.async_delay_save(self._page, 0)

    # Planning

    @property
    @override
    def macs(self) -> Iterable[str]:
        """The MACs of its miners; the first is served first."""
        return self.setup.macs.values()

    @property
    @override
    def watched(self) -> Iterable[str]:
        """What stops everything waits for no timer."""
        return [self.setup.must_stop] if self.setup.must_stop else []

    @override
    def known(self) -> Mapping[str, object]:
        """Return what is set, what was read last, and the plan."""
        return {
            "dials": self.dials,
            "readings": self._readings,
            "plan": self.plan,
            "meter_sign": self._site.sign.to_json(),
        }

    @callback
    @override
    def make_plan(self) -> None:
        """Read, plan, and have done what is planned."""
        now = self.unix_time()
        board = async_heat_board(self.hass)
        miners = self.miners()
        heats = self.dials.mode is Mode.HEAT and self.dials.acts
        board.serve(self.entry.entry_id, miners if heats else {})
        self._hear_signals()
        self._readings = self.setup.readings(
            self.hass,
            self._readings,
            now,
            must_stop=self._must_stop,
            permission=self._permission if self.setup.permission else True,
            heat={mac: board.wishes.get(mac, 0.0) for mac in miners},
        )
        there = self._miners_now(miners, now)
        self._most |= {miner.key: miner.state.committed for miner in there}
        loads = self._loads(miners, {miner.key for miner in there})
        self._readings = replace(self._readings, loads=tuple(loads))
        self.plan = self._site.plan(now, self._readings, there)
        if (pace := self._site.pace) is not None:
            slow = pace > defaults.METER_SLOW
            async_tell_of_meter(self.hass, self.entry, pace if slow else None)
        # Who ignores it has not said that it is right: nothing is built on it all the same.
        async_tell_of_sign(self.hass, self.entry, wrong=self._site.sign.wrong)
        if self.dials.acts:
            self._apply(self.plan, miners)
        self._write_soon()

    def _hear_signals(self) -> None:
        """Take over what signals say.

        One that has become unavailable stands as it was, over a restart as well.
        """
        must_stop = meters.is_on(self.hass, self.setup.must_stop)
        permission = meters.is_on(self.hass, self.setup.permission)
        before = self._must_stop, self._permission
        if must_stop is not None:
            self._must_stop = must_stop
        if permission is not None:
            self._permission = permission
        if (self._must_stop, self._permission) != before:
            self._store.async_delay_save(self._page, 0)

    def _miners_now(self, miners: dict[str, MinerCoordinator], now: float) -> list[MinerNow]:
        # One whose thermostat has not spoken yet, as after a restart, is not taken from it.
        left_alone = async_awaited(self.hass)
        if self.dials.mode is not Mode.HEAT:
            # A thermostat of its own sees to a miner.
            left_alone |= async_heat_board(self.hass).wishes.keys()
        found = []
        for mac, miner in miners.items():
            guard = miner.actuator.guard
            if guard is None:
                continue
            # A pause or boost for a time ends by itself, and so does a budget.
            controlled = (
                miner.actuator.interlude is None
                and mac not in left_alone
                and not _comes_first(held(self.hass, miner), now)
            )
            found.append(MinerNow.of(mac, guard, now, controlled=controlled))
        return found

    def _loads(
        self, miners: Mapping[str, MinerCoordinator], there: Collection[str]
    ) -> Iterator[Load]:
        """Yield the miners that draw, or may, without being commanded: watched or not loaded."""
        entries = {entry.unique_id: entry for entry in all_miners(self.hass)}
        for mac in self.macs:
            if mac in there or mac not in entries:
                continue
            drawn = 0.0
            if (miner := miners.get(mac)) and miner.last_update_success and miner.last:
                drawn = miner.last.power or 0.0
                self._most[mac] = max(drawn, self._most.get(mac, 0.0))
            if mac not in self._most:
                shown = Capabilities.from_json(entries[mac].data[CONF_CAPABILITIES])
                ability = Ability.of(shown)
                self._most[mac] = ability.maximum if ability else 0.0
            yield Load(key=mac, drawn=drawn, most=self._most[mac])

    def title(self, mac: str) -> str | None:
        """Return the name of a miner, also of one that is not loaded."""
        titles = (entry.title for entry in all_miners(self.hass) if entry.unique_id == mac)
        return next(titles, None)

    @callback
    def _apply(self, plan: Plan, miners: dict[str, MinerCoordinator]) -> None:
        """Hand the plan to the actuators. The only place from which miners are commanded."""
        for mac, watts in plan.limits.items():
            miners[mac].actuator.limit(watts, Source.SITE, again=self.async_tick)
        for mac in plan.limits.keys() | plan.orders.keys():
            self.order(miners[mac], plan.orders.get(mac))

    @callback
    @override
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

    @override
    def _page(self) -> Page:
        """Return what is set, and what is counted."""
        self._writing = False
        return {
            "dials": self.dials.to_json(),
            "site": self._site.to_json(),
            CONF_METER: self.setup.meter,
            "must_stop": self._must_stop,
            "permission": self._permission,
        }

    @callback
    def _write_soon(self) -> None:
        """Write what is counted now and then, or when Home Assistant stops before."""
        if not self._writing:
            self._writing = True
            self._store.async_delay_save(self._page, DIARY_SECONDS)


def _comes_first(budget: Budget | None, now: float) -> bool:
    """Tell whether a miner is left to a budget: for its duration, else for as long as any order."""
    if budget is None:
        return False
    # After its duration it falls to its safe state first.
    lasts = MANUAL_SECONDS if budget.valid_for is None else budget.valid_for + SHARE_SECONDS
    return budget.at <= now < budget.at + lasts
