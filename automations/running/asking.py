"""What is asked of journeys before they go on: filters, rules of leaving, the goal. Each is one statement, whatever the
number of journeys."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Aim, Definition, Exit, Goal, Leave, Trigger
from automations.running.going import Going
from customers.conditions.selectors import Wanted, filter_catalogue, filter_context
from customers.filters import Catalogue, Context, TreeError, tree_read
from customers.search.fetch_sql import ids, rows

GONE: Final = "gone"
"""Why something cannot be done or asked: what it names is not there any more."""

_GIVEN: Final = """
    SELECT g.id FROM unnest(%(ids)s::bigint[], %(guests)s::bigint[], %(stays)s::bigint[], %(invoices)s::bigint[],
                            %(began)s::timestamptz[]) AS g (id, guest, stay, invoice, began)
    WHERE {condition}
"""
_CANCELLED: Final = """
    EXISTS (SELECT FROM customers_stay s
            WHERE s.business_id = %(business)s AND s.id = g.stay AND s.status IN ('cancelled', 'no_show'))
"""
_BOOKED: Final = """
    EXISTS (SELECT FROM customers_stayparticipant p
            JOIN customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id
            WHERE p.business_id = %(business)s AND p.customer_id = g.guest
              AND (p.is_guest OR p.is_booker OR p.is_payer) AND s.id IS DISTINCT FROM g.stay
              AND s.created_at >= g.began AND s.arrival >= g.began::date - 1
              AND s.status NOT IN ('cancelled', 'no_show'))
"""
_PAID: Final = """
    EXISTS (SELECT FROM customers_invoice i
            WHERE i.business_id = %(business)s AND i.paid_on IS NOT NULL
              AND (i.id = g.invoice OR g.invoice IS NULL AND i.stay_id = g.stay))
    AND NOT EXISTS (SELECT FROM customers_invoice i
            WHERE i.business_id = %(business)s AND i.paid_on IS NULL
              AND (i.id = g.invoice OR g.invoice IS NULL AND i.stay_id = g.stay))
"""
"""Its invoice; of a journey that is about a stay, all of the stay's."""
_TAGGED: Final = """
    EXISTS (SELECT FROM customers_customertag t
            WHERE t.business_id = %(business)s AND t.customer_id = g.guest AND t.tag_id = %(tag)s
              AND t.created_at >= g.began)
"""
_WITHOUT: Final = """
    NOT EXISTS (SELECT FROM customers_customertag t
                WHERE t.business_id = %(business)s AND t.customer_id = g.guest AND t.tag_id = %(tag)s)
"""
_TAKEN_OFF: Final = """
    EXISTS (SELECT FROM customers_change c
            JOIN customers_changeset a ON a.business_id = c.business_id AND a.id = c.change_set_id
            WHERE c.business_id = %(business)s AND c.guest_id = g.guest AND c.record = 'customertag' AND c.act = 'D'
              AND c.data ->> 'tag_id' = %(tag)s::text AND a.created_at >= g.began)
"""
_BOUGHT: Final = """
    EXISTS (SELECT FROM customers_purchase p
            WHERE p.business_id = %(business)s AND p.customer_id = g.guest AND p.created_at >= g.began
              AND (%(product)s::bigint IS NULL OR p.product_id = %(product)s))
"""
_ANSWERED: Final = """
    EXISTS (SELECT FROM automations_journeystep d
            JOIN messaging_message m ON m.business_id = d.business_id AND m.id = d.message_id
            WHERE d.business_id = %(business)s AND d.journey_id = g.id
              AND (m.opened_at IS NOT NULL OR m.clicked_at IS NOT NULL OR m.replied_at IS NOT NULL))
"""
_MATCHING: Final = """
    SELECT f.customer_id FROM customers_customerfacts f
    WHERE f.business_id = %s AND f.customer_id = ANY (%s) AND ({condition})
"""


class FilterGone(Exception):
    """A filter names something that is not there any more: nobody can say whom it means."""


class Ended(NamedTuple):
    """How a journey ends early."""

    state: str
    reason: str


@dataclass
class Asker:
    """Asks for one batch: what filters mean today is read once, and only where there are any."""

    business: Business
    now: dt.datetime

    def matching(self, tree: Mapping[str, Any] | None, guests: Sequence[int]) -> set[int]:
        """Those of the guests who match a filter. Raises :class:`FilterGone`."""
        if not guests or not tree or not tree.get("rules"):
            return set(guests)
        try:
            group = tree_read(tree, self._catalogue)
            found = Wanted(group, self._catalogue, self._context).on_rows()
        except TreeError as error:
            raise FilterGone from error
        statement = _MATCHING.replace("{condition}", found.text)
        return set(ids(statement, [require_business_id(), sorted(set(guests)), *found.values]))

    def leaving(self, definition: Definition, asked: Sequence[Going]) -> dict[int, Ended]:
        """Which of these journeys end, by their id: those that have reached the goal, and those that leave."""
        found: dict[int, Ended] = {}
        if definition.goal is not None:
            for pk in self._reached(definition.goal, asked):
                found[pk] = Ended("goal", definition.goal.kind.value)
        for rule in definition.exits:
            left = [each for each in asked if each.pk not in found]
            for pk in self._leave(rule, definition, left) if left else ():
                found[pk] = Ended("left", rule.kind.value)
        return found

    def _reached(self, goal: Goal, asked: Sequence[Going]) -> list[int]:
        match goal.kind:
            case Aim.BOOKS:
                return self._those(_BOOKED, asked)
            case Aim.BUYS:
                return self._those(_BOUGHT, asked, product=goal.product)
            case Aim.PAYS:
                return self._those(_PAID, asked)
            case Aim.ANSWERS:
                return self._those(_ANSWERED, asked)
        return self._those(_TAGGED, asked, tag=goal.tag)

    def _leave(self, rule: Exit, definition: Definition, asked: Sequence[Going]) -> list[int]:
        match rule.kind:
            case Leave.CANCELLED:
                return self._those(_CANCELLED, asked)
            case Leave.BOOKED:
                return self._those(_BOOKED, asked)
            case Leave.PAID:
                return self._those(_PAID, asked)
            case Leave.TAG_ADDED:
                return self._those(_TAGGED, asked, tag=rule.tag)
            case Leave.TAG_REMOVED:
                start = definition.trigger
                # Whoever began because of the tag had it; of others it must have been taken off since.
                had_it = start.kind == Trigger.TAG_ADDED and start.tag == rule.tag
                return self._those(_WITHOUT if had_it else f"{_WITHOUT} AND {_TAKEN_OFF}", asked, tag=rule.tag)
        meet = self.matching(rule.tree, [each.customer_id for each in asked])
        return [each.pk for each in asked if each.customer_id in meet]

    def _those(self, condition: str, asked: Sequence[Going], **values: Any) -> list[int]:
        given: dict[str, Any] = {
            "business": require_business_id(),
            "ids": [each.pk for each in asked],
            "guests": [each.customer_id for each in asked],
            "stays": [each.stay_id for each in asked],
            "invoices": [each.invoice_id for each in asked],
            "began": [each.began_at for each in asked],
            **values,
        }
        return [pk for (pk,) in rows(_GIVEN.replace("{condition}", condition), given)]

    @cached_property
    def _catalogue(self) -> Catalogue:
        return filter_catalogue()

    @cached_property
    def _context(self) -> Context:
        read = filter_context(business=self.business, catalogue=self._catalogue, every_segment=True)
        return replace(read, today=timezone.localdate(self.now, self.business.zone))
