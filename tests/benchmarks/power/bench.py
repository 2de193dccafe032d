"""`scripts/bench --power`: the planner beside all others, on the same days."""

import argparse
from collections import Counter
from collections.abc import Sequence
import json
from multiprocessing import get_context
from pathlib import Path
import sys

from .measure import Result
from .picture import draw
from .traces import Kind
from .verdict import OPEN, verdict
from .world import PLANNER, VARIANTS, controllers, run

FOLDER = Path("test-output/bench/power")
DEFAULT = [name for name in controllers() if name == PLANNER or name not in VARIANTS]
HEAD = (
    f"{'':28s}{'used %':>8s}{'sun %':>8s}{'beyond':>8s}{'battery':>9s}{'price':>7s}"
    f"{'starts':>8s}{'changes':>9s}  planner is\n"
)


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for, print it, and return 0."""
    parser = argparse.ArgumentParser(prog="scripts/bench --power")
    parser.add_argument("--miners", type=int, nargs="+", default=[3, 10], metavar="N")
    parser.add_argument("--days", nargs="+", default=[kind.value for kind in Kind], metavar="DAY")
    parser.add_argument("--only", nargs="+", default=DEFAULT, metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="SEED")
    options = parser.parse_args(arguments)
    jobs = [
        (Kind(day), count, name, seed)
        for count in options.miners
        for day in options.days
        for name in options.only
        for seed in options.seeds
    ]
    # A fresh interpreter for each: what is simulated is the same everywhere.
    with get_context("spawn").Pool() as pool:
        results = pool.starmap(run, jobs, chunksize=1)
        if PLANNER in options.only:
            # Other settings of the owner matter only where the defaults do not win.
            results += pool.starmap(run, _again(results), chunksize=1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = [result.row() for result in results]
    (FOLDER / "results.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    words: Counter[str] = Counter()
    for count in options.miners:
        for day in options.days:
            for seed in options.seeds:
                those = [
                    one
                    for one in results
                    if (one.trace, one.miners, one.seed) == (day, count, seed)
                ]
                which = f", seed {seed}" if seed else ""
                _say(f"\n{day}, {count} miners{which}\n{HEAD}")
                those.sort(key=lambda one: one.controller not in VARIANTS)
                for one in those:
                    word, about = ("", "")
                    if one.controller not in VARIANTS and PLANNER in options.only:
                        word, about = verdict(one, those)
                        words[word] += 1
                    _say(_row(one, f"{word} {about}"))
                if not seed:
                    draw(those, FOLDER / f"{day.replace(' ', '-')}-{count}.png")
    _say(f"\nTables and pictures are in {FOLDER}/. {sum(words.values())} comparisons:\n")
    for word, times in words.most_common():
        _say(f"{times:6d}  {word}\n")
    return 0


def _again(results: Sequence[Result]) -> list[tuple[Kind, int, str, int]]:
    """Return the days that are to be lived through once more, with other settings."""
    days = {(one.trace, one.miners, one.seed) for one in results}
    return [
        (Kind(day), count, name, seed)
        for day, count, seed in sorted(days)
        for those in [[r for r in results if (r.trace, r.miners, r.seed) == (day, count, seed)]]
        if any(verdict(one, those)[0] in OPEN for one in those if one.controller not in VARIANTS)
        for name in VARIANTS
        if name != PLANNER
    ]


def _row(one: Result, word: str) -> str:
    sun = f"{one.sun:8.1f}" if one.sun else f"{'':8s}"
    return (
        f"{one.controller:28s}{one.used:8.1f}{sun}{one.beyond:8.2f}{one.battery:9.2f}"
        f"{one.price:7.3f}{one.starts:8d}{one.changes:9d}  {word}\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
