"""What each column of a file means, as it is suggested, asked, saved and laid over a file: a layout.

A layout is JSON of the shape of SCHEMA, and names columns by their names, so that it outlives the file:

`kind`      what the rows are: one of KINDS.
`format`    the known format that it stands on, whose words, currency and escapes hold; empty for none.
`system`    names the ids that the file brings, so that the same file twice finds the same records.
`readings`  which meaning is read from which columns (`from`), and how:
            `first`  the first column that is filled;
            `join`   all that are filled, `by` between them, each after its word of `words`;
            `sum`    whole numbers added up;
            `split`  several values in one cell, parted by `by`;
            `part`   the cell's part number `part`, counted from 1 (from the end: -1), parted by `by`; the highest
                     number that is read of a column takes what is left of it.
`fixed`     a text that every row has for a meaning that no column has.
`dates`     the order of day, month and year where a date does not show it; `dates_of` of single columns.
`years`     in dates of birth, years of two digits up to this one are of this century; `years_of` of single columns.
`decimal`   the decimal sign where an amount does not show it.
`values`    words of the file and what they are called here, without case; a word that ends in `*` stands for all that
            begin so, and an empty value for nothing.
`ignored`   columns that are left behind on purpose.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, NamedTuple, cast, get_args

import jsonschema

from accounts.marking import gettext_noop
from imports.readers.errors import FileError

VERSION: Final = 1
Kind = Literal["guests", "bookings", "invoices", "purchases", "consents"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
How = Literal["first", "join", "sum", "split", "part"]
HOWS: Final[tuple[How, ...]] = get_args(How)
Order = Literal["dmy", "mdy", "ymd"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)

_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 32_767}
_ORDER: Final = {"enum": list(ORDERS)}
_YEARS: Final = {"type": "integer", "minimum": 0, "maximum": 99}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["version", "kind", "readings"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": VERSION},
        "kind": {"enum": list(KINDS)},
        "format": {"type": "string", "maxLength": 60, "pattern": "^[a-z0-9_]*$"},
        "system": {"type": "string", "maxLength": 60},
        "readings": {
            "type": "array",
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["meaning", "from"],
                "additionalProperties": False,
                "properties": {
                    "meaning": {"type": "string", "maxLength": 80},
                    "from": {"type": "array", "minItems": 1, "maxItems": 60, "items": _NAME},
                    "how": {"enum": list(HOWS)},
                    "by": {"type": "string", "maxLength": 10},
                    "part": {"type": "integer", "minimum": -9, "maximum": 9},
                    "words": {"type": "array", "maxItems": 60, "items": {"type": "string", "maxLength": 80}},
                },
            },
        },
        "fixed": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 1000}},
        "dates": _ORDER,
        "dates_of": {"type": "object", "additionalProperties": _ORDER},
        "years": _YEARS,
        "years_of": {"type": "object", "additionalProperties": _YEARS},
        "decimal": {"enum": [",", ".", ""]},
        "values": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "maxProperties": 500,
                "additionalProperties": {"type": "string", "maxLength": 200},
            },
        },
        "ignored": {"type": "array", "maxItems": 500, "items": _NAME},
    },
}
_VALIDATOR: Final = jsonschema.Draft202012Validator(SCHEMA)
YEARS: Final = 39
"""Years of two digits up to 39 are of this century, unless a layout says otherwise."""


class LayoutProblem(NamedTuple):
    """What is wrong with one column, or with a meaning that no column has: `template % params` is the sentence.

    `column` and `meaning` may be empty; the sentence is marked for translation.
    """

    column: str
    meaning: str
    template: str
    params: Mapping[str, object]

    def __str__(self) -> str:
        return self.template % self.params


class MappingError(FileError):
    """A layout that does not fit: each of `problems` names a column or a meaning."""

    template: ClassVar[str] = gettext_noop("What the columns of this file mean has to be told first: %(what)s")

    def __init__(self, problems: list[LayoutProblem]) -> None:
        super().__init__(what=" ".join(dict.fromkeys(str(problem) for problem in problems[:5])))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Reading:
    """Which columns a meaning is read from, and how; SCHEMA's text explains it."""

    meaning: str
    columns: tuple[str, ...]
    how: How = "first"
    by: str = ""
    part: int = 0
    words: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it stands in a layout; what is usual is left out."""
        said: dict[str, Any] = {"meaning": self.meaning, "from": list(self.columns), "how": self.how}
        if self.by:
            said["by"] = self.by
        if self.part:
            said["part"] = self.part
        if any(self.words):
            said["words"] = list(self.words)
        return said


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that keeps to SCHEMA."""

    kind: Kind
    readings: tuple[Reading, ...]
    format: str = ""
    system: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    dates: Order = "dmy"
    dates_of: Mapping[str, Order] = field(default_factory=dict)
    years: int = YEARS
    years_of: Mapping[str, int] = field(default_factory=dict)
    decimal: str = ""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The layout as it is stored and as forms change it."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "format": self.format,
            "system": self.system,
            "readings": [reading.as_json() for reading in self.readings],
            "fixed": dict(self.fixed),
            "dates": self.dates,
            "dates_of": dict(self.dates_of),
            "years": self.years,
            "years_of": dict(self.years_of),
            "decimal": self.decimal,
            "values": {meaning: dict(words) for meaning, words in self.values.items()},
            "ignored": list(self.ignored),
        }


def layout_read(said: Any) -> Layout:
    """A layout from JSON; raises MappingError where it does not keep to SCHEMA."""
    wrong = sorted(_VALIDATOR.iter_errors(said), key=lambda error: list(map(str, error.absolute_path)))
    if wrong:
        raise MappingError([_broken(said, error) for error in wrong])
    readings = tuple(
        Reading(
            meaning=each["meaning"],
            columns=tuple(each["from"]),
            how=each.get("how", "first"),
            by=each.get("by", ""),
            part=each.get("part", 0),
            words=tuple(each.get("words", ())),
        )
        for each in said["readings"]
    )
    return Layout(
        kind=cast(Kind, said["kind"]),
        readings=readings,
        format=said.get("format", ""),
        system=said.get("system", ""),
        fixed=said.get("fixed", {}),
        dates=said.get("dates", "dmy"),
        dates_of=said.get("dates_of", {}),
        years=said.get("years", YEARS),
        years_of=said.get("years_of", {}),
        decimal=said.get("decimal", ""),
        values=said.get("values", {}),
        ignored=tuple(said.get("ignored", ())),
    )


def _broken(said: Any, error: jsonschema.ValidationError) -> LayoutProblem:
    """What keeps a layout from being one, at the column it speaks of where that is known."""
    path = list(error.absolute_path)
    column = meaning = ""
    if len(path) >= 2 and path[0] == "readings" and isinstance(path[1], int):
        reading = said["readings"][path[1]]
        if isinstance(reading, dict):
            columns, named = reading.get("from"), reading.get("meaning")
            column = str(columns[0]) if isinstance(columns, list) and columns else ""
            meaning = str(named or "")
    elif len(path) >= 2 and isinstance(path[1], str):
        column = path[1] if str(path[0]).endswith("_of") else ""
        meaning = "" if column else path[1]
    where = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, path))) or "layout"
    return LayoutProblem(
        column,
        meaning,
        gettext_noop("%(where)s: %(message)s"),
        {
            "where": where,
            "message": error.message[:200],
        },
    )
