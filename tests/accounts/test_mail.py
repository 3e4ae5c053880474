"""Messages: written once as text, shown as HTML, in the recipient's language."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation

from accounts.mail import mail_build, mail_html, recipient_language
from tests.factories import UserFactory

MESSAGES = sorted(
    str(path.relative_to(settings.BASE_DIR / "templates")).removesuffix("_message.txt")
    for path in Path(settings.BASE_DIR / "templates").glob("*/**/*_message.txt")
)
CONTEXT = {
    "email": "kari@example.com",
    "host": "innkeeper.example",
    "code": "BCDF-GHJK",
    "activate_url": "https://innkeeper.example/confirm/",
    "password_reset_url": "https://innkeeper.example/reset/",
    "signup_url": "https://innkeeper.example/signup/",
    "url": "https://innkeeper.example/join/x.y/",
    "inviter": "Olga & <Ola>",
    "business": "Fjord & Fjell www.evil.example",
    "role": "Reception",
    "from_email": "old@example.com",
    "to_email": "new@example.com",
    "deleted_email": "old@example.com",
    "timestamp": timezone.now(),
    "ip": "192.0.2.1",
    "user_agent": "Firefox <b>",
}


@pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
@pytest.mark.parametrize("template", MESSAGES)
def test_every_message_is_complete_in_every_language(template: str, language: str) -> None:
    with translation.override(language):
        message = mail_build(template=template, to="kari@example.com", context=CONTEXT)
    assert message.subject.strip()
    assert "\n" not in message.subject
    text, html = str(message.body), str(message.alternatives[0][0])
    assert text.endswith("Innkeeper · innkeeper.example\n")
    assert f'lang="{language}"' in html
    for word in ("{{", "{%", "None", "&amp;", "&lt;"):
        assert word not in text
    assert "\n\n\n" not in text
    assert "<b>" not in html
    assert "<Ola>" not in html
    assert set(re.findall(r'href="([^"]+)"', html)) == set(re.findall(r"^https?://\S+$", text, re.MULTILINE))


def test_there_are_messages() -> None:
    assert {"accounts/mail/invitation", "account/email/password_reset_key", "mfa/email/totp_activated"} <= set(MESSAGES)


def test_only_a_line_of_its_own_becomes_a_link() -> None:
    html = mail_html(text="See https://evil.example/ now\n\nhttps://ours.example/\n\nBCDF-GHJK\n", subject="x")
    assert re.findall(r"<a [^>]+>([^<]+)</a>", html) == ["https://ours.example/"]
    assert "<strong>BCDF-GHJK</strong>" in html


def test_the_recipients_language_comes_first(db: None) -> None:
    UserFactory(email="kari@example.com", language="da")
    UserFactory(email="odd@example.com", language="xx")
    with translation.override("nl"):
        assert recipient_language(email="Kari@Example.com", default="nb") == "da"
        assert recipient_language(email="nobody@example.com", default="nb") == "nb"
        assert recipient_language(email="nobody@example.com") == "nl"
        assert recipient_language(email="odd@example.com", default="xx") == "nl"
