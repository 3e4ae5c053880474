"""What is said of pairs: bands, fields, evidence that adds up."""

import pytest
from django.http import QueryDict
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.engine import GUEST_FIELDS
from dedup.engine.comparisons import plan
from dedup.register.explaining import Explained, Part
from dedup.review.evidence import evidence_drawn
from dedup.review.level_words import part_words
from dedup.review.state import QueueState, state_read
from dedup.review.wording import FIELD_WORDS, band_of, field_words, percent_words


@pytest.mark.parametrize(
    ("probability", "percent", "band"),
    [
        (1.0, "99.9%", "Nearly certain"),
        (0.9999, "99.9%", "Nearly certain"),
        (0.9919, "99.1%", "Nearly certain"),
        (0.99, "99%", "Nearly certain"),
        (0.9899, "98%", "Very likely"),
        (0.96, "96%", "Very likely"),
        (0.5, "50%", "Possible"),
        (0, "0%", "Unlikely"),
    ],
)
def test_how_certain(probability: float, percent: str, band: str) -> None:
    assert percent_words(probability) == percent
    assert band_of(probability).label == band


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("given_name", "family_name", "country"), ["Name"]),
        (("family_name", "emails"), ["Family name", "E-mail"]),
        (("street", "postal_code", "city"), ["Address", "City"]),
        (("postal_code", "city"), ["Postal code"]),
        (("kind",), []),
    ],
)
def test_fields_that_belong_together_are_one_word(names: tuple[str, ...], words: list[str]) -> None:
    assert field_words(names) == words


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (("emails", "same_owned", 9.0), "Same e-mail, and it carries their name"),
        (("family_name", "same", 11.0), "Family name: the same, and a rare one"),
        (("family_name", "same", 1.5), "Family name: the same, but many bear it"),
        (("given_name", "equivalent", 4.0), "Given name: another form of the same name"),
        (("street.number", "same", 2.0), "House number: the same"),
        (("birth_date", "", 0.0), "Date of birth: cannot be compared"),
        (("phones", "shared", 1.0), "Phone: the same, but shared by several guests"),
        (("others", "", 3.0), "Other cards of the same guest speak for it"),
        (("others", "", -3.0), "Other cards speak against it"),
        (("before", "", -12.0), "Before looking: two cards are seldom one guest"),
        (("rest", "", 0.4), "Everything else together"),
    ],
)
def test_a_level_is_a_sentence(part: tuple[str, str, float], words: str) -> None:
    assert part_words(Part(*part, "", "")) == words


def test_no_level_of_the_engine_is_without_words() -> None:
    bare = {str(words) for words in FIELD_WORDS.values()} | {"House number"}
    for comparison in plan(GUEST_FIELDS):
        for level in comparison.levels:
            words = part_words(Part(comparison.name, level, 5.0, "", ""))
            assert words not in bare, (comparison.name, level)
            assert comparison.name not in words, (comparison.name, level)


@given(st.lists(st.floats(-20, 20).filter(lambda bits: abs(bits) > 0.06), max_size=12), st.floats(-25, 5))
@example([], 2.2e-308)
def test_bars_go_on_where_the_one_before_ended(weights: list[float], before: float) -> None:
    fields = [Part("emails", "same", bits, "a", "b") for bits in weights]
    weight = before + sum(weights)
    drawn = evidence_drawn(Explained(1, 0.9, weight, (*fields, Part("before", "", before, "", ""))))
    assert drawn.parts[0].side == "before"
    at = drawn.zero
    for bar in drawn.parts:
        low, high = bar.start, bar.start + bar.width
        assert -0.1 <= low <= high <= 100.1
        assert min(abs(at - low), abs(at - high)) < 0.1
        at = (
            low
            if abs(at - high) < abs(at - low) or (abs(at - high) == abs(at - low) and bar.side == "against")
            else high
        )
    ends = drawn.start if drawn.side == "against" else drawn.start + drawn.width
    assert abs(at - ends) < 0.5


def test_what_says_little_stands_on_one_line() -> None:
    fields = [Part(name, "same", bits, "", "") for name, bits in (("emails", 9.0), ("city", 0.4), ("kind", 0.1))]
    drawn = evidence_drawn(Explained(1, 0.5, -2.5, (*fields, Part("before", "", -12.0, "", ""))))
    assert [(bar.words, bar.points) for bar in drawn.parts[1:]] == [
        ("Same e-mail", "+9.0"),
        ("Everything else together", "+0.5"),
    ]


@pytest.mark.parametrize(
    "query",
    ["?", "?state=later", "?band=0.9&agree=given_name&agree=emails", "?after=7&match=9", "?state=different&match=3"],
)
def test_an_address_says_what_it_was_made_of(query: str) -> None:
    assert state_read(QueryDict(query.removeprefix("?"))).query == query


@pytest.mark.parametrize(
    "query", ["state=gone", "band=0.42", "agree=height", "match=-1", "after=99999999999999999999", "match=٣"]
)
def test_an_address_that_says_nothing_is_the_whole_list(query: str) -> None:
    assert state_read(QueryDict(query)) == QueueState()
