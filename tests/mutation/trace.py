"""A plugin of pytest that notes which lines of a package each test runs, and how long it takes.

Python itself says when a line runs for the first time in a test; after that it runs as
fast as ever. Coverage with contexts says the same and takes ten times as long.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator
import gc
import json
import os
from pathlib import Path
import sys
from types import CodeType, FunctionType

import pytest

from .names import FILE, FOLDER

# The number that Python keeps for coverage tools.
TOOL = sys.monitoring.COVERAGE_ID

_FOLDER = os.environ[FOLDER]
_LINES: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
_SECONDS: defaultdict[str, float] = defaultdict(float)
_WATCHED: set[CodeType] = set()
_MODULES: set[str] = set()
_FAILED: set[str] = set()
_running = ""


def _line(code: CodeType, line: int) -> object:
    _LINES[_running][code.co_filename].add(line)
    return sys.monitoring.DISABLE


def _inside(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _inside(constant)


def _watch() -> None:
    """Watch every function of the folder that there is by now."""
    modules = {name for name in sys.modules if name.startswith("custom_components.")}
    if modules == _MODULES:
        return
    _MODULES.update(modules)
    for function in gc.get_objects():
        if isinstance(function, FunctionType):
            code = function.__code__
            if code.co_filename.startswith(_FOLDER) and code not in _WATCHED:
                for one in _inside(code):
                    _WATCHED.add(one)
                    sys.monitoring.set_local_events(TOOL, one, sys.monitoring.events.LINE)


def pytest_sessionstart() -> None:
    """Begin."""
    sys.monitoring.use_tool_id(TOOL, "mutation")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, _line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch one test with its fixtures."""
    global _running  # noqa: PLW0603 - the callback of Python has no other way to know
    _watch()
    _running = item.nodeid
    sys.monitoring.restart_events()
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what preparing, running and clearing away took, and note failures."""
    _SECONDS[report.nodeid] += report.duration
    if report.failed:
        _FAILED.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write it all down."""
    told = {
        test: {
            "seconds": seconds,
            "lines": {
                os.path.relpath(path, Path(_FOLDER).parent): sorted(lines)
                for path, lines in _LINES[test].items()
            },
        }
        for test, seconds in _SECONDS.items()
        # What fails anyway would kill every mutant.
        if test not in _FAILED
    }
    Path(os.environ[FILE]).write_text(json.dumps(told), "utf-8")
