"""From rows as they stand to typed guests, stays, invoices and purchases, with every problem named.

Pure: no Django, no database. A file's columns are told by a layout (`imports.mapping.layout`): `suggest` makes one,
`lay` lays it over the header, `interpret` reads the rows.
"""

from imports.mapping.billing import read_invoices, read_purchases
from imports.mapping.columns import Columns
from imports.mapping.extras import read_extras
from imports.mapping.formats import Format, format_of, formats
from imports.mapping.guests import read_guests
from imports.mapping.headers import choices, template_header
from imports.mapping.layout import KINDS, SCHEMA, Kind, Layout, LayoutProblem, MappingError, Reading, layout_read
from imports.mapping.looks import is_amount, is_dated, samples
from imports.mapping.meanings import CONSENTS, GROUPS, Meaning, is_sensitive, meaning_of, meanings, usual_how
from imports.mapping.own import TARGETS, OwnField, OwnReader, OwnValue
from imports.mapping.plan import Plan, lay
from imports.mapping.questions import Question
from imports.mapping.rows import (
    LIMITS,
    ConsentRow,
    ContactRow,
    Context,
    DetailRow,
    FieldRow,
    GuestRow,
    Interpreted,
    InvoiceRow,
    PartRow,
    PurchaseRow,
    StayRow,
    TagRow,
)
from imports.mapping.signature import signature
from imports.mapping.stays import read_stays
from imports.mapping.suggest import Suggestion, suggest
from imports.mapping.words import REASONS_OF_WORDS, YES_NO, Word, has_words, unknown_words, values_of
from imports.readers import Batch

__all__ = [
    "CONSENTS",
    "GROUPS",
    "KINDS",
    "LIMITS",
    "REASONS_OF_WORDS",
    "SCHEMA",
    "TARGETS",
    "YES_NO",
    "ConsentRow",
    "ContactRow",
    "Context",
    "DetailRow",
    "FieldRow",
    "Format",
    "GuestRow",
    "Interpreted",
    "InvoiceRow",
    "Kind",
    "Layout",
    "LayoutProblem",
    "MappingError",
    "Meaning",
    "OwnField",
    "OwnReader",
    "OwnValue",
    "PartRow",
    "Plan",
    "PurchaseRow",
    "Question",
    "Reading",
    "StayRow",
    "Suggestion",
    "TagRow",
    "Word",
    "choices",
    "format_of",
    "formats",
    "has_words",
    "interpret",
    "is_amount",
    "is_dated",
    "is_sensitive",
    "lay",
    "layout_read",
    "meaning_of",
    "meanings",
    "samples",
    "signature",
    "suggest",
    "template_header",
    "unknown_words",
    "usual_how",
    "values_of",
]


def interpret(laid: Plan, batch: Batch, context: Context) -> Interpreted:
    """Interpret a batch: what each row says of a guest and, by the file's kind, of a stay, an invoice or a purchase.

    A row that cannot be imported is left out and named in `problems`; a value that cannot be read is named and left
    empty or kept as typed. Every row of `stays`, `invoices` and `purchases` has a row of `guests` of the same line.
    """
    columns = Columns(laid, batch)
    result = Interpreted()
    if batch.rows:
        first_contacts = None
        if laid.kind == "bookings":
            first_contacts = read_stays(columns, context, result)
        elif laid.kind in ("invoices", "purchases"):
            # Their guests are told by the record's own id, and when they were first met the file does not say.
            first_contacts = [None] * len(columns)
            (read_invoices if laid.kind == "invoices" else read_purchases)(columns, context, result)
        read_guests(columns, context, result, first_contacts=first_contacts)
        if columns.left_out:
            gone = {columns.lines[at] for at in columns.left_out}
            result.stays = [row for row in result.stays if row.line not in gone]
            result.parts = [row for row in result.parts if row.line not in gone]
            result.invoices = [row for row in result.invoices if row.line not in gone]
            result.purchases = [row for row in result.purchases if row.line not in gone]
        read_extras(columns, context, result)
    invalid = len(batch.problems) + len(columns.left_out)
    if laid.kind == "bookings":
        result.invalid_stays = invalid
    elif laid.kind in ("invoices", "purchases"):
        result.invalid_records = invalid
    else:
        result.invalid_guests = invalid
    result.problems = sorted(columns.problems, key=lambda problem: problem.line)
    return result
