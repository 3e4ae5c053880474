"""Placeholders: how they may be written, and that reading what was written gives the same again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.rendering import Placeholder, parse

READ = [
    ("a name", "{guest.given_name}", (Placeholder("guest.given_name"),)),
    ("among words", "Hi {guest.name}!", ("Hi ", Placeholder("guest.name"), "!")),
    ("with words for when there is none", "{guest.name|dear guest}", (Placeholder("guest.name", "dear guest"),)),
    ("with nothing for when there is none", "{guest.name|}", (Placeholder("guest.name", ""),)),
    ("as other programs write it", "{{ Guest.Given_Name }}", (Placeholder("guest.given_name"),)),
    ("doubled, with words", "{{guest.name | friend }}", (Placeholder("guest.name", "friend"),)),
    ("spaces do not matter", "{ guest.name }", (Placeholder("guest.name"),)),
    ("a name there is not is read too", "{first_name}", (Placeholder("first_name"),)),
    ("an own field", "{guest.own.wine_2}", (Placeholder("guest.own.wine_2"),)),
    ("a lone brace is a brace", "{ 5 { and 6 }", ("{ 5 { and 6 }",)),
    ("not closed", "{guest.name", ("{guest.name",)),
    ("not over two lines", "{guest.name|a\nb}", ("{guest.name|a\nb}",)),
    ("no attributes, no calls", "{guest.__class__}{guest.name()}", (Placeholder("guest.__class__"), "{guest.name()}")),
    (
        "no indexes, no formats",
        "{guest[0]} {guest.name:>9} {guest.name!r}",
        ("{guest[0]} {guest.name:>9} {guest.name!r}",),
    ),
    ("nothing", "", ()),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_reading(text: str, expected: tuple[str | Placeholder, ...]) -> None:
    assert parse(text) == expected


_names = st.sampled_from(["guest.given_name", "a", "stay.own.x_2", "first_name"])
_fallbacks = st.none() | st.text(alphabet="aBé €.|,<'😀", max_size=12).map(str.strip)
_parts = st.lists(st.text(alphabet="ab ,!|.").filter(bool) | st.builds(Placeholder, _names, _fallbacks), max_size=8)


@given(_parts)
def test_what_was_written_reads_the_same(parts: list[str | Placeholder]) -> None:
    written = "".join(str(part) for part in parts)
    joined: list[str | Placeholder] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    assert parse(written) == tuple(joined)


@given(st.text())
def test_nothing_is_lost_of_any_text(text: str) -> None:
    parts = parse(text)
    words = [part for part in parts if isinstance(part, str)]
    assert all(words)
    assert "".join(words) == text or any(isinstance(part, Placeholder) for part in parts)
