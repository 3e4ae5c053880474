"""Registers to merge in: random acts of everything a card can have, and what a register holds, to be compared."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import strategies as st

from accounts.models import Member
from accounts.tenancy.models import TenantModel
from customers.card.models import MAX_TAGS, Customer, CustomerTag, Tag
from customers.changes.models import Change, ChangeSet
from customers.changes.undo import tracked_models
from customers.consent.models import CONSENTS
from customers.fields.models import CustomField, GuestFieldValue
from customers.history.models import Invoice, Stay, StayParticipant, Todo
from customers.lineage.models import MergedCard
from customers.relations.models import Relation
from customers.search.models import RecentGuest
from customers.segments.models import Segment, SegmentMember
from customers.sensitive.models import SensitiveDetail
from tests.customers import acts
from tests.customers.acts import Step, _day, _row
from tests.factories import ConsentEventFactory, SensitiveDetailFactory

NOT_COMPARED = frozenset(
    {
        *("customers_change", "customers_changeset", "accounts_auditentry"),
        *("customers_mergedcard", "customers_cardlineage", "customers_carriedrows", "customers_bulkrun"),
        # Words that nobody has any longer stay until they are swept.
        *("customers_vocabulary", "customers_misspelling"),
    }
)


def _relation_made(a: int, b: int, c: int) -> None:
    one, other = _row(Customer, a), _row(Customer, b)
    if one and other and one != other:
        kind = Relation.Kind.values[c % 4]
        if kind == Relation.Kind.HOUSEHOLD and one.pk > other.pk:
            one, other = other, one
        Relation.objects.create(customer=one, other=other, kind=kind)


def _own_value(a: int, b: int, c: int) -> None:
    if (guest := _row(Customer, a)) and (own := _row(CustomField, b)):
        GuestFieldValue.objects.create(customer=guest, field=own, text=("Gold", "Silver", "Blue")[c % 3])


def _own_changed(a: int, b: int, c: int) -> None:
    if value := _row(GuestFieldValue, a):
        GuestFieldValue.objects.filter(pk=value.pk).update(text=("Gold", "Silver", "Blue")[c % 3])


def _consent(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        purpose, channel = CONSENTS[b % 5]
        at = dt.datetime.combine(_day(c), dt.time(8), dt.UTC)
        act = "granted" if c % 3 else "withdrawn"
        ConsentEventFactory(customer=guest, purpose=purpose, channel=channel, act=act, at=at, proof="p" * (b % 2))


def _detail(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        SensitiveDetailFactory(customer=guest, kind=SensitiveDetail.Kind.values[b % 3], ciphertext=bytes([b, c]))


def _invoice(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        stay = _row(Stay, c) if b % 2 else None
        Invoice.objects.create(customer=guest, stay=stay, number=f"F{b}", amount=Decimal(c), currency="NOK")


def _todo(a: int, b: int, c: int) -> None:
    guest = _row(Customer, a) if b % 3 else None
    Todo.objects.create(customer=guest, title=f"Task {c % 4}")


def _segment_member(a: int, b: int, c: int) -> None:
    if (guest := _row(Customer, a)) and (segment := _row(Segment, b)):
        left = timezone.now() if c % 2 else None
        SegmentMember.objects.create(
            segment=segment,
            customer=guest,
            entered_at=dt.datetime.combine(_day(c), dt.time(8), dt.UTC),
            entered_xid=1,
            left_at=left,
        )


def _opened(a: int, b: int, c: int) -> None:
    if (guest := _row(Customer, a)) and (member := _row(Member, b)):
        at = dt.datetime.combine(_day(c), dt.time(8), dt.UTC)
        RecentGuest.objects.create(customer=guest, member=member, opened_at=at)


def _many_tags(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        taken = set(CustomerTag.objects.filter(customer=guest).values_list("slot", flat=True))
        free = sorted(set(range(1, MAX_TAGS + 1)) - taken)
        for slot, tag in zip(free, list(Tag.objects.order_by("id"))[b % 6 :][: 1 + c % 4], strict=False):
            CustomerTag.objects.create(customer=guest, tag=tag, slot=slot)


def _all_on_one_stay(a: int, b: int, c: int) -> None:
    if stay := _row(Stay, a):
        for guest in list(Customer.objects.order_by("id"))[b % 4 :][:2]:
            StayParticipant.objects.create(stay=stay, customer=guest, is_guest=True, is_agent=c % 2 == 0)


def _row_removed(a: int, b: int, c: int) -> None:
    """Any row that nothing points to, but not a merge."""
    models = [model for model in tracked_models() if model is not MergedCard]
    model = models[b % len(models)]
    if row := _row(model, a):
        model._default_manager.filter(pk=row.pk).delete()


WRITERS = (
    *(writer for writer in acts.WRITERS if writer is not acts._row_removed),
    *(_row_removed, _row_removed),
    *(_relation_made, _relation_made, _own_value, _own_value, _own_changed, _consent, _consent, _detail),
    *(_invoice, _todo, _segment_member, _opened, _opened, _many_tags, _all_on_one_stay),
)

steps = st.lists(st.tuples(st.integers(0, len(WRITERS) - 1), *[st.integers(0, 59)] * 3), min_size=8, max_size=40)


def perform(act: Sequence[Step]) -> None:
    """Write, inside the change set that is open. What a constraint refuses is left out."""
    for writer, a, b, c in act:
        try:
            with transaction.atomic():
                WRITERS[writer](a, b, c)
        except IntegrityError:
            continue


def contents() -> dict[str, Counter[str]]:
    """Every row of the business in scope as JSON, by table; row versions left out."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if issubclass(model, TenantModel) and table not in NOT_COMPARED:
                cursor.execute(f"SELECT (to_jsonb(t) - 'version')::text FROM {table} t")
                found[table] = Counter(row[0] for row in cursor.fetchall())
    return found


def differences(before: dict[str, Counter[str]], after: dict[str, Counter[str]]) -> dict[str, Any]:
    """Rows that are in one only."""
    return {
        table: (list((before[table] - after[table]).elements()), list((after[table] - before[table]).elements()))
        for table in before
        if before[table] != after[table]
    }


def sums() -> dict[str, Any]:
    """What no merge may change: stays, nights, money, notes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT 'stays', count(DISTINCT stay_id)::numeric FROM customers_stayparticipant
            UNION ALL SELECT 'paid', sum(s.amount) FROM customers_stayparticipant p
                JOIN customers_stay s ON s.id = p.stay_id WHERE p.is_payer
            UNION ALL SELECT 'nights', sum(s.departure - s.arrival) FROM customers_stay s
            UNION ALL SELECT 'purchases', sum(amount) FROM customers_purchase
            UNION ALL SELECT 'bought', count(*) FROM customers_purchase
            UNION ALL SELECT 'invoices', sum(amount) FROM customers_invoice
            UNION ALL SELECT 'billed', count(*) FROM customers_invoice
            UNION ALL SELECT 'notes', count(*) FROM customers_activity
            UNION ALL SELECT 'tasks', count(*) FROM customers_todo
            UNION ALL SELECT 'outside', count(*) FROM customers_externalid
            UNION ALL SELECT 'details', count(*) FROM customers_sensitivedetail
            UNION ALL SELECT 'consents', count(*) FROM customers_consentevent
            """
        )
        return dict(cursor.fetchall())


NO_HISTORY = frozenset({_consent, _segment_member, _opened})
"""Writers of what no undo takes back."""


def edit(act: Sequence[Step]) -> None:
    """As :func:`perform`, of what can be undone."""
    perform([step for step in act if WRITERS[step[0]] not in NO_HISTORY])


def rows_of() -> dict[tuple[str, int], dict[str, Any]]:
    """Every row with history: (record, id) → its columns."""
    found = {}
    with connection.cursor() as cursor:
        for model in tracked_models():
            cursor.execute(f"SELECT to_jsonb(t) - 'version' FROM {model._meta.db_table} t")
            for (row,) in cursor.fetchall():
                values = json.loads(row) if isinstance(row, str) else row
                found[str(model._meta.model_name), values["id"]] = values
    return found


def columns_of(act: ChangeSet) -> dict[tuple[str, int], set[str]]:
    """Which columns of which rows an act changed."""
    changed: dict[tuple[str, int], set[str]] = {}
    for change in Change.objects.filter(change_set_id=act.pk, act="U"):
        changed.setdefault((change.record, change.row_id), set()).update(change.data)
    return changed
