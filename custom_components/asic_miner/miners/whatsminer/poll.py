"""Reads one device for one snapshot: what is asked, in which order, and for how long."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Self

from ..errors import (
    BusyError,
    MinerError,
    MiningProcessDownError,
    UnreachableError,
    UnsupportedError,
)
from ..lean import dataclass
from ..models import Fault, Pool, PowerSupply
from . import readings
from .api import WhatsminerApi
from .joins import same_shape, summary_and_boards
from .learned import Learned
from .parse import Record
from .readings import Live
from .state import at_work_for
from .transport import was_lost, was_not_connected

_TRIAL_SECONDS = 3.0
"""What must be left of a poll to try a join: what takes longer is of no use in a poll."""
_EARLY_SHARE = 0.6
"""Of what is left of a poll, for asking in the way that saves connections. The rest is enough for
a device that is not slow to be asked in another way."""
_QUICK_SHARE = 1 / 3
"""Of a poll. What answers so soon is not slow, and can be asked in another way once more."""
_LONGEST_KEPT = 90.0
"""Seconds, for whoever reads no slow facts: with these it is asked once a minute."""
_ALWAYS_ASKED = frozenset({"status", "summary", "edevs"})
"""All firmware knows these, and without them nobody sees whether a miner is on or off."""


type Told = tuple[Record | MinerError, tuple[Record, ...] | MinerError]
"""What `summary` and `edevs` told, or why either is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """What changes rarely; None for what the device did not tell."""

    pools: tuple[Pool, ...] | None = None
    faults: tuple[Fault, ...] | None = None
    faults_in_totals: bool = False
    """The firmware has no command of its own for faults."""
    psu: PowerSupply | None = None
    info: Record | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What a miner that is at work said of itself, for as long as it goes on like that."""

    status: Record
    at: float
    """When it said so, in seconds of the event loop."""
    power: float
    """W that it drew then."""
    elapsed: float
    """For how many seconds it had been mining by its own word, when it was read last."""

    @classmethod
    def of(cls, live: Live, before: Self | None) -> Self | None:
        """Return what may be kept for the next poll, None where it has to be asked again.

        `before` is what was kept until now.
        """
        elapsed, power, status = at_work_for(live), readings.power(live.summary), live.status
        if elapsed is None or power is None or status is None:
            return None
        # The temperature of a liquid is nothing to be late with.
        if status.flag("mineroff", "btmineroff") is not False or "liquid_temp" in status:
            return None
        if before is not None and status is before.status:
            return replace(before, elapsed=elapsed)
        now = asyncio.get_running_loop().time()
        return cls(status=status, at=now, power=power, elapsed=elapsed)

    def with_totals(
        self, summary: Record | MinerError, boards: tuple[Record, ...] | MinerError
    ) -> Live | None:
        """Return it together with what is told now, None unless all goes on as it was.

        A new mining process may have been started with other settings, and another draw may
        follow from another power level.
        """
        age = asyncio.get_running_loop().time() - self.at
        live = Live(
            status=self.status, status_age=age, summary=_told(summary), boards=_told(boards)
        )
        elapsed, power = at_work_for(live), readings.power(live.summary)
        if elapsed is None or elapsed < self.elapsed or age > _LONGEST_KEPT or power is None:
            return None
        return live if abs(power - self.power) <= readings.NOISE * self.power else None


class Poll:
    """One poll. All its requests share one deadline; what comes too late is missing."""

    def __init__(self, api: WhatsminerApi, learned: Learned, seconds: float) -> None:
        """Begin now."""
        self._api = api
        self._learned = learned
        self._seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds

    async def live(self, kept: Kept | None = None) -> Live:
        """Read the live values in three connections, in two where joins have been proved.

        A miner that hashes is not switched off: while one goes on as it was, what it said of
        itself is `kept` and not asked for, which is one connection less.
        Raises a MinerError only when nothing could be read.
        """
        joins = self._learned.joins
        told = None
        if kept is not None:
            told = await (self._joined() if joins else self._singly(_EARLY_SHARE))
            if told is not None and (live := kept.with_totals(*told)):
                return live
        # The control board itself answers `status`, so it comes first where something may have
        # happened: it tells what it means when the mining process does not answer.
        status = await self._part("status", self._api.status)
        nothing = told is None or isinstance(told[0], MinerError)
        if nothing and isinstance(status, UnreachableError) and not was_lost(status):
            raise status
        if joins and kept is None:
            told = await self._joined()
        if joins and told is None:
            # A proof that fails once is forgotten.
            self._learned.joins_tried(answered=None)
        summary, boards = told or await self._singly()
        down = isinstance(summary, MiningProcessDownError)
        silent = (
            isinstance(summary, MinerError)
            and was_lost(summary)
            and not isinstance(status, MinerError)
        )
        failures = [part for part in (status, summary, boards) if isinstance(part, MinerError)]
        if len(failures) == 3 and not down:
            # That something answered says more than that something else did not.
            raise next((f for f in failures if not isinstance(f, UnreachableError)), failures[0])
        return Live(
            status=_told(status),
            summary=_told(summary),
            boards=_told(boards),
            process_down=down,
            process_silent=silent,
        )

    @property
    def is_quick(self) -> bool:
        """Tell whether little of its time has passed."""
        left = self._end - asyncio.get_running_loop().time()
        return left > (1 - _QUICK_SHARE) * self._seconds

    async def _joined(self) -> Told | None:
        """Ask the mining process in one connection, None when that fails or takes too long."""
        try:
            async with asyncio.timeout_at(self._after(_EARLY_SHARE)):
                return await summary_and_boards(self._api)
        except TimeoutError, MinerError:
            return None

    async def _singly(self, share: float = 1.0) -> Told:
        """Ask the mining process in two connections, with a share of the time for the first."""
        summary = await self._part("summary", self._api.summary, share)
        if isinstance(summary, MiningProcessDownError | UnreachableError):
            # The same process would be asked again.
            return summary, summary
        return summary, await self._part("edevs", self._api.edevs)

    def _after(self, share: float) -> float:
        """Return when a share of what is left of the time will have passed."""
        now = asyncio.get_running_loop().time()
        return now + (self._end - now) * share

    async def try_joins(self, live: Live) -> None:
        """Find out once whether this firmware answers joins as it answers single requests.

        Any other answer, and silence, is a refusal for good: a join is not worth a risk.
        """
        learned = self._learned
        if learned.firmware is None or learned.joins is not None:
            return
        if live.summary is None or not live.boards:
            return
        if self._end - asyncio.get_running_loop().time() < _TRIAL_SECONDS:
            return
        try:
            async with asyncio.timeout_at(self._end):
                answered = same_shape(
                    await summary_and_boards(self._api), live.summary, live.boards
                )
        except BusyError, MiningProcessDownError:
            return
        except (TimeoutError, MinerError) as error:
            if isinstance(error, MinerError) and was_not_connected(error):
                return
            answered = False
        learned.joins_tried(answered=answered)

    async def slow(self, live: Live) -> Slow:
        """Read what changes rarely, in at most four connections."""
        pools = None
        if not live.process_away:
            pools = _told(await self._part("pools", self._api.pools))
        codes = _told(await self._part("get_error_code", self._api.get_error_code))
        supply = _told(await self._part("get_psu", self._api.get_psu))
        info = _told(await self._part("get_miner_info", self._api.get_miner_info))
        hydro = self._learned.hydro
        return Slow(
            pools=None if pools is None else readings.pools(pools),
            faults=None if codes is None else readings.listed_faults(codes, hydro=hydro),
            faults_in_totals="get_error_code" in self._learned.untold,
            psu=None if supply is None else readings.power_supply(supply),
            info=info,
        )

    async def _part[T](
        self, name: str, ask: Callable[[], Coroutine[object, object, T]], share: float = 1.0
    ) -> T | MinerError:
        """Return one part, or why it is missing after this share of what is left of the time."""
        if name in self._learned.untold:
            return UnsupportedError("the device does not know this command")
        if asyncio.get_running_loop().time() >= self._end:
            return UnreachableError("no time is left for this")
        try:
            async with asyncio.timeout_at(self._after(share)):
                return await ask()
        except TimeoutError:
            return UnreachableError(f"no reply within the {self._seconds:g} s of a poll")
        except UnsupportedError as error:
            if name not in _ALWAYS_ASKED:
                self._learned.untold.add(name)
            return error
        except MinerError as error:
            return error


def _told[T](part: T | MinerError) -> T | None:
    return None if isinstance(part, MinerError) else part
