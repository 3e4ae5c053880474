"""Why a guest may not be contacted, and the rule in SQL that tells it of any number of guests at once."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.card.models import ContactPoint, Customer
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
    NO_BASIS = "no_basis", _("Neither a consent nor an earlier stay or purchase")
    NO_STAY = "no_stay", _("No stay to write about")
    NO_INVOICE = "no_invoice", _("No invoice to write about")
    NO_OFFERS = "no_offers", _("Does not want offers")
    PAUSED = "paused", _("Has asked for a pause")


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
    OFFER = "offer", _("Offer to a past guest")
    STAY = "stay", _("The guest's own stay")
    INVOICE = "invoice", _("The guest's own invoice")


class Basis(models.TextChoices):
    """What makes a message lawful."""

    CONSENT = "consent", _("Consent")
    CUSTOMER = "customer", _("Earlier stay or purchase")
    """The exception for a business's own customers, own similar goods, with a way to decline in every message."""
    COMPANY = "company", _("Company")
    """A country whose law asks the consent of natural persons alone."""
    CONTRACT = "contract", _("Their own stay or invoice")


KINDS: Final = {Channel.EMAIL.value: ContactPoint.Kind.EMAIL.value, Channel.SMS.value: ContactPoint.Kind.PHONE.value}
"""Which contact points a channel writes to."""


class Rule(NamedTuple):
    """What a purpose asks beyond that the guest lives and may be processed."""

    is_marketing: bool
    usable: tuple[str, ...]
    """States of an address that it may be sent to."""
    without_consent: bool = False
    """Marketing that the law of some countries allows without: see :data:`LAWS`."""


_OK: Final = (ContactPoint.State.OK.value,)
# What an agent's relay address is for: the agent hands messages about the booking on, and nothing else.
_OK_OR_RELAY: Final = (ContactPoint.State.OK.value, ContactPoint.State.RELAY.value)
RULES: Final[dict[str, Rule]] = {
    ContactPurpose.NEWSLETTER: Rule(is_marketing=True, usable=_OK),
    ContactPurpose.OFFER: Rule(is_marketing=True, usable=_OK, without_consent=True),
    ContactPurpose.STAY: Rule(is_marketing=False, usable=_OK_OR_RELAY),
    ContactPurpose.INVOICE: Rule(is_marketing=False, usable=_OK_OR_RELAY),
}
"""Marketing needs a basis and respects do-not-contact; one opted-out address speaks for all of its kind. A message
about the guest's own stay or invoice belongs to the contract and needs neither."""


class Law(NamedTuple):
    """How a country lets a business write to its own customers without a consent. Kinds of cards."""

    customers: tuple[str, ...]
    """Those who have bought something: own similar goods, and a way to decline in every message."""
    anybody: tuple[str, ...] = ()
    """Those whom the law does not protect at all."""


_EVERYBODY: Final = (Customer.Kind.PERSON.value, Customer.Kind.COMPANY.value)
LAWS: Final[Mapping[str, Law]] = {
    # Markedsføringsloven section 15 protects natural persons.
    "NO": Law(customers=_EVERYBODY, anybody=(Customer.Kind.COMPANY.value,)),
    # Markedsføringsloven section 10 and Telecommunicatiewet article 11.7 protect companies, too.
    "DK": Law(customers=_EVERYBODY),
    "NL": Law(customers=_EVERYBODY),
}
"""By the country of the guest, of whom none is known the business's. Elsewhere nothing goes without a consent."""
CUSTOMER_FOR: Final = 24
"""Months after the last stay or purchase for which somebody is a customer of the house."""
STAY_FOR: Final = 60
"""Days after its end for which there is something to write about a stay."""
INVOICE_FOR: Final = 12
"""Months after its day for which there is something to write about an invoice that is paid."""
CAUSELESS: Final[Mapping[str, Reason]] = {
    ContactPurpose.STAY: Reason.NO_STAY,
    ContactPurpose.INVOICE: Reason.NO_INVOICE,
}
"""Why there is nothing to write about, by the purpose that belongs to a contract."""

_SUPPRESSED: Final = """
    SELECT bool_or(x.reason = 'bounce') AS bounces, bool_or(x.reason IN ('complaint', 'stop', 'manual')) AS never,
           bool_or(x.reason IN ('unsubscribed', 'objection')) AS no_marketing
    FROM customers_suppression x
    WHERE x.digest = customers_address_digest((SELECT pads FROM suppressing), p.kind, p.normalised)
"""
REASONS: Final = f"""
    WITH suppressing AS MATERIALIZED (
        SELECT CASE WHEN EXISTS (SELECT FROM customers_suppression) THEN customers_address_pads() END AS pads
    ), house AS MATERIALIZED (
        SELECT country, (%(today)s::date - make_interval(months => %(months)s))::date AS since
        FROM accounts_business WHERE id = customers_facts_business()
    )
    SELECT i.id, array_remove(ARRAY[
        CASE WHEN c.is_restricted THEN 'restricted' END,
        CASE WHEN c.is_deceased THEN 'deceased' END,
        CASE WHEN %(asks)s AND c.do_not_contact THEN 'do_not_contact' END,
        CASE WHEN b.basis <> '' THEN NULL WHEN NOT %(asks)s THEN %(causeless)s WHEN NOT s.granted THEN 'withdrawn'
             WHEN %(lenient)s THEN 'no_basis' ELSE 'no_consent' END,
        CASE WHEN %(asks)s AND p.is_opted_out THEN 'opted_out'
             WHEN p.address IS NOT NULL THEN NULL
             ELSE coalesce(p.first_state, 'no_address') END,
        CASE WHEN %(lenient)s AND w.no_offers THEN 'no_offers' END,
        CASE WHEN %(asks)s AND w.paused_until > %(day)s::date THEN 'paused' END
    ], NULL), b.basis, p.address
    FROM unnest(%(ids)s::bigint[]) AS i (id)
    JOIN LATERAL (
        SELECT id, is_restricted, is_deceased, do_not_contact,
               coalesce(nullif(country, ''), (SELECT country FROM house)) || kind AS law
        FROM customers_customer WHERE id = i.id LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT granted FROM customers_consentstate
        WHERE customer_id = i.id AND purpose = 'newsletter' AND channel = %(channel)s LIMIT 1
    ) s ON true
    LEFT JOIN LATERAL (
        SELECT bool_or(kind = 'no_offers') AS no_offers, max(until) FILTER (WHERE kind = 'pause') AS paused_until
        FROM customers_wish WHERE customer_id = i.id
    ) w ON true
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN NOT %(asks)s AND NOT %(needs_cause)s THEN 'contract'
            WHEN %(causeless)s = 'no_stay' THEN CASE WHEN EXISTS (
                SELECT FROM customers_stayparticipant o JOIN customers_stay t ON t.id = o.stay_id
                WHERE o.customer_id = i.id AND (o.is_guest OR o.is_booker OR o.is_payer)
                  AND t.status IN ('booked', 'checked_in', 'checked_out')
                  AND t.departure >= %(today)s::date - %(stay_days)s::integer) THEN 'contract' ELSE '' END
            WHEN %(causeless)s = 'no_invoice' THEN CASE WHEN EXISTS (
                SELECT FROM customers_invoice n
                WHERE n.customer_id = i.id AND (n.paid_on IS NULL OR n.issued_on > %(today)s::date
                  - make_interval(months => %(invoice_months)s))) THEN 'contract' ELSE '' END
            WHEN s.granted THEN 'consent'
            WHEN NOT s.granted OR NOT %(lenient)s THEN ''
            WHEN c.law = ANY (%(anybody)s) THEN 'company'
            WHEN c.law = ANY (%(customers)s) AND (
                EXISTS (
                    SELECT FROM customers_stayparticipant o JOIN customers_stay t ON t.id = o.stay_id
                    WHERE o.customer_id = i.id AND (o.is_guest OR o.is_booker OR o.is_payer)
                      AND t.status IN ('booked', 'checked_in', 'checked_out')
                      AND t.departure > (SELECT since FROM house)
                ) OR EXISTS (
                    SELECT FROM customers_purchase u
                    WHERE u.customer_id = i.id AND u.bought_on > (SELECT since FROM house)
                )) THEN 'customer'
            ELSE '' END AS basis
    ) b
    LEFT JOIN LATERAL (
        SELECT (array_agg(normalised ORDER BY is_primary DESC, id)
                FILTER (WHERE told = ANY (%(usable)s)))[1] AS address,
               bool_or(told = 'opted_out') AS is_opted_out,
               (array_agg(told ORDER BY is_primary DESC, id))[1] AS first_state
        FROM (
            SELECT p.id, p.is_primary, p.normalised,
                   CASE WHEN x.never OR %(asks)s AND x.no_marketing THEN 'opted_out'
                        WHEN x.bounces AND p.state IN ('ok', 'relay') THEN 'bounced'
                        ELSE p.state END AS told
            FROM customers_contactpoint p
            LEFT JOIN LATERAL ({_SUPPRESSED}) x ON (SELECT pads FROM suppressing) IS NOT NULL AND p.normalised <> ''
            WHERE p.customer_id = i.id AND p.kind = %(kind)s AND p.state <> 'placeholder'
        ) p
    ) p ON true
"""
"""The reasons of each guest, in the order of :class:`Reason`, with the basis and the address to use; under the policy
of the business in scope, so that a guest of another business is not among the rows. A placeholder is no address. Of
several addresses without a usable one the primary one's state is the reason. Each ``LIMIT 1`` keeps a probe of the key
for each guest, whatever the planner believes of a business that is new to its statistics. Digests are made only where
the business suppresses anything."""
