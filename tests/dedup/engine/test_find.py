"""Finding the pairs of a small register."""

import json

import numpy as np
import pytest

from dedup.engine import GUEST_FIELDS, Model, Profile, Table, explain, find, keys, score
from dedup.engine.hashing import hashes

ROWS = [
    {"given_name": ["Jan"], "family_name": ["van der Berg"], "emails": ["jan@berg.no"], "phones": ["+47 99 88 77 66"]},
    {"given_name": ["Jan"], "family_name": ["Berg"], "emails": ["Jan@Berg.no"], "phones": ["99887766"]},
    {"given_name": ["Kari"], "family_name": ["Nordmann"], "country": ["NO"]},
]


def test_explanation_adds_up_to_the_weight_of_the_pair() -> None:
    table = Table.of(ROWS)
    model = Model.from_json(json.loads(json.dumps(find(table).model.as_json())))
    rows = [Profile.of(row).row for row in ROWS]
    hit = score(rows[0], rows, model=model)[1]
    told = explain(model, Table.of(ROWS[:1]), 0, table, 1)
    assert told.weight == pytest.approx(hit.weight, abs=1e-4)
    assert sum(part.weight for part in told.parts) == pytest.approx(told.weight, abs=1e-4)


def test_stored_rows_make_the_same_table_as_typed_ones() -> None:
    stored = [Profile.of(row, GUEST_FIELDS).as_row() for row in ROWS]
    typed, read = Table.of(ROWS), Table.from_profiles(stored)
    for name, column in typed.columns.items():
        assert column.texts == read.columns[name].texts
        assert np.array_equal(column.codes, read.columns[name].codes)


def test_cards_of_one_guest_share_a_key() -> None:
    rows, hashed = keys(Table.of(ROWS))
    shared = [set(hashed[rows == row].tolist()) for row in range(3)]
    assert shared[0] & shared[1]
    assert not shared[0] & shared[2]


@pytest.mark.parametrize("size", [0, 1])
def test_register_without_pairs_has_none(size: int) -> None:
    found = find(Table.of(ROWS[:size]))
    assert len(found.left) == 0
    assert len(found.clusters()) == size


def test_few_texts_have_the_hashes_of_many() -> None:
    texts = ["", "a", "kjær", "van der berg", "x" * 300, "\ud800"] * 20
    assert hashes(texts).tolist() == [hashes([text])[0] for text in texts]


def test_keys_of_one_card_are_those_it_has_in_a_register() -> None:
    rows, hashed = keys(Table.of(ROWS))
    for number, row in enumerate(ROWS):
        _, alone = keys(Table.of([row]))
        assert set(alone.tolist()) == set(hashed[rows == number].tolist())
