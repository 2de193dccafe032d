"""Runs the soak. `scripts/bench --soak` is its command line."""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
import json
import os
from pathlib import Path
from random import Random
import sys
import tempfile
import time
from typing import Any

from tests.benchmarks.house import Measured, Plan
from tests.benchmarks.run import machine, say
from tests.demo.hass import ROOT

from . import page, verdict
from .fleet import TroubledFleet
from .plan import RELOAD, Event, plan

FOLDER = ROOT / "test-output" / "soak"
RESULTS = FOLDER / "results.json"
CALM_RESULTS = FOLDER / "results-calm.json"
"""Of a run in which nothing happens."""
CALM = 300.0
"""Seconds at the end in which nothing happens: a boot, the longest pause between two attempts
to set up again, and polls."""
SETTLE = 60.0
"""Seconds before anything is measured, in which Home Assistant still starts other things."""
LOOK = 5.0
"""Seconds between two looks at the process."""
BOOT = 240.0
"""Seconds that a reboot or a restart of mining takes at most."""
STARTING = 120.0
"""Seconds in which whoever is off is started: the longest pause between two attempts to set up
again, and a poll."""
KINDS = 300
"""How many kinds of objects are counted each minute, the most frequent first. Far fewer make
nearly all of the memory."""
NOTHING = {"unavailable", "unknown"}
LEVELS_UNKNOWN = ("power_target: unknown", "power_percent: unknown")

type Results = dict[str, Any]


class Soak:
    """One run."""

    def __init__(self, hass: Measured, fleet: TroubledFleet, seed: int) -> None:
        """Nothing has happened yet."""
        self.hass = hass
        self.fleet = fleet
        self.random = Random(seed)
        self.entities: dict[str, dict[str, str]] = {}
        self.entries: dict[str, str] = {}
        self.events: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.history: dict[str, list[tuple[float, str]]] = {}
        """What happened to each miner, by MAC, with seconds since the first event."""
        self.told: set[str] = set()
        """Who took an order to start when all was over, by MAC."""
        self._began = time.monotonic()

    def _note(self, place: int, what: str) -> None:
        past = self.history.setdefault(self.fleet.devices[place]["mac"], [])
        past.append((round(time.monotonic() - self._began, 1), what))

    async def know(self) -> None:
        """Learn which entities and entries there are."""
        self.entities = {device["mac"]: {} for device in self.fleet.devices}
        for entity in await self.hass.command("config/entity_registry/list"):
            mac, _, key = entity["unique_id"].partition("_")
            # The event has the same key as the sensor that it goes with.
            if mac in self.entities and not entity["entity_id"].startswith("event."):
                self.entities[mac][key] = entity["entity_id"]
        for entry in await self.hass.get("/api/config/config_entries/entry?domain=asic_miner"):
            self.entries[entry["title"]] = entry["entry_id"]

    # What happens

    async def happen(self, events: Iterable[Event], seconds: float) -> None:
        """Let everything happen that is planned for so many seconds."""
        began = self._began = time.monotonic()
        async with asyncio.TaskGroup() as doing:
            for event in events:
                await asyncio.sleep(max(began + event.at - time.monotonic(), 0))
                self.events[f"{event.kind}: {event.what}"] += 1
                doing.create_task(self._one(event))
            await asyncio.sleep(max(began + seconds - time.monotonic(), 0))

    async def _one(self, event: Event) -> None:
        lasts = f" for {event.seconds:.0f} s" if event.seconds else ""
        self._note(event.place, f"{event.kind}: {event.what}{lasts}")
        if event.kind in {"trouble", "device"}:
            await self.fleet.order(
                "trouble", place=event.place, what=event.what, seconds=event.seconds
            )
        elif event.what == RELOAD:
            await self.fleet.order("unsure", place=event.place, seconds=0, nothing=True)
            entry = self.entries[f"Miner {event.place + 1}"]
            await self.hass.post(f"/api/config/config_entries/entry/{entry}/reload")
        else:
            await self.act(event.place, event.what)

    async def act(self, place: int, what: str) -> str:
        """Do one thing that a user does, and return what came of it."""
        found = self.entities[self.fleet.devices[place]["mac"]]
        match what:
            case "stop" | "start":
                order = ("switch", "turn_off" if what == "stop" else "turn_on", "mining")
            case "locate":
                order = ("switch", "toggle", "locate")
            case "reboot":
                order = ("button", "press", "reboot")
            case "restart mining":
                order = ("button", "press", "restart_mining")
            case _:
                order = ("number", "set_value", "power_target")
        domain, service, key = order
        if key not in found:
            return self._came(place, what, "not offered")
        data: dict[str, object] = {"entity_id": found[key]}
        if key == "power_target":
            state = await self.hass.get(f"/api/states/{found[key]}")
            least, most = (state["attributes"].get(end, 0) for end in ("min", "max"))
            data["value"] = round(self.random.uniform(least, most))
        if domain == "button":
            await self.fleet.order("unsure", place=place, seconds=BOOT, nothing=False)
        told = await self.hass.probe("act", domain=domain, service=service, data=data)
        return self._came(place, what, told["outcome"])

    def _came(self, place: int, what: str, outcome: str) -> str:
        self.outcomes[f"{what}: {outcome}"] += 1
        self._note(place, f"{what}: {outcome}")
        return outcome

    async def all_on(self) -> None:
        """Start whoever is off; who takes the order is not told again, since once is enough."""
        ends = time.monotonic() + STARTING
        while time.monotonic() < ends:
            for place, (mac, truth) in enumerate((await self.fleet.order("truth")).items()):
                if truth["mining"] or mac in self.told:
                    continue
                # One that boots or is being set up again cannot be told yet.
                if await self.act(place, "start") == "done":
                    self.told.add(mac)
            await asyncio.sleep(LOOK)

    # What is measured

    async def minute(self, seconds: float = 60.0) -> Results:
        """Return what one minute shows: the least of several looks, without garbage."""
        ends = time.monotonic() + seconds
        seen: list[tuple[int, int]] = []
        while time.monotonic() < ends - 2 * LOOK:
            seen.append(self._descriptors())
            await asyncio.sleep(LOOK)
        vitals = await self.hass.probe("vitals", looks=20, pause=0.1, kinds=KINDS)
        await asyncio.sleep(max(ends - time.monotonic(), 0))
        return {
            "memory": self.hass.memory() / 1e6,
            "descriptors": min(one for one, _ in seen),
            "sockets": min(one for _, one in seen),
            **vitals,
        }

    def _descriptors(self) -> tuple[int, int]:
        """Return how many file descriptors are open, and how many of them are sockets."""
        names = []
        for path in Path(f"/proc/{self.hass.pid}/fd").iterdir():
            # It may be closed by now.
            with suppress(FileNotFoundError):
                names.append(str(path.readlink()))
        return len(names), sum(name.startswith("socket:") for name in names)

    async def states(self) -> dict[str, dict[str, str]]:
        """Return the states by MAC and key."""
        states = await self.hass.states()
        return {
            mac: {key: states[entity]["state"] for key, entity in found.items() if entity in states}
            for mac, found in self.entities.items()
        }

    async def unhealthy(self, normal: dict[str, dict[str, str]]) -> dict[str, list[str]]:
        """Return what is not as it was, by MAC."""
        truth, now = await self.fleet.order("truth"), await self.states()
        makes = {device["mac"]: device["kind"] for device in self.fleet.devices}
        wrong: dict[str, list[str]] = {}
        for mac, before in normal.items():
            gone = [
                f"{key}: {now[mac].get(key)}"
                for key, value in before.items()
                if value not in NOTHING and now[mac].get(key, "unknown") in NOTHING
            ]
            past = [what for _, what in self.history.get(mac, [])]
            if makes[mac] == "whatsminer" and verdict.level_lost(past):
                gone = [what for what in gone if not what.startswith(LEVELS_UNKNOWN)]
            if not truth[mac]["mining"]:
                told = "told to start" if mac in self.told else "not told to start"
                gone.append(f"is not set to mine, {told}")
            elif not gone:
                # What a miner that still ramps gains between two reads, and the noise of a reading.
                shown, real = float(now[mac]["power"]), float(truth[mac]["power"])
                if abs(shown - real) > 0.25 * real:
                    gone.append(f"power: {shown:g} instead of {real:g}")
            if gone:
                wrong[mac] = gone
        for entry in await self.hass.get("/api/config/config_entries/entry?domain=asic_miner"):
            if entry["state"] != "loaded":
                wrong.setdefault(entry["title"], []).append(entry["state"])
        return wrong


async def run(miners: int, minutes: float, seed: int, *, calm: bool) -> Results:
    """Run a soak, or as long without events, and return what was measured."""
    with tempfile.TemporaryDirectory(prefix="asic-miner-soak-") as folder:
        house = Plan(Path(folder))
        say("preparing a Home Assistant")
        await house.draw()
        async with TroubledFleet(miners) as fleet:
            config = house.house(fleet)
            async with Measured(config=config) as hass:
                await hass.probe("ready", miners=miners)
                soak = Soak(hass, fleet, seed)
                await soak.know()
                await asyncio.sleep(SETTLE)
                try:
                    return await _measured(soak, minutes, seed, calm=calm)
                finally:
                    log = CALM_RESULTS if calm else RESULTS
                    log.with_suffix(".log").write_text(hass.log, "utf-8")


async def _measured(soak: Soak, minutes: float, seed: int, *, calm: bool) -> Results:
    hass, fleet = soak.hass, soak.fleet
    makes = [device["kind"] for device in fleet.devices]
    results: Results = {"machine": machine(), "miners": len(fleet.devices), "seed": seed}
    # What Home Assistant lacks on this machine, it says when it starts.
    started = len(hass.log)
    say("calm before")
    results["calm_before"] = await soak.minute()
    normal = await soak.states()
    begin = await hass.probe("energies")
    total = minutes * 60
    say(f"{minutes:g} minutes, the last {CALM / 60:g} of them calm")

    async def happening() -> None:
        seconds = total - CALM
        await soak.happen(() if calm else plan(makes, seconds, seed), seconds)
        await fleet.order("calm")
        await soak.all_on()

    events = asyncio.create_task(happening())
    results["minutes"] = []
    for _ in range(round(minutes)):
        results["minutes"].append(await soak.minute())
        say(
            json.dumps(
                {k: v for k, v in results["minutes"][-1].items() if k not in {"ours", "kinds"}}
            )
        )
        if events.done():
            events.result()
    await events
    say("calm after")
    results["calm_after"] = await soak.minute()
    end = await hass.probe("energies")
    results["unhealthy"] = await soak.unhealthy(normal)
    books = await fleet.order(
        "books",
        begin={mac: at for mac, (_, at) in begin.items()},
        end={mac: at for mac, (_, at) in end.items()},
    )
    results["energy"] = {
        mac: {
            "counted": end[mac][0] - begin[mac][0],
            "drawn": drawn,
            "unseen": unseen,
            "between": between,
        }
        for mac, (drawn, unseen, between) in books.items()
    }
    results["events"], results["outcomes"] = dict(soak.events), dict(soak.outcomes)
    results["history"] = soak.history
    results["log"] = verdict.read_log(hass.log[started:])
    results["seen"] = await fleet.order("counts")
    results["load"] = os.getloadavg()[0]
    return results


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/bench --soak")
    parser.add_argument("--minutes", type=float, default=25.0, help="at least 12; 25 otherwise")
    parser.add_argument("--miners", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="another one, other events")
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="put the last run, and the last calm one, into the docs",
    )
    parser.add_argument(
        "--calm",
        action="store_true",
        help="let nothing happen: how much Home Assistant with these miners grows by itself",
    )
    options = parser.parse_args(arguments)
    path = CALM_RESULTS if options.calm else RESULTS
    if not options.write_docs:
        if options.minutes * 60 < CALM + 60 * (verdict.WARM_UP + 2):
            parser.error("there has to be time for a warm-up, events, and calm: at least 12")
        FOLDER.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(run(options.miners, options.minutes, options.seed, calm=options.calm))
        path.write_text(json.dumps(found, indent=1), "utf-8")
        verdict.plot(found, path.with_suffix(".png"))
    results = json.loads(path.read_text("utf-8"))
    sys.stdout.write(verdict.told(results) + "\n")
    if options.write_docs:
        calm = json.loads(CALM_RESULTS.read_text("utf-8")) if CALM_RESULTS.exists() else None
        page.write(results, calm)
    return 0 if all(one.holds for one in verdict.judge(results)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
