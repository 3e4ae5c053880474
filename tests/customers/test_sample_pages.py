"""The start page's sample: added, shown, removed through the pages."""

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.sample.selectors import sample_current
from customers.sample.services import SAMPLE_GUESTS
from tests.cast import Cast, House
from tests.factories import CustomerFactory
from tests.pages import client_of


def guests_in(house: House) -> int:
    with business_scope(house.pk):
        return Customer.objects.count()


def test_admin_adds_the_sample_once_and_removes_it(cast: Cast) -> None:
    house = cast.fjordstuen
    admin, home = client_of(house.admin), f"/b/{house.slug}/"

    assert admin.post(f"{home}sample/add/").status_code == 302
    assert guests_in(house) == SAMPLE_GUESTS
    admin.post(f"{home}sample/add/")
    assert guests_in(house) == SAMPLE_GUESTS, "a second click adds nothing"
    assert "sample/remove/" in admin.get(home).text

    admin.post(f"{home}sample/remove/")
    assert guests_in(house) == 0
    assert "sample/add/" in admin.get(home).text


def test_removing_keeps_own_guests(cast: Cast) -> None:
    house = cast.fjordstuen
    admin = client_of(house.admin)
    admin.post(f"/b/{house.slug}/sample/add/")
    with business_scope(house.pk):
        mine = CustomerFactory(given_name="Kari", family_name="Nordmann")
    admin.post(f"/b/{house.slug}/sample/remove/")
    with business_scope(house.pk):
        assert [guest.pk for guest in Customer.objects.all()] == [mine.pk] and sample_current() is None


def test_reception_and_strangers_are_refused(cast: Cast) -> None:
    house = cast.fjordstuen
    url = f"/b/{house.slug}/sample/add/"
    assert client_of(house.reception).post(url).status_code == 403
    assert client_of(cast.duinzicht.owner).post(url).status_code == 404
    assert client_of(house.admin).get(url).status_code == 405
    assert guests_in(house) == 0
