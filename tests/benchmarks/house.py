"""A real Home Assistant with any number of simulated miners, seen from outside."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import copy
import json
from pathlib import Path
import shutil
import time
from typing import Any, override
import uuid

from tests.demo.hass import ROOT, Hass, HassError

from .fleet import MIX, Fleet

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
        # How Linux numbers the clock of another process: CPUCLOCK_SCHED is 2.
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> int:
        """Return bytes that it has written and that no other process shares.

        Of what was only read from files it depends on the other processes whether it is shared.
        """
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text("utf-8").splitlines()
        [dirty] = [line.split()[1] for line in lines if line.startswith("Private_Dirty:")]
        return int(dirty) * 1024

    @override
    async def _log_in(self) -> str:
        """Log in; a server that has just begun may not have its login yet."""
        while True:
            try:
                return await super()._log_in()
            except HassError as error:
                if " 404 " not in str(error):
                    raise
            # Bounded by the time for starting.
            await asyncio.sleep(0.5)

    async def probe(self, name: str, **data: object) -> Answer:
        """Ask the probe inside."""
        answer = await self.post(f"/api/services/bench_probe/{name}?return_response", data)
        told: Answer = answer["service_response"]
        return told


class Plan:
    """From which configurations with any number of miners are made."""

    def __init__(self, folder: Path) -> None:
        """Nothing is there yet."""
        self._folder = folder
        self._base = folder / "base"
        self._kinds: list[Answer] = []
        self._made = 0

    async def draw(self) -> None:
        """Start once without miners, and once to add one of each preset as a user does."""
        components = self._base / "custom_components"
        components.mkdir(parents=True)
        (components / "asic_miner").symlink_to(ROOT / "custom_components" / "asic_miner")
        (components / "bench_probe").symlink_to(ROOT / "tests" / "benchmarks" / "probe")
        (self._base / "configuration.yaml").write_text(CONFIGURATION, "utf-8")
        async with Measured(config=self._base):
            pass
        config = self._copied()
        async with Fleet(len(MIX)) as fleet, Measured(config=config) as hass:
            for device in fleet.devices:
                await hass.add_miner(device["host"], device["port"], password=device["password"])
        stored = json.loads(_storage(config).read_text("utf-8"))
        by_mac = {entry["unique_id"]: entry for entry in stored["data"]["entries"]}
        self._kinds = [by_mac[device["mac"]] for device in fleet.devices]

    def house(self, fleet: Fleet) -> Path:
        """Return a new configuration with one entry per device, as the flow makes them."""
        config = self._copied()
        stored = json.loads(_storage(config).read_text("utf-8"))
        for place, device in enumerate(fleet.devices):
            entry = copy.deepcopy(self._kinds[place % len(MIX)])
            entry["entry_id"] = uuid.UUID(int=place + 1).hex
            entry["unique_id"] = device["mac"]
            entry["title"] = f"Miner {place + 1}"
            entry["data"]["host"], entry["data"]["port"] = device["host"], device["port"]
            entry["data"]["identity"]["mac"] = device["mac"]
            stored["data"]["entries"].append(entry)
        _storage(config).write_text(json.dumps(stored), "utf-8")
        return config

    def _copied(self) -> Path:
        self._made += 1
        config = self._folder / str(self._made)
        shutil.copytree(self._base, config, symlinks=True)
        return config

    @asynccontextmanager
    async def inhabited(self, number: int) -> AsyncGenerator[tuple[Path, Fleet]]:
        """Run so many miners, in a configuration that has been started with them once."""
        async with Fleet(number) as fleet:
            config = self.house(fleet)
            if number:
                # So that registries hold them, as on any start but the first.
                async with Measured(config=config) as hass:
                    await hass.probe("ready", miners=number)
            yield config, fleet


def _storage(config: Path) -> Path:
    return config / ".storage" / "core.config_entries"
