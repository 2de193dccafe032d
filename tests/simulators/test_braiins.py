"""The simulated Braiins OS machine, held against the reference over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import hashlib
from http import HTTPStatus
from io import BytesIO
import json
import logging
from typing import Any
from zipfile import ZipFile

import aiohttp
import pytest

from .braiins import PRESETS, BraiinsSimulator, Fault
from .braiins.contract import VARIABLE, Contract, load
from .braiins.wire import Json
from .clock import ManualClock

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Node = Any  # what a test digs into; a wrong shape fails the test by itself


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, read to its end."""

    status: int
    kind: str
    """Content type without parameters, "" when there is none."""
    body: bytes

    @property
    def json(self) -> Node:
        """Return the body as JSON."""
        return json.loads(self.body)


async def send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a PUT by itself when its connection breaks."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectionError as error:
        raise aiohttp.ClientConnectionError(str(error)) from error


class Client:
    """A plain HTTP client with one session on the device."""

    def __init__(self, miner: BraiinsSimulator, http: aiohttp.ClientSession) -> None:
        """Begin without a session."""
        self.miner = miner
        self.http = http
        self.token: str | None = None
        self.contract: Contract | None = None
        self.checked: set[tuple[str, str]] = set()

    def url(self, path: str) -> str:
        """Return the URL of a path below `/api/v1/`."""
        return f"http://127.0.0.1:{self.miner.port}/api/v1/{path}"

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        headers: dict[str, str] | None = None,
        data: aiohttp.MultipartWriter | bytes | None = None,
    ) -> Answer:
        """Send a request and read the answer, whatever it is; hold it against the contract."""
        sent = {"Authorization": self.token} if self.token else {}
        # null is no body of any operation, so it can stand for "none" here.
        given = None if body is None else json.dumps(body).encode()
        if given is not None:
            sent["Content-Type"] = "application/json"
        async with self.http.request(
            method, self.url(path), headers=headers or sent, data=data or given
        ) as reply:
            kind = reply.headers.get("Content-Type", "").split(";")[0]
            answer = Answer(status=reply.status, kind=kind, body=await reply.read())
        if self.contract is not None:
            bare = path.partition("?")[0]
            self.contract.check(method, bare, answer.status, answer.kind, answer.body)
            if answer.status < HTTPStatus.BAD_REQUEST:
                self.checked.add(self.contract.operation(method, bare))
        return answer

    async def get(self, path: str) -> Node:
        """Read something that has to be there."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    async def put(self, path: str, body: Json = None) -> Node:
        """Write something that has to be accepted with an answer."""
        answer = await self.ask("PUT", path, body)
        assert answer.status == 200, answer
        return answer.json

    async def login(self, password: str | None = None) -> Answer:
        """Open a session, with the device's own password unless another is given."""
        answer = await self.ask(
            "POST",
            "auth/login",
            {"username": "root", "password": self.miner.password if password is None else password},
        )
        if answer.status == 200:
            self.token = answer.json["token"]
        return answer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


type MakeClient = Callable[..., Awaitable[Client]]


@pytest.fixture
async def make(clock: ManualClock) -> AsyncIterator[MakeClient]:
    """Return a function that starts a machine of a model and logs in."""
    clients: list[Client] = []

    async def start(preset: str = "S19j Pro") -> Client:
        miner = BraiinsSimulator(preset=preset, clock=clock, seed=3)
        await miner.start()
        client = Client(miner, aiohttp.ClientSession(middlewares=(send_once,)))
        clients.append(client)
        assert (await client.login()).status == 200
        return client

    yield start
    for client in clients:
        await client.http.close()
        await client.miner.stop()


@pytest.fixture
async def client(make: MakeClient) -> Client:
    return await make()


def hashrate(stats: Node, window: str = "last_5s") -> float:
    """Return a window of a stats answer in TH/s."""
    value: float = stats["miner_stats"]["real_hashrate"][window]["gigahash_per_second"]
    return value / 1000


def draw(stats: Node) -> int:
    value: int = stats["power_stats"]["approximated_consumption"]["watt"]
    return value


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


async def test_dead_pools_heat_and_license(client: Client, clock: ManualClock) -> None:
    device = client.miner.device
    device.pools.dead.add("stratum+tcp://pool1.example.com:3333")
    pools = (await client.get("pools/"))[0]["pools"]
    assert [(pool["alive"], pool["active"]) for pool in pools] == [(False, False), (True, True)]
    device.pools.all_dead = True
    clock.advance(30)
    assert (await client.get("miner/details"))["status"] == 4
    assert draw(await client.get("miner/stats")) < 30
    device.pools.all_dead = False
    device.license_restricted = True
    clock.advance(600)
    assert (await client.get("miner/details"))["status"] == 5
    device.license_restricted = False
    device.plant.ambient = 60
    clock.advance(600)
    assert (await client.get("miner/details"))["status"] in {2, 4}
    assert (await client.get("miner/errors"))["errors"][-1]["error_codes"][0]["code"] == "H2"


# Targets


async def test_power_target_is_taken_up_without_restart(client: Client, clock: ManualClock) -> None:
    assert await client.put("performance/power-target", {"watt": 1500}) == {"watt": 1500}
    mode = await client.get("performance/mode")
    assert mode == {"tunermode": {"target": {"powertarget": {"power_target": {"watt": 1500}}}}}
    state = await client.get("performance/tuner-state")
    assert state["overall_tuner_state"] == 3
    assert state["mode_state"]["powertargetmodestate"] == {
        "profile": None,
        "current_target": {"watt": 1500},
    }
    clock.advance(301)
    state = await client.get("performance/tuner-state")
    assert state["overall_tuner_state"] == 2
    assert state["mode_state"]["powertargetmodestate"]["profile"]["target"] == {"watt": 1500}
    assert draw(await client.get("miner/stats")) == pytest.approx(1500, rel=0.03)
    assert (await client.get("miner/details"))["status"] == 2
    truth = client.miner.truth()
    assert truth["power_target"] == 1500
    assert (truth["mining_restarts"], truth["writes"]) == (0, 1)
    await client.put("performance/power-target/default")
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 2, "profile"
    assert client.miner.truth()["power_target"] == 3040


async def test_differences_answer_the_new_target(client: Client) -> None:
    up = await client.ask("PATCH", "performance/power-target/increment", {"watt": 100})
    down = await client.ask("PATCH", "performance/power-target/decrement", {"watt": 300})
    assert (up.json, down.json) == ({"watt": 3140}, {"watt": 2840})


async def test_hashrate_target_switches_the_kind(client: Client, clock: ManualClock) -> None:
    await client.put("performance/hashrate-target", {"terahash_per_second": 80})
    tuner = (await client.get("configuration/miner"))["tuner"]
    assert tuner == {
        "enabled": True,
        "tuner_mode": 2,
        "power_target": None,
        "hashrate_target": {"terahash_per_second": 80.0},
    }
    clock.advance(600)
    stats = await client.get("miner/stats")
    assert hashrate(stats) == pytest.approx(80, rel=0.03)
    assert draw(stats) < 2500
    for change, expected in (("increment", 90.5), ("decrement", 80.0)):
        answer = await client.ask(
            "PATCH", f"performance/hashrate-target/{change}", {"terahash_per_second": 10.5}
        )
        assert answer.json == {"terahash_per_second": expected}
    assert await client.put("performance/hashrate-target/default") == {"terahash_per_second": 101.0}


async def test_undocumented_target_write_keeps_the_kind(client: Client) -> None:
    client.miner.device.unknowns.target_switches_mode = False
    await client.put("performance/hashrate-target", {"terahash_per_second": 80})
    assert "powertarget" in (await client.get("performance/mode"))["tunermode"]["target"]
    await client.put(
        "performance/mode",
        {"tunermode": {"target": {"hashratetarget": {"hashrate_target": None}}}},
    )
    assert "hashratetarget" in (await client.get("performance/mode"))["tunermode"]["target"]


async def test_manual_mode_disables_the_tuner(client: Client, clock: ManualClock) -> None:
    wanted: Json = {
        "manualmode": {
            "global_frequency": {"hertz": 260e6},
            "global_voltage": None,
            "hashboards": [{"id": "2", "frequency": {"hertz": 250e6}}],
        }
    }
    mode = await client.put("performance/mode", wanted)
    assert mode["manualmode"]["hashboards"][1]["frequency"] == {"hertz": 250e6}
    state = await client.get("performance/tuner-state")
    assert state == {"overall_tuner_state": 1, "mode_state": None}
    clock.advance(300)
    boards = (await client.get("miner/hw/hashboards"))["hashboards"]
    assert [board["current_frequency"]["hertz"] for board in boards] == [260e6, 250e6, 260e6]
    assert draw(await client.get("miner/stats")) == pytest.approx(1520, rel=0.03)


async def test_relative_targets(make: MakeClient) -> None:
    client = await make("S21 Pro")
    for reference, expected in ((1, 1740), (3, 3550)):
        answer = await client.ask(
            "PATCH",
            "performance/power-target/relative",
            {"percentage": 50, "reference": reference},
        )
        assert answer.json == {"watt": expected}
    refused = await client.ask(
        "PATCH", "performance/power-target/relative", {"percentage": 50, "reference": 2}
    )
    assert refused.status == 400


async def test_scaling_steps_down_then_shuts_down(client: Client, clock: ManualClock) -> None:
    step: Json = {"powertarget": {"power_step": {"watt": 500}, "min_power_target": {"watt": 2000}}}
    wanted: Json = {
        "save_action": 2,
        "enable": True,
        "enable_shutdown": True,
        "shutdown_duration": {"hours": 1},
        "target": {"target": step},
    }
    answer = await client.put("performance/dps", wanted)
    assert answer["enabled"] is True
    assert answer["power_target"] == {
        "power_step": {"watt": 500},
        "min_power_target": {"watt": 2000},
    }
    stored = (await client.get("configuration/miner"))["dps"]
    assert (stored["power_step"], stored["mode"]) == ({"watt": 500}, None)
    device = client.miner.device
    device.plant.ambient = 37
    clock.advance(300)
    truth = client.miner.truth()
    assert truth["power_target"] == 3040
    assert truth["power_target_effective"] == 2540
    state = await client.get("performance/tuner-state")
    assert state["mode_state"]["powertargetmodestate"]["current_target"] == {"watt": 2540}
    device.plant.ambient = 56
    clock.advance(900)
    assert (await client.get("miner/details"))["status"] == 4
    device.plant.ambient = 20
    clock.advance(3600)
    await client.login()
    assert (await client.get("miner/details"))["status"] == 2
    assert client.miner.truth()["power_target_effective"] == 3040


async def test_quick_ramping_slows_the_way_up(client: Client, clock: ManualClock) -> None:
    ramping = await client.put("performance/quick-ramping", {"up_s": 600, "down_s": 40})
    assert ramping == {"up_s": 600, "down_s": 40}
    config = (await client.get("configuration/miner"))["hashboard_config"]
    assert (config["quick_ramping_time_up_s"], config["quick_ramping_time_down_s"]) == (600, 40)
    await client.put("actions/restart")
    clock.advance(300)
    assert draw(await client.get("miner/stats")) < 2000
    assert await client.put("performance/quick-ramping/default") == {"up_s": 30, "down_s": 30}


# What does restart mining


async def test_cooling_write_restarts_a_hashing_machine(client: Client, clock: ManualClock) -> None:
    answer = await client.put("cooling/mode", {"manual": {"fan_speed_ratio": 0.5}})
    assert answer["manual"]["fan_speed_ratio"] == 0.5
    assert (await client.ask("GET", "cooling/state")).status == 500
    assert client.miner.truth()["mining_restarts"] == 1
    clock.advance(300)
    fans = (await client.get("cooling/state"))["fans"]
    assert [fan["target_speed_ratio"] for fan in fans] == [0.5] * 4
    config = await client.get("configuration/miner")
    assert config["temperature"]["mode"]["manual"]["target_temperature"] is None


async def test_cooling_write_to_a_paused_machine_delays_resume(
    client: Client, clock: ManualClock
) -> None:
    await client.put("actions/pause")
    clock.advance(10)
    manual: Json = {"pause_cooldown_fan_speed_ratio": 0.2}
    mode: Json = {"auto": {"max_fan_speed": 60, "pause_mode": {"mode": {"manual": manual}}}}
    await client.put("cooling/mode", mode)
    assert client.miner.truth()["mining_restarts"] == 0
    assert (await client.get("cooling/state"))["fans"][0]["target_speed_ratio"] == 0.2
    assert (await client.ask("PUT", "actions/resume")).status == 500
    clock.advance(46)
    assert await client.put("actions/resume") is False


async def test_fans_follow_the_chips(client: Client, clock: ManualClock) -> None:
    warm = (await client.get("cooling/state"))["fans"][0]["rpm"]
    await client.put("performance/power-target", {"watt": 950})
    clock.advance(900)
    assert (await client.get("cooling/state"))["fans"][0]["rpm"] < 0.7 * warm


async def test_board_switch_shows_late_and_restarts(client: Client, clock: ManualClock) -> None:
    answer = await client.ask(
        "PATCH", "miner/hw/hashboards", {"hashboard_ids": ["2"], "enable": False}
    )
    assert answer.json == {"hashboards": [{"id": "2", "is_enabled": False}]}
    assert (await client.get("miner/hw/hashboards"))["hashboards"][1]["enabled"] is True
    clock.advance(30)
    board = (await client.get("miner/hw/hashboards"))["hashboards"][1]
    assert board["enabled"] is False
    assert board["highest_chip_temp"] is None
    assert board["board_temp"] is None
    assert board["current_voltage"] == {"volt": 0.0}
    assert board["stats"]["real_hashrate"]["last_24h"] == {"gigahash_per_second": 0.0}
    assert client.miner.truth()["mining_restarts"] == 1
    clock.advance(600)
    assert hashrate(await client.get("miner/stats")) > 50
    unknown: Json = {"hashboard_ids": ["7"], "enable": False}
    assert (await client.ask("PATCH", "miner/hw/hashboards", unknown)).status == 400


async def test_boards_that_cannot_be_cut_off(make: MakeClient) -> None:
    client = await make("S21 Pro")
    answer = await client.ask(
        "PATCH", "miner/hw/hashboards", {"hashboard_ids": ["1"], "enable": False}
    )
    assert answer.status == 400


async def test_pool_groups(client: Client, clock: ManualClock) -> None:
    pool: Json = {"url": "stratum+tcp://solo.example.net:3333", "user": "someone"}
    group: Json = {"name": "Second", "pools": [pool]}
    made = await client.ask("POST", "pools/", group)
    assert made.status == 201
    assert made.json["uid"] == "1"
    assert (await client.ask("GET", "pools")).status == 500
    clock.advance(60)
    groups = await client.get("pools")
    assert [one["name"] for one in groups] == ["Home", "Second"]
    assert "uid" not in groups[0], "comes with 1.1.0"
    stored = (await client.get("configuration/miner"))["pool_groups"]
    assert [one["uid"] for one in stored] == ["0", "1"]
    renamed = await client.put("pools/1", {"name": "Third", "pools": [pool]})
    assert renamed["name"] == "Third"
    clock.advance(60)
    gone = await client.ask("DELETE", "pools/0")
    assert (gone.status, gone.body, gone.kind) == (204, b"", "")
    clock.advance(60)
    assert (await client.ask("PUT", "pools/0", group)).status == 404
    sent_uid: Json = {"uid": "1", "name": "x", "pools": []}
    assert (await client.ask("PUT", "pools/1", sent_uid)).status == 400
    assert client.miner.truth()["pools"] == "stratum+tcp://solo.example.net:3333"
    assert client.miner.truth()["mining_restarts"] == 3


async def test_profiles_can_be_removed(client: Client, clock: ManualClock) -> None:
    assert len((await client.get("performance/target-profiles"))["power_target_profiles"]) == 1
    assert (await client.ask("DELETE", "performance/tuned-profiles")).status == 204
    clock.advance(60)
    assert await client.get("performance/target-profiles") == {
        "power_target_profiles": [],
        "hashrate_target_profiles": [],
    }
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 3
    assert client.miner.truth()["mining_restarts"] == 1


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


async def test_network(client: Client) -> None:
    for path in ("network", "network/"):
        state = await client.get(path)
        assert (state["protocol"], state["mac_address"]) == (1, client.miner.mac)
    static: dict[str, Json] = {
        "address": "192.0.2.9",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns_servers": ["192.0.2.1"],
    }
    changed = await client.ask("PATCH", "network/configuration", {"protocol": {"static": static}})
    assert changed.json == {"hostname": "Antminer", "protocol": {"static": static}}
    assert (await client.get("network"))["protocol"] == 2
    renamed = await client.ask("PATCH", "network/configuration", {"hostname": "cellar"})
    assert renamed.json["protocol"] == {"static": static}
    assert (await client.get("miner/details"))["hostname"] == "cellar"


async def test_factory_reset(make: MakeClient, clock: ManualClock) -> None:
    client = await make("S21 Pro")
    await client.put("performance/power-target", {"watt": 2000})
    assert (await client.ask("PUT", "actions/factory-reset")).status == 204
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    assert client.miner.truth()["power_target"] == 3480


async def test_upgrades(make: MakeClient, clock: ManualClock) -> None:
    mini = await make("BMM 101")
    assert (await mini.ask("POST", "upgrade/restore-stock")).status == 404, "comes with 1.3.0"
    sd_card = await make("S19 XP")
    assert (await sd_card.ask("POST", "upgrade/restore-stock")).status == 501

    client = await make("S21 Pro")
    image = b"not really an image"
    for digest, status in (("00", 500), (hashlib.sha256(image).hexdigest(), 204)):
        with aiohttp.MultipartWriter("form-data") as form:
            metadata = form.append_json(
                {
                    "size": len(image),
                    "hash": digest,
                    "discard_settings": False,
                    "disable_cleanup": False,
                }
            )
            metadata.set_content_disposition("form-data", name="metadata")
            form.append(image).set_content_disposition("form-data", name="data")
        headers = {"Authorization": str(client.token), **form.headers}
        answer = await client.ask("POST", "upgrade/system-upgrade", headers=headers, data=form)
        assert answer.status == status
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    await client.login()
    client.miner.device.system_task_running = True
    assert (await client.ask("POST", "upgrade/restore-stock")).status == 409
    client.miner.device.system_task_running = False
    assert (await client.ask("POST", "upgrade/restore-stock")).status == 204
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    assert (await client.ask("GET", "version/")).status == 404


async def test_advanced_settings(make: MakeClient) -> None:
    client = await make("S21 Hyd")
    path = "advanced-settings/"
    assert await client.get("advanced-settings") == {}
    assert "watchdog_minutes" in await client.get("advanced-settings?include_default=true")
    both: Json = {"allow_single_board": True, "nonsense": 1}
    assert (await client.ask("PATCH", path, both)).status == 400
    assert await client.get(path) == {}, "all or nothing"
    one: Json = {"allow_single_board": True}
    assert (await client.ask("PATCH", path, one)).json == one
    assert (await client.ask("PATCH", path, {"allow_single_board": None})).json == {}


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


# The contract file


@pytest.mark.parametrize("preset", PRESETS)
async def test_every_operation_keeps_the_contract(
    make: MakeClient, clock: ManualClock, preset: str
) -> None:
    contract = load(PRESETS[preset].rest)
    if contract is None:
        pytest.skip(f"NOT CHECKED against the contract: {VARIABLE} names no folder with it")
    client = await make(preset)
    client.contract = contract
    contract_paths = set(contract.operations)
    limits = PRESETS[preset]
    await client.login()

    async def ask(method: str, path: str, body: Json = None) -> None:
        # An operation of a later version is covered by the test of paths that are missing.
        with suppress(KeyError):
            contract.operation(method, path)
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
