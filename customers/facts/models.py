"""The facts of a guest, and how they are spread over a register."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.db.models.functions import Cast, ExtractDay, ExtractMonth
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from accounts.tenancy.scope import require_business_id
from customers.card.models import ContactPoint, Customer
from customers.consent.models import CONSENTS, Channel, Purpose
from customers.permission.reasons import REACH, Reason

SAMPLES = 1024
"""A register falls into so many samples of about one size, by the hash of the card's id."""

TOP = range(1, 100)
"""Percents of a register whose value has a threshold."""


def newsletter_reach(channel: str, state: str) -> models.GeneratedField:
    """The first reason why the guest does not get the newsletter through a channel; follows from the row itself.

    ``state`` is the column that tells of the addresses. The reasons stand in the order of
    :data:`customers.permission.reasons.REASONS`; placeholders are no address.
    """
    granted = 1 << (2 * CONSENTS.index((Purpose.NEWSLETTER, channel)))
    said = F("consents").bitand(granted * 3)
    place = {reason: Value(REACH.index(reason) + 1) for reason in REACH}
    return models.GeneratedField(
        expression=Cast(
            Case(
                When(is_restricted=True, then=place[Reason.RESTRICTED]),
                When(is_deceased=True, then=place[Reason.DECEASED]),
                When(do_not_contact=True, then=place[Reason.DO_NOT_CONTACT]),
                When(Exact(said, 0), then=place[Reason.NO_CONSENT]),
                When(Exact(said, granted * 2), then=place[Reason.WITHDRAWN]),
                When(**{state: ContactPoint.State.OK}, then=Value(0)),
                *(
                    When(**{state: reason.value}, then=place[reason])
                    for reason in (Reason.INVALID, Reason.BOUNCED, Reason.RELAY, Reason.OPTED_OUT)
                ),
                default=place[Reason.NO_ADDRESS],
                output_field=models.IntegerField(),
            ),
            models.SmallIntegerField(),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )


class CustomerFacts(TenantModel):
    """Everything a list is filtered and sorted by, one narrow row a guest, kept by the database (``sql/facts.sql``).

    Copied from the card: who and where the guest is. Of tags, contact points and consents: what a filter asks. Counted
    from the history: stays and nights for guests, ``value`` for the payer, cancelled stays and no-shows for neither.
    Purchases add to the value, invoices do not: they bill the same things. Amounts are in ``currency``, the one most
    of the guest's paid stays and purchases are in. ``counted_on`` is when the history last counted to something else;
    ``next_arrival`` and the values of a window are as of that day or of the register's.
    """

    # The columns stand as the table holds them: those of a fixed width that are never empty first, so that a scan finds
    # them without walking through what stands before; then dates that may be missing, short texts, long ones.
    pk = models.CompositePrimaryKey("business_id", "customer_id")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    value_minor = models.GeneratedField(
        expression=Cast(F("value") * 100, models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    """``value`` in hundredths: whole numbers, unlike ``numeric``, can be compared by an index below a row policy."""
    value_12_months = models.BigIntegerField(default=0, db_default=0)
    """Hundredths of ``currency``: what fell into the twelve months up to ``counted_on``."""
    value_this_year = models.BigIntegerField(default=0, db_default=0)
    """Hundredths of ``currency``: what falls into the calendar year of ``counted_on``."""
    stays = models.IntegerField(default=0)
    nights = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)
    no_shows = models.IntegerField(default=0)
    consents = models.IntegerField(default=0, db_default=0)
    """Of ``CONSENTS[i]`` bit ``2 * i`` when granted, bit ``2 * i + 1`` when withdrawn, none where nothing was said."""
    counted_on = models.DateField()
    language = models.IntegerField(default=0, db_default=0)
    """A code as ``customers_facts_code`` makes it, like the four that follow; 0 is unknown."""
    country = models.IntegerField(default=0, db_default=0)
    source = models.IntegerField(default=0, db_default=0)
    kind = models.IntegerField(default=0, db_default=0)
    nationality = models.IntegerField(default=0, db_default=0)
    email_reach = newsletter_reach(Channel.EMAIL, "email_state")
    """0 when the guest may get the newsletter by e-mail, else the place, from 1, of the first reason why not in
    :data:`customers.permission.reasons.REACH`."""
    sms_reach = newsletter_reach(Channel.SMS, "phone_state")
    sample = models.GeneratedField(
        expression=Cast(
            Func(F("customer"), function="hashint8", output_field=models.IntegerField()).bitand(SAMPLES - 1),
            models.SmallIntegerField(),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    """Which of :data:`SAMPLES` the guest falls into, so that a hundredth of the register can be read at random."""
    is_restricted = models.BooleanField(default=False, db_default=False)
    is_deceased = models.BooleanField(default=False, db_default=False)
    do_not_contact = models.BooleanField(default=False, db_default=False)

    first_contact = models.DateField(null=True)
    last_stay = models.DateField(null=True)
    """Departure of the last stay that took place, or arrival of the one in progress."""
    first_arrival = models.DateField(null=True)
    next_arrival = models.DateField(null=True)
    last_activity = models.DateField(null=True)
    """The day of the newest activity, in the business's zone."""
    birth_date = models.DateField(null=True)
    birthday = models.GeneratedField(
        expression=Cast(ExtractMonth("birth_date") * 100 + ExtractDay("birth_date"), models.SmallIntegerField()),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    """Month and day of the date of birth, 1224 for Christmas Eve."""

    currency = models.CharField(max_length=3, blank=True)
    email_state = models.CharField(max_length=12, default="", db_default="")
    """``ok`` when an address may get the newsletter, else the state that stands in its way; empty without any."""
    phone_state = models.CharField(max_length=12, default="", db_default="")
    tags = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """Ids of the guest's tags, by slot."""
    city = models.CharField(max_length=100, default="", db_default="")
    """In small letters, like ``postal_code``: they are compared without case, a million at a time."""
    postal_code = models.CharField(max_length=16, default="", db_default="")
    arrivals = ArrayField(models.DateField(), default=list, db_default=[])
    """Arrivals of the stays that took place, as a guest, ascending: how many fall into a window is found by halving."""
    sort_key = models.CharField(max_length=120, default="", db_default="")
    value = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    last_opened = models.DateField(null=True)
    """The day, in the business's zone, a message was last opened; counted by the room that has the messages
    (:data:`customers.facts.services.COUNTERS`), like ``last_clicked``."""
    last_clicked = models.DateField(null=True)

    class Meta:
        verbose_name = _("facts of a guest")
        verbose_name_plural = _("facts of guests")
        indexes = [
            # One direction throughout: a list is read forwards or backwards, and a row comparison finds its place.
            models.Index(fields=["business", "sort_key", "customer"], name="facts_sort_key"),
            models.Index(fields=["business", "first_contact", "customer"], name="facts_first_contact"),
            models.Index(fields=["business", "last_stay", "customer"], name="facts_last_stay"),
            models.Index(fields=["business", "value_minor", "customer"], name="facts_value"),
            models.Index(fields=["business", "stays", "customer"], name="facts_stays"),
            models.Index(fields=["business", "sample", "customer"], name="facts_sample"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.stays}"


class RegisterFacts(TenantModel):
    """How the values of a business's guests are spread, one row a business, counted when the day turns."""

    business = models.OneToOneField(
        "accounts.Business",
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        default=require_business_id,
        editable=False,
    )
    currency = models.CharField(max_length=3, blank=True)
    value_percentiles = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """Element ``p`` (from 1, as PostgreSQL counts) is the value in hundredths that the best ``p`` percent reach, of the
    guests who have one in ``currency``; empty without any."""
    guests = models.IntegerField(default=0)
    counted_on = models.DateField()

    class Meta:
        verbose_name = _("facts of a register")
        verbose_name_plural = _("facts of registers")

    def __str__(self) -> str:
        return f"{self.business_id}: {self.guests}"
