"""What makes cards look lived in: purchases, invoices, staff tasks, pinned notes, birthdays and consents of a batch.

Pure, and drawn from a sequence of its own: guests and stays of a seed are the same with and without.
"""

import random
from collections import Counter
from typing import Final

from customers.sample.calendar import Calendar
from customers.sample.names import Draw, name_book, pick
from customers.sample.rows import NO, NULL, YES, Batch, Row

_BOUGHT, _BILLED, _TODO, _PINNED, _BIRTHDAY = 0.16, 0.07, 0.4, 0.012, 0.03
_DAYS_TO_PAY: Final = 14
_NEAR: Final = 14
_AT_LEAST: Final = 4
_CONSENTS: Final = (
    ("newsletter", "email", 0.45, 0.08),
    ("newsletter", "sms", 0.12, 0.06),
    ("profiling", "", 0.2, 0.04),
    ("sensitive", "", 0.06, 0.05),
)
"""Purpose, channel, the share of guests who agree, and of these who take it back."""
_SOURCES: Final = ("desk", "form", "form", "paper", "phone")
_BIRTH_DATE = 8
"""The place of the date of birth in a guest's row."""


class Extras:
    """Adds to a batch that is otherwise complete."""

    def __init__(self, calendar: Calendar, batch: Batch, *, seed: str, number: int, staff: int) -> None:
        self.calendar, self.profile, self.batch = calendar, calendar.profile, batch
        self.number, self.staff = number, staff
        # Not a secret: what matters is that it repeats.
        self.draw: Draw = random.Random(f"{seed}/{self.profile.codes}/{number}/extras").random  # noqa: S311
        self.book = name_book(self.profile.staff_language)

    def add(self) -> None:
        """Everything, in one pass over the stays and one over the guests."""
        guests: dict[str, str] = {}
        payers: dict[str, tuple[str, bool]] = {}
        for number, customer, is_guest, _books, pays, _agent in self.batch.participants:
            if is_guest == YES:
                guests.setdefault(number, customer)
            if pays == YES:
                payers[number] = customer, is_guest == NO
        around: set[str] = set()
        for stay in self.batch.stays:
            guest = guests.get(stay[0])
            if guest is None:
                continue
            arrival, departure = self.calendar.day(stay[3]), self.calendar.day(stay[4])
            if stay[2] in ("checked_out", "checked_in") and self.draw() < _BOUGHT:
                self._purchases(stay, guest)
            if stay[2] == "checked_out" and stay[11] != NULL:
                payer, for_others = payers.get(stay[0], (guest, False))
                if for_others or self.draw() < _BILLED:
                    self._invoice(stay, payer, departure)
            if stay[2] == "checked_in" or (stay[2] == "booked" and arrival == 0):
                around.add(guest)
            # Even the sixty guests of a sample leave something to do.
            wanted = self.draw() < _TODO or (self.number == 0 and len(self.batch.tasks) < _AT_LEAST)
            if wanted and self._is_near(stay[2], arrival, departure):
                self._task(guest, max(arrival, 0))
        self._birthdays(around)
        self._of_guests()

    @staticmethod
    def _is_near(status: str, arrival: int, departure: int) -> bool:
        """Whether the desk has the stay in mind: here, soon to come, or just gone."""
        if status == "booked":
            return arrival <= _NEAR
        return status == "checked_in" or (status == "checked_out" and departure >= -_NEAR)

    def _purchases(self, stay: Row, guest: str) -> None:
        for _ in range(1 + int(self.draw() * self.draw() * 3)):
            product, price = pick(self.book.products, self.draw)
            quantity = 1 + int(self.draw() * self.draw() * 4)
            rounding = self.profile.rounding
            amount = round(price * self.profile.price_level / rounding) * rounding * quantity
            self.batch.purchases.append(
                (
                    guest, stay[0], product, "", str(quantity), f"{amount:.2f}", self.profile.currency, stay[3],
                    f"{stay[3]} {self.calendar.hour(self.draw)}",
                )
            )  # fmt: skip

    def _invoice(self, stay: Row, payer: str, departure: int) -> None:
        """Nearly all are paid in time or a little late; of the latest some are due, and a few overdue."""
        draw, age = self.draw, -departure
        paid = draw() < (0.985 if age > 45 else 0.8 if age > _DAYS_TO_PAY else 0.35)
        days = min(age, 2 + int(24 * draw() * draw()))
        number = f"{self.profile.codes}-{(self.number << 15) + int(stay[0])}"
        self.batch.invoices.append(
            (
                payer, stay[0], number, stay[4], self.calendar.iso(departure + _DAYS_TO_PAY),
                self.calendar.iso(departure + days) if paid else NULL, stay[11], self.profile.currency,
                f"{stay[4]} {self.calendar.hour(draw)}",
            )
        )  # fmt: skip

    def _task(self, guest: str, arrival: int) -> None:
        draw = self.draw
        due = min(arrival, 0) - int(draw() * 4) if draw() < 0.2 else arrival
        done = draw() < 0.25
        made = min(due, -1) - 1 - int(draw() * 6)
        assignee = str(int(draw() * self.staff)) if draw() < 0.4 else NULL
        at = f"{self.calendar.iso(min(due, -1))} {self.calendar.hour(draw)}" if done else NULL
        created = f"{self.calendar.iso(made)} {self.calendar.hour(draw)}"
        member = str(int(draw() * self.staff))
        self.batch.tasks.append(
            (guest, pick(self.book.tasks, draw), self.calendar.iso(due), assignee, at, member, created)
        )

    def _birthdays(self, around: set[str]) -> None:
        """Some of those here have their birthday today; never one of two cards of a guest, which must agree."""
        cards = Counter(self.batch.persons)
        given = 0
        for place, row in enumerate(self.batch.customers):
            if row[0] not in around or row[1] != "person" or cards[self.batch.persons[place]] > 1:
                continue
            if self.draw() < _BIRTHDAY or (self.number == 0 and given < 2):
                age = (30, 40, 45, 50, 57, 60, 70, 75)[int(self.draw() * 8)]
                self.batch.customers[place] = (
                    *row[:_BIRTH_DATE], self.calendar.birthday_today(age), *row[_BIRTH_DATE + 1 :],
                )  # fmt: skip
                given += 1

    def _of_guests(self) -> None:
        draw, calendar = self.draw, self.calendar
        for row in self.batch.customers:
            first = min(calendar.day(row[15]), -1)
            if draw() < _PINNED:
                at = f"{calendar.iso(first - int(draw() * first))} {calendar.hour(draw)}"
                self.batch.activities.append(
                    (row[0], "note", at, pick(self.book.pinned, draw), str(int(draw() * self.staff)), YES)
                )
            if row[1] != "person":
                continue
            for purpose, channel, share, taken_back in _CONSENTS:
                if draw() >= share:
                    continue
                at = f"{calendar.iso(first)} {calendar.hour(draw)}"
                source = pick(_SOURCES, draw)
                self.batch.consents.append((row[0], purpose, channel, "granted", at, source, row[6]))
                if draw() < taken_back and first < -3:
                    at = f"{calendar.iso(first + 1 - int(draw() * (first + 1)))} {calendar.hour(draw)}"
                    self.batch.consents.append((row[0], purpose, channel, "withdrawn", at, "email", row[6]))
