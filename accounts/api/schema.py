"""The description of the API (OpenAPI 3.1), taken from its views: what every operation has in common is added here."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.api.problems import MEDIA_TYPE
from accounts.models import ApiKey

ROOT = "/api/v1/b/{slug}/"

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The version you have before you; 409 when the row has changed since.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="A text of your own, new for every thing to be done. Sent again within 24 hours, it gets the first "
    "answer once more, with the header `Idempotent-Replayed: true`, and nothing is done twice.",
)
SLUG = {"type": "string", "pattern": "^[a-z0-9-]+$"}
REFUSALS = {
    "400": "This is not JSON.",
    "401": "The key is missing, mistyped, expired or revoked.",
    "403": "The key lacks the scope.",
    "404": "Not there, or another business's.",
    "409": "Somebody changed it meanwhile, or it cannot be so.",
    "413": "More than 2.5 MB.",
    "415": "Not application/json.",
    "422": "Not valid: `errors` says what is wrong with which field.",
    "429": "Too many requests with this key; see `Retry-After`.",
}
_READING = ("401", "403", "404", "422", "429")
_WRITING = (*_READING, "400", "409", "413", "415")

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is for programs, `detail` for people.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "additionalProperties": True,
}


class KeyScheme(OpenApiAuthenticationExtension):
    """The key in the ``Authorization`` header."""

    target_class = "accounts.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made under Settings, Connections: `Authorization: Bearer ik_…`",
        }


class Operations(AutoSchema):
    """One operation: its scope, its problems, and ``Idempotency-Key`` where something is done."""

    def get_override_parameters(self) -> list[Any]:
        return [IDEMPOTENCY_KEY] if self.method == "POST" else []

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        scope = self.view.scope_for(self.method)  # type: ignore[attr-defined]
        operation["x-scope"] = scope
        told = f"Needs the scope `{scope}`."
        operation["description"] = f"{operation['description']}\n\n{told}" if operation.get("description") else told
        statuses = _READING if self.method == "GET" else _WRITING
        if self.view.may_be_too_early:  # type: ignore[attr-defined]
            statuses = (*statuses, "409")
        for status in statuses:
            operation["responses"].setdefault(
                status,
                {
                    "description": REFUSALS[status],
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            )
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """What an operation gives is called by what it is: ``Guest``, not ``GuestOut``."""
        return type(serializer).__name__.removesuffix("Out")

    def get_description(self) -> str:  # type: ignore[override]
        """What an operation says of itself, not what its class does."""
        return ""


def only_the_api(endpoints: list[Any]) -> list[Any]:
    """Leave out what has no business in its address."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(ROOT)]


def finish(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the problem, and say of every object that comes in that it has no other names than these."""
    schemas = result["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "slug":
                    parameter |= {"description": "The address of the business.", "schema": SLUG}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            _close(body, schemas)
    _without_marks(result)
    result["info"]["x-scopes"] = {scope.value: str(scope.label) for scope in ApiKey.Scope}
    return result


def _without_marks(part: Any) -> None:
    """Take out what the generator notes for itself."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
        for inner in part.values():
            _without_marks(inner)
    elif isinstance(part, list):
        for inner in part:
            _without_marks(inner)


def _close(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Refuse further names in an object and in those within it."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        return _close(schemas[name], schemas) if schemas[name].get("additionalProperties") is not False else None
    for inner in schema.get("allOf", []):
        _close(inner, schemas)
    if "items" in schema:
        _close(schema["items"], schemas)
    if schema.get("properties"):
        schema.setdefault("additionalProperties", False)
        for inner in schema["properties"].values():
            _close(inner, schemas)
    return None
