"""The guest list: search box, chips, a page of rows. Its whole state is its address.

A card opened from a list carries that address, so that one can walk on to the next guest of it.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.listing.order import DEFAULT, Order, Place, read_place, write_place
from customers.listing.selectors import COUNTED, guest_count, guest_page, place_of
from customers.listing.state import ListState, list_asked

ADDRESS_LENGTH = 20_000
TARGET = "guests"
"""The part of the page that a search typed with script replaces."""


@requires(Capability.LOOK_UP)
@require_safe
def guest_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """A page of the list; to htmx only the part below the search box."""
    asked = list_asked(request.GET, business=request.business)
    state, guests = asked.state, asked.guests
    ignored = list(state.ignored)
    after, before = (_place(request, name, state.order, ignored) for name in ("after", "before"))
    page = guest_page(guests=guests, order=state.order, after=after, before=before)
    if not page.rows and (after or before):
        # Everybody on it is gone since the address was made.
        after = before = None
        page = guest_page(guests=guests, order=state.order)
    total = guest_count(guests=guests, most=COUNTED + 1) if page.rows else 0
    context: dict[str, Any] = {
        "state": state,
        "page": page,
        "is_guess": asked.is_guess,
        "sort": state.order.parameter,
        "sort_given": "" if state.order == DEFAULT else state.order.parameter,
        "total": min(total, COUNTED),
        "total_is_more": total > COUNTED,
        "whom": urlencode(state.whom()),
        "place": state.address,
        "previous": _link(state, before=page.before),
        "next": _link(state, after=page.after),
        "is_first": after is None and before is None,
        "ignored": ignored,
        "can_export": request.member.can(Capability.EXPORT),
        "can_import": request.member.can(Capability.IMPORT),
    }
    if request.htmx and (request.htmx.target or "").rpartition("#")[2] == TARGET:
        return render(request, "guests/_rows.html", context)
    return render(request, "guests/list.html", context)


@requires(Capability.LOOK_UP)
@require_safe
def guest_total(request: BusinessRequest, slug: str) -> HttpResponse:
    """How many guests the list's filter shows, exactly: asked for by the page once it stands."""
    total = guest_count(guests=list_asked(request.GET, business=request.business).guests)
    return render(request, "guests/_total.html", {"total": total})


@requires(Capability.LOOK_UP)
@require_safe
def guest_neighbour(request: BusinessRequest, slug: str, customer_id: int, step: str) -> HttpResponse:
    """The card after or before this one in the list whose address is ``in``; at its end a word instead."""
    address = QueryDict(request.GET.get("in", "")[:ADDRESS_LENGTH])
    asked = list_asked(address, business=request.business)
    place = place_of(customer_id=customer_id, order=asked.state.order)
    if place is None:
        raise Http404
    start = {"after": place} if step == "next" else {"before": place}
    page = guest_page(guests=asked.guests, order=asked.state.order, size=1, **start)
    if page.rows:
        customer_id = page.rows[0].customer_id
    else:
        last = _("This is the last guest of the list.") if step == "next" else _("This is the first guest of the list.")
        messages.info(request, last)
    card = reverse("guest_card", kwargs={"slug": slug, "customer_id": customer_id})
    return redirect(f"{card}?{urlencode({'in': address.urlencode()})}")


def _place(request: BusinessRequest, name: str, order: Order, ignored: list[tuple[str, str]]) -> Place | None:
    """The page's place; one that cannot be read is noted and left out."""
    given = request.GET.get(name, "")
    place = read_place(given, order) if given else None
    if given and place is None:
        ignored.append((name, given[:40]))
    return place


def _link(state: ListState, **places: Place | None) -> str:
    """The address of a neighbouring page; empty when there is none."""
    (name, place), *_none = places.items()
    return "?" + urlencode([*state.parameters(), (name, write_place(place))]) if place is not None else ""
