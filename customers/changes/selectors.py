"""Reads of change sets, for people."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext

from customers.bulk.wording import words_of
from customers.changes.models import Change, ChangeSet
from customers.changes.outcome import SAMPLE
from customers.changes.undo import tracked_models
from customers.lineage.selectors import IDS_OF_GUEST, survivors_of

PAGE = 50
OF_THE_CARD = ("customer", "contactpoint", "customertag", "externalid", "guestfieldvalue")
"""Records that a card is made of: what is on it itself and what stands beside it in tables of its own."""


def guest_versions(*, customer_ids: Collection[int], records: Sequence[str] = OF_THE_CARD) -> dict[int, int]:
    """Of each guest how often something of these records was changed, each act counted once for each transaction.

    Whoever has seen a number has seen everything while it stands: it only grows, whichever of two transactions ends
    first. Lock the card before comparing. One query.
    """
    acts = Change.objects.filter(guest_id__in=customer_ids, record__in=records)
    found = Counter(guest for guest, _act, _xid in acts.values_list("guest_id", "change_set_id", "xid").distinct())
    return {customer_id: found[customer_id] for customer_id in customer_ids}


@dataclass(frozen=True)
class ActView:
    """A change set as a sentence in the reader's language. ``guests`` are (id, name) of those it names."""

    act: ChangeSet
    sentence: str
    guests: list[tuple[int, str]]


@dataclass(frozen=True)
class FieldChange:
    """One field before and after."""

    label: str
    old: Any
    new: Any


@dataclass(frozen=True)
class RowChange:
    """What an act did to one row."""

    record: str
    act: str
    row_id: int
    guest_id: int | None
    fields: list[FieldChange]


@dataclass(frozen=True)
class ActPage:
    """Newest first; ``before`` is the cursor of the next page."""

    acts: list[ActView]
    before: int | None


def act_list(*, with_sensitive: bool, before: int | None = None, limit: int = PAGE) -> ActPage:
    """The business's change sets, newest first; without those that tell of sensitive details, unless asked for."""
    acts = ChangeSet.objects.order_by("-id")
    if not with_sensitive:
        told = RawSQL(_sensitive("customers_changeset"), [], output_field=BooleanField())  # noqa: S611 - a constant
        acts = acts.exclude(told)
    if before is not None:
        acts = acts.filter(pk__lt=before)
    found = list(acts[: limit + 1])
    return ActPage(_views(found[:limit]), found[limit - 1].pk if len(found) > limit else None)


def _sensitive(acts: str) -> str:
    """SQL: whether an act of that table or alias touched sensitive details, or what it undoes did."""
    return f"""EXISTS (
        WITH RECURSIVE line (id, undoes_id) AS (
            SELECT a.id, a.undoes_id FROM customers_changeset a WHERE a.id = {acts}.id
            UNION ALL SELECT a.id, a.undoes_id FROM line JOIN customers_changeset a ON a.id = line.undoes_id
        )
        SELECT FROM line JOIN customers_change c ON c.change_set_id = line.id AND c.record = 'sensitivedetail'
    )"""


def acts_of_guest(*, customer_id: int, with_sensitive: bool, limit: int = 5) -> list[ActView]:
    """The latest acts that touched a guest's rows; without those that tell of sensitive details, unless asked for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM (SELECT DISTINCT latest.change_set_id AS id"
            f" FROM unnest({IDS_OF_GUEST}) g (id) CROSS JOIN LATERAL (SELECT change_set_id, id FROM customers_change"
            " WHERE guest_id = g.id ORDER BY id DESC LIMIT 200) latest) acts"
            f" WHERE %(all)s OR NOT {_sensitive('acts')} ORDER BY 1 DESC LIMIT %(limit)s",
            {"guest": customer_id, "all": with_sensitive, "limit": limit},
        )
        ids = [row[0] for row in cursor.fetchall()]
    return _views(list(ChangeSet.objects.filter(pk__in=ids).order_by("-id")))


def act_is_sensitive(*, change_set_id: int) -> bool:
    """Whether an act tells of sensitive details."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_sensitive('acts')} FROM (SELECT %s::bigint AS id) acts", [change_set_id])
        return bool(cursor.fetchone()[0])


def act_view(*, change_set_id: int) -> ActView:
    """One change set. Raises ``ChangeSet.DoesNotExist``."""
    return _views([ChangeSet.objects.get(pk=change_set_id)])[0]


def act_views(*, ids: Collection[int]) -> dict[int, ActView]:
    """Change sets by id; two queries, however many they are."""
    return {view.act.pk: view for view in _views(list(ChangeSet.objects.filter(pk__in=ids)))}


def act_rows(*, change_set_id: int, limit: int = 200) -> list[RowChange]:
    """What an act did, row by row, the first ``limit`` rows."""
    models = {str(model._meta.model_name): model for model in tracked_models()}
    rows = []
    changes = list(Change.objects.filter(change_set_id=change_set_id).order_by("id")[:limit])
    own = _own_names(changes)
    for change in changes:
        meta = models[change.record]._meta
        fields = []
        if change.act == Change.Act.UPDATE:
            labels = {field.column: str(field.verbose_name) for field in meta.local_concrete_fields if field.editable}
            fields = [
                FieldChange(labels[column], old, new) for column, (old, new) in change.data.items() if column in labels
            ]
        name = own.get((change.record, change.row_id)) or str(meta.verbose_name)
        rows.append(RowChange(name, change.act, change.row_id, change.guest_id, fields))
    return rows


def _own_names(changes: Sequence[Change]) -> dict[tuple[str, int], str]:
    """(record, id) of values of the business's own fields → what their field is called."""
    fields: dict[tuple[str, int], int] = {}
    for record, model in (("guestfieldvalue", "GuestFieldValue"), ("stayfieldvalue", "StayFieldValue")):
        own = [change for change in changes if change.record == record]
        # A row that is gone stands whole in its change.
        fields |= {(record, each.row_id): each.data["field_id"] for each in own if "field_id" in each.data}
        ids = [each.row_id for each in own if "field_id" not in each.data]
        if ids:
            found = apps.get_model("customers", model)._default_manager.filter(pk__in=ids)
            fields |= {(record, pk): field for pk, field in found.values_list("pk", "field_id")}
    if not fields:
        return {}
    labels = apps.get_model("customers", "CustomField")._default_manager.in_bulk(set(fields.values()))
    return {key: labels[field].label for key, field in fields.items() if field in labels}


@dataclass(frozen=True)
class KeptRow:
    """An entry that an undo left as it was, and the guest it belongs to, where it is one guest's."""

    label: str
    guest_id: int | None
    guest: str


def kept_rows(*, act: ChangeSet, most: int = SAMPLE) -> list[KeptRow]:
    """The first entries that an undo kept; those that have gone since are left out."""
    models = {str(model._meta.model_name): model for model in tracked_models()}
    kept = [(record, row) for record, row in act.result.get("kept_rows", []) if record in models][:most]
    guests: dict[tuple[str, int], int | None] = {}
    for record in {record for record, _row in kept}:
        column = models[record].change_guest
        rows = models[record]._default_manager.filter(pk__in=[row for name, row in kept if name == record])
        guests |= {(record, pk): guest for pk, guest in rows.values_list("pk", column or "pk")}
        if column is None:
            guests |= dict.fromkeys([key for key in guests if key[0] == record])
    customer = apps.get_model("customers", "Customer")
    ids = {guest for guest in guests.values() if guest is not None}
    names = {card.pk: str(card) for card in customer._default_manager.filter(pk__in=ids)}
    return [
        KeptRow(str(models[record]._meta.verbose_name), guests[record, row], names.get(guests[record, row] or 0, ""))
        for record, row in kept
        if (record, row) in guests
    ]


def act_counts(*, change_set_id: int) -> dict[str, dict[str, int]]:
    """How many rows of each kind an act inserted, updated and deleted, by the kind's plural name."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"I": 0, "U": 0, "D": 0})
    names = {str(model._meta.model_name): str(model._meta.verbose_name_plural) for model in tracked_models()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record, act, count(DISTINCT row_id) FROM customers_change WHERE change_set_id = %s"
            " GROUP BY record, act ORDER BY record, act",
            [change_set_id],
        )
        for record, act, number in cursor.fetchall():
            counts[names[record]][act] = number
    return dict(counts)


def _views(acts: Sequence[ChangeSet]) -> list[ActView]:
    """Sentences with today's names of the guests; a card that is gone has none, one that was merged that of the card
    that carries on for it."""
    ids = {guest for act in acts for guest in act.params.get("guests", [])}
    customer = apps.get_model("customers", "Customer")
    names = {card.pk: str(card) for card in customer._default_manager.filter(pk__in=ids)} if ids else {}
    if ids - set(names):
        merged = survivors_of(customer_ids=ids - set(names))
        found = {card.pk: str(card) for card in customer._default_manager.filter(pk__in=set(merged.values()))}
        names |= {gone: found[now] for gone, now in merged.items() if now in found}
    return [_view(act, names) for act in acts]


def _view(act: ChangeSet, names: dict[int, str]) -> ActView:
    guests = [(guest, names.get(guest, gettext("a removed card"))) for guest in act.params.get("guests", [])]
    words = {**act.params, **words_of(act.params), "guests": ", ".join(name for _guest, name in guests)}
    sentence = gettext(act.title) % words if act.title else act.get_kind_display()
    if act.kind == ChangeSet.Kind.UNDO and act.title:
        sentence = gettext("Undone: %(what)s") % {"what": sentence}
    return ActView(act, sentence, [(guest, name) for guest, name in guests if guest in names])
