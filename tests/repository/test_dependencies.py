"""What the integration needs at run time is what its manifest says, and nothing else."""

import ast
from importlib.metadata import packages_distributions, requires
import json
from pathlib import Path
import re
import sys

ROOT = Path(__file__).parents[2]
OURS = ROOT / "custom_components" / "asic_miner"
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _required() -> dict[str, str]:
    """Return what the manifest requires: conditions by name."""
    manifest = json.loads((OURS / "manifest.json").read_text("utf-8"))
    found = {}
    for line in manifest.get("requirements", []):
        name = NAME.match(line)
        assert name, line
        found[_normal(name[0])] = line[name.end() :]
    return found


def _imported() -> set[str]:
    """Return the distributions that modules of ours import, Home Assistant's own left out."""
    names: set[str] = set()
    for path in OURS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module or "")
    tops = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    known = packages_distributions()
    assert tops <= known.keys()
    return {_normal(known[top][0]) for top in tops} - {"homeassistant"}


def _brought_by_home_assistant() -> set[str]:
    """Return what is installed with Home Assistant itself, whatever is set up in it."""
    found = set()
    for line in requires("homeassistant") or ():
        name = NAME.match(line)
        if name and "extra ==" not in line:
            found.add(_normal(name[0]))
    return found


def test_nothing_is_imported_that_may_not_be_there() -> None:
    assert _imported() - _brought_by_home_assistant() <= _required().keys()


def test_nothing_is_required_that_is_not_imported() -> None:
    assert _required().keys() <= _imported()


def test_requirements_have_a_lower_bound_and_never_stop_an_update() -> None:
    """An exact version would be in the way of Home Assistant's own choice."""
    assert [c for c in _required().values() if not re.fullmatch(r">=\d+(\.\d+)*", c)] == []


def test_the_tools_of_the_tests_are_pinned() -> None:
    lines = (ROOT / "requirements_test.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    # Types have no code that runs.
    loose = [one for one in wanted if "==" not in one and not one.startswith("types-")]
    assert loose == []
