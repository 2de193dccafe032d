"""Where Home Assistant can send its values, and what is seen of them there."""

from abc import ABC, abstractmethod
import asyncio
import gzip
import statistics
import time
from typing import Any, override

import aiohttp
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.benchmarks.house import Measured
from tests.demo.hass import HassError

SCRAPES = 10
TOPIC = "barn"
DATABASE = "home_assistant"

type Seen = dict[str, float]


class Outlet(ABC):
    """One of Home Assistant's own integrations that pass values on."""

    name: str
    yaml: str
    """Its part of configuration.yaml."""

    async def connect(self, hass: Measured) -> None:
        """Add it as a user does in the frontend, before its part of the configuration is there."""

    @abstractmethod
    async def watch(self, hass: Measured, seconds: float) -> Seen:
        """Return what arrived in so many seconds."""


class Prometheus(Outlet):
    """Asks as a Prometheus server does."""

    name = "prometheus"
    yaml = "prometheus:\n"

    @override
    async def watch(self, hass: Measured, seconds: float) -> Seen:
        took: list[float] = []
        text = ""
        headers = {"Authorization": f"Bearer {hass._token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for _ in range(SCRAPES):
                began = time.monotonic()
                async with session.get(f"{hass.url}/api/prometheus") as answer:
                    if answer.status != 200:
                        raise HassError(f"/api/prometheus answered {answer.status}")
                    text = await answer.text()
                took.append(time.monotonic() - began)
                await asyncio.sleep(seconds / SCRAPES)
        lines = text.splitlines()
        return {
            "bytes": len(text.encode()),
            "compressed": len(gzip.compress(text.encode())),
            "samples": sum(not line.startswith("#") for line in lines),
            "seconds": statistics.median(took),
            "worst": max(took),
        }


class Mqtt(Outlet):
    """Listens at the broker to all that is published below one topic."""

    name = "mqtt"
    yaml = f"mqtt_statestream:\n  base_topic: {TOPIC}\n"

    def __init__(self, address: str) -> None:
        """Know where the broker is, as host:port."""
        self._host, _, port = address.rpartition(":")
        self._port = int(port)

    @override
    async def connect(self, hass: Measured) -> None:
        path = "/api/config/config_entries/flow"
        step = await hass.post(path, {"handler": "mqtt"})
        step = await hass.post(
            f"{path}/{step['flow_id']}",
            {
                "broker": self._host,
                "port": self._port,
                "other_settings": {"set_client_cert": False, "set_ca_cert": "off"},
            },
        )
        if step["type"] != "create_entry":
            raise HassError(f"the broker was not accepted: {step}")

    @override
    async def watch(self, hass: Measured, seconds: float) -> Seen:
        return await asyncio.to_thread(self._count, seconds)

    def _count(self, seconds: float) -> Seen:
        live = held = size = 0

        def arrived(_client: Client, _data: object, message: MQTTMessage) -> None:
            nonlocal live, held, size
            held += message.retain
            live += not message.retain
            size += len(message.topic) + len(message.payload)

        client = Client(CallbackAPIVersion.VERSION2)
        client.on_message = arrived
        client.connect(self._host, self._port)
        client.subscribe(f"{TOPIC}/#", qos=1)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            client.loop(timeout=1.0)
        client.disconnect()
        return {"messages per second": live / seconds, "topics": held, "bytes": size}


class Influx(Outlet):
    """Asks an InfluxDB 1.x how many points it has written."""

    name = "influxdb"
    yaml = "influxdb:\n  tags:\n    site: barn\n  tags_attributes:\n    - friendly_name\n"

    def __init__(self, url: str) -> None:
        """Know where the server is."""
        self._url = url

    async def _ask(self, query: str) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._url}/query", params={"q": query}) as answer,
        ):
            return (await answer.json())["results"][0]

    async def _written(self) -> float:
        series = (await self._ask("SHOW STATS FOR 'httpd'"))["series"][0]
        number: float = series["values"][0][series["columns"].index("pointsWrittenOK")]
        return number

    @override
    async def connect(self, hass: Measured) -> None:
        await self._ask(f"CREATE DATABASE {DATABASE}")
        path = "/api/config/config_entries/flow"
        step = await hass.post(path, {"handler": "influxdb"})
        step = await hass.post(f"{path}/{step['flow_id']}", {"next_step_id": "configure_v1"})
        step = await hass.post(
            f"{path}/{step['flow_id']}",
            {"url": self._url, "verify_ssl": False, "database": DATABASE},
        )
        if step["type"] != "create_entry":
            raise HassError(f"the server was not accepted: {step}")

    @override
    async def watch(self, hass: Measured, seconds: float) -> Seen:
        before = await self._written()
        await asyncio.sleep(seconds)
        return {"points per second": (await self._written() - before) / seconds}
