"""Guests as the API takes and gives them."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import Choice, Count, Day, Flag, Id, PageQuery, Strict, Text, form_errors, refuse
from customers.card.external import Outside
from customers.card.forms import GuestForm
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.card.services import CARD_FIELDS, ContactValues
from customers.changes.selectors import guest_versions
from customers.facts.models import CustomerFacts
from customers.fields.exchange import FIELDS_SCHEMA, OwnFields, guests_fields

MAX_CONTACTS = 30


class ContactPointOut(serializers.ModelSerializer):
    """An e-mail address or phone number: as typed, normalised, and whether it can be used."""

    class Meta:
        model = ContactPoint
        fields = ("id", "kind", "value", "normalised", "state", "is_primary")
        read_only_fields = fields


class TagOut(serializers.ModelSerializer):
    """A label of the business. `code` names one of the eight usual ones and is empty for its own."""

    code = serializers.ChoiceField(choices=["", *Tag.Code.values], read_only=True)
    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = Tag
        fields = ("id", "code", "name")
        read_only_fields = fields


class TagPage(serializers.Serializer):
    """Every label there is."""

    items = TagOut(many=True)


class ExternalIdOut(serializers.ModelSerializer):
    """The guest's id in another system."""

    class Meta:
        model = ExternalId
        fields = ("system", "value")
        read_only_fields = fields


class FactsOut(serializers.ModelSerializer):
    """What has been counted from the guest's stays; `value` in `currency`."""

    class Meta:
        model = CustomerFacts
        fields = (
            "stays",
            "nights",
            "value",
            "currency",
            "first_arrival",
            "last_stay",
            "next_arrival",
            "cancelled",
            "no_shows",
        )
        read_only_fields = fields


class GuestOut(serializers.ModelSerializer):
    """A guest's card. Sensitive details are at an address of their own."""

    version = serializers.SerializerMethodField(
        help_text="Grows with every change of the card, its contact points, tags, ids and own fields."
    )
    name = serializers.CharField(read_only=True, help_text="How the guest is called on the card.")
    contact_points = ContactPointOut(many=True, read_only=True)
    tags = serializers.SerializerMethodField()
    external_ids = ExternalIdOut(many=True, read_only=True)
    fields_ = serializers.SerializerMethodField(method_name="own_fields")
    facts = serializers.SerializerMethodField()

    class Meta:
        model = Customer
        fields = (
            "id",
            "version",
            "name",
            *CARD_FIELDS,
            "do_not_contact",
            "is_restricted",
            "is_deceased",
            "created_at",
            "contact_points",
            "tags",
            "external_ids",
            "fields_",
            "facts",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """``fields`` is a name that serializers have taken for themselves."""
        return {"fields" if name == "fields_" else name: field for name, field in super().get_fields().items()}

    def get_version(self, customer: Customer) -> int:
        versions: dict[int, int] = self.context["versions"]
        return versions[customer.pk]

    @extend_schema_field(TagOut(many=True))
    def get_tags(self, customer: Customer) -> Any:
        return TagOut([each.tag for each in customer.customer_tags.all()], many=True).data

    @extend_schema_field(FIELDS_SCHEMA)
    def own_fields(self, customer: Customer) -> dict[str, Any]:
        own: dict[int, dict[str, Any]] = self.context["fields"]
        return own[customer.pk]

    @extend_schema_field(FactsOut)
    def get_facts(self, customer: Customer) -> Any:
        return FactsOut(self.context["facts"][customer.pk]).data


def guests_shown(customers: Sequence[Customer]) -> list[Any]:
    """Cards as the API gives them, with all that belongs to them, in the same number of queries for one and for 200."""
    prefetch_related_objects(
        list(customers),
        Prefetch("contact_points", ContactPoint.objects.order_by("kind", "-is_primary", "pk")),
        Prefetch("customer_tags", CustomerTag.objects.select_related("tag").order_by("slot")),
        Prefetch("external_ids", ExternalId.objects.order_by("pk")),
    )
    ids = [customer.pk for customer in customers]
    facts = {each.customer_id: each for each in CustomerFacts.objects.filter(customer_id__in=ids)}
    context = {"facts": facts, "fields": guests_fields(ids), "versions": guest_versions(customer_ids=ids)}
    return list(GuestOut(customers, many=True, context=context).data)


def guest_shown(customer_id: int) -> Any:
    """One card. Raises ``Customer.DoesNotExist``."""
    return guests_shown([Customer.objects.get(pk=customer_id)])[0]


class GuestPage(serializers.Serializer):
    """One page of guests; `next` is the address of the following one, null on the last."""

    items = GuestOut(many=True)
    next = serializers.URLField(allow_null=True)


class ExternalIdIn(Strict):
    """The guest's id in another system."""

    system = Text(80, allow_blank=False, help_text="A name for the other system, always spelled the same.")
    value = Text(120, allow_blank=False)


class GuestBase(Strict):
    """What may be written on a card. Everything is optional; a name is needed."""

    kind = Choice(Customer.Kind, required=False)
    given_name = Text(200, required=False)
    family_name = Text(200, required=False)
    company_name = Text(200, required=False)
    organisation_number = Text(20, required=False)
    language = Text(5, required=False, help_text="ISO 639-1, for example nb.")
    nationality = Text(2, required=False, help_text="ISO 3166-1, for example NO.")
    birth_date = Day(required=False, allow_null=True)
    street = Text(200, required=False)
    postal_code = Text(16, required=False)
    city = Text(100, required=False)
    country = Text(2, required=False, help_text="ISO 3166-1, for example NO.")
    source = Choice(Customer.Source, required=False, allow_blank=True)  # type: ignore[assignment]
    note = Text(4000, required=False)
    why_us = Text(1000, required=False)
    thanked = Text(1000, required=False)
    deal_breakers = Text(1000, required=False)
    first_contact = Day(required=False)
    emails = serializers.ListField(
        child=Text(254, allow_blank=False),
        required=False,
        max_length=MAX_CONTACTS,
        help_text="All of the guest's e-mail addresses, the primary one first; those left out are removed.",
    )
    phones = serializers.ListField(
        child=Text(254, allow_blank=False),
        required=False,
        max_length=MAX_CONTACTS,
        help_text="All of the guest's phone numbers, the primary one first; those left out are removed.",
    )

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": OwnFields(target="guest", required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask the form of the pages, so that a program is told what a member is told."""
        customer: Customer | None = self.context.get("customer")
        form = self._form(customer, self._typed(attrs))
        # A card needs a name: whoever sends none is told, whoever changes something else is not.
        named = {"given_name", "family_name", "company_name", "kind"}
        sent = set(attrs) | (named if customer is None or named & set(attrs) else set())
        errors = form_errors(
            form,
            sent,
            _names(attrs),
            unchanged=lambda: self._form(customer, {}),
            pairs={"postal_code": "country"},
        )
        if attrs.get("first_contact") and attrs["first_contact"] > timezone.localdate():
            errors["first_contact"] = [_("This date is in the future. Write the day you first met the guest.")]
        refuse(errors)
        return {
            **{key: attrs[key] for key in ("version", "external_ids", "fields") if key in attrs},
            "values": {
                **{name: form.cleaned_data[name] for name in GuestForm.Meta.fields if name in attrs},
                **{key: attrs[key] for key in ("first_contact",) if key in attrs},
            },
            "contacts": self._contacts(attrs, form.contacts()),
        }

    def _form(self, customer: Customer | None, typed: Mapping[str, Any]) -> GuestForm:
        """The form of the pages, with the card and, over it, what was ``typed``."""
        return GuestForm(
            {**_posted(customer), **typed},
            instance=copy.copy(customer) if customer else None,
            business=self.context["business"],
        )

    def _typed(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        typed = {name: value for name, value in attrs.items() if name in GuestForm.Meta.fields}
        for kind, name in (("email", "emails"), ("phone", "phones")):
            typed |= {f"{kind}_{row}": value for row, value in enumerate(attrs.get(name, []))}
        return typed

    def _contacts(self, attrs: Mapping[str, Any], typed: ContactValues) -> ContactValues | None:
        """The lists that were sent; the kind that was not stays as it is."""
        if "emails" not in attrs and "phones" not in attrs:
            return None
        known = self.context.get("contacts") or ContactValues()
        return ContactValues(
            typed.emails if "emails" in attrs else known.emails, typed.phones if "phones" in attrs else known.phones
        )


_EXAMPLE = {
    "given_name": "Ingrid",
    "family_name": "Solberg",
    "language": "nb",
    "emails": ["ingrid.solberg@example.com"],
    "phones": ["+47 912 34 567"],
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "guest", {**_EXAMPLE, "external_ids": [{"system": "bookings", "value": "G-1042"}]}, request_only=True
        )
    ]
)
class GuestIn(GuestBase):
    """A new guest."""

    external_ids = serializers.ListField(child=ExternalIdIn(), required=False, max_length=20)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        checked = super().validate(attrs)
        checked["external_ids"] = [Outside(**each) for each in attrs.get("external_ids", [])]
        return checked


@extend_schema_serializer(examples=[OpenApiExample("guest", _EXAMPLE, request_only=True)])
class GuestUpsert(GuestBase):
    """A guest as another system knows them: made when new, changed where known."""


@extend_schema_serializer(examples=[OpenApiExample("guest", {"city": "Bergen", "version": 3}, request_only=True)])
class GuestChange(GuestBase):
    """What is to change on a card; what is left out stays."""

    version = Count(2**31 - 1, required=False, help_text="The version you have before you, as with If-Match.")


@extend_schema_serializer(
    examples=[OpenApiExample("address", {"kind": "email", "value": "ingrid@example.com"}, request_only=True)]
)
class ContactPointIn(Strict):
    """An e-mail address or phone number to add."""

    kind = Choice(ContactPoint.Kind)
    value = Text(254, allow_blank=False)
    is_primary = Flag(default=False)


@extend_schema_serializer(examples=[OpenApiExample("primary", {"is_primary": True}, request_only=True)])
class ContactPointChange(Strict):
    """Make a contact point the primary one of its kind."""

    is_primary = Flag()

    def validate_is_primary(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError(_("Make another one the primary instead."))
        return value


@extend_schema_serializer(examples=[OpenApiExample("tag", {"name": "Fly fishing"}, request_only=True)])
class TagIn(Strict):
    """A label of the business's own."""

    name = Text(40, allow_blank=False)


class GuestQuery(PageQuery):
    """Which guests to list; without any, all of them in the order they were added."""

    email = Text(254, required=False, help_text="Guests with exactly this e-mail address, however it is written.")
    phone = Text(64, required=False, help_text="Guests with exactly this phone number, however it is written.")
    external_system = Text(80, required=False, help_text="With `external_id`: the other system.")
    external_id = Text(120, required=False, help_text="The guest with this id in `external_system`.")
    tag = Id(required=False, help_text="Guests with this tag.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("external_id")) != bool(attrs.get("external_system")):
            missing = "external_system" if attrs.get("external_id") else "external_id"
            raise serializers.ValidationError({missing: [_("Send both: the other system and the guest's id in it.")]})
        return attrs


def _posted(customer: Customer | None) -> dict[str, Any]:
    """The card's fields as its form would send them unchanged."""
    if customer is None:
        return {"kind": Customer.Kind.PERSON}
    return {name: getattr(customer, name) for name in GuestForm.Meta.fields}


def _names(attrs: Mapping[str, Any]) -> dict[str, str]:
    """The API's names of the form's rows."""
    rows = range(MAX_CONTACTS)
    return {f"email_{row}": f"emails.{row}" for row in rows} | {f"phone_{row}": f"phones.{row}" for row in rows}
