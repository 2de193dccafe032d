"""A real Home Assistant with any number of simulated miners, seen from outside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import copy
import json
from pathlib import Path
import time
from typing import Any
import uuid

from tests.demo.hass import ROOT, Hass

from .fleet import Fleet

CONFIGURATION = """\
# What of Home Assistant every installation has, with nothing that needs other devices.
homeassistant:
  name: Benchmark
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
recorder:
network:
bench_probe:
"""

type Answer = dict[str, Any]


class Measured(Hass):
    """A Home Assistant that can be measured."""

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    def cpu(self) -> float:
        """Return seconds of processor time of all its threads up to now."""
        # How Linux numbers the clocks of other processes (CPUCLOCK_SCHED).
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> int:
        """Return bytes that are its own, not shared with other processes."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text("utf-8").splitlines()
        found = [line.split() for line in lines if line.startswith("Private_")]
        return sum(int(words[1]) for words in found) * 1024

    async def probe(self, name: str, **data: object) -> Answer:
        """Ask the probe inside."""
        answer = await self.post(f"/api/services/bench_probe/{name}?return_response", data)
        told: Answer = answer["service_response"]
        return told


def prepare(config: Path) -> None:
    """Lay down what a measured Home Assistant needs besides what the demo's does."""
    components = config / "custom_components"
    components.mkdir(parents=True)
    (components / "asic_miner").symlink_to(ROOT / "custom_components" / "asic_miner")
    (components / "bench_probe").symlink_to(ROOT / "tests" / "benchmarks" / "probe")
    (config / "configuration.yaml").write_text(CONFIGURATION, "utf-8")


def _storage(config: Path) -> Path:
    return config / ".storage" / "core.config_entries"


async def templates(config: Path) -> dict[str, Answer]:
    """Add one miner of each preset as a user does; return the entries by kind and place."""
    async with Fleet(4) as fleet, Measured(config=config) as hass:
        for device in fleet.devices:
            await hass.add_miner(device["host"], device["port"], password=device["password"])
        entries = fleet.devices
    stored = json.loads(_storage(config).read_text("utf-8"))
    by_mac = {entry["unique_id"]: entry for entry in stored["data"]["entries"]}
    return {str(place): by_mac[device["mac"]] for place, device in enumerate(entries)}


def add_entries(config: Path, kinds: dict[str, Answer], fleet: Fleet) -> None:
    """Write one entry per device, as the flow would have made them."""
    path = _storage(config)
    stored = json.loads(path.read_text("utf-8"))
    entries = stored["data"]["entries"]
    entries[:] = [entry for entry in entries if entry["domain"] != "asic_miner"]
    for place, device in enumerate(fleet.devices):
        entry = copy.deepcopy(kinds[str(place % len(kinds))])
        entry["entry_id"] = uuid.UUID(int=place + 1).hex
        entry["unique_id"] = device["mac"]
        entry["title"] = f"Miner {place + 1}"
        entry["data"]["host"], entry["data"]["port"] = device["host"], device["port"]
        entry["data"]["identity"]["mac"] = device["mac"]
        entries.append(entry)
    path.write_text(json.dumps(stored), "utf-8")


@asynccontextmanager
async def inhabited(
    config: Path, kinds: dict[str, Answer], number: int
) -> AsyncIterator[tuple[Measured, Fleet, Answer]]:
    """Run with so many miners, started a second time so that all is known; tell how it began."""
    async with Fleet(number) as fleet:
        prepare(config)
        # Once without miners, so that the user and the storage are there.
        async with Measured(config=config):
            pass
        add_entries(config, kinds, fleet)
        async with Measured(config=config) as hass:
            await hass.probe("ready", entities=number)
            await asyncio.sleep(2)
        async with Measured(config=config) as hass:
            ready = await hass.probe("ready", entities=number)
            yield hass, fleet, ready
