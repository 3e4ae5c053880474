"""Possible duplicates on the card: a mark beside the tags, and a panel that leads to each pair."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.card.sockets import Act, Mark, Shown
from dedup.register.selectors import Row, matches_of
from dedup.review.others import others_of
from dedup.review.shown import merge_address
from dedup.review.state import QueueState
from dedup.review.wording import field_words, percent_words

SHOWN_MAX = 5


def duplicates_of_card(request: BusinessRequest, customer_id: int) -> Shown | None:
    """What the card shows of its open matches to those who may decide on them, and the way to a merge."""
    if not request.member.can(Capability.PROPOSE):
        return None
    rows = matches_of(customer_id=customer_id)
    slug = request.business.slug
    acts: tuple[Act, ...] = ()
    if request.member.can(Capability.MERGE):
        other = f"{reverse('merge_other', kwargs={'slug': slug})}?guests={customer_id}"
        acts = (Act(_("Merge with another card"), other, "merge"),)
    if not rows:
        return Shown(acts=acts) if acts else None
    label = ngettext("%(number)d possible duplicate", "%(number)d possible duplicates", len(rows))
    values = {
        "pairs": [_pair(slug, row, customer_id) for row in rows[:SHOWN_MAX]],
        "more": max(0, len(rows) - SHOWN_MAX),
        "merge_all_url": _all(request, customer_id, rows),
    }
    mark = Mark(label % {"number": len(rows)}, "#duplicates", icon="merge")
    return Shown("duplicates/_card_panel.html", values, mark, acts)


def _pair(slug: str, row: Row, customer_id: int) -> dict[str, object]:
    other = row.right if row.left.customer_id == customer_id else row.left
    place = QueueState(state=row.state, match=row.match_id).query
    return {
        "other": other,
        "percent": percent_words(row.probability),
        "agreeing": field_words(row.agreeing),
        "url": reverse("match_list", kwargs={"slug": slug}) + place,
    }


def _all(request: BusinessRequest, customer_id: int, rows: list[Row]) -> str:
    """Where the card and those that are like it and like each other become one; nothing when it has one match only."""
    if len(rows) < 2 or not request.member.can(Capability.MERGE):
        return ""
    first = rows[0]
    pair = [first.left.customer_id, first.right.customer_id]
    others = others_of(customer_ids=pair)
    return merge_address(request.business.slug, [*pair, *others]) if others else ""
