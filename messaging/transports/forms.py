"""Forms of transports: one made of what its kind asks for, and the test message."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Business
from accounts.services.refusals import Refused
from messaging.transports.kinds import KINDS, Asked, Kind, Option, Way
from messaging.transports.models import Channel, Transport
from messaging.transports.services import PER_MINUTE_MAX, SECRET_MAX, TransportValues

_KEPT: Final = _("Kept sealed. Leave this empty to keep it; another server does not get it.")
_SEALED: Final = _("It is kept sealed and never shown again.")


class TransportForm(forms.Form):
    """A transport of a kind: who it comes from, what the kind asks for, how fast; of ``transport``, or a new one."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As your colleagues know it."))

    def __init__(
        self, *args: Any, kind: Kind, business: Business, transport: Transport | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.transport = kind, transport
        if transport is None:
            self.fields["name"].initial = business.name if kind.way is Way.LOCAL else kind.label
        fields = self.fields
        if kind.channel == Channel.EMAIL:
            fields["sender_address"] = forms.CharField(
                label=_("Sender's address"),
                max_length=254,
                help_text=_("An address at a domain of your own, for example post@fjordstuen.no."),
                widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
            )
            fields["sender_name"] = forms.CharField(
                label=_("Sender's name"), max_length=80, required=False, initial=business.name
            )
            fields["reply_to"] = forms.CharField(
                label=_("Replies go to"),
                max_length=254,
                required=False,
                help_text=_("Left empty, to the sender's address."),
                widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
            )
        else:
            fields["sender_address"] = forms.CharField(
                label=_("Sender"),
                max_length=20,
                required=not any(option.name == "service" for option in kind.options),
                help_text=_(
                    "A number, or up to 11 letters and digits. Guests can answer a number only, with STOP for example."
                ),
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
        for option in kind.options:
            fields[option.name] = self._field(option)
        if kind.channel == Channel.SMS:
            fields["price"] = forms.DecimalField(
                label=_("Price of one part (%(currency)s)") % {"currency": business.currency},
                required=False,
                min_value=0,
                max_digits=8,
                decimal_places=4,
                help_text=_("What the gateway takes, so that campaigns can say what they cost."),
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
                localize=True,
            )
        if kind.way is not Way.LOCAL:
            fields["per_minute"] = forms.IntegerField(
                label=_("At most a minute"),
                required=False,
                min_value=1,
                max_value=PER_MINUTE_MAX,
                help_text=_("Left empty, as many as it takes. Many mail servers let through 30 to 100.")
                if kind.way is Way.SMTP
                else _("Left empty, as many as it takes."),
                widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            )
        if transport is not None and not transport.is_default:
            fields["is_on"] = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in groups: a code of the group, and what is in it."""
        options = {option.name for option in self.kind.options}
        groups: dict[str, list[forms.BoundField]] = {"sender": [], "server": [], "more": []}
        for bound in self:
            if bound.name in options:
                groups["server"].append(bound)
            elif bound.name in ("price", "per_minute", "is_on"):
                groups["more"].append(bound)
            else:
                groups["sender"].append(bound)
        return [(code, fields) for code, fields in groups.items() if fields]

    def values(self) -> TransportValues:
        """What was said, as the services take it."""
        told = self.cleaned_data
        return TransportValues(
            kind=self.kind.code,
            name=told["name"],
            options={option.name: told.get(option.name, "") for option in self.kind.open_options},
            secrets={option.name: told.get(option.name, "") for option in self.kind.secrets},
            sender_address=told.get("sender_address", ""),
            sender_name=told.get("sender_name", ""),
            reply_to=told.get("reply_to", ""),
            per_minute=told.get("per_minute"),
            price=told.get("price"),
            is_on=told.get("is_on", True),
        )

    def refuse(self, refused: Refused) -> None:
        """Show why a service said no beside its field."""
        self.add_error(refused.field if refused.field in self.fields else None, str(refused))

    @classmethod
    def told(cls, transport: Transport) -> Mapping[str, Any]:
        """What a transport says now, as the form's beginning; never a secret."""
        return {
            "name": transport.name,
            "sender_address": transport.sender_address,
            "sender_name": transport.sender_name,
            "reply_to": transport.reply_to,
            "per_minute": transport.per_minute,
            "price": None if transport.price is None else transport.price.normalize(),
            "is_on": transport.is_on,
            **{name: value for name, value in transport.options.items() if value != ""},
        }

    @property
    def tracks_itself(self) -> bool:
        """Whether the service may follow links and opens of its own accord and is not to be told by message."""
        return self.kind.way is Way.PROVIDER and not self.kind.can_untrack

    def _field(self, option: Option) -> forms.Field:
        if option.is_secret:
            kept = self.transport is not None and bool(self.transport.secret_key)
            return forms.CharField(
                label=option.label,
                max_length=SECRET_MAX,
                required=option.is_required and not kept,
                help_text=option.help or (_KEPT if kept else _SEALED),
                widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
            )
        if option.asked is Asked.CHOICE:
            return forms.ChoiceField(
                label=option.label, choices=option.choices, help_text=option.help, initial=option.default
            )
        attrs = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        if option.asked is Asked.NUMBER:
            attrs["inputmode"] = "numeric"
        if option.asked in (Asked.HOST, Asked.ADDRESS):
            attrs["inputmode"] = "url"
        return forms.CharField(
            label=option.label,
            max_length=option.most if option.asked is not Asked.NUMBER else 7,
            required=option.is_required,
            help_text=option.help,
            initial=option.default or None,
            widget=forms.TextInput(attrs=attrs),
        )


class TryForm(forms.Form):
    """To whom a test message goes."""

    address = forms.CharField(max_length=254)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_email = channel == Channel.EMAIL
        self.fields["address"].label = _("Your e-mail address") if is_email else _("Your phone number")
        attrs = {"inputmode": "email" if is_email else "tel", "autocomplete": "email" if is_email else "tel"}
        self.fields["address"].widget.attrs.update(attrs)


def kind_of(code: str) -> Kind | None:
    """A kind by its code; ``None`` for anything else."""
    return KINDS.get(code)
