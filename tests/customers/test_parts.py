"""Editing in place: one part of the card, with script and without, by one member and by two at once."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.card.parts import PARTS, parts_missing
from customers.changes.models import ChangeSet
from tests.cast import Cast
from tests.factories import CompanyFactory, CustomerFactory, EmailFactory, PhoneFactory

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(city="Voss", language="nb", note="Quiet room")
        EmailFactory(customer=guest, value="one@example.no", is_primary=True)
        PhoneFactory(customer=guest, value="912 34 567", is_primary=True)
        return guest


def address(guest: Customer, part: str) -> str:
    return reverse("guest_part", kwargs={"slug": "fjordstuen", "customer_id": guest.pk, "part": part})


def opened(desk: Client, guest: Customer, part: str) -> str:
    """What the form remembers of the card, as the browser sends it back."""
    page = desk.get(address(guest, part)).text
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1].replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")


def now(cast: Cast, guest: Customer) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return Customer.objects.get(pk=guest.pk)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_opens_as_a_page_and_as_a_fragment(desk: Client, guest: Customer, part: str) -> None:
    page, fragment = desk.get(address(guest, part)), desk.get(address(guest, part), headers=HTMX)
    assert page.text.lstrip().startswith("<!doctype html>")
    assert not fragment.text.lstrip().startswith("<!doctype")
    for name in PARTS[part][1]:
        assert f'name="{name}"' in fragment.text
    assert 'name="given_name"' not in fragment.text


def test_a_saved_part_leaves_the_rest_as_it_is(cast: Cast, desk: Client, guest: Customer) -> None:
    answer = desk.post(address(guest, "language"), {"language": "da", "seen": opened(desk, guest, "language")})
    assert answer.url == reverse("guest_card", kwargs={"slug": "fjordstuen", "customer_id": guest.pk})
    saved = now(cast, guest)
    assert (saved.language, saved.city, saved.note, saved.given_name) == ("da", "Voss", "Quiet room", guest.given_name)
    with business_scope(cast.fjordstuen.pk):
        assert set(ContactPoint.objects.values_list("value", flat=True)) == {"one@example.no", "912 34 567"}


def test_with_script_the_details_come_back_with_a_way_to_undo(cast: Cast, desk: Client, guest: Customer) -> None:
    data = {"street": "Parkveien 12", "postal_code": "0350", "city": "Oslo", "country": "NO"}
    answer = desk.post(address(guest, "address"), {**data, "seen": opened(desk, guest, "address")}, headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#details"
    assert "Parkveien 12" in answer.text
    with business_scope(cast.fjordstuen.pk):
        act = ChangeSet.objects.latest("id")
    assert f"/changes/{act.pk}/undo/" in answer.text
    assert now(cast, guest).city == "Oslo"


def test_contact_points_are_edited_by_themselves(cast: Cast, desk: Client, guest: Customer) -> None:
    data = {"email_0": "one@example.no", "email_1": "two@example.no", "phone_0": ""}
    answer = desk.post(address(guest, "contact"), {**data, "seen": opened(desk, guest, "contact")})
    assert answer.status_code == 302
    with business_scope(cast.fjordstuen.pk):
        found = set(ContactPoint.objects.values_list("value", flat=True))
    assert found == {"one@example.no", "two@example.no"}
    assert now(cast, guest).city == "Voss"


@pytest.mark.parametrize(
    ("part", "data", "said"),
    [
        ("birth_date", {"birth_date": "2026-02-31"}, "birth_date"),
        ("birth_date", {"birth_date": "2999-01-01"}, "in the future"),
        ("contact", {"email_0": "not an address"}, "not an e-mail address"),
        ("contact", {"phone_0": "12"}, "not a phone number"),
        ("note", {"note": "x" * 4001}, "at most 4000"),
    ],
)
def test_what_cannot_be_is_said_and_kept(
    cast: Cast, desk: Client, guest: Customer, part: str, data: dict[str, str], said: str
) -> None:
    for headers in ({}, HTMX):
        answer = desk.post(address(guest, part), {**data, "seen": opened(desk, guest, part)}, headers=headers)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert next(iter(data.values()))[:60] in answer.text
    assert now(cast, guest).version == guest.version


@pytest.mark.parametrize(("keep", "stands"), [("mine", "sv"), ("theirs", "da")])
def test_of_two_editors_the_second_keeps_either(
    cast: Cast, desk: Client, guest: Customer, keep: str, stands: str
) -> None:
    seen = opened(desk, guest, "language")
    desk.post(address(guest, "language"), {"language": "da", "seen": seen})
    refused = desk.post(address(guest, "language"), {"language": "sv", "seen": seen})
    assert refused.status_code == 422
    assert "A colleague changed this to “Danish”" in refused.text
    assert now(cast, guest).language == "da"
    found = re.search(r'name="seen" value="([^"]*)"', refused.text)
    assert found
    again = {"language": "sv", "keep_language": keep, "seen": found[1].replace("&quot;", '"')}
    assert desk.post(address(guest, "language"), again).status_code == 302
    assert now(cast, guest).language == stands


def test_two_editors_of_different_parts_do_not_meet(cast: Cast, desk: Client, guest: Customer) -> None:
    first, second = opened(desk, guest, "language"), opened(desk, guest, "note")
    desk.post(address(guest, "language"), {"language": "da", "seen": first})
    assert desk.post(address(guest, "note"), {"note": "Likes tea", "seen": second}).status_code == 302
    saved = now(cast, guest)
    assert (saved.language, saved.note) == ("da", "Likes tea")


def test_cancel_puts_the_details_back(desk: Client, guest: Customer) -> None:
    path = reverse("guest_details", kwargs={"slug": "fjordstuen", "customer_id": guest.pk})
    assert desk.get(path, headers=HTMX).headers["HX-Retarget"] == "#details"
    assert desk.get(path).status_code == 302


def test_an_unknown_part_is_not_there(desk: Client, guest: Customer) -> None:
    assert desk.get(address(guest, "sort_key")).status_code == 404


def test_marketing_reads_and_does_not_edit(cast: Cast, guest: Customer, client: Client) -> None:
    client.force_login(cast.fjordstuen.marketing.user)
    assert client.get(address(guest, "language")).status_code == 403
    page = client.get(reverse("guest_card", kwargs={"slug": "fjordstuen", "customer_id": guest.pk})).text
    assert "/edit/" not in page


def test_what_is_missing_depends_on_who_it_is(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        person, company = CustomerFactory(note="Known"), CompanyFactory()
    assert "organisation_number" not in dict(parts_missing(person))
    assert "note" not in dict(parts_missing(person))
    assert "birth_date" in dict(parts_missing(person))
    assert "organisation_number" in dict(parts_missing(company))
    assert "birth_date" not in dict(parts_missing(company))
