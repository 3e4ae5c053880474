"""When guests come and what it costs: days as numbers counted from today (0), negative in the past."""

from datetime import date, timedelta
from typing import Final, NamedTuple

from customers.sample.names import Draw, pick
from customers.sample.profiles import Place, Profile, Unit

PAST: Final = 3 * 365
"""How many days back stays begin."""
AHEAD: Final = 420
"""The last day anybody has booked for."""
_OLDEST: Final = 9 * 365
_TABLE_SIZE: Final = 8192
_WEEKEND: Final = (4, 5)
"""Nights from Friday and Saturday cost more."""


class Visit(NamedTuple):
    """A stay in the making: which place and unit, from which day to which, and its status."""

    place: int
    unit: Unit
    arrival: int
    departure: int
    status: str


class Calendar:
    """The days around ``today`` for one profile, with each day's weight and price."""

    def __init__(self, profile: Profile, today: date) -> None:
        self.profile = profile
        days = [today + timedelta(days=offset) for offset in range(-_OLDEST, AHEAD + 60)]
        self._iso = [day.isoformat() for day in days]
        self._month = [day.month - 1 for day in days]
        self._weekday = [day.weekday() for day in days]
        self._past = [self._arrivals(place, -PAST, -1) for place in profile.places]
        self._ahead = [self._arrivals(place, 1, AHEAD // 2) for place in profile.places]
        self._units = [self._by_share(place) for place in profile.places]
        shares = sum(place.share for place in profile.places)
        self._places = [
            number
            for number, place in enumerate(profile.places)
            for _ in range(max(1, round(100 * place.share / shares)))
        ]
        self._today = today

    def _arrivals(self, place: Place, first: int, last: int) -> list[int]:
        """Days a stay may begin on, each as often as its season says."""
        weights = {}
        for day in range(first, last + 1):
            weekday = self._weekday[day + _OLDEST]
            if not (place.weekdays_only and weekday > 3):
                weights[day] = place.season[self._month[day + _OLDEST]] * (1.4 if weekday in _WEEKEND else 1.0)
        # A place closed for the winter still has a table, when all of the days ahead are out of season.
        scale = _TABLE_SIZE / max(sum(weights.values()), 1e-9)
        return [day for day, weight in weights.items() for _ in range(round(weight * scale))] or list(weights)

    @staticmethod
    def _by_share(place: Place) -> list[Unit]:
        return [unit for unit in place.units for _ in range(max(1, round(10 * unit.share)))]

    def iso(self, day: int) -> str:
        """The date of a day as PostgreSQL reads it; days before the calendar are its first."""
        return self._iso[max(day + _OLDEST, 0)]

    def day(self, text: str) -> int:
        """The day of a date as :meth:`iso` writes it."""
        return (date.fromisoformat(text) - self._today).days

    def birthday_today(self, age: int) -> str:
        """The date of birth of somebody who becomes ``age`` today."""
        day = 28 if (self._today.month, self._today.day) == (2, 29) else self._today.day
        return date(self._today.year - age, self._today.month, day).isoformat()

    def birth_date(self, age: float, draw: Draw) -> str:
        """A date of birth of somebody ``age`` years old."""
        return (self._today - timedelta(days=int((age + draw()) * 365.25))).isoformat()

    def place(self, draw: Draw) -> int:
        """Which property a party prefers."""
        return pick(self._places, draw)

    def unit(self, place: int, people: int, draw: Draw) -> Unit:
        """A unit with room for so many, if three looks find one."""
        for _ in range(3):
            unit = pick(self._units[place], draw)
            if unit.sleeps >= people:
                break
        return unit

    def past(self, place: int, draw: Draw) -> int:
        """A day in the past three years on which a stay began."""
        return pick(self._past[place], draw)

    def ahead(self, place: int, draw: Draw) -> int:
        """A day to come, the nearer the likelier."""
        if draw() < 0.5:
            return 1 + int(45 * draw() * draw())
        return pick(self._ahead[place], draw)

    def nights(self, place: int, unit: Unit, draw: Draw) -> int:
        """How long a stay is; 0 is a day visit."""
        return 0 if unit.day else pick(self.profile.places[place].nights, draw)

    def hour(self, draw: Draw) -> str:
        """A time of day when the desk is manned."""
        return f"{6 + int(draw() * 14):02d}:{int(draw() * 60):02d}:00+00"

    def amount(self, visit: Visit, people: int) -> str:
        """What a visit costs, by season, weekend and people, rounded as prices in the currency are."""
        unit, nights = visit.unit, max(visit.departure - visit.arrival, 1)
        at = visit.arrival + _OLDEST
        # Prices follow demand, at half its swing.
        season = 0.75 + 0.25 * min(self.profile.places[visit.place].season[self._month[at]], 2.4)
        weekend = 1.12 if self._weekday[at] in _WEEKEND else 1.0
        each = unit.price * (people if unit.per_person else 1 + 0.06 * max(people - 2, 0))
        rounding = self.profile.rounding
        return f"{round(each * season * weekend / rounding) * rounding * nights:.2f}"
