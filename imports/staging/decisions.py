"""What a member decided about single rows, by their lines."""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from imports.staging.job import Job


class Decided(NamedTuple):
    """A decision, and what was found about the row when it was made; `ImportRow` explains the columns."""

    decision: str
    outcome: str
    cause: str
    customer_id: int | None
    label: str


Decisions = dict[int, Decided]
"""Line → what was decided."""


def begin_preview(job: Job) -> None:
    """Drop what an earlier look found, but for what was decided since, which is honoured by this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DROP TABLE IF EXISTS planned_decision;
            CREATE TEMP TABLE planned_decision ON COMMIT DROP AS
            SELECT line, decision, outcome, cause, customer_id, label FROM imports_importrow
            WHERE business_id = %(business)s AND run_id = %(run)s AND decision <> '';
            CREATE INDEX ON planned_decision (line);
            DELETE FROM imports_importrow WHERE business_id = %(business)s AND run_id = %(run)s
            """,
            job.values(),
        )


def decisions_of(cursor: CursorWrapper, job: Job, lines: Collection[int]) -> Decisions:
    """What was decided about rows of these lines; nothing where the file was not looked through."""
    if not lines or not job.run_id:
        return {}
    source = (
        "FROM planned_decision WHERE true"
        if job.dry
        else "FROM imports_importrow WHERE business_id = %(business)s AND run_id = %(run)s AND decision <> ''"
    )
    cursor.execute(
        f"""
        SELECT line, decision, outcome, cause, coalesce(
            (SELECT l.survivor_id FROM customers_cardlineage l WHERE l.absorbed_id = customer_id), customer_id), label
        {source}
        AND line BETWEEN %(first)s AND %(last)s
        """,
        job.values() | {"first": min(lines), "last": max(lines)},
    )
    return {line: Decided(*rest) for line, *rest in cursor.fetchall()}
