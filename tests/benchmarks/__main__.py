"""The benchmark's command line. Started by scripts/bench."""

import argparse
from importlib import import_module
from importlib.util import find_spec
import subprocess
import sys

from tests.demo.hass import ROOT

POWER = "tests.benchmarks.power"
"""Benchmarks of planning, with a command line of their own: `main(arguments) -> int`."""


def short() -> int:
    """Check the exact counts and return the exit status."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/benchmarks/test_counts.py"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own words


def main() -> int:
    """Do what the command line says and return the exit status."""
    if sys.argv[1:2] == ["--power"] and find_spec(POWER):
        status: int = import_module(POWER).main(sys.argv[2:])
        return status
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--short", action="store_true", help="only the exact counts, as tests")
    parser.add_argument("--power", action="store_true", help="how well power is planned")
    options = parser.parse_args()
    if options.short:
        return short()
    parser.error("nothing to do")


if __name__ == "__main__":
    sys.exit(main())
