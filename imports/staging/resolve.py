"""Which stay and which guest of the register each row means.

A stay is known by its id in the other system. A guest is, in this order: the stay's own; the card whose number the row
carries, if name, e-mail or phone agree; the one with the same e-mail address and the same folded name; for a row
without an address, the one with the same phone and name. Anybody else is new. Two names at one address are two guests.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from imports.mapping import ContactRow, GuestRow, Interpreted, StayRow
from imports.problems import Problem, shown
from imports.staging.known import Register


@dataclass(slots=True)
class Resolved:
    """The batch with a card, and a stay where there is one, for each row. `new` and `new_stays` are not there yet."""

    guests: list[GuestRow]
    contacts: list[ContactRow]
    stays: list[StayRow]
    card_of: dict[int, int] = field(default_factory=dict)
    """Line → card."""
    new: set[int] = field(default_factory=set)
    stay_of: dict[int, int] = field(default_factory=dict)
    """Line → stay."""
    new_stays: set[int] = field(default_factory=set)
    unguested: set[int] = field(default_factory=set)
    """Stays that have no guest yet."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def known(self) -> list[int]:
        """Cards that were there before."""
        return sorted(set(self.card_of.values()) - self.new)


def resolve(register: Register, batch: Interpreted) -> Resolved:
    """Settle every row. Cards that were found stay locked until the transaction ends."""
    dry = register.job.dry
    found = Resolved(batch.guests, batch.contacts, batch.stays)
    if not register.job.edits:
        _stays(register, found, dry=dry)
    evidence = _evidence(found.contacts)
    if register.job.edits:
        _by_number(register, found, evidence)
    _by_contact(register, found, evidence)
    if not dry:
        held = register.lock(set(found.card_of.values()))
        found.card_of = {line: card for line, card in found.card_of.items() if card in held}
    _new_cards(register, found, evidence, dry=dry)
    return found


Evidence = dict[int, dict[str, list[ContactRow]]]


def _evidence(contacts: Iterable[ContactRow]) -> Evidence:
    """Line → kind → contact points that prove something."""
    evidence: Evidence = defaultdict(lambda: defaultdict(list))
    for contact in contacts:
        if contact.matches:
            evidence[contact.line][contact.kind].append(contact)
    return evidence


def _stays(register: Register, found: Resolved, *, dry: bool) -> None:
    """Known stays with their guests, numbers for new ones; rows that repeat an id of the file are left out."""
    known = register.stays({stay.external_id for stay in found.stays})
    seen = register.seen_stays(known.values())
    met: set[str] = set()
    repeated: set[int] = set()
    for stay in found.stays:
        if stay.external_id in met or known.get(stay.external_id) in seen:
            repeated.add(stay.line)
            found.problems.append(Problem(stay.line, "", shown(stay.external_id), "repeated"))
        met.add(stay.external_id)
    if repeated:
        found.stays = [stay for stay in found.stays if stay.line not in repeated]
        found.guests = [guest for guest in found.guests if guest.line not in repeated]
        found.contacts = [contact for contact in found.contacts if contact.line not in repeated]
    fresh = [stay for stay in found.stays if stay.external_id not in known]
    numbers = [-stay.line for stay in fresh] if dry else register.new_ids("customers_stay", len(fresh))
    found.stay_of = {stay.line: known[stay.external_id] for stay in found.stays if stay.external_id in known}
    guests = register.guests_of_stays(found.stay_of.values())
    found.unguested = set(found.stay_of.values()) - guests.keys()
    found.card_of = {line: guests[stay] for line, stay in found.stay_of.items() if stay in guests}
    found.stay_of |= {stay.line: number for stay, number in zip(fresh, numbers, strict=True)}
    found.new_stays = set(numbers)


def _by_number(register: Register, found: Resolved, evidence: Evidence) -> None:
    """By the card's own number, by one that an earlier file brought, or by the whole row."""
    cards = {guest.line: int(guest.number) for guest in found.guests if _may_be_card(guest.number)}
    brought = register.numbered({value for guest in found.guests for value in (guest.number, guest.digest) if value})
    candidates = set(cards.values()) | set(brought.values())
    names, contacts = register.identities(candidates), register.contacts(candidates)

    def agrees(guest: GuestRow, card: int) -> bool:
        if names[card] == guest.identity_key:
            return True
        return any(
            (kind, contact.matches) in contacts[card] for kind, own in evidence[guest.line].items() for contact in own
        )

    for guest in found.guests:
        card = cards.get(guest.line)
        if card in names and agrees(guest, card):
            found.card_of[guest.line] = card
            continue
        earlier, same = brought.get(guest.number), brought.get(guest.digest)
        if earlier in names and agrees(guest, earlier):
            found.card_of[guest.line] = earlier
        elif same in names:
            found.card_of[guest.line] = same


def _may_be_card(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) <= 18


def _by_contact(register: Register, found: Resolved, evidence: Evidence) -> None:
    for kind in ("email", "phone"):
        wanted: dict[int, list[tuple[str, str, str]]] = {}
        for guest in found.guests:
            own = evidence[guest.line]
            if guest.line not in found.card_of and (kind == "email" or "email" not in own):
                wanted[guest.line] = [
                    (guest.identity_key, contact.matches, contact.normalised) for contact in own.get(kind, ())
                ]
        cards = register.matching(kind, (pair for pairs in wanted.values() for pair in pairs))
        for line, pairs in wanted.items():
            card = next((cards[pair[:2]] for pair in pairs if pair[:2] in cards), None)
            if card is not None:
                found.card_of[line] = card


def _new_cards(register: Register, found: Resolved, evidence: Evidence, *, dry: bool) -> None:
    """Number the guests that nobody knows; rows of the batch that mean the same one share the number."""
    party_of: dict[int, int] = {}
    first: dict[tuple[str, str, str], int] = {}
    for guest in found.guests:
        if guest.line in found.card_of:
            continue
        keys = _keys(guest, evidence[guest.line])
        party = next((first[key] for key in keys if key in first), guest.line)
        for key in keys:
            first.setdefault(key, party)
        party_of[guest.line] = party
    parties = sorted(set(party_of.values()))
    numbers = [-party for party in parties] if dry else register.new_ids("customers_customer", len(parties))
    cards = dict(zip(parties, numbers, strict=True))
    found.card_of |= {line: cards[party] for line, party in party_of.items()}
    found.new = set(numbers)
    if register.job.edits:
        taken = register.identities({int(guest.number) for guest in found.guests if _may_be_card(guest.number)})
        found.problems += [
            Problem(guest.line, "", shown(guest.number), "other_guest")
            for guest in found.guests
            if found.card_of[guest.line] in found.new and _may_be_card(guest.number) and int(guest.number) in taken
        ]


def _keys(guest: GuestRow, own: dict[str, list[ContactRow]]) -> list[tuple[str, str, str]]:
    """What tells that two rows of the batch mean one new guest, in the order in which known ones are found."""
    keys: list[tuple[str, str, str]] = []
    if guest.number:
        keys.append((guest.number, "", guest.identity_key))
        keys += [(guest.number, contact.matches, "") for contacts in own.values() for contact in contacts]
    if guest.digest:
        keys.append((" row", guest.digest, ""))
    kind = "email" if "email" in own else "phone"
    keys += [(f" {kind}", contact.matches, guest.identity_key) for contact in own.get(kind, ())]
    return keys
