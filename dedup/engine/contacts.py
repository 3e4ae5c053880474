"""How addresses and numbers of contact are compared: whose they are tells more than that they are equal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from dedup.engine.arrays import distinct
from dedup.engine.keys import first_word, letters_of, sound
from dedup.engine.kinds import Kind
from dedup.engine.letters import lengths
from dedup.engine.sides import NULL, Levels, Rows, Side, Values, by_values, distances, one_edit
from dedup.engine.table import Column, Table
from dedup.engine.vocabulary import Vocabulary

EMAIL_LEVELS = ("same_owned", "same", "same_other", "shared", "local", "typo", "similar", "different")
PHONE_LEVELS = ("same", "shared", "typo", "different")
CROWD = 3
"""So many different given names with one address or number make it a shared one."""
JUNK = 12


def emails(name: str, left: Side, right: Side, words: Vocabulary) -> Levels:
    """An address that both have is told apart by whose name it carries: of both, of one alone, of neither."""
    levels = by_values(name, left, right, _email, words)
    same = np.flatnonzero(levels == 0)
    if len(same):
        mine, other = _carried(name, left, same), _carried(name, right, same)
        found = np.full(len(same), 1, np.int8)
        found[(mine == 1) | (other == 1)] = 0
        found[((mine == 1) & (other == 0)) | ((mine == 0) & (other == 1))] = 2
        crowd = _crowd_of(name, left, right, same)
        found[crowd >= CROWD] = 3
        found[crowd >= JUNK] = NULL
        levels[same] = found
    return levels


def phones(name: str, left: Side, right: Side, words: Vocabulary) -> Levels:
    """A number of many people says less, one of a crowd nothing."""
    levels = by_values(name, left, right, _phone, words)
    same = np.flatnonzero(levels == 0)
    if len(same):
        crowd = _crowd_of(name, left, right, same)
        found = np.zeros(len(same), np.int8)
        found[crowd >= CROWD] = 1
        found[crowd >= JUNK] = NULL
        levels[same] = found
    return levels


def _email(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    # Addresses of one hand begin or end alike before the @; the others are not measured.
    near = a.of(a.column.hashed("begins", _begins)) == b.of(b.column.hashed("begins", _begins))
    near |= a.of(a.column.hashed("ends", _ends)) == b.of(b.column.hashed("ends", _ends))
    where = np.flatnonzero(near)
    edits = distances(a.texts(where), b.texts(where), OSA.distance, np.int32, 6)
    longest = np.maximum(lengths(a)[where], lengths(b)[where])
    found = np.full(len(a.codes), 7, np.int8)
    found[where[(edits <= 6) & (edits <= longest // 4)]] = 6
    found[where[edits <= 2]] = 5
    found[a.of(_locals(a.column)) == b.of(_locals(b.column))] = 4
    return found


def _begins(text: str) -> str:
    return text[:2]


def _ends(text: str) -> str:
    return text.partition("@")[0][-3:]


def _locals(column: Column) -> NDArray[np.uint64]:
    return column.hashed("local part", lambda text: text.rpartition("@")[0] or text)


def _phone(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    return np.where(one_edit(a, b), 2, 3)


def given_column(table: Table) -> Column | None:
    """The column of given names, if there is one."""
    return next((column for column in table.columns.values() if column.field.kind is Kind.GIVEN), None)


def _crowd_of(name: str, left: Side, right: Side, pairs: Rows) -> NDArray[np.int64]:
    mine = _crowd(left.table, name)[left.table.columns[name].codes[left.rows[pairs]]]
    other = _crowd(right.table, name)[right.table.columns[name].codes[right.rows[pairs]]]
    return np.maximum(mine, other)


def _crowd(table: Table, name: str) -> NDArray[np.int64]:
    """How many different given names each distinct value of a column stands with."""
    column, given = table.columns[name], given_column(table)

    def counted() -> NDArray[np.int64]:
        if given is None:
            return np.zeros(len(column.texts) + 1, np.int64)
        sounds = given.hashed("sound", lambda text: sound(first_word(text)) if len(first_word(text)) > 1 else "")
        rows, codes = column.entries()
        heard = given.spread(sounds)[rows]
        known = heard != 0
        # Thirty-six bits of the sound beside the value's number are enough to tell two names of one value apart.
        pairs = distinct((codes[known].astype(np.uint64) << np.uint64(36)) | (heard[known] >> np.uint64(28)))
        return np.bincount((pairs >> np.uint64(36)).astype(np.int64), minlength=len(column.texts) + 1)

    return column.derived("crowd", counted)


def _carried(name: str, side: Side, pairs: Rows) -> NDArray[np.int8]:
    """Whether a row's given name stands in its address: 1 yes, 0 no, -1 not known."""
    table = side.table
    column, given = table.columns[name], given_column(table)

    def worked_out() -> NDArray[np.int8]:
        found = np.full(table.size, -1, np.int8)
        if given is None:
            return found
        letters = letters_of(column)
        firsts = [first_word(text)[:5] for text in given.texts]
        rows = np.flatnonzero((column.codes >= 0) & (given.codes >= 0))
        stands = (
            len(firsts[first]) > 2 and (firsts[first] in letters[address])
            for first, address in zip(given.codes[rows].tolist(), column.codes[rows].tolist(), strict=True)
        )
        known = np.array([len(first) > 2 for first in firsts], bool)
        found[rows] = np.where(known[given.codes[rows]], np.fromiter(stands, np.int8, len(rows)), -1)
        return found

    return column.derived("carried", worked_out)[side.rows[pairs]]
