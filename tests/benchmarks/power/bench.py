"""`scripts/bench --power`: the planner beside all others, on the same days."""

import argparse
from collections import Counter
from collections.abc import Sequence
import sys

from . import page
from .measure import Result
from .picture import draw
from .store import FOLDER, live
from .traces import Kind
from .verdict import verdict
from .world import PLANNER, VARIANTS, controllers, run

HEAD = (
    f"{'':32s}{'used %':>8s}{'sun %':>8s}{'beyond':>8s}{'battery':>9s}{'price':>7s}"
    f"{'starts':>8s}{'changes':>9s}  planner is\n"
)


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for, print it, and return 0."""
    parser = argparse.ArgumentParser(prog="scripts/bench --power")
    parser.add_argument("--miners", type=int, nargs="+", default=[3, 10], metavar="N")
    parser.add_argument("--days", nargs="+", default=[kind.value for kind in Kind], metavar="DAY")
    parser.add_argument("--only", nargs="+", default=list(controllers()), metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="SEED")
    parser.add_argument("--pictures", action="store_true", help="draw each day with all of them")
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="run what docs/power-bench.md shows, and write its tables and pictures",
    )
    options = parser.parse_args(arguments)
    if options.write_docs:
        page.write(live(page.jobs()))
        return 0
    days = [
        (Kind(day), count, seed)
        for count in options.miners
        for day in options.days
        for seed in options.seeds
    ]
    results = live((*day[:2], name, day[2]) for day in days for name in options.only)
    words: Counter[str] = Counter()
    for kind, count, seed in days:
        those = [
            one for one in results if (one.trace, one.miners, one.seed) == (kind.value, count, seed)
        ]
        which = f", seed {seed}" if seed else ""
        _say(f"\n{kind}, {count} miners{which}\n{HEAD}")
        those.sort(key=lambda one: one.controller not in VARIANTS)
        for one in those:
            word, about = ("", "")
            if one.controller not in VARIANTS and PLANNER in options.only:
                word, about = verdict(one, those)
                words[word] += 1
            _say(_row(one, f"{word} {about}"))
        if options.pictures:
            # What is kept has no course of the day.
            again = [run(kind, count, one.controller, seed) for one in those]
            draw(again, FOLDER / f"{kind.value.replace(' ', '-')}-{count}-{seed}.png")
    _say(f"\nAll numbers are in {FOLDER}/. {sum(words.values())} comparisons:\n")
    for word, times in words.most_common():
        _say(f"{times:6d}  {word}\n")
    return 0


def _row(one: Result, word: str) -> str:
    sun = f"{one.sun:8.1f}" if one.sun else f"{'':8s}"
    return (
        f"{one.controller:32s}{one.used:8.1f}{sun}{one.beyond:8.2f}{one.battery:9.2f}"
        f"{one.price:7.3f}{one.starts:8d}{one.changes:9d}  {word}\n"
    )


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
