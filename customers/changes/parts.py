"""Acts made of many acts: undone as a whole, some parts at a time, each part with an undo of its own."""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.utils import timezone

from customers.changes import statements
from customers.changes.models import Change, ChangeSet
from customers.changes.outcome import UndoOutcome
from customers.changes.undo import undo_rows
from customers.lineage.undoing import CannotFollow, Line, Lines, following, lines_of, rows_between_changed

AT_ONCE = 250
"""Parts undone in one go."""


def has_parts(*, change_set_id: int) -> bool:
    """Whether an act is made of parts."""
    return ChangeSet.objects.filter(part_of_id=change_set_id).exists()


def parts_left(*, change_set_id: int) -> list[int]:
    """The parts of an act that stand, the latest first."""
    parts = ChangeSet.objects.filter(part_of_id=change_set_id, state=ChangeSet.State.DONE).order_by("-id")
    return list(parts.values_list("pk", flat=True))


def lines_undo(*, change_set_id: int, lines: Lines, act_id: int) -> UndoOutcome:
    """Undo an act that merged cards, or took a merge apart. Raises :class:`CannotFollow` before anything is written."""
    with following(lines, act_id=act_id) as come_home:
        target = statements.Target(change_set_id, {}, 0)
        return undo_rows(change_set_id=change_set_id, target=target, cards_first=come_home if lines.apart else None)


def parts_undo(*, part_ids: Sequence[int], act: ChangeSet) -> tuple[UndoOutcome, list[int]]:
    """Undo some parts under ``act``, in sets, as far as they share no card: the outcome, and the parts dealt with.

    A part that cannot be undone now is counted as kept. Every part gets an act of its own, a part of ``act``.
    """
    taken, lines = _apart(part_ids)
    outcome = UndoOutcome()
    try:
        _undo(taken, lines, act, outcome)
    except CannotFollow:
        if len(taken) == 1:
            outcome.keep("mergedcard", taken)
        else:
            for part in taken:
                one, _dealt = parts_undo(part_ids=[part], act=act)
                outcome.add(one)
    return outcome, taken


def _apart(part_ids: Sequence[int]) -> tuple[list[int], Lines]:
    """The first parts of which no two share a card, or a row between two cards, and what they did."""
    lines = lines_of(change_set_ids=part_ids)
    touched: dict[int, set[tuple[str, int]]] = {part: set() for part in part_ids}
    for line in (*lines.apart, *lines.together):
        touched[line.change_set_id] |= {("customer", card) for card in _cards(line)}
    for part, record, row in rows_between_changed(change_set_ids=part_ids):
        touched[part].add((record, row))
    seen: set[tuple[str, int]] = set()
    taken = []
    for part in part_ids:
        if touched[part] & seen:
            # The rest waits too: rows between cards of two parts go back in their order.
            break
        taken.append(part)
        seen |= touched[part]
    chosen = set(taken)
    return taken, Lines(
        [line for line in lines.apart if line.change_set_id in chosen],
        [line for line in lines.together if line.change_set_id in chosen],
    )


def _undo(part_ids: Sequence[int], lines: Lines, act: ChangeSet, outcome: UndoOutcome) -> None:
    first, *also = sorted(part_ids)
    with following(lines, act_id=act.pk) as come_home:
        target = statements.Target(first, {}, 0, tuple(also))
        cards_first = come_home if lines.apart else None
        outcome.add(undo_rows(change_set_id=first, target=target, cards_first=cards_first))
    undone = {part.pk: part for part in ChangeSet.objects.filter(pk__in=part_ids)}
    kept = {"kept": 0} if outcome.kept == 0 else {}
    left = rows_of_each(change_set_ids=part_ids, rows=outcome.left)
    undos = ChangeSet.objects.bulk_create(
        ChangeSet(
            kind=ChangeSet.Kind.UNDO,
            state=ChangeSet.State.DONE,
            title=part.title,
            params=part.params,
            member_id=act.member_id,
            actor=act.actor,
            is_event=False,
            undoes_id=part.pk,
            part_of_id=act.pk,
            result=kept | ({"left": left[part.pk]} if part.pk in left else {}),
            finished_at=timezone.now(),
        )
        for part in undone.values()
    )
    own = {undo.undoes_id: undo.pk for undo in undos}
    changes_part(
        act_id=act.pk,
        acts={card: own[line.change_set_id] for line in (*lines.apart, *lines.together) for card in _cards(line)},
        absorbed=lines.absorbed,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_changeset x SET state = 'undone', undone_by_id = u.id FROM customers_changeset u"
            " WHERE u.id = ANY (%s::bigint[]) AND x.id = u.undoes_id",
            [statements.keys(own.values())],
        )
        # Taking an undo back, the act it had undone stands again.
        cursor.execute(
            "UPDATE customers_changeset x SET state = 'done', undone_by_id = NULL FROM customers_changeset y"
            " WHERE y.id = ANY (%s::bigint[]) AND x.id = y.undoes_id AND x.undone_by_id = y.id",
            [statements.keys(part_ids)],
        )


def rows_of_each(
    *, change_set_ids: Sequence[int], rows: Mapping[str, Sequence[int]]
) -> dict[int, dict[str, list[int]]]:
    """Which of these rows, by record, each of these acts changed."""
    found: dict[int, dict[str, list[int]]] = {}
    for record, ids in rows.items():
        changes = Change.objects.filter(change_set_id__in=change_set_ids, record=record, row_id__in=ids)
        for act, row in changes.values_list("change_set_id", "row_id").distinct().order_by("change_set_id", "row_id"):
            found.setdefault(act, {}).setdefault(record, []).append(row)
    return found


def _cards(line: Line) -> tuple[int, int]:
    return line.absorbed_id, line.survivor_id


def changes_part(*, act_id: int, acts: dict[int, int], absorbed: Sequence[int]) -> None:
    """Part what this transaction wrote under one act into acts of their own (``acts``: card → act)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customers_changes_part(%s, %s::bigint[], %s::bigint[], %s::bigint[])",
            [act_id, statements.keys(acts), statements.keys(acts.values()), statements.keys(absorbed)],
        )
