"""The API of segments and of the views that all members share."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PageQuery
from accounts.api.pagination import page_response
from accounts.api.problems import Problem, invalid
from accounts.api.schema import IF_MATCH
from accounts.api.views import stale
from accounts.audit import audit_record_many
from accounts.services.refusals import Refused
from customers.card.api import GuestView
from customers.card.models import Customer
from customers.card.serializers import GuestPage, guests_shown
from customers.filters import TreeError
from customers.segments.models import SavedView, Segment, SegmentMember
from customers.segments.selectors import (
    members_of,
    segment_get,
    segment_history,
    segment_list,
    view_get,
    views_shared,
)
from customers.segments.serializers import (
    HISTORY_USUAL,
    HistoryQuery,
    SavedViewChange,
    SavedViewIn,
    SavedViewOut,
    SavedViewPage,
    SegmentChange,
    SegmentDay,
    SegmentHistory,
    SegmentIn,
    SegmentOut,
    SegmentPage,
    segments_shown,
    views_shown,
)
from customers.segments.services import (
    SegmentChanged,
    SegmentInUse,
    ViewChanged,
    segment_create,
    segment_remove,
    segment_update,
    view_create,
    view_remove,
    view_update,
)
from customers.segments.tasks import segments_nudge


class SegmentView(GuestView):
    """Refusals of the services become problems."""

    def problem_of(self, error: Exception) -> Exception:
        match error:
            case Segment.DoesNotExist() | SavedView.DoesNotExist():
                return Http404()
            case SegmentChanged():
                return self._stale(segments_shown([error.current])[0])
            case ViewChanged():
                return self._stale(views_shown([error.current])[0])
            case SegmentInUse():
                return Problem(409, "segment_in_use", str(error))
            case Refused():
                return invalid({error.field: str(error)}) if error.field else Problem(422, "refused", str(error))
            case TreeError():
                return invalid(_by_condition(error))
        return super().problem_of(error)

    def _stale(self, shown: Mapping[str, Any]) -> Problem:
        return stale(self.told(shown, self.request.data))

    def segment(self, segment: Segment, *, status: int = 200) -> Response:
        """A segment that was made or changed, to be counted once this is committed."""
        segments_nudge(self.business.pk)
        return Response(self.told(segments_shown([segment])[0]), status=status)


def _by_condition(error: TreeError) -> dict[str, str]:
    """What is wrong, by the place in the body: the first rule of the second one is ``tree.rules.1.rules.0``."""
    told: dict[str, str] = {}
    for problem in error.problems:
        steps = [f".rules.{int(number) - 1}" for number in problem.place.split(".") if number]
        sentence = str(_(problem.message) % problem.params)
        told[f"tree{''.join(steps)}"] = sentence.encode("utf-8", "replace").decode()
    return told


class Segments(SegmentView):
    """All segments."""

    @extend_schema(operation_id="list_segments", summary="List all segments", tags=["Segments"], responses=SegmentPage)
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": segments_shown(segment_list())})

    @extend_schema(
        operation_id="create_segment",
        summary="Make a segment",
        description="Its guests are counted right afterwards.",
        tags=["Segments"],
        request=SegmentIn,
        responses={201: SegmentOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        return self.segment(segment_create(**self.body(SegmentIn)), status=201)


class SegmentOfAll(SegmentView):
    """One segment."""

    @extend_schema(operation_id="get_segment", summary="Read a segment", tags=["Segments"], responses=SegmentOut)
    def get(self, request: Request, slug: str, segment_id: int) -> Response:
        return Response(segments_shown([segment_get(segment_id)])[0])

    @extend_schema(
        operation_id="update_segment",
        summary="Change a segment",
        description="With another `tree` its guests are counted anew, and those of segments that name it.",
        tags=["Segments"],
        parameters=[IF_MATCH],
        request=SegmentChange,
        responses=SegmentOut,
    )
    def patch(self, request: Request, slug: str, segment_id: int) -> Response:
        segment_get(segment_id)
        body = self.body(SegmentChange)
        version = self.expected_version(body)
        return self.segment(segment_update(segment_id=segment_id, version=version, **body))

    @extend_schema(
        operation_id="remove_segment",
        summary="Remove a segment and its history",
        tags=["Segments"],
        parameters=[IF_MATCH],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, segment_id: int) -> Response:
        segment_remove(segment_id=segment_id, version=self.expected_version({}))
        return Response(status=204)


class GuestsOfSegment(SegmentView):
    """Who is in it."""

    @extend_schema(
        operation_id="list_guests_of_segment",
        summary="List the guests of a segment",
        description="As of its last count, `counted_at`.",
        tags=["Segments"],
        parameters=[PageQuery],
        responses=GuestPage,
    )
    def get(self, request: Request, slug: str, segment_id: int) -> Response:
        segment_get(segment_id)
        query = self.query(PageQuery)
        rows = members_of(segment_id)
        return page_response(request, rows, query=query, show=self._seen, order=("customer_id",))

    def _seen(self, page: list[SegmentMember]) -> list[Any]:
        ids = [member.customer_id for member in page]
        audit_record_many(action="guest.viewed", object_type="customer", object_ids=ids)
        return guests_shown(list(Customer.objects.filter(pk__in=ids).order_by("pk")))


class HistoryOfSegment(SegmentView):
    """How many were in it, and how many came and went."""

    @extend_schema(
        operation_id="get_segment_history",
        summary="Read how many guests a segment held, day by day",
        tags=["Segments"],
        parameters=[HistoryQuery],
        responses=SegmentHistory,
    )
    def get(self, request: Request, slug: str, segment_id: int) -> Response:
        query = self.query(HistoryQuery)
        days = segment_history(segment_id=segment_id, days=query.get("days") or HISTORY_USUAL)
        return Response({"items": SegmentDay(days, many=True).data})


class SavedViews(SegmentView):
    """The views of everybody. A key is nobody, and has none of its own."""

    @extend_schema(operation_id="list_views", summary="List the shared views", tags=["Views"], responses=SavedViewPage)
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": views_shown(views_shared())})

    @extend_schema(
        operation_id="create_view",
        summary="Save a view for everybody",
        tags=["Views"],
        request=SavedViewIn,
        responses={201: SavedViewOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        view = view_create(**self.body(SavedViewIn))
        return Response(self.told(views_shown([view])[0]), status=201)


class SavedViewOfAll(SegmentView):
    """One of them."""

    @extend_schema(operation_id="get_view", summary="Read a shared view", tags=["Views"], responses=SavedViewOut)
    def get(self, request: Request, slug: str, view_id: int) -> Response:
        return Response(views_shown([view_get(view_id=view_id, member=None)])[0])

    @extend_schema(
        operation_id="update_view",
        summary="Change a shared view",
        tags=["Views"],
        parameters=[IF_MATCH],
        request=SavedViewChange,
        responses=SavedViewOut,
    )
    def patch(self, request: Request, slug: str, view_id: int) -> Response:
        view_get(view_id=view_id, member=None)
        body = self.body(SavedViewChange)
        version = self.expected_version(body)
        view = view_update(view_id=view_id, values=body, version=version)
        return Response(self.told(views_shown([view])[0]))

    @extend_schema(
        operation_id="remove_view",
        summary="Remove a shared view",
        tags=["Views"],
        parameters=[IF_MATCH],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, view_id: int) -> Response:
        view_remove(view_id=view_id, version=self.expected_version({}))
        return Response(status=204)


urlpatterns = [
    path("segments/", Segments.as_view(), name="api_segments"),
    path("segments/<int:segment_id>/", SegmentOfAll.as_view(), name="api_segment"),
    path("segments/<int:segment_id>/guests/", GuestsOfSegment.as_view(), name="api_segment_guests"),
    path("segments/<int:segment_id>/history/", HistoryOfSegment.as_view(), name="api_segment_history"),
    path("views/", SavedViews.as_view(), name="api_views"),
    path("views/<int:view_id>/", SavedViewOfAll.as_view(), name="api_view"),
]
