"""Texts and icons: what is used is there, and what is there is used."""

import ast
import json
from pathlib import Path
import re

import pytest

from custom_components.asic_miner import (
    binary_sensor,
    button,
    controller_entities,
    errors,
    event,
    number,
    select,
    sensor,
    switch,
    thermostat_entities,
)
from custom_components.asic_miner.issues import METER_SIGN, SEVERITIES, SLOW_METER
from custom_components.asic_miner.miners import errors as miner_errors
from custom_components.asic_miner.miners.braiins import settings as braiins
from custom_components.asic_miner.miners.models import Feature, PowerMode
from custom_components.asic_miner.miners.whatsminer import rivals
from custom_components.asic_miner.miners.whatsminer import settings as whatsminer
from custom_components.asic_miner.power.site_model import Mode
from tests.translations import TRANSLATIONS, load, placeholders

INTEGRATION = TRANSLATIONS.parent
TEXTS = load()

KEYS: dict[str, set[str]] = {
    "binary_sensor": {
        row.key
        for row in (
            *binary_sensor.BINARY_SENSORS,
            *thermostat_entities.SIGNS,
            thermostat_entities.PROBLEM,
        )
    },
    "button": {row.key for row in (*button.BUTTONS, thermostat_entities.ACKNOWLEDGE)},
    "event": {row.key for row in (event.FAULT, event.FAULT_LOG, event.FIRMWARE)},
    "number": {row.key for row in (*number.NUMBERS, *controller_entities.NUMBERS)},
    "select": {row.key for row in (*select.SELECTS, controller_entities.MODE)},
    "sensor": {
        row.key
        for row in (
            *sensor.SENSORS,
            *sensor.GUARD_SENSORS,
            *sensor.BOARD_SENSORS,
            *sensor.POOL_SENSORS,
            sensor.ENERGY,
            sensor.FAN_SPEED,
            *controller_entities.SENSORS,
            controller_entities.WHY,
            controller_entities.HEADROOM,
            *thermostat_entities.SENSORS,
        )
    },
    "switch": {
        row.key for row in (*switch.SWITCHES, switch.HASHBOARD, *controller_entities.SWITCHES)
    },
}

NAMELESS = {"mining"}
"""The main thing about a miner carries the device's own name."""

CONTROLLER_ERRORS = {
    "battery_incomplete",
    "meter_missing",
    "meter_same",
    "meter_twice",
    "miner_taken",
    "miner_twice",
    "name_used",
    "no_miner_chosen",
    "none_picked",
    "not_percent",
    "not_power",
    "one_limit",
    "phases_incomplete",
    "price_incomplete",
    "signal_twice",
    "two_phases",
}
"""Errors of the forms of a power controller."""

THERMOSTAT_ERRORS = {
    "limits_crossed",
    "miner_heats",
    "miner_twice",
    "no_miner_chosen",
    "none_picked",
    "not_temperature",
    "pump_is_backup",
}
"""Errors of the form of a thermostat."""

OPTIONS_ERRORS = {"other_does_not_stop", "setpoint_above_hard", "setpoint_above_soft"}
"""Errors of the options only."""

FORM_ERRORS = (
    CONTROLLER_ERRORS
    | THERMOSTAT_ERRORS
    | {
        "invalid_host",
        "login_failed",
        "none_answers",
        "password_needed",
        "password_unconfirmed",
        "passwords_differ",
    }
)
"""Errors that a form finds by itself, or says in its own words."""


def raised_keys() -> set[str]:
    """Return the keys of exceptions that our own code raises besides miners' errors.

    They stand in a call beside `translation_domain`, or are given to one of the functions
    that make such a call.
    """
    found: set[str] = set()
    for path in INTEGRATION.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = {word.arg: word.value for word in node.keywords}
            if name.endswith("Error") and "translation_domain" in given:
                key = given.get("translation_key")
            elif name in {"_file_error", "_refusal"}:
                key = node.args[0]
            else:
                continue
            if isinstance(key, ast.Constant):
                found.add(str(key.value))
    return found


def below(prefix: str) -> set[str]:
    """Return the next part of all keys below a prefix."""
    return {key.removeprefix(prefix).split(".")[0] for key in TEXTS if key.startswith(prefix)}


@pytest.mark.parametrize("platform", sorted(KEYS))
def test_every_entity_has_a_name_and_every_name_an_entity(platform: str) -> None:
    """Names come from the translations only."""
    assert below(f"entity.{platform}.") == KEYS[platform] - NAMELESS
    for key in KEYS[platform] - NAMELESS:
        assert f"entity.{platform}.{key}.name" in TEXTS


def test_every_platform_is_checked() -> None:
    """No platform of the texts is left out above."""
    assert below("entity.") == set(KEYS)


def test_every_error_has_its_texts() -> None:
    """Each kind of error can be shown by an action and in a form, and none is left over."""
    kinds = {
        kind
        for kind in vars(miner_errors).values()
        if isinstance(kind, type)
        and issubclass(kind, miner_errors.MinerError)
        and kind is not miner_errors.MinerError
    }
    assert set(errors.TRANSLATION_KEYS) == kinds
    keys = set(errors.TRANSLATION_KEYS.values())
    assert below("exceptions.") == keys | raised_keys() | set(miner_errors.Reason)
    assert below("config.error.") == keys | FORM_ERRORS
    assert below("options.error.") == CONTROLLER_ERRORS | THERMOSTAT_ERRORS | OPTIONS_ERRORS
    flow = "".join(path.read_text("utf-8") for path in INTEGRATION.glob("*flow*.py"))
    for error in FORM_ERRORS | OPTIONS_ERRORS:
        assert f'"{error}"' in flow


OURS = {
    "BusyError",
    "InvalidValueError",
    "NotRevertedError",
    "RejectedError",
    "RevertedError",
}
"""Errors of which the text for their kind quotes a reason."""

QUOTING = {("braiins/transport.py", "said")}
"""Where a device's own words are passed on, which nobody can translate."""

UNUSED = {("braiins/settings_api.py", "'there is no such group of pools'")}
"""Of an operation that no action and no entity comes to."""


def raised_reasons() -> list[tuple[str, ast.Call]]:
    """Return all calls below miners/ that make an error out of `OURS` or give a reason."""
    found = []
    for path in sorted((INTEGRATION / "miners").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in OURS or (name.endswith("Error") and len(node.args) > 1):
                    found.append((str(path.relative_to(INTEGRATION / "miners")), node))
    return found


def test_what_we_say_has_a_reason() -> None:
    """Only a device's own words reach the user as they are; ours are translated."""
    bare = {
        (path, ast.unparse(call.args[0])) for path, call in raised_reasons() if len(call.args) < 2
    }
    assert bare == QUOTING | UNUSED


def test_reasons_are_given_and_name_what_their_sentences_name() -> None:
    """No sentence is left over, and none has braces that nobody fills."""
    given = set()
    for path, call in raised_reasons():
        if len(call.args) < 2:
            continue
        told = {word.arg for word in call.keywords}
        reason = call.args[1]
        # One that comes out of a table is named there.
        if not isinstance(reason, ast.Attribute):
            assert not told, path
            continue
        key = miner_errors.Reason[reason.attr]
        given.add(key)
        assert placeholders(TEXTS[f"exceptions.{key}.message"]) - {"name"} == told, (path, key)
    table = {reason for _, _, reason in rivals._RIVALS.values()}
    assert not any(placeholders(TEXTS[f"exceptions.{key}.message"]) - {"name"} for key in table)
    assert given | table == set(miner_errors.Reason)


def test_every_state_of_an_enum_has_a_text() -> None:
    """A raw key on a dashboard looks broken."""
    for row in (
        *sensor.SENSORS,
        *sensor.GUARD_SENSORS,
        *sensor.POOL_SENSORS,
        controller_entities.WHY,
        *thermostat_entities.SENSORS,
    ):
        if row.options:
            assert below(f"entity.sensor.{row.key}.state.") == set(row.options)
    assert below("entity.select.mode.state.") == set(Mode)


def test_every_choice_of_a_select_has_a_text() -> None:
    """And no text is left over, whatever a device offers of them."""
    choices = {
        Feature.POWER_MODE: set(PowerMode),
        **{feature: set(offered) for feature, offered in braiins.CHOICES.items()},
        **{
            feature: set(row.choices) for feature, row in whatsminer.SETTINGS.items() if row.choices
        },
    }
    assert choices.keys() == {row.feature for row in select.SELECTS}
    for feature, offered in choices.items():
        assert below(f"entity.select.{feature}.state.") == offered


def test_every_kind_of_event_has_a_text() -> None:
    """And no other text is there."""
    for row in (event.FAULT, event.FAULT_LOG, event.FIRMWARE):
        assert row.event_types
        told = below(f"entity.event.{row.key}.state_attributes.event_type.state.")
        assert told == set(row.event_types)


def test_states_belong_to_something() -> None:
    """What has texts for its states is one of those that are held against them above."""
    rows = (
        *sensor.SENSORS,
        *sensor.GUARD_SENSORS,
        *sensor.POOL_SENSORS,
        controller_entities.WHY,
        *thermostat_entities.SENSORS,
    )
    enums = {row.key for row in rows if row.options}
    for platform, checked in {
        # The texts of faults are held against the tables of faults.
        "sensor": enums | {"fault"},
        "select": {row.key for row in select.SELECTS} | {"mode"},
        "event": set[str](),
        "binary_sensor": {"write_access"},
    }.items():
        with_states = {
            key.split(".")[2]
            for key in TEXTS
            if key.startswith(f"entity.{platform}.") and key.split(".")[3] == "state"
        }
        assert with_states == checked, platform
    assert below("entity.binary_sensor.write_access.state.") == {"on", "off"}
    assert {key.split(".")[1] for key in TEXTS if re.match(r"entity\.\w+\.\w+\.state\.", key)} == {
        "sensor",
        "select",
        "binary_sensor",
    }


def test_every_repair_issue_is_raised_somewhere() -> None:
    """The fixture that watches all tests sees to it that each that is raised has a text."""
    assert below("issues.") == {*SEVERITIES, SLOW_METER, METER_SIGN}
    code = "".join(path.read_text("utf-8") for path in INTEGRATION.glob("*.py"))
    for issue in SEVERITIES:
        assert f'raise_issue("{issue}"' in code


@pytest.mark.parametrize("path", sorted(TRANSLATIONS.glob("*.json")), ids=lambda path: path.stem)
def test_languages_are_complete(path: Path) -> None:
    """Every language has the same keys with the same placeholders."""
    texts = load(path.stem)
    assert texts.keys() == TEXTS.keys()
    for key, text in texts.items():
        assert placeholders(text) == placeholders(TEXTS[key]), key


QUOTED = re.compile(
    '[\u201c\u201e\u00ab"]\u00a0?([^\u201c\u201d\u201e\u00ab\u00bb"]+?)\u00a0?[\u201c\u201d\u00bb"]'
)
"""A text in the quotation marks of any language; the French ones keep a space inside, which does
not break."""


@pytest.mark.parametrize("path", sorted(TRANSLATIONS.glob("*.json")), ids=lambda path: path.stem)
def test_names_are_quoted_as_they_are_shown(path: Path) -> None:
    """To the letter and the space, so that whoever looks or searches for one finds it."""
    texts = load(path.stem)
    checked = 0
    for key, english in TEXTS.items():
        quoted = set(QUOTED.findall(texts[key]))
        for name in QUOTED.findall(english):
            shown = {texts[other] for other, text in TEXTS.items() if text == name}
            assert not shown or shown & quoted, f"{key}: {name}"
            checked += bool(shown)
    # Those of the water's limits, at least.
    assert checked >= 3


def test_icons_belong_to_entities() -> None:
    """Icons exist only for what exists, and no state repeats the default for nothing."""
    icons = json.loads((INTEGRATION / "icons.json").read_text("utf-8"))["entity"]
    for platform, rows in icons.items():
        assert set(rows) <= KEYS[platform]
        for key, row in rows.items():
            for icon in (row["default"], *row.get("state", {}).values()):
                assert icon.startswith("mdi:")
            for state in row.get("state", {}):
                named = f"entity.{platform}.{key}.state.{state}" in TEXTS
                assert named or platform == "switch", f"{key} has no state {state}"


def test_device_names_are_used() -> None:
    """The names of child devices are those the entities ask for."""
    source = (INTEGRATION / "entity.py").read_text("utf-8")
    keys = {
        node.value.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.keyword)
        and node.arg == "translation_key"
        and isinstance(node.value, ast.Constant)
    }
    assert below("device.") == keys
