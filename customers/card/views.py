"""Pages of the card."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.audit import audit_record
from accounts.models import Capability
from accounts.selectors import audit_member_names, audit_page
from accounts.sentences import sentence
from customers.card.forms import GuestForm, TagForm
from customers.card.models import Customer, Tag
from customers.card.new_views import guest_form_page
from customers.card.parts import parts_missing
from customers.card.saving import guest_change
from customers.card.selectors import card_view, tag_list
from customers.card.services import (
    CardRestricted,
    EditConflict,
    TagRefused,
    tag_add,
    tag_create,
    tag_remove,
)
from customers.card.sockets import shown_of
from customers.changes.messages import named, undoable
from customers.changes.selectors import acts_of_guest
from customers.consent.forms import ConsentForm
from customers.consent.selectors import consents_of
from customers.fields.forms import PREFIX
from customers.fields.selectors import guest_values, values_of_stays
from customers.history.forms import ActivityForm
from customers.history.models import Stay
from customers.history.panels import history_panels, timeline_panel
from customers.history.selectors import facts_get, stays_ahead
from customers.history.services import activity_add
from customers.lineage.selectors import lineage_of
from customers.permission.selectors import contact_alerts
from customers.permission.views import restricted_page
from customers.relations.selectors import relation_choices_of, relations_of
from customers.search.services import recent_guest_touch
from customers.sensitive.selectors import may_see_sensitive, sensitive_panel


@requires(Capability.LOOK_UP)
@require_safe
def guest_card(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The card."""
    answer = _card_page(request, customer_id, ActivityForm())
    recent_guest_touch(member_id=request.member.pk, customer_id=customer_id)
    return answer


def _card_page(request: BusinessRequest, customer_id: int, note_form: ActivityForm, status: int = 200) -> HttpResponse:
    """The card, and the entry that it was seen."""
    context = card_context(request, customer_id, note_form)
    _viewed(request, customer_id)
    return render(request, "guests/card.html", context, status=status)


def _viewed(request: BusinessRequest, customer_id: int) -> None:
    audit_record(action="guest.viewed", member=request.member, object_type="customer", object_id=customer_id)


@requires(Capability.AUDIT)
@require_safe
def guest_viewers(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Who looked at a card and its sensitive details, newest first; ``after`` and ``before`` page."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    about = ("customer", lineage_of(customer_id=customer_id))
    page = audit_page(about=about, after=request.GET.get("after"), before=request.GET.get("before"))
    names = audit_member_names(entries=page.entries)
    rows = [
        {"entry": entry, "sentence": sentence(entry, actor=names.get(entry.member_id or 0, ""))}
        for entry in page.entries
    ]
    return render(request, "guests/viewers.html", {"customer": customer, "rows": rows, "page": page})


def card_context(request: BusinessRequest, customer_id: int, note_form: ActivityForm) -> dict[str, Any]:
    """All that the card shows; 404 for a card that is not the business's."""
    try:
        card = card_view(customer_id=customer_id)
    except Customer.DoesNotExist as error:
        raise Http404 from error
    today = timezone.localdate(timezone=request.business.zone)
    ahead = stays_ahead(customer_id=customer_id, today=today)
    taken = {tag.pk for tag in card.tags}
    return {
        "card": card,
        "customer": card.customer,
        "missing": parts_missing(card.customer),
        "facts": facts_get(customer_id=customer_id),
        "ahead": ahead,
        "ahead_fields": values_of_stays(stay_ids=[stay.pk for stay in ahead]),
        "in_house": next((stay for stay in ahead if stay.status == Stay.Status.CHECKED_IN), None),
        "today": today,
        **history_panels(request, customer_id=customer_id),
        "acts": acts_of_guest(
            customer_id=customer_id,
            with_sensitive=may_see_sensitive(business=request.business, member=request.member),
        ),
        "note_form": note_form,
        "own_fields": [line for line in guest_values(customer_id=customer_id) if line.row],
        "relations": relations_of(customer_id=customer_id),
        "relation_choices": relation_choices_of(card.customer),
        "free_tags": [tag for tag in tag_list() if tag.pk not in taken],
        "can_edit": request.member.can(Capability.EDIT),
        "can_change": request.member.can(Capability.EDIT) and not card.customer.is_restricted,
        "can_undo": request.member.can(Capability.UNDO),
        "can_copy": request.member.can(Capability.PRIVACY),
        "can_audit": request.member.can(Capability.AUDIT),
        "can_consent": request.member.can(Capability.CONSENT),
        "consents": consents_of(customer_id=customer_id),
        "consent_form": ConsentForm(business=request.business),
        "contact_alerts": contact_alerts(customer=card.customer),
        "plugged": shown_of(request, customer_id=customer_id),
        "sensitive": sensitive_panel(business=request.business, customer_id=customer_id, member=request.member),
    }


@requires(Capability.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def guest_edit(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Change a card; what a colleague changed meanwhile is shown, never overwritten unawares."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    if customer.is_restricted:
        return restricted_page(request, customer)
    if request.method != "POST":
        _viewed(request, customer_id)
    form = GuestForm(request.POST if request.method == "POST" else None, instance=customer, business=request.business)
    if request.method == "POST" and (more := request.POST.get("more")):
        return guest_form_page(request, form.rearranged(more), customer)
    if form.is_valid():
        try:
            saved, act = guest_change(
                business=request.business,
                customer_id=customer_id,
                values=wanted_values(request, form),
                contacts=form.contacts(),
                own=own_wanted(request, form),
                seen=form.cleaned_data["seen"],
                member=request.member,
            )
        except EditConflict as conflict:
            return guest_form_page(request, *_after_conflict(request, customer_id, conflict))
        except CardRestricted:
            return restricted_page(request, customer)
        undoable(request, named(_("Saved %(name)s."), saved), act)
        return redirect("guest_card", slug=slug, customer_id=customer_id)
    return guest_form_page(request, form, customer)


def wanted_values(request: BusinessRequest, form: GuestForm) -> dict[str, Any]:
    """The form's fields without those of which the editor keeps the colleague's value (``keep_<field>=theirs``)."""
    return {name: value for name, value in form.values().items() if request.POST.get(f"keep_{name}") != "theirs"}


def own_wanted(request: BusinessRequest, form: GuestForm) -> dict[str, str]:
    """The business's own fields, as :func:`wanted_values`."""
    kept = {name: request.POST.get(f"keep_{name}") for name in form.own_names}
    values = form.own_values()
    return {key: value for key, value in values.items() if kept.get(f"{PREFIX}{key}") != "theirs"}


def conflicts_show(form: GuestForm, fresh: GuestForm, conflict: EditConflict) -> None:
    """Put what a colleague changed meanwhile beside the editor's own values, for each to be kept.

    ``fresh`` is the form of the card as it is now; the posted ``seen`` must already be that of ``fresh``.
    """
    form.full_clean()
    for name in conflict.current:
        bound, label = form[name], fresh[name]
        theirs = _shown(label.field, conflict.current[name])
        mine = _shown(bound.field, form.cleaned_data.get(name))
        form.conflicts.append({"name": name, "label": bound.label, "mine": mine, "theirs": theirs})
        form.add_error(name, _("A colleague changed this to “%(value)s” while you were editing.") % {"value": theirs})


def _shown(field: Any, value: Any) -> str:
    """A value as the page writes it."""
    if value in (None, ""):
        return _("empty")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return str(dict(getattr(field, "choices", ())).get(value, value))


def _after_conflict(request: BusinessRequest, customer_id: int, conflict: EditConflict) -> tuple[GuestForm, Customer]:
    """The editor's own values again, starting from the card as it is now: saving once more is done knowingly."""
    current = Customer.objects.get(pk=customer_id)
    posted = request.POST.copy()
    fresh = GuestForm(instance=current, business=request.business)
    posted["seen"] = fresh.initial["seen"]
    form = GuestForm(posted, instance=current, business=request.business)
    conflicts_show(form, fresh, conflict)
    return form, Customer.objects.get(pk=customer_id)


@requires(Capability.TAG)
@require_http_methods(["GET", "HEAD", "POST"])
def guest_tags(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """A guest's tags: add, remove, and make a new one. POST ``add``, ``remove`` (ids) or ``name``."""
    if not Customer.objects.filter(pk=customer_id).exists():
        raise Http404
    form = TagForm(request.POST if "name" in request.POST else None)
    if request.method == "POST":
        try:
            if "name" in request.POST:
                if form.is_valid():
                    # A new tag that the guest cannot have goes too.
                    with transaction.atomic():
                        tag = tag_create(name=form.cleaned_data["name"].strip())
                        tag_add(customer_id=customer_id, tag_id=tag.pk, member=request.member)
            elif (tag_id := _number(request.POST.get("remove", ""))) is not None:
                act = tag_remove(customer_id=customer_id, tag_id=tag_id, member=request.member)
                undoable(request, _("The tag is removed."), act)
            elif (tag_id := _number(request.POST.get("add", ""))) is not None:
                act = tag_add(customer_id=customer_id, tag_id=tag_id, member=request.member)
                undoable(request, _("The tag is added."), act)
        except (TagRefused, CardRestricted) as refused:
            messages.error(request, str(refused))
        except Tag.DoesNotExist:
            messages.error(request, _("This tag does not exist any more."))
        if not form.errors:
            page = "guest_tags" if request.POST.get("page") == "tags" else "guest_card"
            return redirect(page, slug=slug, customer_id=customer_id)
    card = card_view(customer_id=customer_id)
    taken = {tag.pk for tag in card.tags}
    context = {
        "card": card,
        "customer": card.customer,
        "form": form,
        "free": [t for t in tag_list() if t.pk not in taken],
    }
    return render(request, "guests/tags.html", context, status=422 if form.errors else 200)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


@requires(Capability.LOOK_UP)
@require_safe
def guest_timeline(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """The next page of the timeline, as a fragment for the card and as a page of its own without script."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise Http404
    context = {"customer": customer, **timeline_panel(request, customer_id=customer_id)}
    fragment = "guests/_timeline.html" if request.GET.get("after") else "guests/_timeline_list.html"
    return render(request, fragment if request.htmx else "guests/timeline.html", context)


@requires(Capability.TAG)
@require_POST
def guest_note(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Write a note, call or visit."""
    form = ActivityForm(request.POST)
    if not form.is_valid():
        return _card_page(request, customer_id, form, status=422)
    try:
        activity, act = activity_add(
            customer_id=customer_id,
            text=form.cleaned_data["text"],
            kind=form.cleaned_data["kind"],
            member=request.member,
        )
    except Customer.DoesNotExist as error:
        raise Http404 from error
    undoable(request, _("%(kind)s saved.") % {"kind": activity.get_kind_display()}, act)
    return redirect("guest_card", slug=slug, customer_id=customer_id)
