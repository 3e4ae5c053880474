"""Which index a page of the guest list is read by: the one of its order, whatever the list is filtered by."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.conditions.selectors import wanted
from customers.facts.models import CustomerFacts
from customers.filters import EMPTY, Condition, Group
from customers.listing.order import Order, Place, read_order
from customers.listing.selectors import guest_page, place_of
from tests import databases
from tests.cast import Cast

DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))
INDEXES = {
    "name": "facts_sort_key",
    "first": "facts_first_contact",
    "last": "facts_last_stay",
    "stays": "facts_stays",
    "value": "facts_value",
}


@pytest.fixture
def known_register(transactional_cast: Cast) -> Iterator[None]:
    """A register of some pages beside a neighbour's, committed and known to the planner; the scope is open.

    Every other guest speaks Dutch, every third has no last stay.
    """
    for house in (transactional_cast.duinzicht, transactional_cast.fjordstuen):
        with business_scope(house.pk):
            with change_set(kind=ChangeSet.Kind.EDIT):
                guests = Customer.objects.bulk_create(
                    Customer(
                        sort_key=f"{n:04}",
                        language="nl" if n % 2 else "nb",
                        first_contact=dt.date(2026, 1, 1 + n % 28),
                    )
                    for n in range(300)
                )
            stayed = CustomerFacts.objects.filter(customer__in=[guest.pk for guest in guests if guest.pk % 3])
            stayed.update(last_stay=dt.date(2026, 2, 1), stays=F("customer_id") % 5, value=F("customer_id") % 100)
    databases.analyse()
    with business_scope(transactional_cast.fjordstuen.pk):
        yield


@contextmanager
def plans() -> Iterator[list[str]]:
    """The plan of each statement over the facts that a block sends."""
    found: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "FROM customers_customerfacts f" in sql:
            with connection.connection.cursor() as cursor:
                # So few guests are read through sooner than by any index: what is asked is whether one serves.
                for way in ("seqscan", "bitmapscan", "sort"):
                    cursor.execute(f"SET LOCAL enable_{way} = off")
                cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", params)
                found.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield found


def place(order: Order, number: int, *, is_null: bool) -> Place:
    """Where a guest in the midst of the register stands."""
    facts = CustomerFacts.objects.filter(last_stay__isnull=is_null).order_by(order.column, "customer_id")[number]
    found = place_of(customer_id=facts.customer_id, order=order)
    assert found is not None
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("tree", [EMPTY, DUTCH], ids=["everybody", "filtered"])
@pytest.mark.parametrize("sign", ["", "-"], ids=["rising", "falling"])
@pytest.mark.parametrize("name", INDEXES)
def test_a_page_is_walked_by_the_index_of_its_order(name: str, sign: str, tree: Group, known_register: None) -> None:
    order, guests = read_order(sign + name), wanted(tree=tree)
    assert order is not None
    starts: list[dict[str, Place]] = [{}]
    for is_null in {False, order.nullable}:
        there = place(order, 50, is_null=is_null)
        starts += [{"after": there}, {"before": there}]
    for start in starts:
        with plans() as sent:
            page = guest_page(guests=guests, order=order, size=5, **start)
        assert len(page.rows) == 5
        (plan,) = sent
        assert "Seq Scan" not in plan and "Sort" not in plan, plan
        (walked,) = [line for line in plan.splitlines() if "Scan" in line and "customers_customerfacts" in line]
        assert f"using {INDEXES[name]} on" in walked, plan
        (bounds,) = [line for line in plan.splitlines() if "Index Cond" in line]
        assert "business_id = " in bounds, plan
        assert not start or "customer_id" in bounds, plan
