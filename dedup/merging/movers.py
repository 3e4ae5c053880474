"""Rows of many cards go to the cards that carry on for them, table by table in sets, as the declarations say
(:mod:`customers.declarations`). A table that is declared moves; this names none.

Everything happens inside the caller's recording, with the cards locked.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model, Q, UniqueConstraint

from accounts.tenancy.models import TenantForeignKey
from customers.card.models import Customer
from customers.changes.models import TrackedModel
from customers.changes.statements import keys
from customers.declarations import GuestTable, Merge, guest_tables

Row = dict[str, Any]
Preference = Mapping[tuple[str, int, str], int]
"""(record, survivor, what the rows agree in) → the card whose row stays, or keeps the flag, before the survivor's."""


@dataclass(frozen=True)
class Mover:
    """A table whose rows move.

    ``columns`` are those that hold a card; ``keys`` what no two rows of a card may agree in, each with the condition
    under which; ``flags`` what only one of a card's rows may carry, among those that agree in the columns beside it;
    ``place`` numbers a card's rows.
    """

    declared: GuestTable
    columns: tuple[str, ...]
    keys: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]
    flags: tuple[tuple[str, tuple[str, ...]], ...]
    place: str


@dataclass
class Moving:
    """Which cards go where. ``pairs``: absorbed card → survivor; ``rank`` orders the cards of one survivor, itself
    first. ``leave`` are rows that are to go, by record: what was chosen against."""

    pairs: Mapping[int, int]
    rank: Mapping[int, int]
    prefer: Preference = field(default_factory=dict)
    leave: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def target(self, card: int) -> int:
        return self.pairs.get(card, card)

    @property
    def cards(self) -> str:
        return keys({*self.pairs, *self.pairs.values()})

    def order(self, record: str, card: int, agreed: str) -> tuple[bool, int]:
        """A row's place among its like: the preferred card's, the survivor's own, the others in their order."""
        return self.prefer.get((record, self.target(card), agreed)) != card, self.rank[card]


@cache
def movers() -> tuple[Mover, ...]:
    """Every table with history that moves."""
    found = []
    for declared in guest_tables():
        model = declared.table
        if declared.merge in (Merge.MOVE, Merge.JOIN) and issubclass(model, TrackedModel):
            columns = tuple(
                str(each.column)
                for each in model._meta.local_concrete_fields
                if isinstance(each, TenantForeignKey) and each.related_model is Customer
            )
            if columns:
                found.append(_mover(declared, model, columns))
    return tuple(found)


def _mover(declared: GuestTable, model: type[TrackedModel], columns: tuple[str, ...]) -> Mover:
    columns_of = {each.name: str(each.column) for each in model._meta.local_concrete_fields}

    def column(name: str) -> str:
        return columns_of[name]

    place = model.places[0] if model.places else ""
    unique: list[tuple[tuple[str, ...], Mapping[str, Any]]] = []
    flags = []
    if declared.join_on:
        unique.append((tuple(column(name) for name in declared.join_on), {}))
    for key in model._meta.constraints:
        if not isinstance(key, UniqueConstraint):
            continue
        fields = [column(name) for name in key.fields if name != "business"]
        if not set(fields) & set(columns) or place in fields or declared.apart in fields:
            continue
        condition = _plain(key.condition)
        beside = tuple(each for each in fields if each != columns[0])
        if len(condition) == 1 and next(iter(condition)) in model.exclusive:
            flags.append((next(iter(condition)), beside))
        elif not any(set(known) <= set(beside) and not when for known, when in unique):
            unique.append((beside, condition))
    return Mover(declared, columns, tuple(unique), tuple(flags), place)


def _plain(condition: Q | None) -> dict[str, Any]:
    """A condition of the form ``column = value``. Raises ``ValueError`` for any other."""
    if condition is None:
        return {}
    plain = {}
    for child in condition.children:
        if not isinstance(child, tuple) or "__" in child[0] or condition.negated:
            raise ValueError(f"A merge does not know how to keep {condition}.")
        plain[str(child[0])] = child[1]
    return plain


def counts(cursor: Any, cards: Sequence[int]) -> dict[str, dict[int, int]]:
    """Of every table that moves how many rows each of these cards has: record → card → rows. One query."""
    parts = [
        f"SELECT '{mover.declared.record}', t.{column}, count(*) FROM {mover.declared.db_table} t"
        f" WHERE t.{column} = ANY (%(cards)s::bigint[]) GROUP BY t.{column}"
        for mover in movers()
        for column in mover.columns
    ]
    cursor.execute(" UNION ALL ".join(parts), {"cards": keys(cards)})
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for record, card, number in cursor.fetchall():
        found[record][card] += number
    return found


def move(cursor: Any, moving: Moving) -> None:
    """Move every row of the absorbed cards."""
    found = counts(cursor, list(moving.pairs))
    for mover in movers():
        leaving = list(moving.leave.get(mover.declared.record, ()))
        if not found.get(mover.declared.record):
            _delete(cursor, mover, leaving)
        elif len(mover.columns) > 1:
            _move_between(cursor, mover, moving)
        else:
            given, taken = _join(cursor, mover, moving, leaving)
            _move(cursor, mover, moving, taken)
            _update(cursor, mover, given)


def _join(
    cursor: Any, mover: Mover, moving: Moving, leaving: Sequence[int]
) -> tuple[dict[int, Row], dict[str, list[int]]]:
    """Make one row of those that would meet their like, and leave a flag with one; returns what rows are to be given
    once they have moved, and flag → those that lose it on the way."""
    gone: dict[int, int] = {}
    changes: dict[int, Row] = defaultdict(dict)
    for agree_in, condition in mover.keys:
        groups: dict[tuple[int, str], list[Row]] = defaultdict(list)
        for row in _alike(cursor, mover, moving, agree_in, condition):
            if row["id"] not in gone and row["id"] not in leaving:
                groups[moving.target(row["card"]), row["agreed"]].append(row)
        for (_target, agreed), rows in groups.items():
            kept, *others = sorted(
                rows, key=lambda row: (*moving.order(mover.declared.record, row["card"], agreed), row["id"])
            )
            gone |= dict.fromkeys((row["id"] for row in others), kept["id"])
            for column, together in mover.declared.joined.items() if others else ():
                value = together([changes[kept["id"]].get(column, kept[column]), *(row[column] for row in others)])
                if value != kept[column]:
                    changes[kept["id"]][column] = value
    given: dict[int, Row] = defaultdict(dict)
    taken: dict[str, list[int]] = {}
    for flag, beside in mover.flags:
        losing = _leave_with_one(cursor, mover, moving, flag, beside, gone, leaving, given)
        # A row that moves is written once: history tells one change of it, and so does its undo.
        taken[flag] = []
        for pk, card in losing:
            if card in moving.pairs and not mover.place:
                taken[flag].append(pk)
            else:
                changes[pk][flag] = False
    _delete(cursor, mover, [*leaving, *gone])
    _update(cursor, mover, changes)
    return given, taken


def _alike(
    cursor: Any, mover: Mover, moving: Moving, agree_in: Sequence[str], condition: Mapping[str, Any]
) -> list[Row]:
    """Rows that would agree in these columns once they are moved. An empty text agrees with nothing."""
    fields = {each.column: each for each in mover.declared.table._meta.local_concrete_fields}
    filled = [f"t.{column} <> ''" for column in agree_in if fields[column].get_internal_type() == "CharField"]
    when = [f"t.{column} = %({column})s" for column in condition]
    agreed = ", ".join(f"t.{column}" for column in agree_in)
    (card,) = mover.columns
    joined = ", ".join(f"'{column}', t.{column}" for column in mover.declared.joined)
    needed = "".join(f", t.{column}" for column in dict.fromkeys([*agree_in, *mover.declared.joined]) if column != card)
    # What is told of rows is put together for those alone that meet their like.
    cursor.execute(
        f"SELECT t.id, t.{card}, to_jsonb(ARRAY[{_texts(agree_in)}]::text[])::text, jsonb_build_object({joined})::text"
        f" FROM (SELECT t.id, t.{card}{needed},"
        f" count(*) OVER (PARTITION BY coalesce(p.survivor, t.{card}), {agreed or 'NULL'}) AS alike"
        f" FROM {mover.declared.db_table} t"
        f" LEFT JOIN unnest(%(absorbed)s::bigint[], %(survivors)s::bigint[]) p (absorbed, survivor)"
        f" ON p.absorbed = t.{card}"
        f" WHERE {' AND '.join([f't.{card} = ANY (%(cards)s::bigint[])', *filled, *when])}) t WHERE t.alike > 1",
        _values(moving) | dict(condition),
    )
    return [
        {"id": pk, "card": card_id, "agreed": text, **json.loads(values)}
        for pk, card_id, text, values in cursor.fetchall()
    ]


def _texts(columns: Sequence[str]) -> str:
    return ", ".join(f"t.{column}::text" for column in columns)


def agreed_text(*values: Any) -> str:
    """What rows agree in, as a :data:`Preference` names it."""
    return json.dumps([str(value) for value in values], ensure_ascii=False)


def _leave_with_one(
    cursor: Any,
    mover: Mover,
    moving: Moving,
    flag: str,
    beside: Sequence[str],
    gone: Mapping[int, int],
    leaving: Sequence[int],
    given: dict[int, Row],
) -> list[tuple[int, int]]:
    """A flag that one row of a card may carry stays with one of those that carry it, or with the row kept for it;
    returns the others, each with its card."""
    (card,) = mover.columns
    cursor.execute(
        f"SELECT t.id, t.{card}, to_jsonb(ARRAY[{_texts(beside)}]::text[])::text FROM {mover.declared.db_table} t"
        f" WHERE t.{card} = ANY (%(cards)s::bigint[]) AND t.{flag}",
        _values(moving),
    )
    groups: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for pk, of_card, agreed in cursor.fetchall():
        if pk not in leaving:
            groups[moving.target(of_card), agreed].append((pk, of_card))
    losing = []
    for (_target, agreed), rows in groups.items():
        rows.sort(key=lambda row: (*moving.order(mover.declared.record, row[1], agreed), row[0]))
        winner = gone.get(rows[0][0], rows[0][0])
        carrying = {pk: card for pk, card in rows if pk not in gone}
        if winner not in carrying:
            given[winner][flag] = True
        losing += [(pk, card) for pk, card in carrying.items() if pk != winner]
    return losing


def _move(cursor: Any, mover: Mover, moving: Moving, taken: Mapping[str, Sequence[int]]) -> None:
    """What is left moves, and leaves the flags behind that are ``taken`` from it."""
    (card,) = mover.columns
    if mover.place:
        _move_into_places(cursor, mover, moving)
        return
    sets = [f"{card} = p.survivor"]
    if mover.declared.apart:
        sets.append(
            f"{mover.declared.apart} = CASE WHEN t.{mover.declared.apart} = 0 THEN t.{card}"
            f" ELSE t.{mover.declared.apart} END"
        )
    sets += [f"{flag} = t.{flag} AND t.id <> ALL (%({flag})s::bigint[])" for flag, rows in taken.items() if rows]
    cursor.execute(
        f"UPDATE {mover.declared.db_table} t SET {', '.join(sets)}"
        " FROM unnest(%(absorbed)s::bigint[], %(survivors)s::bigint[]) p (absorbed, survivor)"
        f" WHERE t.{card} = ANY (%(absorbed)s::bigint[]) AND t.{card} = p.absorbed",
        _values(moving) | {flag: keys(rows) for flag, rows in taken.items()},
    )


def _move_into_places(cursor: Any, mover: Mover, moving: Moving) -> None:
    """Rows that are numbered take the free numbers of their new card, in the order of the cards."""
    (card,) = mover.columns
    cursor.execute(
        f"SELECT t.id, t.{card}, t.{mover.place} FROM {mover.declared.db_table} t"
        f" WHERE t.{card} = ANY (%(cards)s::bigint[])",
        _values(moving),
    )
    taken: dict[int, set[int]] = defaultdict(set)
    waiting = []
    for pk, of_card, place in cursor.fetchall():
        if of_card in moving.pairs:
            waiting.append((moving.rank[of_card], place, pk, moving.target(of_card)))
        else:
            taken[of_card].add(place)
    changes: dict[int, Row] = {}
    for _rank, _place, pk, target in sorted(waiting):
        free = next(number for number in range(1, 1_000) if number not in taken[target])
        taken[target].add(free)
        changes[pk] = {card: target, mover.place: free}
    _update(cursor, mover, changes)


def rows_between(cards: Collection[int]) -> set[tuple[int, int]]:
    """Which of these cards rows lie between."""
    found: set[tuple[int, int]] = set()
    with connection.cursor() as cursor:
        for mover in movers():
            if len(mover.columns) > 1:
                one, other = mover.columns
                cursor.execute(
                    f"SELECT t.{one}, t.{other} FROM {mover.declared.db_table} t"
                    f" WHERE t.{one} = ANY (%(cards)s::bigint[]) AND t.{other} = ANY (%(cards)s::bigint[])",
                    {"cards": keys(cards)},
                )
                found.update(cursor.fetchall())
    return found


def _move_between(cursor: Any, mover: Mover, moving: Moving) -> None:
    """Rows between two cards: both ends may move. One that would lead from a card to itself goes."""
    model: Any = mover.declared.table
    one, other = mover.columns
    read = list(dict.fromkeys(["id", one, other, *(column for on, when in mover.keys for column in (*on, *when))]))
    cursor.execute(
        f"SELECT {', '.join(f't.{column}' for column in read)} FROM {mover.declared.db_table} t"
        f" WHERE t.{one} = ANY (%(cards)s::bigint[]) OR t.{other} = ANY (%(cards)s::bigint[]) ORDER BY t.id",
        _values(moving),
    )
    rows = [dict(zip(read, values, strict=True)) for values in cursor.fetchall()]
    rows.sort(key=lambda row: (row[one] in moving.pairs, row[other] in moving.pairs, row["id"]))
    seen: set[tuple[Any, ...]] = set()
    gone: list[int] = []
    changes: dict[int, Row] = {}
    symmetric: Callable[[Row], bool] = getattr(model, "is_symmetric", lambda row: False)
    for row in rows:
        ends = moving.target(row[one]), moving.target(row[other])
        left, right = sorted(ends) if symmetric(row) else ends
        moved = row | {one: left, other: right}
        met = [
            (tuple(sorted(when.items())), moved[one], *(moved[column] for column in on))
            for on, when in mover.keys
            if all(row[column] == value for column, value in when.items())
        ]
        if ends[0] == ends[1] or seen & set(met):
            gone.append(row["id"])
            continue
        seen |= set(met)
        if (row[one], row[other]) != ends:
            changes[row["id"]] = {one: ends[0], other: ends[1]}
    _delete(cursor, mover, gone)
    _update(cursor, mover, changes)


def _delete(cursor: Any, mover: Mover, ids: Sequence[int]) -> None:
    if ids:
        cursor.execute(f"DELETE FROM {mover.declared.db_table} t WHERE t.id = ANY (%s::bigint[])", [keys(ids)])


def _update(cursor: Any, mover: Mover, changes: Mapping[int, Row]) -> None:
    """Set columns of rows: one statement for those in which the same ones change."""
    alike: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for pk, values in changes.items():
        if values:
            alike[tuple(sorted(values))].append({"id": pk, **values})
    for columns, rows in alike.items():
        update_rows(cursor, mover.declared.table, columns, rows)


def update_rows(cursor: Any, model: type[Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set ``columns`` of these rows, each a dict with its ``id``, in one statement."""
    table = model._meta.db_table
    cursor.execute(
        f"UPDATE {table} t SET {', '.join(f'{column} = r.{column}' for column in columns)}"
        f" FROM jsonb_populate_recordset(NULL::{table}, %(rows)s::jsonb) r"
        " WHERE t.id = ANY (%(ids)s::bigint[]) AND t.id = r.id",
        {"rows": json.dumps(rows), "ids": keys(row["id"] for row in rows)},
    )


def _values(moving: Moving) -> dict[str, Any]:
    return {
        "cards": moving.cards,
        "absorbed": keys(moving.pairs),
        "survivors": keys(moving.pairs.values()),
    }
