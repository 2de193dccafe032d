"""Looks from inside at a Home Assistant that is measured. Does nothing until it is asked.

It is linked into a configuration's custom_components as `bench_probe`.
"""

import asyncio
from collections import Counter
import cProfile
import ctypes
import gc
import io
import os
from pathlib import Path
import pstats
import re
import sys
import tempfile
import time
import tracemalloc

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNAVAILABLE
from homeassistant.core import (
    Event,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.json import JsonValueType
import voluptuous as vol

DOMAIN = "bench_probe"
CONFIG_SCHEMA = vol.Schema({DOMAIN: vol.Any(None, dict)}, extra=vol.ALLOW_EXTRA)

LOOK = 0.05
"""Seconds between two looks whether all entities are available."""
READY_SECONDS = 200.0
"""Of the process; the client that asks gives up after 300 s."""
LAG_TICK = 0.02
"""Seconds between two measurements of the event loop's lag."""


def age() -> float:
    """Return seconds since this process began, to a hundredth."""
    fields = Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()
    # The 22nd field of all, in ticks of a hundredth since the machine started.
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / 100


class _Malloc(ctypes.Structure):
    """What glibc tells of its heaps (`mallinfo2`)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def in_use() -> int:
    """Return bytes that Python's and C's allocators have given out; they hold more than that.

    Both keep what was given back in pages that still hold something else.
    """
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _Malloc
    told: _Malloc = mallinfo()
    from_c: int = told.uordblks + told.hblkhd
    with tempfile.TemporaryFile() as file:
        # It is printed to where errors go, and nowhere else.
        errors = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(errors, 2)
            os.close(errors)
        file.seek(0)
        text = file.read().decode()
    blocks = re.search(r"^# bytes in allocated blocks\s*=\s*([\d,]+)$", text, re.MULTILINE)
    assert blocks is not None
    return int(blocks[1].replace(",", "")) + from_c


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the measurements as actions."""
    probe = Probe(hass)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, probe.started)
    for name, ask in (
        ("ready", probe.ready),
        ("lag", probe.lag),
        ("profile", probe.profile),
        ("collect", probe.collect),
        ("allocations", probe.allocations),
        ("modules", probe.modules),
        ("vitals", probe.vitals),
        ("energies", probe.energies),
        ("act", probe.act),
    ):
        hass.services.async_register(DOMAIN, name, ask, None, SupportsResponse.ONLY)
    return True


def _give_back() -> None:
    """Return to the system what the allocator keeps for later, the last thing before a look."""
    ctypes.CDLL(None).malloc_trim(0)


class Probe:
    """The measurements."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Measure nothing yet."""
        self._hass = hass
        self._started_at: float | None = None

    @callback
    def started(self, event: Event) -> None:
        """Take note of when Home Assistant called itself started."""
        self._started_at = age()

    async def ready(self, call: ServiceCall) -> ServiceResponse:
        """Return how old the process was when it had started, and when all was available.

        With so many miners that some never are, what is missing after READY_SECONDS.
        """
        entities = er.async_get(self._hass).entities
        while True:
            mine = [
                entry.entity_id
                for entry in entities.values()
                if entry.platform == "asic_miner" and entry.disabled_by is None
            ]
            states = [self._hass.states.get(entity_id) for entity_id in mine]
            there = sum(state is not None and state.state != STATE_UNAVAILABLE for state in states)
            complete = there == len(mine) >= call.data["miners"]
            if self._started_at is not None and (complete or age() > READY_SECONDS):
                return {
                    "started": self._started_at,
                    "available": age(),
                    "entities": len(mine),
                    "missing": len(mine) - there,
                }
            await asyncio.sleep(LOOK)

    async def lag(self, call: ServiceCall) -> ServiceResponse:
        """Return by how much the event loop was late, in milliseconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + call.data["seconds"]
        late = []
        while (now := loop.time()) < end:
            await asyncio.sleep(LAG_TICK)
            late.append((loop.time() - now - LAG_TICK) * 1000)
        late.sort()
        return {
            "samples": len(late),
            "p50": late[len(late) // 2],
            "p99": late[len(late) * 99 // 100],
            "max": late[-1],
        }

    async def profile(self, call: ServiceCall) -> ServiceResponse:
        """Return where the time of the wall clock goes, in the event loop and other threads.

        Waiting counts: it tells what is done often, and processor time only where nothing waits.
        """
        profiler = cProfile.Profile()
        profiler.enable()
        await asyncio.sleep(call.data["seconds"])
        profiler.disable()
        told = {}
        for order in ("tottime", "cumulative"):
            text = io.StringIO()
            pstats.Stats(profiler, stream=text).sort_stats(order).print_stats(call.data["lines"])
            told[order] = text.getvalue()
        return dict(told)

    async def collect(self, call: ServiceCall) -> ServiceResponse:
        """Give back all memory that is not in use, so that two runs can be compared."""
        gc.collect()
        objects = len(gc.get_objects())
        _give_back()
        return {"objects": objects, "in_use": in_use()}

    async def allocations(self, call: ServiceCall) -> ServiceResponse:
        """Return which lines hold most memory, where tracing was switched on at the start."""
        found = tracemalloc.take_snapshot().statistics(call.data["by"])
        return {"lines": [str(line) for line in found[: call.data["lines"]]]}

    async def vitals(self, call: ServiceCall) -> ServiceResponse:
        """Return how many tasks there are, and which objects after all garbage is gone.

        Ours all, and as many kinds of all together as are asked for.
        """
        tasks = []
        for _ in range(call.data["looks"]):
            tasks.append(len(asyncio.all_tasks()))
            await asyncio.sleep(call.data["pause"])
        gc.collect()
        found = gc.get_objects()
        ours = Counter(
            kind.__qualname__
            for kind in map(type, found)
            if str(kind.__module__).startswith("custom_components.asic_miner")
        )
        kinds = Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in map(type, found))
        objects = len(found)
        # The list alone is megabytes, which would count as memory in use if it was not given
        # back before anyone looks.
        del found
        _give_back()
        return {
            "tasks": min(tasks),
            "objects": objects,
            "ours": dict(ours),
            "kinds": dict(kinds.most_common(call.data.get("kinds", 0))),
        }

    async def energies(self, call: ServiceCall) -> ServiceResponse:
        """Return kWh by MAC, and when the last reading in it was, by the monotonic clock."""
        told: dict[str, JsonValueType] = {}
        for entry in self._hass.config_entries.async_loaded_entries("asic_miner"):
            meter = entry.runtime_data.energy
            if meter._last is not None:
                told[str(entry.unique_id)] = [meter.total, meter._last[1]]
        return told

    async def act(self, call: ServiceCall) -> ServiceResponse:
        """Do what a user would, and return what the user is told if it fails."""
        state = self._hass.states.get(call.data["data"]["entity_id"])
        if state is None or state.state == STATE_UNAVAILABLE:
            # Home Assistant leaves it out, and succeeds.
            return {"outcome": "unavailable"}
        try:
            await self._hass.services.async_call(
                call.data["domain"], call.data["service"], call.data["data"], blocking=True
            )
        except HomeAssistantError as error:
            return {"outcome": error.translation_key or f"no words: {error}"}
        return {"outcome": "done"}

    async def modules(self, call: ServiceCall) -> ServiceResponse:
        """Return what has been imported."""
        return {"modules": list[JsonValueType](sorted(sys.modules))}
