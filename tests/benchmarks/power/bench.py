"""`scripts/bench --power`: the planner beside all others, on the same days."""

import argparse
from collections.abc import Sequence
import json
from multiprocessing import get_context
from pathlib import Path
import sys

from .picture import draw
from .traces import Kind
from .verdict import lost, verdict
from .world import PLANNER, RIVAL_FREE, Result, controllers, run

FOLDER = Path("test-output/bench/power")
HEAD = (
    f"{'':24s}{'used %':>8s}{'bought':>9s}{'starts':>8s}{'changes':>9s}{'breach s':>10s}"
    f"{'battery':>9s}\n"
)


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for, print it, and return 0."""
    parser = argparse.ArgumentParser(prog="scripts/bench --power")
    parser.add_argument("--miners", type=int, nargs="+", default=[3, 10], metavar="N")
    parser.add_argument("--days", nargs="+", default=[kind.value for kind in Kind], metavar="DAY")
    parser.add_argument("--only", nargs="+", default=list(controllers()), metavar="NAME")
    options = parser.parse_args(arguments)
    jobs = [
        (Kind(day), count, name)
        for count in options.miners
        for day in options.days
        for name in options.only
        if name not in RIVAL_FREE or Kind(day) in RIVAL_FREE[name]
    ]
    # A fresh interpreter for each: what is simulated is the same everywhere.
    with get_context("spawn").Pool() as pool:
        results = pool.starmap(run, jobs, chunksize=1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = [result.row() for result in results]
    (FOLDER / "results.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    compared, behind = 0, 0
    for count in options.miners:
        for day in options.days:
            those = [one for one in results if (one.trace, one.miners) == (day, count)]
            _say(f"\n{day}, {count} miners\n{HEAD}")
            for one in those:
                _say(_row(one, those))
            draw(those, FOLDER / f"{day.replace(' ', '-')}-{count}.png")
            compared += sum(not one.controller.startswith(PLANNER) for one in those)
            behind += len(lost(those))
    _say(
        f"\nTables and pictures are in {FOLDER}/. In {behind} of {compared} comparisons another"
        " uses more of what is there; what it buys for that stands beside it.\n"
    )
    return 0


def _row(one: Result, those: Sequence[Result]) -> str:
    word = "" if one.controller.startswith(PLANNER) else verdict(one, those)
    return (
        f"{one.controller:24s}{one.used:8.1f}{one.bought:9.2f}{one.starts:8d}{one.changes:9d}"
        f"{one.breaches:10d}{one.battery:9.2f}  {word}\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
