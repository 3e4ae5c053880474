"""The timeline: every kind joined newest first, filtered by kind, paged without loss, and answered by indexes."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.tenancy import business_scope
from automations.models import Automation
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.history.models import Activity, Invoice, Purchase, Stay, StayParticipant
from customers.history.timeline import kinds_read, timeline_page, timeline_sql
from customers.history.timeline_kinds import KINDS, LABELS
from messaging.outbox.models import Message
from tests import databases
from tests.automations.houses import automation_on, journey
from tests.cast import Cast, House
from tests.customers.acts import RANDOM_ACTS, example
from tests.factories import (
    ActivityFactory,
    ConsentEventFactory,
    CustomerFactory,
    EmailFactory,
    InvoiceFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
MIDNIGHT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def everything(guest: Customer, day: dt.date = dt.date(2026, 3, 1)) -> None:
    """One entry of each kind, all on one day."""
    moment = dt.datetime.combine(day, dt.time(9), tzinfo=dt.UTC)
    StayParticipantFactory(stay=StayFactory(arrival=day, departure=day), customer=guest)
    for number, kind in enumerate(Activity.Kind.values):
        ActivityFactory(customer=guest, kind=kind, at=moment + dt.timedelta(minutes=number), text=f"A {kind}")
    PurchaseFactory(customer=guest, bought_on=day)
    InvoiceFactory(customer=guest, issued_on=day, due_on=day)
    ConsentEventFactory(customer=guest, at=moment)
    Message.objects.create(
        customer=guest,
        key=f"card:{guest.pk}:{day}",
        channel="email",
        purpose="stay",
        origin="card",
        subject="Your room",
        state="sent",
        due_at=moment,
        sent_at=moment,
        zone="Europe/Oslo",
    )
    way = Automation.objects.first() or automation_on({"do": "stop"})
    journey(way, guest, began_at=moment)


def imported(guest: Customer) -> ChangeSet:
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Imported %(file)s", params={"file": "old.csv"}) as act:
        EmailFactory(customer=guest)
    return act


def walk(guest: Customer, *, limit: int, kinds: tuple[str, ...] = ()) -> list[tuple[Any, str, int]]:
    """Everything, page by page."""
    seen: list[tuple[Any, str, int]] = []
    after: str | None = ""
    while after is not None:
        page = timeline_page(customer_id=guest.pk, today=TODAY, after=after, limit=limit, kinds=kinds)
        seen += [(one.at, one.kind, getattr(one.item, "pk", None) or one.item.act.pk) for one in page.entries]
        after = page.after
    return seen


def test_every_kind_stands_in_the_timeline(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        everything(guest)
        imported(guest)
    client.force_login(cast.fjordstuen.reception.user)
    page = client.get(f"/b/fjordstuen/guests/{guest.pk}/").text
    for words in (
        "Spa hour",
        "Invoice F-",
        "Newsletter · E-mail",
        "Imported old.csv",
        "A note",
        "A form",
        "Your room",
        "1 Mar 2026",
    ):
        assert words in page, words
    with business_scope(cast.fjordstuen.pk):
        kinds = {one.kind for one in timeline_page(customer_id=guest.pk, today=TODAY).entries}
    assert kinds == {kind.name for kind in KINDS}


@pytest.mark.parametrize("name", LABELS)
def test_a_filter_shows_its_kind_alone(fjordstuen: House, name: str) -> None:
    guest = CustomerFactory()
    everything(guest)
    imported(guest)
    page = timeline_page(customer_id=guest.pk, today=TODAY, kinds=(name,))
    assert len(page.entries) == 1
    shown = page.entries[0]
    assert name == (shown.item.kind if shown.kind == "activity" else shown.kind)
    (filtered,) = (one for one in page.filters if one.is_on)
    assert (filtered.name, filtered.query) == (name, "")


def test_filters_join_and_the_next_page_keeps_them(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        for day in range(1, 28):
            everything(guest, dt.date(2026, 2, day))
    client.force_login(cast.fjordstuen.reception.user)
    card = f"/b/fjordstuen/guests/{guest.pk}/"
    for path in (card, f"{card}timeline/"):
        page = client.get(f"{path}?kind=note&kind=stay")
        assert page.text.count('<li class="event">') == 30
        assert "A note" in page.text and "A call" not in page.text and "Spa hour" not in page.text
        following = page.context["timeline"].next_query
        assert following.startswith("kind=stay&kind=note&after=")
        rest = client.get(f"{card}timeline/?{following}")
        assert rest.text.count('<li class="event">') == 24 and "A call" not in rest.text
    fragment = client.get(f"{card}timeline/?kind=call", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div class="stack" id="timeline-list">') and "<html" not in fragment
    more = client.get(f"{card}timeline/?{following}", headers={"HX-Request": "true"}).text
    assert more.lstrip().startswith("<li") and "timeline-list" not in more


def test_unknown_kinds_are_all_kinds() -> None:
    assert kinds_read(["x", "'; DROP", ""]) == ()
    assert kinds_read(["stay", "note", "stay", "x"]) == ("stay", "note")


def test_what_is_ahead_stands_elsewhere(fjordstuen: House) -> None:
    guest = CustomerFactory()
    stay = StayFactory(status=Stay.Status.BOOKED, arrival=TODAY, departure=TODAY + dt.timedelta(days=1))
    StayParticipantFactory(stay=stay, customer=guest)
    assert timeline_page(customer_id=guest.pk, today=TODAY).entries == []
    assert len(timeline_page(customer_id=guest.pk, today=TODAY + dt.timedelta(days=2)).entries) == 1


def test_an_undone_import_says_so_and_edits_are_no_entries(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest, other = CustomerFactory(), CustomerFactory()
        act = imported(guest)
        change_set_undo(change_set_id=act.pk)
        (entry,) = timeline_page(customer_id=guest.pk, today=TODAY).entries
        assert entry.item.act.state == ChangeSet.State.UNDONE
        assert timeline_page(customer_id=other.pk, today=TODAY).entries == []
    client.force_login(cast.fjordstuen.reception.user)
    assert "Undone" in client.get(f"/b/fjordstuen/guests/{guest.pk}/").text


moments = st.lists(
    st.tuples(
        st.sampled_from(["stay", "activity", "purchase", "invoice", "consent"]),
        st.sampled_from([-86400, -1, 0, 0, 1, 3600, 86399, 86400]),
    ),
    min_size=1,
    max_size=12,
)


@RANDOM_ACTS
@given(entries=moments, limit=st.integers(1, 5))
def test_pages_lose_nothing_and_repeat_nothing(fjordstuen: House, entries: list[tuple[str, int]], limit: int) -> None:
    """Around midnight, where days and moments meet, in any mixture and any size of page."""
    with example():
        guest = CustomerFactory()
        for kind, seconds in entries:
            moment = MIDNIGHT + dt.timedelta(seconds=seconds)
            day = moment.date()
            if kind == "stay":
                StayParticipantFactory(stay=StayFactory(arrival=day, departure=day), customer=guest)
            elif kind == "activity":
                ActivityFactory(customer=guest, at=moment)
            elif kind == "purchase":
                PurchaseFactory(customer=guest, bought_on=day)
            elif kind == "invoice":
                InvoiceFactory(customer=guest, issued_on=day, due_on=day)
            else:
                ConsentEventFactory(customer=guest, at=moment)
        seen = walk(guest, limit=limit)
        assert len(seen) == len(set(seen)) == len(entries)
        assert seen == walk(guest, limit=100)
        assert all(one > other for one, other in pairwise(seen))


def fill(guest: Customer, count: int) -> None:
    """So many entries, in equal parts of each kind."""
    each = count // 5
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=number) for number in range(each)]
    moments = [dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC) for day in days]
    place = StayFactory().property
    with change_set(kind=ChangeSet.Kind.EDIT):
        stays = Stay.objects.bulk_create(
            Stay(property=place, arrival=day, departure=day, status=Stay.Status.CHECKED_OUT) for day in days
        )
        StayParticipant.objects.bulk_create(StayParticipant(stay=stay, customer=guest) for stay in stays)
        Activity.objects.bulk_create(Activity(customer=guest, at=at, text="x") for at in moments)
        Activity.objects.bulk_create(Activity(customer=guest, at=at, kind="call", text="x") for at in moments)
        Purchase.objects.bulk_create(Purchase(customer=guest, description="x", bought_on=day) for day in days)
        Invoice.objects.bulk_create(
            Invoice(customer=guest, number="F", amount=1, issued_on=day, paid_on=day) for day in days
        )


def queries(client: Client, guest: Customer, path: str = "") -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(f"/b/fjordstuen/guests/{guest.pk}/{path}").status_code == 200
    return len(captured)


def test_a_long_history_costs_as_many_queries_as_a_short_one(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        short, long = CustomerFactory(), CustomerFactory()
        fill(short, 50)
        fill(long, 5_000)
        imported(short)
        imported(long)
    client.force_login(cast.fjordstuen.reception.user)
    queries(client, short)
    for path in ("", "timeline/", "timeline/?kind=stay&kind=purchase"):
        assert queries(client, short, path) == queries(client, long, path), path


@pytest.fixture
def known_guest(transactional_cast: Cast) -> Iterator[Customer]:
    """A guest with a history among others with longer ones, committed and known to the planner; the scope is open."""
    with business_scope(transactional_cast.fjordstuen.pk):
        with change_set(kind=ChangeSet.Kind.EDIT):
            guests = Customer.objects.bulk_create(Customer(sort_key=f"{n}") for n in range(300))
        for guest, entries in ((guests[0], 2_000), (guests[150], 250), (guests[299], 2_000)):
            fill(guest, entries)
            ConsentEventFactory.create_batch(20, customer=guest)
    databases.analyse()
    with business_scope(transactional_cast.fjordstuen.pk):
        yield guests[150]


@pytest.mark.parametrize("after", ["", "2021-01-01T00:00:00+00:00~purchase~7"], ids=["first page", "a later page"])
def test_indexes_answer_every_kind(after: str, known_guest: Customer) -> None:
    """One plan for the whole page; no table is read through, and keyset kinds start at their place."""
    sql, parameters = timeline_sql(KINDS, after=after, limit=30)
    parameters |= {"guest": known_guest.pk, "today": TODAY, "activities": list(Activity.Kind.values)}
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", parameters)
        gathered = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", parameters)
        plan = [row[0] for row in cursor.fetchall()]
    said = "\n".join(plan)
    assert "Seq Scan" not in said, said
    conditions = [line for line in plan if "Index Cond" in line]
    for column in ("at", "bought_on", "issued_on"):
        assert any(f"ROW({column}, id)" in line and "customer_id" in line for line in conditions), (column, said)
    for index in ("activity_timeline", "purchase_timeline", "invoice_timeline", "consent_event_guest"):
        assert index in said, said
    # What is gathered and sorted is found by the guest's own ids.
    plan, said = gathered, "\n".join(gathered)
    for index in ("stay_participant_customer", "change_of_guest"):
        assert index in said, said
    for table in ("stay s", "changeset c"):
        at = next(place for place, line in enumerate(plan) if f"customers_{table}" in line)
        assert f"{table[-1]}.id = ANY" in plan[at + 1].replace("(id =", f"({table[-1]}.id ="), said
