"""Labelled files: columns guessed, measures, the report and the command."""

import csv
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from dedup.engine import Field, Kind, Table
from dedup.evaluation.guessing import guessed
from dedup.evaluation.reading import Unreadable, read

GIVEN = "Kari Ola Eva Nils Anne Jon Siri Per Maja Trygve Lise Odd Berit Hugo Vera Finn"
ROOTS = "Nord Hans Berg Lind Dahl Moe Vik Holm Grav Sund Kvam Tveit Ross Alm Fjell Brekk"
ENDS = "li sen gard strom heim nes vold rud stad mark"


def write(path: Path, header: list[str], rows: list[list[str]], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([header, *rows])
    return path


def people(path: Path, delimiter: str = ",") -> Path:
    random, ends = Random(4), ENDS.split()
    rows = []
    for number in range(240):
        given, family = random.choice(GIVEN.split()), random.choice(ROOTS.split()) + random.choice(ends)
        mail = f"{given[0].lower()}{family.lower()}{random.randrange(100)}@{random.choice(['mail', 'post'])}.no"
        born = f"19{random.randrange(30, 99)}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}"
        rows.append([f"{number}a", str(number), f"h{number // 2}", given, family, mail, born])
        if number % 3 == 0:
            rows.append([f"{number}b", str(number), f"h{number // 2}", given, family[:-1], mail, ""])
    return write(path, ["id", "cluster", "household", "Fornavn", "Etternavn", "E-post", "Fødselsdato"], rows, delimiter)


def test_columns_are_guessed_and_the_truth_is_left_out(tmp_path: Path) -> None:
    labelled = read(people(tmp_path / "people.csv", ";"), id_column="id", truth="cluster")
    kinds = {field.name: field.kind for field in labelled.guess.fields}
    assert kinds == {
        "Fornavn": Kind.GIVEN,
        "Etternavn": Kind.FAMILY,
        "E-post": Kind.EMAIL,
        "Fødselsdato": Kind.BIRTH_DATE,
    }
    assert "household" in labelled.guess.left_out


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("name", ["Kari Nordli", "Robert Smith", "Anna Berg", "Jan de Vries"], Kind.FULL_NAME),
        ("name", ["Delta Bygg AS", "Hotel Bristol", "Cafe 17", "Smith & Sons Ltd"], Kind.COMPANY),
        ("soc_sec_id", ["123", "124", "123", "125"], Kind.NUMBER),
        ("PLZ", ["1234", "4321", "1111", "2222"], Kind.POSTAL_CODE),
        ("mailing_address_zipcode", ["1234", "4321", "1111", "2222"], Kind.POSTAL_CODE),
        ("contact", ["a@b.no", "c@d.no", "e@f.no", ""], Kind.EMAIL),
        ("huisnummer", ["1", "2", "3b", "4"], Kind.HOUSE_NUMBER),
        ("master_id", ["E1", "E2", "E3", "E4"], None),
        ("record_id", ["1", "2", "3", "4"], None),
    ],
)
def test_column_is_known_by_header_and_values(header: str, values: list[str], kind: Kind | None) -> None:
    fields = guessed({header: values}).fields
    assert [field.kind for field in fields] == ([kind] if kind else [])


def test_command_tells_measures_and_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    path = people(tmp_path / "people.csv")
    call_command("evaluate_matching", str(path), id="id", truth="cluster", json=True, report=page)
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 320
    assert told["true_pairs"] == 80
    assert told["f1"] > 0.9
    assert {"precision", "recall", "best_f1", "cluster_precision", "cluster_recall", "cluster_f1"} <= set(told)
    assert told["seconds"] > 0 < told["peak_mb"]
    assert "Proposed and wrong" in page.read_text("utf-8")


def test_unknown_columns_are_refused_with_those_there_are(tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv")
    with pytest.raises(Unreadable, match="Fornavn"):
        read(path, id_column="id", truth="nothing")
    with pytest.raises(CommandError, match="given"):
        call_command("evaluate_matching", str(path), id="id", truth="cluster", map=["Fornavn=nonsense"])


def test_what_is_said_of_columns_is_added_to_what_is_guessed(tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv")

    def kinds(*mapped: tuple[str, str]) -> dict[str, Kind]:
        read_as = read(path, id_column="id", truth="cluster", mapped=mapped)
        return {field.name: field.kind for field in read_as.guess.fields}

    guessed_alone = kinds()
    assert kinds(("household", "number")) == {**guessed_alone, "household": Kind.NUMBER}
    assert kinds(("Fødselsdato", "nothing")) == {name: kind for name, kind in guessed_alone.items() if "ø" not in name}
    assert kinds(("email", "E-post"), ("surname", "Fornavn"))["Fornavn"] is Kind.FAMILY
    with pytest.raises(Unreadable, match="no column 'Adresse'"):
        kinds(("Adresse", "street"))


def test_columns_make_the_table_that_rows_make() -> None:
    fields = (
        Field("name", Kind.FULL_NAME),
        Field("tel", Kind.PHONE),
        Field("land", Kind.COUNTRY),
        Field("at", Kind.STREET),
    )
    typed = {
        "name": ["Kari Nordli", "", "Jan van der Berg", "Kari Nordli"],
        "tel": ["912 34 567", "912 34 567", "", "06 12345678"],
        "land": ["NO", "", "NL", "NL"],
        "at": ["Kirkegata 12", "Kirkegata 12 B", "", "Storgata"],
    }
    rows = [{name: [values[at]] for name, values in typed.items() if values[at]} for at in range(4)]
    one, other = Table.of_columns(typed, fields), Table.of(rows, fields)
    assert list(one.columns) == list(other.columns)
    for name, column in one.columns.items():
        assert [*column.spread(np.array(column.texts, object), "")] == [
            *other.columns[name].spread(np.array(other.columns[name].texts, object), "")
        ]
