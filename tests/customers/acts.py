"""Random acts on guests for property tests: any sequence of writes that the constraints allow."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from accounts.models import Property
from customers.card.models import MAX_TAGS, ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.changes.undo import tracked_models
from customers.facts.models import CustomerFacts
from customers.history.models import Activity, Purchase, Stay, StayParticipant
from customers.search.models import Posting, Presence
from tests.factories import CustomerFactory

Step = tuple[int, int, int, int]
"""Which writer, and three numbers it picks rows and values by."""

RANDOM_ACTS = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Every example works in a savepoint of one test's transaction; :func:`example` takes it back."""


@contextmanager
def example() -> Iterator[None]:
    """One example's writes, taken back at its end."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _row(model: type[Model], number: int) -> Any:
    """Some row of a table, or ``None`` from an empty one."""
    ids = list(model._default_manager.order_by("id").values_list("id", flat=True))
    return model._default_manager.get(pk=ids[number % len(ids)]) if ids else None


def _day(number: int) -> dt.date:
    return dt.date(2026, 1, 1) + dt.timedelta(days=number % 20)


def _guest_made(a: int, b: int, c: int) -> None:
    CustomerFactory(given_name=f"Guest {a % 5}", family_name=("Berg", "Dahl", "")[b % 3])


def _guest_changed(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        field = [
            "given_name",
            "city",
            "note",
            "birth_date",
            "search_tokens",
            "language",
            "nationality",
            "country",
            "postal_code",
            "source",
            "sort_key",
            "first_contact",
            "kind",
            "is_deceased",
            "do_not_contact",
        ][b % 15]
        values = {
            "birth_date": _day(c),
            "first_contact": _day(c),
            "kind": ("person", "company")[c % 2],
            "is_deceased": c % 2 == 0,
            "do_not_contact": c % 2 == 0,
        }
        setattr(guest, field, values.get(field, ("", "x", "y", "Æø")[c % 4]))
        guest.save()


def _guest_saved_as_it_is(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        guest.save()


def _contact_made(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        value = f"mail{b % 3}@example.com"
        primary = c % 2 == 0
        if primary:
            ContactPoint.objects.filter(customer=guest, kind="email").update(is_primary=False)
        ContactPoint.objects.create(customer=guest, kind="email", value=value, normalised=value, is_primary=primary)


def _phone_made(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        value, state = f"+479000000{b % 3}", ContactPoint.State.values[c % 6]
        ContactPoint.objects.create(customer=guest, kind="phone", value=value, normalised=value, state=state)


def _contact_judged(a: int, b: int, c: int) -> None:
    if point := _row(ContactPoint, a):
        ContactPoint.objects.filter(pk=point.pk).update(state=ContactPoint.State.values[b % 6])


def _primary_moved(a: int, b: int, c: int) -> None:
    if point := _row(ContactPoint, a):
        ContactPoint.objects.filter(customer=point.customer_id, kind=point.kind).update(is_primary=False)
        ContactPoint.objects.filter(pk=point.pk).update(is_primary=True)


def _contact_moved(a: int, b: int, c: int) -> None:
    """To another card, as a merge does."""
    if (point := _row(ContactPoint, a)) and (guest := _row(Customer, b)):
        ContactPoint.objects.filter(pk=point.pk).update(customer=guest)


def _tag_added(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        taken = set(CustomerTag.objects.filter(customer=guest).values_list("slot", flat=True))
        free = min(set(range(1, MAX_TAGS + 1)) - taken)
        CustomerTag.objects.create(customer=guest, tag=_row(Tag, b), slot=free)


def _stay_made(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        stay = Stay.objects.create(
            property=Property.objects.all()[:1][0],
            status=Stay.Status.values[c % 5],
            arrival=_day(b),
            departure=_day(b) + dt.timedelta(days=c % 3),
            amount=(None, 100, "12.50")[c % 3],
            currency=("NOK", "EUR")[b % 2],
            external_id=f"{b % 4}",
        )
        StayParticipant.objects.create(stay=stay, customer=guest, is_payer=c % 2 == 0)


def _stay_changed(a: int, b: int, c: int) -> None:
    if stay := _row(Stay, a):
        values = (
            {"status": Stay.Status.values[c % 5]},
            {"arrival": _day(c) - dt.timedelta(days=c % 3 * 300)},
            {"departure": _day(c)},
            {"amount": ("0.10", 7, None)[c % 3]},
            {"currency": ("NOK", "EUR", "DKK")[c % 3]},
        )[b % 5]
        Stay.objects.filter(pk=stay.pk).update(**values)


def _part_made(a: int, b: int, c: int) -> None:
    if (stay := _row(Stay, a)) and (guest := _row(Customer, b)):
        StayParticipant.objects.create(stay=stay, customer=guest, is_guest=c % 2 == 0, is_booker=c % 2 == 1)


def _part_changed(a: int, b: int, c: int) -> None:
    if part := _row(StayParticipant, a):
        flag = ("is_guest", "is_booker", "is_payer", "is_agent")[b % 4]
        StayParticipant.objects.filter(pk=part.pk).update(**{flag: not getattr(part, flag)})


def _part_moved(a: int, b: int, c: int) -> None:
    if (part := _row(StayParticipant, a)) and (guest := _row(Customer, b)):
        StayParticipant.objects.filter(pk=part.pk).update(customer=guest)


def _note_made(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        at = dt.datetime.combine(_day(c), dt.time(b % 24), dt.UTC)
        Activity.objects.create(customer=guest, text=f"Note {b % 3}", at=at)


def _note_changed(a: int, b: int, c: int) -> None:
    if note := _row(Activity, a):
        values = (
            {"text": f"Changed {b % 3}"},
            {"at": note.at - dt.timedelta(hours=c)},
            {"customer": _row(Customer, c)},
        )
        Activity.objects.filter(pk=note.pk).update(**values[b % 3])


def _purchase_made(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        amount, currency = (None, 100, "12.50")[c % 3], ("NOK", "EUR")[b % 2]
        stay = _row(Stay, c) if b % 2 else None
        Purchase.objects.create(customer=guest, stay=stay, description="Wine", amount=amount, currency=currency)


def _purchase_changed(a: int, b: int, c: int) -> None:
    if (bought := _row(Purchase, a)) and (guest := _row(Customer, c)):
        values = (
            {"amount": ("0.10", 7, None)[c % 3]},
            {"currency": ("NOK", "EUR")[c % 2]},
            {"customer": guest},
            {"bought_on": _day(c) - dt.timedelta(days=c % 3 * 300)},
        )
        Purchase.objects.filter(pk=bought.pk).update(**values[b % 4])


def _external_made(a: int, b: int, c: int) -> None:
    if guest := _row(Customer, a):
        ExternalId.objects.create(customer=guest, system="file", value=f"{b % 3}")


def _row_removed(a: int, b: int, c: int) -> None:
    """Any row that nothing points to."""
    model = tracked_models()[b % len(tracked_models())]
    if row := _row(model, a):
        model._default_manager.filter(pk=row.pk).delete()


WRITERS: tuple[Callable[[int, int, int], None], ...] = (
    _guest_made,
    _guest_changed,
    _guest_saved_as_it_is,
    _contact_made,
    _phone_made,
    _contact_judged,
    _primary_moved,
    _contact_moved,
    _tag_added,
    _stay_made,
    _stay_changed,
    _part_made,
    _part_changed,
    _part_moved,
    _note_made,
    _note_changed,
    _purchase_made,
    _purchase_changed,
    _external_made,
    _row_removed,
    _row_removed,
)

steps = st.lists(st.tuples(st.integers(0, len(WRITERS) - 1), *[st.integers(0, 59)] * 3), min_size=4, max_size=14)
"""What an act does, as numbers."""


def perform(act: Sequence[Step]) -> None:
    """Write, inside the change set that is open. What a constraint refuses is left out."""
    for writer, a, b, c in act:
        try:
            with transaction.atomic():
                WRITERS[writer](a, b, c)
        except IntegrityError:
            continue


def register() -> dict[str, dict[int, Any]]:
    """Every guest row of the business in scope and what the database derives, as JSON; versions left out."""
    contents: dict[str, dict[int, Any]] = {}
    with connection.cursor() as cursor:
        for model in (*tracked_models(), CustomerFacts, Posting, Presence):
            key = "md5(to_jsonb(t)::text)" if model in (CustomerFacts, Posting, Presence) else "t.id"
            cursor.execute(f"SELECT {key}, (to_jsonb(t) - 'version')::text FROM {model._meta.db_table} t")
            contents[str(model._meta.model_name)] = dict(cursor.fetchall())
    assert set(contents) <= {model._meta.model_name for model in apps.get_models()}
    return contents
