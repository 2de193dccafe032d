"""Runs tests against one mutant after the other, each in a process of its own.

The processes are forked from one in which Home Assistant's test harness is imported
already, which takes longer than most tests. What is changed is imported only there.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
import gc
import os
from pathlib import Path
import resource
import signal
import sys
import time
import traceback

import pytest

# A mutant may wait for something that never comes, or ask for all memory there is.
PATIENCE, GRACE = 5.0, 20.0  # times what the tests take unchanged, and seconds besides
MEMORY = 4 * 2**30
POLL = 0.02


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"
    NO_TESTS = "no tests"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A file, and what stands in it for once."""

    path: Path
    text: str


class Order:
    """A plugin of pytest: only these tests, and in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        """Take these."""
        self.places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self.places),
            key=lambda item: self.places[item.nodeid],
        )


def warm_up() -> None:
    """Import what every test needs and no mutant changes."""
    import pytest_homeassistant_custom_component.plugins  # noqa: F401

    import custom_components.asic_miner  # noqa: F401

    # Home Assistant stays; what a mutant may change is imported anew by each process.
    for name in [name for name in sys.modules if name.startswith("custom_components")]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def run(tests: Sequence[str], seconds: float, log: Path, change: Change | None = None) -> Verdict:
    """Run tests in their order until one fails; the change is taken back afterwards.

    The seconds are what they take when nothing is changed.
    """
    if change is None:
        return _fork(tests, seconds, log)
    original, stamp = change.path.read_bytes(), change.path.stat()
    change.path.write_text(change.text, "utf-8")
    try:
        return _fork(tests, seconds, log)
    finally:
        change.path.write_bytes(original)
        # So that what Python has compiled of it is right again.
        os.utime(change.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def _fork(tests: Sequence[str], seconds: float, log: Path) -> Verdict:
    child = os.fork()
    if not child:
        _child(tests, log)
    until = time.monotonic() + PATIENCE * seconds + GRACE
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Verdict.TIMED_OUT
        time.sleep(POLL)
    match os.waitstatus_to_exitcode(status):
        case pytest.ExitCode.OK:
            return Verdict.SURVIVED
        case pytest.ExitCode.NO_TESTS_COLLECTED:
            # All of them are of parameters that the mutant does not have.
            return Verdict.NO_TESTS
        case _:
            return Verdict.KILLED


def _child(tests: Sequence[str], log: Path) -> None:
    """Run the tests and end with what pytest says."""
    code = 70
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(out, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        sys.dont_write_bytecode = True
        functions = list(dict.fromkeys(test.partition("[")[0] for test in tests))
        options = ["-x", "-q", "--tb=short", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
        code = pytest.main([*options, *functions], plugins=[Order(tests)])
    except BaseException:
        # This process knows no way out but the one below.
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
