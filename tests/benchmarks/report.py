"""Makes tables, plots and docs/performance.md from the results of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.hass import ROOT

from .plot import Chart, draw
from .sizes import CYCLE, LIVE_POLLS, ONE_OF_EACH

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "images" / "growth.png"
LEFT = ROOT / "tests" / "benchmarks" / "left.md"
"""What is left and why, which a person writes."""
PLAIN = LEFT.with_name("plain.md")
"""What the figures mean for a small home; a person writes this, too."""

LINEAR = 1.5
"""How much more a miner among hundreds may cost than one among fifty: what varies between two
measurements of the same, and far from what grows with the square, which would be four or ten."""

JEMALLOC = "memory_jemalloc"
"""Memory with the allocator of Home Assistant's own images, where it could be measured."""

type Results = dict[str, Any]
type Row = tuple[str, ...]


def table(head: Row, rows: Sequence[Row]) -> str:
    """Return a table in Markdown, readable as text too."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]

    def line(cells: Row) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([line(head), rule, *(line(row) for row in rows)])


def sizes(results: Results) -> dict[int, Results]:
    """Return what was measured by the number of miners."""
    return {size["miners"]: size for size in results["sizes"]}


def per_poll(results: Results, number: int) -> float:
    """Return ms of processor time per device-poll above an idle Home Assistant."""
    found = sizes(results)
    above = found[number]["cpu"] - found[0]["cpu"]
    return float(above) / (number * LIVE_POLLS) * 1000


def per_miner(results: Results, number: int, memory: str = "memory_running") -> float:
    """Return MB of memory per miner more than one of each make, which bring what all share."""
    found = sizes(results)
    more = found[number][memory] - found[ONE_OF_EACH][memory]
    return float(more) / (number - ONE_OF_EACH) / 1e6


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing that was promised, and what was measured of it."""

    what: str
    most: float
    value: float
    unit: str
    firm: bool
    """A count, or a ratio within one run: the same on a busy machine."""

    @property
    def reached(self) -> bool:
        """Tell whether it was kept."""
        return self.value <= self.most

    @property
    def row(self) -> Row:
        """Return it as a row of a table."""
        most = f"≤ {self.most:g} {self.unit}".strip()
        value = f"{self.value:,.4g} {self.unit}".strip()
        return self.what, most, value, "yes" if self.reached else "**no**"


def targets(results: Results) -> str:
    """Return the targets beside what was measured."""
    rows = [target.row for target in promised(results)]
    return table(("what", "target", "measured", "reached"), rows)


def promised(results: Results) -> list[Target]:
    """Return the targets with what was measured."""
    found, counts = sizes(results), results["counts"]
    rows: list[Target] = []

    def row(what: str, target: float, value: float, unit: str) -> None:
        rows.append(Target(what=what, most=target, value=value, unit=unit, firm=not unit))

    def row_of_memory(number: int) -> None:
        what = f"memory per miner, {number} miners"
        row(f"{what}, in use", 0.5, per_miner(results, number, "in_use"), "MB")
        row(f"{what}, of the process", 0.5, per_miner(results, number), "MB")
        if JEMALLOC in found[number]:
            with_it = per_miner(results, number, JEMALLOC)
            row(f"{what}, of the process with jemalloc", 0.5, with_it, "MB")

    for name in ("M60S", "M30S++"):
        live = counts[f"{name}, poll"]
        row(f"connections per live poll, WhatsMiner {name}", 3, live["connections"], "")
    row("requests per live poll, Braiins OS", 3, counts["S19j Pro, poll"]["requests"], "")
    for name in ("M60S", "S19j Pro"):
        if day := counts.get(f"{name}, day"):
            row(f"logins a day, {name}", 24, day["logins"], "")
    for name in ("M60S", "M30S++", "S19j Pro"):
        row(f"recorder rows per device-hour, {name}", 600, counts[f"{name}, hour"]["rows"], "")
    for name, value in results["pure"].items():
        row(f"parsing and normalising one poll, {name}", 1.5, value, "ms")
    if 50 in found:
        row("processor time per device-poll above idle, 50 miners", 4, per_poll(results, 50), "ms")
        row_of_memory(50)
        later = found[50]["available"] - found[0]["started"]
        row("50 miners available later than an idle start ends", 3, later, "s")
    if 200 in found:
        row_of_memory(200)
        row("event loop late with 200 miners, p99", 20, found[200]["lag"]["p99"], "ms")
    for home, imported in results["imports"].items():
        row(f"memory for importing, {home}", 6, imported["memory"], "MB")
        row(f"time for importing, {home}", 150, imported["wall"], "ms")
    for name, times in results["latency"].items():
        row(f"from action to device, {name}", 100, times["device"], "ms")
    if 50 in found and (most := max(found)) > 50:
        # A shared bottleneck would show as a miner that costs more beside many others.
        dearer = per_poll(results, most) / per_poll(results, 50)
        row(f"processor time per device-poll, {most} miners to 50", LINEAR, dearer, "")
        larger = per_miner(results, most) / per_miner(results, 50)
        row(f"memory per miner, {most} miners to 50", LINEAR, larger, "")
    return rows


def _growth(results: Results) -> str:
    found = sizes(results)
    rows: list[Row] = []
    for number, size in found.items():
        lag = size["lag"]
        rows.append(
            (
                str(number),
                str(size["entities"]),
                f"{size['cpu'] / CYCLE * 100:.2f} %",
                f"{per_poll(results, number):.2f} ms" if number else "",
                f"{size['memory_running'] / 1e6:.0f} MB",
                f"{per_miner(results, number):.2f} MB" if number > ONE_OF_EACH else "",
                f"{per_miner(results, number, 'in_use'):.2f} MB" if number > ONE_OF_EACH else "",
                f"{per_miner(results, number, JEMALLOC):.2f} MB"
                if number > ONE_OF_EACH and JEMALLOC in size
                else "",
                f"{size['started']:.1f} s",
                f"{size['available']:.1f} s" if not size.get("missing") else "never",
                f"{size['start_cpu']:.1f} s" if "start_cpu" in size else "",
                f"{lag['p50']:.1f} / {lag['p99']:.1f} / {lag['max']:.0f} ms",
                f"{size['load']:.1f}",
            )
        )
    return table(
        (
            "miners",
            "entities",
            "processor",
            "per poll above idle",
            "memory",
            "per miner",
            "in use of it",
            "with jemalloc",
            "started",
            "all available",
            "processor until then",
            "loop late p50 / p99 / most",
            "load",
        ),
        rows,
    )


def _counts(results: Results) -> str:
    rows: list[Row] = []
    for name, count in sorted(results["counts"].items()):
        per_row = count["database"] / count["rows"] if count["rows"] > 100 else 0
        rows.append(
            (
                name,
                *(f"{count[key]:,}" for key in ("polls", "connections", "requests", "logins")),
                f"{count['sent']:,}",
                f"{count['received']:,}",
                f"{count['rows']:,}",
                f"{count['database']:,}" if per_row else "",
            )
        )
    return table(
        (
            "device, time",
            "polls",
            "connections",
            "requests",
            "logins",
            "bytes sent",
            "bytes received",
            "recorder rows",
            "recorder bytes",
        ),
        rows,
    )


def _latency(results: Results) -> str:
    rows: list[Row] = [
        (
            name,
            f"{times['device']:.0f} ms",
            f"{times['device_worst']:.0f} ms",
            f"{times['state']:.0f} ms",
            f"{times['state_worst']:.0f} ms",
        )
        for name, times in results["latency"].items()
    ]
    return table(("device", "to the device", "worst", "to the state", "worst"), rows)


def plots(results: Results, path: Path) -> None:
    """Draw how everything grows with the number of miners."""
    found = sizes(results)
    some = [number for number in found if number]
    draw(
        [
            Chart(
                title="processor time, % of one core",
                points=[(n, found[n]["cpu"] / CYCLE * 100) for n in found],
            ),
            Chart(
                title="ms of processor per device-poll above idle",
                # With so few miners it is less than an idle Home Assistant varies.
                points=[(n, per_poll(results, n)) for n in some if n > ONE_OF_EACH],
                limit=4,
            ),
            Chart(
                title="memory, MB",
                points=[(n, found[n]["memory_running"] / 1e6) for n in found],
            ),
            Chart(
                title="seconds from start until all is available",
                points=[(n, found[n]["available"]) for n in found],
            ),
            Chart(
                title="event loop late, p99 in ms",
                points=[(n, found[n]["lag"]["p99"]) for n in found],
                limit=20,
            ),
            Chart(
                title="MB of memory in use per miner",
                points=[(n, per_miner(results, n, "in_use")) for n in some if n > ONE_OF_EACH],
                limit=0.5,
            ),
            *(
                Chart(
                    title=f"{what} per second, all miners",
                    points=[
                        (
                            n,
                            sum(seen[what] for seen in found[n]["cycles"][-1]["seen"].values())
                            / CYCLE,
                        )
                        for n in found
                    ],
                )
                for what in ("requests", "connections")
            ),
        ],
        path,
    )


def _imports(results: Results) -> str:
    rows = [
        (
            home,
            f"{found['memory']:.1f} MB",
            f"{found['wall']:.0f} ms",
            f"{found['cpu']:.0f} ms",
            f"{found['compiling']:.0f} ms",
        )
        for home, found in results["imports"].items()
    ]
    return table(("miners", "memory", "time", "processor", "compiling as well"), rows)


def write_docs(results: Results) -> None:
    """Write the page and its picture."""
    plots(results, PICTURE)
    machine, found = results["machine"], sizes(results)
    worked = " with uncommitted changes" if machine["changed"] else ""
    simulators = max(
        cycle["simulators_cpu"] / CYCLE for size in found.values() for cycle in size["cycles"]
    )
    again = any(JEMALLOC in size for size in found.values())
    with_jemalloc = "measured again for some numbers" if again else "not measured this time"
    PAGE.write_text(
        f"""# What it costs

Measured on {machine["when"]} at commit `{machine["commit"]}`{worked}, with Home Assistant
{machine["homeassistant"]} and Python {machine["python"]} on {machine["cores"]} cores of
{machine["processor"]} ({machine["system"]}); the load averages before each measurement of growth
were between {min(size["load"] for size in found.values()):.1f} and \
{max(size["load"] for size in found.values()):.1f}.
This page is written by `scripts/bench --write-docs`.

{PLAIN.read_text("utf-8").strip()}

## Targets

{targets(results)}

## How it grows

One real Home Assistant process with its recorder, and simulated miners on real sockets in another
process (which needed at most {simulators * 100:.0f} % of a core). Half of them are WhatsMiners,
half run Braiins OS; all entities that are enabled by default. Processor time and memory are those
of the whole Home Assistant process, medians over minutes of four live polls and one slow read each.
Memory is what the process has written and shares with no other; per miner it is that of all
miners but two, one of each make, which bring what all share: the code that stands under importing.
What is in use of it is what allocators have given out; the rest they keep, in pages that are not
empty. That is with the C library of Debian (glibc). Home Assistant's own images, so Home
Assistant OS and the container, bring another allocator, jemalloc; with that one and their
settings it was {with_jemalloc}.
Times are counted from the start of
the process; lateness of the event loop is that of a timer of 20 ms over a minute.
With few miners an idle Home Assistant varies by more than they add.

{_growth(results)}

![Growth with the number of miners](images/{PICTURE.name})

## On the wire and in the database

Exact counts in simulated time, with power, hashrate and temperature that jitter. A poll is one live
poll; hours and days contain the slow reads. Bytes are payload. Recorder rows are those of the
table of states. `scripts/bench --short`, which is part of `scripts/test`, fails when those of polls
and hours change; those of days are counted in the whole run, which every night makes one of.

{_counts(results)}

## From an action to its effect

The identify light, switched over Home Assistant's WebSocket. The state follows the device: it is
read after the time that the device needs to settle (5 s on a WhatsMiner).

{_latency(results)}

## Importing

Beyond what an idle Home Assistant has imported already, once, however many miners there are. That
is what miners need and what Home Assistant loads of each integration at once. Each make is
loaded with its first miner, as power controllers and thermostats are with the first of them.
Home Assistant compiles at the first start with a new version only.

{_imports(results)}

{LEFT.read_text("utf-8").strip()}

## Measure again

```sh
scripts/bench                # everything, in under an hour; results are in test-output/bench/
scripts/bench --sizes 50     # fewer numbers of miners
scripts/bench --short        # the exact counts of polls and hours only
scripts/bench --profile 50   # where the event loop spends its time
scripts/bench --write-docs   # this page from the last run
```
""",
        "utf-8",
    )
