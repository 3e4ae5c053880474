"""The guest list: search box, chips, a page of rows. Its whole state is its address.

A card opened from a list carries that address, so that one can walk on to the next guest of it.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from phonenumbers import country_code_for_region

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.fields.models import CustomField
from customers.fields.selectors import field_list, filter_fields
from customers.filters import GuestFilter, Ignored, read_filter
from customers.filters.own import PREFIX
from customers.listing.order import DEFAULT, Order, Place, read_order, read_place, write_place
from customers.listing.own_filters import own_chips, own_inputs
from customers.listing.selectors import (
    COUNTED,
    Found,
    guest_count,
    guest_page,
    guests_found,
    languages_spoken,
    place_of,
    tags_to_filter,
)

TARGET = "guests"
"""The part of the page that a search typed with script replaces."""


@requires(Capability.LOOK_UP)
@require_safe
def guest_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """A page of the list; to htmx only the part below the search box."""
    tags = tags_to_filter()
    fields = field_list(target=CustomField.Target.GUEST)
    guests, ignored = _filter(request.GET, tags)
    order, after, before = _place(request, ignored)
    found = _found(request, guests)
    page = guest_page(guests=guests, match=found.match, order=order, after=after, before=before)
    if not page.rows and (after or before):
        # Everybody on it is gone since the address was made.
        after = before = None
        page = guest_page(guests=guests, match=found.match, order=order)
    total = guest_count(guests=guests, match=found.match, most=COUNTED + 1) if page.rows else 0
    sort = "" if order == DEFAULT else order.parameter
    state = urlencode(guests.parameters())
    context = {
        "guests": guests,
        "page": page,
        "is_guess": found.is_guess,
        "sort": order.parameter,
        "sort_given": sort,
        "total": min(total, COUNTED),
        "total_is_more": total > COUNTED,
        "state": state,
        "place": urlencode([*guests.parameters(), *([("sort", sort)] if sort else [])]),
        "previous": _link(guests, sort, before=page.before),
        "next": _link(guests, sort, after=page.after),
        "is_first": after is None and before is None,
        "ignored": ignored,
        "active_tags": [tags[tag] for tag in guests.tags],
        "active_sources": [(source, Customer.Source(source).label) for source in guests.sources],
        "dates": _dates(guests, sort),
        "own_chips": own_chips(fields, guests, sort),
        "can_export": request.member.can(Capability.EXPORT),
        "can_import": request.member.can(Capability.IMPORT),
    }
    if request.htmx and (request.htmx.target or "").rpartition("#")[2] == TARGET:
        return render(request, "guests/_rows.html", context)
    context |= {
        "all_tags": sorted(tags.values(), key=lambda tag: (not tag.code, str(tag).casefold())),
        "languages": languages_spoken(),
        "sources": Customer.Source.choices,
        "own_inputs": own_inputs(fields, guests),
        "filter_is_open": "filter" in request.GET,
    }
    return render(request, "guests/list.html", context)


@requires(Capability.LOOK_UP)
@require_safe
def guest_total(request: BusinessRequest, slug: str) -> HttpResponse:
    """How many guests the list's filter shows, exactly: asked for by the page once it stands."""
    guests, _ignored = _filter(request.GET, tags_to_filter())
    total = guest_count(guests=guests, match=_found(request, guests).match)
    return render(request, "guests/_total.html", {"total": total})


@requires(Capability.LOOK_UP)
@require_safe
def guest_neighbour(request: BusinessRequest, slug: str, customer_id: int, step: str) -> HttpResponse:
    """The card after or before this one in the list whose address is ``in``; at its end a word instead."""
    state = QueryDict(request.GET.get("in", "")[:2000])
    order = read_order(state.get("sort", "")) or DEFAULT
    place = place_of(customer_id=customer_id, order=order)
    if place is None:
        raise Http404
    guests, _ignored = _filter(state, tags_to_filter())
    match = _found(request, guests).match
    start = {"after": place} if step == "next" else {"before": place}
    page = guest_page(guests=guests, match=match, order=order, size=1, **start)
    if page.rows:
        customer_id = page.rows[0].customer_id
    else:
        last = _("This is the last guest of the list.") if step == "next" else _("This is the first guest of the list.")
        messages.info(request, last)
    address = reverse("guest_card", kwargs={"slug": slug, "customer_id": customer_id})
    return redirect(f"{address}?{urlencode({'in': state.urlencode()})}")


def _filter(parameters: QueryDict, tags: Mapping[int, Any]) -> tuple[GuestFilter, list[Ignored]]:
    fields = filter_fields() if any(name.startswith(PREFIX) for name in parameters) else ()
    return read_filter(dict(parameters.lists()), tags=tags, sources=Customer.Source.values, fields=fields)


def _found(request: BusinessRequest, guests: GuestFilter) -> Found:
    return guests_found(
        text=guests.text,
        today=timezone.localdate(timezone=request.business.zone),
        calling_code=country_code_for_region(request.business.country) or None,
    )


def _place(request: BusinessRequest, ignored: list[Ignored]) -> tuple[Order, Place | None, Place | None]:
    """The order and the page's place; what cannot be read is noted and left out."""
    wanted = request.GET.get("sort", "")
    order = read_order(wanted) if wanted else DEFAULT
    if order is None:
        ignored.append(Ignored("sort", wanted[:40]))
        order = DEFAULT
    places: dict[str, Place | None] = {}
    for name in ("after", "before"):
        given = request.GET.get(name, "")
        places[name] = read_place(given, order) if given else None
        if given and places[name] is None:
            ignored.append(Ignored(name, given[:40]))
    return order, places["after"], places["before"]


def _link(guests: GuestFilter, sort: str, **places: Place | None) -> str:
    """The address of a neighbouring page; empty when there is none."""
    (name, place), *_none = places.items()
    if place is None:
        return ""
    sorting = [("sort", sort)] if sort else []
    return "?" + urlencode([*guests.parameters(), *sorting, (name, write_place(place))])


def _dates(guests: GuestFilter, sort: str) -> dict[str, Any] | None:
    """The last-stay filter for its chip, with what the address is without it."""
    if not guests.has_dates:
        return None
    rest = urlencode([*guests.without_dates().parameters(), *([("sort", sort)] if sort else [])])
    return {"first": guests.stayed_from, "last": guests.stayed_until, "remove": f"?{rest}"}
