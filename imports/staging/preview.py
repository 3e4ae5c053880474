"""What becomes of each row, found out in a try-out and kept as rows of the run."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from django.db.backends.utils import CursorWrapper

from imports.mapping import Interpreted
from imports.problems import REASONS, Problem
from imports.staging.found import Resolved
from imports.staging.job import Job
from imports.staging.tables import copy_rows

LABEL_MAX: Final = 120
_COLUMNS: Final = ("line", "outcome", "cause", "customer_id", "label", "decision", "same_as")


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


def keep_fates(cursor: CursorWrapper, job: Job, told: list[Fate], cards: Mapping[int, int]) -> None:
    """Keep them as rows of the run; `cards` by line tell which rows speak of one guest."""
    if not told:
        return
    first: dict[int, int] = {}
    for fate in sorted(told):
        card = cards.get(fate.line, 0)
        # A card that is to be made is numbered by the row that makes it.
        first.setdefault(card, -card if card < 0 else fate.line)
    first |= _first_lines(cursor, {card: line for card, line in first.items() if card > 0})
    cursor.execute(
        """
        DROP TABLE IF EXISTS stage_fate;
        CREATE TEMP TABLE stage_fate (
            line integer, outcome text, cause text, customer_id bigint, label text, decision text, same_as integer
        ) ON COMMIT DROP
        """
    )
    earlier = {line: first[card] for line, card in cards.items() if first.get(card, line) < line}
    copy_rows(cursor, "stage_fate", _COLUMNS, ((*fate, earlier.get(fate.line)) for fate in told))
    cursor.execute(
        """
        INSERT INTO imports_importrow (business_id, run_id, line, outcome, cause, customer_id, label, decision, same_as)
        SELECT %(business)s, %(run)s, line, outcome, cause, customer_id, label, decision, same_as FROM stage_fate
        ORDER BY line
        ON CONFLICT (business_id, run_id, line) DO NOTHING
        """,
        job.values(),
    )


def _first_lines(cursor: CursorWrapper, first: Mapping[int, int]) -> dict[int, int]:
    """Known card → the line of earlier batches that met it first; those met only now are remembered."""
    if not first:
        return {}
    cursor.execute("SELECT card, line FROM planned_line WHERE card = ANY (%s)", [list(first)])
    found = dict(cursor.fetchall())
    if fresh := [each for each in first.items() if each[0] not in found]:
        copy_rows(cursor, "planned_line", ("card", "line"), fresh)
    return found


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
