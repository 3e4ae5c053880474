"""The API of sensitive details: for keys that may, while the guest consents, each viewing logged."""

from typing import Any, ClassVar

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import Count, Strict, Text
from accounts.api.problems import Problem
from accounts.api.schema import IF_MATCH
from accounts.api.views import stale
from accounts.models import ApiKey
from customers.card.api import GuestView
from customers.card.models import Customer
from customers.card.services import card_lock
from customers.changes.selectors import guest_versions
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import sensitive_for_key
from customers.sensitive.services import TEXT_MAX, ConsentMissing, sensitive_update


class SensitiveOut(serializers.Serializer):
    """A guest's sensitive details; a detail that is not known is empty. Without consent there are none."""

    version = serializers.IntegerField(help_text="Grows with every change of these details.")
    is_consented = serializers.BooleanField(help_text="Whether the guest agrees now that they are kept.")
    allergies = serializers.CharField()
    food = serializers.CharField()
    wishes = serializers.CharField()
    spouse = serializers.CharField()
    children = serializers.CharField()


@extend_schema_serializer(examples=[OpenApiExample("allergies", {"allergies": "Nuts"}, request_only=True)])
class SensitiveChange(Strict):
    """What is to change; an empty text removes a detail, what is left out stays."""

    version = Count(2**31 - 1, required=False, help_text="The version you have before you, as with If-Match.")
    allergies = Text(TEXT_MAX, required=False)
    food = Text(TEXT_MAX, required=False)
    wishes = Text(TEXT_MAX, required=False)
    spouse = Text(TEXT_MAX, required=False)
    children = Text(TEXT_MAX, required=False)


class Sensitive(GuestView):
    """A guest's sensitive details."""

    scopes: ClassVar = {"GET": ApiKey.Scope.SENSITIVE, "PATCH": ApiKey.Scope.SENSITIVE}

    @extend_schema(
        operation_id="get_sensitive_details",
        summary="Read a guest's sensitive details",
        description="Each viewing is logged.",
        tags=["Sensitive details"],
        responses=SensitiveOut,
    )
    def get(self, request: Request, slug: str, customer_id: int) -> Response:
        return Response(self._shown(customer_id))

    @extend_schema(
        operation_id="update_sensitive_details",
        summary="Write a guest's sensitive details",
        description="Only while the guest consents.",
        tags=["Sensitive details"],
        parameters=[IF_MATCH],
        request=SensitiveChange,
        responses=SensitiveOut,
    )
    def patch(self, request: Request, slug: str, customer_id: int) -> Response:
        card_lock(customer_id=customer_id)
        body = self.body(SensitiveChange)
        version = self.expected_version(body)
        if version is not None and version != _version(customer_id):
            raise stale(self._shown(customer_id))
        sensitive_update(customer_id=customer_id, values=body)
        return Response(self._shown(customer_id))

    def problem_of(self, error: Exception) -> Exception:
        if isinstance(error, ConsentMissing):
            return Problem(422, "consent_missing", str(error))
        return super().problem_of(error)

    def _shown(self, customer_id: int) -> dict[str, Any]:
        if not Customer.objects.filter(pk=customer_id).exists():
            raise Http404
        panel = sensitive_for_key(business=self.business, customer_id=customer_id)
        texts = panel.texts
        return {
            "version": _version(customer_id),
            "is_consented": panel.consented,
            **{kind: texts.get(kind, "") for kind in SensitiveDetail.Kind.values},
        }


def _version(customer_id: int) -> int:
    return guest_versions(customer_ids=[customer_id], records=[str(SensitiveDetail._meta.model_name)])[customer_id]


urlpatterns = [
    path("guests/<int:customer_id>/sensitive/", Sensitive.as_view(), name="api_sensitive"),
]
