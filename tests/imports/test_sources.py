"""A file's batches: a small beginning, the same cuts each time, gone on with from any of them."""

from pathlib import Path

import pytest

from accounts.tenancy import business_scope
from imports.services import source_open, sources
from imports.services.sources import context_of, interpreted
from tests.cast import House
from tests.imports.files import write
from tests.imports.plans import mixed
from tests.imports.previews import checked, imported, told


@pytest.fixture(autouse=True)
def cut_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch of eight comes in parts of one, two and five."""
    monkeypatch.setattr(sources, "BATCH_ROWS", 8)
    monkeypatch.setattr(sources, "BEGIN_ROWS", (1, 3))


def test_the_first_batch_comes_in_parts_and_any_can_be_gone_on_from(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        source = source_open(path=write(tmp_path / "list.csv", mixed()))
        context = context_of(house.business, "")
    batches = list(interpreted(source, context, skip=0))
    assert [batch.size for batch in batches] == [1, 2, 5, 8, 4]
    assert [guest.line for batch in batches for guest in batch.rows.guests] == [*range(2, 9), *range(10, 22)]
    for skip in range(6):
        assert list(interpreted(source, context, skip=skip)) == batches[skip:]


def test_a_preview_tells_the_same_however_its_file_is_cut(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = checked(house, tmp_path, mixed())
    monkeypatch.setattr(sources, "BEGIN_ROWS", ())
    second = checked(house, tmp_path, mixed())
    assert told(house, first) == told(house, second)
    assert first.counts == second.counts
    assert imported(house, first).counts == first.counts
