"""The shapes of texts and icons that Home Assistant and its frontend look into.

Home Assistant itself takes any JSON there and never says that a text stands where nobody
looks for it; its own check of that is not in the package that is installed. A test holds
these shapes against the texts and icons of the integrations that are.
"""

from collections.abc import Mapping
from typing import Any

import probatio
from probatio import All, Exclusive, Invalid, Optional, Required, Schema

KEY = All(str, probatio.Match(r"^(?!.*__)[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"))
"""What a state, an option or a key of ours may be called, so that it can be translated."""
TEXT = All(str, probatio.Length(min=1))
ICON = All(str, probatio.Match(r"^mdi:[a-z0-9]+(-[a-z0-9]+)*$"))


def _texts(value: object = TEXT) -> Schema:
    return Schema({KEY: value})


def _described_fields(step: dict[str, Any]) -> dict[str, Any]:
    """Refuse a description of a field that has no name."""
    if lost := set(step.get("data_description", {})) - set(step.get("data", {})):
        raise Invalid(f"descriptions of no field: {sorted(lost)}")
    return step


_FIELDS = {Optional("data"): _texts(), Optional("data_description"): _texts()}
_STEP = All(
    Schema(
        {
            Optional("title"): TEXT,
            Optional("description"): TEXT,
            Optional("submit"): TEXT,
            Optional("menu_options"): _texts(),
            Optional("menu_option_descriptions"): _texts(),
            Optional("sections"): _texts(
                All(
                    Schema(
                        {Optional("name"): TEXT, Optional("description"): TEXT, **_FIELDS},
                    ),
                    _described_fields,
                )
            ),
            **_FIELDS,
        }
    ),
    _described_fields,
)
_FLOW = {
    Optional("step"): _texts(_STEP),
    Optional("error"): _texts(),
    Optional("abort"): _texts(),
    Optional("progress"): _texts(),
    Optional("create_entry"): _texts(),
}
_STATES = {Optional("name"): TEXT, Optional("state"): _texts()}
_ACTION = {
    Required("name"): TEXT,
    Required("description"): TEXT,
    Optional("fields"): _texts(
        {Required("name"): TEXT, Required("description"): TEXT, Optional("example"): TEXT}
    ),
    Optional("sections"): _texts({Required("name"): TEXT, Optional("description"): TEXT}),
}

TEXTS = Schema(
    {
        Optional("title"): TEXT,
        Optional("config"): {Optional("flow_title"): TEXT, **_FLOW},
        Optional("config_subentries"): _texts(
            {
                Optional("entry_type"): TEXT,
                Optional("initiate_flow"): _texts(),
                **_FLOW,
            }
        ),
        Optional("options"): _FLOW,
        Optional("selector"): _texts(
            {
                Optional("options"): _texts(),
                Optional("choices"): _texts(),
                Optional("unit_of_measurement"): _texts(),
                Optional("fields"): _texts(
                    {Required("name"): TEXT, Optional("description"): TEXT},
                ),
            }
        ),
        Optional("device"): _texts({Required("name"): TEXT}),
        Optional("entity"): _texts(
            _texts(
                {
                    **_STATES,
                    Optional("state_attributes"): _texts(_STATES),
                    Optional("unit_of_measurement"): TEXT,
                }
            )
        ),
        Optional("exceptions"): _texts({Required("message"): TEXT}),
        Optional("issues"): _texts(
            Schema(
                {
                    Required("title"): TEXT,
                    Exclusive("description", "what"): TEXT,
                    Exclusive("fix_flow", "what"): _FLOW,
                }
            )
        ),
        Optional("services"): _texts(_ACTION),
        Optional("system_health"): {Required("info"): _texts()},
    }
)
"""What `translations/<language>.json` of an integration like this one may hold."""


def _sorted_range(icons: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse numbers that are not, or that do not rise: the frontend takes the first that fits."""
    try:
        numbers = [float(number) for number in icons]
    except ValueError as error:
        raise Invalid("not a number") from error
    if numbers != sorted(set(numbers)):
        raise Invalid("the numbers of a range do not rise")
    return icons


_BY_STATE: dict[Any, Any] = {
    Exclusive("state", "by"): Schema({KEY: ICON}),
    Exclusive("range", "by"): All({str: ICON}, _sorted_range),
}

ICONS = Schema(
    {
        Optional("entity"): _texts(
            _texts(
                {
                    Required("default"): ICON,
                    Optional("state_attributes"): _texts({Optional("default"): ICON, **_BY_STATE}),
                    **_BY_STATE,
                }
            )
        ),
        Optional("services"): _texts(
            {Required("service"): ICON, Optional("sections"): _texts(ICON)}
        ),
    }
)
"""What `icons.json` of an integration like this one may hold."""
