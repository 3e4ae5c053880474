"""A layout as answers on a page, and back."""

from typing import Any

import pytest

from imports.answers import PARTS, SEVERAL, Answer, answers_of, layout_of
from imports.mapping import lay, layout_read, suggest
from imports.views.asked import answers_read, by_read, by_shown, renewed

HEADER = ("Nr", "Navn", "E-post", "E-post 2", "Sted", "Født", "Merknad")
ROWS = [["1", "Ingrid Berg", "ingrid@berg.no; i@berg.no", "", "0155 Oslo", "01.02.1980", "Rolig"]]


def layout(*readings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 1, "kind": "guests", "readings": list(readings), **more}


def reading(meaning: str, *columns: str, how: str = "first", **more: Any) -> dict[str, Any]:
    return {"meaning": meaning, "from": list(columns), "how": how, **more}


WHOLE = layout(
    reading("guest.full_name", "Navn", how="join", by=" "),
    reading("guest.email", "E-post", how="split", by=";"),
    reading("guest.postal_code", "Sted", how="part", by=" ", part=1),
    reading("guest.city", "Sted", how="part", by=" ", part=2),
    reading("guest.birth_date", "Født"),
    fixed={"guest.country": "NO"},
    dates="dmy",
    dates_of={"Født": "dmy"},
    decimal=",",
    system="Gamle",
    values={"guest.language": {"norsk": "nb"}},
)


def by_meaning(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["meaning"]: each for each in told["readings"]}


def test_what_nobody_changes_stays_as_it_is() -> None:
    again = layout_of(answers_of(WHOLE, HEADER), HEADER, WHOLE)
    assert again["readings"] == WHOLE["readings"]
    assert {name: again[name] for name in WHOLE if name != "readings"} == {
        name: WHOLE[name] for name in WHOLE if name != "readings"
    }
    assert again["ignored"] == ["Nr", "E-post 2", "Merknad"]
    layout_read(again)


def test_a_suggestion_survives_the_page() -> None:
    found = suggest(HEADER, ROWS, language="nb")
    again = layout_of(answers_of(found.layout, HEADER), HEADER, found.layout)
    assert lay(again, HEADER, sample=ROWS) == lay(found.layout, HEADER, sample=ROWS)


@pytest.mark.parametrize(
    ("sent", "meaning", "told"),
    [
        ({"m-6": "guest.note"}, "guest.note", {"from": ["Merknad"], "how": "join", "by": "\n"}),
        ({"m-3": "guest.email"}, "guest.email", {"from": ["E-post", "E-post 2"], "how": "split", "by": ";"}),
        ({"w-6": "split", "m-6": "guest.tags"}, "guest.tags", {"from": ["Merknad"], "how": "split", "by": ";"}),
        ({"b-2": ","}, "guest.email", {"from": ["E-post"], "how": "split", "by": ","}),
        ({"p-4-0": "guest.city", "p-4-1": ""}, "guest.city", {"from": ["Sted"], "how": "part", "by": " ", "part": 1}),
    ],
)
def test_a_column_is_told_otherwise(sent: dict[str, str], meaning: str, told: dict[str, Any]) -> None:
    answers = answers_read(sent, HEADER, answers_of(WHOLE, HEADER))
    made = by_meaning(layout_of(answers, HEADER, WHOLE))
    assert made[meaning] == {"meaning": meaning, **told}
    assert made["guest.full_name"] == WHOLE["readings"][0]


def test_a_column_that_is_left_behind_is_ignored() -> None:
    answers = answers_read({"m-1": "", "m-5": ""}, HEADER, answers_of(WHOLE, HEADER))
    made = layout_of(answers, HEADER, WHOLE)
    assert set(by_meaning(made)) == {"guest.email", "guest.postal_code", "guest.city"}
    assert made["ignored"] == ["Nr", "Navn", "E-post 2", "Født", "Merknad"]


def test_columns_that_go_together() -> None:
    answers = answers_read({"m-0": "guest.note", "m-6": "guest.note"}, HEADER, answers_of(WHOLE, HEADER))
    assert answers.shared() == {"guest.note": [0, 6]}
    joined = answers_read({"t-guest.note": "join", "tb-guest.note": " / "}, HEADER, answers)
    made = by_meaning(layout_of(joined, HEADER, WHOLE))["guest.note"]
    assert made == {"meaning": "guest.note", "from": ["Nr", "Merknad"], "how": "join", "by": " / "}
    first = answers_read({"t-guest.note": "first"}, HEADER, joined)
    assert by_meaning(layout_of(first, HEADER, WHOLE))["guest.note"]["how"] == "first"


def test_another_way_of_reading_asks_for_more() -> None:
    before = answers_of(WHOLE, HEADER)
    parted = renewed(answers_read({"w-1": PARTS}, HEADER, before), more_fixed=False)
    assert parted.columns[1] == Answer(way=PARTS, by=" ", parts=("guest.full_name", ""))
    several = renewed(answers_read({"w-4": SEVERAL}, HEADER, before), more_fixed=False)
    assert several.columns[4] == Answer("guest.postal_code", SEVERAL, ";")
    whole = renewed(answers_read({"w-4": "whole", "m-4": "guest.city"}, HEADER, before), more_fixed=True)
    assert whole.columns[4].parts == ()
    assert whole.fixed == (("guest.country", "NO"), ("", ""))


def test_what_is_the_same_for_every_row() -> None:
    before = answers_of(WHOLE, HEADER)
    sent = {"fm-0": "guest.country", "ft-0": " SE ", "fm-1": "", "ft-1": "", "fm-2": "guest.tags", "ft-2": "Old list"}
    answers = answers_read(sent, HEADER, before)
    assert layout_of(answers, HEADER, WHOLE)["fixed"] == {"guest.country": "SE", "guest.tags": "Old list"}
    chosen = answers_read({"property": "Hytta"}, HEADER, before)
    assert layout_of(chosen, HEADER, WHOLE)["fixed"] == {"guest.country": "NO", "stay.property": "Hytta"}


def test_the_whole_file_s_answers() -> None:
    base = {**WHOLE, "years_of": {"Født": 26}}
    sent = {"dates": "mdy", "decimal": ".", "years": "0", "system": " Old  system ", "d-5": "ymd", "kind": "guests"}
    made = layout_of(answers_read(sent, HEADER, answers_of(base, HEADER)), HEADER, base)
    assert (made["dates"], made["decimal"], made["years_of"], made["system"]) == ("mdy", ".", {"Født": 0}, "Old system")
    assert made["dates_of"] == {"Født": "ymd"}
    layout_read(made)
    unnamed = layout_of(answers_of({**WHOLE, "system": "list-0123"}, HEADER), HEADER, {**WHOLE, "system": "list-0123"})
    assert unnamed["system"] == "list-0123"


def test_what_is_no_answer_changes_nothing() -> None:
    before = answers_of(WHOLE, HEADER)
    sent = {"kind": "cars", "dates": "?", "w-1": "?", "d-5": "?", "decimal": "x", "years": "-1", "t-guest.note": "?"}
    assert answers_read(sent, HEADER, before) == before


@pytest.mark.parametrize(
    ("by", "shown"), [(";", ";"), (" ", "[space]"), ("\n", "[line]"), ("; ", "; "), ("\t", "[tab]")]
)
def test_what_cannot_be_seen_has_a_name(by: str, shown: str) -> None:
    assert by_shown(by) == shown
    assert by_read(shown) == by
