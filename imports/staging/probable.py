"""Whom a row may mean that exact keys take for somebody new: candidates for a look, never for a merge.

The register's own look-up weighs all that a row tells of a guest (:mod:`dedup.register.lookup`). Exact keys answer for
what it does not know yet: a business new to it, and cards of a moment ago.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from dedup.register.lookup import Hit, lookup_many
from imports.mapping import ContactRow, GuestRow
from imports.staging.known import Register

Evidence = dict[int, dict[str, list[ContactRow]]]
"""Line → kind → contact points that prove something."""
_CAUSES: Final = {"email": "same_email", "phone": "same_phone"}
_NAMES: Final = frozenset(("given_name", "family_name"))


class Probable(NamedTuple):
    """A card that a row may mean, and why somebody should look."""

    cause: str
    customer_id: int


def probable(register: Register, guests: Collection[GuestRow], evidence: Evidence) -> dict[int, Probable]:
    """Line → the card that its guest may be: by all that is known of both; else the oldest by address, by phone, by
    name with postal code or birth date.

    An address or phone that very many cards share tells nothing. Of a long file the keys alone are asked: who may be
    whom beyond them is found once its guests are in.
    """
    found = by_keys(register, guests, evidence)
    if register.is_empty or not guests or not register.job.weighs:
        return found
    for line, hits in lookup_many(values={guest.line: _values(guest, evidence) for guest in guests}).items():
        # The surest card is shown, whatever the keys say; of why, the keys tell more plainly.
        card, exact = hits[0].customer_id, found.get(line)
        if exact is None or exact.customer_id != card:
            found[line] = Probable(_cause(hits[0]), card)
    return found


def _cause(hit: Hit) -> str:
    is_named = _NAMES.issubset(hit.agreeing) or "company_name" in hit.agreeing
    if not is_named and "emails" in hit.agreeing:
        return "same_email"
    return "same_phone" if not is_named and "phones" in hit.agreeing else "alike"


def _values(guest: GuestRow, evidence: Evidence) -> Mapping[str, list[str]]:
    told = {
        "kind": guest.kind,
        "given_name": guest.given_name,
        "family_name": guest.family_name,
        "company_name": guest.company_name,
        "organisation_number": guest.organisation_number,
        "birth_date": guest.birth_date.isoformat() if guest.birth_date else "",
        "street": guest.street,
        "postal_code": guest.postal_code,
        "city": guest.city,
        "country": guest.country,
    }
    values = {name: [text] for name, text in told.items() if text}
    for kind, name in (("email", "emails"), ("phone", "phones")):
        points = evidence.get(guest.line, {}).get(kind, [])
        if normalised := [contact.normalised for contact in points if contact.normalised]:
            values[name] = normalised
    return values


def by_keys(register: Register, guests: Collection[GuestRow], evidence: Evidence) -> dict[int, Probable]:
    """Line → the oldest card with the same address or phone, or the same name with postal code or birth date."""
    found: dict[int, Probable] = {}
    for kind, cause in _CAUSES.items():
        wanted = {
            guest.line: {contact.normalised for contact in evidence[guest.line].get(kind, ()) if contact.normalised}
            for guest in guests
            if guest.line not in found and guest.line in evidence
        }
        points = register.points((kind, value) for values in wanted.values() for value in values)
        for line, values in wanted.items():
            fitting = [point.cards[0] for value in values if (point := points.get((kind, value))) and point.cards]
            if fitting:
                found[line] = Probable(cause, min(fitting))
    named = [guest for guest in guests if guest.line not in found and guest.identity_key]
    namesakes = register.namesakes(named)
    for guest in named:
        card = next((namesakes[key] for key in name_facts(guest) if key in namesakes), None)
        if card is not None:
            found[guest.line] = Probable("same_name", card)
    return found


def name_facts(guest: GuestRow) -> list[tuple[str, str]]:
    """What beside the name tells that two are one: (folded name, date of birth), (folded name, postal code)."""
    facts = []
    if guest.birth_date is not None:
        facts.append((guest.identity_key, guest.birth_date.isoformat()))
    if guest.postal_code:
        facts.append((guest.identity_key, guest.postal_code))
    return facts
