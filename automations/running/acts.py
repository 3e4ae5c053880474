"""What steps do to guests, for many journeys at once: messages, tags, fields, tasks, webhooks.

Everything is written to the database, in the caller's transaction; what leaves the house is sent by others after it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_noop, override

from accounts.models import Member
from automations.definition import Do, Step
from automations.models import Automation
from automations.running.asking import GONE
from automations.running.going import Dates, Going, Result
from customers.bulk.registry import Action, Asked, ValuesRefused
from customers.bulk.selection import guests_lock, guests_sort
from customers.bulk.setting import FIELD_SET, OWN
from customers.bulk.tagging import TAG_ADD, TAG_REMOVE
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Todo
from messaging.gate.schedule import zone_of
from messaging.outbox.services import Draft, plan
from messaging.texts.models import Template
from messaging.webhooks.bodies import REACHED, AutomationTold, JourneyTold, bodies_of
from messaging.webhooks.models import WebhookEndpoint
from messaging.webhooks.services import Delivery, deliver_all

ORIGIN: Final = "automation"
RESTRICTED: Final = "restricted"
SAME: Final = "same"

TAGGED: Final = gettext_noop("Tagged by the automation “%(automation)s”: %(tag)s")
UNTAGGED: Final = gettext_noop("Tag removed by the automation “%(automation)s”: %(tag)s")
SET: Final = gettext_noop("Set by the automation “%(automation)s”: %(field)s – %(value)s")
EMPTIED: Final = gettext_noop("Emptied by the automation “%(automation)s”: %(field)s")
TASKS: Final = gettext_noop("Tasks of the automation “%(automation)s”")
_ACTIONS: Final[Mapping[Do, Action]] = {Do.TAG: TAG_ADD, Do.UNTAG: TAG_REMOVE, Do.FIELD: FIELD_SET}

Results = dict[int, Result]


@dataclass
class Acts:
    """Does the steps of one automation in one batch. ``is_posted`` and ``is_delivered``: a worker of messages and one
    of webhooks has something to do after the commit."""

    automation: Automation
    number: int
    """Of the version."""
    now: dt.datetime
    stays: Mapping[int, Dates]
    restricted: frozenset[int]
    is_posted: bool = False
    is_delivered: bool = False
    gone: set[str] = field(default_factory=set)
    """Steps that name what is not there any more."""

    def do(self, step: Step, going: Sequence[Going]) -> Results:
        """A step for these journeys: what came of it, by the journey's id."""
        match step.do:
            case Do.EMAIL | Do.SMS:
                found = self._message(step, going)
            case Do.TASK:
                found = self._tasks(step, going)
            case Do.WEBHOOK:
                found = self._webhook(step, going)
            case _:
                found = self._write(step, going)
        if found is None:
            self.gone.add(step.id)
            return {each.pk: Result("failed", GONE) for each in going}
        return found

    def _message(self, step: Step, going: Sequence[Going]) -> Results | None:
        template = Template.objects.filter(pk=step.template or 0, channel=step.do.value, is_archived=False).first()
        if template is None:
            return None
        keys = {each.pk: key_of(each, step) for each in going}
        drafts = [
            Draft(
                customer_id=each.customer_id,
                channel=template.channel,
                purpose=template.purpose,
                key=keys[each.pk],
                due_at=each.due_at,
                origin=ORIGIN,
                origin_id=self.automation.pk,
                template_id=template.pk,
                expires_at=each.due_at + dt.timedelta(hours=step.expires),
                property_id=self._property(each),
                stay_id=each.stay_id,
            )
            for each in going
        ]
        planned = plan(drafts=drafts, at=self.now)
        self.is_posted = self.is_posted or planned.count > 0
        found = {}
        for each in going:
            key = keys[each.pk]
            reason = planned.refused.get(key) or planned.unwritten.get(key, "")
            found[each.pk] = Result("refused" if reason else "done", reason, message_id=planned.ids.get(key))
        return found

    def _write(self, step: Step, going: Sequence[Going]) -> Results | None:
        action = _ACTIONS[step.do]
        try:
            asked = _asked(step)
        except ValuesRefused:
            return None
        guests = sorted({each.customer_id for each in going})
        guests_lock(ids=guests)
        sorted_out = guests_sort(action=action, values=asked.values, ids=guests)
        reasons = {pk: reason for reason, left in sorted_out.left.items() for pk in left}
        if sorted_out.wanted:
            with self._act(asked.title, asked.values):
                action.write({**asked.values, "at": self.now}, sorted_out.wanted)
        return _told_once(going, reasons)

    def _tasks(self, step: Step, going: Sequence[Going]) -> Results:
        todo_for = [each for each in going if each.customer_id not in self.restricted]
        found = {each.pk: Result("left", RESTRICTED) for each in going if each.customer_id in self.restricted}
        if not todo_for:
            return found
        assignee = Member.objects.filter(pk=step.assignee, is_active=True).first() if step.assignee else None
        with self._act(TASKS, {}):
            todos = Todo.objects.bulk_create(
                Todo(
                    customer_id=each.customer_id,
                    property_id=self._property(each),
                    assignee=assignee,
                    title=step.title,
                    note=step.note,
                    due_on=self.now.astimezone(zone_of(each.zone)).date() + dt.timedelta(days=step.days),
                    origin=Todo.Origin.AUTOMATION,
                    actor=self.automation.name[:200],
                    created_at=self.now,
                )
                for each in todo_for
            )
        return found | {each.pk: Result(todo_id=todo.pk) for each, todo in zip(todo_for, todos, strict=True)}

    def _webhook(self, step: Step, going: Sequence[Going]) -> Results | None:
        told_of = [each for each in going if each.customer_id not in self.restricted]
        found = {each.pk: Result("left", RESTRICTED) for each in going if each.customer_id in self.restricted}
        if step.webhook is None:
            return None
        if not told_of:
            return found
        bodies = bodies_of(
            kind=REACHED,
            automation=AutomationTold(self.automation.pk, self.automation.name, self.number),
            journeys=[JourneyTold(each.pk, each.customer_id, step.id, each.stay_id, each.began_at) for each in told_of],
            at=self.now,
        )
        deliveries = [
            Delivery(key_of(each, step), each.customer_id, REACHED, bodies[each.pk])
            for each in told_of
            if each.pk in bodies
        ]
        try:
            written = deliver_all(endpoint_id=step.webhook, deliveries=deliveries, now=self.now)
        except WebhookEndpoint.DoesNotExist:
            return None
        self.is_delivered = True
        for each in told_of:
            delivery = written.get(key_of(each, step))
            found[each.pk] = Result("left", GONE) if delivery is None else Result(delivery_id=delivery)
        return found

    def _act(self, title: str, values: Mapping[str, Any]) -> Any:
        """The change set of what a step does to guests."""
        params = {**values, "automation": self.automation.name}
        return change_set(kind=ChangeSet.Kind.AUTOMATION, title=title, params=params)

    def _property(self, each: Going) -> int | None:
        dates = self.stays.get(each.stay_id) if each.stay_id is not None else None
        return dates.property_id if dates else None


def key_of(each: Going, step: Step) -> str:
    """What a message or a delivery is: once for a journey and a step."""
    return f"{ORIGIN}:{each.pk}:{step.id}"


def _asked(step: Step) -> Asked:
    """What is to be written, with the sentence of the act. Raises ``ValuesRefused`` for what is gone."""
    if step.do != Do.FIELD:
        action = _ACTIONS[step.do]
        return Asked(action.read({"tag": str(step.tag)}).values, TAGGED if step.do == Do.TAG else UNTAGGED)
    # A number as JSON has it is not a person's writing.
    with override("en"):
        read = FIELD_SET.read({"field": f"{OWN}{step.field}", "value": _plain(step.value)})
    return Asked(read.values, SET if read.values["value"] else EMPTIED)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _told_once(going: Iterable[Going], reasons: Mapping[int, str]) -> Results:
    """What came of a write; of several journeys of a guest the first did it."""
    found: Results = {}
    seen: dict[int, int] = defaultdict(int)
    for each in going:
        reason = reasons.get(each.customer_id, SAME if seen[each.customer_id] else "")
        seen[each.customer_id] += 1
        found[each.pk] = Result("left" if reason else "done", reason)
    return found
