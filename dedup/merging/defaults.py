"""Which card's value holds when nobody chooses. Pure: values in, the index of a card out.

``order`` are the indices of the cards, those to be believed first at the front.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

_MARK = re.compile(r"[^\x00-\x7f]")
_PLACEHOLDER_BIRTHS = frozenset({date(1900, 1, 1), date(1901, 1, 1), date(1970, 1, 1), date(1111, 11, 11)})


def pick(values: Sequence[Any], order: Sequence[int], worth: Callable[[Any], Any] = bool) -> int:
    """The index of the value that is worth most, of equals the first in order.

    >>> pick(["", "Oslo", "Bergen"], [2, 0, 1])
    2
    """
    return max(order, key=lambda index: (worth(values[index]), -order.index(index)))


def name_worth(name: tuple[str, str]) -> tuple[int, ...]:
    """How much a name tells: both parts, written out, in the letters of its language, not all in capitals. A longer one
    tells no more: it may be a slip of the keys.

    >>> name_worth(("Ingrid", "Sørensen")) > name_worth(("Ingrid", "Sorensen")) > name_worth(("I.", "SORENSEN"))
    True
    """
    given, family = (part.strip() for part in name)
    both = f"{given} {family}".strip()
    if not both:
        return (0,)
    is_initial = len(given.replace(".", "")) <= 1
    is_cased = both not in (both.upper(), both.lower())
    return (
        bool(given) + bool(family),
        0 if is_initial else 1,
        int(is_cased),
        len(_MARK.findall(both)),
        len(both.split()),
    )


def address_worth(address: Sequence[str]) -> int:
    """How complete an address is: how many of its parts are there, the street twice.

    >>> address_worth(("Parkveien 12", "0350", "Oslo", "NO"))
    5
    """
    return sum(bool(part) for part in address) + bool(address[0])


def birth_worth(born: date | None) -> int:
    """Whether a date of birth is one: what programs write where none is known is worth less.

    >>> birth_worth(None) < birth_worth(date(1900, 1, 1)) < birth_worth(date(1984, 5, 17))
    True
    """
    return 0 if born is None else 1 + (born not in _PLACEHOLDER_BIRTHS)


def together(texts: Sequence[str], order: Sequence[int], longest: int) -> str | None:
    """All texts as one, each once, in order; ``None`` where that is too long.

    >>> together(["Quiet room", "", "Late arrival", "Quiet room"], [0, 1, 2, 3], 100)
    'Quiet room\\n\\nLate arrival'
    """
    found = list(dict.fromkeys(texts[index].strip() for index in order if texts[index].strip()))
    # What stands in another text already need not stand twice.
    found = [text for text in found if not any(text != other and text in other for other in found)]
    joined = "\n\n".join(found)
    return joined if len(joined) <= longest else None
