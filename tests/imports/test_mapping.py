"""From rows to guests and stays: known formats, what each column becomes, and every problem named."""

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imports.mapping import Context, Interpreted, Plan, formats, interpret, meanings
from imports.mapping.meanings import missing
from imports.problems import REASONS
from imports.readers import Batch, file_opener, open_source
from tests.imports.files import BOOKING, GUEST
from tests.imports.laying import laid as plan_of

CONTEXT = Context(country="NO", language="nb", today=dt.date(2026, 6, 1), home_currency="NOK")


def _read(*rows: dict[str, str], context: Context = CONTEXT) -> tuple[Plan, Interpreted]:
    header = list(rows[0])
    cells = [[row.get(name, "") for name in header] for row in rows]
    laid = plan_of(header, cells)
    return laid, interpret(laid, Batch(list(range(2, len(rows) + 2)), cells), context)


def _problems(result: Interpreted) -> list[tuple[int, str, str, str]]:
    return [tuple(problem) for problem in result.problems]  # type: ignore[misc]


def test_a_booking_becomes_a_guest_and_a_stay() -> None:
    laid, result = _read(BOOKING)
    assert laid.key == "hotel_bookings"
    assert result.problems == []
    (guest,) = result.guests
    assert (guest.given_name, guest.family_name, guest.kind) == ("Jan", "van der Berg", "person")
    assert (guest.country, guest.nationality, guest.source) == ("GB", "GB", "online_agent")
    assert guest.first_contact == dt.date(2015, 6, 21)
    assert guest.identity_key == "berg der jan van"
    email, phone = result.contacts
    assert (email.kind, email.value, email.normalised, email.state, email.matches) == (
        "email",
        "Jan@Berg.no",
        "jan@berg.no",
        "ok",
        "jan@berg.no",
    )
    assert (phone.normalised, phone.national, phone.matches) == ("+4722334455", "22334455", "+4722334455")
    (stay,) = result.stays
    assert stay._asdict() == {
        "line": 2,
        "external_id": "Resort Hotel/1",
        "property": "Resort Hotel",
        "status": "checked_out",
        "arrival": dt.date(2015, 7, 1),
        "departure": dt.date(2015, 7, 6),
        "unit": "",
        "unit_type": "C",
        "adults": 2,
        "children": 2,
        "reference": "1",
        "channel": "Online TA",
        "amount": Decimal("377.50"),
        "currency": "EUR",
        "booked_on": dt.date(2015, 6, 21),
        "note": "BB · Agent 304 · Status since 06-07-15",
    }


def test_card_numbers_are_refused_and_nothing_of_them_is_read() -> None:
    laid, result = _read(BOOKING)
    assert laid.refused == {"credit_card": "card_number"}
    assert "4322" not in repr(result)


def test_a_column_that_turns_out_to_hold_cards_is_refused_whatever_its_name() -> None:
    rows = [BOOKING | {"row_id": str(n), "phone-number": "4111 1111 1111 1111"} for n in range(3)]
    laid, result = _read(*rows)
    assert laid.refused == {"credit_card": "card_number", "phone-number": "card_number"}
    assert [contact.kind for contact in result.contacts] == ["email"] * 3
    assert "1111" not in repr(result)


def test_a_card_number_in_a_note_is_masked_and_named() -> None:
    _, result = _read(GUEST | {"note": "Pays by 4111 1111 1111 1111"})
    assert result.guests[0].note == "Pays by ****1111"
    assert _problems(result) == [(2, "note", "Pays by ****1111", "card_number")]


@pytest.mark.parametrize(
    ("description", "change", "column", "value", "reason", "left_out"),
    [
        ("no such month", {"arrival_date_month": "Julember"}, "arrival_date_month", "1 Julember 2015", "date", True),
        ("no such day", {"arrival_date_day_of_month": "32"}, "arrival_date_month", "32 July 2015", "date", True),
        ("nights", {"stays_in_week_nights": "x"}, "stays_in_weekend_nights, stays_in_week_nights", "x", "number", True),
        ("no id", {"row_id": ""}, "hotel, row_id", "", "no_key", True),
        ("status", {"reservation_status": "Gone"}, "reservation_status", "Gone", "status", True),
        ("no guest", {"name": "", "email": "", "phone-number": ""}, "name", "", "no_guest", True),
        ("rate", {"adr": "free"}, "adr", "free", "amount", False),
        ("negative rate", {"adr": "-6.38"}, "adr", "-6.38", "amount", False),
        ("country", {"country": "ZZZ"}, "country", "ZZZ", "country", False),
        ("adults", {"adults": "many"}, "adults", "many", "value_number", False),
        ("lead", {"lead_time": "long"}, "lead_time", "long", "number_empty", False),
        ("segment", {"market_segment": "Moon"}, "market_segment, distribution_channel", "Moon", "choice", False),
        (
            "contradiction",
            {"is_canceled": "1"},
            "is_canceled, reservation_status",
            "1, Check-Out",
            "contradiction",
            False,
        ),
        ("e-mail", {"email": "jan@"}, "email", "jan@", "email_invalid", False),
        ("placeholder", {"email": "none@fjord.no"}, "email", "none@fjord.no", "email_placeholder", False),
        ("phone", {"phone-number": "669-792-1661"}, "phone-number", "669-792-1661", "phone_invalid", False),
        ("junk phone", {"phone-number": "00000000"}, "phone-number", "00000000", "phone_placeholder", False),
        ("a long name", {"name": "x" * 500}, "name", "x" * 119 + "…", "too_long", False),
        ("control characters", {"name": "Jan\x07 Berg"}, "name", "Jan Berg", "control", False),
    ],
)
def test_each_problem_of_a_booking_is_named_and_the_next_row_stands(
    description: str, change: dict[str, str], column: str, value: str, reason: str, left_out: bool
) -> None:
    good = BOOKING | {"row_id": "2"}
    _, result = _read(BOOKING | change, good)
    assert set(_problems(result)) == {(2, column, value, reason)}, description
    assert REASONS[reason][1] is left_out
    assert [stay.line for stay in result.stays] == ([3] if left_out else [2, 3])
    assert [guest.line for guest in result.guests] == [stay.line for stay in result.stays]
    assert result.invalid_stays == int(left_out)


@pytest.mark.parametrize(
    ("status", "cancelled", "expected"),
    [
        ("Check-Out", "0", "checked_out"),
        ("Canceled", "1", "cancelled"),
        ("CANCELED", "0", "cancelled"),
        ("No-Show", "1", "no_show"),
        ("", "1", "cancelled"),
        ("", "0", "booked"),
    ],
)
def test_status(status: str, cancelled: str, expected: str) -> None:
    _, result = _read(BOOKING | {"reservation_status": status, "is_canceled": cancelled})
    assert result.stays[0].status == expected


def test_without_a_status_column_past_stays_took_place_and_coming_ones_are_booked() -> None:
    row = {name: value for name, value in BOOKING.items() if name != "reservation_status"}
    _, result = _read(
        row, row | {"row_id": "2", "arrival_date_year": "2030"}, row | {"row_id": "3", "is_canceled": "1"}
    )
    assert [stay.status for stay in result.stays] == ["checked_out", "booked", "cancelled"]


def test_words_for_nothing_are_empty_but_a_name_stays() -> None:
    _, result = _read(
        BOOKING | {"agent": "NULL", "meal": "Undefined", "name": "Null Undefined", "market_segment": "Undefined"}
    )
    assert result.stays[0].note == "Status since 06-07-15"
    assert result.stays[0].channel == "TA/TO"
    assert result.guests[0].family_name == "Undefined"


def test_the_currency_of_choice_goes_before_the_format_s() -> None:
    _, result = _read(BOOKING, context=CONTEXT._replace(currency="NOK"))
    assert result.stays[0].currency == "NOK"
    _, result = _read(BOOKING | {"adr": ""})
    assert (result.stays[0].amount, result.stays[0].currency) == (None, "")


def test_day_use_costs_nothing_by_the_night_and_departs_on_arrival() -> None:
    _, result = _read(BOOKING | {"stays_in_week_nights": "0", "stays_in_weekend_nights": "0"})
    assert result.stays[0].departure == result.stays[0].arrival
    assert result.stays[0].amount == Decimal("0.00")


def test_a_relay_address_proves_nothing_and_is_no_problem() -> None:
    _, result = _read(BOOKING | {"email": "abc.1@guest.booking.com"})
    assert result.problems == []
    assert (result.contacts[0].state, result.contacts[0].matches) == ("relay", "")


def test_an_invalid_address_still_tells_guests_apart() -> None:
    _, result = _read(BOOKING | {"email": "Dr..M@verizon.com"})
    assert result.contacts[0].matches == "dr..m@verizon.com"
    assert result.contacts[0].normalised == ""


def test_a_guest_of_the_guest_list() -> None:
    laid, result = _read(GUEST)
    assert laid.key == "guest_list" and laid.unread == ()
    assert result.problems == []
    (guest,) = result.guests
    assert guest.number == "7"
    assert (guest.note, guest.birth_date, guest.source) == ("Quiet room\nplease", dt.date(1962, 5, 17), "walk_in")
    assert (guest.postal_code, guest.first_contact) == ("0155", dt.date(2020, 2, 1))
    assert [tag.tag for tag in result.tags] == ["vip", "Likes jazz"]


def test_a_guest_without_a_number_is_told_by_the_whole_row() -> None:
    row = GUEST | {"id": ""}
    _, result = _read(row, row, row | {"note": "another"})
    first, second, third = (guest.digest for guest in result.guests)
    assert first == second != third
    assert len(first) == 32


def test_formula_signs_lose_their_apostrophe_and_others_keep_it() -> None:
    _, result = _read(GUEST | {"note": "'=1+1", "phone": "'+4722334455", "family_name": "'t Hart", "given_name": "'Q"})
    assert result.guests[0].note == "=1+1"
    assert result.contacts[1].normalised == "+4722334455"
    assert (result.guests[0].given_name, result.guests[0].family_name) == ("'Q", "'t Hart")


def test_a_company_and_its_kind() -> None:
    row = GUEST | {"kind": "", "given_name": "", "family_name": "", "company": "Fjord AS"}
    _, result = _read(row, row | {"kind": "company", "given_name": "Jan"})
    assert [guest.kind for guest in result.guests] == ["company", "company"]
    assert result.guests[0].identity_key == "fjord"


def test_several_contacts_in_a_cell() -> None:
    _, result = _read(GUEST | {"id": "", "email": "a@b.no; c@d.no", "phone": "22334455 / 41234567"})
    assert [(contact.position, contact.normalised) for contact in result.contacts] == [
        (0, "a@b.no"),
        (1, "c@d.no"),
        (0, "+4722334455"),
        (1, "+4741234567"),
    ]


def test_an_exported_cell_is_parted_by_what_the_export_writes_alone() -> None:
    _, result = _read(
        GUEST | {"email": "a@b.no; c@d.no ::: nobody", "phone": "+4722334455 ::: ring", "tags": "Wine, red"}
    )
    assert [contact.value for contact in result.contacts] == ["a@b.no; c@d.no", "nobody", "+4722334455", "ring"]
    assert [tag.tag for tag in result.tags] == ["Wine, red"]


def test_ten_tags_are_nine() -> None:
    _, result = _read(GUEST | {"tags": ";".join(f"t{n}" for n in range(10))})
    assert [tag.tag for tag in result.tags] == [f"t{n}" for n in range(9)]
    assert [problem.reason for problem in result.problems] == ["tags"]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (list(BOOKING), "hotel_bookings"),
        ([name.upper().replace("_", " ") for name in BOOKING], "hotel_bookings"),
        (list(GUEST), "guest_list"),
        (["Given name", "FAMILY-NAME"], "guest_list"),
        (["first_name", "last_name", "e-mail"], ""),
    ],
)
def test_formats_are_known_by_their_columns(header: list[str], key: str) -> None:
    assert plan_of(header, []).key == key


def test_columns_without_a_meaning_are_told() -> None:
    assert plan_of([*GUEST, "shoe size"], []).unread == ("shoe size",)


def test_a_bad_row_of_the_file_itself_counts_as_invalid(tmp_path: Path) -> None:
    path = tmp_path / "bookings.csv"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(BOOKING))
    writer.writeheader()
    writer.writerows([BOOKING, BOOKING | {"row_id": "2"}])
    path.write_text(text.getvalue() + "3" + ",x" * (len(BOOKING) + 1) + "\n")
    read = open_source(file_opener(path)).table()
    (batch,) = read.batches()
    result = interpret(plan_of(read.header, batch.rows), batch, CONTEXT)
    assert len(result.stays) == 2
    assert result.invalid_stays == 1
    assert [(problem.line, problem.reason) for problem in result.problems] == [(4, "columns")]


def test_every_format_names_reasons_and_meanings_that_exist() -> None:
    for known in formats():
        allowed = {meaning.key for meaning in meanings(known.kind)}
        assert set(known.refused.values()) <= set(REASONS), known.key
        assert {column for columns in known.required for column in columns} <= known.known(), known.key
        assert {reading.meaning for reading in known.readings} | set(known.fixed) <= allowed, known.key
        assert set(known.values) <= allowed, known.key
        assert missing(known.kind, {reading.meaning for reading in known.readings} | set(known.fixed)) == [], known.key


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(*[st.text(max_size=12)] * 6), min_size=1, max_size=3))
def test_whatever_stands_in_the_cells_is_imported_or_named(rows: list[tuple[str, ...]]) -> None:
    columns = ("arrival_date_month", "stays_in_week_nights", "reservation_status", "name", "email", "adr")
    _, result = _read(*(BOOKING | dict(zip(columns, row, strict=True)) for row in rows))
    assert len(result.stays) + result.invalid_stays == len(rows)
    assert {guest.line for guest in result.guests} == {stay.line for stay in result.stays}
    named = {problem.line for problem in result.problems if REASONS[problem.reason][1]}
    assert named == set(range(2, len(rows) + 2)) - {stay.line for stay in result.stays}
