"""A WhatsMiner as a miner like any other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
import math
from typing import override

from ..client import Credentials, MinerClient
from ..errors import (
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from ..models import (
    Capabilities,
    Feature,
    Identity,
    JsonValue,
    Make,
    PowerMode,
    PowerRange,
    SettingValue,
    Snapshot,
)
from . import readings, settings
from .api import WhatsminerApi
from .identity import ask_summary, identify
from .learned import Learned
from .parse import Record
from .poll import Poll, Slow
from .readings import Live
from .rivals import check_rival
from .settings import check_range, check_whole
from .transport import Transport, was_lost, was_not_connected

_LOCATE_MS = {"period": 200, "duration": 100, "start": 0}
"""The maker's own software blinks like this to show a miner."""
_LONGEST_RAMP = 45 * 60
"""Seconds. A ramp takes about twenty minutes; more than twice that is a miner that never
calls itself stable, and waiting for it would never end."""


class WhatsminerClient(MinerClient):
    """One WhatsMiner. Reading needs no password; without one there are no commands."""

    make = Make.WHATSMINER
    off_may_not_hold = True
    settling_seconds = 5.0
    """The light's state lags some seconds, and so do power readings."""
    confirm_seconds = 20.0
    """How long an unanswered command may take to show: the mining process is gone within
    seconds, while a user is still looking at the button."""
    confirm_interval = 1.5
    """Between two looks; each is a connection of its own."""

    def __init__(
        self,
        host: str,
        port: int,
        credentials: Credentials,
        *,
        memory: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Nothing is sent yet. A user name is not needed."""
        known = (memory or {}).get("write_access")
        self.api = WhatsminerApi(Transport(host, port), credentials.password)
        self._commands = credentials.password is not None
        self._write_access = known if isinstance(known, bool) else None
        self._learned = Learned()
        self._slow = Slow()

    # Who it is

    @property
    @override
    def capabilities(self) -> Capabilities:
        """What the device has shown in `identify` and `read` since the client was made."""
        seen = self._learned.seen
        if not self._commands:
            return seen
        commands = self._learned.commands
        return replace(
            commands,
            features=seen.features | commands.features,
            boards=seen.boards,
            fans=seen.fans,
        )

    @property
    @override
    def memory(self) -> Mapping[str, JsonValue]:
        """Whether the last write was allowed, which cannot be read."""
        return {} if self._write_access is None else {"write_access": self._write_access}

    @override
    async def probe(self) -> Identity:
        """Find out whether a WhatsMiner answers here. Takes no token.

        Raises MalformedReplyError when something else does: miners of other makers
        listen on the same port.
        """
        return await self.identify()

    @override
    async def identify(self) -> Identity:
        """Ask who answers, and learn which interface it speaks.

        Old firmware tells some things through its mining process only. While that does
        not run, the model is UNKNOWN_MODEL and a missing MAC MiningProcessDownError.
        """
        return await identify(self.api, self._learned)

    @override
    async def read(self, *, slow: bool, seconds: float = 9.0) -> Snapshot:
        """Read the live values in at most three connections, with `slow` in seven.

        The live values come first, so that they are there when `seconds` end early; the
        default leaves a poll of ten seconds some air.
        """
        poll = Poll(self.api, self._learned, seconds)
        live = await poll.live()
        told_now = None
        if slow:
            self._slow = await poll.slow(live)
            told_now = self._slow.info
        self._learned.learn(live)
        snapshot = self._snapshot(live, told_now)
        self._learned.see(snapshot)
        if snapshot.off_on_purpose:
            # Off on purpose is zero, also where averages or silence say otherwise.
            return replace(snapshot, hashrate=0.0, efficiency=None, power=snapshot.power or 0.0)
        return snapshot

    def _snapshot(self, live: Live, told_now: Record | None) -> Snapshot:
        summary, slow = live.summary or Record(), self._slow
        faults = slow.faults
        if faults is None and "get_error_code" in self._learned.unsupported:
            faults = readings.summary_faults(summary, hydro=self._learned.hydro)
        accepted, rejected = readings.shares(live.summary, slow.pools)
        percent = self._learned.percent(live)
        full_power = self._learned.full_power
        target = None
        if percent is not None and full_power is not None:
            target = float(round(full_power * percent / 100))
        return Snapshot(
            # A MAC from an earlier read would not show that another miner answers now.
            mac=readings.mac(told_now, live.summary),
            state=readings.state(live, faults, slow.pools),
            mining_wanted=live.mining_wanted,
            hashrate=readings.hashrate(live.summary),
            expected_hashrate=readings.expected_hashrate(live),
            power=readings.power(live.summary),
            efficiency=readings.efficiency(live.summary),
            temperature=readings.temperature(live),
            environment_temperature=readings.environment_temperature(live),
            inlet_temperature=readings.liquid_temperature(live.status),
            uptime=summary.integer("Uptime"),
            mining_uptime=summary.integer("Elapsed"),
            accepted_shares=accepted,
            rejected_shares=rejected,
            boards=readings.boards(live),
            fans=() if self._learned.liquid else readings.fans(live.summary),
            pools=slow.pools,
            faults=faults,
            psu=slow.psu,
            locate=readings.locate(slow.info),
            power_percent=percent,
            power_target=target,
            power_limit=readings.limit_as_set(live.status),
            power_mode=readings.power_mode(live),
            settings=self._learned.settings(live, slow.info) if self._commands else {},
            write_access=self._write_access,
        )

    # Commands

    @override
    async def check_access(self) -> None:
        """Hand the lights back to the device, which is their normal state."""
        await self._send(self.api.set_led())

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
    async def set_power_percent(self, percent: float, *, fast: bool = False) -> bool:
        """Set the draw in percent of stable power; lost when mining restarts.

        Raises RampingError until the hashrate has settled after a start: the device would
        accept the percentage and ignore it. One that never settles gets it after a while.
        """
        check_whole(percent, (await self._ranges()).get(Feature.POWER_PERCENT))
        summary = await ask_summary(self.api, "there is nothing to set the draw of")
        if not readings.stable(Live(summary=summary)):
            await self._check_unsettled(summary)
        unsupported = self._learned.unsupported
        if "set_power_pct_v2" not in unsupported:
            try:
                await self._send_percent(self.api.set_power_pct_v2(percent), percent)
            except UnsupportedError:
                # Refused as unknown, so it had no effect; older firmware has one form.
                unsupported.add("set_power_pct_v2")
            else:
                return True
        try:
            await self._send_percent(self.api.set_power_pct(percent), percent)
        except UnsupportedError:
            unsupported.add("set_power_pct")
            raise
        return True

    async def _check_unsettled(self, summary: Record) -> None:
        """Raise for a miner that is off, and for one that still ramps up."""
        status = None
        with suppress(MinerError):
            status = await self.api.status()
        live = Live(summary=summary, status=status)
        if live.mining_wanted is False:
            raise MiningProcessDownError("mining is off: there is nothing to set the draw of")
        elapsed = summary.number("Elapsed")
        if readings.ramping(live) and elapsed is not None and elapsed < _LONGEST_RAMP:
            raise RampingError("the hashrate has not settled yet")

    @override
    async def set_power_target(self, watts: float) -> bool:
        """Set the draw in W by the whole percentage that does not exceed it.

        Raises InvalidValueError as well when the draw at 100 % is not known yet.
        """
        percents = (await self._ranges()).get(Feature.POWER_PERCENT)
        if percents is None:
            raise UnsupportedError("the firmware of this device is too old for this")
        if self._learned.full_power is None:
            # One look at the device is often enough, as after a restart of the caller.
            await self.read(slow=False)
        if (full_power := self._learned.full_power) is None:
            raise InvalidValueError(
                "the draw at 100 % is not known yet; set the power level to 100 % once and wait"
                " until mining has settled"
            )
        check_range(watts, self._learned.commands.ranges.get(Feature.POWER_TARGET))
        # The tiny addition makes up for what binary fractions lose on exact percentages.
        percent = math.floor(watts * 100 / full_power + 1e-9)
        return await self.set_power_percent(min(percent, percents.maximum))

    @override
    async def restore_power(self) -> None:
        """Undo the power percentage."""
        await self._send_percent(self.api.restore_power_pct(), 100)

    @override
    async def set_power_limit(self, watts: float) -> None:
        """Set the lasting upper limit in W. Restarts mining."""

        async def shows() -> bool:
            return readings.limit_as_set(await self.api.status()) == watts

        check_range(watts, (await self._ranges()).get(Feature.POWER_LIMIT))
        await self._send(self.api.adjust_power_limit(watts), shows)

    @override
    async def set_power_mode(self, mode: PowerMode) -> None:
        """Choose a power mode. Restarts mining."""

        async def shows() -> bool:
            status = await self.api.status()
            if status.text("power_mode") is None:
                return readings.power_mode(Live(summary=await self.api.summary())) is mode
            return readings.power_mode(Live(status=status)) is mode

        commands = {
            PowerMode.LOW: self.api.set_low_power,
            PowerMode.NORMAL: self.api.set_normal_power,
            PowerMode.HIGH: self.api.set_high_power,
        }
        await self._send(commands[mode](), shows)

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

    @override
    async def restart_mining(self) -> None:
        """Restart the mining process; back to full hashrate takes minutes."""
        before = await self._counter("Elapsed")

        async def shows() -> bool:
            try:
                elapsed = (await self.api.summary()).number("Elapsed")
            except MinerError as error:
                # Only tells something about a process that did run before.
                return before is not None and _process_gone(error)
            return elapsed is not None and (before is None or elapsed < before)

        await self._send(self.api.restart_btminer(), shows)

    @override
    async def reboot(self) -> None:
        """Restart the control board; it is away for one to three minutes."""
        before = await self._counter("Uptime")

        async def shows() -> bool:
            try:
                uptime = (await self.api.summary()).number("Uptime")
            except UnreachableError as error:
                # Whether a booting board refuses or drops off depends on its network chip.
                return was_not_connected(error)
            return uptime is not None and before is not None and uptime < before

        await self._send(self.api.reboot(), shows)

    async def _counter(self, key: str) -> float | None:
        """Return what a restart sets back to zero, None while mining does not run."""
        try:
            return (await self.api.summary()).number(key)
        except MinerError as error:
            if _process_gone(error):
                return None
            raise

    async def _ranges(self) -> Mapping[Feature, PowerRange]:
        """Return what commands take."""
        return (await self._commands_taken()).ranges

    async def _commands_taken(self) -> Capabilities:
        """Return the commands, asking who it is if nobody has yet."""
        if self._learned.firmware is None:
            await self.identify()
        return self._learned.commands

    async def _send_percent(self, write: Awaitable[object], percent: float) -> None:
        async def shows() -> bool:
            return (await self.api.status()).number("power_pct") == percent

        try:
            await self._send(write, shows if self._learned.tells_percent else None)
        except UnconfirmedError:
            self._learned.percent_sent(None)
            raise
        self._learned.percent_sent(float(percent))

    async def _send(
        self, write: Awaitable[object], shows: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Send a write once, and learn from it whether writes are allowed.

        When its reply is lost, look for its effect with `shows` for a limited time.
        """
        try:
            await write
        except WriteAccessError:
            self._write_access = False
            raise
        except UnconfirmedError:
            if shows is None or not await self._comes_true(shows):
                raise
        self._write_access = True

    async def _comes_true(self, shows: Callable[[], Awaitable[bool]]) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.confirm_seconds):
                while True:
                    # A device that restarts something fails in every way meanwhile.
                    with suppress(MinerError):
                        if await shows():
                            return True
                    await asyncio.sleep(self.confirm_interval)
        return False


def _process_gone(error: MinerError) -> bool:
    """Tell whether an error is how a device answers for a mining process that is away."""
    return isinstance(error, MiningProcessDownError) or was_lost(error)
