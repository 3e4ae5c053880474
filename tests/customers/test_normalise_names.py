"""Folding, keys and splitting of names: tables of what people type, and laws that hold for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.normalise import (
    collapse,
    company_key,
    deletions,
    fold,
    identity_key,
    search_tokens,
    sort_key,
    split_full_name,
    tidy_case,
)
from customers.normalise.names import KEY_LENGTH, SORT_LENGTH, SORTS_LAST, TOKEN_LENGTH, TOKENS_MAX

# Any text, and often the letters that matter here: Nordic, German, Dutch, digraphs, marks, punctuation.
NAMEISH = st.text(alphabet=st.sampled_from("aeouåäæøöüßÅÆØijIJstnAEOU -'’.,́̈̊łđıΟςйéع안\u200f🏨½Ⅷ"), max_size=40)
ANY_TEXT = st.one_of(st.text(max_size=60), NAMEISH)


@pytest.mark.parametrize(
    ("description", "text", "expected"),
    [
        ("plain", "Jan Berg", "jan berg"),
        ("ring", "Åse", "ase"),
        ("ring as a mark of its own", "A\u030ase", "ase"),
        ("stroke", "Sørensen", "sorensen"),
        ("ligature", "Kjær", "kjaer"),
        ("umlauts", "Jürgen Öztürk-Jäger", "jurgen ozturk jager"),
        ("sharp s", "Straße", "strasse"),
        ("capital sharp s", "STRAẞE", "strasse"),
        ("strokes of other languages", "Łódź Đorđe Ħal Ŧor", "lodz dorde hal tor"),
        ("Icelandic", "Þórður Eðvarð", "thordur edvard"),
        ("Turkish dotted and dotless i", "İpek Işık", "ipek isik"),
        ("French ligature", "Œuvré", "oeuvre"),
        ("Dutch ligature", "Ĳsbrand", "ijsbrand"),
        ("punctuation", " Anne-Marie  O’Brien, Jr. ", "anne marie o brien jr"),
        ("digits of other scripts", "٤٢", "42"),
        ("full width", "ＪＡＮ　７", "jan 7"),
        ("roman numeral sign", "Karl Ⅷ", "karl viii"),
        ("capital by compatibility only", "ℌans", "hans"),
        ("emoji", "Jan 🏨🧔🏽‍♂️ Berg", "jan berg"),
        ("only emoji", "🏨", ""),
        ("empty", "", ""),
        ("Greek, accents off", "Ελένη", "ελενη"),
        ("Cyrillic", "Йосиф Лёвин", "иосиф левин"),
        ("Arabic with direction marks", "\u202bمحمد علي\u202c", "محمد علي"),
        ("Hebrew", "דוד כהן", "דוד כהן"),
        ("Devanagari keeps its vowel signs", "हिन्दी", "हिन्दी"),
        ("Hangul stays composed", "김철수", "김철수"),
        ("Japanese keeps voiced kana", "がく", "がく"),
        ("control characters part words", "jan\x00berg\tola", "jan berg ola"),
        ("soft hyphen and joiners vanish", "Jan\u00ad\u200dBerg", "janberg"),
    ],
)
def test_fold(description: str, text: str, expected: str) -> None:
    assert fold(text) == expected, description


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Åse", "Aase"),
        ("Sørensen", "Soerensen"),
        ("Kjær", "Kjaer"),
        ("Ødegård", "Oedegaard"),
        ("Müller", "Mueller"),
        ("Jäger", "Jaeger"),
        ("Schröder", "Schroeder"),
        ("Håkon Blåsås", "Haakon Blaasaas"),
        ("Aage Ærø", "Åge Aeroe"),
    ],
)
def test_both_spellings_collapse_to_one(one: str, other: str) -> None:
    assert collapse(fold(one)) == collapse(fold(other))


@pytest.mark.parametrize(("one", "other"), [("Jan", "Jon"), ("Berg", "Borg"), ("Ole", "Ola"), ("Lea", "Leo")])
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert collapse(fold(one)) != collapse(fold(other))


@pytest.mark.parametrize(
    ("description", "names", "expected"),
    [
        ("plain", ("Jan", "Berg", ""), ["jan", "berg"]),
        ("collapsed form beside", ("", "Kjær", ""), ["kjaer", "kjar"]),
        ("each once", ("Jan", "Jan", "JAN"), ["jan"]),
        ("hyphen joined", ("Anne-Marie", "", ""), ["anne", "marie", "annemarie"]),
        ("apostrophe joined", ("", "O’Brien", ""), ["o", "brien", "obrien"]),
        ("all three fields", ("Åse", "van der Berg", "Fjord AS"), ["ase", "van", "der", "berg", "fjord", "as"]),
        ("nothing", ("", " ", "🏨"), []),
    ],
)
def test_search_tokens(description: str, names: tuple[str, str, str], expected: list[str]) -> None:
    assert search_tokens(*names) == expected, description


@pytest.mark.parametrize(
    ("description", "one", "other", "same"),
    [
        ("order does not matter", ("Jan", "Berg", ""), ("Berg", "Jan", ""), True),
        ("field does not matter", ("Jan van der", "Berg", ""), ("Jan", "van der Berg", ""), True),
        ("spelling does not matter", ("Åse", "Sørensen", ""), ("AASE", "soerensen", ""), True),
        ("employer does not matter", ("Jan", "Berg", "Fjord AS"), ("Jan", "Berg", ""), True),
        ("legal form does not matter", ("", "", "Fjord AS"), ("", "", "FJORD"), True),
        ("another given name", ("Maria", "Rogers", ""), ("Michael", "Rogers", ""), False),
        ("a double name", ("Jan", "Berg", ""), ("Jan Ole", "Berg", ""), False),
        ("words joined", ("Anne Marie", "Dahl", ""), ("Annemarie", "Dahl", ""), False),
        ("long names differ at the end", ("a" * 500 + "b", "", ""), ("a" * 500 + "c", "", ""), False),
    ],
)
def test_identity_key(description: str, one: tuple[str, str, str], other: tuple[str, str, str], same: bool) -> None:
    assert (identity_key(*one) == identity_key(*other)) is same, description


def test_a_nameless_record_has_no_identity() -> None:
    assert identity_key("", " - ", "🏨") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Delta Bygg AS", "delta bygg"),
        ("Delta Bygg A/S", "delta bygg"),
        ("Green Pharma B.V.", "green pharma"),
        ("Nordic Travel ApS", "nordic travel"),
        ("Gebrüder Müller GmbH & Co. KG", "gebruder muller"),
        ("AS", "as"),
        ("A B C", "a b c"),
        ("Sørensen I/S", "sorensen"),
        ("", ""),
    ],
)
def test_company_key(text: str, expected: str) -> None:
    assert company_key(text) == expected


def _sorted(names: list[tuple[str, str]], language: str = "") -> list[str]:
    return [
        f"{given} {family}".strip()
        for given, family in sorted(names, key=lambda name: sort_key(*name, "", language=language).encode())
    ]


@pytest.mark.parametrize(
    ("description", "language", "names"),
    [
        ("family before given", "", [("Ola", "Berg"), ("Anne", "Dahl")]),
        ("given decides between equals", "", [("Anne", "Berg"), ("Ola", "Berg")]),
        ("short name before longer", "", [("Ola", "Berg"), ("Anne", "Berg Hansen"), ("Anne", "Bergan")]),
        ("particles after", "", [("Ola", "Bakke"), ("Jan", "van der Berg"), ("Ola", "Dahl")]),
        ("capital particles too", "", [("Jan", "De Vries"), ("Jan", "Wolf")]),
        ("Di Caprio under D", "", [("Anne", "Dahl"), ("Leo", "Di Caprio"), ("Ola", "Eik")]),
        ("Nordic letters after z", "", [("", "Zorn"), ("", "Ærø"), ("", "Øye"), ("", "Åsen")]),
        ("Norwegian: aa is å, ä is æ", "nb", [("", "Zorn"), ("", "Ärlig"), ("", "Øye"), ("", "Aas"), ("", "Åsen")]),
        ("Danish", "da", [("", "Zorn"), ("", "Æbeltoft"), ("", "Østergård"), ("", "Aagaard")]),
        ("Swedish: å ä ö", "sv", [("", "Zorn"), ("", "Åberg"), ("", "Ärlig"), ("", "Öberg")]),
        ("Dutch: aa and ä plain", "nl", [("", "Aarts"), ("", "Äbel"), ("", "Bos"), ("", "Östrup"), ("", "Zorn")]),
        ("é is e", "", [("", "Edel"), ("", "Édouard"), ("", "Eik")]),
        ("by given name alone", "", [("Ada", ""), ("", "Berg"), ("Cilla", "")]),
        ("nameless last", "", [("", "Åsen"), ("", "")]),
    ],
)
def test_sort_key(description: str, language: str, names: list[tuple[str, str]]) -> None:
    expected = [f"{given} {family}".strip() for given, family in names]
    assert _sorted(names[::-1], language) == expected, description


def test_a_company_sorts_under_its_name_and_the_nameless_last() -> None:
    assert sort_key("", "", "Fjord AS") == "fjord as"
    assert sort_key("", "", "") == SORTS_LAST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jan Berg", ("Jan", "Berg")),
        ("Berg, Jan", ("Jan", "Berg")),
        ("Berg,Jan", ("Jan", "Berg")),
        ("van der Berg, Jan", ("Jan", "van der Berg")),
        ("Berg, Jan van der", ("Jan", "van der Berg")),
        ("Jan van der Berg", ("Jan", "van der Berg")),
        ("Jan Van Der Berg", ("Jan", "Van Der Berg")),
        ("Ludwig von Trapp", ("Ludwig", "von Trapp")),
        ("Carl af Geijerstam", ("Carl", "af Geijerstam")),
        ("Corrie ten Boom", ("Corrie", "ten Boom")),
        ("Jan in 't Veld", ("Jan", "in 't Veld")),
        ("Van Morrison", ("Van", "Morrison")),
        ("de Vries", ("", "de Vries")),
        ("Van Der Berg", ("", "Van Der Berg")),
        ("'t Hart", ("", "'t Hart")),
        ("Mary Ann Evans", ("Mary Ann", "Evans")),
        ("Dr. Amanda Potts MD", ("Dr. Amanda", "Potts MD")),
        ("Christopher Briggs Jr.", ("Christopher", "Briggs Jr.")),
        ("John Smith, PhD", ("John", "Smith, PhD")),
        ("Li Ma", ("Li", "Ma")),
        ("Kim Do", ("Kim", "Do")),
        ("Madonna", ("", "Madonna")),
        ("  Jan \t Berg ", ("Jan", "Berg")),
        ("Berg,", ("", "Berg,")),
        (",Jan", ("", ",Jan")),
        ("", ("", "")),
        ("محمد علي", ("محمد", "علي")),
    ],
)
def test_split_full_name(text: str, expected: tuple[str, str]) -> None:
    assert split_full_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("JAN VAN DER BERG", "Jan van der Berg"),
        ("o'brien", "O'Brien"),
        ("MCDONALD", "McDonald"),
        ("McDonald", "McDonald"),
        ("ijsbrand", "IJsbrand"),
        ("ÅSE ØDEGÅRD", "Åse Ødegård"),
        ("anne-marie", "Anne-Marie"),
        ("ANNA'S", "Anna's"),
        ("JP", "JP"),
        ("J", "J"),
        ("van", "Van"),
        ("Jan Berg", "Jan Berg"),
        ("山田", "山田"),
        ("", ""),
    ],
)
def test_tidy_case(text: str, expected: str) -> None:
    assert tidy_case(text) == expected


def test_deletions_of_a_token() -> None:
    assert deletions("berg") == {"erg", "brg", "beg", "ber"}
    assert deletions("aab") == {"ab", "aa"}
    assert deletions("li") == frozenset()
    assert deletions("aaa") == {"aa"}
    assert all(len(form) == TOKEN_LENGTH - 1 for form in deletions("abcdefgh" * 100))


EDITS = st.integers(min_value=0, max_value=40)


@given(
    st.text(alphabet="abcdeøå", min_size=4, max_size=20),
    st.sampled_from(["add", "remove", "change", "swap"]),
    EDITS,
    st.sampled_from("abz"),
)
def test_one_edit_apart_always_meets(token: str, edit: str, at: int, letter: str) -> None:
    at %= len(token) - 1
    edited = {
        "add": token[:at] + letter + token[at:],
        "remove": token[:at] + token[at + 1 :],
        "change": token[:at] + letter + token[at + 1 :],
        "swap": token[:at] + token[at + 1] + token[at] + token[at + 2 :],
    }[edit]
    assert ({token} | deletions(token)) & ({edited} | deletions(edited))


@given(ANY_TEXT)
def test_fold_and_collapse_are_idempotent_and_case_blind(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert collapse(collapse(folded)) == collapse(folded)
    assert folded == folded.strip() and "  " not in folded
    assert fold(text.casefold()) == folded


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_nothing_raises_and_all_is_bounded(given_name: str, family: str, company: str) -> None:
    tokens = search_tokens(given_name, family, company)
    assert len(tokens) <= TOKENS_MAX and all(0 < len(token) <= TOKEN_LENGTH for token in tokens)
    assert len(tokens) == len(set(tokens))
    assert len(identity_key(given_name, family, company)) <= KEY_LENGTH
    assert 0 < len(sort_key(given_name, family, company, language="da")) <= SORT_LENGTH
    assert len(company_key(company)) <= KEY_LENGTH
    split_full_name(family)
    assert fold(tidy_case(family)) == fold(family)


@given(NAMEISH, NAMEISH)
def test_identity_is_blind_to_order(given_name: str, family: str) -> None:
    assert identity_key(given_name, family, "") == identity_key(family, given_name, "")


@given(ANY_TEXT)
def test_splitting_loses_no_letter(text: str) -> None:
    assert sorted(fold(" ".join(split_full_name(text)))) == sorted(fold(text))


@pytest.mark.parametrize("text", ["a" * 10_000, "å " * 5_000, "🏨" * 10_000, "\u202eمحمد " * 2_000, "-'" * 5_000])
def test_long_texts_stay_bounded(text: str) -> None:
    assert len(" ".join(search_tokens(text, text, text))) <= TOKENS_MAX * (TOKEN_LENGTH + 1)
    assert len(identity_key(text, text, text)) <= KEY_LENGTH
    assert len(sort_key(text, text, text)) <= SORT_LENGTH
    split_full_name(text)
    tidy_case(text)
