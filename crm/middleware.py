"""What a visitor sees when PostgreSQL or Redis is away: a page that says so, never a traceback."""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ConnectionError as RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from accounts.api.problems import is_api, problem_response

log = structlog.get_logger(__name__)

OUTAGES = (OperationalError, InterfaceError, BrokerError, RedisError, RedisTimeout)


class OutageMiddleware:
    """Outermost: an outage anywhere inside, sessions included, becomes a 503 that tells what to do.

    Nothing is lost: a request works in one transaction, which PostgreSQL has rolled back as a whole.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        except OUTAGES as error:
            return outage_answer(request, error)
        outage = getattr(request, "outage", None)
        return outage_answer(request, outage) if outage is not None and response.status_code >= 500 else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember an outage inside a view; Django has turned it into a page before it reaches ``__call__``."""
        if isinstance(exception, OUTAGES):
            request.outage = exception  # type: ignore[attr-defined]


def outage_answer(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The page for people; for a program of the API a problem."""
    page = outage_page(error)
    if not is_api(request):
        return page
    detail = _("The register cannot be reached just now. Nothing was saved; try again in a moment.")
    return problem_response(503, "out_of_order", detail, {"Retry-After": page["Retry-After"]})


def outage_page(error: BaseException) -> HttpResponse:
    """The 503 page; its template needs neither database nor session."""
    log.error("outage", error=str(error), kind=type(error).__name__)
    response = HttpResponse(render_to_string("errors/503.html"), status=503)
    response["Retry-After"] = "10"
    return response
