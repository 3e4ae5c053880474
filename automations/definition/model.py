"""The parts of a definition. Pure; ids are those of the business's own rows, and texts are as they stand in JSON."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Trigger(StrEnum):
    """What begins a journey. Of events, the moment they are noticed; of dates, a local time of a day."""

    STAY_BOOKED = "stay_booked"
    STAY_CHANGED = "stay_changed"
    STAY_CANCELLED = "stay_cancelled"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    NO_SHOW = "no_show"
    PURCHASE = "purchase"
    TAG_ADDED = "tag_added"
    CONSENT_GIVEN = "consent_given"
    SEGMENT_ENTERED = "segment_entered"
    MESSAGE_OPENED = "message_opened"
    MESSAGE_CLICKED = "message_clicked"
    FORM_SENT = "form_sent"
    PAGE_SEEN = "page_seen"
    EVENT = "event"
    BY_HAND = "by_hand"
    BEFORE_ARRIVAL = "before_arrival"
    AFTER_DEPARTURE = "after_departure"
    AFTER_LAST_STAY = "after_last_stay"
    BIRTHDAY = "birthday"
    DATE = "date"
    INVOICE_DUE = "invoice_due"


EVENTS: Final = frozenset(tuple(Trigger)[: tuple(Trigger).index(Trigger.BY_HAND)])
DATES: Final = frozenset(tuple(Trigger)[tuple(Trigger).index(Trigger.BEFORE_ARRIVAL) :])
NOBODY_YET: Final = frozenset({Trigger.FORM_SENT, Trigger.PAGE_SEEN})
"""Triggers that nothing tells of until guests have pages of their own; not offered."""
STAYS: Final = frozenset(
    {
        *(Trigger.STAY_BOOKED, Trigger.STAY_CHANGED, Trigger.STAY_CANCELLED, Trigger.CHECKED_IN, Trigger.CHECKED_OUT),
        *(Trigger.NO_SHOW, Trigger.BEFORE_ARRIVAL, Trigger.AFTER_DEPARTURE),
    }
)
"""Triggers whose journeys are about one stay."""


class Who(StrEnum):
    """Whom of a stay's participants a journey is for."""

    BOOKER = "booker"
    """Who booked it, else who pays, else the first guest."""
    GUESTS = "guests"


@dataclass(frozen=True)
class Start:
    """A trigger with what narrows it.

    ``days`` and ``months`` are counted from the trigger's date in its direction: before an arrival, after a departure
    or a last stay, before a birthday; of ``date`` and ``invoice_due`` a negative number of days is before the day.
    ``at`` is the local time. Everything else narrows events: ``properties`` (none: all), the tag, segment, product,
    template, purpose and channel of the consent, the key of the own date ``field`` (``yearly``: its anniversaries), the
    ``name`` of an event of another system.
    """

    kind: Trigger
    days: int = 0
    months: int = 0
    at: dt.time = dt.time(10)
    who: Who = Who.BOOKER
    properties: tuple[int, ...] = ()
    tag: int | None = None
    segment: int | None = None
    product: int | None = None
    template: int | None = None
    purpose: str = ""
    channel: str = ""
    field: str = ""
    yearly: bool = False
    name: str = ""

    @property
    def is_date(self) -> bool:
        """Whether it is a day of the calendar, known beforehand, and not something that happens."""
        return self.kind in DATES

    @property
    def has_stay(self) -> bool:
        """Whether its journeys are about one stay."""
        return self.kind in STAYS


class Rule(StrEnum):
    """How often a guest may enter."""

    ONCE = "once"
    EACH = "each"
    """Whenever the trigger says so: once a stay, once a birthday."""
    AFTER = "after"
    """Again once so many days have passed since the last time."""


@dataclass(frozen=True)
class Entry:
    """The rule of entering again; ``days`` belongs to ``after``."""

    rule: Rule = Rule.EACH
    days: int = 0


class Leave(StrEnum):
    """Why a journey ends early."""

    CANCELLED = "cancelled"
    """Its stay was cancelled, or the guest did not come."""
    BOOKED = "booked"
    """The guest has booked since the journey began."""
    PAID = "paid"
    """Its invoice was paid."""
    TAG_REMOVED = "tag_removed"
    TAG_ADDED = "tag_added"
    MATCHES = "matches"
    """The guest matches a filter."""


@dataclass(frozen=True)
class Exit:
    """A rule of leaving; asked before every step."""

    kind: Leave
    tag: int | None = None
    tree: Mapping[str, Any] | None = None


class Aim(StrEnum):
    """What an automation is for."""

    BOOKS = "books"
    BUYS = "buys"
    PAYS = "pays"
    ANSWERS = "answers"
    """The guest has opened, followed or answered a message of the journey."""
    TAGGED = "tagged"


@dataclass(frozen=True)
class Goal:
    """What it is for; a journey that reaches it ends there. ``product`` and ``tag`` belong to their kinds."""

    kind: Aim
    product: int | None = None
    tag: int | None = None


class Do(StrEnum):
    """What a step does."""

    WAIT = "wait"
    ONLY_IF = "only_if"
    BRANCH = "branch"
    STOP = "stop"
    EMAIL = "email"
    SMS = "sms"
    TAG = "tag"
    UNTAG = "untag"
    FIELD = "field"
    TASK = "task"
    WEBHOOK = "webhook"


RESPONSES: Final = frozenset({Do.EMAIL, Do.SMS, Do.TAG, Do.UNTAG, Do.FIELD, Do.TASK, Do.WEBHOOK})
MESSAGES: Final = frozenset({Do.EMAIL, Do.SMS})
EXPIRES_HOURS: Final = 24


class Until(StrEnum):
    """What a wait waits for."""

    DURATION = "duration"
    DATE = "date"
    TIME = "time"
    WEEKDAY = "weekday"
    ARRIVAL = "arrival"
    DEPARTURE = "departure"


ANCHORS: Final = frozenset({Until.ARRIVAL, Until.DEPARTURE})
"""Days of the journey's stay: they move when the stay does."""


@dataclass(frozen=True)
class Wait:
    """How long a step waits: so many ``days``, ``hours`` and ``minutes``; until ``date`` at ``at``; until it is ``at``;
    until one of ``weekdays`` (0 is Monday) at ``at``; until ``days`` after (below 0: before) the stay's arrival or
    departure at ``at``. What has passed is not waited for."""

    until: Until
    days: int = 0
    hours: int = 0
    minutes: int = 0
    date: dt.date | None = None
    at: dt.time | None = None
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step. ``id`` is its own for as long as it stands in the automation, whatever stands around it.

    ``tree`` is the filter of a condition as JSON; ``yes`` and ``no`` are the steps of a branch, after which the journey
    goes on with what follows the branch. A message has a ``template`` and dies ``expires`` hours after its time; a task
    has ``title``, ``note``, and is due ``days`` after; ``value`` is what a field of one's own is set to, as in JSON.
    """

    id: str
    do: Do
    wait: Wait | None = None
    tree: Mapping[str, Any] | None = None
    yes: tuple["Step", ...] = ()
    no: tuple["Step", ...] = ()
    template: int | None = None
    expires: int = EXPIRES_HOURS
    tag: int | None = None
    field: str = ""
    value: Any = None
    title: str = ""
    note: str = ""
    days: int = 0
    assignee: int | None = None
    webhook: int | None = None

    @property
    def is_message(self) -> bool:
        """Whether a guest gets something by it."""
        return self.do in MESSAGES

    @property
    def is_response(self) -> bool:
        """Whether it does something, and does not only steer."""
        return self.do in RESPONSES


@dataclass(frozen=True)
class Definition:
    """An automation as it runs. ``only`` is a filter, as JSON, that a guest must match when the trigger comes."""

    trigger: Start
    steps: tuple[Step, ...] = ()
    only: Mapping[str, Any] | None = None
    entry: Entry = field(default_factory=Entry)
    exits: tuple[Exit, ...] = ()
    goal: Goal | None = None

    def walk(self) -> Iterator[Step]:
        """Every step, those of branches behind their branch, yes before no."""

        def inside(steps: tuple[Step, ...]) -> Iterator[Step]:
            for step in steps:
                yield step
                yield from inside(step.yes)
                yield from inside(step.no)

        return inside(self.steps)

    def step(self, pk: str) -> Step | None:
        """The step of an id."""
        return next((step for step in self.walk() if step.id == pk), None)

    @property
    def trees(self) -> list[Mapping[str, Any]]:
        """Every filter it holds, as JSON."""
        found = [self.only, *(each.tree for each in self.exits), *(step.tree for step in self.walk())]
        return [tree for tree in found if tree is not None]
