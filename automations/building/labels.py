"""What the parts of an automation are called where one is chosen: triggers, steps, entry, leaving, goals."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Protocol

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts import formats
from automations.definition import Aim, Do, Entry, Exit, Goal, Leave, Rule, Start, Trigger
from automations.models import Automation


class Named(Protocol):
    """The names of the business's things, as :class:`automations.building.naming.Names` has them."""

    def tag(self, pk: int | None) -> str: ...
    def product(self, pk: int | None) -> str: ...
    def property(self, pk: int | None) -> str: ...
    def template(self, pk: int | None) -> str: ...
    def member(self, pk: int | None) -> str: ...
    def webhook(self, pk: int | None) -> str: ...
    def field(self, key: str) -> str: ...
    def value(self, key: str, value: Any) -> str: ...
    def tree(self, tree: Mapping[str, Any] | None) -> str: ...
    def of_trigger(self, start: Start) -> str: ...


TRIGGERS: Final[Mapping[Trigger, Any]] = {
    Trigger.STAY_BOOKED: gettext_lazy("When a stay is booked"),
    Trigger.STAY_CHANGED: gettext_lazy("When a stay is changed"),
    Trigger.STAY_CANCELLED: gettext_lazy("When a stay is cancelled"),
    Trigger.CHECKED_IN: gettext_lazy("When a guest checks in"),
    Trigger.CHECKED_OUT: gettext_lazy("When a guest checks out"),
    Trigger.NO_SHOW: gettext_lazy("When a guest does not come"),
    Trigger.PURCHASE: gettext_lazy("When a guest buys something"),
    Trigger.TAG_ADDED: gettext_lazy("When a tag is added"),
    Trigger.CONSENT_GIVEN: gettext_lazy("When a guest consents"),
    Trigger.SEGMENT_ENTERED: gettext_lazy("When a guest enters a segment"),
    Trigger.MESSAGE_OPENED: gettext_lazy("When a guest opens a message"),
    Trigger.MESSAGE_CLICKED: gettext_lazy("When a guest follows a link in a message"),
    Trigger.FORM_SENT: gettext_lazy("When a form is sent"),
    Trigger.PAGE_SEEN: gettext_lazy("When a page is seen"),
    Trigger.EVENT: gettext_lazy("When another system tells of something"),
    Trigger.BY_HAND: gettext_lazy("When somebody adds a guest by hand"),
    Trigger.BEFORE_ARRIVAL: gettext_lazy("Before arrival"),
    Trigger.AFTER_DEPARTURE: gettext_lazy("After departure"),
    Trigger.AFTER_LAST_STAY: gettext_lazy("Some time after the last stay"),
    Trigger.BIRTHDAY: gettext_lazy("On a birthday"),
    Trigger.DATE: gettext_lazy("On a date of your own"),
    Trigger.INVOICE_DUE: gettext_lazy("When an invoice is due"),
}
"""Each trigger, as a choice."""
ACTS: Final[Mapping[Do, Any]] = {
    Do.WAIT: gettext_lazy("Wait"),
    Do.ONLY_IF: gettext_lazy("Go on only if …"),
    Do.BRANCH: gettext_lazy("Two ways: if …, else …"),
    Do.STOP: gettext_lazy("Stop here"),
    Do.EMAIL: gettext_lazy("Send an e-mail"),
    Do.SMS: gettext_lazy("Send an SMS"),
    Do.TAG: gettext_lazy("Add a tag"),
    Do.UNTAG: gettext_lazy("Take a tag away"),
    Do.FIELD: gettext_lazy("Fill in a field"),
    Do.TASK: gettext_lazy("Make a task for staff"),
    Do.WEBHOOK: gettext_lazy("Tell another system"),
}
"""Each kind of step, as a choice."""
ICONS: Final[Mapping[Do, str]] = {
    Do.WAIT: "hourglass",
    Do.ONLY_IF: "filter",
    Do.BRANCH: "split",
    Do.STOP: "square",
    Do.EMAIL: "mail",
    Do.SMS: "smartphone",
    Do.TAG: "tag",
    Do.UNTAG: "tag",
    Do.FIELD: "pencil",
    Do.TASK: "clipboard-check",
    Do.WEBHOOK: "webhook",
}
_LEAVES: Final[Mapping[Leave, Any]] = {
    Leave.CANCELLED: gettext_lazy("the stay is cancelled"),
    Leave.BOOKED: gettext_lazy("the guest books"),
    Leave.PAID: gettext_lazy("the invoice is paid"),
    Leave.TAG_REMOVED: gettext_lazy("the tag %(tag)s is taken away"),
    Leave.TAG_ADDED: gettext_lazy("the tag %(tag)s is added"),
    Leave.MATCHES: gettext_lazy("the guest matches: %(tree)s"),
}
_AIMS: Final[Mapping[Aim, Any]] = {
    Aim.BOOKS: gettext_lazy("The guest books"),
    Aim.BUYS: gettext_lazy("The guest buys %(product)s"),
    Aim.PAYS: gettext_lazy("The invoice is paid"),
    Aim.ANSWERS: gettext_lazy("The guest opens, follows or answers a message"),
    Aim.TAGGED: gettext_lazy("The guest gets the tag %(tag)s"),
}


def exit_words(rule: Exit, names: Named) -> str:
    """A rule of leaving: "the stay is cancelled"."""
    return str(_LEAVES[rule.kind]) % {"tag": names.tag(rule.tag), "tree": names.tree(rule.tree)}


def goal_words(goal: Goal, names: Named) -> str:
    """A goal as a sentence."""
    product = names.product(goal.product) if goal.product is not None else _("something")
    return str(_AIMS[goal.kind]) % {"product": product, "tag": names.tag(goal.tag)}


def entry_words(entry: Entry) -> str:
    """How often a guest may enter."""
    if entry.rule == Rule.ONCE:
        return _("Each guest once")
    if entry.rule == Rule.EACH:
        return _("Every time")
    told = ngettext("Again after %(count)d day", "Again after %(count)d days", entry.days)
    return told % {"count": entry.days}


def arrival_words(days: int) -> str:
    """A day counted from an arrival."""
    if not days:
        return _("the day of arrival")
    if days < 0:
        return ngettext("%(count)d day before arrival", "%(count)d days before arrival", -days) % {"count": -days}
    return ngettext("%(count)d day after arrival", "%(count)d days after arrival", days) % {"count": days}


def departure_words(days: int) -> str:
    """A day counted from a departure."""
    if not days:
        return _("the day of departure")
    if days < 0:
        return ngettext("%(count)d day before departure", "%(count)d days before departure", -days) % {"count": -days}
    return ngettext("%(count)d day after departure", "%(count)d days after departure", days) % {"count": days}


def clock_words(at: dt.time) -> str:
    """A time of day as the reader writes it."""
    return formats.clock(at, formats.locale_for(get_language()))


def weekday_words(number: int) -> str:
    """A weekday, 0 being Monday."""
    return str(formats.locale_for(get_language()).days["stand-alone"]["wide"][number])


TONES: Final[Mapping[Automation.State, str]] = {
    Automation.State.DRAFT: "",
    Automation.State.ON: "ok",
    Automation.State.PAUSED: "warn",
    Automation.State.OFF: "",
}
"""The colour of each state."""
