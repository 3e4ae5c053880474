"""How today's lists are found: by indexes, however many years lie behind them."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from django.db import connection

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay
from customers.today.days import days_at
from customers.today.selectors import stays_today, today_days
from tests import databases
from tests.cast import Cast, House

DAY = dt.timedelta(days=1)


@pytest.fixture
def known_years(transactional_cast: Cast) -> Iterator[House]:
    """Three years of stays and one of bookings, committed and known to the planner; the scope is open."""
    house = transactional_cast.fjordstuen
    first = dt.date(2023, 6, 1)
    with business_scope(house.pk), change_set(kind=ChangeSet.Kind.EDIT):
        place = Property.objects.get()
        for status, days in (
            ("checked_out", range(1_095)),
            ("booked", range(1_090, 1_500)),
            ("checked_in", range(1_090, 1_096)),
        ):
            Stay.objects.bulk_create(
                Stay(property=place, status=status, arrival=first + n * DAY, departure=first + (n + 2) * DAY)
                for n in days
            )
    databases.analyse()
    with business_scope(house.pk):
        yield house


@pytest.mark.django_db(transaction=True)
def test_indexes_find_who_is_expected(known_years: House) -> None:
    """Who comes and who should have come: a part of the bookings, never the years behind them."""
    days = today_days(business=known_years.business, properties=list(Property.objects.all()))
    assert days.groups
    serving = {"arrivals": "stay_expected", "missing": "stay_expected", "in_house": "stay_in_house|stay_current"}
    for name, indexes in serving.items():
        sql, values = (
            stays_today(name, days_at(dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC), home="UTC", zones={1: ""}),
                        everywhere=True)
            .values_list("pk")[:51]
            .query.sql_with_params()
        )  # fmt: skip
        with connection.cursor() as cursor:
            for way in ("seqscan", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute(f"EXPLAIN (COSTS OFF) {sql}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert re.search(rf"using ({indexes}) on", plan), f"{name}\n{plan}"
