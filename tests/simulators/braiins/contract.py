"""Holds answers against the contract, more strictly than the contract itself."""

import copy
import json
import re

import jsonschema  # type: ignore[import-untyped]  # ships no types

from .wire import Json, Version


def _is_integer(_checker: object, value: object) -> bool:
    """Tell an integer as strictly as typed parsers: `1500.0` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


class Contract:
    """The contract as one version of the firmware has to keep it."""

    def __init__(self, document: dict[str, Json], version: Version) -> None:
        """Tighten the schemas: every member is there, none that is unknown or from later."""
        self._plain = document
        self._document = copy.deepcopy(document)
        self.version = version
        _tighten(_member(self._document, "components", "schemas"), version)
        self.operations = {
            (method.upper(), path.removeprefix("/api/v1/")): details
            for path, methods in _member(self._document, "paths").items()
            if isinstance(methods, dict)
            for method, details in methods.items()
            if isinstance(details, dict) and _since(details) <= version
        }
        """By method and path, such as `("GET", "pools/")`."""

    def operation(self, method: str, path: str) -> tuple[str, str]:
        """Return which operation a concrete path belongs to."""
        for known in self.operations:
            pattern = re.sub(r"\{\w+\}", "[^/]+", known[1])
            if known[0] == method and re.fullmatch(pattern, path):
                return known
        raise KeyError(f"{method} {path}")

    def has(self, method: str, path: str) -> bool:
        """Tell whether a concrete path belongs to an operation of this version."""
        try:
            self.operation(method, path)
        except KeyError:
            return False
        return True

    def check(self, method: str, path: str, status: int, kind: str, body: bytes) -> None:
        """Raise unless the answer is one that the contract describes."""
        details = self.operations[self.operation(method, path)]
        answer = _member(details, "responses", str(status))
        if "$ref" in answer:
            answer = _member(self._document, *str(answer["$ref"]).split("/")[1:])
        if "content" not in answer:
            assert body == b"", "an answer without content has a body"
            assert kind == "", "an answer without content has a type"
            return
        content = _member(answer, "content")
        assert kind in content, f"{kind} instead of {list(content)}"
        schema = _member(content, kind, "schema")
        if kind == "application/json":
            whole = {**schema, "components": self._document["components"]}
            Validator(whole).validate(json.loads(body))
        elif kind == "application/x-ndjson":
            whole = {**schema, "components": self._document["components"]}
            Validator(whole).validate(json.loads(body.splitlines()[0]))
        else:
            assert body, "an empty file"

    def check_request(self, method: str, path: str, kind: str, body: bytes) -> None:
        """Raise unless the request is one that the contract describes."""
        wanted = self.operations[self.operation(method, path)].get("requestBody")
        if not isinstance(wanted, dict):
            assert body == b"", "a request without content has a body"
            assert kind == "", "a request without content has a type"
            return
        form = "multipart/form-data" in _member(wanted, "content")
        if form:
            assert kind.startswith("multipart/form-data; boundary="), kind
            return
        assert kind == "application/json", kind
        rules = _member(wanted, "content", kind, "schema")
        # As it is in the file: a request need not have what an answer must have.
        whole = {"allOf": [rules], "components": self._plain["components"]}
        Validator(whole).validate(json.loads(body))


def _member(node: dict[str, Json], *path: str) -> dict[str, Json]:
    for name in path:
        inner = node[name]
        assert isinstance(inner, dict), f"{name} is no object in the contract"
        node = inner
    return node


def _since(node: Json) -> Version:
    """Return from which version on something is surely there: of a span, its end."""
    text = node.get("x-since-rest") if isinstance(node, dict) else None
    if not isinstance(text, str):
        return (1, 0, 0)
    major, minor, patch = (int(part) for part in text.split("-")[-1].split("."))
    return (major, minor, patch)


def _tighten(node: Json, version: Version) -> None:
    if isinstance(node, list):
        for item in node:
            _tighten(item, version)
    if not isinstance(node, dict):
        return
    for item in node.values():
        _tighten(item, version)
    members = node.get("properties")
    if isinstance(members, dict) and node.get("type") == "object":
        known = {name: one for name, one in members.items() if _since(one) <= version}
        node["properties"] = known
        node["required"] = list(known)
        node["additionalProperties"] = False
