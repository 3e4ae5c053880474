"""From rows as they stand to typed guests and stays, with every problem named. Pure: no Django, no database."""

from imports.mapping.columns import Columns
from imports.mapping.extras import CONSENTS, read_extras
from imports.mapping.guests import read_guests
from imports.mapping.plan import TARGETS, Format, Kind, OwnField, OwnReader, OwnValue, Plan, formats, is_sensitive, plan
from imports.mapping.rows import (
    LIMITS,
    ConsentRow,
    ContactRow,
    Context,
    DetailRow,
    FieldRow,
    GuestRow,
    Interpreted,
    StayRow,
    TagRow,
)
from imports.mapping.stays import read_stays
from imports.readers import Batch

__all__ = [
    "CONSENTS",
    "LIMITS",
    "TARGETS",
    "ConsentRow",
    "ContactRow",
    "Context",
    "DetailRow",
    "FieldRow",
    "Format",
    "GuestRow",
    "Interpreted",
    "Kind",
    "OwnField",
    "OwnReader",
    "OwnValue",
    "Plan",
    "StayRow",
    "TagRow",
    "formats",
    "interpret",
    "is_sensitive",
    "plan",
]


def interpret(laid: Plan, batch: Batch, context: Context) -> Interpreted:
    """Interpret a batch: what each row says of a guest and, in a list of bookings, of a stay.

    A row that cannot be imported is left out and named in `problems`; a value that cannot be read is named and left
    empty or kept as typed. Every row of `stays` has a row of `guests` of the same line.
    """
    columns = Columns(laid, batch)
    result = Interpreted()
    bookings = laid.format.kind == "bookings"
    result.invalid_stays = len(batch.problems) if bookings else 0
    result.invalid_guests = 0 if bookings else len(batch.problems)
    if batch.rows:
        first_contacts = read_stays(columns, context, result) if bookings else None
        unusable = set(columns.left_out)
        read_guests(columns, context, result, first_contacts=first_contacts)
        if bookings and columns.left_out != unusable:
            result.invalid_stays += len(columns.left_out - unusable)
            gone = {columns.lines[at] for at in columns.left_out}
            result.stays = [stay for stay in result.stays if stay.line not in gone]
        read_extras(columns, context, result)
    result.problems = sorted(columns.problems, key=lambda problem: problem.line)
    return result
