"""Words of a file that mean nothing yet: a status, a kind, an answer or a country that nobody has told."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from imports.mapping import values
from imports.mapping.cards import without_card_numbers
from imports.mapping.columns import Columns, said
from imports.mapping.headers import choices
from imports.mapping.meanings import CONSENTS
from imports.mapping.plan import Plan
from imports.problems import VALUE_SHOWN
from imports.readers import Batch

YES_NO: Final = ("yes", "no")
WORDS_MOST: Final = 20
"""Of one column so many words are asked for, the most frequent: one that has more of them holds no words."""
REASONS_OF_WORDS: Final = frozenset(("status", "choice", "yes_no", "own_value", "country", "language"))
"""Problems that a word nobody has told can be."""
_ANSWERED: Final = frozenset((*CONSENTS, "consent.answer", "stay.cancelled"))
_CODED: Final[dict[str, Callable[[str], str | None]]] = {
    "guest.country": values.country,
    "guest.nationality": values.country,
    "guest.language": values.language,
}


class Word(NamedTuple):
    """A word of the file, as it stands there first, that a meaning cannot be read from, and how often it was met."""

    meaning: str
    column: str
    word: str
    rows: int


def has_words(meaning: str) -> bool:
    """Whether a layout can say what words of the file mean here."""
    return meaning in _ANSWERED or meaning in _CODED or meaning.startswith("own.") or bool(choices(meaning))


def values_of(meaning: str) -> tuple[str, ...]:
    """The values that a word can mean; empty where those are the codes of countries or languages, or a field's own."""
    return YES_NO if meaning in _ANSWERED else choices(meaning)


def unknown_words(plan: Plan, rows: Sequence[Sequence[str]], *, met: Iterable[tuple[str, str, int]] = ()) -> list[Word]:
    """The words in rows of the file that their meaning cannot be read from, of each meaning the most frequent first.

    `met` are problems with such values that the whole file has: (columns as a problem names them, value, how often).
    """
    columns = Columns(plan, Batch(list(range(len(rows))), [list(row) for row in rows]))
    of_file: dict[str, list[tuple[str, int]]] = {}
    for column, value, count in met:
        of_file.setdefault(column, []).append((value, count))
    found = []
    for meaning in plan.sources:
        is_read = _reader(plan, meaning)
        if is_read is None:
            continue
        column = plan.names(meaning)
        counted: dict[str, tuple[str, int]] = {}
        for text, count in (*Counter(columns.texts(meaning) if rows else ()).items(), *of_file.get(column, ())):
            if _is_word(text) and not is_read(text):
                spelt, before = counted.get(text.casefold(), (text, 0))
                counted[text.casefold()] = (spelt, max(count, before))
        words = [Word(meaning, column, text, count) for text, count in counted.values()]
        found += sorted(words, key=lambda word: -word.rows)[:WORDS_MOST]
    return found


def _is_word(text: str) -> bool:
    """Whether a cell is short enough to be asked about, and no card number."""
    return bool(text) and len(text) < VALUE_SHOWN and without_card_numbers(text) == text


def _reader(plan: Plan, meaning: str) -> Callable[[str], bool] | None:
    """Whether a text can be read as a value of the meaning; None for a meaning without words."""
    words = plan.values.get(meaning, {})
    own = {field.meaning: field for field in plan.own if field.options}
    parse: Callable[[str], object] | None
    if meaning in own:
        parse = own[meaning].read
    elif meaning in _ANSWERED:
        parse = values.yes_no
    elif choices(meaning):
        parse = None
    elif meaning in _CODED:
        parse = _CODED[meaning]
    else:
        return None
    return lambda text: said(text, words) is not None or (parse is not None and parse(text) is not None)
