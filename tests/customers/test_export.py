"""The export: the filtered guests, safe, logged, by those who may."""

import csv
import io
import json

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Tag
from customers.export.rows import COLUMNS, plain
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomerTagFactory, EmailFactory, PhoneFactory, TagFactory

pytestmark = pytest.mark.django_db
URL = "/b/fjordstuen/guests/export/"


def exported(client: Client, address: str = URL) -> list[dict[str, str]]:
    """The rows of an export, as a reader gets them."""
    answer = client.post(address)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";")
    assert tuple(rows.fieldnames or ()) == COLUMNS
    return list(rows)


def test_the_filtered_guests_and_nobody_else(cast: Cast, client: Client) -> None:
    with business_scope(cast.duinzicht.pk):
        CustomerFactory(given_name="Neighbour", language="da")
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(given_name="=cmd|' /C calc'!A0", family_name="Berg; “Fjell”\nÅs", language="da")
        CustomerFactory(given_name="Kari", language="nb")
        EmailFactory(customer=guest, value="Per@Example.no", is_primary=True)
        EmailFactory(customer=guest, value="other@example.no", is_primary=False)
        PhoneFactory(customer=guest, value="912 34 567")
        for slot, tag in enumerate((Tag.objects.get(code=Tag.Code.VIP), TagFactory(name="Hund")), start=1):
            CustomerTagFactory(customer=guest, tag=tag, slot=slot)
    client.force_login(cast.fjordstuen.marketing.user)
    rows = exported(client, f"{URL}?language=da")
    assert len(rows) == 1
    row = rows[0]
    assert row["given_name"] == "'=cmd|' /C calc'!A0"
    assert row["family_name"] == "Berg; “Fjell”\nÅs"
    assert row["email"] == "per@example.no ::: other@example.no"
    assert plain(row["phone"]) == "+4791234567"
    assert row["phone"].startswith("'")
    assert row["tags"] == "vip; Hund"
    assert len(exported(client)) == 2


def test_it_is_logged_with_filter_and_number(cast: Cast, client: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
    client.force_login(cast.fjordstuen.marketing.user)
    exported(client, f"{URL}?language=nb")
    with business_scope(cast.fjordstuen.pk):
        entry = AuditEntry.objects.get(action="guest.exported")
    assert entry.member_id == cast.fjordstuen.marketing.pk
    filtered = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nb"]}]}
    ((name, text),) = entry.data.pop("filter")
    assert (name, json.loads(text)) == ("filter", filtered)
    assert entry.data == {"rows": 1}


def test_reception_may_not_export_and_get_does_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    assert client.post(URL).status_code == 403
    client.force_login(cast.fjordstuen.admin.user)
    assert client.get(URL).status_code == 405
