"""What the undo of a merge does beside the undo of any act (:mod:`customers.changes.undo`): lineage, carried rows, what
came since, consents. Both ways: cards come apart, and undoing that, come together again."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext as _

from accounts.tenancy.models import TenantForeignKey
from customers.changes import places, statements
from customers.changes.models import TrackedModel
from customers.changes.piecewise import piecewise
from customers.facts.services import facts_once
from customers.lineage.carried import carry, uncarry
from customers.lineage.selectors import survivors_of


class CannotFollow(Exception):
    """The cards cannot come apart, or together again, now; the message says why, for people."""


@dataclass(frozen=True)
class Line:
    """A card that was merged: into which, when, and by which change of history that was recorded."""

    absorbed_id: int
    survivor_id: int
    merged_at: datetime
    change_id: int
    change_set_id: int


@dataclass
class Lines:
    """What a set of acts merged (``apart``: its undo takes that apart) or took apart (``together``)."""

    apart: list[Line] = field(default_factory=list)
    together: list[Line] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.apart or self.together)

    @property
    def absorbed(self) -> list[int]:
        return [line.absorbed_id for line in (*self.apart, *self.together)]

    @property
    def cards(self) -> set[int]:
        return {card for line in (*self.apart, *self.together) for card in (line.absorbed_id, line.survivor_id)}


def lines_of(*, change_set_ids: Sequence[int]) -> Lines:
    """The merges that these acts made and that stand, and those that they took back. One query."""
    lines = Lines()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.act, m.absorbed_id, m.survivor_id, m.merged_at, c.id, c.change_set_id FROM customers_change c"
            " CROSS JOIN LATERAL jsonb_populate_record(NULL::customers_mergedcard, c.data) d"
            " LEFT JOIN customers_mergedcard k ON k.id = c.row_id AND c.act = 'I'"
            " CROSS JOIN LATERAL (SELECT coalesce(k.absorbed_id, d.absorbed_id) AS absorbed_id,"
            "  coalesce(k.survivor_id, d.survivor_id) AS survivor_id,"
            "  coalesce(k.merged_at, d.merged_at) AS merged_at) m"
            " WHERE c.change_set_id = ANY (%s::bigint[]) AND c.record = 'mergedcard' AND m.absorbed_id IS NOT NULL"
            " ORDER BY c.id",
            [statements.keys(change_set_ids)],
        )
        for act, *values in cursor.fetchall():
            (lines.apart if act == "I" else lines.together).append(Line(*values))
    return lines


def rows_between_changed(*, change_set_ids: Sequence[int]) -> list[tuple[int, str, int]]:
    """The rows between two cards that these acts changed: (act, record, row). One query."""
    records = [record for record, columns in _of_cards().items() if len(columns) > 1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT change_set_id, record, row_id FROM customers_change"
            " WHERE change_set_id = ANY (%s::bigint[]) AND record = ANY (%s)",
            [statements.keys(change_set_ids), records],
        )
        return cursor.fetchall()


@contextmanager
def following(lines: Lines, *, act_id: int) -> Iterator[Callable[[], None]]:
    """Around the undo of acts that merged cards or took merges apart, inside its recording. Gives what is to be called
    once the cards are back and have their rows, before others return.

    Raises :class:`CannotFollow` before anything is written.
    """
    roots = dict(zip(lines.absorbed, _roots(lines), strict=True))
    _lock({*lines.cards, *roots.values()}, lines)
    with facts_once(), connection.cursor() as cursor:
        if lines.together:
            carry({line.absorbed_id: roots[line.absorbed_id] for line in lines.together})
        apart = {line.absorbed_id: roots[line.absorbed_id] for line in lines.apart}
        yield partial(_come_home, cursor, lines.apart, apart)
        if lines.apart:
            uncarry(apart, {line.absorbed_id: (line.survivor_id, line.merged_at) for line in lines.apart})
            _place(cursor, lines.apart, apart)
        consents_derive(cursor, {*lines.cards, *roots.values()})
        if lines.apart:
            _stricter_since(cursor, lines.apart, apart, act_id)


def consents_join(cursor: Any, customer_ids: Collection[int]) -> None:
    """Let the consents of these cards be what the logs of all cards merged into them tell; where none of those has
    said anything, they are."""
    cursor.execute(
        "SELECT DISTINCT l.survivor_id FROM customers_cardlineage l WHERE l.survivor_id = ANY (%s::bigint[])"
        " AND EXISTS (SELECT FROM customers_consentevent e WHERE e.customer_id = l.absorbed_id)",
        [statements.keys(sorted(customer_ids))],
    )
    told = [card for (card,) in cursor.fetchall()]
    if told:
        consents_derive(cursor, told)


def consents_derive(cursor: Any, customer_ids: Collection[int]) -> None:
    """Let the consents of these cards be what their logs tell, after a merge or its undo."""
    cursor.execute("SELECT customers_consent_derive(%s::bigint[])", [statements.keys(sorted(customer_ids))])


def restricted_text() -> str:
    return _("The processing of this guest's data is restricted. The card can be read, but not changed.")


def _roots(lines: Lines) -> list[int]:
    """Of each merge the card that carries on now."""
    survivors = [line.survivor_id for line in (*lines.apart, *lines.together)]
    now = survivors_of(customer_ids=survivors)
    return [now.get(each, each) for each in survivors]


def _lock(cards: Collection[int], lines: Lines) -> None:
    """Lock the cards in the order of their ids, and see that what is to happen can."""
    ids = statements.keys(sorted(cards))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, is_restricted FROM customers_customer WHERE id = ANY (%s::bigint[]) ORDER BY id"
            f" FOR {'UPDATE' if lines.together else 'NO KEY UPDATE'}",
            [ids],
        )
        there = dict(cursor.fetchall())
        if any(there.values()):
            raise CannotFollow(restricted_text())
        if any(line.absorbed_id not in there for line in lines.together):
            raise CannotFollow(_("One of the cards has been merged again since. Undo that first."))
        if lines.together:
            # What was done to them since and has been undone is as if it had not been.
            cursor.execute(
                "SELECT EXISTS (SELECT FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) l (card, change_id, act)"
                " JOIN customers_change c ON c.guest_id = l.card AND c.id > l.change_id AND c.change_set_id <> l.act"
                " JOIN customers_changeset x ON x.id = c.change_set_id"
                " WHERE x.state <> 'undone' AND (x.undoes_id IS NULL OR x.undoes_id < l.act))",
                [
                    statements.keys(line.absorbed_id for line in lines.together),
                    statements.keys(line.change_id for line in lines.together),
                    statements.keys(line.change_set_id for line in lines.together),
                ],
            )
            if cursor.fetchone()[0]:
                raise CannotFollow(_("One of the cards has been changed since. Merge the cards again instead."))


@cache
def _of_cards() -> dict[str, list[tuple[type[TrackedModel], str]]]:
    """Of each record with history its references to cards: (table, column)."""
    found: dict[str, list[tuple[type[TrackedModel], str]]] = {}
    for model in apps.get_models():
        if issubclass(model, TrackedModel) and (columns := statements.card_columns(model)):
            found[str(model._meta.model_name)] = [(model, column) for column in columns]
    return found


def _come_home(cursor: Any, lines: Sequence[Line], roots: dict[int, int]) -> None:
    """What undos of earlier acts gave to the card that carried on, because the one it had belonged to was merged."""
    if not lines:
        return
    ends = {column for columns in _of_cards().values() for _model, column in columns}
    had = " OR ".join(
        f"CASE c.act WHEN 'D' THEN c.data -> '{end}' ELSE c.data #> '{{{end},0}}' END = l.card" for end in sorted(ends)
    )
    cursor.execute(
        f"""
        WITH lines AS MATERIALIZED (
            SELECT absorbed, to_jsonb(absorbed) AS card, act
            FROM unnest(%(absorbed)s::bigint[], %(acts)s::bigint[]) l (absorbed, act)
        ), undone AS MATERIALIZED (
            SELECT x.id, x.kind IN ('import', 'bulk', 'sample') AS of_many, y.id AS by
            FROM customers_changeset y JOIN customers_changeset x ON x.id = y.undoes_id
            WHERE y.undoes_id < %(last)s AND y.id > %(first)s
        )
        SELECT c.record, c.row_id, l.absorbed, c.act, c.data
        FROM undone x JOIN customers_change c ON c.change_set_id = x.id AND c.act <> 'I'
        JOIN lines l ON x.id < l.act AND x.by > l.act AND ({had}) WHERE NOT x.of_many
        UNION  -- of acts on thousands only what they removed from these cards
        SELECT c.record, c.row_id, l.absorbed, c.act, c.data
        FROM lines l JOIN customers_change c ON c.guest_id = l.absorbed AND c.act = 'D'
        JOIN undone x ON x.of_many AND x.id = c.change_set_id AND x.id < l.act AND x.by > l.act
        WHERE EXISTS (SELECT FROM undone WHERE of_many)
        """,
        {
            "absorbed": statements.keys(line.absorbed_id for line in lines),
            "acts": statements.keys(line.change_set_id for line in lines),
            "first": min(line.change_set_id for line in lines),
            "last": max(line.change_set_id for line in lines),
        },
    )
    going: dict[tuple[type[TrackedModel], str], dict[int, int]] = {}
    for record, row, absorbed, act, data in cursor.fetchall():
        found = json.loads(data) if isinstance(data, str) else data
        for model, column in _of_cards().get(record, ()):
            value = found.get(column)
            if (value if act == "D" else (value or [None])[0]) == absorbed:
                going.setdefault((model, column), {})[row] = absorbed
    for (model, column), rows in going.items():
        ways = {row: (roots[absorbed], absorbed) for row, absorbed in rows.items()}
        for row in piecewise(partial(places.carry_over, cursor, model, column, ways), list(ways), list):
            piecewise(partial(places.carry_over, cursor, model, column, ways, yielding=True), [row], list)


@cache
def _placed() -> tuple[tuple[str, str, str], ...]:
    """(table, card, stay) of tables whose rows tell of a guest and, maybe, of a stay."""
    found = []
    for model in apps.get_models():
        if issubclass(model, TrackedModel):
            names = {
                str(item.related_model._meta.label): str(item.column)
                for item in model._meta.local_concrete_fields
                if isinstance(item, TenantForeignKey)
            }
            if {"customers.Customer", "customers.Stay"} <= set(names) and model.__name__ != "StayParticipant":
                found.append((model._meta.db_table, names["customers.Customer"], names["customers.Stay"]))
    return tuple(found)


def _place(cursor: Any, lines: Sequence[Line], roots: dict[int, int]) -> None:
    """What was bought or billed since, for a stay that is the returned card's alone, is theirs."""
    values = {
        "absorbed": statements.keys(line.absorbed_id for line in lines),
        "roots": statements.keys(roots[line.absorbed_id] for line in lines),
        "since": [line.merged_at for line in lines],
    }
    # There is seldom any: all tables are asked at once, and only those are written that hold some.
    returned = "unnest(%(absorbed)s::bigint[], %(roots)s::bigint[], %(since)s::timestamptz[]) w (absorbed, root, since)"
    came = {
        table: f"t.{card} = w.root AND t.{stay} IS NOT NULL AND t.created_at > w.since"
        for table, card, stay in _placed()
    }
    asked = (
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table} t JOIN {returned} ON {since})"
        for table, since in came.items()
    )
    cursor.execute(" UNION ALL ".join(asked), values)
    found = {table for (table,) in cursor.fetchall()}
    for table, card, stay in _placed():
        if table not in found:
            continue
        part = f"SELECT FROM customers_stayparticipant p WHERE p.stay_id = t.{stay} AND p.customer_id ="
        cursor.execute(
            f"UPDATE {table} t SET {card} = w.absorbed FROM {returned}"
            f" WHERE {came[table]} AND EXISTS ({part} w.absorbed) AND NOT EXISTS ({part} w.root)",
            values,
        )


_PATHS = """
    WITH RECURSIVE lines (absorbed, survivor, root, since, change_id) AS (
        SELECT * FROM unnest(%(absorbed)s::bigint[], %(survivors)s::bigint[], %(roots)s::bigint[],
                             %(since)s::timestamptz[], %(changes)s::bigint[])
    ), path (absorbed, root, since, change_id, at) AS (
        SELECT l.absorbed, l.root, l.since, l.change_id, l.survivor FROM lines l
        UNION ALL
        SELECT p.absorbed, p.root, p.since, p.change_id, m.survivor_id
        FROM path p JOIN customers_mergedcard m ON m.absorbed_id = p.at
    )
"""
"""Of each card that has come back the ids under which it was carried on."""


_TOLD = (
    *("purpose", "channel", "act", "at", "wording_id", "language", "source"),
    *("by_guest", "member_id", "actor", "address", "proof"),
)
"""What a withdrawal says, whichever card it stands under."""


def _stricter_since(cursor: Any, lines: Sequence[Line], roots: dict[int, int], act_id: int) -> None:
    """What the merged guest refused since holds for both: nobody knows which of the two it was."""
    values = {
        "absorbed": statements.keys(line.absorbed_id for line in lines),
        "survivors": statements.keys(line.survivor_id for line in lines),
        "roots": statements.keys(roots[line.absorbed_id] for line in lines),
        "since": [line.merged_at for line in lines],
        "changes": statements.keys(line.change_id for line in lines),
        "act": act_id,
    }
    cursor.execute(
        f"{_PATHS} INSERT INTO customers_consentevent (business_id, customer_id, recorded_at, change_set_id,"
        f" {', '.join(_TOLD)})"
        f" SELECT e.business_id, p.absorbed, clock_timestamp(), %(act)s, {', '.join(f'e.{each}' for each in _TOLD)}"
        " FROM path p JOIN customers_consentevent e ON e.customer_id = p.at AND e.act = 'withdrawn'"
        " AND e.recorded_at > p.since"
        " WHERE EXISTS (SELECT FROM customers_consentstate s WHERE s.customer_id = p.absorbed AND s.purpose = e.purpose"
        "  AND s.channel = e.channel AND s.granted AND s.since <= e.at) ORDER BY e.id",
        values,
    )
    cursor.execute(
        "SELECT bool_or(do_not_contact), bool_or(is_deceased) FROM customers_customer WHERE id = ANY (%s::bigint[])",
        [values["roots"]],
    )
    for column, is_set in zip(("do_not_contact", "is_deceased"), cursor.fetchone(), strict=True):
        if not is_set:
            continue
        cursor.execute(
            f"{_PATHS} UPDATE customers_customer t SET {column} = true FROM customers_customer r"
            f" WHERE r.{column} AND NOT t.{column} AND t.id = ANY (%(absorbed)s::bigint[]) AND EXISTS ("
            "  SELECT FROM path p JOIN customers_change c ON c.guest_id = p.at AND c.id > p.change_id"
            "  AND c.record = 'customer' AND c.row_id = p.at AND c.act = 'U'"
            f"  AND c.data -> '{column}' -> 1 = 'true'::jsonb JOIN customers_changeset s ON s.id = c.change_set_id"
            "  WHERE p.absorbed = t.id AND p.root = r.id AND s.kind NOT IN ('merge', 'undo'))",
            values,
        )
