"""A text and a guest's values become a message: formatted, escaped, with what is missing told."""

import datetime as dt
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.rendering import Block, Country, Money, Text, Value, Values, read_blocks, render, unknown_in
from messaging.rendering.rendered import used_in
from messaging.rendering.words import WORDS

ARRIVAL = dt.date(2026, 10, 3)
KNOWN: dict[str, Value] = {
    "guest.given_name": "Kari",
    "guest.country": Country("NO"),
    "stay.arrival": ARRIVAL,
    "stay.nights": 2,
    "stay.amount": Money(Decimal("12400.00"), "NOK"),
    "stay.own.dog": True,
    "guest.own.points": Decimal("1234.5"),
    "business.name": "Fjordstuen",
    "business.address": "Fjordveien 12, 6800 Førde",
    "unsubscribe_link": "https://inn.example/u/abc?x=1&y=2",
    "preferences_link": "https://inn.example/p/abc",
}
VALUES = Values(KNOWN)


def email(*blocks: Block, purpose: str = "stay", subject: str = "Hi", preheader: str = "") -> Text:
    return Text("email", purpose, subject, preheader, blocks)


def said(text: str, *, language: str = "en", channel: str = "sms", values: Values = VALUES) -> str:
    """What a text says in an SMS, or in the plain text of an e-mail."""
    if channel == "sms":
        return render(Text("sms", body=text), values, language=language).text
    return render(email(Block("paragraph", text)), values, language=language).text.strip()


class _Elements(HTMLParser):
    """The elements of a document with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.elements if each == tag]


FORMATS = [
    ("en", "Saturday, 3 October 2026", "3 Oct 2026", "NOK 12,400", "yes", "1,234.5", "Norway"),
    ("nb", "lørdag 3. oktober 2026", "3. okt. 2026", "12 400 kr", "ja", "1 234,5", "Norge"),
    ("da", "lørdag den 3. oktober 2026", "3. okt. 2026", "12.400 NOK", "ja", "1.234,5", "Norge"),
    ("nl", "zaterdag 3 oktober 2026", "3 okt 2026", "NOK 12.400", "ja", "1.234,5", "Noorwegen"),
    ("de", "Samstag, 3. Oktober 2026", "3. Okt. 2026", "12.400 NOK", "ja", "1.234,5", "Norwegen"),
]


@pytest.mark.parametrize(("language", "day", "short", "amount", "flag", "number", "country"), FORMATS)
def test_values_as_the_language_writes_them(
    language: str, day: str, short: str, amount: str, flag: str, number: str, country: str
) -> None:
    plain = said("{stay.arrival}", language=language, channel="email")
    assert plain == day
    sms = said(
        "{stay.arrival};{stay.amount};{stay.own.dog};{guest.own.points};{guest.country};{stay.nights}",
        language=language,
    )
    assert sms == f"{short};{amount};{flag};{number};{country};2"


def test_an_sms_has_only_spaces_of_its_alphabet() -> None:
    assert "\u00a0" in said("{stay.amount}", language="nb", channel="email")
    assert said("{stay.amount}", language="nb") == "12 400 kr"


MISSING = [
    ("nothing stands there", "Dear {guest.company},", "Dear,", ("guest.company",)),
    ("words for when there is none", "Dear {guest.company|guest},", "Dear guest,", ()),
    ("nothing is enough", "Dear {guest.company|},", "Dear,", ()),
    ("a value needs no words", "Dear {guest.given_name|guest},", "Dear Kari,", ()),
    ("each is told once", "{guest.city} {guest.city} {stay.room}", "", ("guest.city", "stay.room")),
    ("at the beginning", "{guest.city} calls", "calls", ("guest.city",)),
    ("between words", "In {guest.city} it rains", "In it rains", ("guest.city",)),
    ("in brackets", "Room ({stay.room})", "Room ()", ("stay.room",)),
    ("one that there is not", "Hi {nobody}", "Hi", ("nobody",)),
]


@pytest.mark.parametrize(
    ("text", "expected", "missing"), [case[1:] for case in MISSING], ids=[case[0] for case in MISSING]
)
def test_what_is_missing(text: str, expected: str, missing: tuple[str, ...]) -> None:
    rendered = render(Text("sms", body=text), VALUES, language="en")
    assert (rendered.text, rendered.missing) == (expected, missing)


def test_html_says_what_the_plain_text_says() -> None:
    text = email(
        Block("heading", "Welcome, {guest.given_name}"),
        Block("paragraph", "We **look forward** to *you*.\nReally.\n\n- one\n- two\n\n[Menu](www.a.no/m) or https://b.no/x."),
        Block("button", "Book {stay.nights}", "https://a.no/?n={guest.given_name}"),
        Block("image", "The fjord", "https://a.no/", "https://a.no/f.png"),
        Block("divider"),
        Block("signature", "Kari\n{business.name}"),
        subject="Welcome, {guest.given_name}",
        preheader="Soon",
    )  # fmt: skip
    rendered = render(text, VALUES, language="en")
    assert rendered.text == (
        "Welcome, Kari\n\nWe look forward to you.\nReally.\n\n- one\n- two\n\n"
        "Menu (https://www.a.no/m) or https://b.no/x.\n\nBook 2:\nhttps://a.no/?n=Kari\n\n"
        "The fjord: https://a.no/\n\n———\n\nKari\nFjordstuen\n"
    )
    page = _Elements(rendered.html)
    assert [link["href"] for link in page.of("a")] == [
        "https://www.a.no/m", "https://b.no/x", "https://a.no/?n=Kari", "https://a.no/",
    ]  # fmt: skip
    for tag, times in (("h1", 1), ("strong", 1), ("em", 1), ("li", 2), ("img", 1)):
        assert len(page.of(tag)) == times, tag
    assert page.of("img")[0]["alt"] == "The fjord"
    assert page.of("html")[0] == {"lang": "en", "dir": "ltr"}
    for word in ("Welcome, Kari", "look forward", "Really.", "Book 2", "Fjordstuen", "Soon"):
        assert word in page.words
    assert rendered.subject == "Welcome, Kari"
    assert not page.of("script") and not page.of("link")


def test_a_guest_cannot_write_into_the_message() -> None:
    evil = "**A** [x](https://evil.example) <img src=x onerror=alert(1)>\"'\r\nBcc: all@example.com {business.name}"
    values = Values({**KNOWN, "guest.given_name": evil, "guest.own.link": "https://evil.example"})
    text = email(
        Block("paragraph", "Dear {guest.given_name}, {guest.own.link}"),
        Block("button", "{guest.given_name}", "https://a.no/{guest.given_name}"),
        subject="{guest.given_name}",
        preheader="{guest.given_name}",
    )
    rendered = render(text, values, language="en")
    page = _Elements(rendered.html)
    assert not page.of("img") and not page.of("strong")
    links = page.of("a")
    assert len(links) == 1
    assert str(links[0]["href"]).startswith("https://a.no/%2A%2AA%2A%2A%20%5Bx%5D")
    assert "\n" not in rendered.subject and "\r" not in rendered.subject
    assert rendered.subject.endswith("Bcc: all@example.com {business.name}")
    assert "Dear **A** [x](https://evil.example) <img" in rendered.text


def test_a_link_of_the_guest_is_none() -> None:
    values = Values({**KNOWN, "unsubscribe_link": "javascript:alert(1)"})
    rendered = render(email(Block("button", "Out", "{unsubscribe_link}")), values, language="en")
    assert "javascript" not in rendered.html + rendered.text
    assert not _Elements(rendered.html).of("a")


@pytest.mark.parametrize("purpose", ["newsletter", "offer"])
@pytest.mark.parametrize("language", sorted(WORDS))
def test_marketing_always_carries_the_way_out(purpose: str, language: str) -> None:
    rendered = render(email(Block("heading", "News"), purpose=purpose), VALUES, language=language)
    hrefs = [link["href"] for link in _Elements(rendered.html).of("a")]
    assert hrefs == [KNOWN["unsubscribe_link"], KNOWN["preferences_link"]]
    assert f"{WORDS[language].unsubscribe}: {KNOWN['unsubscribe_link']}" in rendered.text
    assert "Fjordstuen" in rendered.text and "{business}" not in rendered.text
    assert rendered.text.endswith("\nFjordstuen, Fjordveien 12, 6800 Førde\n")
    assert "Fjordstuen, Fjordveien 12, 6800 Førde" in _Elements(rendered.html).words
    without = render(email(Block("heading", "News"), purpose=purpose), Values({}), language=language)
    assert set(without.missing) == {"unsubscribe_link", "preferences_link", "business.address"}


def test_a_message_about_a_stay_has_no_footer() -> None:
    rendered = render(email(Block("heading", "Hi")), VALUES, language="en")
    assert rendered.text == "Hi\n" and "Fjordveien" not in rendered.html and not _Elements(rendered.html).of("a")


def test_an_sms_of_marketing_ends_with_the_way_out() -> None:
    text = Text("sms", "offer", body="Sauna tonight?")
    assert render(text, VALUES, language="nb").text == f"Sauna tonight?\nStopp: {KNOWN['unsubscribe_link']}"
    own = Text("sms", "offer", body="Sauna? Off: {unsubscribe_link} ")
    assert render(own, VALUES, language="nb").text == f"Sauna? Off: {KNOWN['unsubscribe_link']}"
    assert render(text, Values({}), language="nb").missing == ("unsubscribe_link",)


def test_an_sms_can_be_made_of_blocks() -> None:
    text = Text("sms", blocks=(Block("heading", "Hi {guest.given_name}"), Block("button", "Book", "https://a.no")))
    assert render(text, VALUES, language="en").text == "Hi Kari\n\nBook:\nhttps://a.no"


def test_clicks_are_counted_on_the_businesss_links_alone() -> None:
    text = email(
        Block("paragraph", "[Menu](https://a.no/m) [Mail](mailto:a@b.no)"),
        Block("button", "Out", "{unsubscribe_link}"),
        Block("image", "The fjord", "https://a.no/", "https://a.no/f j.png"),
        purpose="newsletter",
    )
    rendered = render(
        text, VALUES, language="en", tracked=lambda url: f"https://t.example/?{url}", pixel="https://t.example/p"
    )
    page = _Elements(rendered.html)
    assert [link["href"] for link in page.of("a")] == [
        "https://t.example/?https://a.no/m",
        "mailto:a@b.no",
        KNOWN["unsubscribe_link"],
        "https://t.example/?https://a.no/",
        KNOWN["unsubscribe_link"],
        KNOWN["preferences_link"],
    ]
    # A picture is fetched when the mail is opened: that is nobody's click.
    assert sorted(image["src"] for image in page.of("img")) == ["https://a.no/f%20j.png", "https://t.example/p"]
    assert "t.example" not in rendered.text
    assert len(_Elements(render(text, VALUES, language="en").html).of("img")) == 1


def test_arabic_reads_from_right_to_left() -> None:
    assert '<html lang="ar" dir="rtl">' in render(email(Block("heading", "x")), VALUES, language="ar").html


def test_which_placeholders_there_are_not() -> None:
    text = email(
        Block("button", "{first_name}", "https://a.no/{stay.own.dog}"),
        Block("paragraph", "{guest.own.gone} {guest.name}"),
        subject="{guest.own.wine}",
    )
    assert unknown_in(text, frozenset({"guest.own.wine", "stay.own.dog"})) == ("first_name", "guest.own.gone")
    own = {"first_name", "stay.own.dog", "guest.own.gone", "guest.name", "guest.own.wine"}
    assert used_in(text) == own | {"business.name"}, "it stands above every e-mail"
    assert used_in(email(purpose="offer")) == {
        *("unsubscribe_link", "preferences_link"),
        *("business.name", "business.address"),
    }
    assert used_in(Text("sms", body="Hi")) == frozenset()


def test_values_come_back_from_the_database_as_they_were() -> None:
    assert Values.of_json(VALUES.as_json()) == VALUES
    with pytest.raises(ValueError, match="Not a value"):
        Values.of_json({"x": ["y"]})


_any_value = (
    st.text() | st.integers(-9, 9) | st.booleans() | st.dates() | st.builds(Country, st.text(max_size=3))
    | st.builds(Money, st.decimals(-10**9, 10**9, places=2), st.sampled_from(["NOK", "EUR", "ISK"]))
)  # fmt: skip
_texts = st.lists(
    st.sampled_from([*"ab*[]()<>&\"'{}|.:/ \n-", "{guest.name}", "{stay.arrival|x}", "](", "https://a", "\n- "]),
    max_size=30,
).map("".join)


@given(_texts, _any_value, st.sampled_from(["en", "nb", "de", "ar", "zz"]))
def test_any_text_and_any_value_make_a_document_of_known_elements(text: str, value: Any, language: str) -> None:
    blocks = (Block("paragraph", text), Block("heading", text), Block("signature", text))
    rendered = render(email(*blocks, subject=text), Values({"guest.name": value}), language=language)
    page = _Elements(rendered.html)
    known = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "table",
        "tr",
        "td",
        "h1",
        "p",
        "br",
        "ul",
        "li",
        "strong",
        "em",
        "a",
    }
    assert {tag for tag, _ in page.elements} <= known
    assert all(set(attributes) <= {"class", "href", "style"} for attributes in page.of("a"))
    assert all(
        str(link["href"]).lower().startswith(("https://", "http://", "mailto:", "tel:")) for link in page.of("a")
    )
    assert "\n" not in rendered.subject and "\x00" not in rendered.html + rendered.text


def test_stored_blocks_render() -> None:
    stored = [{"kind": "heading", "text": "Hi"}]
    assert render(email(*read_blocks(stored)), VALUES, language="en").text == "Hi\n"
