"""What is suggested for files of no known format: by names in six languages, by likeness, by the values themselves."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.mapping import (
    KINDS,
    MappingError,
    OwnField,
    interpret,
    lay,
    samples,
    signature,
    suggest,
    template_header,
)
from imports.mapping.headers import LANGUAGES
from imports.readers import Batch
from tests.imports.suggesting import CONTEXT, meant, read, told

BOOKINGS = [
    (
        "nb",
        "Bookingnummer;Gjestens navn;E-post;Mobil;Ankomst;Avreise;Antall netter;Voksne;Barn;Rom;"
        "Romtype;Totalt;Status;Bestilt dato",
        "B1;Berg, Kari;kari@berg.no;41234567;01.07.2024;15.07.2024;14;2;1;204;Dobbelt;1 234,50;Utsjekket;20.05.2024",
    ),
    (
        "da",
        "Reservationsnummer;Gæst;E-mail;Telefon;Ankomstdato;Afrejsedato;Nætter;Antal voksne;Børn;"
        "Værelse;Værelsestype;I alt;Status;Booket dato",
        "B1;Berg, Kari;kari@berg.no;+4741234567;01.07.2024;15.07.2024;14;2;1;204;Dobbelt;1.234,50;Udtjekket;20.05.2024",
    ),
    (
        "nl",
        "Reserveringsnummer;Hoofdboeker;E-mailadres;Mobiel;Aankomst;Vertrek;Nachten;Volwassenen;"
        "Kinderen;Kamer;Kamertype;Totaal;Status;Geboekt op",
        "B1;Berg, Kari;kari@berg.no;+4741234567;01-07-2024;15-07-2024;14;2;1;204;Dobbelt;"
        "€ 1.234,50;Uitgecheckt;20-05-2024",
    ),
    (
        "sv",
        "Bokningsnummer;Gäst;E-post;Mobil;Ankomst;Avresa;Nätter;Vuxna;Barn;Rum;Rumstyp;Summa;Status;Bokningsdatum",
        "B1;Berg, Kari;kari@berg.no;+4741234567;2024-07-01;2024-07-15;14;2;1;204;Dobbelt;1 234,50;Utcheckad;2024-05-20",
    ),
    (
        "de",
        "Buchungsnummer;Gast;E-Mail;Telefon;Anreise;Abreise;Nächte;Erwachsene;Kinder;Zimmer;"
        "Zimmertyp;Gesamt;Status;Gebucht am",
        "B1;Berg, Kari;kari@berg.no;+4741234567;01.07.2024;15.07.2024;14;2;1;204;Dobbelt;1.234,50;Abgereist;20.05.2024",
    ),
    (
        "en",
        "Booking number;Guest name;Email;Phone;Check-in;Check-out;Nights;Adults;Children;Room;"
        "Room type;Total price;Status;Booking date",
        "B1;Berg, Kari;kari@berg.no;+4741234567;7/1/2024;7/15/2024;14;2;1;204;Dobbelt;1,234.50;Checked out;5/20/2024",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("language", "header", "row"), BOOKINGS, ids=[each[0] for each in BOOKINGS])
def test_lists_of_bookings_need_nothing_told(language: str, header: str, row: str) -> None:
    found = told(header, row, language=language, properties=["Fjordstuen"])
    assert (found.layout["kind"], found.format, found.questions) == ("bookings", "", ())
    result = read(header, row, language=language, properties=["Fjordstuen"])
    assert result.problems == []
    (stay,) = result.stays
    assert stay._replace(channel="", note="", line=0) == (
        0, "B1", "Fjordstuen", "checked_out", dt.date(2024, 7, 1), dt.date(2024, 7, 15), "204", "Dobbelt", 2, 1, "",
        "", Decimal("1234.50"), "EUR" if language == "nl" else "NOK", dt.date(2024, 5, 20), "",
    )  # fmt: skip
    assert (result.guests[0].given_name, result.guests[0].family_name) == ("Kari", "Berg")


INVOICES = [
    ("nb", "Fakturanummer;Fakturadato;Forfallsdato;Betalt dato;Beløp;Kundenummer;Kundenavn;E-post",
     "F7;20.05.2024;03.06.2024;;1 234,50;88;Berg, Kari;k@b.no"),
    ("da", "Fakturanr.;Fakturadato;Forfaldsdato;Betalingsdato;Beløb i DKK;Kundenr.;Kunde;E-mail",
     "F7;20.05.2024;03.06.2024;;1.234,50;88;Berg, Kari;k@b.no"),
    ("nl", "Factuurnummer;Factuurdatum;Vervaldatum;Betaald op;Bedrag incl. btw;Klantnummer;Klant;E-mailadres",
     "F7;20-05-2024;03-06-2024;;1.234,50;88;Berg, Kari;k@b.no"),
    ("en", "Invoice no;Invoice date;Due date;Paid on;Total amount;Customer no;Customer;Email",
     "F7;2024-05-20;2024-06-03;;1234.50;88;Berg, Kari;k@b.no"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "header", "row"), INVOICES, ids=[each[0] for each in INVOICES])
def test_lists_of_invoices(language: str, header: str, row: str) -> None:
    found = told(header, row, language=language)
    assert found.layout["kind"] == "invoices"
    assert {question.asked for question in found.questions} <= ({"meaning"} if language == "da" else set())
    result = read(header, row, language=language)
    assert result.problems == []
    (invoice,) = result.invoices
    assert invoice == (
        2, "F7", "F7", dt.date(2024, 5, 20), dt.date(2024, 6, 3), None, None, Decimal("1234.50"), "NOK", "", "",
    )  # fmt: skip
    (guest,) = result.guests
    assert (guest.number, guest.family_name, guest.digest) == ("88", "Berg", "")


PURCHASES = [
    ("nb", "Dato;Vare;Varenummer;Antall;Beløp;Kunde;Mobil", "20.05.2024;Spa;S1;2;900,00;Berg, Kari;41234567"),
    ("da", "Dato;Produkt;Varenr.;Antal;Beløb;Kunde;Telefon", "20.05.2024;Spa;S1;2;900,00;Berg, Kari;+4741234567"),
    ("nl", "Datum;Artikel;Artikelcode;Aantal;Bedrag;Klant;Telefoon",
     "20-05-2024;Spa;S1;2;900,00;Berg, Kari;+4741234567"),
    ("en", "Date;Product;SKU;Quantity;Unit price;Customer;Phone", "2024-05-20;Spa;S1;2;450.00;Berg, Kari;+4741234567"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "header", "row"), PURCHASES, ids=[each[0] for each in PURCHASES])
def test_lists_of_purchases(language: str, header: str, row: str) -> None:
    found = told(header, row, language=language)
    assert (found.layout["kind"], found.questions) == ("purchases", ())
    result = read(header, row, row, row.replace("S1", "S2"), language=language)
    assert result.problems == []
    first, second, third = result.purchases
    assert first[2:9] == (dt.date(2024, 5, 20), "Spa", "S1", "", Decimal("2.00"), Decimal("900.00"), "NOK")
    assert len({first.external_id, second.external_id, third.external_id}) == 3
    assert [row.external_id for row in read(header, row, row, language=language).purchases] == [
        first.external_id,
        second.external_id,
    ]


def test_addresses_with_an_answer_are_consents() -> None:
    found = told("E-post;Nyhetsbrev;Samtykkedato", "a@b.no;ja;20.05.2024", language="nb")
    assert (found.layout["kind"], found.questions) == ("consents", ())
    with_names = told("Fornavn;E-post;Nyhetsbrev", "Kari;a@b.no;ja", language="nb")
    assert with_names.layout["kind"] == "guests"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_template_needs_nothing_told(kind: Any, language: str) -> None:
    fields = [OwnField(4, "guest", "points", "Points of theirs", lambda text: ("", Decimal(text), None, None))]
    header = template_header(kind, language, fields=fields)
    assert len(set(map(str.casefold, header))) == len(header) >= 5
    found = suggest(header, [["" for _ in header]], language=language, fields=fields, properties=["Fjordstuen"])
    assert (found.layout["kind"], found.questions) == (kind, ())
    assert sorted(column for columns in meant(found).values() for column in columns) == sorted(header)


def test_templates_differ_by_language() -> None:
    assert template_header("guests", "nb")[:3] == ["Gjestenummer", "Person eller firma", "Fornavn"]
    assert len({tuple(template_header("bookings", language)) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("description", "column", "values", "order", "asked"),
    [
        ("day first by one date", "Født", ["03.04.1980", "17.05.1962"], "dmy", []),
        ("month first by one date", "Birthday", ["03/04/1980", "05/17/1962"], "mdy", []),
        ("year first by one date", "Född", ["62-05-17", "80-03-04"], "ymd", []),
        ("neither", "Født", ["03.04.1980", "05.06.1962"], None, ["dates"]),
        ("the same either way", "Født", ["04.04.1980"], None, []),
        ("shown by itself", "Født", ["1980-04-03", "3. april 1980"], None, []),
        ("two digits of either century", "Født", ["17.05.12"], "dmy", ["years"]),
        ("two digits of the century before", "Født", ["17.05.62"], "dmy", []),
    ],
)
def test_dates_are_asked_only_when_they_do_not_show_their_order(
    description: str, column: str, values: list[str], order: str | None, asked: list[str]
) -> None:
    found = suggest(["Fornavn", "Etternavn", column], [["Kari", "Berg", value] for value in values], language="nb")
    assert [question.asked for question in found.questions] == asked, description
    assert found.layout["dates_of"].get(column) == order, description
    for question in found.questions:
        assert question.column == column and set(question.values) <= set(values)


def test_another_column_may_tell_the_order_of_dates() -> None:
    found = told("Fornavn;Etternavn;Født;Opprettet", "Kari;Berg;03.04.1980;17.05.2020", language="nb")
    assert (found.questions, found.layout["dates_of"]) == ((), {"Født": "dmy", "Opprettet": "dmy"})


@pytest.mark.parametrize(("answer", "expected"), [("dmy", dt.date(1980, 4, 3)), ("mdy", dt.date(1980, 3, 4))])
def test_the_answer_decides(answer: str, expected: dt.date) -> None:
    header, rows = ["Fornavn", "Etternavn", "Født"], [["Kari", "Berg", "03.04.1980"]]
    layout = suggest(header, rows, language="nb").layout
    layout["dates_of"]["Født"] = answer
    result = interpret(lay(layout, header), Batch([2], rows), CONTEXT)
    assert result.guests[0].birth_date == expected


@pytest.mark.parametrize(("years", "expected"), [(0, 1912), (26, 2012)])
def test_the_century_is_told(years: int, expected: int) -> None:
    header, rows = ["Fornavn", "Etternavn", "Født"], [["Kari", "Berg", "17.05.12"]]
    layout = suggest(header, rows, language="nb").layout
    layout["years_of"]["Født"] = years
    result = interpret(lay(layout, header), Batch([2], rows), CONTEXT)
    assert result.guests[0].birth_date == dt.date(expected, 5, 17)


@pytest.mark.parametrize(
    ("description", "values", "language", "expected", "asked"),
    [
        ("comma", ["12,50", "1.234"], "en", ["12.50", "1234.00"], []),
        ("point", ["12.50", "1,234"], "nb", ["12.50", "1234.00"], []),
        ("point, thousands shown", ["1,234.50", "2,000"], "nb", ["1234.50", "2000.00"], []),
        ("unclear, at home a comma", ["1.234", "2.000"], "nb", ["1234.00", "2000.00"], ["decimal"]),
        ("unclear, at home a point", ["1.234", "2.000"], "en", ["1.23", "2.00"], ["decimal"]),
        ("whole", ["1234", "2000"], "nb", ["1234.00", "2000.00"], []),
    ],
)
def test_the_decimal_sign(
    description: str, values: list[str], language: str, expected: list[str], asked: list[str]
) -> None:
    rows = [f"F{at};{value};Kari Berg" for at, value in enumerate(values)]
    found = told("Invoice number;Amount;Customer", *rows, language=language)
    assert [question.asked for question in found.questions] == asked, description
    result = read("Invoice number;Amount;Customer", *rows, language=language)
    assert [str(invoice.amount) for invoice in result.invoices] == expected, description


def test_a_column_whose_values_say_otherwise_is_asked() -> None:
    rows = [f"Kari;Berg;{value}" for value in ("Oslo", "Bergen", "Voss", "Bodø", "Hamar")]
    found = told("First name;Last name;Email", *rows)
    assert "guest.email" not in meant(found)
    assert [(question.asked, question.column) for question in found.questions] == [("meaning", "Email")]


def test_a_column_is_suggested_by_its_values_and_asked() -> None:
    found = told("First name;Last name;Kolonne 3", "Kari;Berg;kari@berg.no", "Ola;Berg;ola@berg.no")
    assert meant(found)["guest.email"] == ["Kolonne 3"]
    (question,) = found.questions
    assert (question.asked, question.meaning, question.values) == (
        "meaning",
        "guest.email",
        ("kari@berg.no", "ola@berg.no"),
    )


@pytest.mark.parametrize(
    ("column", "meaning"),
    [
        ("Guests e-mail addresss", "guest.email"),
        ("Postnumer", "guest.postal_code"),
        ("Fødseldato", "guest.birth_date"),
        ("Etternavn *", "guest.family_name"),
        ("Mobile phone number (private)", "guest.phone"),
    ],
)
def test_a_name_that_comes_near_is_suggested(column: str, meaning: str) -> None:
    found = told(f"Fornavn;{column}", "Kari;", language="nb")
    assert meant(found).get(meaning) == [column]


def test_a_column_without_a_meaning_is_asked_unless_it_is_empty() -> None:
    assert [q.column for q in told("Fornavn;Etternavn;Skostørrelse", "Kari;Berg;43", language="nb").questions] == [
        "Skostørrelse"
    ]
    assert told("Fornavn;Etternavn;Skostørrelse", "Kari;Berg;", language="nb").is_sure


def test_what_a_file_needs_is_asked() -> None:
    found = told("Skostørrelse;Ankomst", "43;2024-07-01", language="nb", kind="bookings")
    assert {question.meaning for question in found.questions if question.asked == "needs"} == {
        "stay.departure",
        "guest.id",
    }
    with pytest.raises(MappingError, match=r"No column says when the guest leaves"):
        lay(found.layout, ["Skostørrelse", "Ankomst"])


@pytest.mark.parametrize(
    ("properties", "asked", "fixed"),
    [([], [], {}), (["Fjordstuen"], [], {"stay.property": "Fjordstuen"}), (["A", "B"], [("A", "B")], {})],
)
def test_where_the_stays_are(properties: list[str], asked: list[Any], fixed: dict[str, str]) -> None:
    found = told("Gjest;Ankomst;Avreise", "Kari Berg;2024-07-01;2024-07-02", language="nb", properties=properties)
    assert [question.options for question in found.questions if question.asked == "property"] == asked
    assert found.layout["fixed"] == fixed


def test_a_stay_without_a_number_is_told_by_its_place_days_and_guest() -> None:
    header = "Gjest;Ankomst;Avreise;Totalt"
    first, second = (read(header, f"Kari Berg;2024-07-01;2024-07-02;{total}", language="nb") for total in ("1", "2"))
    other = read(header, "Ola Berg;2024-07-01;2024-07-02;1", language="nb")
    assert first.stays[0].external_id == second.stays[0].external_id != other.stays[0].external_id


def test_several_names_of_a_guest_do_not_become_one() -> None:
    found = told("Name;Guest;First name;Last name", "Kari Berg;Kari Berg;Kari;Berg")
    assert "guest.full_name" not in meant(found)
    assert [question.column for question in found.questions] == ["Name", "Guest"]


def test_the_house_number_belongs_to_the_street() -> None:
    result = read("Voornaam;Achternaam;Straat;Huisnummer;Postcode", "Jan;Vis;Damrak;12 B;1012 LG", language="nl")
    assert result.guests[0].street == "Damrak 12 B"


def test_the_prefix_of_a_dutch_name_belongs_to_the_family_name() -> None:
    header = "Aanhef;Voornaam;Tussenvoegsel;Achternaam"
    assert told(header, "dhr;Jan;van der;Berg", language="nl").is_sure
    guests = read(header, "dhr;Jan;van der;Berg", "mw;Els;;Vis", language="nl").guests
    assert [guest.family_name for guest in guests] == ["van der Berg", "Vis"]


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1 250,00 EUR", "EUR"),
        ("€ 1.250,00", "EUR"),
        ("DKK1250", "DKK"),
        ("1250 kr", "NOK"),
        ("1250 XQZ", "NOK"),
        ("1250", "NOK"),
    ],
)
def test_the_currency_beside_an_amount(amount: str, expected: str) -> None:
    result = read("Fakturanummer;Beløp;Kunde", f"F1;{amount};Kari Berg", language="nb")
    assert result.invoices[0].currency == expected


def test_cells_of_other_systems_are_parted_though_their_guests_have_numbers() -> None:
    result = read(
        "Kundenr;Navn;E-post;Mobil;Kategorier",
        "7;Kari Berg;a@b.no, c@d.no;22334455 / 41234567;VIP, Jazz",
        language="nb",
    )
    assert [contact.value for contact in result.contacts] == ["a@b.no", "c@d.no", "22334455", "41234567"]
    assert [tag.tag for tag in result.tags] == ["VIP", "Jazz"]
    assert result.problems == []


def test_samples_are_distinct_short_and_hold_no_card_number() -> None:
    rows = [["a", "x" * 80], ["a", "4111 1111 1111 1111"], ["b\nc", ""], ["d", ""], ["e", ""]]
    assert samples(["one", "two"], rows) == [("a", "b c", "d"), ("x" * 59 + "…", "****1111")]


def test_a_signature_stands_for_the_names_alone() -> None:
    assert signature(["E-post", "Navn"]) == signature(["navn", "e post", ""]) != signature(["Navn"])
    assert len(signature([])) == 64


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.text(max_size=20), min_size=1, max_size=6),
    st.lists(st.lists(st.text(max_size=15), min_size=6, max_size=6), max_size=3),
    st.sampled_from(LANGUAGES),
)
def test_whatever_the_columns_are_called_a_layout_is_suggested(
    header: list[str], rows: list[list[str]], language: str
) -> None:
    cells = [row[: len(header)] for row in rows]
    found = suggest(header, cells, language=language)
    try:
        laid = lay(found.layout, header, sample=cells)
    except MappingError as error:
        assert error.problems
        return
    result = interpret(laid, Batch(list(range(2, len(cells) + 2)), cells), CONTEXT)
    assert len(result.guests) <= len(cells)
