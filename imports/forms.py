"""The upload form: translates a file into a source that can be imported, or says why it is none."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from imports.mapping import OwnField, values
from imports.readers import FILE_BYTES_MAX, FileError
from imports.readers.errors import EmptyFile, FileTooLarge
from imports.selectors import own_fields
from imports.services import Source, source_open
from imports.uploads import upload_keep, upload_path, upload_refused, upload_remove
from imports.wording import error_sentence


class UploadForm(forms.Form):
    """One CSV file. After `is_valid`, `source` is the file, kept under the name `upload`."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A CSV file, at most 1 GB: bookings, or a list of guests as Innkeeper exports it."),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    currency = forms.CharField(
        label=_("Currency of amounts that name none"),
        help_text=_("For example EUR or NOK. Empty: what the kind of file usually holds."),
        required=False,
        max_length=3,
        widget=forms.TextInput(attrs={"size": 3, "autocapitalize": "characters", "autocomplete": "off"}),
    )

    source: Source
    upload: str

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def fields_of_business(self) -> tuple[OwnField, ...]:
        """The fields of the business's own that a file may bring."""
        return own_fields(language=self.request.business.language) if self.request is not None else ()

    def clean_currency(self) -> str:
        """An ISO 4217 code."""
        text = self.cleaned_data["currency"].strip()
        code = values.currency(text) if text else ""
        if code is None:
            raise ValidationError(_("This is not a currency code. Write for example EUR or NOK."))
        return code

    def clean(self) -> dict[str, Any]:
        """Look the file through; one that cannot be imported is not kept."""
        cleaned = super().clean() or {}
        too_large = upload_refused(self.request) if self.request is not None else None
        if too_large is not None:
            self.errors.pop("file", None)
            self.add_error("file", error_sentence(FileTooLarge(size=too_large, limit=FILE_BYTES_MAX)))
        uploaded = cleaned.get("file")
        if uploaded is None or self.errors:
            return cleaned
        if uploaded.size == 0:
            self.add_error("file", error_sentence(EmptyFile()))
            return cleaned
        self.upload = upload_keep(uploaded)
        try:
            self.source = source_open(path=upload_path(self.upload), fields=self.fields_of_business())
        except FileError as error:
            upload_remove(self.upload)
            self.add_error("file", error_sentence(error))
        except BaseException:
            upload_remove(self.upload)
            raise
        return cleaned
