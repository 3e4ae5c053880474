"""What the page of the columns shows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Business
from imports.answers import FIXED_MOST, PARTS, PARTS_MOST, SEVERAL, WHOLE, Answer, Answers
from imports.mapping import MappingError, OwnField, Plan, Word, is_amount, is_dated, samples, usual_how
from imports.models import ImportRun
from imports.views.asked import by_shown
from imports.views.examples import Example, examples_of
from imports.views.questions import Question
from imports.views.words import WordGroup, words_shown
from imports.wording import layout_problem, meaning_label, meanings_grouped

Choices = Sequence[tuple[str, str]]

SAMPLES = 3
_NUMBERS = ("guest.id", "stay.id", "invoice.number", "purchase.id")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a cell, and what it becomes."""

    id: str
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """One column."""

    place: int
    name: str
    samples: Sequence[str]
    meaning: str
    way: str
    how: str
    by_shown: str
    dates: str
    is_date: bool
    is_refused: bool
    is_open: bool
    mark: str = ""
    mark_tone: str = ""
    error: str = ""
    parts: Sequence[Part] = ()

    @property
    def id(self) -> str:
        """What its choice of a meaning is called."""
        return f"m-{self.place}"


@dataclass(frozen=True, slots=True)
class Page:
    """All of it. `meanings` are grouped: (label of the group, [(key, label)])."""

    kind: str
    kinds: Choices
    meanings: Sequence[tuple[str, Choices]]
    rows: Sequence[Row]
    verdict: str
    nothing: str
    nothing_fixed: str
    ways: Choices
    orders: Choices
    orders_of_column: Choices
    dates: str
    has_dates: bool
    decimals: Choices
    decimal: str
    has_amounts: bool
    has_numbers: bool
    system: str
    is_new: bool
    save_as: str
    skipped: Sequence[str] = ()
    problems: Sequence[str] = ()
    is_refused: bool = False
    questions: Sequence[Question] = ()
    together: Sequence[Mapping[str, Any]] = ()
    fixed: Sequence[Mapping[str, str]] = ()
    can_fix_more: bool = True
    words: Sequence[WordGroup] = ()
    examples: Sequence[Example] = ()


def columns_page(
    *,
    business: Business,
    run: ImportRun,
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    fields: Sequence[OwnField],
    answers: Answers,
    plan: Plan | None,
    questions: Sequence[Question],
    unsure: Collection[str],
    skipped: Sequence[str],
    save_as: str,
    error: MappingError | None,
    is_sent: bool,
    unfolded: Collection[int] = (),
    unknown: Sequence[Word] = (),
) -> Page:
    """The page for what is answered so far; `error` says why that makes no sense yet, and `plan` is None until it does.

    `unsure` are the columns whose meaning is a guess, `unfolded` those whose way of reading is being told, `unknown`
    words of the file that nobody has told.
    """
    told = {one.column: layout_problem(one) for one in error.problems if one.column} if error else {}
    seen = samples(header, sample, n=SAMPLES)
    refused = set(plan.refused) if plan else set(run.refused)
    rows = [
        _row(
            place,
            name,
            answers.columns[place],
            seen[place],
            error=told.get(name, ""),
            is_refused=name in refused,
            is_unsure=name in unsure,
            is_open=place in unfolded,
        )
        for place, name in enumerate(header)
    ]
    used = {meaning for answer in answers.columns for meaning in answer.meanings}
    read = sum(bool(answer.meanings) for answer in answers.columns)
    return Page(
        kind=answers.kind,
        kinds=[(kind.value, str(kind.label)) for kind in ImportRun.Kind],
        meanings=meanings_grouped(answers.kind, fields),
        rows=rows,
        verdict=ngettext(
            "%(read)d of %(number)d column is read", "%(read)d of %(number)d columns are read", len(header)
        )
        % {"read": read, "number": len(header)},
        nothing=_("Leave behind"),
        nothing_fixed=_("Choose …"),
        ways=[(WHOLE, _("one value")), (SEVERAL, _("several values")), (PARTS, _("parts that mean different things"))],
        orders=_orders(),
        orders_of_column=[("", _("as in the whole file")), *_orders()],
        dates=answers.dates,
        has_dates=any(map(is_dated, used)) and not any(one.name == "dates" for one in questions),
        decimals=[("", _("Find out")), (",", _("1 290,50 – a comma")), (".", _("1,290.50 – a point"))],
        decimal=answers.decimal,
        has_amounts=any(map(is_amount, used)) and not any(one.name == "decimal" for one in questions),
        has_numbers=not used.isdisjoint(_NUMBERS),
        system=answers.system,
        is_new=run.state == ImportRun.State.MAPPING,
        save_as=save_as,
        skipped=skipped,
        problems=list(dict.fromkeys(map(layout_problem, error.problems))) if error else (),
        is_refused=is_sent and (error is not None or any(one.error for one in questions)),
        questions=questions,
        together=[_together(meaning, places, header, answers) for meaning, places in answers.shared().items()],
        fixed=_fixed(answers),
        can_fix_more=len(answers.fixed) < FIXED_MOST,
        words=words_shown(unknown, answers, fields=fields, columns=_columns_of(answers, header), business=business),
        examples=examples_of(plan=plan, sample=sample, business=business, run=run) if plan else (),
    )


def _columns_of(answers: Answers, header: Sequence[str]) -> dict[str, str]:
    """Meaning → the names of its columns."""
    names: dict[str, list[str]] = {}
    for name, answer in zip(header, answers.columns, strict=True):
        for meaning in answer.meanings:
            names.setdefault(meaning, []).append(name)
    return {meaning: ", ".join(found) for meaning, found in names.items()}


def _row(
    place: int,
    name: str,
    answer: Answer,
    seen: Sequence[str],
    *,
    error: str,
    is_refused: bool,
    is_unsure: bool,
    is_open: bool,
) -> Row:
    how = {
        SEVERAL: _("Several values, parted by %(by)s") % {"by": by_shown(answer.by)},
        PARTS: _("Parts, parted by %(by)s") % {"by": by_shown(answer.by)},
    }.get(answer.way, "")
    parts = [
        Part(f"p-{place}-{part}", _("Part %(number)d") % {"number": part + 1}, meaning)
        for part, meaning in enumerate((*answer.parts, "", "")[: min(max(len(answer.parts) + 1, 2), PARTS_MOST)])
    ]
    return Row(
        place=place,
        name=name,
        samples=seen,
        meaning=answer.meaning,
        way=answer.way,
        how=how,
        by_shown=by_shown(answer.by),
        dates=answer.dates,
        is_date=any(map(is_dated, answer.meanings)),
        is_refused=is_refused,
        is_open=is_open,
        mark="" if is_refused else _("Please check") if is_unsure else "" if answer.meanings else _("Stays behind"),
        mark_tone="warn" if is_unsure else "",
        error=error,
        parts=parts,
    )


def _together(meaning: str, places: Sequence[int], header: Sequence[str], answers: Answers) -> dict[str, Any]:
    how, by = answers.together.get(meaning) or usual_how(meaning)
    return {
        "meaning": meaning,
        "label": meaning_label(meaning),
        "columns": ", ".join(header[place] for place in places),
        "options": [
            ("first", _("the first that is filled")),
            ("join", _("all, one after the other")),
            ("sum", _("added up")),
        ],
        "how": how,
        "by_shown": by_shown(by),
    }


def _fixed(answers: Answers) -> list[dict[str, str]]:
    rows = answers.fixed or (("", ""),)
    return [{"id": f"fm-{place}", "meaning": meaning, "text": text} for place, (meaning, text) in enumerate(rows)]


def _orders() -> Choices:
    return [
        ("dmy", _("day, month, year – 31.12.2026")),
        ("mdy", _("month, day, year – 12/31/2026")),
        ("ymd", _("year, month, day – 2026-12-31")),
    ]
