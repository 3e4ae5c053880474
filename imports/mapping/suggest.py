"""What a file's columns probably mean: by its format, by their names in six languages, by the values themselves."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from customers.normalise import fold
from imports.mapping.alike import near_names
from imports.mapping.cards import card_columns
from imports.mapping.formats import Format, matching, named, recognised
from imports.mapping.headers import names_for, nothing_names, own_names, parted_names
from imports.mapping.layout import KINDS, Kind, Layout, Reading
from imports.mapping.looks import contradicts, filled, is_code_and_city, looks_like
from imports.mapping.meanings import CONSENTS, WHO, missing, usual_how
from imports.mapping.orders import told_by_values
from imports.mapping.own import OwnField
from imports.mapping.questions import Question
from imports.mapping.signature import system_of

_COMBINED: Final = frozenset(
    ("guest.email", "guest.phone", "guest.tags", "guest.note", "guest.street", "guest.house_number", "stay.children",
     "stay.note", "invoice.note")
)  # fmt: skip
"""Meanings that several columns may have together; of any other the best named column is taken."""
_TELLING: Final = re.compile(
    r"stay\.(?:arrival|departure|nights|unit|unit_type|rate|arrival_year|lead_days)$"
    r"|invoice\.(?:number|amount|due_on|paid_on)$|purchase\.(?:product|code|quantity|price)$"
)
"""Meanings that tell what kind of file it is; a note or an amount may stand in any."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A layout to begin with, as JSON, and what is not sure about it. `format` is the key of a known one, or empty.

    `is_sure`: there is nothing to ask, and the file can be looked through as it is.
    """

    format: str
    layout: dict[str, Any]
    questions: tuple[Question, ...]

    @property
    def is_sure(self) -> bool:
        """Whether nothing has to be asked."""
        return not self.questions


def suggest(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    fields: Sequence[OwnField] = (),
    language: str = "en",
    kind: Kind | None = None,
    properties: Sequence[str] = (),
) -> Suggestion:
    """What the columns of a file mean, as far as names and values tell.

    `sample` are its first rows, `fields` the business's own, `language` the business's, `kind` what the file is said to
    hold, `properties` the names of the business's properties: the stays of a file that names none are at its only one.
    """
    known = recognised(header, kind)
    reader = _Reader(header, sample, fields, language)
    draft = reader.of_format(known) if known is not None else reader.of_names(kind)
    layout, questions = draft.layout(known), []
    if known is None:
        questions = reader.open_columns(draft)
    given = {reading.meaning for reading in layout.readings} | set(layout.fixed)
    questions += [Question("needs", "", group[0], options=tuple(group)) for group in missing(layout.kind, given)]
    layout, unsure = told_by_values(layout, header, sample, language=language)
    questions += unsure
    if layout.kind == "bookings" and "stay.property" not in given:
        if len(properties) == 1:
            layout = replace(layout, fixed={**layout.fixed, "stay.property": properties[0]})
        elif properties:
            questions.append(Question("property", "", "stay.property", options=tuple(properties)))
    return Suggestion(layout.format, layout.as_json(), tuple(questions))


@dataclass(slots=True)
class _Draft:
    """Columns by meaning while a layout is being made: meaning → places, in the order they are read."""

    kind: Kind
    places: dict[str, list[int]]
    told: dict[str, Reading]
    header: Sequence[str]
    system: str
    guessed: set[int]

    def used(self) -> set[int]:
        return {place for places in self.places.values() for place in places}

    def layout(self, known: Format | None) -> Layout:
        readings = []
        for meaning, places in self.places.items():
            how, by = usual_how(meaning)
            reading = self.told.get(meaning, Reading(meaning, (), how, by))
            readings.append(replace(reading, columns=tuple(self.header[place] for place in places)))
        if known is None:
            return Layout(self.kind, tuple(readings), system=self.system)
        given = {reading.meaning for reading in readings}
        return Layout(
            self.kind,
            tuple(readings),
            format=known.key,
            system=known.system,
            fixed={meaning: text for meaning, text in known.fixed.items() if meaning not in given},
            dates=known.dates,
            decimal=known.decimal,
        )


class _Reader:
    """One file's header and first rows."""

    def __init__(
        self, header: Sequence[str], sample: Sequence[Sequence[str]], fields: Sequence[OwnField], language: str
    ) -> None:
        self.header = header
        self.sample = sample
        self.fields = fields
        self.language = language
        self.names = named(header)
        self.cells = [filled(sample, place) for place in range(len(header))]
        self.passed = set(card_columns(header, sample))

    def of_format(self, known: Format) -> _Draft:
        """The columns that the format knows; of the others those whose names are known without doubt."""
        draft = _Draft(known.kind, {}, {}, self.header, known.system, set())
        for reading in known.readings:
            places = [place for column in reading.columns for place in matching(column, self.names)]
            if reading.how == "join" and reading.words:
                reading, places = self._worded(reading)
            if places:
                draft.places[reading.meaning] = list(dict.fromkeys(places))
                draft.told[reading.meaning] = reading
        left = known.knows(self.names) - draft.used() | self.passed
        self._by_names(draft, left, only_free=True)
        return draft

    def of_names(self, kind: Kind | None) -> _Draft:
        """The kind whose columns the file has most of, with every column whose name or values speak for a meaning."""
        drafts = [self._named(each) for each in ((kind,) if kind is not None else KINDS)]
        return max(drafts, key=self._worth)

    def open_columns(self, draft: _Draft) -> list[Question]:
        """Columns that have values and no meaning that is sure."""
        used = draft.used()
        questions = []
        for place, name in enumerate(self.header):
            if not name or place in self.passed or not self.cells[place]:
                continue
            if place not in used and fold(name) in nothing_names():
                continue
            if place in used and place not in draft.guessed:
                continue
            now = next((meaning for meaning, places in draft.places.items() if place in places), "")
            near = [meaning for meaning, _score in near_names(fold(name), draft.kind)[:3]]
            values = tuple(dict.fromkeys(self.cells[place]))[:3]
            questions.append(Question("meaning", name, now, values, tuple(dict.fromkeys(filter(None, [now, *near])))))
        return questions

    def _named(self, kind: Kind) -> _Draft:
        draft = _Draft(kind, {}, {}, self.header, system_of(self.header), set())
        self._parted(draft)
        self._by_names(draft, set(self.passed), only_free=False)
        self._by_likeness(draft)
        if draft.places.keys() >= {"guest.given_name", "guest.family_name"}:
            draft.places.pop("guest.full_name", None)
        return draft

    def _worth(self, draft: _Draft) -> tuple[int, bool, int, int]:
        """By the columns that only files of this kind have, less what it lacks; then by all columns that are sure."""
        lacks = missing(draft.kind, draft.places)
        own = sum(_TELLING.match(meaning) is not None for meaning in draft.places)
        if draft.kind == "consents":
            # A list with names is one of guests, whatever they have answered.
            own = -1 if set(draft.places) & set(WHO[1:5]) else sum(meaning in CONSENTS for meaning in draft.places)
        return 2 * own - 3 * len(lacks), not lacks, len(draft.used() - draft.guessed), -KINDS.index(draft.kind)

    def _by_names(self, draft: _Draft, passed: set[int], *, only_free: bool) -> None:
        """Every free column whose whole name is known; `only_free` leaves meanings alone that have a column."""
        known, own = names_for(draft.kind), own_names(self.fields, draft.kind)
        taken = set(draft.places)
        language = self._spoken(known)
        wanted: dict[str, list[tuple[tuple[bool, int], int]]] = {}
        for name, place in self.names.items():
            if place in passed or place in draft.used():
                continue
            found = [each for each in known.get(name, ()) if not contradicts(each.meaning, self.cells[place])]
            if not found:
                if name in own and own[name] not in draft.places:
                    draft.places[own[name]] = [place]
                continue
            best = found[0].meaning
            rank = min((each.language != language, each.rank) for each in found if each.meaning == best)
            wanted.setdefault(best, []).append((rank, place))
        for meaning, ranked in wanted.items():
            if meaning in draft.told and not only_free:
                continue
            if only_free and (meaning in taken or meaning in _ONLY_ASKED):
                continue
            places = [place for _rank, place in sorted(ranked, key=lambda each: each[0])]
            draft.places[meaning] = sorted(places) if meaning in _COMBINED else places[:1]

    def _parted(self, draft: _Draft) -> None:
        """A column of a postal code and a city, as `0155 Oslo`, is read as both.

        Its name says so, or it is the only one that is named after either and its values are both.
        """
        known = names_for(draft.kind)
        either = [name for name in self.names if any(each.meaning in _CODE_AND_CITY for each in known.get(name, ()))]
        for name, place in self.names.items():
            cells = self.cells[place]
            is_told = name in parted_names() or (either == [name] and len(cells) > 1)
            if is_told and is_code_and_city(cells):
                for part, meaning in enumerate(_CODE_AND_CITY, start=1):
                    draft.places[meaning] = [place]
                    draft.told[meaning] = Reading(meaning, (), "part", " ", part)
                return

    def _by_likeness(self, draft: _Draft) -> None:
        """Columns whose names come near a known one, or whose values speak for themselves."""
        for place, name in enumerate(self.header):
            if not name or place in draft.used() | self.passed or fold(name) in nothing_names():
                continue
            near = [
                meaning
                for meaning, _score in near_names(fold(name), draft.kind)
                if not contradicts(meaning, self.cells[place]) and (meaning in _COMBINED or meaning not in draft.places)
            ]
            meaning = looks_like(self.cells[place]) or (near[0] if near else "")
            if meaning and (meaning in _COMBINED or meaning not in draft.places):
                draft.places.setdefault(meaning, []).append(place)
                draft.guessed.add(place)

    def _spoken(self, known: Mapping[str, Any]) -> str:
        """The language in which most of the columns are named; the business's where that is open."""
        counts: dict[str, int] = {self.language: 1}
        for name in self.names:
            for language in {each.language for each in known.get(name, ())}:
                counts[language] = counts.get(language, 0) + 2
        return max(counts, key=counts.__getitem__)

    def _worded(self, reading: Reading) -> tuple[Reading, list[int]]:
        """A reading whose columns each have a word before them, with the words of those that the file has."""
        found = [
            (place, word)
            for column, word in zip(reading.columns, reading.words, strict=True)
            for place in matching(column, self.names)
        ]
        return replace(reading, words=tuple(word for _place, word in found)), [place for place, _word in found]


_CODE_AND_CITY: Final = ("guest.postal_code", "guest.city")
_ONLY_ASKED: Final = frozenset(("guest.full_name", "guest.id"))
