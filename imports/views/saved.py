"""Saved mappings: which there are, what one says, another name for it, and removing it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from imports.forms import MappingNameForm
from imports.models import ImportMapping
from imports.selectors import mapping_get, mapping_list, own_fields
from imports.services.mappings import MappingInUse, NameTaken, mapping_remove, mapping_rename
from imports.views.words import words_told
from imports.wording import layout_told, policy_told


@requires(Capability.IMPORT)
@require_safe
def import_mappings(request: BusinessRequest, slug: str) -> HttpResponse:
    """All saved mappings."""
    rows = [
        {"mapping": mapping, "columns": len(layout_told(mapping.layout)), "feeds": mapping.feeds.all()}
        for mapping in mapping_list()
    ]
    return render(request, "imports/mappings.html", {"mappings": rows})


@requires(Capability.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def import_mapping(request: BusinessRequest, slug: str, mapping_id: int) -> HttpResponse:
    """What a mapping says, and its name."""
    mapping = _mapping(mapping_id)
    form = MappingNameForm(request.POST or None, initial={"name": mapping.name})
    if request.method == "POST" and form.is_valid():
        try:
            mapping_rename(mapping_id=mapping_id, name=form.cleaned_data["name"])
        except NameTaken:
            form.add_error("name", _("Another mapping has this name."))
        else:
            messages.success(request, _("The mapping is called %(name)s now.") % {"name": form.cleaned_data["name"]})
            return redirect("import_mapping", slug=slug, mapping_id=mapping_id)
    context = {
        "mapping": mapping,
        "form": form,
        "columns": layout_told(mapping.layout),
        "words": words_told(
            mapping.layout, fields=own_fields(language=request.business.language), business=request.business
        ),
        "policy_shown": policy_told(mapping.policy),
        "feeds": list(mapping.feeds.all()),
    }
    return render(request, "imports/mapping.html", context, status=422 if form.errors else 200)


@requires(Capability.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def import_mapping_remove(request: BusinessRequest, slug: str, mapping_id: int) -> HttpResponse:
    """Ask, and remove a mapping."""
    mapping = _mapping(mapping_id)
    if request.method != "POST":
        return render(request, "imports/mapping_remove.html", {"mapping": mapping})
    try:
        mapping_remove(mapping_id=mapping_id)
    except MappingInUse:
        messages.error(request, _("A nightly import uses this mapping. Stop that first."))
        return redirect("import_mapping", slug=slug, mapping_id=mapping_id)
    messages.success(request, _("%(name)s is removed.") % {"name": mapping.name})
    return redirect("import_mappings", slug=slug)


def _mapping(mapping_id: int) -> ImportMapping:
    try:
        return mapping_get(mapping_id=mapping_id)
    except ImportMapping.DoesNotExist as error:
        raise Http404 from error
