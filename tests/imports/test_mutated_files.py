"""Damaged files are read or refused with a sentence: nothing else happens, whatever the damage.

`benchmarks/mutated_files.py` does the same with 10,000 files.
"""

import datetime as dt
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.mutations import looked_through, mutated, seeds
from imports.mapping import Context, interpret, lay, suggest
from imports.readers import Batch, open_source
from imports.readers.errors import FileError

SEEDS = seeds()


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_the_files_that_are_mutated_are_read_themselves(name: str) -> None:
    assert looked_through(SEEDS[name]) == name.split()[0]


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_mutated_files(first: int) -> None:
    ends = set()
    for number in range(first, first + 50):
        ends.add(looked_through(mutated(number, SEEDS)[1]))
    # Were all refused, or none, the mutations would be no test.
    assert ends & {"csv", "xlsx", "zip"}
    assert ends - {"csv", "xlsx", "zip"}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SEEDS)), st.data())
def test_bytes_put_anywhere(name: str, data: st.DataObject) -> None:
    content = SEEDS[name]
    at = data.draw(st.integers(0, len(content)))
    gone = data.draw(st.integers(0, 20))
    looked_through(content[:at] + data.draw(st.binary(max_size=20)) + content[at + gone :])


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('a1";,\t|\\\n\r \ufeff=.@+:'), max_size=120))
@example('a;b\n"1;2\n')
@example('"a";"b"\n\\";1\n')
@example("sep=\n")
def test_texts_of_what_readers_stumble_over(text: str) -> None:
    looked_through(text.encode())


def test_long_runs_of_spaces_are_cut_before_separators_are_looked_for() -> None:
    header = ("given_name", "family_name", "phone", "note")
    plan = lay(suggest(header, [["Jan", "Berg", "1", "x"]]).layout, header)
    rows = [["Jan", "Berg", "900" + " " * 9_000 + "12345", "a" + " " * 9_000 + "b\nc"]]
    (guest,) = (found := interpret(plan, Batch([2], rows), Context("NO", "nb", dt.date(2026, 6, 1)))).guests
    assert guest.note == "a" + " " * 31 + "b\nc"
    assert [len(contact.value) < 50 for contact in found.contacts] == [True]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 9))
def test_a_damaged_file_is_cut_at_the_same_places_each_time(number: int, size: int) -> None:
    content = mutated(number, SEEDS)[1]

    def reading() -> list[tuple[list[int], list[list[str]]]]:
        try:
            table = open_source(lambda: io.BytesIO(content)).table()
            return [(batch.lines, batch.rows) for batch in table.batches(size)]
        except FileError:
            return []

    assert reading() == reading()
