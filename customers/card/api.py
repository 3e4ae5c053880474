"""The API of guests: cards, contact points and tags."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import printable
from accounts.api.pagination import page_response
from accounts.api.problems import Problem, flatten, invalid
from accounts.api.schema import IF_MATCH
from accounts.api.views import READ, ApiView, stale
from accounts.audit import audit_record, audit_record_many
from accounts.tenancy import require_business_id
from customers.card.external import ExternalIdTaken, Outside, guest_find
from customers.card.models import MAX_TAGS, ContactPoint, Customer, Tag
from customers.card.saving import guest_change, guest_create
from customers.card.selectors import tag_list, tags_of
from customers.card.serializers import (
    ContactPointChange,
    ContactPointIn,
    ContactPointOut,
    GuestChange,
    GuestIn,
    GuestOut,
    GuestPage,
    GuestQuery,
    GuestUpsert,
    TagIn,
    TagOut,
    TagPage,
    guest_shown,
    guests_shown,
)
from customers.card.services import (
    CardRestricted,
    ContactValues,
    TagRefused,
    card_lock,
    contacts_of,
    tag_add,
    tag_create,
    tag_remove,
)
from customers.changes.selectors import guest_versions
from customers.fields.exchange import fields_problem
from customers.fields.services import FieldsRefused
from customers.normalise import normalise_email, normalise_phone


class GuestView(ApiView):
    """What the views of one card have in common: refusals of the services become problems."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(self.problem_of(exc))

    def problem_of(self, error: Exception) -> Exception:
        """The problem that tells of a service's refusal; what is none stays as it is."""
        match error:
            case Customer.DoesNotExist() | ContactPoint.DoesNotExist() | Tag.DoesNotExist():
                return Http404()
            case CardRestricted():
                return Problem(409, "restricted", str(error))
            case TagRefused():
                return Problem(409, "tag_limit", str(error), limit=MAX_TAGS)
            case ExternalIdTaken():
                return Problem(409, "external_id_taken", str(error))
            case FieldsRefused():
                return fields_problem(error)
        return error

    def locked(self, customer_id: int, version: int | None) -> Customer:
        """The card, locked; a problem when it is gone, restricted or of another version than the caller has seen."""
        customer = card_lock(customer_id=customer_id)
        if version is not None and version != guest_versions(customer_ids=[customer_id])[customer_id]:
            raise stale(self.told(guest_shown(customer_id), self.request.data))
        return customer

    def card(self, customer_id: int, *, status: int = 200) -> Response:
        """The card after a change: who gets it whole has seen it."""
        if self.caller.may(READ):
            audit_record(action="guest.viewed", object_type="customer", object_id=customer_id)
        return Response(self.told(guest_shown(customer_id)), status=status)


class Guests(GuestView):
    """All guests."""

    @extend_schema(
        operation_id="list_guests",
        summary="List guests, or find them by address, number, id or tag",
        tags=["Guests"],
        parameters=[GuestQuery],
        responses=GuestPage,
    )
    def get(self, request: Request, slug: str) -> Response:
        query = self.query(GuestQuery)
        return page_response(request, self._rows(query), query=query, show=self._seen)

    def _seen(self, page: list[Customer]) -> list[Any]:
        audit_record_many(action="guest.viewed", object_type="customer", object_ids=[each.pk for each in page])
        return guests_shown(page)

    def _rows(self, query: dict[str, Any]) -> QuerySet[Customer]:
        rows = Customer.objects.all()
        if query.get("email"):
            rows = _with_point(rows, normalise_email(query["email"]).normalised)
        if query.get("phone"):
            rows = _with_point(rows, normalise_phone(query["phone"], self.business.country).e164)
        if query.get("external_id"):
            found = guest_find(outside=Outside(query["external_system"], query["external_id"]))
            rows = rows.filter(pk=found or 0)
        if query.get("tag"):
            rows = rows.filter(customer_tags__tag_id=query["tag"], customer_tags__business_id=require_business_id())
        return rows

    @extend_schema(
        operation_id="create_guest",
        summary="Add a guest",
        tags=["Guests"],
        request=GuestIn,
        responses={201: GuestOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        body = self.body(GuestIn)
        customer, _act = guest_create(
            business=self.business,
            values=body["values"],
            contacts=body["contacts"] or ContactValues(),
            own=body.get("fields", {}),
            outside=body["external_ids"],
        )
        return self.card(customer.pk, status=201)


class Guest(GuestView):
    """One guest."""

    @extend_schema(operation_id="get_guest", summary="Read a guest", tags=["Guests"], responses=GuestOut)
    def get(self, request: Request, slug: str, customer_id: int) -> Response:
        shown = guest_shown(customer_id)
        audit_record(action="guest.viewed", object_type="customer", object_id=customer_id)
        return Response(shown)

    @extend_schema(
        operation_id="update_guest",
        summary="Change a guest",
        tags=["Guests"],
        parameters=[IF_MATCH],
        request=GuestChange,
        responses=GuestOut,
    )
    def patch(self, request: Request, slug: str, customer_id: int) -> Response:
        customer = card_lock(customer_id=customer_id)
        body = self.body(GuestChange, customer=customer, contacts=contacts_of(customer=customer))
        self.locked(customer_id, self.expected_version(body))
        guest_change(
            business=self.business,
            customer_id=customer_id,
            values=body["values"],
            contacts=body["contacts"],
            own=body.get("fields"),
        )
        return self.card(customer_id)


class GuestOutside(GuestView):
    """One guest by their id in another system."""

    @extend_schema(
        operation_id="get_guest_by_external_id",
        summary="Read a guest by their id in another system",
        tags=["Guests"],
        responses=GuestOut,
    )
    def get(self, request: Request, slug: str, system: str, value: str) -> Response:
        customer_id = guest_find(outside=outside_of(system, value))
        if customer_id is None:
            raise Http404
        shown = guest_shown(customer_id)
        audit_record(action="guest.viewed", object_type="customer", object_id=customer_id)
        return Response(shown)

    @extend_schema(
        operation_id="put_guest_by_external_id",
        summary="Add a guest, or change the one with this id in another system",
        description="Sent twice, it does the same once. What is left out stays as it is.",
        tags=["Guests"],
        request=GuestUpsert,
        responses={200: GuestOut, 201: GuestOut},
    )
    def put(self, request: Request, slug: str, system: str, value: str) -> Response:
        outside = outside_of(system, value)
        try:
            return self._write(outside)
        except ExternalIdTaken:
            # Somebody brought the same new guest at this moment: there is a card to be changed now.
            return self._write(outside)

    def _write(self, outside: Outside) -> Response:
        known = guest_find(outside=outside)
        customer = card_lock(customer_id=known) if known is not None else None
        contacts = contacts_of(customer=customer) if customer else None
        body = self.body(GuestUpsert, customer=customer, contacts=contacts)
        values, fields = body["values"], body.get("fields", {})
        if customer is not None:
            guest_change(
                business=self.business,
                customer_id=customer.pk,
                values=values,
                contacts=body["contacts"],
                own=fields,
            )
            return self.card(customer.pk)
        made, _act = guest_create(
            business=self.business,
            values=values,
            contacts=body["contacts"] or ContactValues(),
            own=fields,
            outside=[outside],
        )
        return self.card(made.pk, status=201)


class ContactPoints(GuestView):
    """A guest's e-mail addresses and phone numbers."""

    @extend_schema(
        operation_id="add_contact_point",
        summary="Add an e-mail address or phone number",
        tags=["Contact points"],
        request=ContactPointIn,
        responses={200: GuestOut, 201: GuestOut},
    )
    def post(self, request: Request, slug: str, customer_id: int) -> Response:
        customer = card_lock(customer_id=customer_id)
        known = contacts_of(customer=customer)
        point = self.body(ContactPointIn)
        is_email = point["kind"] == ContactPoint.Kind.EMAIL
        rows = known.emails if is_email else known.phones
        value = point["value"]
        first = point["is_primary"]
        wanted = list(dict.fromkeys([value, *rows] if first else [*rows, value]))
        body = self._body({"emails" if is_email else "phones": wanted}, customer, known)
        act = guest_change(business=self.business, customer_id=customer_id, values={}, contacts=body["contacts"])[1]
        return self.card(customer_id, status=200 if act is None else 201)

    def _body(self, sent: dict[str, Any], customer: Customer, known: ContactValues) -> dict[str, Any]:
        """The lists as a change of the card would bring them, checked alike; errors name ``value``."""
        context = {"business": self.business, "customer": customer, "contacts": known}
        serializer = GuestChange(data=sent, context=context)
        if serializer.is_valid():
            return dict(serializer.validated_data)
        raise invalid({"value": " ".join(flatten(serializer.errors).values())})


class ContactPointOfGuest(GuestView):
    """One of them."""

    @extend_schema(
        operation_id="update_contact_point",
        summary="Make it the primary one",
        tags=["Contact points"],
        request=ContactPointChange,
        responses=ContactPointOut,
    )
    def patch(self, request: Request, slug: str, customer_id: int, point_id: int) -> Response:
        known, point = self._find(customer_id, point_id)
        self.body(ContactPointChange)
        self._write(customer_id, known, point, first=[point.value])
        point.refresh_from_db()
        return Response(self.told(ContactPointOut(point).data))

    @extend_schema(
        operation_id="remove_contact_point",
        summary="Take it off the card",
        tags=["Contact points"],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, customer_id: int, point_id: int) -> Response:
        known, point = self._find(customer_id, point_id)
        self._write(customer_id, known, point, first=[])
        return Response(status=204)

    def _find(self, customer_id: int, point_id: int) -> tuple[ContactValues, ContactPoint]:
        customer = card_lock(customer_id=customer_id)
        return contacts_of(customer=customer), ContactPoint.objects.get(pk=point_id, customer=customer)

    def _write(self, customer_id: int, known: ContactValues, point: ContactPoint, *, first: list[str]) -> None:
        """Write the point's kind anew: ``first``, then the others."""
        is_email = point.kind == ContactPoint.Kind.EMAIL
        rows = [*first, *(value for value in (known.emails if is_email else known.phones) if value != point.value)]
        contacts = replace(known, **{"emails" if is_email else "phones": rows})
        guest_change(business=self.business, customer_id=customer_id, values={}, contacts=contacts)


class Tags(GuestView):
    """The business's labels."""

    @extend_schema(operation_id="list_tags", summary="List all tags", tags=["Tags"], responses=TagPage)
    def get(self, request: Request, slug: str) -> Response:
        return Response({"items": TagOut(tag_list(), many=True).data})

    @extend_schema(
        operation_id="create_tag",
        summary="Make a tag of the business's own",
        tags=["Tags"],
        request=TagIn,
        responses={201: TagOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        try:
            tag = tag_create(name=self.body(TagIn)["name"])
        except TagRefused as refused:
            raise Problem(409, "tag_exists", str(refused)) from refused
        return Response(TagOut(tag).data, status=201)


class TagOfGuest(GuestView):
    """A tag on a guest."""

    @extend_schema(
        operation_id="tag_guest",
        summary=f"Put a tag on a guest, who carries at most {MAX_TAGS}",
        tags=["Tags"],
        request=None,
        responses=TagPage,
    )
    def put(self, request: Request, slug: str, customer_id: int, tag_id: int) -> Response:
        tag_add(customer_id=customer_id, tag_id=tag_id)
        tags = [tag for tag in tags_of(customer_id=customer_id) if tag.pk == tag_id or self.caller.may(READ)]
        return Response({"items": TagOut(tags, many=True).data})

    @extend_schema(
        operation_id="untag_guest",
        summary="Take a tag off a guest",
        tags=["Tags"],
        request=None,
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, customer_id: int, tag_id: int) -> Response:
        if tag_remove(customer_id=customer_id, tag_id=tag_id) is None:
            raise Http404
        return Response(status=204)


def _with_point(rows: QuerySet[Customer], normalised: str | None) -> QuerySet[Customer]:
    """Guests with this address or number; nobody has one that cannot be one."""
    if not normalised:
        return rows.none()
    points = ContactPoint.objects.filter(normalised=normalised).values("customer_id")
    return rows.filter(pk__in=points)


def outside_of(system: str, value: str) -> Outside:
    """An id in an address, refused as every text is that no column could hold."""
    if len(system) > 80 or len(value) > 120 or "\x00" in system + value or printable(system)[:60] != system[:60]:
        raise Http404
    return Outside(system, value)


urlpatterns = [
    path("guests/", Guests.as_view(), name="api_guests"),
    path("guests/<int:customer_id>/", Guest.as_view(), name="api_guest"),
    path("guests/by-external-id/<str:system>/<path:value>/", GuestOutside.as_view(), name="api_guest_outside"),
    path("guests/<int:customer_id>/contact-points/", ContactPoints.as_view(), name="api_contact_points"),
    path(
        "guests/<int:customer_id>/contact-points/<int:point_id>/",
        ContactPointOfGuest.as_view(),
        name="api_contact_point",
    ),
    path("guests/<int:customer_id>/tags/<int:tag_id>/", TagOfGuest.as_view(), name="api_guest_tag"),
    path("tags/", Tags.as_view(), name="api_tags"),
]
