"""What can be wrong with one row or value of a file, named by line, column, value and reason.

A problem never stops the other rows. Sentences are marked for translation here and translated where they are shown.
"""

import re
from typing import Final, NamedTuple

from accounts.marking import gettext_noop

VALUE_SHOWN: Final = 120


class Problem(NamedTuple):
    """One thing that was not as it should be.

    `line` is the physical line in the file, 1 being the first; `column` the column's name (several joined by a comma,
    empty for the whole row); `value` as it stands in the file, shortened, with card numbers masked; `reason` a key
    of REASONS.
    """

    line: int
    column: str
    value: str
    reason: str


# The reason's sentence, and whether the whole row was left out because of it.
REASONS: Final[dict[str, tuple[str, bool]]] = {
    "columns": (gettext_noop("The row has more cells than there are columns."), True),
    "total": (gettext_noop("This line sums up the rows above it; it is no row of its own."), True),
    "printout": (gettext_noop("This line belongs to a printout, not to the list."), True),
    "heading": (gettext_noop("The column names stand here once more."), True),
    "formula": (gettext_noop("The formula in this cell has no value; the cell was taken as empty."), False),
    "quote": (gettext_noop("A quotation mark is opened and not closed."), True),
    "cell_too_long": (gettext_noop("The cell is longer than 32,767 characters."), True),
    "no_guest": (gettext_noop("There is neither a name, a company, an e-mail address nor a phone number."), True),
    "no_key": (gettext_noop("The booking's own number is missing."), True),
    "no_number": (gettext_noop("The number of the invoice is missing."), True),
    "no_purchase": (gettext_noop("Neither what was bought nor an amount is said."), True),
    "invoice_amount": (gettext_noop("This is not the amount of an invoice."), True),
    "quantity": (gettext_noop("This is not a quantity; 1 was used."), False),
    "no_property": (gettext_noop("The name of the hotel is missing."), True),
    "repeated": (gettext_noop("The same number stands on an earlier line; that line was used."), True),
    "unknown_number": (gettext_noop("No guest has this number, and the row says nothing else of them."), True),
    "other_guest": (
        gettext_noop(
            "The guest with this number has another name, e-mail and phone; the row was taken for a new guest."
        ),
        False,
    ),
    "date": (gettext_noop("This is not a date."), True),
    "number": (gettext_noop("This is not a whole number of 0 or more."), True),
    "value_date": (gettext_noop("This is not a date; the field was left empty."), False),
    "value_number": (gettext_noop("This is not a whole number of 0 or more; 0 was used."), False),
    "number_empty": (gettext_noop("This is not a whole number of 0 or more; the field was left empty."), False),
    "amount": (gettext_noop("This is not an amount; the field was left empty."), False),
    "choice": (gettext_noop("This value is not known; the field was left empty."), False),
    "status": (gettext_noop("This status is not known."), True),
    "contradiction": (gettext_noop("The two columns contradict each other; the second was used."), False),
    "country": (gettext_noop("This is not a country code; the field was left empty."), False),
    "language": (gettext_noop("This is not a language code; the field was left empty."), False),
    "too_long": (gettext_noop("The text is too long for its field; the rest was cut off."), False),
    "tags": (gettext_noop("A guest has at most nine tags; the rest were left out."), False),
    "email_invalid": (gettext_noop("This is not an e-mail address; it was kept as typed."), False),
    "email_placeholder": (gettext_noop("This address stands for no address; it was kept and marked."), False),
    "email_several": (gettext_noop("There are several addresses in one cell; they were kept as typed."), False),
    "phone_invalid": (gettext_noop("This phone number exists nowhere; it was kept as typed."), False),
    "phone_placeholder": (gettext_noop("This number stands for no number; it was kept and marked."), False),
    "phone_several": (gettext_noop("There are several numbers in one cell; they were kept as typed."), False),
    "control": (gettext_noop("The text holds characters that cannot be shown; they were removed."), False),
    "own_value": (gettext_noop("This is no value of the field; it was left empty."), False),
    "yes_no": (gettext_noop("This is neither yes nor no; no consent was recorded."), False),
    "consent_future": (gettext_noop("The date of this consent is in the future; nothing was recorded."), False),
    "consent_unproven": (
        gettext_noop("A yes needs its date, how it was given and the words that were agreed to; none was recorded."),
        False,
    ),
    "consent_withdrawn": (
        gettext_noop("The guest has withdrawn this consent; a file does not bring it back."),
        False,
    ),
    "consent_opted_out": (
        gettext_noop("This address or number has opted out; a file does not bring the consent back."),
        False,
    ),
    "no_consent": (
        gettext_noop("The guest has not consented to sensitive details; the value was not stored."),
        False,
    ),
    "restricted": (
        gettext_noop("The processing of this guest's data is restricted; the card was left as it is."),
        False,
    ),
    "card_number": (gettext_noop("This looks like a payment card number; it was not stored."), False),
}

_CARD_LIKE = re.compile(r"\d(?:[ -]?\d){11,18}")


def shown(value: str) -> str:
    """A value as a problem may show it: on one line, shortened, with anything like a card number masked."""
    value = " ".join(value[: 4 * VALUE_SHOWN].split())
    value = _CARD_LIKE.sub(lambda found: "*" * (len(found.group()) - 4) + found.group()[-4:], value)
    return value if len(value) <= VALUE_SHOWN else value[: VALUE_SHOWN - 1] + "…"
