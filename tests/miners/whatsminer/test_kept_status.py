"""A miner that goes on working is not asked at each poll whether it is switched off."""

import asyncio

import pytest

from custom_components.asic_miner.miners.errors import UnreachableError
from custom_components.asic_miner.miners.models import MinerState
from custom_components.asic_miner.miners.whatsminer import core, poll
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .bench import Bench, bench
from .devices import DEVS, DOWN, miner, newer, older, rows, status, summary
from .scripted import Answer, Wire, envelope, error

LIVE = ["status", "summary", "edevs"]
WITHOUT = ["summary", "edevs"]
DEVICES = rows("DEVS", [dict(board) for board in DEVS])


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
        for _ in range(2):
            await asyncio.sleep(0.15)
            later = (await client.read(slow=False)).clock
        assert device.commands == LIVE + WITHOUT * 2
        assert later is not None
        assert 0.3 <= later - 1_790_000_000 < 60


@pytest.mark.parametrize(
    "changes",
    [
        {"HS RT": 0},
        {"HS RT": None},
        {"HS RT": None, "MHS av": 186_000_000},
        {"Hash Stable": "false"},
        {"Elapsed": 4999},
        {"Elapsed": None},
        {"Power": 3250},
        {"Power": 3550},
        {"Power": -1},
        {"HS RT": -1},
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


async def test_level_set_by_somebody() -> None:
    """The draw tells of it, and is not taken for the full draw of the level from before."""
    unlimited: dict[str, object] = {"Power Limit": 2147483647}
    script = newer(
        summary=[summary(**unlimited), *(summary(Power=1700, **unlimited),) * 3],
        status=[status(power_pct=100), *(status(power_pct=50),) * 2],
    )
    async with miner(script) as (_, client):
        seen = [await client.read(slow=False) for _ in range(3)]
        assert [s.power_percent for s in seen] == [100, 50, 50]
        assert [s.power_target for s in seen] == [3400, 1700, 1700]
        assert client.memory["full_power"] == 3400


async def test_little_by_little() -> None:
    """The draw is held against what it was when it said so, not against the last one."""
    script = newer(summary=[summary(Power=3400 - 40 * n) for n in range(4)])
    async with miner(script) as (device, client):
        for _ in range(4):
            await client.read(slow=False)
        assert device.commands == [*LIVE, *WITHOUT, *WITHOUT, *WITHOUT, "status"]


async def test_full_draw_is_learned_from_what_is_told_now() -> None:
    """A level that was told a while ago says nothing of the draw of this moment."""
    watts = (3400, 3310, 3215)
    draws = tuple(summary(Power=now, **{"Power Limit": 2147483647}) for now in watts)
    async with miner(newer(summary=draws, status=status(power_pct=100))) as (device, client):
        for slow, learned in ((False, 3400), (True, 3400), (False, 3400), (True, 3215)):
            await client.read(slow=slow)
            assert client.memory["full_power"] == learned
        assert device.commands.count("status") == 3


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


async def test_off_with_a_hashrate() -> None:
    """A device's word that it is off counts, is seen with the slow facts and asked for since."""
    script = newer(status=[status(), status(mineroff="true"), status(mineroff="true"), status()])
    async with miner(script) as (_, client):
        assert (await client.read(slow=False)).state is MinerState.MINING
        assert (await client.read(slow=False)).state is MinerState.MINING
        assert (await client.read(slow=True)).state is MinerState.STOPPED
        assert (await client.read(slow=False)).state is MinerState.STOPPED
        assert (await client.read(slow=False)).state is MinerState.MINING


async def test_old_spelling() -> None:
    """Of what firmware from before API 2 says."""
    async with miner(older()) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        assert (await client.read(slow=False)).state is MinerState.MINING
        assert device.commands == WITHOUT


@pytest.mark.parametrize("answer", [envelope({}), error(14), "{"])
async def test_status_that_tells_nothing(answer: Answer) -> None:
    """There is nothing to keep, so it is asked again, also after a slow read without it."""
    async with miner(newer(status=[status(), answer, answer, status()])) as (device, client):
        await client.read(slow=False)
        for slow in (True, False, False):
            device.requests.clear()
            assert (await client.read(slow=slow)).state is MinerState.MINING
            assert device.commands[:3] == LIVE


async def test_after_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for a while what became of it."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        await client.set_power_percent(90)
        device.requests.clear()
        for _ in range(3):
            await client.read(slow=False)
        assert device.commands == LIVE * 3
        monkeypatch.setattr(core, "_TELLING_SECONDS", -1.0)
        await client.read(slow=False)
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == WITHOUT


@pytest.mark.parametrize("poll_first", [True, False])
async def test_write_that_meets_a_poll(poll_first: bool) -> None:
    """Nothing from before it is kept, whichever of them begins and ends first."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        device.delay = 0.05
        device.requests.clear()
        if poll_first:
            reading = asyncio.create_task(client.read(slow=False))
            await asyncio.sleep(0.02)
            writing = asyncio.create_task(client.set_power_percent(80))
        else:
            writing = asyncio.create_task(client.set_power_percent(80))
            while "get_token" not in device.commands:
                await asyncio.sleep(0.01)
            reading = asyncio.create_task(client.read(slow=False))
        await asyncio.gather(reading, writing)
        assert ("status" in device.commands) is not poll_first
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == LIVE


async def test_poll_that_fails() -> None:
    """What was said before a gap may be of long ago after it."""
    script = newer(summary=[summary(), Wire.CLOSE, summary()], status=[status(), Wire.CLOSE])
    async with miner({**script, "edevs": [DEVICES, Wire.CLOSE, DEVICES]}) as (device, client):
        await client.read(slow=False)
        with pytest.raises(UnreachableError):
            await client.read(slow=False)
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == LIVE


async def test_who_it_is_is_asked_together_with_that() -> None:
    """Another device, or the same with other firmware, has other things to say."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        await client.identify()
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == LIVE


async def test_nothing_is_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody reads the slow facts, it is asked all the same."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        await client.read(slow=False)
        assert device.commands == LIVE + WITHOUT
        monkeypatch.setattr(poll, "_LONGEST_KEPT", 0.0)
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == [*WITHOUT, "status"]


async def test_slow_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no time for anything twice, so it is asked in the same order each time."""
    monkeypatch.setattr(poll, "_QUICK_SHARE", 0.02)
    async with miner(newer()) as (device, client):
        device.delay = 0.1
        for _ in range(2):
            device.requests.clear()
            seen = await client.read(slow=False)
            assert (seen.hashrate, len(seen.boards)) == (186.0, 3)
            assert device.commands == LIVE


@pytest.mark.parametrize("answer", [Wire.HANG, error(14)])
async def test_status_fails_after_the_rest_was_told(answer: Answer) -> None:
    """What is there is shown, and no full draw is learned without the level that it is of."""
    unlimited: dict[str, object] = {"Power Limit": 2147483647}
    now = summary(Elapsed=60, Power=1700, **unlimited)
    script = newer(summary=[summary(**unlimited), now], status=[status(power_pct=100), answer])
    async with miner(script) as (_, client):
        await client.read(slow=False)
        seen = await client.read(slow=False, seconds=2.0)
        assert (seen.hashrate, seen.power, len(seen.boards)) == (186.0, 1700.0, 3)
        assert client.memory["full_power"] == 3400


@pytest.mark.parametrize("said", [DOWN, Wire.CLOSE])
async def test_status_fails_after_the_rest_failed(said: Answer) -> None:
    """That is a device that goes away, and none that somebody has stopped."""
    script = newer(summary=[summary(), said], status=[status(), Wire.HANG])
    async with miner(script) as (_, client):
        await client.read(slow=False)
        with pytest.raises(UnreachableError):
            await client.read(slow=False, seconds=2.0)


async def test_boards_may_take_their_time() -> None:
    """The totals have come, so all that is left of the time is for the boards."""
    script = newer(edevs=[DEVICES, Wire.HANG])
    async with miner(script) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        seen = await client.read(slow=False, seconds=1.0)
        assert (seen.state, seen.hashrate, seen.boards) == (MinerState.MINING, 186.0, ())
        assert device.commands == WITHOUT


async def test_new_mining_process() -> None:
    """It starts with its own percentage, which is not what the one before it had."""
    script = newer(
        summary=[summary(), summary(Elapsed=60)],
        status=[status(power_pct=50), status(power_pct=100)],
    )
    async with miner(script) as (_, client):
        assert (await client.read(slow=False)).power_percent == 50
        assert (await client.read(slow=False)).power_percent == 100


async def test_new_mining_process_of_a_young_one() -> None:
    """Its age is held against the last one, not against that of the poll with the status."""
    script = newer(summary=[summary(Elapsed=age) for age in (30, 60, 45)])
    async with miner(script) as (device, client):
        for _ in range(3):
            await client.read(slow=False)
        assert device.commands == [*LIVE, *WITHOUT, *WITHOUT, "status"]


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
    """It does not take all of the time: the board is asked in the rest."""
    script = newer(summary=[summary(), Wire.HANG])
    async with miner(script) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        seen = await client.read(slow=False, seconds=2.0)
        assert seen.mining_wanted is True
        assert device.commands == ["summary", "status"]


@pytest.mark.parametrize("joins", [True, False])
async def test_away(joins: bool) -> None:
    """One that is off the network says nothing of its firmware: a proved join stays proved."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.read(slow=joins)
        assert "status" not in await asked(b, client)
        await b.miner.stop()
        for _ in range(2):
            with pytest.raises(UnreachableError, match="refused"):
                await client.read(slow=False)
        assert ("joins" in client.memory) is joins
