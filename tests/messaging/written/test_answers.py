"""Messages on the timeline, and the facts of what guests opened and followed, kept by the database."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from customers.changes.services import change_set_undo
from customers.conditions.selectors import filter_catalogue
from customers.facts.check import facts_check
from customers.facts.models import CustomerFacts
from customers.facts.services import facts_refresh
from customers.filters import tree_read
from customers.history.timeline import timeline_page
from customers.listing.selectors import matching_sql
from customers.search.fetch_sql import ids
from dedup.merging.services import merge
from messaging.outbox.models import Message
from messaging.outbox.services import Event, outcome_record
from tests.cast import House
from tests.messaging.outbox.letters import draft, guest, planned

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 6, 20)


def facts(customer_id: int) -> tuple[dt.date | None, dt.date | None]:
    """When the guest last opened and last followed, as the register has it."""
    return CustomerFacts.objects.values_list("last_opened", "last_clicked").get(customer_id=customer_id)


def sent(customer: object, key: str, **values: object) -> Message:
    """A message that went out."""
    (message,) = planned(draft(customer, key))  # type: ignore[arg-type]
    Message.objects.filter(pk=message.pk).update(
        **{"state": "sent", "sent_at": timezone.now(), "attempted_at": timezone.now(), **values}
    )
    message.refresh_from_db()
    return message


def test_the_timeline_says_what_the_guest_read(fjordstuen: House) -> None:
    kari = guest(given_name="Kari", phone=True)
    message = sent(kari, "one", channel="sms", body="Hello {guest.given_name}, your room is ready.", values={})
    (entry,) = [each.item for each in timeline_page(customer_id=kari.pk, today=TODAY, kinds=["message"]).entries]
    assert entry.words == "Hello {guest.given_name}, your room is ready.", "nothing was kept of it yet"
    Message.objects.filter(pk=message.pk).update(values={"guest.given_name": "Kari"})
    (entry,) = [each.item for each in timeline_page(customer_id=kari.pk, today=TODAY, kinds=["message"]).entries]
    assert entry.words == "Hello Kari, your room is ready."


def test_an_open_is_a_fact_of_the_guests_day(fjordstuen: House) -> None:
    kari, ola = guest(), guest()
    message = sent(kari, "one")
    assert facts(kari.pk) == (None, None)
    # Half past eleven at night in UTC is the next day in Oslo.
    late = dt.datetime(2026, 6, 19, 23, 30, tzinfo=dt.UTC)
    outcome_record(events=[Event(kind="opened", at=late, ref=message.ref)])
    assert facts(kari.pk) == (dt.date(2026, 6, 20), None)
    outcome_record(events=[Event(kind="clicked", at=late, ref=message.ref)])
    assert facts(kari.pk) == (dt.date(2026, 6, 20), dt.date(2026, 6, 20))
    assert facts(ola.pk) == (None, None)


def test_the_latest_of_several_counts_and_tests_do_not(fjordstuen: House) -> None:
    kari = guest()
    for day, key in ((4, "a"), (9, "b"), (6, "c")):
        message = sent(kari, key)
        Message.objects.filter(pk=message.pk).update(opened_at=dt.datetime(2026, 6, day, 12, tzinfo=dt.UTC))
    assert facts(kari.pk)[0] == dt.date(2026, 6, 9)
    Message.objects.filter(key="b").update(origin="test")
    facts_refresh(ids=[kari.pk])
    assert facts(kari.pk)[0] == dt.date(2026, 6, 6)


def test_facts_follow_messages_into_a_merge_and_out_of_it(fjordstuen: House) -> None:
    kari, twin = guest(), guest()
    opened = dt.datetime(2026, 6, 9, 12, tzinfo=dt.UTC)
    Message.objects.filter(pk=sent(twin, "a").pk).update(opened_at=opened)
    act = merge(customer_ids=[kari.pk, twin.pk], survivor_id=kari.pk)
    assert facts(kari.pk)[0] == opened.date()
    change_set_undo(change_set_id=act.pk)
    assert facts(kari.pk)[0] is None
    assert facts(twin.pk)[0] == opened.date()


def test_what_was_lost_is_found_and_mended(fjordstuen: House) -> None:
    kari = guest()
    Message.objects.filter(pk=sent(kari, "a").pk).update(opened_at=dt.datetime(2026, 6, 9, 12, tzinfo=dt.UTC))
    CustomerFacts.objects.filter(customer=kari).update(last_opened=None)
    assert facts_check().differing == [kari.pk]
    assert facts_check(repair=True).differing == [kari.pk]
    assert facts_check().differing == []
    assert facts(kari.pk)[0] == dt.date(2026, 6, 9)


def test_one_filters_by_when_they_opened_and_followed(fjordstuen: House) -> None:
    lately, long_ago, never = guest(), guest(), guest()
    now = timezone.now()
    for each, days in ((lately, 5), (long_ago, 400)):
        at = now - dt.timedelta(days=days)
        Message.objects.filter(pk=sent(each, f"m{each.pk}").pk).update(opened_at=at, clicked_at=at)

    def found(rule: dict[str, object]) -> set[int]:
        tree = tree_read({"version": 1, "match": "all", "rules": [rule]}, filter_catalogue())
        sql = matching_sql(tree=tree)
        return set(ids(sql.text, sql.values))

    within = {"last": 6, "unit": "month"}
    for field in ("opened", "clicked"):
        assert found({"field": field, "operator": "empty"}) == {never.pk}
        assert found({"field": field, "operator": "empty", "not": True}) == {lately.pk, long_ago.pk}
        assert found({"field": field, "operator": "in", "value": within}) == {lately.pk}


def test_the_timeline_tells_of_the_message_its_fate_and_the_answer(fjordstuen: House) -> None:
    kari = guest()
    noon = dt.datetime(2026, 6, 16, 12, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    sent(kari, "a", sent_at=noon, state="delivered", opened_at=noon + hour, clicked_at=noon + 2 * hour)
    sent(kari, "b", sent_at=None, due_at=noon - hour, state="skipped", reason="withdrawn")
    sent(kari, "c", origin="test")
    page = timeline_page(customer_id=kari.pk, today=TODAY, kinds=["message"])
    told = [(entry.item.event, entry.item.message.key, entry.item.reason) for entry in page.entries]
    assert told == [(2, "a", ""), (1, "a", ""), (0, "a", ""), (0, "b", "Consent withdrawn")]
    assert [entry.at for entry in page.entries] == [noon + 2 * hour, noon + hour, noon, noon - hour]
    assert (page.entries[0].item.title, page.entries[2].item.tone) == ("Your room", "ok")
    first = timeline_page(customer_id=kari.pk, today=TODAY, kinds=["message"], limit=2)
    rest = timeline_page(customer_id=kari.pk, today=TODAY, kinds=["message"], limit=2, after=first.after or "")
    assert [each.item.event for each in (*first.entries, *rest.entries)] == [2, 1, 0, 0]
    assert rest.after is None


def test_a_message_that_is_claimed_and_sent_costs_the_facts_nothing(fjordstuen: House) -> None:
    """The triggers are asked for rows that were opened or moved alone."""
    kari = guest()
    message = sent(kari, "a")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customerfacts SET last_opened = '2020-01-01' WHERE customer_id = %s", [kari.pk]
        )
        cursor.execute("UPDATE messaging_message SET state = 'delivered' WHERE id = %s", [message.pk])
    assert facts(kari.pk)[0] == dt.date(2020, 1, 1), "nothing was counted anew"
