"""What the tests of nightly imports have in common: files, and having a night come."""

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Todo
from imports.feeds import tasks
from imports.feeds.selectors import feeds_due
from imports.feeds.services import FeedValues, feed_create
from imports.mapping import Kind, signature, suggest
from imports.models import ImportFeed, ImportFetch, ImportMapping
from tests.cast import House

HEADER = "given_name,family_name,email,phone\n"
GUESTS = HEADER + "Åse,Sørensen,ase@fjord.no,\nJan,Berg,jan@berg.no,\n"
MORE = GUESTS + "Kari,Lie,kari@lie.no,\n"
OTHER_COLUMNS = "vorname,nachname,kontakt\nA,B,c@d.no\n"
KEY = "Bearer zebrafinchcanary"


def mapping(house: House, text: str = GUESTS, kind: Kind = "guests", **values: Any) -> ImportMapping:
    """A saved mapping for files with these columns."""
    header, *rows = [line.split(",") for line in text.strip().split("\n")]
    with business_scope(house.pk):
        found = suggest(header, rows, fields=(), language="en", kind=kind)
        return ImportMapping.objects.create(
            name=f"{kind} of Mews", kind=kind, signature=signature(header), layout=found.layout, **values
        )


def make(house: House, address: str, *, source: str = "https", **values: Any) -> ImportFeed:
    told = FeedValues(name="Mews", source=source, address=address, mapping=mapping(house), **values)
    with business_scope(house.pk, house.admin.pk):
        return feed_create(business=house.business, values=told, member=house.admin)


def come(house: House, feed: ImportFeed) -> ImportFeed:
    """Its hour has come, and a worker takes it up."""
    with business_scope(house.pk):
        ImportFeed.objects.filter(pk=feed.pk).update(next_at=timezone.now() - dt.timedelta(seconds=1))
    assert (house.pk, feed.pk) in feeds_due()
    tasks.import_feed_fetch(house.pk, feed.pk)
    return now_of(house, feed)


def now_of(house: House, feed: ImportFeed) -> ImportFeed:
    with business_scope(house.pk):
        return ImportFeed.objects.get(pk=feed.pk)


def names(house: House) -> list[str]:
    with business_scope(house.pk):
        return sorted(Customer.objects.values_list("family_name", flat=True))


def todos(house: House) -> list[Todo]:
    with business_scope(house.pk):
        return list(Todo.objects.order_by("id"))


def history(house: House) -> list[str]:
    with business_scope(house.pk):
        return list(ImportFetch.objects.order_by("id").values_list("state", flat=True))
