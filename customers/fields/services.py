"""Write values of the business's own fields. Each call is one change set, or joins the one that is open."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Member
from customers.card.services import EditConflict, card_lock
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.models import CustomField, FieldValue, GuestFieldValue, StayFieldValue
from customers.fields.values import FieldInput, value_plain, value_read
from customers.history.models import Stay, StayParticipant

COLUMNS = ("text", "number", "date", "flag")


class FieldsRefused(Exception):
    """Values that cannot be kept; nothing was written. ``errors`` tells people why, by field key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


class _Wanted(NamedTuple):
    """What a field's value should become."""

    field: CustomField
    value: FieldInput
    row: FieldValue | None


def guest_values_set(
    *,
    customer_id: int,
    values: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
    member: Member | None = None,
) -> ChangeSet | None:
    """Write values on a card, by field key, as typed; an empty text takes a value away. ``None``: nothing differed.

    ``seen`` are the values the editor had before them (:attr:`~customers.fields.selectors.FieldLine.plain`): what the
    editor left alone keeps a newer value, and where both changed a field ``EditConflict`` is raised. Raises
    :class:`FieldsRefused`, ``Customer.DoesNotExist`` and ``CardRestricted``; then nothing is written.
    """
    with transaction.atomic():
        customer = card_lock(customer_id=customer_id)
        rows = GuestFieldValue.objects.filter(customer=customer)
        wanted = _wanted(CustomField.Target.GUEST, {row.field_id: row for row in rows}, values, seen)
        if not wanted:
            return None
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Edited %(guests)s"),
            params={"guests": [customer.pk]},
            member=member,
        ) as act:
            _write(GuestFieldValue, {"customer": customer}, wanted)
    return act


def stay_values_set(
    *,
    stay_id: int,
    values: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
    member: Member | None = None,
) -> ChangeSet | None:
    """Write values on a stay; as :func:`guest_values_set`. Raises ``Stay.DoesNotExist``."""
    with transaction.atomic():
        stay = Stay.objects.select_for_update(no_key=True).get(pk=stay_id)
        rows = StayFieldValue.objects.filter(stay=stay)
        wanted = _wanted(CustomField.Target.STAY, {row.field_id: row for row in rows}, values, seen)
        if not wanted:
            return None
        guests = StayParticipant.objects.filter(stay=stay).order_by("id").values_list("customer_id", flat=True)[:3]
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Changed a stay of %(guests)s"),
            params={"guests": list(guests)},
            member=member,
        ) as act:
            _write(StayFieldValue, {"stay": stay}, wanted)
    return act


def _wanted(
    target: str, rows: Mapping[int, FieldValue], values: Mapping[str, str], seen: Mapping[str, str] | None
) -> list[_Wanted]:
    """What differs between the values and the rows, after every text has been read."""
    fields = {field.key: field for field in CustomField.objects.filter(target=target, key__in=values)}
    errors: dict[str, str] = {}
    clashes: dict[str, str] = {}
    wanted = []
    for key, text in values.items():
        field = fields.get(key)
        if field is None:
            errors[key] = _("There is no field called “%(key)s”.") % {"key": key[:40]}
            continue
        row = rows.get(field.pk)
        now = value_plain(field, row)
        if text.strip() == now or (seen is not None and text.strip() == seen.get(key)):
            # What stands there may stay, a choice that is gone among it; what was left alone keeps a newer value.
            continue
        value = value_read(field.kind, text, options=field.options)
        if field.is_archived:
            errors[key] = _("The field “%(name)s” is put away. Bring it back under Settings to write in it.") % {
                "name": field.label
            }
        elif value.error:
            errors[key] = value.error
        elif value.columns() != _columns(row) and (seen is None or value_plain(field, value) != seen.get(key)):
            if seen is not None and seen.get(key) != now:
                clashes[key] = now
            wanted.append(_Wanted(field, value, row))
    if errors:
        raise FieldsRefused(errors)
    if clashes:
        raise EditConflict(clashes)
    return wanted


def _columns(row: FieldValue | None) -> tuple[Any, ...]:
    return FieldInput().columns() if row is None else (row.text, row.number, row.date, row.flag)


def _write(model: type[FieldValue], owner: dict[str, Any], wanted: list[_Wanted]) -> None:
    for field, value, row in wanted:
        columns = dict(zip(COLUMNS, value.columns(), strict=True))
        if row is None:
            model.objects.create(**owner, field=field, **columns)
        elif value.is_empty:
            row.delete()
        else:
            for name, column in columns.items():
                setattr(row, name, column)
            row.save(update_fields=list(columns))
