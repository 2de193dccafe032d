"""Everything that goes wrong in the matrix, by name: one row of the table each."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import json
from random import Random
import time
from unittest.mock import patch

from freezegun import freeze_time

from custom_components.asic_miner.coordinator import MinerCoordinator
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.faults import Fault
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.faults import Malformed

from .gate import (
    Body,
    Flood,
    Half,
    LateLogin,
    Raw,
    RebootsOnWrite,
    Refused,
    Reset,
    ResetWhenKept,
    Silent,
    Spoil,
    Trickle,
    Unroutable,
    Way,
)

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None

MAKES = ("whatsminer", "braiins")
STRANGER = "02:00:00:00:00:99"
"""The MAC of a miner that nobody has added."""
OTHER_PASSWORD = "oTh3r_pw"
_HUGE = 10**400
_ENVELOPE = frozenset({"STATUS", "Code"})
"""Members that make a WhatsMiner's reply a success; the others are what is spoilt."""


def _everywhere(change: Callable[[Json], Json]) -> Spoil:
    """Return what applies a change to every value, at any depth, but the envelope's."""

    def walk(value: Json) -> Json:
        if isinstance(value, dict):
            return {k: v if k in _ENVELOPE else walk(v) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(item) for item in value]
        return change(value)

    def spoil(body: bytes) -> bytes:
        try:
            parsed = json.loads(body)
        except ValueError:
            return body
        text = json.dumps(walk(parsed), ensure_ascii=False)
        return text.encode("utf-8", "surrogateescape")

    return spoil


def _numbers(number: float) -> Spoil:
    return _everywhere(
        lambda v: number if isinstance(v, int | float) and not isinstance(v, bool) else v
    )


def _other_type(value: Json) -> Json:
    match value:
        case bool():
            return "perhaps"
        case int() | float():
            return {"value": [value]}
        case str():
            return [value]
        case _:
            return 7.5


def _thinned(body: bytes) -> bytes:
    """Leave out a third of all members, others in every reply, the same in every run."""
    random = Random(len(body))

    def thin(value: Json) -> Json:
        if isinstance(value, dict):
            return {
                k: thin(v) for k, v in value.items() if k in _ENVELOPE or random.random() > 1 / 3
            }
        return [thin(item) for item in value] if isinstance(value, list) else value

    try:
        return json.dumps(thin(json.loads(body))).encode()
    except ValueError:
        return body


class _JumpingClock:
    """Counters of time that are another at every reply, as when NTP and reboots go mad."""

    _NAMES = ("uptime", "elapsed", "when", "timestamp")

    def __init__(self) -> None:
        self._random = Random(1)

    def __call__(self, body: bytes) -> bytes:
        def jump(value: Json) -> Json:
            if isinstance(value, dict):
                return {
                    k: self._random.randrange(4_000_000_000)
                    if any(name in k.lower() for name in self._NAMES) and isinstance(v, int | float)
                    else jump(v)
                    for k, v in value.items()
                }
            return [jump(item) for item in value] if isinstance(value, list) else value

        try:
            return json.dumps(jump(json.loads(body))).encode()
        except ValueError:
            return body


def _http(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def _refusal(code: int, text: str) -> bytes:
    return json.dumps({"STATUS": "E", "When": 0, "Code": code, "Msg": text}).encode()


def _answer(whatsminer: bytes, braiins: bytes | None = None) -> Raw:
    """Return the same bytes to both, for Braiins OS as the body of a success."""
    body = whatsminer if braiins is None else braiins
    return Raw(whatsminer, _http("200 OK", body, "Content-Type: application/json"))


type Now = Callable[[SimulatedMiner], None]


def _nothing(_device: SimulatedMiner) -> None:
    """Leave the device as it is."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One row of the matrix."""

    name: str
    way: Callable[[SimulatedMiner], Way] = lambda _: Way()
    """What becomes of answers on their way."""
    begin: Now = _nothing
    """What goes wrong in the device itself."""
    end: Now = _nothing
    makes: tuple[str, ...] = MAKES
    slow: bool = False
    """Costs its time limits, which are made short while it lasts."""
    mended: bool = False
    """Costs nothing at all: every value is there and right."""
    stops: bool = False
    """The device says that it does not mine, and is believed."""
    times: bool = False
    """Counters of time are wrong because the device says so."""
    inside: bool = False
    """It is Home Assistant's own machine that has it, not the miner or the wire."""
    login: bool = False
    """The login is refused, so that the user is asked for another."""
    answers: bool = False
    """What identifies a miner is there, so that one could be added."""
    states: Mapping[str, str] = field(default_factory=dict)
    """What the device says otherwise while it lasts, and is right to."""

    @contextmanager
    def in_device(self, device: SimulatedMiner) -> Iterator[None]:
        """Have it go wrong in the device for a while."""
        self.begin(device)
        try:
            yield
        finally:
            self.end(device)


def _body(spoil: Callable[[], Spoil]) -> Callable[[SimulatedMiner], Way]:
    return lambda _: Body(spoil())


def _malformed(kind: Malformed) -> Trouble:
    def begin(device: SimulatedMiner) -> None:
        assert isinstance(device, WhatsminerSimulator)
        device.faults.malformed.add(kind)
        # Replies that list nothing are not broken.
        device.faults.error_codes = [110, 329]

    def end(device: SimulatedMiner) -> None:
        assert isinstance(device, WhatsminerSimulator)
        device.faults.malformed.clear()
        device.faults.error_codes = []

    name = kind.name.lower().replace("_", " ")
    return Trouble(
        name=f"broken JSON that is known: {name}",
        begin=begin,
        end=end,
        makes=("whatsminer",),
        mended=True,
        answers=True,
        states={"fault": "110", "problem": "on"},
    )


def _stranger(device: SimulatedMiner) -> None:
    assert isinstance(device, WhatsminerSimulator | BraiinsSimulator)
    device.faults.mac = STRANGER


def _no_stranger(device: SimulatedMiner) -> None:
    assert isinstance(device, WhatsminerSimulator | BraiinsSimulator)
    device.faults.mac = None


def _full(device: SimulatedMiner) -> None:
    if isinstance(device, WhatsminerSimulator):
        device.faults.codes["get_token"] = 136
    else:
        assert isinstance(device, BraiinsSimulator)
        device.gateway.sessions.drop_all()
        device.faults.set("auth/login", Fault(status=429, text="too many sessions"))


def _not_full(device: SimulatedMiner) -> None:
    if isinstance(device, WhatsminerSimulator):
        device.faults.codes.clear()
    else:
        assert isinstance(device, BraiinsSimulator)
        device.faults.clear()


def _storm(device: SimulatedMiner) -> None:
    if isinstance(device, WhatsminerSimulator):
        device.faults.tokens_void = True
    else:
        assert isinstance(device, BraiinsSimulator)
        device.faults.set("*", Fault(status=401, text="session expired"))


def _no_storm(device: SimulatedMiner) -> None:
    if isinstance(device, WhatsminerSimulator):
        device.faults.tokens_void = False
    else:
        assert isinstance(device, BraiinsSimulator)
        device.faults.clear()


def _status(status: str, text: bytes) -> Callable[[SimulatedMiner], Way]:
    return lambda _: Raw(b"", _http(status, text, "Content-Type: text/plain"), refuses=True)


class _Passwords:
    """Changes the password of a device, and back."""

    def __init__(self) -> None:
        self._before = ""

    def begin(self, device: SimulatedMiner) -> None:
        self._before = device.password
        self._set(device, OTHER_PASSWORD)

    def end(self, device: SimulatedMiner) -> None:
        self._set(device, self._before)

    @staticmethod
    def _set(device: SimulatedMiner, password: str) -> None:
        device.password = password
        if isinstance(device, BraiinsSimulator):
            device.gateway.sessions.drop_all()


class _WallClock:
    """Sets the time of day of Home Assistant's machine, and puts it right again.

    As a small computer without a battery does that learns the time late. The clock that counts
    seconds since the start goes on as ever, as it does there.
    """

    def __init__(self, days: int) -> None:
        self._jump = timedelta(days=days)
        self._open = ExitStack()

    def begin(self, device: SimulatedMiner) -> None:
        known = MinerCoordinator.unix_time
        seconds = self._jump.total_seconds()
        wrong = datetime.now(UTC) + self._jump
        # The harness gives its loop a clock that would jump, too.
        loop = asyncio.get_running_loop()
        self._open.enter_context(patch.object(loop, "time", time.monotonic))
        self._open.enter_context(freeze_time(wrong, tick=True))
        self._open.enter_context(
            patch.object(MinerCoordinator, "unix_time", lambda one: known(one) + seconds)
        )

    def end(self, device: SimulatedMiner) -> None:
        self._open.close()


def _wall_clock(name: str, days: int) -> Trouble:
    clock = _WallClock(days)
    return Trouble(
        name=name, begin=clock.begin, end=clock.end, inside=True, mended=True, answers=True
    )


_PASSWORDS = _Passwords()
_GARBAGE = Random(7).randbytes(600)
_PAGE = b"<!doctype html><html><head><title>502</title></head><body>Bad gateway</body></html>"
_ELSEWHERE = _http("302 Found", b"", "Location: http://127.0.0.1:9/api/v1/auth/login")
_DEEP = b'{"STATUS":"S","Msg":' + b"[" * 100_000

TROUBLES: tuple[Trouble, ...] = (
    Trouble(name="refused", way=lambda _: Refused()),
    Trouble(name="unroutable", way=lambda _: Unroutable(), slow=True),
    Trouble(name="silent", way=lambda _: Silent(), slow=True),
    Trouble(name="half an answer, then closed", way=lambda _: Half(hangs=False)),
    Trouble(name="half an answer, then nothing", way=lambda _: Half(hangs=True), slow=True),
    Trouble(name="one byte a second", way=lambda _: Trickle(), slow=True),
    Trouble(name="reset", way=lambda _: Reset()),
    Trouble(
        name="reset when kept",
        way=lambda _: ResetWhenKept(),
        makes=("braiins",),
        mended=True,
        answers=True,
    ),
    Trouble(name="closed without a word", way=lambda _: Raw(b"")),
    Trouble(name="garbage", way=lambda _: Raw(_GARBAGE)),
    Trouble(name="garbage as the body", way=lambda _: _answer(_GARBAGE)),
    Trouble(
        name="invalid UTF-8 in every text",
        way=_body(lambda: _everywhere(lambda v: f"{v}\udcff" if isinstance(v, str) else v)),
    ),
    Trouble(name="broken JSON: not closed", way=_body(lambda: lambda body: body[:-2])),
    Trouble(
        name="broken JSON: trailing comma",
        way=_body(lambda: lambda b: b[:-1] + b",}"),
        answers=True,
    ),
    Trouble(name="broken JSON: single quotes", way=_body(lambda: lambda b: b.replace(b'"', b"'"))),
    Trouble(name="broken JSON: NUL inside", way=_body(lambda: lambda b: b[:40] + b"\0" + b[40:])),
    Trouble(name="broken JSON: nested without end", way=lambda _: _answer(_DEEP)),
    Trouble(name="JSON: null", way=lambda _: _answer(b"null")),
    Trouble(name="JSON: empty list", way=lambda _: _answer(b"[]")),
    Trouble(name="JSON: empty object", way=lambda _: _answer(b"{}")),
    Trouble(
        name="JSON: number of 5000 digits",
        way=lambda _: _answer(b'{"STATUS":"S","Msg":{"Power":' + b"9" * 5000 + b"}}"),
    ),
    *(_malformed(kind) for kind in Malformed),
    Trouble(name="10 MB", way=lambda _: Flood()),
    Trouble(name="wrong types", way=_body(lambda: _everywhere(_other_type))),
    Trouble(name="every number NaN", way=_body(lambda: _numbers(float("nan"))), answers=True),
    Trouble(name="every number Infinity", way=_body(lambda: _numbers(float("inf"))), answers=True),
    Trouble(name="every number 10^400", way=_body(lambda: _numbers(_HUGE)), answers=True),
    Trouble(name="every number -10^400", way=_body(lambda: _numbers(-_HUGE)), answers=True),
    Trouble(name="every number 10^15", way=_body(lambda: _numbers(10**15)), answers=True),
    Trouble(name="members missing", way=lambda _: Body(_thinned), answers=True),
    Trouble(
        name="HTML error page",
        way=lambda _: Raw(
            _PAGE, _http("502 Bad Gateway", _PAGE, "Content-Type: text/html"), refuses=True
        ),
    ),
    Trouble(
        name="HTML page as a success",
        way=lambda _: Raw(_PAGE, _http("200 OK", _PAGE, "Content-Type: text/html")),
    ),
    Trouble(
        name="every command unknown",
        way=lambda _: Raw(_refusal(14, "invalid cmd"), _http("404 Not Found"), refuses=True),
    ),
    Trouble(
        name="too many connections",
        way=lambda _: Raw(b"over max connect", _http("503 Service Unavailable"), refuses=True),
    ),
    Trouble(
        name="commands fail",
        way=lambda _: Raw(_refusal(132, "command error"), _http("400 Bad Request"), refuses=True),
    ),
    Trouble(
        name="mining process down",
        way=lambda _: Raw(
            b"Socket connect failed: Connection refused",
            _http("500 Internal Server Error", b"bosminer: connection refused"),
            refuses=True,
        ),
        stops=True,
    ),
    Trouble(
        name="redirect",
        way=lambda _: Raw(_ELSEWHERE, refuses=True),
    ),
    Trouble(name="401 storm", begin=_storm, end=_no_storm, login=True, answers=True),
    Trouble(
        name="412",
        way=_status("412 Precondition Failed", b"stopped"),
        makes=("braiins",),
        stops=True,
    ),
    Trouble(name="500", way=_status("500 Internal Server Error", b"oops"), makes=("braiins",)),
    Trouble(name="slow login", way=lambda _: LateLogin(), slow=True, answers=True),
    Trouble(name="clock of the miner jumps", way=_body(_JumpingClock), answers=True, times=True),
    _wall_clock("clock of Home Assistant jumps a year ahead", 365),
    _wall_clock("clock of Home Assistant jumps 20 years back", -20 * 365),
    Trouble(name="address taken by another miner", begin=_stranger, end=_no_stranger, answers=True),
    Trouble(
        name="password changed",
        begin=_PASSWORDS.begin,
        end=_PASSWORDS.end,
        login=True,
        answers=True,
    ),
    Trouble(name="token table full", begin=_full, end=_not_full, answers=True),
    Trouble(name="reboot in the middle of a write", way=RebootsOnWrite, answers=True),
)
