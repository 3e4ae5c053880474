"""Contact rules and restriction through the pages, and honoured wherever guests are shown, changed or handed out."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag
from customers.changes.models import ChangeSet
from customers.permission.services import restriction_set
from tests.cast import Cast
from tests.customers.exporting import asked, downloaded, read, run_page
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory(given_name="Åse", family_name="Berg")


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


@pytest.fixture
def office(cast: Cast) -> Client:
    """The admin of Fjordstuen, signed in."""
    client = Client()
    client.force_login(cast.fjordstuen.admin.user)
    return client


def card(guest: Customer) -> str:
    return f"/b/fjordstuen/guests/{guest.pk}/"


def now(cast: Cast, guest: Customer) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return Customer.objects.get(pk=guest.pk)


def restrict(cast: Cast, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        restriction_set(
            customer_id=guest.pk, restricted=True, reason="Disputes an invoice", member=cast.fjordstuen.admin
        )


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "alert"), [("do_not_contact", "No newsletter and no offer."), ("is_deceased", "No message goes out")]
    )
    def test_one_click_sets_it_the_card_says_so_and_undo_takes_it_back(
        self, cast: Cast, desk: Client, guest: Customer, rule: str, alert: str
    ) -> None:
        assert alert not in desk.get(card(guest)).text
        answer = desk.post(f"{card(guest)}contact-rules/", {rule: "on"})
        assert answer.url == f"{card(guest)}contact-rules/"
        assert getattr(now(cast, guest), rule)
        assert alert in desk.get(card(guest)).text
        with business_scope(cast.fjordstuen.pk):
            act = ChangeSet.objects.get(title="Changed the contact rules of %(guests)s")
        desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
        assert not getattr(now(cast, guest), rule)
        desk.post(f"{card(guest)}contact-rules/", {rule: "on"})
        desk.post(f"{card(guest)}contact-rules/", {rule: "off"})
        assert not getattr(now(cast, guest), rule)

    @pytest.mark.parametrize("sent", [{}, {"do_not_contact": "perhaps"}, {"is_restricted": "on"}])
    def test_what_is_no_rule_changes_nothing(
        self, cast: Cast, desk: Client, guest: Customer, sent: dict[str, str]
    ) -> None:
        desk.post(f"{card(guest)}contact-rules/", sent)
        after = now(cast, guest)
        assert not (after.do_not_contact or after.is_deceased or after.is_restricted)

    def test_the_page_says_what_may_be_sent_and_why_not(self, cast: Cast, desk: Client, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            EmailFactory(customer=guest, is_primary=True)
            ConsentEventFactory(customer=guest)
        page = desk.get(f"{card(guest)}contact-rules/").text
        assert page.count("Yes</span>") == 3, "every kind of e-mail"
        assert "Has not consented · No address or number" in page
        desk.post(f"{card(guest)}contact-rules/", {"is_deceased": "on"})
        page = desk.get(f"{card(guest)}contact-rules/").text
        assert "Yes</span>" not in page


class TestRestricting:
    URL = "restriction/"

    def test_the_admin_restricts_and_lifts_with_a_reason(self, cast: Cast, office: Client, guest: Customer) -> None:
        office.post(f"{card(guest)}{self.URL}", {"restricted": "on", "reason": "Disputes <an> invoice"})
        assert now(cast, guest).is_restricted
        page = office.get(f"{card(guest)}contact-rules/").text
        assert "Disputes &lt;an&gt; invoice" in page and "Admin of Fjordstuen" in page
        office.post(f"{card(guest)}{self.URL}", {"restricted": "off", "reason": "Settled"})
        assert not now(cast, guest).is_restricted
        with business_scope(cast.fjordstuen.pk):
            actions = AuditEntry.objects.filter(action__contains="restricted").order_by("id")
            assert [(each.action, each.address) for each in actions] == [
                ("guest.restricted", "127.0.0.1"),
                ("guest.unrestricted", "127.0.0.1"),
            ]

    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({"restricted": "on", "reason": "  "}, "This field is required."),
            ({"restricted": "on", "reason": "x" * 501}, "at most 500 characters"),
        ],
    )
    def test_without_a_reason_nothing_happens(
        self, cast: Cast, office: Client, guest: Customer, sent: dict[str, str], words: str
    ) -> None:
        answer = office.post(f"{card(guest)}{self.URL}", sent)
        assert answer.status_code == 422
        assert words in answer.text
        assert not now(cast, guest).is_restricted

    def test_neither_on_nor_off_is_nothing(self, cast: Cast, office: Client, guest: Customer) -> None:
        assert office.post(f"{card(guest)}{self.URL}", {"reason": "Asked"}).status_code == 422
        assert not now(cast, guest).is_restricted

    def test_those_at_the_desk_and_marketing_may_not(self, cast: Cast, client: Client, guest: Customer) -> None:
        for member in (cast.fjordstuen.reception, cast.fjordstuen.marketing):
            client.force_login(member.user)
            answer = client.post(f"{card(guest)}{self.URL}", {"restricted": "on", "reason": "Asked"})
            assert answer.status_code == 403
            page = client.get(f"{card(guest)}contact-rules/").text
            assert "Admins and owners can change this." in page
            assert 'name="reason"' not in page
        assert not now(cast, guest).is_restricted


class TestHonoured:
    def test_the_card_says_so_and_its_form_is_gone(self, cast: Cast, desk: Client, guest: Customer) -> None:
        restrict(cast, guest)
        assert "Their data may be stored and nothing else." in desk.get(card(guest)).text
        page = desk.get(f"{card(guest)}edit/")
        assert page.status_code == 200
        assert "The card can be read, but not changed." in page.text
        assert 'name="given_name"' not in page.text
        refused = desk.post(f"{card(guest)}edit/", {"kind": "person", "given_name": "Eva", "family_name": "Berg"})
        assert refused.status_code == 409
        assert now(cast, guest).given_name == "Åse"

    def test_a_tag_is_refused_with_a_sentence(self, cast: Cast, desk: Client, guest: Customer) -> None:
        restrict(cast, guest)
        with business_scope(cast.fjordstuen.pk):
            tag = TagFactory()
        desk.post(f"{card(guest)}tags/", {"add": tag.pk})
        assert "can be read, but not changed" in desk.get(card(guest)).text
        with business_scope(cast.fjordstuen.pk):
            assert not CustomerTag.objects.exists()

    def test_a_note_is_still_written(self, cast: Cast, desk: Client, guest: Customer) -> None:
        restrict(cast, guest)
        desk.post(f"{card(guest)}notes/", {"text": "Lost a key", "kind": "note"})
        assert "Lost a key" in desk.get(card(guest)).text

    def test_the_list_and_the_look_up_show_it_before_the_tags(self, cast: Cast, desk: Client, guest: Customer) -> None:
        restrict(cast, guest)
        desk.post(f"{card(guest)}contact-rules/", {"do_not_contact": "on"})
        for address in ("/b/fjordstuen/guests/", "/b/fjordstuen/lookup/?q=berg"):
            shown = desk.get(address).text
            assert "Åse Berg" in shown, address
            assert '<span class="badge warn">Restricted</span>' in shown, address
            assert '<span class="badge warn">Do not contact</span>' in shown, address
            assert "Deceased" not in shown, address

    def test_the_export_leaves_the_restricted_out_says_how_many_and_marks_the_others(
        self, cast: Cast, client: Client, guest: Customer
    ) -> None:
        with business_scope(cast.fjordstuen.pk):
            CustomerFactory(given_name="Silent", do_not_contact=True)
            CustomerFactory(given_name="Dead", is_deceased=True)
            other = CustomerFactory(given_name="Other")
        restrict(cast, guest)
        restrict(cast, other)
        client.force_login(cast.fjordstuen.marketing.user)
        run = asked(client, cast.fjordstuen)
        rows = read(downloaded(client, run))
        told: dict[str, Any] = {row["given_name"]: (row["do_not_contact"], row["deceased"]) for row in rows}
        assert told == {"Silent": ("yes", ""), "Dead": ("", "yes")}
        with business_scope(cast.fjordstuen.pk):
            entry = AuditEntry.objects.get(action="guest.exported")
        assert (entry.data["filter"], entry.data["rows"], entry.data["left_out"]) == ([], 2, 2)
        said = "2 guests are not in the file: the processing of their data is restricted."
        assert said in run_page(client, run)
