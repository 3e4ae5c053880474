"""The API of events."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.problems import invalid
from accounts.api.views import ApiView
from automations.events.serializers import (
    EventOut,
    EventPage,
    EventQuery,
    EventsIn,
    ToldPage,
    happenings_in,
    told_out,
)
from automations.events.services import EventsRefused, events_tell
from automations.models import GuestEvent
from automations.tasks import automations_nudge
from customers.lineage.selectors import ids_now, lineage_of


class Events(ApiView):
    """What guests do."""

    @extend_schema(
        operation_id="list_events",
        summary="List what guests did in the last 90 days",
        tags=["Automations"],
        parameters=[EventQuery],
        responses=EventPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(EventQuery)
        rows = GuestEvent.objects.filter(**{name: query[name] for name in ("kind", "name") if query.get(name)})
        if query.get("guest_id"):
            (guest,) = ids_now(customer_ids=[query["guest_id"]])
            rows = rows.filter(customer_id__in=lineage_of(customer_id=guest))
        return page_response(request, rows, query=query, show=EventOut)

    @extend_schema(
        operation_id="tell_events",
        summary="Tell what guests did elsewhere",
        description="Automations whose trigger is an event of this name begin for these guests. Up to 1,000 at once; "
        "all of them are kept, or none.",
        tags=["Automations"],
        request=EventsIn,
        responses={201: ToldPage},
    )
    def post(self, request: Request, slug: str) -> Response:
        happenings = happenings_in(self.body(EventsIn))
        try:
            told = events_tell(happenings=happenings)
        except EventsRefused as refused:
            raise invalid({_in_body(place): sentence for place, sentence in refused.errors.items()}) from refused
        if any(each.is_new for each in told):
            automations_nudge(business_id=self.business.pk)
        return Response({"items": told_out(told)}, status=201)


def _in_body(place: str) -> str:
    """The place of an event's field as the body has it."""
    return f"events.{place}".rstrip(".").replace("customer_id", "guest_id")


urlpatterns = [path("events/", Events.as_view(), name="api_events")]
