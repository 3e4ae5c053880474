"""Who a new guest may be already: by contact point, by name, shown while typed and once before saving."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.same import SHARED_MAX, Names, probable_same
from tests.cast import Cast, House
from tests.customers.test_card import guest_form
from tests.factories import CompanyFactory, CustomerFactory, EmailFactory, PhoneFactory

pytestmark = pytest.mark.django_db
NEW, CHECK = "/b/fjordstuen/guests/new/", "/b/fjordstuen/guests/new/check/"


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


def same(
    emails: list[str] = [],  # noqa: B006 - read only
    phones: list[str] = [],  # noqa: B006
    names: Names = Names(),  # noqa: B008
    birth_date: dt.date | None = None,
    **kwargs: object,
) -> list[tuple[int, str]]:
    found = probable_same(emails=emails, phones=phones, names=names, birth_date=birth_date, country="NO", **kwargs)  # type: ignore[arg-type]
    return [(each.customer_id, each.reason) for each in found]


def test_by_contact_point_however_it_is_typed(fjordstuen: House) -> None:
    kari = CustomerFactory()
    EmailFactory(customer=kari, value="kari@example.no")
    PhoneFactory(customer=kari, value="+47 912 34 567")
    assert same(emails=["  KARI@Example.NO "]) == [(kari.pk, "email")]
    assert same(phones=["91 23 45 67"]) == [(kari.pk, "phone")]
    assert same(phones=["004791234567"], emails=["kari@example.no"]) == [(kari.pk, "email")]
    assert same(emails=["kari@example", "", "other@example.no"], phones=["9123456", "ring", ""]) == []


def test_by_whole_name_in_any_spelling(fjordstuen: House) -> None:
    key = {"identity_key": "asen kari"}
    kari = CustomerFactory(given_name="Kari", family_name="Åsen", **key)
    assert same(names=Names("KARI", "Aasen")) == [(kari.pk, "name")]
    assert same(names=Names("Aasen", "Kari")) == [(kari.pk, "name")]
    assert same(names=Names("Kari", "")) == []
    assert same(names=Names("", "Åsen", "Delta")) == []


def test_a_company_by_its_name(fjordstuen: House) -> None:
    firm = CompanyFactory(company_name="Delta Bygg AS")
    assert same(names=Names(company_name="delta bygg")) == [(firm.pk, "name")]


def test_the_date_of_birth_decides_between_namesakes(fjordstuen: House) -> None:
    born = dt.date(1980, 5, 17)
    unknown, other, kari = (
        CustomerFactory(given_name="Kari", birth_date=day) for day in (None, dt.date(1950, 1, 1), born)
    )
    names = Names("Kari", "Nordmann")
    assert same(names=names, birth_date=born) == [(kari.pk, "birth_date"), (unknown.pk, "name")]
    assert {pk for pk, _ in same(names=names)} == {unknown.pk, other.pk, kari.pk}


def test_relays_placeholders_and_shared_addresses_tell_nothing(fjordstuen: House) -> None:
    for value in ("abc@guest.booking.com", "none@example.no", "00000000"):
        factory = EmailFactory if "@" in value else PhoneFactory
        factory(value=value)
    assert same(emails=["abc@guest.booking.com", "none@example.no"], phones=["00000000"]) == []
    for _ in range(SHARED_MAX + 1):
        EmailFactory(value="agency@example.no")
    assert same(emails=["agency@example.no"]) == []


def test_most_certain_first_and_five_at_most(fjordstuen: House) -> None:
    cards = CustomerFactory.create_batch(7, given_name="Kari")
    EmailFactory(customer=cards[6], value="kari@example.no")
    found = same(emails=["kari@example.no"], names=Names("Kari", "Nordmann"))
    assert found[0] == (cards[6].pk, "email")
    assert len(found) == 5
    assert cards[0].pk not in [pk for pk, _ in same(names=Names("Kari", "Nordmann"), without=[cards[0].pk])]


def test_two_queries_whatever_is_typed(fjordstuen: House) -> None:
    """And one that says that the register has not been made ready for more."""
    with CaptureQueriesContext(connection) as queries:
        same(emails=[f"{n}@example.no" for n in range(30)], phones=["91234567"], names=Names("Kari", "Nordmann"))
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        assert same(names=Names("K", "")) == []
    assert len(queries) == 1


def test_the_neighbours_guests_are_nobody(cast: Cast, desk: Client) -> None:
    with business_scope(cast.duinzicht.pk):
        EmailFactory(value="kari@example.no")
    assert desk.post(CHECK, {"email_0": "kari@example.no"}).text.strip() == ""


def test_while_one_types(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari = CustomerFactory(given_name="Kari <b>")
        PhoneFactory(customer=kari, value="+47 912 34 567", is_primary=True)
    answer = desk.post(CHECK, {"given_name": "K", "phone_0": "", "phone_1": "912 34 567", "birth_date": "31.02.1980"})
    assert answer.status_code == 200
    assert f"/guests/{kari.pk}/" in answer.text
    assert 'data-alt-key="o"' in answer.text
    assert "same phone" in answer.text
    assert "Kari &lt;b&gt;" in answer.text
    assert "<html" not in answer.text
    odd = {"given_name": "\x00", "family_name": "x" * 100_000, "email_x": "a", "phone_²": "1", "birth_date": "\x00"}
    assert desk.post(CHECK, odd).status_code == 200


def test_before_saving_the_same_guest_is_shown_once(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari = CustomerFactory()
        EmailFactory(customer=kari, value="ase@example.no")
    answer = desk.post(NEW, guest_form(note="keep me"))
    assert answer.status_code == 422
    assert "Create anyway" in answer.text
    assert "Nothing was saved yet" in answer.text
    assert f'name="known" value="{kari.pk}"' in answer.text
    assert "keep me" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 1
        other = CustomerFactory()
        PhoneFactory(customer=other, value="91234567")
    # One who has come meanwhile is shown too.
    answer = desk.post(NEW, guest_form(note="keep me", known=str(kari.pk)))
    assert answer.status_code == 422
    answer = desk.post(NEW, guest_form(note="keep me", known=[str(kari.pk), str(other.pk)]))
    assert answer.status_code == 302
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 3


def test_marketing_creates_nobody_and_checks_nobody(cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.marketing.user)
    assert client.post(CHECK, {"email_0": "a@example.no"}).status_code == 403
    client.force_login(cast.fjordstuen.reception.user)
    assert client.get(CHECK).status_code == 405
