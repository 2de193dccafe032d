"""A WhatsMiner as a miner like any other."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, override

from ..client import Credentials
from ..errors import (
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from ..models import Feature, JsonValue, SettingValue
from ..orders import Blink
from . import readings, settings
from .account import AccountOrders
from .core import process_gone
from .envelope import has_failed
from .files import FileOrders
from .network import NetworkOrders
from .pools import PoolOrders
from .power import PowerCommands
from .raw import answers
from .rivals import check_rival

if TYPE_CHECKING:
    from aiohttp import ClientSession

_LOCATE_MS = {"period": 200, "duration": 100, "start": 0}
"""The maker's own software blinks like this to show a miner."""
_DONE = "API command OK"
"""What stands where a reply has nothing to tell."""


class WhatsminerClient(PowerCommands, PoolOrders, NetworkOrders, AccountOrders, FileOrders):
    """One WhatsMiner. Reading needs no password; without one there are no commands."""

    @override
    async def raw(self) -> Mapping[str, JsonValue]:
        """Return the answers to all reading commands that need no password."""
        return await answers(self.api.transport)

    @override
    async def set_mining(self, on: bool) -> None:
        """Start or stop hashing. A device may resume by itself after a while."""

        async def shows() -> bool:
            off = (await self.api.status()).flag("mineroff", "btmineroff")
            if off is not None:
                return off is not on
            try:
                hashing = bool(readings.hashrate(await self.api.summary()))
            except MiningProcessDownError:
                return not on
            return on and hashing

        await self._send(self.api.power_on() if on else self.api.power_off(), shows)

    # The lights

    @override
    async def set_locate(self, on: bool) -> None:
        """Let both lights blink, or hand them back to the device."""

        async def shows() -> bool:
            return readings.locate(await self.api.get_miner_info()) is on

        if not on:
            await self._send(self.api.set_led(), shows)
            return
        await self._send(self.api.set_led("red", **_LOCATE_MS), shows)
        await self._send(self.api.set_led("green", **_LOCATE_MS), shows)

    @override
    async def set_led(self, blink: Blink | None) -> None:
        """Let one light blink (set_led, 3.5), or hand all back to the device (None).

        Lost at a reboot. The other light goes on with what it did.
        """
        if blink is None:
            await self.set_locate(False)
            return
        if blink.duration > blink.period:
            raise InvalidValueError(
                "a light cannot be lit for longer than its period", Reason.LIGHT_TIMES
            )
        times = f"{blink.period},{blink.duration},{blink.start}"

        async def shows() -> bool:
            # Which number stands for which colour is not documented.
            leds = (await self.api.get_miner_info()).text("ledstat") or ""
            return any(led.partition(",")[2] == times for led in leds.split())

        write = self.api.set_led(
            blink.colour, period=blink.period, duration=blink.duration, start=blink.start
        )
        await self._send(write, shows)

    # Lasting settings

    @override
    async def set_setting(self, setting: Feature, value: SettingValue) -> None:
        """Set something lasting.

        TARGET_FREQUENCY restarts mining. FAST_BOOT and TEMP_OFFSET take effect when mining
        starts the next time. Fast boot and an UPFREQ_SPEED exclude each other:
        InvalidValueError.
        """
        learned = self._learned
        has = await self._commands_taken()
        settings.check(setting, value, has)
        await check_rival(self.api, learned, setting, value)

        async def shows() -> bool:
            return await settings.ask(self.api, setting, learned.unsupported) == value

        try:
            await self._send_setting(setting, value, None if setting in has.assumed else shows)
        except UnconfirmedError:
            learned.setting_sent(setting, None)
            raise
        learned.setting_sent(setting, value)

    async def _send_setting(
        self, setting: Feature, value: SettingValue, shows: Callable[[], Awaitable[bool]] | None
    ) -> None:
        unknown = self._learned.unsupported
        refusal = UnsupportedError(f"the firmware does not know the setting {setting}")
        for form in settings.forms(setting, unknown):
            try:
                await self._send(form.write(self.api, value), shows)
            except UnsupportedError as error:
                # Refused as unknown, so it had no effect; the other form may be known.
                unknown.add(form.command)
                refusal = error
            else:
                return
        raise refusal

    # Restarts

    @override
    async def restart_mining(self) -> None:
        """Restart the mining process; back to full hashrate takes minutes."""
        before = await self._counter("Elapsed")

        async def shows() -> bool:
            try:
                elapsed = (await self.api.summary()).number("Elapsed")
            except MinerError as error:
                # Only tells something about a process that did run before.
                return before is not None and process_gone(error)
            return elapsed is not None and (before is None or elapsed < before)

        await self._send(self.api.restart_btminer(), shows)

    @override
    async def reboot(self) -> None:
        """Restart the control board; it is away for one to three minutes."""
        await self._send_and_boot(self.api.reboot)

    # Notes of its owner

    @override
    async def get_message(self, key: str) -> str | None:
        """Read a note (get_customer_msg, 3.34, API 2.2). Needs the password.

        The manual does not say what a device answers for a key that it has not. That it
        failed at a command that it otherwise knows is taken for that.
        """
        try:
            note = await self.api.get_customer_msg(key)
        except WriteAccessError:
            # An answer proves nothing: reading may be allowed where writing is not.
            self._write_access = False
            raise
        except RejectedError as error:
            if not has_failed(error):
                raise
            return None
        # Neither does it say under which name the note comes.
        found = (note.get(name) for name in (key, "val", "Msg"))
        return next((text for text in found if isinstance(text, str) and text != _DONE), None)

    @override
    async def set_message(self, key: str, value: str) -> None:
        """Store a note (set_customer_msg, 3.33, API 2.2)."""

        async def shows() -> bool:
            return await self.get_message(key) == value

        await self._send(self.api.set_customer_msg(key, value), shows)


def create(
    host: str,
    port: int,
    credentials: Credentials,
    _session: ClientSession,
    memory: Mapping[str, JsonValue] | None,
) -> WhatsminerClient:
    """Return a client, which speaks no HTTP and needs no session."""
    return WhatsminerClient(host, port, credentials, memory=memory)
