"""A business's settings and properties, and a further business for somebody who has one."""

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import BusinessRequest, UserRequest, requires, signed_in
from accounts.forms import BusinessForm, NewBusinessForm, PropertyForm
from accounts.models import Capability, Property
from accounts.selectors import property_list
from accounts.services import Refused, business_change, business_create, property_add, property_change
from accounts.views.errors import too_many

GET_POST = ["GET", "HEAD", "POST"]


@signed_in
@require_http_methods(GET_POST)
def business_new(request: UserRequest) -> HttpResponse:
    """Create a further business; its creator becomes its owner."""
    if not settings.INNKEEPER_SIGN_UP:
        return render(request, "account/signup_closed.html", status=403)
    form = NewBusinessForm(request.POST or None)
    if form.is_valid():
        if not ratelimit.consume(request, action="business", user=request.user):
            return too_many(request)
        business = business_create(
            name=form.cleaned_data["business_name"],
            country=form.cleaned_data["country"],
            property_kind=form.cleaned_data["property_kind"],
            owner=request.user,
        )
        return redirect("business_home", slug=business.slug)
    return render(request, "accounts/business_new.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Capability.BUSINESS)
@require_http_methods(GET_POST)
def business_settings(request: BusinessRequest, slug: str) -> HttpResponse:
    """Name, country, money, time and languages; the properties below."""
    business = request.business
    form = BusinessForm(request.POST or None, business=business)
    if form.is_valid():
        business_change(business=business, member=request.member, **form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return redirect("business_settings", slug=slug)
    context = {"form": form, "properties": property_list(), "address": request.build_absolute_uri(f"/b/{slug}/")}
    return render(request, "accounts/business_settings.html", context, status=422 if form.is_bound else 200)


@requires(Capability.BUSINESS)
@require_http_methods(GET_POST)
def property_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Add a property."""
    form = PropertyForm(request.POST or None)
    if form.is_valid():
        try:
            added = property_add(member=request.member, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("%(name)s is added.") % {"name": added.name})
            return redirect("business_settings", slug=slug)
    return render(request, "accounts/property.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Capability.BUSINESS)
@require_http_methods(GET_POST)
def property_edit(request: BusinessRequest, slug: str, property_id: int) -> HttpResponse:
    """Rename a property or change its kind; guests' stays follow."""
    target = Property.objects.filter(pk=property_id).first()
    if target is None:
        raise Http404
    form = PropertyForm(request.POST or None, initial={"name": target.name, "kind": target.kind})
    if form.is_valid():
        try:
            property_change(property_id=property_id, member=request.member, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("The property is saved."))
            return redirect("business_settings", slug=slug)
    context = {"form": form, "property": target}
    return render(request, "accounts/property.html", context, status=422 if form.is_bound else 200)
