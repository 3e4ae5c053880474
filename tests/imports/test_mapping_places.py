"""Postal code and city in one cell, told by the column's name or by its values."""

import pytest

from tests.imports.suggesting import read, told


@pytest.mark.parametrize(
    ("column", "cell", "parted"),
    [
        ("Postnr/sted", "0155 Oslo sentrum", True),
        ("PLZ/Ort", "24103 Kiel", True),
        ("Postcode/plaats", "1012 AB Amsterdam", True),
        ("Postcode en woonplaats", "1012AB Amsterdam", True),
        ("Postnr och ort", "114 55 Stockholm", True),
        ("Postadress", "SE-114 55 Stockholm", True),
        ("Postnr/sted", "Oslo", False),
    ],
)
def test_a_postal_code_and_a_city_in_one_cell(column: str, cell: str, parted: bool) -> None:
    found = told(f"Navn;{column}", f"Kari Berg;{cell}", language="nb")
    assert found.is_sure is parted
    guest = read(f"Navn;{column}", f"Kari Berg;{cell}", language="nb").guests[0]
    assert f"{guest.postal_code} {guest.city}".strip() == cell
    if parted:
        assert guest.city in ("Oslo sentrum", "Kiel", "Amsterdam", "Stockholm")


@pytest.mark.parametrize(
    ("header", "cells", "place"),
    [
        ("Naam;Plaats", ("1012 AB Amsterdam", "3511 LN Utrecht"), ("1012 AB", "Amsterdam")),
        ("Namn;Postnummer", ("114 55 Stockholm", "211 22 Malmö"), ("114 55", "Stockholm")),
        ("Namn;Adress;Postadress", ("Storgatan 1;114 55 Stockholm", "Torget 2;Malmö"), ("", "")),
        ("Navn;Postnr;Sted", ("0155;Oslo", "5003;Bergen"), ("0155", "Oslo")),
        ("Name;Address", ("1012 Main Street", "44 Elm Street"), ("", "")),
    ],
)
def test_a_column_is_parted_only_where_its_values_are_both(
    header: str, cells: tuple[str, ...], place: tuple[str, str]
) -> None:
    rows = [f"Kari Berg;{cell}" for cell in cells]
    assert told(header, *rows, language="nb").is_sure
    guests = read(header, *rows, language="nb").guests
    assert (guests[0].postal_code, guests[0].city) == place
