"""All requests to one device are one at a time, and every write arrives once."""

import asyncio
from collections import Counter
from collections.abc import Coroutine

import pytest

from custom_components.asic_miner.miners.errors import UnconfirmedError
from custom_components.asic_miner.miners.models import Feature
from custom_components.asic_miner.miners.orders import Blink, PoolEntry, PoolGroup
from tests.simulators.whatsminer import Wire

from .bench import Bench, bench

POOLS = (PoolGroup(pools=(PoolEntry(url="stratum+tcp://p:1", user="w", password="x"),)),)
SENT = {
    "set_power_pct": 3,
    "set_power_pct_v2": 2,
    "set_power": 1,
    "update_pools": 1,
    "set_led": 4,
    "set_hostname": 1,
    "set_zone": 1,
    "load_log": 1,
    "set_customer_msg": 1,
    "adjust_upfreq_speed": 1,
    "set_temp_offset": 1,
    "disable_web_pools": 1,
    "power_on": 1,
}
"""How often each of the writes below has to arrive."""


def everything(b: Bench) -> list[Coroutine[object, object, object]]:
    """Return reads and writes of every kind, none of which stops mining."""
    client = b.client()
    # As many polls as there are writes, so that they really get in each other's way.
    polls = [client.read(slow=bool(n % 2), seconds=3600.0) for n in range(20)]
    return [
        *polls,
        client.identify(),
        client.probe(),
        client.get_pools(),
        client.set_power_percent(80),
        client.set_power_target(2500),
        client.set_power(2400),
        *(client.set_power_percent(n, fast=True) for n in (50, 60, 70)),
        client.set_pools(POOLS),
        client.set_locate(True),
        client.set_led(Blink(colour="red")),
        client.check_access(),
        client.set_hostname("rig"),
        client.set_time_zone("Europe/Berlin"),
        client.set_syslog("192.0.2.9", 514, tcp=True),
        client.set_message("a", "b"),
        client.get_message("a"),
        client.set_setting(Feature.UPFREQ_SPEED, 5.0),
        client.set_setting(Feature.TEMP_OFFSET, -5.0),
        client.set_setting(Feature.WEB_POOLS, False),
        client.set_mining(True),
    ]


async def test_everything_at_once() -> None:
    """The device never sees two connections, and no write twice."""
    async with bench("M60S") as b:
        await asyncio.gather(*everything(b))
        assert b.miner.max_open_connections == 1
        counted = Counter(b.miner.commands)
        assert {name: counted[name] for name in SENT} == SENT
        assert b.miner.truth()["writes"] == sum(SENT.values())
        # One token does for all of them.
        assert b.miner.tokens_issued == 1


@pytest.mark.parametrize("lost", ["set_power", "load_log", "set_zone", "set_power_pct"])
async def test_everything_at_once_with_a_lost_reply(lost: str) -> None:
    """Whoever loses it is told; nobody sends it again, and the others are not held up."""
    async with bench("M60S") as b:
        b.miner.faults.unanswered = {lost}
        results = await asyncio.gather(*everything(b), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        assert [type(failure) for failure in failures] == [UnconfirmedError] * SENT[lost]
        assert b.miner.max_open_connections == 1
        counted = Counter(b.miner.commands)
        assert {name: counted[name] for name in SENT} == SENT


async def test_everything_at_once_with_void_tokens() -> None:
    """Refused before execution, a write may be sent once more: it is executed once."""
    async with bench("M60S") as b:
        void = asyncio.ensure_future(_void_tokens(b))
        await asyncio.gather(*everything(b))
        void.cancel()
        await asyncio.gather(void, return_exceptions=True)
        assert b.miner.max_open_connections == 1
        assert b.miner.tokens_issued > 1
        assert b.miner.truth()["writes"] == sum(SENT.values())


async def _void_tokens(b: Bench) -> None:
    """Forget all tokens after every fourth write: no write then meets that twice."""
    seen = 0
    while True:
        if b.miner.writes >= seen + 4:
            seen = b.miner.writes
            b.miner.access.forget()
        await asyncio.sleep(0)


async def test_cancelled_poll_leaves_no_connection_behind() -> None:
    """The next request finds the way free."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        b.miner.faults.wire, b.miner.faults.wire_commands = Wire.HANG, {"summary"}
        poll = asyncio.ensure_future(client.read(slow=True, seconds=3600.0))
        while "summary" not in b.miner.commands:
            await asyncio.sleep(0)
        write = asyncio.ensure_future(client.set_hostname("rig"))
        await asyncio.sleep(0)
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await write
        assert b.miner.commands.count("set_hostname") == 1
