"""Who left stays left: no file, edit, merge or undo of them brings an address back, in any order of them."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.card.services import ContactValues, customer_update
from customers.changes.models import ChangeSet
from customers.changes.services import CannotUndo, change_set_undo
from customers.facts.models import CustomerFacts
from customers.permission.reasons import REACH
from customers.permission.selectors import may_contact, suppressions_at
from customers.permission.services import wish_set
from customers.permission.suppressing import suppress
from dedup.merging.services import MergeRefused, merge
from messaging.links.addresses import preferences_url, unsubscribe_url
from tests.cast import Cast, House
from tests.factories import CustomerFactory
from tests.imports.files import guest
from tests.imports.loading import load
from tests.messaging.sent import message_sent

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = "ase@fjord.no"
CONSENTS = {"newsletter_email": "yes", "newsletter_email_date": "2026-01-02", "newsletter_email_source": "Signed card"}


def one_click(house: House, card: Customer) -> None:
    ref = message_sent(card).ref
    address = unsubscribe_url(public_id=house.business.public_id, ref=ref)
    assert Client().post("/" + address.split("/", 3)[3], {"List-Unsubscribe": "One-Click"}).status_code == 200


def by_preferences(house: House, card: Customer) -> None:
    """Everything unticked on the page of preferences."""
    ref = message_sent(card).ref
    address = preferences_url(public_id=house.business.public_id, ref=ref)
    assert Client().post("/" + address.split("/", 3)[3], {"language": "en", "pause": ""}).status_code == 200


def at_the_desk(house: House, card: Customer) -> None:
    """A guest who wants no offers tells a member that they want no newsletter either."""
    wish_set(customer_id=card.pk, kind="no_offers", wished=True)
    client = Client()
    client.force_login(house.admin.user)
    address = reverse("consent_add", kwargs={"slug": house.business.slug, "customer_id": card.pk})
    assert client.post(address, {"withdraw": "newsletter-email"}).status_code == 302


LEAVING: dict[str, Callable[[House, Customer], object]] = {
    "unsubscribed": one_click,
    "preferences": by_preferences,
    "desk": at_the_desk,
    **{
        reason: lambda _house, _card, reason=reason: suppress(kind="email", normalised=MAIL, reason=reason)  # type: ignore[misc]
        for reason in ("bounce", "objection", "complaint")
    },
}


def assert_left(house: House, after: str) -> None:
    """No card with the address may be written to there, facts say the same, and the list is as it was."""
    with business_scope(house.pk):
        assert len(suppressions_at(kind="email", normalised=MAIL)) == 1, after
        cards = set(ContactPoint.objects.filter(normalised=MAIL).values_list("customer_id", flat=True))
        for purpose in ("newsletter", "offer"):
            told = may_contact(ids=cards, purpose=purpose, channel="email")
            assert not [pk for pk, verdict in told.items() if verdict.allowed], (after, purpose, told)
        told = may_contact(ids=cards, purpose="newsletter", channel="email")
        reached = dict(CustomerFacts.objects.filter(customer__in=cards).values_list("customer_id", "email_reach"))
        assert reached == {pk: REACH.index(verdict.reasons[0]) + 1 for pk, verdict in told.items()}, after


class Walk:
    """Acts of a house, one after another, on whoever there is at the moment."""

    def __init__(self, house: House, folder: Path, chance: random.Random) -> None:
        self.house, self.folder, self.chance, self.files = house, folder, chance, 0

    def step(self) -> str:
        act = self.chance.choice((self.file, self.file, self.edit, self.card, self.merge, self.undo, self.undo))
        return f"{act.__name__} {act() or ''}"

    def file(self) -> None:
        """A list with the guest, a partner at the same address, and the consents of both."""
        self.files += 1
        rows = [guest(**CONSENTS), guest(**CONSENTS, given_name="Ola", id="")]
        load(self.house, self.folder / f"{self.files}.csv", rows)

    def edit(self) -> None:
        """The address is typed anew."""
        with business_scope(self.house.pk):
            card = self.chance.choice(list(Customer.objects.order_by("id")) or [None])
            if card is not None:
                emails = self.chance.choice(([], [MAIL], [f" {MAIL.upper()}", "other@fjord.no"]))
                contacts = ContactValues(emails=emails)
                customer_update(business=self.house.business, customer_id=card.pk, values={}, contacts=contacts)

    def card(self) -> None:
        """Somebody new at the desk."""
        with business_scope(self.house.pk):
            card = CustomerFactory(given_name="Åse")
            contacts = ContactValues(emails=[MAIL])
            customer_update(business=self.house.business, customer_id=card.pk, values={}, contacts=contacts)

    def merge(self) -> str:
        with business_scope(self.house.pk):
            ids = list(Customer.objects.order_by("id").values_list("pk", flat=True))
            if len(ids) < 2:
                return "nobody"
            try:
                merge(customer_ids=self.chance.sample(ids, 2))
            except MergeRefused:
                return "refused"
        return ""

    def undo(self) -> str:
        with business_scope(self.house.pk):
            acts = list(ChangeSet.objects.filter(state=ChangeSet.State.DONE).order_by("-id")[:4])
            target = self.chance.choice(acts)
            try:
                change_set_undo(change_set_id=target.pk)
            except CannotUndo:
                return "refused"
        return str(target.kind)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("way", list(LEAVING))
def test_whatever_happens_to_the_cards(transactional_cast: Cast, tmp_path: Path, way: str, seed: int) -> None:
    house = transactional_cast.fjordstuen
    walk = Walk(house, tmp_path, random.Random(f"{way} {seed}"))
    walk.file()
    with business_scope(house.pk):
        card = Customer.objects.order_by("id")[0]
        assert may_contact(ids=[card.pk], purpose="newsletter", channel="email")[card.pk].allowed
    with business_scope(house.pk):
        LEAVING[way](house, card)
    assert_left(house, way)
    for _step in range(14):
        assert_left(house, walk.step())
    walk.file()
    assert_left(house, "the last file")
    with business_scope(house.pk):
        assert ContactPoint.objects.filter(normalised=MAIL).exists()
