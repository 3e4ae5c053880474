"""The messages of one guest's trial, sent to whoever tries it."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Business, Member
from accounts.services.refusals import Refused
from automations.definition import MESSAGES, Do, definition_read
from automations.models import Automation
from automations.rehearsal.trial import Trial
from messaging.campaigns.services.testing import EXPIRES_AFTER, address_of_test, tests_check
from messaging.outbox.models import Message
from messaging.outbox.services import Draft, plan
from messaging.texts.models import Channel, Template

_CHANNEL = {Do.EMAIL: Channel.EMAIL.value, Do.SMS: Channel.SMS.value}


def trial_channels(trial: Trial) -> set[str]:
    """The channels of the messages that a trial has."""
    return {("sms" if each.shown.segments else "email") for each in trial.steps if each.shown is not None}


def trial_send(
    *,
    automation: Automation,
    trial: Trial,
    addresses: Mapping[str, str],
    token: str,
    business: Business,
    member: Member | None = None,
) -> int:
    """Plan the messages of a trial as tests to ``addresses`` by channel, filled in as for its guest; how many.

    The same ``token`` twice is one test. What would not be sent is sent, too: it is there to be looked at. The caller
    lets a worker know. Raises :class:`Refused` as a test of a campaign does; ``field`` is the channel.
    """
    steps = {step.id: step for step in definition_read(automation.draft).walk() if step.do in MESSAGES}
    wanted = [steps[each.line.step] for each in trial.steps if each.shown is not None and each.line.step in steps]
    if not wanted:
        raise Refused(_("No message would be sent to this guest."))
    to = {}
    for channel in sorted({_CHANNEL[step.do] for step in wanted}):
        try:
            to[channel] = address_of_test(addresses.get(channel, ""), channel, business)
        except Refused as refused:
            raise Refused(str(refused), field=channel) from refused
    now = timezone.now()
    purposes = dict(Template.objects.filter(pk__in=[step.template for step in wanted]).values_list("id", "purpose"))
    drafts = [
        Draft(
            customer_id=trial.guest.pk,
            channel=_CHANNEL[step.do],
            purpose=purposes[step.template or 0],
            key=f"test:automation:{automation.pk}:{token[:60]}:{number}",
            template_id=step.template,
            due_at=now,
            expires_at=now + EXPIRES_AFTER,
            origin=Message.Origin.TEST.value,
            origin_id=automation.pk,
            stay_id=trial.way.stay_id,
            address=to[_CHANNEL[step.do]],
        )
        for number, step in enumerate(wanted)
    ]
    with transaction.atomic():
        tests_check([each.key for each in drafts], now)
        plan(drafts=drafts, member=member)
    return len(drafts)
