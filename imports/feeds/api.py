"""The API of nightly imports."""

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from accounts.services.refusals import Refused
from accounts.tenancy.runs import nudge
from imports.feeds.selectors import feed_get, feed_list, fetch_list
from imports.feeds.serializers import FeedChange, FeedIn, FeedOut, FeedPage, FetchOut, FetchPage
from imports.feeds.services import FeedValues, feed_ask, feed_create, feed_remove, feed_update
from imports.feeds.tasks import import_feed_fetch
from imports.models import ImportFeed, ImportMapping

TAGS = ["Nightly imports"]


class FeedView(ApiView):
    """Refusals of the services become problems."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            exc = invalid({exc.field: str(exc)}) if exc.field else Problem(422, "refused", str(exc))
        elif isinstance(exc, ImportFeed.DoesNotExist):
            exc = Http404()
        return super().handle_exception(exc)

    def mapping(self, mapping_id: int) -> ImportMapping:
        """A saved mapping of the business."""
        found = ImportMapping.objects.filter(pk=mapping_id).first()
        if found is None:
            raise Refused(_("There is no saved mapping of this number."), field="mapping_id")
        return found


class Feeds(FeedView):
    """All nightly imports."""

    @extend_schema(operation_id="list_feeds", summary="List all nightly imports", tags=TAGS, responses=FeedPage)
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": FeedOut(feed_list(), many=True).data})

    @extend_schema(
        operation_id="create_feed",
        summary="Set up a nightly import",
        description="It is fetched for the first time when its hour comes, and read by the saved mapping.",
        tags=TAGS,
        request=FeedIn,
        responses={201: FeedOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(FeedIn)
        mapping = self.mapping(body.pop("mapping_id"))
        values = FeedValues(**{"source": ImportFeed.Source.HTTPS, **body, "mapping": mapping})
        return Response(FeedOut(feed_create(business=self.business, values=values)).data, status=201)


class Feed(FeedView):
    """One nightly import."""

    @extend_schema(operation_id="get_feed", summary="Read a nightly import", tags=TAGS, responses=FeedOut)
    def get(self, request: Request, slug: str, feed_id: int) -> Response:
        return Response(FeedOut(feed_get(feed_id=feed_id)).data)

    @extend_schema(
        operation_id="update_feed",
        summary="Change, pause or go on with a nightly import",
        tags=TAGS,
        request=FeedChange,
        responses=FeedOut,
    )
    def patch(self, request: Request, slug: str, feed_id: int) -> Response:
        feed = feed_get(feed_id=feed_id)
        body = self.body(FeedChange)
        if "mapping_id" in body:
            body["mapping"] = self.mapping(body.pop("mapping_id"))
        now: dict[str, Any] = {name: getattr(feed, name) for name in ("name", "address", "mapping", "at", "is_on")}
        values = FeedValues(source=feed.source, **(now | body))
        return Response(FeedOut(feed_update(feed_id=feed_id, business=self.business, values=values)).data)

    @extend_schema(
        operation_id="remove_feed",
        summary="Remove a nightly import",
        description="What it has imported stays.",
        tags=TAGS,
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, feed_id: int) -> Response:
        feed_remove(feed_id=feed_id)
        return Response(status=204)


class FeedFetches(FeedView):
    """The fetches of one."""

    @extend_schema(
        operation_id="list_fetches",
        summary="List how a nightly import went",
        description="The latest thirty times.",
        tags=TAGS,
        responses=FetchPage,
    )
    def get(self, request: Request, slug: str, feed_id: int) -> Response:
        return Response({"items": FetchOut(fetch_list(feed=feed_get(feed_id=feed_id)), many=True).data})

    @extend_schema(
        operation_id="fetch_feed",
        summary="Have a nightly import fetched now",
        description="A worker takes it up; `GET` tells how it went.",
        tags=TAGS,
        request=None,
        responses=FeedOut,
    )
    def post(self, request: Request, slug: str, feed_id: int) -> Response:
        feed = feed_ask(feed_id=feed_id)
        nudge(import_feed_fetch, feed)
        return Response(FeedOut(feed).data)


urlpatterns = [
    path("imports/feeds/", Feeds.as_view(), name="api_feeds"),
    path("imports/feeds/<int:feed_id>/", Feed.as_view(), name="api_feed"),
    path("imports/feeds/<int:feed_id>/fetches/", FeedFetches.as_view(), name="api_feed_fetches"),
]
