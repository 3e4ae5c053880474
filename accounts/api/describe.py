"""The description of the API for people: from OpenAPI's document to what a page shows. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Told = list[tuple[str, bool]]
"""A sentence in parts: each a text, and whether it is code."""
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Value:
    """A parameter, or a field of a body: its name, its type in words, and what it means."""

    name: str
    kind: str
    required: bool
    description: Told


@dataclass(frozen=True)
class Answer:
    """One way an operation answers."""

    status: str
    description: Told
    is_problem: bool


@dataclass(frozen=True)
class Operation:
    """One thing that can be done, with an example that can be pasted into a terminal."""

    name: str
    method: str
    path: str
    summary: str
    description: Told
    scope: str
    parameters: list[Value]
    body: list[Value]
    answers: list[Answer]
    returns: str
    curl: str


@dataclass(frozen=True)
class Group:
    """The operations on one kind of thing."""

    name: str
    slug: str
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class Resource:
    """An object that the API gives."""

    name: str
    description: Told
    values: list[Value]


@dataclass(frozen=True)
class Description:
    """Everything there is, as the page shows it."""

    groups: list[Group]
    resources: list[Resource]
    scopes: dict[str, str]


def describe(document: Mapping[str, Any], *, host: str) -> Description:
    """What the page shows; ``host`` is the address that examples call, without a slash at its end."""
    schemas = document["components"]["schemas"]
    groups: dict[str, Group] = {}
    shown: dict[str, None] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method not in methods:
                continue
            operation = methods[method]
            name = operation["tags"][0]
            group = groups.setdefault(name, Group(name, name.lower().replace(" ", "-")))
            group.operations.append(_operation(path, method, operation, schemas, host))
            shown |= _returned(operation, schemas)
    resources = [
        Resource(name, told(schemas[name].get("description", "")), _values(schemas[name], schemas))
        for name in sorted(shown)
    ]
    return Description(list(groups.values()), resources, dict(document["info"]["x-scopes"]))


def _operation(
    path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], host: str
) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    parameters = [each for each in operation.get("parameters", []) if each["name"] != "slug"]
    answers = [
        Answer(status, told(each.get("description", "")), int(status) >= 400)
        for status, each in operation["responses"].items()
    ]
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=told(operation.get("description", "")),
        scope=operation.get("x-scope", ""),
        parameters=[
            Value(each["name"], kind_of(each["schema"]), bool(each.get("required")), told(each.get("description", "")))
            for each in sorted(parameters, key=lambda each: (each["in"] != "path", each["in"] == "header"))
        ],
        body=_values(_solid(body.get("schema", {}), schemas), schemas),
        answers=answers,
        returns=", ".join(_returned(operation, {})),
        curl=_curl(path, method, operation, body, host),
    )


def _curl(path: str, method: str, operation: Mapping[str, Any], body: Mapping[str, Any], host: str) -> str:
    lines = [f"curl {host}{path}" if method == "get" else f"curl -X {method.upper()} {host}{path}"]
    lines.append('-H "Authorization: Bearer $KEY"')
    if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", [])):
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    examples = body.get("examples", {})
    if examples:
        lines.append('-H "Content-Type: application/json"')
        told = json.dumps(next(iter(examples.values()))["value"], ensure_ascii=False)
        lines.append("-d '" + told.replace("'", "'\\''") + "'")
    return " \\\n  ".join(lines)


def _values(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Value]:
    required = schema.get("required", [])
    return [
        Value(name, kind_of(_merged(each)), name in required, told(_meaning(each, schemas)))
        for name, each in schema.get("properties", {}).items()
    ]


def told(text: str) -> Told:
    """A text in parts.

    >>> told("Send `next` as it stands.")
    [('Send ', False), ('next', True), (' as it stands.', False)]
    """
    return [(part, bool(place % 2)) for place, part in enumerate(text.split("`")) if part]


def _meaning(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    own = schema.get("description", "")
    return str(own or _solid(schema.get("items", schema), schemas).get("description", ""))


def kind_of(schema: Mapping[str, Any]) -> str:
    """A type in words: ``text, at most 200 characters``, ``list of Tag``, ``one of: person, company``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return "one of: " + ", ".join(str(each) or "empty" for each in schema["enum"] if each is not None)
    if "oneOf" in schema or "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind_of(each) for each in schema.get("oneOf", schema.get("anyOf", []))))
    kinds = schema.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    words = [_word(kind, schema) for kind in kinds if kind != "null"]
    return " or ".join([*words, *(["null"] if "null" in kinds else [])])


def _word(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array":
        return f"list of {kind_of(_merged(schema.get('items', {})))}"
    if kind == "string":
        form = {"date": "date", "date-time": "moment", "decimal": "amount", "uri": "address"}.get(
            schema.get("format", ""), "text"
        )
        longest = schema.get("maxLength")
        return f"{form}, at most {longest} characters" if longest else form
    return {"integer": "whole number", "boolean": "true or false", "number": "number"}.get(kind, kind)


def _merged(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A reference that carries a description stands in ``allOf``."""
    inner = schema.get("allOf", [])
    return inner[0] if len(inner) == 1 else schema


def _solid(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = _merged(schema)
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return schemas.get(name, {}) if name else schema


def _returned(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, None]:
    """The names of what an operation gives; with ``schemas`` also of what stands within."""
    names: dict[str, None] = {}
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            for content in answer.get("content", {}).values():
                _name(content.get("schema", {}), schemas, names)
    return names


def _name(schema: Mapping[str, Any], schemas: Mapping[str, Any], names: dict[str, None]) -> None:
    schema = _merged(schema)
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in names:
        names[name] = None
        for each in schemas.get(name, {}).get("properties", {}).values():
            _name(_merged(each.get("items", each)), schemas, names)
