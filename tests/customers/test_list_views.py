"""Saved views of the list, its columns and row height, its filter as a segment, and what of it can be selected."""

import gzip
import json
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import Customer, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.segments.models import DefaultView, SavedView, Segment
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomerTagFactory, EmailFactory

pytestmark = pytest.mark.django_db
LIST = "/b/fjordstuen/guests/"
DUTCH = json.dumps({"version": 1, "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]})
STATE = urlencode({"filter": DUTCH, "sort": "-last", "cols": "city,nights", "density": "compact"})


@pytest.fixture
def office(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.marketing.user)
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Wouter", language="nl", city="Assen")
        CustomerFactory(given_name="Kari", language="nb", city="Bergen")
    return client


def saved(client: Client, **given: str) -> int:
    """The id of a view of the Dutch that was just saved."""
    answer = client.post(f"{LIST}views/", {"name": "Dutch", "in": STATE, **given})
    assert answer.status_code == 302
    address, _sign, number = answer["Location"].partition("?view=")
    assert address == LIST
    return int(number)


def page(client: Client, address: str = "") -> str:
    answer = client.get(f"{LIST}{address}", follow=True)
    assert answer.status_code == 200
    return answer.text


def tab(text: str, name: str) -> str:
    """The opening tag of a view's tab."""
    return next(part for part in re.findall(r'<a href="\?view=\d+"[^>]*><bdi>[^<]*', text) if part.endswith(name))


def test_a_view_keeps_everything_of_the_list(office: Client) -> None:
    view = saved(office)
    shown = page(office, f"?view={view}")
    assert "Wouter" in shown and "Kari" not in shown
    assert '<th scope="col">City</th>' in shown and ">Nights</th>" in shown and "First contact</a>" not in shown
    assert 'data-density="compact"' in shown
    assert 'aria-current="page"' in tab(shown, "Dutch")
    assert "edited" not in shown and "Save changes" not in shown


def test_an_edited_view_says_so_and_is_saved_or_left(office: Client) -> None:
    view = saved(office)
    edited = page(office, f"?view={view}&sort=name&filter=")
    assert "Kari" in edited and "Wouter" in edited, "the filter was taken out of the view's list"
    assert '<th scope="col">City</th>' in edited, "what the address does not name is the view's"
    assert "edited" in edited and f'href="?view={view}"' in edited
    address = f"view={view}&sort=name&filter="
    answer = office.post(f"{LIST}views/{view}/", {"look": "1", "in": address, "version": "1"})
    assert answer["Location"] == f"{LIST}?view={view}"
    assert "Kari" in page(office, f"?view={view}")
    again = office.post(f"{LIST}views/{view}/", {"look": "1", "in": STATE, "version": "1"})
    assert again.status_code == 422
    assert "Somebody changed this view meanwhile" in again.text


def test_the_first_view_opens_and_all_guests_stay_a_click_away(office: Client) -> None:
    view = saved(office, first="1")
    answer = office.get(LIST)
    assert answer["Location"] == f"{LIST}?view={view}"
    every = page(office, "?view=all")
    assert "Kari" in every and 'href="?view=all"' in every
    removed = re.search(r'class="remove" href="([^"]*)"', page(office, f"?{urlencode({'filter': DUTCH})}"))
    assert removed is not None
    assert removed[1] == "?view=all", "the last chip taken away shows everybody, not the first view"
    office.post(f"{LIST}views/{view}/", {"name": "Dutch", "version": "1"})
    assert office.get(LIST).status_code == 200


def test_views_are_renamed_shared_taken_back_and_removed(cast: Cast, office: Client) -> None:
    view = saved(office, first="1")
    desk = Client()
    desk.force_login(cast.fjordstuen.reception.user)
    assert desk.get(f"{LIST}views/{view}/").status_code == 404
    office.post(f"{LIST}views/{view}/", {"name": "Nederlands", "shared": "1", "first": "1", "version": "1"})
    assert "Nederlands" in page(desk)
    assert "shared with everybody" in page(desk)
    assert office.get(LIST)["Location"] == f"{LIST}?view={view}"
    for path in ("", "remove/"):
        assert desk.post(f"{LIST}views/{view}/{path}", {"name": "x"}).status_code == 403, "not theirs to change"
    assert "This view is shared with everybody." in desk.get(f"{LIST}views/{view}/").text
    office.post(f"{LIST}views/{view}/", {"name": "Nederlands", "version": "3"})
    assert desk.get(f"{LIST}views/{view}/").status_code == 404
    assert office.post(f"{LIST}views/{view}/remove/")["Location"] == f"{LIST}?view=all"
    with business_scope(cast.fjordstuen.pk):
        assert not SavedView.objects.exists()
        assert not DefaultView.objects.exists()
    assert f"<code>view={view}</code>" in page(office, f"?view={view}")


def test_reception_keeps_views_of_its_own_only(cast: Cast, office: Client) -> None:
    office.force_login(cast.fjordstuen.reception.user)
    view = saved(office, shared="1")
    with business_scope(cast.fjordstuen.pk):
        assert not SavedView.objects.get(pk=view).is_shared
    assert "Share it with everybody" not in office.get(f"{LIST}views/").text


def test_a_name_that_cannot_be_is_refused(office: Client) -> None:
    saved(office)
    for name in ("", "dutch"):
        answer = office.post(f"{LIST}views/", {"name": name, "in": STATE})
        assert answer.status_code == 422
        assert "errorlist" in answer.text


def test_a_form_in_a_dialog_and_on_a_page(office: Client) -> None:
    view = saved(office)
    for path in ("views/", f"views/{view}/", "segment/"):
        assert "<html" in office.get(LIST + path, {"in": STATE}).text
        part = office.get(LIST + path, {"in": STATE}, headers={"HX-Request": "true"}).text
        assert "<dialog" in part and "<html" not in part
    assert 'value="Language: Dutch"' in office.get(f"{LIST}segment/", {"in": STATE}).text


def test_columns_and_row_height_go_into_the_address(cast: Cast, office: Client) -> None:
    answer = office.get(f"{LIST}columns/", {"in": STATE, "col": ["source", "consents"], "density": "comfortable"})
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["cols"] == ["source,consents"] and query["sort"] == ["-last"]
    assert "density" not in query, "that is how high the member's rows are anyway"
    compact = office.get(f"{LIST}columns/", {"in": "", "density": "compact"})
    assert compact["Location"] == f"{LIST}?density=compact"
    usual = office.get(f"{LIST}columns/", {"in": STATE, "col": ["source"], "usual": "1"})
    assert "cols" not in parse_qs(urlsplit(usual["Location"]).query)
    every = [unescape(key) for key in re.findall(r'name="col" value="([^"]*)"', page(office))]
    shown = page(office, "?" + urlencode({"cols": ",".join(every)}))
    assert shown.count("<th scope") >= len(every)
    assert "Assen" in shown and "Dutch" in shown


def test_a_filter_becomes_a_segment(cast: Cast, office: Client) -> None:
    answer = office.post(f"{LIST}segment/", {"name": "Dutch guests", "in": STATE + "&q=wouter"})
    assert answer.status_code == 302
    assert "q=wouter" in answer["Location"]
    with business_scope(cast.fjordstuen.pk):
        segment = Segment.objects.get(name="Dutch guests")
    assert segment.tree["rules"] == json.loads(DUTCH)["rules"]
    again = office.post(f"{LIST}segment/", {"name": "Dutch guests", "in": STATE + "&q=wouter"})
    assert again.status_code == 422
    assert "There is a segment called" in again.text
    assert "is no part of the segment" in again.text
    assert "Save as segment" in page(office, f"?{STATE}") and "Save as segment" not in page(office)
    office.force_login(cast.fjordstuen.reception.user)
    assert office.post(f"{LIST}segment/", {"name": "x"}).status_code == 403
    assert "Save as segment" not in page(office, f"?{STATE}")


def test_the_selection_carries_the_whole_list(cast: Cast, office: Client) -> None:
    view = saved(office)
    for address in (f"?view={view}", f"?{STATE}"):
        form = page(office, address).split('id="bulk"')[1].split("</form>")[0]
        assert unescape(form.split('name="filter" value="')[1].split('"')[0]) == json.dumps(
            {"version": 1, "match": "all", "rules": json.loads(DUTCH)["rules"]}, separators=(",", ":")
        )
        assert 'name="q" value=""' in form
        assert form.count('name="guest"') == 1
        assert "Select Wouter" in form and 'name="everyone"' in form
    everybody = page(office).split('id="bulk"')[1]
    assert 'name="filter" value=""' in everybody and everybody.count('name="guest"') == 2


def test_a_full_list_weighs_little(cast: Cast, office: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        tags = list(Tag.objects.all())
        with change_set(kind=ChangeSet.Kind.EDIT):
            for number in range(50):
                guest = CustomerFactory(given_name=f"Guest {number}", family_name=f"of Row {number * 7919}")
                EmailFactory(customer=guest, value=f"guest.{number * 104729}@example.com", is_primary=True)
                for slot, tag in enumerate(tags[: number % 3], start=1):
                    CustomerTagFactory(customer=guest, tag=tag, slot=slot)
        assert Customer.objects.count() == 52
    rules = [{"field": "stays", "operator": "at_least", "value": 0}]
    address = "?" + urlencode({"filter": json.dumps({"version": 1, "rules": rules}), "sort": "-first"})
    answer = office.get(f"{LIST}{address}")
    assert answer.text.count("data-row>") == 50
    assert len(gzip.compress(answer.content)) <= 25_000
