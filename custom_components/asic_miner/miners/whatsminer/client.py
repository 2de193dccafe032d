"""A WhatsMiner as a miner like any other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
import math
from typing import override

from ..client import Credentials, MinerClient
from ..errors import (
    BusyError,
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from ..models import (
    Capabilities,
    Fault,
    Feature,
    Identity,
    Make,
    MinerState,
    Pool,
    PowerMode,
    PowerRange,
    PowerSupply,
    Snapshot,
)
from . import features, readings
from .api import WhatsminerApi
from .device import UNKNOWN_MODEL, Model, Version, api_version, unquoted
from .parse import Record
from .readings import Live
from .transport import LostReplyError, RefusedError, Transport

_STILL_POLLS = 3
"""Polls with both fans at rest while hashing that prove liquid cooling."""
_DRIFT = 0.03
"""Relative change of the full draw that is more than a reading's noise."""
_LOCATE_MS = {"period": 200, "duration": 100, "start": 0}
"""The maker's own software blinks like this to show a miner."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Slow:
    """What the last slow read told; None for what it did not."""

    pools: tuple[Pool, ...] | None = None
    faults: tuple[Fault, ...] | None = None
    psu: PowerSupply | None = None
    locate: bool | None = None


class WhatsminerClient(MinerClient):
    """One WhatsMiner. Reading needs no password; without one there are no commands."""

    make = Make.WHATSMINER
    settling_seconds = 5.0
    """The light's state lags some seconds, and so do power readings."""
    poll_seconds = 9.0
    """For all requests of one `read` together; leaves a poll of ten seconds some air."""
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
        write_access: bool | None = None,
    ) -> None:
        """Nothing is sent yet. A user name is not needed."""
        self.api = WhatsminerApi(Transport(host, port), credentials.password)
        self._commands = credentials.password is not None
        self._write_access = write_access
        self._firmware: str | None = None
        self._version: Version | None = None
        self._model: Model | None = None
        self._liquid: bool | None = None
        self._still_polls = 0
        self._unsupported: set[str] = set()
        self._refused: set[Feature] = set()
        self._slow = _Slow()
        self._seen = Capabilities()
        self._full_power: float | None = None
        self._percent: float | None = None
        self._tells_percent = False
        self._fast_percent = False
        self._elapsed: float | None = None

    # Who it is

    @property
    @override
    def capabilities(self) -> Capabilities:
        """What the device has shown in `identify` and `read` since the client was made."""
        if not self._commands:
            return self._seen
        commands = features.commands(
            self._version, liquid=self._cooled_by_liquid(), full_power=self._full_power
        )
        return replace(
            commands,
            features=self._seen.features | commands.features - self._refused,
            boards=self._seen.boards,
            fans=self._seen.fans,
        )

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
        version = await self._ask_version()
        self._remember_version(version)
        info = await self._if_supported(self.api.get_miner_info())
        summary = None
        mac = readings.mac(info)
        if mac is None:
            summary = await self.api.summary()
            mac = readings.mac(summary)
        if mac is None:
            raise MalformedReplyError("the device does not tell its hardware address")
        self._model = await self._ask_model(version) or self._model
        known = info or Record()
        return Identity(
            make=Make.WHATSMINER,
            mac=mac,
            manufacturer="MicroBT",
            model=self._model.name if self._model else UNKNOWN_MODEL,
            firmware=self._firmware,
            api_version=".".join(map(str, self._version)) if self._version else None,
            hardware=version.text("platform") or (summary or Record()).text("CB Platform"),
            serial=known.text("minersn"),
            hostname=known.text("hostname"),
        )

    async def _ask_version(self) -> Record:
        try:
            version = await self.api.get_version()
        except UnreachableError, BusyError:
            raise
        except MinerError as error:
            raise MalformedReplyError("what answers is no WhatsMiner") from error
        if version.text("api_ver", "fw_ver") is None:
            raise MalformedReplyError("what answers tells no version of a WhatsMiner")
        return version

    def _remember_version(self, version: Record) -> None:
        self._version = api_version(version.text("api_ver"))
        firmware = unquoted(version.text("fw_ver"))
        if firmware != self._firmware:
            # A new firmware may know what the old one did not.
            self._firmware = firmware
            self._unsupported.clear()
            self._refused.clear()
            self._fast_percent = False

    async def _ask_model(self, version: Record) -> Model | None:
        if model := Model.parse(version.text("miner_type")):
            return model
        try:
            details = await self._if_supported(self.api.devdetails())
        except UnreachableError, MalformedReplyError, MiningProcessDownError:
            # Only the mining process tells; without it the rest is still worth knowing.
            return None
        return Model.parse(details[0].text("Model")) if details else None

    @staticmethod
    async def _if_supported[T](part: Awaitable[T]) -> T | None:
        try:
            return await part
        except UnsupportedError, RejectedError:
            return None

    # Reading

    @override
    async def read(self, *, slow: bool) -> Snapshot:
        """Read the live values in at most three connections, with `slow` in seven."""
        end = asyncio.get_running_loop().time() + self.poll_seconds
        live = await self._read_live(end)
        info = await self._read_slow(live, end) if slow else None
        self._learn(live)
        return self._snapshot(live, info)

    async def _read_live(self, end: float) -> Live:
        # The control board itself answers `status`, so it comes first: it tells what it
        # means when the mining process does not answer.
        status = await self._part("status", self.api.status, end)
        if isinstance(status, UnreachableError) and not isinstance(status, LostReplyError):
            raise status
        summary = await self._part("summary", self.api.summary, end)
        boards: tuple[Record, ...] | MinerError = MiningProcessDownError("not asked")
        gone = isinstance(summary, MiningProcessDownError | UnreachableError)
        if not gone:
            boards = await self._part("edevs", self.api.edevs, end)
        failures = [part for part in (status, summary, boards) if isinstance(part, MinerError)]
        down = isinstance(summary, MiningProcessDownError) or (
            isinstance(summary, LostReplyError) and not isinstance(status, MinerError)
        )
        if len(failures) == 3 and not down:
            raise next((f for f in failures if not isinstance(f, UnreachableError)), failures[0])
        return Live(
            status=None if isinstance(status, MinerError) else status,
            summary=None if isinstance(summary, MinerError) else summary,
            boards=None if isinstance(boards, MinerError) else boards,
            process_down=down,
        )

    async def _read_slow(self, live: Live, end: float) -> Record | None:
        """Read what changes rarely, and return what was told about the box itself."""
        pools: tuple[Record, ...] | MinerError = MiningProcessDownError("not asked")
        if not live.process_down:
            pools = await self._part("pools", self.api.pools, end)
        codes = await self._part("get_error_code", self.api.get_error_code, end)
        supply = await self._part("get_psu", self.api.get_psu, end)
        info = await self._part("get_miner_info", self.api.get_miner_info, end)
        self._slow = _Slow(
            pools=None if isinstance(pools, MinerError) else readings.pools(pools),
            faults=None
            if isinstance(codes, MinerError)
            else readings.listed_faults(codes, hydro=self._hydro()),
            psu=None if isinstance(supply, MinerError) else readings.power_supply(supply),
            locate=None if isinstance(info, MinerError) else readings.locate(info),
        )
        return None if isinstance(info, MinerError) else info

    async def _part[T](
        self, name: str, ask: Callable[[], Coroutine[object, object, T]], end: float
    ) -> T | MinerError:
        """Return one part of a poll, or why it is missing."""
        if name in self._unsupported:
            return UnsupportedError("the device does not know this command")
        if asyncio.get_running_loop().time() >= end:
            return UnreachableError("no time is left for this")
        try:
            async with asyncio.timeout_at(end):
                return await ask()
        except TimeoutError:
            return UnreachableError(f"no reply within the {self.poll_seconds:g} s of a poll")
        except UnsupportedError as error:
            self._unsupported.add(name)
            return error
        except MinerError as error:
            return error

    def _snapshot(self, live: Live, info: Record | None) -> Snapshot:
        summary = live.summary or Record()
        slow = self._slow
        faults = slow.faults
        if faults is None and "get_error_code" in self._unsupported:
            faults = readings.summary_faults(summary, hydro=self._hydro())
        accepted, rejected = readings.shares(live.summary, slow.pools)
        percent = self._power_percent(live)
        target = None
        if percent is not None and self._full_power is not None:
            target = float(round(self._full_power * percent / 100))
        snapshot = Snapshot(
            mac=readings.mac(info, live.summary),
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
            fans=() if self._cooled_by_liquid() else readings.fans(live.summary),
            pools=slow.pools,
            faults=faults,
            psu=slow.psu,
            locate=slow.locate,
            power_percent=percent,
            power_target=target,
            power_limit=readings.limit_as_set(live.status),
            power_mode=readings.power_mode(live),
            write_access=self._write_access,
        )
        self._see(snapshot)
        if snapshot.state is MinerState.STOPPED and snapshot.off_on_purpose:
            # Off on purpose is zero, also where averages or silence say otherwise.
            return replace(snapshot, hashrate=0.0, efficiency=None, power=snapshot.power or 0.0)
        return snapshot

    # What reading teaches

    def _see(self, snapshot: Snapshot) -> None:
        """Add what a snapshot shows to what the device has."""
        liquid = self._cooled_by_liquid()
        self._seen = self._seen.merged(
            Capabilities(
                features=frozenset(features.readings(snapshot)),
                boards=frozenset(board.index for board in snapshot.boards),
                # While it is not known whether there are fans, only a turning one counts.
                fans=frozenset(fan.index for fan in snapshot.fans if fan.speed or liquid is False),
            )
        )

    def _learn(self, live: Live) -> None:
        summary = live.summary or Record()
        self._learn_cooling(live)
        elapsed = summary.number("Elapsed")
        if live.process_down:
            elapsed = math.inf
        if elapsed is not None:
            if self._elapsed is not None and elapsed < self._elapsed:
                # The mining process is a new one, and starts without a percentage.
                self._percent = 100.0
            self._elapsed = elapsed
        told = (live.status or Record()).number("power_pct")
        self._tells_percent = self._tells_percent or told is not None
        self._learn_full_power(live)

    def _learn_cooling(self, live: Live) -> None:
        summary, status = live.summary or Record(), live.status or Record()
        said = summary.flag("Liquid Cooling")
        if said is not None:
            self._liquid = said
        elif status.number("liquid_temp") is not None:
            self._liquid = True
        speeds = [fan.speed for fan in readings.fans(live.summary)]
        if readings.hashrate(live.summary) and speeds:
            self._still_polls = 0 if any(speeds) else self._still_polls + 1

    def _learn_full_power(self, live: Live) -> None:
        """Learn the draw that percentages refer to.

        It is the power limit in force; a device without one draws it when it is stable
        at 100 %.
        """
        draw = readings.power(live.summary)
        if (limit := readings.limit_in_force(live.summary)) is not None:
            self._full_power = limit
        elif draw and readings.stable(live) and self._power_percent(live) == 100:
            known = self._full_power
            if known is None or abs(draw - known) > _DRIFT * known:
                self._full_power = float(round(draw))

    def _power_percent(self, live: Live) -> float | None:
        told = (live.status or Record()).number("power_pct")
        return self._percent if told is None else told

    def _cooled_by_liquid(self) -> bool | None:
        """Tell the cooling: what the device says counts more than its name."""
        if self._liquid is not None:
            return self._liquid
        by_name = self._model.liquid if self._model else None
        return True if by_name is None and self._still_polls >= _STILL_POLLS else by_name

    def _hydro(self) -> bool:
        return self._model is not None and self._model.hydro

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
                return on and bool(readings.hashrate(await self.api.summary()))
            except MiningProcessDownError:
                return not on

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
    async def set_power_percent(self, percent: float) -> None:
        """Set the draw in percent of stable power; lost when mining restarts."""
        _check(percent, self._ranges().power_percent)
        if not self._fast_percent:
            try:
                await self._send_percent(self.api.set_power_pct_v2(percent), percent)
            except UnsupportedError:
                # Refused as unknown, so it had no effect; older firmware has one form.
                self._fast_percent = True
            else:
                return
        try:
            await self._send_percent(self.api.set_power_pct(percent), percent)
        except UnsupportedError:
            self._refused |= {Feature.POWER_PERCENT, Feature.POWER_TARGET}
            raise

    @override
    async def set_power_target(self, watts: float) -> None:
        """Set the draw in W by the whole percentage that does not exceed it."""
        ranges = self._ranges()
        if self._full_power is None or ranges.power_percent is None:
            raise UnsupportedError("the draw at 100 % is not known")
        _check(watts, ranges.power_target)
        # The tiny addition makes up for what binary fractions lose on exact percentages.
        percent = math.floor(watts * 100 / self._full_power + 1e-9)
        await self.set_power_percent(min(percent, ranges.power_percent.maximum))

    @override
    async def restore_power(self) -> None:
        """Undo the power percentage."""
        await self._send_percent(self.api.restore_power_pct(), 100)

    @override
    async def set_power_limit(self, watts: float) -> None:
        """Set the lasting upper limit in W. Restarts mining."""

        async def shows() -> bool:
            return readings.limit_as_set(await self.api.status()) == watts

        _check(watts, self._ranges().power_limit)
        await self._send(self.api.adjust_power_limit(watts), shows)

    @override
    async def set_power_mode(self, mode: PowerMode) -> None:
        """Choose a power mode. Restarts mining."""

        async def shows() -> bool:
            status = await self.api.status()
            if status.text("power_mode") is None:
                return readings.power_mode(Live(summary=await self.api.summary())) is mode
            return readings.power_mode(Live(status=status)) is mode

        match mode:
            case PowerMode.LOW:
                write = self.api.set_low_power()
            case PowerMode.NORMAL:
                write = self.api.set_normal_power()
            case PowerMode.HIGH:
                write = self.api.set_high_power()
        await self._send(write, shows)

    @override
    async def restart_mining(self) -> None:
        """Restart the mining process; back to full hashrate takes minutes."""
        before = await self._counter("Elapsed")

        async def shows() -> bool:
            try:
                elapsed = (await self.api.summary()).number("Elapsed")
            except MiningProcessDownError, LostReplyError:
                # Only tells something about a process that did run before.
                return before is not None
            return elapsed is not None and (before is None or elapsed < before)

        await self._send(self.api.restart_btminer(), shows)

    @override
    async def reboot(self) -> None:
        """Restart the control board; it is away for one to three minutes."""
        before = await self._counter("Uptime")

        async def shows() -> bool:
            try:
                uptime = (await self.api.summary()).number("Uptime")
            except RefusedError:
                return True
            return uptime is not None and before is not None and uptime < before

        await self._send(self.api.reboot(), shows)

    async def _counter(self, key: str) -> float | None:
        """Return what a restart sets back to zero, None while mining does not run."""
        try:
            return (await self.api.summary()).number(key)
        except MiningProcessDownError, LostReplyError:
            return None

    def _ranges(self) -> Capabilities:
        return features.commands(
            self._version, liquid=self._cooled_by_liquid(), full_power=self._full_power
        )

    async def _send_percent(self, write: Awaitable[object], percent: float) -> None:
        async def shows() -> bool:
            return (await self.api.status()).number("power_pct") == percent

        try:
            await self._send(write, shows if self._tells_percent else None)
        except UnconfirmedError:
            self._percent = None
            raise
        self._percent = float(percent)

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


def _check(value: float, limits: PowerRange | None) -> None:
    """Raise InvalidValueError for what a range does not have."""
    if limits is None:
        raise UnsupportedError("the firmware of this device is too old for this")
    if not limits.minimum <= value <= limits.maximum:
        raise InvalidValueError(f"must be from {limits.minimum:g} to {limits.maximum:g}")
