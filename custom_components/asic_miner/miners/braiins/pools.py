"""Reading and replacing pools."""

from collections.abc import Sequence
from dataclasses import replace
import math
from typing import override

from ..errors import (
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    NotRevertedError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
)
from ..models import Pool
from ..orders import PoolEntry, PoolGroup
from .base import CONFIRM_SECONDS, BraiinsBase
from .reading import attempt, look_deadline, patience_deadline
from .settings_schema import PoolGroupSettings, PoolSettings

type Groups = tuple[PoolGroupSettings, ...]


class PoolClient(BraiinsBase):
    """The pools of a miner. No error carries a user or a password."""

    @override
    async def get_pools(self) -> tuple[PoolGroup, ...]:
        """Read the groups as stored (`getMinerConfiguration`), without passwords.

        Neither is a login within an address told: `stratum+tcp://name:password@host:port`.
        """
        return tuple(
            PoolGroup(
                name=group.name or None,
                quota=group.quota,
                share=group.fixed_share_ratio,
                pools=tuple(
                    PoolEntry(
                        url=_without_login(pool.url),
                        user=pool.user,
                        enabled=pool.enabled is not False,
                    )
                    for pool in group.pools
                ),
            )
            for group in await self._stored_pools()
        )

    @override
    async def set_pools(
        self,
        groups: tuple[PoolGroup, ...],
        *,
        previous_passwords: tuple[str, ...] | None = None,
    ) -> None:
        """Replace all groups at once (`setBatchPools`). Interrupts mining for minutes.

        The device applies it at once and restarts the mining process. What is stored so
        already is not sent. Needs the mining process. A group without a name keeps the one
        at its place, a new one is called after its place; without quota and share it gets
        quota 1. What has been stored is read back; where it is something else, or no answer
        came and it does not show within 7 s, what was before is sent again, which interrupts
        once more. Devices tell stored passwords. One that tells none gets those of
        `previous_passwords`; without them the old pools are not sent at all, since none of
        them might work, and NotRevertedError says what the device has now.
        """
        async with self._writes:
            before = await self._stored_pools()
            wanted = _wanted(groups, before)
            old = _with_passwords(before, previous_passwords)
            if _same(before, wanted, strictly=True):
                return
            refusal = await self._sent(wanted)
            now = await self._settled(wanted)
            if now is not None and _same(now, wanted):
                return
            if refusal is not None and (now is None or _same(now, before)):
                raise refusal
            if now is None:
                raise UnconfirmedError("the pools cannot be read back, so what they are is open")
            if _same(now, before):
                raise RevertedError("the device kept its pools", Reason.POOLS_REVERTED)
            if _hides_passwords(old, now):
                raise NotRevertedError(
                    "the device stored other pools than were sent, and does not tell the"
                    f" passwords of those that were before; it has now: {_described(now)}",
                    Reason.POOLS_NOT_REVERTED,
                    pools=_described(now),
                )
            # What fails now is told by what is stored then; the process may still restart.
            await attempt(lambda: self._patiently(lambda: self._sent(old)), patience_deadline())
            now = await self._settled(old)
            if now is not None and _same(now, old):
                raise RevertedError(
                    "the device stored other pools than were sent", Reason.POOLS_REVERTED
                )
            raise NotRevertedError(
                "the device stored other pools than were sent, and did not take those that were"
                f" before; it has now: {_described(now)}",
                Reason.POOLS_NOT_REVERTED,
                pools=_described(now),
            )

    async def _sent(self, groups: Groups) -> MinerError | None:
        """Send pools once; return a refusal. Raises where nothing can have been done."""
        try:
            await self._api.set_batch_pools(list(groups))
        except UnconfirmedError, MalformedReplyError:
            return None
        except RejectedError as error:
            return error
        return None

    async def _settled(self, wanted: Groups) -> Groups | None:
        """Return what is stored, as soon as it is as wanted, else after some looks."""
        found: Groups | None = None
        for pause in (0.0, *CONFIRM_SECONDS):
            await self._sleep(pause)
            seen = await attempt(self._stored_pools, look_deadline())
            if isinstance(seen, MinerError):
                continue
            found = seen
            if _same(found, wanted):
                break
        return found

    async def _stored_pools(self) -> Groups:
        groups = (await self._api.get_miner_configuration()).pool_groups
        if groups is None:
            raise MalformedReplyError("configuration/miner: no pool groups")
        return groups


def _wanted(groups: Sequence[PoolGroup], before: Groups) -> Groups:
    """Return what to send; InvalidValueError for what no device takes."""
    if not any(group.pools for group in groups):
        raise InvalidValueError("there is no pool", Reason.NOTHING_GIVEN)
    names = [
        group.name or (before[place - 1].name if place <= len(before) else "") or f"Group {place}"
        for place, group in enumerate(groups, 1)
    ]
    if len(set(names)) < len(names):
        raise InvalidValueError("two groups have the same name", Reason.POOL_GROUP_TWICE)
    without = [
        _place(number, place, group)
        for place, group in enumerate(groups, 1)
        for number, pool in enumerate(group.pools, 1)
        if pool.password is None
    ]
    if without:
        raise InvalidValueError(
            f"no password is given for pool {', '.join(without)}",
            Reason.POOL_PASSWORDS_MISSING,
            pools=", ".join(without),
        )
    for place, group in enumerate(groups, 1):
        _check_group(place, group)
    return tuple(
        PoolGroupSettings(
            name=name,
            quota=1 if group.quota is None and group.share is None else group.quota,
            fixed_share_ratio=group.share,
            pools=tuple(
                PoolSettings(
                    url=pool.url, user=pool.user, password=pool.password, enabled=pool.enabled
                )
                for pool in group.pools
            ),
        )
        for name, group in zip(names, groups, strict=True)
    )


def _place(number: int, place: int, group: PoolGroup) -> str:
    """Say which pool it is, in no language."""
    return f"{number} ({group.name or place})"


def _check_group(place: int, group: PoolGroup) -> None:
    if not group.pools:
        raise InvalidValueError(
            f"group {place} has no pool", Reason.POOL_GROUP_EMPTY, group=str(place)
        )
    if group.quota is not None and group.share is not None:
        raise InvalidValueError(
            f"group {place} has a quota and a share; only one of them counts",
            Reason.POOL_GROUP_SHARE,
            group=str(place),
        )
    if group.quota is not None and group.quota < 1:
        raise InvalidValueError(
            f"the quota of group {place} is below 1", Reason.POOL_GROUP_SHARE, group=str(place)
        )
    # Put so that what is no number is outside, too.
    if group.share is not None and not 0 < group.share <= 1:
        raise InvalidValueError(
            f"the share of group {place} is not between 0 and 1",
            Reason.POOL_GROUP_SHARE,
            group=str(place),
        )
    for number, pool in enumerate(group.pools, 1):
        which = _place(number, place, group)
        if "://" not in pool.url:
            raise InvalidValueError(
                f"the address of pool {which} has no scheme, such as stratum+tcp://",
                Reason.POOL_ADDRESS,
                pools=which,
            )
        if not pool.user:
            raise InvalidValueError(f"pool {which} has no user", Reason.POOL_USER, pools=which)
        if not (pool.url + pool.user + (pool.password or "")).isprintable():
            raise InvalidValueError(
                f"pool {which} has characters that cannot be printed", Reason.POOL_USER, pools=which
            )


def _with_passwords(before: Groups, passwords: tuple[str, ...] | None) -> Groups:
    """Return what was before with the passwords that the device does not tell."""
    if passwords is None:
        return before
    if len(passwords) != sum(len(group.pools) for group in before):
        raise InvalidValueError(
            "the device has another number of pools than previous passwords",
            Reason.PREVIOUS_PASSWORDS,
            count=str(sum(len(group.pools) for group in before)),
        )
    known = iter(passwords)
    return tuple(
        replace(
            group,
            pools=tuple(
                replace(pool, password=given if pool.password is None else pool.password)
                for pool, given in zip(group.pools, known, strict=False)
            ),
        )
        for group in before
    )


def _hides_passwords(old: Groups, now: Groups) -> bool:
    """Tell whether passwords are missing that a device may have and not tell."""

    def passwords(groups: Groups) -> set[str | None]:
        return {pool.password for group in groups for pool in group.pools}

    # Where it tells any, those that it does not tell are not there.
    return None in passwords(old) and passwords(old) | passwords(now) == {None}


def _same(told: Groups, wanted: Groups, *, strictly: bool = False) -> bool:
    """Tell whether groups are the same; a password that is not told counts only `strictly`."""
    return len(told) == len(wanted) and all(
        one.name == other.name
        and _quota(one) == _quota(other)
        and _close(one.fixed_share_ratio, other.fixed_share_ratio)
        and len(one.pools) == len(other.pools)
        and all(
            _same_pool(pool, twin, strictly=strictly)
            for pool, twin in zip(one.pools, other.pools, strict=True)
        )
        for one, other in zip(told, wanted, strict=True)
    )


def _same_pool(told: PoolSettings, wanted: PoolSettings, *, strictly: bool) -> bool:
    hidden = told.password is None and not (strictly and wanted.password)
    return (
        (told.url, told.user) == (wanted.url, wanted.user)
        and (told.enabled is not False) == (wanted.enabled is not False)
        and (hidden or (told.password or "") == (wanted.password or ""))
    )


def _quota(group: PoolGroupSettings) -> int | None:
    """Return the quota; a group with neither quota nor share has the smallest."""
    return 1 if group.quota is None and group.fixed_share_ratio is None else group.quota


def _close(told: float | None, wanted: float | None) -> bool:
    if told is None or wanted is None:
        return told is wanted
    return math.isclose(told, wanted, rel_tol=1e-6)


def _without_login(url: str) -> str:
    """Return an address without the name and password that can stand before its host."""
    start = url.find("://") + 3 if "://" in url else 0
    # A password may hold an @ or a slash itself, unescaped.
    return url[:start] + url[start:].rpartition("@")[2]


def _described(groups: Groups | None) -> str:
    """Return where pools are, without what is private of them, and in no language.

    "?" is what cannot be read, a dash no pools.
    """
    if groups is None:
        return "?"
    pools = [pool for group in groups for pool in group.pools]
    hosts = [Pool(index=1, url=pool.url, user="").address for pool in pools]
    return ", ".join(hosts) or "-"
