"""What a text must be before it is kept: a text that would embarrass the business is told so while it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.services.refusals import Refused
from messaging.rendering import NAMES, Text, placeholders_in
from messaging.rendering.blocks import check_blocks
from messaging.rendering.rendered import unknown_in
from messaging.texts.labels import own_names, told
from messaging.texts.models import MAX_SMS, Channel, Template

SUBJECT_MAX: Final = 200
USUAL_NAMES: Final = {
    "first_name": "guest.given_name",
    "firstname": "guest.given_name",
    "fname": "guest.given_name",
    "given_name": "guest.given_name",
    "guest.first_name": "guest.given_name",
    "last_name": "guest.family_name",
    "lastname": "guest.family_name",
    "lname": "guest.family_name",
    "surname": "guest.family_name",
    "name": "guest.name",
    "email": "guest.email",
    "unsubscribe": "unsubscribe_link",
    "business": "business.name",
    "address": "business.address",
    "hotel": "property.name",
    "property": "property.name",
}
"""What other programs call them."""


@dataclass(frozen=True)
class Draft:
    """A text as somebody wrote it."""

    subject: str = ""
    preheader: str = ""
    blocks: Sequence[Mapping[str, Any]] = ()
    body: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong, where: ``part`` is ``subject``, ``preheader``, ``body``, ``blocks``, or ``text``, ``link`` or
    ``source`` of the block at ``place``, counted from 0."""

    part: str
    message: str
    place: int | None = None
    is_unknown: bool = False
    """Whether it is about a placeholder that there is not: worth saying while one still writes."""

    @property
    def path(self) -> str:
        """Where, as the API says it: ``blocks.2.text``."""
        return self.part if self.place is None else f"blocks.{self.place}.{self.part}".rstrip(".")


class TextRefused(Refused):
    """The text was not kept; ``problems`` say why, each beside its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


def text_checked(template: Template, draft: Draft) -> Text:
    """A draft as a text of the template, trimmed. Raises :class:`TextRefused`."""
    text, problems = text_read(template, draft)
    if problems:
        raise TextRefused(problems)
    return text


def text_read(template: Template, draft: Draft) -> tuple[Text, list[Problem]]:
    """A draft as far as it can be read, and everything that is wrong with it. Two queries."""
    own = own_names()
    if template.channel == Channel.SMS:
        body = draft.body.replace("\r\n", "\n").replace("\r", "\n").strip()
        text = Text(channel=template.channel, purpose=template.purpose, body=body)
        return text, _sms_problems(text, own)
    blocks, errors = check_blocks(list(draft.blocks))
    text = Text(
        channel=template.channel,
        purpose=template.purpose,
        subject=" ".join(draft.subject.split()),
        preheader=" ".join(draft.preheader.split()),
        blocks=blocks,
    )
    problems = [*_line_problems("subject", text.subject, own), *_line_problems("preheader", text.preheader, own)]
    if not text.subject:
        problems.insert(0, Problem("subject", _("Write a subject: it is what guests see first.")))
    problems += [Problem(error.part or "text", told(error), error.place) for error in errors]
    for place, block in enumerate(draft.blocks):
        if isinstance(block, Mapping):
            for part in ("text", "link", "source"):
                problems += _unknown(part, str(block.get(part, "")), own, place)
    if not blocks and not errors:
        problems.append(Problem("blocks", _("Write at least one part: a text, a heading or a button.")))
    return text, problems


def unknown_told(name: str, own: frozenset[str]) -> str:
    """That there is no such placeholder, and which one may be meant."""
    known = [*NAMES, *sorted(own)]
    near = USUAL_NAMES.get(name) or next(iter(get_close_matches(name, known, 1, 0.72)), None)
    if near is None:
        return _("There is no placeholder {%(name)s}.") % {"name": name}
    return _("There is no placeholder {%(name)s}. Did you mean {%(near)s}?") % {"name": name, "near": near}


def _sms_problems(text: Text, own: frozenset[str]) -> list[Problem]:
    if not text.body:
        return [Problem("body", _("Write the text of the SMS."))]
    problems = _unknown("body", text.body, own)
    if len(text.body) > MAX_SMS:
        problems.append(Problem("body", _("Write at most %(limit)d characters.") % {"limit": MAX_SMS}))
    return problems


def _line_problems(part: str, line: str, own: frozenset[str]) -> list[Problem]:
    problems = _unknown(part, line, own)
    if len(line) > SUBJECT_MAX:
        problems.append(Problem(part, _("Write at most %(limit)d characters.") % {"limit": SUBJECT_MAX}))
    return problems


def _unknown(part: str, written: str, own: frozenset[str], place: int | None = None) -> list[Problem]:
    if not any(placeholders_in(written)):
        return []
    names = unknown_in(Text(channel="sms", body=written), own)
    return [Problem(part, unknown_told(name, own), place, is_unknown=True) for name in names]
