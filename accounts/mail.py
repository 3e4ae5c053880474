"""Messages to users: sign-in, invitations, security notices. Plain text with the same as simple HTML beside it.

The text is written once; the HTML is made of it. Only a line that is an address and nothing else becomes a link, so
that a business called "free-money.example" cannot put one into a message we send.
"""

import re
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.selectors import user_language

log = structlog.get_logger(__name__)

_LINK = re.compile(r"https?://\S+")
_CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}|\d{6}")


def mail_build(
    *, template: str, to: str, context: dict[str, Any], headers: dict[str, str] | None = None
) -> EmailMultiAlternatives:
    """A message from ``<template>_subject.txt`` and ``<template>_message.txt`` in the active language."""
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    text = _tidy(render_to_string(f"{template}_message.txt", context))
    message = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [to], headers=headers)
    message.attach_alternative(mail_html(text=text, subject=subject), "text/html")
    return message


def mail_html(*, text: str, subject: str) -> str:
    """The text as an HTML page: paragraphs, links and codes."""
    paragraphs = [_paragraph(block) for block in text.split("\n\n")]
    context = {"subject": subject, "paragraphs": paragraphs, "language": translation.get_language()}
    return render_to_string("accounts/mail/page.html", context)


def mail_send(message: EmailMultiAlternatives, *, template: str) -> bool:
    """Hand a message to the mail server. False, and a line in the server's log, when it was not taken."""
    try:
        message.send()
    except OSError as error:
        # smtplib's errors are OSErrors too. The address stays out of the log.
        log.error("mail_not_sent", template=template, kind=type(error).__name__, error=str(error)[:200])
        return False
    return True


def recipient_language(*, email: str, default: str | None = None) -> str:
    """The language of the user with the address; else ``default``, else the active one."""
    known = dict(settings.LANGUAGES)
    for language in (user_language(email=email), default, translation.get_language()):
        if language in known:
            return str(language)
    return settings.LANGUAGE_CODE


def _tidy(text: str) -> str:
    """Trailing spaces and runs of blank lines that template tags leave behind."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _paragraph(block: str) -> SafeString:
    lines = block.strip("\n").split("\n")
    return format_html("<p>{}</p>", format_html_join(SafeString("<br>\n"), "{}", ((_line(line),) for line in lines)))


def _line(line: str) -> str | SafeString:
    if _LINK.fullmatch(line):
        return format_html('<a href="{0}">{0}</a>', line)
    if _CODE.fullmatch(line.strip()):
        return format_html("<strong>{}</strong>", line.strip())
    return line
