"""What is learned of a register, and what decisions add."""

import json

import numpy as np
import pytest

from dedup.engine import Field, Kind, Model, Table, explain, find
from dedup.engine.sides import Side

GIVEN = "Anna Bjorn Carla David Emil Frida Georg Heidi Ivar Jonas Karin Lars Maria Nils Olga Pavel Rita Simon Tora Ulf"
FAMILY = "Berg Dahl Eide Foss Grieg Holm Isaksen Jensen Kvam Lund Moe Nygard Olsen Persson Quist Rudi Solberg Tveit"


def register(size: int = 600) -> list[dict[str, list[str]]]:
    """Couples with one phone and one address; every fifth person is there twice."""
    random = np.random.default_rng(3)
    given, family = GIVEN.split(), FAMILY.split()
    rows = []
    for number in range(size):
        home = number // 2
        person = {
            "given_name": [given[random.integers(len(given))]],
            "family_name": [f"{family[home % len(family)]}{'aeiou'[home % 5]}{'rstln'[home // 5 % 5]}"],
            "phones": [f"+4791{home:06d}"],
            "street": [f"Strandgata {home}"],
            "birth_date": [f"19{random.integers(30, 99)}-{random.integers(1, 13):02d}-{random.integers(1, 29):02d}"],
        }
        rows.append(person)
        if number % 5 == 0:
            rows.append({key: value for key, value in person.items() if key != "birth_date"})
    return rows


def test_couples_are_told_from_doubles() -> None:
    table = Table.of(register())
    found = find(table)
    given = table.columns["given_name"].codes
    proposed = found.probability >= 0.5
    same = given[found.left] == given[found.right]
    assert (same & proposed).sum() >= 110
    assert (~same & proposed).sum() <= 6


def test_weights_of_a_stored_model_are_those_of_the_learned_one() -> None:
    table = Table.of(register())
    found = find(table)
    again = find(table, model=Model.from_json(json.loads(json.dumps(found.model.as_json()))))
    assert len(again.left) == len(found.left)
    assert np.abs(np.sort(again.weight) - np.sort(found.weight)).max() < 0.05


def test_parts_add_up_for_every_pair() -> None:
    table = Table.of(register(100))
    found = find(table)
    for at in range(0, len(found.left), max(len(found.left) // 40, 1)):
        left, right = int(found.left[at]), int(found.right[at])
        told = explain(found.model, table, left, table, right, weight=float(found.weight[at]))
        assert sum(part.weight for part in told.parts) == pytest.approx(float(found.weight[at]), abs=1e-3)


def test_decisions_move_pairs_like_those_decided() -> None:
    table = Table.of(register())
    found = find(table)
    doubtful = np.random.default_rng(1).choice(len(found.left), 60, replace=False)
    given = table.columns["given_name"].codes
    same = given[found.left[doubtful]] == given[found.right[doubtful]]
    patterns = found.patterns[doubtful]
    if same.all() or not same.any():
        same[:2] = [True, False]
    taught = found.model.taught(patterns, same)
    assert taught.decisions == 60
    before, after = found.model.usual(patterns), taught.usual(patterns)
    assert after[same].mean() - after[~same].mean() > before[same].mean() - before[~same].mean()
    assert taught.taught([], []).bits == {}


def test_decisions_that_the_model_foretells_correct_nothing() -> None:
    found = find(Table.of(register()))
    random = np.random.default_rng(4)
    some = random.choice(len(found.left), 200)
    same = random.random(200) < found.probability[some]
    taught = found.model.taught(found.patterns[some], same, found.weight[some].astype(float))
    assert not np.any(taught.correction(found.patterns))


def test_what_was_taught_before_is_no_part_of_what_is_taught_next() -> None:
    table = Table.of(register())
    found = find(table)
    some = np.random.default_rng(5).choice(len(found.left), 200)
    levels = found.model.levels_of(found.patterns[some])
    same = levels[0] == 0
    patterns, weights = found.patterns[some], found.weight[some].astype(float)
    once = found.model.taught(patterns, same, weights)
    added = once.correction(patterns)
    assert np.any(added)
    left, right = Side(table, found.left[some]), Side(table, found.right[some])
    seen = found.model.compare(left, right)
    before, after = found.model.weigh(seen, left, right), once.weigh(seen, left, right)
    inside = np.abs(after) < 39
    assert np.abs(after - before - added)[inside].max() < 1e-3
    assert once.taught(patterns, same, weights).bits == once.bits


def test_table_of_many_columns_is_weighed_as_one_of_few() -> None:
    fields = [Field(f"text{number}", Kind.TEXT) for number in range(30)]
    letters = np.random.default_rng(2).integers(97, 123, (60, 30, 8))
    texts = [["".join(map(chr, text)) for text in row] for row in letters.tolist()]
    rows = [{field.name: [text] for field, text in zip(fields, row, strict=True)} for row in texts]
    found = find(Table.of([*rows, rows[0]], fields))
    assert [(int(found.left[0]), int(found.right[0]))] == [(0, 60)]
    assert (found.probability >= 0.5).sum() == 1
