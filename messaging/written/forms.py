"""The form of a message to one guest."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.texts.models import MAX_SMS, Channel, MessagePurpose
from messaging.texts.selectors import template_list


class WriteForm(forms.Form):
    """What it is about, and a template or words of one's own."""

    purpose = forms.ChoiceField(
        label=pgettext_lazy("message", "About"),
        choices=[
            (MessagePurpose.STAY, _("Their own stay")),
            (MessagePurpose.INVOICE, _("Their own invoice")),
            (MessagePurpose.OFFER, _("An offer")),
            (MessagePurpose.NEWSLETTER, _("News")),
        ],
        required=False,
        help_text=_("What the law allows depends on it: offers and news need the guest's consent or an earlier stay."),
    )
    template = forms.TypedChoiceField(label=_("Template"), coerce=int, empty_value=None, required=False)
    subject = forms.CharField(label=_("Subject"), max_length=200, required=False)
    text = forms.CharField(label=_("Text"), required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        self.templates = {each.pk: each for each in template_list(channel=channel)}
        choices = [("", _("Own words")), *((str(pk), each.name) for pk, each in self.templates.items())]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]
        if channel == Channel.SMS:
            del self.fields["subject"]
            self.fields["text"].widget.attrs |= {"maxlength": str(MAX_SMS), "rows": "4"}
