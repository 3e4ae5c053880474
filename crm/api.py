"""The API assembled: every room's resources below ``/api/v1/b/<slug>/``, their description, and a page of it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.utils import translation
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from accounts.access import public
from accounts.api.describe import Description, describe, told
from accounts.api.problems import CODES, is_api, not_found_response, problem_response
from crm import views

ROOMS = ("accounts", "customers", "dedup", "imports", "messaging", "automations")
RESOURCES = [path("", include(f"{room}.api_urls")) for room in ROOMS]
"""Each room's own addresses."""


def api_schema() -> dict[str, object]:
    """The description of the API, in English, which programs read."""
    with translation.override("en"):
        return dict(SchemaGenerator().get_schema(request=None, public=True))


@public
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The description for programs: OpenAPI 3.1."""
    response = JsonResponse(api_schema(), json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "public, max-age=300"
    return response


@public
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    description: Description = describe(api_schema(), host=request.build_absolute_uri("/").rstrip("/"))
    return render(
        request,
        "api/docs.html",
        {
            "api": description,
            "codes": {code: told(text) for code, text in CODES.items()},
            "root": request.build_absolute_uri("../b/"),
        },
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: a problem for programs, a page for people."""
    return not_found_response() if is_api(request) else views.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the same."""
    if not is_api(request):
        return views.server_error(request)
    return problem_response(500, "our_mistake", "Something went wrong on our side. Nothing was saved.")


urlpatterns = [
    path("schema/", schema, name="api_schema"),
    path("docs/", docs, name="api_docs"),
    path("b/<slug:slug>/", include(RESOURCES)),
]
