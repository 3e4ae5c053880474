"""Rows that a set led to another card and did nothing else to: nearly all that a merge does, and quick to lead back."""

from typing import Any

from customers.changes.folding import OF_SET
from customers.changes.models import TrackedModel
from customers.changes.piecewise import Ids
from customers.changes.statements import Target, card_columns, parameters


def led_by(model: type[TrackedModel], target: Target) -> str:
    """The column of a card by which the set led these rows, each of them once; empty where it did anything else."""
    changed = target.plain.get(str(model._meta.model_name), ())
    column = changed[0] if len(changed) == 1 else ""
    return column if column in card_columns(model) and not model._meta.get_field(column).null else ""


def lead_back(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids) -> list[int]:
    """Lead rows back that are still where :func:`led_by` says the set led them, or with the card that carries on for
    it; where the card they came from is gone, they stay. Returns their ids: each is as before the set.

    What carries on for a card is asked once a card: the rows are many, their cards few.
    """
    column = led_by(model, target)
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
        UPDATE {model._meta.db_table} t SET "{column}" = cards.back
        FROM led JOIN cards ON cards.came = led.came AND cards.went = led.went
        WHERE t.id = led.row_id AND t."{column}" IN (cards.went, cards.now)
        RETURNING t.id
        """,
        parameters(model, target, ids),
    )
    return [row[0] for row in cursor.fetchall()]
