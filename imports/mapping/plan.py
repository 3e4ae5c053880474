"""A layout laid over one file's header: which cells hold each meaning, and how they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from accounts.marking import gettext_noop
from customers.normalise import fold
from imports.mapping.cards import card_columns
from imports.mapping.formats import Format, format_of
from imports.mapping.headers import choices, known_words
from imports.mapping.layout import How, Kind, Layout, LayoutProblem, MappingError, Order, Reading, layout_read
from imports.mapping.meanings import ADDRESS, NEEDS, WHO, is_sensitive, meanings, missing
from imports.mapping.own import OwnField

_T = TypeVar("_T")
_GONE: Final = gettext_noop("The file has no column %(column)s.")
_UNKNOWN: Final = gettext_noop("The column %(column)s was told to mean something that is not known here.")
_UNKNOWN_FIXED: Final = gettext_noop("%(meaning)s cannot be the same on every row of this kind of file.")
_NO_VALUE: Final = gettext_noop("A word of the file was told to mean “%(value)s”, which is no value here.")
_TWICE: Final = gettext_noop("The columns %(first)s and %(column)s mean the same, but are read differently.")
_BOTH: Final = gettext_noop("%(column)s says the same as the value that is to stand on every row. Choose one of them.")
_LACKS: Final[Mapping[tuple[str, ...], str]] = {
    WHO: gettext_noop("No column says who the guest is: a name, an e-mail address or a phone number."),
    WHO[1:]: gettext_noop("No column says who the guest is: a name, an e-mail address or a phone number."),
    ADDRESS: gettext_noop("No column has the guest's e-mail address or phone number."),
    NEEDS["bookings"][0]: gettext_noop("No column says when the guest arrives."),
    NEEDS["bookings"][1]: gettext_noop("No column says when the guest leaves, or for how many nights they stay."),
    NEEDS["invoices"][0]: gettext_noop("No column has the number of the invoice."),
    NEEDS["invoices"][1]: gettext_noop("No column has the amount of the invoice."),
    NEEDS["purchases"][0]: gettext_noop("No column says what was bought, or for how much."),
    NEEDS["consents"][0]: gettext_noop("No column says yes or no, and nothing is said for every row."),
}


class Source(NamedTuple):
    """The cells of one meaning: the places of its columns, and how they are read as a layout says it.

    `is_rest`: of parts, whether this one takes what is left of the cell. `is_place`: the cell is a postal code and a
    city, and a space inside of the code parts nothing.
    """

    places: tuple[int, ...]
    how: How = "first"
    by: str = ""
    part: int = 0
    words: tuple[str, ...] = ()
    is_rest: bool = False
    is_place: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout over one file's header.

    `refused` are columns that are never stored, with the reason; `unread` columns mean nothing here and stay behind.
    `own` are the business's fields that the file has, `sensitive` the places of what is only kept with a consent.
    `dates` and `years` hold for each place that has a date, and at -1 for all others.
    """

    kind: Kind
    key: str
    system: str
    header: tuple[str, ...]
    sources: Mapping[str, Source]
    fixed: Mapping[str, str]
    dates: Mapping[int, Order]
    years: Mapping[int, int]
    decimal: str
    values: Mapping[str, Mapping[str, str]]
    empty: frozenset[str]
    currency: str
    refused: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    own: tuple[OwnField, ...] = ()
    sensitive: frozenset[int] = frozenset()

    @property
    def places(self) -> dict[str, tuple[int, ...]]:
        """Meaning → the places of its columns."""
        return {meaning: source.places for meaning, source in self.sources.items()}

    @property
    def is_exported(self) -> bool:
        """Whether it is one of Innkeeper's own lists, whose cells part their values as its export does."""
        return self.system in _OWN_SYSTEMS

    def has(self, meaning: str) -> bool:
        """Whether the file says something of this meaning, by a column or for every row."""
        return meaning in self.sources or meaning in self.fixed

    def names(self, meaning: str) -> str:
        """The columns of a meaning, as they are called in the file."""
        source = self.sources.get(meaning)
        return ", ".join(self.header[place] for place in source.places) if source is not None else ""

    def extras(self) -> list[tuple[str, str]]:
        """(column, meaning) of what is beyond names and contact: own fields, consents, sensitive details, answers."""
        found = [
            (place, meaning)
            for meaning, source in self.sources.items()
            if meaning.startswith(("own.", "sensitive.", "consent.")) or meaning in _ANSWERS
            for place in source.places
        ]
        return [(self.header[place], meaning) for place, meaning in sorted(found)]


_PLACE: Final = {"guest.postal_code": 1, "guest.city": 2}
"""The parts of a cell as `1012 AB Amsterdam`."""
_OWN_SYSTEMS: Final = ("guest_list", "innkeeper")
_ANSWERS: Final = frozenset(("guest.why_us", "guest.thanked", "guest.deal_breakers"))


def lay(
    layout: Layout | Mapping[str, Any],
    header: Sequence[str],
    *,
    fields: Sequence[OwnField] = (),
    sample: Sequence[Sequence[str]] = (),
) -> Plan:
    """Lay a layout over a file's header. Columns that hold payment cards, by name or in `sample` (rows), are refused.

    `fields` are the business's own. Raises MappingError, whose problems name the columns, when a column is not there,
    means nothing that is known, or the file lacks what it cannot do without.
    """
    said = layout if isinstance(layout, Layout) else layout_read(layout)
    known = format_of(said.format)
    names = _Names(header)
    refused = _refused(header, sample, known)
    own = {one.meaning: one for one in fields}
    allowed = {meaning.key for meaning in meanings(said.kind, fields=fields)}
    sources, problems = _sources(said, names, {place for place, name in enumerate(header) if name in refused}, allowed)
    problems += _wrong_values(said, sources, allowed)
    if not problems:
        lacks = missing(said.kind, {*sources, *said.fixed})
        problems = [LayoutProblem("", group[0], _LACKS[group], {}) for group in lacks]
    if problems:
        raise MappingError(problems)
    used = {place for source in sources.values() for place in source.places}
    return Plan(
        kind=said.kind,
        key=said.format,
        system=said.system or (known.system if known else ""),
        header=tuple(header),
        sources=_with_rests(sources),
        fixed=dict(said.fixed),
        dates=_by_place(names, said.dates_of, said.dates),
        years=_by_place(names, said.years_of, said.years),
        decimal=said.decimal,
        values=_values(known, said),
        empty=known.empty if known else frozenset(),
        currency=known.currency if known else "",
        refused=refused,
        unread=tuple(name for place, name in enumerate(header) if name and place not in used and name not in refused),
        own=tuple(own[meaning] for meaning in sources if meaning in own),
        sensitive=frozenset(
            place for meaning, source in sources.items() if is_sensitive(meaning) for place in source.places
        ),
    )


def _sources(
    said: Layout, names: "_Names", refused: set[int], allowed: set[str]
) -> tuple[dict[str, Source], list[LayoutProblem]]:
    """Where each meaning is read; columns at the places `refused` are not read at all."""
    sources: dict[str, Source] = {}
    problems = []
    for reading in said.readings:
        meaning, column = reading.meaning, reading.columns[0]
        if meaning not in allowed:
            problems.append(_problem(column, meaning, _UNKNOWN))
            continue
        found = {each: names.place(each) for each in reading.columns}
        problems += [_problem(each, meaning, _GONE) for each, place in found.items() if place is None]
        places = list(dict.fromkeys(at for at in found.values() if at is not None and at not in refused))
        if meaning in sources:
            told = {"first": names.name(sources[meaning].places[0]), "column": column}
            problems.append(LayoutProblem(column, meaning, _TWICE, told))
        elif places:
            words = _words(reading, places)
            sources[meaning] = Source(tuple(places), reading.how, reading.by, reading.part, words)
    return sources, problems


def _wrong_values(said: Layout, sources: Mapping[str, Source], allowed: set[str]) -> list[LayoutProblem]:
    """Values for every row that are none, and words of the file that are told to mean what is no value."""
    problems = []
    column_of = {reading.meaning: reading.columns[0] for reading in said.readings}
    for meaning in said.fixed:
        if meaning not in allowed:
            problems.append(LayoutProblem("", meaning, _UNKNOWN_FIXED, {"meaning": meaning}))
        elif meaning in sources:
            problems.append(_problem(column_of[meaning], meaning, _BOTH))
    for meaning, words in said.values.items():
        known = choices(meaning)
        wrong = [value for value in dict.fromkeys(words.values()) if value and known and value not in known]
        problems += [LayoutProblem(column_of.get(meaning, ""), meaning, _NO_VALUE, {"value": value}) for value in wrong]
    return problems


class _Names:
    """The places of columns by their names, as they stand or else folded."""

    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._exact = {name: place for place, name in reversed(list(enumerate(header))) if name}
        self._folded = {fold(name): place for name, place in reversed(list(self._exact.items()))}

    def name(self, place: int) -> str:
        return self._header[place]

    def place(self, column: str) -> int | None:
        place = self._exact.get(column)
        return place if place is not None else self._folded.get(fold(column) or " ")


def _problem(column: str, meaning: str, template: str) -> LayoutProblem:
    return LayoutProblem(column, meaning, template, {"column": column})


def _words(reading: Reading, places: Sequence[int]) -> tuple[str, ...]:
    """The word before each column; those of columns that are not read any more would stand before others."""
    return reading.words if len(reading.words) == len(places) == len(reading.columns) else ()


def _with_rests(sources: dict[str, Source]) -> dict[str, Source]:
    """Of the parts of one column, the highest takes what is left of the cell."""
    parts: dict[tuple[int, str], dict[str, int]] = {}
    for meaning, source in sources.items():
        if source.how == "part":
            parts.setdefault((source.places[0], source.by), {})[meaning] = source.part
    told = dict(sources)
    for (_place, by), found in parts.items():
        highest = max(found.values())
        for meaning, part in found.items():
            told[meaning] = sources[meaning]._replace(
                is_rest=part > 1 and part == highest, is_place=by == " " and found == _PLACE
            )
    return told


def _by_place(names: _Names, told: Mapping[str, _T], usual: _T) -> dict[int, _T]:
    found = {-1: usual}
    for column, value in told.items():
        place = names.place(column)
        if place is not None:
            found[place] = value
    return found


def _values(known: Format | None, said: Layout) -> dict[str, dict[str, str]]:
    """The words of the format, and those of the layout before them."""
    found = {meaning: dict(words) for meaning, words in known_words().items()}
    for meaning, own in known.values.items() if known else ():
        # A format's own words are all there are: another that means something elsewhere is none here.
        found[meaning] = dict(own)
    for meaning, words in said.values.items():
        found.setdefault(meaning, {}).update({word.casefold().strip(): value for word, value in words.items()})
    return found


def _refused(header: Sequence[str], sample: Sequence[Sequence[str]], known: Format | None) -> dict[str, str]:
    told = known.refused if known else {}
    refused = {column: told[fold(column)] for column in header if fold(column) in told}
    read = {name for reading in known.readings for name in reading.columns} if known else set()
    return refused | {header[at]: "card_number" for at in card_columns(header, sample, known=read) if header[at]}
