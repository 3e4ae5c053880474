"""What is found of a sender's domain: every record there may be, from a resolver that says what it is told."""

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import translation

from messaging.transports.dns import DnsAway
from messaging.transports.domain import Doubt, Sender, check_of, domain_check, doubt_of
from messaging.transports.kinds import KINDS
from messaging.transports.labels import DOUBTS, FINDINGS, finding_words


@dataclass
class Told:
    """A resolver that knows what it is told; ``away`` are names nobody answers for."""

    txt: dict[str, list[str]] = field(default_factory=dict)
    mx: list[str] = field(default_factory=lambda: ["mx.fjordstuen.no"])
    address: bool = True
    away: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def texts(self, name: str) -> list[str]:
        self.asked.append(name)
        if name in self.away:
            raise DnsAway(name)
        return self.txt.get(name, [])

    def mail_servers(self, name: str) -> list[str]:
        return self.mx

    def has_address(self, name: str) -> bool:
        return self.address


def key(bits: int) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


GOOD = f"v=DKIM1; k=rsa; p={key(2048)}"
HOME = "fjordstuen.no"


def found(sender: Sender, **told: Any) -> dict[str, tuple[str, str]]:
    """Topic, and code with tone of the first finding of it."""
    answer: dict[str, tuple[str, str]] = {}
    for each in domain_check(sender, Told(**told)).findings:
        answer.setdefault(each.topic, (each.code, each.tone))
    return answer


def test_a_domain_in_order() -> None:
    told = {
        HOME: ["google-site-verification=x", "v=spf1 include:spf.brevo.com ~all"],
        "spf.brevo.com": ["v=spf1 ip4:1.2.3.0/24 -all"],
        f"brevo1._domainkey.{HOME}": [GOOD],
        f"_dmarc.{HOME}": ["v=DMARC1; p=quarantine; rua=mailto:post@fjordstuen.no"],
    }
    check = domain_check(Sender(HOME, include="spf.brevo.com", usual=("brevo1",)), Told(txt=told))
    assert check.tone == "ok"
    assert [(each.topic, each.code) for each in check.findings] == [
        ("spf", "names"),
        ("dkim", "there"),
        ("dmarc", "quarantine"),
        ("replies", "there"),
    ]
    assert check_of(check.stored()) == check


@pytest.mark.parametrize(
    ("records", "code", "tone"),
    [
        ([], "missing", "bad"),
        (["v=spf10 all"], "missing", "bad"),
        (["v=spf1 -all", "v=spf1 mx -all"], "several", "bad"),
        (["V=SPF1 include:spf.brevo.com -all"], "names", "ok"),
        (["v=spf1 mx ~all"], "without", "warn"),
        (["v=spf1 include:spf.brevo.com +all"], "open", "bad"),
        (["v=spf1 include:spf.brevo.com all"], "open", "bad"),
        (["v=spf1 include:deep.example ~all"], "names", "ok"),
        (["v=spf1 redirect=deep.example"], "names", "ok"),
        (["v=spf1 include:loop.example ~all"], "without", "warn"),
        (["v=spf1 " + " ".join(f"a:{n}.example" for n in range(11)) + " ~all"], "costly", "bad"),
        (["v=spf1 include:many.example ~all"], "costly", "bad"),
        (["v=spf1 a mx/24 a:x.example/28 ip4:1.2.3.4 ip6:::1 include:spf.brevo.com ~all"], "names", "ok"),
    ],
)
def test_spf(records: list[str], code: str, tone: str) -> None:
    told = {
        HOME: records,
        "spf.brevo.com": ["v=spf1 ip4:1.2.3.0/24 -all"],
        "deep.example": ["v=spf1 include:spf.brevo.com -all"],
        "loop.example": ["v=spf1 include:loop.example include:fjordstuen.no -all"],
        "many.example": ["v=spf1 " + " ".join(f"include:{n}.example" for n in range(12))],
    }
    assert found(Sender(HOME, include="spf.brevo.com"), txt=told)["spf"] == (code, tone)


def test_what_to_put_into_dns_keeps_what_is_there() -> None:
    told = {HOME: ["v=spf1 include:_spf.google.com ip4:1.2.3.4 -all"]}
    check = domain_check(Sender(HOME, include="spf.brevo.com"), Told(txt=told))
    record = next(each.record for each in check.findings if each.topic == "spf")
    assert record is not None
    assert (record.kind, record.name) == ("TXT", HOME)
    assert record.value == "v=spf1 include:_spf.google.com ip4:1.2.3.4 include:spf.brevo.com -all"
    empty = domain_check(Sender(HOME, server="smtp.fjordstuen.no"), Told())
    records = {each.topic: each.record for each in empty.findings if each.record}
    assert records["spf"].value == "v=spf1 a:smtp.fjordstuen.no ~all"
    assert records["dmarc"].name == "_dmarc.fjordstuen.no"
    assert records["dmarc"].value == "v=DMARC1; p=none; rua=mailto:postmaster@fjordstuen.no"


@pytest.mark.parametrize(
    ("selectors", "usual", "records", "code", "tone"),
    [
        (("fjord",), (), [], "missing", "bad"),
        (("fjord",), (), [GOOD], "there", "ok"),
        (("fjord",), (), [GOOD.replace("p=", "p = ")], "there", "ok"),
        (("fjord",), (), ["p=" + key(1024)], "short", "info"),
        (("fjord",), (), ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="], "there", "ok"),
        (("fjord",), (), ["v=DKIM1; p="], "revoked", "bad"),
        (("fjord",), (), ["v=DKIM1; p=not a key"], "broken", "bad"),
        (("fjord",), (), [GOOD, GOOD], "several", "bad"),
        ((), ("fjord", "other"), [GOOD], "there", "ok"),
        ((), ("other",), [GOOD], "unusual", "warn"),
        ((), (), [GOOD], "unnamed", "warn"),
    ],
)
def test_dkim(selectors: tuple[str, ...], usual: tuple[str, ...], records: list[str], code: str, tone: str) -> None:
    sender = Sender(HOME, selectors=selectors, usual=usual)
    assert found(sender, txt={f"fjord._domainkey.{HOME}": records})["dkim"] == (code, tone)


def test_a_key_that_nobody_accepts_any_more() -> None:
    weak = (
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit"
        "+CqvjWYzvQwECAwEAAQ=="
    )
    told = {f"fjord._domainkey.{HOME}": [f"v=DKIM1; p={weak}"]}
    assert found(Sender(HOME, selectors=("fjord",)), txt=told)["dkim"] == ("weak", "bad")


@pytest.mark.parametrize(
    ("at", "records", "code", "tone"),
    [
        (HOME, [], "missing", "bad"),
        (HOME, ["v=DMARC1; p=none; rua=mailto:a@b.no"], "watching", "info"),
        (HOME, ["v=DMARC1; p=none"], "watching", "warn"),
        (HOME, ["v=DMARC1;p=reject"], "reject", "ok"),
        (HOME, ["v=DMARC1; sp=none"], "broken", "bad"),
        (HOME, ["v=DMARC1; p=something"], "broken", "bad"),
        (HOME, ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "several", "bad"),
        (HOME, ["v=DMARC12; p=none"], "missing", "bad"),
        # The record of a parent holds for what is below it, by its own word for that.
        ("post.fjordstuen.no", ["v=DMARC1; p=reject"], "reject", "ok"),
        ("post.fjordstuen.no", ["v=DMARC1; p=reject; sp=none"], "watching", "warn"),
    ],
)
def test_dmarc(at: str, records: list[str], code: str, tone: str) -> None:
    assert found(Sender(at), txt={f"_dmarc.{HOME}": records})["dmarc"] == (code, tone)


@pytest.mark.parametrize(
    ("mx", "address", "code"),
    [
        (["mx.example.no"], True, "there"),
        ([], True, "address"),
        ([], False, "missing"),
        (["."], True, "missing"),
    ],
)
def test_replies(mx: list[str], address: bool, code: str) -> None:
    assert found(Sender(HOME), mx=mx, address=address)["replies"][0] == code


def test_nobody_sends_in_the_name_of_a_mail_provider() -> None:
    told = Told()
    check = domain_check(Sender("gmail.com"), told)
    assert [(each.topic, each.code, each.tone) for each in check.findings] == [("sender", "free", "bad")]
    assert told.asked == []


def test_silence_is_told_apart_from_nothing() -> None:
    answer = found(Sender(HOME, selectors=("fjord",)), away=(HOME, f"fjord._domainkey.{HOME}", f"_dmarc.{HOME}"))
    assert answer == {
        "spf": ("away", "warn"),
        "dkim": ("away", "warn"),
        "dmarc": ("away", "warn"),
        "replies": ("there", "ok"),
    }


@pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
def test_every_sentence_takes_what_is_put_into_it(language: str) -> None:
    """All that can be found is told, with its values, in every language."""
    seen = set()
    cases: list[tuple[Sender, dict[str, Any]]] = [
        (Sender("gmail.com"), {}),
        (Sender(HOME), {}),
        (Sender(HOME, include="spf.brevo.com", usual=("a",)), {"txt": {HOME: ["v=spf1 mx all"]}, "mx": []}),
        (Sender(HOME), {"txt": {HOME: ["v=spf1 mx", "v=spf1 a"]}, "mx": [], "address": False}),
        (Sender(HOME), {"away": (HOME, f"_dmarc.{HOME}")}),
    ]
    with translation.override(language):
        for sender, told in cases:
            for each in domain_check(sender, Told(**told)).findings:
                seen.add((each.topic, each.code))
                assert finding_words(each) and "%(" not in finding_words(each)
    assert len(seen) >= 10 and seen <= set(FINDINGS)


def test_every_service_says_where_to_look() -> None:
    for kind in KINDS.values():
        assert bool(kind.spf) == bool(kind.backend), kind.code


def test_what_is_in_doubt_before_many_are_written_to() -> None:
    told = {
        HOME: ["v=spf1 include:spf.brevo.com ~all"],
        f"mail._domainkey.{HOME}": [GOOD],
        f"_dmarc.{HOME}": ["v=DMARC1; p=reject"],
    }
    sender = Sender(HOME, "spf.brevo.com", ("brevo1", "mail"))
    assert doubt_of(None) is Doubt.UNCHECKED
    assert doubt_of(domain_check(sender, Told(told))) is None
    assert doubt_of(domain_check(sender, Told(told, mx=[], address=False))) is None, "that is of answers"
    for missing, doubt in zip(told, (Doubt.FAILED, Doubt.UNSEALED, Doubt.FAILED), strict=True):
        left = {name: texts for name, texts in told.items() if name != missing}
        assert doubt_of(domain_check(sender, Told(left))) is doubt, missing
    assert doubt_of(domain_check(Sender("gmail.com"), Told())) is Doubt.FAILED
    assert set(DOUBTS) == set(Doubt)
    for words in DOUBTS.values():
        assert HOME in str(words) % {"domain": HOME}
