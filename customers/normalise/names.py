"""Names of people and companies: search tokens, keys to compare and to sort by, and splitting.

All keys are bounded in length, whatever is given, and no function here raises.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache

from customers.normalise.letters import collapse, fold
from customers.normalise.lists import listed

__all__ = [
    "collapse",
    "company_key",
    "deletions",
    "fold",
    "identity_key",
    "search_tokens",
    "sort_key",
    "split_full_name",
    "tidy_case",
]

TOKEN_LENGTH = 32
TOKENS_MAX = 40
KEY_LENGTH = 200
SORT_LENGTH = 120
TYPO_MIN_LENGTH = 3
_READ_MAX = 2_000

_PARTICLES = listed("names", "particles", "family")
_UNSORTED = listed("names", "particles", "unsorted")
_SMALL = _UNSORTED | listed("names", "particles", "small")
_GENERATIONS = listed("names", "suffixes", "any_case")
_TITLES = listed("names", "suffixes", "capitals")
_LEGAL_FORMS = listed("names", "companies", "legal_forms")
_APOSTROPHES = "'’‘`´ʼʻ"
_HYPHENS = r"\-‐‑–"
_JOINED = re.compile(rf"\w+(?:[{_APOSTROPHES}{_HYPHENS}]\w+)+")
_WORD = re.compile(r"[^\W\d_]+")


def search_tokens(given: str, family: str, company: str) -> list[str]:
    """The distinct tokens under which a guest is found, in the order they stand.

    Each folded word, its collapsed form where that differs (`kjaer`, `kjar`), and the joined form of
    a word written with a hyphen or an apostrophe (`annemarie`, `obrien`). At most TOKENS_MAX tokens
    of at most TOKEN_LENGTH characters.
    """
    found: dict[str, None] = {}
    for text in (given, family, company):
        if text:
            found |= dict.fromkeys(_tokens(text[:_READ_MAX]))
    return list(found)[:TOKENS_MAX]


# Registers repeat their names: what follows from one is worked out once.
@lru_cache(maxsize=1 << 14)
def _tokens(text: str) -> tuple[str, ...]:
    words = fold(text).split()
    if not text.isalnum():
        words += [fold(joined).replace(" ", "") for joined in _JOINED.findall(text)]
    found: dict[str, None] = {}
    for word in words:
        found[word[:TOKEN_LENGTH]] = None
        found[collapse(word)[:TOKEN_LENGTH]] = None
    found.pop("", None)
    return tuple(found)


def deletions(token: str) -> frozenset[str]:
    """The token's neighbours with exactly one character taken out, the token itself not among them.

    Two tokens at most one edit apart (a letter changed, added, missing, or two swapped) share one of
    `{token} ∪ deletions(token)`: the symmetric delete method, W. Garbe's SymSpell. Tokens shorter
    than TYPO_MIN_LENGTH have no neighbours; longer than TOKEN_LENGTH are cut first.
    """
    token = token[:TOKEN_LENGTH]
    if len(token) < TYPO_MIN_LENGTH:
        return frozenset()
    return frozenset(token[:at] + token[at + 1 :] for at in range(len(token))) - {token}


def identity_key(given: str, family: str, company: str) -> str:
    """The key that two records of one name share, whatever the order, case or spelling.

    A person's is made of the given and family name alone, so that the employer does not matter; a
    record without either is keyed by its company. Empty when nothing can be read.
    """
    words = sorted((*_collapsed(given), *_collapsed(family)))
    key = " ".join(words) if words else company_key(company)
    return _bounded(key)


@lru_cache(maxsize=1 << 14)
def _collapsed(text: str) -> tuple[str, ...]:
    return tuple(collapse(fold(text)).split())


def company_key(text: str) -> str:
    """A company's folded, collapsed name without legal forms at its end: `Delta Bygg A/S` is `delta bygg`.

    A name that is nothing but legal forms keeps its first word.
    """
    words = fold(text).split()
    while len(words) > 1:
        # "A/S", "B.V." and "I/S" fold to single letters: they are read together.
        singles = 0
        while singles < len(words) - 1 and len(words[-1 - singles]) == 1:
            singles += 1
        cut = next((n for n in range(singles, 1, -1) if "".join(words[-n:]) in _LEGAL_FORMS), 0)
        if not cut and words[-1] in _LEGAL_FORMS:
            cut = 1
        if not cut:
            break
        words = words[:-cut]
    return _bounded(collapse(" ".join(words)))


def _bounded(key: str) -> str:
    """Keys go into indexes: a longer one is cut, and a digest keeps it apart from its like."""
    if len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{key[: KEY_LENGTH - 17]} {digest}"


# Letters that end the alphabet are set aside as Gothic ones, which fold leaves alone, and then become
# the three characters after z.
_ASIDE = ("\U00010330", "\U00010331", "\U00010332")
_AFTER_Z = str.maketrans(dict(zip(_ASIDE, "{|}", strict=True)))


def _alphabet(*after_z: str) -> dict[int, str]:
    """A translation that sets aside the letters of each of the three groups after z."""
    groups = zip(after_z, _ASIDE, strict=True)
    return {ord(letter): aside for group, aside in groups for letter in group}


_NORWEGIAN = _alphabet("æä", "øö", "å")
_SWEDISH = _alphabet("å", "äæ", "öø")
_ALPHABETS = {
    "": _alphabet("æ", "ø", "å"),
    "nb": _NORWEGIAN,
    "nn": _NORWEGIAN,
    "no": _NORWEGIAN,
    "da": _NORWEGIAN,
    "sv": _SWEDISH,
    "fi": _SWEDISH,
}
SORTS_LAST = "~"


def sort_key(given: str, family: str, company: str, *, language: str = "") -> str:
    """A key to order guests by name in plain byte order (collation C), at most SORT_LENGTH characters.

    Family name first, then given name, a company under its name. `van der Berg` stands under B, its
    particles after the given name. Letters that end the alphabet stand after z: by default æ, ø, å;
    with a Norwegian or Danish `language` ä and ö too and `aa` as å; with Swedish or Finnish å, ä, ö;
    with any other language they sort as their plain letters. Nameless records sort last.
    """
    language = language[:2].lower()
    given_words = _sorting_words(given, language)
    family_words = _sorting_words(family, language)
    if not family_words:
        main = given_words or _sorting_words(company, language)
        return " ".join(main)[:SORT_LENGTH] or SORTS_LAST
    start = 0
    while start < len(family_words) - 1 and family_words[start] in _UNSORTED:
        start += 1
    main, particles = family_words[start:], family_words[:start]
    # Two spaces part the fields, and sort a name before the longer one that begins with it.
    return f"{' '.join(main)}  {' '.join(given_words + particles)}"[:SORT_LENGTH].rstrip()


@lru_cache(maxsize=1 << 14)
def _sorting_words(text: str, language: str) -> tuple[str, ...]:
    text = text[:_READ_MAX]
    alphabet = _ALPHABETS.get(language, {})
    if alphabet is _NORWEGIAN:
        text = text.casefold().replace("aa", "å")
    if not alphabet or text.isascii():
        return tuple(fold(text).split())
    # Composed first, so that an å typed as a letter and a ring is one letter.
    composed = unicodedata.normalize("NFC", text.casefold())
    return tuple(fold(composed.translate(alphabet)).translate(_AFTER_Z).split())


def split_full_name(text: str) -> tuple[str, str]:
    """Split a name in one field into given and family name; no character but the comma is lost.

    `Berg, Jan` puts the family first. Else the last word is the family name, with the particles before
    it (`van der Berg`) and the suffixes after it (`Briggs Jr.`). A single word is a family name.
    """
    text = " ".join(text.split())
    before, comma, after = text.partition(",")
    if comma:
        rest = after.replace(",", " ").split()
        if before.strip() and rest and not all(_is_suffix(word) for word in rest):
            return _comma_form(before.strip(), rest)
    words = text.split()
    end = len(words)
    while end > 1 and _is_suffix(words[end - 1]):
        end -= 1
    start = max(end - 1, 0)
    while start > 0 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    if start == 0 and end > 1 and not _begins_with_particles(words[: end - 1]):
        start = 1
    return " ".join(words[:start]), " ".join(words[start:])


def _comma_form(family: str, rest: list[str]) -> tuple[str, str]:
    # Dutch directories write "Berg, Jan van der".
    end = len(rest)
    while end > 1 and rest[end - 1].lower() in _UNSORTED and rest[end - 1][0].islower():
        end -= 1
    return " ".join(rest[:end]), " ".join([*rest[end:], family])


def _begins_with_particles(words: list[str]) -> bool:
    """Whether a name with no word before its particles is all family: `de Vries`, but not `Van Morrison`."""
    return words[0][0].islower() or words[0][0] in _APOSTROPHES or len(words) > 1


def _is_suffix(word: str) -> bool:
    """Whether a word stands after a name: `Jr.`, `PhD`, `MD`; but `Ma` and `Do` are names."""
    plain = fold(word).replace(" ", "")
    return (plain in _GENERATIONS and word[0].isupper()) or (plain in _TITLES and word.isupper())


def tidy_case(text: str) -> str:
    """Give a name that is ALL CAPITALS or all small its usual capitals; leave any other as it is.

    `JAN VAN DER BERG` is `Jan van der Berg`, `o'brien` is `O'Brien`, `ijsbrand` is `IJsbrand`.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) < 2 or not (text.isupper() or text.islower()):
        return text
    words = text.split(" ")
    last = max((at for at, word in enumerate(words) if word), default=0)
    return " ".join(
        word.lower() if at < last and word.lower() in _SMALL else _capitalised(word) for at, word in enumerate(words)
    )


def _capitalised(word: str) -> str:
    if word.isupper() and (
        fold(word).replace(" ", "") in _GENERATIONS | _TITLES or not re.search("[AEIOUYÆØÅÄÖ]", word)
    ):
        return word
    return _WORD.sub(_capitalised_part, word)


def _capitalised_part(found: re.Match[str]) -> str:
    part = found.group().lower()
    if part.startswith("ij") and len(part) > 2:
        return "IJ" + part[2:]
    if part.startswith("mc") and len(part) > 3:
        return "Mc" + part[2:].capitalize()
    # A letter after an apostrophe at the end ("anna's") stays small.
    if len(part) == 1 and found.start() and found.string[found.start() - 1] in _APOSTROPHES:
        return part
    return part.capitalize()
