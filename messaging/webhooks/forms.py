"""The form of a webhook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.refusals import Refused
from messaging.webhooks.models import WebhookEndpoint
from messaging.webhooks.services import NAME_MAX, URL_MAX


class EndpointForm(forms.Form):
    """What a webhook is called and where it goes; of ``endpoint``, or a new one. ``version`` is the one the editor
    saw."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=NAME_MAX, help_text=_("As your colleagues know it. Automations choose it by name.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=URL_MAX,
        help_text=_("Where the other system takes webhooks. It begins with https://."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    is_on = forms.BooleanField(
        label=_("Deliver"),
        required=False,
        help_text=_("Switched off, webhooks wait for up to three days and are then given up."),
    )

    def __init__(self, *args: Any, endpoint: WebhookEndpoint | None = None, **kwargs: Any) -> None:
        if endpoint is not None:
            told = {name: getattr(endpoint, name) for name in ("version", "name", "url", "is_on")}
            kwargs.setdefault("initial", told)
        super().__init__(*args, **kwargs)
        if endpoint is None:
            del self.fields["is_on"], self.fields["version"]

    def refuse(self, refused: Refused) -> None:
        """Show why a service said no beside its field."""
        self.add_error(refused.field if refused.field in self.fields else None, str(refused))
