"""Transports, test messages and checks as the pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from messaging.transports.addresses import callback_shown, is_reachable, replies_shown
from messaging.transports.domain import DomainCheck, Finding, Record, check_of, doubt_of
from messaging.transports.kinds import KINDS, Asked, Kind, Way
from messaging.transports.labels import DOUBTS, TOPICS, finding_words, reason_words
from messaging.transports.models import Channel, Transport, TransportTry
from messaging.transports.secrets import SecretLost, secrets_open
from messaging.transports.selectors import transport_default

_TONES: Final = {"taken": "ok", "refused": "bad", "later": "warn", "unknown": "warn", "waiting": "info"}
_SIGNING: Final = frozenset({"signing_key", "callback_key"})
"""What a service signs its reports by, where it is told here."""
_ICONS: Final = {"ok": "circle-check", "info": "info", "warn": "triangle-alert", "bad": "octagon-alert"}


@dataclass(frozen=True, slots=True)
class FindingShown:
    """One finding in words, with what to put into DNS where."""

    topic: str
    words: str
    tone: str
    icon: str
    record: Record | None


@dataclass(frozen=True, slots=True)
class TryShown:
    """A test message: its state, and why it did not go."""

    asked: TransportTry
    state: str
    tone: str
    reason: str
    words: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class TransportShown:
    """A transport. ``domain_tone`` is how its sender's domain stands, empty before a check."""

    transport: Transport
    kind: Kind
    place: str
    is_local: bool
    is_checked: bool
    is_checking: bool
    domain_tone: str
    domain_words: str
    findings: Sequence[FindingShown]
    facts: Sequence[tuple[str, str]]
    is_lost: bool
    callback: str
    replies: str
    is_reachable: bool
    is_in_clear: bool
    is_unsigned: bool
    """Whether its service would sign what it reports, and nobody has told the key."""


@dataclass(frozen=True, slots=True)
class SenderDoubt:
    """What is in doubt of the sender of newsletters, and where to look."""

    transport: Transport
    words: str


def sender_doubt() -> SenderDoubt | None:
    """What is in doubt of whom e-mail to many comes from; ``None``: nothing, or nothing leaves the house."""
    transport = transport_default(channel=Channel.EMAIL)
    if transport is None or KINDS[transport.kind].way is Way.LOCAL:
        return None
    doubt = doubt_of(check_of(transport.domain))
    if doubt is None:
        return None
    domain = transport.sender_address.rpartition("@")[2]
    return SenderDoubt(transport, str(DOUBTS[doubt]) % {"domain": domain})


def transport_shown(transport: Transport) -> TransportShown:
    """A transport in words of the active language."""
    kind = KINDS[transport.kind]
    check = check_of(transport.domain)
    lost, callback, replies = False, "", ""
    try:
        secrets = secrets_open(transport)
        callback = callback_shown(transport) if kind.has_callbacks else ""
        replies = replies_shown(transport) if kind.way is Way.PROVIDER else ""
    except SecretLost:
        secrets, lost = {}, True
    checked = kind.way is not Way.LOCAL and transport.channel == "email"
    return TransportShown(
        transport=transport,
        kind=kind,
        place=str(transport.options.get("host") or ""),
        is_local=kind.way is Way.LOCAL,
        is_checked=checked,
        is_checking=checked and transport.check_asked_at is not None,
        domain_tone=check.tone if check else "",
        domain_words=_domain_words(check),
        findings=[_finding(each) for each in check.findings] if check else [],
        facts=_facts(transport, kind, secrets),
        is_lost=lost,
        callback=callback,
        replies=replies,
        is_reachable=is_reachable(),
        is_in_clear=transport.options.get("security") == "none" and kind.way is Way.SMTP,
        is_unsigned=not lost and any(each.name in _SIGNING and each.name not in secrets for each in kind.secrets),
    )


def try_shown(asked: TransportTry) -> TryShown:
    """A test message in words of the active language."""
    return TryShown(
        asked,
        str(TransportTry.State(asked.state).label),
        _TONES[asked.state],
        reason_words(asked.error.get("reason", "")),
        asked.error.get("words", ""),
        asked.state == TransportTry.State.WAITING,
    )


def _domain_words(check: DomainCheck | None) -> str:
    if check is None:
        return ""
    wrong = sum(each.tone in ("warn", "bad") for each in check.findings)
    return _("In order") if not wrong else _("Needs a look")


def _finding(finding: Finding) -> FindingShown:
    return FindingShown(
        str(TOPICS[finding.topic]), finding_words(finding), finding.tone, _ICONS[finding.tone], finding.record
    )


def _facts(transport: Transport, kind: Kind, secrets: dict[str, str]) -> list[tuple[str, str]]:
    """What the kind asks for, as it stands; of a secret only that it is kept."""
    facts = []
    for option in kind.options:
        if option.is_secret:
            facts.append((str(option.label), _("kept sealed") if option.name in secrets else _("not set")))
            continue
        value = transport.options.get(option.name, "")
        if option.asked is Asked.CHOICE:
            value = dict(option.choices).get(str(value), value)
        if value != "":
            facts.append((str(option.label), str(value)))
    return facts
