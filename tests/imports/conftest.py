"""A house that files are imported into, its admin, and guests of before."""

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports import spool
from imports.services import replaying, sources, working
from tests.cast import Cast, House
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory


@pytest.fixture
def house(cast: Cast) -> House:
    """Fjordstuen."""
    return cast.fjordstuen


@pytest.fixture
def admin(cast: Cast, client: Client) -> Client:
    """Fjordstuen's admin, signed in."""
    client.force_login(cast.fjordstuen.admin.user)
    return client


@pytest.fixture
def cards(house: House) -> dict[str, Customer]:
    """Guests of before, by their given names."""
    with business_scope(house.pk):
        ase = CustomerFactory(given_name="Åse", family_name="Sørensen", city="Bergen", postal_code="5003")
        EmailFactory(customer=ase, value="ase@fjord.no")
        bo = CustomerFactory(given_name="Bo", family_name="Berg")
        EmailFactory(customer=bo, value="shared@fjord.no")
        PhoneFactory(customer=bo, value="22 33 44 55")
        kari = CustomerFactory(given_name="Kari", family_name="Nordmann", postal_code="0155")
        twins = [CustomerFactory(given_name="Jan", family_name="Dahl") for _ in range(2)]
        for twin in twins:
            EmailFactory(customer=twin, value="jan@dahl.no")
    return {"ase": ase, "bo": bo, "kari": kari, "jan": twins[0], "jan2": twins[1]}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches of a few rows."""
    monkeypatch.setattr(sources, "BATCH_ROWS", 4)
    monkeypatch.setattr(spool, "SPOOLED_ROWS", 4)
    monkeypatch.setattr(working, "REST_ROWS", 3)
    monkeypatch.setattr(replaying, "TURN_LONGEST", 1)
