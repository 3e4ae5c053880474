"""Whom a row may mean that exact keys take for somebody new: candidates for a look, never for a merge.

One function, `probable`, answers for the whole batch, so that a better judge can take its place.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from imports.mapping import ContactRow, GuestRow
from imports.staging.known import Register

Evidence = dict[int, dict[str, list[ContactRow]]]
"""Line → kind → contact points that prove something."""
_CAUSES: Final = {"email": "same_email", "phone": "same_phone"}


class Probable(NamedTuple):
    """A card that a row may mean, and why somebody should look."""

    cause: str
    customer_id: int


def probable(register: Register, guests: Collection[GuestRow], evidence: Evidence) -> dict[int, Probable]:
    """Line → the oldest card that its guest may be: by address, by phone, by name with postal code or birth date.

    An address or phone that very many cards share tells nothing.
    """
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
