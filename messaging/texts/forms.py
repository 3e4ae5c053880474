"""Forms of templates: what one is called and about, and what a new one begins with."""

from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Business
from messaging.texts.models import Channel, MessagePurpose, Template
from messaging.texts.services import NAME_MAX
from messaging.texts.starters import Starter, starters

PURPOSE_HINT = _(
    "A newsletter needs the guest's consent. An offer goes to guests who have been here, about what you sell. "
    "Messages about a stay or an invoice need neither."
)


class TemplateForm(forms.Form):
    """A template's name and what it is about."""

    name = forms.CharField(label=_("Name"), max_length=NAME_MAX, help_text=_("Only you see it."))
    purpose = forms.ChoiceField(
        label=pgettext_lazy("message", "About"), choices=MessagePurpose.choices, help_text=PURPOSE_HINT
    )

    def __init__(self, *args: Any, template: Template | None = None, **kwargs: Any) -> None:
        if template is not None:
            kwargs.setdefault("initial", {"name": template.name, "purpose": template.purpose})
        super().__init__(*args, **kwargs)
        for field in ("name",):
            self.fields[field].widget.attrs.update(autocomplete="off", dir="auto")


class NewTemplateForm(forms.Form):
    """A template to be made: of a ready one, or from nothing for a channel and a purpose."""

    EMAIL, SMS = "empty-email", "empty-sms"

    start = forms.ChoiceField(label=_("Begin with"), widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX,
        required=False,
        help_text=_("Only you see it. Empty: that of the ready one."),
    )
    purpose = forms.ChoiceField(
        label=pgettext_lazy("message", "About"),
        choices=[("", "—"), *MessagePurpose.choices],
        required=False,
        help_text=_("For an empty one; a ready one knows it."),
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.business = business
        self.fields["start"].choices = [  # type: ignore[attr-defined]
            *((key, starter.name_in(get_language() or "en")) for key, starter in starters().items()),
            (self.EMAIL, _("An empty e-mail")),
            (self.SMS, _("An empty SMS")),
        ]
        self.fields["name"].widget.attrs.update(autocomplete="off", dir="auto")

    @property
    def offered(self) -> list[tuple[str, str, Starter | None]]:
        """What one can begin with: value, name, and the ready template it is."""
        return [(key, str(label), starters().get(key)) for key, label in self.fields["start"].choices]  # type: ignore[attr-defined]

    @property
    def channel(self) -> str:
        """The channel of what was chosen to begin with from nothing."""
        return Channel.SMS.value if self.cleaned_data["start"] == self.SMS else Channel.EMAIL.value

    def clean(self) -> dict[str, Any]:
        """A template from nothing needs a name and a purpose of its own."""
        values = super().clean() or {}
        if values.get("start") in (self.EMAIL, self.SMS):
            for field in ("name", "purpose"):
                if not values.get(field):
                    self.add_error(field, self.fields[field].error_messages["required"])
        return values
