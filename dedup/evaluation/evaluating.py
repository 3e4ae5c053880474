"""Running the engine over a labelled table."""

from dataclasses import dataclass

from dedup.engine import Capped, Field, Found, Table, find
from dedup.evaluation.measuring import Measures, measured, numbered
from dedup.evaluation.reading import Labelled


@dataclass(frozen=True)
class Evaluation:
    """What was found in a table, and how well it fits."""

    fields: tuple[Field, ...]
    left_out: tuple[str, ...]
    table: Table
    found: Found
    measures: Measures

    @property
    def capped(self) -> list[Capped]:
        """What was cut off."""
        return self.found.capped


def evaluated(labelled: Labelled) -> Evaluation:
    """Find the duplicates of a table as in any register, without its truth; then measure them by it."""
    fields = labelled.guess.fields
    table = Table.of_columns(labelled.columns, fields, source=labelled.sources)
    found = find(table)
    sources = numbered(labelled.sources) if labelled.sources is not None else None
    measures = measured(found, numbered(labelled.truth), sources)
    return Evaluation(fields, labelled.guess.left_out, table, found, measures)
