"""Words of a file that are not known: which are asked about, and what they become once somebody has told."""

import datetime as dt
from typing import Any

import pytest

from imports.answers import answers_of, layout_of
from imports.mapping import Context, Interpreted, OwnField, OwnValue, has_words, interpret, lay, unknown_words
from imports.mapping.words import WORDS_MOST
from imports.readers import Batch
from imports.views.asked import UNTOLD, answers_read

CONTEXT = Context(country="NO", language="nb", today=dt.date(2026, 6, 1), home_currency="NOK", property="Fjordstuen")
HEADER = ["Guest", "No", "In", "Out", "Status", "Country", "Gone", "News", "Pillow", "Note"]
READINGS = {
    "guest.full_name": "Guest",
    "stay.id": "No",
    "stay.arrival": "In",
    "stay.departure": "Out",
    "stay.status": "Status",
    "guest.country": "Country",
    "stay.cancelled": "Gone",
    "consent.newsletter.email": "News",
    "own.guest.7": "Pillow",
    "stay.note": "Note",
}


def pillow(text: str) -> OwnValue | None:
    return (text, None, None, None) if text in ("soft", "hard") else None


FIELDS = (OwnField(7, "guest", "pillow", "Pillow", pillow, (("soft", "Soft"), ("hard", "Hard"))),)


def layout(**values: dict[str, str]) -> dict[str, Any]:
    """Bookings; `values` by what follows the last point of their meaning."""
    named = {meaning.rpartition(".")[2]: meaning for meaning in READINGS}
    readings = [{"meaning": meaning, "from": [column]} for meaning, column in READINGS.items()]
    return {
        "version": 1,
        "kind": "bookings",
        "readings": readings,
        "fixed": {"stay.property": "Fjordstuen"},
        "values": {named[name]: words for name, words in values.items()},
    }


def row(number: int, **changes: str) -> list[str]:
    usual = {"Guest": f"Kari Berg {number}", "No": f"B{number}", "In": "2026-05-01", "Out": "2026-05-03"}
    usual |= {"Status": "booked", "Country": "NO", "Gone": "no", "News": "", "Pillow": "soft", "Note": "Sea view"}
    return list((usual | changes).values())


ROWS = [
    row(1, Status="Bekräftat av gäst", Country="Noreg", Gone="nix", News="joda", Pillow="dun"),
    row(2, Status="bekräftat av gäst", Country="Norge", Gone="yes", News="ja", Pillow="hard"),
    row(3, Status="På vänt", Country="Noreg", Gone="", News="nei", Pillow=""),
]


def unknown(said: dict[str, Any], rows: list[list[str]], **more: Any) -> list[tuple[str, str, int]]:
    found = unknown_words(lay(said, HEADER, fields=FIELDS, sample=rows), rows, **more)
    return [(word.meaning, word.word, word.rows) for word in found]


def read(said: dict[str, Any], *rows: list[str]) -> Interpreted:
    laid = lay(said, HEADER, fields=FIELDS, sample=rows)
    return interpret(laid, Batch(list(range(2, len(rows) + 2)), list(rows)), CONTEXT)


def test_each_word_that_is_not_known_is_asked_once() -> None:
    assert unknown(layout(), ROWS) == [
        ("stay.status", "Bekräftat av gäst", 1),
        ("stay.status", "På vänt", 1),
        ("guest.country", "Noreg", 2),
        ("stay.cancelled", "nix", 1),
        ("consent.newsletter.email", "joda", 1),
        ("own.guest.7", "dun", 1),
    ]
    assert unknown(layout(), []) == []


def test_a_word_that_is_told_is_asked_no_more() -> None:
    said = layout(status={"BEKRÄFTAT*": "booked", "på vänt": ""}, country={"noreg": "NO"}, cancelled={"nix": "no"})
    assert unknown(said, ROWS) == [("consent.newsletter.email", "joda", 1), ("own.guest.7", "dun", 1)]


def test_words_become_what_was_told() -> None:
    before = read(layout(), *ROWS)
    assert {problem.reason for problem in before.problems} == {"status", "country", "choice", "yes_no"}
    assert [stay.line for stay in before.stays] == [], "rows of a status that is not known are left out"
    said = layout(
        status={"bekräftat av gäst": "checked_out", "på vänt": ""},
        country={"noreg": "NO"},
        cancelled={"nix": ""},
        email={"joda": "yes"},
        **{"7": {"dun": "soft"}},
    )
    result = read(said, *ROWS)
    assert [problem.reason for problem in result.problems] == ["contradiction"]
    assert [stay.status for stay in result.stays] == ["checked_out", "checked_out", "booked"]
    assert [guest.country for guest in result.guests] == ["NO", "NO", "NO"]
    assert [consent.granted for consent in result.consents] == [True, True, False]
    assert [field.text for field in result.guest_fields] == ["soft", "hard"]
    nothing = read(layout(country={"noreg": ""}, **{"7": {"dun": ""}}), *ROWS[:1])
    assert not {problem.reason for problem in nothing.problems} & {"country", "own_value"}


def test_what_the_whole_file_has_is_asked_as_well() -> None:
    met = [("Status", "Wachtlijst", 7), ("Status", "booked", 3), ("Note", "Quiet", 9), ("Status", "x" * 120, 1)]
    found = unknown(layout(), ROWS[1:2], met=met)
    assert found == [("stay.status", "Wachtlijst", 7), ("stay.status", "bekräftat av gäst", 1)]


def test_a_column_of_texts_asks_for_the_first_only() -> None:
    rows = [row(number, Status=f"Text {number}") for number in range(WORDS_MOST + 5)]
    assert len(unknown(layout(), rows)) == WORDS_MOST
    assert unknown(layout(), [row(1, Status="4111 1111 1111 1111")]) == []


@pytest.mark.parametrize(
    ("meaning", "has"),
    [("stay.status", True), ("stay.cancelled", True), ("guest.country", True), ("own.stay.3", True),
     ("consent.tracking", True), ("guest.email", False), ("stay.note", False), ("guest.tags", False)],
)  # fmt: skip
def test_what_has_words(meaning: str, has: bool) -> None:
    assert has_words(meaning) is has


def test_answers_hold_words() -> None:
    base = layout(status={"optie": "booked"}, country={"noreg": "NO"})
    before = answers_of(base, HEADER)
    assert layout_of(before, HEADER, base)["values"] == base["values"]
    sent = {
        "vm-0": "stay.status", "vw-0": "optie", "v-0": UNTOLD,
        "vm-1": "stay.status", "vw-1": "På vänt", "v-1": "no_show",
        "vm-2": "stay.note", "vw-2": "Sea view", "v-2": "x",
        "vm-3": "own.guest.7", "vw-3": "dun", "v-3": "",
    }  # fmt: skip
    again = layout_of(answers_read(sent, HEADER, before), HEADER, base)
    assert again["values"] == {
        "guest.country": {"noreg": "NO"},
        "stay.status": {"På vänt": "no_show"},
        "own.guest.7": {"dun": ""},
    }
