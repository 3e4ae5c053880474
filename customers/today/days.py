"""Which day it is where. Pure: a moment and the properties' time zones decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Days:
    """Today, at each property by its id; ``home`` is the day of the business itself."""

    home: date
    of_property: Mapping[int, date]

    @property
    def groups(self) -> dict[date, list[int]]:
        """The properties that share a day: one group, but around midnight of far apart ones."""
        groups: dict[date, list[int]] = {}
        for key, day in self.of_property.items():
            groups.setdefault(day, []).append(key)
        return groups

    def at(self, property_id: int) -> date:
        """Today at a property."""
        return self.of_property.get(property_id, self.home)


def days_at(now: datetime, *, home: str, zones: Mapping[int, str]) -> Days:
    """``zones`` are the properties' own time zones by id, empty where they keep the business's (``home``)."""

    def day(zone: str) -> date:
        return now.astimezone(ZoneInfo(zone or home)).date()

    return Days(day(home), {key: day(zone) for key, zone in zones.items()})


def birthday_keys(day: date) -> list[int]:
    """Month and day of those whose birthday it is; who was born on 29 February is older on the 28th in other years.

    >>> birthday_keys(date(2026, 2, 28))
    [228, 229]
    """
    keys = [day.month * 100 + day.day]
    is_leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return [*keys, 229] if keys == [228] and not is_leap else keys
