"""The API of relations between guests."""

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import Choice, Id, Strict
from accounts.api.problems import Problem
from customers.card.api import GuestView
from customers.card.models import Customer
from customers.lineage.selectors import ids_now
from customers.relations.models import Relation
from customers.relations.selectors import relations_of
from customers.relations.services import RelationRefused, relation_add, relation_remove


class RelationOut(serializers.ModelSerializer):
    """`guest_id` works at, lives with, was referred by or is an agent for `other_id`."""

    guest_id = Id(source="customer_id", read_only=True)
    other_id = Id(read_only=True)

    class Meta:
        model = Relation
        fields = ("id", "guest_id", "other_id", "kind", "created_at")
        read_only_fields = fields


class RelationPage(serializers.Serializer):
    """A guest's relations in both directions; a company with thousands of them shows fifty."""

    items = RelationOut(many=True)


@extend_schema_serializer(
    examples=[OpenApiExample("household", {"kind": "household", "other_id": 2}, request_only=True)]
)
class RelationIn(Strict):
    """What the guest is to another one."""

    kind = Choice(Relation.Kind)
    other_id = Id()

    def validate_other_id(self, value: int) -> int:
        (other_id,) = ids_now(customer_ids=[value])
        if not Customer.objects.filter(pk=other_id).exists():
            raise serializers.ValidationError(_("This guest is not in the register."))
        return other_id


class RelationView(GuestView):
    """Refusals of the services become problems."""

    def problem_of(self, error: Exception) -> Exception:
        if isinstance(error, RelationRefused):
            return Problem(409, "relation_refused", str(error))
        return Http404() if isinstance(error, Relation.DoesNotExist) else super().problem_of(error)

    def known(self, customer_id: int) -> None:
        """404 for a guest who is not there."""
        Customer.objects.only("pk").get(pk=customer_id)


class Relations(RelationView):
    """A guest's relations."""

    @extend_schema(
        operation_id="list_relations", summary="List a guest's relations", tags=["Relations"], responses=RelationPage
    )
    def get(self, request: Request, slug: str, customer_id: int) -> Response:
        self.known(customer_id)
        lines = relations_of(customer_id=customer_id)
        return Response({"items": RelationOut([line.relation for line in lines], many=True).data})

    @extend_schema(
        operation_id="create_relation",
        summary="Relate a guest to another",
        tags=["Relations"],
        request=RelationIn,
        responses={200: RelationOut, 201: RelationOut},
    )
    def post(self, request: Request, slug: str, customer_id: int) -> Response:
        self.known(customer_id)
        body: dict[str, Any] = self.body(RelationIn)
        relation, act = relation_add(customer_id=customer_id, **body)
        return Response(RelationOut(relation).data, status=200 if act is None else 201)


class RelationOfGuest(RelationView):
    """One of them."""

    @extend_schema(
        operation_id="remove_relation",
        summary="Take a relation away",
        tags=["Relations"],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, customer_id: int, relation_id: int) -> Response:
        self.known(customer_id)
        relation = Relation.objects.get(pk=relation_id)
        if customer_id not in (relation.customer_id, relation.other_id):
            raise Http404
        relation_remove(relation_id=relation_id)
        return Response(status=204)


urlpatterns = [
    path("guests/<int:customer_id>/relations/", Relations.as_view(), name="api_relations"),
    path("guests/<int:customer_id>/relations/<int:relation_id>/", RelationOfGuest.as_view(), name="api_relation"),
]
