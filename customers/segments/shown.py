"""What the pages of segments show of a filter: its figures, and the lists they open."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import Business
from customers.conditions.counts import Figures, tree_figures
from customers.conditions.selectors import Wanted, filter_context
from customers.consent.models import Channel
from customers.facts.models import RegisterFacts
from customers.filters import Catalogue, Condition, Group, tree_dumps
from customers.listing.selectors import Row, guest_rows

FIELDS = {Channel.EMAIL.value: "email_reach", Channel.SMS.value: "sms_reach"}


@dataclass(frozen=True)
class Live:
    """A filter counted: for the panel beside the builder.

    ``channels`` are dicts of the channel's code, how many are reachable, why the others are not, and the lists of each.
    """

    figures: Figures
    channels: list[dict[str, Any]]
    sample: list[Row]
    list_url: str
    address: str
    """The filter as the list's address holds it, without the question mark."""
    as_of: Any


def figures_of(tree: Group, *, business: Business, catalogue: Catalogue, exact: bool = False) -> Figures:
    """Count a filter. Raises :class:`customers.filters.TreeError` where it names a segment that is gone."""
    context = filter_context(business=business, catalogue=catalogue, trees=[tree])
    return tree_figures(Wanted(tree, catalogue, context), exact=exact)


def live_of(tree: Group, *, business: Business, catalogue: Catalogue, exact: bool = False) -> Live:
    """Count a filter and pick the guests to show. Raises as :func:`figures_of`."""
    figures = figures_of(tree, business=business, catalogue=catalogue, exact=exact)
    facts = RegisterFacts.objects.first()
    return Live(
        figures,
        channels_of(figures, tree, business),
        guest_rows(customer_ids=figures.sample),
        list_address(tree, business),
        urlencode({"filter": tree_dumps(tree)}),
        facts.counted_on if facts else None,
    )


def channels_of(figures: Figures, tree: Group, business: Business) -> list[dict[str, Any]]:
    """Reach by channel, as a template shows it; the addresses are empty where a filter takes no further condition."""

    def narrowed(channel: str, value: str) -> str:
        if not tree.takes_more:
            return ""
        return list_address(tree.with_rule(Condition(FIELDS[channel], "any_of", (value,))), business)

    return [
        {
            "channel": channel,
            "reachable": reach.reachable,
            "url": narrowed(channel, "ok"),
            "why_not": [
                {"label": reason.label, "number": number, "url": narrowed(channel, reason.value)}
                for reason, number in reach.why_not
            ],
        }
        for channel, reach in figures.reach.items()
    ]


def list_address(tree: Group, business: Business) -> str:
    """The guest list with this filter."""
    url = reverse("guest_list", kwargs={"slug": business.slug})
    text = tree_dumps(tree)
    return f"{url}?{urlencode({'filter': text})}" if text else url
