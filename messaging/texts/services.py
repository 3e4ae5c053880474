"""Writes on templates: made, renamed, put away, copied; a text gets a further version, none is ever changed."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.services.refusals import Refused
from accounts.tenancy import current_actor, current_member_id
from messaging.rendering import Text
from messaging.texts.checking import Draft, text_checked
from messaging.texts.models import Channel, MessagePurpose, Template, TemplateText
from messaging.texts.selectors import texts_of
from messaging.texts.uses import is_in_use

NAME_MAX: Final = 120
TEMPLATES_MAX: Final = 500
"""More than anybody looks through."""


class TextChanged(Exception):
    """Somebody wrote a newer version meanwhile; nothing was kept. ``current`` is the one in force."""

    def __init__(self, current: TemplateText | None) -> None:
        super().__init__(_("A colleague has written a newer version meanwhile."))
        self.current = current


def template_create(
    *,
    name: str,
    channel: str,
    purpose: str,
    texts: Mapping[str, Draft] | None = None,
    member: Member | None = None,
) -> Template:
    """Make a template, with its first texts by language where they are given.

    Raises :class:`~accounts.services.refusals.Refused` for a name, channel or purpose that cannot be, and
    :class:`~messaging.texts.checking.TextRefused` for a text; then nothing is written.
    """
    if channel not in Channel.values:
        raise Refused(_("Choose e-mail or SMS."), field="channel")
    with transaction.atomic():
        if Template.objects.filter(is_archived=False).count() >= TEMPLATES_MAX:
            raise Refused(_("There are %(limit)d templates already. Put some away first.") % {"limit": TEMPLATES_MAX})
        template = Template(name=_name(name), channel=channel, purpose=_purpose(purpose))
        _save(template, force_insert=True)
        for language, draft in (texts or {}).items():
            _add(template, language, text_checked(template, draft), version=1, member=member)
        _audit("template.added", template, member)
    return template


def template_change(
    *, template_id: int, name: str | None = None, purpose: str | None = None, member: Member | None = None
) -> Template:
    """Rename a template, or say that it is about something else, as long as nothing is sent or waits in its words.

    Raises ``Template.DoesNotExist`` and ``Refused``.
    """
    with transaction.atomic():
        template = _locked(template_id)
        before = (template.name, template.purpose)
        template.name = template.name if name is None else _name(name)
        template.purpose = template.purpose if purpose is None else _purpose(purpose)
        if (template.name, template.purpose) == before:
            return template
        if template.purpose != before[1] and is_in_use(template_id=template.pk):
            told = _("A campaign or a message that waits uses this template. Copy it, and change the copy.")
            raise Refused(told, field="purpose")
        template.changed_at = timezone.now()
        _save(template, update_fields=["name", "purpose", "changed_at"])
        _audit("template.changed", template, member)
    return template


def template_archive(*, template_id: int, archived: bool = True, member: Member | None = None) -> Template:
    """Put a template away, or bring it back; what is planned with it is still sent.

    Raises ``Template.DoesNotExist``, and ``Refused`` when another one has its name by now.
    """
    with transaction.atomic():
        template = _locked(template_id)
        if template.is_archived == archived:
            return template
        template.is_archived = archived
        template.changed_at = timezone.now()
        _save(template, update_fields=["is_archived", "changed_at"])
        _audit("template.archived" if archived else "template.restored", template, member)
    return template


def template_copy(*, template_id: int, name: str = "", member: Member | None = None) -> Template:
    """A new template with the texts in force. Raises ``Template.DoesNotExist`` and ``Refused``."""
    source = Template.objects.get(pk=template_id)
    copied = {language: draft_of(text) for language, text in texts_of(template_ids=[source.pk])[source.pk].items()}
    with transaction.atomic():
        template = Template(name=_name(name or _free_name(source)), channel=source.channel, purpose=source.purpose)
        _save(template, force_insert=True)
        for language, draft in copied.items():
            _add(template, language, draft, version=1, member=member)
        _audit("template.added", template, member)
    return template


def text_save(
    *, template_id: int, language: str, draft: Draft, seen: int | None = None, member: Member | None = None
) -> TemplateText | None:
    """Write the next version of a template's text in a language; ``None`` when it says what the one in force says.

    ``seen`` is the version its writer had before them, 0 for none; ``None`` writes after whatever is there. Raises
    ``Template.DoesNotExist``, :class:`~messaging.texts.checking.TextRefused`, ``Refused`` for a language that is no
    code of one, and :class:`TextChanged`; then nothing is written.
    """
    code = _language(language)
    with transaction.atomic():
        template = _locked(template_id)
        text = text_checked(template, draft)
        latest = _latest(template_id, code)
        if latest is not None and not latest.is_removed and _same(latest, text):
            return None
        _check_seen(latest, seen)
        written = _add(template, code, text, version=latest.version + 1 if latest else 1, member=member)
        _touch(template)
        _audit("template.written", template, member, language=code, version=written.version)
    return written


def text_remove(
    *, template_id: int, language: str, seen: int | None = None, member: Member | None = None
) -> TemplateText | None:
    """Let a template have no text in a language any more; its versions stay. ``None`` where it has none.

    Raises ``Template.DoesNotExist`` and :class:`TextChanged`.
    """
    with transaction.atomic():
        template = _locked(template_id)
        latest = _latest(template_id, language)
        if latest is None or latest.is_removed:
            return None
        _check_seen(latest, seen)
        removed = TemplateText.objects.create(
            template=template, language=language, version=latest.version + 1, is_removed=True, **_who(member)
        )
        _touch(template)
        _audit("template.unwritten", template, member, language=language)
    return removed


def draft_of(text: TemplateText) -> Draft:
    """A stored text as it was written."""
    return Draft(text.subject, text.preheader, tuple(text.blocks), text.body)


def _add(template: Template, language: str, text: Text | Draft, *, version: int, member: Member | None) -> TemplateText:
    blocks = [block if isinstance(block, Mapping) else block.as_json() for block in text.blocks]
    return TemplateText.objects.create(
        template=template,
        language=_language(language),
        version=version,
        subject=text.subject,
        preheader=text.preheader,
        blocks=blocks,
        body=text.body,
        **_who(member),
    )


def _who(member: Member | None) -> dict[str, Any]:
    return {
        "member_id": member.pk if member else current_member_id(),
        "actor": (str(member) if member else current_actor())[:200],
    }


def _same(stored: TemplateText, text: Text) -> bool:
    blocks = [block.as_json() for block in text.blocks]
    return (stored.subject, stored.preheader, stored.blocks, stored.body) == (
        text.subject,
        text.preheader,
        blocks,
        text.body,
    )


def _check_seen(latest: TemplateText | None, seen: int | None) -> None:
    if seen is not None and seen != (latest.version if latest else 0):
        raise TextChanged(latest)


def _latest(template_id: int, language: str) -> TemplateText | None:
    return TemplateText.objects.filter(template_id=template_id, language=language).order_by("-version").first()


def _locked(template_id: int) -> Template:
    return Template.objects.select_for_update(no_key=True).get(pk=template_id)


def _touch(template: Template) -> None:
    template.changed_at = timezone.now()
    template.save(update_fields=["changed_at"])


def _save(template: Template, **options: Any) -> None:
    try:
        with transaction.atomic():
            template.save(**options)
    except IntegrityError as error:
        told = _("There is a template called “%(name)s” already. Choose another name.") % {"name": template.name}
        raise Refused(told, field="name") from error


def _name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted:
        raise Refused(_("Give the template a name."), field="name")
    if len(wanted) > NAME_MAX:
        raise Refused(_("Write at most %(limit)d characters.") % {"limit": NAME_MAX}, field="name")
    return wanted


def _purpose(purpose: str) -> str:
    if purpose not in MessagePurpose.values:
        raise Refused(_("Choose what it is about."), field="purpose")
    return purpose


def _language(language: str) -> str:
    if not (2 <= len(language) <= 5 and language.isascii() and language.replace("-", "").isalpha()):
        raise Refused(_("“%(language)s” is not the code of a language.") % {"language": language[:20]})
    return language


def _free_name(source: Template) -> str:
    names = set(Template.objects.filter(channel=source.channel, is_archived=False).values_list("name", flat=True))
    base = _("Copy of %(name)s") % {"name": source.name}
    number, name = 1, base[:NAME_MAX]
    while name in names:
        number += 1
        name = f"{base[: NAME_MAX - 5]} {number}"
    return name


def _audit(action: str, template: Template, member: Member | None, **more: Any) -> None:
    audit_record(
        action=action,
        member=member,
        object_type="template",
        object_id=template.pk,
        data={"name": template.name, "channel": template.channel, **more},
    )
