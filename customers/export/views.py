"""The guest list as a file."""

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import BusinessRequest, requires
from accounts.audit import audit_record
from accounts.models import Capability
from customers.card.models import Customer
from customers.export.copy import guest_copy
from customers.export.services import guests_export
from customers.listing.page_sql import matching
from customers.listing.state import list_asked
from customers.sensitive.selectors import sensitive_view


@requires(Capability.EXPORT)
@require_POST
def guest_export(request: BusinessRequest, slug: str) -> HttpResponse | FileResponse:
    """The guests of the list whose filter stands in the address, as CSV."""
    today = timezone.localdate(timezone=request.business.zone)
    asked = list_asked(request.GET, business=request.business)
    matched = matching(asked.guests)
    exported = guests_export(
        condition=f"c.id IN ({matched.text})",
        values=matched.values,
        described={"filter": asked.state.whom()},
        member=request.member,
        address=request.META.get("REMOTE_ADDR"),
    )
    name = f"{request.business.slug}-guests-{today:%Y-%m-%d}.csv"
    if exported.left_out:
        messages.warning(request, left_out_message(exported.left_out))
    return FileResponse(exported.file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


@requires(Capability.PRIVACY)
@require_POST
def guest_copy_file(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Everything the business holds about one guest, as JSON to hand to them."""
    try:
        opened = sensitive_view(business=request.business, customer_id=customer_id, member=request.member)
        held = guest_copy(customer_id=customer_id, opened=opened)
    except Customer.DoesNotExist as error:
        raise Http404 from error
    audit_record(
        action="guest.copied",
        member=request.member,
        object_type="customer",
        object_id=customer_id,
        address=request.META.get("REMOTE_ADDR"),
    )
    answer = JsonResponse(held, encoder=DjangoJSONEncoder, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer.headers["Content-Disposition"] = f'attachment; filename="guest-{customer_id}.json"'
    return answer


def left_out_message(number: int) -> str:
    """What the next page says of restricted guests that an export lacks."""
    return ngettext(
        "%(number)d guest is not in the file: the processing of their data is restricted.",
        "%(number)d guests are not in the file: the processing of their data is restricted.",
        number,
    ) % {"number": number}
