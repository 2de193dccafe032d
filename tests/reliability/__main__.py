"""Runs the fault matrix and prints it as a table."""

import argparse
import os
from pathlib import Path
import subprocess
import sys
import tempfile

from .cells import FILE, table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- matrix -->\n", "<!-- end of matrix -->"


def main(arguments: list[str]) -> int:
    """Run it; returns what pytest returned."""
    parser = argparse.ArgumentParser(prog="scripts/bench --faults", description=__doc__)
    parser.add_argument(
        "--write-docs", action="store_true", help="and put it into docs/reliability.md"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "cells"
        noted.touch()
        # Everything in it is our own.
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "tests/reliability/test_matrix.py",
                "tests/reliability/test_matrix_pools.py",
            ],
            cwd=ROOT,
            env={**os.environ, FILE: str(noted)},
            check=False,
            stdout=sys.stderr,
        )
        shown = table(noted.read_text().splitlines())
    sys.stdout.write(shown + "\n")
    if options.write_docs and ended.returncode == 0:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{shown}\n\n{END}{rest.partition(END)[2]}")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
