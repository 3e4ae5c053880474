"""Give many guests the same language, country, nationality or source, or the same value in a field of one's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import Capability
from accounts.tenancy import require_business_id
from customers.bulk.registry import Action, Asked, Left, Values, ValuesRefused
from customers.card.choices import country_choices, country_name, language_choices
from customers.card.models import Customer
from customers.fields.models import CustomField
from customers.fields.selectors import field_list
from customers.fields.services import COLUMNS
from customers.fields.values import FieldInput, value_plain, value_read, value_shown
from customers.filters.catalogue import code

CARD_FIELDS = ("language", "nationality", "country", "source")
"""Fields of the card that many guests can share; what is one person's own is not written in bulk."""
OWN = "own."

_UPDATE_CARD = {
    name: f'UPDATE customers_customer SET "{name}" = %(value)s WHERE id = ANY (%(ids)s)' for name in CARD_FIELDS
}
_REMOVE_OWN = "DELETE FROM customers_guestfieldvalue WHERE field_id = %(field_id)s AND customer_id = ANY (%(ids)s)"
_UPDATE_OWN = """
    UPDATE customers_guestfieldvalue SET text = %(text)s, number = %(number)s, date = %(date)s, flag = %(flag)s
    WHERE field_id = %(field_id)s AND customer_id = ANY (%(ids)s)
"""
_ADD_OWN = """
    INSERT INTO customers_guestfieldvalue (business_id, customer_id, field_id, text, number, date, flag, version)
    SELECT %(business)s, w.id, %(field_id)s, %(text)s, %(number)s, %(date)s, %(flag)s, 1
    FROM unnest(%(ids)s::bigint[]) AS w (id)
    WHERE NOT EXISTS (
        SELECT FROM customers_guestfieldvalue v WHERE v.field_id = %(field_id)s AND v.customer_id = w.id
    )
    ORDER BY w.id
"""
_OWN_VALUE = """
    LEFT JOIN customers_guestfieldvalue v ON v.customer_id = w.id AND v.field_id = %(field_id)s
"""


def _read(given: Mapping[str, Any]) -> Asked:
    name, typed = str(given.get("field") or ""), str(given.get("value") or "").strip()
    if name in CARD_FIELDS:
        if typed and typed not in dict(_choices(name)):
            raise ValuesRefused({"value": _("Choose one of the list.")})
        values: dict[str, Any] = {"field": name, "value": typed}
    else:
        field = _own_field(name)
        if field is None:
            raise ValuesRefused({"field": _("Choose a field.")})
        read = value_read(field.kind, typed, options=field.options)
        if read.error:
            raise ValuesRefused({"value": read.error})
        values = {"field": name, "value": value_plain(field, read), "field_id": field.pk}
    if "value" not in given:
        raise ValuesRefused({"value": _("Choose what to write.")})
    if not values["value"]:
        return Asked(values, gettext_noop("Emptied in bulk: %(field)s"))
    return Asked(values, gettext_noop("Set in bulk: %(field)s – %(value)s"))


def _left_of_facts(values: Values) -> Left:
    name = values["field"]
    if name in CARD_FIELDS:
        return Left(f"WHEN g.{name} = %(code)s THEN 'same'", values={"code": code(values["value"])})
    return _left(values)


def _left(values: Values) -> Left:
    name = values["field"]
    if name in CARD_FIELDS:
        return Left(f"WHEN g.{name} = %(value)s THEN 'same'", values={"value": values["value"]})
    columns = _columns(values)
    if columns.is_empty:
        return Left("WHEN v.id IS NULL THEN 'same'", _OWN_VALUE, {"field_id": values["field_id"]})
    same = " AND ".join(f"v.{column} IS NOT DISTINCT FROM %({column})s{_CASTS[column]}" for column in COLUMNS)
    own = dict(zip(COLUMNS, columns.columns(), strict=True))
    return Left(f"WHEN {same} THEN 'same'", _OWN_VALUE, {"field_id": values["field_id"], **own})


_CASTS = {"text": "::text", "number": "::numeric", "date": "::date", "flag": "::boolean"}


def _write(values: Values, ids: Sequence[int]) -> None:
    given: dict[str, Any] = {"ids": list(ids), "business": require_business_id()}
    with connection.cursor() as cursor:
        if values["field"] in CARD_FIELDS:
            cursor.execute(_UPDATE_CARD[values["field"]], {**given, "value": values["value"]})
            return
        columns = _columns(values)
        given |= {"field_id": values["field_id"], **dict(zip(COLUMNS, columns.columns(), strict=True))}
        if columns.is_empty:
            cursor.execute(_REMOVE_OWN, given)
            return
        cursor.execute(_UPDATE_OWN, given)
        cursor.execute(_ADD_OWN, given)


def _columns(values: Values) -> FieldInput:
    field = CustomField.objects.get(pk=values["field_id"])
    return value_read(field.kind, values["value"], options=field.options)


def _own_field(name: str) -> CustomField | None:
    if not name.startswith(OWN):
        return None
    target = CustomField.Target.GUEST
    return CustomField.objects.filter(target=target, key=name.removeprefix(OWN), is_archived=False).first()


def _choices(name: str) -> list[tuple[str, str]]:
    if name == "language":
        return language_choices()
    if name == "source":
        return [(key, str(label)) for key, label in Customer.Source.choices if key]
    return country_choices()


def field_name(name: str) -> str:
    """What a field is called, in the reader's language; its key for one that is gone."""
    if name in CARD_FIELDS:
        label = str(Customer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        return label[:1].upper() + label[1:]
    field = CustomField.objects.filter(target=CustomField.Target.GUEST, key=name.removeprefix(OWN)).first()
    return field.label if field else name.removeprefix(OWN)


def value_name(name: str, value: str) -> str:
    """A value of a field in the reader's language."""
    if name in ("nationality", "country"):
        return country_name(value)
    if name in CARD_FIELDS:
        return dict(_choices(name)).get(value, value)
    field = CustomField.objects.filter(target=CustomField.Target.GUEST, key=name.removeprefix(OWN)).first()
    return value_shown(field, value_read(field.kind, value, options=field.options)) if field else value


def _inputs(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to choose from, and for the chosen one what its value is chosen or typed with."""
    own = field_list(target=CustomField.Target.GUEST)
    name = str(given.get("field") or "")
    chosen = next((field for field in own if OWN + field.key == name), None)
    context: dict[str, Any] = {
        "choose_field": [
            ("", _("Choose a field")),
            *((name, field_name(name)) for name in CARD_FIELDS),
            *((OWN + field.key, field.label) for field in own),
        ]
    }
    if name in CARD_FIELDS:
        context |= {"value_label": field_name(name), "value_kind": "choice", "choices": _choices(name)}
    elif chosen is not None:
        context |= {"value_label": chosen.label, "value_kind": chosen.kind, "choices": _own_choices(chosen)}
    if context.get("choices"):
        context["choices"] = [("", _("Empty the field")), *context["choices"]]
    return context


def _own_choices(field: CustomField) -> list[tuple[str, str]]:
    if field.kind == CustomField.Kind.CHOICE:
        return [(option["key"], option["label"]) for option in field.options]
    if field.kind == CustomField.Kind.YES_NO:
        return [("yes", _("Yes")), ("no", _("No"))]
    return []


FIELD_SET = Action(
    key="field_set",
    label=gettext_lazy("Change a field"),
    capability=Capability.EDIT,
    read=_read,
    left=_left,
    left_of_facts=_left_of_facts,
    write=_write,
    reasons={"same": gettext_lazy("Are so already")},
    inputs="bulk/_field.html",
    context=_inputs,
    icon="pencil",
    place=20,
)
