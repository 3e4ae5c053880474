"""New guests as a preview has planned them, kept until the import and written without being worked out again.

Only rows of which nothing is open: one row of the file, one guest whom nobody in the register may be, nor shares an
address with, and nothing beside the card, its addresses, tags, own fields and numbers. All others go the long way. What
was planned holds as long as nobody has got one of its addresses or numbers since, which is asked of the register, and
nobody has decided about the row; such rows go the long way, too.
"""

import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from customers.facts.services import facts_once
from imports.mapping import Interpreted
from imports.problems import Problem
from imports.staging.apply import CARD_COLUMNS, apply_guests
from imports.staging.decisions import decisions_of
from imports.staging.fields import VALUE_COLUMNS, apply_fields
from imports.staging.found import Resolved
from imports.staging.job import OWN_SYSTEMS, Job, Tally
from imports.staging.known import Register
from imports.staging.names import tag_ids
from imports.staging.tables import copy_rows, create_stage

_CARD: Final = ("customer_id", "first_contact", *CARD_COLUMNS)
_CONTACT: Final = ("customer_id", "kind", "value", "normalised", "national", "state", "is_primary", "place")
_NUMBER: Final = ("customer_id", "line", "number", "digest", "is_new")
_TAG: Final = ("customer_id", "slot", "tag_id")
_FIELD: Final = ("row_id", "of", "field_id", *VALUE_COLUMNS)
COLUMNS: Final = {
    "plan_card": _CARD,
    "plan_contact": _CONTACT,
    "stage_guest": _NUMBER,
    "plan_field": _FIELD,
}
"""Planned tables and their columns; the first is the guest's number, minus the line of the row."""
_CREATE: Final = f"""
CREATE TEMP TABLE plan_card ON COMMIT DROP AS
SELECT id AS customer_id, true AS is_new, false AS differs, first_contact, {", ".join(CARD_COLUMNS)}
FROM customers_customer WITH NO DATA;
ALTER TABLE plan_card ALTER is_new SET DEFAULT true, ALTER differs SET DEFAULT false;
CREATE TEMP TABLE plan_contact ON COMMIT DROP AS
SELECT customer_id, kind, value, normalised, national, state, is_primary, 1 AS place
FROM customers_contactpoint WITH NO DATA;
CREATE TEMP TABLE plan_tag ON COMMIT DROP AS
SELECT customer_id, tag_id, slot FROM customers_customertag WITH NO DATA;
CREATE TEMP TABLE plan_field ON COMMIT DROP AS
SELECT customer_id AS row_id, 'guest' AS of, field_id, {", ".join(VALUE_COLUMNS)}, NULL::bigint AS value_id
FROM customers_guestfieldvalue WITH NO DATA;
"""


@dataclass(slots=True)
class Planned:
    """New guests, each by the line of its row. `tables` holds the rows of `COLUMNS` as COPY writes them, `tags` (line,
    slot, name). `addresses` and `numbers` are what no other guest may have: normal forms, and (number or digest).
    """

    lines: list[int]
    tables: dict[str, bytes]
    tags: list[tuple[int, int, str]]
    addresses: list[tuple[int, str]]
    numbers: list[tuple[int, str]]
    problems: list[Problem]

    def add(self, other: "Planned") -> None:
        """Take other guests in."""
        self.lines += other.lines
        self.tables = {table: rows + other.tables[table] for table, rows in self.tables.items()}
        self.tags += other.tags
        self.addresses += other.addresses
        self.numbers += other.numbers
        self.problems += other.problems

    @property
    def tag_names(self) -> set[str]:
        """The tags they get."""
        return {name for _line, _slot, name in self.tags}


def plan_keep(
    register: Register,
    found: Resolved,
    batch: Interpreted,
    *,
    tags: Mapping[str, int],
    problems: Iterable[Problem],
) -> Planned | None:
    """What a preview's batch has planned for new guests of whom nothing is open; None where there are none."""
    cursor, job = register.cursor, register.job
    if not job.keeps_plan:
        return None
    certain = _certain(job, found, batch)
    certain -= _alike(register, found, certain)
    lines = sorted(certain)
    if not lines:
        return None
    names = {tag: name for name, tag in tags.items()}
    cursor.execute("SELECT -customer_id, slot, tag_id FROM plan_tag ORDER BY customer_id, slot")
    tagged = cursor.fetchall()
    return Planned(
        lines,
        {table: _rows_of(cursor, table, lines) for table in COLUMNS},
        [(line, slot, names[tag]) for line, slot, tag in tagged if line in certain],
        [(row.line, row.normalised) for row in found.contacts if row.line in certain and row.normalised],
        [(row.line, key) for row in found.guests if row.line in certain for key in (row.number, row.digest) if key],
        [problem for problem in problems if problem.line in certain],
    )


def write_planned(*, job: Job, planned: Planned, today: date, own: set[int]) -> tuple[Tally, set[int]]:
    """Write them inside the caller's transaction and recording, but for those that are open now.

    `own` are the cards this run has made; new ones are added before anybody can see them, so that several connections
    may share it. Returns also the lines that must go the long way because a guest has come with such an address or
    number.
    """
    with connection.cursor() as cursor:
        overtaken = _overtaken(cursor, job, planned, own)
        left = overtaken | decisions_of(cursor, job, planned.lines).keys()
        lines = [line for line in planned.lines if line not in left]
        cards = Register(cursor, job).new_ids("customers_customer", len(lines))
        own.update(cards)
        tags = tag_ids(cursor, job, planned.tag_names)
        create_stage(cursor)
        cursor.execute(_CREATE)
        card_of = dict(zip(lines, cards, strict=True))
        numbered = {str(-line).encode(): str(card).encode() for line, card in card_of.items()}
        for table, columns in COLUMNS.items():
            rows = b"\n".join(_numbered(planned.tables[table], numbered))
            cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", io.BytesIO(rows))
        # Two names may have become one tag's.
        tagged = {(card_of[line], tags[name]): slot for line, slot, name in planned.tags if line in card_of}
        if tagged:
            copy_rows(cursor, "plan_tag", _TAG, [(card, slot, tag) for (card, tag), slot in tagged.items()])
        with facts_once(new=True):
            apply_guests(cursor, job, [], today.isoformat())
            if planned.numbers:
                _number(cursor, job)
        apply_fields(cursor, job)
    tally = Tally()
    tally.guests["created"] = len(lines)
    tally.problems = [problem for problem in planned.problems if problem.line not in left]
    return tally, overtaken


def lines_decided(job: Job) -> set[int]:
    """The lines about which somebody has decided."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line FROM imports_importrow"
            " WHERE business_id = %(business)s AND run_id = %(run)s AND decision <> ''",
            job.values(),
        )
        return {row[0] for row in cursor.fetchall()}


def tags_make(job: Job, names: Collection[str]) -> None:
    """Make the tags that are not there yet, before several connections want them at once."""
    with connection.cursor() as cursor:
        tag_ids(cursor, job, names)


def cards_made(job: Job) -> set[int]:
    """The cards that the run has made so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_id FROM customers_change WHERE business_id = %(business)s AND change_set_id = %(act)s"
            " AND record = 'customer' AND act = 'I'",
            job.values(),
        )
        return {row[0] for row in cursor.fetchall()}


def _certain(job: Job, found: Resolved, batch: Interpreted) -> set[int]:
    rows_of = Counter(found.card_of.values())
    lines = {
        guest.line
        for guest in found.guests
        if (card := found.card_of[guest.line]) in found.new
        and rows_of[card] == 1
        # In a list of Innkeeper's own a number may be a card's that is still to come.
        and not (job.system in OWN_SYSTEMS and guest.number.isdecimal())
    }
    lines -= found.probable.keys() | found.decisions.keys()
    lines -= {row.line for row in batch.consents}
    lines -= {line for line, _kind in found.opted_out} | {line for line, *_rest in found.told_bad}
    # It would look as if somebody had come with the address since.
    lines -= found.sharing
    # What is no whole address is compared as it was typed, with other guests of the name.
    lines -= {row.line for row in found.contacts if row.matches and not row.normalised}
    return lines


def _alike(register: Register, found: Resolved, lines: Collection[int]) -> set[int]:
    """Those of the lines whose guest has the number, or the name and phone, of one further up in the file: rows still
    to come are the first one's, and so it must be written first.
    """
    guests = {guest.line: guest for guest in found.guests if guest.line in lines}
    phones = [row for row in found.contacts if row.line in guests and row.kind == "phone" and row.matches]
    numbered = register.numbered({guest.number for guest in guests.values() if guest.number})
    oldest = register.matching(
        "phone", ((guests[row.line].identity_key, row.matches, row.normalised) for row in phones)
    ).oldest
    met = [(line, numbered.get(guest.number)) for line, guest in guests.items()]
    met += [(row.line, oldest.get((guests[row.line].identity_key, row.matches))) for row in phones]
    return {line for line, card in met if card not in (None, found.card_of[line])}


def _rows_of(cursor: CursorWrapper, table: str, lines: Collection[int]) -> bytes:
    guest = COLUMNS[table][0]
    numbers = ",".join(str(-line) for line in lines)
    out = io.BytesIO()
    cursor.copy_expert(
        f"COPY (SELECT {', '.join(COLUMNS[table])} FROM {table}"
        f" WHERE {guest} = ANY ('{{{numbers}}}'::bigint[]) ORDER BY {guest}) TO STDOUT",
        out,
    )
    return out.getvalue()


def _overtaken(cursor: CursorWrapper, job: Job, planned: Planned, own: Collection[int]) -> set[int]:
    """Lines whose address or number somebody else in the register has."""
    register = Register(cursor, job)
    addresses = register.holders_of({address for _line, address in planned.addresses}) if planned.addresses else []
    taken = {address for address, card in addresses if card not in own}
    numbers = register.numbered({number for _line, number in planned.numbers})
    taken_numbers = {number for number, card in numbers.items() if card not in own}
    lines = {line for line, address in planned.addresses if address in taken}
    return lines | {line for line, number in planned.numbers if number in taken_numbers}


def _number(cursor: CursorWrapper, job: Job) -> None:
    """The numbers, or what stands for a row without one, as :func:`imports.staging.apply.number_guests` gives them, but
    without asking who has them: that has just been asked of the lines that are left."""
    cursor.execute(
        """
        INSERT INTO customers_externalid (business_id, version, customer_id, system, value)
        SELECT %(business)s, 1, customer_id, %(system)s, CASE WHEN number <> '' THEN number ELSE digest END
        FROM stage_guest WHERE number <> '' OR digest <> '' ORDER BY customer_id
        ON CONFLICT (business_id, system, value) DO NOTHING
        """,
        job.values(),
    )


def _numbered(rows: bytes, cards: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """The rows of the guests that are written, with the numbers of their cards."""
    for row in rows.splitlines():
        guest, _tab, rest = row.partition(b"\t")
        card = cards.get(guest)
        if card is not None:
            yield card + b"\t" + rest
