"""Which kind of file this is, by the names of its columns, and what each column means."""

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, NamedTuple

from customers.normalise import fold
from imports.mapping.cards import card_columns
from imports.readers.errors import MissingColumns, UnknownColumns

Kind = Literal["bookings", "guests"]

# A file with this share of a format's columns is taken for a damaged one of that format.
_ALIKE: Final = 0.5
_NAMES_SHOWN: Final = 12
_EXTRAS: Final = "extras.toml"


@dataclass(frozen=True, slots=True)
class Format:
    """A known kind of file; `imports.formats` explains the fields. Column names are folded."""

    key: str
    kind: Kind
    title: str
    system: str
    required: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    aliases: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    note: Mapping[str, str]
    empty: frozenset[str]
    refused: Mapping[str, str]
    currency: str
    escaped: bool

    def known(self) -> frozenset[str]:
        """Folded names of all columns that mean something."""
        return frozenset(name for names in self.columns.values() for name in names) | frozenset(self.note)


Target = Literal["guest", "stay"]
TARGETS: Final[tuple[Target, ...]] = ("guest", "stay")
OwnValue = tuple[str, Decimal | None, dt.date | None, bool | None]
"""A value of a field of the business's own in the columns it is stored in: text, number, date, yes or no."""
OwnReader = Callable[[str], OwnValue | None]


class OwnField(NamedTuple):
    """A field of the business's own as a file may bring it: by its key or its name.

    `read` makes a value of a cell; None where it cannot.
    """

    id: int
    target: Target
    key: str
    label: str
    read: OwnReader

    @property
    def meaning(self) -> str:
        """As the meanings of columns are called."""
        return f"own.{self.target}.{self.id}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A format laid over one file's header: `places` says which cells hold each meaning.

    `note` are the cells that make the stay's note, with the word before each; `refused` are columns that are never
    stored, with the reason; `unread` columns mean nothing here and stay behind. `own` are the business's fields that
    the file has, `sensitive` the places of what is only kept with a consent.
    """

    format: Format
    header: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]
    note: tuple[tuple[int, str], ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    own: tuple[OwnField, ...] = ()
    sensitive: frozenset[int] = frozenset()

    def names(self, meaning: str) -> str:
        """The columns of a meaning, as they are called in the file."""
        return ", ".join(self.header[place] for place in self.places.get(meaning, ()))

    def extras(self) -> list[tuple[str, str]]:
        """(column, meaning) of what the file has beyond its format: of `extras.toml` and of the business's own."""
        own = self.format.columns
        found = [(place, meaning) for meaning, at in self.places.items() if meaning not in own for place in at]
        return [(self.header[place], meaning) for place, meaning in sorted(found)]


def is_sensitive(meaning: str) -> bool:
    """Whether a meaning's values are kept only with a consent."""
    return meaning.startswith("sensitive.")


def plan(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    kind: Kind | None = None,
    fields: Sequence[OwnField] = (),
) -> Plan:
    """Recognise a file by its header, and refuse columns that hold payment cards in `sample` (its first rows).

    `fields` are the business's own: a column that means nothing else and bears the key or name of one is read as it.

    Raises MissingColumns when the file is of a known format but lacks what it needs, UnknownColumns when it is of none.
    """
    found = _recognised(header, kind)
    names = _named(header, found)
    refused = {
        column: reason
        for column in header
        if (reason := found.refused.get(found.aliases.get(fold(column), fold(column))))
    }
    refused |= {header[place]: "card_number" for place in card_columns(header, sample) if header[place]}
    places = {}
    for meaning, columns in found.columns.items():
        at = tuple(names[column] for column in columns if column in names and header[names[column]] not in refused)
        if at:
            places[meaning] = at
    note = tuple(
        (names[column], label)
        for column, label in found.note.items()
        if column in names and header[names[column]] not in refused
    )
    used = {place for at in places.values() for place in at} | {place for place, _ in note}
    free = {name: place for name, place in _named(header, found).items() if place not in used}
    free = {name: place for name, place in free.items() if header[place] not in refused}
    more = _extras(free, found.kind)
    taken = {place for at in more.values() for place in at}
    own = _own({name: place for name, place in free.items() if place not in taken}, found.kind, fields)
    places |= more | {field.meaning: (place,) for field, place in own.items()}
    used |= taken | set(own.values())
    sensitive = frozenset(place for meaning, at in places.items() if is_sensitive(meaning) for place in at)
    unread = tuple(name for place, name in enumerate(header) if name and place not in used and name not in refused)
    return Plan(found, tuple(header), places, note, refused, unread, tuple(own), sensitive)


def _extras(free: Mapping[str, int], kind: Kind) -> dict[str, tuple[int, ...]]:
    """Columns of `extras.toml`. A list of bookings counts children, it does not name them."""
    found = {}
    for meaning, names in extra_columns().items():
        at = tuple(dict.fromkeys(free[name] for name in names if name in free))
        if at and not (kind == "bookings" and meaning == "sensitive.children"):
            found[meaning] = at
    return found


def _own(free: Mapping[str, int], kind: Kind, fields: Sequence[OwnField]) -> dict[OwnField, int]:
    """The business's fields by their keys, as exported and bare, then by their names; in bookings the stay's first."""
    wanted = sorted((one for one in fields if kind == "bookings" or one.target == "guest"), key=_stays_first)
    found: dict[OwnField, int] = {}
    for name_of in (_header_of, _key_of, _label_of):
        for field_ in wanted:
            place = free.get(fold(name_of(field_)))
            if place is not None and field_ not in found and place not in found.values():
                found[field_] = place
    return found


def _stays_first(field_: OwnField) -> bool:
    return field_.target != "stay"


def _header_of(field_: OwnField) -> str:
    """As an export calls it."""
    return f"f.{field_.key}"


def _key_of(field_: OwnField) -> str:
    return field_.key


def _label_of(field_: OwnField) -> str:
    return field_.label


def _recognised(header: Sequence[str], kind: Kind | None) -> Format:
    best: Format | None = None
    best_share, best_missing = 0.0, tuple[str, ...]()
    for known in formats():
        if kind is not None and known.kind != kind:
            continue
        names = _named(header, known)
        missing = tuple(column for column in known.required if column not in names)
        share = sum(column in names for column in known.known()) / len(known.known())
        # A complete one goes before any that lacks something.
        score = share + (0 if missing else 1)
        if score > best_share:
            best, best_share, best_missing = known, score, missing
    if best is not None and not best_missing:
        return best
    if best is not None and (kind is not None or best_share >= _ALIKE or len(best_missing) == 1):
        raise MissingColumns(names=", ".join(_spelled(best, column) for column in best_missing))
    shown = [name for name in header if name]
    more = "…" if len(shown) > _NAMES_SHOWN else ""
    raise UnknownColumns(names=", ".join(name[:40] for name in shown[:_NAMES_SHOWN]) + more)


def _named(header: Sequence[str], known: Format) -> dict[str, int]:
    """Folded column name → place; a column called by its own name goes before one called by an alias."""
    own: dict[str, int] = {}
    for place, name in enumerate(header):
        folded = fold(name)
        if folded:
            own.setdefault(folded, place)
    for alias, name in known.aliases.items():
        if alias in own and name not in own:
            own[name] = own[alias]
    return own


def _spelled(known: Format, folded: str) -> str:
    """A required column as the format's own files spell it."""
    return _spellings(known.key).get(folded, folded)


@cache
def formats() -> tuple[Format, ...]:
    """All known formats, in the order of their names."""
    return tuple(_format(key, content) for key, content in sorted(_contents().items()))


@cache
def extra_columns() -> dict[str, tuple[str, ...]]:
    """Meaning → folded names of the columns that any file may have."""
    content = tomllib.loads(resources.files("imports.formats").joinpath(_EXTRAS).read_text("utf-8"))
    return {meaning: tuple(fold(name) for name in names) for meaning, names in content["columns"].items()}


@cache
def _contents() -> dict[str, dict[str, Any]]:
    files = resources.files("imports.formats").iterdir()
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in files
        if file.name.endswith(".toml") and file.name != _EXTRAS
    }


@cache
def _spellings(key: str) -> dict[str, str]:
    return {fold(name): name for name in _contents()[key]["required"]}


def _format(key: str, content: dict[str, Any]) -> Format:
    return Format(
        key=key,
        kind=content["kind"],
        title=content["title"],
        system=content["system"],
        required=tuple(fold(name) for name in content["required"]),
        columns={meaning: tuple(fold(name) for name in names) for meaning, names in content["columns"].items()},
        aliases={fold(alias): fold(name) for alias, name in content.get("aliases", {}).items()},
        values={
            meaning: {word.casefold(): value for word, value in words.items()}
            for meaning, words in content.get("values", {}).items()
        },
        note={fold(name): label for name, label in content.get("note", {}).items()},
        empty=frozenset(content.get("empty", ())),
        refused={fold(name): reason for name, reason in content.get("refused", {}).items()},
        currency=content.get("currency", ""),
        escaped=content.get("escaped", False),
    )
