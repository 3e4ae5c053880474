"""The API of finding duplicates: settings, a walk over the register, the look-up of a guest one is about to write."""

from typing import Any, ClassVar

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import READ, found
from accounts.tenancy.runs import nudge
from dedup.register.learning import estimates
from dedup.register.lookup import is_ready, lookup
from dedup.register.models import MatchSettings
from dedup.register.selectors import run_latest, settings_get
from dedup.register.services import run_start, settings_save
from dedup.register.tasks import match_run_work
from dedup.review.api.frame import DuplicatesView, operation
from dedup.review.api.serializers import LookupIn, LookupPage, MatchingIn, MatchingOut, MatchingRun


class Settings(DuplicatesView):
    """The settings."""

    @operation(
        operation_id="get_matching",
        summary="Read when two cards count as a match, and how well that does",
        responses=MatchingOut,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(_shown(settings_get()))

    @operation(
        operation_id="update_matching",
        summary="Change when two cards count as a match",
        request=MatchingIn,
        responses=MatchingOut,
    )
    def patch(self, request: Request, slug: str) -> Response:
        body: dict[str, Any] = self.body(MatchingIn)
        return Response(self.told(_shown(settings_save(**(_values(settings_get()) | body)))))


class Run(DuplicatesView):
    """The walk over the whole register."""

    @operation(
        operation_id="get_matching_run",
        summary="See how far the register was looked through",
        description="The latest walk over the whole register; 404 before the first.",
        responses=MatchingRun,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(MatchingRun(found(run_latest())).data)

    @operation(
        operation_id="start_matching_run",
        summary="Look through the whole register",
        description="In the background. What is added or changed is looked at without being asked. While one is under "
        "way this answers with that one.",
        request=None,
        responses=MatchingRun,
    )
    def post(self, request: Request, slug: str) -> Response:
        run = run_start()
        nudge(match_run_work, run)
        return Response(self.told(MatchingRun(run).data))


class Lookup(DuplicatesView):
    """Who a guest may be already."""

    scopes: ClassVar = {"POST": READ}

    @operation(
        operation_id="look_up_guest",
        summary="Ask whether a guest has a card already",
        description="Sent as a POST because what is known of a guest must not stand in an address. Nothing is kept.",
        request=LookupIn,
        responses=LookupPage,
    )
    def post(self, request: Request, slug: str) -> Response:
        body: dict[str, Any] = self.body(LookupIn)
        values = {name: _texts(value) for name, value in body.items() if value}
        values.setdefault("country", [self.business.country])
        return Response(LookupPage({"ready": is_ready(), "items": lookup(values=values)}).data)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _shown(settings: MatchSettings) -> dict[str, Any]:
    return dict(MatchingOut({**_values(settings), "estimates": estimates()}).data)


def _values(settings: MatchSettings) -> dict[str, Any]:
    return {"propose": settings.propose, "certain": settings.certain, "automatic": settings.automatic}


urlpatterns = [
    path("matching/", Settings.as_view(), name="api_matching"),
    path("matching/run/", Run.as_view(), name="api_matching_run"),
    path("matching/lookup/", Lookup.as_view(), name="api_matching_lookup"),
]
