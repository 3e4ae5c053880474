"""Reading a search text: what it may mean, and the slips that make one word of another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.normalise import deletions, search_tokens
from customers.search.query import (
    TEXT_LENGTH,
    WORDS_MAX,
    Number,
    Slip,
    Split,
    edits_between,
    near_beginnings,
    read_query,
    short_neighbours,
    slip_between,
    split_forms,
    typo_forms,
)

NORWAY = 47


@pytest.mark.parametrize(
    ("description", "text", "words", "email", "booking", "unit"),
    [
        ("nothing", "  ", [], "", "", ""),
        ("a name", "Kari Nordmann", ["kari", "nordmann"], "", "", ""),
        ("one word may be an address or a booking", "Kari", ["kari"], "kari", "KARI", "KARI"),
        ("an address", "Kari@Fjord.no", [], "kari@fjord.no", "", ""),
        ("an address in brackets", "Kari Nord <Kari@Fjord.no>", [], "kari@fjord.no", "", ""),
        ("the beginning of an address", "kari.nord", ["kari", "nord"], "kari.nord", "KARI.NORD", "KARI.NORD"),
        ("a booking", "bk-12ab", ["bk", "12ab"], "bk-12ab", "BK-12AB", "BK-12AB"),
        ("a room", "204", ["204"], "", "204", "204"),
        ("a room with a letter", "b12", ["b12"], "b12", "B12", "B12"),
        ("too short for an address", "ka", ["ka"], "", "", "KA"),
        ("a word twice", "jan jan", ["jan"], "", "", ""),
        ("only signs", "¿?!", [], "¿?!", "¿?!", "¿?!"),
    ],
)
def test_what_a_text_may_mean(
    description: str, text: str, words: list[str], email: str, booking: str, unit: str
) -> None:
    query = read_query(text, calling_code=NORWAY)
    assert [word.text for word in query.words] == words, description
    assert (query.email, query.booking, query.unit) == (email, booking, unit), description


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("åse", ("ase",)),
        ("aase", ("aase", "ase")),
        ("kjær", ("kjaer", "kjar")),
        ("soerensen", ("soerensen", "sorensen")),
        ("aa", ("aa",)),
    ],
)
def test_a_digraph_is_looked_for_as_its_letter_too(text: str, forms: tuple[str, ...]) -> None:
    assert read_query(text).words[0].forms == forms


@pytest.mark.parametrize(
    ("description", "text", "numbers"),
    [
        ("national", "912 34 567", [Number("91234567")]),
        ("trunk zero", "0912-34567", [Number("91234567")]),
        ("with plus", "+47 912 34 567", [Number("91234567", "+47"), Number("4791234567")]),
        ("with 00", "0047 91234567", [Number("4791234567"), Number("91234567", "+47")]),
        ("the house's code without plus", "4791234567", [Number("4791234567"), Number("91234567", "+47")]),
        ("another code without plus", "4591234567", [Number("4591234567")]),
        ("trunk zero in brackets", "+44 (0)20 7946 0000", [Number("2079460000", "+44"), Number("4402079460000")]),
        ("three digits", "912", [Number("912")]),
        ("two digits", "91", []),
        ("zeros", "0000", []),
        ("a code that is none", "+999 12345", [Number("99912345")]),
    ],
)
def test_numbers(description: str, text: str, numbers: list[Number]) -> None:
    assert list(read_query(text, calling_code=NORWAY).numbers) == numbers, description


def test_words_are_cut_as_a_cards_own_are() -> None:
    long = "a" * 50
    assert read_query(long).words[0].text in search_tokens(long, "", "")


@pytest.mark.parametrize(
    ("typed", "word", "slip"),
    [
        ("hansen", "hansen", None),
        ("hasnen", "hansen", Slip.SWAPPED),
        ("hasen", "hansen", Slip.MISSING),
        ("hanssen", "hansen", Slip.DOUBLED),
        ("hamsen", "hansen", Slip.CHANGED),
        ("hanxsen", "hansen", Slip.EXTRA),
        ("ansen", "hansen", Slip.MISSING),
        ("hanse", "hansen", Slip.MISSING),
        ("ahnsen", "hansen", Slip.SWAPPED),
        ("hansne", "hansen", Slip.SWAPPED),
        ("ahnsne", "hansen", None),
        ("hsansen", "hansen", Slip.EXTRA),
        ("hans", "hansen", None),
        ("olsen", "hansen", None),
        ("", "a", Slip.MISSING),
    ],
)
def test_the_slip_between_two_words(typed: str, word: str, slip: Slip | None) -> None:
    assert slip_between(typed, word) is slip


WORDS = st.text(alphabet="abcde", min_size=1, max_size=12)


@given(WORDS, WORDS)
def test_a_slip_is_one_edit(typed: str, word: str) -> None:
    """Against the definition: every text one edit away from the word."""
    edits = {word[:at] + word[at + 1 :] for at in range(len(word))}
    edits |= {word[:at] + letter + word[at:] for at in range(len(word) + 1) for letter in "abcde"}
    edits |= {word[:at] + letter + word[at + 1 :] for at in range(len(word)) for letter in "abcde"}
    edits |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    assert (slip_between(typed, word) is not None) is (typed in edits - {word})
    assert (edits_between(typed, word) == 1) is (typed in edits - {word})


@given(WORDS, WORDS)
def test_edits_between_two_words(one: str, other: str) -> None:
    assert edits_between(one, other) == edits_between(other, one) <= max(len(one), len(other))
    assert (edits_between(one, other) == 0) is (one == other)


@given(st.text(alphabet="abcdeøå", min_size=4, max_size=20), st.text(alphabet="abcdeøå", min_size=4, max_size=20))
def test_words_one_slip_apart_share_a_form(typed: str, word: str) -> None:
    if slip_between(typed, word):
        assert set(typo_forms(typed)) & {word, *deletions(word)}


def test_neighbours_of_two_letters() -> None:
    found = short_neighbours("ls")
    assert {"as", "ld", "sl", "l", "s"} <= set(found)
    assert "ls" not in found
    assert short_neighbours("lsa") == []


def test_a_space_put_where_it_was_missed() -> None:
    assert Split("kari", "hansen", lost=False) in split_forms("karihansen")
    assert Split("kari", "hansen", lost=True) in split_forms("karixhansen")
    assert split_forms("abc") == []


def test_beginnings_one_slip_away() -> None:
    found = near_beginnings("hnas")
    assert {"hans", "nas", "hna", "hnat", "hnxas"} <= set(found)
    assert "hnas" not in found


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    query = read_query(text, calling_code=NORWAY)
    assert len(query.words) <= WORDS_MAX
    assert len(query.text) <= TEXT_LENGTH
    assert "\x00" not in query.text
    assert all(number.digits.isdecimal() for number in query.numbers)
