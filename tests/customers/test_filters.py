"""Filters read from an address and written back: nothing an address may hold is an error."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.filters import GuestFilter, read_filter
from customers.filters.guest_filter import VALUES_MAX
from customers.listing.order import DEFAULT, Place, read_order, read_place, write_place

TAGS = {1, 2, 30}
SOURCES = ["", "phone", "walk_in"]


def read(**parameters: list[str]) -> tuple[GuestFilter, list[str]]:
    guests, ignored = read_filter(parameters, tags=TAGS, sources=SOURCES)
    return guests, [f"{part.name}={part.value}" for part in ignored]


@pytest.mark.parametrize(
    ("description", "parameters", "expected", "ignored"),
    [
        ("nothing", {}, GuestFilter(), []),
        ("a text, tidied", {"q": ["  kari \x00 nord "]}, GuestFilter(text="kari nord"), []),
        ("tags", {"tag": ["2", "1", "2"]}, GuestFilter(tags=(2, 1)), []),
        ("a tag that is not there", {"tag": ["99", "1"]}, GuestFilter(tags=(1,)), ["tag=99"]),
        ("no tag at all", {"tag": ["x", "-1", "²"]}, GuestFilter(), ["tag=x", "tag=-1", "tag=²"]),
        ("a tag too long", {"tag": ["1" * 30]}, GuestFilter(), ["tag=" + "1" * 30]),
        ("languages", {"language": ["nb", "pt-BR", "unknown"]}, GuestFilter(languages=("nb", "pt-BR", "")), []),
        ("no language", {"language": ["n", "nb';--"]}, GuestFilter(), ["language=n", "language=nb';--"]),
        ("sources", {"source": ["phone", "unknown"]}, GuestFilter(sources=("phone", "")), []),
        ("no source", {"source": ["moon"]}, GuestFilter(), ["source=moon"]),
        (
            "dates, whichever way round",
            {"stayed_from": ["2026-05-01"], "stayed_until": ["2026-01-01"]},
            GuestFilter(stayed_from=dt.date(2026, 1, 1), stayed_until=dt.date(2026, 5, 1)),
            [],
        ),
        ("no date", {"stayed_from": ["31.12.2026"]}, GuestFilter(), ["stayed_from=31.12.2026"]),
        ("no day", {"stayed_until": ["2026-02-30"]}, GuestFilter(), ["stayed_until=2026-02-30"]),
        ("empty fields of the form", {"stayed_from": [""], "q": [""], "tag": [" "]}, GuestFilter(), []),
        ("a stranger's parameter", {"utm_source": ["mail"]}, GuestFilter(), []),
    ],
)  # fmt: skip
def test_read(description: str, parameters: dict[str, list[str]], expected: GuestFilter, ignored: list[str]) -> None:
    assert read(**parameters) == (expected, ignored), description


def test_values_are_bounded() -> None:
    guests, ignored = read(language=[f"{a}{b}" for a in "abcdef" for b in "abcdef"], q=["x" * 5000])
    assert len(guests.languages) == VALUES_MAX
    assert len(ignored) == 36 - VALUES_MAX
    assert len(guests.text) == 120


DATES = st.none() | st.dates()
FILTERS = st.builds(
    GuestFilter,
    text=st.text(max_size=80).map(lambda text: " ".join(text.replace("\x00", " ").split())),
    tags=st.lists(st.sampled_from(sorted(TAGS)), unique=True).map(tuple),
    languages=st.lists(st.sampled_from(["", "nb", "nl", "pt-BR"]), unique=True).map(tuple),
    sources=st.lists(st.sampled_from(SOURCES), unique=True).map(tuple),
    stayed_from=DATES,
    stayed_until=DATES,
)


@given(FILTERS)
def test_what_is_written_reads_the_same(guests: GuestFilter) -> None:
    if guests.stayed_from and guests.stayed_until and guests.stayed_until < guests.stayed_from:
        return
    parameters: dict[str, list[str]] = {}
    for name, value in guests.parameters():
        parameters.setdefault(name, []).append(value)
    assert read(**parameters) == (guests, [])


@given(
    st.dictionaries(
        st.sampled_from(["q", "tag", "language", "source", "stayed_from", "stayed_until"]), st.lists(st.text())
    )
)
def test_anything_can_be_read(parameters: dict[str, list[str]]) -> None:
    guests, _ignored = read(**parameters)
    assert set(guests.tags) <= TAGS
    assert "\x00" not in guests.text


@pytest.mark.parametrize("name", ["name", "-name", "last", "-last", "stays", "-value", "first"])
def test_orders(name: str) -> None:
    order = read_order(name)
    assert order is not None
    assert order.parameter == name


@pytest.mark.parametrize("name", ["", "-", "--name", "id", "name;", "sort_key"])
def test_no_such_order(name: str) -> None:
    assert read_order(name) is None


@pytest.mark.parametrize(
    ("order", "place"),
    [
        ("name", Place("berg  åse", 7)),
        ("last", Place(None, 7)),
        ("-last", Place("2026-01-31", 7)),
        ("value", Place(0, 2)),
    ],
)
def test_places(order: str, place: Place) -> None:
    known = read_order(order)
    assert known is not None
    assert read_place(write_place(place), known) == place


@pytest.mark.parametrize(
    ("description", "order", "text"),
    [
        ("no base64", "name", "!!!"),
        ("no JSON", "name", "YWJj"),
        ("no pair", "name", "WzFd"),
        ("of another order", "value", write_place(Place("berg", 7))),
        ("of another kind", "name", write_place(Place(7, 7))),
        ("a boolean", "value", write_place(Place(True, 7))),
        ("no value where there always is one", "name", write_place(Place(None, 7))),
        ("an id that is none", "name", write_place(Place("berg", -7))),
        ("an id too large", "name", write_place(Place("berg", 2**63))),
        ("no date", "last", write_place(Place("2026-02-30", 7))),
        ("a character PostgreSQL refuses", "name", write_place(Place("a\x00b", 7))),
        ("half a character", "name", "WyJcdWQ4MDAiLDdd"),
        ("too long", "name", write_place(Place("a" * 1000, 7))),
        ("deeply nested", "name", "W1tb" * 2000),
    ],
)
def test_no_place(description: str, order: str, text: str) -> None:
    known = read_order(order)
    assert known is not None
    assert read_place(text, known) is None, description


@given(st.text())
def test_any_text_may_stand_for_a_place(text: str) -> None:
    read_place(text, DEFAULT)
