"""Registers as nobody wants them: bounded work, few and honest matches, and what was cut off is told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dedup.engine import Table, find
from dedup.engine.pairs import budget

ROWS = 3_000


def _phone(number: int) -> dict[str, list[str]]:
    return {
        "given_name": [f"Given{chr(97 + number % 26)}{number * 7919 % 9973}"],
        "family_name": [f"Family{number * 104729 % 99991}"],
        "phones": ["+4722334455"],
    }


def _name(number: int) -> dict[str, list[str]]:
    return {"given_name": ["Jan"], "family_name": ["Hansen"], "emails": [f"guest{number * 31337 % 99991}@example.net"]}


def _only_name(number: int) -> dict[str, list[str]]:
    return {"given_name": ["Jan"], "family_name": ["Hansen"]}


@pytest.mark.parametrize("card", [_phone, _name, _only_name])
def test_register_that_says_nothing_stays_bounded(card: Callable[[int], dict[str, list[str]]]) -> None:
    found = find(Table.of([card(number) for number in range(ROWS)]))
    assert len(found.left) <= budget(ROWS)
    assert (found.probability >= 0.5).sum() < ROWS / 10
    assert max(one.largest for one in found.capped) == ROWS
    assert np.bincount(found.clusters()).max() <= 5


def test_empty_cards_match_nobody() -> None:
    found = find(Table.of([{} for _ in range(50)]))
    assert not (found.probability >= 0.5).any()


def test_pairs_known_apart_are_never_in_one_group() -> None:
    card: dict[str, Any] = {"given_name": ["Kari"], "family_name": ["Nordli"], "emails": ["kari@nordli.no"]}
    others = [
        {"given_name": [f"G{n * 37 % 101}"], "family_name": [f"F{n * 53 % 103}"], "emails": [f"{n}@a.no"]}
        for n in range(60)
    ]
    table = Table.of([card, card, *others])
    assert find(table).clusters()[1] == 0
    apart = find(table, apart=np.array([[0, 1]]))
    labels = apart.clusters()
    assert labels[0] != labels[1]
    assert not ((apart.left == 0) & (apart.right == 1)).any()


def test_two_that_are_kept_apart_may_both_be_the_third() -> None:
    card: dict[str, Any] = {"given_name": ["Kari"], "family_name": ["Nordli"], "emails": ["kari@nordli.no"]}
    found = find(Table.of([card, card, card]), apart=np.array([[0, 1]]))
    proposed = found.probability >= 0.5
    pairs = set(zip(found.left[proposed].tolist(), found.right[proposed].tolist(), strict=True))
    assert pairs == {(0, 2), (1, 2)}
    labels = found.clusters()
    assert labels[0] != labels[1]
