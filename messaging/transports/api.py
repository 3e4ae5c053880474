"""The API of ways of sending and of the local inbox.

A key reads them and has them tried and checked. It changes none: whoever could point them at another server would read
every message to a guest, and no key is given for that.
"""

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from accounts.services.refusals import Refused
from accounts.tenancy.runs import nudge
from messaging.transports.models import Caught, Transport
from messaging.transports.selectors import caught_get, caught_list, transport_get, transport_list, try_list
from messaging.transports.serializers import (
    CaughtOut,
    CaughtPageOut,
    CaughtQuery,
    TransportOut,
    TransportPage,
    TryIn,
    TryOut,
    TryPage,
)
from messaging.transports.services import check_ask
from messaging.transports.tasks import transport_check, transport_try
from messaging.transports.trying import try_ask

TAGS = ["Sending"]


class SendingView(ApiView):
    """Refusals of the services become problems."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            exc = invalid({exc.field: str(exc)}) if exc.field else Problem(409, "refused", str(exc))
        elif isinstance(exc, Transport.DoesNotExist | Caught.DoesNotExist):
            exc = Http404()
        return super().handle_exception(exc)


class Transports(SendingView):
    """All of them."""

    @extend_schema(
        operation_id="list_transports",
        summary="List the ways of sending",
        description="How messages leave: mail servers, e-mail services, SMS gateways, the local inbox. They are set up"
        " and changed on the pages alone.",
        tags=TAGS,
        responses=TransportPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": TransportOut(transport_list(), many=True).data})


class OneTransport(SendingView):
    """One of them."""

    @extend_schema(operation_id="get_transport", summary="Read a way of sending", tags=TAGS, responses=TransportOut)
    def get(self, request: Request, slug: str, transport_id: int) -> Response:
        return Response(TransportOut(transport_get(transport_id=transport_id)).data)


class TransportCheck(SendingView):
    """The check of its sender's domain."""

    @extend_schema(
        operation_id="check_transport",
        summary="Have the sender's domain checked now",
        description="SPF, DKIM and DMARC. A worker takes it up; `GET` of the way of sending tells what was found.",
        tags=TAGS,
        request=None,
        responses=TransportOut,
    )
    def post(self, request: Request, slug: str, transport_id: int) -> Response:
        transport = check_ask(transport_id=transport_id)
        if transport.check_asked_at is not None:
            nudge(transport_check, transport)
        return Response(TransportOut(transport).data)


class TransportTries(SendingView):
    """Its test messages."""

    @extend_schema(
        operation_id="list_transport_tests",
        summary="List the test messages of a way of sending",
        tags=TAGS,
        responses=TryPage,
    )
    def get(self, request: Request, slug: str, transport_id: int) -> Response:
        tries = try_list(transport=transport_get(transport_id=transport_id))
        return Response({"items": TryOut(tries, many=True).data})

    @extend_schema(
        operation_id="test_transport",
        summary="Send a test message",
        description="A worker sends it; `GET` tells what became of it. At most 20 an hour.",
        tags=TAGS,
        request=TryIn,
        responses={201: TryOut},
    )
    def post(self, request: Request, slug: str, transport_id: int) -> Response:
        transport_get(transport_id=transport_id)
        body = self.body(TryIn)
        asked = try_ask(transport_id=transport_id, business=self.business, address=body["address"])
        nudge(transport_try, asked)
        return Response(TryOut(asked).data, status=201)


class Inbox(SendingView):
    """The local inbox."""

    @extend_schema(
        operation_id="list_caught",
        summary="List what the local inbox caught",
        description="Fifty a page. Messages that a local inbox caught reached nobody.",
        tags=TAGS,
        parameters=[CaughtQuery],
        responses=CaughtPageOut,
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = self.query(CaughtQuery)
        page = caught_list(channel=asked.get("channel", ""), text=asked.get("q", ""), before=asked.get("before", ""))
        return Response(CaughtPageOut({"items": page.items, "older": page.older}).data)


class InboxMessage(SendingView):
    """One caught message."""

    @extend_schema(operation_id="get_caught", summary="Read a caught message", tags=TAGS, responses=CaughtOut)
    def get(self, request: Request, slug: str, caught_id: int) -> Response:
        return Response(CaughtOut(caught_get(caught_id=caught_id)).data)


urlpatterns = [
    path("transports/", Transports.as_view(), name="api_transports"),
    path("transports/<int:transport_id>/", OneTransport.as_view(), name="api_transport"),
    path("transports/<int:transport_id>/check/", TransportCheck.as_view(), name="api_transport_check"),
    path("transports/<int:transport_id>/tests/", TransportTries.as_view(), name="api_transport_tests"),
    path("inbox/", Inbox.as_view(), name="api_inbox"),
    path("inbox/<int:caught_id>/", InboxMessage.as_view(), name="api_inbox_message"),
]
