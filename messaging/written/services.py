"""A message to one guest: what it would be, whether it may go, and its way into the outbox."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import require_business_id
from customers.card.models import Customer
from messaging.gate.rules import Ruling, Verdict, Wanted
from messaging.gate.selectors import gate
from messaging.outbox.labels import words
from messaging.outbox.models import Message
from messaging.outbox.services import Draft, plan
from messaging.rendering import Text, render
from messaging.texts.checking import Draft as Words
from messaging.texts.checking import Problem, text_read
from messaging.texts.labels import Place
from messaging.texts.models import Channel, Template
from messaging.texts.selectors import as_text, text_for
from messaging.texts.showing import Shown, missing_of, price_of, shown, values_shown

ORIGIN = Message.Origin.CARD.value
EXPIRES_AFTER = dt.timedelta(days=2)


@dataclass(frozen=True)
class Written:
    """What somebody wrote: a template, or words of their own, which ``problems`` say what is wrong with."""

    channel: str
    purpose: str
    language: str
    text: Text | None
    template_id: int | None = None
    problems: Sequence[Problem] = ()


@dataclass(frozen=True)
class Said:
    """What the gate says of a message to one guest, in words for whoever writes it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    address: str
    until: dt.datetime | None

    @property
    def may_go(self) -> bool:
        """Whether it goes, now or later."""
        return self.verdict is not Verdict.REFUSE

    @property
    def waits(self) -> bool:
        """Whether it goes later."""
        return self.verdict is Verdict.DEFER


def written_template(*, template: Template, guest: Customer) -> Written:
    """A message in a template's words; none of one that was put away."""
    stored = None if template.is_archived else text_for(template.pk, [guest.language])
    text = as_text(stored) if stored is not None else None
    language = stored.language if stored is not None else guest.language
    return Written(template.channel, template.purpose, language, text, template.pk)


def written_words(
    *, channel: str, purpose: str, subject: str, text: str, guest: Customer, business: Business
) -> Written:
    """A message in one's own words: a paragraph for each part between empty lines. Placeholders are filled in."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    blocks = [{"kind": "paragraph", "text": part} for part in parts if part]
    draft = Words(subject=subject, blocks=blocks) if channel == Channel.EMAIL else Words(body=text)
    read, problems = text_read(Template(channel=channel, purpose=purpose), draft)
    return Written(channel, purpose, guest.language or business.language, read, None, problems)


def said_of(*, written: Written, guest: Customer, now: dt.datetime | None = None) -> Said:
    """Whether it may go to the guest now."""
    now = now or timezone.now()
    wanted = Wanted(
        customer_id=guest.pk,
        channel=written.channel,
        purpose=written.purpose,
        due_at=now,
        expires_at=now + EXPIRES_AFTER,
        origin=ORIGIN,
    )
    (ruling,) = gate(wanted=[wanted], at=now, is_planning=True)
    return _said(ruling)


def written_shown(*, written: Written, guest: Customer, business: Business) -> Shown | None:
    """How it would look to the guest; ``None`` without a text."""
    if written.text is None:
        return None
    values = values_shown(guest=guest, texts=[written.text], business=business)
    price = price_of(written.channel)
    return shown(written.text, values, language=written.language, business=business, price=price)


def message_send(*, written: Written, guest: Customer, token: str, member: Member | None = None) -> Message:
    """Put it into the outbox; the same ``token`` twice is one message. The caller lets a worker know.

    Raises :class:`Refused` for words that something is wrong with, and for a guest who may not be written to.
    """
    if written.problems:
        raise Refused(written.problems[0].message, field=written.problems[0].part)
    if written.text is None:
        raise Refused(_("The template has no text yet, or was put away. Choose another."), field="template")
    said = said_of(written=written, guest=guest)
    if not said.may_go:
        raise Refused(" · ".join(said.reasons))
    missing = _missing(written.text, written.language, guest)
    if missing:
        what = ", ".join(place.label for place in missing)
        raise Refused(_("Something is not known of this guest: %(what)s. Write other words for it.") % {"what": what})
    now = timezone.now()
    key = f"card:{guest.pk}:{token[:60]}"
    text = written.text if written.template_id is None else None
    planned = plan(
        drafts=[
            Draft(
                customer_id=guest.pk,
                channel=written.channel,
                purpose=written.purpose,
                key=key,
                template_id=written.template_id,
                subject=text.subject if text is not None else "",
                blocks=[block.as_json() for block in text.blocks] if text is not None else (),
                body=text.body if text is not None else "",
                language=None if written.template_id is not None else written.language,
                due_at=now,
                expires_at=now + EXPIRES_AFTER,
                origin=ORIGIN,
                origin_id=member.pk if member is not None else None,
            )
        ],
        member=member,
    )
    return Message.objects.get(pk=planned.ids[key])


def _missing(text: Text, language: str, guest: Customer) -> list[Place]:
    """What would be a hole in the message."""
    business = Business.objects.get(pk=require_business_id())
    values = values_shown(guest=guest, texts=[text], business=business)
    return missing_of(render(text, values, language=language))


def _said(ruling: Ruling) -> Said:
    codes = ruling.reasons or ((ruling.reason,) if ruling.reason else ())
    return Said(ruling.verdict, tuple(words(code) for code in codes), ruling.address, ruling.until)
