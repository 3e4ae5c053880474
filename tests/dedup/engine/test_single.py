"""One card against others says what the same pairs say in a table."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from dedup.engine import (
    GUEST_FIELDS,
    SEPARATOR,
    Field,
    Kind,
    Model,
    Profile,
    Table,
    columns,
    find,
    keys,
    keys_of,
    score,
)
from dedup.engine.find import weighed
from dedup.engine.sides import Side

GIVEN = [
    "Jan",
    "Johan",
    "Anne Marie",
    "Anne M",
    "Anne-Grete",
    "A",
    "Bjørn",
    "Bjoern",
    "Kari",
    "Per",
    "Pär",
    "Wilhelmina",
]
FAMILY = ["van der Berg", "Berg", "Hansen", "Hanssen", "Müller", "Mueller Hansen", "B", "Sørensen", "Sorensenn", "Kari"]
EMAILS = ["jan.berg@berg.no", "janberg@berg.no", "post@berg.no", "kari94@ziggo.nl", "karihansen@firma.no", "x@y.no"]
PHONES = ["+47 91234567", "+47 91234568", "+47 91243567", "+31612345678", "+4540506070", "123"]
STREETS = ["Kirkegata 12", "Kirkegata 12 B", "Kirkegt. 12", "Storgata 1", "Prinsengracht 263-2", "Øvre Storgate 1"]
BIRTHS = ["1980-02-29", "1980-12-02", "02.12.1980", "1981-02-28", "1990-02-28", "1980", "29.02.80"]
VALUES = {
    Kind.GIVEN: GIVEN,
    Kind.FAMILY: FAMILY,
    Kind.EMAIL: EMAILS,
    Kind.PHONE: PHONES,
    Kind.STREET: STREETS,
    Kind.BIRTH_DATE: BIRTHS,
    Kind.FULL_NAME: [f"{one} {other}" for one, other in zip(GIVEN, FAMILY, strict=False)],
    Kind.COMPANY: ["Berg AS", "Berg & Co", "Fjord Hotell AS", "Fjord Hotel"],
    Kind.ORGANISATION: ["923609016", "923609061", "974760673"],
    Kind.HOUSE_NUMBER: ["12", "12 b", "12a", "7"],
    Kind.POSTAL_CODE: ["0553", "0535", "5003", "1016 GV"],
    Kind.CITY: ["Oslo", "Bergen", "Den Haag", "Haag"],
    Kind.COUNTRY: ["NO", "NL"],
    Kind.NUMBER: ["A-100", "A-101", "B200"],
    Kind.CATEGORY: ["person", "company"],
    Kind.TEXT: ["Sea view", "sea-view", "View of the sea", "Quiet"],
}
OTHER_FIELDS = (
    Field("name", Kind.FULL_NAME),
    Field("mail", Kind.EMAIL),
    Field("street", Kind.STREET),
    Field("house", Kind.HOUSE_NUMBER),
    Field("note", Kind.TEXT),
    Field("region", Kind.REGION),
    Field("sex", Kind.CATEGORY),
)
COMPANIES = (Field("firm", Kind.COMPANY), Field("number", Kind.ORGANISATION), Field("phone", Kind.PHONE, many=True))


def _rows(fields: Sequence[Field], count: int, seed: int) -> list[tuple[str, ...]]:
    draw = random.Random(seed)

    def typed() -> dict[str, list[str]]:
        found = {}
        for field in fields:
            if draw.random() < 0.75:
                many = draw.choice((1, 1, 2, 3)) if field.many else 1
                found[field.name] = [draw.choice(VALUES.get(field.kind, ["North", "South"])) for _each in range(many)]
        return found

    return [Profile.of(typed(), fields).row for _each in range(count)]


def _taught(model: Model, size: int) -> Model:
    """The model after decisions that contradict it: its corrections are not nothing."""
    patterns = np.random.default_rng(1).integers(0, 1 << 40, size)
    levels = model.levels_of(patterns)
    held = [np.minimum(found, len(one.levels) - 1) for one, found in zip(model.comparisons, levels, strict=True)]
    return model.taught(model.pattern(held), held[0] > 2)


@pytest.mark.parametrize("fields", [GUEST_FIELDS, OTHER_FIELDS, COMPANIES], ids=["guests", "others", "companies"])
@pytest.mark.parametrize("is_taught", [False, True])
def test_one_card_is_weighed_as_in_a_table(fields: tuple[Field, ...], is_taught: bool) -> None:
    model = find(Table.from_profiles(_rows(fields, 400, 1), fields)).model
    if is_taught:
        model = _taught(model, 200)
        assert any(any(bits) for bits in model.bits.values())
    for seed in range(2, 12):
        own, *others = _rows(fields, 60, seed)
        table = Table.from_profiles([own, *others], fields)
        rows = np.arange(1, table.size)
        weight, patterns = weighed(model, Side(table, rows * 0), Side(table, rows))
        found = score(own, others, model=model)
        assert [one.weight for one in found] == pytest.approx(weight.tolist(), abs=1e-3)
        levels = np.array([one.levels for one in found]).T
        assert levels.tolist() == [each.tolist() for each in model.levels_of(patterns)]


@pytest.mark.parametrize("fields", [GUEST_FIELDS, OTHER_FIELDS, COMPANIES], ids=["guests", "others", "companies"])
def test_keys_of_one_card_are_those_of_a_table(fields: tuple[Field, ...]) -> None:
    rows = _rows(fields, 200, 20)
    where, hashed = keys(Table.from_profiles(rows, fields))
    for number, row in enumerate(rows):
        assert keys_of(row, fields) == sorted(set(hashed[where == number].tolist()))
    assert any(SEPARATOR in text for row in rows for text in row) == any(field.many for field in columns(fields))


def test_address_of_a_crowd_says_nothing_of_one_card_either() -> None:
    names = [
        "Anna",
        "Bert",
        "Carl",
        "Dora",
        "Erik",
        "Frida",
        "Gustav",
        "Hanna",
        "Ivar",
        "Jonas",
        "Kari",
        "Lars",
        "Mona",
    ]
    rows = [Profile.of({"given_name": [name], "emails": ["info@fjord.no"]}).row for name in names]
    model = find(Table.from_profiles(rows)).model
    at = [one.name for one in model.comparisons].index("emails")
    few, all_of_them = score(rows[0], rows[1:4], model=model), score(rows[0], rows[1:], model=model)
    assert {one.levels[at] for one in few} == {3}
    assert {one.levels[at] for one in all_of_them} == {-1}
