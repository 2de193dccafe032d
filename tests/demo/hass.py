"""A real Home Assistant process, driven over its own API as its frontend does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import signal
import socket
import sys
from typing import Any, Self

import aiohttp

from tests.deprecations import is_report

ROOT = Path(__file__).parents[2]

USER = "demo"
PASSWORD = "demo"

START_SECONDS = 180.0
"""About ten seconds on an idle machine; a loaded one may take many times as long."""
LONGEST_MESSAGE = 1 << 26
"""Bytes; the registry of a hundred miners takes four megabytes."""
STOP_SECONDS = 60.0
"""Home Assistant gives its own last writes less than this."""

CONFIGURATION = """\
# Made by scripts/demo.
homeassistant:
  name: ASIC Miner demo
  unit_system: metric
  currency: EUR
  country: DE
  time_zone: Europe/Berlin
frontend:
config:
history:
logbook:
energy:
automation:
conversation:
recorder:
  commit_interval: 1
# What a house has that miners follow, and a room that they warm. With the sun the meter moves
# every ten seconds, so that a power controller never finds it silent.
template:
  - triggers:
      - trigger: time_pattern
        seconds: "/10"
      - trigger: homeassistant
        event: start
    sensor:
      - name: Demo sun
        unique_id: demo_sun
        device_class: power
        unit_of_measurement: W
        # From nothing to 8 kW and back in half an hour.
        state: "{{{{ (4000 * (1 - cos(2 * pi * now().timestamp() / 1800))) | round }}}}"
      - name: Demo grid
        unique_id: demo_grid
        device_class: power
        unit_of_measurement: W
        # Above 0 is bought. The house itself draws 300 W.
        state: >-
          {{{{ 300 + integration_entities('asic_miner') | select('match', 'sensor[.].*_power$')
               | reject('match', '.*_supply_')
               | map('states') | map('float', 0) | sum | round
             - (4000 * (1 - cos(2 * pi * now().timestamp() / 1800))) | round }}}}
      - name: Demo room
        unique_id: demo_room
        device_class: temperature
        unit_of_measurement: °C
        state: >-
          {{{{ (17 + integration_entities('asic_miner') | select('match', 'sensor[.].*_power$')
               | reject('match', '.*_supply_')
               | map('states') | map('float', 0) | sum / 2000) | round(1) }}}}
logger:
  default: info
  logs:
    custom_components.asic_miner: {level}
    # Home Assistant sets up cameras whether there are any or not, and complains
    # about programs of the system that only cameras need.
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
"""


class HassError(Exception):
    """Home Assistant did not do what was asked."""


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(kw_only=True)
class Hass:
    """One Home Assistant on one configuration folder. Used as an async context."""

    config: Path
    """Made when missing; a folder of an earlier run is gone on with."""
    port: int = field(default_factory=free_port)
    debug: bool = False
    """Write the integration's debug log."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that its process has besides those of this one."""
    _process: asyncio.subprocess.Process | None = None
    _session: aiohttp.ClientSession | None = None
    _token: str = ""

    @property
    def url(self) -> str:
        """The address to open."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that Home Assistant has logged in this run."""
        path = self.config / "home-assistant.log"
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    @property
    def complaints(self) -> list[str]:
        """The lines of its log that are errors, or name the integration for deprecated use."""
        marks = (" ERROR ", "Traceback")
        lines = self.log.splitlines()
        return [line for line in lines if is_report(line) or any(mark in line for mark in marks)]

    async def __aenter__(self) -> Self:
        """Start, and log in."""
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Start the process, wait until it is up, and log in. Raises HassError."""
        await asyncio.to_thread(self._write_configuration)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "homeassistant",
            "--config",
            str(self.config),
            # All it needs is installed by scripts/setup; nothing is to be fetched at start.
            "--skip-pip",
            "--log-file",
            str(self.config / "home-assistant.log"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self.config,
            # It keeps what it has compiled, as any installation does, also where we may not.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **self.environment},
            # Ctrl+C is for us; we ask it to stop in our own time.
            start_new_session=True,
        )
        self._session = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._wait_until_up()
                self._token = await self._log_in()
                await self._wait_until_started()
        except TimeoutError:
            await self.stop()
            raise HassError(f"Home Assistant did not start in {START_SECONDS:g} s") from None
        except BaseException:
            # Also on Ctrl+C: the process must not outlive who started it. Raised on below.
            await self.stop()
            raise

    async def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Send the process a signal, to ask it to stop or to end it, and make sure that it has."""
        if self._session:
            await self._session.close()
            self._session = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    # What the frontend asks

    async def get(self, path: str) -> Any:
        """GET a path of the API and return the JSON answer."""
        return await self._request("GET", path)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST to a path of the API and return the JSON answer."""
        return await self._request("POST", path, body)

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return all states by entity id."""
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def call(self, service: str, entity_id: str, **data: Any) -> None:
        """Perform an action ("switch.turn_on") on one entity. Raises HassError if refused."""
        path = f"/api/services/{service.replace('.', '/')}"
        await self.post(path, {"entity_id": entity_id, **data})

    async def command(self, kind: str, **data: Any) -> Any:
        """Send one command over the WebSocket and return its result."""
        async with self.websocket() as socket_:
            await socket_.send_json({"id": 1, "type": kind, **data})
            answer = await socket_.receive_json()
            if not answer["success"]:
                raise HassError(f"{kind}: {answer['error']['message']}")
            return answer["result"]

    @asynccontextmanager
    async def websocket(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open an authenticated WebSocket."""
        assert self._session
        async with self._session.ws_connect(
            f"{self.url}/api/websocket", max_msg_size=LONGEST_MESSAGE
        ) as socket_:
            await socket_.receive_json()
            await socket_.send_json({"type": "auth", "access_token": self._token})
            answer = await socket_.receive_json()
            if answer["type"] != "auth_ok":
                raise HassError("the WebSocket refused the token")
            yield socket_

    async def add_miner(
        self, host: str, port: int, *, username: str | None = None, password: str | None = None
    ) -> str | None:
        """Add a miner through the config flow and return its title. Raises HassError.

        A miner that is there already, from an earlier run, moves to the new address; then
        None is returned.
        """
        flow = await self.post("/api/config/config_entries/flow", {"handler": "asic_miner"})
        path = f"/api/config/config_entries/flow/{flow['flow_id']}"
        step = await self.post(path, {"host": host, "advanced": {"port": port}})
        if step["type"] == "form" and step["step_id"] == "credentials":
            asked = {item["name"] for item in step["data_schema"]}
            given = {"username": username, "password": password}
            step = await self.post(
                path, {key: value for key, value in given.items() if key in asked and value}
            )
        if step["type"] == "abort" and step["reason"] == "already_configured":
            return None
        if step["type"] != "create_entry":
            raise HassError(f"{host}:{port} was not added: {json.dumps(step.get('errors', step))}")
        title: str = step["title"]
        return title

    async def entities(self, mac: str) -> dict[str, str]:
        """Return the entity ids of one miner by the rest of their unique ids."""
        listed = await self.command("config/entity_registry/list")
        return {
            entity["unique_id"].removeprefix(f"{mac}_"): entity["entity_id"]
            for entity in listed
            # The event has the same key as the sensor that it goes with.
            if entity["unique_id"].startswith(f"{mac}_")
            and not entity["entity_id"].startswith("event.")
        }

    # Starting

    def _write_configuration(self) -> None:
        """Lay down a configuration folder, or make the one of an earlier run usable."""
        storage = self.config / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        configuration = self.config / "configuration.yaml"
        if not configuration.exists():
            level = "debug" if self.debug else "info"
            configuration.write_text(CONFIGURATION.format(level=level), "utf-8")
        (self.config / "automations.yaml").touch()
        (self.config / "home-assistant.log").unlink(missing_ok=True)
        link = self.config / "custom_components"
        if not link.exists():
            link.symlink_to(ROOT / "custom_components", target_is_directory=True)
        # Bound to the loopback interface only, and on another port each time.
        server = {
            "server_host": ["127.0.0.1"],
            "server_port": self.port,
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
        }
        http = {
            "stable": server,
            "pending": None,
            "yaml_migration_done": True,
        }
        _store(storage / "http", 2, 2, http)
        if not (storage / "onboarding").exists():
            # The user is made over the API; the other steps of the wizard would only set up
            # weather, radio and other things that need the internet.
            _store(
                storage / "onboarding", 4, 1, {"done": ["analytics", "core_config", "integration"]}
            )

    async def _wait_until_up(self) -> None:
        """Wait until the API answers. Raises HassError if the process ends instead."""
        assert self._process
        assert self._session
        while True:
            if self._process.returncode is not None:
                raise HassError(f"Home Assistant ended at its start:\n{self.log[-2000:]}")
            if "Activating recovery mode" in self.log:
                raise HassError(f"Home Assistant started in recovery mode:\n{self.log[:4000]}")
            with suppress(aiohttp.ClientError):
                async with self._session.get(f"{self.url}/api/onboarding") as answer:
                    # Once all steps are done this view is no longer there.
                    if answer.status in {200, 404}:
                        return
            await asyncio.sleep(0.2)

    async def _wait_until_started(self) -> None:
        while (await self.get("/api/config"))["state"] != "RUNNING":
            await asyncio.sleep(0.2)

    async def _log_in(self) -> str:
        """Make the user on the first start, log in on later ones; return an access token."""
        client = {"client_id": f"{self.url}/"}
        assert self._session
        async with self._session.post(
            f"{self.url}/api/onboarding/users",
            json={
                "name": "Demo",
                "username": USER,
                "password": PASSWORD,
                "language": "en",
                **client,
            },
        ) as answer:
            code = (await answer.json())["auth_code"] if answer.status == 200 else None
        if code is None:
            flow = await self.post(
                "/auth/login_flow",
                {
                    "handler": ["homeassistant", None],
                    "redirect_uri": f"{self.url}/",
                    **client,
                },
            )
            done = await self.post(
                f"/auth/login_flow/{flow['flow_id']}",
                {"username": USER, "password": PASSWORD, **client},
            )
            if done["type"] != "create_entry":
                raise HassError(
                    f"this configuration has no user {USER!r} with password {PASSWORD!r}"
                )
            code = done["result"]
        form = {"grant_type": "authorization_code", "code": code, **client}
        async with self._session.post(f"{self.url}/auth/token", data=form) as answer:
            token: str = (await answer.json())["access_token"]
            return token

    async def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        assert self._session
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._session.request(
            method, f"{self.url}{path}", json=body, headers=headers
        ) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise HassError(f"{method} {path}: {answer.status} {text[:500]}")
            return json.loads(text)


def _store(path: Path, version: int, minor_version: int, data: dict[str, Any]) -> None:
    """Write a file as Home Assistant's own storage helper would."""
    path.write_text(
        json.dumps(
            {
                "version": version,
                "minor_version": minor_version,
                "key": path.name,
                "data": data,
            }
        ),
        "utf-8",
    )
