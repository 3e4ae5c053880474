"""Fields of the business's own, in sets: planned, counted and written like the card's own columns."""

from collections.abc import Collection
from typing import Final

from django.db.backends.utils import CursorWrapper

from imports.mapping import Interpreted
from imports.staging.ages import ages_of_values
from imports.staging.found import Resolved
from imports.staging.job import Job
from imports.staging.tables import FIELD_COLUMNS, copy_rows

VALUE_COLUMNS: Final = ("text", "number", "date", "flag")
_OF_GUEST: Final = ("customers_guestfieldvalue", "customer_id")
_OF_STAY: Final = ("customers_stayfieldvalue", "stay_id")


def stage_fields(cursor: CursorWrapper, found: Resolved, batch: Interpreted) -> None:
    """Fill `stage_field` with the values of rows that have a guest, or a stay that is not left out."""
    cards, stays = found.card_of, found.stay_of
    rows = [("guest", cards[row.line], *row) for row in batch.guest_fields if row.line in cards]
    kept = {stay.line for stay in found.stays}
    rows += [("stay", stays[row.line], *row) for row in batch.stay_fields if row.line in kept]
    if rows:
        copy_rows(cursor, "stage_field", FIELD_COLUMNS, rows)


def plan_fields(cursor: CursorWrapper, job: Job, known: list[int], seen: Collection[int]) -> None:
    """`plan_field`: values that are missing or differ, `value_id` NULL where there is none.

    The first filled value of each field holds. Of a guest it overwrites the register's where the policy lets it
    and it stands in the guest's first row of the file, or the newest one; of a stay the file's always does.
    """
    newest = job.policy.update == "newest"
    later = "AND (w.of = 'stay' OR w.told_at > coalesce(a.at, '-infinity'))" if newest else ""
    order = "coalesce(changed_at, %(told_at)s) DESC, line" if newest else "line"
    cursor.execute(
        f"""
        CREATE TEMP TABLE plan_field ON COMMIT DROP AS
        WITH {ages_of_values() if newest else ""} firsts AS (
            SELECT DISTINCT ON (customer_id) customer_id, line, coalesce(changed_at, %(told_at)s) AS told_at
            FROM stage_guest ORDER BY customer_id, {order}
        ),
        wanted AS (
            SELECT DISTINCT ON (f.of, f.row_id, f.field_id) f.*,
                   f.of = 'stay' OR (
                       %(decides)s AND f.row_id = ANY (%(known)s) AND f.row_id <> ALL (%(seen)s::bigint[])
                       AND f.line = g.line
                   ) AS decides, g.told_at
            FROM stage_field f LEFT JOIN firsts g ON f.of = 'guest' AND g.customer_id = f.row_id
            ORDER BY f.of, f.row_id, f.field_id, f.line
        ), held AS MATERIALIZED (
            SELECT 'guest' AS of, customer_id AS row_id, field_id, id, {", ".join(VALUE_COLUMNS)}
            FROM customers_guestfieldvalue
            WHERE business_id = %(business)s
              AND customer_id = ANY (ARRAY(SELECT DISTINCT row_id FROM stage_field WHERE of = 'guest'))
            UNION ALL
            SELECT 'stay', stay_id, field_id, id, {", ".join(VALUE_COLUMNS)}
            FROM customers_stayfieldvalue
            WHERE business_id = %(business)s
              AND stay_id = ANY (ARRAY(SELECT DISTINCT row_id FROM stage_field WHERE of = 'stay'))
        )
        SELECT w.*, h.id AS value_id
        FROM wanted w LEFT JOIN held h ON h.of = w.of AND h.row_id = w.row_id AND h.field_id = w.field_id
        {"LEFT JOIN ages a ON w.of = 'guest' AND a.row_id = h.id" if newest else ""}
        WHERE h.id IS NULL
           OR (w.decides {later} AND ({_columns("w")}) IS DISTINCT FROM ({_columns("h")}))
        """,
        job.values() | {"decides": job.decides, "known": known, "seen": list(seen), "told_at": job.told_at},
    )


def apply_fields(cursor: CursorWrapper, job: Job) -> None:
    """Write what was planned."""
    cursor.execute("SELECT DISTINCT of FROM plan_field")
    for of in sorted(row[0] for row in cursor.fetchall()):
        table, owner = _OF_GUEST if of == "guest" else _OF_STAY
        values = job.values() | {"of": of}
        cursor.execute(
            f"""
            INSERT INTO {table} (business_id, version, {owner}, field_id, {", ".join(VALUE_COLUMNS)})
            SELECT %(business)s, 1, row_id, field_id, {", ".join(VALUE_COLUMNS)}
            FROM plan_field WHERE of = %(of)s AND value_id IS NULL ORDER BY row_id, field_id
            """,
            values,
        )
        cursor.execute(
            f"""
            UPDATE {table} v SET {", ".join(f"{column} = p.{column}" for column in VALUE_COLUMNS)}
            FROM plan_field p
            WHERE p.of = %(of)s AND v.business_id = %(business)s AND v.id = p.value_id
            """,
            values,
        )


def _columns(alias: str) -> str:
    return ", ".join(f"{alias}.{column}" for column in VALUE_COLUMNS)
