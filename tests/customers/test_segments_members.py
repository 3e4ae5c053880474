"""Who is in a segment since when: counted in sets, entering and leaving."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.fields.models import CustomField
from customers.filters import Condition, Group, TreeError
from customers.history.models import Stay
from customers.segments.models import Segment, SegmentMember
from customers.segments.selectors import (
    members_of,
    segment_get,
    segment_history,
    segments_due_businesses,
    segments_waiting,
)
from customers.segments.services import (
    OLD_AFTER,
    Refreshed,
    segment_create,
    segment_refresh,
    segment_update,
    segments_refresh,
)
from customers.segments.starters import STARTERS
from customers.segments.tasks import segments_count, segments_nudge, segments_sweep
from tests.cast import Cast, House
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    CustomFieldFactory,
    EmailFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db

DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))
GERMAN = Group(rules=(Condition("language", "any_of", ("de",)),))


def speak(guest: Customer, language: str) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT, title="Spoken"):
        Customer.objects.filter(pk=guest.pk).update(language=language)


def inside(segment: Segment) -> set[int]:
    return set(members_of(segment.pk).values_list("customer_id", flat=True))


def at(segment: Segment, guest: Customer) -> list[tuple[bool, bool, bool]]:
    """A guest's rows, oldest first: entered by definition, still in, left by definition."""
    rows = SegmentMember.objects.filter(segment=segment, customer=guest).order_by("pk")
    return [(row.by_definition, row.left_at is None, row.left_by_definition) for row in rows]


def test_who_matches_when_it_is_made_comes_by_definition(fjordstuen: House) -> None:
    first, other = CustomerFactory(language="nl"), CustomerFactory(language="nb")
    segment = segment_create(name="Dutch", tree=DUTCH)
    assert segment_refresh(segment_id=segment.pk) == Refreshed(1, 0)
    assert inside(segment) == {first.pk}
    assert at(segment, first) == [(True, True, False)]
    counted = segment_get(segment.pk)
    assert (counted.members, counted.is_counted, counted.version) == (1, True, 1)
    assert counted.counted_at is not None

    speak(other, "nl")
    assert segment_refresh(segment_id=segment.pk) == Refreshed(1, 0)
    assert at(segment, other) == [(False, True, False)]
    assert segment_get(segment.pk).members == 2
    assert segment_refresh(segment_id=segment.pk) == Refreshed(0, 0)


def test_leaving_and_coming_again_are_two_rows(fjordstuen: House) -> None:
    guest = CustomerFactory(language="nl")
    segment = segment_create(name="Dutch", tree=DUTCH)
    segment_refresh(segment_id=segment.pk)
    speak(guest, "nb")
    assert segment_refresh(segment_id=segment.pk) == Refreshed(0, 1)
    assert (inside(segment), segment_get(segment.pk).members) == (set(), 0)
    speak(guest, "nl")
    assert segment_refresh(segment_id=segment.pk) == Refreshed(1, 0)
    assert at(segment, guest) == [(True, False, False), (False, True, False)]


def test_rows_name_the_transaction_that_wrote_them(fjordstuen: House) -> None:
    guest = CustomerFactory(language="nl")
    segment = segment_create(name="Dutch", tree=DUTCH)
    segment_refresh(segment_id=segment.pk)
    row = SegmentMember.objects.get(segment=segment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        assert (row.entered_xid, row.left_xid) == (cursor.fetchone()[0], None)
    speak(guest, "nb")
    segment_refresh(segment_id=segment.pk)
    row.refresh_from_db()
    assert row.left_xid == row.entered_xid


def test_other_conditions_move_guests_by_definition(fjordstuen: House) -> None:
    dutch, german = CustomerFactory(language="nl"), CustomerFactory(language="de")
    segment = segment_create(name="Speaks", tree=DUTCH)
    segment_refresh(segment_id=segment.pk)
    segment_update(segment_id=segment.pk, tree=GERMAN)
    assert segment_refresh(segment_id=segment.pk) == Refreshed(1, 1)
    assert at(segment, dutch) == [(True, False, True)]
    assert at(segment, german) == [(True, True, False)]
    speak(german, "nb")
    speak(dutch, "de")
    segment_refresh(segment_id=segment.pk)
    assert at(segment, german) == [(True, False, False)]
    assert at(segment, dutch)[1] == (False, True, False)


def test_those_of_a_segment_it_names_move_by_definition_too(fjordstuen: House) -> None:
    guest = CustomerFactory(language="de")
    first = segment_create(name="First", tree=DUTCH)
    second = segment_create(name="Second", tree=Group(rules=(Condition("segment", "any_of", (first.pk,)),)))
    segments_refresh(business=fjordstuen.business)
    segment_update(segment_id=first.pk, tree=GERMAN)
    assert segment_refresh(segment_id=second.pk) == Refreshed(1, 0)
    assert at(second, guest) == [(True, True, False)]


def test_undoing_a_stay_lets_its_guest_leave(fjordstuen: House) -> None:
    guest = CustomerFactory()
    segment = segment_create(name="Stayed", tree=Group(rules=(Condition("stays", "at_least", 1),)))
    segment_refresh(segment_id=segment.pk)
    with change_set(kind=ChangeSet.Kind.EDIT, title="Stayed") as act:
        stay = StayFactory(status=Stay.Status.CHECKED_OUT)
        StayParticipantFactory(stay=stay, customer=guest)
    assert segment_refresh(segment_id=segment.pk) == Refreshed(1, 0)
    change_set_undo(change_set_id=act.pk)
    assert segment_refresh(segment_id=segment.pk) == Refreshed(0, 1)
    assert at(segment, guest) == [(False, False, False)]


def test_a_card_that_goes_takes_its_rows_along(fjordstuen: House) -> None:
    segment = segment_create(name="Dutch", tree=DUTCH)
    with change_set(kind=ChangeSet.Kind.EDIT, title="Made") as act:
        guest = CustomerFactory(language="nl")
    segment_refresh(segment_id=segment.pk)
    assert inside(segment) == {guest.pk}
    change_set_undo(change_set_id=act.pk)
    assert not Customer.objects.filter(pk=guest.pk).exists()
    assert not SegmentMember.objects.filter(customer_id=guest.pk).exists()
    assert segment_refresh(segment_id=segment.pk) == Refreshed(0, 0)


def test_the_neighbours_guests_are_not_in_it(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        CustomerFactory(language="nl")
    with business_scope(cast.fjordstuen.pk):
        segment = segment_create(name="Dutch", tree=DUTCH)
        assert segment_refresh(segment_id=segment.pk) == Refreshed(0, 0)


def test_as_many_guests_cost_as_many_statements(fjordstuen: House, django_assert_num_queries: Any) -> None:
    segment = segment_create(name="Dutch", tree=DUTCH)
    with CountQueries() as few:
        segment_refresh(segment_id=segment.pk)
    for _each in range(7):
        CustomerFactory(language="nl")
    with django_assert_num_queries(few.number):
        assert segment_refresh(segment_id=segment.pk).entered == 7


class CountQueries:
    """How many statements a block sends."""

    number = 0

    def __enter__(self) -> "CountQueries":
        self._wrapped = connection.execute_wrapper(self._count)
        self._wrapped.__enter__()
        return self

    def _count(self, execute: Any, *args: Any) -> Any:
        self.number += 1
        return execute(*args)

    def __exit__(self, *error: Any) -> None:
        self._wrapped.__exit__(*error)


def test_a_segment_that_cannot_be_read_any_more_keeps_its_members(fjordstuen: House) -> None:
    field = CustomFieldFactory(key="club", kind=CustomField.Kind.YES_NO)
    guest = CustomerFactory(language="nl")
    broken = segment_create(name="Club", tree=Group("any", (Condition("own.club", "yes"), *DUTCH.rules)))
    sound = segment_create(name="Dutch", tree=DUTCH)
    segments_refresh(business=fjordstuen.business)
    CustomField.objects.filter(pk=field.pk).update(is_archived=True)
    speak(guest, "nb")
    with pytest.raises(TreeError):
        segment_refresh(segment_id=broken.pk)
    Segment.objects.update(counted_at=timezone.now() - dt.timedelta(hours=1))
    counted = segments_refresh(business=fjordstuen.business, older=OLD_AFTER)
    assert broken.pk not in counted
    assert counted[sound.pk] == Refreshed(0, 1)
    assert inside(broken) == {guest.pk}
    assert broken.pk in segments_waiting(older=OLD_AFTER)


def test_only_what_waits_is_counted(fjordstuen: House) -> None:
    segment = segment_create(name="Dutch", tree=DUTCH)
    assert segment.pk in segments_refresh(business=fjordstuen.business, older=OLD_AFTER)
    assert segments_refresh(business=fjordstuen.business, older=OLD_AFTER) == {}
    segment_update(segment_id=segment.pk, name="Nederlands")
    assert segments_waiting(older=OLD_AFTER) == []
    segment_update(segment_id=segment.pk, tree=GERMAN)
    assert segments_waiting(older=OLD_AFTER) == [segment.pk]
    segments_count(fjordstuen.pk)
    assert segment_get(segment.pk).is_counted
    Segment.objects.filter(pk=segment.pk).update(counted_at=timezone.now() - dt.timedelta(minutes=15))
    assert segments_waiting(older=OLD_AFTER) == [segment.pk]


def test_the_sweep_goes_to_those_who_wait(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    segments_refresh(business=cast.fjordstuen.business)
    assert segments_due_businesses(older=OLD_AFTER) == [cast.duinzicht.pk]
    assert segments_due_businesses(older=OLD_AFTER, most=0) == []
    sent: list[int] = []
    monkeypatch.setattr(segments_count, "delay", sent.append)
    segments_sweep()
    assert sent == [cast.duinzicht.pk]


def test_a_nudge_waits_for_the_commit(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(segments_count, "delay", sent.append)
    with django_capture_on_commit_callbacks(execute=True), business_scope(cast.fjordstuen.pk):
        segments_nudge(cast.fjordstuen.pk)
        assert sent == []
    assert sent == [cast.fjordstuen.pk]


def test_the_six_hold_whom_they_say(fjordstuen: House) -> None:
    today = timezone.localdate(timezone=fjordstuen.business.zone)

    def stayed(guest: Customer, *arrivals: dt.date, status: str = Stay.Status.CHECKED_OUT) -> Customer:
        for arrival in arrivals:
            stay = StayFactory(arrival=arrival, status=status, amount=1000, currency="NOK")
            StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
        return guest

    def ago(days: int) -> dt.date:
        return today - dt.timedelta(days=days)

    reachable = EmailFactory(is_primary=True).customer
    ConsentEventFactory(customer=reachable)
    regular = stayed(CustomerFactory(), ago(30), ago(200), ago(500))
    lapsed = stayed(CustomerFactory(), ago(900))
    expected = stayed(stayed(CustomerFactory(), ago(900)), today + dt.timedelta(days=9), status=Stay.Status.BOOKED)
    new = stayed(CustomerFactory(), ago(20))
    birthday = CustomerFactory(birth_date=(today + dt.timedelta(days=3)).replace(year=2000))
    segments_refresh(business=fjordstuen.business)

    def held(code: Segment.Code) -> set[int]:
        return inside(Segment.objects.get(code=code))

    assert held(Segment.Code.NEWSLETTER_EMAIL) == {reachable.pk}
    assert held(Segment.Code.REGULARS) == {regular.pk}
    assert held(Segment.Code.LAPSED) == {lapsed.pk}
    assert expected.pk not in held(Segment.Code.LAPSED)
    assert held(Segment.Code.FIRST_TIME) == {new.pk}
    assert held(Segment.Code.BIRTHDAY) == {birthday.pk}
    assert set(STARTERS) == set(Segment.Code)


def test_history_by_the_day(fjordstuen: House) -> None:
    zone = fjordstuen.business.zone
    today = timezone.localdate(timezone=zone)

    def moment(days: int, hour: int = 12) -> dt.datetime:
        return dt.datetime.combine(today - dt.timedelta(days=days), dt.time(hour), zone)

    segment = segment_create(name="Dutch", tree=DUTCH)
    Segment.objects.filter(pk=segment.pk).update(created_at=moment(5))
    for entered, by_definition, left, left_by_definition in (
        (5, True, None, False),
        (5, True, 3, False),
        (3, False, 1, True),
        (2, False, None, False),
        (2, False, 2, False),
    ):
        SegmentMember.objects.create(
            segment=segment,
            customer=CustomerFactory(),
            entered_at=moment(entered),
            entered_xid=1,
            by_definition=by_definition,
            left_at=None if left is None else moment(left, 13),
            left_by_definition=left_by_definition,
        )
    whole = segment_history(segment_id=segment.pk, days=30)
    assert [day.day for day in whole] == [today - dt.timedelta(days=days) for days in range(5, -1, -1)]
    assert [day[1:] for day in whole] == [(2, 0, 0), (2, 0, 0), (2, 1, 1), (3, 2, 1), (2, 0, 0), (2, 0, 0)]
    assert segment_history(segment_id=segment.pk, days=3) == whole[-3:]
    with pytest.raises(Segment.DoesNotExist):
        segment_history(segment_id=999_999, days=3)


def test_a_day_ends_at_midnight_of_the_business(cast: Cast) -> None:
    business: Business = cast.fjordstuen.business
    Business.objects.filter(pk=business.pk).update(time_zone="Pacific/Auckland")
    business.refresh_from_db()
    today = timezone.localdate(timezone=business.zone)
    with business_scope(business.pk):
        segment = segment_create(name="Dutch", tree=DUTCH)
        midnight = dt.datetime.combine(today, dt.time.min, business.zone)
        Segment.objects.filter(pk=segment.pk).update(created_at=midnight - dt.timedelta(days=2))
        for entered in (midnight - dt.timedelta(seconds=1), midnight):
            SegmentMember.objects.create(segment=segment, customer=CustomerFactory(), entered_at=entered, entered_xid=1)
        assert [day[1:] for day in segment_history(segment_id=segment.pk, days=2)] == [(1, 1, 0), (2, 1, 0)]
