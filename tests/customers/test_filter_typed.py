"""Typed conditions: the reader by a table, and the words of every language against a real business."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from customers.card.models import Tag
from customers.conditions.names import Names
from customers.conditions.selectors import filter_catalogue
from customers.conditions.typed import Typed, Word, has_operators, names_folded, typed_read
from customers.conditions.typed_words import LANGUAGES, OPERATORS, typed_conditions
from customers.fields.models import CustomField
from customers.filters import Condition, Group, Period, tree_read, tree_write
from customers.segments.models import Segment
from tests.cast import House

TAGS = {"VIP": 1, "Problem": 2, "Friends & family": 3, "Regular": 4, "Red": 5}
WORDS = {
    "tag": Word(
        "values", "tags", names_folded({"VIP": 1, "Problem": 2, "Friends & family": 3, "Regular": 4, "Red": 5})
    ),
    "city": Word("text", "city"),
    "stays": Word("number", "stays"),
    "spent": Word("money", "value"),
    "stay": Word("date", "last_stay"),
    "born": Word("born", "birth_date"),
    "birthday": Word("birthday", "birthday", {"week": Condition("birthday", "in", Period("this", unit="week"))}),
    "no": Word("ready", values={"email": Condition("email_state", "any_of", ("none",))}),
}


def between(first: str | None, until: str | None) -> Period:
    return Period("between", first=_day(first), until=_day(until))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("text", "conditions", "rest"),
    [
        ("tag:vip", [Condition("tags", "any_of", (1,))], ""),
        ("-tag:problem", [Condition("tags", "any_of", (2,), negated=True)], ""),
        ("TAG:VIP,problem", [Condition("tags", "any_of", (1, 2))], ""),
        ('tag:"friends & family"', [Condition("tags", "any_of", (3,))], ""),
        ('tag:vip,"Friends & family" kari', [Condition("tags", "any_of", (1, 3))], "kari"),
        ("tag:fri", [Condition("tags", "any_of", (3,))], ""),
        ("tag:r", [], "tag:r"),
        ("tag:re", [], "tag:re"),
        ("tag:nosuch", [], "tag:nosuch"),
        ("tag>vip", [], "tag>vip"),
        ("nosuch:vip", [], "nosuch:vip"),
        ("kari tag:vip nordmann", [Condition("tags", "any_of", (1,))], "kari nordmann"),
        ("city:bergen", [Condition("city", "is", ("bergen",))], ""),
        ('city:"Den Haag",oslo', [Condition("city", "is", ("Den Haag", "oslo"))], ""),
        ("city:ber*", [Condition("city", "starts_with", ("ber",))], ""),
        ("city:*", [], "city:*"),
        ("stays>=3", [Condition("stays", "at_least", Decimal(3))], ""),
        ("stays>3", [Condition("stays", "at_most", Decimal(3), negated=True)], ""),
        ("stays<3", [Condition("stays", "at_least", Decimal(3), negated=True)], ""),
        ("-stays<3", [Condition("stays", "at_least", Decimal(3))], ""),
        ("stays:3", [Condition("stays", "equals", Decimal(3))], ""),
        ("stays>2.5", [], "stays>2.5"),
        ("stays>", [], "stays>"),
        ("spent>5000", [Condition("value", "at_most", Decimal(5000), negated=True)], ""),
        ("spent>=99,50", [Condition("value", "at_least", Decimal("99.50"))], ""),
        ("spent:5000", [Condition("value", "at_least", Decimal(5000))], ""),
        ("spent>99999999999999", [], "spent>99999999999999"),
        ("stay>2025", [Condition("last_stay", "in", between("2026-01-01", None))], ""),
        ("stay>=2025", [Condition("last_stay", "in", between("2025-01-01", None))], ""),
        ("stay<2024-06-01", [Condition("last_stay", "in", between(None, "2024-05-31"))], ""),
        ("stay<=2024-02", [Condition("last_stay", "in", between(None, "2024-02-29"))], ""),
        ("stay:2025", [Condition("last_stay", "in", between("2025-01-01", "2025-12-31"))], ""),
        ("stay:2025-12", [Condition("last_stay", "in", between("2025-12-01", "2025-12-31"))], ""),
        ("stay=1.6.2024", [Condition("last_stay", "in", between("2024-06-01", "2024-06-01"))], ""),
        ("stay>6m", [Condition("last_stay", "in", Period("before", 6, "month"))], ""),
        ("stay<2y", [Condition("last_stay", "in", Period("last", 2, "year"))], ""),
        ("stay:2025-13", [], "stay:2025-13"),
        ("stay>9999", [], "stay>9999"),
        ("born:05", [Condition("birthday", "month", (5,))], ""),
        ("born:13", [], "born:13"),
        ("born<1980", [Condition("birth_date", "in", between(None, "1979-12-31"))], ""),
        ("birthday:week", [Condition("birthday", "in", Period("this", unit="week"))], ""),
        ("birthday:30d", [Condition("birthday", "in", Period("next", 30, "day"))], ""),
        ("birthday:5", [Condition("birthday", "month", (5,))], ""),
        ("no:email", [Condition("email_state", "any_of", ("none",))], ""),
        ("-no:email", [Condition("email_state", "any_of", ("none",), negated=True)], ""),
        ("kari@example.com https://x.example 12:30", [], "kari@example.com https://x.example 12:30"),
        ('tag:"vip', [], 'tag:"vip'),
        ("", [], ""),
    ],
)
def test_table(text: str, conditions: list[Condition], rest: str) -> None:
    assert typed_read(text, WORDS) == Typed(tuple(conditions), rest)


@given(st.text(alphabet='abtg:<>=-," 12/é*', max_size=60))
def test_any_text_is_read_and_loses_nothing_it_does_not_mean(text: str) -> None:
    read = typed_read(text, WORDS)
    if not read.conditions:
        assert read.text == text
    if not has_operators(text):
        assert read == Typed((), text)
    assert typed_read(read.text, {}).text == read.text


@pytest.fixture
def names(fjordstuen: House) -> Names:
    CustomField.objects.create(target="guest", kind="yes_no", key="boat", label="Has a boat")
    options = [{"key": "soft", "label": "Soft one"}]
    CustomField.objects.create(target="guest", kind="choice", key="bed_pillow", label="Pillow", options=options)
    return Names(business=fjordstuen.business, catalogue=filter_catalogue())


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_of_the_help_is_understood(language: str, names: Names) -> None:
    with translation.override(language):
        for operator in OPERATORS.values():
            typed = operator.word(language) + operator.example
            example = typed.replace("Best guests", Segment.objects.get(code="best").title)
            read = typed_conditions(example, names)
            assert len(read.conditions) == 1, example
            assert read.text == ""
            tree = Group(rules=read.conditions)
            assert tree_read(tree_write(tree), names.catalogue) == tree


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "text", "field", "value"),
    [
        ("en", "lang:nl", "language", ("nl",)),
        ("en", "lang:dutch", "language", ("nl",)),
        ("en", "lang:no", "language", ("nb",)),
        ("nb", "språk:nederlandsk", "language", ("nl",)),
        ("nl", "taal:nederlands", "language", ("nl",)),
        ("da", "sprog:nederlandsk,tysk", "language", ("nl", "de")),
        ("nl", "lang:dutch", "language", ("nl",)),
        ("en", "country:norway,NL", "country", ("NO", "NL")),
        ("nb", "land:norge", "country", ("NO",)),
        ("en", "source:website", "source", ("website",)),
        ("en", "source:online_agent", "source", ("online_agent",)),
        ("en", "is:company", "kind", ("company",)),
        ("nb", "er:bedrift", "kind", ("company",)),
        ("en", "consent:email", "consent.newsletter.email", ("granted",)),
        ("en", "bedpillow:soft", "own.bed_pillow", ("soft",)),
        ("en", 'bed_pillow:"Soft one"', "own.bed_pillow", ("soft",)),
        ("en", "boat:yes", "own.boat", None),
    ],
)
def test_names_of_the_business_and_of_languages(language: str, text: str, field: str, value: Any, names: Names) -> None:
    with translation.override(language):
        (condition,) = typed_conditions(text, names).conditions
    assert (condition.field, condition.value) == (field, value)


@pytest.mark.django_db
def test_tags_by_code_and_by_name_in_any_language(names: Names) -> None:
    problem = Tag.objects.get(code="no_show").pk
    for language in LANGUAGES:
        with translation.override(language):
            named = Names(business=names.business, catalogue=names.catalogue)
            typed = f'tag:no_show tag:"{Tag.objects.get(pk=problem)}"'
            assert [each.value for each in typed_conditions(typed, named).conditions] == [(problem,)] * 2
