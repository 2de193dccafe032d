"""A miner that goes on working is not asked at each poll whether it is switched off."""

import asyncio

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import UnreachableError
from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .bench import Bench, bench
from .devices import DOWN, miner, newer, older, status, summary
from .scripted import Answer, Wire, envelope

LIVE = ["status", "summary", "edevs"]
WITHOUT = ["summary", "edevs"]


async def asked(b: Bench, client: WhatsminerClient) -> list[object]:
    """Return what a live poll asks for."""
    before = len(b.miner.commands)
    await client.read(slow=False)
    return list(b.miner.commands[before:])


async def test_at_work() -> None:
    """Asked with the slow facts, and not in between; everything is told all the same."""
    async with miner(newer(status=status(power_pct=100))) as (device, client):
        first = await client.read(slow=False)
        assert device.commands == LIVE
        for _ in range(3):
            device.requests.clear()
            assert await client.read(slow=False) == first
            assert device.commands == WITHOUT
        assert (first.mining_wanted, first.power_percent) == (True, 100.0)
        device.requests.clear()
        await client.read(slow=True)
        assert device.commands[:3] == LIVE


async def test_clock_goes_on() -> None:
    """A time that was told some seconds ago is not taken for that of now."""
    told = {**envelope({"mineroff": "false"}), "When": 1_790_000_000}
    async with miner(newer(status=told)) as (device, client):
        assert (await client.read(slow=False)).clock == 1_790_000_000
        await asyncio.sleep(0.3)
        later = (await client.read(slow=False)).clock
        assert device.commands == LIVE + WITHOUT
        assert later is not None
        assert 0.3 <= later - 1_790_000_000 < 60


@pytest.mark.parametrize(
    "changes",
    [
        {"HS RT": 0},
        {"HS RT": None},
        {"HS RT": None, "MHS av": 186_000_000},
        {"Hash Stable": "false", "Elapsed": 300},
        {"Elapsed": 4999},
        {"Elapsed": None},
    ],
)
async def test_asked_at_once_where_something_has_happened(changes: dict[str, object]) -> None:
    """In the same poll, and without asking for anything twice."""
    script = newer(
        summary=[summary(), summary(**changes)],
        status=[status(), status(power_mode="low"), status(mineroff="true")],
    )
    async with miner(script) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        seen = await client.read(slow=False)
        assert sorted(device.commands, key=str) == sorted(LIVE)
        assert seen.power_mode == "low"


async def test_switched_off_by_somebody() -> None:
    """It is seen with the first poll that finds it not hashing, joined or not."""
    for joins in (True, False):
        async with bench("M60S") as b:
            client = b.client()
            await client.identify()
            await client.read(slow=joins)
            assert "status" not in await asked(b, client)
            other = b.client()
            await other.set_mining(False)
            b.pass_time(30)
            seen = await client.read(slow=False)
            assert (seen.state, seen.off_on_purpose) == (MinerState.STOPPED, True)
            # Whoever is off is asked each time, also whether it is off still.
            assert "status" in await asked(b, client)
            await other.set_mining(True)
            b.pass_time(20)
            assert (await client.read(slow=False)).mining_wanted is True


async def test_averages_prove_nothing() -> None:
    """They tell of hashing for a while after a miner has been switched off."""
    averages = summary(**{"HS RT": None, "MHS av": 186_000_000})
    script = newer(summary=averages, status=[status(), status(), status(mineroff="true")])
    async with miner(script) as (device, client):
        for _ in range(2):
            assert (await client.read(slow=False)).state is MinerState.MINING
        assert device.commands == LIVE * 2
        assert (await client.read(slow=False)).state is MinerState.STOPPED


async def test_liquid_is_asked_for_at_each_poll() -> None:
    """Its temperature stands beside the rest, and is what protects the miner."""
    script = newer(status=[status(liquid_temp=40.0), status(liquid_temp=70.0)])
    async with miner(script) as (device, client):
        assert (await client.read(slow=False)).inlet_temperature == 40.0
        assert (await client.read(slow=False)).inlet_temperature == 70.0
        assert device.commands == LIVE * 2


async def test_firmware_that_does_not_tell_whether_it_is_off() -> None:
    """Its own hashing says it, so there is nothing to wait for."""
    async with miner(older()) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        assert (await client.read(slow=False)).state is MinerState.MINING
        assert device.commands == WITHOUT


async def test_after_a_write() -> None:
    """What was written is asked for, also when it was on its way during a poll."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.read(slow=False)
        assert "status" not in await asked(b, client)
        await client.set_power_percent(80)
        assert "status" in await asked(b, client)
        b.pass_time(3600)
        await client.read(slow=False)
        assert "status" not in await asked(b, client)
        reading = asyncio.create_task(client.read(slow=False))
        await asyncio.sleep(0)
        await client.set_power_percent(70)
        await reading
        assert "status" in await asked(b, client)


async def test_new_mining_process() -> None:
    """It starts with its own percentage, which is not what the one before it had."""
    script = newer(
        summary=[summary(), summary(Elapsed=60), summary(Elapsed=75)],
        status=[status(power_pct=50), status(power_pct=100)],
    )
    async with miner(script) as (_, client):
        assert (await client.read(slow=False)).power_percent == 50
        assert (await client.read(slow=False)).power_percent == 100


@pytest.mark.parametrize("answer", [DOWN, Wire.CLOSE, Wire.RESET])
async def test_mining_process_gone(answer: Answer) -> None:
    """The control board says what that means, as if it had been asked first."""
    script = newer(summary=[summary(), answer])
    async with miner(script) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        assert (await client.read(slow=False)).state is MinerState.RESTARTING
        assert sorted(device.commands, key=str) == ["status", "summary"]


async def test_silent_mining_process() -> None:
    """It takes half of the time; the board is asked in the other half."""
    script = newer(summary=[summary(), Wire.HANG, summary(**{"HS RT": 0})])
    async with miner(script) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        seen = await client.read(slow=False, seconds=4.0)
        assert seen.mining_wanted is True
        assert device.commands == ["summary", *LIVE]


@pytest.mark.parametrize("joins", [True, False])
async def test_away(joins: bool) -> None:
    """One that is off the network says nothing of its firmware: a proved join stays proved."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.read(slow=joins)
        await b.miner.stop()
        for _ in range(2):
            with pytest.raises(UnreachableError):
                await client.read(slow=False)
        assert ("joins" in client.memory) is joins
        again = WhatsminerClient(
            b.miner.host, b.miner.port, Credentials(password=None), memory=client.memory
        )
        assert again.memory == client.memory
