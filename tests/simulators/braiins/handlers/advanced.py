"""Advanced settings: a free-form object with a schema of its own."""

from .. import shapes
from ..gateway import Call, operation
from ..wire import Json, RefusedError

DEFAULTS: dict[str, Json] = {"allow_single_board": False, "watchdog_minutes": 20}
"""Settings with invented names and their defaults."""


@operation("GET", "advanced-settings/", since=(1, 4, 0))
def get_settings(call: Call) -> Json:
    """Tell what was changed, or with `include_default` everything."""
    stored = call.device.settings.advanced
    return {**DEFAULTS, **stored} if call.query.get("include_default") == "true" else {**stored}


@operation("PATCH", "advanced-settings/", since=(1, 4, 0), body=shapes.members({}))
def set_settings(call: Call) -> Json:
    """Change all that is given or nothing; null clears a key."""
    stored = dict(call.device.settings.advanced)
    for name, value in call.members.items():
        if name not in DEFAULTS:
            raise RefusedError(400, f"unknown setting '{name}'")
        if value is None:
            stored.pop(name, None)
        elif type(value) is type(DEFAULTS[name]):
            stored[name] = value
        else:
            raise RefusedError(400, f"wrong type of setting '{name}'")
    call.device.settings.advanced = stored
    return {**stored}


@operation("DELETE", "advanced-settings/", since=(1, 4, 0))
def reset_settings(call: Call) -> Json:
    """Forget all changes."""
    call.device.settings.advanced = {}
    return {}


@operation("GET", "advanced-settings/schema", since=(1, 4, 0))
def schema(call: Call) -> Json:
    """Tell which settings there are."""
    return {
        "type": "object",
        "properties": {
            "allow_single_board": {"type": "boolean", "default": False},
            "watchdog_minutes": {"type": "integer", "default": 20},
        },
    }
