"""Pages of sensitive details: changed in place on the card, or on a page of their own without script."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, retarget

from accounts.access import BusinessRequest, requires
from accounts.models import Business, Capability, Member, Role
from customers.card.models import Customer
from customers.card.services import CardRestricted, EditConflict
from customers.changes.messages import undoable
from customers.changes.models import Change, ChangeSet
from customers.sensitive.forms import SensitiveForm
from customers.sensitive.selectors import SensitivePanel, may_see_sensitive, sensitive_panel
from customers.sensitive.services import ConsentMissing, sensitive_update


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def guest_sensitive(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Change a guest's sensitive details. What a colleague changed meanwhile is shown, never overwritten unawares."""
    customer = _customer(customer_id)
    if not may_see_sensitive(business=request.business, member=request.member):
        return _not_yours(request)
    panel = _panel(request, customer_id)
    form = SensitiveForm(request.POST or None, texts=panel.texts, closed=panel.closed)
    if request.method == "POST" and form.is_valid():
        try:
            act = sensitive_update(
                customer_id=customer_id,
                values={k: v for k, v in form.values().items() if request.POST.get(f"keep_{k}") != "theirs"},
                seen=form.cleaned_data["seen"],
                member=request.member,
            )
        except EditConflict as conflict:
            form = _after_conflict(request, panel, conflict)
        except (ConsentMissing, CardRestricted) as refused:
            form.add_error(None, str(refused))
        else:
            _tell(request, act)
            if not request.htmx:
                return redirect("guest_card", slug=slug, customer_id=customer_id)
            return _swap(request, customer, _panel(request, customer_id), saved=True)
    context = {"customer": customer, "sensitive": panel, "form": form}
    page = "sensitive/_form.html" if request.htmx else "sensitive/edit.html"
    return render(request, page, context, status=422 if form.errors else 200)


@requires(Capability.EDIT)
@require_safe
def guest_sensitive_panel(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The panel as it stands, to put back what was opened for editing."""
    customer = _customer(customer_id)
    if not may_see_sensitive(business=request.business, member=request.member):
        return _not_yours(request)
    if not request.htmx:
        return redirect("guest_card", slug=slug, customer_id=customer_id)
    return _swap(request, customer, _panel(request, customer_id))


def _customer(customer_id: int) -> Customer:
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def _panel(request: BusinessRequest, customer_id: int) -> SensitivePanel:
    panel = sensitive_panel(business=request.business, customer_id=customer_id, member=request.member)
    if panel is None:
        raise Http404
    return panel


def _swap(request: BusinessRequest, customer: Customer, panel: SensitivePanel, *, saved: bool = False) -> HttpResponse:
    """The panel in place of the form, and once saved the alert in the card's header."""
    context = {"customer": customer, "sensitive": panel, "can_edit": True, "edited": True, "saved": saved}
    return reswap(retarget(render(request, "sensitive/_swap.html", context), "#sensitive"), "outerHTML")


def _tell(request: BusinessRequest, act: ChangeSet | None) -> None:
    """Undo is offered where it brings back what was there before: only where nothing was."""
    if act is None:
        return
    if Change.objects.filter(change_set_id=act.pk).exclude(act=Change.Act.INSERT).exists():
        messages.success(request, _("The sensitive details are saved."))
    else:
        undoable(request, _("The sensitive details are saved."), act)


def _after_conflict(request: BusinessRequest, panel: SensitivePanel, conflict: EditConflict) -> SensitiveForm:
    """The editor's own texts again, starting from the details as they are now: saving once more is done knowingly."""
    posted = request.POST.copy()
    posted["seen"] = SensitiveForm(texts=panel.texts, closed=panel.closed).initial["seen"]
    form = SensitiveForm(posted, texts=panel.texts, closed=panel.closed)
    form.full_clean()
    for kind, theirs in conflict.current.items():
        mine = form.cleaned_data.get(kind, "")
        form.conflicts.append(
            {"name": kind, "label": form[kind].label, "mine": mine or _("empty"), "theirs": theirs or _("empty")}
        )
        form.add_error(
            kind,
            _("A colleague changed this to “%(value)s” while you were editing.") % {"value": theirs or _("empty")},
        )
    return form


def _not_yours(request: BusinessRequest) -> HttpResponse:
    """The page for a member whose role the business does not let see sensitive details; it names who can."""
    business: Business = request.business
    colleagues = (
        Member.objects.filter(role__in=business.sensitive_roles, is_active=True)
        .select_related("user")
        .order_by("user__name", "id")[:5]
    )
    context: dict[str, Any] = {
        "capability": _("see sensitive details"),
        "roles": [Role(role).label for role in business.sensitive_roles],
        "colleagues": list(colleagues),
    }
    return render(request, "errors/403.html", context, status=403)
