"""Relations between cards: both directions, refusals, undo, and finding the other card with and without script."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.services import CardRestricted
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.relations.models import Relation
from customers.relations.selectors import relations_of
from customers.relations.services import RelationRefused, relation_add, relation_remove
from tests.cast import Cast
from tests.factories import CompanyFactory, CustomerFactory, RelationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


def page(guest: Customer, path: str = "") -> str:
    return f"/b/fjordstuen/guests/{guest.pk}/relations/{path}"


def told(guest: Customer) -> list[tuple[str, str]]:
    return [(line.label, line.other.name) for line in relations_of(customer_id=guest.pk)]


def test_both_cards_tell_of_a_relation_each_in_its_own_words(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, ola = CustomerFactory(given_name="Kari"), CustomerFactory(given_name="Ola")
        firm = CompanyFactory(company_name="Delta Bygg AS")
        for kind, other in (("works_at", firm), ("household", ola), ("referred_by", ola), ("agent_for", firm)):
            relation_add(customer_id=kari.pk, other_id=other.pk, kind=kind)
        assert told(kari) == [
            ("Works at", "Delta Bygg AS"),
            ("Same household", "Ola Nordmann"),
            ("Referred by", "Ola Nordmann"),
            ("Agent for", "Delta Bygg AS"),
        ]
        assert told(ola) == [("Same household", "Kari Nordmann"), ("Referred", "Kari Nordmann")]
        assert told(firm) == [("Works here", "Kari Nordmann"), ("Agent", "Kari Nordmann")]


def test_a_household_is_the_same_from_both_sides(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        first, second = CustomerFactory(), CustomerFactory()
        relation, act = relation_add(customer_id=second.pk, other_id=first.pk, kind="household")
        again, nothing = relation_add(customer_id=first.pk, other_id=second.pk, kind="household")
        assert (relation.customer_id, relation.other_id) == (first.pk, second.pk)
        assert again.pk == relation.pk
        assert act is not None
        assert nothing is None


def test_refusals(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, ola, firm = CustomerFactory(), CustomerFactory(given_name="Ola"), CompanyFactory()
        with pytest.raises(RelationRefused, match="same card"):
            relation_add(customer_id=kari.pk, other_id=kari.pk, kind="household")
        with pytest.raises(RelationRefused, match="Ola Nordmann is a person"):
            relation_add(customer_id=kari.pk, other_id=ola.pk, kind="works_at")
        relation_add(customer_id=kari.pk, other_id=ola.pk, kind="referred_by")
        with pytest.raises(RelationRefused, match="referred by Ola Nordmann already"):
            relation_add(customer_id=kari.pk, other_id=firm.pk, kind="referred_by")
        with pytest.raises(ValueError, match="cousin"):
            relation_add(customer_id=kari.pk, other_id=ola.pk, kind="cousin")
        with pytest.raises(Customer.DoesNotExist):
            relation_add(customer_id=kari.pk, other_id=2**62, kind="household")
        assert Relation.objects.count() == 1


def test_the_database_holds_one_referrer_and_nobody_is_their_own(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari = CustomerFactory()
        RelationFactory(customer=kari, kind="referred_by")
        for wrong in ({"customer": kari, "kind": "referred_by"}, {"customer": kari, "other": kari}):
            with pytest.raises(IntegrityError), transaction.atomic():
                RelationFactory(**wrong)


def test_a_restricted_card_is_not_related_from_either_side(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, ola = CustomerFactory(), CustomerFactory()
        relation = RelationFactory(customer=kari, other=ola, kind="household")
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=ola.pk).update(is_restricted=True)
        for pair in ((kari.pk, ola.pk), (ola.pk, kari.pk)):
            with pytest.raises(CardRestricted):
                relation_add(customer_id=pair[0], other_id=pair[1], kind="agent_for")
        with pytest.raises(CardRestricted):
            relation_remove(relation_id=relation.pk)


def test_added_from_the_card_removed_and_undone(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, firm = CustomerFactory(), CompanyFactory(company_name="Delta Bygg AS")
    answer = desk.post(page(kari), {"kind": "works_at", "other": firm.pk}, follow=True)
    assert "Works at" in answer.text
    assert "Delta Bygg AS" in answer.text
    assert "Works here" in desk.get(f"/b/fjordstuen/guests/{firm.pk}/").text
    with business_scope(cast.fjordstuen.pk):
        relation = Relation.objects.get()
    # From the other card it is the same relation.
    answer = desk.post(page(firm, f"{relation.pk}/remove/"), follow=True)
    assert "The relation is removed." in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Relation.objects.exists()
        act = ChangeSet.objects.latest("id")
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        assert Relation.objects.get().pk == relation.pk


def test_from_the_other_side(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, firm = CustomerFactory(), CompanyFactory()
    desk.post(page(firm), {"kind": "of_works_at", "other": kari.pk})
    with business_scope(cast.fjordstuen.pk):
        relation = Relation.objects.get()
    assert (relation.customer_id, relation.other_id, relation.kind) == (kari.pk, firm.pk, "works_at")


def test_without_script_one_searches_first(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, firm = CustomerFactory(), CompanyFactory(company_name="Delta Bygg AS")
    answer = desk.post(page(kari), {"kind": "works_at", "other": "", "other_text": "delta"}, follow=True)
    assert answer.status_code == 200
    assert f'name="other" value="{firm.pk}"' in answer.text
    assert '<input type="hidden" name="kind" value="works_at">' in answer.text
    assert "No guest found" in desk.get(page(kari), {"q": "xyzzy", "kind": "works_at"}).text


def test_choices_leave_the_card_itself_out(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, other = (CustomerFactory(given_name="Kari", family_name=name) for name in ("Berg", "Dahl"))
    text = desk.get(page(kari, "choices/"), {"q": "kari"}).text
    assert f'data-value="{other.pk}"' in text
    assert f'data-value="{kari.pk}"' not in text
    assert desk.get(page(kari, "choices/"), {"q": "\x00" * 500}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "other", "words"),
    [
        ("works_at", "person", "is a person"),
        ("household", "itself", "same card"),
        ("cousin", "person", "Choose what the two are"),
        ("household", "9" * 18, "not in the register any more"),
    ],
)
def test_what_is_refused_is_told_and_kept(cast: Cast, desk: Client, kind: str, other: str, words: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari, ola = CustomerFactory(), CustomerFactory()
    ids = {"person": ola.pk, "itself": kari.pk}
    answer = desk.post(page(kari), {"kind": kind, "other": ids.get(other, other), "other_text": "Ola N"})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Ola N"' in answer.text


def test_marketing_reads_relations_and_changes_none(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        relation = RelationFactory(other__company_name="Delta Bygg AS")
    client.force_login(cast.fjordstuen.marketing.user)
    assert "Delta Bygg AS" in client.get(f"/b/fjordstuen/guests/{relation.customer_id}/").text
    assert client.post(page(relation.customer, f"{relation.pk}/remove/")).status_code == 403


def test_a_relation_of_two_others_is_not_removed_from_here(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        stranger, relation = CustomerFactory(), RelationFactory()
    assert desk.post(page(stranger, f"{relation.pk}/remove/")).status_code == 404
    with business_scope(cast.duinzicht.pk):
        theirs = CompanyFactory()
    assert desk.post(page(stranger), {"kind": "agent_for", "other": theirs.pk}).status_code == 422
    with business_scope(cast.fjordstuen.pk):
        assert Relation.objects.count() == 1
