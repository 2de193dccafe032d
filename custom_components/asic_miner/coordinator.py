"""Sends commands to one miner, and keeps to what was ordered."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
import contextlib
from dataclasses import replace
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .actuator import Actuator
from .const import CONF_ORDERED_OFF, DOMAIN, LOGGER
from .diary import Diary, Memory
from .errors import action_error, check_between
from .install import InstallListener, InstallReport, InstallStep
from .lasting import Draw, Lasting
from .miners.client import MinerClient
from .miners.errors import (
    AuthenticationError,
    InvalidValueError,
    MinerError,
    RampingError,
    Reason,
    UnconfirmedError,
    UnsupportedError,
)
from .miners.models import Feature, JsonValue, MinerState, Snapshot
from .miners.orders import FirmwareImage
from .off_guard import REPEATS, OffGuard
from .polling import MinerPolling
from .power.model import Source
from .restart import Restart, RestartWatch

NOTHING_SENT = (InvalidValueError, RampingError, UnsupportedError)
"""Errors after which the miner is as it was before."""

type MinerConfigEntry = ConfigEntry[MinerCoordinator]
type Order[T] = Callable[[MinerClient], Awaitable[T]]
"""What a command has the client do."""


class MinerCoordinator(MinerPolling):
    """Everything between Home Assistant and one miner goes through here."""

    config_entry: MinerConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MinerConfigEntry,
        client: MinerClient,
        diary: Diary,
        memory: Memory,
    ) -> None:
        """Start from what the entry and `memory` of the diary hold; nothing is sent yet."""
        super().__init__(hass, entry, client)
        self._diary = diary
        if memory.energy is not None:
            self.energy.restore(memory.energy)
        self.actuator = Actuator(self, memory.actuator)
        self._off_guard = OffGuard(
            ordered_off=entry.data.get(CONF_ORDERED_OFF) is True, now=self._now()
        )
        self._lasting = Lasting()
        self._commands = 0
        self._download: asyncio.Task[object] | None = None
        self._install_listeners: list[InstallListener] = []

    @override
    def _act_on(self, snapshot: Snapshot) -> None:
        """Keep off what was switched off, and give again what did not last."""
        held_off = self.client.off_may_not_hold and self._off_guard.ordered_off
        step = self.actuator.read(snapshot, held_off=held_off)
        if held_off and self._off_guard.resumed(snapshot, self._now()):
            self._keep_off()
            step = False
        if draw := self._lasting.due(snapshot):
            self._async_in_background(self._async_give_again(draw), "power level")
        if step:
            self._async_in_background(self.actuator.async_step(), "power")

    @override
    def _has_mains(self, on: bool) -> None:
        self.actuator.mains(on)

    @override
    def _count(self, power: float | None, now: float) -> None:
        super()._count(power, now)
        self._diary.write_soon(self._to_diary)

    def _to_diary(self) -> dict[str, JsonValue]:
        return Diary.page(energy=self.energy.total, actuator=self.actuator.to_json())

    @callback
    def async_remember(self) -> None:
        """Have written down at once what must not be forgotten."""
        self._diary.write_soon(self._to_diary, now=True)

    @override
    async def async_shutdown(self) -> None:
        """Stop polling, and write down what was learned."""
        await super().async_shutdown()
        await self._diary.async_write(self._to_diary)

    # What a person sets at the miner's own entities

    @property
    def _guarded_and_on(self) -> bool:
        """Tell whether an order of power is the guard's affair.

        To one that is off it is only handed on: a power is no order to start.
        """
        off = self.last is not None and self.last.off_on_purpose
        return self.actuator.guard is not None and not off

    async def async_user_power(self, watts: float, source: Source) -> None:
        """Have the miner draw so many W, as soon as its guard allows."""
        if self._guarded_and_on:
            await self.actuator.async_wish(self.actuator.at_least_floor(watts), source)
        else:
            await self.async_set_draw(lambda client: client.set_power_target(watts))

    async def async_user_percent(self, percent: float, source: Source) -> None:
        """Have the miner draw a percentage of its full power, as `async_user_power`."""
        self._check_percent(percent)
        base = self.actuator.percent_base
        if base and self._guarded_and_on:
            watts = self.actuator.at_least_floor(base * percent / 100)
            await self.actuator.async_wish(watts, source)
        else:
            await self.async_set_draw(lambda client: client.set_power_percent(percent))

    def _check_percent(self, percent: float) -> None:
        """Raise for a percentage that the miner does not take."""
        limits = self.capabilities.ranges.get(Feature.POWER_PERCENT)
        if limits is None:
            return
        check_between(percent, limits.minimum, limits.maximum, " %", self.config_entry.title)
        if percent % limits.step:
            step = f"{limits.step:g} %"
            error = InvalidValueError(
                f"a power level is set in steps of {step}", Reason.NOT_A_STEP, step=step
            )
            raise action_error(error, self.config_entry.title)

    async def async_shed_percent(self, percent: float) -> None:
        """Have the miner draw only a percentage within about a second, guard or not."""
        self._check_percent(percent)

        async def gently(client: MinerClient) -> bool:
            return await client.set_power_percent(percent)

        async def quickly(client: MinerClient) -> bool:
            return await client.set_power_percent(percent, fast=True)

        async def shed() -> None:
            await self.async_set_draw(gently, fast=quickly)

        base = self.actuator.percent_base
        if base and self._guarded_and_on:
            await self.actuator.async_wish_and(base * percent / 100, Source.ACTION, shed)
        else:
            await shed()

    async def async_user_mining(self, on: bool) -> None:
        """Start or stop mining, which the guard does at once for a person.

        Raises HomeAssistantError for a start that a limit forbids; then it is not wished.
        """
        if not self.actuator.guard:
            await self.async_set_mining(on)
        elif on:
            await self.actuator.async_start(Source.USER)
        else:
            await self.async_order(0.0, Source.USER)

    async def async_order(self, watts: float, source: Source) -> None:
        """Have the miner draw so many W; 0 stops also a miner that can only be switched."""
        if watts == 0 and not self.actuator.guard:
            await self.async_set_mining(False)
        else:
            await self.actuator.async_wish(watts, source)

    def nothing_to_set(self) -> ServiceValidationError:
        """Return the error for a miner of which it is not known what it can be set to."""
        return self._refusal("nothing_to_set")

    async def async_command[T](
        self, order: Order[T], *, restarts: Restart | None = None, urgent: bool = False
    ) -> T:
        """Send one command and have its effect read after the miner's settling time.

        `restarts` says what the command restarts, so that the miner being away is
        expected. `urgent` does not wait for a poll to end, only for the request that is
        under way. Returns what the client returns. Raises a translated HomeAssistantError
        for every refusal.
        """
        self._refuse_during_transfer()
        self._commands += 1
        if urgent and self._download and self.client.one_at_a_time:
            self._download.cancel()
        try:
            async with contextlib.nullcontext() if urgent else self._turn:
                # It may have begun while this one waited.
                self._refuse_during_transfer()
                done = await self._async_send(order)
        finally:
            self._commands -= 1
        if restarts:
            # A percentage does not survive that.
            self._lasting.forget()
            self.actuator.restarting()
            self._restart = RestartWatch(restarts, self.last, self._now())
            self.async_set_updated_data(
                replace(self.last or Snapshot(), state=MinerState.RESTARTING)
            )
        self._read_soon()
        return done

    async def _async_send[T](self, order: Order[T]) -> T:
        """Have the client do something, and say in the user's language what went wrong."""
        try:
            return await order(self.client)
        except MinerError as error:
            if not isinstance(error, NOTHING_SENT):
                # It may have had an effect all the same; only reading tells.
                self._read_soon()
            if isinstance(error, AuthenticationError):
                if self.config_entry.data.get(CONF_PASSWORD) is None:
                    raise self._refusal("only_watched") from error
                self.config_entry.async_start_reauth(self.hass)
            raise action_error(error, self.config_entry.title) from error

    async def async_set_draw(self, order: Order[bool], *, fast: Order[bool] | None = None) -> None:
        """Set how much the miner draws; where that does not last, once more when it can.

        `fast` is another form of the same order, which is sent first and at once. Of orders
        that overtake each other the newest holds in the end. Raises as `async_command`.
        """
        draw = Draw(order=order, fast=fast)
        self._lasting.begin(draw)
        try:
            await self._async_draw(draw, fast or order, urgent=fast is not None)
        except HomeAssistantError as error:
            if not isinstance(error.__cause__, UnconfirmedError):
                self._lasting.refused(draw)
            raise

    async def _async_draw(self, draw: Draw, form: Order[bool], *, urgent: bool) -> None:
        async def unless_outdated(client: MinerClient) -> bool:
            return self._lasting.newest is not draw or await form(client)

        lasts = await self.async_command(unless_outdated, urgent=urgent)
        self._lasting.ended(draw, lasts=lasts)
        newest = self._lasting.newest
        if newest is not None and newest is not draw and newest.sent:
            # It was urgent and has passed this one on its way, so that this one came last.
            await self._async_draw(newest, newest.fast or newest.order, urgent=True)

    async def _async_give_again(self, draw: Draw) -> None:
        try:
            await self._async_draw(draw, draw.order, urgent=False)
        except HomeAssistantError as error:
            name = self.config_entry.title
            LOGGER.warning("%s did not take its power level again: %s", name, error)

    def forget_power(self) -> None:
        """Something has set the power besides: what was ordered before is out of date."""
        self._lasting.forget()
        self.actuator.release()

    def _refuse_during_transfer(self) -> None:
        if self._transferring:
            raise self._refusal("installing")

    def _refusal(self, key: str) -> ServiceValidationError:
        """Return the error for something that is refused here, without asking the miner."""
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"name": self.config_entry.title},
        )

    async def async_install(self, image: FirmwareImage) -> None:
        """Install a firmware file, and tell listeners how far it is.

        Nothing else is polled or sent meanwhile. Raises as `async_command`, and at once when
        another command is under way.
        """
        self._refuse_during_transfer()
        if self._commands:
            raise self._refusal("other_command")
        self._transferring = True
        before = self.last
        report = InstallReport(image.size, self._tell_install)
        try:
            async with self._turn:
                self.async_set_updated_data(Snapshot(state=MinerState.RESTARTING))
                report.begin()
                await self._async_send(lambda client: client.update_firmware(image, report.sent))
            report.end(failed=False)
        except BaseException:
            # Also when it is cancelled: listeners must not wait for an end that never comes.
            report.end(failed=True)
            raise
        finally:
            self._transferring = False
            # A device may say that it is done a while before it restarts.
            self._restart = RestartWatch(Restart.BOARD, before, self._now())
            self._identity_due = self._now()
            self._read_soon()

    async def async_download[T](self, order: Order[T]) -> T:
        """Fetch something long from the miner.

        Polls wait meanwhile where the device answers one request at a time; something urgent
        breaks it off. Raises as `async_command`.
        """
        self._refuse_during_transfer()
        self._commands += 1
        turn = self._turn if self.client.one_at_a_time else contextlib.nullcontext()
        try:
            async with turn:
                download = self.hass.async_create_task(self._async_send(order))
                self._download = download
                try:
                    return await download
                except asyncio.CancelledError:
                    waiting = asyncio.current_task()
                    if waiting is None or waiting.cancelling():
                        download.cancel()
                        raise
                    raise self._refusal("download_interrupted") from None
        finally:
            self._download = None
            self._commands -= 1

    @callback
    def async_listen_to_install(self, listener: InstallListener) -> CALLBACK_TYPE:
        """Have a listener told how an installation of firmware goes; returns how to stop it."""
        self._install_listeners.append(listener)
        return lambda: self._install_listeners.remove(listener)

    @callback
    def _tell_install(self, step: InstallStep, percent: int) -> None:
        for listener in self._install_listeners:
            listener(step, percent)

    async def async_set_mining(self, on: bool) -> None:
        """Start or stop hashing, and where the make needs it, see to it that off stays off.

        Raises as `async_command`.
        """
        if on:
            self.order_mining(True)
        try:
            # Off waits for nothing but the request that is under way.
            await self.async_command(lambda client: client.set_mining(on), urgent=not on)
        except HomeAssistantError as error:
            # A refused order is none; one that got no answer may have been obeyed.
            if not isinstance(error.__cause__, UnconfirmedError):
                raise
            self.order_mining(on)
            raise
        self.order_mining(on)
        self.issues.clear_issue("off_does_not_hold")

    @callback
    def order_mining(self, on: bool) -> None:
        """Take note of what is wanted, also for after a restart of Home Assistant."""
        self._off_guard.ordered(on, self._now())
        self._lasting.forget()
        if self.config_entry.data.get(CONF_ORDERED_OFF, False) is on:
            self._store({CONF_ORDERED_OFF: not on})

    def _keep_off(self) -> None:
        """Order a miner that has resumed by itself to be off again, or give up and say so."""
        name = self.config_entry.title
        if self._off_guard.may_repeat(self._now()):
            LOGGER.warning("%s has started mining by itself; it is switched off again", name)
            self._async_in_background(self._async_turn_off_again(), "switch off again")
            return
        self.order_mining(True)
        self.actuator.release()
        self.actuator.hand_over()
        self.issues.raise_issue("off_does_not_hold", times=str(REPEATS))

    async def _async_turn_off_again(self) -> None:
        try:
            await self.async_command(lambda client: client.set_mining(False), urgent=True)
        except HomeAssistantError as error:
            # The next poll that still finds it mining counts and tries again.
            LOGGER.warning("%s could not be switched off again: %s", self.config_entry.title, error)

    def _async_in_background(self, work: Coroutine[None, None, None], what: str) -> None:
        self.config_entry.async_create_background_task(
            self.hass, work, f"{self.config_entry.title}: {what}"
        )

    async def async_change_password(self, new: str | None) -> None:
        """Change the password on the miner and the stored one together, or neither.

        Raises as `async_command`.
        """

        async def change() -> None:
            await self.async_command(lambda client: client.change_password(new))
            self._store({CONF_PASSWORD: new or ""})

        # Whoever asked may stop waiting, as a script that is stopped; both change all the same.
        await asyncio.shield(self.hass.async_create_task(change()))
