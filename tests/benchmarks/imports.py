"""What importing the integration costs, beyond what an idle Home Assistant has imported.

What counts is what miners need, of one make or of both, with what Home Assistant loads of each
integration at once: flows and diagnostics among them. Controllers, thermostats, budgets of watts
and the tools for language models are loaded where there are any, the steps of a repair when one
is opened, and what understands spoken words when something is said. None of these is counted.

Run as `python -m tests.benchmarks.imports MAKE...` with the names of modules on standard input.
"""

from collections.abc import Sequence
from contextlib import suppress
import gc
from importlib import import_module
import json
import os
from pathlib import Path
import statistics
import subprocess
import sys
import tempfile
import time

from homeassistant.loader import BASE_PRELOAD_PLATFORMS

from tests.demo.hass import ROOT

RUNS = 7
PACKAGE = "custom_components.asic_miner"
HOMES = {
    "WhatsMiners": ("whatsminer",),
    "Braiins OS": ("braiins",),
    "both makes": ("whatsminer", "braiins"),
}
"""Which makes a home has: each is loaded with its first miner."""

type Costs = dict[str, float]


def _resident() -> int:
    """Return bytes of memory that are this process's own."""
    lines = Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()
    found = [line.split() for line in lines if line.startswith("Private_")]
    return sum(int(words[1]) for words in found) * 1024


def once(there: list[str], makes: Sequence[str]) -> Costs:
    """Import what is there already, then the integration; return milliseconds and megabytes."""
    for name in there:
        # Some modules of a running program are made by it, and some were dropped again.
        with suppress(Exception):
            import_module(name)
    gc.collect()
    memory, began, worked = _resident(), time.perf_counter(), time.process_time()
    import_module(PACKAGE)
    entry = import_module(f"{PACKAGE}.miner_entry")
    for name in (*BASE_PRELOAD_PLATFORMS, *entry.PLATFORMS):
        if (ROOT / "custom_components" / "asic_miner" / f"{name}.py").exists():
            import_module(f"{PACKAGE}.{name}")
    for make in makes:
        import_module(f"{PACKAGE}.miners.{make}.client")
    return {
        "wall": (time.perf_counter() - began) * 1000,
        "cpu": (time.process_time() - worked) * 1000,
        "memory": (_resident() - memory) / 1e6,
    }


def imports(there: list[str]) -> dict[str, Costs]:
    """Return by home the medians of some runs in fresh processes.

    With `compiling`, the milliseconds of a first run, which compiles.
    """
    return {home: _of(there, makes) for home, makes in HOMES.items()}


def _of(there: list[str], makes: Sequence[str]) -> Costs:
    with tempfile.TemporaryDirectory(prefix="asic-miner-bench-") as compiled:
        # As Home Assistant does, which compiles only what is new.
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        } | {"PYTHONPYCACHEPREFIX": compiled}
        first, *runs = [_in_a_process(there, makes, environment) for _ in range(1 + RUNS)]
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]} | {
        "compiling": first["wall"]
    }


def _in_a_process(there: list[str], makes: Sequence[str], environment: dict[str, str]) -> Costs:
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.imports", *makes],
        cwd=ROOT,
        env=environment,
        input=json.dumps(there),
        capture_output=True,
        text=True,
        check=True,
    )
    found: Costs = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(once(json.load(sys.stdin), sys.argv[1:])) + "\n")
