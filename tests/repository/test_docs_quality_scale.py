"""The page of the quality scale has every rule, and says the same as the file."""

from pathlib import Path
import re

import homeassistant
from homeassistant.const import Platform
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "quality-scale.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", PAGE, flags=re.MULTILINE))


def test_every_rule_of_a_platinum_integration_is_in_the_table() -> None:
    """As installed with Home Assistant; none besides, none twice."""
    model = Path(homeassistant.__file__).parent / "components" / "peblar" / "quality_scale.yaml"
    rules = yaml.safe_load(model.read_text("utf-8"))["rules"]
    assert len(rules) == 54
    assert rules.keys() == ROWS.keys()
    assert len(re.findall(r"^\| `", PAGE, flags=re.MULTILINE)) == 54


def test_each_row_names_a_page_a_test_or_why_not() -> None:
    """Links are followed by the test of papers; here each row has something to follow."""
    ours = yaml.safe_load(
        (ROOT / "custom_components" / "asic_miner" / "quality_scale.yaml").read_text("utf-8")
    )["rules"]
    for rule, where in ROWS.items():
        assert "](" in where or "`scripts/" in where or where.startswith("Exempt: "), rule
        if where.startswith("Exempt: "):
            assert ours[rule]["status"] == "exempt", rule


def test_every_platform_says_how_much_may_run_at_once() -> None:
    """`parallel-updates`: a miner takes one command at a time, reading needs no limit."""
    platforms = [
        path
        for path in (ROOT / "custom_components" / "asic_miner").glob("*.py")
        if path.stem in list(Platform)
    ]
    assert platforms
    for path in platforms:
        said = re.search(r"^PARALLEL_UPDATES = ([01])$", path.read_text("utf-8"), re.MULTILINE)
        assert said, path.name
        assert (said[1] == "0") is (path.stem in {"sensor", "binary_sensor", "event"}), path.name
