"""Batches of believable guests as rows of text, ready for COPY. Pure: a seed, a day and a batch's number decide all.

A batch knows nothing of another, so that a register of a million guests is made in pieces, one after the other or
again from where it stopped. Only ``random.Random.random`` is drawn from: Python keeps its sequence the same for ever.
"""

import random
from datetime import date
from functools import lru_cache
from typing import Final

from customers.normalise import fold, identity_key, search_tokens, sort_key
from customers.sample.calendar import Calendar
from customers.sample.doubles import written_again
from customers.sample.extras import Extras
from customers.sample.history import RELAYS, History
from customers.sample.names import Address, Draw, NameBook, name_book, pick
from customers.sample.own import own_add
from customers.sample.profiles import HOME_LANGUAGE, Profile
from customers.sample.rows import NO, NULL, YES, Batch, Card, Row

BATCH_SIZE: Final = 4000
"""Guests in a batch: a second or two of work, some ten megabytes of text."""
# Telephone numbers of these countries have one length: a digit short is valid nowhere.
_ONE_LENGTH: Final = ("NO", "DK", "NL")
_MAILBOXES: Final = ("post", "info", "booking", "kontor")


def batch_sizes(count: int) -> list[int]:
    """The sizes of the batches that ``count`` guests make."""
    return [min(BATCH_SIZE, count - start) for start in range(0, count, BATCH_SIZE)]


def generate(profile: Profile, *, seed: str, today: date, number: int, size: int, staff: int = 1) -> Batch:
    """Batch ``number`` of ``size`` guests, with ``staff`` members to sign notes. Same arguments, same rows."""
    return _Generator(_calendar(profile, today), seed, number, size, staff).run()


@lru_cache(maxsize=8)
def _calendar(profile: Profile, today: date) -> Calendar:
    return Calendar(profile, today)


class _Generator:
    def __init__(self, calendar: Calendar, seed: str, number: int, size: int, staff: int) -> None:
        self.calendar, self.profile = calendar, calendar.profile
        self.number, self.size, self.staff, self.seed = number, size, staff, seed
        # Not a secret: what matters is that it repeats.
        self.draw: Draw = random.Random(f"{seed}/{self.profile.codes}/{number}").random  # noqa: S311
        self.languages = [language for language, share in self.profile.languages for _ in range(round(share * 200))]
        self.house_book = name_book(self.profile.staff_language)
        self.history = History(calendar, self.draw, number=number)
        self.batch = Batch([], [], [], self.history.stays, self.history.participants, *([] for _ in range(9)))
        self.count = self.people = 0
        self.emails: set[str] = set()

    # -- parties ------------------------------------------------------------------------------------------------

    def run(self) -> Batch:
        agencies = self.history.agencies
        for number in range(min(8, round(self.size * self.profile.agency_share / 12))):
            agencies.append(self._agency(number + 8 * self.number))
        while self.count < self.size:
            self._party()
        for agency in agencies:
            self._finish(agency)
        Extras(self.calendar, self.batch, seed=self.seed, number=self.number, staff=self.staff).add()
        own_add(self.calendar, self.batch, seed=self.seed, number=self.number)
        return self.batch

    def _party(self) -> None:
        draw, profile, room = self.draw, self.profile, self.size - self.count
        way = draw()
        couples = profile.company_share + profile.couple_share
        if way < profile.company_share and room >= 4:
            members = self._company(1 + int(draw() * 3))
        elif way < couples and room >= 2:
            members = self._couple()
        elif way < couples + profile.family_share and room >= 3:
            members = self._family()
        else:
            members = [self._person(pick(self.languages, draw))]
            self.history.add(members)
        for card in members:
            self._finish(card)
        for card in members:
            # A little more often than asked for, because agencies and the last cards have no double.
            if self.count < self.size and draw() < profile.double_share * 1.09:
                self._finish(self._double(card))

    def _person(self, language: str, *, family: str = "", male: bool | None = None) -> Card:
        draw, book = self.draw, name_book(language)
        card = self._card(language)
        card.given = book.given(draw, male=draw() < 0.5 if male is None else male)
        card.family = family or book.family(draw)
        card.country = book.country
        home = book.country == self.profile.country
        if draw() < 0.78:
            card.phone = book.phone(draw, home=home)
        if draw() < 0.82:
            card.email = self._email(book, card.given, card.family)
        if draw() < (0.75 if home else 0.55):
            card.address = book.address(draw)
        if draw() < 0.4:
            card.birth_date = self.calendar.birth_date(19 + 65 * (draw() + draw()) / 2, draw)
        return card

    def _couple(self) -> list[Card]:
        """Two who share an address, mostly a telephone, often a name, sometimes an e-mail address."""
        draw, language = self.draw, pick(self.languages, self.draw)
        one = self._person(language, male=draw() < 0.5)
        two = self._person(language, family=one.family if draw() < 0.6 else "")
        two.address = one.address
        if draw() < 0.6:
            two.phone = one.phone
        if draw() < 0.25:
            two.email = one.email
        self.history.add([one, two])
        return [one, two]

    def _family(self) -> list[Card]:
        """Parents, and a grown child or grandparent with a card of their own; small children are only counted."""
        draw, language = self.draw, pick(self.languages, self.draw)
        one = self._person(language, male=draw() < 0.5)
        members = [one, self._person(language, family=one.family if draw() < 0.75 else "")]
        if draw() < 0.4:
            members.append(self._person(language, family=one.family))
        for card in members[1:]:
            card.address = one.address
            if draw() < 0.5:
                card.phone = one.phone
        self.history.add(members, children=1 + int(draw() * 3))
        return members

    def _company(self, people: int) -> list[Card]:
        """A company that pays, and the people who stay on its account; several share its switchboard."""
        draw, language = self.draw, pick(self.languages, self.draw)
        company = self._company_card(language, name_book(language).company(draw), "corporate")
        members = [company]
        for _ in range(people):
            contact = self._person(language)
            contact.company, contact.source = company.company, "corporate"
            contact.address = company.address if draw() < 0.5 else None
            if draw() < 0.7:
                who = f"{_letters(contact.given)}.{_letters(contact.family)}"
                contact.email = self._own_email(who, company.email.partition("@")[2])
            if draw() < 0.4:
                contact.phone = company.phone
            members.append(contact)
            self.history.add([contact], payer=company)
        return members

    def _company_card(self, language: str, name: str, source: str) -> Card:
        draw, book = self.draw, name_book(language)
        card = self._card(language)
        card.is_company, card.company, card.country, card.source = True, name, book.country, source
        card.address = book.address(draw)
        card.phone = book.phone(draw, home=book.country == self.profile.country, fixed=True)
        card.email = self._own_email(pick(_MAILBOXES, draw), f"{_letters(name)[:24]}{self.number or ''}.example")
        if draw() < 0.6:
            card.organisation_number = organisation_number(book.country, draw)
        card.first = -int(draw() * 1500)
        return card

    def _agency(self, number: int) -> Card:
        language = self.profile.staff_language if number % 8 < 6 else pick(self.languages, self.draw)
        return self._company_card(language, name_book(language).agency(self.draw, number), "agent")

    def _double(self, card: Card) -> Card:
        """The same guest once more, as another receptionist typed it."""
        draw, book = self.draw, name_book(card.language)
        again = self._card(card.language)
        again.person, again.country, again.company = card.person, card.country, card.company
        again.is_company, again.source = card.is_company, card.source
        if card.is_company:
            # Without its legal form, or in capitals.
            again.company = card.company.rsplit(" ", 1)[0] if draw() < 0.5 else card.company.upper()
            again.organisation_number = card.organisation_number if draw() < 0.5 else ""
        else:
            again.given, again.family = written_again(card.given, card.family, draw)
            again.birth_date = card.birth_date if draw() < 0.5 else NULL
        way = draw()
        if way < 0.5:
            again.email = card.email
        elif way < 0.8 and not card.is_company:
            again.email = self._email(book, card.given, card.family)
        way = draw()
        if way < 0.5 or not again.email:
            again.phone = card.phone
        elif way < 0.65:
            again.phone = book.phone(draw, home=book.country == self.profile.country)
        if draw() < 0.6 or (again.email != card.email and again.phone != card.phone):
            again.address = card.address
        if card.is_company:
            again.first = -int(draw() * 900)
        else:
            self.history.add([again], most=1 if draw() < 0.8 else 2)
        return again

    def _card(self, language: str) -> Card:
        self.count += 1
        self.people += 1
        return Card(n=self.count, person=self.people, language=language)

    # -- addresses ----------------------------------------------------------------------------------------------

    def _email(self, book: NameBook, given: str, family: str) -> str:
        """An address nobody else of the register has: batches differ in the digits, and a batch asks again."""
        number = str(self.number) if self.number else ""
        while (email := book.email(self.draw, given, family, number=number)) in self.emails:
            number = f"{int(self.draw() * 1000)}{number}"
        self.emails.add(email)
        return email

    def _own_email(self, local: str, domain: str) -> str:
        email, count = f"{local}@{domain}", 1
        while email in self.emails:
            count += 1
            email = f"{local}{count}@{domain}"
        self.emails.add(email)
        return email

    # -- rows ---------------------------------------------------------------------------------------------------

    def _finish(self, card: Card) -> None:
        """Write a card's own rows."""
        draw, calendar = self.draw, self.calendar
        if card.first is None:
            card.first = -int(draw() * 900)
        elif draw() < 0.1:
            # A call or a question came before the first booking.
            card.first -= int(draw() * 60)
        n, first, address = str(card.n), calendar.iso(card.first), card.address or Address("", "", "")
        self.batch.customers.append(
            (
                n, "company" if card.is_company else "person", card.given, card.family, card.company,
                card.organisation_number, card.language, "" if card.is_company or draw() < 0.3 else card.country,
                card.birth_date, address.street, address.postal_code, address.city,
                card.country if card.address or draw() < 0.5 else "", card.source, "", first,
                f"{first} {calendar.hour(draw)}",
                sort_key(card.given, card.family, card.company, language=self.profile.sort_language),
                identity_key(card.given, card.family, card.company),
                " ".join(search_tokens(card.given, card.family, card.company)),
            )
        )  # fmt: skip
        self.batch.persons.append(card.person)
        self._contacts(n, card)
        self._tags(n, card)
        self._activities(n, card)

    def _contacts(self, n: str, card: Card) -> None:
        draw, contacts, phone = self.draw, self.batch.contacts, card.phone
        if card.email:
            local, _, domain = card.email.partition("@")
            relay = domain in RELAYS.values()
            state = "relay" if relay else "bounced" if draw() < 0.012 else "ok"
            typed = f"{local.title()}@{domain}" if draw() < 0.04 and not relay else card.email
            contacts.append((n, "email", typed, card.email, "", state, YES))
        elif draw() < 0.03:
            contacts.append((n, "email", "none@example.com", "none@example.com", "", "placeholder", YES))
        if phone is not None:
            if draw() < 0.015 and card.country in _ONE_LENGTH:
                short = phone.national[:-1]
                contacts.append((n, "phone", short, "", short, "invalid", YES))
            else:
                contacts.append((n, "phone", phone.typed, phone.e164, phone.national, "ok", YES))
        elif draw() < 0.02:
            contacts.append((n, "phone", "00000000", "", "00000000", "placeholder", YES))

    def _tags(self, n: str, card: Card) -> None:
        draw, tags = self.draw, []
        if card.no_shows:
            tags.append("no_show")
        if card.stays >= 6 and draw() < 0.8:
            tags.append("regular")
        if card.company and draw() < 0.6:
            tags.append("business")
        way = draw()
        if way < 0.015 or (card.stays >= 10 and way < 0.25):
            tags.append("vip")
        elif way > 0.993:
            tags.append("problem")
        elif way > 0.988:
            tags.append("friends")
        elif way > 0.985:
            tags.append("influencer")
        if card.language == HOME_LANGUAGE.get(self.profile.country) and draw() < 0.05:
            tags.append("local")
        tags += [own for own in self.profile.own_tags if draw() < 0.04]
        self.batch.tags.extend((n, tag, str(slot)) for slot, tag in enumerate(tags, 1))

    def _activities(self, n: str, card: Card) -> None:
        draw, first = self.draw, card.first or 0
        for kind, share, texts in (("note", 0.13, self.house_book.notes), ("call", 0.08, self.house_book.calls)):
            if draw() < share:
                day = min(first - int(draw() * first), -1)
                at = f"{self.calendar.iso(day)} {self.calendar.hour(draw)}"
                row: Row = (n, kind, at, pick(texts, draw), str(int(draw() * self.staff)), NO)
                self.batch.activities.append(row)


def organisation_number(country: str, draw: Draw) -> str:
    """A number that passes the country's check: Norway and Denmark modulo 11, the Netherlands eight digits.

    Empty for other countries.
    """
    if country == "NL":
        return str(10_000_000 + int(draw() * 80_000_000))
    weights = {"NO": (3, 2, 7, 6, 5, 4, 3, 2), "DK": (2, 7, 6, 5, 4, 3, 2)}.get(country)
    if weights is None:
        return ""
    while True:
        digits = ("8", "9")[int(draw() * 2)] if country == "NO" else str(1 + int(draw() * 4))
        digits += str(int(draw() * 10 ** (len(weights) - 1))).zfill(len(weights) - 1)
        check = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if check < 10:
            return f"{digits}{check}"


@lru_cache(maxsize=8192)
def _letters(name: str) -> str:
    """A name as a part of an address: ``Sørensen & Co`` is ``sorensenco``."""
    return fold(name).replace(" ", "")
