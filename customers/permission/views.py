"""The page of a guest's contact rules."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import ContactPoint, Customer
from customers.changes.messages import named, undoable
from customers.permission.forms import LiftForm, RestrictionForm
from customers.permission.selectors import restriction_of, suppressed_of, ways_to
from customers.permission.services import contact_rules_set, restriction_set
from customers.permission.suppressing import CannotLift, suppression_add, suppression_lift

SWITCHED = {"on": True, "off": False}
ID_DIGITS = 18


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


@requires(Capability.CONSENT)
@require_POST
def guest_suppress(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Never write to an address of a guest again. POST ``point``, a contact point's id."""
    customer = _customer(customer_id)
    point = _point(customer, request.POST.get("point", ""))
    if point is None:
        return _page(request, customer, RestrictionForm(is_restricted=customer.is_restricted), status=422)
    row = suppression_add(
        kind=point.kind,
        normalised=point.normalised,
        customer_id=customer.pk,
        member=request.member,
        address=get_adapter().get_client_ip(request) or None,
    )
    if row is not None:
        messages.success(request, _("Nothing is sent to %(address)s any more.") % {"address": point})
    return redirect("contact_rules", slug=slug, customer_id=customer_id)


@requires(Capability.CONSENT)
@require_POST
def suppression_let_go(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Let an address of a guest go again. POST ``point``, ``of`` (the reason it is on the list for) and ``reason``."""
    customer = _customer(customer_id)
    point = _point(customer, request.POST.get("point", ""))
    form = LiftForm(request.POST)
    if not form.is_valid() or point is None:
        return _page(request, customer, RestrictionForm(is_restricted=customer.is_restricted), lift=form)
    try:
        suppression_lift(
            kind=point.kind,
            normalised=point.normalised,
            reason=form.cleaned_data["of"],
            why=form.cleaned_data["reason"],
            member=request.member,
            address=get_adapter().get_client_ip(request) or None,
        )
    except CannotLift as error:
        form.add_error("reason", str(error))
        return _page(request, customer, RestrictionForm(is_restricted=customer.is_restricted), lift=form)
    messages.success(request, _("Messages may go to %(address)s again.") % {"address": point})
    return redirect("contact_rules", slug=slug, customer_id=customer_id)


def _point(customer: Customer, pk: str) -> ContactPoint | None:
    """An address of the guest, by its id; ``None`` for one of somebody else or none."""
    if not pk.isascii() or not pk.isdecimal() or len(pk) > ID_DIGITS:
        return None
    return ContactPoint.objects.filter(customer=customer, pk=pk).exclude(normalised="").first()


def _customer(customer_id: int) -> Customer:
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def _page(
    request: BusinessRequest,
    customer: Customer,
    form: RestrictionForm,
    lift: LiftForm | None = None,
    status: int = 200,
) -> HttpResponse:
    suppressed, usable = suppressed_of(customer_id=customer.pk)
    context = {
        "suppressed": suppressed,
        "usable": usable,
        "lift": lift,
        "lifting": (lift.data.get("point"), lift.data.get("of")) if lift else None,
        "customer": customer,
        "ways": ways_to(customer_id=customer.pk),
        "restriction": restriction_of(customer=customer),
        "form": form,
        "can_restrict": request.member.can(Capability.RESTRICT),
    }
    return render(request, "consent/contact_rules.html", context, status=422 if form.is_bound or lift else status)


def restricted_page(request: BusinessRequest, customer: Customer) -> HttpResponse:
    """Instead of a form: the card can be read, but not changed. 409 to what would have changed it."""
    context = {"customer": customer, "can_consent": request.member.can(Capability.CONSENT)}
    return render(request, "consent/restricted.html", context, status=409 if request.method == "POST" else 200)
