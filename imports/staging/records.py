"""Invoices and purchases in sets: known by their ids, planned, counted and written like stays.

A record is known by its id in the other system; in a list of Innkeeper's own by its number here, if what it is about
agrees; an invoice that was made here also by its own number. Of a known one the file's values hold, and an empty value
never overwrites one. Its guest stays its guest.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from imports.mapping import GuestRow, Interpreted, InvoiceRow, PurchaseRow
from imports.problems import Problem, shown
from imports.staging.found import Kind, Records, Resolved, Row
from imports.staging.job import OWN_SYSTEM, Job
from imports.staging.known import Register
from imports.staging.names import product_ids, property_ids
from imports.staging.tables import KEYS, copy_rows

KINDS: Final = {
    "invoices": Kind(
        "invoice",
        "customers_invoice",
        "i",
        ("number", "currency", "note"),
        ("issued_on", "due_on", "paid_on", "amount", "stay_id"),
        "issued_on",
    ),
    "purchases": Kind(
        "purchase",
        "customers_purchase",
        "p",
        ("description", "currency", "reference"),
        ("amount", "quantity", "bought_on", "stay_id", "property_id", "product_id"),
        "bought_on",
    ),
}
_NOTHING: Final[dict[str, Any]] = {
    name: None if name in ("birth_date", "first_contact") else ""
    for name in GuestRow._fields
    if name not in ("line", "kind", "given_name", "family_name", "company_name", "changed_at", *KEYS)
}
"""Columns of a row that says nothing of its guest but the name."""
_STAGED: Final = (
    "line", "record_id", "is_new", "external_id", "number", "currency", "note", "description", "reference",
    "issued_on", "due_on", "paid_on", "settled_on", "bought_on", "amount", "quantity", "stay_id",
    "property_id", "product_id",
)  # fmt: skip


def find_records(register: Register, found: Resolved, batch: Interpreted) -> Records:
    """Settle which record each row tells of; rows of known ones get their guest, repeated ones are left out."""
    kind = KINDS.get(register.job.kind)
    if kind is None:
        return Records()
    rows: Sequence[Row] = batch.invoices if kind.name == "invoice" else batch.purchases
    skipped = {line for line, decided in found.decisions.items() if decided.decision == "skip"}
    records = Records(kind, [row for row in rows if row.line not in skipped])
    known = _known(register, kind, records.rows)
    seen = register.seen_records(kind.name, kind.letter, [record for record, _guest in known.values()])
    met: set[str] = set()
    kept: list[Row] = []
    for row in records.rows:
        if row.external_id in met or (row.external_id in known and known[row.external_id][0] in seen):
            label = row.number if isinstance(row, InvoiceRow) else row.reference or row.description or row.product
            found.problems.append(Problem(row.line, "", shown(label), "repeated"))
        else:
            kept.append(row)
        met.add(row.external_id)
    gone = {row.line for row in records.rows} - {row.line for row in kept}
    found.leave_out(gone)
    records.rows = kept
    fresh = [row for row in kept if row.external_id not in known]
    numbers = [-row.line for row in fresh] if register.job.dry else register.new_ids(kind.table, len(fresh))
    records.new = set(numbers)
    records.id_of = {row.line: known[row.external_id][0] for row in kept if row.external_id in known}
    found.card_of |= {row.line: known[row.external_id][1] for row in kept if row.external_id in known}
    found.how |= dict.fromkeys(records.id_of, kind.name)
    _only_name(register, found, set(records.id_of))
    records.id_of |= {row.line: number for row, number in zip(fresh, numbers, strict=True)}
    return records


def _only_name(register: Register, found: Resolved, lines: set[int]) -> None:
    """A known record stays its guest's, whomever the row names: of somebody else nothing goes onto that card."""
    names = register.identities({found.card_of[line] for line in lines})
    others = {
        guest.line
        for guest in found.guests
        if guest.line in lines and guest.identity_key and guest.identity_key != names.get(found.card_of[guest.line])
    }
    if others:
        found.contacts = [contact for contact in found.contacts if contact.line not in others]
        found.guests = [guest._replace(**_NOTHING) if guest.line in others else guest for guest in found.guests]


def stage_records(cursor: CursorWrapper, job: Job, found: Resolved, today: date) -> None:
    """Fill `stage_record` with the rows that have a guest."""
    cursor.execute(
        """
        CREATE TEMP TABLE stage_record (
            line integer, record_id bigint, is_new boolean, external_id text, number text, currency text, note text,
            description text, reference text, issued_on date, due_on date, paid_on date, settled_on date,
            bought_on date,
            amount numeric(12, 2), quantity numeric(10, 2), stay_id bigint, property_id bigint, product_id bigint
        ) ON COMMIT DROP
        """
    )
    records = found.records
    rows = [row for row in records.rows if row.line in found.card_of]
    if not rows:
        return
    stays = _stays(cursor, job, found, rows)
    staged = _invoices(job, records, rows, stays, today) + _purchases(cursor, job, records, rows, stays)
    copy_rows(cursor, "stage_record", _STAGED, staged)


def _invoices(
    job: Job, records: Records, rows: Collection[Row], stays: Mapping[int, int], today: date
) -> list[tuple[object, ...]]:
    """Invoices as they are staged. One of before that is only called paid was paid on the file's day."""
    day = job.policy.file_date or today
    staged: list[tuple[object, ...]] = []
    for row in rows:
        if not isinstance(row, InvoiceRow):
            continue
        record = records.id_of[row.line]
        is_new = record in records.new
        settled = (row.due_on or row.issued_on or day) if is_new else day
        staged.append(
            (
                row.line, record, is_new, row.external_id, row.number, row.currency, row.note, "", "",
                row.issued_on, row.due_on, row.paid_on, settled if row.is_paid else None, None, row.amount, None,
                stays.get(row.line), None, None,
            )
        )  # fmt: skip
    return staged


def _purchases(
    cursor: CursorWrapper, job: Job, records: Records, rows: Collection[Row], stays: Mapping[int, int]
) -> list[tuple[object, ...]]:
    """Purchases as they are staged; properties and products that nobody knows are made."""
    bought = [row for row in rows if isinstance(row, PurchaseRow)]
    if not bought:
        return []
    properties = property_ids(cursor, job, {row.property for row in bought if row.property})
    products = product_ids(cursor, job, {(row.code, row.product) for row in bought if row.code or row.product})
    staged: list[tuple[object, ...]] = []
    for row in bought:
        record = records.id_of[row.line]
        staged.append(
            (
                row.line, record, record in records.new, row.external_id, "", row.currency, "", row.description,
                row.reference, None, None, None, None, row.bought_on, row.amount, row.quantity, stays.get(row.line),
                properties.get(row.property), products.get((row.code, row.product)),
            )
        )  # fmt: skip
    return staged


def plan_records(cursor: CursorWrapper, job: Job, records: Records) -> None:
    """Find out which known records the file tells otherwise."""
    if records.kind is None or not records.known:
        return
    kind = records.kind
    theirs = ", ".join(f"t.{column}" for column in (*kind.texts, *kind.values))
    cursor.execute(
        f"""
        SELECT t.id FROM stage_record s JOIN {kind.table} t ON t.business_id = %(business)s AND t.id = s.record_id
        WHERE t.id = ANY (%(known)s) AND ({_ours(kind)}) IS DISTINCT FROM ({theirs})
        """,
        job.values() | {"known": records.known},
    )
    records.changed = {row[0] for row in cursor.fetchall()}


def apply_records(cursor: CursorWrapper, job: Job, records: Records, today: date) -> None:
    """Insert new records for their guests, change known ones."""
    kind = records.kind
    if kind is None:
        return
    columns = (*kind.texts, *kind.values)
    told = ", ".join(
        f"coalesce(s.{c}, %(today)s)" if c == kind.dated else f"coalesce(s.{c}{_else(c)})" for c in columns
    )
    values = job.values() | {"today": today, "changed": sorted(records.changed)}
    cursor.execute(
        f"""
        INSERT INTO {kind.table}
            (business_id, id, version, created_at, customer_id, external_system, external_id, {", ".join(columns)})
        SELECT %(business)s, s.record_id, 1, now(), g.customer_id, %(system)s, s.external_id, {told}
        FROM stage_record s JOIN stage_guest g ON g.line = s.line
        WHERE s.is_new ORDER BY s.record_id
        """,
        values,
    )
    if records.changed:
        cursor.execute(
            f"""
            UPDATE {kind.table} t SET ({", ".join(columns)}) = ROW ({_ours(kind)})
            FROM stage_record s
            WHERE t.business_id = %(business)s AND t.id = s.record_id AND t.id = ANY (%(changed)s)
            """,
            values,
        )


def remember_records(cursor: CursorWrapper, records: Records) -> None:
    """In a try-out: keep what was not written."""
    if records.new:
        cursor.execute(
            """
            INSERT INTO planned_record
            SELECT s.external_id, s.record_id, g.customer_id FROM stage_record s JOIN stage_guest g ON g.line = s.line
            WHERE s.is_new
            """
        )


def _ours(kind: Kind) -> str:
    parts = [f"coalesce(NULLIF(s.{c}, ''), t.{c})" for c in kind.texts]
    return ", ".join(parts + [f"coalesce(s.{c}, t.{c}{_else(c)})" for c in kind.values])


def _else(column: str) -> str:
    """Of an invoice that the file only calls paid, the day on which one learned of it."""
    return ", s.settled_on" if column == "paid_on" else ""


def _known(register: Register, kind: Kind, rows: Collection[Row]) -> dict[str, tuple[int, int]]:
    """External id → (record, its guest)."""
    known = register.records(kind.table, [row.external_id for row in rows])
    missing = {row.external_id: row for row in rows if row.external_id not in known}
    if not missing:
        return known
    invoices = [row for row in missing.values() if isinstance(row, InvoiceRow)]
    if invoices:
        by_number = register.invoices_by_number([row.number for row in invoices])
        known |= {row.external_id: by_number[row.number] for row in invoices if row.number in by_number}
    if register.job.system == OWN_SYSTEM:
        purchases = {key: row for key, row in missing.items() if isinstance(row, PurchaseRow) and key.isdecimal()}
        own = register.own_purchases([int(key) for key in purchases if len(key) <= 18])
        for key, row in purchases.items():
            record, guest, bought_on, amount = own.get(int(key), (0, 0, None, None))
            if record and (bought_on, amount) == (row.bought_on, row.amount):
                known[key] = (record, guest)
    return known


def _stays(cursor: CursorWrapper, job: Job, found: Resolved, rows: Collection[Row]) -> dict[int, int]:
    """Line → the stay that it names by its id or reference; of several with one reference that of the row's guest."""
    wanted = {row.stay for row in rows if row.stay}
    if not wanted:
        return {}
    own = [int(key) for key in wanted if key.isdecimal() and len(key) <= 18] if job.system == OWN_SYSTEM else []
    cursor.execute(
        """
        SELECT external_id AS key, id FROM customers_stay
        WHERE business_id = %(business)s AND external_system = %(system)s AND external_id = ANY (%(wanted)s)
          AND external_id <> ''
        UNION
        SELECT reference, id FROM customers_stay
        WHERE business_id = %(business)s AND reference = ANY (%(wanted)s) AND reference <> ''
        UNION
        SELECT id::text, id FROM customers_stay WHERE business_id = %(business)s AND id = ANY (%(own)s)
        """,
        job.values() | {"wanted": list(wanted), "own": own},
    )
    named: dict[str, list[int]] = {}
    for key, stay in cursor.fetchall():
        named.setdefault(key, []).append(stay)
    doubtful = [stay for stays in named.values() if len(stays) > 1 for stay in stays]
    guests: set[tuple[int, int]] = set()
    if doubtful:
        cursor.execute(
            "SELECT stay_id, customer_id FROM customers_stayparticipant"
            " WHERE business_id = %(business)s AND stay_id = ANY (%(stays)s)",
            job.values() | {"stays": doubtful},
        )
        guests = set(cursor.fetchall())
    stay_of: dict[int, int] = {}
    for row in rows:
        stays = named.get(row.stay, [])
        if len(stays) > 1:
            stays = [stay for stay in stays if (stay, found.card_of[row.line]) in guests]
        if len(stays) == 1:
            stay_of[row.line] = stays[0]
    return stay_of
