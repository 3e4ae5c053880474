"""Names of guests from the north of Europe, compared."""

import numpy as np
import pytest

from dedup.engine import Field, Kind, Table
from dedup.engine.comparisons import compare, plan
from dedup.engine.sides import Side
from dedup.engine.vocabulary import Vocabulary

FIELDS = (Field("given", Kind.GIVEN), Field("family", Kind.FAMILY))


def levels(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    table = Table.of([{"given": [given], "family": [family]} for given, family in (one, other)], FIELDS)
    comparisons = plan(FIELDS)
    left, right = Side(table, np.array([0])), Side(table, np.array([1]))
    given, family = compare(comparisons, left, right, Vocabulary.of(table))
    return comparisons[0].levels[given[0]], comparisons[1].levels[family[0]]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("Åse", "Sørensen"), ("Aase", "Soerensen"), ("same", "same")),
        (("Jürgen", "Müller"), ("Juergen", "Mueller"), ("same", "same")),
        (("Jan", "van der Berg"), ("Jan", "Berg"), ("same", "equivalent")),
        (("Kees", "de Vries"), ("Cornelis", "Vries"), ("equivalent", "equivalent")),
        (("Trine", "Hansen"), ("Katrine", "Hansen"), ("equivalent", "same")),
        (("Bob", "Smith"), ("Robert", "Smith"), ("equivalent", "same")),
        (("Anne Marie", "Lund"), ("Annemarie", "Lund"), ("equivalent", "same")),
        (("Anne Marie", "Lund"), ("Anne", "Lund Holm"), ("equivalent", "equivalent")),
        (("Kjell Tore", "Tveit"), ("Kjell Steinar", "Tveit"), ("similar", "same")),
        (("J.", "Berg"), ("Jan", "Berg"), ("initial", "same")),
        (("K.", "Berg"), ("Jan", "Berg"), ("different", "same")),
        (("Berg", "Jan"), ("Jan", "Berg"), ("equivalent", "equivalent")),
        (("Hllie", "Naylor"), ("Hollie", "Nalyor"), ("typo", "typo")),
        (("Per", "Hansen"), ("Kari", "Nordmann"), ("different", "different")),
    ],
)
def test_names_are_compared_as_people_read_them(
    one: tuple[str, str], other: tuple[str, str], expected: tuple[str, str]
) -> None:
    assert levels(one, other) == expected
    assert levels(other, one) == expected


def test_two_common_names_are_not_each_others_typo() -> None:
    rows = [{"given": [given], "family": [f"family{number}"]} for number in range(8) for given in ("Marta", "Marte")]
    table = Table.of(rows, FIELDS)
    given, _ = compare(plan(FIELDS), Side(table, np.array([0])), Side(table, np.array([3])), Vocabulary.of(table))
    assert plan(FIELDS)[0].levels[given[0]] == "similar"
