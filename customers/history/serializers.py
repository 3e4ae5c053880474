"""Stays and the rest of a guest's history as the API takes and gives them."""

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, Prefetch, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.api.fields import (
    Choice,
    Count,
    Day,
    Flag,
    Id,
    Moment,
    Money,
    PageQuery,
    Strict,
    Text,
    form_errors,
    refuse,
)
from accounts.models import Property
from customers.card.external import Outside
from customers.consent.services import CLOCKS_DIFFER
from customers.fields.exchange import FIELDS_SCHEMA, OwnFields, stays_fields
from customers.history.forms import StayForm
from customers.history.models import Activity, Stay, StayParticipant


def example(name: str, value: Mapping[str, Any]) -> Any:
    """Show ``value`` as the body to send."""
    return extend_schema_serializer(examples=[OpenApiExample(name, value, request_only=True)])


class Versioned(Strict):
    """A change of a row of which the caller may have an older version before them."""

    version = Count(2**31 - 1, required=False, help_text="The version you have before you, as with If-Match.")


class Marked(Strict):
    """A new row that may have an id in another system."""

    external_system = Text(80, required=False, help_text="A name for the other system, always spelled the same.")
    external_id = Text(120, required=False, help_text="The id there; the same id cannot be added twice.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        checked = super().validate(attrs)
        if bool(attrs.get("external_id")) != bool(attrs.get("external_system")):
            missing = "external_system" if attrs.get("external_id") else "external_id"
            refuse({missing: [_("Send both: the other system and the id in it.")]})
        system, value = checked.pop("external_system", ""), checked.pop("external_id", "")
        checked["outside"] = Outside(system, value) if value else None
        return checked


class FormChecked(Strict):
    """Values that a form of the pages checks, so that a program is told what a member is told."""

    references: ClassVar[Mapping[str, str]] = {}
    """The form's names of what the API names by id."""

    pairs: ClassVar[Mapping[str, str]] = {}
    """What does not fit when only one of the two was sent is told of that one."""

    def form(self, data: dict[str, Any], row: Any) -> forms.ModelForm:
        """The form, filled in."""
        raise LookupError(type(self).__name__)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        row: Model | None = self.context.get("row")
        to_form = {api: name for name, api in self.references.items()}
        names = [*self.form_class.Meta.fields, *self.references]
        before = {name: getattr(row, self.references.get(name, name)) for name in names} if row else self.defaults()
        typed = {to_form.get(name, name): value for name, value in attrs.items()}
        form = self.form({**before, **typed}, copy.copy(row))
        sent = set(attrs) if row else {*attrs, *(self.references.get(name, name) for name in form.fields)}
        errors = form_errors(
            form, sent, self.references, unchanged=lambda: self.form(dict(before), copy.copy(row)), pairs=self.pairs
        )
        for name, api in self.references.items():
            # A choice of one, or of none, is not on the form.
            target = self.form_class.Meta.model._meta.get_field(name).related_model
            if attrs.get(api) and name not in form.fields and not target.objects.filter(pk=attrs[api]).exists():
                errors[api] = [str(forms.ModelChoiceField.default_error_messages["invalid_choice"])]
        refuse(errors)
        checked = super().validate(attrs)
        for name in attrs:
            own = to_form.get(name, name)
            if own in form.fields and own not in self.references:
                checked[name] = form.cleaned_data[own]
        return checked

    form_class: ClassVar[Any] = None

    def defaults(self) -> dict[str, Any]:
        """What a form of a new row shows before anybody has typed."""
        model = self.form_class.Meta.model
        return {
            name: default
            for name in self.form_class.Meta.fields
            if (default := model._meta.get_field(name).get_default()) is not None
        }


class ParticipantOut(serializers.ModelSerializer):
    """A guest's part in a stay."""

    guest_id = Id(source="customer_id", read_only=True)

    class Meta:
        model = StayParticipant
        fields = ("guest_id", "is_guest", "is_booker", "is_payer", "is_agent")
        read_only_fields = fields


class StayOut(serializers.ModelSerializer):
    """A booking at a property. `amount` is what the whole stay costs, in `currency`."""

    property_id = Id(read_only=True)
    nights = serializers.IntegerField(read_only=True)
    participants = ParticipantOut(many=True, read_only=True)
    fields_ = serializers.SerializerMethodField(method_name="own_fields")

    class Meta:
        model = Stay
        fields = (
            "id",
            "version",
            "property_id",
            "status",
            "arrival",
            "departure",
            "nights",
            "unit",
            "unit_type",
            "adults",
            "children",
            "reference",
            "channel",
            "amount",
            "currency",
            "booked_on",
            "note",
            "external_system",
            "external_id",
            "participants",
            "fields_",
            "created_at",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """``fields`` is a name that serializers have taken for themselves."""
        return {"fields" if name == "fields_" else name: field for name, field in super().get_fields().items()}

    @extend_schema_field(FIELDS_SCHEMA)
    def own_fields(self, stay: Stay) -> dict[str, Any]:
        own: dict[int, dict[str, Any]] = self.context["fields"]
        return own[stay.pk]


def stays_shown(stays: Sequence[Stay]) -> list[Any]:
    """Stays as the API gives them, in the same number of queries for one and for 200."""
    prefetch_related_objects(list(stays), Prefetch("participants", StayParticipant.objects.order_by("pk")))
    context = {"fields": stays_fields([stay.pk for stay in stays])}
    return list(StayOut(stays, many=True, context=context).data)


def stay_shown(stay_id: int) -> Any:
    """One stay. Raises ``Stay.DoesNotExist``."""
    return stays_shown([Stay.objects.get(pk=stay_id)])[0]


class StayPage(serializers.Serializer):
    """One page of stays, by arrival."""

    items = StayOut(many=True)
    next = serializers.URLField(allow_null=True)


class StayBase(FormChecked):
    """What may be written on a stay."""

    form_class = StayForm
    references = {"property": "property_id"}
    pairs = {"arrival": "departure", "departure": "arrival"}

    property_id = Id(required=False)
    arrival = Day(required=False)
    departure = Day(required=False)
    unit = Text(20, required=False, help_text="Room or pitch.")
    unit_type = Text(40, required=False)
    adults = Count(500, required=False)
    children = Count(500, required=False)
    reference = Text(60, required=False, help_text="The booking reference.")
    channel = Text(40, required=False, help_text="Where it was booked.")
    amount = Money(required=False, allow_null=True)
    currency = Text(3, required=False, help_text="ISO 4217; the business's own unless told.")
    booked_on = Day(required=False)
    note = Text(500, required=False)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": OwnFields(target="stay", required=False)}

    def form(self, data: dict[str, Any], row: Any) -> forms.ModelForm:
        return StayForm(data, instance=row, business=self.context["business"])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("booked_on") and attrs["booked_on"] > timezone.localdate():
            refuse({"booked_on": [_("This date is in the future. Write the day the stay was booked.")]})
        return super().validate(attrs)


_STAY = {"property_id": 1, "arrival": "2026-07-10", "departure": "2026-07-13", "adults": 2, "amount": "4350.00"}


@example("stay", {"guest_id": 1, **_STAY, "external_system": "bookings", "external_id": "B-77120"})
class StayIn(StayBase, Marked):
    """A new stay of a guest, who stays, books and pays."""

    guest_id = Id()
    property_id = Id()
    arrival = Day()
    departure = Day()
    status = Choice(Stay.Status, required=False, help_text="As it stands in your system; booked unless told.")


@example("stay", {"guest_id": 1, **_STAY, "status": "checked_in", "unit": "204"})
class StayUpsert(StayBase):
    """A stay as another system knows it: booked when new, changed where known. `guest_id` counts for a new one only."""

    guest_id = Id(required=False)
    status = Choice(Stay.Status, required=False, help_text="As it stands in your system.")


@example("stay", {"unit": "205", "version": 1})
class StayChange(StayBase, Versioned):
    """What is to change on a stay; what is left out stays. Its status moves at an address of its own."""


@example("status", {"status": "checked_in"})
class StayMove(Strict):
    """Where a stay goes: from booked to checked_in, cancelled or no_show; from there on to checked_out, or back."""

    status = Choice(Stay.Status)


class StayQuery(PageQuery):
    """Which stays to list; without any, all of them by arrival."""

    guest = Id(required=False, help_text="Stays in which this guest takes part.")
    property = Id(required=False, help_text="Stays at this property.")
    status = Choice(Stay.Status, required=False)
    reference = Text(60, required=False, help_text="Stays with exactly this booking reference.")
    arrival_from = Day(required=False, help_text="Arrivals on this day or later.")
    arrival_to = Day(required=False, help_text="Arrivals on this day or earlier.")


class PropertyOut(serializers.ModelSerializer):
    """A hotel, campsite, conference venue or restaurant of the business."""

    class Meta:
        model = Property
        fields = ("id", "name", "kind")
        read_only_fields = fields


class PropertyPage(serializers.Serializer):
    """Every property there is."""

    items = PropertyOut(many=True)


class ActivityOut(serializers.ModelSerializer):
    """A note, a call or a visit on a guest's timeline."""

    guest_id = Id(source="customer_id", read_only=True)

    class Meta:
        model = Activity
        fields = ("id", "version", "guest_id", "kind", "at", "text", "is_pinned", "actor", "created_at")
        read_only_fields = fields


class ActivityPage(serializers.Serializer):
    """One page of notes, calls and visits, in the order they were written."""

    items = ActivityOut(many=True)
    next = serializers.URLField(allow_null=True)


@example("note", {"guest_id": 1, "kind": "call", "text": "Asked for a quiet room.", "at": "2026-01-12T09:30:00+01:00"})
class ActivityIn(Strict):
    """A note, call, visit, e-mail or form to write on a guest's timeline."""

    guest_id = Id()
    kind = Choice(Activity.Kind, required=False)
    text = Text(4000, allow_blank=False)
    at = Moment(required=False, help_text="When it happened; now unless told.")

    def validate_at(self, value: dt.datetime) -> dt.datetime:
        """A clock that is a little fast says now."""
        now = timezone.now()
        return now if now < value <= now + CLOCKS_DIFFER else value


@example("pin", {"is_pinned": True})
class ActivityChange(Strict):
    """Pin a note above the timeline, or take it down."""

    is_pinned = Flag()


class OfGuest(PageQuery):
    """Which rows to list; without any, all of them in the order they were added."""

    guest = Id(required=False, help_text="Those of this guest.")


class ActivityQuery(OfGuest):
    """Which notes, calls and visits to list."""

    kind = Choice(Activity.Kind, required=False)
