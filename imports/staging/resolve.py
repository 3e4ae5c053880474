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
from imports.staging.decisions import Decisions
from imports.staging.known import Register
from imports.staging.probable import Evidence, Probable, probable


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
    how: dict[int, str] = field(default_factory=dict)
    """Line → how its card was found, for cards of before (`imports.causes`)."""
    probable: dict[int, Probable] = field(default_factory=dict)
    """Line → the card that somebody should look at first; found out in a try-out alone."""
    decisions: Decisions = field(default_factory=dict)
    opted_out: set[tuple[int, str]] = field(default_factory=set)
    """(line, kind) of rows whose address or number has opted out, on whichever card."""

    @property
    def known(self) -> list[int]:
        """Cards that were there before."""
        return sorted(set(self.card_of.values()) - self.new)


def resolve(register: Register, batch: Interpreted, decisions: Decisions | None = None) -> Resolved:
    """Settle every row. Cards that were found stay locked until the transaction ends.

    What was decided about a row goes before all but the guest of a stay that is known. Rows to be left out are.
    """
    dry = register.job.dry
    found = Resolved(batch.guests, list(batch.contacts), batch.stays, decisions=decisions or {})
    _leave_out(found, {line for line, decided in found.decisions.items() if decided.decision == "skip"})
    if not register.job.edits:
        _stays(register, found, dry=dry)
    _learn(register, found)
    evidence = _evidence(found.contacts)
    free = _decided(register, found)
    if register.job.edits:
        _by_number(register, found, evidence, free)
    _by_contact(register, found, evidence, free)
    if not dry:
        held = register.lock(set(found.card_of.values()))
        found.card_of = {line: card for line, card in found.card_of.items() if card in held}
    _new_cards(register, found, evidence, dry=dry)
    if dry:
        doubtful = [guest for guest in free if found.card_of[guest.line] in found.new or found.card_of[guest.line] < 0]
        found.probable |= probable(register, doubtful, evidence)
    return found


def _learn(register: Register, found: Resolved) -> None:
    """What was learned of an address or number holds on every card that gets it."""
    points = register.points((contact.kind, contact.normalised) for contact in found.contacts if contact.normalised)
    learned = {key: point.learned for key, point in points.items() if point.learned}
    if learned:
        for at, contact in enumerate(found.contacts):
            state = learned.get((contact.kind, contact.normalised))
            if state is not None and contact.state == "ok":
                found.contacts[at] = contact._replace(state=state)
    found.opted_out = {(contact.line, contact.kind) for contact in found.contacts if contact.state == "opted_out"}


def _leave_out(found: Resolved, lines: set[int]) -> None:
    if lines:
        found.stays = [stay for stay in found.stays if stay.line not in lines]
        found.guests = [guest for guest in found.guests if guest.line not in lines]
        found.contacts = [contact for contact in found.contacts if contact.line not in lines]


def _decided(register: Register, found: Resolved) -> list[GuestRow]:
    """Give rows the cards that somebody chose for them; returns the guests about whom nothing was decided."""
    if not found.decisions:
        return found.guests
    chosen = {
        line: decided.customer_id
        for line, decided in found.decisions.items()
        if decided.decision == "same" and decided.customer_id is not None
    }
    there = register.identities(set(chosen.values()))
    made = {line for line, decided in found.decisions.items() if decided.decision == "create"}
    free = []
    for guest in found.guests:
        line = guest.line
        if line in found.card_of:
            continue
        if line in chosen and chosen[line] in there:
            found.card_of[line] = chosen[line]
            found.how[line] = "decided"
        elif line not in made:
            free.append(guest)
    return free


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
    _leave_out(found, repeated)
    fresh = [stay for stay in found.stays if stay.external_id not in known]
    numbers = [-stay.line for stay in fresh] if dry else register.new_ids("customers_stay", len(fresh))
    found.stay_of = {stay.line: known[stay.external_id] for stay in found.stays if stay.external_id in known}
    guests = register.guests_of_stays(found.stay_of.values())
    found.unguested = set(found.stay_of.values()) - guests.keys()
    found.card_of = {line: guests[stay] for line, stay in found.stay_of.items() if stay in guests}
    found.how = dict.fromkeys(found.card_of, "stay")
    found.stay_of |= {stay.line: number for stay, number in zip(fresh, numbers, strict=True)}
    found.new_stays = set(numbers)


def _by_number(register: Register, found: Resolved, evidence: Evidence, free: list[GuestRow]) -> None:
    """By the card's own number, by one that an earlier file brought, or by the whole row."""
    cards = {guest.line: int(guest.number) for guest in free if _may_be_card(guest.number)}
    brought = register.numbered({value for guest in free for value in (guest.number, guest.digest) if value})
    candidates = set(cards.values()) | set(brought.values())
    names, contacts = register.identities(candidates), register.contacts(candidates)

    def agrees(guest: GuestRow, card: int) -> bool:
        if names[card] == guest.identity_key:
            return True
        return any(
            (kind, contact.matches) in contacts[card] for kind, own in evidence[guest.line].items() for contact in own
        )

    for guest in free:
        card = cards.get(guest.line)
        if card in names and agrees(guest, card):
            found.card_of[guest.line] = card
            found.how[guest.line] = "number"
            continue
        earlier, same = brought.get(guest.number), brought.get(guest.digest)
        if earlier in names and agrees(guest, earlier):
            found.card_of[guest.line] = earlier
            found.how[guest.line] = "number"
        elif same in names:
            found.card_of[guest.line] = same
            found.how[guest.line] = "row"


def _may_be_card(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) <= 18


def _by_contact(register: Register, found: Resolved, evidence: Evidence, free: list[GuestRow]) -> None:
    for kind in ("email", "phone"):
        wanted: dict[int, list[tuple[str, str, str]]] = {}
        for guest in free:
            own = evidence[guest.line]
            if guest.line not in found.card_of and (kind == "email" or "email" not in own):
                wanted[guest.line] = [
                    (guest.identity_key, contact.matches, contact.normalised) for contact in own.get(kind, ())
                ]
        cards, several = register.matching(kind, (pair for pairs in wanted.values() for pair in pairs))
        for line, pairs in wanted.items():
            key = next((pair[:2] for pair in pairs if pair[:2] in cards), None)
            if key is not None:
                found.card_of[line] = cards[key]
                found.how[line] = kind
                if key in several:
                    found.probable[line] = Probable("several", cards[key])


def _new_cards(register: Register, found: Resolved, evidence: Evidence, *, dry: bool) -> None:
    """Number the guests that nobody knows; rows of the batch that mean the same one share the number."""
    party_of: dict[int, int] = {}
    first: dict[tuple[str, str, str], int] = {}
    chosen: dict[tuple[str, str, str], int] = {}
    for guest in found.guests:
        if found.how.get(guest.line) == "decided":
            chosen |= dict.fromkeys(_keys(guest, evidence[guest.line]), found.card_of[guest.line])
    for guest in found.guests:
        if guest.line in found.card_of:
            continue
        keys = _keys(guest, evidence[guest.line])
        same = next((chosen[key] for key in keys if key in chosen), None)
        if same is not None and guest.line not in found.decisions:
            # Another row of a guest whose card somebody named.
            found.card_of[guest.line] = same
            found.how[guest.line] = "decided"
            continue
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
