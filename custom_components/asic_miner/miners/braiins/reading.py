"""Asking a device for everything a poll needs, so that each part can fail alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
import math

from ..errors import MinerError, UnreachableError, UnsupportedError
from ..lean import dataclass
from .api import BraiinsApi
from .configuration import Constraints
from .facts import Facts, RareParts, SlowParts
from .schema import (
    ApiVersion,
    CoolingState,
    MinerDetails,
    MinerStats,
    MinerStatus,
)
from .state import STARTING_SECONDS, Process
from .transport import ProcessAwayError, ProcessStoppedError

READ_SECONDS = 9.0
"""A poll may take 10 s; what has answered a second before that is still worth having."""

PATIENCE_SECONDS = 80.0
"""Four attempts of 10 s each, and 35 s between them."""


RARE_SECONDS: Mapping[str, float] = {
    # Up to 26 kB; as often as the makers of other software for these devices advise.
    "errors": 300.0,
    # A licence counts in days, and an address changes with the entry.
    "license": 600.0,
    "network": 600.0,
    "upgrade": 600.0,
}
"""After how long each of RareParts is read again."""

RARE_AT_ONCE = 2
"""How many of them go with one slow read, after the first one, which brings all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one poll brought."""

    details: MinerDetails
    process: Process
    recent: bool
    """It began to mine a short while ago."""
    stats: MinerStats | None
    cooling: CoolingState | None
    slow: SlowParts
    facts: Facts
    """What follows from this and the rare parts."""


async def attempt[T](ask: Callable[[], Awaitable[T]], deadline: float) -> T | MinerError:
    """Return an answer, or what went wrong, so that one part can fail alone."""
    try:
        async with asyncio.timeout_at(deadline):
            return await ask()
    except TimeoutError:
        return UnreachableError("no answer in time")
    except MinerError as error:
        return error


def look_deadline() -> float:
    """Return when a single look at the device that begins now has to be over."""
    return _deadline(READ_SECONDS)


def patience_deadline() -> float:
    """Return when something has to be over that waits for the mining process to restart."""
    return _deadline(PATIENCE_SECONDS)


def _deadline(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


class Reader:
    """Polls one device and keeps the slow parts between two slow polls."""

    def __init__(self, api: BraiinsApi, clock: Callable[[], float]) -> None:
        """Send nothing yet. `clock` returns seconds."""
        self._api = api
        self._clock = clock
        self.constraints: Constraints | None = None
        """What targets the device takes, once it has told."""
        self.version: ApiVersion | None = None
        """Of the device's contract, once it has told."""
        self._slow = SlowParts()
        self._rare = RareParts()
        self._facts_of: tuple[SlowParts, RareParts, Constraints | None] = (
            self._slow,
            self._rare,
            self.constraints,
        )
        self._facts = Facts.of(*self._facts_of)
        self._rarely_read: dict[str, float] = {}
        """When each of RareParts was read last."""
        self._mining_uptime: int | None = None
        self._was_down = False
        self._last_off: float | None = None

    async def read(self, *, slow: bool, seconds: float) -> Reading:
        """Read the live parts with three requests, with `slow` more.

        Those are six and up to two of the rare parts; the first time all of the rare parts,
        and the constraints and the version where they are not known yet: twelve at most.
        After a new start of the mining process the constraints are read again.

        What has not answered within `seconds` is None. The live parts come first.

        While the mining process is down only what works without it is asked for. When
        it has come back or been replaced, the slow parts are read too. Raises what
        asking for the details raises; anything else that fails is None.
        """
        deadline = _deadline(seconds)
        try:
            async with asyncio.timeout_at(deadline):
                details = await self._api.get_miner_details()
        except TimeoutError as error:
            raise UnreachableError(f"no answer within {seconds:g} s") from error
        stats, cooling, process = await self._read_live(details, deadline)
        if process is not Process.RUNNING:
            # What a process that is gone said last is not what is now.
            self._slow = replace(self._slow, hashboards=None, tuner=None, mode=None)
            self._rare = replace(self._rare, license=None)
            self.forget("license")
        anew = self._is_new_process(details, process)
        if slow or anew:
            await self._read_slow(deadline, process, anew=anew)
        return Reading(
            details=details,
            process=process,
            recent=self._is_recent(details, process),
            stats=stats,
            cooling=cooling,
            slow=self._slow,
            facts=self.facts,
        )

    @property
    def facts(self) -> Facts:
        """Return what the parts of now say, worked out anew only when one of them is new."""
        told = (self._slow, self._rare, self.constraints)
        if any(now is not before for now, before in zip(told, self._facts_of, strict=True)):
            self._facts_of, self._facts = told, Facts.of(*told)
        return self._facts

    async def learn_constraints(self) -> None:
        """Ask which targets the device takes; what was known stays when that fails."""
        answer = await attempt(self._api.get_constraints, look_deadline())
        if not isinstance(answer, MinerError):
            self.constraints = answer

    async def learn_version(self) -> ApiVersion:
        """Return the version of the contract, which is asked for once. No session needed."""
        if self.version is None:
            self.version = await self._api.get_api_version()
        return self.version

    def forget(self, part: str) -> None:
        """Have one of RareParts read again with the next slow read."""
        self._rarely_read.pop(part, None)

    def _is_new_process(self, details: MinerDetails, process: Process) -> bool:
        """Tell whether the mining process has come back or been replaced since the last read."""
        before, now = self._mining_uptime, details.bosminer_uptime_s
        running = process is Process.RUNNING
        replaced = before is not None and now is not None and now < before
        anew = running and (self._was_down or replaced)
        self._was_down = not running
        self._mining_uptime = now
        return anew

    def _is_recent(self, details: MinerDetails, process: Process) -> bool:
        """Tell whether mining began a short while ago, with the process or with a resume."""
        now, uptime = self._clock(), details.bosminer_uptime_s
        if process is not Process.RUNNING or details.status == MinerStatus.PAUSED:
            self._last_off = now
        resumed = self._last_off is not None and now - self._last_off < STARTING_SECONDS
        return resumed or (uptime is not None and uptime < STARTING_SECONDS)

    async def _read_live(
        self, details: MinerDetails, deadline: float
    ) -> tuple[MinerStats | None, CoolingState | None, Process]:
        """Read what needs the mining process, and find out what that does."""
        async with asyncio.TaskGroup() as group:
            cooling = group.create_task(attempt(self._api.get_cooling_state, deadline))
            # Without a process the small one is enough to tell stopped from restarting.
            stats = (
                None
                if details.bosminer_uptime_s == 0
                else group.create_task(attempt(self._api.get_miner_stats, deadline))
            )
        answers = [cooling.result(), *([stats.result()] if stats else [])]
        process = _process(details, answers)
        return _value(stats.result()) if stats else None, _value(cooling.result()), process

    async def _read_slow(self, deadline: float, process: Process, *, anew: bool) -> None:
        """Read what changes rarely; `anew` the constraints too, which a restart can change."""

        def ask[T](call: Callable[[], Awaitable[T]]) -> asyncio.Task[T | MinerError]:
            return group.create_task(attempt(call, deadline))

        api, running = self._api, process is Process.RUNNING
        rare = await self._due(deadline, running=running)
        async with asyncio.TaskGroup() as group:
            hashboards = ask(api.get_hashboards) if running else None
            tuner = ask(api.get_tuner_state) if running else None
            mode = ask(api.get_performance_mode) if running else None
            configuration = ask(api.get_miner_configuration)
            pools = ask(api.get_pools)
            locate = ask(api.get_locate_device_status)
            limits = ask(api.get_constraints) if anew or self.constraints is None else None
            errors = ask(api.get_miner_errors) if "errors" in rare else None
            licence = ask(api.get_license_state) if "license" in rare else None
            network = ask(api.get_network) if "network" in rare else None
            upgrade = ask(api.get_auto_upgrade_status) if "upgrade" in rare else None
        self._slow = SlowParts(
            hashboards=_value(hashboards.result()) if hashboards else None,
            tuner=_value(tuner.result()) if tuner else None,
            mode=_value(mode.result()) if mode else None,
            configuration=_value(configuration.result()),
            pools=_value(pools.result()),
            locate=_value(locate.result()),
        )
        if limits and (constraints := _value(limits.result())) is not None:
            self.constraints = constraints
        before = self._rare
        self._rare = RareParts(
            errors=self._rarely("errors", errors, before.errors),
            license=self._rarely("license", licence, before.license),
            network=self._rarely("network", network, before.network),
            upgrade=self._rarely("upgrade", upgrade, before.upgrade),
        )

    async def _due(self, deadline: float, *, running: bool) -> frozenset[str]:
        """Return which of RareParts are to be read now, those longest ago first."""
        now, known = self._clock(), self._rarely_read
        if self.version is None:
            await attempt(self.learn_version, deadline)
        there = {"errors", "network"} | ({"license"} if running else set[str]())
        if self.version is not None and (self.version.major, self.version.minor) >= (1, 1):
            there.add("upgrade")
        due = [name for name in there if now - known.get(name, -math.inf) >= RARE_SECONDS[name]]
        due.sort(key=lambda name: (known.get(name, -math.inf), name))
        return frozenset(due[:RARE_AT_ONCE] if known else due)

    def _rarely[T](
        self, name: str, asked: asyncio.Task[T | MinerError] | None, before: T | None
    ) -> T | None:
        """Return what was told now, or before where nobody asked."""
        if asked is None:
            return before
        answer = asked.result()
        # What firmware does not have is not asked for each time; what failed is.
        if not isinstance(answer, MinerError) or isinstance(answer, UnsupportedError):
            self._rarely_read[name] = self._clock()
        return _value(answer)


def _process(details: MinerDetails, answers: Sequence[object]) -> Process:
    """Return what the mining process does, by what those said that need it."""
    if any(not isinstance(answer, MinerError) for answer in answers):
        return Process.RUNNING
    if any(isinstance(answer, ProcessAwayError) for answer in answers):
        return Process.AWAY
    stopped = any(isinstance(answer, ProcessStoppedError) for answer in answers)
    return Process.STOPPED if stopped or details.bosminer_uptime_s == 0 else Process.RUNNING


def _value[T](answer: T | MinerError) -> T | None:
    return None if isinstance(answer, MinerError) else answer
