"""Whether a message has a basis, said a second time: from the law and the guest's facts as generated, not from the
register, and in another order than the gate's."""

import datetime as dt
import random
from dataclasses import dataclass

STATES = ("none", "ok", "ok", "ok", "invalid", "bounced", "relay", "opted_out", "placeholder")
CONSENTS = ("none", "none", "granted", "withdrawn")
SUPPRESSIONS = ("", "", "", "", "bounce", "complaint", "stop", "manual", "unsubscribed", "objection")


@dataclass(frozen=True)
class Facts:
    """Of one generated guest."""

    kind: str
    country: str
    is_restricted: bool
    is_deceased: bool
    do_not_contact: bool
    email: str
    phone: str
    newsletter_email: str
    newsletter_sms: str
    suppressed_email: str
    suppressed_phone: str
    stayed: str
    stay_status: str
    invoiced: str
    bought: str
    no_offers: bool
    pause_days: int


def facts_draw(chance: random.Random) -> Facts:
    """A guest, by chance; often enough nothing is wrong with one."""
    return Facts(
        kind=chance.choice(("person", "person", "company")),
        country=chance.choice(("", "NO", "NO", "DK", "NL", "SE", "DE")),
        is_restricted=chance.random() < 0.06,
        is_deceased=chance.random() < 0.06,
        do_not_contact=chance.random() < 0.1,
        email=chance.choice(STATES),
        phone=chance.choice(STATES[:-1]),
        newsletter_email=chance.choice(CONSENTS),
        newsletter_sms=chance.choice(CONSENTS),
        suppressed_email=chance.choice(SUPPRESSIONS),
        suppressed_phone=chance.choice(SUPPRESSIONS),
        stayed=chance.choice(("", "", "just", "lately", "long ago", "soon")),
        stay_status=chance.choice(("checked_out", "checked_out", "booked", "checked_in", "cancelled", "no_show")),
        invoiced=chance.choice(("", "", "paid lately", "paid long ago", "unpaid long ago")),
        bought=chance.choice(("", "", "", "lately", "long ago")),
        no_offers=chance.random() < 0.1,
        pause_days=chance.choice((0, 0, 0, 0, 30)),
    )


DEPARTED = {"just": -40, "lately": -200, "long ago": -900, "soon": 20}
"""Days from today to the end of the stay."""
CAME = ("checked_out", "booked", "checked_in")


def has_basis(
    facts: Facts, purpose: str, channel: str, *, home: str, day: dt.date, today: dt.date, by_hand: bool
) -> bool:
    """Whether such a message may go to such a guest on a day at all; ``by_hand`` to this guest alone, by a member."""
    if purpose in ("stay", "invoice"):
        usable = {"ok", "relay"}
        deadly = {"bounce", "complaint", "stop", "manual"}
        lawful = by_hand or (_has_stay(facts, day, today) if purpose == "stay" else _has_invoice(facts))
    else:
        usable, deadly = {"ok"}, set(SUPPRESSIONS) - {""}
        lawful = _marketing_is_lawful(facts, purpose, channel, home) and not facts.do_not_contact
        if facts.pause_days and day < today + dt.timedelta(days=facts.pause_days):
            return False
    state, suppressed = (
        (facts.email, facts.suppressed_email) if channel == "email" else (facts.phone, facts.suppressed_phone)
    )
    reachable = state in usable and suppressed not in deadly
    return lawful and reachable and not facts.is_restricted and not facts.is_deceased


def _has_stay(facts: Facts, day: dt.date, today: dt.date) -> bool:
    if not facts.stayed or facts.stay_status not in CAME:
        return False
    return (day - today).days - DEPARTED[facts.stayed] <= 60


def _has_invoice(facts: Facts) -> bool:
    return facts.invoiced in ("paid lately", "unpaid long ago")


def _marketing_is_lawful(facts: Facts, purpose: str, channel: str, home: str) -> bool:
    consent = facts.newsletter_email if channel == "email" else facts.newsletter_sms
    if purpose == "newsletter":
        return consent == "granted"
    if facts.no_offers or consent == "withdrawn":
        return False
    if consent == "granted":
        return True
    country = facts.country or home
    if country == "NO" and facts.kind == "company":
        return True
    came = facts.stayed in ("just", "lately", "soon") and facts.stay_status in CAME
    return country in ("NO", "DK", "NL") and (came or facts.bought == "lately")
