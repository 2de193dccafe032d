"""The cells of the fault matrix, kept for its table while the tests run."""

from collections.abc import Iterable
import json
import os
from pathlib import Path

SITUATIONS = ("flow", "set-up", "polling", "action", "pools", "unload")
FILE = "ASIC_MINER_MATRIX"
"""Environment variable with the file to note cells in; without it nothing is noted."""


def note(trouble: str, make: str, situation: str, outcome: str, seconds: float) -> None:
    """Keep how one situation ended."""
    if path := os.environ.get(FILE):
        line = json.dumps([trouble, make, situation, outcome, round(seconds, 2)])
        with Path(path).open("a") as file:
            file.write(line + "\n")


def table(lines: Iterable[str]) -> str:
    """Return the noted cells as a Markdown table, one row for each trouble and make."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    longest: dict[tuple[str, str], float] = {}
    for line in lines:
        trouble, make, situation, outcome, seconds = json.loads(line)
        row = rows.setdefault((trouble, make), {})
        row[situation] = outcome
        longest[trouble, make] = max(longest.get((trouble, make), 0.0), seconds)
    names = {"whatsminer": "WhatsMiner", "braiins": "Braiins OS"}
    head = ["trouble", "make", *SITUATIONS, "longest, s"]
    result = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for (trouble, make), row in rows.items():
        cells = [trouble, names[make], *(row.get(name, "") for name in SITUATIONS)]
        cells.append(f"{longest[trouble, make]:.1f}")
        result.append("| " + " | ".join(cells) + " |")
    return "\n".join(result)
