"""Actions: what is offered, what is checked, what is said and what is drawn are the same."""

from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from homeassistant.helpers.service import _SERVICES_SCHEMA
from homeassistant.util.yaml import load_yaml_dict
import probatio
import pytest

from custom_components.asic_miner.action import ATTR_CONFIRM, Action
from custom_components.asic_miner.services import ALL_ACTIONS as ACTIONS
from tests.translations import TRANSLATIONS, load

INTEGRATION = TRANSLATIONS.parent
TEXTS = load()
FORMS: dict[str, Any] = load_yaml_dict(str(INTEGRATION / "services.yaml"))
DOCS = Path(__file__).parents[2] / "docs" / "actions.md"


def names(action: Action) -> set[str]:
    """Return the fields of an action."""
    own = {
        marker.schema if isinstance(marker, probatio.Marker) else marker for marker in action.fields
    }
    devices = {"device_id"} if action.devices else set()
    return own | devices | ({ATTR_CONFIRM} if action.confirm else set())


def test_forms_are_valid() -> None:
    """Home Assistant reads them by this schema, and says nothing to the user if it cannot."""
    _SERVICES_SCHEMA(FORMS)


def test_every_action_has_a_form() -> None:
    """And no form is left over."""
    assert set(FORMS) == {action.name for action in ACTIONS}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_fields_are_the_same_everywhere(action: Action) -> None:
    """In the check, in the form and in the texts."""
    assert set(FORMS[action.name]["fields"]) == names(action)
    prefix = f"services.{action.name}"
    assert TEXTS[f"{prefix}.name"]
    assert TEXTS[f"{prefix}.description"]
    told = {key.split(".")[3] for key in TEXTS if key.startswith(f"{prefix}.fields.")}
    assert told == names(action)
    for field in names(action):
        assert TEXTS[f"{prefix}.fields.{field}.name"]
        assert TEXTS[f"{prefix}.fields.{field}.description"]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_defaults_and_needs_are_the_same_everywhere(action: Action) -> None:
    """A form that shows another default than what is sent would be a lie."""
    for marker in action.fields:
        form = FORMS[action.name]["fields"][marker.schema]
        if isinstance(marker, probatio.Required):
            assert form.get("required") is True, marker
        elif isinstance(default := form.get("default"), dict):
            assert marker.default() == timedelta(**default), marker
        elif "default" in form:
            assert marker.default() == default, marker


def test_every_action_has_texts_and_an_icon() -> None:
    """And no text and no icon is left over."""
    named = {action.name for action in ACTIONS}
    assert {key.split(".")[1] for key in TEXTS if key.startswith("services.")} == named
    icons = json.loads((INTEGRATION / "icons.json").read_text("utf-8"))["services"]
    assert set(icons) == named


def test_every_action_is_documented() -> None:
    """Each with an example."""
    page = DOCS.read_text("utf-8")
    for action in ACTIONS:
        assert f"`asic_miner.{action.name}`" in page
        assert f"action: asic_miner.{action.name}" in page


def test_choices_stand_in_the_docs_as_they_are_written() -> None:
    """The form shows words; YAML takes these values."""
    sections = DOCS.read_text("utf-8").split("\n### ")
    for name, form in FORMS.items():
        [section] = [
            part for part in sections if f"`asic_miner.{name}`\n" in part.split("\n\n")[0] + "\n"
        ]
        for key, field in form["fields"].items():
            if choice := field["selector"].get("select"):
                [row] = [line for line in section.splitlines() if line.startswith(f"| `{key}` |")]
                said = row.partition("In YAML: ")[2]
                assert [f"`{option}`" for option in choice["options"]] == [
                    word for word in said.replace(",", " ").replace(".", " ").split() if "`" in word
                ]


def test_only_miners_are_offered() -> None:
    """Neither hashboards nor what commands miners; those have no switch of this class."""
    for name, form in FORMS.items():
        for key, field in form["fields"].items():
            if key == "device_id":
                assert field["selector"]["device"]["entity"] == [
                    {"integration": "asic_miner", "domain": "switch", "device_class": "switch"}
                ], name
