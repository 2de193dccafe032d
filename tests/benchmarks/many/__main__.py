"""Measures databases and outlets with many miners. `scripts/bench --many` is its command line."""

import argparse
import asyncio
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path
import sys
import tempfile
import time

from tests.benchmarks.house import CONFIGURATION, Answer, Measured, Plan
from tests.benchmarks.run import machine, say
from tests.demo.hass import ROOT

from .database import KEPT, a_day, look
from .outlets import Influx, Mqtt, Outlet, Prometheus

RESULTS = ROOT / "test-output" / "many" / "results.json"
SETTLE = 60.0
"""Seconds after the last miner is there: first slow reads, and what Home Assistant still starts."""
GLANCE = 5.0
"""Seconds between two looks at what the recorder has not written yet: it writes that often."""
LEAST = 6.0
"""Minutes, of which at least one ends a period of Home Assistant's statistics."""
OUTLET = 240.0
"""Seconds in which an outlet is watched: each value is passed on every two minutes or so."""
HEADS = (
    "database",
    "miners",
    "rows a second",
    "waiting at most",
    "processor",
    "memory",
    "a row",
    "a day",
    f"after {KEPT} days",
    "for good, a year",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One set-up that is measured."""

    name: str
    database: str | None = None
    """Of SQLAlchemy; without one, Home Assistant's own SQLite."""
    outlet: Outlet | None = None

    def write(self, config: Path) -> str:
        """Write the configuration for a start with an empty database, and return its URL."""
        for old in config.glob("home-assistant_v2.db*"):
            old.unlink()
        lines = CONFIGURATION
        if self.database is not None:
            lines = lines.replace("recorder:\n", f"recorder:\n  db_url: {self.database}\n")
        if self.outlet is not None:
            lines += self.outlet.yaml
        (config / "configuration.yaml").write_text(lines, "utf-8")
        return self.database or f"sqlite:///{config}/home-assistant_v2.db"


async def _backlog(hass: Measured, seconds: float) -> int:
    """Return how many events at most waited for the recorder."""
    ends, most = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        most = max(most, (await hass.command("recorder/info"))["backlog"])
        await asyncio.sleep(GLANCE)
    return most


async def _measured(hass: Measured, way: Way, url: str, miners: int, seconds: float) -> Answer:
    ready = await hass.probe("ready", miners=miners)
    await asyncio.sleep(SETTLE)
    before, cpu, began = await asyncio.to_thread(look, url), hass.cpu(), time.monotonic()
    result: Answer = {"way": way.name, "miners": miners, **ready}
    if way.outlet is None:
        result["backlog"] = await _backlog(hass, seconds)
    else:
        result["seen"] = await way.outlet.watch(hass, OUTLET)
    took, spent = time.monotonic() - began, hass.cpu() - cpu
    after = await asyncio.to_thread(look, url)
    rate = (after.rows["states"] - before.rows["states"]) / took
    result |= {
        "seconds": took,
        "rows_per_second": rate,
        "cpu": spent / took,
        "memory": hass.memory(),
        "database": asdict(after),
        "load": os.getloadavg()[0],
    }
    if way.outlet is None:
        result |= {"per_row": after.per_row("states"), "a_day": a_day(after, rate)}
    return result


async def run(ways: list[Way], miners: int, minutes: float) -> list[Answer]:
    """Measure one set-up after the other, with the same miners."""
    results = []
    with tempfile.TemporaryDirectory(prefix="asic-miner-many-") as folder:
        plan = Plan(Path(folder))
        say("preparing a Home Assistant")
        await plan.draw()
        async with plan.inhabited(miners) as (config, _):
            for way in ways:
                say(f"{way.name}, {miners} miners")
                if way.outlet is not None:
                    (config / "configuration.yaml").write_text(CONFIGURATION, "utf-8")
                    async with Measured(config=config) as hass:
                        await way.outlet.connect(hass)
                url = way.write(config)
                async with Measured(config=config) as hass:
                    results.append(await _measured(hass, way, url, miners, minutes * 60))
                say(json.dumps(results[-1]))
                RESULTS.parent.mkdir(parents=True, exist_ok=True)
                RESULTS.write_text(json.dumps([machine(), *results], indent=1), "utf-8")
    return results


def told(results: list[Answer]) -> str:
    """Return a table of the databases, and lines of what the outlets have shown."""
    lines = [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
    lines += [
        f"| {one['way']} | {one['miners']} | {one['rows_per_second']:.0f} | {one['backlog']:,} "
        f"| {one['cpu']:.1%} | {one['memory'] / 1e6:.0f} MB | {one['per_row']:.0f} bytes "
        f"| {one['a_day']['purged'] / 1e9:.2f} GB | {one['a_day']['purged'] * KEPT / 1e9:.1f} GB "
        f"| {one['a_day']['kept'] * 365 / 1e9:.1f} GB |"
        for one in results
        if "a_day" in one
    ]
    lines += [
        f"\n{one['way']}, {one['miners']} miners: {one['rows_per_second']:.0f} rows a second, "
        f"processor {one['cpu']:.1%}, {one['memory'] / 1e6:.0f} MB; {json.dumps(one['seen'])}"
        for one in results
        if "seen" in one
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench --many",
        description="The recorder's own SQLite is always measured, the rest if it is asked for. "
        "What has to be installed for that is in docs/many-miners.md.",
    )
    parser.add_argument("--miners", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=LEAST, help="of each database")
    parser.add_argument("--recorder", metavar="URL", help="an empty PostgreSQL database")
    parser.add_argument("--prometheus", action="store_true", help="ask as Prometheus does")
    parser.add_argument("--mqtt", metavar="HOST:PORT", help="a broker that needs no login")
    parser.add_argument("--influxdb", metavar="URL", help="an InfluxDB 1.x that needs no login")
    options = parser.parse_args(arguments)
    if options.minutes < LEAST:
        parser.error(f"at least {LEAST:g} minutes, or there are no statistics to go by")
    ways = [Way(name="SQLite")]
    if options.recorder:
        ways.append(Way(name="PostgreSQL", database=options.recorder))
    outlets: list[Outlet] = []
    if options.prometheus:
        outlets.append(Prometheus())
    if options.mqtt:
        outlets.append(Mqtt(options.mqtt))
    if options.influxdb:
        outlets.append(Influx(options.influxdb))
    ways += [Way(name=outlet.name, outlet=outlet) for outlet in outlets]
    sys.stdout.write(told(asyncio.run(run(ways, options.miners, options.minutes))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
