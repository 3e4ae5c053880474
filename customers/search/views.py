"""The palette: a fragment with the guests meant, then commands."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from phonenumbers import country_code_for_region

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.search.hits import hits_of, recent_guests
from customers.search.selectors import guests_lookup


@requires(Capability.LOOK_UP)
@require_safe
def guest_lookup(request: BusinessRequest, slug: str) -> HttpResponse:
    """At most eight guests for ``?q=``, with commands; without a text those this member opened last."""
    text = request.GET.get("q", "").strip()
    today = timezone.localdate(timezone=request.business.zone)
    found = guests_lookup(
        text=text,
        today=today,
        member_id=request.member.pk,
        calling_code=country_code_for_region(request.business.country) or None,
    )
    if text:
        hits = hits_of(customer_ids=[candidate.customer_id for candidate in found], today=today)
    else:
        hits = recent_guests(member_id=request.member.pk, today=today)
    context = {
        "query": text,
        "lowered": text.lower(),
        "list_query": urlencode({"q": text}),
        "hits": hits,
        "is_guess": bool(found) and not found[0].direct,
    }
    return render(request, "search/palette.html", context)
