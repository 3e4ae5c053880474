"""The API of stays and properties."""

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.schema import IF_MATCH
from accounts.api.views import stale
from accounts.selectors import property_list
from accounts.tenancy import require_business_id
from customers.card.api import outside_of
from customers.card.external import ExternalIdTaken, Outside
from customers.history.api.frame import HistoryView
from customers.history.external import stay_book, stay_change, stay_find
from customers.history.models import Stay
from customers.history.serializers import (
    PropertyOut,
    PropertyPage,
    StayChange,
    StayIn,
    StayMove,
    StayOut,
    StayPage,
    StayQuery,
    StayUpsert,
    stay_shown,
    stays_shown,
)
from customers.history.services import stay_move


def stay_lock(stay_id: int) -> Stay:
    """The stay, locked for the rest of the request. Raises ``Stay.DoesNotExist``."""
    return Stay.objects.select_for_update(no_key=True).get(pk=stay_id)


class BookingView(HistoryView):
    """What books stays."""

    def booked(self, outside: Outside | None) -> Response:
        """A new stay, as the body tells it; under the id in another system that the address or else the body names."""
        body = self.body(StayIn)
        told = body.pop("outside")
        stay = stay_book(
            business=self.business,
            customer_id=self.guest_named(body),
            outside=outside or told,
            status=body.pop("status", None),
            fields=body.pop("fields", {}),
            values=body,
        )
        return Response(stay_shown(stay.pk), status=201)


class Stays(BookingView):
    """All stays."""

    @extend_schema(
        operation_id="list_stays",
        summary="List stays by arrival",
        tags=["Stays"],
        parameters=[StayQuery],
        responses=StayPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(StayQuery)
        rows: QuerySet[Stay] = Stay.objects.all()
        if query.get("guest"):
            rows = rows.filter(
                participants__customer_id=query["guest"], participants__business_id=require_business_id()
            )
        filters = {
            "property_id": query.get("property"),
            "status": query.get("status"),
            "reference": query.get("reference"),
            "arrival__gte": query.get("arrival_from"),
            "arrival__lte": query.get("arrival_to"),
        }
        rows = rows.filter(**{name: value for name, value in filters.items() if value})
        return page_response(request, rows, query=query, show=stays_shown, order=("arrival", "pk"))

    @extend_schema(
        operation_id="create_stay",
        summary="Book a stay",
        tags=["Stays"],
        request=StayIn,
        responses={201: StayOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        return self.booked(None)


class StayOfAll(HistoryView):
    """One stay."""

    @extend_schema(operation_id="get_stay", summary="Read a stay", tags=["Stays"], responses=StayOut)
    def get(self, request: Request, slug: str, stay_id: int) -> Response:
        return Response(stay_shown(stay_id))

    @extend_schema(
        operation_id="update_stay",
        summary="Change or move a stay",
        tags=["Stays"],
        parameters=[IF_MATCH],
        request=StayChange,
        responses=StayOut,
    )
    def patch(self, request: Request, slug: str, stay_id: int) -> Response:
        stay = stay_lock(stay_id)
        body = self.body(StayChange, row=stay)
        version = self.expected_version(body)
        if version is not None and version != stay.version:
            raise stale(self.told(stay_shown(stay_id), self.request.data))
        stay_change(stay_id=stay_id, fields=body.pop("fields", {}), values=body)
        return Response(self.told(stay_shown(stay_id)))


class StayStatus(HistoryView):
    """Where a stay stands."""

    @extend_schema(
        operation_id="move_stay",
        summary="Check in, check out, cancel, mark a no-show, or take one of these back",
        tags=["Stays"],
        request=StayMove,
        responses=StayOut,
    )
    def post(self, request: Request, slug: str, stay_id: int) -> Response:
        stay_lock(stay_id)
        stay_move(stay_id=stay_id, status=self.body(StayMove)["status"])
        return Response(self.told(stay_shown(stay_id)))


class StayOutside(BookingView):
    """One stay by its id in another system."""

    @extend_schema(
        operation_id="get_stay_by_external_id",
        summary="Read a stay by its id in another system",
        tags=["Stays"],
        responses=StayOut,
    )
    def get(self, request: Request, slug: str, system: str, value: str) -> Response:
        stay_id = stay_find(outside=outside_of(system, value))
        if stay_id is None:
            raise Http404
        return Response(stay_shown(stay_id))

    @extend_schema(
        operation_id="put_stay_by_external_id",
        summary="Book a stay, or change the one with this id in another system",
        description="Sent twice, it does the same once. What is left out stays as it is.",
        tags=["Stays"],
        request=StayUpsert,
        responses={200: StayOut, 201: StayOut},
    )
    def put(self, request: Request, slug: str, system: str, value: str) -> Response:
        outside = outside_of(system, value)
        known = stay_find(outside=outside)
        if known is None:
            # What a known stay may leave out, a new one must tell.
            try:
                return self.booked(outside)
            except ExternalIdTaken:
                # Sent twice at once: the other one has booked it meanwhile.
                known = stay_find(outside=outside)
                if known is None:
                    raise
        stay = stay_lock(known)
        body = self.body(StayUpsert, row=stay)
        if "guest_id" in body:
            self.guest_named(body)
        stay_change(stay_id=known, status=body.pop("status", None), fields=body.pop("fields", {}), values=body)
        return Response(self.told(stay_shown(known)))


class Properties(HistoryView):
    """Where stays are."""

    @extend_schema(
        operation_id="list_properties",
        summary="List the properties of the business",
        tags=["Stays"],
        responses=PropertyPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": PropertyOut(property_list(), many=True).data})


urlpatterns = [
    path("stays/", Stays.as_view(), name="api_stays"),
    path("stays/<int:stay_id>/", StayOfAll.as_view(), name="api_stay"),
    path("stays/<int:stay_id>/status/", StayStatus.as_view(), name="api_stay_status"),
    path("stays/by-external-id/<str:system>/<path:value>/", StayOutside.as_view(), name="api_stay_outside"),
    path("properties/", Properties.as_view(), name="api_properties"),
]
