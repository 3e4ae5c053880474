"""Temporary tables of a batch, filled by COPY: into protected tables COPY is refused."""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from imports.mapping import ContactRow, FieldRow, GuestRow, PartRow, StayRow

GUEST_COLUMNS: Final = (*GuestRow._fields, "customer_id", "is_new")
KEYS: Final = ("sort_key", "identity_key", "search_tokens")
CONTACT_COLUMNS: Final = ContactRow._fields
STAY_COLUMNS: Final = (*StayRow._fields, "property_id", "stay_id", "is_new", "lacks_guest")
PART_COLUMNS: Final = ("stay_id", *PartRow._fields)
TAG_COLUMNS: Final = ("line", "position", "tag_id")
FIELD_COLUMNS: Final = ("of", "row_id", *FieldRow._fields)

_CREATE: Final = """
CREATE TEMP TABLE stage_guest (
    line integer, number text, digest text, kind text, given_name text, family_name text, company_name text,
    organisation_number text, language text, nationality text, birth_date date, street text, postal_code text,
    city text, country text, source text, note text, why_us text, thanked text, deal_breakers text,
    first_contact date, sort_key text, identity_key text, search_tokens text, changed_at timestamptz,
    customer_id bigint, is_new boolean
) ON COMMIT DROP;
CREATE TEMP TABLE stage_contact (
    line integer, position integer, kind text, value text, normalised text, national text, state text, matches text
) ON COMMIT DROP;
CREATE TEMP TABLE stage_stay (
    line integer, external_id text, property text, status text, arrival date, departure date, unit text,
    unit_type text, adults integer, children integer, reference text, channel text, amount numeric(12, 2),
    currency text, booked_on date, note text, property_id bigint,
    stay_id bigint, is_new boolean, lacks_guest boolean
) ON COMMIT DROP;
CREATE TEMP TABLE stage_part (
    line integer, stay_id bigint, is_guest boolean, is_booker boolean, is_payer boolean, is_agent boolean
) ON COMMIT DROP;
CREATE TEMP TABLE stage_tag (line integer, position integer, tag_id bigint) ON COMMIT DROP;
CREATE TEMP TABLE stage_field (
    of text, row_id bigint, line integer, field_id bigint, text text, number numeric(18, 4), date date, flag boolean
) ON COMMIT DROP;
"""
# A try-out runs in one transaction and writes nothing: what earlier batches would have written is kept here.
_CREATE_PLANNED: Final = """
CREATE TEMP TABLE planned_contact (kind text, matches text, identity_key text, customer_id bigint) ON COMMIT DROP;
CREATE INDEX ON planned_contact (matches);
CREATE INDEX ON planned_contact (customer_id);
CREATE TEMP TABLE planned_told (kind text, normalised text, state text) ON COMMIT DROP;
CREATE INDEX ON planned_told (normalised);
CREATE TEMP TABLE planned_line (card bigint PRIMARY KEY, line integer) ON COMMIT DROP;
CREATE TEMP TABLE planned_guest (customer_id bigint, identity_key text) ON COMMIT DROP;
CREATE INDEX ON planned_guest (customer_id);
CREATE TEMP TABLE planned_number (value text, customer_id bigint, place integer) ON COMMIT DROP;
CREATE INDEX ON planned_number (value);
CREATE TEMP TABLE planned_consent (
    customer_id bigint, purpose text, channel text, granted boolean, since timestamptz,
    place bigint GENERATED ALWAYS AS IDENTITY
) ON COMMIT DROP;
CREATE INDEX ON planned_consent (customer_id);
CREATE TEMP TABLE planned_detail (customer_id bigint, kind text) ON COMMIT DROP;
CREATE INDEX ON planned_detail (customer_id);
CREATE TEMP TABLE planned_stay (external_id text, stay_id bigint) ON COMMIT DROP;
CREATE INDEX ON planned_stay (external_id);
CREATE TEMP TABLE planned_record (external_id text, record_id bigint, customer_id bigint) ON COMMIT DROP;
CREATE INDEX ON planned_record (external_id);
CREATE TEMP TABLE planned_seen (
    business_id bigint, run_id bigint, what text, row_id bigint, changed boolean,
    PRIMARY KEY (business_id, run_id, what, row_id)
) ON COMMIT DROP;
"""
_DROP: Final = "DROP TABLE IF EXISTS {}"
_STAGE: Final = (
    "stage_guest, stage_contact, stage_stay, stage_part, stage_record, stage_tag, stage_field,"
    " plan_card, plan_contact,"
    " plan_point, plan_tag, plan_field"
)
_PLANNED: Final = (
    "planned_contact, planned_told, planned_line, planned_guest, planned_number, planned_consent, planned_detail,"
    " planned_stay, planned_record, planned_seen"
)


def create_stage(cursor: CursorWrapper) -> None:
    """Make the tables of a batch anew; they go with the transaction at the latest."""
    cursor.execute(_DROP.format(_STAGE))
    cursor.execute(_CREATE)


def create_planned(cursor: CursorWrapper) -> None:
    """Make the tables of a try-out, at the beginning of its transaction."""
    cursor.execute(_DROP.format(_PLANNED))
    cursor.execute(_CREATE_PLANNED)


_JOINED: Final = frozenset(("line", "customer_id", "is_new", "row_id", "stay_id", "record_id"))
"""Columns that rows are joined or chosen by: what the planner must know of; of all others it would cost as much."""


def copy_rows(cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY rows into a temporary table and let the planner know how many there are."""
    # Column by column: most hold nothing but plain text, which a look at all of it together tells.
    written = [_written(cells) for cells in zip(*rows, strict=True)]
    text = io.StringIO("\n".join(map("\t".join, zip(*written, strict=True))))
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)
    joined = [column for column in columns if column in _JOINED]
    if joined:
        cursor.execute(f"ANALYZE {table} ({', '.join(joined)})")


# PostgreSQL's text format for COPY.
_NULL: Final = "\\N"
_SPECIAL: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_WRITTEN: Final[dict[type, Callable[[Any], str]]] = {
    str: lambda value: value.translate(_SPECIAL),
    int: str,
    Decimal: str,
    bool: lambda value: "t" if value else "f",
    date: date.isoformat,
    datetime: datetime.isoformat,
    type(None): lambda _value: _NULL,
}


def _written(cells: Sequence[Any]) -> Sequence[str]:
    """The cells of a column as COPY reads them."""
    if set(map(type, cells)) == {str}:
        together = "".join(cells)
        if any(mark in together for mark in ("\\", "\n", "\t", "\r")):
            return [cell.translate(_SPECIAL) for cell in cells]
        return cells
    return [_WRITTEN[type(cell)](cell) for cell in cells]
