"""A small random register with everything that filters ask for, the same for the same seed."""

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from accounts.models import Property
from customers.card.models import ContactPoint, Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import CONSENTS, ConsentEvent
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.history.models import Activity, Invoice, Product, Purchase, Stay, StayParticipant

OWN = (("text", "car"), ("number", "dogs"), ("date", "met"), ("choice", "pillow"), ("yes_no", "boat"))


def fill_register(*, seed: int, guests: int, today: dt.date, currency: str) -> dict[str, list[int]]:
    """Write guests of the business in scope; returns ids to filter by: tags, properties and products."""
    random = Random(seed)
    houses = [*Property.objects.all(), Property.objects.create(name=f"House {seed}")]
    products = [Product.objects.create(name=f"{name} {seed}") for name in ("Spa", "Bicycle")]
    tags = list(Tag.objects.all())
    fields = {
        target: [
            CustomField.objects.create(
                target=target, kind=kind, key=key, label=key, position=place,
                options=[{"key": one, "label": one} for one in ("soft", "hard")] if kind == "choice" else [],
            )
            for place, (kind, key) in enumerate(OWN)
        ]
        for target in ("guest", "stay")
    }  # fmt: skip
    filler = _Filler(random, today, currency, houses, products, tags, fields)
    with change_set(kind=ChangeSet.Kind.EDIT):
        for _number in range(guests):
            filler.guest()
    return {
        "tags": [tag.pk for tag in tags],
        "property": [house.pk for house in houses],
        "product": [product.pk for product in products],
    }


class _Filler:
    def __init__(self, random: Random, today: dt.date, currency: str, houses: list[Property], products: list[Product],
                 tags: list[Tag], fields: dict[str, list[CustomField]]) -> None:  # fmt: skip
        self.random, self.today, self.currency = random, today, currency
        self.houses, self.products, self.tags, self.fields = houses, products, tags, fields

    def day(self, back: int = 1_200, ahead: int = 60) -> dt.date:
        # Edges of windows are met on purpose.
        edge = self.random.choice([0, -1, 1, -30, -31, -181, -182, -183, -184, -365, -366, None, None, None])
        return self.today + dt.timedelta(days=self.random.randint(-back, ahead) if edge is None else edge)

    def amount(self) -> Decimal | None:
        return self.random.choice([None, Decimal(self.random.randint(0, 900_000)) / 100, Decimal(50)])

    def money(self) -> str:
        return self.random.choice([self.currency, self.currency, "SEK", ""])

    def guest(self) -> None:
        pick = self.random.choice
        born = pick([None, dt.date(1988, 2, 29), dt.date(1960, 2, 28), self.today.replace(year=1996), self.day(30_000)])
        card = Customer.objects.create(
            kind=pick(["person", "person", "company"]), given_name=pick(["Kari", "Ola", ""]), family_name="Nordmann",
            company_name="Fjell AS", language=pick(["nl", "nb", "en-GB", ""]), nationality=pick(["NO", "NL", ""]),
            country=pick(["NO", "NL", "DE", ""]), city=pick(["Bergen", "Oslo", "Ål", "BERGEN", ""]),
            postal_code=pick(["5003", "0150", "7321 AB", ""]), source=pick(["", "website", "import"]),
            first_contact=self.day(), birth_date=born, do_not_contact=pick([False, False, True]),
            is_restricted=pick([False] * 6 + [True]), is_deceased=pick([False] * 6 + [True]), sort_key="k",
        )  # fmt: skip
        for slot, tag in enumerate(self.random.sample(self.tags, self.random.randint(0, 3)), 1):
            CustomerTag.objects.create(customer=card, tag=tag, slot=slot)
        for kind in ContactPoint.Kind.values:
            for number in range(self.random.randint(0, 2)):
                ContactPoint.objects.create(
                    customer=card, kind=kind, value=f"{card.pk}-{number}", is_primary=number == 0,
                    state=pick(["ok", "ok", *ContactPoint.State.values]),
                )  # fmt: skip
        for purpose, channel in CONSENTS:
            for _turn in range(self.random.randint(0, 2)):
                ConsentEvent.objects.create(
                    customer_id=card.pk, purpose=purpose, channel=channel, act=pick(["granted", "withdrawn"]),
                    at=timezone.now() - dt.timedelta(days=self.random.randint(0, 400)), source="desk",
                )  # fmt: skip
        self.own_values(GuestFieldValue, "guest", {"customer": card})
        self.history(card)

    def own_values(self, model: Any, target: str, row: dict[str, Any]) -> None:
        for field in self.fields[target]:
            if self.random.random() < 0.4:
                value = {
                    "text": {"text": self.random.choice(["EV 12345", "Bergen", "x"])},
                    "number": {"number": Decimal(self.random.randint(0, 50)) / 4},
                    "date": {"date": self.day()},
                    "choice": {"text": self.random.choice(["soft", "hard"])},
                    "yes_no": {"flag": self.random.random() < 0.5},
                }[field.kind]
                model.objects.create(field=field, **row, **value)

    def history(self, card: Customer) -> None:
        pick = self.random.choice
        for _number in range(pick([0, 1, 1, 2, 4])):
            arrival = self.day()
            stay = Stay.objects.create(
                property=pick(self.houses), status=pick([*Stay.Status.values, "checked_out", "checked_out"]),
                arrival=arrival, departure=arrival + dt.timedelta(days=self.random.randint(0, 9)),
                channel=pick(["web", "phone", ""]), unit_type=pick(["double", ""]), amount=self.amount(),
                currency=self.money(),
            )  # fmt: skip
            is_guest = self.random.random() < 0.8
            StayParticipant.objects.create(
                stay=stay, customer=card, is_guest=is_guest, is_payer=self.random.random() < 0.6 or not is_guest
            )
            self.own_values(StayFieldValue, "stay", {"stay": stay})
        for _number in range(pick([0, 0, 1, 2])):
            Purchase.objects.create(
                customer=card, product=pick([*self.products, None]), property=pick([*self.houses, None]),
                amount=self.amount(), currency=self.money(), bought_on=self.day(), description="x",
            )  # fmt: skip
        for _number in range(pick([0, 0, 1])):
            issued = self.day()
            Invoice.objects.create(
                customer=card, number="1", issued_on=issued, amount=self.amount() or 1, currency=self.money(),
                due_on=pick([None, self.today, issued + dt.timedelta(days=14)]), paid_on=pick([None, self.today]),
            )  # fmt: skip
        for _number in range(pick([0, 0, 1, 3])):
            moment = timezone.now().replace(minute=30) + dt.timedelta(
                days=self.random.randint(-400, 0), hours=self.random.randint(-24, 0)
            )
            Activity.objects.create(customer=card, kind=pick(["note", "call", "visit"]), at=moment, text="x")
