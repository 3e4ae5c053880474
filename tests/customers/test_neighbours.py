"""From one card of a list to the next."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tenancy import business_scope
from customers.card.models import Customer, Tag
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomerTagFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guests(cast: Cast) -> list[Customer]:
    """Four guests by name; the first and the last are regulars."""
    with business_scope(cast.fjordstuen.pk):
        found = [CustomerFactory(given_name=name, family_name="Berg") for name in ("Anna", "Bo", "Cato", "Dina")]
        regular = Tag.objects.get(code=Tag.Code.REGULAR)
        for guest in (found[0], found[3]):
            CustomerTagFactory(customer=guest, tag=regular)
        for guest, number in zip(found, (1, 3, 2, 0), strict=True):
            for _stay in range(number):
                StayParticipantFactory(stay=StayFactory(), customer=guest)
    return found


def walk(client: Client, guest: Customer, step: str, state: str = "") -> str:
    """Where a step leads, as the address without the business."""
    path = reverse(f"guest_{step}", kwargs={"slug": "fjordstuen", "customer_id": guest.pk})
    return client.get(path, {"in": state}).headers["Location"].removeprefix("/b/fjordstuen/guests/")


def test_steps_follow_the_order_of_the_list(cast: Cast, guests: list[Customer], client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    anna, bo, cato, dina = guests
    assert walk(client, anna, "next") == f"{bo.pk}/?in="
    assert walk(client, cato, "previous") == f"{bo.pk}/?in="
    assert walk(client, bo, "next", "sort=-stays") == f"{cato.pk}/?in=sort%3D-stays"
    assert walk(client, bo, "next", "sort=stays") == f"{bo.pk}/?in=sort%3Dstays"
    assert walk(client, dina, "next", "sort=stays") == f"{anna.pk}/?in=sort%3Dstays"
    assert walk(client, anna, "next", "sort=-last") != f"{anna.pk}/?in=sort%3D-last"


def test_steps_stay_within_the_filter(cast: Cast, guests: list[Customer], client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    with business_scope(cast.fjordstuen.pk):
        tag = Tag.objects.get(code=Tag.Code.REGULAR)
    anna, _bo, _cato, dina = guests
    assert walk(client, anna, "next", f"tag={tag.pk}") == f"{dina.pk}/?in=tag%3D{tag.pk}"
    assert walk(client, dina, "previous", "q=anna") == f"{anna.pk}/?in=q%3Danna"


def test_at_the_end_a_word_is_said(cast: Cast, guests: list[Customer], client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    path = reverse("guest_next", kwargs={"slug": "fjordstuen", "customer_id": guests[3].pk})
    answer = client.get(path, {"in": ""}, follow=True)
    assert "This is the last guest of the list." in answer.text
    assert "Dina Berg" in answer.text
    path = reverse("guest_previous", kwargs={"slug": "fjordstuen", "customer_id": guests[0].pk})
    assert "This is the first guest of the list." in client.get(path, {"in": "sort=bogus&tag=x"}, follow=True).text


def test_the_list_hands_its_state_to_the_card(cast: Cast, guests: list[Customer], client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    page = client.get(reverse("guest_list", kwargs={"slug": "fjordstuen"}), {"q": "Berg", "sort": "-stays"})
    assert f"/guests/{guests[0].pk}/?in=q%3DBerg%26sort%3D-stays" in page.text
