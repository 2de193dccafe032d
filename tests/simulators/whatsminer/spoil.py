"""Writes replies as text, with the mistakes that firmware makes or a test asks for."""

import re

from tests.simulators.whatsminer.crypto import Json, compact
from tests.simulators.whatsminer.faults import Faults, Malformed
from tests.simulators.whatsminer.presets import Generation, Preset

type Fields = dict[str, Json]


def written(reply: Fields, command: str, faults: Faults, preset: Preset) -> str:
    """Return the text of a reply to `command`."""
    value: Json = reply
    if faults.missing_keys:
        value = _without(value, faults.missing_keys)
    if faults.wrong_types:
        value = _swapped(value)
    text = compact(value)
    # Firmware of late 2022 always writes its error list this way.
    pairs = preset.generation is Generation.BTMINER_2022 or (
        Malformed.ERROR_PAIRS in faults.malformed
    )
    if command == "get_error_code" and pairs:
        text = re.sub(r'(\[|,)\{("\d+":"[^"]*")\}', r"\1\2", text)
    if command == "get_psu" and Malformed.PSU_COMMA in faults.malformed:
        text = text.replace(',"temp0"', '"temp0"')
    if Malformed.TRAILING_COMMA in faults.malformed:
        text = text.removesuffix("}") + ",}"
    if Malformed.NEWLINE in faults.malformed:
        # Inside the first key, where no JSON parser lets it pass.
        text = text[:4] + "\n" + text[4:]
    return text


def _without(value: Json, keys: set[str]) -> Json:
    match value:
        case dict():
            return {key: _without(item, keys) for key, item in value.items() if key not in keys}
        case list():
            return [_without(item, keys) for item in value]
    return value


def _swapped(value: Json) -> Json:
    match value:
        case dict():
            return {key: _swapped(item) for key, item in value.items()}
        case list():
            return [_swapped(item) for item in value]
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if re.fullmatch(r"-?\d+(\.\d+)?", value):
            return float(value) if "." in value else int(value)
    return value
