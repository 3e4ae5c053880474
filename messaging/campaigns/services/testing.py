"""A test of a campaign to whoever makes it."""

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Business, Member
from accounts.services.refusals import Refused
from customers.card.models import ContactPoint, Customer
from customers.normalise import normalise_phone
from customers.permission.reasons import KINDS
from customers.permission.selectors import suppressions_at
from customers.permission.suppressing import address_normal
from messaging.campaigns.models import Campaign
from messaging.campaigns.preview import campaign_preview
from messaging.gate.services import settings_lock
from messaging.outbox.models import Message
from messaging.outbox.services import Draft, plan
from messaging.texts.models import Channel

EXPIRES_AFTER = dt.timedelta(hours=1)
"""Nobody looks for a test much later."""
TESTS_MAX = 20
"""Tests of a business in an :data:`HOUR`."""
HOUR = dt.timedelta(hours=1)


def campaign_try(
    *, campaign: Campaign, address: str, token: str, business: Business, member: Member | None = None
) -> None:
    """Plan a test to ``address``, filled in as for a guest it would reach; the same ``token`` twice is one test.

    The caller lets a worker know. A test does not pass the gate, so that its ``address`` is a member's, or of an SMS a
    number that no guest has; at most :data:`TESTS_MAX` an hour. Raises :class:`Refused` for any other address, for one
    that is suppressed, and where there is nobody to fill it in for.
    """
    template = campaign.template
    if template is None:
        raise Refused(_("Choose what they get."), field="what")
    now = timezone.now()
    to = address_of_test(address, template.channel, business)
    preview = campaign_preview(campaign=campaign, business=business, now=now)
    guest = next(iter(preview.examples), None) if preview is not None else None
    if guest is None:
        guest = Customer.objects.order_by("id").values_list("id", flat=True).first()
    if guest is None:
        raise Refused(_("There is no guest yet to fill it in for."))
    draft = Draft(
        customer_id=guest,
        channel=template.channel,
        purpose=template.purpose,
        key=_key(campaign, token),
        template_id=template.pk,
        due_at=now,
        expires_at=now + EXPIRES_AFTER,
        origin=Message.Origin.TEST.value,
        origin_id=campaign.pk,
        address=to,
    )
    with transaction.atomic():
        tests_check([draft.key], now)
        plan(drafts=[draft], member=member)


def _key(campaign: Campaign, token: str) -> str:
    return f"test:campaign:{campaign.pk}:{token[:60]}"


def tests_check(keys: Collection[str], now: dt.datetime) -> None:
    """Raises :class:`Refused` where there were as many tests as there may be; one that there is already is no other."""
    settings_lock()
    tests = Message.objects.filter(origin=Message.Origin.TEST, origin_id__isnull=False)
    lately = tests.filter(created_at__gt=now - HOUR).exclude(key__in=keys)
    new = len(set(keys)) - tests.filter(key__in=keys).count()
    if new and lately.count() + new > TESTS_MAX:
        raise Refused(_("There were %(most)d tests in the last hour. Wait a little.") % {"most": TESTS_MAX})


def address_of_test(typed: str, channel: str, business: Business) -> str:
    """The address of a test in its normal form. Raises :class:`Refused`."""
    address = _normal(typed.strip(), channel, business)
    if channel == Channel.EMAIL:
        own = Member.objects.filter(is_active=True, user__is_active=True, user__email__iexact=address)
        if not own.exists():
            raise Refused(_("A test goes only to you and your colleagues here."), field="address")
    elif ContactPoint.objects.filter(kind=ContactPoint.Kind.PHONE, normalised=address).exists():
        raise Refused(_("This is a guest's number. A test goes only to you and your colleagues."), field="address")
    kind = KINDS[channel]
    if suppressions_at(kind=kind, normalised=address_normal(kind=kind, value=address)):
        raise Refused(_("This address is suppressed: nothing is sent to it any more."), field="address")
    return address


def _normal(typed: str, channel: str, business: Business) -> str:
    if channel == Channel.EMAIL:
        try:
            validate_email(typed)
        except ValidationError as error:
            raise Refused(_("That is not an e-mail address."), field="address") from error
        return typed
    number = normalise_phone(typed, business.country)
    if number.e164 is None:
        raise Refused(_("That is not a phone number."), field="address")
    return number.e164
