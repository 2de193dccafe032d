"""Pools: replaced all at once, read back, and put back where that is possible."""

from collections.abc import Callable

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    NotRevertedError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.orders import PoolEntry, PoolGroup
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.miners.reasons import because
from tests.simulators.whatsminer import PRESETS

from .bench import bench
from .devices import BRIEFLY, CREDENTIALS, DOWN, DOWN_TEXT, miner, newer, rows
from .scripted import OK, Answer, Request, Script, Wire, error

OLD = [("stratum+tcp://old.example:1", "me.1"), ("stratum+tcp://old.example:2", "me.2")]
NEW = [("stratum+tcp://new.example:1", "you.1"), ("stratum+ssl://new.example:2", "you.2")]
WORD = "hunter2"
SECRETS = (WORD, "me.1", "you.1", "you.2", "login")


def listed(pools: list[tuple[str, str]]) -> Request:
    """Return what a device lists."""
    return rows(
        "POOLS",
        [
            {"POOL": place, "URL": url, "User": user, "Status": "Alive", "Priority": place - 1}
            for place, (url, user) in enumerate(pools, start=1)
        ],
    )


def group(pools: list[tuple[str, str]], password: str | None = WORD) -> PoolGroup:
    """Return pools with a password each."""
    return PoolGroup(pools=tuple(PoolEntry(url=u, user=w, password=password) for u, w in pools))


def slots(device_request: Request) -> list[object]:
    """Return what was sent, pool by pool."""
    return [
        tuple(device_request[f"{name}{place}"] for name in ("pool", "worker", "passwd"))
        for place in (1, 2, 3)
    ]


def hasty(client: WhatsminerClient) -> None:
    """Do not look for long."""
    client.pools_seconds = client.confirm_seconds = BRIEFLY


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"M20S-2019"}))
@pytest.mark.parametrize("count", [1, 2, 3])
async def test_pools_are_replaced(preset: str, count: int) -> None:
    """On every generation: as many as given, passwords and all, sent once, shown after."""
    async with bench(preset) as b:
        client = b.client()
        [before] = await client.get_pools()
        assert [pool.url for pool in before.pools] == [p.url for p in b.miner.device.pools]
        assert {pool.password for pool in before.pools} == {None}
        wanted = PoolGroup(
            pools=tuple(
                PoolEntry(url=f"stratum+tcp://p{n}.example:3333", user=f"w.{n}", password=f"s{n}")
                for n in range(count)
            )
        )
        await client.set_pools((wanted,))
        kept = b.miner.device.pools
        assert [(p.url, p.user, p.password) for p in kept] == [
            (p.url, p.user, p.password) for p in wanted.pools
        ]
        [after] = await client.get_pools()
        assert [(p.url, p.user) for p in after.pools] == [(p.url, p.user) for p in wanted.pools]
        assert b.miner.commands.count("update_pools") == 1
        assert b.miner.truth()["mining_restarts"] == 0


async def test_all_slots_are_sent() -> None:
    """Unused ones empty: older firmware breaks on what is missing."""
    async with miner(newer(pools=[listed(OLD), listed(NEW[:1])])) as (device, client):
        await client.set_pools((PoolGroup(pools=(PoolEntry(
            url=NEW[0][0], user=NEW[0][1], password="",
        ),)),))  # fmt: skip
        [request] = [r for r in device.requests if r.get("cmd") == "update_pools"]
        assert slots(request) == [(*NEW[0], ""), ("", "", ""), ("", "", "")]


@pytest.mark.parametrize(
    "between",
    [
        [listed(OLD)],
        [DOWN, DOWN_TEXT, Wire.CLOSE],
        [b"{", error(132), listed([])],
        [listed(NEW[:1])],
    ],
)
@pytest.mark.parametrize("reply", [OK, Wire.CLOSE])
async def test_pools_show_late(between: list[Answer], reply: Answer) -> None:
    """The list lags, or the mining process restarts; a lost reply is no matter then."""
    script = newer(pools=[listed(OLD), *between, listed(NEW)], update_pools=reply)
    async with miner(script) as (device, client):
        await client.set_pools((group(NEW),))
        assert device.commands.count("update_pools") == 1


@pytest.mark.parametrize("previous", [None, ("p1", "p2")])
@pytest.mark.parametrize("reply", [OK, Wire.CLOSE])
async def test_pools_show_at_the_last_moment(
    previous: tuple[str, ...] | None, reply: Answer
) -> None:
    """What is found when the time is over counts: nothing is sent back over the new ones."""
    script = newer(pools=[listed(OLD), listed(OLD), listed(NEW)], update_pools=reply)
    async with miner(script) as (device, client):
        client.pools_seconds, client.confirm_seconds = 1.0, 0.0
        # One look, and none after it within the time.
        client.confirm_interval = 60.0
        await client.set_pools((group(NEW),), previous_passwords=previous)
        assert device.commands.count("update_pools") == 1


async def test_old_pools_show_at_the_last_moment() -> None:
    """They are back, and that is what is said."""
    script = newer(pools=[listed(OLD), listed([]), listed([]), listed([]), listed(OLD)])
    async with miner(script) as (device, client):
        client.pools_seconds, client.confirm_interval = 1.0, 60.0
        with pytest.raises(RevertedError, check=because(Reason.POOLS_REVERTED)):
            await client.set_pools((group(NEW),), previous_passwords=("p1", "p2"))
        assert device.commands.count("update_pools") == 2


async def test_spelling_of_addresses() -> None:
    """What means the same is the same; what does not is not."""
    shown = [("new.example:1", "you.1"), ("stratum+ssl://NEW.example:2/", "you.2")]
    async with miner(newer(pools=[listed(OLD), listed(shown)])) as (_, client):
        await client.set_pools((group(NEW),))
    for other in (
        [NEW[1], NEW[0]],
        NEW[:1],
        [*NEW, OLD[0]],
        [(NEW[0][0], "You.1"), NEW[1]],
        [(NEW[0][0].replace("tcp", "ssl"), "you.1"), NEW[1]],
    ):
        async with miner(newer(pools=[listed(OLD), listed(other)])) as (_, client):
            hasty(client)
            with pytest.raises(NotRevertedError):
                await client.set_pools((group(NEW),))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("stratum+tcp://login:hunter2@c.example:9/key", "stratum+tcp://c.example:9/key"),
        ("stratum+tcp://login:hun@ter2@c.example:9", "stratum+tcp://c.example:9"),
        ("stratum+tcp://login:h/u@c.example:9", "stratum+tcp://c.example:9"),
        ("login:a://b@c.example:9", "c.example:9"),
        ("login:hunter2@c.example:9", "c.example:9"),
        ("C.example:9", "C.example:9"),
    ],
)
async def test_logins_in_addresses_are_not_told(url: str, told: str) -> None:
    """An answer may land in a log or on a screen."""
    async with miner(newer(pools=listed([(url, "me.1")]))) as (_, client):
        [found] = await client.get_pools()
        assert [pool.url for pool in found.pools] == [told]


@pytest.mark.parametrize("shown", ["login:hunter2@", "login:***@", ""])
async def test_logins_in_addresses_are_sent(shown: str) -> None:
    """And not looked for: firmware may show them or not. What is put back has them still."""
    url, before = "stratum+tcp://login:hunter2@new.example:1", "stratum+tcp://me:word@old.example:1"
    after = listed([(f"stratum+tcp://{shown}new.example:1", "you.1")])
    async with miner(newer(pools=[listed([(before, "me.1")]), after])) as (device, client):
        await client.set_pools((group([(url, "you.1")]),))
        [request] = [r for r in device.requests if r.get("cmd") == "update_pools"]
        assert slots(request)[0] == (url, "you.1", WORD)
    script = newer(pools=[listed([(before, "me.1")]), listed([])])
    async with miner(script) as (device, client):
        hasty(client)
        with pytest.raises(NotRevertedError):
            await client.set_pools((group([(url, "you.1")]),), previous_passwords=("p1",))
        assert slots(device.requests[-1 - device.commands[::-1].index("update_pools")])[0] == (
            before, "me.1", "p1",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "words", "why"),
    [
        ((), "one group", because(Reason.ONE_POOL_GROUP)),
        ((group(NEW), group(OLD)), "one group", because(Reason.ONE_POOL_GROUP)),
        ((PoolGroup(pools=()),), "one to 3", because(Reason.POOL_COUNT, most="3")),
        ((group([*OLD, *NEW]),), "one to 3", because(Reason.POOL_COUNT, most="3")),
        (
            (group(NEW, None),),
            "password of pool 1, 2 is missing: the miner does not tell",
            because(Reason.POOL_PASSWORDS_MISSING, pools="1, 2"),
        ),
        (
            (PoolGroup(pools=(*group(NEW[:1]).pools, *group(OLD[:1], None).pools)),),
            "of pool 2 is",
            because(Reason.POOL_PASSWORDS_MISSING, pools="2"),
        ),
        *(
            ((group(pools),), f"address of pool {place}", because(Reason.POOL_ADDRESS, pools=place))
            for place, pools in (
                ("1", [("", "you.1")]),
                ("2", [NEW[0], ("a b", "you.1")]),
                ("1", [("a\n", "you.1")]),
                ("1, 2", [("", "you.1"), ("", "you.1")]),
            )
        ),
        ((group([("a:1", "")]),), "pool 1 needs a user", because(Reason.POOL_USER, pools="1")),
        ((group([("a:1", "you.1\0")]),), "printable", because(Reason.POOL_USER, pools="1")),
        ((group(NEW, "hunter2\n"),), "printable", because(Reason.POOL_USER, pools="1, 2")),
        (
            (PoolGroup(pools=(PoolEntry(url="a", user="b", password="c", enabled=False),)),),
            "switched off",
            because(Reason.POOL_OFF, pools="1"),
        ),
    ],
)
async def test_values(
    groups: tuple[PoolGroup, ...], words: str, why: Callable[[MinerError], bool]
) -> None:
    """Refused in words, and nothing is sent."""
    async with miner(newer(pools=listed(OLD))) as (device, client):
        with pytest.raises(InvalidValueError, match=words, check=why) as caught:
            await client.set_pools(groups)
        assert device.commands == []
        assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize("passwords", [(), ("a",), ("a", "b", "c")])
async def test_as_many_previous_passwords_as_pools(passwords: tuple[str, ...]) -> None:
    """Else nobody knows which is whose."""
    async with miner(newer(pools=listed(OLD))) as (device, client):
        with pytest.raises(InvalidValueError, check=because(Reason.PREVIOUS_PASSWORDS, count="2")):
            await client.set_pools((group(NEW),), previous_passwords=passwords)
        assert device.commands == ["pools"]


@pytest.mark.parametrize("answer", [DOWN, DOWN_TEXT, Wire.CLOSE])
async def test_no_mining_process(answer: Answer) -> None:
    """Pools that cannot be read back are not set."""
    async with miner(newer(pools=answer)) as (device, client):
        with pytest.raises(MiningProcessDownError):
            await client.get_pools()
        with pytest.raises(MiningProcessDownError):
            await client.set_pools((group(NEW),))
        assert "update_pools" not in device.commands


@pytest.mark.parametrize("previous", [None, ("a", "b")])
async def test_nothing_changed(previous: tuple[str, ...] | None) -> None:
    """Said so; an accepted order without effect is refused, an unanswered one is open."""
    for reply, kind in ((OK, RejectedError), (Wire.CLOSE, UnconfirmedError)):
        async with miner(newer(pools=listed(OLD), update_pools=reply)) as (device, client):
            hasty(client)
            with pytest.raises(kind, match=r"old ones|old pools") as caught:
                await client.set_pools((group(NEW),), previous_passwords=previous)
            assert device.commands.count("update_pools") == 1
            assert not any(secret in str(caught.value) for secret in SECRETS)


async def test_only_passwords_change() -> None:
    """Nothing shows that; the reply has to do."""
    async with miner(newer(pools=listed(OLD))) as (_, client):
        await client.set_pools((group(OLD),))
    async with miner(newer(pools=listed(OLD), update_pools=Wire.CLOSE)) as (_, client):
        with pytest.raises(UnconfirmedError):
            await client.set_pools((group(OLD),))


@pytest.mark.parametrize("previous", [None, ("a", "b")])
async def test_neither_a_reply_nor_anything_to_read(previous: tuple[str, ...] | None) -> None:
    """It may boot with its new pools: that is open, and nothing is sent over it."""
    script = newer(pools=[listed(OLD), Wire.CLOSE], update_pools=Wire.CLOSE)
    async with miner(script) as (device, client):
        hasty(client)
        with pytest.raises(UnconfirmedError, match="cannot be read"):
            await client.set_pools((group(NEW),), previous_passwords=previous)
        assert device.commands.count("update_pools") == 1


STRANGE: list[tuple[Answer, str, str]] = [
    (
        listed([("stratum+tcp://login:hunter2@c.example:9/x?login=1", "you.1")]),
        "c.example:9 now",
        "c.example:9",
    ),
    (listed([("login:hunter2@c:9#login", "you.1"), ("d:1", "you.1")]), "c:9, d:1 now", "c:9, d:1"),
    (listed([]), "the miner has none now", "-"),
    (b"{", "could not be read", "?"),
]


@pytest.mark.parametrize(("shown", "words", "pools"), STRANGE)
async def test_something_else_shows(shown: Answer, words: str, pools: str) -> None:
    """Without the old passwords the miner is left as it is, and what it has is said."""
    async with miner(newer(pools=[listed(OLD), shown])) as (device, client):
        hasty(client)
        why = because(Reason.POOLS_NOT_REVERTED, pools=pools)
        with pytest.raises(NotRevertedError, match=words, check=why) as caught:
            await client.set_pools((group(NEW),))
        assert device.commands.count("update_pools") == 1
        assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize(("shown", "words", "pools"), STRANGE)
async def test_old_pools_are_put_back(shown: Answer, words: str, pools: str) -> None:
    """With their passwords, where these are given."""
    script = newer(pools=[listed(OLD), shown])
    async with miner(script) as (device, client):
        hasty(client)
        replies: list[Answer] = [OK, OK]

        def update(_: Request) -> Answer:
            # The second time it works.
            replies.pop()
            if not replies:
                device.script["pools"] = listed(OLD)
                # From now on there is something to wait for.
                client.pools_seconds = 60.0
            return OK

        device.script["update_pools"] = update
        with pytest.raises(RevertedError, check=because(Reason.POOLS_REVERTED)):
            await client.set_pools((group(NEW),), previous_passwords=("p1", ""))
        sent = [r for r in device.requests if r.get("cmd") == "update_pools"]
        assert [slots(r) for r in sent[1:]] == [[(*OLD[0], "p1"), (*OLD[1], ""), ("", "", "")]]
    async with miner(newer(pools=[listed(OLD), shown])) as (device, client):
        hasty(client)
        why = because(Reason.POOLS_NOT_REVERTED, pools=pools)
        with pytest.raises(NotRevertedError, match=words, check=why) as caught:
            await client.set_pools((group(NEW),), previous_passwords=("p1", ""))
        assert device.commands.count("update_pools") == 2
        assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize("second", [error(132, "me.1"), error(45), Wire.CLOSE])
async def test_old_pools_are_refused(second: Answer) -> None:
    """What the miner has then is said; nothing is sent a third time."""
    script = newer(pools=[listed(OLD), listed(OLD[:1])], update_pools=[OK, second])
    async with miner(script) as (device, client):
        hasty(client)
        why = because(Reason.POOLS_NOT_REVERTED, pools="old.example:1")
        with pytest.raises(NotRevertedError, match=r"old\.example:1 now", check=why) as caught:
            await client.set_pools((group(NEW),), previous_passwords=("p1", "p2"))
        assert device.commands.count("update_pools") == 2
        assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(error(132, "bad me.1 hunter2"), RejectedError), (error(45), WriteAccessError)],
)
async def test_refusal(reply: Script, kind: type[MinerError]) -> None:
    """Passed on at once, without the device's words."""
    async with miner(newer(pools=listed(OLD), update_pools=reply)) as (device, client):
        with pytest.raises(kind) as caught:
            await client.set_pools((group(NEW),), previous_passwords=("a", "b"))
        assert device.commands.count("update_pools") == 1
        error_chain: BaseException | None = caught.value
        while error_chain is not None:
            assert not any(secret in str(error_chain) for secret in SECRETS)
            error_chain = error_chain.__cause__


async def test_no_password() -> None:
    """Reading needs none, writing does."""
    async with bench("M60S") as b:
        client = b.client(None)
        assert len((await client.get_pools())[0].pools) == 3
        with pytest.raises(AuthenticationError):
            await client.set_pools((group(NEW),))
        assert b.miner.truth()["writes"] == 0
    assert CREDENTIALS.password
