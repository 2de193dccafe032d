"""The benchmark's command line. Started by scripts/bench."""

import argparse
import asyncio
from collections.abc import Callable
from importlib import import_module
import json
from pathlib import Path
import subprocess
import sys
import tempfile

from tests.demo.hass import ROOT

from . import report
from .house import Measured, Plan
from .run import COUNTS, FOLDER, RESULTS, run, say

OTHERS = {
    "--power": ("tests.benchmarks.power.bench", "how well power is planned"),
    "--soak": ("tests.reliability.soak.__main__", "a hundred miners with all that goes wrong"),
    "--many": ("tests.benchmarks.many.__main__", "other databases and outlets with many miners"),
    "--faults": ("tests.reliability.__main__", "the fault matrix as a table"),
}
"""What has a command line of its own, `main(arguments) -> int`, and what it shows."""
PROFILE_SECONDS = 60.0
PROFILE_LINES = 80


def short() -> int:
    """Check the exact counts and return the exit status."""
    command = [sys.executable, "-m", "pytest", "-q", COUNTS]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own words


async def profile(number: int) -> str:
    """Return where the event loop of a Home Assistant with so many miners spends its time."""
    with tempfile.TemporaryDirectory(prefix="asic-miner-bench-") as folder:
        plan = Plan(Path(folder))
        await plan.draw()
        async with plan.inhabited(number) as (config, _), Measured(config=config) as hass:
            await hass.probe("ready", miners=number)
            await asyncio.sleep(20)
            told = await hass.probe("profile", seconds=PROFILE_SECONDS, lines=PROFILE_LINES)
            return "\n".join(str(text) for text in told.values())


def command(name: str) -> Callable[[list[str]], int]:
    """Return what carries out one of `OTHERS`."""
    carried_out: Callable[[list[str]], int] = import_module(OTHERS[name][0]).main
    return carried_out


def main() -> int:
    """Do what the command line says and return the exit status."""
    if sys.argv[1:] and sys.argv[1] in OTHERS:
        return command(sys.argv[1])(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--short", action="store_true", help="only the exact counts, as tests")
    for name, (_, shows) in OTHERS.items():
        # Only for --help: each is carried out above, with the arguments after it.
        parser.add_argument(name, action="store_true", help=f"{shows}; more with --help after it")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        metavar="N",
        help="only these numbers of miners (and none and one of each make)",
    )
    parser.add_argument("--profile", type=int, metavar="N", help="profile with so many miners")
    parser.add_argument(
        "--write-docs", action="store_true", help="write docs/performance.md from the last run"
    )
    options = parser.parse_args()
    if options.short:
        return short()
    if options.profile is not None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / "profile.txt"
        path.write_text(asyncio.run(profile(options.profile)), "utf-8")
        say(f"the profile is in {path.relative_to(ROOT)}")
        return 0
    if options.write_docs:
        if not RESULTS.exists():
            parser.error("there is no run to write about; start scripts/bench first")
        report.write_docs(json.loads(RESULTS.read_text("utf-8")))
        return 0
    results = run(options.sizes)
    sys.stdout.write(report.targets(results) + "\n")
    report.plots(results, FOLDER / "growth.png")
    say(f"everything is in {FOLDER.relative_to(ROOT)}; --write-docs makes a page of it")
    # Times and memory depend on the machine; what does not has to be kept anywhere.
    missed = [one.what for one in report.promised(results) if one.firm and not one.reached]
    for what in missed:
        say(f"NOT REACHED: {what}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
