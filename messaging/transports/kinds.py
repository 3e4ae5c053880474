"""The kinds of transports, as data: what each asks for, how it sends, what it can do."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise
else:
    Words = str | Promise


class Way(StrEnum):
    """By which program a kind sends."""

    LOCAL = "local"
    SMTP = "smtp"
    PROVIDER = "provider"
    GATEWAY = "gateway"


class Asked(StrEnum):
    """What is typed into an option's field."""

    TEXT = "text"
    HOST = "host"
    NUMBER = "number"
    CHOICE = "choice"
    ADDRESS = "address"
    """An https address."""
    SECRET = "secret"  # noqa: S105 - the name of a kind of field


@dataclass(frozen=True, slots=True)
class Option:
    """One thing a kind asks for. Secrets are sealed and never shown again."""

    name: str
    label: Words
    asked: Asked = Asked.TEXT
    help: Words = ""
    choices: tuple[tuple[str, Words], ...] = ()
    default: str = ""
    is_required: bool = True
    most: int = 200
    """The longest text, or the largest number."""
    pattern: str = ""
    """What a text must match as a whole."""

    @property
    def is_secret(self) -> bool:
        """Whether it is sealed."""
        return self.asked is Asked.SECRET


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of transport.

    ``spf`` is what the sender's domain includes for the provider's servers, ``dkim`` the names below ``_domainkey``
    where it usually keeps its keys.
    """

    code: str
    channel: str
    label: Words
    way: Way
    about: Words
    options: tuple[Option, ...] = ()
    is_idempotent: bool = False
    remembers: dt.timedelta | None = None
    """How long after a message was first offered an idempotent provider still knows it; ``None``: as long as it
    matters."""
    has_callbacks: bool = True
    backend: str = ""
    """Of a service: the module of django-anymail."""
    spf: str = ""
    dkim: tuple[str, ...] = ()
    can_untrack: bool = False
    """Whether a service can be told to leave links and opens alone."""

    @property
    def secrets(self) -> tuple[Option, ...]:
        """What is sealed."""
        return tuple(option for option in self.options if option.is_secret)

    @property
    def open_options(self) -> tuple[Option, ...]:
        """What is kept in clear."""
        return tuple(option for option in self.options if not option.is_secret)


EMAIL: Final = "email"
SMS: Final = "sms"

_KEY = _("API key")
_REGION = _("Region")
_EU_US = (("eu", _("Europe")), ("us", _("United States")))
_CALLBACK_KEY = Option(
    "signing_key",
    _("Signing key of webhooks"),
    Asked.SECRET,
    _("Proves that reports of what became of a message come from the service."),
    is_required=False,
)


_SELECTOR = Option(
    "dkim_selector",
    _("DKIM selector"),
    help=_("The word before ._domainkey in what your provider told you to put into DNS. It serves the check alone."),
    is_required=False,
    most=120,
    pattern=r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*",
)


def _service(code: str, label: str, *options: Option, **more: Any) -> Kind:
    about = _("An e-mail service, through its own interface.")
    return Kind(code, EMAIL, label, Way.PROVIDER, about, (*options, _SELECTOR), **more)


KINDS: Final[dict[str, Kind]] = {
    kind.code: kind
    for kind in (
        Kind(
            "local",
            EMAIL,
            _("Local inbox"),
            Way.LOCAL,
            _("Catches every message and shows it here. Nothing leaves the house."),
            is_idempotent=True,
            has_callbacks=False,
        ),
        Kind(
            "local_sms",
            SMS,
            _("Local inbox"),
            Way.LOCAL,
            _("Catches every message and shows it here. Nothing leaves the house."),
            is_idempotent=True,
            has_callbacks=False,
        ),
        Kind(
            "smtp",
            EMAIL,
            _("Mail server"),
            Way.SMTP,
            _("Your own mail server or your provider's, by SMTP."),
            (
                Option("host", _("Server"), Asked.HOST, _("For example smtp.example.com."), most=253),
                Option(
                    "security",
                    _("Encryption"),
                    Asked.CHOICE,
                    choices=(
                        ("starttls", _("STARTTLS (usually port 587)")),
                        ("tls", _("TLS from the beginning (usually port 465)")),
                        ("none", _("None: whoever is on the way can read everything")),
                    ),
                    default="starttls",
                ),
                Option("port", _("Port"), Asked.NUMBER, default="587", most=65_535),
                Option("user", _("User name"), is_required=False, most=254),
                Option("password", _("Password"), Asked.SECRET, is_required=False),
                _SELECTOR,
            ),
            has_callbacks=False,
        ),
        _service(
            "brevo",
            "Brevo",
            Option("api_key", _KEY, Asked.SECRET),
            backend="brevo",
            spf="spf.brevo.com",
            dkim=("brevo1", "brevo2", "mail"),
        ),
        _service(
            "mailgun",
            "Mailgun",
            Option("api_key", _KEY, Asked.SECRET),
            Option("region", _REGION, Asked.CHOICE, choices=_EU_US, default="eu"),
            Option(
                "sender_domain",
                _("Sending domain"),
                Asked.HOST,
                _("As it is called at Mailgun; left empty, the domain of the sender."),
                is_required=False,
                most=253,
            ),
            _CALLBACK_KEY,
            backend="mailgun",
            can_untrack=True,
            spf="mailgun.org",
            dkim=("mx", "smtp", "pic", "k1", "mailo", "email"),
        ),
        _service(
            "mailjet",
            "Mailjet",
            Option("api_key", _KEY, most=100),
            Option("secret_key", _("Secret key"), Asked.SECRET),
            backend="mailjet",
            can_untrack=True,
            spf="spf.mailjet.com",
            dkim=("mailjet",),
        ),
        _service(
            "postmark",
            "Postmark",
            Option("server_token", _("Server API token"), Asked.SECRET),
            Option(
                "stream",
                _("Message stream"),
                help=_("Newsletters need a broadcast stream."),
                default="outbound",
                is_required=False,
                most=60,
            ),
            backend="postmark",
            can_untrack=True,
            spf="spf.mtasv.net",
            dkim=("pm", "pm-bounces"),
        ),
        _service(
            "resend",
            "Resend",
            Option("api_key", _KEY, Asked.SECRET),
            _CALLBACK_KEY,
            backend="resend",
            is_idempotent=True,
            # 24 hours, less what a batch may take and clocks may differ.
            remembers=dt.timedelta(hours=23),
            spf="amazonses.com",
            dkim=("resend",),
        ),
        _service(
            "sendgrid",
            "SendGrid",
            Option("api_key", _KEY, Asked.SECRET),
            Option(
                "region",
                _REGION,
                Asked.CHOICE,
                _("Europe only for an account whose data are kept there."),
                choices=(("global", _("Worldwide")), ("eu", _("Europe"))),
                default="global",
            ),
            Option(
                "signing_key",
                _("Verification key of webhooks"),
                Asked.SECRET,
                _("Proves that reports of what became of a message come from the service."),
                is_required=False,
                most=400,
            ),
            backend="sendgrid",
            can_untrack=True,
            spf="sendgrid.net",
            dkim=("s1", "s2"),
        ),
        _service(
            "ses",
            "Amazon SES",
            Option("access_key", _("Access key ID"), most=128),
            Option("secret_key", _("Secret access key"), Asked.SECRET),
            Option(
                "region",
                _REGION,
                help=_("For example eu-north-1."),
                default="eu-north-1",
                most=20,
                pattern=r"[a-z]{2}(-[a-z]{2,10}){1,3}-\d",
            ),
            Option("configuration_set", _("Configuration set"), is_required=False, most=64),
            backend="amazon_ses",
            spf="amazonses.com",
            dkim=("amazonses",),
        ),
        _service(
            "sparkpost",
            "SparkPost",
            Option("api_key", _KEY, Asked.SECRET),
            Option("region", _REGION, Asked.CHOICE, choices=_EU_US, default="eu"),
            backend="sparkpost",
            can_untrack=True,
            spf="sparkpostmail.com",
            dkim=("scph0920", "scph0419"),
        ),
        Kind(
            "gatewayapi",
            SMS,
            "GatewayAPI",
            Way.GATEWAY,
            _("An SMS gateway, over the web."),
            (
                Option("token", _("API token"), Asked.SECRET),
                Option(
                    "region",
                    _REGION,
                    Asked.CHOICE,
                    choices=(("eu", "gatewayapi.eu"), ("com", "gatewayapi.com")),
                    default="eu",
                ),
                Option(
                    "callback_key",
                    _("Secret of webhooks"),
                    Asked.SECRET,
                    _("Proves that reports of what became of a message come from the service."),
                    is_required=False,
                ),
            ),
        ),
        Kind(
            "elks46",
            SMS,
            "46elks",
            Way.GATEWAY,
            _("An SMS gateway, over the web."),
            (
                Option("user", _("API username"), most=100),
                Option("password", _("API password"), Asked.SECRET),
            ),
        ),
        Kind(
            "twilio",
            SMS,
            "Twilio",
            Way.GATEWAY,
            _("An SMS gateway, over the web."),
            (
                Option("account", _("Account SID"), most=40),
                Option("token", _("Auth token"), Asked.SECRET),
                Option(
                    "service",
                    _("Messaging service SID"),
                    help=_("Instead of a sender of your own."),
                    is_required=False,
                    most=40,
                ),
            ),
        ),
        Kind(
            "link",
            SMS,
            "LINK Mobility",
            Way.GATEWAY,
            _("An SMS gateway, over the web."),
            (
                Option(
                    "address",
                    _("Address of the interface"),
                    Asked.ADDRESS,
                    _("As LINK has told you, for example https://wsx.sp247.net/sms/send."),
                    default="https://wsx.sp247.net/sms/send",
                    most=300,
                ),
                Option("user", _("User name"), most=100),
                Option("password", _("Password"), Asked.SECRET),
                Option("platform_id", _("Platform ID"), help="platformId", most=40),
                Option("partner_id", _("Partner ID"), help="platformPartnerId", most=40),
                Option(
                    "gate_id",
                    _("Gate for delivery reports"),
                    help=_("The number LINK gave you for your address for reports."),
                    is_required=False,
                    most=40,
                ),
            ),
        ),
    )
}
"""Every kind by its code."""


def kinds_of(channel: str) -> list[Kind]:
    """The kinds of a channel, the local inbox first."""
    return [kind for kind in KINDS.values() if kind.channel == channel]


def is_local(code: str) -> bool:
    """Whether a kind catches messages instead of sending them."""
    return KINDS[code].way is Way.LOCAL
