"""Rows that give way because their place is taken, and that get back what they gave."""

from collections.abc import Mapping, Sequence
from typing import Any

from customers.changes.folding import GONE
from customers.changes.models import TrackedModel
from customers.changes.piecewise import Ids
from customers.changes.statements import Target, free_place, keys, parameters


def regain(cursor: Any, model: type[TrackedModel], target: Target, ids: Sequence[int]) -> None:
    """Give rows that the set had deleted, and that came back without what was taken, their flags and places again."""
    table = model._meta.db_table
    wanted = {column: f'r."{column}" AND NOT t."{column}"' for column in model.exclusive}
    if model.places is not None:
        place, sibling, _number = model.places
        wanted[place] = f't."{place}" <> r."{place}" AND t."{sibling}" = r."{sibling}"'
    assignments = ", ".join(
        f'"{column}" = CASE WHEN {condition} THEN r."{column}" ELSE t."{column}" END'
        for column, condition in wanted.items()
    )
    cursor.execute(
        f"WITH gone AS MATERIALIZED ({GONE}) UPDATE {table} t SET {assignments} FROM gone"
        f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, gone.data) r"
        f" WHERE t.id = gone.row_id AND ({' OR '.join(f'({each})' for each in wanted.values())})",
        parameters(model, target, ids),
    )


def carry_over(
    cursor: Any,
    model: type[TrackedModel],
    column: str,
    ways: Mapping[int, tuple[int, int]],
    ids: Ids,
    *,
    yielding: bool = False,
) -> None:
    """Move rows (``ways``: row → the card in ``column`` now, and the one it goes to), or those of ``ids``. With
    ``yielding`` a row gives up its flags among siblings and takes a free place."""
    values = {column: "w.after"}
    if yielding:
        values |= dict.fromkeys(model.exclusive, "false")
        if model.places is not None and model.places[1] == column:
            values[model.places[0]] = free_place(model, "w.after")
    going = ways if ids is None else {row: ways[row] for row in ids}
    cursor.execute(
        f"UPDATE {model._meta.db_table} t SET {', '.join(f'{name} = {value}' for name, value in values.items())}"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) w (id, before, after)"
        f" WHERE t.id = w.id AND t.{column} = w.before",
        [keys(going), *(keys(cards) for cards in zip(*going.values(), strict=True))],
    )
