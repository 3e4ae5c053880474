"""Which comparisons cards with given fields get, and the levels of pairs in them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dedup.engine import measures, names
from dedup.engine.contacts import EMAIL_LEVELS, PHONE_LEVELS, emails, phones
from dedup.engine.keys import family_core, first_word, letters_of
from dedup.engine.kinds import Field, Kind, columns
from dedup.engine.sides import NULL, Levels, Measure, Side, across, by_values
from dedup.engine.table import Column
from dedup.engine.vocabulary import Vocabulary


class Comparison(NamedTuple):
    """A comparison of one column. ``levels``: from best to worst; the first ``agreeing`` of them say the same."""

    name: str
    kind: Kind
    levels: tuple[str, ...]
    agreeing: int


_LEVELS: dict[Kind, tuple[tuple[str, ...], int]] = {
    Kind.GIVEN: (names.NAME_LEVELS, 3),
    Kind.FAMILY: (names.NAME_LEVELS, 3),
    Kind.COMPANY: (measures.TEXT_LEVELS, 3),
    Kind.ORGANISATION: (measures.NUMBER_LEVELS, 2),
    Kind.EMAIL: (EMAIL_LEVELS, 3),
    Kind.PHONE: (PHONE_LEVELS, 1),
    Kind.STREET: (measures.TEXT_LEVELS, 3),
    Kind.HOUSE_NUMBER: (measures.HOUSE_LEVELS, 2),
    Kind.POSTAL_CODE: (measures.NUMBER_LEVELS, 2),
    Kind.CITY: (measures.TEXT_LEVELS, 3),
    Kind.REGION: (measures.CATEGORY_LEVELS, 1),
    Kind.COUNTRY: (measures.CATEGORY_LEVELS, 1),
    Kind.BIRTH_DATE: (measures.DATE_LEVELS, 2),
    Kind.NUMBER: (measures.NUMBER_LEVELS, 2),
    Kind.CATEGORY: (measures.CATEGORY_LEVELS, 1),
    Kind.TEXT: (measures.TEXT_LEVELS, 3),
}
PLACES = (Kind.STREET, Kind.HOUSE_NUMBER, Kind.POSTAL_CODE, Kind.CITY, Kind.REGION, Kind.COUNTRY)


def plan(fields: Sequence[Field]) -> tuple[Comparison, ...]:
    """The comparisons of cards with these fields."""
    return tuple(Comparison(one.name, one.kind, *_LEVELS[one.kind]) for one in columns(fields))


def compare(comparisons: Sequence[Comparison], left: Side, right: Side, words: Vocabulary) -> list[Levels]:
    """The level of each pair in each comparison, int8[pairs], NULL where either value is missing."""
    found = {}
    for one in comparisons:
        if one.kind is Kind.EMAIL:
            found[one.name] = emails(one.name, left, right, words)
        elif one.kind is Kind.PHONE:
            found[one.name] = phones(one.name, left, right, words)
        else:
            found[one.name] = by_values(one.name, left, right, _MEASURES[one.kind], words)
    _crossed(comparisons, left, right, found, words)
    _in_address(comparisons, left, right, found)
    _named_alike(comparisons, found)
    return [found[one.name] for one in comparisons]


_MEASURES: dict[Kind, Measure] = {
    Kind.GIVEN: names.given,
    Kind.FAMILY: names.family,
    Kind.COMPANY: measures.text,
    Kind.ORGANISATION: measures.number,
    Kind.STREET: measures.text,
    Kind.HOUSE_NUMBER: measures.house,
    Kind.POSTAL_CODE: measures.number,
    Kind.CITY: measures.text,
    Kind.REGION: measures.category,
    Kind.COUNTRY: measures.category,
    Kind.BIRTH_DATE: measures.date,
    Kind.NUMBER: measures.number,
    Kind.CATEGORY: measures.category,
    Kind.TEXT: measures.text,
}


def _first(comparisons: Sequence[Comparison], kind: Kind) -> Comparison | None:
    return next((one for one in comparisons if one.kind is kind), None)


def _crossed(
    comparisons: Sequence[Comparison], left: Side, right: Side, found: dict[str, Levels], words: Vocabulary
) -> None:
    """Given and family name in each other's field: as they compare there, but never the same."""
    given, family = _first(comparisons, Kind.GIVEN), _first(comparisons, Kind.FAMILY)
    if given is None or family is None:
        return
    forward, backward = found[given.name], found[family.name]
    doubtful = ((forward > names.INITIAL) | (forward == NULL)) & ((backward > names.INITIAL) | (backward == NULL))
    at = np.flatnonzero(doubtful & ~((forward == NULL) & (backward == NULL)))
    if not len(at):
        return
    mine, other = Side(left.table, left.rows[at]), Side(right.table, right.rows[at])
    one = across(given.name, family.name, mine, other, names.family, words)
    fits_one = (one >= 0) & (one <= names.TYPO)
    # Where the one neither fits nor is missing the other says nothing.
    asked = np.flatnonzero(fits_one | (one == NULL))
    at, one, fits_one = at[asked], one[asked], fits_one[asked]
    mine, other = Side(left.table, mine.rows[asked]), Side(right.table, other.rows[asked])
    two = across(family.name, given.name, mine, other, names.family, words)
    fits_two = (two >= 0) & (two <= names.TYPO)
    both = fits_one & fits_two
    found[given.name][at[both]] = np.maximum(one[both], names.EQUIVALENT)
    found[family.name][at[both]] = np.maximum(two[both], names.EQUIVALENT)
    # One name alone, in the other's field.
    single = (fits_one & (two == NULL)) | (fits_two & (one == NULL))
    for level, name in ((forward, given.name), (backward, family.name)):
        alone = single & (level[at] > names.INITIAL)
        found[name][at[alone]] = np.where(fits_one, np.maximum(one, 1), np.maximum(two, 1))[alone]


def _named_alike(comparisons: Sequence[Comparison], found: dict[str, Levels]) -> None:
    """Two people of one name have addresses that resemble each other: that says nothing more."""
    email, family = _first(comparisons, Kind.EMAIL), _first(comparisons, Kind.FAMILY)
    if email is not None and family is not None:
        named = (found[family.name] >= 0) & (found[family.name] <= names.TYPO)
        levels = found[email.name]
        levels[named & (levels == EMAIL_LEVELS.index("similar"))] = EMAIL_LEVELS.index("different")


def _in_address(comparisons: Sequence[Comparison], left: Side, right: Side, found: dict[str, Levels]) -> None:
    """A name that a card lacks, found in its e-mail address: ``Tara, trijn94@ziggo.nl`` and ``Tara Rijn``."""
    email = _first(comparisons, Kind.EMAIL)
    if email is None:
        return
    unequal = (found[email.name] == NULL) | (found[email.name] > 3)
    for kind, core in ((Kind.FAMILY, family_core), (Kind.GIVEN, first_word)):
        name = _first(comparisons, kind)
        if name is None:
            continue
        for lacking, having in ((left, right), (right, left)):
            nameless = lacking.table.columns[name.name].codes[lacking.rows] < 0
            at = np.flatnonzero(
                nameless
                & unequal
                & (lacking.table.columns[email.name].codes[lacking.rows] >= 0)
                & (having.table.columns[name.name].codes[having.rows] >= 0)
            )
            if not len(at):
                continue
            addresses = letters_of(lacking.table.columns[email.name])
            wanted = _joined(having.table.columns[name.name], core)
            codes_a = lacking.table.columns[email.name].codes[lacking.rows[at]].tolist()
            codes_b = having.table.columns[name.name].codes[having.rows[at]].tolist()
            for where, address, text in zip(at.tolist(), codes_a, codes_b, strict=True):
                if len(wanted[text]) > 3 and wanted[text] in addresses[address]:
                    found[name.name][where] = names.EQUIVALENT


def _joined(column: Column, core: Callable[[str], str]) -> list[str]:
    return column.derived(f"joined {core.__name__}", lambda: [core(text).replace(" ", "") for text in column.texts])
