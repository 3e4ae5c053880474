"""Keys with which other systems call the API."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import BusinessRequest, requires
from accounts.confirmation import ask_to_confirm, confirmed_lately
from accounts.forms.keys import KeyForm
from accounts.models import ApiKey, Capability
from accounts.selectors import key_list
from accounts.services.keys import key_create, key_revoke

GET_POST = ["GET", "HEAD", "POST"]


@requires(Capability.KEYS)
@require_safe
def key_list_page(request: BusinessRequest, slug: str) -> HttpResponse:
    """Every key, those that open first."""
    rows = [
        {"key": key, "may": [ApiKey.Scope(scope).label for scope in key.scopes if scope in ApiKey.Scope]}
        for key in key_list()
    ]
    api = request.build_absolute_uri(f"/api/v1/b/{slug}/")
    return render(request, "accounts/keys.html", {"rows": rows, "api": api})


@requires(Capability.KEYS)
@never_cache
@require_http_methods(GET_POST)
def key_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Make a key, once one has confirmed who one is; its secret is on the answer's page and nowhere else."""
    if not confirmed_lately(request):
        messages.info(request, _("Confirm that it is you before you make a key."))
        return ask_to_confirm(request, then=request.path)
    form = KeyForm(request.POST or None)
    if form.is_valid():
        made = key_create(
            business=request.business,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
            by=request.member,
        )
        return render(request, "accounts/keys_made.html", {"made": made})
    return render(request, "accounts/keys_new.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Capability.KEYS)
@require_http_methods(GET_POST)
def key_revoke_page(request: BusinessRequest, slug: str, key_id: int) -> HttpResponse:
    """Ask, then end a key."""
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise Http404
    if request.method == "POST":
        key_revoke(key_id=key_id, by=request.member)
        messages.success(request, _("The key %(name)s opens nothing any more.") % {"name": key.name})
        return redirect("key_list", slug=slug)
    return render(request, "accounts/keys_revoke.html", {"key": key})
