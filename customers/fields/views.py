"""Pages where a business sets up its own fields."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services import Refused
from customers.fields import selectors, setup
from customers.fields.forms import FieldForm
from customers.fields.models import CustomField


@requires(Capability.SET_UP)
@require_safe
def field_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """The fields of guests and of stays, and those that were put away."""
    sections = [
        {
            "target": target.value,
            "title": _("On guests") if target == CustomField.Target.GUEST else _("On stays"),
            "fields": selectors.field_list(target=target),
            "archived": selectors.field_list(target=target, archived=True),
        }
        for target in CustomField.Target
    ]
    context = {"sections": sections, "limit": setup.FIELDS_MAX}
    return render(request, "fields/list.html", context)


@requires(Capability.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def field_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Add a field. POST ``more`` or ``up`` only rearranges the rows of choices."""
    wanted = request.GET.get("target", "")
    initial = {"target": wanted if wanted in CustomField.Target.values else CustomField.Target.GUEST, "kind": "text"}
    form = _form(request, initial=initial)
    if form.is_valid():
        try:
            field = setup.field_add(
                target=form.cleaned_data["target"],
                kind=form.cleaned_data["kind"],
                label=form.cleaned_data["label"],
                hint=form.cleaned_data["hint"],
                options=[option["label"] for option in form.options],
                member=request.member,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, _("The field %(name)s is added.") % {"name": field.label})
            return redirect("field_list", slug=slug)
    return _form_page(request, form, None)


@requires(Capability.SET_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def field_edit(request: BusinessRequest, slug: str, field_id: int) -> HttpResponse:
    """Reword a field and its choices."""
    field = _field(field_id)
    form = _form(request, field=field)
    if form.is_valid():
        try:
            setup.field_change(
                field_id=field_id,
                label=form.cleaned_data["label"],
                hint=form.cleaned_data["hint"],
                options=form.options,
                member=request.member,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, _("The field is saved."))
            return redirect("field_list", slug=slug)
    return _form_page(request, form, field)


@requires(Capability.SET_UP)
@require_POST
def field_move(request: BusinessRequest, slug: str, field_id: int) -> HttpResponse:
    """One place up, or with POST ``down`` one down."""
    _field(field_id)
    setup.field_move(field_id=field_id, up="down" not in request.POST, member=request.member)
    return redirect("field_list", slug=slug)


@requires(Capability.SET_UP)
@require_POST
def field_archive(request: BusinessRequest, slug: str, field_id: int) -> HttpResponse:
    """Put a field away, or with POST ``back`` bring it back."""
    _field(field_id)
    try:
        field = setup.field_archive(field_id=field_id, archived="back" not in request.POST, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        text = _("%(name)s is put away. Its values are kept.") if field.is_archived else _("%(name)s is back.")
        messages.success(request, text % {"name": field.label})
    return redirect("field_list", slug=slug)


def _field(field_id: int) -> CustomField:
    field = CustomField.objects.filter(pk=field_id).first()
    if field is None:
        raise Http404
    return field


def _form(request: BusinessRequest, **kwargs: Any) -> FieldForm:
    """The form; where a button only asked for other rows of choices, as it was filled and not sent."""
    form = FieldForm(request.POST if request.method == "POST" else None, **kwargs)
    if request.method == "POST" and not {"more", "up"}.isdisjoint(request.POST):
        return form.rearranged(up=request.POST.get("up", ""), more="more" in request.POST)
    return form


def _form_page(request: BusinessRequest, form: FieldForm, field: CustomField | None) -> HttpResponse:
    return render(request, "fields/form.html", {"form": form, "field": field}, status=422 if form.errors else 200)
