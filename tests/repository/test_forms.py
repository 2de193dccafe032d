"""Forms of the flows: what is asked and what is said are the same, both ways."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import SelectSelector
from homeassistant.util.yaml import load_yaml_dict
import probatio
import pytest

from custom_components.asic_miner import (
    flow_controller,
    flow_controller_forms,
    flow_forms,
    flow_thermostat,
    options_flow,
    repair_steps,
)
from custom_components.asic_miner.config_flow import OPTIONS_FLOWS, MinerConfigFlow
from custom_components.asic_miner.errors import TRANSLATION_KEYS
from custom_components.asic_miner.miners.models import Make
from tests.translations import FROM_CORE, TRANSLATIONS

INTEGRATION = TRANSLATIONS.parent
TEXTS: dict[str, Any] = json.loads((TRANSLATIONS / "en.json").read_text("utf-8"))
FLOWS = {"config": (MinerConfigFlow,), "options": tuple(OPTIONS_FLOWS.values())}

type Fields = Mapping[Any, Any]
type Forms = dict[str, list[Fields]]

BY_HOME_ASSISTANT = {"already_configured", "already_in_progress"} | FROM_CORE
"""Reasons to abort that Home Assistant's own part of a flow gives."""


def of_each_make(form: Callable[[Make], probatio.Schema]) -> list[Fields]:
    """Return the fields that a form has for one make or another."""
    return [form(make).schema for make in Make]


@pytest.fixture
def forms(hass: HomeAssistant) -> dict[str, Forms]:
    """Every form of every flow by its step; menus and questions without fields have none."""
    own = flow_controller_forms
    shared: Forms = {
        "controller_sources": [own.sources_form(hass).schema],
        "controller_sharing": [own.sharing_form().schema],
        "controller_limits": [own.limits_form(hass, {"a": "A"}).schema],
        "controller_circuits": [],
        "controller_circuit": [own.circuit_form(hass, {"a": "A"}).schema],
        "controller_remove": [own.remove_form({"a": "A"}).schema],
    }
    return {
        "config": shared
        | {
            "user": [flow_forms.ADDRESS.schema],
            "credentials": of_each_make(flow_forms.credentials_form),
            "reauth_confirm": of_each_make(flow_forms.reauth_form),
            "reconfigure": of_each_make(flow_forms.reconfigure_form),
            "new_password": [flow_forms.NEW_PASSWORD_FORM.schema],
            "start": [],
            "nothing_found": [],
            "pick": [flow_forms.pick_form({"a": "A"}).schema],
            "shared_login": of_each_make(flow_forms.shared_login_form),
            "takeover": [flow_forms.pick_form({"a": "A"}).schema],
            "controller": [own.named_meter_form(hass, flow_controller.NAME).schema],
            "thermostat": [flow_thermostat.fields(hass, named=True)],
        },
        "options": shared
        | {
            "init": [],
            "settings": [options_flow.options_form([], []).schema],
            "takeover": [],
            "undo_takeover": [],
            "controller_meter": [own.meter_fields(hass)],
            "thermostat": [flow_thermostat.fields(hass)],
        },
    }


def asked(fields: Fields) -> dict[str, dict[str, Any]]:
    """Return the fields by the name of their section, "" for those outside of any."""
    found: dict[str, dict[str, Any]] = {"": {}}
    for marker, field in fields.items():
        name = str(marker.schema if isinstance(marker, probatio.Marker) else marker)
        if isinstance(field, section):
            found[name] = asked(field.schema.schema)[""]
        else:
            found[""][name] = field
    return found


def told(step: Mapping[str, Any], kind: str) -> dict[str, set[str]]:
    """Return what texts of one kind a step has, in the same way."""
    sections = {name: set(part.get(kind, {})) for name, part in step.get("sections", {}).items()}
    return {"": set(step.get(kind, {})), **sections}


@pytest.mark.parametrize("flow", FLOWS)
def test_fields_of_forms(flow: str, forms: dict[str, Forms]) -> None:
    """Each field has a name and a description, and each of these a field."""
    steps = TEXTS[flow]["step"]
    assert steps.keys() == forms[flow].keys()
    for step, of_step in forms[flow].items():
        assert any(hasattr(kind, f"async_step_{step}") for kind in FLOWS[flow]), step
        fields: dict[str, set[str]] = {"": set()}
        for form in of_step:
            for place, names in asked(form).items():
                fields.setdefault(place, set()).update(names)
        for kind in ("data", "data_description"):
            assert told(steps[step], kind) == fields, f"{flow} {step} {kind}"


@pytest.mark.parametrize("flow", FLOWS)
def test_choices_of_menus(flow: str) -> None:
    """Each leads to a step, and is offered somewhere."""
    constants = set(strings(INTEGRATION.glob("*flow*.py")))
    for name, step in TEXTS[flow]["step"].items():
        for choice in step.get("menu_options", {}):
            assert any(hasattr(kind, f"async_step_{choice}") for kind in FLOWS[flow]), name
            assert choice in constants


def strings(paths: Iterable[Any]) -> Iterator[str]:
    """Return all constant texts of some modules but their docstrings."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def given(pattern: str, function: str, keyword: str) -> set[str]:
    """Return the constants that are handed to a function by a keyword in some modules."""
    return {
        str(word.value.value)
        for path in INTEGRATION.glob(pattern)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == function
        for word in node.keywords
        if word.arg == keyword and isinstance(word.value, ast.Constant)
    }


def test_reasons_to_abort() -> None:
    """Each is given, and each that is given has its text."""
    options = given("options_flow.py", "async_abort", "reason")
    assert set(TEXTS["options"]["abort"]) == options
    flows = given("*flow*.py", "async_abort", "reason") - options
    assert set(TEXTS["config"]["abort"]) == flows | BY_HOME_ASSISTANT


def test_what_goes_on() -> None:
    """Of the search only."""
    assert set(TEXTS["config"]["progress"]) == given(
        "*flow*.py", "async_show_progress", "progress_action"
    )


@pytest.mark.parametrize("issue", repair_steps.FLOWS)
def test_steps_and_errors_of_repairs(issue: str) -> None:
    """Each step can be come to, and each error comes up in that flow."""
    flow = repair_steps.FLOWS[issue]
    texts = TEXTS["issues"][issue]["fix_flow"]
    constants = set(strings([INTEGRATION / "repair_steps.py"]))
    for step, parts in texts["step"].items():
        assert hasattr(flow, f"async_step_{step}")
        for choice in parts.get("menu_options", {}):
            assert hasattr(flow, f"async_step_{choice}")
            assert choice in constants
        fields = flow_forms.NEW_PASSWORD_FORM.schema if "data" in parts else {}
        assert told(parts, "data") == told(parts, "data_description")
        assert told(parts, "data")[""] == asked(fields)[""].keys()
    # What says that it is not mended yet is told in words of its own.
    kinds = flow.errors - getattr(flow, "still", frozenset())
    own = set(texts.get("error", {})) - {"refused", "not_loaded"} - kinds
    assert own <= constants - set(TRANSLATION_KEYS.values())
    if "error" in texts:
        assert {"refused", "not_loaded"} | kinds <= set(texts["error"])


def test_reasons_to_leave_a_repair() -> None:
    """Each is given in some flow, and each that is given has its text."""
    told = {
        reason
        for issue in TEXTS["issues"].values()
        for reason in issue.get("fix_flow", {}).get("abort", {})
    }
    assert told == given("repair_steps.py", "async_abort", "reason")


def test_only_issues_with_a_flow_have_steps() -> None:
    """And every flow belongs to an issue."""
    assert {key for key, issue in TEXTS["issues"].items() if "fix_flow" in issue} == set(
        repair_steps.FLOWS
    )


def choices_of_actions() -> Iterator[tuple[str, set[str]]]:
    """Return what the forms of actions let choose or enter, by the key of the texts."""

    def walk(selector: Any) -> Iterator[tuple[str, set[str]]]:
        for kind, config in selector.items():
            if not isinstance(config, dict):
                continue
            if "translation_key" in config:
                yield (
                    config["translation_key"],
                    set(config["options"] if kind == "select" else config["fields"]),
                )
            for field in config.get("fields", {}).values():
                yield from walk(field["selector"])

    for action in load_yaml_dict(str(INTEGRATION / "services.yaml")).values():
        for field in action["fields"].values():
            yield from walk(field["selector"])


def test_choices(forms: dict[str, Forms]) -> None:
    """What can be chosen in a form of a flow or an action has a text, and each text is used."""
    used = list(choices_of_actions())
    for of_flow in forms.values():
        for of_step in of_flow.values():
            for form in of_step:
                for fields in asked(form).values():
                    used += [
                        (field.config["translation_key"], set(map(str, field.config["options"])))
                        for field in fields.values()
                        if isinstance(field, SelectSelector) and "translation_key" in field.config
                    ]
    texts = {
        key: set(kinds["options"] if "options" in kinds else kinds["fields"])
        for key, kinds in TEXTS["selector"].items()
    }
    for key, options in used:
        assert texts[key] == options, key
    assert texts.keys() == {key for key, _ in used}
