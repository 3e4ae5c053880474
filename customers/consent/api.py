"""The API of consents: what holds, what happened, and what a guest decided elsewhere."""

from functools import partial
from typing import ClassVar

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pagination import page_response
from accounts.models import ApiKey
from customers.card.api import GuestView
from customers.card.models import Customer
from customers.consent.models import ConsentEvent, Purpose
from customers.consent.selectors import consents_of
from customers.consent.serializers import (
    ConsentEventOut,
    ConsentEventPage,
    ConsentEventQuery,
    ConsentIn,
    ConsentOut,
    ConsentPage,
)
from customers.consent.services import consent_record
from customers.lineage.selectors import lineage_of
from customers.sensitive.tasks import sensitive_erase


class Consents(GuestView):
    """What holds now."""

    @extend_schema(
        operation_id="list_consents", summary="Read what a guest agrees to", tags=["Consents"], responses=ConsentPage
    )
    def get(self, request: Request, slug: str, customer_id: int) -> Response:
        Customer.objects.only("pk").get(pk=customer_id)
        return Response({"items": ConsentOut(consents_of(customer_id=customer_id), many=True).data})


class ConsentEvents(GuestView):
    """What happened."""

    scopes: ClassVar = {"POST": ApiKey.Scope.CONSENTS}

    @extend_schema(
        operation_id="list_consent_events",
        summary="List what a guest granted and withdrew, with its proof",
        tags=["Consents"],
        parameters=[ConsentEventQuery],
        responses=ConsentEventPage,
    )
    def get(self, request: Request, slug: str, customer_id: int) -> Response:
        Customer.objects.only("pk").get(pk=customer_id)
        return page_response(
            request,
            ConsentEvent.objects.filter(customer_id__in=lineage_of(customer_id=customer_id)),
            query=self.query(ConsentEventQuery),
            show=ConsentEventOut,
        )

    @extend_schema(
        operation_id="record_consent",
        summary="Record what a guest granted or withdrew",
        description="Events are added and never changed; of several the latest decision of the guest holds.",
        tags=["Consents"],
        request=ConsentIn,
        responses={201: ConsentEventOut},
    )
    def post(self, request: Request, slug: str, customer_id: int) -> Response:
        Customer.objects.only("pk").get(pk=customer_id)
        body = self.body(ConsentIn)
        granted = body.pop("is_granted")
        event = consent_record(customer_id=customer_id, granted=granted, source=ConsentEvent.Source.API.value, **body)
        if not granted and event.purpose == Purpose.SENSITIVE:
            transaction.on_commit(partial(sensitive_erase.delay, self.business.pk), robust=True)
        return Response(ConsentEventOut(event).data, status=201)


urlpatterns = [
    path("guests/<int:customer_id>/consents/", Consents.as_view(), name="api_consents"),
    path("guests/<int:customer_id>/consents/events/", ConsentEvents.as_view(), name="api_consent_events"),
]
