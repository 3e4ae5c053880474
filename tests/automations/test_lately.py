"""Counts of very many are kept for a while, of few never; each business has its own."""

import pytest

from accounts.tenancy import business_scope
from automations import lately as keeping
from automations.lately import LARGE, lately
from tests.cast import Cast, House


def test_few_are_counted_at_each_look(fjordstuen: House) -> None:
    found = iter((LARGE - 1, 3))
    assert [lately("few", lambda: next(found), lambda number: number) for _look in range(2)] == [LARGE - 1, 3]


def test_very_many_are_counted_again_after_a_while(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(found: int) -> int:
        return lately("many", lambda: found, lambda number: number)

    with business_scope(cast.fjordstuen.pk):
        assert [looked(LARGE), looked(LARGE + 1)] == [LARGE, LARGE]
    with business_scope(cast.duinzicht.pk):
        monkeypatch.setattr(keeping, "KEPT_SECONDS", 0)
        assert [looked(LARGE + 2), looked(LARGE + 3)] == [LARGE + 2, LARGE + 3]
