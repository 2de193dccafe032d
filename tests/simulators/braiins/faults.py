"""Faults that a test puts between the device and the wire."""

import asyncio
from collections.abc import Sequence
import copy
from dataclasses import dataclass, field

from .wire import Json


class _Untouched:
    """Marks a body that is not replaced; None is a body of its own (`null`)."""


UNTOUCHED = _Untouched()

UNION_TAGS = frozenset({
    "auto", "manual", "disabled", "immersion", "hydro", "tunermode", "manualmode",
    "powertarget", "hashratetarget", "powertargetmodestate", "hashratetargetmodestate",
    "quota", "fixedshareratio", "none", "limited", "valid", "expired", "dhcp", "static",
    "daily", "weekly", "monthly", "stopped", "stopping", "starting", "running", "max", "exact",
})  # fmt: skip
"""Tags of unions: an object that holds just one of these gets no unknown member."""


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with the answers to one path. Members can be combined."""

    status: int | None = None
    """Answer with this status; unless `execute`, the request does nothing."""
    body: Json | _Untouched = UNTOUCHED
    """Answer with this JSON instead."""
    text: str | None = None
    """Answer with this plain text instead."""
    empty: bool = False
    """Answer with an empty body of type application/json."""
    truncated: bool = False
    """Cut the JSON in the middle."""
    reset: bool = False
    """Reset the connection instead of answering."""
    execute: bool = False
    """With `status` or `reset`: let the request have its effect first."""
    delay: float = 0.0
    """Real seconds between the effect and the answer."""
    hold: asyncio.Event | None = None
    """Answer only when this is set."""
    unknown_members: bool = False
    """Add a member of a future version to every object."""
    replace: dict[str, Json] = field(default_factory=dict)
    """Values to put at paths such as `hashboards.*.board_temp` (`*`: every item or member):
    null for an optional member, an unknown enum number, an empty list. "" is the body."""
    remove: Sequence[str] = ()
    """Paths of members to leave out."""
    times: int | None = None
    """How many requests it hits; None: all."""

    @property
    def prevents(self) -> bool:
        """Tell whether the request is not executed at all."""
        return (self.status is not None or self.reset) and not self.execute

    @property
    def changes(self) -> bool:
        """Tell whether the answer itself is another one."""
        return (
            self.status is not None
            or self.text is not None
            or self.empty
            or not isinstance(self.body, _Untouched)
        )

    def changed(self, body: Json) -> Json:
        """Return the answer's JSON with this fault's changes."""
        if not isinstance(self.body, _Untouched):
            return self.body
        if "" in self.replace:
            return self.replace[""]
        result = copy.deepcopy(body)
        for path, value in self.replace.items():
            _put(result, path.split("."), value, remove=False)
        for path in self.remove:
            _put(result, path.split("."), None, remove=True)
        if self.unknown_members:
            _add_unknown(result)
        return result


class Faults:
    """The faults of one device, by path and optionally by method."""

    def __init__(self) -> None:
        """Begin healthy."""
        self._faults: dict[str, Fault] = {}
        self.old_firmware: int | None = None
        """404 or 405: behave as firmware without REST; login answers with this status,
        everything else with 404."""
        self.mac: str | None = None
        """Another MAC to report, as if another machine had got this address."""

    def set(self, path: str, fault: Fault) -> Fault:
        """Put a fault on `miner/stats`, on `PUT actions/pause` only, or on `*` (all).

        `/api/v1/` in front of the path is allowed.
        """
        self._faults[_key(path)] = fault
        return fault

    def clear(self, path: str | None = None) -> None:
        """Take one fault away, or all of them, those of firmware and MAC included."""
        if path is None:
            self._faults.clear()
            self.old_firmware = self.mac = None
        else:
            self._faults.pop(_key(path), None)

    def hit(self, method: str, path: str) -> Fault | None:
        """Return the fault for a request, path without `/api/v1/`, and count it as used."""
        path = path.strip("/")
        for key in (f"{method} {path}", path, f"{method} *", "*"):
            fault = self._faults.get(key)
            if fault is None:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    del self._faults[key]
            return fault
        return None


def _key(path: str) -> str:
    return path.replace("/api/v1/", "").strip("/")


def _put(node: Json, path: list[str], value: Json, *, remove: bool) -> None:
    step, rest = path[0], path[1:]
    if isinstance(node, list):
        indexes = range(len(node)) if step == "*" else [int(step)]
        for index in indexes:
            if rest:
                _put(node[index], rest, value, remove=remove)
            else:
                node[index] = value
    elif isinstance(node, dict):
        for name in list(node) if step == "*" else [step]:
            if rest:
                _put(node.get(name), rest, value, remove=remove)
            elif remove:
                node.pop(name, None)
            else:
                node[name] = value


def _add_unknown(node: Json) -> None:
    if isinstance(node, list):
        for item in node:
            _add_unknown(item)
    elif isinstance(node, dict):
        for item in list(node.values()):
            _add_unknown(item)
        if not (len(node) == 1 and UNION_TAGS & node.keys()):
            node["of_a_later_version"] = {"value": 1}
