"""The forms of the config flow, and what is made of what somebody typed into them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util.network import is_host_valid, is_ip_address
import probatio

from .const import CONF_ADVANCED
from .miners import DEFAULT_PORTS
from .miners.models import Make

CONF_CHANGE_PASSWORD = "change_password"  # noqa: S105 - the name of a field
CONF_FORGET_PASSWORD = "forget_password"  # noqa: S105 - the name of a field
CONF_MINERS = "miners"
CONF_NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a field
CONF_ONLY_WATCH = "only_watch"
CONF_REPEATED = "repeated"
CONF_SKIP = "skip"

MAKE_NAMES = {Make.WHATSMINER: "WhatsMiner", Make.BRAIINS: "Braiins OS"}
"""What to call a miner that has not told more than that; these names are the same everywhere."""

USERS = {Make.BRAIINS: "root"}
"""The user name to offer, for makes that ask for one."""

OPEN_TO_READ = frozenset({Make.WHATSMINER})
"""Makes that can be watched without a password; an empty one then means to only watch."""

PORT = probatio.All(
    NumberSelector(NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX)),
    probatio.Coerce(int),
)
PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
)
NEW_PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
)

ADDRESS = probatio.Schema(
    {
        # The frontend does not let a required field be left empty, and an empty one is how
        # to ask for a search.
        probatio.Optional(CONF_HOST): TextSelector(),
        probatio.Required(CONF_ADVANCED): section(
            probatio.Schema({probatio.Optional(CONF_PORT): PORT}), {"collapsed": True}
        ),
    }
)

NEW_PASSWORD_FORM = probatio.Schema(
    {
        probatio.Required(CONF_NEW_PASSWORD): NEW_PASSWORD,
        probatio.Required(CONF_REPEATED): NEW_PASSWORD,
    }
)


def credentials_fields(make: Make) -> dict[probatio.Marker, Any]:
    """Return the fields that ask for what this make needs."""
    fields: dict[probatio.Marker, Any] = {}
    if make in USERS:
        fields[probatio.Required(CONF_USERNAME, default=USERS[make])] = TextSelector(
            TextSelectorConfig(autocomplete="username")
        )
    fields[probatio.Optional(CONF_PASSWORD)] = PASSWORD
    return fields


def credentials_form(make: Make) -> probatio.Schema:
    """Return the form that asks for what this make needs."""
    return probatio.Schema(credentials_fields(make))


def reauth_form(make: Make) -> probatio.Schema:
    """Return the form for another login of a miner that is set up.

    To only watch it has to be chosen: it takes all controls away.
    """
    fields = credentials_fields(make)
    if make in OPEN_TO_READ:
        fields[probatio.Required(CONF_ONLY_WATCH, default=False)] = BooleanSelector()
    return probatio.Schema(fields)


def shared_login_form(make: Make) -> probatio.Schema:
    """Return the form that asks for a login of several miners, and lets them be left out."""
    return probatio.Schema(
        {
            **credentials_fields(make),
            probatio.Required(CONF_SKIP, default=False): BooleanSelector(),
        }
    )


def pick_form(labels: Mapping[str, str]) -> probatio.Schema:
    """Return the form to choose from what was found; `labels` are by address."""
    return probatio.Schema(
        {
            probatio.Required(CONF_MINERS, default=list(labels)): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=address, label=label)
                        for address, label in labels.items()
                    ],
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                )
            )
        }
    )


def reconfigure_form(make: Make) -> probatio.Schema:
    """Return the form for another address or login of a miner that is set up."""
    return probatio.Schema(
        {
            probatio.Required(CONF_HOST): TextSelector(),
            **credentials_fields(make),
            probatio.Required(CONF_CHANGE_PASSWORD, default=False): BooleanSelector(),
            probatio.Required(CONF_ADVANCED): section(
                probatio.Schema(
                    {
                        probatio.Optional(CONF_PORT): PORT,
                        probatio.Required(CONF_FORGET_PASSWORD, default=False): BooleanSelector(),
                    }
                ),
                {"collapsed": True},
            ),
        }
    )


def reconfigure_values(make: Make, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form for another address or login shows at first: no password."""
    port = data[CONF_PORT]
    return {
        CONF_HOST: data[CONF_HOST],
        CONF_USERNAME: data.get(CONF_USERNAME),
        CONF_ADVANCED: {} if port == DEFAULT_PORTS[make] else {CONF_PORT: port},
    }


def typed_address(text: str) -> tuple[str, int | None] | None:
    """Return host and port in what somebody typed or copied, None if there is no host."""
    text = text.strip()
    if is_ip_address(text):
        return text, None
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port) if host and is_host_valid(host) else None


def stored_credentials(make: Make, user_input: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what is stored of a filled-in form. No password is one, or means to only watch."""
    password = user_input.get(CONF_PASSWORD) or (None if make in OPEN_TO_READ else "")
    return {CONF_USERNAME: user_input.get(CONF_USERNAME), CONF_PASSWORD: password}


def without_password(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a form shows again: all but the password."""
    return {key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD}
