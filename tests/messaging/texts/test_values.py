"""What placeholders are filled with: the guest, stay and invoice that are meant, in a fixed number of queries."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Business
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.models import CustomField
from customers.history.models import Stay
from messaging.rendering import NAMES, Country, Money
from messaging.rendering.rendered import used_in
from messaging.texts.labels import LABELS, places_grouped, sample_values
from messaging.texts.models import Template
from messaging.texts.selectors import as_text, texts_of
from messaging.texts.starters import demo_templates_ensure, starter_use, starters
from messaging.texts.values import Wanted, values_for, values_of
from tests.cast import Cast, House
from tests.factories import (
    CustomerFactory,
    CustomFieldFactory,
    EmailFactory,
    GuestFieldValueFactory,
    InvoiceFactory,
    PhoneFactory,
    PropertyFactory,
    StayFactory,
    StayFieldValueFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def guest(fjordstuen: House) -> Customer:
    """Kari, who has two addresses, a number, and nothing else."""
    with change_set(kind=ChangeSet.Kind.EDIT, title="x", member=fjordstuen.owner):
        guest = CustomerFactory(given_name="Kari", family_name="Nordmann", city="", country="NO", company_name="")
        EmailFactory(customer=guest, value="second@example.com", is_primary=False)
        EmailFactory(customer=guest, value="first@example.com", is_primary=True)
        PhoneFactory(customer=guest, value="+47 912 34 567", is_primary=True)
    return guest


def stay(guest: Customer, arrival: int, *, nights: int = 2, status: str = "booked", **values: object) -> Stay:
    day = TODAY + dt.timedelta(days=arrival)
    with change_set(kind=ChangeSet.Kind.EDIT, title="x"):
        made = StayFactory(arrival=day, departure=day + dt.timedelta(days=nights), status=status, **values)
        StayParticipantFactory(stay=made, customer=guest)
    return made


def test_a_guest(guest: Customer) -> None:
    known = values_of(customer_ids=[guest.pk])[guest.pk].known
    assert {name: value for name, value in known.items() if name.startswith("guest.")} == {
        "guest.given_name": "Kari",
        "guest.family_name": "Nordmann",
        "guest.name": "Kari Nordmann",
        "guest.email": "first@example.com",
        "guest.phone": "+47 91 23 45 67",
        "guest.country": Country("NO"),
    }
    assert known["business.name"] == "Fjordstuen"
    assert set(known) - {"business.name"} <= set(NAMES)


def test_the_stay_that_is_meant(guest: Customer) -> None:
    def arrival() -> object:
        return values_of(customer_ids=[guest.pk])[guest.pk].get("stay.arrival")

    assert arrival() is None
    past = stay(guest, -40, status="checked_out")
    stay(guest, -60, status="checked_out")
    stay(guest, 2, status="cancelled")
    assert arrival() == past.arrival, "else the last one"
    far = stay(guest, 30)
    assert arrival() == far.arrival, "else the next one"
    near = stay(guest, 3)
    assert arrival() == near.arrival
    here = stay(guest, -1, nights=3, status="checked_in")
    assert arrival() == here.arrival, "the one in house"
    told = values_of(customer_ids=[guest.pk], stay_ids={guest.pk: far.pk})[guest.pk]
    assert told.get("stay.arrival") == far.arrival, "the one that was told"


def test_a_stay_and_an_invoice(guest: Customer, fjordstuen: House) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT, title="x"):
        place = PropertyFactory(name="The barn")
        booked = StayFactory(
            property=place, arrival=TODAY, departure=TODAY + dt.timedelta(days=2), adults=2, children=1, unit="12",
            unit_type="Double", reference="R-1", amount=Decimal("1450.00"), currency="",
        )  # fmt: skip
        paid = InvoiceFactory(customer=guest, number="1", paid_on=TODAY, amount=Decimal(1), currency="EUR")
        open_one = InvoiceFactory(
            customer=guest, number="2", issued_on=TODAY, due_on=TODAY, paid_on=None, amount=Decimal(99), currency="EUR"
        )
    usual, told = values_for([Wanted(guest.pk, booked.pk), Wanted(guest.pk, booked.pk, paid.pk)])
    shown = {
        name: value for name, value in usual.known.items() if name.split(".")[0] in ("stay", "property", "invoice")
    }
    assert shown == {
        "stay.arrival": booked.arrival,
        "stay.departure": booked.departure,
        "stay.nights": 2,
        "stay.guests": 3,
        "stay.adults": 2,
        "stay.children": 1,
        "stay.room": "12",
        "stay.room_type": "Double",
        "stay.reference": "R-1",
        "stay.amount": Money(Decimal("1450.00"), fjordstuen.business.currency),
        "property.name": "The barn",
        "invoice.number": open_one.number,
        "invoice.issued": TODAY,
        "invoice.due": TODAY,
        "invoice.amount": Money(Decimal("99.00"), "EUR"),
    }
    assert told.get("invoice.number") == "1"


def test_own_fields(guest: Customer) -> None:
    booked = stay(guest, 1)
    kinds = CustomField.Kind
    with change_set(kind=ChangeSet.Kind.EDIT, title="x"):
        for key, kind, value in (
            ("wine", kinds.TEXT, {"text": "Red"}),
            ("points", kinds.NUMBER, {"number": Decimal("12.5")}),
            ("since", kinds.DATE, {"date": TODAY}),
            ("dog", kinds.YES_NO, {"flag": False}),
            ("pillow", kinds.CHOICE, {"text": "soft"}),
        ):
            options = [{"key": "soft", "label": "As soft as can be"}] if kind == kinds.CHOICE else []
            field = CustomFieldFactory(key=key, kind=kind, options=options)
            GuestFieldValueFactory(customer=guest, field=field, **{"text": "", **value})
        boat = CustomFieldFactory(key="boat", target="stay", kind=kinds.TEXT)
        StayFieldValueFactory(stay=booked, field=boat, text="Sloop")
    known = values_of(customer_ids=[guest.pk])[guest.pk].known
    assert {name: value for name, value in known.items() if ".own." in name} == {
        "guest.own.wine": "Red",
        "guest.own.points": Decimal("12.5000"),
        "guest.own.since": TODAY,
        "guest.own.dog": False,
        "guest.own.pillow": "As soft as can be",
        "stay.own.boat": "Sloop",
    }


def test_as_many_queries_for_a_hundred_as_for_one(
    guest: Customer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT, title="x"):
        CustomFieldFactory(key="wine")
        CustomFieldFactory(key="boat", target="stay")
        others = CustomerFactory.create_batch(30)
        for other in others:
            StayParticipantFactory(stay=StayFactory(), customer=other)
            InvoiceFactory(customer=other)
    ids = [guest.pk, *(other.pk for other in others)]
    with django_assert_max_num_queries(11):
        assert len(values_of(customer_ids=ids)) == 31
    with django_assert_max_num_queries(2):
        values_of(customer_ids=ids, names={"guest.given_name", "business.name"})
    with django_assert_max_num_queries(1):
        values_of(customer_ids=ids, names={"business.name"})


def test_a_neighbours_guest_has_no_values(guest: Customer, cast: Cast) -> None:
    values = values_of(customer_ids=[guest.pk + 10**6])
    assert dict(next(iter(values.values())).known) == {"business.name": "Fjordstuen"}


def test_every_placeholder_has_a_name_and_a_sample(fjordstuen: House) -> None:
    assert set(LABELS) == set(NAMES)
    offered = [place.name for _group, places in places_grouped() for place in places]
    assert sorted(offered) == sorted(NAMES)
    sample = sample_values(business=Business(name="Inn", currency="NOK"), today=TODAY)
    assert set(sample.known) == {name for name, kind in NAMES.items() if kind != "link"}


@pytest.mark.parametrize("key", list(starters()))
def test_ready_templates_say_what_there_is_in_four_languages(fjordstuen: House, key: str) -> None:
    fjordstuen.business.languages = ["nb", "da", "nl", "en"]
    template = starter_use(key=key, business=fjordstuen.business)
    texts = texts_of(template_ids=[template.pk])[template.pk]
    assert set(texts) == {"en", "nb", "da", "nl"}
    used = {code: used_in(as_text(text)) for code, text in texts.items()}
    assert all(names == used["en"] for names in used.values()), "each says the same"


def test_the_demo_has_every_ready_template_once(fjordstuen: House) -> None:
    assert demo_templates_ensure(business=fjordstuen.business) == len(starters())
    assert demo_templates_ensure(business=fjordstuen.business) == 0
    assert Template.objects.count() == len(starters())
