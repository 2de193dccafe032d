"""What a Home Assistant costs that has so many miners."""

import asyncio
from dataclasses import dataclass
import os
from pathlib import Path
import statistics
from typing import Any

from . import jemalloc
from .fleet import Fleet
from .house import Measured, Plan

CYCLE = 60.0
"""Seconds: four live polls and one slow read of each miner."""
LIVE_POLLS = 4
ONE_OF_EACH = 2
"""How many miners of the fleet, which has the makes in turn, bring all code that miners need."""
LAG_SECONDS = 60.0
SETTLE = 30.0
"""Seconds after the start in which Home Assistant still does other things."""

type Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be measured with one number of miners."""

    number: int
    cycles: int = 2
    starts: int = 1
    lag: bool = True
    jemalloc: bool = False
    """Once more with another allocator, for what memory is held against."""


async def measure(plan: Plan, wish: Wish, library: Path | None = None) -> Result:
    """Start, settle, and measure over some cycles; `library` is jemalloc, where there is one."""
    result: Result = {"miners": wish.number}
    ready = []
    async with plan.inhabited(wish.number) as (config, fleet):
        for _ in range(wish.starts - 1):
            async with Measured(config=config) as hass:
                ready.append(await hass.probe("ready", miners=wish.number))
        async with Measured(config=config) as hass:
            ready.append(await hass.probe("ready", miners=wish.number))
            # Unlike the time, this does not depend on what else the machine does.
            result["start_cpu"] = hass.cpu()
            result["entities"] = ready[-1]["entities"]
            result["missing"] = max(one["missing"] for one in ready)
            result["started"] = statistics.median(one["started"] for one in ready)
            result["available"] = statistics.median(one["available"] for one in ready)
            await asyncio.sleep(SETTLE)
            result["cycles"] = [await _cycle(hass, fleet) for _ in range(wish.cycles)]
            result["cpu"] = statistics.median(cycle["cpu"] for cycle in result["cycles"])
            result["memory_running"] = hass.memory()
            if wish.lag:
                result["lag"] = await hass.probe("lag", seconds=LAG_SECONDS)
            collected = await hass.probe("collect")
            result["objects"], result["in_use"] = collected["objects"], collected["in_use"]
            result["memory"] = hass.memory()
            if not wish.number:
                result["modules"] = (await hass.probe("modules"))["modules"]
        if wish.jemalloc and library:
            result["memory_jemalloc"] = await _with_jemalloc(config, wish, library)
    result["load"] = os.getloadavg()[0]
    return result


async def _with_jemalloc(config: Path, wish: Wish, library: Path) -> int:
    """Return bytes of memory with jemalloc after the same time. Raises RuntimeError."""
    async with Measured(config=config, environment=jemalloc.environment(library)) as hass:
        if not jemalloc.is_used_by(hass.pid):
            raise RuntimeError(f"{library} was not loaded; it may be made for another system")
        await hass.probe("ready", miners=wish.number)
        await asyncio.sleep(SETTLE + wish.cycles * CYCLE)
        return hass.memory()


async def _cycle(hass: Measured, fleet: Fleet) -> Result:
    """Return what one cycle cost: processor time, and what the devices saw of it."""
    before, cpu = await fleet.counts(), hass.cpu()
    await asyncio.sleep(CYCLE)
    spent, after = hass.cpu() - cpu, await fleet.counts()
    seen = {
        kind: {
            "devices": count["devices"],
            **{
                name: count[name] - before[kind][name]
                for name in ("connections", "requests", "logins", "writes")
            },
        }
        for kind, count in after.items()
        if kind != "cpu"
    }
    return {"cpu": spent, "simulators_cpu": after["cpu"] - before["cpu"], "seen": seen}
