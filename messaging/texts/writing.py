"""Pages where a template's texts are written: the editor with its preview, every language side by side."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts import formats
from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from customers.card.choices import language_choices
from customers.card.models import Customer
from customers.search.hits import TEXT_MAX, hits_found
from messaging.texts.checking import TextRefused, text_read
from messaging.texts.editor import Editor, kinds_offered
from messaging.texts.labels import places_grouped
from messaging.texts.looks import framed, look_kept
from messaging.texts.models import Template, TemplateText
from messaging.texts.selectors import as_text, texts_of, versions_of
from messaging.texts.services import TextChanged, text_remove, text_save
from messaging.texts.showing import guest_usual, price_of, shown, values_shown
from messaging.texts.starters import languages_of
from messaging.texts.views import template_found

CHANGED = "text-changed"
"""Told to the page when a button has changed the parts of a text: the preview shows it anew."""


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def template_edit(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """Write a template in ``?language=``, seen as ``?guest=`` would get it.

    GET ``version`` begins with an older version, ``from`` with the text of another language. POST ``act`` adds, moves
    or removes a part and keeps nothing; any other keeps a further version.
    """
    template = template_found(template_id)
    texts = texts_of(template_ids=[template_id])[template_id]
    language = _language(request, texts)
    if request.method == "POST":
        editor = Editor.of_post(request.POST)
        if "act" in request.POST:
            return _rearranged(request, template, texts, language, editor.changed(request.POST["act"]))
        return _saved(request, template, texts, language, editor)
    editor = Editor.of_text(_begin(request, template, texts, language), seen=_seen(template_id, language))
    return _page(request, template, texts, language, editor)


@requires(Capability.CAMPAIGN)
@require_POST
def template_preview(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """What stands in the editor as the guest would get it; keeps nothing."""
    template = template_found(template_id)
    language = _language(request, {})
    context = _preview(request, template, language, Editor.of_post(request.POST))
    return render(request, "messages/texts/_preview.html", {"template": template, **context})


@requires(Capability.CAMPAIGN)
@require_safe
def template_languages(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """Every language of a template, as ``?guest=`` would get it."""
    template = template_found(template_id)
    texts = texts_of(template_ids=[template_id])[template_id]
    guest = _guest(request)
    written = {code: as_text(texts[code]) for code in _in_order(request, texts)}
    values = values_shown(guest=guest, texts=list(written.values()), business=request.business)
    price = price_of(template.channel)
    context = {
        "template": template,
        "guest": guest,
        "shown": [
            shown(text, values, language=code, business=request.business, price=price) for code, text in written.items()
        ],
    }
    return render(request, "messages/texts/languages.html", context)


@requires(Capability.CAMPAIGN)
@require_POST
def template_unwrite(request: BusinessRequest, slug: str, template_id: int) -> HttpResponse:
    """Remove the POSTed ``language`` from a template; its versions stay."""
    template = template_found(template_id)
    language = request.POST.get("language", "")
    name = formats.language_name(language, formats.locale_for(get_language()))
    if text_remove(template_id=template.pk, language=language, member=request.member) is not None:
        said = _("%(language)s is removed. Its versions are kept.") % {"language": name}
        messages.success(request, said)
    return redirect("template_edit", slug=slug, template_id=template_id)


@requires(Capability.MESSAGE)
@require_safe
def template_look(request: BusinessRequest, slug: str, look: str) -> HttpResponse:
    """The HTML of a preview, for its frame."""
    html = look_kept(look)
    if html is None:
        raise Http404
    return framed(html)


@requires(Capability.CAMPAIGN)
@require_safe
def template_guests(request: BusinessRequest, slug: str) -> HttpResponse:
    """The guests meant by ``?q=``, as options of a combobox."""
    text = request.GET.get("q", "")[:TEXT_MAX]
    hits = hits_found(business=request.business, member_id=request.member.pk, text=text)
    return render(request, "relations/_choices.html", {"hits": hits})


def _saved(
    request: BusinessRequest, template: Template, texts: Mapping[str, TemplateText], language: str, editor: Editor
) -> HttpResponse:
    try:
        written = text_save(
            template_id=template.pk, language=language, draft=editor.draft, seen=editor.seen, member=request.member
        )
    except TextRefused as refused:
        return _page(request, template, texts, language, editor.told(refused.problems), status=422)
    except TextChanged as changed:
        current = changed.current
        newest = replace(editor, seen=current.version if current else 0)
        return _page(request, template, texts, language, newest, status=422, conflict=current or True)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("template_edit", slug=request.business.slug, template_id=template.pk)
    if written is None:
        messages.success(request, _("Nothing was changed."))
    else:
        name = formats.language_name(language, formats.locale_for(get_language()))
        said = _("Saved: %(language)s, version %(version)d.") % {"language": name, "version": written.version}
        messages.success(request, said)
    return redirect(_address(request, template, language, _guest(request)))


def _rearranged(
    request: BusinessRequest, template: Template, texts: Mapping[str, TemplateText], language: str, editor: Editor
) -> HttpResponse:
    if not request.htmx:
        return _page(request, template, texts, language, editor)
    context = {"template": template, "editor": editor, **_page_parts(request, template, language)}
    return trigger_client_event(render(request, "messages/texts/_blocks.html", context), CHANGED)


def _page(
    request: BusinessRequest,
    template: Template,
    texts: Mapping[str, TemplateText],
    language: str,
    editor: Editor,
    *,
    status: int = 200,
    conflict: TemplateText | bool | None = None,
) -> HttpResponse:
    guest = _guest(request)
    codes = _in_order(request, texts, language)
    context = {
        "template": template,
        "texts": texts,
        "current": texts.get(language),
        "language": language,
        "tabs": [
            {"code": code, "url": _address(request, template, code, guest), "is_written": code in texts}
            for code in codes
        ],
        "others": [each for each in language_choices() if each[0] not in codes],
        "copies": [code for code in codes if code in texts and code != language] if language not in texts else [],
        "editor": editor,
        "changed": CHANGED,
        "conflict": conflict,
        "places": places_grouped(),
        "versions": versions_of(template_id=template.pk, language=language),
        **_page_parts(request, template, language),
        **_preview(request, template, language, editor),
    }
    return render(request, "messages/texts/edit.html", context, status=status)


def _page_parts(request: BusinessRequest, template: Template, language: str) -> dict[str, Any]:
    keys = {"slug": request.business.slug, "template_id": template.pk}
    return {
        "language": language,
        "kinds": list(kinds_offered()),
        "edit_url": f"{reverse('template_edit', kwargs=keys)}?{urlencode({'language': language})}",
    }


def _preview(request: BusinessRequest, template: Template, language: str, editor: Editor) -> dict[str, Any]:
    """The text as far as it can be read, as the guest would get it."""
    text, problems = text_read(template, editor.draft)
    guest = _guest(request)
    values = values_shown(guest=guest, texts=[text], business=request.business)
    sample = shown(text, values, language=language, business=request.business, price=price_of(template.channel))
    unknown = [problem.message for problem in problems if problem.is_unknown]
    return {
        "shown": sample,
        "guest": guest,
        "is_asked": guest is not None and bool(_asked(request)),
        "unknown": unknown,
    }


def _begin(
    request: BusinessRequest, template: Template, texts: Mapping[str, TemplateText], language: str
) -> TemplateText | None:
    """What the editor begins with: an older version, another language's text, or the one in force."""
    version, source = request.GET.get("version", ""), request.GET.get("from", "")
    if version.isascii() and version.isdecimal() and len(version) < 9:
        found = TemplateText.objects.filter(template=template, language=language, version=int(version)).first()
        if found is None:
            raise Http404
        return found
    return texts.get(source) if language not in texts and source in texts else texts.get(language)


def _seen(template_id: int, language: str) -> int:
    newest = TemplateText.objects.filter(template_id=template_id, language=language).order_by("-version")
    return newest.values_list("version", flat=True).first() or 0


def _language(request: BusinessRequest, texts: Mapping[str, TemplateText]) -> str:
    asked = request.GET.get("language") or request.POST.get("language") or ""
    if asked and (asked in dict(language_choices()) or asked in texts):
        return asked
    if asked:
        raise Http404
    return _in_order(request, texts)[0]


def _in_order(request: BusinessRequest, texts: Mapping[str, TemplateText], *more: str) -> list[str]:
    """The business's languages, then those there is a text in, then the one being written."""
    if not more and texts:
        own = [code for code in languages_of(request.business) if code in texts]
        return list(dict.fromkeys([*own, *sorted(texts)]))
    return list(dict.fromkeys([*languages_of(request.business), *sorted(texts), *more]))


def _asked(request: BusinessRequest) -> str:
    """Which guest was asked for: in the address, by the field beside the preview, or since then by ``as``."""
    return request.POST.get("guest") or request.POST.get("as") or request.GET.get("guest") or ""


def _guest(request: BusinessRequest) -> Customer | None:
    asked = _asked(request)
    if asked.isascii() and asked.isdecimal() and len(asked) < 19:
        return Customer.objects.filter(pk=int(asked)).first()
    return guest_usual(member_id=request.member.pk)


def _address(request: BusinessRequest, template: Template, language: str, guest: Customer | None) -> str:
    keys = {"slug": request.business.slug, "template_id": template.pk}
    asked = {"language": language}
    if guest is not None and _asked(request):
        asked["guest"] = str(guest.pk)
    return f"{reverse('template_edit', kwargs=keys)}?{urlencode(asked)}"
