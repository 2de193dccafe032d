"""A small device that answers what a test tells it to, and remembers what it was asked.

It keeps sessions as real ones do, and nothing else: whoever needs behaviour takes the
simulator. All numbers are made up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
import json

from aiohttp import web
from aiohttp.test_utils import TestServer

from custom_components.asic_miner.miners.braiins.parse import Json

BASE = "/api/v1/"
WITHOUT_SESSION = {"version/", "auth/login"}

DETAILS: dict[str, Json] = {
    "uid": "QmFkZ2VyQmFkZ2Vy",
    "hostname": "Antminer",
    "mac_address": "02:5A:10:00:00:07",
    "serial_number": "SN-0007",
    "miner_identity": {
        "brand": 1,
        "model": 12,
        "name": "Antminer S19j Pro",
        "miner_model": "Antminer S19j Pro",
    },
    "platform": 4,
    "control_board_soc_family": 3,
    "bos_mode": 4,
    "bos_version": {
        "current": "2025-07-01-0-0badcafe-25.07-plus",
        "major": "x",
        "bos_plus": True,
    },
    "status": 2,
    "system_uptime": 90000,
    "system_uptime_s": 90000,
    "bosminer_uptime_s": 80000,
    "sticker_hashrate": {"gigahash_per_second": 100000.0},
}


def work(gigahash: float, nominal: float) -> dict[str, Json]:
    """Return statistics in which only the window in use has the right value."""
    windows = ["last_5s", "last_15s", "last_30s", "last_5m", "last_15m", "last_30m", "last_1h"]
    wrong: dict[str, Json] = {name: {"gigahash_per_second": 1.0} for name in windows}
    return {
        "real_hashrate": wrong | {"last_1m": {"gigahash_per_second": gigahash}},
        "nominal_hashrate": {"gigahash_per_second": nominal},
        "error_hashrate": {"megahash_per_second": 5.0},
    }


def board(name: str, **members: Json) -> dict[str, Json]:
    """Return a healthy board with some members of its own."""
    healthy: dict[str, Json] = {
        "id": name,
        "enabled": True,
        "chips_count": 126,
        "current_voltage": {"volt": 13.25},
        "current_frequency": {"hertz": 512_500_000},
        "highest_chip_temp": {"id": 4, "location": 1, "temperature": {"degree_c": 71.5}},
        "board_temp": {"degree_c": 58.0},
        "lowest_inlet_temp": {"degree_c": 31.0 + int(name)},
        "highest_outlet_temp": {"degree_c": 50.0 + int(name)},
        "stats": work(33_000.0, 34_000.0),
    }
    return healthy | members


STATS: dict[str, Json] = {
    "pool_stats": {"accepted_shares": 4000, "rejected_shares": 16, "stale_shares": 3},
    "miner_stats": work(99_000.0, 102_000.0),
    "power_stats": {
        "approximated_consumption": {"watt": 3050},
        "efficiency": {"joule_per_terahash": 30.8},
    },
}

POOLS: list[Json] = [
    {
        "name": "main",
        "strategy": {"quota": {"value": 1}},
        "pools": [
            {
                "uid": "a",
                "url": "stratum+tcp://pool.example:3333",
                "user": "someone.rig",
                "enabled": True,
                "alive": True,
                "active": True,
                "stats": {"accepted_shares": 3900, "rejected_shares": 15, "stale_shares": 2},
            }
        ],
    },
    {
        "name": "spare",
        "strategy": None,
        "pools": [
            {
                "uid": "b",
                "url": "stratum+tcp://spare.example:3333",
                "user": "someone.rig",
                "enabled": True,
                "alive": False,
                "active": False,
                "stats": None,
            }
        ],
    },
]

CONSTRAINTS: dict[str, Json] = {
    "tuner_constraints": {
        "power_target": {"default": {"watt": 3000}, "min": {"watt": 950}, "max": {"watt": 6400}},
        "hashrate_target": {
            "default": {"terahash_per_second": 100.0},
            "min": {"terahash_per_second": 70.5},
            "max": {"terahash_per_second": 250.0},
        },
        "enabled": {"default": True},
        "default_mode": 1,
    },
    "hashboards_constraints": {"hashboard_ids": ["1", "2", "3"]},
}


def replies() -> dict[tuple[str, str], Json]:
    """Return what a miner answers that is mining at a power target."""
    return {
        ("GET", "version/"): {"major": 1, "minor": 0, "patch": 0},
        ("GET", "miner/details"): DETAILS,
        ("GET", "miner/stats"): STATS,
        ("GET", "miner/hw/hashboards"): {"hashboards": [board("1"), board("2"), board("3")]},
        ("GET", "cooling/state"): {
            "fans": [{"position": place, "rpm": 4000 + place} for place in range(4)],
            "highest_temperature": {
                "id": None,
                "location": 1,
                "temperature": {"degree_c": 72.5},
            },
        },
        ("GET", "configuration/miner"): {
            "pool_groups": [],
            "tuner": {
                "enabled": True,
                "tuner_mode": 1,
                "power_target": {"watt": 2800},
                "hashrate_target": None,
            },
        },
        ("GET", "configuration/constraints"): CONSTRAINTS,
        ("GET", "performance/mode"): {
            "tunermode": {"target": {"powertarget": {"power_target": {"watt": 2800}}}}
        },
        ("GET", "performance/tuner-state"): {
            "overall_tuner_state": 2,
            "mode_state": {"powertargetmodestate": {"current_target": {"watt": 2500}}},
        },
        ("GET", "pools/"): POOLS,
        ("GET", "network/"): {
            "mac_address": "02:5a:10:00:00:07",
            "hostname": "Antminer",
            "networks": [{"address": "192.0.2.7", "netmask": "255.255.255.0"}],
        },
        ("GET", "miner/errors"): {"errors": []},
        ("GET", "license/license"): {"state": {"valid": {"type": 1, "contract_name": "c"}}},
        ("GET", "actions/locate"): False,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    """Behind the base path, as it was on the wire."""
    query: dict[str, str]
    token: str | None
    content_type: str | None
    body: bytes

    @property
    def call(self) -> tuple[str, str]:
        """What was called."""
        return self.method, self.path

    @property
    def json(self) -> Json:
        """The body."""
        value: Json = json.loads(self.body)
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer that is not simply JSON with status 200."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, message: str) -> Reply:
    """Return a refusal as devices word it."""
    return Reply(status=status, body=json.dumps({"message": message}).encode())


STOPPED = refusal(412, "BOSminer is not running")
AWAY = refusal(500, "BOSminer API connection error: Connection refused (os error 111)")

type Script = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Answer = Json | Reply | Script


class Device:
    """Answers from a table; see the module."""

    def __init__(self) -> None:
        """Have no answers yet but a login for root with the password root."""
        self.username = "root"
        self.password = "root"
        self.timeout_s: Json = 3600
        self.tokens: set[str] = set()
        self.public = set(WITHOUT_SESSION)
        """What is answered without a session."""
        self.logins = 0
        self.asked: list[Asked] = []
        self.open = 0
        self.max_open = 0
        self.answers: dict[tuple[str, str], Answer] = dict(replies())
        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", self._handle)
        self._server = TestServer(app, host="127.0.0.1")

    @property
    def port(self) -> int:
        """The port it listens on."""
        port = self._server.port
        assert port is not None
        return port

    @property
    def calls(self) -> list[tuple[str, str]]:
        """What has been called, in order."""
        return [asked.call for asked in self.asked]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The calls that change something."""
        return [call for call in self.calls if call[0] != "GET" and call[1] != "auth/login"]

    async def start(self) -> None:
        """Listen."""
        await self._server.start_server()

    async def stop(self) -> None:
        """Listen no more."""
        await self._server.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.open += 1
        self.max_open = max(self.max_open, self.open)
        try:
            return await self._answer(request)
        finally:
            self.open -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path.removeprefix(BASE)
        asked = Asked(
            method=request.method,
            path=path,
            query=dict(request.query),
            token=request.headers.get("Authorization"),
            content_type=request.headers.get("Content-Type"),
            body=await request.read(),
        )
        self.asked.append(asked)
        # Others get their turn here, as they would on a real board.
        await asyncio.sleep(0)
        if path not in self.public and asked.token not in self.tokens:
            return web.Response(status=401, text="no session")
        answer = self.answers.get(asked.call, refusal(404, "no such path"))
        if asked.call == ("POST", "auth/login") and asked.call not in self.answers:
            answer = self._login(asked.json)
        if callable(answer):
            return await answer(request)
        if asked.call == ("PUT", "auth/password") and answer == Reply(status=204):
            self._take_password(asked.json)
        if isinstance(answer, Reply):
            return web.Response(
                status=answer.status,
                body=answer.body,
                headers={"Content-Type": answer.content_type} | answer.headers,
            )
        return web.json_response(answer)

    def _take_password(self, body: Json) -> None:
        assert isinstance(body, dict)
        new = body["password"]
        self.password = new if isinstance(new, str) else ""

    def _login(self, body: Json) -> Answer:
        self.logins += 1
        if body != {"username": self.username, "password": self.password}:
            return Reply(status=401, body=b"", content_type="text/plain")
        token = f"aB3{self.logins:013d}"
        self.tokens.add(token)
        return {"token": token, "timeout_s": self.timeout_s}
