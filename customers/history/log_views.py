"""Calls and visits logged by hand, and notes pinned above the timeline."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.changes.messages import undoable
from customers.history.found import guest_or_404, of_guest_or_404
from customers.history.log_forms import LogForm
from customers.history.models import Activity
from customers.history.services import ActivityRefused, activity_add, activity_pin


@requires(Capability.TAG)
@require_http_methods(["GET", "HEAD", "POST"])
def activity_new(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Log a call, visit, e-mail or note with the time it happened."""
    customer = guest_or_404(customer_id)
    now = timezone.localtime(timezone=request.business.zone)
    form = LogForm(request.POST or None, initial={"at": now, "kind": Activity.Kind.CALL})
    if request.method == "POST" and form.is_valid():
        try:
            activity, act = activity_add(
                customer_id=customer_id,
                kind=form.cleaned_data["kind"],
                at=form.cleaned_data["at"],
                text=form.cleaned_data["text"],
                member=request.member,
            )
            undoable(request, _("%(kind)s saved.") % {"kind": activity.get_kind_display()}, act)
            return redirect("guest_card", slug=slug, customer_id=customer_id)
        except ActivityRefused as refused:
            form.add_error("at", str(refused))
    title = _("Log what happened with %(name)s") % {"name": customer}
    context = {"form": form, "customer": customer, "title": title, "submit": _("Save")}
    return render(request, "history/entry.html", context, status=422 if form.errors else 200)


@requires(Capability.TAG)
@require_POST
def activity_pin_set(request: BusinessRequest, slug: str, customer_id: int, activity_id: int) -> HttpResponse:
    """Pin a note above the timeline; with ``unpin`` take it down."""
    of_guest_or_404(Activity, customer_id, activity_id)
    pinned = "unpin" not in request.POST
    try:
        act = activity_pin(activity_id=activity_id, pinned=pinned, member=request.member)
        undoable(request, _("The note is pinned.") if pinned else _("The note is taken down."), act)
    except ActivityRefused as refused:
        messages.error(request, str(refused))
    return redirect("guest_card", slug=slug, customer_id=customer_id)
