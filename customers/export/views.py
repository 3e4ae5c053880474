"""The guest list as a file."""

from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST
from phonenumbers import country_code_for_region

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer, Tag
from customers.export.services import guests_export
from customers.filters import read_filter
from customers.filters.conditions import on_sets
from customers.listing.selectors import guests_found


@requires(Capability.EXPORT)
@require_POST
def guest_export(request: BusinessRequest, slug: str) -> HttpResponse | FileResponse:
    """The guests of the list whose filter stands in the address, as CSV."""
    today = timezone.localdate(timezone=request.business.zone)
    guests, _ignored = read_filter(
        dict(request.GET.lists()),
        tags=set(Tag.objects.values_list("pk", flat=True)),
        sources=Customer.Source.values,
    )
    found = guests_found(
        text=guests.text, today=today, calling_code=country_code_for_region(request.business.country) or None
    )
    condition = on_sets(guests, found.match)
    target = guests_export(
        condition=condition.text,
        values=condition.values,
        described={"filter": guests.parameters()},
        member=request.member,
        address=request.META.get("REMOTE_ADDR"),
    )
    name = f"{request.business.slug}-guests-{today:%Y-%m-%d}.csv"
    return FileResponse(target, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
