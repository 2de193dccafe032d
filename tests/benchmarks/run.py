"""Runs all measurements and keeps what they found in test-output/bench/."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
import json
import os
from pathlib import Path
import platform
import subprocess
import sys
import tempfile
from typing import Any

from tests.demo.hass import ROOT

from . import jemalloc
from .house import Plan
from .imports import imports
from .latency import latency
from .pure import pure
from .sizes import ONE_OF_EACH, Wish, measure

FOLDER = ROOT / "test-output" / "bench"
RESULTS = FOLDER / "results.json"
COUNTS = "tests/benchmarks/test_counts.py"

WISHES = (
    # What everything is held against, and what the targets are about, are measured more often.
    Wish(number=0, cycles=3, starts=3),
    Wish(number=1, cycles=1),
    Wish(number=ONE_OF_EACH, jemalloc=True),
    Wish(number=10, cycles=1),
    # Each fifth minute the recorder makes statistics, and once in some minutes Python looks for
    # garbage everywhere: so of five.
    Wish(number=50, cycles=5, starts=3, jemalloc=True),
    Wish(number=100),
    Wish(number=200, jemalloc=True),
    Wish(number=500),
)

type Results = dict[str, Any]


def say(text: str) -> None:
    """Report progress at once, also into a pipe."""
    sys.stdout.write(f"==> {text}\n")
    sys.stdout.flush()


def counted(*, day: bool) -> Results:
    """Run the tests that count exactly, and return what they have noted."""
    folder = FOLDER / "counts"
    for old in folder.glob("*.json"):
        old.unlink()
    subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "pytest", "-q", COUNTS],
        cwd=ROOT,
        env={**os.environ, "BENCH_DAY": "1" if day else ""},
        check=True,
    )
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


def _git(*words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        ["git", *words],  # noqa: S607 - wherever the developer has it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def machine() -> Results:
    """Return on what, and of what, this is measured."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--", "custom_components")),
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "homeassistant": version("homeassistant"),
        "system": platform.system(),
        "load": os.getloadavg()[0],
    }


async def _processes(results: Results, wishes: Sequence[Wish]) -> None:
    with tempfile.TemporaryDirectory(prefix="asic-miner-bench-") as folder:
        plan = Plan(Path(folder))
        say("preparing a Home Assistant")
        await plan.draw()
        say("latency")
        results["latency"] = await latency(plan)
        if (library := jemalloc.library()) is None:
            say("NOT MEASURED: memory with jemalloc, which is not here (Debian: libjemalloc2)")
        results["sizes"] = []
        for wish in wishes:
            say(f"{wish.number} miners")
            size = await measure(plan, wish, library)
            modules = size.pop("modules", None)
            if modules:
                say("imports")
                results["imports"] = imports(modules)
            results["sizes"].append(size)
            _keep(results)


def _keep(results: Results) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1), "utf-8")


def run(sizes: Sequence[int] | None) -> Results:
    """Measure everything, or everything with some numbers of miners; return the results."""
    wishes = [wish for wish in WISHES if sizes is None or wish.number in {0, ONE_OF_EACH, *sizes}]
    results: Results = {"machine": machine()}
    say("exact counts, and a day")
    results["counts"] = counted(day=True)
    say("parsing")
    results["pure"] = pure()
    _keep(results)
    asyncio.run(_processes(results, wishes))
    results["machine"]["load_after"] = os.getloadavg()[0]
    _keep(results)
    return results
