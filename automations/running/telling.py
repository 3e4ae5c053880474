"""Tell people what went wrong with journeys: as staff tasks, in the business's own language."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, override

from accounts.models import Business
from automations.models import Automation
from automations.running.going import Going
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Todo

EACH_ON_ITS_OWN: Final = 5
"""Up to so many guests have a task each; of more one task tells."""
TITLE: Final = gettext_noop("The automation “%(automation)s” needs a look")


def failures_tell(*, automation: Automation, business: Business, failed: Sequence[Going], at: dt.datetime) -> None:
    """Journeys that could not go on."""
    with override(business.language):
        if len(failed) > EACH_ON_ITS_OWN:
            title = ngettext(
                "%(count)d guest could not go on in the automation “%(automation)s”",
                "%(count)d guests could not go on in the automation “%(automation)s”",
                len(failed),
            ) % {"count": len(failed), "automation": automation.name}
            _write(automation, business, at, [(None, title)], _CAUSE)
            return
        title = _("This guest could not go on in the automation “%(automation)s”") % {"automation": automation.name}
        _write(automation, business, at, [(each.customer_id, title) for each in failed], _CAUSE)


def gone_tell(*, automation: Automation, business: Business, at: dt.datetime) -> None:
    """A step names something that is not there any more; told once, until somebody has dealt with it."""
    with override(business.language):
        title = _("The automation “%(automation)s” names something that is gone") % {"automation": automation.name}
        if Todo.objects.filter(title=title[:200], origin=Todo.Origin.AUTOMATION, done_at__isnull=True).exists():
            return
        _write(automation, business, at, [(None, title)], _LOOK)


def circle_tell(*, automation: Automation, business: Business, at: dt.datetime) -> None:
    """Guests go round in a circle through it and others."""
    with override(business.language):
        title = _("Guests go round in a circle in the automation “%(automation)s”") % {"automation": automation.name}
        _write(automation, business, at, [(None, title)], _CIRCLE)


_CIRCLE: Final = gettext_noop(
    "It begins by what it or another automation does, again and again. Guests who entered ten times within a day stay"
    " outside until the next. Change what begins it, or let each guest in once only."
)
_CAUSE: Final = gettext_noop(
    "Something went wrong that should not have. It was written down for those who look after it, and the guest was"
    " stopped there."
)
_LOOK: Final = gettext_noop(
    "A tag, a field, a template, a webhook or a segment that it works with has been removed. Choose another, and let"
    " the new version out."
)


def _write(
    automation: Automation, business: Business, at: dt.datetime, told: Sequence[tuple[int | None, str]], note: str
) -> None:
    with change_set(
        kind=ChangeSet.Kind.AUTOMATION, title=TITLE, params={"automation": automation.name}, is_event=False
    ):
        Todo.objects.bulk_create(
            Todo(
                customer_id=customer_id,
                title=title[:200],
                note=_(note),
                due_on=timezone.localdate(at, business.zone),
                origin=Todo.Origin.AUTOMATION,
                actor=automation.name[:200],
                created_at=at,
            )
            for customer_id, title in told
        )
