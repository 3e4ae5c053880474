"""Lists of other systems, as they are suggested to be read: their numbers and phones in the register."""

from pathlib import Path

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from tests.cast import Cast
from tests.factories import CustomerFactory
from tests.imports.loading import load


def _row(number: object, **columns: str) -> dict[str, str]:
    row = {"Kundenr": str(number), "Fornavn": "Kari", "Etternavn": "Berg", "E-post": "", "Telefon": "", "Land": ""}
    return row | columns


def test_the_number_of_another_system_is_no_number_of_a_card(cast: Cast, tmp_path: Path) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        card = CustomerFactory(given_name="Kari", family_name="Berg", identity_key="berg kari")
    path = tmp_path / "list.csv"
    rows = [_row(card.pk, **{"E-post": "one@berg.no"}), _row(card.pk + 1, **{"E-post": "two@berg.no"})]
    first, again = load(house, path, rows), load(house, path, rows)
    assert first.counts["guests"] == {"created": 2, "updated": 0, "unchanged": 0, "invalid": 0}
    assert again.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 2, "invalid": 0}
    assert (first.problem_count, again.problem_count) == (0, 0)


def test_one_number_that_two_rows_read_as_of_two_countries_is_kept_once(cast: Cast, tmp_path: Path) -> None:
    house = cast.fjordstuen
    rows = [
        _row(1, **{"E-post": "kari@berg.no", "Telefon": "22 33 44 55", "Land": country}) for country in ("NO", "DK")
    ]
    run = load(house, tmp_path / "list.csv", rows)
    assert run.counts["guests"]["created"] == 1
    with business_scope(house.pk):
        phones = ContactPoint.objects.filter(customer=Customer.objects.get(), kind="phone")
        assert [phone.normalised for phone in phones] == ["+4722334455"]


def test_every_number_of_a_file_is_remembered(cast: Cast, tmp_path: Path) -> None:
    """Rows 2 and 3 share a phone that row 4 then brings to the older card of row 1."""
    house, path = cast.fjordstuen, tmp_path / "list.csv"
    rows = [
        _row(1, **{"E-post": "kari@berg.no"}),
        _row(2, Telefon="22 33 44 55"),
        _row(3, Telefon="22 33 44 55", Land="NO"),
        _row(4, **{"E-post": "kari@berg.no", "Telefon": "22 33 44 55"}),
    ]
    first, again = load(house, path, rows), load(house, path, rows)
    assert first.counts["guests"]["created"] == 2
    assert again.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 2, "invalid": 0}
    with business_scope(house.pk):
        assert sorted(Customer.objects.values_list("country", flat=True)) == ["", "NO"]
