"""Who looked at a card: every view leaves an entry that nobody can change."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer
from tests.cast import Cast
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


def card(guest: Customer) -> str:
    return reverse("guest_card", kwargs={"slug": "fjordstuen", "customer_id": guest.pk})


def test_each_view_of_a_card_leaves_an_entry(cast: Cast, guest: Customer, client: Client) -> None:
    for member in (cast.fjordstuen.reception, cast.fjordstuen.owner, cast.fjordstuen.reception):
        client.force_login(member.user)
        assert client.get(card(guest)).status_code == 200
    with business_scope(cast.fjordstuen.pk):
        seen = AuditEntry.objects.filter(action="guest.viewed", object_type="customer", object_id=guest.pk)
        assert [entry.member_id for entry in seen.order_by("id")] == [
            cast.fjordstuen.reception.pk,
            cast.fjordstuen.owner.pk,
            cast.fjordstuen.reception.pk,
        ]


def test_the_card_is_seen_on_other_ways_too(cast: Cast, guest: Customer, client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    kwargs = {"slug": "fjordstuen", "customer_id": guest.pk}
    assert client.get(reverse("guest_edit", kwargs=kwargs)).status_code == 200
    assert client.post(reverse("guest_note", kwargs=kwargs), {"text": "", "kind": "note"}).status_code == 422
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.filter(action="guest.viewed", object_id=guest.pk).count() == 2


def test_a_card_that_is_not_there_leaves_none(cast: Cast, guest: Customer, client: Client) -> None:
    client.force_login(cast.duinzicht.owner.user)
    path = reverse("guest_card", kwargs={"slug": "duinzicht", "customer_id": guest.pk})
    assert client.get(path).status_code == 404
    with business_scope(cast.duinzicht.pk):
        assert not AuditEntry.objects.filter(action="guest.viewed").exists()


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_auditentry SET actor = 'Nobody'", "DELETE FROM accounts_auditentry"]
)
def test_entries_stay_as_they_were_written(cast: Cast, guest: Customer, client: Client, statement: str) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    client.get(card(guest))
    with business_scope(cast.fjordstuen.pk), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)
        assert AuditEntry.objects.filter(action="guest.viewed").count() == 1


def test_admins_see_who_viewed_and_others_do_not(cast: Cast, guest: Customer, client: Client) -> None:
    reception = cast.fjordstuen.reception
    client.force_login(reception.user)
    client.get(card(guest))
    path = reverse("guest_viewers", kwargs={"slug": "fjordstuen", "customer_id": guest.pk})
    assert client.get(path).status_code == 403
    client.force_login(cast.fjordstuen.admin.user)
    assert f"{reception} opened a guest card" in client.get(path).text


def test_views_do_not_crowd_the_activity_page(cast: Cast, guest: Customer, client: Client) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    client.get(card(guest))
    path = reverse("activity_log", kwargs={"slug": "fjordstuen"})
    assert "opened a guest card" not in client.get(path).text
    assert "opened a guest card" in client.get(path, {"action": "guest.viewed"}).text
