"""The first rows of a file as they would be read: a quick look at whether the columns mean what was said."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.formats import day, locale_for
from accounts.models import Business
from imports.mapping import Context, Interpreted, Plan, interpret
from imports.models import ImportRun
from imports.readers import Batch
from imports.services.sources import today_of
from imports.wording import meaning_label, reason_sentence

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A row: whom it speaks of, what else it says, what is wrong with it. `line` counts from the first row."""

    line: int
    title: str
    facts: Sequence[tuple[str, str]]
    problems: Sequence[str]


def examples_of(*, plan: Plan, sample: Sequence[Sequence[str]], business: Business, run: ImportRun) -> list[Example]:
    """The first rows of a sample, read by a plan."""
    context = Context(
        country=business.country,
        language=business.language,
        today=today_of(business),
        home_currency=business.currency,
        currency=run.currency,
        zone=business.zone,
    )
    rows = [list(row) for row in sample[:SHOWN]]
    batch = Batch(lines=list(range(1, len(rows) + 1)), rows=rows)
    read = interpret(plan, batch, context)
    return [_example(read, line) for line in batch.lines]


def _example(read: Interpreted, line: int) -> Example:
    title, facts = "", list[tuple[str, str]]()

    def say(meaning: str, value: object) -> None:
        if value:
            facts.append((meaning_label(meaning), str(value)))

    for guest in read.guests:
        if guest.line != line:
            continue
        title = f"{guest.given_name} {guest.family_name}".strip() or guest.company_name
        for contact in read.contacts:
            if contact.line == line:
                say(f"guest.{contact.kind}", contact.normalised or contact.value)
        say("guest.birth_date", _day(guest.birth_date) if guest.birth_date else "")
        say(
            "guest.street",
            ", ".join(filter(None, (guest.street, f"{guest.postal_code} {guest.city}".strip(), guest.country))),
        )
        say("guest.language", guest.language)
        say("guest.note", guest.note)
        say("guest.tags", ", ".join(tag.tag for tag in read.tags if tag.line == line))
    for stay in read.stays:
        if stay.line == line:
            say("stay.arrival", _day(stay.arrival))
            say("stay.departure", _day(stay.departure))
            say("stay.property", stay.property)
            say("stay.amount", f"{stay.amount} {stay.currency}" if stay.amount is not None else "")
    for consent in read.consents:
        if consent.line == line:
            meaning = ".".join(filter(None, ("consent", consent.purpose, consent.channel)))
            say(meaning, _("Yes") if consent.granted else _("No"))
    problems = [
        f"{problem.column}: {reason_sentence(problem.reason)}" if problem.column else reason_sentence(problem.reason)
        for problem in read.problems
        if problem.line == line
    ]
    return Example(line, title or "–", facts, problems)


def _day(value: dt.date) -> str:
    return day(value, locale_for(get_language()))
