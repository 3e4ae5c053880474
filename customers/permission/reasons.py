"""Why a guest may not be contacted, and the rule in SQL that tells it of any number of guests at once."""

from typing import Final, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.card.models import ContactPoint
from customers.consent.models import Channel, Purpose


class Reason(models.TextChoices):
    """What stands in the way of a message."""

    UNKNOWN = "unknown", _("Not in the register")
    RESTRICTED = "restricted", _("Processing restricted")
    DECEASED = "deceased", _("Deceased")
    DO_NOT_CONTACT = "do_not_contact", _("Do not contact")
    NO_CONSENT = "no_consent", _("Has not consented")
    WITHDRAWN = "withdrawn", _("Consent withdrawn")
    NO_ADDRESS = "no_address", _("No address or number")
    INVALID = "invalid", _("Address or number not valid")
    BOUNCED = "bounced", _("Bounces")
    RELAY = "relay", _("Relay address of an agent")
    OPTED_OUT = "opted_out", _("Opted out")


REACH: Final = (
    Reason.RESTRICTED,
    Reason.DECEASED,
    Reason.DO_NOT_CONTACT,
    Reason.NO_CONSENT,
    Reason.WITHDRAWN,
    Reason.NO_ADDRESS,
    Reason.INVALID,
    Reason.BOUNCED,
    Reason.RELAY,
    Reason.OPTED_OUT,
)
"""Why a guest of the register does not get the newsletter: a guest's facts name the first reason by its place, from 1.
The places stand in a generated column (:class:`customers.facts.models.CustomerFacts`): another order is a migration."""


class ContactPurpose(models.TextChoices):
    """What a message is about."""

    NEWSLETTER = Purpose.NEWSLETTER.value, Purpose.NEWSLETTER.label
    STAY = "stay", _("The guest's own stay")


KINDS: Final = {Channel.EMAIL.value: ContactPoint.Kind.EMAIL.value, Channel.SMS.value: ContactPoint.Kind.PHONE.value}
"""Which contact points a channel writes to."""


class Rule(NamedTuple):
    """What a purpose asks beyond that the guest lives and may be processed."""

    needs_consent: bool
    usable: tuple[str, ...]
    """States of an address that it may be sent to."""


RULES: Final[dict[str, Rule]] = {
    ContactPurpose.NEWSLETTER: Rule(needs_consent=True, usable=(ContactPoint.State.OK.value,)),
    # What an agent's relay address is for: the agent hands messages about the booking on, and nothing else.
    ContactPurpose.STAY: Rule(
        needs_consent=False, usable=(ContactPoint.State.OK.value, ContactPoint.State.RELAY.value)
    ),
}
"""A newsletter needs a consent and respects do-not-contact; one opted-out address speaks for all of its kind. A message
about the guest's own stay belongs to the contract and needs neither."""

REASONS: Final = """
    SELECT i.id, array_remove(ARRAY[
        CASE WHEN c.is_restricted THEN 'restricted' END,
        CASE WHEN c.is_deceased THEN 'deceased' END,
        CASE WHEN %(asks)s AND c.do_not_contact THEN 'do_not_contact' END,
        CASE WHEN %(asks)s AND s.granted IS NULL THEN 'no_consent' WHEN %(asks)s AND NOT s.granted THEN 'withdrawn' END,
        CASE WHEN %(asks)s AND p.is_opted_out THEN 'opted_out'
             WHEN p.is_usable THEN NULL
             ELSE coalesce(p.first_state, 'no_address') END
    ], NULL)
    FROM unnest(%(ids)s::bigint[]) AS i (id)
    JOIN LATERAL (
        SELECT id, is_restricted, is_deceased, do_not_contact FROM customers_customer WHERE id = i.id LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT granted FROM customers_consentstate
        WHERE customer_id = i.id AND purpose = %(purpose)s AND channel = %(channel)s LIMIT 1
    ) s ON true
    LEFT JOIN LATERAL (
        SELECT bool_or(state = ANY (%(usable)s)) AS is_usable, bool_or(state = 'opted_out') AS is_opted_out,
               (array_agg(state ORDER BY is_primary DESC, id))[1] AS first_state
        FROM customers_contactpoint
        WHERE customer_id = i.id AND kind = %(kind)s AND state <> 'placeholder'
    ) p ON true
"""
"""The reasons of each guest, in the order of :class:`Reason`; under the policy of the business in scope, so that a
guest of another business is not among the rows. A placeholder is no address. Of several addresses without a usable one
the primary one's state is the reason. Each ``LIMIT 1`` keeps a probe of the key for each guest, whatever the planner
believes of a business that is new to its statistics."""
