"""Reads of templates: their texts in force, and the one a guest gets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Business
from accounts.tenancy import require_business_id
from messaging.rendering import Text, read_blocks
from messaging.texts.models import Template, TemplateText

NEAR = {"nn": ("nb",), "nb": ("nn",), "no": ("nb", "nn")}
"""Languages whose readers read another one as their own."""


def texts_of(*, template_ids: Collection[int]) -> dict[int, dict[str, TemplateText]]:
    """The texts in force of several templates by language, with their template. One query."""
    found: dict[int, dict[str, TemplateText]] = {pk: {} for pk in template_ids}
    newest = (
        TemplateText.objects.filter(template_id__in=template_ids)
        .select_related("template")
        .order_by("template_id", "language", "-version")
        .distinct("template_id", "language")
    )
    for text in newest:
        if not text.is_removed:
            found[text.template_id][text.language] = text
    return found


def texts_fixed(*, ids: Collection[int]) -> dict[str, TemplateText]:
    """These versions of a template's texts by language, with their template, whatever was written since. One query."""
    return {text.language: text for text in TemplateText.objects.filter(pk__in=ids).select_related("template")}


def text_for(template_id: int, languages: Sequence[str]) -> TemplateText | None:
    """The text of a template in the first of ``languages`` that it has, else the business's, else any there is.

    ``None`` where it has no text at all. Two queries; for many guests ask :func:`texts_of` once and
    :func:`chosen` for each.
    """
    own = Business.objects.values_list("language", flat=True).get(pk=require_business_id())
    return chosen(texts_of(template_ids=[template_id])[template_id], (*languages, own))


def chosen(texts: Mapping[str, TemplateText], languages: Iterable[str]) -> TemplateText | None:
    """The first text of ``languages``, or of one read as its own, else the first by language code. Pure."""
    for language in languages:
        for code in (language, *NEAR.get(language, ())):
            if code in texts:
                return texts[code]
    return next((texts[code] for code in sorted(texts)), None)


def as_text(stored: TemplateText, *, channel: str = "", purpose: str = "") -> Text:
    """A stored text as the renderer takes it; its template must have been read with it.

    ``channel`` and ``purpose`` are those it was planned with, the template's where they are not given.
    """
    return Text(
        channel=channel or stored.template.channel,
        purpose=purpose or stored.template.purpose,
        subject=stored.subject,
        preheader=stored.preheader,
        blocks=read_blocks(stored.blocks),
        body=stored.body,
    )


def template_get(template_id: int) -> Template:
    """A template of the business, in use or not. Raises ``Template.DoesNotExist``."""
    return Template.objects.get(pk=template_id)


def template_list(*, channel: str = "", purpose: str = "", is_archived: bool = False) -> QuerySet[Template]:
    """Templates in use, or those put away; the one changed last first."""
    found = Template.objects.filter(is_archived=is_archived).order_by("-changed_at", "-id")
    if channel:
        found = found.filter(channel=channel)
    return found.filter(purpose=purpose) if purpose else found


@dataclass(frozen=True)
class Line:
    """A template of a list with its texts in force."""

    template: Template
    texts: Mapping[str, TemplateText]


def template_lines(templates: Iterable[Template]) -> list[Line]:
    """Templates with their texts. One query."""
    listed = list(templates)
    texts = texts_of(template_ids=[template.pk for template in listed])
    return [Line(template, texts[template.pk]) for template in listed]


def versions_of(*, template_id: int, language: str) -> list[TemplateText]:
    """Every version of a text, newest first."""
    return list(TemplateText.objects.filter(template_id=template_id, language=language).order_by("-version"))
