"""Segments through their pages: seen, built by buttons, counted, saved, overtaken by a colleague, removed."""

import datetime as dt
import json
import re
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.conditions.builder import DraftGroup, DraftRule
from customers.conditions.selectors import filter_catalogue
from customers.facts.models import CustomerFacts
from customers.filters import tree_read
from customers.filters.catalogue import code
from customers.segments.models import Segment
from customers.segments.selectors import segment_history, segment_list
from customers.segments.services import segment_create, segment_refresh
from customers.segments.trends import segment_trends
from tests.cast import Cast
from tests.customers.drafts import draft_data
from tests.customers.filter_register import fill_register
from tests.factories import SegmentMemberFactory

pytestmark = pytest.mark.django_db
HOME = "/b/fjordstuen/segments/"
DUTCH = {"field": "language", "operator": "any_of", "value": ["nl"]}
TREE: dict[str, Any] = {
    "version": 1,
    "match": "all",
    "rules": [
        DUTCH,
        {"field": "stays.count", "operator": "at_least", "value": 1, "period": {"last": 2, "unit": "year"},
         "where": {"channel": ["web"], "status": ["checked_out"]}},
        {"field": "last_stay", "operator": "in", "value": {"last": 6, "unit": "month"}, "not": True},
        {"match": "any", "not": True, "rules": [
            {"field": "city", "operator": "is", "value": ["Oslo", "Bergen"]},
            {"field": "age", "operator": "between", "value": [30, 60]},
            {"field": "first_contact", "operator": "in", "value": {"from": "2020-01-01", "until": "2020-12-31"}},
            {"field": "birthday", "operator": "month", "value": [12]},
            {"field": "country", "operator": "any_of", "value": ["NO", ""]},
            {"field": "deceased", "operator": "yes"},
        ]},
    ],
}  # fmt: skip


class _Sent(HTMLParser):
    """What a browser would send of the segment's form as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self._inside = self._select = ""
        self._chosen: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._inside = given.get("id", "other")
        if self._inside != "segment-form":
            return
        if tag == "select":
            self._select, self._chosen = given["name"], None
        elif tag == "option" and (self._chosen is None or "selected" in given):
            self._chosen = given["value"]
        elif tag == "input" and given.get("name") and given.get("type") != "submit":
            is_box = given.get("type") == "checkbox"
            if not is_box or "checked" in given:
                self.values.setdefault(given["name"], []).append(given.get("value", "on" if is_box else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._inside == "segment-form":
            self.values.setdefault(self._select, []).append(self._chosen or "")
        if tag == "form":
            self._inside = ""


def sent(answer: Any) -> dict[str, list[str]]:
    values = _Sent(answer.content.decode()).values
    values.pop("csrfmiddlewaretoken")
    return values


def focused(answer: Any) -> str:
    """The id of what asks for the focus."""
    found = re.findall(r"<(?:select|button|input)\b[^>]*\bautofocus\b[^>]*>", answer.content.decode())
    assert len(found) == 1, found
    return re.search(r'\bid="([^"]+)"', found[0])[1]  # type: ignore[index]


def shown(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def built(*rules: DraftRule | DraftGroup, **more: str) -> dict[str, Any]:
    """A builder's form as posted."""
    posted: dict[str, Any] = dict(more)
    for name, value in draft_data(DraftGroup("all", rules)):
        posted.setdefault(name, []).append(value)
    return posted


STAYED = DraftRule("stays", "at_least", {"value": ("2",)})


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """Marketing at Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.marketing.user)
    return client


@pytest.fixture
def segment(cast: Cast) -> Segment:
    with business_scope(cast.fjordstuen.pk):
        return segment_create(name="Dutch in winter", tree=TREE, description="Before the ski season")


@pytest.fixture
def dutch(cast: Cast) -> int:
    house = cast.fjordstuen
    with business_scope(house.pk):
        fill_register(seed=3, guests=40, today=timezone.localdate(), currency=house.business.currency)
        return CustomerFacts.objects.filter(language=code("nl")).count()


def kept(segment: Segment) -> Segment:
    with business_scope(segment.business_id):
        return Segment.objects.get(pk=segment.pk)


class TestSeen:
    def test_the_list_tells_of_each(self, cast: Cast, desk: Client, segment: Segment, dutch: int) -> None:
        with business_scope(cast.fjordstuen.pk):
            segment_refresh(segment_id=segment.pk)
        page = desk.get(HOME)
        assert "Dutch in winter" in shown(page)
        assert "Before the ski season" in shown(page)
        assert "New segment" in shown(page)
        assert "By e-mail:" in shown(desk.get(f"{HOME}{segment.pk}/reach/"))

    def test_trends_of_all_are_the_histories_of_each(self, cast: Cast, desk: Client, segment: Segment) -> None:
        house, now = cast.fjordstuen, timezone.now()
        with business_scope(house.pk):
            Segment.objects.filter(pk=segment.pk).update(created_at=now - dt.timedelta(days=50), members=3)
            for entered, left in ((45, None), (40, 3), (12, None), (9, 2), (0, None)):
                SegmentMemberFactory(
                    segment=segment,
                    entered_at=now - dt.timedelta(days=entered),
                    left_at=None if left is None else now - dt.timedelta(days=left),
                )
            trends = segment_trends(segments=segment_list(), business=house.business)
            history = segment_history(segment_id=segment.pk, days=30)
        assert trends[segment.pk].members == [day.members for day in history]
        assert trends[segment.pk].change == 1
        assert '<path class="line"' in desk.get(HOME).content.decode()

    def test_without_any_it_says_what_a_segment_is(self, cast: Cast, desk: Client) -> None:
        with business_scope(cast.fjordstuen.pk):
            Segment.objects.all().delete()
        assert "It keeps itself up to date." in shown(desk.get(HOME))

    def test_who_may_not_build_reads_it_in_words(self, cast: Cast, client: Client, segment: Segment) -> None:
        client.force_login(cast.fjordstuen.reception.user)
        page = client.get(f"{HOME}{segment.pk}/")
        assert "Stays (web; Checked out) in the last 2 years: at least 1" in shown(page)
        assert "segment-form" not in re.findall(r'<form[^>]*id="([^"]+)"', page.content.decode())
        assert "New segment" not in shown(client.get(HOME))
        for method, path in (("get", "new/"), ("post", "build/"), ("post", f"{segment.pk}/edit/")):
            assert getattr(client, method)(HOME + path).status_code == 403

    def test_one_that_cannot_be_read_any_more_says_why(self, desk: Client, segment: Segment) -> None:
        with business_scope(segment.business_id):
            Segment.objects.filter(pk=segment.pk).update(
                tree={"version": 1, "rules": [{"field": "own.gone", "operator": "yes"}]}
            )
        for path in (HOME, f"{HOME}{segment.pk}/"):
            page = desk.get(path)
            assert page.status_code == 200
        assert "A part of the filter could not be read." in shown(page)
        assert desk.get(f"{HOME}{segment.pk}/reach/").status_code == 200

    def test_nobody_elses(self, cast: Cast, client: Client, segment: Segment) -> None:
        client.force_login(cast.duinzicht.owner.user)
        assert client.get(f"/b/duinzicht/segments/{segment.pk}/").status_code == 404
        assert client.post("/b/duinzicht/segments/build/", {"segment": segment.pk}).status_code == 404


class TestBuilding:
    def test_the_page_sends_back_the_tree_it_shows(self, desk: Client, segment: Segment) -> None:
        page = desk.get(f"{HOME}{segment.pk}/")
        answer = desk.post(f"{HOME}{segment.pk}/edit/", sent(page))
        assert answer.status_code == 302, shown(answer)
        with business_scope(segment.business_id):
            catalogue = filter_catalogue()
        assert tree_read(kept(segment).tree, catalogue) == tree_read(TREE, catalogue)
        assert kept(segment).version == 1

    def test_a_filter_of_the_list_becomes_a_segment(self, desk: Client) -> None:
        page = desk.get(f"{HOME}new/?filter={quote(json.dumps({'version': 1, 'rules': [DUTCH]}))}")
        answer = desk.post(f"{HOME}new/", {**sent(page), "name": "Dutch"})
        assert answer.status_code == 302
        assert "is saved" in shown(desk.get(answer["Location"]))

    @pytest.mark.parametrize("filter_", ["{", '{"version": 1, "rules": [{"field": "x", "operator": "is"}]}'])
    def test_a_filter_that_cannot_be_read_begins_anew(self, desk: Client, filter_: str) -> None:
        page = desk.get(f"{HOME}new/?filter={quote(filter_)}")
        assert page.status_code == 200
        assert "A part of the filter could not be read." in shown(page)

    @pytest.mark.parametrize(
        ("act", "focus"),
        [
            ("add:", "rule4-field"),
            ("add:2", "rule2_2-field"),
            ("group:", "rule4_1-field"),
            ("remove:1", "rule1-match"),
            ("remove:3", "rule2-match"),
            ("remove:2", "rule2-field"),
            ("up:3", "rule2_2-up"),
            ("up:2", "rule1-down"),
            ("down:2", "rule3-up"),
            ("op:1", "rule1-op"),
            ("field:1", "rule1-op"),
            ("pick:1/value", "rule1-value"),
            ("more:3", "rule3-value-2"),
        ],
    )
    @pytest.mark.parametrize("script", [True, False])
    def test_each_button_answers_with_the_focus_in_its_place(
        self, desk: Client, act: str, focus: str, script: bool
    ) -> None:
        form = built(
            DraftRule("language", "any_of", {"value": ("nl",)}),
            DraftGroup("any", (STAYED,)),
            DraftRule("city", "is", {"value": ("Oslo",)}),
            name="Typed",
            act=act,
        )
        answer = desk.post(f"{HOME}build/", form, headers={"HX-Request": "true"} if script else {})
        assert answer.status_code == 200
        assert focused(answer) == focus
        if script:
            assert answer["HX-Trigger"]
            assert answer.content.decode().strip().startswith('<div class="builder')
        else:
            assert sent(answer)["name"] == ["Typed"]

    def test_the_last_condition_leaves_the_focus_on_the_button_for_another(self, desk: Client) -> None:
        answer = desk.post(f"{HOME}build/", built(STAYED, act="remove:1"))
        assert focused(answer) == "rule-add"
        assert "Without conditions every guest is in it." in shown(answer)

    def test_another_field_brings_its_own_inputs(self, desk: Client) -> None:
        form = {**built(STAYED), "1-field": "value", "act": "field:1"}
        values = sent(desk.post(f"{HOME}build/", form))
        assert (values["1-field"], values["1-op"], values["1-value"]) == (["value"], ["at_least"], [""])

    def test_what_is_typed_is_text(self, desk: Client) -> None:
        rule = DraftRule("city", "is", {"value": ('"><script>alert(1)</script>',)})
        page = desk.post(f"{HOME}build/", built(rule, name='"><img>', act=""))
        assert "<script>alert" not in page.content.decode()
        assert "<img>" not in page.content.decode()


class TestCounting:
    def test_the_panel_counts_the_finished_part(self, desk: Client, dutch: int) -> None:
        form = built(DraftRule("language", "any_of", {"value": ("nl",)}), DraftRule("stays", "at_least"))
        answer = shown(desk.post(f"{HOME}count/", form))
        assert answer.startswith(f"{dutch} guests One unfinished condition is left out.")
        assert "Why not the others" in answer

    def test_every_figure_opens_the_list_of_just_those(self, desk: Client, dutch: int) -> None:
        answer = desk.post(f"{HOME}count/", built(DraftRule("language", "any_of", {"value": ("nl",)})))
        links = re.findall(r'<a class="[^"]*num" href="([^"]+)"[^>]*>(\d+)</a>', answer.content.decode())
        links = [link for link in links if link[1] != "0"]
        assert links
        for url, number in links:
            assert f"{number} guest" in shown(desk.get(url.replace("&amp;", "&")))

    def test_an_estimate_says_so_and_is_made_exact_by_itself(self, desk: Client, dutch: int) -> None:
        rule = DraftRule("activities.count", "at_least", {"value": ("0",)})
        with patch("customers.conditions.counts.ALL_AT_ONCE", 5), patch("customers.conditions.counts.SAMPLED", 20):
            answer = desk.post(f"{HOME}count/", built(rule))
            assert shown(answer).startswith("≈ ")
            [url] = re.findall(r'hx-get="([^"]+)"', answer.content.decode())
            exact = desk.get(url.replace("&amp;", "&"))
        assert "≈" not in shown(exact)
        assert "hx-get" not in exact.content.decode()

    def test_a_large_register_is_counted_once_the_page_stands(self, desk: Client, segment: Segment, dutch: int) -> None:
        with patch("customers.conditions.counts.ALL_AT_ONCE", 5):
            page = desk.get(f"{HOME}{segment.pk}/")
            assert 'hx-trigger="load, ' in page.content.decode()
            assert "Count now" in shown(page)
            assert "Count now" not in shown(desk.get(f"{HOME}{segment.pk}/?count=1"))

    def test_a_segment_that_is_gone_is_told(self, desk: Client) -> None:
        rule = DraftRule("segment", "any_of", {"value": ("99999",)})
        assert "has been removed" in shown(desk.post(f"{HOME}count/", built(rule)))

    def test_an_address_that_cannot_be_read_is_told(self, desk: Client) -> None:
        assert desk.get(f"{HOME}count/?filter=x").status_code == 422


class TestSaving:
    def test_a_new_one_is_kept_and_counted(self, cast: Cast, desk: Client) -> None:
        with patch("customers.segments.views.segments_nudge") as nudge:
            answer = desk.post(f"{HOME}new/", built(STAYED, name=" Twice  here ", description="x"))
        assert answer.status_code == 302
        nudge.assert_called_once_with(cast.fjordstuen.pk)
        with business_scope(cast.fjordstuen.pk):
            made = Segment.objects.get(name="Twice here")
            assert made.tree["rules"] == [{"field": "stays", "operator": "at_least", "value": 2}]
            assert made.member_id == cast.fjordstuen.marketing.pk
        assert answer["Location"] == f"{HOME}{made.pk}/"

    @pytest.mark.parametrize("path", ["new/", "edit/"])
    def test_what_is_wrong_stands_beside_it_and_nothing_is_lost(
        self, desk: Client, segment: Segment, path: str
    ) -> None:
        url = f"{HOME}new/" if path == "new/" else f"{HOME}{segment.pk}/edit/"
        form = built(DraftGroup("any", (DraftRule("stays", "at_least", {"value": ("2.5",)}), DraftRule())), name="Mine")
        answer = desk.post(url, form)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert re.search(r'id="rule1_1-error"><li>“2.5” is not a value', page)
        assert re.search(r'id="rule1_2-error"><li>Choose what the condition looks at', page)
        assert (sent(answer)["1.1-value"], sent(answer)["name"]) == (["2.5"], ["Mine"])
        assert kept(segment).version == 1

    @pytest.mark.parametrize(("name", "said"), [("", "This field is required."), ("dutch in WINTER", "already")])
    def test_a_name_that_cannot_be(self, desk: Client, segment: Segment, name: str, said: str) -> None:
        answer = desk.post(f"{HOME}new/", built(STAYED, name=name))
        assert answer.status_code == 422
        assert said in shown(answer)
        assert sent(answer)["1-field"] == ["stays"]

    def test_a_colleagues_change_is_shown_beside_ones_own(self, desk: Client, segment: Segment) -> None:
        mine = sent(desk.get(f"{HOME}{segment.pk}/"))
        theirs = {**mine, "name": ["Theirs"], "rule": [], "group": []}
        assert desk.post(f"{HOME}{segment.pk}/edit/", theirs).status_code == 302
        answer = desk.post(f"{HOME}{segment.pk}/edit/", {**mine, "name": ["Mine"]})
        assert answer.status_code == 409
        assert "A colleague changed this segment" in shown(answer)
        assert "It is now called Theirs" in shown(answer)
        again = sent(answer)
        assert again["name"] == ["Mine"]
        assert again["rule"] == mine["rule"]
        assert kept(segment).name == "Theirs"
        assert desk.post(f"{HOME}{segment.pk}/edit/", again).status_code == 302
        assert kept(segment).name == "Mine"

    def test_as_new_takes_everything_over_but_the_name(self, desk: Client, segment: Segment) -> None:
        values = sent(desk.get(f"{HOME}{segment.pk}/"))
        page = desk.post(f"{HOME}new/", {**values, "act": "copy"})
        assert page.status_code == 200
        copied = sent(page)
        assert copied["name"] == ["Dutch in winter (copy)"]
        assert {key: copied[key] for key in values if key not in ("name", "segment", "version")} == {
            key: value for key, value in values.items() if key not in ("name", "segment", "version")
        }
        assert desk.post(f"{HOME}new/", copied).status_code == 302
        assert kept(segment).version == 1


class TestRemoving:
    def test_asked_first_then_gone(self, desk: Client, segment: Segment) -> None:
        url = f"{HOME}{segment.pk}/remove/"
        assert "the history of who was in it" in shown(desk.get(url))
        assert desk.post(url)["Location"] == HOME
        assert desk.get(f"{HOME}{segment.pk}/").status_code == 404
        assert desk.post(url).status_code == 404

    def test_not_while_another_rests_on_it(self, desk: Client, segment: Segment) -> None:
        with business_scope(segment.business_id):
            tree = {"version": 1, "rules": [{"field": "segment", "operator": "any_of", "value": [segment.pk]}]}
            other = segment_create(name="Resting", tree=tree)
        url = f"{HOME}{segment.pk}/remove/"
        assert "Resting" in shown(desk.get(url))
        assert "Remove the segment" not in shown(desk.get(url))
        assert desk.post(url).status_code == 302
        assert "Used by" in shown(desk.get(f"{HOME}{segment.pk}/"))
        assert f"{HOME}{other.pk}/" in desk.get(f"{HOME}{segment.pk}/").content.decode()
