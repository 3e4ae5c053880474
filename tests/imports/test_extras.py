"""Columns that any file may bring: recognised in six languages, read, and never repeated where they are sensitive."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from imports.mapping import Context, Interpreted, OwnField, interpret, values
from imports.problems import Problem
from imports.readers import Batch
from tests.imports.files import BOOKING
from tests.imports.laying import laid as plan_of

OSLO = ZoneInfo("Europe/Oslo")
CONTEXT = Context(country="NO", language="nb", today=dt.date(2026, 6, 1), home_currency="NOK", zone=OSLO)


def read(
    rows: list[dict[str, str]], fields: tuple[OwnField, ...] = (), problems: tuple[Problem, ...] = ()
) -> Interpreted:
    header = tuple(rows[0])
    cells = [list(row.values()) for row in rows]
    batch = Batch(lines=list(range(2, len(cells) + 2)), rows=cells, problems=list(problems))
    return interpret(plan_of(header, cells, fields=fields), batch, CONTEXT)


def person(**columns: str) -> dict[str, str]:
    return {"given_name": "Kari", "family_name": "Berg"} | columns


def own(number: int, target: Any, key: str, label: str) -> OwnField:
    def whole(text: str) -> Any:
        return ("", Decimal(text), None, None) if text.isdecimal() else None

    return OwnField(number, target, key, label, whole)


@pytest.mark.parametrize(
    ("meaning", "names"),
    [
        ("sensitive.allergies", "Allergies, Allergier, Allergieën, Allergien, ALLERGI"),
        (
            "sensitive.food",
            "Food preferences, Matpreferanser, Madpræferencer, Voedselvoorkeuren, Kostpreferenser, Diät",
        ),
        (
            "sensitive.wishes",
            "Special wishes, Spesielle ønsker, Særlige ønsker, Bijzondere wensen, Särskilda önskemål, Sonderwünsche",
        ),
        ("sensitive.spouse", "Spouse, Ektefelle, Ægtefælle, Echtgenoot, Maka, Ehepartner"),
        ("sensitive.children", "Children, Barn, Børn, Kinderen, Kinder"),
        ("guest.why_us", "why_us, Hvorfor oss, Hvorfor os, Waarom wij, Varför oss, Warum wir"),
        ("guest.thanked", "How they were thanked, Takket, Bedankt, Tackad, Gedankt"),
        ("guest.deal_breakers", "Deal breakers, Avgjørende hindre, Breekpunten, Afgørende hindringer"),
        ("consent.sensitive", "Sensitive consent, Samtykke til sensitive opplysninger, Toestemming gevoelige gegevens"),
        ("consent.newsletter.email", "Newsletter, Nyhetsbrev, Nyhedsbrev, Nieuwsbrief, newsletter-email"),
        ("consent.newsletter.sms", "newsletter_sms, Nyhetsbrev SMS, Nyhedsbrev på SMS, Nieuwsbrief per SMS"),
    ],
)
def test_columns_are_recognised_by_their_names(meaning: str, names: str) -> None:
    for name in names.split(", "):
        laid = plan_of([*person(), name], [])
        assert laid.places.get(meaning) == (2,), name
        assert laid.unread == ()
        assert laid.extras() == [(name, meaning)]


def test_a_whole_file_in_each_language() -> None:
    for header in (
        "Fornavn;Etternavn;E-post;Mobil;Allergier",
        "Fornavn;Efternavn;E-mail;Telefon;Allergier",
        "Voornaam;Achternaam;E-mailadres;Telefoon;Allergieën",
        "Förnamn;Efternamn;E-post;Mobil;Allergier",
        "Vorname;Nachname;E-Mail;Telefon;Allergien",
        "First name;Last name;E-mail;Phone;Allergies",
    ):
        laid = plan_of(header.split(";"), [])
        assert set(laid.places) == {
            "guest.given_name", "guest.family_name", "guest.email", "guest.phone", "sensitive.allergies"
        }, header  # fmt: skip


def test_a_list_of_bookings_counts_children_and_does_not_name_them() -> None:
    laid = plan_of([*BOOKING, "Barn", "Allergies"], [])
    assert "sensitive.children" not in laid.places and "Barn" in laid.unread
    assert laid.places["stay.children"] == (list(BOOKING).index("children"), list(BOOKING).index("babies"))
    assert "sensitive.allergies" in laid.places


def test_card_fields_keep_their_lines_and_their_limit() -> None:
    (guest,) = read([person(why_us="The view\r\nand the food", thanked="x" * 1_200)]).guests
    assert guest.why_us == "The view\nand the food"
    assert (len(guest.thanked), guest.deal_breakers) == (1_000, "")


def test_details_are_read_and_hide_their_text() -> None:
    result = read([person(Allergies="Nuts", Barn=" Ola\nog Per "), person(Allergies="", Barn="")])
    assert [(row.line, row.column, row.kind, row.text) for row in result.details] == [
        (2, "Allergies", "allergies", "Nuts"),
        (2, "Barn", "children", "Ola\nog Per"),
    ]
    assert "Nuts" not in repr(result)


@pytest.mark.parametrize(
    ("description", "text", "reason"),
    [
        ("too long", "canary " * 200, "too_long"),
        ("control characters", "canary \x07 bell", "control"),
        ("a card number", "canary 4111 1111 1111 1111", "card_number"),
    ],
)
def test_a_problem_of_a_sensitive_value_never_repeats_it(description: str, text: str, reason: str) -> None:
    result = read([person(Allergies=text)])
    assert [(problem.column, problem.value, problem.reason) for problem in result.problems] == [
        ("Allergies", "", reason)
    ]


def test_a_broken_row_of_a_file_with_sensitive_columns_is_not_repeated() -> None:
    broken = Problem(9, "", "Kari;Berg;canary;;;", "columns")
    assert read([person(Allergies="Nuts")], problems=(broken,)).problems == [broken._replace(value="")]
    assert read([person(note="Nuts")], problems=(broken,)).problems == [broken]


def test_nothing_sensitive_stands_in_the_rows_own_mark() -> None:
    """The mark is stored: from few possible texts their hash would tell which it was."""
    first, second = (read([person(Allergies=text)]).guests[0] for text in ("Nuts", "Fish"))
    assert first.digest == second.digest != ""
    other = read([person(Allergies="Nuts", city="Oslo")]).guests[0]
    assert other.digest != first.digest


def test_consents_carry_their_date_and_source() -> None:
    result = read(
        [
            person(
                sensitive_consent="ja",
                sensitive_consent_date="17.5.2024",
                sensitive_consent_source="Signed form",
                Newsletter="unsubscribed",
                Newsletter_date="2024-05-17",
                newsletter_sms="1",
                newsletter_sms_date="2024-05-17 10:30:00+00:00",
            )
        ]
    )
    day = dt.date(2024, 5, 17)
    assert [(row.purpose, row.channel, row.granted, row.at, row.source) for row in result.consents] == [
        ("sensitive", "", True, dt.datetime.combine(day, dt.time.min, OSLO), "Signed form"),
        ("newsletter", "email", False, dt.datetime.combine(day, dt.time.max, OSLO), ""),
        ("newsletter", "sms", True, dt.datetime(2024, 5, 17, 10, 30, tzinfo=dt.UTC), ""),
    ]


@pytest.mark.parametrize(
    ("description", "columns", "reason", "consents"),
    [
        ("neither yes nor no", {"newsletter": "perhaps"}, "yes_no", 0),
        ("no answer", {"newsletter": ""}, None, 0),
        ("tomorrow", {"newsletter": "yes", "newsletter_date": "2026-06-02"}, "consent_future", 0),
        ("today", {"newsletter": "yes", "newsletter_date": "2026-06-01"}, None, 1),
        ("no such day", {"newsletter": "yes", "newsletter_date": "31.2.2024"}, "value_date", 1),
    ],
)
def test_consents_that_cannot_be_read(
    description: str, columns: dict[str, str], reason: str | None, consents: int
) -> None:
    result = read([person(**columns)])
    assert [problem.reason for problem in result.problems] == ([reason] if reason else [])
    assert len(result.consents) == consents


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-17T10:30", dt.datetime.fromisoformat("2024-05-17T10:30")),
        ("2024-05-17 10:30:15.123Z", dt.datetime(2024, 5, 17, 10, 30, 15, tzinfo=dt.UTC)),
        ("2024-05-17 10:30 +02:00", dt.datetime(2024, 5, 17, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))),
        ("2024-05-17 25:30", None),
        ("17.05.2024", dt.date(2024, 5, 17)),
        ("2024-02-30T10:30", None),
        ("soon", None),
    ],
)
def test_moments(text: str, expected: Any) -> None:
    assert values.moment(text) == expected


def test_own_fields_are_found_by_key_or_name_and_read() -> None:
    fields = (own(1, "guest", "points", "Loyalty points"), own(2, "guest", "shoe_size", "Schuhgröße"))
    result = read([person(**{"Loyalty Points": "12", "shoe-size": "43"})], fields)
    assert sorted((row.line, row.field_id, row.number) for row in result.guest_fields) == [(2, 1, 12), (2, 2, 43)]
    wrong = read([person(points="many"), person(points="")], fields)
    assert wrong.guest_fields == []
    assert wrong.problems == [Problem(2, "points", "many", "own_value")]


def test_what_has_a_meaning_already_is_no_own_field() -> None:
    fields = (own(1, "guest", "city", "City"), own(2, "guest", "allergies", "Allergies"))
    laid = plan_of([*person(), "City", "Allergies"], [], fields=fields)
    assert laid.own == ()
    assert set(laid.places) == {"guest.given_name", "guest.family_name", "guest.city", "sensitive.allergies"}


def test_fields_of_stays_are_read_from_bookings_alone() -> None:
    fields = (own(1, "guest", "level", "Level"), own(2, "stay", "level", "Level"))
    assert [field.id for field in plan_of([*BOOKING, "Level"], [], fields=fields).own] == [2]
    assert [field.id for field in plan_of([*person(), "Level"], [], fields=fields).own] == [1]
    result = read([BOOKING | {"Level": "3"}], fields)
    assert [row.field_id for row in result.stay_fields] == [2] and result.guest_fields == []


def test_rows_that_are_left_out_bring_nothing() -> None:
    fields = (own(1, "guest", "points", "Points"),)
    nobody = {"given_name": "", "family_name": "", "points": "1", "Allergies": "Nuts", "newsletter": "yes"}
    result = read([nobody], fields)
    assert (result.guests, result.guest_fields, result.details, result.consents) == ([], [], [], [])
