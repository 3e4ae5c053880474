"""A register with a past: acts that happened one after the other, and the planner and the runner that were there."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from django.utils import timezone

from automations.models import GuestEvent
from automations.planning import passing
from automations.planning.happened import Window
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.models import CustomField
from customers.history.models import Invoice, Product, Stay
from customers.segments.models import Segment, SegmentMember
from tests.automations.rehearsal.stages import DAY
from tests.factories import (
    ConsentEventFactory,
    CustomerTagFactory,
    CustomFieldFactory,
    GuestFieldValueFactory,
    InvoiceFactory,
    ProductFactory,
    PurchaseFactory,
    SegmentFactory,
    SegmentMemberFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)
from tests.held import transaction_number
from tests.messaging.outbox.letters import guest

Act = tuple[int, int, str, int, int, int]
"""On which day and minute, what, with whom, and two numbers that say it more closely."""
KINDS = (
    *("book", "book", "book", "book", "import", "move", "cancel", "arrive", "arrive", "leave", "leave", "no_show"),
    *("walk_in", "tag", "tag", "untag", "buy", "bill", "pay", "consent", "segment", "tell"),
)
_ALL = Window(0, "1:1:", "", 0)


@dataclass
class Past:
    """A house and its guests on the first day."""

    first: dt.datetime
    guests: list[Customer]
    tag: Tag
    product: Product
    segment: Segment
    day: CustomField
    stays: dict[str, Stay] = field(default_factory=dict)
    """Those booked by acts, by the act that did."""
    invoices: list[Invoice] = field(default_factory=list)

    def names(self) -> dict[int, str]:
        """What acts called the stays there are."""
        return {stay.pk: name for name, stay in self.stays.items()}

    def moment(self, act: Act) -> dt.datetime:
        """When an act was."""
        return self.first + act[0] * DAY + dt.timedelta(minutes=act[1])

    def happen(self, number: int, act: Act) -> None:
        """Let an act happen; one that has nothing to act on does nothing."""
        now = self.moment(act)
        with clock_at(now):
            self._does(f"{number}", act, now)

    def _does(self, name: str, act: Act, now: dt.datetime) -> None:
        _day, _minute, kind, who, a, b = act
        kari = self.guests[who % len(self.guests)]
        match kind:
            case "book" | "import":
                self._book(name, kari, now, a % 8, 1 + b % 4, "booked", is_import=kind == "import")
            case "walk_in":
                self._book(name, kari, now, 0, 1 + b % 4, "checked_in")
            case "move":
                self._stay(
                    who, "booked", lambda stay: {"arrival": stay.arrival + (a % 9 - 3) * DAY, "adults": 1 + b % 2}
                )
            case "cancel":
                self._stay(b, "booked", lambda stay: {"status": "cancelled"})
            case "no_show":
                self._stay(b, "booked", lambda stay: {"status": "no_show"})
            case "arrive":
                self._stay(b, "booked", lambda stay: {"status": "checked_in"})
            case "leave":
                self._stay(b, "checked_in", lambda stay: {"status": "checked_out"})
            case "tag":
                if not CustomerTag.objects.filter(customer=kari, tag=self.tag).exists():
                    CustomerTagFactory(customer=kari, tag=self.tag, created_at=now)
            case "untag":
                with change_set(kind=ChangeSet.Kind.EDIT):
                    CustomerTag.objects.filter(customer=kari, tag=self.tag).delete()
            case "buy":
                PurchaseFactory(customer=kari, product=self.product if a % 2 else ProductFactory(), created_at=now)
            case "bill":
                due = (now + (a % 9) * DAY).date()
                self.invoices.append(InvoiceFactory(customer=kari, issued_on=now.date(), due_on=due, created_at=now))
            case "pay":
                unpaid = [each for each in self.invoices if each.paid_on is None]
                if unpaid:
                    _change(unpaid[a % len(unpaid)], paid_on=now.date())
            case "consent":
                last = _newest()
                ConsentEventFactory(customer=kari, purpose="profiling", channel="")
                GuestEvent.objects.filter(id__gt=last).update(at=now)
            case "segment":
                this = transaction_number()
                SegmentMember.objects.filter(segment=self.segment, customer=kari, left_at=None).update(left_at=now)
                SegmentMemberFactory(segment=self.segment, customer=kari, entered_at=now, entered_xid=this)
            case "tell":
                GuestEvent.objects.create(kind="told", customer_id=kari.pk, name="spa", at=now)

    def _book(
        self,
        name: str,
        kari: Customer,
        now: dt.datetime,
        ahead: int,
        nights: int,
        status: str,
        *,
        is_import: bool = False,
    ) -> None:
        arrival = now.date() + ahead * DAY
        with change_set(kind=ChangeSet.Kind.IMPORT if is_import else ChangeSet.Kind.EDIT):
            stay = StayFactory(arrival=arrival, departure=arrival + nights * DAY, status=status, created_at=now)
            StayParticipantFactory(stay=stay, customer=kari, is_booker=True)
        self.stays[name] = stay

    def _stay(self, number: int, status: str, values: Callable[[Stay], dict[str, Any]]) -> None:
        found = [stay for stay in self.stays.values() if stay.status == status]
        if found:
            stay = found[number % len(found)]
            told = values(stay)
            if "arrival" in told:
                told["departure"] = told["arrival"] + (stay.departure - stay.arrival)
            _change(stay, **told)


def past(*, days: int, born: int) -> Past:
    """A house so many days ago, at its midnight in UTC: three guests, one of them restricted."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - days * DAY
    day = CustomFieldFactory(label="Anniversary", key="anniversary", target="guest", kind="date")
    guests = []
    with clock_at(first - DAY):
        for number in range(3):
            birth = (first + (born + 3 * number) * DAY).date()
            made = guest(
                consents=number != 1,
                language="nb" if number % 2 else "en",
                is_restricted=number == 2,
                birth_date=dt.date(1984, birth.month, birth.day),
            )
            GuestFieldValueFactory(customer=made, field=day, text="", date=birth + 5 * DAY)
            guests.append(made)
    return Past(first, guests, TagFactory(name="Regulars"), ProductFactory(), SegmentFactory(), day)


@contextmanager
def clock_at(now: dt.datetime) -> Iterator[None]:
    """It is another moment."""
    with patch("django.utils.timezone.now", return_value=now):
        yield


@contextmanager
def read_once() -> Iterator[None]:
    """The planner, in the one transaction of a test: what a pass has read, the next one does not read again."""
    seen = {"changes_new": 0, "told_new": 0, "entered_new": 0}
    with ExitStack() as stack:
        for name in seen:
            stack.enter_context(patch.object(passing, name, _reading(name, getattr(passing, name), seen)))
        yield


def _reading(name: str, really: Callable[..., Any], seen: dict[str, int]) -> Callable[..., Any]:
    def read(window: Window, **values: Any) -> list[Any]:
        everything = _ALL._replace(now=window.now, floor=seen[name])
        found = really(everything, **values)
        rows = [row for part in found for row in part] if name == "changes_new" else list(found)
        news = [row for row in rows if row.id > seen[name]]
        seen[name] = max((row.id for row in news), default=seen[name])
        return [news] if name == "changes_new" else news

    return read


def in_order(acts: Sequence[Act]) -> list[tuple[int, Act]]:
    """Acts with their numbers, as they happen."""
    return sorted(enumerate(acts), key=lambda each: (each[1][0], each[1][1], each[0]))


def _change(row: Any, **values: Any) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT):
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))


def _newest() -> int:
    return GuestEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
