"""Where somebody lands: their business, a choice, or three steps."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Role
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.sample.businesses import DEMO_PASSWORD, HOUSES, demo_business_ensure
from tests.cast import Cast
from tests.factories import CustomerFactory, MemberFactory

HOME = "/b/fjordstuen/"


def test_one_business_is_opened_at_once(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    assert client.get("/").headers["Location"] == HOME


def test_several_are_a_choice_and_none_is_said(client: Client, cast: Cast) -> None:
    user = cast.fjordstuen.reception.user
    with business_scope(cast.duinzicht.pk):
        MemberFactory(user=user, role=Role.OWNER)
    client.force_login(user)
    page = client.get("/").content.decode()
    assert page.index("/b/duinzicht/") < page.index("/b/fjordstuen/")
    assert "Owner" in page
    client.force_login(cast.stranger)
    assert "You are not a member of a business" in client.get("/").content.decode()


def test_a_visitor_signs_in_first(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_an_empty_register_opens_on_three_steps(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    page = client.get(HOME).content.decode()
    assert "/b/fjordstuen/guests/new/" in page
    assert "/b/fjordstuen/sample/add/" in page
    assert page.count("An admin does this.") == 0


def test_each_role_sees_the_steps_it_can_take(client: Client, cast: Cast) -> None:
    for role, admins, desk in ((Role.RECEPTION, 2, 0), (Role.MARKETING, 2, 1), (Role.ADMIN, 0, 0)):
        client.force_login(cast.fjordstuen.members[role].user)
        page = client.get(HOME).content.decode()
        assert (page.count("An admin does this."), page.count("Reception does this.")) == (admins, desk), role


def test_with_guests_it_opens_on_them(client: Client, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
    client.force_login(cast.fjordstuen.owner.user)
    page = client.get(HOME).content.decode()
    assert "<h1>Today</h1>" in page
    assert "/b/fjordstuen/sample/add/" not in page


def test_the_neighbours_guests_do_not_count(client: Client, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        CustomerFactory()
    client.force_login(cast.fjordstuen.owner.user)
    assert client.get(HOME).status_code == 200


def sample(cast: Cast) -> ChangeSet:
    """Two guests that came as the sample."""
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.SAMPLE) as act:
        CustomerFactory.create_batch(2)
        return act


def test_the_sample_is_shown_where_it_can_be_removed(client: Client, cast: Cast) -> None:
    sample(cast)
    client.force_login(cast.fjordstuen.admin.user)
    page = client.get(HOME).content.decode()
    assert "<h1>Today</h1>" in page
    assert "/b/fjordstuen/sample/remove/" in page
    client.force_login(cast.fjordstuen.reception.user)
    page = client.get(HOME).content.decode()
    assert "Sample guests are in your register" in page
    assert "/b/fjordstuen/sample/remove/" not in page


def test_the_sample_goes_as_one_change(client: Client, cast: Cast) -> None:
    act = sample(cast)
    with business_scope(cast.fjordstuen.pk):
        own = CustomerFactory()
    client.force_login(cast.fjordstuen.admin.user)
    assert client.get(HOME + "sample/remove/").status_code == 405
    assert client.post(HOME + "sample/remove/").headers["Location"] == HOME
    with business_scope(cast.fjordstuen.pk):
        assert list(Customer.objects.values_list("pk", flat=True)) == [own.pk]
        act.refresh_from_db()
        assert act.state == ChangeSet.State.UNDONE
    assert client.post(HOME + "sample/remove/").headers["Location"] == HOME, "a second time changes nothing"


def test_what_was_edited_since_stays_and_is_said(client: Client, cast: Cast) -> None:
    sample(cast)
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
        edited = Customer.objects.order_by("pk")[0]
        edited.note = "Mine now"
        edited.save()
    client.force_login(cast.fjordstuen.admin.user)
    page = client.post(HOME + "sample/remove/", follow=True).content.decode()
    assert "was kept" in page
    with business_scope(cast.fjordstuen.pk):
        assert list(Customer.objects.values_list("pk", flat=True)) == [edited.pk]


@pytest.mark.parametrize("act", ["add", "remove"])
@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_filling_and_emptying_takes_a_role(client: Client, cast: Cast, role: Role, act: str) -> None:
    sample(cast)
    client.force_login(cast.fjordstuen.members[role].user)
    assert client.post(f"{HOME}sample/{act}/").status_code == 403
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 2


def test_the_sample_comes_once(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.admin.user)
    answer = client.post(HOME + "sample/add/")
    assert answer.headers["Location"] == "/b/fjordstuen/guests/"
    with business_scope(cast.fjordstuen.pk):
        guests = Customer.objects.count()
        assert guests > 10
    client.post(HOME + "sample/add/")
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == guests
        assert ChangeSet.objects.filter(kind=ChangeSet.Kind.SAMPLE).count() == 1
    client.post(HOME + "sample/remove/")
    with business_scope(cast.fjordstuen.pk):
        assert not Customer.objects.exists()
    assert "Try sample data" in client.get(HOME).content.decode()


def test_the_demo_is_entered_from_the_sign_in_page(client: Client, db: None, settings: Any) -> None:
    cache.clear()
    house = HOUSES[0]
    demo_business_ensure(house=house)
    assert "Try the demo" not in client.get("/accounts/login/").content.decode(), "only in a demo"
    settings.INNKEEPER_DEMO = True
    people = client.get("/accounts/login/").context["demo"]["people"]
    assert [person.name for person in people] == [name for name, _role, _language in house.people]
    for person in people:
        assert person.email in client.get("/accounts/login/").content.decode()
    entered = client.post("/accounts/login/", {"login": people[0].email, "password": DEMO_PASSWORD})
    assert entered.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == f"/b/{house.slug}/"
