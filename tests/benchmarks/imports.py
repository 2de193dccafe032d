"""What importing the integration costs, beyond what an idle Home Assistant has imported.

Run as `python -m tests.benchmarks.imports` with the names of modules on standard input.
"""

from contextlib import suppress
import gc
from importlib import import_module
import json
from pathlib import Path
import statistics
import subprocess
import sys
import time

from tests.demo.hass import ROOT

RUNS = 7
PACKAGE = "custom_components.asic_miner"


def _resident() -> int:
    """Return bytes of memory that are this process's own."""
    lines = Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()
    found = [line.split() for line in lines if line.startswith("Private_")]
    return sum(int(words[1]) for words in found) * 1024


def once(there: list[str]) -> dict[str, float]:
    """Import what is there already, then the integration; return milliseconds and megabytes."""
    for name in there:
        # Some modules of a running program are made by it, and some were dropped again.
        with suppress(Exception):
            import_module(name)
    gc.collect()
    memory, began, worked = _resident(), time.perf_counter(), time.process_time()
    # All that one entry loads; what only flows or rare actions need, Home Assistant loads too.
    import_module(PACKAGE)
    for path in sorted((ROOT / "custom_components" / "asic_miner").glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{PACKAGE}.{path.stem}")
    return {
        "wall": (time.perf_counter() - began) * 1000,
        "cpu": (time.process_time() - worked) * 1000,
        "memory": (_resident() - memory) / 1e6,
    }


def imports(there: list[str]) -> dict[str, float]:
    """Return the medians of some runs in fresh processes."""
    runs: list[dict[str, float]] = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.imports"],
            cwd=ROOT,
            input=json.dumps(there),
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(once(json.load(sys.stdin))) + "\n")
