"""Our outline of the interface says what the contract says, wherever that is at hand."""

import pytest

from .braiins.contract import Contract
from .braiins.outline import OPERATIONS
from .braiins.outline_document import document
from .braiins.sources import held, interface, told
from .braiins.wire import Json, Version

VERSIONS: list[Version] = [
    (1, 0, 0),
    (1, 1, 0),
    (1, 2, 0),
    (1, 3, 0),
    (1, 4, 0),
    (1, 7, 0),
]
"""All in which something is added."""


def test_every_operation_is_there_once() -> None:
    assert len({op.id for op in OPERATIONS}) == len(OPERATIONS)
    assert len({op.call for op in OPERATIONS}) == len(OPERATIONS)
    # As many as the first version has.
    assert len(held("outline", (1, 0, 0)).operations) == 49


@told
def test_the_outline_has_the_operations_of_the_contract() -> None:
    found = document()
    assert operations(found) == operations(interface("contract"))


@told
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: ".".join(map(str, version)))
def test_the_outline_has_the_shapes_of_the_contract(version: Version) -> None:
    ours, theirs = held("outline", version), held("contract", version)
    assert ours.operations.keys() == theirs.operations.keys()
    for call in ours.operations:
        assert shapes(ours, call) == shapes(theirs, call), call


def operations(whole: dict[str, Json]) -> dict[str, Json]:
    """Return of each operation its name, statuses and queries."""
    paths = whole["paths"]
    assert isinstance(paths, dict)
    found: dict[str, Json] = {}
    for path, methods in paths.items():
        assert isinstance(methods, dict)
        for method, details in methods.items():
            assert isinstance(details, dict)
            answers, parameters = details["responses"], details.get("parameters", [])
            assert isinstance(answers, dict)
            assert isinstance(parameters, list)
            queries = [
                one["name"] for one in parameters if isinstance(one, dict) and one["in"] == "query"
            ]
            found[f"{method} {path}"] = [details["operationId"], *sorted(answers), *queries]
    return found


def shapes(contract: Contract, call: tuple[str, str]) -> set[str]:
    """Return a line for each value that a body may have, or an answer has in one version."""
    details = contract.operations[call]
    body, answers = details.get("requestBody"), details["responses"]
    assert isinstance(answers, dict)
    found = set() if body is None else content("body", body, contract._plain)
    for status, answer in answers.items():
        found |= content(status, answer, contract._document)
    return found


def content(name: str, node: Json, whole: dict[str, Json]) -> set[str]:
    """Return the lines of a body or an answer, whatever types it can be of."""
    node = resolved(node, whole)
    kinds = node.get("content", {})
    assert isinstance(kinds, dict)
    found = {f"{name}: no content"} if not kinds else set()
    for kind, inner in kinds.items():
        assert isinstance(inner, dict)
        found |= lines(f"{name} {kind} ", inner["schema"], whole)
    return found


def resolved(node: Json, whole: dict[str, Json]) -> dict[str, Json]:
    """Return what a reference leads to, and anything else as it is."""
    while isinstance(node, dict) and "$ref" in node:
        found: Json = whole
        for name in str(node["$ref"]).removeprefix("#/").split("/"):
            assert isinstance(found, dict)
            found = found[name]
        node = found
    assert isinstance(node, dict)
    return node


def lines(path: str, node: Json, whole: dict[str, Json]) -> set[str]:
    """Return a line for each value in a schema: where it is, of which type, and if it has to be.

    Enums are left out, since they may grow, and ranges, which are the device's business.
    """
    node = resolved(node, whole)
    choices = next((node[name] for name in ("oneOf", "anyOf", "allOf") if name in node), None)
    if isinstance(choices, list):
        mark = "|" if "oneOf" in node else ""
        return {line for one in choices for line in lines(path + mark, one, whole)}
    kinds = node.get("type", "anything")
    if isinstance(kinds, list):
        return {line for kind in kinds for line in lines(path, {**node, "type": kind}, whole)}
    if kinds == "array":
        return lines(f"{path}[]", node["items"], whole)
    members, required = node.get("properties"), node.get("required", [])
    if not members:
        return {f"{path}: {kinds}"}
    assert isinstance(members, dict)
    assert isinstance(required, list)
    return {
        line
        for name, inner in members.items()
        for line in lines(f"{path}.{name}{'' if name in required else '?'}", inner, whole)
    }
