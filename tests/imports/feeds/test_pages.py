"""Pages of nightly imports, as members click through them, and who may."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from imports.feeds import views
from imports.feeds.keys import key_open
from imports.mapping import signature, suggest
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportRun
from imports.store import store_add
from tests.cast import Cast, House

pytestmark = pytest.mark.django_db

HEADER = ["given_name", "family_name", "email", "phone"]
ADDRESS = "https://export.example.org/guests.csv?token=zebrafinchcanary"
KEY = "Bearer zebrafinchcanary"


@pytest.fixture
def house(cast: Cast) -> House:
    return cast.fjordstuen


@pytest.fixture
def mapping(house: House) -> ImportMapping:
    with business_scope(house.pk):
        found = suggest(HEADER, [["A", "B", "c@d.no", ""]], fields=(), language="en", kind="guests")
        return ImportMapping.objects.create(
            name="Guests of Mews", kind="guests", signature=signature(HEADER), layout=found.layout
        )


@pytest.fixture
def feed(house: House, mapping: ImportMapping) -> ImportFeed:
    with business_scope(house.pk):
        return ImportFeed.objects.create(
            name="Mews", source="https", address=ADDRESS, mapping=mapping, at=dt.time(3), next_at=timezone.now()
        )


def url(name: str, house: House, feed: ImportFeed | None = None) -> str:
    return reverse(name, kwargs={"slug": house.slug} | ({"feed_id": feed.pk} if feed else {}))


def told(mapping: ImportMapping, **values: str) -> dict[str, str]:
    return {
        "name": "Mews",
        "address": ADDRESS,
        "key": "",
        "model": f"mapping-{mapping.pk}",
        "at": "03:00",
        "is_on": "on",
    } | values


def only(house: House) -> ImportFeed:
    with business_scope(house.pk):
        return ImportFeed.objects.get()


def test_one_is_set_up_and_shown_without_its_key(admin: Client, house: House, mapping: ImportMapping) -> None:
    assert "Nothing is fetched at night yet" in admin.get(url("import_feeds", house)).content.decode()
    response = admin.post(url("import_feed_new", house), told(mapping, key=f" {KEY} ", at="04:30"))
    feed = only(house)
    assert (response.status_code, response["Location"]) == (302, url("import_feed", house, feed))
    assert (feed.source, feed.address, feed.at, feed.is_on) == ("https", ADDRESS, dt.time(4, 30), True)
    assert feed.next_at is not None and feed.member_id == house.admin.pk
    assert key_open(feed, house.business) == KEY
    pages = [
        admin.get(url(name, house, each)).content.decode().replace("<wbr>", "")
        for name, each in (("import_feeds", None), ("import_feed", feed), ("import_feed_edit", feed))
    ]
    assert "export.example.org" in pages[0] and "04:30" in pages[1] and "kept sealed" in pages[1]
    assert "zebrafinch" not in pages[0] + pages[1]
    assert KEY not in pages[2] and "A key is kept" in pages[2]
    with business_scope(house.pk):
        assert AuditEntry.objects.filter(action="feed.added", member_id=house.admin.pk).exists()


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("name", {"name": ""}, "required"),
        ("address", {"address": "http://example.org/"}, "https://"),
        ("address", {"address": "https://192.168.1.10/guests.csv"}, "open internet"),
        ("address", {"address": "https://a:b@example.org/"}, "field for the key"),
        ("address", {"address": "https://example.org:22/"}, "Port 22"),
        ("key", {"key": "Bearer å"}, "English keyboard"),
        ("model", {"model": "mapping-999999"}, "valid choice"),
        ("model", {"model": "run-1"}, "valid choice"),
        ("at", {"at": "25:00"}, "valid time"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_the_rest_kept(
    admin: Client, house: House, mapping: ImportMapping, field: str, values: dict[str, str], said: str
) -> None:
    response = admin.post(url("import_feed_new", house), told(mapping, **values))
    assert response.status_code == 422
    assert said in " ".join(response.context["form"].errors[field])
    page = response.content.decode()
    if "address" not in values:
        assert ADDRESS in page
    assert KEY not in page
    with business_scope(house.pk):
        assert not ImportFeed.objects.exists()


def test_without_anything_to_read_by_one_is_told_what_to_do_first(admin: Client, house: House) -> None:
    page = admin.get(url("import_feed_new", house)).content.decode()
    assert "First import such a file once by hand" in page and 'name="address"' not in page


def test_an_earlier_import_serves_as_a_model(admin: Client, house: House, mapping: ImportMapping) -> None:
    text = ",".join(HEADER) + "\nA,B,c@d.no,\n"
    upload = store_add([text.encode()], business=house.business)
    with business_scope(house.pk):
        run = ImportRun.objects.create(
            state="done", kind="guests", file_name="mews.csv", upload=upload, layout=mapping.layout
        )
    page = admin.get(url("import_feed_new", house)).content.decode()
    assert "As an earlier import" in page and "mews.csv" in page
    refused = admin.post(url("import_feed_new", house), told(mapping, model=f"run-{run.pk}", address="http://a.no/"))
    assert refused.status_code == 422
    with business_scope(house.pk):
        assert ImportMapping.objects.count() == 1
    admin.post(url("import_feed_new", house), told(mapping, model=f"run-{run.pk}"))
    with business_scope(house.pk):
        made = ImportFeed.objects.select_related("mapping").get().mapping
        assert (made.name, made.signature, made.layout) == ("Mews", signature(HEADER), mapping.layout)


def test_a_folder_is_offered_where_the_operator_opened_one(
    admin: Client, house: House, mapping: ImportMapping, settings: Any, tmp_path: Path
) -> None:
    new = url("import_feed_new", house) + "?source=folder"
    settings.INNKEEPER_FEED_FOLDER = ""
    assert "No folder is open on this server" in admin.get(new).content.decode()
    settings.INNKEEPER_FEED_FOLDER = str(tmp_path)
    page = admin.get(new).content.decode()
    assert str(house.business.public_id)[:8] in page and 'name="key"' not in page and 'name="at"' not in page
    assert admin.post(new, told(mapping, address="../up")).status_code == 422
    admin.post(new, told(mapping, address="mews"))
    feed = only(house)
    assert (feed.source, feed.address) == ("folder", "mews")
    assert "As files arrive" in admin.get(url("import_feed", house, feed)).content.decode()


def test_changing_one(admin: Client, house: House, mapping: ImportMapping, feed: ImportFeed) -> None:
    edit = url("import_feed_edit", house, feed)
    assert ADDRESS in admin.get(edit).content.decode()
    admin.post(edit, told(mapping, name="Mews at night", key=KEY))
    assert key_open(only(house), house.business) == KEY
    admin.post(edit, told(mapping, name="Mews at night"))
    assert (only(house).name, key_open(only(house), house.business)) == ("Mews at night", KEY)
    admin.post(edit, told(mapping, key_remove="on"))
    assert key_open(only(house), house.business) == ""
    assert admin.post(edit, told(mapping, address="ftp://x")).status_code == 422


def test_pausing_and_going_on(admin: Client, house: House, feed: ImportFeed) -> None:
    switch = url("import_feed_switch", house, feed)
    page = admin.post(switch, follow=True).content.decode()
    assert "Paused." in page and (only(house).is_on, only(house).next_at) == (False, None)
    admin.post(switch, {"on": "1"})
    assert only(house).is_on and only(house).next_at is not None


def test_fetching_now_tells_a_worker_and_the_page_asks_on(
    admin: Client,
    house: House,
    feed: ImportFeed,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(views.import_feed_fetch, "delay", lambda *ids: asked.append(ids))
    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(url("import_feed_run", house, feed))
        assert asked == []
    assert asked == [(house.pk, feed.pk)] and response.status_code == 302
    state = url("import_feed_state", house, feed)
    page = admin.get(url("import_feed", house, feed)).content.decode()
    assert f'hx-get="{state}"' in page and "<noscript>" in page
    assert "hx-get" in admin.get(state, headers={"HX-Request": "true"}).content.decode()
    assert admin.get(state).status_code == 302
    with business_scope(house.pk):
        ImportFetch.objects.update(state="unchanged")
    assert "hx-get" not in admin.get(state, headers={"HX-Request": "true"}).content.decode()


def test_the_history_says_what_came_of_each_night(admin: Client, house: House, feed: ImportFeed) -> None:
    error = {"template": "%(host)s was not found. Check how it is written.", "params": {"host": "<b>x</b>"}}
    with business_scope(house.pk):
        counts = {"guests": {"created": 7, "updated": 5, "unchanged": 1, "invalid": 3}, "stays": {"created": 4}}
        run = ImportRun.objects.create(state="done", file_name="a.csv", counts=counts, feed=feed)
        ImportFetch.objects.create(feed=feed, state="imported", run=run)
        ImportFetch.objects.create(feed=feed, state="failed", error=error, actor="Ingrid")
        ImportFeed.objects.update(state="failed", error=error)
    page = admin.get(url("import_feed", house, feed)).content.decode()
    assert ">11<" in page and ">5<" in page and ">3<" in page and "Ingrid" in page
    assert "&lt;b&gt;x&lt;/b&gt; was not found" in page and "<b>x" not in page
    assert reverse("import_run", kwargs={"slug": house.slug, "run_id": run.pk}) in page


def test_removing_one(admin: Client, house: House, feed: ImportFeed) -> None:
    remove = url("import_feed_remove", house, feed)
    assert "Remove Mews?" in admin.get(remove).content.decode()
    page = admin.post(remove, follow=True).content.decode()
    assert "What it has imported stays" in page
    with business_scope(house.pk):
        assert not ImportFeed.objects.exists()


NAMES = ["import_feed", "import_feed_state", "import_feed_edit", "import_feed_switch", "import_feed_run",
         "import_feed_remove"]  # fmt: skip
POSTS = {"import_feed_switch", "import_feed_run"}


@pytest.mark.parametrize("name", NAMES)
def test_those_of_another_business_are_not_there(cast: Cast, client: Client, feed: ImportFeed, name: str) -> None:
    client.force_login(cast.duinzicht.owner.user)
    address = url(name, cast.duinzicht, feed)
    assert (client.post if name in POSTS else client.get)(address).status_code == 404
    assert client.post(url("import_feed_remove", cast.duinzicht, feed)).status_code == 404
    assert only(cast.fjordstuen).name == "Mews"


@pytest.mark.parametrize("role", ["reception", "marketing"])
@pytest.mark.parametrize("name", ["import_feeds", "import_feed_new", *NAMES])
def test_members_who_may_not_import_may_not_this_either(
    house: House, client: Client, feed: ImportFeed, name: str, role: str
) -> None:
    client.force_login(getattr(house, role).user)
    address = url(name, house, feed if name in NAMES else None)
    assert (client.post if name in POSTS else client.get)(address).status_code == 403
