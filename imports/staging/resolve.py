"""Which stay and which guest of the register each row means.

A stay is known by its id in the other system. A guest is, in this order: the stay's own; the card whose number the row
carries, if name, e-mail or phone agree; the one with the same e-mail address and the same folded name; for a row
without an address, the one with the same phone and name. Anybody else is new. Two names at one address are two guests.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from imports.mapping import ContactRow, GuestRow, Interpreted, StayRow
from imports.problems import Problem, shown
from imports.staging.decisions import Decisions
from imports.staging.found import Resolved
from imports.staging.job import OWN_SYSTEM, OWN_SYSTEMS
from imports.staging.known import CHOSEN, Register
from imports.staging.probable import Evidence, Probable, probable
from imports.staging.records import find_records


def resolve(register: Register, batch: Interpreted, decisions: Decisions | None = None) -> Resolved:
    """Settle every row. Cards that were found stay locked until the transaction ends.

    What was decided about a row goes before all but the guest of a stay that is known. Rows to be left out are.
    """
    dry = register.job.dry
    found = Resolved(batch.guests, list(batch.contacts), batch.stays, decisions=decisions or {})
    found.parts = {part.line: part for part in batch.parts}
    found.leave_out({line for line, decided in found.decisions.items() if decided.decision == "skip"})
    taking_part = _stays(register, found, dry=dry) if found.stays else {}
    found.records = find_records(register, found, batch)
    _learn(register, found)
    evidence = _evidence(found.contacts)
    free = _decided(register, found)
    _by_number(register, found, evidence, free)
    _by_contact(register, found, evidence, free)
    if register.job.kind == "consents":
        _by_address(register, found, evidence, free)
    if register.job.kind != "guests":
        _numbers_alone(found, free)
    if not dry:
        held = register.lock(set(found.card_of.values()))
        found.card_of = {line: card for line, card in found.card_of.items() if card in held}
    _new_cards(register, found, evidence, dry=dry)
    found.known_as = {
        guest.line: _known_as(guest, evidence[guest.line])
        for guest in found.guests
        if found.how.get(guest.line) == "decided"
    }
    of_stays = found.joins | {line: stay for line, stay in found.stay_of.items() if stay in taking_part}
    if register.job.system == OWN_SYSTEM:
        found.joined = {line for line, stay in of_stays.items() if found.card_of[line] not in taking_part.get(stay, ())}
    if dry:
        doubtful = [
            guest
            for guest in free
            if (card := found.card_of.get(guest.line)) is not None and (card < 0 or card in found.new)
        ]
        found.probable |= probable(register, doubtful, evidence)
    return found


def _learn(register: Register, found: Resolved) -> None:
    """What was learned of an address or number holds on every card that gets it, what the file says itself included."""
    bad = [row for row in found.contacts if row.state in ("opted_out", "bounced") and row.normalised]
    found.told_bad = {(row.line, row.kind, row.normalised) for row in bad}
    points = register.points((contact.kind, contact.normalised) for contact in found.contacts if contact.normalised)
    found.sharing = {contact.line for contact in found.contacts if (contact.kind, contact.normalised) in points}
    told = register.told({row.normalised for row in found.contacts if row.normalised})
    told |= {(row.kind, row.normalised, row.state) for row in bad}
    told |= {(*key, point.learned) for key, point in points.items() if point.learned}
    # One that has opted out goes before one that bounced.
    learned = {(kind, normalised): state for kind, normalised, state in sorted(told)}
    if learned:
        for at, contact in enumerate(found.contacts):
            state = learned.get((contact.kind, contact.normalised))
            if state is not None and contact.state == "ok":
                found.contacts[at] = contact._replace(state=state)
    found.opted_out = {(contact.line, contact.kind) for contact in found.contacts if contact.state == "opted_out"}


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


def _stays(register: Register, found: Resolved, *, dry: bool) -> dict[int, list[int]]:
    """Known stays with their guests, numbers for new ones; rows that repeat an id of the file are left out, but in a
    list of Innkeeper's own, which has a row for each guest of a stay. Returns who has a part in known stays.
    """
    is_own = register.job.system == OWN_SYSTEM
    known = register.stays({stay.external_id for stay in found.stays})
    known |= _own_stays(register, [stay for stay in found.stays if stay.external_id not in known])
    seen = register.seen_stays(known.values())
    met: set[str] = set()
    repeated: set[int] = set()
    joining: dict[int, str] = {}
    for stay in found.stays:
        is_again = stay.external_id in met or known.get(stay.external_id) in seen
        if is_again and is_own:
            joining[stay.line] = stay.external_id
        elif is_again:
            repeated.add(stay.line)
            found.problems.append(Problem(stay.line, "", shown(stay.external_id), "repeated"))
        met.add(stay.external_id)
    found.leave_out(repeated)
    found.stays = [stay for stay in found.stays if stay.line not in joining]
    fresh = [stay for stay in found.stays if stay.external_id not in known]
    numbers = [-stay.line for stay in fresh] if dry else register.new_ids("customers_stay", len(fresh))
    found.stay_of = {stay.line: known[stay.external_id] for stay in found.stays if stay.external_id in known}
    made = {stay.external_id: number for stay, number in zip(fresh, numbers, strict=True)}
    found.joins = {line: known[key] if key in known else made[key] for line, key in joining.items()}
    parts = register.guests_of_stays({*found.stay_of.values(), *found.joins.values()})
    main = {stay: card for stay, cards in parts.items() for card, is_agent in reversed(cards) if not is_agent}
    taking_part = {stay: [card for card, _is_agent in cards] for stay, cards in parts.items()}
    found.unguested = set(found.stay_of.values()) - main.keys()
    found.card_of = {line: main[stay] for line, stay in found.stay_of.items() if stay in main}
    if is_own:
        found.card_of = _own_guests(register, found, taking_part)
    found.how = dict.fromkeys(found.card_of, "stay")
    found.stay_of |= {stay.line: made[stay.external_id] for stay in fresh}
    found.new_stays = set(numbers)
    return taking_part


def _own_guests(register: Register, found: Resolved, taking_part: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Line → card in a list of Innkeeper's own: of those who have a part in the stay the one whose number or name the
    row has; where it names none of them, and is not of somebody else's part, whoever the stay is of.
    """
    stays = found.stay_of | found.joins
    rows = {guest.line: guest for guest in found.guests if taking_part.get(stays.get(guest.line, 0))}
    brought = register.numbered({guest.number for guest in rows.values() if guest.number})
    names = register.identities({card for cards in taking_part.values() for card in cards})
    cards: dict[int, int] = {}
    for line, guest in rows.items():
        among = taking_part[stays[line]]
        numbers = [int(guest.number)] if _may_be_card(guest.number) else []
        numbers += [brought[guest.number]] if guest.number in brought else []
        same = [card for card in among if guest.identity_key and names.get(card) == guest.identity_key]
        card = next((card for card in (*numbers, *same) if card in among), None)
        part = found.parts.get(line)
        if card is None and line in found.card_of and (part is None or part.is_payer):
            card = found.card_of[line]
        if card is not None:
            cards[line] = card
    return cards


def _own_stays(register: Register, stays: list[StayRow]) -> dict[str, int]:
    """In a list of Innkeeper's own: stays by the number they have here, where a day agrees, too."""
    if register.job.system != OWN_SYSTEM:
        return {}
    numbers = {stay.external_id: int(stay.external_id) for stay in stays if _may_be_card(stay.external_id)}
    days = register.own_stays(numbers.values())
    return {
        stay.external_id: numbers[stay.external_id]
        for stay in stays
        if stay.external_id in numbers
        and (there := days.get(numbers[stay.external_id]))
        and (stay.arrival == there[0] or stay.departure == there[1])
    }


def _by_number(register: Register, found: Resolved, evidence: Evidence, free: list[GuestRow]) -> None:
    """By the card's own number, by one that an earlier file brought, or by the whole row.

    A number proves nothing without a name or address that agrees, unless it is all that the row says: then it must be
    one that a file of this system brought, or stand in a list of Innkeeper's own. A card that somebody chose for the
    name with the address or number in an earlier file is chosen again.
    """
    free = [guest for guest in free if guest.line not in found.card_of]
    known_as = {guest.line: _known_as(guest, evidence[guest.line]) for guest in free} if register.remembers() else {}
    free = [guest for guest in free if guest.number or guest.digest or known_as.get(guest.line)]
    # The number of another system's guest is no number of a card.
    is_own = register.job.system in OWN_SYSTEMS
    cards = {guest.line: int(guest.number) for guest in free if is_own and _may_be_card(guest.number)}
    values = {value for guest in free for value in (guest.number, guest.digest) if value}
    brought = register.numbered(values | {key for keys in known_as.values() for key in keys})
    candidates = set(cards.values()) | set(brought.values())
    names, contacts = register.identities(candidates), register.contacts(candidates)

    def agrees(guest: GuestRow, card: int, *, alone: bool) -> bool:
        own = evidence.get(guest.line, {})
        if not guest.identity_key and not own:
            return alone
        if names[card] == guest.identity_key:
            return True
        return any((kind, contact.matches) in contacts[card] for kind, points in own.items() for contact in points)

    for guest in free:
        card = cards.get(guest.line)
        if card in names and agrees(guest, card, alone=True):
            found.card_of[guest.line] = card
            found.how[guest.line] = "number"
            continue
        earlier, same = brought.get(guest.number), brought.get(guest.digest)
        if earlier in names and agrees(guest, earlier, alone=True):
            found.card_of[guest.line] = earlier
            found.how[guest.line] = "number"
        elif same in names:
            found.card_of[guest.line] = same
            found.how[guest.line] = "row"
        elif chosen := [card for key in known_as.get(guest.line, ()) if (card := brought.get(key)) in names]:
            found.card_of[guest.line] = chosen[0]
            found.how[guest.line] = "earlier"


def _known_as(guest: GuestRow, own: Mapping[str, Sequence[ContactRow]]) -> list[str]:
    """What stands for the guest's name with each of their addresses, where nothing else stands for the guest."""
    if guest.number or guest.digest:
        return []
    return [
        CHOSEN + sha256(f"{guest.identity_key}\x1f{kind}\x1f{contact.matches}".encode()).hexdigest()[:32]
        for kind, contacts in own.items()
        for contact in contacts
    ]


def _may_be_card(number: str) -> bool:
    return bool(number) and len(number) <= 18 and number.isascii() and number.isdecimal()


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


def _by_address(register: Register, found: Resolved, evidence: Evidence, free: list[GuestRow]) -> None:
    """In a list of consents: by the address or number alone, whatever the name; a no is said to all who have it."""
    wanted = {
        guest.line: [
            (kind, contact.normalised)
            for kind in ("email", "phone")
            for contact in evidence.get(guest.line, {}).get(kind, ())
            if contact.normalised
        ]
        for guest in free
    }
    points = register.points(key for keys in wanted.values() for key in keys)
    for line, keys in wanted.items():
        cards = [card for key in keys if key in points for card in points[key].cards]
        if not cards:
            continue
        if line not in found.card_of:
            found.card_of[line] = cards[0]
            found.how[line] = "address"
            if len(set(cards)) > 1:
                found.probable[line] = Probable("several", cards[0])
        found.also |= {(line, card) for card in cards if card != found.card_of[line]}


def _numbers_alone(found: Resolved, free: list[GuestRow]) -> None:
    """Rows that name their guest by nothing but a number which nobody has are left out: they make no card."""
    contacts = {contact.line for contact in found.contacts}
    unknown = [
        guest
        for guest in free
        if guest.line not in found.card_of and not guest.identity_key and guest.line not in contacts
    ]
    found.problems += [Problem(guest.line, "", shown(guest.number), "unknown_number") for guest in unknown]
    found.leave_out({guest.line for guest in unknown})


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
    if register.job.system in OWN_SYSTEMS and any(guest.number for guest in found.guests):
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
