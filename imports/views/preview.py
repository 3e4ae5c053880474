"""What the preview shows: rows by outcome and cause, each group to be opened, decided row by row or as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts import formats
from accounts.access import BusinessRequest
from customers.search.hits import TEXT_MAX, Hit, hits_found, hits_of
from imports.models import ImportRow, ImportRun
from imports.selectors import Group, row_groups, row_totals, rows_before, rows_of, rows_passed, rows_problems
from imports.wording import cause_sentence, decision_label, outcome_hint, outcome_label, outcome_short

Outcome = ImportRow.Outcome
Decision = ImportRow.Decision
PAGE = 50
"""Rows of an open group that one page shows."""

_TONES = {Outcome.REVIEW: "warn", Outcome.INVALID: "bad"}
_CHOICES: dict[str, tuple[str, ...]] = {
    Outcome.REVIEW: (Decision.CREATE, Decision.SAME, Decision.SKIP),
    Outcome.CREATE: (Decision.PROPOSED, Decision.SKIP),
    Outcome.UPDATE: (Decision.PROPOSED, Decision.CREATE, Decision.SKIP),
    Outcome.UNCHANGED: (Decision.PROPOSED, Decision.CREATE, Decision.SKIP),
    Outcome.INVALID: (),
}
"""What can be done with a row. Where nothing is in doubt the first is to leave it as proposed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things that can be done with a row."""

    value: str
    label: str
    is_current: bool
    has_focus: bool = False
    """Whether it was pressed just now."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the figures above the rows."""

    label: str
    count: int
    href: str
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Another card being looked for, for the row on `line`: the guests that `text` means."""

    line: int
    text: str
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as its group shows it; `column` and `value` of a row that cannot be imported.

    `query` is the part of an address that looks another card up for it; `look` while that is done.
    """

    line: int
    label: str
    decision: str
    card: Hit | None
    choices: list[Choice]
    column: str = ""
    value: str = ""
    query: str = ""
    look: LookUp | None = None
    same_as: int | None = None
    """The earlier line of a list of guests that speaks of the same one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A group of rows as the page shows it; `rows` only when it `is_open`."""

    outcome: str
    cause: str
    sentence: str
    count: int
    decided: int
    examples: str
    choices: list[Choice]
    address: str
    fetch_address: str
    is_open: bool = False
    rows: Sequence[Row] = ()
    previous: str = ""
    next: str = ""
    first: int = 0
    has_cards: bool = False
    summary: str = ""
    """Which rows of how many the page shows, and which page it is; empty where all are on one."""

    @property
    def id(self) -> str:
        """What the group is called on the page."""
        return f"g-{self.outcome}-{self.cause or 'new'}"

    @property
    def query(self) -> str:
        """What stands in the address of a page that shows the group open, at the rows it shows."""
        return query_of(self.outcome, self.cause, self.first) if self.is_open else ""

    @property
    def is_looking(self) -> int:
        """The line of the row that another card is looked up for; 0 for none."""
        return next((row.line for row in self.rows if row.look), 0)

    @property
    def columns(self) -> int:
        """How many columns the rows have that can be decided."""
        return 4 if self.has_cards else 3

    @property
    def href(self) -> str:
        """The page with the group opened, or closed when it is open."""
        return (
            f"{self.address}#{self.id}"
            if self.is_open
            else f"{self.address}{query_of(self.outcome, self.cause)}#{self.id}"
        )

    @property
    def fetch(self) -> str:
        """The same for the script: the group alone."""
        return f"{self.fetch_address}{query_of(self.outcome, self.cause)}{'&close=1' if self.is_open else ''}"


@dataclass(frozen=True, slots=True)
class Section:
    """Groups of one outcome."""

    outcome: str
    label: str
    hint: str
    count: int
    tone: str
    groups: list[Shown] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """Which group the address opens, and after which line its rows begin.

    `line` is of the row that another card is looked up for, `text` who is looked for.
    """

    outcome: str = ""
    cause: str = ""
    after: int = 0
    line: int = 0
    text: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Opened":
        """From an address; what is not a number counts as the beginning."""
        after, line = (
            int(found) if found.isdecimal() and len(found) < 10 else 0
            for found in (query.get("after", ""), query.get("line", ""))
        )
        return cls(query.get("outcome", ""), query.get("cause", ""), after, line, query.get("q", "")[:TEXT_MAX])


def preview_context(request: BusinessRequest, run: ImportRun) -> dict[str, Any]:
    """What the page of an import that is ready shows of its rows."""
    groups = row_groups(run=run)
    totals = row_totals(run=run)
    opened = Opened.of(request.GET)
    sections: dict[str, Section] = {}
    for group in groups:
        section = sections.get(group.outcome)
        if section is None:
            outcome = Outcome(group.outcome)
            count = sum(each.count for each in groups if each.outcome == outcome)
            section = Section(outcome, outcome_label(outcome), outcome_hint(outcome), count, _TONES.get(outcome, ""))
            sections[group.outcome] = section
        section.groups.append(group_shown(request, run, group, opened))
    left_out = totals["invalid"] + totals["skip"]
    review = sections.get(Outcome.REVIEW)
    return {
        "tiles": _tiles(sections),
        "sections": list(sections.values()),
        "rows_in_all": sum(totals.values()),
        "valid": sum(totals.values()) - left_out,
        "left_out": left_out,
        "undecided": sum(group.count - group.decided for group in review.groups) if review else 0,
    }


def _tiles(sections: dict[str, Section]) -> list[Tile]:
    tiles = []
    for outcome in (Outcome.CREATE, Outcome.UPDATE, Outcome.UNCHANGED, Outcome.REVIEW, Outcome.INVALID):
        section = sections.get(outcome)
        count = section.count if section else 0
        tone = _TONES.get(outcome, "") if count else ""
        note = ngettext("row", "rows", count)
        tiles.append(Tile(outcome_short(outcome), count, f"#rows-{outcome}" if section else "", tone, note))
    return tiles


def group_shown(request: BusinessRequest, run: ImportRun, group: Group, opened: Opened) -> Shown:
    """A group, with its rows when the address opens it."""
    kwargs = {"slug": request.business.slug, "run_id": run.pk}
    is_open = (group.outcome, group.cause) == (opened.outcome, opened.cause)
    shown = Shown(
        outcome=group.outcome,
        cause=group.cause,
        sentence=cause_sentence(group.outcome, group.cause),
        count=group.count,
        decided=group.decided,
        examples=" · ".join(row.label for row in group.examples if row.label),
        choices=_choices(group.outcome, group.cause, None, request.POST.get("all") if is_open else None),
        address=reverse("import_run", kwargs=kwargs),
        fetch_address=reverse("import_rows", kwargs=kwargs),
    )
    return _opened(request, run, shown, opened) if is_open else shown


def _opened(request: BusinessRequest, run: ImportRun, shown: Shown, opened: Opened) -> Shown:
    after = opened.after
    found = rows_of(run=run, outcome=shown.outcome, cause=shown.cause, after_line=after, size=PAGE + 1)
    rows, more = found[:PAGE], len(found) > PAGE
    line, decision, _card = pressed_row(request.POST)
    today = timezone.localdate(timezone=request.business.zone)
    ids = list(dict.fromkeys(row.customer_id for row in rows if row.customer_id))
    cards = {hit.customer_id: hit for hit in hits_of(customer_ids=ids, today=today)}
    problems = rows_problems(run=run, lines=[row.line for row in rows]) if shown.outcome == Outcome.INVALID else {}
    before = rows_before(run=run, outcome=shown.outcome, cause=shown.cause, line=after, size=PAGE) if after else None
    link = f"{shown.address}{{}}#{shown.id}"
    return replace(
        shown,
        is_open=True,
        rows=[
            Row(
                line=row.line,
                label=row.label,
                decision=row.decision,
                card=cards.get(row.customer_id or 0),
                choices=_choices(row.outcome, row.cause, row, decision if row.line == line else None),
                column=problems[row.line].column if row.line in problems else "",
                value=problems[row.line].value if row.line in problems else "",
                query=query_of(shown.outcome, shown.cause, after, line=row.line),
                same_as=row.same_as if run.kind == ImportRun.Kind.GUESTS else None,
                look=_look(request, opened) if row.line == opened.line else None,
            )
            for row in rows
        ],
        previous=link.format(query_of(shown.outcome, shown.cause, before)) if before is not None else "",
        next=link.format(query_of(shown.outcome, shown.cause, rows[-1].line)) if more else "",
        first=after,
        has_cards=bool(ids),
        summary=_summary(run, shown, after, len(rows)) if more or before is not None else "",
    )


def _look(request: BusinessRequest, opened: Opened) -> LookUp:
    hits = hits_found(business=request.business, member_id=request.member.pk, text=opened.text) if opened.text else []
    return LookUp(opened.line, opened.text, hits)


def _summary(run: ImportRun, shown: Shown, after: int, rows: int) -> str:
    """As `Rows 51–100 of 1,240, page 2 of 25`."""
    passed = rows_passed(run=run, outcome=shown.outcome, cause=shown.cause, line=after) if after else 0
    locale = formats.locale_for(get_language())
    said = {"first": passed + 1, "last": passed + rows, "all": shown.count}
    said |= {"page": -(-passed // PAGE) + 1, "pages": -(-passed // PAGE) - (-(shown.count - passed) // PAGE)}
    return _("Rows %(first)s–%(last)s of %(all)s, page %(page)s of %(pages)s") % {
        name: formats.count(number, locale) for name, number in said.items()
    }


def _choices(outcome: str, cause: str, row: ImportRow | None, pressed: str | None) -> list[Choice]:
    """What can be done with a row, or with a whole group; the one that holds is marked."""
    choices = _CHOICES[outcome]
    if row is not None and row.customer_id is None:
        choices = tuple(one for one in choices if one != Decision.SAME)
    elif row is not None and row.decision == Decision.SAME and Decision.SAME not in choices:
        choices = (*choices, Decision.SAME)
    current = row.decision if row is not None and (row.decision or outcome != Outcome.REVIEW) else None
    return [
        Choice(one, decision_label(one, outcome, cause), one == current, has_focus=one == pressed) for one in choices
    ]


def query_of(outcome: str, cause: str, after: int = 0, *, line: int = 0) -> str:
    """The part of an address that opens a group, at the rows after a line; `line`: looking another card up for it."""
    given: dict[str, Any] = {"outcome": outcome, "cause": cause}
    given |= {name: number for name, number in (("after", after), ("line", line)) if number}
    return f"?{urlencode(given)}"


def pressed_row(sent: QueryDict) -> tuple[int | None, str, int | None]:
    """(line, decision, card) of the button of a row, as `12:skip` or `12:same:345`; no line where none was pressed."""
    line, _colon, decision = sent.get("row", "").partition(":")
    decision, _colon, card = decision.partition(":")
    if not (line.isascii() and line.isdecimal() and len(line) < 10):
        return None, "", None
    return int(line), decision, int(card) if card.isascii() and card.isdecimal() and len(card) < 19 else None
