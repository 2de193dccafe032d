"""The gateway service: table of operations, one call, one reply (reference 3 and 12)."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
import re

from ..base import SimulatedMiner
from .device import Device
from .faults import Faults
from .sessions import Sessions
from .shapes import Shape
from .wire import Json, Version


@dataclass(kw_only=True)
class Gateway:
    """What the gateway service knows besides the machine itself."""

    device: Device
    sessions: Sessions
    faults: Faults
    username: str
    miner: SimulatedMiner
    """Holds the password."""
    logins: int = 0
    """Accepted logins since the simulator was made."""
    reboot_wanted: bool = False
    """Set by a call: go silent once its answer is out."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer that is more than JSON with status 200."""

    status: int = 200
    body: Json = None
    """Ignored for 204."""
    content: bytes | None = None
    """An octet stream instead of JSON, sent in pieces."""
    stream: AsyncIterator[bytes] | None = None
    """An open-ended body instead of JSON."""
    stream_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, let in and of the right shape."""

    gateway: Gateway
    body: Json = None
    raw: bytes = b""
    content_type: str = ""
    """The whole header, with the boundary of a form."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """From the path."""
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def device(self) -> Device:
        """Return the machine."""
        return self.gateway.device

    @property
    def members(self) -> dict[str, Json]:
        """Return the body of a call whose shape is an object."""
        assert isinstance(self.body, dict), "the operation's shape lets only objects through"
        return self.body

    def since(self, *version: int) -> bool:
        """Tell whether the device has this version of the contract or a later one."""
        return self.device.preset.rest >= version


type Handler = Callable[[Call], Json | Reply]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    """Below `/api/v1/`; a trailing slash marks a collection root, which answers both forms."""
    handler: Handler
    since: Version
    process: bool
    """Whether the mining process has to be there."""
    session: bool
    body: Shape | None
    form: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return what paths it answers."""
        path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path.rstrip("/"))
        return re.compile(path + ("/?" if self.path.endswith("/") else ""))


OPERATIONS: list[Operation] = []
"""Filled by the modules in `handlers`."""


def operation(
    method: str,
    path: str,
    *,
    since: Version = (1, 0, 0),
    process: bool = False,
    session: bool = True,
    body: Shape | None = None,
    form: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a function as the handler of an operation."""

    def register(handler: Handler) -> Handler:
        OPERATIONS.append(
            Operation(
                method=method,
                path=path,
                handler=handler,
                since=since,
                process=process,
                session=session,
                body=body,
                form=form,
            )
        )
        return handler

    return register


def find(method: str, path: str, version: Version) -> tuple[Operation, Mapping[str, str]] | int:
    """Return operation and path parameters, or the status of the refusal: 404 or 405."""
    found = False
    for candidate in OPERATIONS:
        match = candidate.pattern.fullmatch(path)
        if match is None or version < candidate.since:
            continue
        found = True
        if candidate.method == method:
            return candidate, match.groupdict()
    return 405 if found else 404
