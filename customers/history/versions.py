"""Forms of rows that two members may have before them at once."""

from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils.formats import localize
from django.utils.translation import gettext as _

from customers.history.services import Overtaken


class VersionedForm(forms.ModelForm):
    """An edit carries the ``version`` its editor saw, so that two editors never overwrite each other unawares."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["version"]
        else:
            self.initial["version"] = self.instance.version

    @classmethod
    def beside(cls, posted: QueryDict, overtaken: Overtaken, *, instance: Any, **options: Any) -> Self:
        """The editor's own values beside those of the row as it is now: saving once more is done knowingly."""
        data = posted.copy()
        data["version"] = str(instance.version)
        form = cls(data, instance=instance, **options)
        form.full_clean()
        form.add_error(None, str(overtaken))
        theirs = _("Your colleague's:")
        # Not ``changed_data``, which for a field with a default compares with what the page would have to send along.
        for name, field in form.fields.items():
            now = form.initial.get(name)
            if field.has_changed(now, form[name].data):
                form.add_error(name, f"{theirs} {_shown(field, now)}")
        return form


def _shown(field: forms.Field, value: Any) -> str:
    """A value as the page writes it."""
    choices = {str(key): label for key, label in getattr(field, "choices", ())}
    key = "" if value is None else str(value)
    return str(choices.get(key, localize(value) if key else _("empty")))
