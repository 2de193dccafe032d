"""Brings what a miner draws to where it is wished, by the rules of its guard.

All who want a miner to draw more or less come here: sliders and the switch, actions, budgets,
controllers, thermostats and voice. The guard decides what is sent and when; this sends it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from homeassistant.core import CoreState, callback
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN, LOGGER
from .interlude import Interlude
from .left_start import LeftStart
from .miners.errors import MinerError, UnconfirmedError
from .miners.models import Capabilities, Feature, JsonValue, MinerState, Snapshot
from .power.guard import Guard
from .power.model import (
    PEOPLE,
    Ability,
    Command,
    CommandKind,
    GuardState,
    Path,
    Reading,
    Source,
    Wait,
    Wish,
)

if TYPE_CHECKING:
    from .coordinator import MinerCoordinator, Order


PERSONAL = PEOPLE | {Source.ADOPTED}
"""Who wishes once, and does not look again whether it is still so."""
LIMITS: Final = frozenset({Wait.START_ABOVE_LIMIT, Wait.LIMIT})
"""What a guard waits for because of a limit."""


class Actuator:
    """The one hand on a miner's power."""

    def __init__(self, coordinator: MinerCoordinator, stored: Mapping[str, JsonValue]) -> None:
        """Begin with what `to_json` once gave; nothing is sent before someone wishes."""
        self._coordinator = coordinator
        self._guard: Guard | None = None
        self._guard_before = stored.get("guard")
        """What the guard of before remembered, until there is one again."""
        self._sending = asyncio.Lock()
        self._again: dict[Source, Callable[[], None]] = {}
        """Has who sets a limit look at once whether there is room for a start."""
        self._interlude = Interlude.from_json(stored.get("interlude"))
        self._left_start = LeftStart.from_json(stored.get("start"))
        self._interlude_is_old = self._interlude is not None
        """It began before Home Assistant was restarted or the entry reloaded."""
        last = stored.get("last_on")
        self._last_on = float(last) if isinstance(last, int | float) else None
        full = stored.get("full")
        self._full = float(full) if isinstance(full, int | float) else None
        self._able_from: tuple[Capabilities, float | None] | None = None
        self._able(coordinator.capabilities)

    def to_json(self) -> dict[str, JsonValue]:
        """Return what is worth keeping over a restart of Home Assistant."""
        return {
            "guard": self._guard.to_json() if self._guard else self._guard_before,
            "interlude": self._interlude.to_json() if self._interlude else None,
            "last_on": self._last_on,
            "full": self._full,
            "start": left.to_json() if (left := self._unsent_start()) else None,
        }

    def _unsent_start(self) -> LeftStart | None:
        """Return the start that a person was promised and that waits for something."""
        if self._left_start or self._guard is None or self._interlude:
            return self._left_start
        return LeftStart.of(self._guard, self._guard.wished)

    @property
    def guard(self) -> Guard | None:
        """The guard; None while it is not known what the miner can be set to."""
        return self._guard

    @property
    def state(self) -> GuardState | None:
        """What everyone may see."""
        return self._guard.state(self._now()) if self._guard else None

    @property
    def interlude(self) -> Interlude | None:
        """The pause or boost that is going on."""
        return self._interlude

    @property
    def percent_base(self) -> float | None:
        """W at 100 %, None where there are no percentages or it is not known."""
        ranges = self._coordinator.capabilities.ranges
        watts, percent = ranges.get(Feature.POWER_TARGET), ranges.get(Feature.POWER_PERCENT)
        return watts.maximum * 100 / percent.maximum if watts and percent else None

    def at_least_floor(self, watts: float) -> float:
        """Return what a slider means: its lowest end is the lowest draw, and not off."""
        state = self.state
        return max(watts, state.floor) if state else watts

    def _now(self) -> float:
        return self._coordinator.unix_time()

    def _able(self, capabilities: Capabilities) -> None:
        """Take over what the miner can do, which it may show only with time."""
        if (capabilities, self._full) == self._able_from:
            return
        self._able_from = (capabilities, self._full)
        ability = Ability.of(capabilities, full=self._full)
        if ability is None:
            return
        if self._guard is None:
            self._guard = Guard(ability, self._guard_before)
            self._guard_before = None
        elif ability != self._guard.ability:
            self._guard.able(ability)

    @callback
    def read(self, snapshot: Snapshot, *, held_off: bool = False) -> bool:
        """Take what the miner says now; returns whether something is to be sent.

        `held_off` as of `Guard.read`.
        """
        now = self._now()
        if snapshot.state is MinerState.MINING and snapshot.power:
            # For a miner that can only be switched it is all that is known of its draw.
            self._full = max(self._full or 0.0, snapshot.power)
        self._able(self._coordinator.capabilities)
        if self._guard is None:
            return False
        reading = Reading.of(snapshot, now, self._guard.ability.path)
        if self._is_foreign(self._guard, reading):
            self.release()
        self._guard.read(reading, held_off=held_off)
        if self._interlude_is_old:
            self._take_up_interlude(reading)
        if self._left_start:
            self._take_up_start(self._guard, self._left_start, reading)
        if self._interlude and now >= self._interlude.until:
            self._end_interlude()
        return self._guard.next(now) is not None

    @callback
    def mains(self, on: bool) -> None:
        """Take that the miner has no mains, or has it again, and says nothing."""
        if self._guard:
            self._guard.mains(on, self._coordinator.unix_time())

    @callback
    def restarting(self) -> None:
        """Take that the miner has been told to restart."""
        if self._guard:
            self._guard.restarting()

    def _is_foreign(self, guard: Guard, reading: Reading) -> bool:
        """Tell whether another hand, as on the miner's own page, has changed what it does.

        Then that is the newest wish of a person. A controller keeps to its own.
        """
        before, wish = guard.reading, guard.wished
        if before is None or wish is None or wish.source not in PERSONAL or guard.past.pending:
            return False
        if wish.watts == 0:
            # Of makes that do not stay off by themselves, coming back says nothing.
            return (
                not before.runs and reading.runs and not self._coordinator.client.off_may_not_hold
            )
        lasting = guard.ability.path is Path.POWER_TARGET
        return (
            lasting and reading.target is not None and before.target not in {None, reading.target}
        )

    def _take_up_interlude(self, reading: Reading) -> None:
        """Go on with a pause or boost from before a restart, as far as that starts nothing."""
        if reading.state is MinerState.UNKNOWN:
            return
        interlude, self._interlude_is_old = self._interlude, False
        if interlude is None:
            return
        if interlude.watts and not reading.runs:
            # Somebody has switched it off meanwhile, and neither a boost nor its end is a
            # reason to start it.
            self._set_interlude(None)
        else:
            self._wish(interlude.watts, Source.ACTION, passing=True)

    def _take_up_start(self, guard: Guard, left: LeftStart, reading: Reading) -> None:
        """Keep the promise of a start from before a restart, unless somebody else has."""
        # Only then all who limit it have been set up, too.
        ready = self._coordinator.hass.state is CoreState.running
        if not ready or not left.is_due(reading):
            if left.is_over(reading):
                self._left_start = None
            return
        self._left_start = None
        guard.wish(left.wish)

    def _set_interlude(self, interlude: Interlude | None) -> None:
        """Begin or end a pause or boost, and have that outlive a restart at once."""
        self._interlude_is_old = False
        if interlude is not self._interlude:
            self._interlude = interlude
            self._coordinator.async_remember()

    @callback
    def release(self) -> None:
        """Wish nothing more: what the miner does from now on is its own affair."""
        self._set_interlude(None)
        self._left_start = None
        if self._guard:
            self._guard.release()

    # Wishes

    async def async_wish(self, watts: float, source: Source) -> None:
        """Have the miner draw so much, 0 W for off, as soon as it may.

        What can be done now is done now, and raises as `MinerCoordinator.async_command`; the
        rest follows with later polls. Only the newest wish counts; it ends a pause or boost.
        Raises ServiceValidationError where nothing can be set.
        """
        await self._async_attempt(lambda: self.note(watts, source))

    async def async_wish_and(
        self, watts: float, source: Source, send: Callable[[], Awaitable[None]]
    ) -> None:
        """Wish as `async_wish` what `send` has the miner told at once, past the guard."""
        await self._async_attempt(lambda: self.note(watts, source), send)

    async def _async_attempt(
        self, wish: Callable[[], None], send: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Wish and send; take the wish back if its owner is told that it is refused.

        Nobody expects it to come later then. What has been wished meanwhile is newer and stays,
        and what may have been obeyed shows in the measured watts. Without `send` the guard
        decides what is sent.
        """
        guard = self._needed()
        before = guard.wished
        interlude, last_on = self._interlude, self._last_on
        wish()
        mine = guard.wished
        try:
            await (send() if send else self.async_step(raises=True))
        except HomeAssistantError as error:
            newest = guard.wished
            if newest is mine and not isinstance(error.__cause__, UnconfirmedError):
                self._set_interlude(interlude)
                self._last_on = last_on
                guard.take_back(before)
                self._coordinator.async_remember()
                self._coordinator.async_update_listeners()
            raise
        state = guard.state(self._now())
        if mine and mine.watts == 0 and state.wish is mine and not state.running:
            # Off is an order also where nothing had to be sent: what boots mining later has
            # been started by nobody.
            self._coordinator.order_mining(False)

    async def async_start(self, source: Source) -> None:
        """Start with what "on" means, now or not at all; raises also where a limit forbids it."""

        async def start() -> None:
            await self.async_step(raises=True)
            if self.left_off:
                raise HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="left_off",
                    translation_placeholders={"name": self._coordinator.config_entry.title},
                )

        await self._async_attempt(lambda: self.note(self.on_watts, source), start)

    async def async_wish_if_new(self, watts: float, source: Source, *, quietly: bool) -> None:
        """Wish as `async_wish`, if it is not wished already; `quietly` logs what goes wrong."""
        state = self.state
        wish = state.wish if state else None
        if wish is None or wish.source is not source or abs(wish.watts - watts) >= 1:
            self._set_interlude(None)
            self._wish(watts, source)
        await self.async_step(raises=not quietly)

    async def async_interlude(self, watts: float, seconds: float, source: Source) -> None:
        """Wish something for a time only, and what is wished now again afterwards."""
        guard = self._needed()
        before, state = self._interlude, guard.state(self._now())
        stays_off = guard.past.stays_off
        then = before.then if before else state.wish.watts if state.wish else 0.0
        whose = state.wish.source if state.wish else Source.ADOPTED

        def begin() -> None:
            self._wish(watts, source, passing=True)
            self._set_interlude(
                Interlude(
                    watts=watts,
                    until=self._now() + seconds,
                    then=0.0 if stays_off else then,
                    source=before.source if before else whose,
                )
            )

        await self._async_attempt(begin)

    async def async_boost(self, seconds: float, source: Source) -> None:
        """Draw full power for a time, more if more is wished, and then what is wished now again."""
        guard = self._needed()
        wished = guard.wished.watts if guard.wished else 0.0
        await self.async_interlude(max(guard.ability.full, wished), seconds, source)

    async def async_resume(self, source: Source) -> None:
        """End a pause or boost, or start a miner that is off, with what it drew before."""

        def resume() -> None:
            if self._interlude:
                self._end_interlude(source)
            else:
                self._wish(self.on_watts, source)

        await self._async_attempt(resume)

    @property
    def on_watts(self) -> float:
        """W that "on" means: what was wished last before it was off, else what is stored."""
        guard = self._needed()
        ability, state = guard.ability, guard.state(self._now())
        if state.wish and state.wish.watts > 0:
            return state.wish.watts
        stored = guard.reading.target if guard.reading else None
        if ability.starts_at_full:
            # There it is lost with the stop, so that it has to be given again.
            return self._last_on or ability.full
        return stored or self._last_on or ability.full

    @callback
    def note(self, watts: float, source: Source) -> None:
        """Take note of a wish that somebody else sees to at once."""
        self._set_interlude(None)
        self._wish(watts, source)

    @callback
    def limit(
        self, watts: float | None, source: Source, *, again: Callable[[], None] | None = None
    ) -> None:
        """Keep it below so many W until the same source lifts that (None). Sent by `async_step`.

        `again` sets the limit anew. It is called when a start is ordered that the limit forbids,
        for a limit may know of no wish but those that were there when it was set.
        """
        if self._guard is None:
            return
        self._again.pop(source, None)
        if watts is None:
            self._guard.lift(source)
            return
        if again:
            self._again[source] = again
        self._guard.wish(Wish(watts=watts, source=source, at=self._now(), safety=True))

    @property
    def left_off(self) -> bool:
        """Tell whether it is off, is wished on, and only a limit of a power controller forbids it.

        A thermostat that keeps it off makes room for what is wished.
        """
        state = self.state
        if state is None or state.running or state.limit is None:
            return False
        return state.wait in LIMITS and state.limit.source is Source.SITE

    @callback
    def hand_back_to(self, source: Source) -> None:
        """Have a pause or boost end with what its newest owner wants then."""
        if self._interlude:
            self._set_interlude(replace(self._interlude, source=source))

    @callback
    def hand_over(self) -> None:
        """Let others than a person start it, since a person has ordered something of them."""
        if self._guard and self._guard.past.stays_off:
            self._guard.hand_over()
            self._coordinator.async_remember()

    def _wish(self, watts: float, source: Source, *, passing: bool = False) -> None:
        guard = self._needed()
        stayed_off = guard.past.stays_off
        self._left_start = None
        watts = min(watts, guard.ability.maximum)
        if watts > 0:
            self._last_on = watts
        guard.wish(Wish(watts=watts, source=source, at=self._now(), passing=passing))
        if guard.past.stays_off is not stayed_off:
            # Over a power cut, too.
            self._coordinator.async_remember()

    def _end_interlude(self, person: Source | None = None) -> None:
        """Go on as before, because the time is over or a person has said so."""
        interlude = self._interlude
        if interlude is None:
            return
        self._set_interlude(None)
        guard = self._needed()
        if person is None and guard.past.stays_off:
            # Somebody has switched it off meanwhile elsewhere, and that a boost is over is no
            # reason to start it.
            self._last_on = interlude.then or self._last_on
            if interlude.then == 0 and guard.reading is not None and not guard.reading.runs:
                # It was off by order before, and is so again, though nothing has to be sent.
                self._coordinator.order_mining(False)
            then, source = interlude.after(runs=False)
            guard.go_on(Wish(watts=then, source=source, at=self._now(), passing=True))
            return
        runs = guard.reading is not None and guard.reading.runs
        then, source = (interlude.then, person) if person else interlude.after(runs=runs)
        self._wish(then, source, passing=person is None or then == 0)

    def _needed(self) -> Guard:
        if self._guard is None:
            raise self._coordinator.nothing_to_set()
        return self._guard

    # Commands

    async def async_step(self, *, raises: bool = False) -> None:
        """Send what the guard wants sent now. Errors are logged, or raised to who asked."""
        guard = self._guard
        if guard is None:
            return
        async with self._sending:
            now = self._now()
            command = guard.next(now)
            if command is None and raises and self.left_off:
                for again in list(self._again.values()):
                    again()
                command = guard.next(now)
            if command is None:
                return
            guard.sent(command, now)
            if command.kind is not CommandKind.SET_POWER:
                # Begun before it goes out: after a power cut of Home Assistant this tells our own
                # stop or start from another hand's. What was written and then never sent does
                # no harm, since the guard takes back what does not show; what was sent and never
                # written is a stop that only a person ends, or a boost that leaves what stays off
                # to everyone. It is not waited for: a slow disk keeps no miner on.
                self._coordinator.async_remember()
            try:
                await self._async_send(guard.ability, command)
            except HomeAssistantError as error:
                cause = error.__cause__
                guard.done(command, self._now(), cause if isinstance(cause, MinerError) else None)
                if raises:
                    raise
                name = self._coordinator.config_entry.title
                LOGGER.warning("%s did not take what was wished: %s", name, error)
            except asyncio.CancelledError:
                # As a script does that begins anew. What went out by then is not known.
                guard.done(command, self._now(), UnconfirmedError("it was cancelled"))
                raise
            else:
                guard.done(command, self._now())
            finally:
                self._coordinator.async_update_listeners()

    async def _async_send(self, ability: Ability, command: Command) -> None:
        coordinator = self._coordinator
        match command.kind:
            case CommandKind.STOP:
                await coordinator.async_set_mining(False)
            case CommandKind.START:
                await coordinator.async_set_mining(True)
            case CommandKind.SET_POWER:
                watts = command.watts or ability.minimum
                await coordinator.async_set_draw(
                    lambda client: client.set_power_target(watts),
                    fast=self._fast(watts) if command.fast else None,
                )

    def _fast(self, watts: float) -> Order[bool] | None:
        """Return the quick form of a power, where there is one."""
        ranges = self._coordinator.capabilities.ranges
        percents, base = ranges.get(Feature.POWER_PERCENT), self.percent_base
        if percents is None or base is None:
            return None
        # Rounded down, since it is to shed load.
        percent = max(percents.minimum, min(watts * 100 // base, 100.0))
        return lambda client: client.set_power_percent(percent, fast=True)
