"""The stays of a party: finished ones over three years, those around today, and who took part in what role."""

from typing import Final, NamedTuple

from customers.normalise import fold
from customers.sample.calendar import Calendar, Visit
from customers.sample.names import Draw, pick
from customers.sample.rows import NO, NULL, YES, Card, Row

# How often a party comes in three years: one in three once, one in fifty a score of times, a few never yet.
_STAYS: Final = (
    (0,) * 3 + (1,) * 33 + (2,) * 19 + (3,) * 13 + (4,) * 9 + (5,) * 7
    + (6, 6, 7, 7, 8, 8, 9, 10, 11, 12, 13, 14, 16, 18, 22, 26)
)  # fmt: skip
_PHONE, _EMAIL, _WEBSITE, _WALK_IN, _AGENT, _CORPORATE = range(6)
_SOURCES: Final = ("phone", "email", "website", "walk_in", "agent", "corporate")
_DIRECT: Final = (_PHONE, _PHONE, _EMAIL, _EMAIL, _WEBSITE, _WEBSITE, _WEBSITE, _WALK_IN)
RELAYS: Final = {
    "Booking.com": "guest.booking.com",
    "Expedia": "m.expediapartnercentral.com",
    "Hotels.com": "reply.hotels.com",
}
"""Domains behind which online agents hide their guests."""
_REFERENCE: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# Shares of parties that are in house, arriving or leaving today, and of those expected later.
_PRESENT, _EXPECTED = 0.019, 0.056
# Numbers of rooms and pitches in use today that a batch has for itself; the fullest batch needs a third of them.
_UNITS_OF_BATCH: Final = 400


class Channel(NamedTuple):
    """How a party books: the channel's name, the source it makes, and the agent, if any."""

    name: str
    source: str
    agent: Card | None


class History:
    """Collects the rows of stays and participants of one batch."""

    def __init__(self, calendar: Calendar, draw: Draw, *, number: int) -> None:
        self.calendar, self.profile, self.draw, self.number = calendar, calendar.profile, draw, number
        self.agencies: list[Card] = []
        self.stays: list[Row] = []
        self.participants: list[Row] = []
        self._in_house = 0

    def add(self, members: list[Card], *, payer: Card | None = None, children: int = 0, most: int = 99) -> None:
        """Give a party its stays, at most so many finished ones; the first member books, ``payer`` or they pay."""
        draw, calendar, current = self.draw, self.calendar, self.profile.current
        place, people = calendar.place(draw), len(members) + children
        channel = self._channel(members[0], payer)
        visits = self._finished(place, people, min(pick(_STAYS, draw), most))
        free = not visits or visits[-1].departure < -20
        way = draw() / current
        if way < _PRESENT and free:
            visits.append(self._present(place, people, way / _PRESENT))
        elif way < _PRESENT + _EXPECTED:
            unit = calendar.unit(place, people, draw)
            start = calendar.ahead(place, draw)
            status = "booked" if draw() > 0.07 else "cancelled"
            visits.append(Visit(place, unit, start, start + calendar.nights(place, unit, draw), status))
        for visit in visits:
            self._stay(visit, members, payer, children, channel)
        if not visits:
            # They asked, or signed up for the newsletter, and have not come yet.
            for card in members:
                card.first = -int(draw() * 900)
                card.source = card.source or ("website", "email", "phone")[int(draw() * 3)]

    def _finished(self, place: int, people: int, count: int) -> list[Visit]:
        draw, calendar = self.draw, self.calendar
        starts = sorted(calendar.past(place, draw) for _ in range(count))
        visits: list[Visit] = []
        for start in starts:
            unit = calendar.unit(place, people, draw)
            end = start + calendar.nights(place, unit, draw)
            # Nobody is in two rooms at once, and what is finished ended yesterday at the latest.
            if (visits and start <= visits[-1].departure) or end >= 0:
                continue
            way = draw()
            status = "checked_out" if way > 0.11 else "no_show" if way < 0.015 else "cancelled"
            visits.append(Visit(place, unit, start, end, status))
        return visits

    def _present(self, place: int, people: int, way: float) -> Visit:
        """Somebody in house today (half), arriving (a quarter and more) or leaving today."""
        draw, calendar = self.draw, self.calendar
        unit = calendar.unit(place, people, draw)
        nights = calendar.nights(place, unit, draw)
        if way < 0.5 and nights:
            gone = int(draw() * nights)
            return Visit(place, unit, -1 - gone, nights - gone, "checked_in")
        if way < 0.78 or not nights:
            return Visit(place, unit, 0, nights, "booked" if draw() < 0.65 else "checked_in")
        return Visit(place, unit, -nights, 0, "checked_in" if draw() < 0.6 else "checked_out")

    def _channel(self, booker: Card, payer: Card | None) -> Channel:
        """How a party books; an online agent hides the booker behind an address of its own at times."""
        draw, profile = self.draw, self.profile
        if payer is not None:
            return Channel(profile.channels[_CORPORATE], "corporate", None)
        way = draw()
        if way < profile.online_share:
            name = pick(profile.online_agents, draw)
            if draw() < 0.7 and name in RELAYS:
                # No true alias has this form: these reach nobody.
                who = f"{fold(booker.given)[:1]}{fold(booker.family).replace(' ', '')[:12]}"
                booker.email = f"{who}-demo.{int(draw() * 900000) + 100000}@{RELAYS[name]}"
            return Channel(name, "online_agent", None)
        if way < profile.online_share + profile.agency_share and self.agencies:
            agent = pick(self.agencies, draw)
            if draw() < 0.3:
                booker.email = agent.email
            return Channel(profile.channels[_AGENT], "agent", agent)
        direct = pick(_DIRECT, draw)
        return Channel(profile.channels[direct], _SOURCES[direct], None)

    def _stay(self, visit: Visit, members: list[Card], payer: Card | None, children: int, channel: Channel) -> None:
        draw, calendar, unit = self.draw, self.calendar, visit.unit
        adults = len(members)
        if adults == 1 and unit.sleeps > 1 and draw() < 0.45:
            # Company without a card, as in most registers.
            adults = 2 + int(draw() * draw() * (unit.sleeps - 1)) if unit.day else 2
        booked = visit.arrival
        if channel.source != "walk_in" or visit.arrival > 0:
            # Mostly weeks ahead, and never later than today.
            booked = min(booked - 1 - int(120 * draw() * draw()), -int(draw() * 30))
        created = f"{calendar.iso(booked)} {calendar.hour(draw)}"
        amount = NULL if visit.status == "cancelled" and draw() < 0.5 else calendar.amount(visit, adults + children)
        number = len(self.stays) + 1
        stay = str(number)
        self.stays.append(
            (
                stay, str(visit.place), visit.status, calendar.iso(visit.arrival), calendar.iso(visit.departure),
                self._unit_number(visit), unit.name, str(adults), str(children), self._reference(number), channel.name,
                amount, self.profile.currency, calendar.iso(booked), "", created,
            )
        )  # fmt: skip
        books, pays = YES if channel.agent is None else NO, YES if payer is None else NO
        for card in members:
            self.participants.append((stay, str(card.n), YES, books, pays, NO))
            books = pays = NO
            card.source = card.source or channel.source
            card.first = booked if card.first is None else min(card.first, booked)
            card.stays += visit.status in ("checked_out", "checked_in")
            card.no_shows += visit.status == "no_show"
        for other, flags in ((payer, (NO, NO, YES, NO)), (channel.agent, (NO, YES, NO, YES))):
            if other is not None:
                self.participants.append((stay, str(other.n), *flags))
                other.first = min(other.first or 0, booked)
                other.stays += 1

    def _unit_number(self, visit: Visit) -> str:
        """A room's or pitch's number; those in house and arriving today have one each."""
        if visit.arrival > 0:
            return ""
        if visit.departure >= 0 and visit.status in ("checked_in", "booked"):
            index = self.number * _UNITS_OF_BATCH + self._in_house
            self._in_house += 1
        else:
            index = int(self.draw() * 80)
        return f"{self.profile.places[visit.place].prefix}{index // 40 + 1}{index % 40 + 1:02d}"

    def _reference(self, number: int) -> str:
        """A booking reference that no other stay of the register has: the stay's number, scrambled."""
        value = ((self.number << 15) + number) * 0x2545F491 & 0x3FFFFFFF
        return self.profile.codes + "".join(_REFERENCE[value >> shift & 31] for shift in range(25, -1, -5))
