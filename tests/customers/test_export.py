"""The export: the guests that were asked for, safe, sealed, logged, by those who may."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Tag
from customers.export import links
from customers.export.catalogue import columns_of
from customers.export.models import ExportRun, Kind, SavedColumns
from customers.export.rows import plain
from customers.export.services import export_work
from customers.export.tasks import exports_sweep
from customers.segments.models import Segment
from tests.cast import Cast
from tests.customers.exporting import NEW, asked, downloaded, form_of, link, read, run_page
from tests.factories import (
    ConsentEventFactory,
    ConsentWordingFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    InvoiceFactory,
    PhoneFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db
DUTCH = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


@pytest.fixture
def marketing(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.marketing.user)
    return client


def test_the_filtered_guests_and_nobody_else(cast: Cast, marketing: Client) -> None:
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
    # As the guest list's button leads here.
    whom = json.dumps(DUTCH).replace('"nl"', '"da"')
    run = asked(marketing, cast.fjordstuen, f"{NEW}?filter={whom}")
    data = downloaded(marketing, run)
    (row,) = read(data)
    assert row["given_name"] == "'=cmd|' /C calc'!A0"
    assert row["family_name"] == "Berg; “Fjell”\nÅs"
    assert row["email"] == "per@example.no ::: other@example.no"
    assert plain(row["phone"]) == "+4791234567"
    assert row["phone"].startswith("'")
    assert row["tags"] == "vip; Hund"
    assert len(read(downloaded(marketing, asked(marketing, cast.fjordstuen)))) == 2


def test_the_file_is_sealed_where_it_lies(cast: Cast, marketing: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Zilverkanarie")
    run = asked(marketing, cast.fjordstuen)
    (path,) = (Path(settings.INNKEEPER_UPLOADS) / "exports").glob(run.stored)
    assert b"Zilverkanarie" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert b"Zilverkanarie" in downloaded(marketing, run)
    assert run.size == len(downloaded(marketing, run))


def test_who_asked_and_who_downloaded_is_logged(cast: Cast, marketing: Client) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        CustomerFactory(language="nl")
        CustomerFactory(language="nl", is_restricted=True)
    run = asked(marketing, house, f"{NEW}?filter={json.dumps(DUTCH)}&columns=contact")
    downloaded(marketing, run)
    with business_scope(house.pk):
        entry = AuditEntry.objects.get(action="guest.exported")
        fetched = AuditEntry.objects.get(action="export.downloaded")
    assert entry.member_id == fetched.member_id == house.marketing.pk
    ((name, text),) = entry.data.pop("filter")
    assert (name, json.loads(text)) == ("filter", DUTCH)
    assert "given_name" in entry.data["columns"] and "note" not in entry.data.pop("columns")
    assert entry.data == {"kind": "guests", "format": "csv", "rows": 1, "left_out": 1}
    assert fetched.data == {"kind": "guests", "rows": 1, "file": run.file_name}
    assert (fetched.object_type, fetched.object_id) == ("exportrun", run.pk)
    with business_scope(house.pk):
        run.refresh_from_db()
    assert run.downloads == 1
    assert "1 guest is not in the file: the processing of their data is restricted." in run_page(marketing, run)


def test_a_link_opens_for_its_member_for_a_while(cast: Cast, marketing: Client, monkeypatch: Any) -> None:
    house = cast.fjordstuen
    run = asked(marketing, house)
    address, page = link(marketing, run), f"/b/fjordstuen/exports/{run.pk}/"
    admin, reception, neighbour = Client(), Client(), Client()
    admin.force_login(house.admin.user)
    reception.force_login(house.reception.user)
    neighbour.force_login(cast.duinzicht.owner.user)
    assert admin.get(address).headers["Location"] == page
    assert "made for somebody else" in admin.get(page).content.decode()
    assert admin.get(link(admin, run)).status_code == 200
    assert reception.get(address).status_code == 403
    assert neighbour.get(address).status_code == 404
    assert Client().get(address).headers["Location"].startswith("/accounts/login/")
    for wrong in ("", "?key=", "?key=nonsense", address.partition("?")[1] + address.partition("key=")[2][:-2]):
        assert marketing.get(address.partition("?")[0] + wrong).headers["Location"] == page
    assert marketing.get(address).status_code == 200
    monkeypatch.setattr(links, "GOOD_FOR", -1)
    assert marketing.get(address).headers["Location"] == page


def test_after_its_time_the_file_is_gone(cast: Cast, marketing: Client, settings: Any) -> None:
    run = asked(marketing, cast.fjordstuen)
    address = link(marketing, run)
    exports_sweep()
    assert marketing.get(address).status_code == 200
    with business_scope(cast.fjordstuen.pk):
        ExportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = marketing.get(address, follow=True)
    assert "This file is gone. Export once more." in answer.content.decode()
    assert "file/?key=" not in answer.content.decode()
    settings.INNKEEPER_EXPORT_KEEP_HOURS = -1
    exports_sweep()
    assert not list((Path(settings.INNKEEPER_UPLOADS) / "exports").glob(run.stored))


def test_removed_by_hand_it_is_gone_at_once(
    cast: Cast, marketing: Client, django_capture_on_commit_callbacks: Any
) -> None:
    run = asked(marketing, cast.fjordstuen)
    with django_capture_on_commit_callbacks(execute=True):
        marketing.post(f"/b/fjordstuen/exports/{run.pk}/remove/")
    assert not list((Path(settings.INNKEEPER_UPLOADS) / "exports").glob(run.stored))
    assert "The file is gone." in run_page(marketing, run)


def test_reception_may_not_export(cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    assert client.get(NEW).status_code == client.post(NEW).status_code == 403


def test_a_form_sent_twice_is_one_file(cast: Cast, marketing: Client) -> None:
    sent = form_of(marketing)
    places = {marketing.post(NEW, sent).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    with business_scope(cast.fjordstuen.pk):
        assert ExportRun.objects.count() == 1


def test_without_a_column_there_is_no_file_and_nothing_typed_is_lost(cast: Cast, marketing: Client) -> None:
    sent = form_of(marketing) | {"column": [], "save_as": "For the printer", "preset": "excel"}
    answer = marketing.post(NEW, sent)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one column." in shown
    assert "For the printer" in shown
    with business_scope(cast.fjordstuen.pk):
        assert not ExportRun.objects.exists() and not SavedColumns.objects.exists()


def test_columns_are_kept_for_colleagues_and_forgotten(cast: Cast, marketing: Client) -> None:
    house = cast.fjordstuen
    asked(marketing, house, column=["given_name", "newsletter_email"], save_as=" Post  list ", preset="xlsx")
    with business_scope(house.pk):
        kept = SavedColumns.objects.get()
    proof = ["newsletter_email", "newsletter_email_date", "newsletter_email_source", "newsletter_email_wording"]
    assert (kept.name, kept.columns, kept.format) == ("Post list", ["given_name", *proof], "xlsx")
    admin = Client()
    admin.force_login(house.admin.user)
    sent = form_of(admin, f"{NEW}?columns={kept.pk}")
    assert sent["column"] == ["given_name", "newsletter_email"]
    assert (sent["preset"], sent["save_as"]) == ("xlsx", "Post list")
    asked(marketing, house, column=["email"], save_as="post LIST")
    with business_scope(house.pk):
        assert SavedColumns.objects.get().columns == ["email"]
    admin.post(f"/b/fjordstuen/exports/columns/{kept.pk}/remove/")
    with business_scope(house.pk):
        assert not SavedColumns.objects.exists()


def test_of_a_segment_and_of_chosen_guests(cast: Cast, marketing: Client) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        dutch = [CustomerFactory(language="nl").pk for _ in range(2)]
        other = CustomerFactory(language="nb").pk
        segment = Segment.objects.create(name="Dutch", tree=DUTCH)
    run = asked(marketing, house, f"{NEW}?segment={segment.pk}")
    assert sorted(int(row["id"]) for row in read(downloaded(marketing, run))) == dutch
    assert "The segment “Dutch”" in run_page(marketing, run)
    run = asked(marketing, house, f"{NEW}?guests={dutch[0]},{other},{2**40},x")
    assert sorted(int(row["id"]) for row in read(downloaded(marketing, run))) == [dutch[0], other]
    with business_scope(house.pk):
        data = AuditEntry.objects.filter(action="guest.exported").latest("id").data
    assert data["guests"] == [dutch[0], other, 2**40]
    assert marketing.get(f"{NEW}?segment={2**40}").status_code == 404
    for broken in ("filter=[", "filter=%7B%22version%22%3A9%7D"):
        answer = marketing.get(f"{NEW}?{broken}")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/b/fjordstuen/guests/")


def test_a_filter_that_names_what_is_gone_exports_nobody(cast: Cast, marketing: Client) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        CustomerFactory()
        segment = Segment.objects.create(name="Dutch", tree=DUTCH)
    sent = form_of(marketing, f"{NEW}?segment={segment.pk}")
    number = int(marketing.post(NEW, sent).headers["Location"].split("/")[-2])
    with business_scope(house.pk):
        Segment.objects.filter(pk=segment.pk).delete()
    export_work(business_id=house.pk, run_id=number)
    with business_scope(house.pk):
        run = ExportRun.objects.get(pk=number)
    assert (run.state, run.error, run.stored) == (ExportRun.State.FAILED, "filter", "")
    assert "names something that is gone" in run_page(marketing, run)


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("preset", ["xlsx", "excel", "plain"])
def test_every_column_of_every_kind_can_be_written(cast: Cast, marketing: Client, kind: str, preset: str) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        guest = CustomerFactory()
        stay = StayFactory()
        StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
        InvoiceFactory(customer=guest, stay=stay)
        PurchaseFactory(customer=guest)
        ConsentEventFactory(customer=guest, wording=ConsentWordingFactory(texts={"nb": "Ja"}), language="nb")
    run = asked(marketing, house, f"{NEW}?kind={kind}&columns=all", preset=preset, delimiter="")
    with business_scope(house.pk):
        assert run.columns == [column.key for column in columns_of(kind)]
    assert (run.state, run.rows) == (ExportRun.State.DONE, 1)
    assert len(downloaded(marketing, run)) == run.size > 100


def test_consents_with_the_last_decision_and_what_proves_it(cast: Cast, marketing: Client) -> None:
    house = cast.fjordstuen
    with business_scope(cast.duinzicht.pk):
        ConsentEventFactory()
    with business_scope(house.pk):
        guest = CustomerFactory(given_name="Åse", family_name="Berg")
        EmailFactory(customer=guest, value="ase@example.no", is_primary=True)
        wording = ConsentWordingFactory(version=3, texts={"nb": "Ja"})
        last = ConsentEventFactory(customer=guest, wording=wording, language="nb", address="2001:db8::7")
        ConsentEventFactory(customer=guest, purpose="sensitive", channel="")
        restricted = CustomerFactory(is_restricted=True)
        ConsentEventFactory(customer=restricted)
        ConsentEventFactory(customer=restricted, purpose="tracking", channel="")
        CustomerFactory(given_name="Never", family_name="Asked")
    run = asked(marketing, house, f"{NEW}?kind=consents")
    newsletter, sensitive = read(downloaded(marketing, run))
    zone = house.business.zone
    assert newsletter == {
        "guest_id": str(guest.pk),
        "given_name": "Åse",
        "family_name": "Berg",
        "company": "",
        "email": "ase@example.no",
        "phone": "",
        "purpose": "newsletter",
        "channel": "email",
        "state": "granted",
        "decided_at": last.at.astimezone(zone).isoformat(timespec="seconds"),
        "recorded_at": last.recorded_at.astimezone(zone).isoformat(timespec="seconds"),
        "source": "desk",
        "decided_by": "member",
        "recorded_by": "",
        "ip_address": "2001:db8::7",
        "wording_version": "3",
        "wording_language": "nb",
        "wording": "Ja",
        "proof": "",
    }
    assert (sensitive["purpose"], sensitive["channel"], sensitive["wording"]) == ("sensitive", "", "")
    with business_scope(house.pk):
        entry = AuditEntry.objects.get(action="consent.exported")
    assert (entry.data["rows"], entry.data["left_out"]) == (2, 1)
