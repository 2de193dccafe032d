"""The simulated Braiins OS machine: sessions, refusals, the mining process, power."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from .braiins.plain import Client, MakeClient, draw, hashrate, machines
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


# Sessions


async def test_token_is_sent_bare_and_slides(client: Client, clock: ManualClock) -> None:
    token = client.token
    assert token is not None
    assert len(token) == 16
    bearer = await client.ask("GET", "miner/stats", headers={"Authorization": f"Bearer {token}"})
    assert bearer.status == 401
    assert (await client.ask("GET", "miner/stats", headers={"X": "y"})).status == 401
    for _ in range(3):
        clock.advance(3599)
        await client.get("miner/details")
    clock.advance(3600)
    assert (await client.ask("GET", "miner/details")).status == 401


async def test_several_sessions_and_wrong_password(client: Client) -> None:
    first = client.token
    assert (await client.login()).json["timeout_s"] == 3600
    assert client.token != first
    for token in (first, client.token):
        answer = await client.ask("GET", "actions/locate", headers={"Authorization": str(token)})
        assert answer.status == 200
    assert (await client.login("wrong")).status == 401
    assert client.miner.logins == 2


async def test_password_can_be_changed_and_removed(client: Client) -> None:
    changed = await client.ask("PUT", "auth/password", {"password": "longer"})
    assert (changed.status, changed.body, changed.kind) == (204, b"", "")
    assert client.miner.password == "longer"
    assert (await client.login("root")).status == 401
    assert (await client.login("longer")).status == 200
    assert (await client.ask("PUT", "auth/password", {"password": None})).status == 204
    assert (await client.login("")).status == 200


async def test_version_needs_no_session(client: Client) -> None:
    for path in ("version", "version/"):
        answer = await client.ask("GET", path, headers={"X": "y"})
        assert answer.json == {"major": 1, "minor": 0, "patch": 0}


# Refusals


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "cooling/mode", 405),
        ("GET", "performance/power-target", 405),
        ("POST", "actions/pause", 405),
        ("GET", "nothing", 404),
        ("GET", "miner/stats/", 404),
        ("PATCH", "performance/power-target/relative", 404),
        ("GET", "upgrade/auto-upgrade", 404),
        ("GET", "miner/log/errors", 404),
        ("GET", "advanced-settings/", 404),
    ],
)
async def test_paths_the_firmware_does_not_have(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = await client.ask(method, path)
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "performance/power-target", {"watt": 1500.0}),
        ("PUT", "performance/power-target", {"watt": "1500"}),
        ("PUT", "performance/power-target", {"watt": -1}),
        ("PUT", "performance/power-target", {"watts": 1500}),
        ("PUT", "performance/power-target", 1500),
        ("PUT", "actions/locate", {"enable": True}),
        ("PUT", "actions/locate", 1),
        ("PUT", "performance/quick-ramping", {"up_s": 60}),
        ("PUT", "cooling/mode", {"auto": {}, "manual": {}}),
        ("PUT", "cooling/mode", {}),
        ("PUT", "cooling/mode", {"disabled": {}}),
        ("PUT", "cooling/mode", {"auto": {"target_temperature": 60}}),
        ("PUT", "performance/mode", {"tuner_mode": {"target": None}}),
        ("PUT", "performance/dps", {"enable": True}),
        ("PUT", "performance/dps", {"save_action": 9}),
        ("PATCH", "miner/hw/hashboards", {"hashboard_ids": [1], "enable": False}),
        ("POST", "auth/login", {"username": "root"}),
        ("PUT", "pools/batch", {"name": "x", "pools": []}),
    ],
)
async def test_wrong_shape_is_422_in_plain_text(
    client: Client, method: str, path: str, body: Json
) -> None:
    answer = await client.ask(method, path, body)
    assert (answer.status, answer.kind) == (422, "text/plain")
    assert client.miner.truth()["writes"] == 0


async def test_type_and_syntax_of_a_body(client: Client) -> None:
    headers = {"Authorization": str(client.token)}
    path = "performance/power-target"
    assert (await client.ask("PUT", path, headers=headers, data=b'{"watt": 1500}')).status == 415
    headers["Content-Type"] = "application/json"
    assert (await client.ask("PUT", path, headers=headers, data=b'{"watt": ')).status == 400
    assert (await client.ask("PUT", path, headers=headers, data=b'{"watt": 1500}')).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        (
            "PUT",
            "performance/power-target",
            {"watt": 500},
            "new power target '500' is out-of-range (min: Some(950), max: Some(6200))",
        ),
        (
            "PATCH",
            "performance/power-target/decrement",
            {"watt": 3000},
            "new power target '40' is out-of-range (min: Some(950), max: Some(6200))",
        ),
        (
            "PUT",
            "performance/hashrate-target",
            {"terahash_per_second": 7},
            "new hashrate target '7.0' is out-of-range (min: Some(71.5), max: Some(246.0))",
        ),
        (
            "PUT",
            "pools/batch",
            [{"name": "", "pools": []}],
            "group name '' length (0) is out-of-range (min: Some(1), max: None)",
        ),
        (
            "PUT",
            "performance/quick-ramping",
            {"up_s": 1, "down_s": 30},
            "quick ramping time '1' is out-of-range (min: Some(2), max: Some(600))",
        ),
    ],
)
async def test_value_out_of_range_is_400_with_the_range(
    client: Client, method: str, path: str, body: Json, message: str
) -> None:
    before = await client.get("configuration/miner")
    answer = await client.ask(method, path, body)
    assert (answer.status, answer.json) == (400, {"message": message})
    assert await client.get("configuration/miner") == before


# The mining process


HEAVY = (
    "miner/stats",
    "miner/hw/hashboards",
    "cooling/state",
    "performance/mode",
    "performance/tuner-state",
    "pools/",
)
LIGHT = ("miner/details", "actions/locate", "network/", "configuration/miner", "version/")


async def statuses(client: Client, paths: tuple[str, ...]) -> set[int]:
    return {(await client.ask("GET", path)).status for path in paths}


async def test_stopped_and_starting_process(client: Client, clock: ManualClock) -> None:
    assert await client.put("actions/stop") is False
    assert await client.put("actions/stop") is True
    assert await statuses(client, HEAVY) == {412}
    assert await statuses(client, LIGHT) == {200}
    refused = await client.ask("PUT", "performance/power-target", {"watt": 1500})
    assert (refused.status, refused.json["message"]) == (412, "BOSminer is not running")
    assert (await client.ask("PUT", "actions/pause")).status == 412
    details = await client.get("miner/details")
    assert (details["status"], details["bosminer_uptime_s"]) == (1, 0)
    assert client.miner.truth()["mining"] is False

    assert await client.put("actions/start") is False
    assert await client.put("actions/start") is True
    answer = await client.ask("GET", "miner/stats")
    assert answer.status == 500
    assert answer.json["message"].endswith("Connection refused (os error 111)")
    assert await statuses(client, HEAVY) == {500}
    assert await statuses(client, LIGHT) == {200}
    clock.advance(21)
    assert await statuses(client, HEAVY) == {200}
    details = await client.get("miner/details")
    assert (details["status"], details["bosminer_uptime_s"]) == (1, 1)
    clock.advance(20)
    assert (await client.get("miner/details"))["status"] == 2
    assert 0 < hashrate(await client.get("miner/stats")) < 90
    clock.advance(600)
    assert hashrate(await client.get("miner/stats")) == pytest.approx(101, rel=0.03)


async def test_restart_resets_counters_and_windows(client: Client, clock: ManualClock) -> None:
    assert (await client.get("miner/stats"))["pool_stats"]["accepted_shares"] > 10_000
    assert await client.put("actions/restart") is True
    clock.advance(40)
    stats = await client.get("miner/stats")
    assert stats["pool_stats"]["accepted_shares"] < 20
    assert hashrate(stats, "last_24h") < 50
    assert client.miner.truth()["mining_restarts"] == 1


async def test_crash_recovers_by_itself(client: Client, clock: ManualClock) -> None:
    client.miner.device.crash()
    assert await statuses(client, HEAVY) == {500}
    clock.advance(120)
    assert await statuses(client, HEAVY) == {200}
    newest = (await client.get("miner/errors"))["errors"][-1]
    assert newest["error_codes"][0]["code"] == "H1"
    assert "{ERR:H1}" in newest["message"]


async def test_pause_and_resume_take_time(client: Client, clock: ManualClock) -> None:
    before = await client.get("miner/stats")
    assert await client.put("actions/pause") is False
    assert (await client.get("miner/details"))["status"] == 2
    assert await client.put("actions/pause") is True
    clock.advance(5)
    details = await client.get("miner/details")
    assert details["status"] == 3
    assert details["bosminer_uptime_s"] > 90_000
    assert draw(await client.get("miner/stats")) > 2000, "the estimate is late"
    clock.advance(25)
    stats = await client.get("miner/stats")
    assert hashrate(stats) == 0
    assert 0 < hashrate(stats, "last_1m") < 0.7 * hashrate(before, "last_1m")
    assert hashrate(stats, "last_24h") == pytest.approx(hashrate(before, "last_24h"), rel=0.02)
    assert draw(stats) < 30
    clock.advance(40)
    stats = await client.get("miner/stats")
    assert hashrate(stats, "last_1m") == 0
    assert stats["power_stats"]["efficiency"] is None
    assert client.miner.truth()["mining"] is False
    refused = await client.ask("PUT", "performance/power-target", {"watt": 500})
    assert refused.status == 400, "an idle machine still checks"

    assert await client.put("actions/resume") is False
    assert (await client.get("miner/details"))["status"] == 3
    assert await client.put("actions/resume") is True
    clock.advance(4)
    assert (await client.get("miner/details"))["status"] == 1
    assert client.miner.truth()["mining"] is True
    clock.advance(20)
    assert (await client.get("miner/details"))["status"] == 2
    assert draw(await client.get("miner/stats")) < 1500, "ramping"
    clock.advance(300)
    assert draw(await client.get("miner/stats")) == pytest.approx(3040, rel=0.03)
    assert client.miner.truth()["mining_restarts"] == 0


async def test_undocumented_status_while_boards_start(client: Client, clock: ManualClock) -> None:
    client.miner.device.unknowns.starting_status = 4
    await client.put("actions/restart")
    clock.advance(25)
    assert (await client.get("miner/details"))["status"] == 4


async def test_resume_overtakes_a_pause(client: Client, clock: ManualClock) -> None:
    await client.put("actions/pause")
    assert await client.put("actions/resume") is False
    clock.advance(60)
    assert (await client.get("miner/details"))["status"] == 2
    assert hashrate(await client.get("miner/stats")) == pytest.approx(101, rel=0.03)


async def test_dead_pools(client: Client, clock: ManualClock) -> None:
    pools = client.miner.device.pools
    pools.dead.add("stratum+tcp://pool1.example.com:3333")
    group = (await client.get("pools/"))[0]["pools"]
    assert [(pool["alive"], pool["active"]) for pool in group] == [(False, False), (True, True)]
    before = [pool["stats"]["accepted_shares"] for pool in group]
    clock.advance(600)
    group = (await client.get("pools/"))[0]["pools"]
    after = [pool["stats"]["accepted_shares"] for pool in group]
    assert after[0] == before[0]
    assert after[1] > before[1] == 0
    pools.all_dead = True
    clock.advance(30)
    assert (await client.get("miner/details"))["status"] == 4
    assert draw(await client.get("miner/stats")) < 30
    pools.all_dead = False
    clock.advance(300)
    assert (await client.get("miner/details"))["status"] == 2


async def test_restricted_license(client: Client, clock: ManualClock) -> None:
    client.miner.device.license_restricted = True
    clock.advance(600)
    assert (await client.get("miner/details"))["status"] == 5
    assert draw(await client.get("miner/stats")) == pytest.approx(950, rel=0.03)


async def test_dangerous_heat_stops_mining(client: Client, clock: ManualClock) -> None:
    plant = client.miner.device.plant
    # Chips at rest stay too warm to begin again.
    plant.ambient = 85
    clock.advance(600)
    assert (await client.get("miner/details"))["status"] == 4
    assert draw(await client.get("miner/stats")) < 30
    assert (await client.get("miner/errors"))["errors"][-1]["error_codes"][0]["code"] == "H2"
    plant.ambient = 20
    clock.advance(1200)
    assert (await client.get("miner/details"))["status"] == 2


# Board, network, power


async def test_reboot_is_silent_then_forgets(client: Client, clock: ManualClock) -> None:
    assert await client.put("actions/locate", True) is True
    await client.put("performance/power-target", {"watt": 1500})
    answer = await client.ask("PUT", "actions/reboot")
    assert (answer.status, answer.body, answer.kind) == (204, b"", "")
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.ask("GET", "version")
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    assert (await client.ask("GET", "miner/details")).status == 401
    await client.login()
    details = await client.get("miner/details")
    assert (details["system_uptime_s"], details["bosminer_uptime_s"]) == (0, 0)
    assert await client.get("actions/locate") is False
    assert (await client.ask("GET", "miner/stats")).status == 500
    clock.advance(600)
    assert client.miner.truth()["power_target"] == 1500
    assert hashrate(await client.get("miner/stats")) > 40
    first = (await client.get("miner/errors"))["errors"][-1]
    assert first["timestamp"].startswith("2015-")


async def test_unplugged_and_plugged_again(client: Client, clock: ManualClock) -> None:
    miner, port = client.miner, client.miner.port
    await client.put("actions/pause")
    clock.advance(10)
    await miner.unplug()
    assert miner.truth()["power"] == 0
    assert miner.truth()["mining"] is False
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.ask("GET", "version")
    clock.advance(3600)
    await miner.plug()
    assert miner.port == port
    assert (await client.ask("GET", "miner/details")).status == 401
    await client.login()
    assert (await client.get("miner/details"))["system_uptime_s"] == 0
    clock.advance(50)
    assert 0 < hashrate(await client.get("miner/stats")) < 50
    assert miner.truth()["mining"] is True, "a pause is assumed not to outlive this"
