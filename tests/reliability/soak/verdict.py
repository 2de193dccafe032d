"""Whether a soak was passed, told from what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import re
from statistics import linear_regression
from typing import Any

from tests.benchmarks.plot import Chart, draw
from tests.benchmarks.report import Row, table

from .plan import CRASHED, UNPLUGGED

type Results = dict[str, Any]

WARM_UP = 5
"""Minutes in which the recorder, its caches and the allocator find their size."""
SLOPES = {
    "memory": (0.5, "MB"),
    "tasks": (1.0, ""),
    "sockets": (1.0, ""),
    "descriptors": (1.0, ""),
}
"""The most by which each may grow in a minute. Some thirty things happen in a minute; if each
left one task, socket or 17 kB behind, the limit would be passed many times over."""
MORE = 5
"""How many tasks, sockets and descriptors there may be more in the calm after than in that
before: the recorder and the web server keep some."""
ONE_EACH = ("MinerCoordinator", "Diary", "BraiinsClient", "WhatsminerClient")
"""Classes that have one object for each miner (of a make). One more, and something holds on to
what a reload should have put away."""
ENERGY = 0.02
"""Part of the truth by which energy may differ beyond what could not be seen."""
LEVELS = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) \([^)]*\) \[([^\]]+)\] (.*)$")
BEGINS_ANEW = (
    *(f"device: {what}" for what in (UNPLUGGED, CRASHED)),
    *(f"{what}: done" for what in ("start", "reboot", "restart mining")),
)
"""What is followed by a new mining process, or by a ramp of twenty minutes."""
SIGNS = ("Traceback", "never retrieved", "never awaited", "Unclosed", "was destroyed but")
"""What a log has where an error was not handled or something was not put away."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that has to hold."""

    what: str
    limit: str
    measured: str
    holds: bool


def slope(values: Sequence[float]) -> float:
    """Return by how much values of one minute each grow in a minute, after the warm-up."""
    kept = values[WARM_UP:]
    return linear_regression(range(len(kept)), kept).slope


def read_log(text: str) -> Results:
    """Return how many lines there are by level and logger, and what must not be there."""
    counted: dict[str, int] = {}
    errors = []
    for line in text.splitlines():
        if found := LEVELS.match(line):
            level, logger, said = found.groups()
            name = f"{level} {logger}"
            counted[name] = counted.get(name, 0) + 1
            # That a miner is away is told as an error, once.
            if level != "WARNING" and not said.startswith(("Error fetching", "Timeout fetching")):
                errors.append(line[:300])
    signs = [line[:300] for line in text.splitlines() if any(sign in line for sign in SIGNS)]
    return {"lines": counted, "signs": signs, "errors": errors}


def judge(results: Results) -> list[Finding]:
    """Return everything that has to hold, and whether it does."""
    found: list[Finding] = []

    def least(what: str, limit: float, value: float, unit: str = "") -> None:
        found.append(
            Finding(
                what=what,
                limit=f"≤ {limit:g} {unit}".strip(),
                measured=f"{value:.4g} {unit}".strip(),
                holds=value <= limit,
            )
        )

    minutes = results["minutes"]
    for name, (limit, unit) in SLOPES.items():
        values = [minute[name] for minute in minutes]
        least(f"{name}, growth per minute", limit, slope(values), unit)
    before, after = results["calm_before"], results["calm_after"]
    for name in ("tasks", "sockets", "descriptors"):
        least(f"{name}, more than at the beginning", MORE, after[name] - before[name])
    miners = results["miners"]
    for kind in ONE_EACH:
        least(f"objects of {kind}", before["ours"][kind], after["ours"].get(kind, 0))
    least("miners that are not as before", 0, len(results["unhealthy"]))
    energy = results["energy"]
    drawn = sum(one["drawn"] for one in energy.values())
    counted = sum(one["counted"] for one in energy.values())
    off = [mac for mac, one in energy.items() if not within(one)]
    least("miners without a total of energy", 0, miners - len(energy))
    least("miners whose energy is off by more than could not be seen", 0, len(off))
    least("energy of all, off by", ENERGY * 100, abs(counted / drawn - 1) * 100, "%")
    least("signs of errors in the log", 0, len(results["log"]["signs"]))
    least("errors in the log other than that a miner is away", 0, len(results["log"]["errors"]))
    wordless = sum(n for name, n in results["outcomes"].items() if "no words" in name)
    least("actions that failed without words", 0, wordless)
    return found


def level_lost(past: Sequence[str]) -> bool:
    """Tell whether the power level of a WhatsMiner that does not tell it is rightly unknown.

    `past` is what happened to it, in order. Its level is known from what was sent, from a
    restart of mining, or once it has settled, which takes longer than a soak is calm. A reload
    forgets the first two; a command without an answer leaves nobody knowing what counts.
    """
    sent = lost = False
    for what in past:
        if what.startswith(BEGINS_ANEW) or what == "power: done":
            sent, lost = True, False
        elif what == "power: unconfirmed":
            lost = True
        elif what.startswith("reload:"):
            lost = lost or sent
    return lost


def within(one: Results) -> bool:
    """Tell whether the energy of one miner is right as far as it could be known."""
    allowed = ENERGY * one["drawn"] + one["unseen"] + one["between"]
    return bool(abs(one["counted"] - one["drawn"]) <= allowed)


def told(results: Results) -> str:
    """Return the findings as a table."""
    rows: list[Row] = [
        (one.what, one.limit, one.measured, "yes" if one.holds else "**no**")
        for one in judge(results)
    ]
    return table(("what", "limit", "measured", "holds"), rows)


def plot(results: Results, path: Path) -> None:
    """Draw how everything went, minute by minute."""
    draw(
        [
            Chart(
                title=f"{name}{', MB' if name == 'memory' else ''}",
                points=[(place + 1, minute[name]) for place, minute in enumerate(minutes)],
                over="minutes",
            )
            for minutes in [results["minutes"]]
            for name in SLOPES
        ],
        path,
    )
