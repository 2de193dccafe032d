"""The walls of the house: who may know whom."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re
import subprocess
import sys

import pytest

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "asic_miner"
MINERS = INTEGRATION / "miners"
POWER = INTEGRATION / "power"
MAKES = ("whatsminer", "braiins")
PLATFORMS = ("binary_sensor", "button", "number", "select", "sensor", "switch", "event")

ALLOWED_OUTSIDE = {"aiohttp", "cryptography", "yarl"}
"""The libraries, besides Python's own, that miners/ may stand on."""


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the level (0 = absolute) and the name of everything a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from (
                (node.level, f"{base}.{alias.name}" if base else alias.name) for alias in node.names
            )


def files(folder: Path) -> list[Path]:
    """Return all Python files below a folder."""
    found = sorted(folder.rglob("*.py"))
    assert found
    return found


def name(path: Path) -> str:
    """Name a file in a test's id."""
    return str(path.relative_to(INTEGRATION))


@pytest.mark.parametrize("path", files(MINERS), ids=name)
def test_miners_can_be_lifted_out(path: Path) -> None:
    """It imports nothing of Home Assistant and nothing above itself."""
    depth = len(path.relative_to(MINERS).parts)
    for level, module in imports(path):
        if level:
            assert level <= depth, f"{module} lies above miners/"
        else:
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names | ALLOWED_OUTSIDE, module


@pytest.mark.parametrize("path", files(POWER), ids=name)
def test_planning_is_pure(path: Path) -> None:
    """It knows itself and what a miner is, and takes the time from its caller."""
    for level, module in imports(path):
        if level:
            above = level > len(path.relative_to(POWER).parts)
            known = module.startswith(("miners.models.", "miners.errors.", "miners.lean."))
            assert not above or known, f"{module} is not for planning"
        else:
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names - {"time", "datetime", "random"}, module


@pytest.mark.parametrize("make", MAKES)
def test_an_api_does_not_know_the_models(make: str) -> None:
    """What a device says and what we make of it are two things."""
    for path in files(MINERS / make):
        if path.name == "client.py":
            continue
        if path.stem == "api" or path.stem.startswith("api_"):
            assert not [module for level, module in imports(path) if "models" in module.split(".")]


@pytest.mark.parametrize("make", MAKES)
def test_makes_do_not_know_each_other(make: str) -> None:
    """Each make can be taken away without the other noticing."""
    for path in files(MINERS / make):
        for _, module in imports(path):
            assert not {other for other in MAKES if other != make} & set(module.split("."))


@pytest.mark.parametrize("path", sorted(INTEGRATION.glob("*.py")), ids=name)
def test_home_assistant_code_talks_to_miners_through_the_interface(path: Path) -> None:
    """Only miners/<make>/ knows what a vendor's answers look like."""
    for level, module in imports(path):
        if level and module.startswith("miners"):
            assert not set(MAKES) & set(module.split(".")), module


@pytest.mark.parametrize(
    "path", [path for path in sorted(INTEGRATION.glob("*.py")) if path.stem in PLATFORMS], ids=name
)
def test_platforms_know_no_platform_and_no_make(path: Path) -> None:
    """What a device can do comes from its capabilities."""
    for level, module in imports(path):
        if level:
            assert module.split(".")[0] not in PLATFORMS, module
    text = path.read_text("utf-8")
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert "Make" not in names
    assert not re.search("|".join(MAKES), text, re.IGNORECASE), f"{path.name} names a make"


@pytest.mark.parametrize("stem", ["coordinator", "polling", "entity", "errors", "restart", "const"])
def test_the_core_imports_no_platform(stem: str) -> None:
    """Data travels one way: to the entities."""
    for level, module in imports(INTEGRATION / f"{stem}.py"):
        if level:
            assert module.split(".")[0] not in PLATFORMS, module


def test_what_is_not_there_is_not_loaded() -> None:
    """A home that has miners of one make carries neither controllers nor the other make.

    Nor what nobody has asked for yet.
    """
    package = "custom_components.asic_miner"
    needed = ("miner_entry", "kinds", "config_flow", "diagnostics", "intent", "repairs", *PLATFORMS)
    lines = [
        "import sys",
        *(f"import {package}.{name}" for name in needed),
        "print(*sys.modules)",
    ]
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-W", "ignore", "-c", "\n".join(lines)],
        cwd=INTEGRATION.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.removeprefix(f"{package}.") for name in done.stdout.split()}
    assert {"coordinator", "sensor", "config_flow"} <= loaded
    planning = {"controller_entry", "controller", "power.site", "power.site_model", "planning"}
    planning |= {"thermostat_entry", "thermostat", "power.heat", "climate", "water_heater"}
    assert not planning & loaded
    assert not {"budget_sharing", "power.budget", "repair_steps", "voice"} & loaded
    assert not {f"miners.{make}.client" for make in MAKES} & loaded
