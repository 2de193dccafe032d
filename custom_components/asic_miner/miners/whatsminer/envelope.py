"""The two forms of reply, and what they say went wrong.

Envelope A (cgminer heritage) has its data in a list under a key of its own, envelope
B in `Msg`. One firmware can use both.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum

from ..errors import (
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from ..lean import dataclass
from ..wording import printable
from .parse import Json, JsonObject, Record, as_number, masked, parse_object


class Code(IntEnum):
    """Result codes that mean something to us (manual, chapter 1)."""

    UNKNOWN_COMMAND = 14
    BAD_JSON = 23
    NO_COMMAND = 24
    NO_WRITE_ACCESS = 45
    DONE = 131
    FAILED = 132
    TOKEN_GIVEN = 134
    BAD_TOKEN = 135
    NO_MORE_TOKENS = 136
    BAD_BASE64 = 137


type Salvage = Callable[[str], JsonObject | None]
"""Makes the best of a reply that is no object, if anything."""

_SUCCESSES = frozenset({Code.DONE, Code.TOKEN_GIVEN})
_FAILURES = frozenset(Code) - _SUCCESSES
_DOWN = ("process is down", "socket connect failed")
"""How the device says that its mining program does not run, in lower case."""
_BUSY = "over max connect"
_QUOTED = 100
"""Characters of a device's own words worth showing."""


_MEANINGS: Mapping[int, str] = {
    Code.BAD_JSON: "the miner could not read the command",
    Code.NO_COMMAND: "the miner found no command in what it was sent",
    Code.FAILED: "the miner refused the command or a value in it",
    Code.BAD_TOKEN: "the miner no longer knows the login; please try again",
    Code.BAD_BASE64: "the command arrived garbled; please try again",
}
"""In words for who has pressed the button."""


class DeviceError(Exception):
    """A refusal with its code, for the session, which knows what can be done about it."""

    def __init__(self, code: int | None, said: str) -> None:
        """Keep the code, and the device's own words as far as they may be shown."""
        words = _MEANINGS.get(-1 if code is None else code, "the miner refused this")
        # The code is for a report to developers.
        number = "no code" if code is None else f"code {code}"
        super().__init__(f"{words} ({number}: {said})" if said else f"{words} ({number})")
        self.code = code
        self.said = said

    @property
    def meaning(self) -> RejectedError:
        """Return it as a caller of the client is to see it."""
        number = "?" if self.code is None else str(self.code)
        code = f"{number}: {self.said}" if self.said else number
        return RejectedError(str(self), Reason.REFUSED_CODE, code=code)


def has_failed(error: MinerError) -> bool:
    """Tell whether a device has understood a command, and could not do what it asks for."""
    return isinstance(error.__cause__, DeviceError) and error.__cause__.code == Code.FAILED


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A successful reply, whichever envelope it came in."""

    body: JsonObject
    message: Json

    def record(self) -> Record:
        """Return the one object that this reply is about.

        Raises MiningProcessDownError or MalformedReplyError when there is none.
        """
        if isinstance(self.message, dict):
            return Record(self.message)
        raise no_data(self.message)

    def rows(self, key: str) -> tuple[Record, ...]:
        """Return the objects under a key of envelope A, or in `Msg` of envelope B.

        Raises MiningProcessDownError or MalformedReplyError when there is neither.
        """
        data = self.body.get(key, self.message)
        if isinstance(data, dict):
            return (Record(data),)
        if isinstance(data, list):
            return tuple(Record(item) for item in data if isinstance(item, dict))
        raise no_data(data)


def parse(text: str, salvage: Salvage | None = None) -> JsonObject:
    """Return the object in a reply, or what `salvage` makes of a broken one.

    Raises MiningProcessDownError and BusyError for the bare texts that devices send,
    MalformedReplyError for everything else that is no object.
    """
    try:
        return parse_object(text)
    except ValueError as error:
        if meaning := _in_words(text):
            raise meaning from error
        if salvage and (body := salvage(text)):
            return body
        raise MalformedReplyError(
            f"{len(text)} characters that are no object: {masked(text)}"
        ) from error


def open_envelope(body: JsonObject, *, quote: bool = True, write: bool = False) -> Reply:
    """Return a successful reply; raise what an unsuccessful one means.

    That is a MinerError where the code says enough, else DeviceError.
    With `quote` false the device's own words stay out of the error, for commands whose
    words could repeat something secret. With `write` true only what says so is a success,
    everything else UnconfirmedError: data prove that a question was understood, a write
    has none.
    """
    status, code, message = body.get("STATUS"), body.get("Code"), body.get("Msg")
    if isinstance(status, list) and status and isinstance(status[0], dict):
        inner = status[0]
        status, code = inner.get("STATUS"), inner.get("Code")
        if message is None:
            message = inner.get("Msg")
    number = as_number(code)
    known = None if number is None else int(number)
    # cgminer's heritage also knows W and I, which are answers with a remark.
    failed = status in ("E", "F") if isinstance(status, str) else known in _FAILURES
    if failed:
        words = message if isinstance(message, str) else ""
        raise _refusal(known, words, quote=quote)
    if write and not (status == "S" if isinstance(status, str) else known in _SUCCESSES):
        raise UnconfirmedError("the command was sent, but its reply does not say what became of it")
    return Reply(body=body, message=message)


def _refusal(code: int | None, words: str, *, quote: bool) -> MinerError | DeviceError:
    if meaning := _in_words(words):
        return meaning
    match code:
        case Code.UNKNOWN_COMMAND:
            return UnsupportedError(f"the firmware does not know this command (code {code})")
        case Code.NO_WRITE_ACCESS:
            return WriteAccessError(f"the miner does not allow commands (code {code})")
        case Code.NO_MORE_TOKENS:
            return BusyError(
                f"the miner gives out no more logins for now (code {code})", Reason.NO_LOGINS
            )
    said = printable(words)[:_QUOTED] if quote else ""
    return DeviceError(code, said)


def no_data(data: Json) -> MinerError:
    """Return what it means that something stands where data should be."""
    meaning = _in_words(data) if isinstance(data, str) else None
    return meaning or MalformedReplyError("the reply has no data")


def _in_words(words: str) -> MinerError | None:
    lower = words.lower()
    if any(text in lower for text in _DOWN):
        return MiningProcessDownError("the mining process does not run")
    if _BUSY in lower:
        return BusyError("the miner has too many connections", Reason.TOO_MANY_CONNECTIONS)
    return None
