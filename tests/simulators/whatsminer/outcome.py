"""What writing commands are made of: their parameters, and what follows from them."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.envelopes import RefusedError
from tests.simulators.whatsminer.replies import FAILED

type Fields = dict[str, Json]
type Api = tuple[int, int, int]
type Handler = Callable[[Fields], Outcome]

ALWAYS: Api = (0, 0, 0)
"""In every generation."""
FOREVER: Api = (9, 9, 9)
"""Not withdrawn since."""


@dataclass(kw_only=True)
class Outcome:
    """What follows a command that was accepted."""

    message: Json = "API command OK"
    changes: bool = True
    """False for what only reads."""
    replies: bool = True
    """False for commands that act before they could answer."""
    after: Callable[[], None] | None = None
    """Done once the reply is out, or in place of one."""
    attached: bytes | None = None
    """Raw bytes after the reply."""
    upload: Callable[[bytes], None] | None = None
    """The client sends raw bytes after the reply, which are handed to this."""


def number(arguments: Fields, name: str, lowest: int, highest: int) -> int:
    """Read a whole number, which clients send as text or as a number."""
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise failed()
    try:
        result = int(value)
    except ValueError as error:
        raise failed() from error
    if not lowest <= result <= highest:
        raise failed()
    return result


def text(arguments: Fields, name: str) -> str:
    """Read a text that must be there."""
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise failed()
    return value


def choice(arguments: Fields, name: str, allowed: set[str]) -> str:
    """Read one of some words."""
    value = text(arguments, name)
    if value not in allowed:
        raise failed()
    return value


def before(arguments: Fields) -> bool:
    """Tell whether the client asks for the answer before the deed."""
    return arguments.get("respbefore") in {"true", True}


def yes_no(arguments: Fields, name: str) -> bool:
    """Read a switch that is written as 0 or 1."""
    return bool(number(arguments, name, 0, 1))


def failed() -> RefusedError:
    """Return the refusal of a command that makes no sense to the device."""
    return RefusedError(FAILED, "API command ERROR")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One entry of a command table."""

    handler: Handler
    since: Api = ALWAYS
    until: Api = FOREVER
    """The first API without it."""
    needs_access: bool = True
    """Refused while the write API is closed."""
