"""Where a business opens: three steps while its register is empty, Today afterwards."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.changes.services import CannotUndo, change_set_undo
from customers.sample.selectors import sample_current
from customers.today.views import today_page


@requires(Capability.LOOK_UP)
@require_safe
def business_home(request: BusinessRequest, slug: str) -> HttpResponse:
    """Import a file, add a guest or try sample data; with guests, Today."""
    sample = sample_current()
    if Customer.objects.exists():
        return today_page(request, sample=sample, may_remove=request.member.can(Capability.UNDO))
    context = {
        "sample": sample,
        "may_import": request.member.can(Capability.IMPORT),
        "may_edit": request.member.can(Capability.EDIT),
        "may_remove": request.member.can(Capability.UNDO),
    }
    return render(request, "accounts/start.html", context)


@requires(Capability.IMPORT)
@require_POST
def sample_add(request: BusinessRequest, slug: str) -> HttpResponse:
    """Fill the register with invented guests; a second time changes nothing."""
    if sample_current() is None:
        # Names and seasons of six countries: loaded by the few requests that need them.
        from customers.sample import services as sample

        try:
            act = sample.sample_add(business=request.business, member=request.member)
        except sample.SampleExists as refused:
            messages.info(request, str(refused))
            return redirect("business_home", slug=slug)
        undo = reverse("change_undo", kwargs={"slug": slug, "change_set_id": act.pk})
        messages.success(request, _("Sample guests are in the register."), extra_tags=f"undo={undo}")
    return redirect("guest_list", slug=slug)


@requires(Capability.UNDO)
@require_POST
def sample_remove(request: BusinessRequest, slug: str) -> HttpResponse:
    """Take the sample out again, by undoing the act that brought it; what was edited since is kept and said."""
    sample = sample_current()
    if sample is not None:
        try:
            _act, outcome = change_set_undo(change_set_id=sample.pk, member=request.member)
        except CannotUndo as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The sample guests are gone."))
            if outcome.kept:
                messages.info(request, _("What you had changed of them was kept. You find it among the guests."))
    return redirect("business_home", slug=slug)
