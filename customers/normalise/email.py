"""E-mail addresses: normalised, or kept as typed with the reason. No network is asked."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailSyntaxError, EmailUndeliverableError, validate_email

from customers.normalise.lists import listed

EmailState = Literal["ok", "relay", "placeholder", "invalid"]
EmailReason = Literal[
    "",
    "empty",
    "no_at",
    "several",
    "too_long",
    "domain",
    "syntax",
    "relay",
    "placeholder",
]

# RFC 5321 4.5.3.1.3: a path holds 256 octets, two of them the brackets.
EMAIL_LENGTH: Final = 254


class EmailResult(NamedTuple):
    """What became of a typed address.

    `normalised` is lower case with an ASCII (IDNA) domain, None when the state is invalid. A relay is a
    travel agent's alias for the guest, a placeholder what is typed when there is no address: neither says
    who somebody is, nor may it be written to for marketing.
    """

    normalised: str | None
    state: EmailState
    reason: EmailReason


RELAY_DOMAINS: Final = listed("addresses", "relay", "domains")
PLACEHOLDER_DOMAINS: Final = listed("addresses", "placeholder", "domains")
PLACEHOLDER_LOCAL_PARTS: Final = listed("addresses", "placeholder", "local_parts")

# Spaces of every kind and the invisible characters that spreadsheets and web pages leave behind.
_INVISIBLE = re.compile("[\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_BRACKETED = re.compile(r"^[^<>]*<([^<>]+)>$")


def normalise_email(raw: str) -> EmailResult:
    """Normalise one typed address: lower case, IDNA, without DNS (RFC 5321, 5322, 5890 by email-validator).

    `Jan Berg <jan@berg.no>` and `mailto:jan@berg.no` give the address in them.
    """
    raw = raw.strip()
    if len(raw) > 4 * EMAIL_LENGTH:
        return EmailResult(None, "invalid", "too_long")
    bracketed = _BRACKETED.match(raw)
    text = bracketed.group(1) if bracketed else raw
    text = text.strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    stripped = _INVISIBLE.sub(" ", text).strip()
    if not stripped:
        return EmailResult(None, "invalid", "empty")
    return _normalised(stripped)


# What nearly all addresses look like. The library finds nothing to object to or to change in these, and takes
# twenty times as long to say so; every other address is left to it.
_PLAIN = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}")
_PLAIN_LENGTH: Final = 63
_SPECIAL = tuple(SPECIAL_USE_DOMAIN_NAMES)


@lru_cache(maxsize=4096)
def _normalised(text: str) -> EmailResult:
    plain = text.lower()
    if len(plain) <= _PLAIN_LENGTH and plain.isascii() and _PLAIN.fullmatch(plain) and not plain.endswith(_SPECIAL):
        return _classified(*plain.split("@"))
    return _validated(text)


def _validated(text: str) -> EmailResult:
    if "@" not in text:
        return EmailResult(None, "invalid", "no_at")
    if text.count("@") > 1 and re.search(r"[,;/\s]", text):
        return EmailResult(None, "invalid", "several")
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=True)
    except EmailUndeliverableError:
        return EmailResult(None, "invalid", "domain")
    except EmailSyntaxError as error:
        if len(text) > EMAIL_LENGTH:
            return EmailResult(None, "invalid", "too_long")
        return EmailResult(None, "invalid", "domain" if _about_domain(error) else "syntax")
    except (ValueError, IndexError):
        # The IDNA tables refuse some texts with their own errors.
        return EmailResult(None, "invalid", "syntax")
    return _classified(checked.local_part.lower(), checked.ascii_domain.lower())


def _classified(local: str, domain: str) -> EmailResult:
    normalised = f"{local}@{domain}"
    if len(normalised) > EMAIL_LENGTH:
        return EmailResult(None, "invalid", "too_long")
    if _under(domain, RELAY_DOMAINS):
        return EmailResult(normalised, "relay", "relay")
    if local in PLACEHOLDER_LOCAL_PARTS or domain in PLACEHOLDER_DOMAINS:
        return EmailResult(normalised, "placeholder", "placeholder")
    return EmailResult(normalised, "ok", "")


def _about_domain(error: EmailSyntaxError) -> bool:
    """Whether the library complains of the part after the @: it tells only in words."""
    message = str(error)
    return "after the @-sign" in message or "domain" in message.lower()


def _under(domain: str, listed: frozenset[str]) -> bool:
    """Whether a domain is listed, or below a listed one."""
    while domain:
        if domain in listed:
            return True
        domain = domain.partition(".")[2]
    return False
