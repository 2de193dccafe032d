"""Finds out which tests run which lines, and which tests are worth running for a mutant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import hashlib
import json
import os
from pathlib import Path
import subprocess
import sys

from .names import FILE, FOLDER

INTEGRATION = Path("custom_components") / "asic_miner"
_END = 1 << 20
"""A line that no file has."""
_SLOW = 0.5
"""Seconds. A hundred quick tests notice more than one slow one in the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Covered:
    """What one test does when nothing is changed."""

    seconds: float
    lines: Mapping[str, frozenset[int]]  # by path below the integration

    def share(self, path: str) -> float:
        """Return how much of what the test runs stands in this file: 0 to 1."""
        every = sum(len(lines) for lines in self.lines.values())
        return len(self.lines.get(path, ())) / every if every else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """All tests of one package, and what they run."""

    root: Path
    tests: Mapping[str, Covered]

    def of_lines(self, path: str, first: int, last: int) -> set[str]:
        """Return the tests that run one of these lines.

        Where none does, those of the whole file: it may run when the file is imported.
        """
        return self._of(path, range(first, last + 1)) or self._of(path, range(_END))

    def _of(self, path: str, wanted: range) -> set[str]:
        return {
            test
            for test, covered in self.tests.items()
            if not covered.lines.get(path, frozenset()).isdisjoint(wanted)
        }


def in_order(tests: Iterable[str], path: str, cover: Cover) -> list[str]:
    """Return the tests: one of each function before a second one, and slow ones in the end.

    Those that run little besides this file come first: they are about it, while others only
    pass through.
    """
    turns: defaultdict[str, list[str]] = defaultdict(list)
    for test in sorted(tests, key=lambda test: (cover.tests[test].seconds, test)):
        turns[test.partition("[")[0]].append(test)
    placed = [
        (cover.tests[test].seconds > _SLOW, turn > 0, -cover.tests[test].share(path), turn, test)
        for group in turns.values()
        for turn, test in enumerate(group)
    ]
    return [test for *_, test in sorted(placed)]


def measure(root: Path, package: str, kept: Path, python: str = sys.executable) -> Cover:
    """Run the tests of a package as it is, file by file where nothing else has changed.

    Keeps what was measured in a file. A test that fails is left out, since it would fail for
    every mutant; on a busy machine some do.
    """
    known = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    basis = _digest(
        path
        for folder in (INTEGRATION / package, Path("tests"))
        for path in sorted((root / folder).rglob("*.py"))
        if not path.name.startswith("test_")
        and (folder != Path("tests") or _is_helper(path.relative_to(root), package))
    )
    if known.get("basis") != basis:
        known = {"basis": basis, "files": {}}
    files = {
        path.relative_to(root).as_posix(): _digest([path])
        for path in sorted((root / "tests" / package).rglob("test_*.py"))
    }
    todo = [name for name, said in files.items() if known["files"].get(name, {}).get("is") != said]
    known["files"] = {name: known["files"][name] for name in files if name not in todo}
    if todo:
        print(f"measuring {len(todo)} of {len(files)} files of tests", flush=True)
        fresh = _run(root, package, todo, python)
        for name in todo:
            known["files"][name] = {
                "is": files[name],
                "tests": {
                    test: said for test, said in fresh.items() if test.startswith(f"{name}::")
                },
            }
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known), "utf-8")
    tests = {
        test: Covered(
            seconds=said["seconds"],
            lines={path: frozenset(lines) for path, lines in said["lines"].items()},
        )
        for name in files
        for test, said in known["files"][name]["tests"].items()
    }
    return Cover(root=root, tests=tests)


def _is_helper(path: Path, package: str) -> bool:
    """Say whether the tests of the package may stand on this file."""
    return len(path.parts) == 2 or path.parts[1] in {package, "simulators"}


def _digest(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()[:16]


def _run(root: Path, package: str, files: list[str], python: str) -> dict[str, dict[str, object]]:
    """Return what each test of these files took and ran."""
    found = root / ".trace.mutation"
    subprocess.run(  # noqa: S603 - our own tests
        [python, "-m", "pytest", "-q", "--tb=short", "-p", "tests.mutation.trace", *files],
        cwd=root,
        env={**os.environ, FOLDER: str(root / INTEGRATION / package), FILE: str(found)},
        check=False,
    )
    said: dict[str, dict[str, object]] = json.loads(found.read_text("utf-8"))
    return said
