"""The API of suppressed addresses: what is on the list, whether an address is, one put there, one let go."""

from typing import ClassVar

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.api.problems import Problem, invalid
from accounts.api.views import ApiView
from accounts.models import ApiKey
from customers.consent.services import CLOCKS_DIFFER
from customers.permission.models import Suppression
from customers.permission.selectors import suppression_list, suppressions_at
from customers.permission.serializers import (
    SuppressionCheck,
    SuppressionFound,
    SuppressionIn,
    SuppressionLift,
    SuppressionOut,
    SuppressionPage,
    SuppressionQuery,
)
from customers.permission.suppressing import CannotLift, suppression_add, suppression_lift


class Suppressions(ApiView):
    """The list."""

    @extend_schema(
        operation_id="list_suppressions",
        summary="List suppressed addresses",
        description="As codes that only the installation can make: ask about an address to learn whether it is there.",
        tags=["Suppressed addresses"],
        parameters=[SuppressionQuery],
        responses=SuppressionPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(SuppressionQuery)
        listed = suppression_list(kind=query.get("kind", ""), reason=query.get("reason", ""))
        return page_response(request, listed, query=query, show=SuppressionOut)

    @extend_schema(
        operation_id="add_suppression",
        summary="Suppress an address",
        description="Whichever card has the address, today or one day, is held to it. Twice is once.",
        tags=["Suppressed addresses"],
        request=SuppressionIn,
        responses={200: SuppressionOut, 201: SuppressionOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(SuppressionIn)
        if body.get("at") and body["at"] > timezone.now() + CLOCKS_DIFFER:
            raise invalid({"at": _("This moment is in the future.")})
        reason = body.pop("reason", Suppression.Reason.MANUAL)
        body.setdefault("source", self.caller.key.name)
        row = suppression_add(reason=reason, **body)
        known = suppressions_at(kind=body["kind"], normalised=body["normalised"], reason=reason)
        return Response(self.told(SuppressionOut(known[0]).data, request.data), status=200 if row is None else 201)


class SuppressionAsked(ApiView):
    """Whether an address is on the list."""

    scopes: ClassVar = {"POST": ApiKey.Scope.READ}

    @extend_schema(
        operation_id="check_suppression",
        summary="Ask whether an address is suppressed",
        description="Sent in the body, as an address does not belong into the logs of servers. Nothing is kept.",
        tags=["Suppressed addresses"],
        request=SuppressionCheck,
        responses={200: SuppressionFound},
    )
    def post(self, request: Request, slug: str) -> Response:
        found = suppressions_at(**self.body(SuppressionCheck))
        return Response({"items": SuppressionOut(found, many=True).data})


class SuppressionLifted(ApiView):
    """An address let go."""

    scopes: ClassVar = {"POST": ApiKey.Scope.CONSENTS}

    @extend_schema(
        operation_id="lift_suppression",
        summary="Allow a suppressed address again",
        description=(
            "Logged with its reason. An unsubscribing is not lifted here, but by a consent to the newsletter that the"
            " guest gives anew."
        ),
        tags=["Suppressed addresses"],
        request=SuppressionLift,
        responses={200: SuppressionFound},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(SuppressionLift)
        try:
            is_lifted = suppression_lift(**body)
        except CannotLift as error:
            raise Problem(409, "refused", str(error)) from error
        if not is_lifted:
            raise Problem(409, "refused", _("This address is not suppressed for that."))
        left = suppressions_at(kind=body["kind"], normalised=body["normalised"])
        return Response({"items": SuppressionOut(left, many=True).data})


urlpatterns = [
    path("suppressions/", Suppressions.as_view(), name="api_suppressions"),
    path("suppressions/check/", SuppressionAsked.as_view(), name="api_suppression_check"),
    path("suppressions/lift/", SuppressionLifted.as_view(), name="api_suppression_lift"),
]
