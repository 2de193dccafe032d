"""Reading single values out of JSON that may be incomplete, newer than us, or wrong.

Nothing here raises: what is missing, of another type or not a number within LARGEST is None.
"""

import math

from ..wording import printable

LARGEST = (1 << 63) - 1
"""What no counter of a device reaches, and the largest integer that can be stored; whatever
is beyond it says nothing."""

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
"""What a reply can be."""


def at(value: Json, *path: str) -> Json:
    """Return what is at the end of a path of members, None where it is interrupted."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def items(value: Json) -> list[Json]:
    """Return the elements of an array, none for anything else."""
    return value if isinstance(value, list) else []


def text(value: Json, *path: str) -> str | None:
    """Return printable text without space around it; empty text says nothing and is None."""
    found = at(value, *path)
    return (printable(found).strip() or None) if isinstance(found, str) else None


def verbatim(value: Json, *path: str) -> str | None:
    """Return text exactly as it is, also empty text: what is written back has to be the same."""
    found = at(value, *path)
    return found if isinstance(found, str) else None


def flag(value: Json, *path: str) -> bool | None:
    """Return a boolean."""
    found = at(value, *path)
    return found if isinstance(found, bool) else None


def number(value: Json, *path: str) -> float | None:
    """Return a finite number."""
    found = at(value, *path)
    # To Python a boolean is an integer; to the contract it is not.
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    # NaN and Infinity are not JSON, but some writers put them where a value is missing.
    try:
        converted = float(found)
    except OverflowError:
        return None
    return converted if math.isfinite(converted) and abs(converted) <= LARGEST else None


def integer(value: Json, *path: str) -> int | None:
    """Return a whole number, exact also above 2^53; a fraction is rounded."""
    found = at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return found if abs(found) <= LARGEST else None
    finite = number(found)
    return None if finite is None else round(finite)


def tag(value: Json, known: tuple[str, ...]) -> tuple[str, Json] | None:
    """Return name and content of an externally tagged union, None when it is none of `known`."""
    if not isinstance(value, dict):
        return None
    return next(((name, value[name]) for name in known if name in value), None)
