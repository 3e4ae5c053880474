"""What becomes of each row, found out in a try-out and kept as rows of the run."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from django.db.backends.utils import CursorWrapper

from imports.mapping import Interpreted
from imports.problems import REASONS, Problem
from imports.staging.found import Resolved
from imports.staging.job import Job
from imports.staging.tables import copy_rows

LABEL_MAX: Final = 120
_COLUMNS: Final = ("line", "outcome", "cause", "customer_id", "label", "decision")


class Fate(NamedTuple):
    """What becomes of a row; `ImportRow` explains the columns."""

    line: int
    outcome: str
    cause: str
    customer_id: int | None
    label: str
    decision: str


def fates(
    found: Resolved,
    batch: Interpreted,
    problems: Iterable[Problem],
    changed: Collection[int],
    touched: Collection[int],
) -> list[Fate]:
    """What becomes of each row of the batch.

    `changed` are cards of before that the batch changes, `touched` lines that bring something beside the card: a stay
    or invoice that is new or differs. `problems` are all the batch's: of those that leave a row out the first counts.
    What was decided stays in the group in which it was found.
    """
    labels = _labels(batch)
    left_out: dict[int, Problem] = {}
    for problem in problems:
        if REASONS[problem.reason][1]:
            left_out.setdefault(problem.line, problem)
    told = [
        Fate(line, "invalid", problem.reason, None, labels.get(line) or problem.value[:LABEL_MAX], "")
        for line, problem in left_out.items()
    ]
    for line, decided in found.decisions.items():
        if line not in left_out:
            told.append(
                Fate(line, decided.outcome, decided.cause, decided.customer_id, decided.label, decided.decision)
            )
    met: set[int] = set()
    for line, card in found.card_of.items():
        if line not in left_out and line not in found.decisions:
            told.append(
                Fate(line, *_fate(found, line, card, card in changed or line in touched, met), labels.get(line, ""), "")
            )
        met.add(card)
    return told


def keep_fates(cursor: CursorWrapper, job: Job, told: list[Fate]) -> None:
    """Keep them as rows of the run."""
    if not told:
        return
    cursor.execute(
        """
        DROP TABLE IF EXISTS stage_fate;
        CREATE TEMP TABLE stage_fate (
            line integer, outcome text, cause text, customer_id bigint, label text, decision text
        ) ON COMMIT DROP
        """
    )
    copy_rows(cursor, "stage_fate", _COLUMNS, told)
    cursor.execute(
        """
        INSERT INTO imports_importrow (business_id, run_id, line, outcome, cause, customer_id, label, decision)
        SELECT %(business)s, %(run)s, line, outcome, cause, customer_id, label, decision FROM stage_fate ORDER BY line
        ON CONFLICT (business_id, run_id, line) DO NOTHING
        """,
        job.values(),
    )


def _fate(found: Resolved, line: int, card: int, changes: bool, met: set[int]) -> tuple[str, str, int | None]:
    """(outcome, cause, card) of a row about which nothing was decided; `met` are the cards of earlier rows."""
    probable = found.probable.get(line)
    if probable is not None:
        return "review", probable.cause, probable.customer_id
    if card in found.new and card not in met:
        return "create", "", None
    if card in found.new or card < 0:
        return "update", "file", None
    return "update" if changes else "unchanged", found.how.get(line, ""), card


def _labels(batch: Interpreted) -> dict[int, str]:
    """Line → whom the row speaks of: by name, company, or else by the first address or number."""
    labels = {
        guest.line: (f"{guest.given_name} {guest.family_name}".strip() or guest.company_name)[:LABEL_MAX]
        for guest in batch.guests
    }
    for contact in batch.contacts:
        if not labels.get(contact.line, " "):
            labels[contact.line] = contact.value[:LABEL_MAX]
    return labels
