"""The pools of a WhatsMiner: read as configured, replaced all at once, and read back."""

from collections.abc import Iterable
import re
from typing import override

from ..errors import (
    InvalidValueError,
    MinerError,
    NotRevertedError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
)
from ..models import Pool
from ..orders import PoolEntry, PoolGroup
from . import readings
from .core import Core
from .identity import ask_process

_MOST = 3
"""Slots of update_pools (manual 3.1)."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SHOWN = re.compile(r"[^?#\s]*")

type _Shown = tuple[tuple[str, str], ...]
"""What the device tells of its pools: address and worker of each, in order."""


class PoolOrders(Core):
    """Orders about pools. Passwords are never told by the device."""

    pools_seconds = 90.0
    """How long new pools may take to show: the mining process can restart for a minute, and
    does not answer meanwhile."""

    @override
    async def get_pools(self) -> tuple[PoolGroup, ...]:
        """Read the pools (4.2), without logins that stand in addresses.

        Raises MiningProcessDownError where that process tells them.
        """
        pools = await self._pools()
        entries = (PoolEntry(url=_without_login(pool.url), user=pool.user) for pool in pools)
        return (PoolGroup(pools=tuple(entries)),)

    async def _pools(self) -> tuple[Pool, ...]:
        records = await ask_process(self.api.pools(), "only the mining process tells the pools")
        return readings.pools(records)

    @override
    async def set_pools(
        self,
        groups: tuple[PoolGroup, ...],
        *,
        previous_passwords: tuple[str, ...] | None = None,
    ) -> None:
        """Replace all pools (update_pools, 3.1), one to three in one group, and read them back.

        The device mines for them at once; the mining process may restart. Name and quota of
        the only group mean nothing. Raises RejectedError when the device has its old pools
        still, and UnconfirmedError when it has not even replied, and has these or cannot be
        read. Logins in addresses are sent and not compared: firmware may leave them out.
        """
        wanted = _checked(groups)
        before = await self._pools()
        if previous_passwords is not None and len(previous_passwords) != len(before):
            raise InvalidValueError(
                f"the miner has {len(before)} pools now, so as many previous passwords are needed",
                Reason.PREVIOUS_PASSWORDS,
                count=str(len(before)),
            )
        replied = True
        try:
            await self._send(self.api.update_pools(_slots(wanted)))
        except UnconfirmedError:
            if _shown(before) == _entries_shown(wanted):
                # Only passwords were to change, which nothing shows.
                raise
            replied = False
        now = await self._settled(_entries_shown(wanted))
        if now is not None and _shown(now) == _entries_shown(wanted):
            return
        if now is None and not replied:
            # It may have taken them and be booting: nothing is sent over what is not known.
            raise UnconfirmedError("the miner did not answer, and its pools cannot be read")
        if now is not None and _shown(now) == _shown(before):
            if replied:
                raise RejectedError(
                    "the miner accepted the pools, but has its old ones still",
                    Reason.LEFT_AS_IT_WAS,
                )
            raise UnconfirmedError("the miner did not answer, and has its old pools still")
        if previous_passwords is None or not before:
            raise NotRevertedError(
                f"the new pools do not show; {_in_words(now)}",
                Reason.POOLS_NOT_REVERTED,
                pools=_listed(now),
            )
        await self._restore(before, previous_passwords)

    async def _restore(self, before: tuple[Pool, ...], passwords: tuple[str, ...]) -> None:
        """Go back to the pools of before; raises RevertedError or NotRevertedError."""
        slots = tuple(
            (pool.url, pool.user, password)
            for pool, password in zip(before, passwords, strict=True)
        )
        reason = "they were sent back"
        try:
            await self._send(self.api.update_pools(slots))
        except UnconfirmedError:
            reason = "the miner did not answer to the old ones"
        except MinerError as error:
            raise NotRevertedError(
                f"the new pools do not show, and the old ones could not be sent back;"
                f" {_in_words(now := await self._pools_now())}",
                Reason.POOLS_NOT_REVERTED,
                pools=_listed(now),
            ) from error
        now = await self._settled(_shown(before))
        if now is not None and _shown(now) == _shown(before):
            raise RevertedError(
                "the new pools did not show, so the old ones are set again", Reason.POOLS_REVERTED
            )
        raise NotRevertedError(
            f"neither the new pools show nor the old ones, though {reason}; {_in_words(now)}",
            Reason.POOLS_NOT_REVERTED,
            pools=_listed(now),
        )

    async def _settled(self, wanted: _Shown) -> tuple[Pool, ...] | None:
        """Return the pools as soon as they are certain ones, else what they are after a while.

        Those may be the wanted ones, too, come at the last moment. None when it does not tell.
        """
        found: tuple[Pool, ...] | None = None

        async def shows() -> bool:
            nonlocal found
            found = await self._pools()
            return _shown(found) == wanted

        if await self._comes_true(shows, self.pools_seconds):
            return found
        return await self._pools_now()

    async def _pools_now(self) -> tuple[Pool, ...] | None:
        try:
            return await self._pools()
        except MinerError:
            return None


def _checked(groups: tuple[PoolGroup, ...]) -> tuple[PoolEntry, ...]:
    """Return the entries of the only group. Raises InvalidValueError."""
    if len(groups) != 1:
        raise InvalidValueError("a WhatsMiner has one group of pools", Reason.ONE_POOL_GROUP)
    entries = groups[0].pools
    if not 1 <= len(entries) <= _MOST:
        raise InvalidValueError(
            f"a WhatsMiner has one to {_MOST} pools", Reason.POOL_COUNT, most=str(_MOST)
        )
    places = _places(entry.password is None for entry in entries)
    if places:
        raise InvalidValueError(
            f"the password of pool {places} is missing: the miner does not tell passwords, so each"
            " has to be given",
            Reason.POOL_PASSWORDS_MISSING,
            pools=places,
        )
    if places := _places(not entry.enabled for entry in entries):
        raise InvalidValueError(
            f"pool {places} is switched off, which a WhatsMiner does not know: leave it out",
            Reason.POOL_OFF,
            pools=places,
        )
    if places := _places(not _is_address(entry.url) for entry in entries):
        raise InvalidValueError(
            f"the address of pool {places} is empty or has blanks in it",
            Reason.POOL_ADDRESS,
            pools=places,
        )
    if places := _places(
        not f"{entry.user}{entry.password}".isprintable() or not entry.user.strip()
        for entry in entries
    ):
        raise InvalidValueError(
            f"pool {places} needs a user, and printable text only", Reason.POOL_USER, pools=places
        )
    return entries


def _places(wrong: Iterable[bool]) -> str:
    """Return the numbers of the entries for which something holds, "" for none."""
    return ", ".join(str(place) for place, is_wrong in enumerate(wrong, start=1) if is_wrong)


def _is_address(url: str) -> bool:
    return bool(url) and url.isprintable() and not any(c.isspace() for c in url)


def _slots(entries: tuple[PoolEntry, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((entry.url, entry.user, entry.password or "") for entry in entries)


def _entries_shown(entries: tuple[PoolEntry, ...]) -> _Shown:
    return tuple((_same(entry.url), entry.user.strip()) for entry in entries)


def _shown(pools: tuple[Pool, ...]) -> _Shown:
    return tuple((_same(pool.url), pool.user.strip()) for pool in pools)


def _same(url: str) -> str:
    """Return an address so that spellings that mean the same are the same."""
    same = _without_login(url).lower().rstrip("/")
    # Without a scheme it is what all miners speak.
    return same if _SCHEME.match(same) else f"stratum+tcp://{same}"


def _without_login(url: str) -> str:
    """Return an address without what stands before its last @, but for the scheme."""
    scheme = found[0] if (found := _SCHEME.match(url.strip())) else ""
    return scheme + url.strip().removeprefix(scheme).rpartition("@")[2]


def _in_words(pools: tuple[Pool, ...] | None) -> str:
    """Say what the device has, without logins: an address may carry one."""
    if pools is None:
        return "which ones the miner has now could not be read"
    if not pools:
        return "the miner has none now"
    return f"the miner has {_listed(pools)} now"


def _listed(pools: tuple[Pool, ...] | None) -> str:
    """Name them in no language: "?" for what is not known, a dash for none."""
    if pools is None:
        return "?"
    return ", ".join(match[0] for pool in pools if (match := _SHOWN.match(pool.address))) or "-"
