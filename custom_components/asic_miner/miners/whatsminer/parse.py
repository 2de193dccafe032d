"""From a device's text to data that can be asked for values without fear.

Some firmware writes JSON that no parser takes, numbers as text, and leaves out what
it does not know. All tolerance for that is here.
"""

from collections.abc import Iterator, Mapping
import json
import math
import re
from typing import override

from ..wording import printable

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
type JsonObject = dict[str, Json]

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^\s"\[\]{}:,]+|[\[\]{}:,]', re.DOTALL)
"""A string without an end goes on to the end of all. Looked through again from each quote inside
of it, a reply of the longest kind would take hours."""
_CONTROL = re.compile(r"[\x00-\x1f]")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_ENTRY = re.compile(r'"(\d+)"\s*:\s*"([^"\\]*)"')
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")
_PAIRS = "{\n"
"""A list that turned out to hold pairs. Unlike an object's own bracket it ends in what is
taken out in the end."""
_BEFORE_STRING = frozenset({"", "[", "{", ":", ","})
LARGEST = (1 << 63) - 1
"""What no counter of a device reaches, and the largest integer that can be stored; whatever
is beyond it says nothing."""
_EXCERPT = 200
"""Characters of a broken reply worth having in a log."""
_TRUE = frozenset({"true", "1", "y", "yes", "enable", "enabled", "on"})
_FALSE = frozenset({"false", "0", "n", "no", "disable", "disabled", "off"})


class Record(Mapping[str, Json]):
    """One object a device sent. What is missing, or not what it should be, is None."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Json] | None = None) -> None:
        """Wrap what was parsed."""
        self._values = dict(values or {})

    @override
    def __getitem__(self, key: str) -> Json:
        """Return a value as it came."""
        return self._values[key]

    @override
    def __iter__(self) -> Iterator[str]:
        """Return the device's own keys."""
        return iter(self._values)

    @override
    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._values)

    @override
    def __repr__(self) -> str:
        """Name the keys only: values can be pool users or tokens."""
        return f"Record({', '.join(self._values)})"

    def number(self, *keys: str) -> float | None:
        """Return the first of these that is a finite number, also when written as text."""
        for key in keys:
            if (number := as_number(self._values.get(key))) is not None:
                return number
        return None

    def integer(self, *keys: str) -> int | None:
        """Return the first of these that is a number, without its fraction."""
        value = self.number(*keys)
        return None if value is None else int(value)

    def text(self, *keys: str) -> str | None:
        """Return the first of these that is printable text, not empty, or a whole number."""
        for key in keys:
            value = self._values.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if isinstance(value, str) and (said := printable(value).strip()):
                return said
        return None

    def word(self, *keys: str) -> str | None:
        """Return the first of these texts in lower case, None where it was spoilt on its way.

        For what is one of the firmware's own words, which are ASCII: one that cannot be read says
        neither yes nor no.
        """
        said = self.text(*keys)
        return said.lower() if said is not None and said.isascii() else None

    def flag(self, *keys: str) -> bool | None:
        """Return the first of these that says yes or no, in any of the ways devices do."""
        for key in keys:
            if (flag := as_flag(self._values.get(key))) is not None:
                return flag
        return None


def as_number(value: Json) -> float | None:
    """Return a finite number, also when written as text."""
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and abs(number) <= LARGEST else None


def as_flag(value: Json) -> bool | None:
    """Return a yes or no, also when written as text or number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        value = f"{value:g}"
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def parse_object(text: str) -> JsonObject:
    """Return the object a reply consists of, mending known defects if there are any.

    Raises ValueError, with nothing of the contents in it, when that is not possible.
    """
    try:
        parsed = _load(text)
    except ValueError:
        parsed = _load(repaired(text))
    if not isinstance(parsed, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind for every defect
    return parsed


def _load(text: str) -> Json:
    try:
        parsed: Json = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return parsed


def repaired(text: str) -> str:
    """Mend what is known to be wrong in replies; strings keep their contents.

    Line breaks inside strings are taken out, commas before a closing bracket are
    dropped, a comma forgotten before a key is put in, and a list of pairs (which is
    what one generation writes for error codes) becomes an object.
    """
    done: list[str] = []
    open_at: list[int] = []
    for piece in _TOKENS.findall(text):
        last = done[-1] if done else ""
        if piece in _OPENING:
            open_at.append(len(done))
        elif piece in _CLOSING:
            if last == ",":
                done.pop()
            if open_at and done[open_at.pop()] == _PAIRS:
                piece = "}"  # noqa: PLW2901 - closes what was opened as something else
        elif piece == ":" and open_at and done[open_at[-1]] == "[":
            done[open_at[-1]] = _PAIRS
        elif piece.startswith('"') and last not in _BEFORE_STRING:
            done.append(",")
        done.append(piece)
    return _CONTROL.sub("", " ".join(done))


def cut_error_list(text: str) -> JsonObject | None:
    """Return the complete entries of a list of faults that was cut off, if there are any."""
    _, _, entries = text.partition('"error_code"')
    found: JsonObject = dict(_ENTRY.findall(entries))
    return {"STATUS": "S", "Msg": {"error_code": found}} if found else None


def masked(text: str) -> str:
    """Return the beginning of a broken reply with its contents made unreadable."""
    start = printable(text[:_EXCERPT], "?")
    return re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "a", start)).encode("ascii", "replace").decode()
