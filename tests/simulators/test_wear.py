"""How simulated machines break in parts: a board, a fan, chips, a pool that takes no more."""

import pytest

from .braiins.plain import draw, hashrate, machines
from .clock import ManualClock
from .naive_whatsminer import ask, data, numeric, rows, running


async def test_braiins_board_that_dies() -> None:
    """It stays listed and enabled; the others go on with what they had."""
    clock = ManualClock()
    async with machines(clock) as start:
        client = await start()
        stats = await client.get("miner/stats")
        made, drawn = hashrate(stats), draw(stats)
        client.miner.device.board_dies("2")
        clock.advance(300)
        boards = (await client.get("miner/hw/hashboards"))["hashboards"]
        assert [board["enabled"] for board in boards] == [True, True, True]
        assert boards[1]["stats"]["real_hashrate"]["last_1m"]["gigahash_per_second"] == 0
        assert boards[1]["highest_chip_temp"] is None
        assert boards[0]["stats"]["real_hashrate"]["last_1m"]["gigahash_per_second"] > 30_000
        stats = await client.get("miner/stats")
        assert hashrate(stats) == pytest.approx(made * 2 / 3, rel=0.05)
        assert draw(stats) == pytest.approx(drawn * 2 / 3, rel=0.05)
        assert (await client.get("miner/details"))["status"] == 2
        error = (await client.get("miner/errors"))["errors"][-1]
        assert error["error_codes"][0]["code"] == "H1"
        client.miner.device.dead_boards.clear()
        clock.advance(600)
        assert hashrate(await client.get("miner/stats")) == pytest.approx(made, rel=0.03)


async def test_braiins_fans_that_stand_still() -> None:
    """One of four is told by its speed only; with fewer than required the firmware stops."""
    clock = ManualClock()
    async with machines(clock) as start:
        client = await start("S19 XP")
        client.miner.device.stopped_fans = {1}
        clock.advance(60)
        fans = (await client.get("cooling/state"))["fans"]
        assert [fan["rpm"] > 0 for fan in fans] == [True, False, True, True]
        assert (await client.get("miner/details"))["status"] == 2
        client.miner.device.stopped_fans = {0, 1, 2, 3}
        clock.advance(60)
        details = await client.get("miner/details")
        assert details["status"] == 4
        assert "BROKEN_FANS" in str(details["detailed_status"])
        assert draw(await client.get("miner/stats")) < 30
        client.miner.device.stopped_fans.clear()
        clock.advance(600)
        assert (await client.get("miner/details"))["status"] == 2
        assert hashrate(await client.get("miner/stats")) > 50


async def test_braiins_chips_that_fail() -> None:
    """Less hashrate for the same draw, and less than the clocks should give."""
    clock = ManualClock()
    async with machines(clock) as start:
        client = await start()
        before = await client.get("miner/stats")
        client.miner.device.plant.lost = 0.25
        clock.advance(300)
        after = await client.get("miner/stats")
        assert hashrate(after) == pytest.approx(0.75 * hashrate(before), rel=0.03)
        assert draw(after) == pytest.approx(draw(before), rel=0.03)
        nominal = after["miner_stats"]["nominal_hashrate"]["gigahash_per_second"]
        assert nominal == pytest.approx(101_000, rel=0.01)


async def test_braiins_pool_that_rejects() -> None:
    """From now on; what was accepted before stays so."""
    clock = ManualClock()
    async with machines(clock) as start:
        client = await start()
        before = (await client.get("miner/stats"))["pool_stats"]
        client.miner.device.pools.rejected_part = 0.5
        clock.advance(1800)
        after = (await client.get("miner/stats"))["pool_stats"]
        new = {name: after[name] - before[name] for name in ("accepted_shares", "rejected_shares")}
        assert new["rejected_shares"] == pytest.approx(new["accepted_shares"], rel=0.02)


async def test_whatsminer_chips_that_fail() -> None:
    """The clocks and the draw stay, the hashrate does not."""
    async with running() as device:
        before = data(await ask(device, "summary"))
        device.device.plant.lost = 0.25
        device.pass_time(60)
        after = data(await ask(device, "summary"))
        assert numeric(after["HS RT"]) == pytest.approx(0.75 * numeric(before["HS RT"]), rel=0.03)
        assert numeric(after["Power"]) == pytest.approx(numeric(before["Power"]), rel=0.03)
        assert numeric(after["freq_avg"]) == pytest.approx(numeric(before["freq_avg"]), rel=0.01)


async def test_whatsminer_pool_that_rejects() -> None:
    """From now on; what was accepted before stays so."""
    async with running() as device:
        before = rows(await ask(device, "pools"), "POOLS")[0]
        device.faults.rejected_part = 0.5
        device.pass_time(3600)
        after = rows(await ask(device, "pools"), "POOLS")[0]
        accepted = numeric(after["Accepted"]) - numeric(before["Accepted"])
        rejected = numeric(after["Rejected"]) - numeric(before["Rejected"])
        assert rejected == pytest.approx(accepted, rel=0.02)


async def test_whatsminer_names_the_pools_by_their_slots() -> None:
    """2020 is slot 0; 2010 says that none is left."""
    async with running() as device:
        device.faults.dead_pools = {0, 2}
        errors = str((await ask(device, "get_error_code"))["Msg"])
        assert "2020" in errors
        assert "2022" in errors
        assert "2021" not in errors
        assert "2010" not in errors
