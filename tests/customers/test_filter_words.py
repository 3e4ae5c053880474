"""Filters in words: every field and operator has them in both forms and every language; sentences by example."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings

from accounts.models import Property
from customers.card.models import Tag
from customers.conditions.labels import GROUPS, field_group, field_label, fields_grouped, operator_label
from customers.conditions.names import Names
from customers.conditions.selectors import filter_catalogue
from customers.conditions.words import condition_words, period_words, rule_words, tree_words
from customers.filters import Condition, Group, Period
from customers.segments.models import Segment
from tests.cast import House
from tests.customers.filter_register import fill_register
from tests.customers.filter_trees import trees

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "nb", "da", "nl")


@pytest.fixture
def names(fjordstuen: House) -> Names:
    business = fjordstuen.business
    fill_register(seed=3, guests=1, today=timezone.localdate(timezone=business.zone), currency=business.currency)
    return Names(business=business, catalogue=filter_catalogue())


def test_every_field_has_a_label_and_a_group(names: Names) -> None:
    for field in names.catalogue.values():
        assert field_label(field, names)
        assert field_group(field) in GROUPS
    listed = [key for _title, fields in fields_grouped(names) for key, _label in fields]
    assert sorted(listed) == sorted(names.catalogue)
    labels = [label for _title, fields in fields_grouped(names) for _key, label in fields]
    assert len(set(labels)) == len(labels), "two fields that one cannot tell apart"


def test_every_operator_is_told_from_its_contrary(names: Names) -> None:
    for field in names.catalogue.values():
        labels = [
            operator_label(field, operator, negated=negated)
            for operator in field.operators
            for negated in (False, True)
        ]
        assert all(labels)
        assert len(set(labels)) == len(labels) == 2 * len(field.operators)


def test_any_filter_has_words_in_every_language(names: Names) -> None:
    ids = {
        "tags": list(Tag.objects.values_list("pk", flat=True)),
        "segment": list(Segment.objects.values_list("pk", flat=True)),
        "property": list(names.properties),
        "product": list(names.products),
    }

    @settings(
        max_examples=60, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )  # fmt: skip
    @given(tree=trees(names.catalogue, ids))
    def check(tree: Group) -> None:
        for code in LANGUAGES:
            with translation.override(code):
                assert bool(tree_words(tree, names)) == bool(tree)
                for rule in tree.rules:
                    assert rule_words(rule, names).text
                for condition in tree.conditions():
                    said = condition_words(condition, names)
                    other = Condition(
                        condition.field, condition.operator, condition.value, not condition.negated,
                        condition.period, condition.where,
                    )  # fmt: skip
                    assert said.text
                    assert "%(" not in str(said)
                    assert str(condition_words(other, names)) != str(said), "a condition reads like its contrary"

    check()


def said(condition: Condition, names: Names) -> str:
    return str(condition_words(condition, names)).replace("\xa0", " ")


def test_sentences(names: Names) -> None:
    tag = {tag.code: tag.pk for tag in Tag.objects.all()}
    segment = Segment.objects.get(code="best").pk
    house = Property.objects.order_by("pk")[0]
    cases: list[tuple[Condition, str]] = [
        (Condition("last_stay", "in", Period("before", 6, "month")), "Last stay: more than 6 months ago"),
        (Condition("last_stay", "in", Period("last", 6, "month"), negated=True), "Last stay: not in the last 6 months"),
        (Condition("next_arrival", "empty"), "Next arrival: none"),
        (
            Condition("stays.count", "at_least", Decimal(2), period=Period("last", 24, "month")),
            "Stays in the last 24 months: at least 2",
        ),
        (
            Condition("stays.count", "equals", Decimal(0), where=(("property", (house.pk,)), ("status", ("no_show",)))),
            f"Stays ({house}; No-show): none",
        ),
        (Condition("tags", "any_of", (tag["problem"],), negated=True), "Not tagged Problem"),
        (Condition("tags", "all_of", (tag["vip"], tag["regular"])), "Tagged VIP and Regular"),
        (Condition("tags", "empty"), "Has no tags"),
        (Condition("segment", "any_of", (segment,)), "In the segment “Best guests”"),
        (Condition("segment", "any_of", (10**9,)), "In the segment “a segment that is gone”"),
        (Condition("language", "any_of", ("nl", "de")), "Language: Dutch or German"),
        (Condition("language", "any_of", ("",), negated=True), "Language: not Unknown"),
        (Condition("country", "any_of", ("NO",), negated=True), "Country: not Norway"),
        (Condition("city", "is", ("Bergen",)), "City: Bergen"),
        (Condition("postal_code", "starts_with", ("50", "51")), "Postal code: begins with “50” or “51”"),
        (Condition("age", "at_least", Decimal(18), negated=True), "Age: less than 18, or unknown"),
        (Condition("value", "between", (Decimal(500), Decimal(5000))), "Value: NOK 500 to NOK 5,000"),
        (Condition("value_rank", "top", 10), "Value: among the top 10%"),
        (Condition("birthday", "month", (5,)), "Birthday: in May"),
        (Condition("do_not_contact", "yes", negated=True), "Not marked “Do not contact”"),
        (Condition("consent.newsletter.email", "any_of", ("granted",)), "Newsletter by e-mail: given"),
        (Condition("email_reach", "any_of", ("ok",)), "Newsletter by e-mail can be sent: yes"),
        (
            Condition("email_reach", "any_of", ("bounced", "relay")),
            "Newsletter by e-mail can be sent: no: Bounces or Relay address of an agent",
        ),
        (Condition("own.boat", "yes"), "boat: yes"),
        (Condition("stay_own.pillow", "any_of", ("soft",)), "pillow (of a stay): soft"),
    ]
    for condition, sentence in cases:
        assert said(condition, names) == sentence


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        (Period("last", 0, "month"), "today"),
        (Period("before", 0), "before today"),
        (Period("last", 1, "year"), "in the last 12 months"),
        (Period("next", 30, "day"), "in the next 30 days"),
        (Period("this", unit="year"), "this year"),
        (Period("previous", unit="month"), "last month"),
        (Period("between", first=dt.date(2025, 1, 1), until=dt.date(2025, 12, 31)), "2025"),
        (Period("between", first=dt.date(2025, 1, 3)), "from 3 Jan 2025 on"),
        (Period("between", until=dt.date(2025, 1, 3)), "until 3 Jan 2025"),
    ],
)
def test_periods(period: Period, sentence: str) -> None:
    assert period_words(period) == sentence


def test_groups_are_one_chip(names: Names) -> None:
    rules: Any = (Condition("city", "is", ("Bergen",)), Condition("stays", "at_least", Decimal(2)))
    said = rule_words(Group("any", rules), names)
    assert (said.label, said.text) == ("Any of", "City: Bergen; Stays: at least 2")
    tree = Group("all", (Group("any", rules), Condition("kind", "any_of", ("company",))))
    assert tree_words(tree, names) == "(City: Bergen or Stays: at least 2) and Person or company: Company"
