"""Shapes of request bodies, checked as strictly as the firmware's typed parser does.

A shape is a function that takes a value and the path to it and raises `ShapeError`.
Unknown members are ignored; a member that is optional may also be null.
"""

from collections.abc import Callable

from .wire import Json

type Shape = Callable[[Json, str], None]


class ShapeError(Exception):
    """The body is valid JSON of the wrong shape (status 422)."""


def boolean(value: Json, path: str) -> None:
    """Accept true and false only."""
    if not isinstance(value, bool):
        raise ShapeError(f"{path}: invalid type, expected a boolean")


def text(value: Json, path: str) -> None:
    """Accept text only."""
    if not isinstance(value, str):
        raise ShapeError(f"{path}: invalid type, expected a string")


def number(value: Json, path: str) -> None:
    """Accept any JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ShapeError(f"{path}: invalid type, expected f64")


def unsigned(value: Json, path: str) -> None:
    """Accept integers from 0; `1500.0` is none of them, as for any typed parser."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ShapeError(f"{path}: invalid type, expected an unsigned integer")
    if value < 0:
        raise ShapeError(f"{path}: invalid value: integer `{value}`")


def anything(value: Json, path: str) -> None:
    """Accept whatever JSON there is."""


def one_of(*allowed: int | str) -> Shape:
    """Accept the values of an enum."""

    def check(value: Json, path: str) -> None:
        if isinstance(value, bool) or value not in allowed:
            raise ShapeError(f"{path}: unknown variant `{value}`")

    return check


def array(item: Shape) -> Shape:
    """Accept a list of one shape."""

    def check(value: Json, path: str) -> None:
        if not isinstance(value, list):
            raise ShapeError(f"{path}: invalid type, expected a sequence")
        for index, element in enumerate(value):
            item(element, f"{path}[{index}]")

    return check


def members(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    """Accept an object: required members not null, optional ones null or left out."""

    def check(value: Json, path: str) -> None:
        if not isinstance(value, dict):
            raise ShapeError(f"{path}: invalid type, expected a map")
        for name, shape in required.items():
            if name not in value:
                raise ShapeError(f"{path}: missing field `{name}`")
            shape(value[name], f"{path}.{name}")
        for name, shape in (optional or {}).items():
            if value.get(name) is not None:
                shape(value[name], f"{path}.{name}")

    return check


def tagged(**alternatives: Shape) -> Shape:
    """Accept an externally tagged union: an object with exactly one known member."""

    def check(value: Json, path: str) -> None:
        if not isinstance(value, dict) or len(value) != 1:
            raise ShapeError(f"{path}: expected a map with a single key")
        tag, content = next(iter(value.items()))
        if tag not in alternatives:
            raise ShapeError(f"{path}: unknown variant `{tag}`")
        alternatives[tag](content, f"{path}.{tag}")

    return check


POWER = members({"watt": unsigned})
TERAHASH = members({"terahash_per_second": number})
TEMPERATURE = members({"degree_c": number})
HOURS = members({"hours": unsigned})
FREQUENCY = members({"hertz": number})
VOLTAGE = members({"volt": number})
