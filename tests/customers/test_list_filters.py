"""Filters of the list as people add and change them: suggestions, the form of a condition, typed conditions."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.card.models import Tag
from customers.fields.models import CustomField
from customers.segments.models import Segment
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomerTagFactory, CustomFieldFactory, GuestFieldValueFactory

pytestmark = pytest.mark.django_db
LIST = "/b/fjordstuen/guests/"
OPTION = re.compile(r'<a role="option"[^>]*href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


def options(client: Client, query: str, state: str = "") -> list[tuple[str, str]]:
    """What is suggested: texts and addresses."""
    answer = client.get(f"{LIST}filter/suggest/", {"q": query, "in": state})
    assert answer.status_code == 200
    return [
        (" ".join(re.sub(r"<[^>]*>", " ", text).split()), unescape(link)) for link, text in OPTION.findall(answer.text)
    ]


def rules(address: str) -> list[dict[str, Any]]:
    """The rules of the filter in an address."""
    given = parse_qs(urlsplit(address).query).get("filter")
    found: list[dict[str, Any]] = json.loads(given[0])["rules"] if given else []
    return found


@pytest.mark.parametrize(
    ("query", "text", "field", "value"),
    [
        ("dutch", "Dutch Language", "language", ["nl"]),
        ("Dut", "Dutch Language", "language", ["nl"]),
        ("vip", "VIP Tags", "tags", "vip"),
        ("norway", "Norway Country", "country", ["NO"]),
        ("website", "Website Source", "source", ["website"]),
        ("company", "Company Person or company", "kind", ["company"]),
        ("best guests", "Best guests Segment", "segment", "best"),
        ("newsletter", "Newsletter by e-mail consent given", "consent.newsletter.email", ["granted"]),
        ("bergen", "Bergen City", "city", ["Bergen"]),
        ("5003", "5003… Postal code", "postal_code", ["5003"]),
        ("may", "May Birthday", "birthday", [5]),
        ("2025", "Stayed in 2025 Stays", "stays.count", 1),
        ("hill house", "Hill House Has stayed at", "stays.count", 1),
        ("feather", "Feather Pillow", "own.pillow", ["f"]),
        ("has a dog", "Has a dog yes", "own.dog", None),
        ("stays>=3", "Stays: at least 3 as typed", "stays", 3),
    ],
)
def test_the_first_suggestion_is_what_is_meant(
    query: str, text: str, field: str, value: Any, cast: Cast, desk: Client
) -> None:
    with business_scope(cast.fjordstuen.pk):
        Property.objects.create(name="Hill House")
        CustomFieldFactory(key="pillow", label="Pillow", kind="choice", options=[{"key": "f", "label": "Feather"}])
        CustomFieldFactory(key="dog", label="Has a dog", kind=CustomField.Kind.YES_NO)
        ids = {"vip": [Tag.objects.get(code="vip").pk], "best": [Segment.objects.get(code="best").pk]}
    said, address = options(desk, query)[0]
    assert said == text
    (rule,) = rules(address)
    assert (rule["field"], rule.get("value")) == (field, ids.get(value, value) if isinstance(value, str) else value)
    assert desk.get(address).status_code == 200


def test_suggestions_keep_the_list_and_end_with_a_search(desk: Client) -> None:
    state = urlencode({"sort": "-last", "filter": json.dumps({"version": 1, "rules": [_language("nb")]})})
    found = options(desk, "dut", state)
    assert all("sort=-last" in link for _text, link in found)
    assert rules(found[0][1])[0]["value"] == ["nb", "nl"], "another language joins the first"
    assert found[-1][0] == "dut search for it"
    assert parse_qs(urlsplit(found[-1][1]).query)["q"] == ["dut"]
    both = options(desk, "problem", state)[0][1]
    assert [rule["field"] for rule in rules(both)] == ["language", "tags"]


def _language(code: str) -> dict[str, Any]:
    return {"field": "language", "operator": "any_of", "value": [code]}


def test_without_a_text_every_field_is_offered(desk: Client) -> None:
    found = options(desk, "")
    assert ("Last stay", f"{LIST}filter/?field=last_stay&in=") in found
    assert all(desk.get(link).status_code == 200 for _text, link in found)


def test_a_filter_that_takes_no_more_says_so(desk: Client) -> None:
    groups = [{"match": "all", "rules": [_language("nb")]}] * 2
    state = urlencode({"filter": json.dumps({"version": 1, "match": "any", "rules": groups})})
    assert [text for text, _link in options(desk, "dutch", state)] == ["dutch search for it"]
    assert "build it further as a segment" in desk.get(f"{LIST}filter/", {"in": state}).text
    assert "Any of" in desk.get(f"{LIST}?{state}").text
    form = {"in": state, "field": "language", **_form("language", "any_of", value="nl"), "apply": "1"}
    answer = desk.get(f"{LIST}filter/", form)
    assert answer.status_code == 422
    assert "build it further as a segment" in answer.text


def test_the_page_without_script(desk: Client) -> None:
    page = desk.get(f"{LIST}filter/", {"q": "dutch", "in": "sort=-last"}).text
    assert '<input type="hidden" name="in" value="sort=-last">' in page
    assert "Dutch" in page and "search for it" in page
    assert "Last stay" in desk.get(f"{LIST}filter/").text


def _form(field: str, operator: str, **given: str) -> dict[str, str]:
    names = {f"1-{name.replace('_', '-')}": value for name, value in given.items()}
    return {"rule": "1", "1-field": field, "1-was": field, "1-op": operator, **names}


def test_a_condition_is_added_by_its_form(desk: Client) -> None:
    page = desk.get(f"{LIST}filter/", {"field": "last_stay", "in": "sort=-last"}).text
    assert 'name="1-number"' in page
    form = {"in": "sort=-last", "field": "last_stay", **_form("last_stay", "in.before", number="6", unit="month")}
    assert "Last stay" in desk.get(f"{LIST}filter/", form).text, "another operator shows its inputs"
    answer = desk.get(f"{LIST}filter/", {**form, "apply": "1"})
    assert answer.status_code == 302
    assert rules(answer["Location"]) == [
        {"field": "last_stay", "operator": "in", "value": {"before": 6, "unit": "month"}}
    ]
    assert "sort=-last" in answer["Location"]
    assert "Remove Last stay: more than 6 months ago" in desk.get(answer["Location"]).text


def test_a_chip_leads_to_its_condition_and_back(desk: Client) -> None:
    given = [
        _language("nb"),
        {"field": "stays.count", "operator": "at_least", "value": 2, "period": {"last": 24, "unit": "month"}},
    ]
    state = urlencode({"filter": json.dumps({"version": 1, "rules": given})})
    page = desk.get(f"{LIST}?{state}").text
    assert "Stays in the last 24 months" in page
    change = unescape(re.findall(r'<a href="([^"]*place=1[^"]*)"', page)[0])
    form = desk.get(change)
    assert form.status_code == 200
    assert 'value="24"' in form.text and 'value="2"' in form.text
    part = desk.get(change, headers={"HX-Request": "true"}).text
    assert "<dialog" in part and "<html" not in part
    changed = {**_form("stays.count", "at_least", value="3", period="this", period_unit="year"), "apply": "1"}
    answer = desk.get(f"{LIST}filter/", {**parse_one(change), **changed})
    assert rules(answer["Location"]) == [
        given[0],
        {"field": "stays.count", "operator": "at_least", "value": 3, "period": {"this": "year"}},
    ]


def parse_one(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query, keep_blank_values=True).items()}


def test_an_unfinished_condition_is_refused_beside_its_input(desk: Client) -> None:
    form = {"in": "", "field": "stays", **_form("stays", "at_least", value="many"), "apply": "1"}
    answer = desk.get(f"{LIST}filter/", form)
    assert answer.status_code == 422
    assert "Write a number." in answer.text


BAD = ("place=9", "place=x", "field=nosuch", "place=0&rule=1", "rule=1&apply=1&field=stays", "in=%00&place=0",
       "field=stays&rule=7.7&group=7&apply=1")  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_no_address_of_the_form_is_an_error(bad: str, desk: Client) -> None:
    assert desk.get(f"{LIST}filter/?{bad}").status_code in (200, 404, 422)


def test_typed_conditions_become_chips(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        vip = Tag.objects.get(code="vip")
        guest = CustomerFactory(given_name="Kari", language="nl")
        CustomerTagFactory(customer=guest, tag=vip)
        CustomerFactory(given_name="Kari", family_name="Utenfor", language="nl")
    answer = desk.get(LIST, {"q": "kari tag:vip -lang:nb", "sort": "-last"})
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["q"] == ["kari"]
    assert [(rule["field"], rule.get("not", False)) for rule in rules(answer["Location"])] == [
        ("tags", False),
        ("language", True),
    ]
    page = desk.get(answer["Location"]).text
    assert "Remove Tagged VIP" in page and "Remove Language: not Norwegian Bokmål" in page
    assert "Utenfor" not in page
    typing = desk.get(LIST, {"q": "tag:vip"}, headers={"HX-Request": "true", "HX-Target": "div#guests"})
    assert typing.status_code == 200
    assert "Remove Tagged VIP" in typing.text and "Utenfor" not in typing.text


def test_what_is_not_understood_is_searched_for(desk: Client) -> None:
    assert "No guest found for “nosuch:vip”" in desk.get(LIST, {"q": "nosuch:vip"}).text


def test_the_palette_leads_to_the_list(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(given_name="Kari", family_name="Nordmann")
    answer = desk.get("/b/fjordstuen/lookup/", {"q": "tag:vip stays>=2"}).text
    assert "Show guests: Tagged VIP and Stays: at least 2" in answer
    link = unescape(answer.split(f'href="{LIST}?')[1].split('"')[0])
    assert len(rules(f"?{link}")) == 2
    beside = desk.get("/b/fjordstuen/lookup/", {"q": "kari is:person"}).text
    assert "Kari Nordmann" in beside and "Show guests: Person or company: Person" in beside


def test_the_help_is_a_page_and_a_dialog(desk: Client) -> None:
    assert "tag:vip" in desk.get(f"{LIST}filter/typed/").text
    part = desk.get(f"{LIST}filter/typed/", headers={"HX-Request": "true"}).text
    assert "<dialog" in part and "<html" not in part


def test_own_fields_are_filtered_and_shown(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        field = CustomFieldFactory(key="car", label="Number plate", kind=CustomField.Kind.TEXT)
        GuestFieldValueFactory(field=field, customer=CustomerFactory(given_name="Kari"), text="EL 12345")
        CustomerFactory(given_name="Wouter")
    answer = desk.get(LIST, {"q": 'car:"EL 12345"'}, follow=True).text
    assert "Number plate" in answer and "Kari" in answer and "Wouter" not in answer
    shown = desk.get(LIST, {"cols": "own.car,own.gone"}).text
    assert '<th scope="col">Number plate</th>' in shown and "EL 12345" in shown
    with business_scope(cast.fjordstuen.pk):
        CustomField.objects.update(is_archived=True)
    gone = desk.get(
        LIST, {"filter": json.dumps({"version": 1, "rules": [{"field": "own.car", "operator": "is", "value": ["x"]}]})}
    ).text
    assert "There is no field called “own.car” (any more)." in gone


def test_never_a_neighbour(cast: Cast, desk: Client) -> None:
    with business_scope(cast.duinzicht.pk):
        Tag.objects.create(name="Zeehond")
        Property.objects.create(name="Zeezicht")
        CustomFieldFactory(key="zee", label="Zeeziek")
    assert [text for text, _link in options(desk, "zee")] == ["Zee City", "zee search for it"]
    desk.force_login(cast.stranger)
    for path in ("filter/", "filter/suggest/", "filter/typed/", "columns/"):
        assert desk.get(f"{LIST}{path}").status_code == 404
