"""Rows that a set led to another card and did nothing else to: nearly all that a merge does, and quick to lead back."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from customers.changes.folding import OF_SET
from customers.changes.models import TrackedModel
from customers.changes.piecewise import Ids
from customers.changes.statements import Target, card_columns, parameters


def led_by(model: type[TrackedModel], target: Target) -> str:
    """The column of a card by which the set led these rows, each of them once; empty where it did anything else."""
    changed = target.plain.get(str(model._meta.model_name), ())
    column = changed[0] if len(changed) == 1 else ""
    return column if column in card_columns(model) and not model._meta.get_field(column).null else ""


Same = Mapping[str, Mapping[str, Sequence[Any]]]
"""Record → column → the old and the new value that all of its rows had."""


class Way(NamedTuple):
    """The one way that a set led all rows from one card to another: ``back`` is where they go now, ``now`` the card
    that carries on for the one they went to."""

    went: int
    now: int
    back: int


def one_way(cursor: Any, models: Sequence[type[TrackedModel]], target: Target, same: Same) -> Way | None:
    """The way of all rows of these tables that :func:`led_by` tells of: what a merge of two cards did. ``same`` are the
    changes that all rows of a record had. ``None`` where there are several, or the card they came from is gone."""
    led = {str(model._meta.model_name): column for model in models if (column := led_by(model, target))}
    ways = {tuple(same.get(record, {}).get(column, ())) for record, column in led.items()}
    if len(ways) != 1 or () in ways:
        return None
    ((came, went),) = ways
    cursor.execute(
        "WITH line AS (SELECT * FROM customers_cardlineage WHERE absorbed_id IN (%(came)s, %(went)s))"
        " SELECT coalesce((SELECT survivor_id FROM line WHERE absorbed_id = %(went)s), %(went)s), p.id"
        " FROM customers_customer p"
        " WHERE p.id = coalesce((SELECT survivor_id FROM line WHERE absorbed_id = %(came)s), %(came)s)",
        {"came": came, "went": went},
    )
    found = cursor.fetchone()
    return Way(went, *found) if found else None


def lead_back(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids, way: Way | None = None) -> list[int]:
    """Lead rows back that are still where :func:`led_by` says the set led them, or with the card that carries on for
    it; where the card they came from is gone, they stay. Returns their ids: each is as before the set. ``way``: theirs,
    where all of them have gone one. Else what carries on is asked once a card: the rows are many, their cards few.
    """
    table, column = model._meta.db_table, led_by(model, target)
    values = parameters(model, target, ids)
    if way:
        cursor.execute(
            f'UPDATE {table} t SET "{column}" = %(back)s WHERE t."{column}" IN (%(went)s, %(now)s)'
            f" AND t.id = ANY (ARRAY(SELECT c.row_id FROM customers_change c WHERE {OF_SET} AND c.act = 'U'))"
            " RETURNING t.id",
            values | way._asdict(),
        )
    else:
        cursor.execute(
            f"""
            WITH led AS MATERIALIZED (
                SELECT c.row_id, (c.data #>> '{{{column},0}}')::bigint AS came,
                       (c.data #>> '{{{column},1}}')::bigint AS went
                FROM customers_change c WHERE {OF_SET} AND c.act = 'U'
            ), cards AS MATERIALIZED (
                SELECT d.came, d.went, p.id AS back, coalesce(after.survivor_id, d.went) AS now
                FROM (SELECT DISTINCT came, went FROM led) d
                LEFT JOIN customers_cardlineage before ON before.absorbed_id = d.came
                LEFT JOIN customers_cardlineage after ON after.absorbed_id = d.went
                JOIN customers_customer p ON p.id = coalesce(before.survivor_id, d.came)
            )
            UPDATE {table} t SET "{column}" = cards.back
            FROM led JOIN cards ON cards.came = led.came AND cards.went = led.went
            WHERE t.id = led.row_id AND t."{column}" IN (cards.went, cards.now)
            RETURNING t.id
            """,
            values,
        )
    return [row[0] for row in cursor.fetchall()]
