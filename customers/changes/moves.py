"""Rows that a set led to another card and did nothing else to: nearly all that a merge does, and quick to lead back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from customers.changes.folding import OF_SET
from customers.changes.models import TrackedModel
from customers.changes.piecewise import Ids
from customers.changes.statements import Target, card_columns, keys, parameters


def led_by(model: type[TrackedModel], target: Target) -> str:
    """The column of a card by which the set led these rows, each of them once; empty where it did anything else."""
    changed = target.plain.get(str(model._meta.model_name), ())
    column = changed[0] if len(changed) == 1 else ""
    return column if column in card_columns(model) and not model._meta.get_field(column).null else ""


class Way(NamedTuple):
    """The one way that a set led all rows from one card to another: ``back`` is where they go now, ``now`` the card
    that carries on for the one they went to."""

    went: int
    now: int
    back: int


_CARDS = """
    SELECT d.came, d.went, p.id AS back, coalesce(after.survivor_id, d.went) AS now
    FROM (SELECT DISTINCT came, went FROM led) d
    LEFT JOIN customers_cardlineage before ON before.absorbed_id = d.came
    LEFT JOIN customers_cardlineage after ON after.absorbed_id = d.went
    LEFT JOIN customers_customer p ON p.id = coalesce(before.survivor_id, d.came)
"""
"""Of each way that rows were ``led``: the card they go back to, if it is there, and where they are meanwhile. Asked
once a way: the rows are many, their cards few."""


def one_way(cursor: Any, models: Sequence[type[TrackedModel]], target: Target) -> Way | None:
    """The way of all rows of these tables that :func:`led_by` tells of: what a merge of two cards did. ``None`` where
    there are several, or the card they came from is gone."""
    led = {str(model._meta.model_name): column for model in models if (column := led_by(model, target))}
    if not led:
        return None
    cursor.execute(
        f"""
        WITH led AS MATERIALIZED (
            SELECT (d.data #>> ARRAY[l.name, '0'])::bigint AS came, (d.data #>> ARRAY[l.name, '1'])::bigint AS went
            FROM (
                SELECT DISTINCT c.record, c.data FROM customers_change c
                WHERE c.change_set_id = ANY (%(sets)s::bigint[]) AND c.record = ANY (%(records)s) AND c.act = 'U'
            ) d JOIN unnest(%(records)s, %(columns)s) l (record, name) ON l.record = d.record
        )
        SELECT went, now, back FROM ({_CARDS}) cards LIMIT 2
        """,
        {"sets": keys((target.id, *target.also)), "records": list(led), "columns": list(led.values())},
    )
    ways = cursor.fetchall()
    return Way(*ways[0]) if len(ways) == 1 and ways[0][-1] else None


def lead_back(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids, way: Way | None = None) -> list[int]:
    """Lead rows back that are still where :func:`led_by` says the set led them, or with the card that carries on for
    it; where the card they came from is gone, they stay. Returns their ids: each is as before the set. ``way``: theirs,
    where all of them have gone one.
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
            ), cards AS MATERIALIZED ({_CARDS})
            UPDATE {table} t SET "{column}" = cards.back
            FROM led JOIN cards ON cards.came = led.came AND cards.went = led.went
            WHERE t.id = led.row_id AND cards.back IS NOT NULL AND t."{column}" IN (cards.went, cards.now)
            RETURNING t.id
            """,
            values,
        )
    return [row[0] for row in cursor.fetchall()]
