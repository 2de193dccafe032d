"""Every blueprint is what Home Assistant takes, and says where it comes from."""

import json
from pathlib import Path

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.util import yaml as yaml_util
import pytest

from .conftest import BLUEPRINTS

ROOT = Path(__file__).parents[2]
FILES = sorted(BLUEPRINTS.glob("*.yaml"))
FORMS = [path for path in FILES if not path.stem.startswith("voice_")]
"""Those with something to fill in; sentences name their miners themselves."""
OF_POOLS = {"block_found"}
"""Those that have nothing to do with a miner."""


def load(path: Path) -> Blueprint:
    """Load a file as Home Assistant does."""
    loaded = yaml_util.load_yaml(str(path))
    assert isinstance(loaded, dict)
    return Blueprint(
        loaded,
        path=path.name,
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_home_assistant_takes_it(path: Path) -> None:
    """Through its own model and schema; the version is that of the integration."""
    blueprint = load(path)
    assert blueprint.validate() is None
    assert blueprint.metadata["source_url"] == (
        "https://github.com/asic-miner/ha-asic-miner/blob/main/blueprints/automation/asic_miner/"
        + path.name
    )
    hacs = json.loads((ROOT / "hacs.json").read_text("utf-8"))
    assert blueprint.metadata["homeassistant"]["min_version"] == hacs["homeassistant"]
    # Import needs the name of the file only; nothing in it may be cut off in a list.
    assert len(blueprint.name) < 60


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_inputs_are_in_sections_and_filtered(path: Path) -> None:
    """Whoever has to choose a miner is offered miners only, and every input has a name."""
    blueprint = load(path)
    assert all("input" in section for section in blueprint.metadata["input"].values())
    for key, given in blueprint.inputs.items():
        assert given["name"], key
        assert given["selector"], key
    if path.stem in OF_POOLS:
        assert "mining_switch" not in blueprint.inputs
        return
    switch = blueprint.inputs["mining_switch"]["selector"]["entity"]
    assert switch["filter"] == [
        {"integration": "asic_miner", "domain": ["switch"], "device_class": ["switch"]}
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_in_the_docs(path: Path) -> None:
    """With a link that imports it."""
    name = "automations.md" if path in FORMS else "voice.md"
    page = (ROOT / "docs" / name).read_text("utf-8")
    assert f"blueprints/automation/asic_miner/{path.name}" in page
    assert f"asic_miner%2F{path.name}" in page
