"""The form of a nightly import."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Business
from accounts.services.refusals import Refused
from imports.feeds.selectors import Model, model_list
from imports.feeds.services import KEY_MAX, FeedValues, mapping_of_run
from imports.models import ImportFeed, ImportMapping

USUAL_TIME = dt.time(3, 0)


class FeedForm(forms.Form):
    """A nightly import from an address or a folder, which `source` says; of `feed`, or a new one."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("For example the system that the file comes from.")
    )
    address = forms.CharField(label=_("Address of the file"), max_length=1_000)
    key = forms.CharField(
        label=_("Key"),
        max_length=KEY_MAX,
        required=False,
        help_text=_(
            "Only if the other system asks for one: what it expects in the header Authorization, such as “Bearer …”. "
            "It is kept sealed and never shown again."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    key_remove = forms.BooleanField(label=_("Remove the key that is kept"), required=False)
    model = forms.ChoiceField(
        label=_("Read it as"), help_text=_("How the columns are read, and how the file and the register come together.")
    )
    at = forms.TimeField(
        label=_("Every night at"),
        initial=USUAL_TIME,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M"],
    )
    is_on = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(
        self, *args: Any, source: str, business: Business, feed: ImportFeed | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.source, self.business, self.feed = source, business, feed
        self.models = model_list()
        self.fields["model"].choices = _grouped(self.models)  # type: ignore[attr-defined]
        if source == ImportFeed.Source.FOLDER:
            for name in ("key", "key_remove", "at"):
                del self.fields[name]
            self.fields["address"].label = _("Folder")
            self.fields["address"].widget.attrs["maxlength"] = "80"
            self.fields["address"].help_text = _("Letters, digits, spaces, hyphens, points and underscores.")
        else:
            self.fields["address"].help_text = _("It begins with https:// and leads to the file itself.")
            self.fields["address"].widget.attrs |= {"inputmode": "url", "autocomplete": "off"}
            self.fields["at"].help_text = str(business.zone)
            if feed is None or not feed.secret_key:
                del self.fields["key_remove"]
            else:
                self.fields["key"].help_text = _(
                    "A key is kept. Leave this empty to keep it; another server does not get it."
                )

    def values(self) -> FeedValues:
        """What was said, as the services take it. Raises Refused when an earlier import cannot serve as a model."""
        told = self.cleaned_data
        kind, _dash, number = told["model"].partition("-")
        if kind == "run":
            mapping = mapping_of_run(run_id=int(number), name=told["name"], business=self.business)
        else:
            mapping = ImportMapping.objects.get(pk=int(number))
        key = told.get("key") or ("" if told.get("key_remove") else None)
        return FeedValues(
            name=told["name"],
            source=self.source,
            address=told["address"],
            mapping=mapping,
            at=told.get("at") or USUAL_TIME,
            key=key,
            is_on=told["is_on"],
        )

    def clean_key(self) -> str:
        """A header's value: signs of ASCII, in one line."""
        key = self.cleaned_data["key"].strip()
        if key and not (key.isascii() and key.isprintable()):
            raise forms.ValidationError(_("A key has only letters, digits and signs of the English keyboard."))
        return key

    def refuse(self, refused: Refused) -> None:
        """Show why a service said no beside its field."""
        name = {"mapping": "model"}.get(refused.field or "", refused.field)
        self.add_error(name if name in self.fields else None, str(refused))

    @classmethod
    def told(cls, feed: ImportFeed) -> dict[str, Any]:
        """What a feed says now, as the form's beginning."""
        return {
            "name": feed.name,
            "address": feed.address,
            "model": f"mapping-{feed.mapping_id}",
            "at": feed.at,
            "is_on": feed.is_on,
        }


def _grouped(models: Sequence[Model]) -> list[tuple[str | Promise, Any]]:
    saved = [(model.key, model.label) for model in models if model.is_saved]
    runs = [(model.key, model.label) for model in models if not model.is_saved]
    named: list[tuple[str | Promise, Any]] = [(_("Saved mappings"), saved), (_("As an earlier import"), runs)]
    return [group for group in named if group[1]]
