"""Filters by fields of the business's own. Pure.

In an address a field stands as ``f.<key>``: a text or the key of a choice, ``yes`` or ``no``, of which several may be
given; a number or an ISO date, or a range of them, ``10..20``, ``10..`` or ``..20``, both ends included.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

PREFIX: Final = "f."
FROM, UNTIL = ".from", ".until"
"""After ``f.<key>``: the ends of a range as the two inputs of a form send them."""
RANGE: Final = ".."
SCALE: Final = 10_000
TEXT_LENGTH: Final = 500
_NUMBER = re.compile(r"-?\d{1,14}(?:[.,]\d{1,4})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

End = Decimal | dt.date


class FilterField(NamedTuple):
    """A field that can be filtered by: its id, key, kind, and the keys of a choice."""

    id: int
    key: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def has_range(self) -> bool:
        """Whether its values are numbers or dates."""
        return self.kind in ("number", "date")


@dataclass(frozen=True)
class OwnFilter:
    """A condition on one field: one of ``any_of``, or between ``low`` and ``high``, both included, one of them open."""

    field: FilterField
    any_of: tuple[str, ...] = ()
    low: End | None = None
    high: End | None = None

    def parameters(self) -> list[tuple[str, str]]:
        """The condition as an address holds it."""
        name = PREFIX + self.field.key
        if not self.field.has_range:
            return [(name, value) for value in self.any_of]
        low, high = _written(self.low), _written(self.high)
        return [(name, low if low == high else f"{low}{RANGE}{high}")]

    def sql(self) -> tuple[str, list[Any]]:
        """The condition on a value ``v``; only comparisons that an index may answer below a policy."""
        if self.field.kind == "yes_no":
            return "v.flag = ANY (%s::boolean[])", [[value == "yes" for value in self.any_of]]
        if not self.field.has_range:
            return "v.text = ANY (%s)", [list(self.any_of)]
        column = "v.number_scaled" if self.field.kind == "number" else "v.date"
        ends = ((">=", self.low), ("<=", self.high))
        given = [(sign, end) for sign, end in ends if end is not None]
        return " AND ".join(f"{column} {sign} %s" for sign, _end in given), [_stored(end) for _sign, end in given]


def read_own(
    parameters: Mapping[str, Sequence[str]], fields: Sequence[FilterField], most: int
) -> tuple[list[OwnFilter], list[tuple[str, str]]]:
    """Conditions from an address's parameters, in the order of ``fields``, and what could not be read of them.

    At most ``most`` values of a field count.
    """
    found = []
    wrong: list[tuple[str, str]] = []
    known = set()
    for field in fields:
        name = PREFIX + field.key
        values = [value.strip() for value in parameters.get(name, ()) if value.strip()]
        if field.has_range:
            known |= {name, name + FROM, name + UNTIL}
            condition = _range(field, values, parameters, wrong)
        else:
            known.add(name)
            wrong += [(name, value) for value in values[most:]]
            condition = _any_of(field, list(dict.fromkeys(values[:most])), wrong)
        if condition is not None:
            found.append(condition)
    strange = [name for name in parameters if name.startswith(PREFIX) and name not in known]
    wrong += [(name, value) for name in strange for value in parameters[name] if value.strip()]
    return found, wrong


def _any_of(field: FilterField, values: list[str], wrong: list[tuple[str, str]]) -> OwnFilter | None:
    allowed = {"yes_no": ("yes", "no"), "choice": field.options}.get(field.kind)
    kept = []
    for value in values:
        if (allowed is None and len(value) <= TEXT_LENGTH and "\x00" not in value) or (allowed and value in allowed):
            kept.append(value)
        else:
            wrong.append((PREFIX + field.key, value))
    return OwnFilter(field, tuple(kept)) if kept else None


def _range(
    field: FilterField, values: list[str], parameters: Mapping[str, Sequence[str]], wrong: list[tuple[str, str]]
) -> OwnFilter | None:
    name = PREFIX + field.key
    wrong += [(name, value) for value in values[1:]]
    typed = values[0] if values else ""
    low, sign, high = typed.partition(RANGE)
    ends = {name: typed, name + FROM: low, name + UNTIL: high if sign else low}
    texts = [ends[name + FROM], ends[name + UNTIL]]
    for place, suffix in enumerate((FROM, UNTIL)):
        given = next((value.strip() for value in parameters.get(name + suffix, ()) if value.strip()), "")
        texts[place] = given or texts[place]
    read = [_read(field.kind, text.strip()) for text in texts]
    for text, end in zip(texts, read, strict=True):
        if text.strip() and end is None:
            wrong.append((name, typed or text))
            return None
    first, last = read
    if first is None and last is None:
        return None
    if first is not None and last is not None and last < first:  # type: ignore[operator]
        first, last = last, first
    return OwnFilter(field, (), first, last)


def _read(kind: str, text: str) -> End | None:
    if kind == "date":
        try:
            return dt.date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            return None
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text.replace(",", ".")) + 0
    except InvalidOperation:
        return None


def _written(end: End | None) -> str:
    if end is None:
        return ""
    if isinstance(end, dt.date):
        return end.isoformat()
    return f"{end:f}".rstrip("0").rstrip(".") if "." in f"{end:f}" else f"{end:f}"


def _stored(end: End) -> Any:
    return end if isinstance(end, dt.date) else int(end * SCALE)
