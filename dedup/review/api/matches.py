"""The API of matches: what was found, why, and what somebody says of it."""

from typing import Any

from django.db.models import Q
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from dedup.register.models import Match
from dedup.register.selectors import settings_get
from dedup.register.services import decide
from dedup.review.api.frame import DuplicatesView, operation
from dedup.review.api.serializers import MatchDecisionIn, MatchOut, MatchPage, MatchQuery, MatchTold
from dedup.review.evidence import explained_now


class Matches(DuplicatesView):
    """All matches."""

    @operation(
        operation_id="list_matches",
        summary="List pairs of cards that may be one guest",
        parameters=[MatchQuery],
        responses=MatchPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(MatchQuery)
        minimum = query["minimum"] if "minimum" in query else settings_get().propose
        rows = Match.objects.filter(state=query.get("state", Match.State.OPEN), probability__gte=minimum)
        if "guest" in query:
            rows = rows.filter(Q(left_id=query["guest"]) | Q(right_id=query["guest"]))
        return page_response(request, rows, query=query, show=lambda found: list(MatchOut(found, many=True).data))


class OneMatch(DuplicatesView):
    """One of them."""

    @operation(operation_id="get_match", summary="Read a match and why it is one", responses=MatchTold)
    def get(self, request: Request, slug: str, match_id: int) -> Response:
        match = Match.objects.get(pk=match_id)
        return Response(MatchTold(match, context={"explained": explained_now(match_id=match_id)}).data)


class MatchDecision(DuplicatesView):
    """What somebody says of it."""

    @operation(
        operation_id="decide_match",
        summary="Say that two cards are two guests, or put the match aside",
        description="That they are one guest is said by merging them.",
        request=MatchDecisionIn,
        responses=MatchOut,
    )
    def post(self, request: Request, slug: str, match_id: int) -> Response:
        body: dict[str, Any] = self.body(MatchDecisionIn)
        match = Match.objects.get(pk=match_id)
        decide(left_id=match.left_id, right_id=match.right_id, decision=body["decision"])
        match.refresh_from_db()
        return Response(self.told(MatchOut(match).data))


urlpatterns = [
    path("matches/", Matches.as_view(), name="api_matches"),
    path("matches/<int:match_id>/", OneMatch.as_view(), name="api_match"),
    path("matches/<int:match_id>/decide/", MatchDecision.as_view(), name="api_match_decision"),
]
