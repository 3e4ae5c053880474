"""Writes on notes, calls and visits."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Member
from accounts.tenancy import current_actor
from customers.card.models import Customer
from customers.card.services import card_held
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Activity
from customers.history.services.refusals import ActivityRefused

MAX_PINNED = 3
"""So many notes of a guest are read before a word is said; more would be read by nobody."""

ACTIVITY_TITLES = {
    Activity.Kind.NOTE: gettext_noop("Note on %(guests)s"),
    Activity.Kind.CALL: gettext_noop("Call with %(guests)s"),
    Activity.Kind.VISIT: gettext_noop("Visit of %(guests)s"),
    Activity.Kind.EMAIL: gettext_noop("E-mail with %(guests)s"),
    Activity.Kind.FORM: gettext_noop("Form from %(guests)s"),
    Activity.Kind.SMS: gettext_noop("SMS with %(guests)s"),
}


def activity_add(
    *,
    customer_id: int,
    text: str,
    kind: Activity.Kind = Activity.Kind.NOTE,
    at: datetime | None = None,
    member: Member | None = None,
) -> tuple[Activity, ChangeSet]:
    """Write a note, call or visit on a guest's timeline; ``at`` is when it happened, now if not given.

    Raises ``Customer.DoesNotExist``, and :class:`ActivityRefused` for a moment still to come.
    """
    customer = card_held(customer_id=customer_id)
    now = timezone.now()
    if at is not None and at > now:
        raise ActivityRefused(_("This moment is still to come. Write when it happened."))
    with change_set(
        kind=ChangeSet.Kind.EDIT, title=ACTIVITY_TITLES[kind], params={"guests": [customer.pk]}, member=member
    ) as act:
        activity = Activity.objects.create(
            customer=customer,
            kind=kind,
            at=at or now,
            text=text,
            member_id=member.pk if member else None,
            actor=(str(member) if member else current_actor())[:200],
        )
    return activity, act


def activity_pin(*, activity_id: int, pinned: bool, member: Member | None = None) -> ChangeSet | None:
    """Put a note above the timeline, or take it down; ``None`` when it is so already.

    Raises ``Activity.DoesNotExist``, and :class:`ActivityRefused` at the fourth. The card is locked, so that two
    members cannot both take the last place.
    """
    with transaction.atomic():
        activity = Activity.objects.get(pk=activity_id)
        Customer.objects.select_for_update(no_key=True).get(pk=activity.customer_id)
        activity = Activity.objects.select_for_update(no_key=True).get(pk=activity_id)
        if activity.is_pinned == pinned:
            return None
        if pinned and Activity.objects.filter(customer_id=activity.customer_id, is_pinned=True).count() >= MAX_PINNED:
            raise ActivityRefused(
                _("At most %(limit)d notes can be pinned to a card. Take one down before pinning another.")
                % {"limit": MAX_PINNED}
            )
        title = gettext_noop("Pinned a note on %(guests)s") if pinned else gettext_noop("Unpinned a note on %(guests)s")
        activity.is_pinned = pinned
        with change_set(
            kind=ChangeSet.Kind.EDIT, title=title, params={"guests": [activity.customer_id]}, member=member
        ) as act:
            activity.save(update_fields=["is_pinned"])
    return act
