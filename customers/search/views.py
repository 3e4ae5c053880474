"""The palette: a fragment with the guests meant, then commands."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from phonenumbers import country_code_for_region

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.conditions.names import Names
from customers.conditions.selectors import filter_catalogue
from customers.conditions.typed import has_operators
from customers.conditions.words import tree_words
from customers.listing.state import ListState, with_typed
from customers.search.hits import hits_of, recent_guests
from customers.search.selectors import guests_lookup


@requires(Capability.LOOK_UP)
@require_safe
def guest_lookup(request: BusinessRequest, slug: str) -> HttpResponse:
    """At most eight guests for ``?q=``, with commands; without a text those this member opened last."""
    text = request.GET.get("q", "").strip()
    today = timezone.localdate(timezone=request.business.zone)
    said, typed = _typed(request, text)
    found = guests_lookup(
        text=typed.text,
        today=today,
        member_id=request.member.pk,
        calling_code=country_code_for_region(request.business.country) or None,
    )
    if said and not typed.text:
        hits = []
    elif text:
        hits = hits_of(customer_ids=[candidate.customer_id for candidate in found], today=today)
    else:
        hits = recent_guests(member_id=request.member.pk, today=today)
    context = {
        "query": text,
        "lowered": text.lower(),
        "list_query": typed.address,
        "said": said,
        "hits": hits,
        "is_guess": bool(hits and found) and not found[0].direct,
    }
    return render(request, "search/palette.html", context)


def _typed(request: BusinessRequest, text: str) -> tuple[str, ListState]:
    """The guest list that a text asks for, and the conditions typed into it, in words."""
    state = ListState(text=text)
    if not has_operators(text):
        return "", state
    names = Names(business=request.business, catalogue=filter_catalogue())
    state = with_typed(state, names)
    return tree_words(state.tree, names), state
