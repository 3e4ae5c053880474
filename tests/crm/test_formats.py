"""How numbers, dates and names are written in the four languages."""

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from accounts import formats
from accounts.formats import locale_for
from crm.templatetags import ui

NB, EN, DA, NL = (locale_for(code) for code in ("nb", "en", "da", "nl"))


def plain(text: str) -> str:
    """No-break spaces as spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "currency", "locale", "shown"),
    [
        (128400, "NOK", NB, "128 400 kr"),
        (Decimal("128400.00"), "nok", NB, "128 400 kr"),
        (Decimal("1290.5"), "NOK", NB, "1 290,50 kr"),
        (9840, "NOK", EN, "NOK 9,840"),
        (9840, "NOK", NL, "NOK 9.840"),
        (9840, "DKK", DA, "9.840 kr."),
        (9840, "NOK", DA, "9.840 NOK"),
        (-12, "EUR", EN, "-€12"),
        (0, "EUR", NL, "€ 0"),
        (None, "EUR", EN, ""),
        ("", "EUR", EN, ""),
        ("many", "EUR", EN, ""),
        (Decimal("NaN"), "EUR", EN, ""),
        (True, "EUR", EN, ""),
    ],
)
def test_money(value: object, currency: str, locale: object, shown: str) -> None:
    assert plain(formats.money(value, currency, locale)) == shown  # type: ignore[arg-type]


def test_exact_money_keeps_its_decimals() -> None:
    assert plain(formats.money(9840, "NOK", NB, exact=True)) == "9 840,00 kr"


@pytest.mark.parametrize(
    ("function", "value", "locale", "shown"),
    [
        (formats.count, 1240, NB, "1 240"),
        (formats.count, 1240.5, NL, "1.240,5"),
        (formats.count, None, NL, ""),
        (formats.percent, 92, NB, "92 %"),
        (formats.percent, 92, EN, "92%"),
        (formats.percent, "66.6", EN, "67%"),
        (formats.compact, 800000, EN, "800K"),
        (formats.compact, 0, EN, "0"),
    ],
)
def test_numbers(function: object, value: object, locale: object, shown: str) -> None:
    assert plain(function(value, locale)) == shown  # type: ignore[operator]


@pytest.mark.parametrize(
    ("width", "locale", "shown"),
    [
        ("medium", EN, "3 Oct 2026"),
        ("medium", NB, "3. okt. 2026"),
        ("short", NL, "3 okt"),
        ("short", EN, "3 Oct"),
        ("month", DA, "oktober 2026"),
        ("long", NB, "lørdag 3. oktober 2026"),
    ],
)
def test_day(width: str, locale: object, shown: str) -> None:
    assert formats.day(dt.date(2026, 10, 3), locale, width=width) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "end", "locale", "shown"),
    [
        (dt.date(2026, 11, 21), dt.date(2026, 11, 24), EN, "21–24 Nov 2026"),
        (dt.date(2026, 11, 21), dt.date(2026, 11, 24), NB, "21.–24. nov. 2026"),
        (dt.date(2026, 11, 28), dt.date(2026, 12, 2), EN, "28 Nov – 2 Dec 2026"),
        (dt.date(2026, 12, 30), dt.date(2027, 1, 2), EN, "30 Dec 2026 – 2 Jan 2027"),
        (dt.date(2026, 11, 21), dt.date(2026, 11, 21), EN, "21 Nov 2026"),
    ],
)
def test_period(start: dt.date, end: dt.date, locale: object, shown: str) -> None:
    assert formats.period(start, end, locale).replace("\u2009", " ") == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+4791234567", "+47 91 23 45 67"),
        ("+31612345678", "+31 6 12345678"),
        ("call the mother", "call the mother"),
        ("12", "12"),
    ],
)
def test_phone(value: str, shown: str) -> None:
    assert formats.phone(value) == shown


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ingrid Sørensen", "IS"),
        ("Jan van der Berg", "JB"),
        ("ola", "O"),
        ("  ", ""),
        ("3 Søstre", "3S"),
        ("Anne-Marie Lund", "AL"),
        ("Æsa Þórsdóttir", "ÆÞ"),
        ("(unknown)", ""),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert formats.initials(name) == letters


def test_names_of_languages_and_countries() -> None:
    assert ui.autonym("nb") == "norsk bokmål"
    with translation.override("nl"):
        assert ui.language("nb") == "Noors - Bokmål"
        assert ui.country("no") == "Noorwegen"
    assert ui.country("XX") == "XX"
    assert ui.autonym("zzz") == "zzz"


@pytest.mark.parametrize(
    ("value", "written"), [(7, "7"), (1_050_001, "1050001"), (2**63 - 1, "9223372036854775807"), (0.125, "0.125")]
)
def test_numbers_for_machines_keep_their_digits(value: float, written: str) -> None:
    with translation.override("nb"):
        assert Template("{% load ui %}{{ value|unlocalised }}").render(Context({"value": value})) == written


def test_moments_are_shown_in_the_active_time_zone() -> None:
    utc = dt.datetime(2026, 10, 3, 22, 30, tzinfo=dt.UTC)
    with timezone.override("Europe/Oslo"), translation.override("en"):
        assert ui.moment(utc) == "4 Oct 2026, 00:30"
        assert ui.day(utc) == "4 Oct 2026"
        assert ui.clock(utc) == "00:30"


def test_ago_is_a_time_element() -> None:
    with translation.override("en"):
        shown = ui.ago(timezone.now() - dt.timedelta(days=3))
    assert shown.startswith("<time datetime=")
    assert ">3 days ago</time>" in shown
    assert ui.ago(None) == ""


def test_addresses_break_only_at_their_joints_and_are_escaped() -> None:
    assert ui.breakable("a.b@c.no") == "a.<wbr>b@<wbr>c.<wbr>no"
    assert "<script>" not in ui.breakable("<script>@x")
    assert ui.email_link('"><script>') == '<a href="mailto:&quot;&gt;&lt;script&gt;">&quot;&gt;&lt;script&gt;</a>'
    assert ui.phone_link("+4791234567") == '<a class="num nowrap" href="tel:+4791234567">+47 91 23 45 67</a>'
    assert 'href="tel:12"' in ui.phone_link('1"2 onclick=x')


def render(source: str, query: str = "", **values: object) -> str:
    request = RequestFactory().get(f"/guests/{query}")
    return Template("{% load ui %}" + source).render(Context({"request": request, **values}))


@pytest.mark.parametrize(
    ("query", "source", "shown"),
    [
        ("?tag=vip&after=9", '{% query sort="-name" %}', "?tag=vip&amp;sort=-name"),
        ("?tag=vip&sort=name", "{% query sort=None tag=None %}", "?"),
        ("?tag=vip", "{% query tag=values %}", "?tag=a&amp;tag=b"),
        ("?tag=vip", '{% query after="x y" %}', "?tag=vip&amp;after=x+y"),
        ("?q=%22%3E%3Cscript%3E", '{% query sort="a" %}', "?q=%22%3E%3Cscript%3E&amp;sort=a"),
    ],
)
def test_query(query: str, source: str, shown: str) -> None:
    assert render(source, query, values=["a", "b"]) == shown


def test_icon() -> None:
    assert 'aria-hidden="true"' in render('{% icon "star" %}')
    labelled = render('{% icon "star" size=16 label=label %}', label='V"IP')
    assert 'aria-label="V&quot;IP"' in labelled
    assert 'class="icon s16"' in labelled


def test_control_state() -> None:
    shown = render('<input{% control_state "room" "as printed" "no such room" True False %}>')
    assert shown == '<input required aria-invalid="true" aria-describedby="room_helptext room_error">'
    assert render('<input{% control_state "room" %}>') == "<input>"


@pytest.mark.parametrize(
    ("tags", "url"),
    [
        ("undo=/b/fjordstuen/changes/4/undo/", "/b/fjordstuen/changes/4/undo/"),
        ("big undo=/x/", "/x/"),
        ("undo=https://elsewhere.example/", ""),
        ("undo=//elsewhere.example/", ""),
        ("", ""),
    ],
)
def test_undo_stays_on_this_site(tags: str, url: str) -> None:
    message = Message(constants.SUCCESS, "Merged.", extra_tags=tags)
    assert ui.undo_url(message) == url
    assert ui.tone(message) == "ok"
