"""Words for what transports answer and for what a check of a sender's domain finds."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.transports.domain import Doubt, Finding
from messaging.transports.outgoing import Reason

REASONS: Final[dict[str, str | Promise]] = {
    Reason.ADDRESS: _("The provider does not deliver to this address."),
    Reason.DEAD: _("There is nobody at this address or number."),
    Reason.STOPPED: _("The guest has told the provider to stop."),
    Reason.CONTENT: _("The provider does not take the message as it is."),
    Reason.SENDER: _("The provider does not let you send under this sender."),
    Reason.CREDENTIALS: _("The provider does not accept the key or password."),
    Reason.BALANCE: _("The account at the provider is used up."),
    Reason.LIMIT: _("The provider takes no more right now."),
    Reason.UNREACHABLE: _("The provider did not answer."),
    Reason.SETTINGS: _("Something is missing in how messages are sent. Look under Sending."),
    Reason.OTHER: _("The provider said no."),
    Reason.LOST: _("The connection broke after the message was handed over: nobody knows whether it went."),
}
"""Why a message was not taken, by :class:`messaging.transports.outgoing.Reason`."""

TOPICS: Final[dict[str, str | Promise]] = {
    "sender": pgettext_lazy("of an e-mail", "Sender"),
    "spf": _("SPF: who may send for you"),
    "dkim": _("DKIM: the seal on each message"),
    "dmarc": _("DMARC: what others do with forged mail"),
    "replies": _("Replies"),
}

_AWAY: Final = _("DNS gave no answer for %(domain)s. It will be asked again.")
FINDINGS: Final[dict[tuple[str, str], str | Promise]] = {
    ("sender", "free"): _(
        "%(domain)s belongs to a mail provider, which lets nobody else send from it: your messages would land in spam"
        " or nowhere. Use an address at a domain of your own."
    ),
    ("spf", "away"): _AWAY,
    ("spf", "missing"): _("%(domain)s does not say who may send for it. Many will treat your messages as spam."),
    ("spf", "several"): _("%(domain)s has %(count)s SPF records, and that counts as none. Put them together into one."),
    ("spf", "costly"): _(
        "The SPF record of %(domain)s needs %(count)s look-ups, more than the %(most)s that are allowed, so it counts"
        " as broken. Take out services you no longer use."
    ),
    ("spf", "open"): _("The SPF record of %(domain)s lets everybody send in your name. End it with ~all."),
    ("spf", "without"): _(
        "The SPF record of %(domain)s does not name %(include)s. It is needed only if your provider asks for it."
    ),
    ("spf", "names"): _("%(domain)s lets your provider send (%(include)s)."),
    ("spf", "there"): _(
        "%(domain)s says who may send for it: %(record)s. Make sure that your mail server is among them."
    ),
    ("dkim", "away"): _AWAY,
    ("dkim", "missing"): _(
        "There is no key at %(name)s. Put there what your provider has told you, or correct the selector."
    ),
    ("dkim", "several"): _("There are several keys at %(name)s, and that counts as none. Leave one."),
    ("dkim", "revoked"): _("The key at %(name)s has been taken back. Put the new one there."),
    ("dkim", "broken"): _("What stands at %(name)s cannot be read as a key. Copy it anew, in full."),
    ("dkim", "weak"): _("The key at %(name)s has %(bits)s bits only and is not accepted any more. Make a new one."),
    ("dkim", "short"): _("The key at %(name)s has %(bits)s bits. It works; 2048 are better."),
    ("dkim", "there"): _("The key stands at %(name)s."),
    ("dkim", "unusual"): _(
        "No key stands where your provider usually keeps it at %(domain)s. If you have set one up, write its selector"
        " into the settings, so that it can be checked; if not, your provider tells you what to put where."
    ),
    ("dkim", "unnamed"): _(
        "A key at %(domain)s can be checked when its selector stands in the settings: the word before ._domainkey in"
        " what your mail provider told you."
    ),
    ("dmarc", "away"): _AWAY,
    ("dmarc", "missing"): _(
        "%(domain)s does not say what others are to do with forged mail. Gmail and Yahoo take newsletters only from"
        " domains that do."
    ),
    ("dmarc", "several"): _("There are several records at %(name)s, and that counts as none. Leave one."),
    ("dmarc", "broken"): _("What stands at %(name)s cannot be read. It needs p=none, p=quarantine or p=reject."),
    ("dmarc", "watching"): _(
        "%(name)s only watches (p=none). That is enough to begin with; later p=quarantine keeps forgers out."
    ),
    ("dmarc", "quarantine"): _("Forged mail goes to spam (%(name)s)."),
    ("dmarc", "reject"): _("Forged mail is turned away (%(name)s)."),
    ("replies", "away"): _AWAY,
    ("replies", "there"): _("Mail to %(domain)s goes to %(server)s."),
    ("replies", "address"): _("%(domain)s names no mail server; mail goes to its own address, which may not take any."),
    ("replies", "missing"): _(
        "Nobody takes mail at %(domain)s: answers and bounces are lost, and some refuse such senders."
    ),
}
"""What was found, by topic and code of :class:`messaging.transports.domain.Finding`."""


DOUBTS: Final[dict[Doubt, str | Promise]] = {
    Doubt.UNCHECKED: _("Whether %(domain)s lets your messages be sent from it has not been checked yet."),
    Doubt.FAILED: _(
        "The check of %(domain)s has found faults. Many of your messages may land in spam, and mail programs do not"
        " show their own button to unsubscribe."
    ),
    Doubt.UNSEALED: _(
        "No DKIM key has been found for %(domain)s. Without one mail programs do not show their own button to"
        " unsubscribe, and Gmail and Yahoo turn away newsletters to many."
    ),
}
"""What is in doubt of a sender's domain, before many are written to."""


def finding_words(finding: Finding) -> str:
    """A finding as a sentence in the active language."""
    return str(FINDINGS[finding.topic, finding.code]) % dict(finding.params)


def reason_words(reason: str) -> str:
    """Why a message was not taken, in the active language; empty for a code that is not known."""
    return str(REASONS.get(reason, ""))
