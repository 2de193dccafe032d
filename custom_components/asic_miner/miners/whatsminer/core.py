"""What every command of a WhatsMiner stands on: reading it, and sending to it with care."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
import math
from typing import override

from ..client import Credentials, MinerClient
from ..errors import (
    MinerError,
    MiningProcessDownError,
    UnconfirmedError,
    UnreachableError,
    WriteAccessError,
)
from ..models import Capabilities, Feature, Identity, JsonValue, Make, PowerRange, Snapshot
from ..plausible import plausible
from . import readings
from .api import WhatsminerApi
from .identity import identify
from .learned import Learned
from .parse import Record
from .poll import Kept, Poll, Slow
from .readings import Live
from .state import miner_state
from .transport import Transport, was_lost, was_not_connected

_TELLING_SECONDS = 60.0
"""Seconds after a command, in which the device is asked at each poll what has become of it."""


class Core(MinerClient):
    """One WhatsMiner as far as it can be read, and the way to write to it."""

    make = Make.WHATSMINER
    one_at_a_time = True
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
        self._learned = Learned(memory)
        self._slow = Slow()
        self._kept: Kept | None = None
        self._written_at = -math.inf

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
            pools=seen.pools,
        )

    @property
    @override
    def memory(self) -> Mapping[str, JsonValue]:
        """Whether the last write was allowed, the full draw, and whether joins are answered."""
        kept = self._learned.memory
        if self._write_access is not None:
            kept["write_access"] = self._write_access
        return kept

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
        self._kept = None
        return await identify(self.api, self._learned)

    @override
    async def read(self, *, slow: bool, seconds: float = 9.0) -> Snapshot:
        """Read the live values in at most three connections, with `slow` in seven.

        A join that fails takes one more, since the poll then asks in the other way.

        Live values are one less of a miner that goes on working, see `Poll.live`. Where the
        device has proved that it answers joined requests it is one less each, and
        one more in the slow read that tries it. The live values come first, so that they are
        there when `seconds` end early; the default leaves a poll of ten seconds some air.
        """
        poll = Poll(self.api, self._learned, seconds)
        kept, self._kept = self._kept, None
        live = await poll.live(None if slow else kept)
        now_kept = Kept.of(live, kept) if poll.is_quick else None
        told_now = None
        if slow:
            self._slow = await poll.slow(live)
            told_now = self._slow.info
            await poll.try_joins(live)
        if asyncio.get_running_loop().time() - self._written_at > _TELLING_SECONDS:
            self._kept = now_kept
        self._learned.learn(live)
        snapshot = plausible(self._snapshot(live, told_now))
        self._learned.see(snapshot)
        if snapshot.off_on_purpose:
            # Off on purpose is zero, also where averages or silence say otherwise.
            return replace(snapshot, hashrate=0.0, efficiency=None, power=snapshot.power or 0.0)
        return snapshot

    def _snapshot(self, live: Live, told_now: Record | None) -> Snapshot:
        summary, slow = live.summary or Record(), self._slow
        faults = slow.faults
        if slow.faults_in_totals:
            faults = readings.summary_faults(summary, hydro=self._learned.hydro)
        accepted, rejected = readings.shares(live.summary, slow.pools)
        return Snapshot(
            # A MAC from an earlier read would not show that another miner answers now.
            mac=readings.mac(told_now, live.summary),
            state=miner_state(live, faults, slow.pools),
            mining_wanted=live.mining_wanted,
            hashrate=readings.hashrate(live.summary),
            expected_hashrate=readings.expected_hashrate(live),
            power=readings.power(live.summary),
            efficiency=readings.efficiency(live.summary),
            temperature=readings.temperature(live),
            environment_temperature=readings.environment_temperature(live),
            inlet_temperature=readings.liquid_temperature(live.status),
            clock=readings.clock(live),
            uptime=summary.integer("Uptime"),
            mining_uptime=summary.integer("Elapsed"),
            accepted_shares=accepted,
            rejected_shares=rejected,
            boards=readings.boards(live),
            fans=() if self._learned.liquid else readings.fans(live.summary),
            pools=slow.pools,
            faults=faults,
            psu=slow.psu,
            ip_address=readings.ip_address(slow.info),
            locate=readings.locate(slow.info),
            power_percent=self._learned.percent(live),
            power_target=self._learned.power_target(live),
            power_limit=readings.limit_as_set(live.status),
            power_mode=readings.power_mode(live),
            settings=self._learned.settings(live, slow.info) if self._commands else {},
            write_access=self._write_access,
        )

    # The way to write

    async def _ranges(self) -> Mapping[Feature, PowerRange]:
        """Return what commands take."""
        return (await self._commands_taken()).ranges

    async def _commands_taken(self) -> Capabilities:
        """Return the commands, asking who it is if nobody has yet."""
        if self._learned.firmware is None:
            await self.identify()
        return self._learned.commands

    async def _send(
        self, write: Awaitable[object], shows: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Send a write once, and learn from it whether writes are allowed.

        When its reply is lost, look for its effect with `shows` for a limited time.
        """
        self._kept, self._written_at = None, math.inf
        try:
            await write
        except WriteAccessError:
            self._write_access = False
            raise
        except UnconfirmedError:
            if shows is None or not await self._comes_true(shows):
                raise
        finally:
            self._written_at = asyncio.get_running_loop().time()
        self._write_access = True

    async def _comes_true(
        self, shows: Callable[[], Awaitable[bool]], seconds: float | None = None
    ) -> bool:
        """Look for an effect again and again, for `confirm_seconds` or as long as told."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.confirm_seconds if seconds is None else seconds):
                while True:
                    # A device that restarts something fails in every way meanwhile.
                    with suppress(MinerError):
                        if await shows():
                            return True
                    await asyncio.sleep(self.confirm_interval)
        return False

    async def _send_and_boot(self, write: Callable[[], Awaitable[object]]) -> None:
        """Send what reboots the control board; without a reply, look for the reboot."""
        before = await self._counter("Uptime")

        async def shows() -> bool:
            try:
                uptime = (await self.api.summary()).number("Uptime")
            except UnreachableError as error:
                # Whether a booting board refuses or drops off depends on its network chip.
                return was_not_connected(error)
            return uptime is not None and before is not None and uptime < before

        await self._send(write(), shows)

    async def _counter(self, key: str) -> float | None:
        """Return what a restart sets back to zero, None while mining does not run."""
        try:
            return (await self.api.summary()).number(key)
        except MinerError as error:
            if process_gone(error):
                return None
            raise


def process_gone(error: MinerError) -> bool:
    """Tell whether an error is how a device answers for a mining process that is away."""
    return isinstance(error, MiningProcessDownError) or was_lost(error)
