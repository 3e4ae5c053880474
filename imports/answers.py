"""What the page of the columns shows and sends: a layout as answers, one a column, and answers as a layout.

Pure. The page says of each column what it means and how its cells are read, and of words of the file what they mean.
What a layout says beyond that (readings of a column that has another meaning already) is carried over from the layout
the page was made of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from imports.mapping import usual_how

WHOLE, SEVERAL, PARTS = "whole", "split", "part"
"""How a cell is read: as it stands, as several values, as parts with meanings of their own."""
PARTS_MOST: Final = 4
FIXED_MOST: Final = 6
UNNAMED: Final = "list-"
"""So begin the names of systems that nobody has named."""
BY_USUAL: Final = {SEVERAL: ";", PARTS: " "}

Layout = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one column: `meaning`, or with `way` PARTS the meaning of each of `parts`.

    `by` parts several values or the parts of a cell; `dates` is the column's own order of day, month and year.
    """

    meaning: str = ""
    way: str = WHOLE
    by: str = ""
    parts: tuple[str, ...] = ()
    dates: str = ""

    @property
    def meanings(self) -> tuple[str, ...]:
        """All that the column is read as."""
        return tuple(filter(None, self.parts)) if self.way == PARTS else tuple(filter(None, (self.meaning,)))


@dataclass(frozen=True, slots=True)
class Answers:
    """What is said of a file: of each column by its place in the header, and of all of them.

    `together` says of meanings that several columns have how they are brought together: (how, by). `words` are words of
    the file and what they mean: (meaning, word, value).
    """

    kind: str
    columns: tuple[Answer, ...]
    dates: str = "dmy"
    decimal: str = ""
    years: int | None = None
    together: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fixed: tuple[tuple[str, str], ...] = ()
    system: str = ""
    words: tuple[tuple[str, str, str], ...] = ()

    def shared(self) -> dict[str, list[int]]:
        """Meanings that several columns have → the places of the columns; cells that are parted are none."""
        found: dict[str, list[int]] = {}
        for place, answer in enumerate(self.columns):
            if answer.meaning and answer.way == WHOLE:
                found.setdefault(answer.meaning, []).append(place)
        return {meaning: places for meaning, places in found.items() if len(places) > 1}


def answers_of(layout: Layout, header: Sequence[str]) -> Answers:
    """A layout as answers. The first reading of a column counts; others are carried by `layout_of`."""
    found: dict[str, Answer] = {}
    together = {}
    for reading in layout.get("readings", ()):
        meaning, columns, how = reading["meaning"], reading["from"], reading.get("how", "first")
        by = reading.get("by", "")
        for column in columns:
            known = found.get(column)
            if how == PARTS:
                if known is None or known.way == PARTS:
                    found[column] = _parted(known or Answer(way=PARTS, by=by), reading.get("part", 1), meaning)
            elif known is None:
                way = SEVERAL if how == SEVERAL else WHOLE
                found[column] = Answer(meaning, way, by if way == SEVERAL else "")
        if len(columns) > 1 and how != SEVERAL:
            together[meaning] = (how, by)
    dates_of = layout.get("dates_of", {})
    return Answers(
        kind=layout.get("kind", "guests"),
        columns=tuple(replace(found.get(name, Answer()), dates=dates_of.get(name, "")) for name in header),
        dates=layout.get("dates", "dmy"),
        decimal=layout.get("decimal", ""),
        years=next(iter(layout.get("years_of", {}).values()), layout.get("years")),
        together=together,
        fixed=tuple(layout.get("fixed", {}).items()),
        system="" if layout.get("system", "").startswith(UNNAMED) else layout.get("system", ""),
        words=tuple(
            (meaning, word, value) for meaning, told in layout.get("values", {}).items() for word, value in told.items()
        ),
    )


def layout_of(answers: Answers, header: Sequence[str], base: Layout) -> Layout:
    """Answers as a layout; `base` is the one the page was made of."""
    before = answers_of(base, header)
    layout: Layout = {name: value for name, value in base.items() if name not in ("readings", "ignored", "dates_of")}
    layout |= {"version": 1, "kind": answers.kind, "dates": answers.dates, "decimal": answers.decimal}
    layout["fixed"] = {meaning: text for meaning, text in answers.fixed if meaning and text}
    layout["system"] = answers.system or base.get("system", "")
    layout["values"] = {}
    for meaning, word, value in answers.words:
        layout["values"].setdefault(meaning, {})[word] = value
    if answers.years is not None:
        layout["years"] = answers.years
        layout["years_of"] = dict.fromkeys(base.get("years_of", {}), answers.years)
    layout["readings"] = _readings(answers, before, header, base)
    layout["dates_of"] = {
        name: answer.dates for name, answer in zip(header, answers.columns, strict=True) if answer.dates
    }
    layout["ignored"] = [
        name for name, answer in zip(header, answers.columns, strict=True) if name and not answer.meanings
    ]
    return layout


def _parted(answer: Answer, part: int, meaning: str) -> Answer:
    """An answer with one more part; a part counted from the end, or beyond those shown, keeps its place in line."""
    place = part - 1 if 0 < part <= PARTS_MOST else min(len(answer.parts), PARTS_MOST - 1)
    parts = [*answer.parts, *[""] * (place + 1 - len(answer.parts))]
    parts[place] = meaning
    return replace(answer, parts=tuple(parts))


def _readings(answers: Answers, before: Answers, header: Sequence[str], base: Layout) -> list[dict[str, Any]]:
    said = list(answers.columns)
    same = {name for name, new, old in zip(header, said, before.columns, strict=True) if _alike(new, old)}
    kept, covered = [], set[str]()
    for reading in base.get("readings", ()):
        meaning, columns = reading["meaning"], reading["from"]
        wanted = [name for name, answer in zip(header, said, strict=True) if meaning in answer.meanings]
        shown = {name for name, old in zip(header, before.columns, strict=True) if meaning in old.meanings}
        unexpressed = not shown & set(columns)
        is_same = same.issuperset(columns) and (unexpressed or set(wanted) <= set(columns))
        if is_same and _together_alike(reading, answers, before):
            kept.append(reading)
            if not unexpressed:
                covered.add(meaning)
    fresh: dict[str, dict[str, Any]] = {}
    parts = []
    for name, answer in zip(header, said, strict=True):
        if answer.way == PARTS:
            parts += [
                {"meaning": meaning, "from": [name], "how": PARTS, "by": answer.by or BY_USUAL[PARTS], "part": place}
                for place, meaning in enumerate(answer.parts, start=1)
                if meaning and meaning not in covered
            ]
        elif answer.meaning and answer.meaning not in covered:
            reading = fresh.setdefault(answer.meaning, {"meaning": answer.meaning, "from": []})
            reading["from"].append(name)
            if answer.way == SEVERAL:
                reading |= {"how": SEVERAL, "by": answer.by or BY_USUAL[SEVERAL]}
    for meaning, reading in fresh.items():
        if "how" not in reading:
            how, by = answers.together.get(meaning) or usual_how(meaning)
            reading["how"] = how
            if by:
                reading["by"] = by
    return kept + list(fresh.values()) + parts


def _alike(new: Answer, old: Answer) -> bool:
    return replace(new, dates="") == replace(old, dates="")


def _together_alike(reading: dict[str, Any], answers: Answers, before: Answers) -> bool:
    meaning = reading["meaning"]
    return meaning not in answers.together or answers.together[meaning] == before.together.get(meaning)
