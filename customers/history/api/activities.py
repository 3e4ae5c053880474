"""The API of notes, calls and visits."""

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from customers.history.api.frame import HistoryView
from customers.history.models import Activity
from customers.history.serializers import ActivityChange, ActivityIn, ActivityOut, ActivityPage, ActivityQuery
from customers.history.services import activity_add, activity_pin


class Activities(HistoryView):
    """All notes, calls and visits."""

    @extend_schema(
        operation_id="list_activities",
        summary="List notes, calls and visits",
        tags=["Activities"],
        parameters=[ActivityQuery],
        responses=ActivityPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(ActivityQuery)
        filters = {"customer_id": query.get("guest"), "kind": query.get("kind")}
        rows: QuerySet[Activity] = Activity.objects.filter(**{name: value for name, value in filters.items() if value})
        return page_response(request, rows, query=query, show=ActivityOut)

    @extend_schema(
        operation_id="create_activity",
        summary="Write a note, call or visit",
        tags=["Activities"],
        request=ActivityIn,
        responses={201: ActivityOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(ActivityIn)
        activity, _act = activity_add(
            customer_id=self.guest_named(body),
            text=body["text"],
            kind=body.get("kind", Activity.Kind.NOTE),
            at=body.get("at"),
        )
        return Response(ActivityOut(activity).data, status=201)


class ActivityOfAll(HistoryView):
    """One of them."""

    @extend_schema(
        operation_id="get_activity", summary="Read a note, call or visit", tags=["Activities"], responses=ActivityOut
    )
    def get(self, request: Request, slug: str, activity_id: int) -> Response:
        return Response(ActivityOut(Activity.objects.get(pk=activity_id)).data)

    @extend_schema(
        operation_id="pin_activity",
        summary="Pin a note above the timeline, or take it down",
        tags=["Activities"],
        request=ActivityChange,
        responses=ActivityOut,
    )
    def patch(self, request: Request, slug: str, activity_id: int) -> Response:
        Activity.objects.get(pk=activity_id)
        activity_pin(activity_id=activity_id, pinned=self.body(ActivityChange)["is_pinned"])
        return Response(self.told(ActivityOut(Activity.objects.get(pk=activity_id)).data))


urlpatterns = [
    path("activities/", Activities.as_view(), name="api_activities"),
    path("activities/<int:activity_id>/", ActivityOfAll.as_view(), name="api_activity"),
]
