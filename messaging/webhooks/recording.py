"""Write down what came of an attempt: of the delivery, and of the endpoint as a whole."""

import datetime as dt
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts.audit import audit_record
from accounts.models import Business
from customers.history.models import Todo
from customers.history.services.todos import todo_add, todo_done, todo_update
from messaging.webhooks.asking import Outcome
from messaging.webhooks.claiming import Batch
from messaging.webhooks.labels import Trouble, trouble_words
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.pauses import pause_after, rest_after

_State = WebhookDelivery.State
TOLD_AFTER: Final = dt.timedelta(hours=6)
"""An endpoint that takes nothing for so long is told of, before the first delivery is given up."""
_OFF: Final = gettext_noop("Webhook %(name)s was switched off")
_GIVEN_UP: Final = gettext_noop("Webhook %(name)s does not get through")


def attempt_begin(*, batch: Batch, delivery: WebhookDelivery, at: dt.datetime) -> bool:
    """Note that a receiver is about to be asked; False where the delivery is not ours any more: removed, or taken by
    another worker since our lease ran out."""
    ours = WebhookDelivery.objects.filter(pk=delivery.pk, state=_State.CLAIMED, claim=batch.claim)
    return bool(ours.update(attempts=delivery.attempts + 1, attempted_at=at))


def attempt_end(*, batch: Batch, delivery: WebhookDelivery, outcome: Outcome, at: dt.datetime) -> bool:
    """Write what came of it. Whether the next of the batch may be delivered: the endpoint does not rest."""
    found = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if outcome.is_taken and (is_on := found.filter(failures=0).values_list("is_on", flat=True).first()) is not None:
        # As nearly always: nobody waits for anybody.
        _deliver(batch, delivery, outcome, at)
        return is_on
    current = found.select_for_update(of=("self",), no_key=True).first()
    if current is None:
        return False
    _deliver(batch, delivery, outcome, at)
    if outcome.is_taken:
        _recovered(current)
        return current.is_on
    current.failures += 1
    current.trouble = outcome.trouble
    current.troubled_since = current.troubled_since or at
    if outcome.trouble == Trouble.GONE:
        current.is_on = False
        audit_record(action="webhook.off", object_type="webhook", object_id=current.pk, data={"name": current.name})
        _tell(current, batch.business, _OFF)
    elif delivery.state in (_State.FAILED, _State.UNKNOWN) or at - current.troubled_since >= TOLD_AFTER:
        _tell(current, batch.business, _GIVEN_UP)
    rest = rest_after(current.failures, is_about_all=outcome.is_about_all, asked=outcome.again_after)
    current.rests_until = at + rest if rest else None
    current.save(update_fields=["failures", "trouble", "troubled_since", "is_on", "rests_until", "todo_id"])
    return current.is_on and rest is None


def endpoint_rest(*, endpoint_id: int, trouble: str) -> None:
    """Let an endpoint rest to which nothing can be delivered at all, whoever is to blame."""
    current = WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).filter(pk=endpoint_id).first()
    if current is not None:
        now = timezone.now()
        current.failures += 1
        current.trouble, current.troubled_since = trouble, current.troubled_since or now
        current.rests_until = now + (rest_after(current.failures, is_about_all=True) or dt.timedelta(0))
        current.save(update_fields=["failures", "trouble", "troubled_since", "rests_until"])


def give_back(*, batch: Batch) -> None:
    """What was claimed and not asked for waits again, as if nobody had had it."""
    held = WebhookDelivery.objects.filter(state=_State.CLAIMED, claim=batch.claim)
    held.update(state=_State.PLANNED, claim=None, claimed_until=None)


def _deliver(batch: Batch, delivery: WebhookDelivery, outcome: Outcome, at: dt.datetime) -> None:
    pause = pause_after(delivery.attempts + 1, asked=outcome.again_after)
    delivery.status, delivery.reason, delivery.detail = outcome.status, outcome.trouble, outcome.detail
    delivery.claim = delivery.claimed_until = None
    if outcome.is_taken:
        delivery.state, delivery.sent_at, delivery.settled_at = _State.SENT, at, at
    elif outcome.trouble == Trouble.GONE or pause is None:
        delivery.state = _State.UNKNOWN if outcome.is_unclear else _State.FAILED
        delivery.settled_at = at
    else:
        delivery.state, delivery.due_at = _State.PLANNED, at + pause
    names = ("state", "status", "reason", "detail", "claim", "claimed_until", "due_at", "sent_at", "settled_at")
    held = WebhookDelivery.objects.filter(pk=delivery.pk, state=_State.CLAIMED, claim=batch.claim)
    held.update(**{name: getattr(delivery, name) for name in names})


def _recovered(endpoint: WebhookEndpoint) -> None:
    """It takes something again: nobody need look at it any more."""
    if not endpoint.failures:
        return
    endpoint.failures, endpoint.trouble, endpoint.troubled_since, endpoint.rests_until = 0, "", None, None
    if endpoint.todo_id and Todo.objects.filter(pk=endpoint.todo_id, done_at__isnull=True).exists():
        todo_done(todo_id=endpoint.todo_id, done=True)
    endpoint.todo_id = None
    endpoint.save(update_fields=["failures", "trouble", "troubled_since", "rests_until", "todo_id"])


def _tell(endpoint: WebhookEndpoint, business: Business, title: str) -> None:
    """Make the staff task that tells of an endpoint, or bring the one that is open up to date."""
    with override(business.language):
        where = _("See “Webhooks” under Settings: %(name)s.") % {"name": endpoint.name}
        values = {
            "title": (_(title) % {"name": endpoint.name})[:200],
            "note": f"{trouble_words(endpoint.trouble)} {where}",
            "due_on": timezone.localdate(timezone=business.zone),
        }
    todo = Todo.objects.filter(pk=endpoint.todo_id, done_at__isnull=True).first() if endpoint.todo_id else None
    if todo is not None:
        todo_update(todo_id=todo.pk, values=values)
    else:
        endpoint.todo_id = todo_add(values=values, origin=Todo.Origin.AUTOMATION)[0].pk
