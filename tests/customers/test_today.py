"""Today: who comes, is here, leaves and should have come, per property and in its own time; moved from there."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, Property
from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay, StayParticipant
from customers.sensitive.services import sensitive_set
from customers.today.days import birthday_keys, days_at
from customers.today.flags import flags_of
from customers.today.selectors import COUNTED, SHOWN, birthdays_on, today_days, today_view
from tests.cast import Cast, House
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    PhoneFactory,
    PropertyFactory,
    StayFactory,
    StayParticipantFactory,
    TodoFactory,
)

pytestmark = pytest.mark.django_db
HOME = "/b/fjordstuen/"
DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


@pytest.fixture
def today(cast: Cast) -> dt.date:
    return timezone.localdate(timezone=cast.fjordstuen.business.zone)


def stay_of(guest: Customer, status: str, arrival: dt.date, departure: dt.date, **more: Any) -> Stay:
    stay = StayFactory(status=status, arrival=arrival, departure=departure, **more)
    StayParticipantFactory(stay=stay, customer=guest)
    return stay


def named(name: str, **more: Any) -> Customer:
    return CustomerFactory(given_name=name, family_name="", sort_key=name.lower(), **more)


def shown(page: Any, name: str) -> list[str]:
    """The first guest of each row of a list."""
    return [row.guests[0].given_name for row in page.context["view"].lists[name].rows]


# -- the lists ----------------------------------------------------------------------------------------------------


def test_everybody_stands_in_the_right_list(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        stay_of(named("Comes"), "booked", today, today + DAY)
        stay_of(named("Also comes"), "booked", today, today + DAY)
        stay_of(named("Missing"), "booked", today - DAY, today + DAY)
        stay_of(named("Missing and over"), "booked", today - 9 * DAY, today - 7 * DAY)
        stay_of(named("Here"), "checked_in", today - DAY, today + DAY, unit="12")
        stay_of(named("Leaves"), "checked_in", today - DAY, today)
        stay_of(named("Overdue"), "checked_in", today - 3 * DAY, today - DAY)
        for status in ("cancelled", "no_show", "checked_out"):
            stay_of(named("Nowhere"), status, today, today + DAY)
        stay_of(named("Nowhere"), "booked", today + DAY, today + 2 * DAY)
    page = desk.get(HOME)
    assert shown(page, "arrivals") == ["Also comes", "Comes"], "by name"
    assert shown(page, "missing") == ["Missing and over", "Missing"]
    assert shown(page, "in_house") == ["Here"]
    assert sorted(shown(page, "departures")) == ["Leaves", "Overdue"]
    assert "Nowhere" not in page.text and "Should have left" in page.text


def test_a_stay_names_its_guests_and_nobody_who_only_pays(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        stay = StayFactory(status="booked", arrival=today, departure=today + DAY)
        for name in ("One", "Two", "Three", "Four", "Five"):
            StayParticipantFactory(stay=stay, customer=named(name), is_booker=name == "Two")
        StayParticipantFactory(stay=stay, customer=named("Payer"), is_guest=False, is_payer=True)
        agents = StayFactory(status="booked", arrival=today, departure=today + DAY)
        StayParticipantFactory(stay=agents, customer=named("Agent"), is_guest=False, is_booker=True)
    page = desk.get(HOME)
    rows = {row.stay.pk: row for row in page.context["view"].lists["arrivals"].rows}
    assert [guest.given_name for guest in rows[stay.pk].guests] == ["Two", "One", "Three"]
    assert rows[stay.pk].more == 2 and "+2" in page.text and "Payer" not in page.text
    assert [guest.given_name for guest in rows[agents.pk].guests] == ["Agent"]


def test_one_property_at_a_time(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        camping = PropertyFactory(name="Camping")
        stay_of(named("Hotel guest"), "booked", today, today + DAY)
        stay_of(named("Camper"), "booked", today, today + DAY, property=camping)
        TodoFactory(title="Mow the pitches", due_on=today, property=camping)
        hotel = Property.objects.exclude(pk=camping.pk)[:1][0]
    assert sorted(shown(desk.get(HOME), "arrivals")) == ["Camper", "Hotel guest"]
    page = desk.get(f"{HOME}?property={camping.pk}")
    assert shown(page, "arrivals") == ["Camper"] and "Mow the pitches" in page.text
    page = desk.get(f"{HOME}?property={hotel.pk}")
    assert shown(page, "arrivals") == ["Hotel guest"] and "Mow the pitches" not in page.text
    for nonsense in ("0", "x", str(2**70), "1'"):
        assert len(shown(desk.get(f"{HOME}?property={nonsense}"), "arrivals")) == 2


def test_each_property_has_its_own_midnight(fjordstuen: House) -> None:
    """An hour after midnight in Oslo it is still yesterday in the Azores, and the day after nowhere."""
    oslo = Property.objects.get()
    azores = PropertyFactory(name="Azores", time_zone="Atlantic/Azores")
    now = dt.datetime(2026, 6, 1, 23, 30, tzinfo=dt.UTC)
    first, second = dt.date(2026, 6, 1), dt.date(2026, 6, 2)
    for place in (oslo, azores):
        for day in (first, second):
            stay_of(named(f"{place.name} {day.day}"), "booked", day, day + DAY, property=place)
    days = today_days(business=fjordstuen.business, properties=[oslo, azores], now=now)
    assert (days.home, days.at(oslo.pk), days.at(azores.pk)) == (second, second, first)

    def names(view: Any, which: str) -> list[str]:
        return [row.guests[0].given_name for row in view.lists[which].rows]

    both = today_view(days=days, now=now)
    assert names(both, "arrivals") == ["Azores 1", f"{oslo.name} 2"]
    assert names(both, "missing") == [f"{oslo.name} 1"], "yesterday in Oslo, still today in the Azores"
    assert names(today_view(days=days, only=azores, now=now), "arrivals") == ["Azores 1"]
    assert today_view(days=days, only=azores, now=now).day == first
    later = today_days(business=fjordstuen.business, properties=[oslo, azores], now=now + dt.timedelta(hours=2))
    assert later.at(azores.pk) == second and len(later.groups) == 1


def test_days_are_pure() -> None:
    now = dt.datetime(2026, 12, 31, 12, tzinfo=dt.UTC)
    days = days_at(now, home="Europe/Oslo", zones={1: "", 2: "Pacific/Kiritimati", 3: "Pacific/Pago_Pago"})
    assert [days.at(key) for key in (1, 2, 3)] == [dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2026, 12, 31)]
    assert days.groups == {dt.date(2026, 12, 31): [1, 3], dt.date(2027, 1, 1): [2]}
    assert days.at(99) == days.home


def test_a_long_list_says_how_long_and_shows_all_elsewhere(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
        place = Property.objects.get()
        stays = Stay.objects.bulk_create(
            Stay(property=place, arrival=today, departure=today + DAY, unit=f"{number:04}") for number in range(130)
        )
        guests = Customer.objects.bulk_create(
            Customer(given_name=f"G{number}", sort_key=f"{number:04}") for number in range(130)
        )
        StayParticipant.objects.bulk_create(
            StayParticipant(stay=stay, customer=guest) for stay, guest in zip(stays, guests, strict=True)
        )
    page = desk.get(HOME)
    assert len(shown(page, "arrivals")) == SHOWN and "Show all, 130" in page.text
    everybody = desk.get(f"{HOME}today/all/?list=arrivals")
    assert len(everybody.context["rows"]) == 100
    rest = desk.get(f"{HOME}today/all/{everybody.context['next_url']}")
    assert [row.guests[0].given_name for row in rest.context["rows"]] == [f"G{number}" for number in range(100, 130)]
    assert rest.context["next_url"] == "" and "Previous" in rest.text
    for nonsense in ("?list=x&page=-1", "?page=99999999", "?page=x&property=0"):
        assert desk.get(f"{HOME}today/all/{nonsense}").status_code == 200
    assert COUNTED > 130


def test_the_page_costs_the_same_for_a_few_and_for_many(cast: Cast, desk: Client, today: dt.date) -> None:
    def fill(count: int) -> None:
        with business_scope(cast.fjordstuen.pk):
            problem = Tag.objects.get(code="problem")
            for number in range(count):
                day = today - (number % 2) * DAY
                for status in ("booked", "checked_in"):
                    guest = CustomerFactory(birth_date=today.replace(year=1980, day=min(today.day, 28)))
                    CustomerTagFactory(customer=guest, tag=problem)
                    stay_of(guest, status, day, day + number % 3 * DAY)
                TodoFactory(customer=guest, due_on=today)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(HOME).status_code == 200
        return len(captured)

    fill(6)
    queries()
    few = queries()
    fill(30)
    assert queries() == few < 45


# -- what to know and to ask --------------------------------------------------------------------------------------


def test_flags_come_gravest_first(fjordstuen: House) -> None:
    guest, plain = named("Ada", do_not_contact=True, is_restricted=True), named("Plain")
    tags = {tag.code: tag for tag in Tag.objects.all()}
    for slot, code in enumerate(("vip", "regular", "no_show", "problem"), 1):
        CustomerTagFactory(customer=guest, tag=tags[code], slot=slot)
    flags = flags_of([guest.pk, plain.pk])
    assert [str(flag.label) for flag in flags[guest.pk]] == [
        "Restricted", "Do not contact", "Problem", "No-show", "VIP",
    ]  # fmt: skip
    assert plain.pk not in flags


def test_an_allergy_is_flagged_for_those_who_may_know_and_each_viewing_logged(
    cast: Cast, client: Client, today: dt.date
) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest, plain = named("Nora"), named("Plain")
        ConsentEventFactory(customer=guest, purpose="sensitive", channel="")
        sensitive_set(customer_id=guest.pk, kind="allergies", text="Hazelnuts")
        for each in (guest, plain):
            stay_of(each, "booked", today, today + DAY)
    for member, sees in ((cast.fjordstuen.reception, True), (cast.fjordstuen.marketing, False)):
        client.force_login(member.user)
        page = client.get(HOME)
        flags = {
            row.guests[0].given_name: [str(flag.label) for flag in row.flags]
            for row in page.context["view"].lists["arrivals"].rows
        }
        assert flags == {"Nora": ["Allergy"] if sees else [], "Plain": []}
        assert "Hazelnuts" not in page.text
    with business_scope(cast.fjordstuen.pk):
        viewed = AuditEntry.objects.filter(action="sensitive.viewed")
        assert list(viewed.values_list("object_id", "member_id")) == [(guest.pk, cast.fjordstuen.reception.pk)]
        ConsentEventFactory(customer=guest, purpose="sensitive", channel="", act="withdrawn", at=timezone.now())
    client.force_login(cast.fjordstuen.reception.user)
    assert "Allergy" not in client.get(HOME).text


def test_what_to_ask_for(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        nothing, mail, both, bounced = (named(name) for name in ("Nothing", "Mail", "Both", "Bounced"))
        for guest in (mail, both):
            EmailFactory(customer=guest)
        PhoneFactory(customer=both)
        PhoneFactory(customer=bounced)
        EmailFactory(customer=bounced, state="bounced")
        for guest in (nothing, mail, both, bounced):
            stay_of(guest, "booked", today, today + DAY)
    page = desk.get(HOME)
    asked = {row.guests[0].given_name: row.asks for row in page.context["view"].lists["arrivals"].rows}
    assert asked == {"Nothing": ("email", "phone"), "Mail": ("phone",), "Both": (), "Bounced": ("email",)}
    for words in ("Ask for e-mail and phone", "Ask for a phone number", "Ask for an e-mail address"):
        assert page.text.count(words) == 1


def test_birthdays_of_those_here_then_of_regular_guests(fjordstuen: House) -> None:
    day = timezone.localdate(timezone=fjordstuen.business.zone)
    born = dt.date(1976, day.month, min(day.day, 28))
    day = day.replace(day=min(day.day, 28))
    here, arrives, regular, once, dead = (
        named(name, birth_date=born) for name in ("Here", "Arrives", "Regular", "Once", "Dead")
    )
    named("Another day", birth_date=born + 2 * DAY)
    stay_of(here, "checked_in", day - DAY, day + 9 * DAY)
    stay_of(arrives, "booked", day, day + DAY)
    for guest, count in ((regular, 3), (once, 1), (dead, 5)):
        for number in range(count):
            stay_of(guest, "checked_out", dt.date(2025, 1 + number, 1), dt.date(2025, 1 + number, 2))
    with change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=dead.pk).update(is_deceased=True)
    found = birthdays_on(day=day)
    assert [birthday.customer.given_name for birthday in found] == ["Here", "Arrives", "Regular"]
    assert [birthday.is_here for birthday in found] == [True, True, False]
    assert {birthday.age for birthday in found} == {day.year - 1976}


@pytest.mark.parametrize(
    ("day", "keys"),
    [
        (dt.date(2026, 2, 28), [228, 229]),
        (dt.date(2028, 2, 28), [228]),
        (dt.date(2028, 2, 29), [229]),
        (dt.date(2100, 2, 28), [228, 229]),
        (dt.date(2026, 12, 24), [1224]),
    ],
)
def test_leap_days_have_their_birthday_every_year(day: dt.date, keys: list[int]) -> None:
    assert birthday_keys(day) == keys


def test_new_bookings_of_guests_to_look_at(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        problem, no_show, vip = (named(name) for name in ("Problem guest", "Absent guest", "Important guest"))
        for guest, code in ((problem, "problem"), (no_show, "no_show"), (vip, "vip")):
            CustomerTag.objects.count()
            CustomerTagFactory(customer=guest, tag=Tag.objects.get(code=code))
        ahead = {"arrival": today + 30 * DAY, "departure": today + 31 * DAY}
        old = timezone.now() - 2 * DAY
        new = stay_of(problem, "booked", **ahead)
        by_date = stay_of(no_show, "booked", **ahead, created_at=old, booked_on=today)
        stay_of(problem, "booked", **ahead, created_at=old, booked_on=today - 5 * DAY)
        stay_of(problem, "cancelled", **ahead)
        stay_of(vip, "booked", **ahead)
    page = desk.get(HOME)
    assert [row.stay.pk for row in page.context["view"].bookings] == [by_date.pk, new.pk]
    assert "New bookings to look at" in page.text


# -- moving a stay from there -------------------------------------------------------------------------------------


def test_check_in_check_out_and_no_show_from_today(cast: Cast, desk: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        place = Property.objects.get()
        comes = stay_of(named("Comes"), "booked", today, today + DAY)
        leaves = stay_of(named("Leaves"), "checked_in", today - DAY, today)
        missing = stay_of(named("Missing"), "booked", today - DAY, today + DAY)
    back = f"{HOME}?property={place.pk}"
    for stay, status in ((comes, "checked_in"), (leaves, "checked_out"), (missing, "no_show")):
        answer = desk.post(f"{HOME}today/stays/{stay.pk}/", {"status": status, "next": back})
        assert answer.headers["Location"] == back
        with business_scope(cast.fjordstuen.pk):
            stay.refresh_from_db()
            act = ChangeSet.objects.latest("id")
        assert stay.status == status
        assert f"/b/fjordstuen/changes/{act.pk}/undo/" in desk.get(back).text, "the toast offers the way back"
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        missing.refresh_from_db()
    assert missing.status == "booked"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("checked_out", "cannot become “Checked out”"),
        ("booked", "is “Booked” already"),
        ("nonsense", "Choose what happened"),
        ("", "Choose what happened"),
    ],
)
def test_a_move_that_does_not_exist_is_said(cast: Cast, desk: Client, today: dt.date, status: str, words: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        stay = stay_of(named("Comes"), "booked", today, today + DAY)
    assert words in desk.post(f"{HOME}today/stays/{stay.pk}/", {"status": status}, follow=True).text
    with business_scope(cast.fjordstuen.pk):
        stay.refresh_from_db()
    assert stay.status == "booked"


def test_marketing_looks_and_does_not_check_in(cast: Cast, client: Client, today: dt.date) -> None:
    with business_scope(cast.fjordstuen.pk):
        stay = stay_of(named("Comes"), "booked", today, today + DAY)
    client.force_login(cast.fjordstuen.marketing.user)
    page = client.get(HOME).text
    assert "Comes" in page and "today/stays/" not in page
    assert client.post(f"{HOME}today/stays/{stay.pk}/", {"status": "checked_in"}).status_code == 403
    assert client.post(f"{HOME}today/stays/{2**40}/", {"status": "checked_in"}).status_code == 403
    client.force_login(cast.fjordstuen.reception.user)
    assert client.post(f"{HOME}today/stays/{2**40}/", {"status": "checked_in"}).status_code == 404


def test_today_is_the_first_room(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
    for path, current in ((HOME, "Today"), (f"{HOME}today/all/", "Today"), (f"{HOME}tasks/", "Tasks")):
        entries = desk.get(path).context["navigation"]
        assert [entry["label"] for entry in entries][:6] == [
            "Today",
            "Guests",
            "Duplicates",
            "Segments",
            "Messages",
            "Tasks",
        ]
        assert [entry["label"] for entry in entries if entry["current"]] == [current]
