"""The guest list: views as tabs, search box, chips, a page of rows. Its whole state is its address.

A card opened from a list carries that address, so that one can walk on to the next guest of it.
"""

from dataclasses import replace
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
from customers.bulk.asked import bar
from customers.filters import EMPTY
from customers.listing.chips import chips_of, list_link, name_of, problems_told
from customers.listing.columns import USUAL, cells_of, columns_known, columns_shown
from customers.listing.order import Order, Place, read_place, write_place
from customers.listing.selectors import COUNTED, guest_count, guest_page, place_of
from customers.listing.state import Asked, ListState, list_asked
from customers.segments.selectors import view_default, views_of
from customers.segments.services.segments import NAME_MAX

ADDRESS_LENGTH = 20_000
TARGET = "guests"
"""The part of the page that a search typed with script replaces."""


@requires(Capability.LOOK_UP)
@require_safe
def guest_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """A page of the list; to htmx only the part below the search box. Without a query, the member's first view."""
    is_part = bool(request.htmx) and (request.htmx.target or "").rpartition("#")[2] == TARGET
    default = view_default(member=request.member)
    if default is not None and not request.GET:
        return redirect(f"{request.path}?view={default.pk}")
    asked = list_asked(request.GET, business=request.business, member=request.member)
    if asked.is_typed and not is_part:
        return redirect(f"{request.path}{list_link(asked.state)}")
    state = asked.state if default is None or asked.state.view else replace(asked.state, is_all=True)
    context = _page(request, replace(asked, state=state))
    if is_part:
        return render(request, "guests/_rows.html", context)
    return render(request, "guests/list.html", {**context, **_frame(request, state, asked, default is not None)})


def _page(request: BusinessRequest, asked: Asked) -> dict[str, Any]:
    """What the part below the search box shows."""
    state, guests, names = asked.state, asked.guests, asked.names
    ignored = list(state.ignored)
    after, before = (_place(request, name, state.order, ignored) for name in ("after", "before"))
    page = guest_page(guests=guests, order=state.order, after=after, before=before)
    if not page.rows and (after or before):
        # Everybody on it is gone since the address was made.
        after = before = None
        page = guest_page(guests=guests, order=state.order)
    total = page.total
    if total is None:
        total = guest_count(guests=guests, most=COUNTED + 1) if page.rows else 0
    is_more = page.total is None and total > COUNTED
    columns = columns_shown(state.columns, names)
    can_segment = request.member.can(Capability.SEGMENT)
    return {
        "state": state,
        "page": page,
        "columns": columns,
        "rows": list(zip(page.rows, cells_of(page.rows, columns, names), strict=True)),
        "chips": chips_of(state, names, slug=request.business.slug),
        "problems": problems_told(state.problems, names),
        "is_guess": asked.is_guess,
        "sort": state.order.parameter,
        "total": COUNTED if is_more else total,
        "total_is_more": is_more,
        "whom": urlencode(state.whom()),
        "place": state.address,
        "without_text": list_link(replace(state, text="")),
        "everybody": list_link(replace(state, text="", tree=EMPTY)),
        "previous": _link(state, before=page.before),
        "next": _link(state, after=page.after),
        "is_first": after is None and before is None,
        "ignored": ignored,
        "bulk": bar(request) if request.member.can(Capability.TAG) or request.member.can(Capability.EXPORT) else None,
        "can_export": request.member.can(Capability.EXPORT),
        "can_import": request.member.can(Capability.IMPORT),
        "can_segment": can_segment,
        "can_change_view": state.view is not None and (can_segment or not state.view.is_shared),
        "segment_name": name_of(state, names, most=NAME_MAX) if can_segment else "",
    }


def _frame(request: BusinessRequest, state: ListState, asked: Asked, has_default: bool) -> dict[str, Any]:
    """What stands around it: the tabs of the views, and the columns to choose from."""
    shown = [column.key for column in columns_shown(state.columns, asked.names)]
    known = columns_known(asked.names)
    return {
        "views": views_of(member=request.member),
        "all_link": "?view=all" if has_default else reverse("guest_list", kwargs={"slug": request.business.slug}),
        "column_choices": [(key, known[key].label, True) for key in shown]
        + [(key, column.label, False) for key, column in known.items() if key not in shown],
        "list_density": state.density or request.user.density,
        **({"density": state.density} if state.density else {}),
    }


@requires(Capability.LOOK_UP)
@require_safe
def guest_columns(request: BusinessRequest, slug: str) -> HttpResponse:
    """The list of ``in`` with other columns: GET ``col`` repeated, and ``density``; ``usual`` for those there are
    anyway."""
    state = state_in(request).state
    keys = [] if "usual" in request.GET else [key for key in request.GET.getlist("col") if "," not in key]
    density = request.GET.get("density", "")
    query = QueryDict(mutable=True)
    query.update(dict(state.parameters()))
    query["cols"] = "" if tuple(keys) == USUAL else ",".join(keys)
    query["density"] = "" if density == request.user.density else density
    read = list_asked(query, business=request.business, member=request.member).state
    return redirect(f"{reverse('guest_list', kwargs={'slug': slug})}{list_link(read)}")


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
    asked = state_in(request)
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
    return redirect(f"{card}?{urlencode({'in': address_in(request).urlencode()})}")


def address_in(request: BusinessRequest) -> QueryDict:
    """The address of the list that a page belongs to, from its parameter ``in``."""
    given = request.POST if request.method == "POST" else request.GET
    return QueryDict(given.get("in", "")[:ADDRESS_LENGTH])


def state_in(request: BusinessRequest) -> Asked:
    """The list that a page belongs to."""
    return list_asked(address_in(request), business=request.business, member=request.member)


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
