"""The simulated Braiins OS machine: models, streams, faults and the contract file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BytesIO
import logging
from zipfile import ZipFile

import aiohttp
import pytest

from .braiins import PRESETS, Fault
from .braiins.plain import Client, MakeClient, Node, draw, hashrate, machines
from .braiins.sources import either, held
from .braiins.wire import Json
from .clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def make(clock: ManualClock) -> AsyncIterator[MakeClient]:
    async with machines(clock) as start:
        yield start


@pytest.fixture
async def client(make: MakeClient) -> Client:
    return await make()


# Models


async def test_mini_miner(make: MakeClient, clock: ManualClock) -> None:
    client = await make("BMM 101")
    details = await client.get("miner/details")
    assert (details["miner_identity"]["brand"], details["platform"]) == (0, 8)
    assert details["hostname"] == "miner-" + client.miner.mac.replace(":", "")[-6:]
    tuner = (await client.get("configuration/miner"))["tuner"]
    assert set(tuner.values()) == {None}
    limits = (await client.get("configuration/constraints"))["tuner_constraints"]
    assert limits["power_target"] == {"default": None, "min": None, "max": None}
    assert limits["hashrate_target"] is None
    assert len((await client.get("miner/hw/hashboards"))["hashboards"]) == 1
    assert len((await client.get("cooling/state"))["fans"]) == 1
    stats = await client.get("miner/stats")
    assert draw(stats) == pytest.approx(40, abs=2)
    assert hashrate(stats) == pytest.approx(1.02, rel=0.05)
    assert (await client.get("pools/"))[0]["uid"] == "0"
    assert client.miner.truth()["power_target"] is None
    await client.put("performance/power-target", {"watt": 30})
    clock.advance(600)
    assert draw(await client.get("miner/stats")) == pytest.approx(30, abs=2)


async def test_continuous_tuner_and_late_members(make: MakeClient) -> None:
    client = await make("S21 Pro")
    await client.put("performance/power-target", {"watt": 2000})
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 5
    stats = await client.get("miner/stats")
    assert stats["miner_stats"]["best_share_str"] == str(stats["miner_stats"]["best_share"])
    assert (await client.put("performance/dps", {"enable": True}))["enabled"] is True


async def test_hydro(make: MakeClient, clock: ManualClock) -> None:
    client = await make("S21 Hyd")
    assert (await client.get("cooling/state"))["fans"] == []
    board = (await client.get("miner/hw/hashboards"))["hashboards"][0]
    assert board["lowest_inlet_temp"] is None
    inlet, outlet = board["lowest_water_inlet_temp"], board["highest_water_outlet_temp"]
    assert 20 < inlet["degree_c"] < outlet["degree_c"]
    constraints = await client.get("configuration/constraints")
    assert constraints["cooling_constraints"]["default_cooling_mode"] == 5
    await client.put("actions/restart")
    clock.advance(40)
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 6
    clock.advance(120)
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 5


async def test_disabled_board_and_detailed_status(make: MakeClient, clock: ManualClock) -> None:
    client = await make("S19 XP")
    boards = (await client.get("miner/hw/hashboards"))["hashboards"]
    assert [board["enabled"] for board in boards] == [True, False, True]
    assert len((await client.get("miner/errors"))["errors"]) > 100
    details = await client.get("miner/details")
    assert details["is_pic_model"] is True
    assert details["detailed_status"]["status"] == {"running": {"reason": {"normal": {}}}}

    async def phase() -> Node:
        return (await client.get("miner/details"))["detailed_status"]["status"]

    await client.put("actions/pause")
    assert await phase() == {"stopping": {"reason": {"user_pause": {}}}}
    clock.advance(10)
    assert await phase() == {"stopped": {"reason": {"user_pause": {}}}}
    await client.put("actions/resume")
    clock.advance(5)
    assert await phase() == {"starting": {"reason": {"cooling_down": {}}}}
    clock.advance(15)
    assert await phase() == {"running": {"reason": {"preheating": {}}}}
    client.miner.device.pools.all_dead = True
    assert await phase() == {"stopped": {"reason": {"dead_pools": {}}}}
    await client.put("actions/stop")
    assert await phase() == {"stopped": {"reason": {"application_unavailable": {}}}}


# Streams and files


@pytest.mark.parametrize("framing", [b"", b"\n"])
async def test_status_stream(client: Client, clock: ManualClock, framing: bytes) -> None:
    client.miner.device.unknowns.framing = framing
    headers = {"Authorization": str(client.token)}
    async with client.http.get(client.url("miner/status"), headers=headers) as reply:
        first = b'{"status": 2}' + framing
        assert await reply.content.readexactly(len(first)) == first
        await client.put("actions/pause")
        clock.advance(10)
        second = b'{"status": 3}' + framing
        assert await reply.content.readexactly(len(second)) == second


async def test_archive_and_logs(make: MakeClient) -> None:
    client = await make("S21 Pro")
    answer = await client.ask("GET", "miner/support-archive", {"format": "zip"})
    assert answer.kind == "application/octet-stream"
    assert ZipFile(BytesIO(answer.body)).namelist() == ["errors.log"]
    assert (await client.ask("GET", "miner/support-archive", {"format": "tar"})).status == 422
    assert b"{ERR:" in (await client.ask("GET", "miner/log/errors")).body
    assert (await client.ask("GET", "miner/log/nonsense")).status == 400


# Faults


async def test_faults_on_answers(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    faults = client.miner.faults
    stats = "miner/stats"
    faults.set(stats, Fault(status=500, body={"message": "sorry"}, times=1))
    answer = await client.ask("GET", stats)
    assert (answer.status, answer.json) == (500, {"message": "sorry"})
    assert (await client.ask("GET", stats)).status == 200, "only once"
    faults.set(f"GET /api/v1/{stats}", Fault(text="<html>"))
    answer = await client.ask("GET", stats)
    assert (answer.kind, answer.body) == ("text/plain", b"<html>")
    faults.clear()
    faults.set(stats, Fault(empty=True))
    assert (await client.ask("GET", stats)).body == b""
    faults.set(stats, Fault(truncated=True))
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        _ = (await client.ask("GET", stats)).json
    faults.set(stats, Fault(unknown_members=True))
    answer = await client.ask("GET", stats)
    assert "of_a_later_version" in answer.json["power_stats"]
    faults.set(
        "miner/hw/hashboards",
        Fault(
            replace={
                "hashboards.*.board_temp": None,
                "hashboards.0.highest_chip_temp.location": 77,
            },
            remove=["hashboards.1.stats"],
        ),
    )
    boards = (await client.get("miner/hw/hashboards"))["hashboards"]
    assert [board["board_temp"] for board in boards] == [None] * 3
    assert boards[0]["highest_chip_temp"]["location"] == 77
    assert "stats" not in boards[1]
    faults.set("pools/", Fault(replace={"": []}))
    assert await client.get("pools") == []
    faults.set(stats, Fault(reset=True))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.ask("GET", stats)
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def test_write_is_executed_but_not_answered(client: Client) -> None:
    path = "performance/power-target"
    client.miner.faults.set(path, Fault(reset=True, times=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.ask("PUT", path, {"watt": 1500})
    assert client.miner.truth()["power_target"] == 3040
    client.miner.faults.set(path, Fault(reset=True, execute=True))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.ask("PUT", path, {"watt": 1500})
    assert client.miner.truth()["power_target"] == 1500


async def test_held_answers_and_counters(client: Client) -> None:
    miner = client.miner
    hold = asyncio.Event()
    miner.faults.set("*", Fault(hold=hold))
    asked = [asyncio.create_task(client.get("miner/details")) for _ in range(3)]
    while miner.open_requests < 3:
        await asyncio.sleep(0.001)
    assert miner.max_open_requests == 3
    assert miner.connections == 3
    hold.set()
    await asyncio.gather(*asked)
    assert miner.open_requests == 0
    assert miner.requests == ["POST /api/v1/auth/login", *["GET /api/v1/miner/details"] * 3]


async def test_stopping_lets_go_of_held_requests(client: Client) -> None:
    client.miner.faults.set("*", Fault(hold=asyncio.Event()))
    asked = asyncio.create_task(client.get("miner/details"))
    while not client.miner.open_requests:
        await asyncio.sleep(0.001)
    await client.miner.stop()
    with suppress(aiohttp.ClientConnectionError):
        await asked
        pytest.fail("a held request was answered")
    assert client.miner.open_requests == 0


@pytest.mark.parametrize("status", [404, 405])
async def test_old_firmware_and_another_machine(client: Client, status: int) -> None:
    client.miner.faults.mac = "02:00:00:00:00:99"
    assert (await client.get("miner/details"))["mac_address"] == "02:00:00:00:00:99"
    client.miner.faults.old_firmware = status
    assert (await client.login()).status == status
    assert (await client.ask("GET", "version/")).status == 404
    client.miner.faults.clear()
    assert (await client.get("network"))["mac_address"] == client.miner.mac


# The contract


@either
@pytest.mark.parametrize("preset", PRESETS)
async def test_every_operation_keeps_the_contract(
    make: MakeClient, clock: ManualClock, preset: str, source: str
) -> None:
    contract = held(source, PRESETS[preset].rest)
    client = await make(preset)
    client.contract = contract
    contract_paths = set(contract.operations)
    limits = PRESETS[preset]
    await client.login()

    async def ask(method: str, path: str, body: Json = None) -> None:
        # That operations of later versions are missing has a test of its own.
        if not contract.has(method, path):
            return
        answer = await client.ask(method, path, body)
        assert answer.status < 300, (method, path, answer)
        # Past every window in which the mining process cannot be asked.
        clock.advance(120)

    reads = [
        *("actions/locate", "configuration/constraints", "configuration/miner", "cooling/state"),
        *("docs/openapi.json", "license/license", "miner/details", "miner/errors"),
        *("miner/hw/hashboards", "miner/stats", "network/", "network/configuration"),
        *("performance/mode", "performance/target-profiles", "performance/tuner-state"),
        *("performance/efficiency-profile", "pools/", "version/", "miner/log/errors"),
        *("upgrade/auto-upgrade", "advanced-settings/", "advanced-settings/schema"),
    ]

    async def read_all() -> None:
        for path in reads:
            await ask("GET", path)

    await read_all()
    await ask("GET", "miner/support-archive", {"format": "bos"})
    pool: Json = {"url": "stratum+tcp://pool.example.org:3333", "user": "someone"}
    group: Json = {"name": "Another", "pools": [pool]}
    half = round(limits.power.default * 0.9)
    power: Json = {"watt": half}
    hashes: Json = {"terahash_per_second": limits.hashrate.default * 0.9}
    relative: Json = {"percentage": 100.0, "reference": 1}
    step: Json = {"powertarget": {"power_step": {"watt": 100}}}
    writes: list[tuple[str, str, Json]] = [
        ("PUT", "actions/locate", True),
        ("PUT", "actions/pause", None),
        ("PUT", "actions/resume", None),
        ("PUT", "performance/power-target", power),
        ("PATCH", "performance/power-target/increment", {"watt": 1}),
        ("PATCH", "performance/power-target/decrement", {"watt": 1}),
        ("PATCH", "performance/power-target/relative", relative),
        ("PUT", "performance/power-target/default", None),
        ("PUT", "performance/hashrate-target", hashes),
        ("PATCH", "performance/hashrate-target/increment", {"terahash_per_second": 0.01}),
        ("PATCH", "performance/hashrate-target/decrement", {"terahash_per_second": 0.01}),
        ("PATCH", "performance/hashrate-target/relative", relative),
        ("PUT", "performance/hashrate-target/default", None),
        ("PUT", "performance/quick-ramping", {"up_s": 20, "down_s": 20}),
        ("PUT", "performance/quick-ramping/default", None),
        ("PUT", "performance/mode", {"manualmode": {"hashboards": []}}),
        ("PUT", "performance/dps", {"save_action": 2, "enable": True, "target": {"target": step}}),
        ("PUT", "license/apply-contract-key", {"contract_key": "key"}),
        ("PATCH", "network/configuration", {"hostname": "cellar"}),
        ("PATCH", "upgrade/auto-upgrade", {"enabled": False}),
        ("PATCH", "advanced-settings/", {"allow_single_board": True}),
        ("DELETE", "advanced-settings/", None),
        ("PUT", "cooling/mode", {limits.cooling: {"target_temperature": {"degree_c": 55.0}}}),
        ("PATCH", "miner/hw/hashboards", {"hashboard_ids": ["1"], "enable": True}),
        ("POST", "pools/", group),
        ("PUT", "pools/1", group),
        ("DELETE", "pools/1", None),
        ("PUT", "pools/batch", [group]),
        ("DELETE", "performance/tuned-profiles", None),
        ("PUT", "actions/restart", None),
        ("PUT", "auth/password", {"password": "root"}),
    ]
    for method, path, body in writes:
        await ask(method, path, body)
        if path in {"actions/pause", "performance/hashrate-target", "performance/mode"}:
            await read_all()
    await read_all()

    # Refusals are answers of the contract, too.
    refusals: list[tuple[str, str, Json, int]] = [
        ("PUT", "performance/power-target", {"watt": 10**6}, 400),
        ("PUT", "performance/power-target", {"watt": "1"}, 422),
        ("PUT", "pools/99", group, 404),
        ("DELETE", "pools/99", None, 404),
    ]
    for method, path, refused, status in refusals:
        assert (await client.ask(method, path, refused)).status == status
    await ask("PUT", "actions/stop")
    assert (await client.ask("GET", "miner/stats")).status == 412
    await client.ask("PUT", "actions/start")
    assert (await client.ask("GET", "miner/stats")).status == 500
    clock.advance(120)

    # Streams do not end, so the client above cannot read them.
    for path, kind in (
        ("miner/status", "application/json"),
        ("miner/status/detailed", "application/x-ndjson"),
    ):
        if ("GET", path) in contract_paths:
            headers = {"Authorization": str(client.token)}
            async with client.http.get(client.url(path), headers=headers) as reply:
                assert reply.headers["Content-Type"] == kind
                first = await reply.content.readany()
            contract.check("GET", path, 200, kind, first)
            client.checked.add(("GET", path))

    last: list[tuple[str, str]] = [("PUT", "actions/factory-reset"), ("PUT", "actions/reboot")]
    for method, path in last:
        if (method, path) in contract_paths:
            answer = await client.ask(method, path)
            assert answer.status == 204
            clock.advance(client.miner.device.timing.boot)
            await client.miner.booted()
            await client.login()
    # Uploads and the way back to stock have a test of their own.
    own_test = {("POST", "upgrade/system-upgrade"), ("POST", "upgrade/restore-stock")}
    assert client.checked | own_test >= contract_paths
    token, client.token = client.token, "0123456789abcdef"
    assert token is not None
    for method, path in contract_paths - {("POST", "auth/login"), ("GET", "version/")}:
        assert (await client.ask(method, path.replace("{uid}", "0"))).status == 401
