"""What filters mean for the business in scope: its fields, day, currency and segments; and who matches one."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.card.models import ContactPoint, Customer
from customers.consent.models import CONSENTS
from customers.facts.models import RegisterFacts
from customers.fields.models import CustomField
from customers.filters import (
    Catalogue,
    Context,
    Group,
    OwnField,
    Referred,
    Sql,
    TreeError,
    catalogue_of,
    compile_tree,
    is_narrow,
    tree_read,
)  # fmt: skip
from customers.permission.reasons import REACH
from customers.search.postings import held, held_values, posting_values, postings
from customers.search.rank import Term
from customers.segments.models import Segment

ADDRESS_STATES: Final = tuple(ContactPoint.State.values)
CONSENT_NAMES: Final = tuple(f"{purpose}.{channel}".rstrip(".") for purpose, channel in CONSENTS)


@dataclass(frozen=True)
class TextMatch:
    """Who a search text finds: cards holding all ``terms``, and those in ``ids``; without terms those alone."""

    terms: tuple[Term, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Wanted:
    """The guests that a filter, and a search text beside it, ask for: as SQL conditions on their facts ``f``."""

    tree: Group
    catalogue: Catalogue
    context: Context
    match: TextMatch | None = None

    def __bool__(self) -> bool:
        return bool(self.tree) or self.match is not None

    @cached_property
    def is_narrow(self) -> bool:
        """Whether the facts alone answer the filter."""
        return is_narrow(self.tree, self.catalogue, self.context)

    @property
    def needs_card(self) -> bool:
        """Whether :meth:`on_rows` looks at the words of the card, as ``c``."""
        return self.match is not None and bool(self.match.terms)

    def on_rows(self) -> Sql:
        """As a condition on a part of the register, guest by guest."""
        condition = compile_tree(self.tree, self.catalogue, self.context, by_row=True)
        if self.match is None:
            return condition
        text = "f.customer_id = ANY (%s)"
        if self.match.terms:
            text = f"({text} OR {held(self.match.terms, _TOKENS)})"
        values = [*condition.values, list(self.match.ids), *held_values(self.match.terms)]
        return Sql(f"({condition.text}) AND {text}", values)

    def on_sets(self, *, by_row: bool = False) -> Sql:
        """As a condition on the register; ``by_row`` where what the facts hold leaves few guests to ask further."""
        asked = compile_tree(self.tree, self.catalogue, self.context, by_row=by_row)
        # The policy says so too, but of each row anew; told here, a plan compares it once before it begins.
        text, values = f"f.business_id = %s AND ({asked.text})", [require_business_id(), *asked.values]
        match self.match:
            case None:
                return Sql(text, values)
            case TextMatch((), ids):
                return Sql(f"{text} AND f.customer_id = ANY (%s)", [*values, list(ids)])
            case TextMatch(terms, ids):
                found = " INTERSECT ".join(f"SELECT * FROM {postings(term)} p" for term in terms)
                values += [value for term in terms for value in posting_values(term)]
                return Sql(
                    f"{text} AND f.customer_id IN (({found}) UNION SELECT unnest(%s::bigint[]))", [*values, list(ids)]
                )

    @cached_property
    def narrow(self) -> Sql:
        """What the facts alone can say of the filter: a condition that every matching guest meets."""
        rules: tuple[Any, ...] = ()
        if self.tree.match == "all" and not self.tree.negated:
            rules = tuple(
                rule for rule in self.tree.rules
                if is_narrow(rule if isinstance(rule, Group) else Group(rules=(rule,)), self.catalogue, self.context)
            )  # fmt: skip
        return compile_tree(Group(rules=rules), self.catalogue, self.context, by_row=True)


_TOKENS: Final = "(' ' || c.search_tokens || ' ')"


def filter_catalogue() -> Catalogue:
    """The fields one can filter by, the business's own included. One query."""
    own: dict[str, list[OwnField]] = {CustomField.Target.GUEST: [], CustomField.Target.STAY: []}
    for field in CustomField.objects.filter(is_archived=False).order_by("position", "id"):
        own[field.target].append(
            OwnField(field.pk, field.key, field.kind, tuple(option["key"] for option in field.options))
        )
    return catalogue_of(
        sources=Customer.Source.values,
        consents=CONSENT_NAMES,
        states=ADDRESS_STATES,
        reach=REACH,
        guest_fields=own[CustomField.Target.GUEST],
        stay_fields=own[CustomField.Target.STAY],
    )


def filter_context(
    *, business: Business, catalogue: Catalogue, trees: Iterable[Group] = (), every_segment: bool = False
) -> Context:
    """What filters depend on today. Segments and ranks are only read where ``trees`` ask for them."""
    fields = {condition.field for tree in trees for condition in tree.conditions()}
    return Context(
        timezone.localdate(timezone=business.zone),
        business.zone,
        business.currency,
        _ranks(business) if "value_rank" in fields or every_segment or "segment" in fields else {},
        _segments(catalogue) if "segment" in fields or every_segment else {},
    )


def wanted(*, tree: Group, match: TextMatch | None = None, business: Business | None = None) -> Wanted:
    """What a filter of the business in scope asks for; ``match`` narrows it to whom a search text finds."""
    catalogue = filter_catalogue()
    found = business or Business.objects.get(pk=require_business_id())
    return Wanted(tree, catalogue, filter_context(business=found, catalogue=catalogue, trees=[tree]), match)


def _ranks(business: Business) -> dict[int, int]:
    facts = RegisterFacts.objects.filter(currency=business.currency).first()
    return dict(enumerate(facts.value_percentiles, 1)) if facts else {}


def _segments(catalogue: Catalogue) -> dict[int, Referred]:
    """Segments by id; one that the register cannot read any more, a field of its own having gone, is left out."""
    found: dict[int, Referred] = {}
    for segment in Segment.objects.all():
        try:
            found[segment.pk] = Referred(str(segment), tree_read(segment.tree, catalogue))
        except TreeError:
            continue
    return found
