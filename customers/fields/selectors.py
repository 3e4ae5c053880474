"""Reads of the business's own fields and their values."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from customers.fields.models import CustomField, FieldValue, GuestFieldValue, StayFieldValue
from customers.fields.values import value_plain, value_shown


@dataclass(frozen=True)
class FieldLine:
    """A field and its value on one guest or stay; ``row`` is ``None`` where it has none."""

    field: CustomField
    row: FieldValue | None

    @property
    def shown(self) -> str:
        """The value in the reader's language; empty without one."""
        return value_shown(self.field, self.row)

    @property
    def plain(self) -> str:
        """The value as files and forms carry it; empty without one."""
        return value_plain(self.field, self.row)


def field_list(*, target: str, archived: bool = False) -> list[CustomField]:
    """The fields of guests or stays that are in use, in their order; with ``archived`` those that were put away."""
    return list(CustomField.objects.filter(target=target, is_archived=archived).order_by("position", "id"))


def guest_values(*, customer_id: int) -> list[FieldLine]:
    """Every guest field in use with its value on a card. Two queries, one where there is no field."""
    rows = GuestFieldValue.objects.filter(customer_id=customer_id)
    return _lines(CustomField.Target.GUEST, rows)


def stay_values(*, stay_id: int) -> list[FieldLine]:
    """Every stay field in use with its value on a stay. Two queries."""
    return _lines(CustomField.Target.STAY, StayFieldValue.objects.filter(stay_id=stay_id))


def values_of_guests(*, customer_ids: Collection[int]) -> dict[int, list[FieldLine]]:
    """The filled fields of several guests, in the fields' order. Two queries."""
    fields = {field.pk: field for field in field_list(target=CustomField.Target.GUEST)}
    places = {pk: place for place, pk in enumerate(fields)}
    found: dict[int, list[FieldLine]] = {pk: [] for pk in customer_ids}
    rows = GuestFieldValue.objects.filter(customer_id__in=customer_ids, field_id__in=fields)
    for row in sorted(rows, key=lambda row: places[row.field_id]):
        found[row.customer_id].append(FieldLine(fields[row.field_id], row))
    return found


def values_of_stays(*, stay_ids: Collection[int]) -> list[FieldLine]:
    """The filled fields of several stays, in the fields' order; ``row.stay_id`` says whose. Two queries."""
    fields = {field.pk: field for field in field_list(target=CustomField.Target.STAY)}
    if not fields or not stay_ids:
        return []
    rows = StayFieldValue.objects.filter(stay_id__in=stay_ids, field_id__in=fields)
    places = {pk: place for place, pk in enumerate(fields)}
    return [FieldLine(fields[row.field_id], row) for row in sorted(rows, key=lambda row: places[row.field_id])]


def _lines(target: str, rows: QuerySet[Any]) -> list[FieldLine]:
    fields = field_list(target=target)
    by_field = {row.field_id: row for row in rows} if fields else {}
    return [FieldLine(field, by_field.get(field.pk)) for field in fields]
