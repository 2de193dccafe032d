"""Reads one device for one snapshot: what is asked, in which order, and for how long."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from ..errors import MinerError, MiningProcessDownError, UnreachableError, UnsupportedError
from ..models import Fault, Pool, PowerSupply
from . import readings
from .api import WhatsminerApi
from .learned import Learned
from .parse import Record
from .readings import Live
from .transport import was_lost


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """What changes rarely; None for what the device did not tell."""

    pools: tuple[Pool, ...] | None = None
    faults: tuple[Fault, ...] | None = None
    psu: PowerSupply | None = None
    info: Record | None = None


class Poll:
    """One poll. All its requests share one deadline; what comes too late is missing."""

    def __init__(self, api: WhatsminerApi, learned: Learned, seconds: float) -> None:
        """Begin now."""
        self._api = api
        self._learned = learned
        self._seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds

    async def live(self) -> Live:
        """Read the live values in at most three connections.

        Raises a MinerError only when nothing could be read.
        """
        # The control board itself answers `status`, so it comes first: it tells what it
        # means when the mining process does not answer.
        status = await self._part("status", self._api.status)
        if isinstance(status, UnreachableError) and not was_lost(status):
            raise status
        summary = await self._part("summary", self._api.summary)
        boards: tuple[Record, ...] | MinerError
        if isinstance(summary, MiningProcessDownError | UnreachableError):
            # The same process would be asked again.
            boards = summary
        else:
            boards = await self._part("edevs", self._api.edevs)
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
            psu=None if supply is None else readings.power_supply(supply),
            info=info,
        )

    async def _part[T](
        self, name: str, ask: Callable[[], Coroutine[object, object, T]]
    ) -> T | MinerError:
        """Return one part, or why it is missing."""
        if name in self._learned.unsupported:
            return UnsupportedError("the device does not know this command")
        if asyncio.get_running_loop().time() >= self._end:
            return UnreachableError("no time is left for this")
        try:
            async with asyncio.timeout_at(self._end):
                return await ask()
        except TimeoutError:
            return UnreachableError(f"no reply within the {self._seconds:g} s of a poll")
        except UnsupportedError as error:
            self._learned.unsupported.add(name)
            return error
        except MinerError as error:
            return error


def _told[T](part: T | MinerError) -> T | None:
    return None if isinstance(part, MinerError) else part
