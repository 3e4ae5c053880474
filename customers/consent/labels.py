"""What the five consents are called, and how an address names each."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from customers.consent.models import CONSENTS, Channel, Purpose

LABELS: Final[dict[tuple[str, str], Any]] = {
    (Purpose.NEWSLETTER, Channel.EMAIL): _("Newsletter by e-mail"),
    (Purpose.NEWSLETTER, Channel.SMS): _("Newsletter by SMS"),
    (Purpose.PROFILING, Channel.NONE): Purpose.PROFILING.label,
    (Purpose.SENSITIVE, Channel.NONE): Purpose.SENSITIVE.label,
    (Purpose.TRACKING, Channel.NONE): Purpose.TRACKING.label,
}
ALLOWS: Final[dict[tuple[str, str], Any]] = {
    (Purpose.NEWSLETTER, Channel.EMAIL): _("Offers and news by e-mail."),
    (Purpose.NEWSLETTER, Channel.SMS): _("Offers and news as text messages."),
    (Purpose.PROFILING, Channel.NONE): _("Offers chosen by what the guest has bought and when they stayed."),
    (Purpose.SENSITIVE, Channel.NONE): _("Spouse, children, food, allergies and special wishes on the card."),
    (Purpose.TRACKING, Channel.NONE): _("Which of our web pages the guest opens."),
}
"""What each allows the business to do, in a sentence for members."""


def consent_key(purpose: str, channel: str) -> str:
    """A consent as an address and a form hold it: ``newsletter-email``, ``sensitive``."""
    return f"{purpose}-{channel}" if channel else str(purpose)


BY_KEY: Final[dict[str, tuple[str, str]]] = {consent_key(*consent): consent for consent in CONSENTS}
