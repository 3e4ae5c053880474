"""The page of a guest's contact rules."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.changes.messages import named, undoable
from customers.permission.forms import RestrictionForm
from customers.permission.selectors import restriction_of, ways_to
from customers.permission.services import contact_rules_set, restriction_set

SWITCHED = {"on": True, "off": False}


@requires(Capability.CONSENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_rules(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The three rules and what they mean. POST ``do_not_contact`` or ``is_deceased``, each ``on`` or ``off``."""
    customer = _customer(customer_id)
    if request.method == "POST":
        act = contact_rules_set(
            customer_id=customer_id,
            do_not_contact=SWITCHED.get(request.POST.get("do_not_contact", "")),
            is_deceased=SWITCHED.get(request.POST.get("is_deceased", "")),
            member=request.member,
        )
        undoable(request, named(_("The contact rules of %(name)s are changed."), customer), act)
        return redirect("contact_rules", slug=slug, customer_id=customer_id)
    return _page(request, customer, RestrictionForm(is_restricted=customer.is_restricted))


@requires(Capability.RESTRICT)
@require_POST
def guest_restriction(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Restrict the processing of a guest's data, or lift it. POST ``restricted`` (``on``, ``off``) and ``reason``."""
    customer = _customer(customer_id)
    form = RestrictionForm(request.POST, is_restricted=customer.is_restricted)
    restricted = SWITCHED.get(request.POST.get("restricted", ""))
    if not form.is_valid() or restricted is None:
        return _page(request, customer, form)
    act = restriction_set(
        customer_id=customer_id,
        restricted=restricted,
        reason=form.cleaned_data["reason"],
        member=request.member,
        address=get_adapter().get_client_ip(request) or None,
    )
    if act is not None:
        said = _("The data of %(name)s are restricted.") if restricted else _("The restriction of %(name)s is lifted.")
        messages.success(request, said % {"name": customer})
    return redirect("contact_rules", slug=slug, customer_id=customer_id)


def _customer(customer_id: int) -> Customer:
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def _page(request: BusinessRequest, customer: Customer, form: RestrictionForm) -> HttpResponse:
    context = {
        "customer": customer,
        "ways": ways_to(customer_id=customer.pk),
        "restriction": restriction_of(customer=customer),
        "form": form,
        "can_restrict": request.member.can(Capability.RESTRICT),
    }
    return render(request, "consent/contact_rules.html", context, status=422 if form.is_bound else 200)


def restricted_page(request: BusinessRequest, customer: Customer) -> HttpResponse:
    """Instead of a form: the card can be read, but not changed. 409 to what would have changed it."""
    context = {"customer": customer, "can_consent": request.member.can(Capability.CONSENT)}
    return render(request, "consent/restricted.html", context, status=409 if request.method == "POST" else 200)
