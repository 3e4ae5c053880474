"""What is likely not meant, of an automation that could run: told before it is turned on. Pure, from given facts."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from accounts.marking import gettext_noop
from automations.building.course import Moment, course_of
from automations.definition import Aim, Definition, Do, Leave, Rule, Step, Trigger, Until

MARKETING: Final = frozenset({"newsletter", "offer"})
FEW: Final = 0.2
"""Of a message that fewer of the guests may get than this share, it is said."""
WORDS: Final[Mapping[str, str]] = {
    "no_exit": gettext_noop("A guest whose stay is cancelled still gets this. Add the rule “the stay is cancelled”."),
    "no_exit_paid": gettext_noop("Whoever has paid meanwhile still gets this. Add the rule “the invoice is paid”."),
    "no_exit_booked": gettext_noop("Whoever has booked meanwhile still gets this. Add the rule “the guest books”."),
    "no_basis": gettext_noop("“%(template)s” may go to %(share)s %% of the guests: the others have not consented."),
    "no_cause": gettext_noop(
        "“%(template)s” is about a stay or an invoice, and this automation is about none: it goes only to guests who "
        "have one to write about."
    ),
    "loop": gettext_noop("This may begin the automation again and again, by way of %(names)s."),
    "loop_self": gettext_noop("This may begin the same automation again and again."),
    "conflict": gettext_noop("“%(name)s” writes to the same guests at about the same time."),
    "passed": gettext_noop("The day this waits for has passed by then, so it does not wait."),
    "after_arrival": gettext_noop("This comes when the guest has already arrived."),
    "no_sms": gettext_noop("No way of sending SMS is set up: nothing will leave."),
    "no_email": gettext_noop("No way of sending e-mail is set up: nothing will leave."),
    "languages": gettext_noop("“%(template)s” has no text in %(languages)s; those guests get it in another language."),
    "quiet": gettext_noop("News and offers do not go out at %(clock)s: it waits until %(opens)s."),
    "unreachable": gettext_noop("Nobody gets here: the automation ends before."),
    "wait_zero": gettext_noop("This waits no time at all."),
    "past_date": gettext_noop("This day has passed, so it does not wait."),
    "goal_never": gettext_noop("The goal cannot be reached: nothing in this automation leads to it."),
    "goal_self": gettext_noop("The automation reaches its goal by itself: it adds that tag."),
    "once_stay": gettext_noop("Each guest enters once only: whoever comes back another time gets nothing."),
    "nothing": gettext_noop("It does nothing yet: it sends no message, sets no tag, makes no task."),
}
"""An English sentence of each, to be filled from its ``params``."""
_AT: Final = {
    Trigger.BEFORE_ARRIVAL: ("arrival", -1),
    Trigger.CHECKED_IN: ("arrival", 0),
    Trigger.AFTER_DEPARTURE: ("departure", 1),
    Trigger.CHECKED_OUT: ("departure", 0),
}
_ENDED: Final = frozenset({Trigger.CHECKED_OUT, Trigger.AFTER_DEPARTURE})
_COMING: Final = frozenset({Trigger.STAY_BOOKED, Trigger.STAY_CHANGED, Trigger.BEFORE_ARRIVAL})
_AGAIN: Final = frozenset({Trigger.BIRTHDAY, Trigger.INVOICE_DUE})


@dataclass(frozen=True)
class Doubt:
    """One of them: what (a key of :data:`WORDS`), and at which step or part; "" for the whole."""

    code: str
    place: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Letter:
    """What is known of a template. ``share``: of the guests, who may get it; ``None``: not known."""

    name: str
    channel: str
    purpose: str
    languages: frozenset[str]
    share: float | None = None

    @property
    def is_marketing(self) -> bool:
        """Whether guests can be spared it."""
        return self.purpose in MARKETING


@dataclass(frozen=True)
class Other:
    """Another automation that works."""

    pk: int
    name: str
    definition: Definition


@dataclass(frozen=True)
class Facts:
    """The business, as far as an automation depends on it. ``languages``: codes its guests are written to in;
    ``opens`` and ``closes``: between which news and offers go out."""

    today: dt.date
    letters: Mapping[int, Letter] = field(default_factory=dict)
    others: Sequence[Other] = ()
    languages: Sequence[str] = ()
    channels: frozenset[str] = frozenset({"email", "sms"})
    opens: dt.time = dt.time(0)
    closes: dt.time = dt.time(0)


def warnings_of(definition: Definition, facts: Facts, *, pk: int | None = None) -> list[Doubt]:
    """Every doubt about a definition, those of steps in their order; ``pk`` is the automation's own id."""
    course = course_of(definition)
    found = [*_whole(definition)]
    for step in definition.walk():
        found += _step(step, definition, course[step.id], facts)
        if step.is_message:
            found += _message(step, definition, course[step.id], facts)
    found += _unreachable(definition)
    others = [other for other in facts.others if other.pk != pk]
    return [*found, *_loops(definition, others), *_conflicts(definition, course, facts, others)]


def _whole(definition: Definition) -> Iterator[Doubt]:
    steps = list(definition.walk())
    if steps and not any(step.is_response for step in steps):
        yield Doubt("nothing")
    start = definition.trigger
    if definition.entry.rule == Rule.ONCE and (start.has_stay or start.kind in _AGAIN):
        yield Doubt("once_stay", "entry")
    goal = definition.goal
    if goal is None:
        return
    if goal.kind == Aim.TAGGED and any(step.do == Do.TAG and step.tag == goal.tag for step in steps):
        yield Doubt("goal_self", "goal")
    answers = goal.kind == Aim.ANSWERS and not any(step.is_message for step in steps)
    if answers or (goal.kind == Aim.PAYS and start.kind != Trigger.INVOICE_DUE):
        yield Doubt("goal_never", "goal")


def _step(step: Step, definition: Definition, moment: Moment, facts: Facts) -> Iterator[Doubt]:
    wait, kind = step.wait, definition.trigger.kind
    if step.do != Do.WAIT or wait is None:
        return
    if wait.until == Until.DURATION and not (wait.days > 0 or wait.hours or wait.minutes):
        yield Doubt("wait_zero", step.id)
    if wait.until == Until.DATE and wait.date is not None and wait.date < facts.today:
        yield Doubt("past_date", step.id)
    gone = kind in _ENDED and (wait.until == Until.ARRIVAL or (wait.until == Until.DEPARTURE and wait.days < 0))
    before = kind == Trigger.BEFORE_ARRIVAL and moment.base == "" and wait.until == Until.ARRIVAL
    if gone or (before and wait.days < moment.days - definition.trigger.days):
        yield Doubt("passed", step.id)


def _message(step: Step, definition: Definition, moment: Moment, facts: Facts) -> Iterator[Doubt]:
    start = definition.trigger
    leaves = {rule.kind for rule in definition.exits}
    waits = moment.base != "" or moment.days > 0 or (moment.clock != start.at if start.is_date else False)
    if waits and start.kind in _COMING and Leave.CANCELLED not in leaves:
        yield Doubt("no_exit", step.id)
    if waits and start.kind == Trigger.INVOICE_DUE and not leaves & {Leave.PAID}:
        yield Doubt("no_exit_paid", step.id)
    if waits and start.kind == Trigger.AFTER_LAST_STAY and Leave.BOOKED not in leaves:
        yield Doubt("no_exit_booked", step.id)
    if start.kind == Trigger.BEFORE_ARRIVAL and moment.base == "" and moment.days > start.days:
        yield Doubt("after_arrival", step.id)
    if step.do.value not in facts.channels:
        yield Doubt(f"no_{step.do.value}", step.id)
    letter = facts.letters.get(step.template or 0)
    if letter is not None:
        yield from _letter(step, letter, definition, moment, facts)


def _letter(step: Step, letter: Letter, definition: Definition, moment: Moment, facts: Facts) -> Iterator[Doubt]:
    start = definition.trigger
    named = {"template": letter.name}
    if letter.is_marketing and letter.share is not None and letter.share < FEW:
        yield Doubt("no_basis", step.id, {**named, "share": f"{letter.share * 100:.0f}"})
    if not letter.is_marketing and not start.has_stay and start.kind != Trigger.INVOICE_DUE:
        yield Doubt("no_cause", step.id, named)
    lacking = [code for code in facts.languages if code not in letter.languages]
    if letter.languages and lacking:
        yield Doubt("languages", step.id, {**named, "languages": ", ".join(lacking)})
    if letter.is_marketing and moment.clock is not None and not _is_open(moment.clock, facts):
        yield Doubt("quiet", step.id, {"clock": f"{moment.clock:%H:%M}", "opens": f"{facts.opens:%H:%M}"})


def _is_open(clock: dt.time, facts: Facts) -> bool:
    return facts.opens <= clock and (facts.closes == dt.time(0) or clock < facts.closes)


def _unreachable(definition: Definition) -> list[Doubt]:
    """Steps behind one that always ends the journey; the first of each row says it for those that follow."""
    found: list[Doubt] = []

    def ends(row: Sequence[Step]) -> bool:
        over = False
        for step in row:
            if over:
                found.append(Doubt("unreachable", step.id))
                break
            arms = [ends(step.yes), ends(step.no)] if step.do == Do.BRANCH else [step.do == Do.STOP]
            over = all(arms)
        return over

    ends(definition.steps)
    return found


def _begins(by: Step, definition: Definition) -> bool:
    """Whether what a step does may begin an automation."""
    start = definition.trigger
    if start.kind == Trigger.TAG_ADDED:
        return by.do == Do.TAG and by.tag == start.tag
    if start.kind in (Trigger.MESSAGE_OPENED, Trigger.MESSAGE_CLICKED):
        return by.is_message and start.template in (None, by.template)
    return False


def _loops(definition: Definition, others: Sequence[Other]) -> Iterator[Doubt]:
    """Steps that begin the automation itself, or another that leads back to it. Once a guest only, it never loops."""
    if definition.entry.rule == Rule.ONCE:
        return
    for step in definition.walk():
        if _begins(step, definition):
            yield Doubt("loop_self", step.id)
            continue
        for chain in _chains(step, others, ()):
            if any(_begins(each, definition) for each in chain[-1].definition.walk()):
                yield Doubt("loop", step.id, {"names": ", ".join(f"“{other.name}”" for other in chain)})
                break


def _chains(step: Step, others: Sequence[Other], before: tuple[Other, ...]) -> Iterator[tuple[Other, ...]]:
    for other in others:
        if other in before or other.definition.entry.rule == Rule.ONCE or not _begins(step, other.definition):
            continue
        chain = (*before, other)
        yield chain
        for each in other.definition.walk():
            yield from _chains(each, others, chain)


def _conflicts(
    definition: Definition, course: Mapping[str, Moment], facts: Facts, others: Sequence[Other]
) -> Iterator[Doubt]:
    """Messages that another automation sends from the same beginning within a day: the same, or about the same."""
    for other in others:
        theirs = list(_sent(other.definition, course_of(other.definition)))
        for step, base, day in _sent(definition, course):
            if any(base == b and abs(day - d) <= 1 and _alike(facts.letters.get)(step, each) for each, b, d in theirs):
                yield Doubt("conflict", step.id, {"name": other.name})
                break


def _sent(definition: Definition, course: Mapping[str, Moment]) -> Iterator[tuple[Step, object, int]]:
    """Messages with what their day is counted from, and the day."""
    start = definition.trigger
    base, sign = _AT.get(start.kind, (start.kind.value, 1))
    narrowed = (base, start.tag, start.segment, start.product, start.field, start.name, start.months)
    for step in definition.walk():
        moment = course[step.id]
        if step.is_message and moment.base in ("", base):
            yield step, narrowed, moment.days + (sign * start.days if moment.base == "" else 0)


def _alike(known: Callable[[int], Letter | None]) -> Callable[[Step, Step], bool]:
    def compare(one: Step, other: Step) -> bool:
        if one.template == other.template:
            return True
        ours, theirs = known(one.template or 0), known(other.template or 0)
        return (
            ours is not None
            and theirs is not None
            and (ours.channel, ours.purpose)
            == (
                theirs.channel,
                theirs.purpose,
            )
        )

    return compare
