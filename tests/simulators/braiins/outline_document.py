"""The outline of the interface in the form of the contract file, so that both check alike."""

from .outline import OPERATIONS, Op
from .outline_shapes import OneOf, Shape
from .wire import Json

TYPES: dict[type, dict[str, Json]] = {
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    bytes: {"type": "string"},
    dict: {"type": "object"},
    object: {},
}
REFUSAL: Shape = {"message": str}


def document() -> dict[str, Json]:
    """Return the outline in the form of the contract file, an OpenAPI document."""
    paths: dict[str, Json] = {}
    schemas: dict[str, Json] = {"refusal": schema(REFUSAL)}
    for op in OPERATIONS:
        method, path = op.call.split()
        methods = paths.setdefault(f"/api/v1/{path}", {})
        assert isinstance(methods, dict)
        methods[method.lower()] = _operation(op, schemas)
    return {"info": {"version": "1.0.0"}, "paths": paths, "components": {"schemas": schemas}}


def schema(shape: Shape) -> dict[str, Json]:
    """Return a shape as JSON schema, of a request: what has a mark may be left out."""
    match shape:
        case type():
            return dict(TYPES[shape])
        case OneOf():
            choices = [schema({name: one}) for name, one in shape.choices.items()]
            return {"oneOf": [*choices]}
        case list():
            return {"type": "array", "items": schema(shape[0])}
    members: dict[str, Json] = {}
    required: list[Json] = []
    for marked, inner in shape.items():
        name, _, since = marked.partition("@")
        member = schema(inner)
        if name.endswith("?"):
            member = {"anyOf": [{"type": "null"}, member]}
        else:
            required.append(name)
        if since:
            member["x-since-rest"] = since
        members[name.removesuffix("?")] = member
    return {"type": "object", "properties": members, "required": required}


def _operation(op: Op, schemas: dict[str, Json]) -> Json:
    def content(part: str, shape: Shape, *kinds: str) -> dict[str, Json]:
        schemas[f"{op.id}-{part}"] = schema(shape)
        reference: Json = {"$ref": f"#/components/schemas/{op.id}-{part}"}
        return {"content": {kind: {"schema": reference} for kind in kinds}}

    refusal: Json = {"schema": {"$ref": "#/components/schemas/refusal"}}
    plain: Json = {"schema": {"type": "string"}}
    kind = "application/x-ndjson" if op.lines else "application/json"
    if op.answer is bytes:
        kind = "application/octet-stream"
    success = op.success or (204 if op.answer is None else 200)
    answers: dict[str, Json] = {
        str(status): {
            "content": {"application/json": refusal}
            | ({"text/plain": plain} if status == 422 else {})
        }
        for status in op.refusals
    }
    answers[str(success)] = {} if op.answer is None else content("answer", op.answer, kind)
    found: dict[str, Json] = {
        "operationId": op.id,
        "x-since-rest": op.since,
        "parameters": [{"name": name, "in": "query"} for name in op.query],
        "responses": answers,
    }
    if op.body is not None:
        found["requestBody"] = content("body", op.body, "application/json")
    if op.form is not None:
        found["requestBody"] = content("form", op.form, "multipart/form-data")
    return found
