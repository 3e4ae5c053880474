"""A new guest, and who it may be already."""

from typing import Any, NamedTuple

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.forms import GuestForm
from customers.card.same import Names, Probable, probable_same
from customers.card.saving import guest_create
from customers.changes.messages import named, undoable
from customers.fields.values import date_read
from customers.search.hits import Hit, hits_of

READ_MAX = 254
"""Characters of a typed value that are looked at: more are no name, address or number."""


MORE = ("kind", "organisation_number", "street", "postal_code", "city", "country")
"""What else of a form tells who somebody is."""


class Likely(NamedTuple):
    """A card that is probably the same guest, as the page shows it."""

    probable: Probable
    hit: Hit


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def guest_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """A new card. Cards that are probably the same guest are shown once before another is made; POST ``known`` names
    those that have been shown."""
    form = GuestForm(request.POST if request.method == "POST" else None, business=request.business)
    if request.method == "POST" and (more := request.POST.get("more")):
        return guest_form_page(request, form.rearranged(more))
    if form.is_valid():
        likely = _likely(request)
        if any(str(each.probable.customer_id) not in request.POST.getlist("known") for each in likely):
            return guest_form_page(request, form, status=422, likely=likely, asks=True)
        customer, act = guest_create(
            business=request.business,
            values=form.values(),
            contacts=form.contacts(),
            own=form.own_values(),
            member=request.member,
        )
        undoable(request, named(_("%(name)s is in the register."), customer), act)
        return redirect("guest_card", slug=slug, customer_id=customer.pk)
    return guest_form_page(request, form)


@requires(Capability.EDIT)
@require_POST
def guest_check(request: BusinessRequest, slug: str) -> HttpResponse:
    """Who a guest being written may be already, as a fragment. POST what the form holds so far: nothing is kept.

    It is a POST because what is typed must not stand in an address, which servers write down.
    """
    return render(request, "guests/_same.html", {"likely": _likely(request)})


def guest_form_page(
    request: BusinessRequest, form: GuestForm, customer: Any = None, *, status: int = 0, **context: Any
) -> HttpResponse:
    """The form of a new guest or of a card."""
    page = {"form": form, "customer": customer, **context}
    return render(request, "guests/form.html", page, status=status or (422 if form.errors else 200))


def _likely(request: BusinessRequest) -> list[Likely]:
    post: QueryDict = request.POST

    def typed(name: str) -> str:
        return post.get(name, "")[:READ_MAX].replace("\x00", "")

    def rows(kind: str) -> list[str]:
        return [typed(name) for name in post if name.startswith(f"{kind}_") and name[6:].isdecimal()][:30]

    found = probable_same(
        emails=rows("email"),
        phones=rows("phone"),
        names=Names(typed("given_name"), typed("family_name"), typed("company_name")),
        birth_date=date_read(typed("birth_date").strip()).date,
        country=request.business.country,
        more={name: typed(name) for name in MORE},
    )
    today = timezone.localdate(timezone=request.business.zone)
    hits = {hit.customer_id: hit for hit in hits_of(customer_ids=[each.customer_id for each in found], today=today)}
    return [Likely(each, hits[each.customer_id]) for each in found if each.customer_id in hits]
