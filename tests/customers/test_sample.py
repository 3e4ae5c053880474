"""Sample guests and whole registers in the database: added, found, removed again, continued after a kill."""

from datetime import date
from typing import Any

import pytest
from django.db.models import Count, F, Sum

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.consent.models import ConsentEvent, ConsentState
from customers.facts.models import CustomerFacts
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.history.models import (
    Activity,
    Invoice,
    Product,
    Purchase,
    Stay,
    StayParticipant,
    Todo,
)
from customers.relations.models import Relation
from customers.sample import services
from customers.sample.generator import Batch, generate
from customers.sample.profiles import DEMO_PROFILES
from customers.sample.selectors import register_act, sample_current
from customers.sample.services import RegisterBusy, SampleExists, register_fill, sample_add
from customers.search.models import Posting
from tests.cast import Cast, House
from tests.factories import BusinessFactory, CustomerFactory

TODAY = date(2026, 3, 1)
GUEST_TABLES = (Customer, ContactPoint, CustomerTag, Stay, StayParticipant, Activity, Purchase, Invoice, Todo, Relation)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in GUEST_TABLES}


# -- sample guests of a new business ------------------------------------------------------------------------------


def test_sample_adds_guests_around_today_as_one_change_set(fjordstuen: House) -> None:
    act = sample_add(business=fjordstuen.business, member=fjordstuen.admin)

    assert act.kind == ChangeSet.Kind.SAMPLE and act.member_id == fjordstuen.admin.pk and not act.is_event
    assert sample_current() == act
    assert Customer.objects.count() == services.SAMPLE_GUESTS
    assert Stay.objects.filter(status="checked_in").exclude(unit="").count() >= 3
    assert Stay.objects.filter(status="booked").count() >= 5
    assert set(Stay.objects.values_list("currency", flat=True)) == {"NOK"}
    languages = Customer.objects.values("language").annotate(n=Count("id")).order_by("-n")
    assert languages[0]["language"] == "nb" and len(languages) > 2
    recorded = Change.objects.exclude(change_set_id=act.pk).count()
    assert recorded == 0 and Change.objects.count() == sum(counts().values())


def test_sample_leaves_nothing_that_cannot_go_again(fjordstuen: House) -> None:
    """Consents can be added and never taken away, and products are settings: the sample has none of either."""
    act = sample_add(business=fjordstuen.business, member=fjordstuen.admin)
    assert Todo.objects.exists() and Purchase.objects.exclude(description="").exists()
    assert not ConsentEvent.objects.exists() and not Product.objects.exists()
    change_set_undo(change_set_id=act.pk, member=fjordstuen.admin)
    assert set(counts().values()) == {0}


def test_facts_postings_and_tags_follow(fjordstuen: House) -> None:
    sample_add(business=fjordstuen.business, member=None)

    facts = CustomerFacts.objects.aggregate(stays=Sum("stays"), value=Sum("value"))
    parts = StayParticipant.objects.filter(is_guest=True, stay__status__in=["checked_in", "checked_out"])
    assert facts["stays"] == parts.count() > 60
    paid = Stay.objects.filter(status__in=["checked_in", "checked_out"]).aggregate(total=Sum("amount"))
    bought = Purchase.objects.aggregate(total=Sum("amount"))
    assert facts["value"] == paid["total"] + bought["total"] > paid["total"]
    guest = Customer.objects.exclude(family_name="").first()
    assert guest is not None
    assert Posting.objects.filter(customer_id=guest.pk).count() == len(guest.search_tokens.split())
    assert (
        CustomerTag.objects.filter(tag__code="no_show").count() == CustomerFacts.objects.filter(no_shows__gt=0).count()
    )


def test_undo_removes_the_sample_and_keeps_what_was_edited_since(fjordstuen: House) -> None:
    mine = CustomerFactory(given_name="Kari", family_name="Nordmann")
    act = sample_add(business=fjordstuen.business, member=fjordstuen.admin)
    edited, noted = Customer.objects.exclude(pk=mine.pk).order_by("id")[:2]
    with change_set(kind=ChangeSet.Kind.EDIT, title="Edit", member=fjordstuen.reception):
        edited.city = "Voss"
        edited.save(update_fields=["city"])
        Activity.objects.create(customer=noted, text="Met at the fair.")

    _undo, outcome = change_set_undo(change_set_id=act.pk, member=fjordstuen.admin)

    assert set(Customer.objects.values_list("pk", flat=True)) == {mine.pk, edited.pk, noted.pk}
    assert Customer.objects.get(pk=edited.pk).city == "Voss"
    assert [activity.text for activity in Activity.objects.all()] == ["Met at the fair."]
    # Each with what makes up a card: who stays can still be reached.
    parts = ContactPoint.objects.count() + CustomerTag.objects.count()
    assert outcome.kept == 2 + parts > 2
    assert not Stay.objects.exists() and not StayParticipant.objects.exists()
    assert Posting.objects.values("customer_id").distinct().count() == 3
    assert sample_current() is None


def test_undone_sample_leaves_nothing_and_may_come_again(fjordstuen: House) -> None:
    first = sample_add(business=fjordstuen.business, member=fjordstuen.admin)
    change_set_undo(change_set_id=first.pk, member=fjordstuen.admin)
    assert set(counts().values()) == {0}

    again = sample_add(business=fjordstuen.business, member=fjordstuen.admin)
    assert again.pk != first.pk and sample_current() == again


def test_a_second_sample_is_refused(fjordstuen: House) -> None:
    sample_add(business=fjordstuen.business, member=fjordstuen.admin)
    before = counts()
    with pytest.raises(SampleExists, match="Remove them first"):
        sample_add(business=fjordstuen.business, member=fjordstuen.admin)
    assert counts() == before


def test_sample_stays_in_its_business(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        sample_add(business=cast.duinzicht.business, member=cast.duinzicht.admin)
        assert Customer.objects.filter(language="nl").count() > 15
    with business_scope(cast.fjordstuen.pk):
        assert sample_current() is None and set(counts().values()) == {0}


@pytest.mark.parametrize(
    ("country", "kind", "currency"),
    [("PT", "hotel", "EUR"), ("DK", "conference", "DKK"), ("US", "restaurant", "USD"), ("SE", "campsite", "SEK")],
)
def test_sample_suits_any_business(db: None, country: str, kind: str, currency: str) -> None:
    business = BusinessFactory(country=country, currency=currency, property_kind=kind)
    with business_scope(business.pk):
        sample_add(business=business, member=None)
        assert Customer.objects.count() == services.SAMPLE_GUESTS
        assert set(Stay.objects.values_list("currency", flat=True)) == {currency}


def test_sample_makes_a_property_where_there_is_none(db: None) -> None:
    business = BusinessFactory(name="Ny Pensjonat", property_kind=None)
    with business_scope(business.pk):
        sample_add(business=business, member=None)
        assert [place.name for place in Property.objects.all()] == ["Ny Pensjonat"]


# -- a whole register ---------------------------------------------------------------------------------------------


def fill(house: House, guests: int, **options: Any) -> services.Filled:
    return register_fill(
        business=house.business, profile=DEMO_PROFILES["fjordstuen"], guests=guests, today=TODAY, **options
    )


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.sample.generator.BATCH_SIZE", 50)


def properties(house: House) -> None:
    with business_scope(house.pk):
        Property.objects.create(name="Camping", kind=Property.Kind.CAMPSITE)


def test_the_demo_has_consents_products_and_bills(cast: Cast) -> None:
    house = cast.fjordstuen
    properties(house)
    fill(house, 300)
    with business_scope(house.pk):
        assert Purchase.objects.filter(product=None).count() == 0 < Purchase.objects.count()
        assert ConsentEvent.objects.filter(act="withdrawn").exists()
        granted = ConsentState.objects.filter(granted=True).count()
        assert granted == ConsentEvent.objects.count() - 2 * ConsentEvent.objects.filter(act="withdrawn").count()
        assert Activity.objects.filter(is_pinned=True).exists()
        states = {invoice.state_on(TODAY) for invoice in Invoice.objects.all()}
        assert Invoice.State.PAID in states and len(states) > 1
        assert Customer.objects.filter(birthday=TODAY.month * 100 + TODAY.day).count() >= 2
        assert Todo.objects.count() > 3
        assert not Todo.objects.filter(done_at__lte=F("created_at")).exists()


def test_the_demo_has_own_fields_and_relations(cast: Cast) -> None:
    house = cast.fjordstuen
    properties(house)
    fill(house, 300)
    with business_scope(house.pk):
        keys = set(CustomField.objects.values_list("target", "key"))
        assert {("guest", "pute"), ("guest", "bilnummer"), ("stay", "ankomsttid"), ("stay", "hund_med")} <= keys
        for model, target in ((GuestFieldValue, "guest"), (StayFieldValue, "stay")):
            filled = model.objects.filter(field__target=target).values_list("field_id", flat=True)
            assert set(filled) == set(CustomField.objects.filter(target=target).values_list("pk", flat=True))
        for choice in CustomField.objects.filter(kind="choice"):
            written = set(GuestFieldValue.objects.filter(field=choice).values_list("text", flat=True))
            assert written <= {option["key"] for option in choice.options}
        assert not GuestFieldValue.objects.filter(field__kind="date", date=None).exists()
        assert not StayFieldValue.objects.filter(field__kind="yes_no", flag=None).exists()
        assert not Relation.objects.filter(kind="works_at").exclude(other__kind="company").exists()
        assert not Relation.objects.filter(kind="household", customer_id__gt=F("other_id")).exists()
        assert set(Relation.objects.values_list("kind", flat=True)) == {"household", "works_at", "referred_by"}


def test_register_is_filled_in_batches_and_once(cast: Cast, small_batches: None) -> None:
    properties(cast.fjordstuen)
    first = fill(cast.fjordstuen, 120)
    with business_scope(cast.fjordstuen.pk):
        before, act = counts(), register_act()
    again = fill(cast.fjordstuen, 120)

    assert (first.guests, first.total, again.guests, again.total) == (120, 120, 0, 120)
    assert act is not None and act.state == ChangeSet.State.DONE and act.result["planned"] == [50, 50, 20]
    with business_scope(cast.fjordstuen.pk):
        assert counts() == before and before["Customer"] == 120
        assert register_act() == act
        assert ChangeSet.objects.count() == 1


def test_register_grows_to_what_is_asked(cast: Cast, small_batches: None) -> None:
    properties(cast.fjordstuen)
    fill(cast.fjordstuen, 60)
    more = fill(cast.fjordstuen, 130)
    assert (more.guests, more.total) == (70, 130)
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 130 and ChangeSet.objects.count() == 1


def test_a_killed_run_is_continued_as_it_began(
    cast: Cast, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties(cast.fjordstuen)

    def dying(*args: Any, number: int, **options: Any) -> Batch:
        if number == 1:
            raise MemoryError("killed")
        return generate(*args, number=number, **options)

    with monkeypatch.context() as patch:
        patch.setattr(services, "generate", dying)
        with pytest.raises(MemoryError):
            fill(cast.fjordstuen, 150, seed="7")
    with business_scope(cast.fjordstuen.pk):
        act = register_act()
        assert act is not None and act.state == ChangeSet.State.OPEN and Customer.objects.count() == 50

    # Another day and another seed: the register goes on with its own.
    rest = register_fill(
        business=cast.fjordstuen.business,
        profile=DEMO_PROFILES["fjordstuen"],
        guests=150,
        seed="8",
        today=date(2027, 1, 1),
    )
    assert (rest.guests, rest.total) == (100, 150)
    with business_scope(cast.fjordstuen.pk):
        names = set(Customer.objects.values_list("given_name", "family_name", "company_name"))
        act = register_act()
        assert act is not None and act.state == ChangeSet.State.DONE
    expected = {
        row[2:5]
        for number in range(3)
        for row in generate(
            DEMO_PROFILES["fjordstuen"], seed="7", today=TODAY, number=number, size=50, staff=4
        ).customers
    }
    assert names == expected


def test_a_removed_register_stays_removed(cast: Cast) -> None:
    properties(cast.fjordstuen)
    fill(cast.fjordstuen, 40)
    with business_scope(cast.fjordstuen.pk):
        act = register_act()
        assert act is not None
        change_set_undo(change_set_id=act.pk)
    again = fill(cast.fjordstuen, 40)
    assert (again.guests, again.total) == (0, 0)
    with business_scope(cast.fjordstuen.pk):
        assert not Customer.objects.exists()


def test_a_large_register_is_written_by_several_connections(transactional_cast: Cast, small_batches: None) -> None:
    house = transactional_cast.fjordstuen
    properties(house)
    filled = fill(house, 330)
    assert (filled.guests, filled.total) == (330, 330)
    with business_scope(house.pk):
        act = register_act()
        assert act is not None and act.state == ChangeSet.State.DONE
        assert act.result["done"] == [0, 1, 2, 3, 4, 5, 6] and act.result["stays"] == filled.stays
        assert Customer.objects.count() == 330 and Stay.objects.count() == filled.stays
        assert CustomerFacts.objects.filter(stays__gt=0).count() > 200


def test_an_error_in_one_connection_ends_the_run_and_keeps_what_is_done(
    transactional_cast: Cast, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    properties(house)
    note = services._note_done

    def failing(act: ChangeSet, *, number: int, batch: Batch) -> None:
        if number == 3:
            raise OSError("disk full")
        note(act, number=number, batch=batch)

    with monkeypatch.context() as patch:
        patch.setattr(services, "_note_done", failing)
        with pytest.raises(OSError, match="disk full"):
            fill(house, 330)
    with business_scope(house.pk):
        act = register_act()
        assert act is not None and 3 not in act.result["done"]
        assert Customer.objects.count() == act.result["guests"] == 50 * len(act.result["done"])
    assert fill(house, 330).total == 330


def test_a_batch_is_written_once(cast: Cast) -> None:
    properties(cast.fjordstuen)
    fill(cast.fjordstuen, 40)
    with business_scope(cast.fjordstuen.pk):
        act = register_act()
        assert act is not None
        made = generate(DEMO_PROFILES["fjordstuen"], seed="1", today=TODAY, number=0, size=40)
        with pytest.raises(RegisterBusy):
            services._note_done(act, number=0, batch=made)
