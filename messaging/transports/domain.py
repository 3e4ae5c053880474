"""Whether the domain that e-mail comes from lets it come from here: SPF, DKIM, DMARC, and somebody to answer to.

Pure but for the resolver it is given. What is found are codes with values; :mod:`messaging.transports.labels` has the
words. SPF: RFC 7208. DKIM: RFC 6376, 8301. DMARC: RFC 7489, the record of a parent found by walking up.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from messaging.transports.dns import DnsAway, Resolver

Topic = Literal["sender", "spf", "dkim", "dmarc", "replies"]
Tone = Literal["ok", "info", "warn", "bad"]

SPF_LOOKUPS: Final = 10
"""As many look-ups as a record may cost whoever checks it (RFC 7208, 4.6.4)."""
_TONES: Final[tuple[Tone, ...]] = ("ok", "info", "warn", "bad")
_FREE: Final = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "live.no",
        "live.dk",
        "live.nl",
        "msn.com",
        "yahoo.com",
        "yahoo.no",
        "icloud.com",
        "me.com",
        "aol.com",
        "online.no",
        "getmail.no",
        "hotmail.no",
        "hotmail.nl",
        "outlook.dk",
        "mail.dk",
        "stofanet.dk",
        "ziggo.nl",
        "kpnmail.nl",
        "planet.nl",
        "xs4all.nl",
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "t-online.de",
    ]
)
"""Domains of mail providers: nobody else may send from them."""


@dataclass(frozen=True, slots=True)
class Record:
    """What to put into DNS where."""

    kind: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. ``code`` names its sentence, ``params`` what stands in it."""

    topic: Topic
    code: str
    tone: Tone
    params: Mapping[str, Any] = field(default_factory=dict)
    record: Record | None = None

    def stored(self) -> dict[str, Any]:
        """For a jsonb column; :func:`finding_of` reads it."""
        record = self.record
        return {
            "topic": self.topic,
            "code": self.code,
            "tone": self.tone,
            "params": dict(self.params),
            "record": [record.kind, record.name, record.value] if record else None,
        }


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mail is to be let through: the domain, the provider's include and the usual names of its keys.

    ``selectors`` are names of keys that a member told; ``server`` is the host of a mail server of their own.
    """

    domain: str
    include: str = ""
    usual: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    server: str = ""


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """All that was found of a domain."""

    domain: str
    findings: tuple[Finding, ...]

    @property
    def tone(self) -> Tone:
        """How bad it is: the worst of all findings."""
        return max((each.tone for each in self.findings), key=_TONES.index, default="ok")

    def stored(self) -> dict[str, Any]:
        """For a jsonb column; :func:`check_of` reads it."""
        return {"domain": self.domain, "findings": [each.stored() for each in self.findings]}


class Doubt(StrEnum):
    """Why others may not believe that mail is from its sender."""

    UNCHECKED = "unchecked"
    FAILED = "failed"
    UNSEALED = "unsealed"
    """No key was found, so that nothing shows that there is a seal. RFC 8058, 4: a mail program shows its button to
    unsubscribe only where a valid DKIM signature covers both headers."""


def doubt_of(check: DomainCheck | None) -> Doubt | None:
    """What a check leaves in doubt of what others ask of whoever writes to many; ``None``: nothing."""
    if check is None:
        return Doubt.UNCHECKED
    asked = [each for each in check.findings if each.topic != "replies"]
    if any(each.tone == "bad" for each in asked):
        return Doubt.FAILED
    is_sealed = any(each.topic == "dkim" and each.code in ("there", "short") for each in asked)
    return None if is_sealed else Doubt.UNSEALED


def check_of(stored: Mapping[str, Any]) -> DomainCheck | None:
    """A check as it was stored; ``None`` for none."""
    if not stored:
        return None
    return DomainCheck(stored["domain"], tuple(finding_of(each) for each in stored["findings"]))


def finding_of(stored: Mapping[str, Any]) -> Finding:
    """A finding as it was stored."""
    record = stored["record"]
    return Finding(
        stored["topic"], stored["code"], stored["tone"], stored["params"], Record(*record) if record else None
    )


def domain_check(sender: Sender, resolver: Resolver) -> DomainCheck:
    """Look at everything; what DNS does not tell right now is a finding of its own."""
    if sender.domain in _FREE:
        return DomainCheck(sender.domain, (Finding("sender", "free", "bad", {"domain": sender.domain}),))
    findings: list[Finding] = []
    for topic, look in (("spf", _spf), ("dkim", _dkim), ("dmarc", _dmarc), ("replies", _replies)):
        try:
            findings += look(sender, resolver)
        except DnsAway:
            findings.append(Finding(topic, "away", "warn", {"domain": sender.domain}))  # type: ignore[arg-type]
    return DomainCheck(sender.domain, tuple(findings))


def _spf(sender: Sender, resolver: Resolver) -> Iterator[Finding]:
    domain = sender.domain
    ours = f"include:{sender.include}" if sender.include else f"a:{sender.server}" if sender.server else "mx"
    records = [text for text in resolver.texts(domain) if _is_spf(text)]
    if not records:
        yield Finding("spf", "missing", "bad", {"domain": domain}, Record("TXT", domain, f"v=spf1 {ours} ~all"))
        return
    if len(records) > 1:
        yield Finding("spf", "several", "bad", {"domain": domain, "count": len(records)})
        return
    terms = records[0].split()[1:]
    walked = _Walk(resolver)
    walked.take(domain, terms)
    if walked.cost > SPF_LOOKUPS:
        yield Finding("spf", "costly", "bad", {"domain": domain, "count": walked.cost, "most": SPF_LOOKUPS})
    if any(term.casefold() in ("+all", "all") for term in terms):
        yield Finding("spf", "open", "bad", {"domain": domain})
    elif sender.include and sender.include not in walked.seen:
        added = Record("TXT", domain, _with(records[0], ours))
        yield Finding("spf", "without", "warn", {"domain": domain, "include": sender.include}, added)
    elif sender.include:
        yield Finding("spf", "names", "ok", {"domain": domain, "include": sender.include})
    else:
        yield Finding("spf", "there", "ok", {"domain": domain, "record": records[0]})


class _Walk:
    """Follows the includes of SPF records: whom they name, and how many look-ups that costs."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver, self.cost = resolver, 0
        self.seen: set[str] = set()

    def take(self, domain: str, terms: list[str]) -> None:
        """Count a record's terms and go into what it includes."""
        for term in terms:
            plain = term.lstrip("+-~?").casefold()
            name, _mark, value = plain.partition(":")
            if plain.startswith("redirect="):
                name, value = "redirect", plain.removeprefix("redirect=")
            if name.partition("/")[0] in ("a", "mx", "ptr", "exists", "include", "redirect"):
                self.cost += 1
            if name not in ("include", "redirect") or not value or value in self.seen or "%" in value:
                continue
            self.seen.add(value)
            if self.cost <= 2 * SPF_LOOKUPS:
                for text in self.resolver.texts(value):
                    if _is_spf(text):
                        self.take(value, text.split()[1:])


def _is_spf(text: str) -> bool:
    return text.casefold() == "v=spf1" or text.casefold().startswith("v=spf1 ")


def _with(record: str, term: str) -> str:
    """A record with one more term, before what it says of everybody else."""
    terms = record.split()
    place = next((at for at, each in enumerate(terms) if each.casefold().lstrip("+-~?") == "all"), len(terms))
    return " ".join([*terms[:place], term, *terms[place:]])


def _dkim(sender: Sender, resolver: Resolver) -> Iterator[Finding]:
    told = bool(sender.selectors)
    any_found = False
    for selector in sender.selectors or sender.usual:
        name = f"{selector}._domainkey.{sender.domain}"
        keys = [tags for text in resolver.texts(name) if "p" in (tags := _tags(text))]
        if not keys:
            if told:
                yield Finding("dkim", "missing", "bad", {"name": name})
            continue
        any_found = True
        key = keys[0]["p"].replace(" ", "")
        if len(keys) > 1:
            yield Finding("dkim", "several", "bad", {"name": name})
        elif not key:
            yield Finding("dkim", "revoked", "bad", {"name": name})
        else:
            yield _strength(name, keys[0], key)
    if not told and not any_found:
        code = "unusual" if sender.usual else "unnamed"
        yield Finding("dkim", code, "warn", {"domain": sender.domain})


def _strength(name: str, tags: Mapping[str, str], key: str) -> Finding:
    if tags.get("k", "rsa").casefold() == "ed25519":
        return Finding("dkim", "there", "ok", {"name": name})
    try:
        public = load_der_public_key(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return Finding("dkim", "broken", "bad", {"name": name})
    bits = public.key_size if isinstance(public, RSAPublicKey) else 0
    if bits < 1024:
        return Finding("dkim", "weak", "bad", {"name": name, "bits": bits})
    if bits < 2048:
        return Finding("dkim", "short", "info", {"name": name, "bits": bits})
    return Finding("dkim", "there", "ok", {"name": name})


def _dmarc(sender: Sender, resolver: Resolver) -> Iterator[Finding]:
    labels = sender.domain.split(".")
    for at in range(len(labels) - 1):
        domain = ".".join(labels[at:])
        records = [text for text in resolver.texts(f"_dmarc.{domain}") if re.match(r"v\s*=\s*DMARC1\b", text)]
        if len(records) > 1:
            yield Finding("dmarc", "several", "bad", {"name": f"_dmarc.{domain}"})
            return
        if records:
            yield _policy(domain, sender.domain, _tags(records[0]))
            return
    value = f"v=DMARC1; p=none; rua=mailto:postmaster@{sender.domain}"
    record = Record("TXT", f"_dmarc.{sender.domain}", value)
    yield Finding("dmarc", "missing", "bad", {"domain": sender.domain}, record)


def _policy(at: str, domain: str, tags: Mapping[str, str]) -> Finding:
    policy = (tags.get("sp") if at != domain and "sp" in tags else tags.get("p", "")) or ""
    policy = policy.casefold()
    name = f"_dmarc.{at}"
    if policy == "none":
        return Finding("dmarc", "watching", "info" if tags.get("rua") else "warn", {"name": name})
    if policy in ("quarantine", "reject"):
        return Finding("dmarc", policy, "ok", {"name": name})
    return Finding("dmarc", "broken", "bad", {"name": name})


def _replies(sender: Sender, resolver: Resolver) -> Iterator[Finding]:
    servers = resolver.mail_servers(sender.domain)
    if servers and servers != ["."]:
        yield Finding("replies", "there", "ok", {"domain": sender.domain, "server": servers[0]})
    elif not servers and resolver.has_address(sender.domain):
        yield Finding("replies", "address", "info", {"domain": sender.domain})
    else:
        yield Finding("replies", "missing", "bad", {"domain": sender.domain})


def _tags(text: str) -> dict[str, str]:
    """``name=value;`` pairs of a record."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().casefold(): re.sub(r"\s+", " ", value.strip()) for name, mark, value in pairs if mark}
