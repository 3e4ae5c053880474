"""Problems: what the API answers when it refuses, as RFC 9457 describes (``application/problem+json``)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "No valid key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many requests",
    500: "Our mistake",
    503: "Out of order",
}
"""One title a status: RFC 9457 wants it to stay the same from one occurrence to the next."""

CODES = {
    "not_json": "The body is not JSON that can be read.",
    "no_valid_key": "The key is missing, mistyped, expired or revoked.",
    "scope_missing": "The key lacks the scope named in `scope`.",
    "forbidden": "The key may not do this.",
    "not_found": "There is nothing at this address, or it is another business's.",
    "method_not_allowed": "The address does not answer this method; `Allow` names those it does.",
    "changed_meanwhile": "Somebody changed the row since you read it. `current` is how it stands now.",
    "restricted": "The guest has asked that their data be kept and not used: the card cannot be changed.",
    "external_id_taken": "The id in the other system belongs to another row.",
    "tag_limit": "The guest carries as many tags as a guest can, `limit` of them.",
    "tag_exists": "There is a tag of this name.",
    "move_refused": "A stay with this status cannot get that one.",
    "product_exists": "There is a product of this name or code.",
    "segment_in_use": "The segment is a condition of another one, or of a view; `detail` names them.",
    "consent_missing": "Sensitive details are kept only while the guest consents; there is no such consent.",
    "merge_refused": "The cards cannot be merged as they stand; `detail` says why.",
    "relation_refused": "The two guests cannot stand in this relation.",
    "request_in_progress": "A request with the same `Idempotency-Key` is being worked on. Ask again in a moment.",
    "too_large": "The body is larger than 2.5 MB.",
    "unsupported_media_type": "The body is not `application/json`.",
    "invalid": "`errors` says what is wrong with which field.",
    "refused": "What was asked cannot be; `detail` says why.",
    "idempotency_key_invalid": "The `Idempotency-Key` is empty, too long, or holds other than ASCII letters and signs.",
    "idempotency_key_reused": "The `Idempotency-Key` was used for another request.",
    "too_many_requests": "The key has made too many requests; `Retry-After` says when the next one is welcome.",
    "our_mistake": "Something went wrong on our side. Nothing was saved.",
    "out_of_order": "The register cannot be reached just now. Nothing was saved.",
}
"""Every code of a problem and what it means; the page of the API lists them."""


class Problem(exceptions.APIException):
    """A refusal with a ``code`` that programs can rely on, a ``detail`` for people, and whatever ``more`` there is.

    A code that is not registered is a programming error (``KeyError``).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        if code not in CODES:
            raise KeyError(code)
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})
        self.more = more


def problem_body(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """The document. ``type`` leads to the page that explains the ``code``."""
    kind = f"{reverse('api_docs')}#problem-{code}"
    return {"type": kind, "title": TITLES.get(status, ""), "status": status, "code": code, "detail": detail, **more}


def problem_response(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JsonResponse:
    """The same outside a view of the API: before one is found, and after one has failed."""
    body = problem_body(status, code, detail, **more)
    response = JsonResponse(body, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))
    response["Cache-Control"] = "no-store"
    return response


def not_found_response() -> JsonResponse:
    """404, the same for what is not there and what is another business's."""
    return problem_response(404, "not_found", not_found_detail())


def not_found_detail() -> str:
    """What a 404 says, wherever it comes from."""
    return _("There is nothing here, or nothing that this key may see.")


def is_api(request: HttpRequest) -> bool:
    """Whether the request is one to the API, which answers with problems instead of pages."""
    return request.path_info.startswith("/api/")


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Make a problem of what a view raised; ``None`` leaves a mistake of ours to Django, which logs it."""
    problem = _problem(error, context.get("request"))
    if problem is None:
        return None
    errors = [{"field": name, "detail": detail} for name, detail in problem.errors.items()]
    more = {**problem.more, **({"errors": errors} if errors else {})}
    body = problem_body(problem.status_code, problem.code, force_str(problem.detail), **more)
    return Response(body, status=problem.status_code, headers=problem.headers, content_type=MEDIA_TYPE)


def _problem(error: Exception, request: Request | None) -> Problem | None:
    match error:
        case Problem():
            return error
        case Http404() | exceptions.NotFound():
            return Problem(404, "not_found", not_found_detail())
        case exceptions.ValidationError():
            errors = flatten(error.detail)
            # What is wrong with the body as a whole is also what is wrong.
            return invalid(errors, errors.get("", ""))
        case PermissionDenied() | exceptions.PermissionDenied():
            return Problem(403, "forbidden", _("This key may not do this."))
        case exceptions.MethodNotAllowed():
            detail = _("This address does not answer %(method)s.") % {"method": request.method if request else ""}
            return Problem(405, "method_not_allowed", detail)
        case exceptions.UnsupportedMediaType():
            detail = _("Send JSON, with the header Content-Type: application/json.")
            return Problem(415, "unsupported_media_type", detail)
        case exceptions.ParseError():
            return Problem(400, "not_json", _("This is not JSON that can be read: %(why)s") % {"why": error.detail})
        case RequestDataTooBig():
            return Problem(413, "too_large", _("This request is too large. Send at most 2.5 MB."))
        case exceptions.Throttled():
            wait = str(int(getattr(error, "wait", None) or 0) + 1)
            detail = _("Too many requests with this key. Try again in %(seconds)s seconds.") % {"seconds": wait}
            return Problem(429, "too_many_requests", detail, headers={"Retry-After": wait})
    return None


def invalid(errors: Mapping[str, str], detail: str = "") -> Problem:
    """422: what is wrong with which field; nothing was saved."""
    return Problem(422, "invalid", detail or _("Nothing was saved. See what is wrong with which field."), errors=errors)


def flatten(detail: Any, path: str = "") -> dict[str, str]:
    """The nested errors of serializers as ``{"external_ids.0.system": "…"}``; several of one field are joined."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for name, each in detail.items():
            inner = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            found |= flatten(each, inner)
        return found
    if isinstance(detail, list) and any(isinstance(each, Mapping | list) for each in detail):
        found = {}
        for place, each in enumerate(detail):
            found |= flatten(each, f"{path}.{place}" if path else str(place))
        return found
    return {path: " ".join(str(each) for each in detail) if isinstance(detail, list) else str(detail)} if detail else {}
