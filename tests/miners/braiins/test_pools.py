"""Pools: replaced all at once, read back, and brought back where that fails."""

from collections.abc import Callable
from dataclasses import replace
import traceback

from aiohttp import web
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    NotRevertedError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
)
from custom_components.asic_miner.miners.orders import PoolEntry, PoolGroup
from tests.miners.reasons import because
from tests.simulators.braiins import Fault
from tests.simulators.clock import ManualClock

from .answers import drop
from .conftest import MakeClient, MakeMachine, Naps
from .device import Device, Reply, refusal

BATCH = ("PUT", "pools/batch")
SECRETS = ("secret-user", "secret-password", "old-user", "old-password")

ENTRY = PoolEntry(
    url="stratum+tcp://new.example:3333", user="secret-user.w", password="secret-password"
)
WANTED = (
    PoolGroup(name="main", quota=2, pools=(ENTRY, replace(ENTRY, enabled=False, password=""))),
    PoolGroup(
        name="spare", share=0.25, pools=(replace(ENTRY, url="stratum+tcp://spare.example:1"),)
    ),
)


QUOTA = "load_balance_strategy"


def stored(*groups: Json) -> Json:
    """Return a configuration with these pools."""
    return {"pool_groups": [*groups]}


def group(name: str, host: str, password: Json = "old-password") -> Json:  # noqa: S107 - made up
    """Return a group as it is stored."""
    return {
        "uid": "0",
        "name": name,
        "load_balance_strategy": {"quota": {"value": 1}},
        "pools": [
            {
                "uid": "0-1",
                "url": f"stratum+tcp://{host}:3333",
                "user": "old-user.w",
                "password": password,
                "enabled": True,
            }
        ],
    }


OLD = group("Home", "old.example")
NEW = group("Home", "new.example")
NEW_GROUPS = (
    PoolGroup(
        pools=(
            PoolEntry(
                url="stratum+tcp://new.example:3333", user="old-user.w", password="old-password"
            ),
        )
    ),
)


class Store:
    """Answers like a device that stores what a function makes of what is sent."""

    def __init__(self, device: Device, take: Callable[[int, Json], Json | Reply]) -> None:
        """Begin with one old group."""
        self.now = stored(OLD)
        self.sent: list[Json] = []
        self._take = take
        device.answers["GET", "configuration/miner"] = self._read
        device.answers[BATCH] = self._write

    async def _read(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.now)

    async def _write(self, request: web.Request) -> web.StreamResponse:
        self.sent.append(await request.json())
        taken = self._take(len(self.sent), self.sent[-1])
        if isinstance(taken, Reply):
            return web.Response(status=taken.status, body=taken.body)
        self.now = {"pool_groups": taken}
        return web.json_response(taken)


async def test_replace_and_read(
    machine: MakeMachine, client_of: MakeClient, clock: ManualClock
) -> None:
    """All groups at once, with one restart; passwords are stored and never told."""
    miner = await machine()
    client = client_of(miner)
    await client.read(slow=True)
    await client.set_pools(WANTED)
    groups = miner.device.settings.groups
    assert [one.name for one in groups] == ["main", "spare"]
    assert groups[0].strategy == {"quota": {"value": 2}}
    assert groups[1].strategy == {"fixedshareratio": {"value": 0.25}}
    assert [pool.password for pool in groups[0].pools] == ["secret-password", ""]
    assert [pool.enabled for pool in groups[0].pools] == [True, False]
    assert miner.truth()["mining_restarts"] == 1
    hidden = tuple(
        replace(one, pools=tuple(replace(pool, password=None) for pool in one.pools))
        for one in WANTED
    )
    assert await client.get_pools() == hidden
    # What is stored so already is not worth a restart.
    clock.advance(300)
    writes = miner.writes
    await client.set_pools(WANTED)
    assert miner.writes == writes
    # A password alone is a change, too.
    other = replace(WANTED[0], pools=(replace(ENTRY, password="other"), *WANTED[0].pools[1:]))
    await client.set_pools((other, WANTED[1]))
    assert miner.writes == writes + 1


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("stratum+tcp://bob:hunter2@old.example:3333", "stratum+tcp://old.example:3333"),
        ("stratum+tcp://bob:h@nter//2@old.example:1/x", "stratum+tcp://old.example:1/x"),
        ("bob:hunter2@old.example:3333", "old.example:3333"),
        ("stratum2+tcp://old.example/9aKey", "stratum2+tcp://old.example/9aKey"),
    ],
)
async def test_login_within_an_address(
    address: str, told: str, device: Device, client: BraiinsClient
) -> None:
    """It is not told, and is still what is compared, and brought back."""
    whole = address.partition("://")[2] or address
    old = group("Home", "old.example")
    assert isinstance(old, dict)
    assert isinstance(old["pools"], list)
    assert isinstance(old["pools"][0], dict)
    old["pools"][0]["url"] = address
    other = [group("Home", "elsewhere.example")]
    store = Store(device, lambda count, sent: [*other] if count == 1 else sent)
    store.now = stored(old)
    [[entry]] = [one.pools for one in await client.get_pools()]
    assert entry.url == told
    with pytest.raises(RevertedError):
        await client.set_pools(NEW_GROUPS)
    assert whole in str(store.sent[1])
    login = PoolEntry(url=address, user="old-user.w", password="old-password")
    if "://" in address:
        # What is stored so already is not sent; without its login it is another address.
        await client.set_pools((PoolGroup(pools=(login,)),))
        assert len(store.sent) == 2
    if told != address and "://" in address:
        await client.set_pools((PoolGroup(pools=(replace(login, url=told),)),))
        assert len(store.sent) == 3
        assert whole not in str(store.now)


async def test_names_are_kept_and_made(machine: MakeMachine, client_of: MakeClient) -> None:
    """A group without a name has that of its place, and no quota means an equal one."""
    miner = await machine()
    pools = (ENTRY,)
    await client_of(miner).set_pools((PoolGroup(pools=pools), PoolGroup(pools=pools)))
    assert [one.name for one in miner.device.settings.groups] == ["Home", "Group 2"]
    assert {str(one.strategy) for one in miner.device.settings.groups} == {
        "{'quota': {'value': 1}}"
    }


@pytest.mark.parametrize(
    ("groups", "words", "why"),
    [
        ((), "no pool", because(Reason.NOTHING_GIVEN)),
        ((PoolGroup(pools=()),), "no pool", because(Reason.NOTHING_GIVEN)),
        (
            (WANTED[0], PoolGroup(pools=())),
            "group 2 has no pool",
            because(Reason.POOL_GROUP_EMPTY, group="2"),
        ),
        ((WANTED[0], WANTED[0]), "same name", because(Reason.POOL_GROUP_TWICE)),
        (
            (PoolGroup(pools=(ENTRY,), quota=1, share=0.5),),
            "quota and a share",
            because(Reason.POOL_GROUP_SHARE, group="1"),
        ),
        (
            (PoolGroup(pools=(ENTRY,), quota=0),),
            "below 1",
            because(Reason.POOL_GROUP_SHARE, group="1"),
        ),
        *(
            (
                (WANTED[0], PoolGroup(pools=(ENTRY,), share=share)),
                "between 0 and 1",
                because(Reason.POOL_GROUP_SHARE, group="2"),
            )
            for share in (0.0, -0.1, 1.5, float("nan"))
        ),
        (
            (
                PoolGroup(
                    pools=(replace(ENTRY, password=None), ENTRY, replace(ENTRY, password=None))
                ),
            ),
            r"for pool 1 \(1\), 3 \(1\)",
            because(Reason.POOL_PASSWORDS_MISSING, pools="1 (1), 3 (1)"),
        ),
        (
            (PoolGroup(pools=(replace(ENTRY, url="new.example"),)),),
            "no scheme",
            because(Reason.POOL_ADDRESS, pools="1 (1)"),
        ),
        (
            (PoolGroup(name="Home", pools=(ENTRY, replace(ENTRY, user=""))),),
            "no user",
            because(Reason.POOL_USER, pools="2 (Home)"),
        ),
        (
            (PoolGroup(pools=(replace(ENTRY, user="a\nb"),)),),
            "cannot be printed",
            because(Reason.POOL_USER, pools="1 (1)"),
        ),
    ],
)
async def test_what_no_device_takes(
    groups: tuple[PoolGroup, ...],
    words: str,
    why: Callable[[MinerError], bool],
    device: Device,
    client: BraiinsClient,
) -> None:
    """Refused before anything is sent, and without what is private."""
    with pytest.raises(InvalidValueError, match=words, check=why) as caught:
        await client.set_pools(groups)
    assert device.writes == []
    assert not any(secret in str(caught.value) for secret in SECRETS)


async def test_refused(device: Device, client: BraiinsClient) -> None:
    """A refusal that changed nothing is passed on, without the device's words."""
    store = Store(device, lambda _, __: refusal(400, "invalid user secret-user"))
    with pytest.raises(RejectedError) as caught:
        await client.set_pools(WANTED)
    assert str(caught.value) == "PUT pools/batch: status 400"
    assert len(store.sent) == 1


async def test_lost_answer_that_worked(machine: MakeMachine, client_of: MakeClient) -> None:
    """Stored is stored; nothing is sent again."""
    miner = await machine()
    client = client_of(miner)
    miner.faults.set("PUT pools/batch", Fault(reset=True, execute=True))
    await client.set_pools(WANTED)
    assert miner.requests.count("PUT /api/v1/pools/batch") == 1


async def test_lost_answer_that_did_not(device: Device, client: BraiinsClient, naps: Naps) -> None:
    """The old ones are there still, so there is nothing to bring back."""
    Store(device, lambda _, __: [])
    device.answers[BATCH] = drop
    with pytest.raises(RevertedError, check=because(Reason.POOLS_REVERTED)):
        await client.set_pools(WANTED)
    assert device.writes == [BATCH]
    assert sum(naps.taken) == 7


async def test_lost_answer_and_no_look(device: Device, client: BraiinsClient) -> None:
    """When nothing can be read afterwards nobody knows."""

    async def away(request: web.Request) -> web.StreamResponse:
        device.answers["GET", "configuration/miner"] = Reply(status=500)
        return await drop(request)

    Store(device, lambda _, __: [])
    device.answers[BATCH] = away
    with pytest.raises(UnconfirmedError):
        await client.set_pools(WANTED)
    assert device.writes == [BATCH]


async def test_something_else_was_stored(device: Device, client: BraiinsClient) -> None:
    """What was before is sent again, with its passwords."""
    other = [group("Home", "elsewhere.example")]
    store = Store(device, lambda count, sent: sent if count > 1 else other)
    with pytest.raises(RevertedError, match="other pools", check=because(Reason.POOLS_REVERTED)):
        await client.set_pools(NEW_GROUPS)
    assert store.sent[1] == [
        {
            "name": "Home",
            "load_balance_strategy": {"quota": {"value": 1}},
            "pools": [
                {
                    "url": "stratum+tcp://old.example:3333",
                    "user": "old-user.w",
                    "password": "old-password",
                    "enabled": True,
                }
            ],
        }
    ]


async def test_a_quota_of_one_need_not_be_told(device: Device, client: BraiinsClient) -> None:
    """What is told without one has the smallest, which is not another; two is."""

    def take(_count: int, sent: Json) -> Json:
        assert isinstance(sent, list)
        return [
            {name: value for name, value in one.items() if name != QUOTA}
            for one in sent
            if isinstance(one, dict)
        ]

    store = Store(device, take)
    await client.set_pools((PoolGroup(name="Home", pools=(ENTRY,)),))
    assert len(store.sent) == 1
    with pytest.raises(RevertedError):
        await client.set_pools((PoolGroup(name="Home", pools=(ENTRY,), quota=2),))


async def test_process_restarts_while_pools_are_brought_back(
    device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """The write before has restarted it; what it refuses meanwhile is tried again."""
    away = refusal(500, "BOSminer API connection error: Connection refused (os error 111)")
    other = [group("Home", "elsewhere.example")]
    answers: dict[int, Json | Reply] = {1: [*other], 2: away}

    def take(count: int, sent: Json) -> Json | Reply:
        return answers.get(count, sent)

    store = Store(device, take)
    with pytest.raises(RevertedError):
        await client.set_pools(NEW_GROUPS)
    assert len(store.sent) == 3
    assert 5.0 in naps.taken


async def test_hidden_passwords(device: Device, client: BraiinsClient) -> None:
    """A device that does not tell them gets those that are given for this."""
    other = [group("Home", "elsewhere.example", None)]
    hidden = [group("Home", "old.example", None)]
    store = Store(device, lambda count, _: other if count == 1 else hidden)
    store.now = stored(*hidden)
    with pytest.raises(InvalidValueError, check=because(Reason.PREVIOUS_PASSWORDS, count="1")):
        await client.set_pools(NEW_GROUPS, previous_passwords=("a", "b"))
    with pytest.raises(RevertedError):
        await client.set_pools(NEW_GROUPS, previous_passwords=("old-password",))
    assert "old-password" in str(store.sent[1])


async def test_hidden_passwords_that_nobody_gives(device: Device, client: BraiinsClient) -> None:
    """Pools without their passwords might not work, so they are not sent."""
    other = [group("Home", "elsewhere.example", None)]
    store = Store(device, lambda _, __: [*other])
    store.now = stored(group("Home", "old.example", None))
    why = because(Reason.POOLS_NOT_REVERTED, pools="elsewhere.example:3333")
    with pytest.raises(NotRevertedError, match=r"passwords .* elsewhere\.example:3333", check=why):
        await client.set_pools(NEW_GROUPS)
    assert len(store.sent) == 1


async def test_passwords_that_are_not_there(device: Device, client: BraiinsClient) -> None:
    """A device that tells some has none where it tells none."""
    other = [group("Home", "elsewhere.example")]
    store = Store(device, lambda count, sent: sent if count > 1 else [*other])
    store.now = stored(group("Home", "old.example", None))
    with pytest.raises(RevertedError):
        await client.set_pools(NEW_GROUPS)
    assert "password" not in str(store.sent[1])


@pytest.mark.parametrize("readable", [True, False])
async def test_not_brought_back(readable: bool, device: Device, client: BraiinsClient) -> None:
    """The user is told which pools the device has now, and nothing private."""
    other = [group("Home", "old-user:old-password@elsewhere.example")]

    def take(count: int, _sent: Json) -> Json | Reply:
        if count == 2 and not readable:
            device.answers["GET", "configuration/miner"] = Reply(status=500)
        return other if count == 1 else refusal(400, "old-user")

    Store(device, take)
    expected = "elsewhere.example:3333" if readable else "?"
    why = because(Reason.POOLS_NOT_REVERTED, pools=expected)
    with pytest.raises(NotRevertedError, check=why) as caught:
        await client.set_pools(WANTED)
    assert str(caught.value).endswith(f"it has now: {expected}")
    error: BaseException | None = caught.value
    shown = "".join(traceback.format_exception(error)) if error else ""
    assert not any(secret in shown.partition("Error: ")[2] for secret in SECRETS)


async def test_configuration_without_pools(device: Device, client: BraiinsClient) -> None:
    """Nothing is written over what cannot be read."""
    device.answers["GET", "configuration/miner"] = {"pool_groups": None}
    with pytest.raises(MinerError):
        await client.get_pools()
    with pytest.raises(MinerError):
        await client.set_pools(WANTED)
    assert device.writes == []
