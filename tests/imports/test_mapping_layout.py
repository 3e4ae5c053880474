"""Layouts: what they may say, what is refused and at which column, and how each way of reading reads."""

import datetime as dt
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.mapping import (
    KINDS,
    SCHEMA,
    Context,
    Interpreted,
    MappingError,
    OwnField,
    interpret,
    lay,
    layout_read,
    meanings,
    suggest,
)
from imports.mapping.dates import moment
from imports.mapping.headers import names_for
from imports.readers import Batch

CONTEXT = Context(country="NO", language="nb", today=dt.date(2026, 6, 1), home_currency="NOK", property="Fjordstuen")


def layout(*readings: dict[str, Any], kind: str = "guests", **more: Any) -> dict[str, Any]:
    """A layout of these readings."""
    return {"version": 1, "kind": kind, "readings": list(readings)} | more


def of(meaning: str, *columns: str, **more: Any) -> dict[str, Any]:
    """A reading."""
    return {"meaning": meaning, "from": list(columns)} | more


NAME = of("guest.full_name", "Name")


def read(said: dict[str, Any], *rows: dict[str, str]) -> Interpreted:
    """What rows become by a layout."""
    header = list(rows[0])
    cells = [list(row.values()) for row in rows]
    return interpret(lay(said, header, sample=cells), Batch(list(range(2, len(rows) + 2)), cells), CONTEXT)


def test_a_suggestion_is_a_layout_and_comes_back_the_same() -> None:
    said = suggest(["Navn", "E-post", "Født"], [["Kari Berg", "a@b.no", "17.05.1962"]], language="nb").layout
    jsonschema.validate(said, SCHEMA)
    assert layout_read(said).as_json() == said


@pytest.mark.parametrize(
    ("description", "change", "column", "meaning"),
    [
        ("no kind", {"kind": None}, "", ""),
        ("another version", {"version": 2}, "", ""),
        ("something else", {"colour": "red"}, "", ""),
        ("no columns", {"readings": [{"meaning": "guest.email", "from": []}]}, "", "guest.email"),
        ("no such way", {"readings": [of("guest.email", "Mail", how="guess")]}, "Mail", "guest.email"),
        ("no such order", {"dates_of": {"Born": "dym"}}, "Born", ""),
        ("years", {"years_of": {"Born": 1999}}, "Born", ""),
        ("fixed", {"fixed": {"guest.source": 7}}, "", "guest.source"),
        ("part", {"readings": [of("guest.city", "Place", how="part", part=99)]}, "Place", "guest.city"),
    ],
)
def test_what_is_no_layout_is_refused(description: str, change: dict[str, Any], column: str, meaning: str) -> None:
    with pytest.raises(MappingError) as caught:
        layout_read(layout(NAME) | change)
    (problem,) = caught.value.problems
    assert (problem.column, problem.meaning) == (column, meaning), description
    assert str(problem) and str(problem) in str(caught.value)


@pytest.mark.parametrize("said", [None, [], "layout", 7, {"readings": [7]}, {"readings": {}}])
def test_anything_else_is_refused_too(said: Any) -> None:
    with pytest.raises(MappingError):
        lay(said, ["Name"])


@pytest.mark.parametrize(
    ("description", "said", "problems"),
    [
        ("gone", layout(of("guest.full_name", "Nome")), [("Nome", "guest.full_name")]),
        ("two gone", layout(of("guest.email", "A", "B"), NAME), [("A", "guest.email"), ("B", "guest.email")]),
        ("no such meaning", layout(NAME, of("guest.shoe", "Mail")), [("Mail", "guest.shoe")]),
        ("of another kind", layout(NAME, of("stay.arrival", "Mail")), [("Mail", "stay.arrival")]),
        ("a field that is gone", layout(NAME, of("own.guest.9", "Mail")), [("Mail", "own.guest.9")]),
        ("nobody", layout(of("guest.city", "Mail")), [("", "guest.full_name")]),
        ("twice", layout(NAME, of("guest.email", "Mail"), of("guest.email", "Name")), [("Name", "guest.email")]),
        ("column and fixed", layout(NAME, fixed={"guest.full_name": "Kari"}), [("Name", "guest.full_name")]),
        (
            "no such value",
            layout(NAME, of("guest.source", "Mail"), values={"guest.source": {"Moon": "lunar", "?": ""}}),
            [("Mail", "guest.source")],
        ),
        ("fixed nonsense", layout(NAME, fixed={"guest.shoe": "43"}), [("", "guest.shoe")]),
        ("no arrival", layout(NAME, kind="bookings"), [("", "stay.arrival"), ("", "stay.departure")]),
        ("no number", layout(NAME, kind="invoices"), [("", "invoice.number"), ("", "invoice.amount")]),
        ("nothing bought", layout(NAME, kind="purchases"), [("", "purchase.product")]),
        ("no answer", layout(of("guest.email", "Mail"), kind="consents"), [("", "consent.sensitive")]),
    ],
)
def test_what_does_not_fit_is_named(description: str, said: dict[str, Any], problems: list[Any]) -> None:
    with pytest.raises(MappingError) as caught:
        lay(said, ["Name", "Mail"])
    assert [(problem.column, problem.meaning) for problem in caught.value.problems] == problems, description
    assert all(str(problem) for problem in caught.value.problems)


def test_columns_are_found_whatever_their_case_and_punctuation() -> None:
    assert lay(layout(of("guest.full_name", "full name")), ["Full-Name"]).places == {"guest.full_name": (0,)}


@pytest.mark.parametrize(
    ("description", "reading", "row", "field", "expected"),
    [
        ("first", of("guest.city", "A", "B"), {"A": "", "B": "Oslo"}, "city", "Oslo"),
        ("join", of("guest.street", "A", "B", how="join", by=", "), {"A": "Vei 1", "B": "H2"}, "street", "Vei 1, H2"),
        ("join, one empty", of("guest.street", "A", "B", how="join", by=", "), {"A": "", "B": "H02"}, "street", "H02"),
        ("join with words", of("guest.note", "A", "B", how="join", by=" · ", words=["", "Room"]),
         {"A": "Quiet", "B": "7"}, "note", "Quiet · Room 7"),
        ("part", of("guest.city", "A", how="part", by=", ", part=2), {"A": "Vei, Oslo, Norge"}, "city", "Oslo, Norge"),
        ("first part", of("guest.city", "A", how="part", by=", ", part=1), {"A": "Oslo, Norge"}, "city", "Oslo"),
        ("last part", of("guest.city", "A", how="part", by=", ", part=-1), {"A": "Gate 1, 0155, Oslo"}, "city", "Oslo"),
        ("no such part", of("guest.city", "A", how="part", by=", ", part=2), {"A": "Oslo"}, "city", ""),
    ],
)  # fmt: skip
def test_ways_of_reading(
    description: str, reading: dict[str, Any], row: dict[str, str], field: str, expected: str
) -> None:
    result = read(layout(NAME, reading), {"Name": "Kari Berg"} | row)
    assert getattr(result.guests[0], field) == expected, description


def test_one_column_is_parted_into_several_and_the_last_takes_the_rest() -> None:
    said = layout(
        NAME,
        of("guest.postal_code", "Place", how="part", by=" ", part=1),
        of("guest.city", "Place", how="part", by=" ", part=2),
    )
    result = read(said, {"Name": "Kari Berg", "Place": "0155 Oslo sentrum"})
    assert (result.guests[0].postal_code, result.guests[0].city) == ("0155", "Oslo sentrum")


@pytest.mark.parametrize(
    ("cell", "more", "expected"),
    [
        ("a@b.no; c@d.no", {}, ["a@b.no", "c@d.no"]),
        ("a@b.no / c@d.no", {}, ["a@b.no", "c@d.no"]),
        ("a@b.no og c@d.no", {}, ["a@b.no og c@d.no"]),
        ("a@b.no og c@d.no", {"how": "split", "by": " og "}, ["a@b.no", "c@d.no"]),
        ("a@b.no#c@d.no", {"how": "split", "by": "#"}, ["a@b.no", "c@d.no"]),
    ],
)
def test_a_column_with_two_addresses(cell: str, more: dict[str, str], expected: list[str]) -> None:
    result = read(layout(NAME, of("guest.email", "Mail", **more)), {"Name": "Kari Berg", "Mail": cell})
    assert [contact.value for contact in result.contacts] == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("22334455 / 41234567", ["+4722334455", "+4741234567"]),
        ("22 33 44 55 og 412 34 567", ["+4722334455", "+4741234567"]),
        ("Mob. 41234567", ["+4741234567"]),
        ("41234567 (jobb)", ["+4741234567"]),
        ("0047 41 23 45 67", ["+4741234567"]),
        ("tlf: 22334455, mob: 41234567", ["+4722334455", "+4741234567"]),
    ],
)
def test_a_column_with_phones_without_country_code(cell: str, expected: list[str]) -> None:
    result = read(layout(NAME, of("guest.phone", "Tel")), {"Name": "Kari Berg", "Tel": cell})
    assert [contact.normalised for contact in result.contacts] == expected


@pytest.mark.parametrize(
    ("country", "expected"),
    [("NL", "+31612873465"), ("", ""), ("NO", ""), ("Sverige", "+46612873465")],
)
def test_a_phone_without_a_country_code_is_of_the_row_s_country(country: str, expected: str) -> None:
    said = layout(NAME, of("guest.phone", "Tel"), of("guest.country", "Land"))
    result = read(said, {"Name": "Jan Vis", "Tel": "06 12873465", "Land": country})
    assert [contact.normalised for contact in result.contacts] == [expected]


def test_a_phone_that_is_none_of_the_row_s_country_is_of_the_business_s() -> None:
    said = layout(NAME, of("guest.phone", "Tel"), of("guest.country", "Land"))
    result = read(said, {"Name": "Jan Vis", "Tel": "412 34 567", "Land": "NL"})
    assert [contact.normalised for contact in result.contacts] == ["+4741234567"]


def test_fixed_values_stand_on_every_row_and_a_fixed_answer_is_a_consent() -> None:
    said = layout(
        of("guest.email", "Mail"),
        of("consent.newsletter.email.date", "When"),
        kind="consents",
        fixed={"consent.newsletter.email": "no", "consent.newsletter.email.source": "The old list"},
    )
    result = read(said, {"Mail": "a@b.no", "When": "20.05.2024"}, {"Mail": "c@d.no", "When": ""})
    assert [(row.line, row.granted, row.source) for row in result.consents] == [
        (2, False, "The old list"),
        (3, False, "The old list"),
    ]
    assert [row.at is None for row in result.consents] == [False, True]


def test_words_of_the_file_are_told() -> None:
    said = layout(NAME, of("guest.source", "From"), values={"guest.source": {"Booking*": "online_agent", "?": ""}})
    result = read(
        said,
        {"Name": "A B", "From": "Booking NL"},
        {"Name": "C D", "From": "?"},
        {"Name": "E F", "From": "telefon"},
        {"Name": "G H", "From": "Mars"},
    )
    assert [guest.source for guest in result.guests] == ["online_agent", "", "phone", ""]
    assert [(problem.line, problem.value, problem.reason) for problem in result.problems] == [(5, "Mars", "choice")]


def test_when_the_row_was_last_changed() -> None:
    said = layout(NAME, of("guest.changed_at", "Changed"))
    result = read(
        said,
        {"Name": "A B", "Changed": "20.05.2024 14:30"},
        {"Name": "C D", "Changed": ""},
        {"Name": "E", "Changed": "x"},
    )
    assert [guest.changed_at for guest in result.guests] == [
        dt.datetime(2024, 5, 20, 14, 30, tzinfo=dt.UTC),
        None,
        None,
    ]
    assert [problem.reason for problem in result.problems] == ["value_date"]


@pytest.mark.parametrize(
    ("description", "change", "reason", "kept"),
    [
        ("no number", {"No": ""}, "no_number", 0),
        ("no amount", {"Sum": ""}, "invoice_amount", 0),
        ("no such amount", {"Sum": "free"}, "invoice_amount", 0),
        ("nobody", {"Name": ""}, "no_guest", 0),
        ("due when", {"Due": "soon"}, "value_date", 1),
        ("paid how", {"Paid": "perhaps"}, "choice", 1),
        ("too long a number", {"No": "9" * 80}, "too_long", 1),
    ],
)
def test_problems_of_an_invoice(description: str, change: dict[str, str], reason: str, kept: int) -> None:
    said = layout(
        NAME, of("invoice.number", "No"), of("invoice.amount", "Sum"), of("invoice.due_on", "Due"),
        of("invoice.state", "Paid"), kind="invoices",
    )  # fmt: skip
    row = {"Name": "Kari Berg", "No": "F1", "Sum": "100", "Due": "2024-05-20", "Paid": "betalt"}
    result = read(said, row | change, row | {"No": "F2"})
    assert [problem.reason for problem in result.problems] == [reason], description
    assert (len(result.invoices), result.invalid_records) == (kept + 1, 1 - kept)
    assert {invoice.line for invoice in result.invoices} == {guest.line for guest in result.guests}
    assert result.invoices[-1].is_paid is True


def test_a_purchase_that_says_nothing_is_left_out() -> None:
    said = layout(NAME, of("purchase.product", "What"), of("purchase.quantity", "Many"), kind="purchases")
    result = read(said, {"Name": "Kari", "What": "", "Many": "2"}, {"Name": "Kari", "What": "Spa", "Many": "lots"})
    assert [(problem.line, problem.reason) for problem in result.problems] == [(2, "no_purchase"), (3, "quantity")]
    assert [(row.product, row.quantity) for row in result.purchases] == [("Spa", 1)]
    assert (result.invalid_records, len(result.guests)) == (1, 1)


def test_payment_cards_are_refused_whatever_a_layout_says() -> None:
    rows = [{"Name": "A B", "Mail": "4111 1111 1111 1111"}, {"Name": "C D", "Mail": "5500 0000 0000 0004"}]
    said = layout(NAME, of("guest.email", "Mail"))
    laid = lay(said, ["Name", "Mail"], sample=[list(row.values()) for row in rows])
    assert (laid.refused, laid.places) == ({"Mail": "card_number"}, {"guest.full_name": (0,)})
    assert "1111" not in repr(read(said, *rows))


def test_meanings_of_a_kind_are_shown_with_the_business_s_own() -> None:
    fields = [
        OwnField(1, "guest", "points", "Points", lambda text: None),
        OwnField(2, "stay", "car", "Car", lambda text: None),
    ]
    for kind in KINDS:
        known = meanings(kind, fields=fields)
        assert len({meaning.key for meaning in known}) == len(known)
        assert all(kind in meaning.kinds for meaning in known)
        own = [meaning.key for meaning in known if meaning.is_own]
        assert own == {"guests": ["own.guest.1"], "bookings": ["own.stay.2", "own.guest.1"]}.get(kind, [])
    assert [meaning.key for meaning in meanings("invoices") if meaning.is_required] == [
        "invoice.number",
        "invoice.amount",
    ]


def test_every_known_name_of_a_column_is_of_a_meaning_of_its_kind() -> None:
    for kind in KINDS:
        allowed = {meaning.key for meaning in meanings(kind)}
        assert {each.meaning for names in names_for(kind).values() for each in names} <= allowed


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("Født 01.02.1980", "dmy", dt.date(1980, 2, 1)),
        ("Born: 02/01/1980", "mdy", dt.date(1980, 2, 1)),
        ("fre. 17.05.2024", "dmy", dt.date(2024, 5, 17)),
        ("17. mai 1962", "dmy", dt.date(1962, 5, 17)),
        ("17 mei 1962", "dmy", dt.date(1962, 5, 17)),
        ("May 17, 1962", "dmy", dt.date(1962, 5, 17)),
        ("17-May-62", "dmy", dt.date(1962, 5, 17)),
        ("1962/05/17", "dmy", dt.date(1962, 5, 17)),
        ("62-05-17", "ymd", dt.date(1962, 5, 17)),
        ("17. 5. 1962", "dmy", dt.date(1962, 5, 17)),
        ("17.05.2024 14:30", "dmy", dt.datetime(2024, 5, 17, 14, 30)),  # noqa: DTZ001
        ("5/17/2024 2:30 PM", "mdy", dt.datetime(2024, 5, 17, 14, 30)),  # noqa: DTZ001
        ("17.05.2024 kl. 14.30", "dmy", dt.datetime(2024, 5, 17, 14, 30)),  # noqa: DTZ001
        ("2024-05-17T14:30:00+02:00", "dmy", dt.datetime(2024, 5, 17, 12, 30, tzinfo=dt.UTC)),
        ("17.05.2024 25:61", "dmy", None),
        ("01.02.0000", "dmy", None),
        ("Storgata 1", "dmy", None),
        ("", "dmy", None),
    ],
)
def test_dates_as_people_write_them(text: str, order: Any, expected: Any) -> None:
    assert moment(text, order) == expected


def test_nobody_is_born_in_the_future() -> None:
    later = (dt.datetime.now(dt.UTC).year + 2) % 100
    said = layout(NAME, of("guest.birth_date", "Born"), of("guest.first_contact", "Since"), years=99)
    result = read(said, {"Name": "Kari Berg", "Born": f"17.05.{later:02}", "Since": "17.05.12"})
    assert result.guests[0].birth_date == dt.date(1900 + later, 5, 17)
    assert result.guests[0].first_contact == dt.date(2012, 5, 17)


def test_the_century_of_births_is_not_that_of_stays() -> None:
    said = layout(
        NAME, of("stay.id", "No"), of("stay.arrival", "In"), of("stay.departure", "Out"),
        of("guest.birth_date", "Born"), kind="bookings", years=0,
    )  # fmt: skip
    result = read(said, {"Name": "Kari", "No": "1", "In": "01.07.24", "Out": "03.07.24", "Born": "17.05.12"})
    assert (result.stays[0].arrival, result.guests[0].birth_date) == (dt.date(2024, 7, 1), dt.date(1912, 5, 17))


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)), st.sampled_from(["dmy", "mdy", "ymd"]))
def test_a_date_in_its_column_s_order_is_that_date(day: dt.date, order: Any) -> None:
    patterns = {
        "dmy": ("%d.%m.%Y", "%d/%m/%Y"),
        "mdy": ("%m/%d/%Y", "%m-%d-%Y"),
        "ymd": ("%Y-%m-%d", "%Y.%m.%d", "%Y%m%d"),
    }
    for pattern in patterns[order]:
        assert moment(day.strftime(pattern), order) == day


@given(st.text(max_size=40), st.sampled_from(["dmy", "mdy", "ymd"]), st.integers(0, 99))
def test_no_text_is_too_much_for_a_date(text: str, order: Any, years: int) -> None:
    moment(text, order, years)
