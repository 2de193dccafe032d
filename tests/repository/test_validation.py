"""What Home Assistant's own checks look at, held against the Home Assistant that is installed."""

from copy import deepcopy
from functools import cache
import json
from pathlib import Path
import re
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import hass_frontend
import homeassistant
from homeassistant import loader
from packaging.requirements import Requirement
import probatio
import pytest
import yaml

from tests.repository import shapes
from tests.translations import TRANSLATIONS, flatten

INTEGRATION = TRANSLATIONS.parent
COMPONENTS = Path(homeassistant.__file__).parent / "components"
MODELS = ("peblar", "solaredge_modbus", "homewizard", "elgato", "fronius")
"""Integrations that Home Assistant itself rates highest."""
RANGES = ("centriconnect", "huum", "neopool")
"""Integrations whose icons follow a number."""
LANGUAGES = sorted(TRANSLATIONS.glob("*.json"))

IOT_CLASSES = {
    "assumed_state",
    "calculated",
    "cloud_polling",
    "cloud_push",
    "local_polling",
    "local_push",
}
"""How devices can be reached, as Home Assistant's pages for developers list it."""


def read(path: Path) -> Any:
    """Return what is in a JSON file, refusing a key that is there twice."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in found]
        assert len(keys) == len(set(keys)), f"{path.name}: twice in one object: {keys}"
        return dict(found)

    return json.loads(path.read_text("utf-8"), object_pairs_hook=pairs)


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_texts_stand_where_they_are_looked_for(path: Path) -> None:
    """What stands elsewhere is never shown, and nobody is told."""
    shapes.TEXTS(read(path))


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_texts_can_be_shown(path: Path) -> None:
    """No address and no HTML, nothing around them, no reference, no quotes that hide a name."""
    for key, text in flatten(read(path)).items():
        assert text == text.strip(), key
        assert "[%" not in text, f"{key}: references work in Home Assistant's own repository only"
        assert not re.search(r"https?://|<\w+", text), f"{key}: no address and no HTML"
        assert not re.search(r"'\{\w+\}'", text), f"{key}: no placeholder in single quotes"


@pytest.mark.parametrize("domain", MODELS)
def test_the_shape_of_texts_is_that_of_home_assistant(domain: str) -> None:
    """Else we would hold ours against an invention."""
    shapes.TEXTS(read(COMPONENTS / domain / "translations" / "en.json"))


@pytest.mark.parametrize(
    "misplaced",
    [
        ("teapot", "x"),
        ("config", "step", "user", "colour", "x"),
        ("config", "step", "user", "data_description", "nothing", "x"),
        ("config", "step", "user", "sections", "advanced", "submit", "x"),
        ("config", "errors", "busy", "x"),
        ("options", "step", "settings", "data", "nothing", 3),
        ("entity", "sensor", "state", "states", "mining", "x"),
        ("entity", "sensor", "state", "state", "Mining", "x"),
        ("entity", "sensor", "power", "name", ""),
        ("entity", "event", "fault", "state_attributes", "event_type", "options", "x"),
        ("device", "hashboard", "description", "x"),
        ("exceptions", "busy", "title", "x"),
        ("issues", "wrong_miner", "description", "x"),
        ("issues", "wrong_miner", "fix_flow", "flow_title", "x"),
        ("selector", "wires", "option", "x"),
        ("services", "pause", "fields", "device_id", "label", "x"),
        ("services", "pause", "title", "x"),
        ("system_health", "data", "x"),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_a_misplaced_text_is_noticed(misplaced: tuple[str, ...]) -> None:
    """Of each kind there is."""
    texts = read(TRANSLATIONS / "en.json")
    inner = texts
    *way, last, value = misplaced
    for key in way:
        inner = inner.setdefault(key, {})
    inner[last] = value
    with pytest.raises(probatio.Invalid):
        shapes.TEXTS(texts)


@cache
def icon_names() -> frozenset[str]:
    """Return the names of all icons that the frontend has."""
    found = list((hass_frontend.where() / "static" / "mdi").glob("iconList.json"))
    assert found, "the frontend keeps its list of icons elsewhere now"
    return frozenset(f"mdi:{icon['name']}" for icon in json.loads(found[0].read_text("utf-8")))


def test_icons_have_the_shape_that_is_read() -> None:
    """An icon elsewhere is never drawn."""
    shapes.ICONS(read(INTEGRATION / "icons.json"))


@pytest.mark.parametrize("domain", [*MODELS, *RANGES])
def test_the_shape_of_icons_is_that_of_home_assistant(domain: str) -> None:
    """Also of those that follow a number."""
    path = COMPONENTS / domain / "icons.json"
    if domain in RANGES:
        assert '"range"' in path.read_text("utf-8")
    if path.exists():
        shapes.ICONS(read(path))


def test_every_icon_can_be_drawn_and_no_state_repeats_the_default() -> None:
    """The frontend shows an empty place for a name that it does not know."""

    def check(icons: dict[str, Any], where: str) -> None:
        others = {**icons.get("state", {}), **icons.get("range", {})}
        for state, icon in others.items():
            assert icon in icon_names(), f"{where}.{state}"
        for state, icon in icons.get("state", {}).items():
            assert icon != icons.get("default"), f"{where}.{state} has the default already"
        for key in {"default", "service"} & icons.keys():
            assert icons[key] in icon_names(), where
        for attribute, more in icons.get("state_attributes", {}).items():
            check(more, f"{where}.{attribute}")

    icons = read(INTEGRATION / "icons.json")
    for platform, rows in icons["entity"].items():
        for key, row in rows.items():
            check(row, f"{platform}.{key}")
    for action, row in icons["services"].items():
        check(row, action)


@pytest.mark.parametrize(
    "row",
    [
        {"default": "pickaxe"},
        {"state": {"on": "mdi:pickaxe"}},
        {"default": "mdi:fan", "range": {"1": "mdi:fan", "0": "mdi:fan-off"}},
        {"default": "mdi:fan", "range": {"low": "mdi:fan-off"}},
        {"default": "mdi:fan", "range": {"0": "mdi:fan-off"}, "state": {"on": "mdi:fan"}},
        {"default": "mdi:fan", "states": {"on": "mdi:fan"}},
    ],
    ids=str,
)
def test_a_wrong_icon_is_noticed(row: dict[str, Any]) -> None:
    """Of each kind there is."""
    icons = deepcopy(read(INTEGRATION / "icons.json"))
    icons["entity"]["sensor"]["power"] = row
    with pytest.raises(probatio.Invalid):
        shapes.ICONS(icons)


def is_a(value: object, hint: object) -> bool:
    """Tell whether a value read from JSON is of a type as written in Python."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in inner
    if origin is UnionType:
        return any(is_a(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(is_a(item, inner[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            is_a(key, inner[0]) and is_a(item, inner[1]) for key, item in value.items()
        )
    assert isinstance(hint, type), f"a kind of type that is not looked at yet: {hint}"
    return type(value) is hint


def test_the_manifest_has_the_types_that_home_assistant_reads() -> None:
    """As its own loader writes them down."""
    manifest = read(INTEGRATION / "manifest.json")
    hints = get_type_hints(loader.Manifest)
    for key, value in manifest.items():
        assert is_a(value, hints[key]), f"{key}: {value}"
    assert manifest["iot_class"] in IOT_CLASSES
    assert AwesomeVersion(manifest["version"]).strategy is AwesomeVersionStrategy.SEMVER
    for key in ("documentation", "issue_tracker"):
        assert manifest[key].startswith("https://")
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    for requirement in manifest["requirements"]:
        # A pinned version would fight over it with another integration.
        assert {part.operator for part in Requirement(requirement).specifier} == {">="}
    for needed in manifest["dependencies"]:
        assert (COMPONENTS / needed / "manifest.json").exists(), needed


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, str),
        (True, int),
        ("gadget", Literal["device", "hub"]),
        (["network", 1], list[str]),
        ("network", list[str]),
        ([{"hostname": None}], list[dict[str, bool | str]]),
        ({"model": "x"}, dict[str, list[str]]),
    ],
)
def test_a_wrong_type_is_noticed(value: object, hint: object) -> None:
    """Of each kind there is."""
    assert not is_a(value, hint)


STATUS = probatio.Schema(
    {
        probatio.Required("rules"): {
            str: probatio.Any(
                probatio.In(("done", "todo")),
                {
                    probatio.Required("status"): probatio.In(("todo", "exempt", "done")),
                    probatio.Required("comment"): probatio.All(str, probatio.Length(min=1)),
                },
                {probatio.Required("status"): "done"},
            )
        }
    }
)


@pytest.mark.parametrize("domain", ["asic_miner", *MODELS])
def test_the_quality_scale_has_the_shape_of_home_assistants_own(domain: str) -> None:
    """Ours and theirs: a status, and a reason where a rule is not met."""
    folder = INTEGRATION if domain == INTEGRATION.name else COMPONENTS / domain
    STATUS(yaml.safe_load((folder / "quality_scale.yaml").read_text("utf-8")))


@pytest.mark.parametrize("status", ["exempt", "perhaps", {"status": "exempt"}, {"comment": "x"}])
def test_a_wrong_status_is_noticed(status: object) -> None:
    """An exemption without its reason above all."""
    with pytest.raises(probatio.Invalid):
        STATUS({"rules": {"brands": status}})
