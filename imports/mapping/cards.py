"""Payment card numbers: recognised so that they are never stored (PCI DSS 4.0, requirement 3)."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from customers.normalise import fold

# A column is refused when this share of its filled cells are card numbers. By chance one number in ten passes Luhn.
_SHARE: Final = 0.5
_NAMES = frozenset(
    fold(name)
    for name in (
        "Card", "Card no", "Card number", "Credit card", "Creditcard", "Credit card number", "Debit card", "PAN",
        "CC", "CC number", "CVC", "CVV", "CVV2",
        "Kortnummer", "Betalingskort", "Kredittkort", "Kredittkortnummer", "Kreditkort", "Kreditkortnummer",
        "Kaartnummer", "Creditcardnummer", "Kreditkarte", "Kreditkartennummer",
    )
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\d+])(?:\d[ -]?){12,18}\d(?!\d)")
_MASKED = re.compile(r"^(?:\d{4}[ -]?\d{0,2})?(?:[*xX•#.][ -]?){4,15}\d{3,4}$")


def card_columns(
    header: Sequence[str], sample: Sequence[Sequence[str]], *, known: Collection[str] = frozenset()
) -> list[int]:
    """Places of the columns that hold card numbers, by name or by what stands in most of their cells.

    `known` are folded names that are known to mean something else; those are judged by their cells alone.
    """
    found = []
    for place, name in enumerate(header):
        cells = [row[place].strip() for row in sample]
        filled = [cell for cell in cells if cell]
        by_content = len(filled) > 0 and sum(map(is_card_number, filled)) >= _SHARE * len(filled) and len(filled) >= 2
        if by_content or (fold(name) in _NAMES and fold(name) not in known):
            found.append(place)
    return found


def is_card_number(cell: str) -> bool:
    """Whether a whole cell is a card number, plain (13–19 digits that pass Luhn) or masked (`************4322`)."""
    if not 8 <= len(cell) <= 25:
        return False
    if _MASKED.match(cell):
        return True
    number = _NUMBER.fullmatch(cell)
    return number is not None and _passes_luhn(cell)


def without_card_numbers(text: str) -> str:
    """The text with every card number in it masked but for its last four digits; the same object when there is none."""
    if len(text) < 13:
        return text
    return _NUMBER.sub(_masked_if_card, text) if _NUMBER.search(text) else text


def _masked_if_card(found: re.Match[str]) -> str:
    number = found.group()
    return f"****{number[-4:]}" if _passes_luhn(number) else number


def _passes_luhn(text: str) -> bool:
    """ISO/IEC 7812-1 annex B; a number of one repeated digit is no card."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1 or digits[0] not in (2, 3, 4, 5, 6):
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
