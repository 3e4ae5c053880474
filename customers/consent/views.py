"""Pages of consents: the evidence of a guest, recording a decision, files, and the wordings."""

from datetime import timedelta
from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.card.models import Customer
from customers.consent.exports import evidence_export, wording_text
from customers.consent.forms import ConsentForm, WordingForm
from customers.consent.labels import BY_KEY, LABELS
from customers.consent.models import ConsentEvent, Purpose
from customers.consent.selectors import consent_events, consents_of, wording_lines
from customers.consent.services import WordingConflict, consent_record, wording_add
from customers.permission.leaving import left_heed
from customers.sensitive.tasks import sensitive_erase

SOON = timedelta(minutes=1)
"""A decision recorded later than this after it was made is shown with both moments."""


@requires(Capability.CONSENT)
@require_safe
def guest_consents(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The evidence: what holds, and every decision with its words, source and proof."""
    return _evidence_page(request, _customer(customer_id), ConsentForm(business=request.business))


@requires(Capability.CONSENT)
@require_POST
def consent_add(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Record a decision. POST ``grant`` or ``withdraw`` (a consent's key), or the whole form.

    A member's IP address says nothing of where the guest decided: none is kept.
    """
    customer = _customer(customer_id)
    data: dict[str, Any] = request.POST.dict()
    for name, act in (("grant", ConsentEvent.Act.GRANTED), ("withdraw", ConsentEvent.Act.WITHDRAWN)):
        if name in request.POST:
            data = {"consent": request.POST[name], "act": act, "source": ConsentEvent.Source.DESK}
    form = ConsentForm(data, business=request.business)
    if not form.is_valid():
        return _evidence_page(request, customer, form)
    values = form.values()
    consent_record(customer_id=customer_id, member=request.member, **values)
    if values["purpose"] == Purpose.NEWSLETTER and not values["granted"]:
        left_heed(customer_id=customer_id, channel=values["channel"], source=str(request.member))
    if values["purpose"] == Purpose.SENSITIVE and not values["granted"]:
        # A broker that is away loses nothing: the sweep erases what is due.
        transaction.on_commit(partial(sensitive_erase.delay, request.business.pk), robust=True)
    _tell(request, customer_id, (values["purpose"], values["channel"]), granted=values["granted"])
    if request.POST.get("page") == "evidence":
        return redirect("guest_consents", slug=slug, customer_id=customer_id)
    return redirect(reverse("guest_card", kwargs={"slug": slug, "customer_id": customer_id}) + "#consents")


@requires(Capability.CONSENT)
@require_POST
def guest_consents_export(request: BusinessRequest, slug: str, customer_id: int) -> FileResponse:
    """One guest's evidence as CSV."""
    target = evidence_export(customer_id=_customer(customer_id).pk, member=request.member, address=_address(request))
    return _csv(request, target, f"consents-{customer_id}")


@requires(Capability.SET_UP)
@require_safe
def wording_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """The wordings in force."""
    context = {"lines": wording_lines(), "can_export": request.member.can(Capability.EXPORT)}
    return render(request, "consent/wordings.html", context)


@requires(Capability.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def wording_edit(request: BusinessRequest, slug: str) -> HttpResponse:
    """Write a consent's next version; ``?consent=`` names it (``newsletter-email``)."""
    if "consent" not in request.GET:
        return redirect("wording_list", slug=slug)
    consent = BY_KEY.get(request.GET["consent"])
    if consent is None:
        raise Http404
    (line,) = wording_lines(consents=[consent])
    form = WordingForm(request.POST or None, business=request.business, line=line)
    if form.is_valid():
        try:
            written = wording_add(
                purpose=line.purpose,
                channel=line.channel,
                texts=form.texts(),
                seen=form.cleaned_data["seen"],
                member=request.member,
            )
        except WordingConflict as conflict:
            (line,) = wording_lines(consents=[consent])
            posted = request.POST.copy()
            posted["seen"] = str(line.current.version if line.current else 0)
            form = WordingForm(posted, business=request.business, line=line)
            form.add_error(None, f"{conflict} " + _("It stands beside yours. Save again to put yours after it."))
        else:
            if written is not None:
                said = _("%(consent)s: version %(version)d is in force.")
                messages.success(request, said % {"consent": line.label, "version": written.version})
            return redirect("wording_list", slug=slug)
    context = {"line": line, "form": form}
    return render(request, "consent/wording.html", context, status=422 if form.errors else 200)


def _customer(customer_id: int) -> Customer:
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    return customer


def _tell(request: BusinessRequest, customer_id: int, consent: tuple[str, str], *, granted: bool) -> None:
    """Say what has been recorded and, where a later decision of the guest says otherwise, what holds."""
    said = _("Recorded: %(consent)s granted.") if granted else _("Recorded: %(consent)s withdrawn.")
    said %= {"consent": LABELS[consent]}
    (line,) = [each for each in consents_of(customer_id=customer_id) if (each.purpose, each.channel) == consent]
    if line.granted is granted or line.since is None:
        messages.success(request, said)
        return
    day = date_format(timezone.localdate(line.since, request.business.zone), "DATE_FORMAT")
    holds = (
        _("A later decision holds: granted %(day)s.")
        if line.granted
        else _("A later decision holds: withdrawn %(day)s.")
    )
    messages.warning(request, f"{said} {holds % {'day': day}}")


def _evidence_page(request: BusinessRequest, customer: Customer, form: ConsentForm) -> HttpResponse:
    context = {
        "customer": customer,
        "consents": consents_of(customer_id=customer.pk),
        "consent_form": form,
        "events": [
            {
                "event": event,
                "label": LABELS[event.purpose, event.channel],
                "text": wording_text(event),
                "is_late": event.recorded_at - event.at > SOON,
            }
            for event in consent_events(customer_id=customer.pk)
        ],
        "on_evidence": True,
        "can_consent": True,
        "can_export": request.member.can(Capability.EXPORT),
    }
    return render(request, "consent/evidence.html", context, status=422 if form.errors else 200)


def _address(request: BusinessRequest) -> str | None:
    return get_adapter().get_client_ip(request) or None


def _csv(request: BusinessRequest, target: Any, what: str) -> FileResponse:
    today = timezone.localdate(timezone=request.business.zone)
    name = f"{request.business.slug}-{what}-{today:%Y-%m-%d}.csv"
    return FileResponse(target, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
