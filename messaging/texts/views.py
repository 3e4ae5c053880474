"""Pages of templates: all of them, making one, what it is called, putting it away. Writing: the room ``writing``."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from messaging.texts.forms import NewTemplateForm, TemplateForm
from messaging.texts.models import Channel, MessagePurpose, Template
from messaging.texts.selectors import template_lines, template_list
from messaging.texts.services import template_archive, template_change, template_copy, template_create
from messaging.texts.starters import languages_of, starter_use, starters


@requires(Capability.CAMPAIGN)
@require_safe
def template_index(request: BusinessRequest, slug: str) -> HttpResponse:
    """All templates; ``?channel=`` and ``?about=`` narrow them, ``?away=1`` shows those that were put away."""
    channel = request.GET.get("channel", "")
    about = request.GET.get("about", "")
    away = bool(request.GET.get("away"))
    found = template_list(
        channel=channel if channel in Channel.values else "",
        purpose=about if about in MessagePurpose.values else "",
        is_archived=away,
    )
    own = languages_of(request.business)
    lines = [
        {
            "template": line.template,
            "languages": sorted(line.texts, key=lambda code: (code not in own, code)),
            "lacking": [code for code in own if code not in line.texts],
            "first": line.texts.get(own[0]) or next(iter(line.texts.values()), None),
        }
        for line in template_lines(found)
    ]
    context = {
        "lines": lines,
        "channels": [("", _("Every channel")), *Channel.choices],
        "channel": channel,
        "about": about,
        "purposes": [("", _("Everything")), *MessagePurpose.choices],
        "away": away,
        "away_count": template_list(is_archived=True).count(),
        "is_narrowed": bool(channel or about or away),
    }
    return render(request, "messages/texts/list.html", context)


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def template_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Make a template of a ready one, or an empty one."""
    form = NewTemplateForm(request.POST or None, business=request.business, initial={"start": next(iter(starters()))})
    if form.is_valid():
        values = form.cleaned_data
        try:
            if values["start"] in starters():
                template = starter_use(
                    key=values["start"], business=request.business, name=values["name"], member=request.member
                )
            else:
                template = template_create(
                    name=values["name"], channel=form.channel, purpose=values["purpose"], member=request.member
                )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            return redirect("template_edit", slug=slug, template_id=template.pk)
    return render(request, "messages/texts/new.html", {"form": form}, status=422 if form.errors else 200)


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def template_settings(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """What a template is called and about."""
    template = template_found(template_id)
    form = TemplateForm(request.POST or None, template=template)
    if form.is_valid():
        try:
            template_change(template_id=template_id, member=request.member, **form.cleaned_data)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(request, _("The template is saved."))
            return redirect("template_edit", slug=slug, template_id=template_id)
    context = {"form": form, "template": template}
    return render(request, "messages/texts/settings.html", context, status=422 if form.errors else 200)


@requires(Capability.CAMPAIGN)
@require_POST
def template_put_away(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """Put a template away."""
    template_found(template_id)
    template = template_archive(template_id=template_id, member=request.member)
    undo = reverse("template_bring_back", kwargs={"slug": slug, "template_id": template_id})
    told = _("%(name)s is put away. What is planned with it is still sent.") % {"name": template.name}
    messages.success(request, told, extra_tags=f"undo={undo}")
    return redirect("template_list", slug=slug)


@requires(Capability.CAMPAIGN)
@require_POST
def template_bring_back(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """Bring back a template that was put away."""
    template_found(template_id)
    try:
        template = template_archive(template_id=template_id, archived=False, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(reverse("template_list", kwargs={"slug": slug}) + "?away=1")
    messages.success(request, _("%(name)s is back.") % {"name": template.name})
    return redirect("template_edit", slug=slug, template_id=template_id)


@requires(Capability.CAMPAIGN)
@require_POST
def template_copied(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """Copy a template with the texts in force."""
    template_found(template_id)
    try:
        template = template_copy(template_id=template_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("template_edit", slug=slug, template_id=template_id)
    messages.success(request, _("Copied. Give the copy a name of its own."))
    return redirect("template_settings", slug=slug, template_id=template.pk)


def template_found(template_id: int) -> Template:
    """A template of the business, for a page; the page of an address that is not there otherwise."""
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise Http404
    return template
