"""Rows of which no history is kept (members of segments, cards opened lately) go with a merge and come back with its
undo: what was done to them is noted beside the merge."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from accounts.tenancy.models import TenantForeignKey
from customers.changes.models import TrackedModel
from customers.changes.statements import keys
from customers.declarations import GuestTable, Merge, guest_tables
from customers.lineage.models import CardLineage, CarriedRows, MergedCard

Row = dict[str, Any]


class Carried(NamedTuple):
    """A table whose rows are carried: its declaration, the column of the card, and what else tells rows apart."""

    declared: GuestTable
    column: str
    key: tuple[str, ...]


@cache
def carried_tables() -> tuple[Carried, ...]:
    """Every table that moves in a merge, keeps no history, and points at the card."""
    found = []
    for declared in guest_tables():
        model = declared.table
        if declared.merge not in (Merge.MOVE, Merge.JOIN) or issubclass(model, TrackedModel):
            continue
        fields = getattr(model._meta, "pk_fields", None) or [model._meta.pk]
        for field in model._meta.local_concrete_fields:
            if isinstance(field, TenantForeignKey) and field.related_model._meta.label == "customers.Customer":
                key = [each.column for each in fields if each.column not in ("business_id", field.column)]
                found.append(Carried(declared, str(field.column), tuple(key)))
    return tuple(found)


def carry(pairs: Mapping[int, int]) -> None:
    """Move these rows from absorbed cards to their survivors (``pairs``), and note it."""
    notes: dict[int, dict[str, Any]] = defaultdict(dict)
    with connection.cursor() as cursor:
        for each, rows in zip(carried_tables(), _held(cursor, pairs), strict=True):
            if rows:
                _carry(cursor, each, rows, pairs, notes)
    CarriedRows.objects.bulk_create(CarriedRows(absorbed_id=card, rows=noted) for card, noted in notes.items())


def _held(cursor: Any, pairs: Mapping[int, int]) -> list[list[Row]]:
    """For each carried table the rows of all these cards, where an absorbed one has any."""
    asked = []
    for number, each in enumerate(carried_tables()):
        of = f"FROM {each.declared.db_table} t WHERE t.{each.column}"
        asked.append(
            f"SELECT {number}, to_jsonb(t) {of} = ANY (%(cards)s::bigint[])"
            f" AND EXISTS (SELECT {of} = ANY (%(absorbed)s::bigint[]))"
        )
    # One question: of two cards nearly every table has nothing.
    cursor.execute(" UNION ALL ".join(asked), {"cards": keys({*pairs, *pairs.values()}), "absorbed": keys(pairs)})
    held: list[list[Row]] = [[] for _ in asked]
    for number, row in cursor.fetchall():
        held[number].append(json.loads(row) if isinstance(row, str) else row)
    return held


def _carry(
    cursor: Any, each: Carried, rows: Iterable[Row], pairs: Mapping[int, int], notes: dict[int, dict[str, Any]]
) -> None:
    alike: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    columns_of = {item.name: str(item.column) for item in each.declared.table._meta.local_concrete_fields}
    columns = [columns_of[name] for name in each.declared.join_on]
    for row in rows:
        card = row[each.column]
        own = [row[column] for column in columns] if columns else [row[column] for column in each.key]
        alike[pairs.get(card, card), *own].append(row)
    moved: list[Row] = []
    dropped: list[Row] = []
    for found in alike.values():
        kept, *others = _in_order(found, each, pairs)
        if kept[each.column] in pairs:
            moved.append(kept)
            _noted(notes[kept[each.column]], each)["moved"].append([kept[column] for column in each.key])
        for row in others:
            dropped.append(row)
            # The survivor's own gave way to one that has just come.
            of_card = row[each.column] if row[each.column] in pairs else kept[each.column]
            _noted(notes[of_card], each)["dropped"].append(row)
    _delete(cursor, each, dropped)
    _move(cursor, each, [({c: row[c] for c in each.key}, row[each.column], pairs[row[each.column]]) for row in moved])


def _noted(rows: dict[str, Any], each: Carried) -> dict[str, list[Any]]:
    """What is noted of a table's rows beside one merge, to read and to add to."""
    noted: dict[str, list[Any]] = rows.setdefault(each.declared.record, {"moved": [], "dropped": []})
    return noted


def _in_order(rows: list[Row], each: Carried, pairs: Mapping[int, int]) -> list[Row]:
    """The row that stays first."""
    ordered = sorted(rows, key=lambda row: (row[each.column] in pairs, *(str(row[column]) for column in each.key)))
    if each.declared.keeper:
        column = each.declared.keeper.lstrip("-")
        ordered.sort(key=lambda row: str(row[column]), reverse=each.declared.keeper.startswith("-"))
    return ordered


@dataclass
class _Noted:
    """A merge that stands, and what was noted of a table's rows: where a row went from there."""

    absorbed: int
    survivor: int
    rows: dict[str, Any]
    before: str

    @property
    def is_changed(self) -> bool:
        noted = {record: rows for record, rows in self.rows.items() if rows["moved"] or rows["dropped"]}
        return json.dumps(noted) != self.before


def uncarry(roots: Mapping[int, int], merged: Mapping[int, tuple[int, datetime]]) -> None:
    """Take back what :func:`carry` did, where it has not been done otherwise since; ``roots`` are the cards that have
    come back and the ones that carried on for them, ``merged`` into which they were and when.

    A row may have made room for that of a card merged later: then it comes back from that merge's note, and what it
    had displaced stands there in its place."""
    noted = dict(CarriedRows.objects.filter(absorbed_id__in=list(roots)).values_list("absorbed_id", "rows"))
    standing = _standing(roots) if any(noted.values()) else []
    with connection.cursor() as cursor:
        for each in carried_tables():
            moves: list[tuple[Row, int, int]] = []
            rows: list[Row] = []
            for card, found in noted.items():
                survivor, when = merged[card]
                later = [one for at, one in standing if at > when]
                own = found.get(each.declared.record, {"moved": [], "dropped": []})
                for key, from_note in _leave(each, card, survivor, own, later):
                    if from_note is None:
                        moves.append((dict(zip(each.key, key, strict=True)), roots[card], card))
                    else:
                        rows.append(from_note)
                rows += own["dropped"]
            _move(cursor, each, moves)
            _insert(cursor, each, rows)
    CarriedRows.objects.filter(absorbed_id__in=list(noted)).delete()
    for _at, one in standing:
        if one.is_changed:
            CarriedRows.objects.update_or_create(absorbed_id=one.absorbed, defaults={"rows": one.rows})


def _standing(roots: Mapping[int, int]) -> list[tuple[datetime, _Noted]]:
    """The merges that led to the cards that carried on, in their order."""
    led = CardLineage.objects.filter(survivor_id__in=set(roots.values())).values_list("absorbed_id", flat=True)
    absorbed = list(led)
    notes = dict(CarriedRows.objects.filter(absorbed_id__in=absorbed).values_list("absorbed_id", "rows"))
    merges = MergedCard.objects.filter(absorbed_id__in=absorbed).order_by("merged_at", "id")
    return [
        (when, _Noted(card, survivor, rows := notes.get(card, {}), json.dumps(rows)))
        for card, survivor, when in merges.values_list("absorbed_id", "survivor_id", "merged_at")
    ]


def _leave(
    each: Carried, card: int, survivor: int, own: dict[str, list[Any]], later: Sequence[_Noted]
) -> Iterator[tuple[list[Any], Row | None]]:
    """Each row that a card had brought, by its key: with ``None`` where it is with the card that carries on, or as a
    merge ``later`` has noted it. What it had displaced is left in ``own`` unless it takes its place in such a note."""
    columns_of = {item.name: str(item.column) for item in each.declared.table._meta.local_concrete_fields}
    agree_in = [columns_of[name] for name in each.declared.join_on] or list(each.key)
    displaced = [row for row in own["dropped"] if row[each.column] != card]
    for key in own["moved"]:
        at = survivor
        carriers: list[dict[str, list[Any]]] = []
        place: Row | None = None
        for one in later:
            if at not in (one.absorbed, one.survivor):
                continue
            noted = _noted(one.rows, each)
            place = next(
                (
                    row
                    for row in noted["dropped"]
                    if [row[column] for column in each.key] == key
                    and (row[each.column] == one.absorbed) == (at == one.absorbed)
                ),
                None,
            )
            if place is not None:
                noted["dropped"].remove(place)
                for row in [row for row in displaced if all(row[column] == place[column] for column in agree_in)]:
                    noted["dropped"].append(row | {each.column: place[each.column]})
                    displaced.remove(row)
                    own["dropped"].remove(row)
                    for carrier in carriers:
                        carrier["moved"].append([row[column] for column in each.key])
                break
            if (at == one.absorbed) != (key in noted["moved"]):
                # Gone by then; what has that key now came from another.
                break
            if at == one.absorbed:
                carriers.append(noted)
                at = one.survivor
        else:
            yield key, None
        for carrier in carriers:
            if key in carrier["moved"]:
                carrier["moved"].remove(key)
        if place is not None:
            yield key, place | {each.column: card}
    for row in displaced:
        at = survivor
        for one in later:
            if at == one.absorbed:
                _noted(one.rows, each)["moved"].append([row[column] for column in each.key])
                at = one.survivor


def _move(cursor: Any, each: Carried, moves: list[tuple[Row, int, int]]) -> None:
    """Rows by their keys, from one card to another."""
    if not moves:
        return
    rows = [key | {"from_card": before, "to_card": after} for key, before, after in moves]
    same = " AND ".join(f"t.{column} = r.{column}" for column in each.key)
    cursor.execute(
        f"UPDATE {each.declared.db_table} t SET {each.column} = r.to_card"
        f" FROM jsonb_to_recordset(%s::jsonb) r ({_typed(each)}, from_card bigint, to_card bigint)"
        f" WHERE t.{each.column} = r.from_card AND {same}",
        [json.dumps(rows)],
    )


def _delete(cursor: Any, each: Carried, rows: list[Row]) -> None:
    if not rows:
        return
    same = " AND ".join(f"t.{column} = r.{column}" for column in (each.column, *each.key))
    cursor.execute(
        f"DELETE FROM {each.declared.db_table} t"
        f" USING jsonb_to_recordset(%s::jsonb) r ({each.column} bigint, {_typed(each)}) WHERE {same}",
        [json.dumps(rows)],
    )


def _insert(cursor: Any, each: Carried, rows: list[Row]) -> None:
    """Rows as they were; one whose card has been merged since is that card's now, and one that is there again stays."""
    if not rows:
        return
    fields = [field for field in each.declared.table._meta.local_concrete_fields if not field.generated]
    columns = [str(field.column) for field in fields]
    values = {
        column: f"coalesce((SELECT l.survivor_id FROM customers_cardlineage l WHERE l.absorbed_id = r.{column}),"
        f" r.{column})"
        if column == each.column
        else f"r.{column}"
        for column in columns
    }
    there = [
        f"EXISTS (SELECT FROM {field.related_model._meta.db_table} p WHERE p.id = {values[field.column]})"
        for field in fields
        if isinstance(field, TenantForeignKey)
    ]
    cursor.execute(
        f"INSERT INTO {each.declared.db_table} ({', '.join(columns)}) SELECT {', '.join(values.values())}"
        f" FROM jsonb_populate_recordset(NULL::{each.declared.db_table}, %s::jsonb) r WHERE {' AND '.join(there)}"
        " ON CONFLICT DO NOTHING",
        [json.dumps(rows)],
    )


def _typed(each: Carried) -> str:
    """The columns of the key with their types."""
    fields = {field.column: field for field in each.declared.table._meta.local_concrete_fields}
    return ", ".join(f"{column} {_type(fields[column])}" for column in each.key)


def _type(field: Any) -> str:
    return "bigint" if isinstance(field, TenantForeignKey) else str(field.rel_db_type(connection))
