"""What rules of leaving and goals look at, as it stood at the moment of each journey: read once for the guests of a
part, and added to by what the rehearsal itself does. No statement is asked while it is played.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from accounts.tenancy import require_business_id
from automations.definition import Definition, Exit, Goal, Leave, Start, Trigger
from automations.definition.model import Aim
from automations.rehearsal.hindsight import Hindsight
from automations.rehearsal.lives import InvoiceState, Life, StayState
from automations.running.going import Going
from customers.history.models import Invoice
from customers.search.fetch_sql import rows

_DAY: Final = dt.timedelta(days=1)
_GONE: Final = ("cancelled", "no_show")
_OF_GUESTS: Final = """
    SELECT p.customer_id, p.stay_id FROM customers_stayparticipant p
    WHERE p.business_id = %s AND p.customer_id = ANY (%s) AND (p.is_guest OR p.is_booker OR p.is_payer)
"""
_TAGS: Final = """
    SELECT t.customer_id, t.tag_id, t.created_at, true FROM customers_customertag t
    WHERE t.business_id = %(business)s AND t.customer_id = ANY (%(guests)s) AND t.tag_id = ANY (%(tags)s)
    UNION ALL
    SELECT c.guest_id, (c.data ->> 'tag_id')::bigint, told.at, told.is_on
    FROM customers_change c
    JOIN customers_changeset a ON a.business_id = c.business_id AND a.id = c.change_set_id
    CROSS JOIN LATERAL (
        VALUES ((c.data ->> 'created_at')::timestamptz, true), (a.created_at, false)
    ) AS told (at, is_on)
    WHERE c.business_id = %(business)s AND c.guest_id = ANY (%(guests)s) AND c.record = 'customertag' AND c.act = 'D'
      AND (c.data ->> 'tag_id')::bigint = ANY (%(tags)s)
"""
_BOUGHT: Final = """
    SELECT p.customer_id, p.product_id, p.created_at FROM customers_purchase p
    WHERE p.business_id = %s AND p.customer_id = ANY (%s)
"""


@dataclass
class Evidence:
    """What has happened with the guests of a part, with its moments."""

    zone: dt.tzinfo
    stays: dict[int, Life[StayState]] = field(default_factory=dict)
    stays_of: dict[int, set[int]] = field(default_factory=dict)
    invoices: dict[int, Life[InvoiceState]] = field(default_factory=dict)
    invoices_of: dict[int, set[int]] = field(default_factory=dict)
    """By stay."""
    tags: dict[tuple[int, int], list[tuple[dt.datetime, bool]]] = field(default_factory=lambda: defaultdict(list))
    """By guest and tag: when it was put on (true) and taken off."""
    bought: dict[int, list[tuple[dt.datetime, int | None]]] = field(default_factory=lambda: defaultdict(list))

    def tagged(self, guest: int, tag: int, at: dt.datetime, *, is_on: bool) -> None:
        """The rehearsal has put a tag on, or taken it off."""
        self.tags[guest, tag].append((at, is_on))

    def leaves(self, rule: Exit, start: Start, each: Going) -> bool:
        """Whether a rule of leaving holds, but for a filter."""
        match rule.kind:
            case Leave.CANCELLED:
                stay = self._stay(each.stay_id, each.due_at)
                return stay is not None and stay.status in _GONE
            case Leave.BOOKED:
                return self._booked(each)
            case Leave.PAID:
                return self._paid(each)
            case Leave.TAG_ADDED:
                return self._was_tagged(each, rule.tag or 0)
            case Leave.TAG_REMOVED:
                had_it = start.kind == Trigger.TAG_ADDED and start.tag == rule.tag
                return self._was_untagged(each, rule.tag or 0, had_it=had_it)
        return False

    def reached(self, goal: Goal, each: Going) -> bool:
        """Whether a journey is where it was to lead. Nobody answers a message that is not sent."""
        match goal.kind:
            case Aim.BOOKS:
                return self._booked(each)
            case Aim.PAYS:
                return self._paid(each)
            case Aim.BUYS:
                return any(
                    _began(each) <= at <= each.due_at and goal.product in (None, product)
                    for at, product in self.bought.get(each.customer_id, ())
                )
            case Aim.TAGGED:
                return self._was_tagged(each, goal.tag or 0)
        return False

    def _stay(self, stay_id: int | None, at: dt.datetime) -> StayState | None:
        life = self.stays.get(stay_id or 0)
        return (life.at(at) or life.now) if life is not None else None

    def _booked(self, each: Going) -> bool:
        earliest = _began(each).astimezone(dt.UTC).date() - _DAY
        for stay_id in self.stays_of.get(each.customer_id, ()):
            life = self.stays[stay_id]
            if stay_id == each.stay_id or not _began(each) <= life.made_at <= each.due_at:
                continue
            state = life.at(each.due_at)
            if state is not None and state.status not in _GONE and state.arrival >= earliest:
                return True
        return False

    def _paid(self, each: Going) -> bool:
        asked = {each.invoice_id} if each.invoice_id is not None else self.invoices_of.get(each.stay_id or 0, set())
        known = [self._is_paid(self.invoices[pk], each) for pk in asked if pk in self.invoices]
        told = [is_paid for is_paid in known if is_paid is not None]
        return bool(told) and all(told)

    def _is_paid(self, life: Life[InvoiceState], each: Going) -> bool | None:
        """``None``: there was no such invoice yet."""
        state = life.at(each.due_at)
        if state is not None:
            return state.paid_on is not None
        if life.row_id != each.invoice_id:
            return None
        # Written down afterwards: its own days tell.
        paid = life.spans[0].state.paid_on
        return paid is not None and paid <= each.due_at.astimezone(self.zone).date()

    def _was_tagged(self, each: Going, tag: int) -> bool:
        on = self._tag(each, tag)
        return on is not None and on >= _began(each)

    def _was_untagged(self, each: Going, tag: int, *, had_it: bool) -> bool:
        if self._tag(each, tag) is not None:
            return False
        return had_it or any(
            not is_on and _began(each) <= at <= each.due_at for at, is_on in self.tags.get((each.customer_id, tag), ())
        )

    def _tag(self, each: Going, tag: int) -> dt.datetime | None:
        """Since when the guest carries a tag; ``None`` for one who does not."""
        since = None
        for at, is_on in self.tags.get((each.customer_id, tag), ()):
            if at <= each.due_at:
                since = at if is_on else None
        return since


def evidence_of(
    *,
    definition: Definition,
    hindsight: Hindsight,
    guests: Collection[int],
    stays: Collection[int],
    invoices: Collection[int],
) -> Evidence:
    """What a definition's rules of leaving and its goal ask of these guests, and of the stays and invoices that began
    their journeys. At most seven queries."""
    found = Evidence(hindsight.business.zone)
    house, asked = require_business_id(), sorted(guests)
    kinds = {str(each.kind) for each in definition.exits} | ({str(definition.goal.kind)} if definition.goal else set())
    if kinds & {Leave.BOOKED, Aim.BOOKS}:
        for guest, stay in rows(_OF_GUESTS, [house, asked]):
            found.stays_of.setdefault(guest, set()).add(stay)
    about = set(stays) if Leave.CANCELLED in kinds else set()
    if wanted := about.union(*found.stays_of.values()):
        found.stays = hindsight.stays(wanted)
    if kinds & {Leave.PAID, Aim.PAYS}:
        of_stays = list(Invoice.objects.filter(stay_id__in=stays).values_list("id", "stay_id"))
        for pk, stay in of_stays:
            found.invoices_of.setdefault(stay, set()).add(pk)
        found.invoices = hindsight.invoices({*invoices, *(pk for pk, _stay in of_stays)})
    tags = {each.tag for each in definition.exits if each.tag is not None}
    tags |= {definition.goal.tag} if definition.goal and definition.goal.tag is not None else set()
    if tags:
        given = {"business": house, "guests": asked, "tags": sorted(tags)}
        for guest, tag, at, is_on in rows(_TAGS, given):
            found.tagged(guest, tag, at, is_on=is_on)
        for told in found.tags.values():
            told.sort()
    if Aim.BUYS in kinds:
        for guest, product, at in rows(_BOUGHT, [house, asked]):
            found.bought[guest].append((at, product))
    return found


def _began(each: Going) -> dt.datetime:
    return each.began_at or each.due_at
