"""Time zones as firmware without a database of them needs to be told."""

import asyncio
from importlib import resources
from pathlib import Path
import re
from zoneinfo import TZPATH

from ..errors import InvalidValueError, Reason

_NAME = re.compile(r"[A-Za-z][\w+-]*(/[A-Za-z][\w+-]*)*", re.ASCII)
"""Has no way out of the folder that it names a file in."""
_MAGIC = b"TZif"
_PACKAGE = "tzdata"
"""Holds the database where the system has none."""


async def posix_rule(name: str) -> str:
    """Return the rule of a time zone, for example "CET-1CEST,M3.5.0,M10.5.0/3".

    `name` is one of the IANA database; InvalidValueError for any other.
    """
    data = await asyncio.to_thread(_file, name) if _NAME.fullmatch(name) else None
    rule = _footer(data) if data is not None else None
    if not rule:
        raise InvalidValueError("there is no such time zone", Reason.TIME_ZONE_UNKNOWN)
    return rule


def _file(name: str) -> bytes | None:
    """Return the file of a time zone, None where there is none."""
    for folder in TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    try:
        file = resources.files(_PACKAGE).joinpath("zoneinfo", *name.split("/"))
    except ModuleNotFoundError:
        return None
    return file.read_bytes() if file.is_file() else None


def _footer(data: bytes) -> str | None:
    """Return the last line of a time zone's file, which says what holds from now on.

    Files of the first version have none.
    """
    if not data.startswith(_MAGIC) or not data.endswith(b"\n"):
        return None
    line = data[:-1].rpartition(b"\n")[2]
    return line.decode("ascii") if line.isascii() else None
