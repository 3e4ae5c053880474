"""Forms of imports: a file that comes in, how it and the register are brought together, the name of a mapping."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Business
from imports.mapping import values
from imports.models import ImportRun
from imports.policy import WORDING_MAX, policy_of
from imports.readers import FILE_BYTES_MAX, FileError, SourceFile, open_source
from imports.readers.errors import EmptyFile, FileTooLarge
from imports.store import store_keep, store_opener, store_remove, upload_refused
from imports.wording import error_sentence

ACCEPTED = ".csv,.txt,.tsv,.xlsx,.zip,text/csv,text/plain,application/zip"


class UploadForm(forms.Form):
    """One file. After `is_valid`, `source` is the file, kept under the name `upload`."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, Excel (.xlsx) or a ZIP of them, at most 1 GB."),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    kind = forms.ChoiceField(
        label=_("What the rows are"),
        required=False,
        choices=[("", _("Find out by the columns")), *ImportRun.Kind.choices],
    )
    currency = forms.CharField(
        label=_("Currency of amounts that name none"),
        help_text=_("For example EUR or NOK. Empty: what the kind of file usually holds."),
        required=False,
        max_length=3,
        widget=forms.TextInput(attrs={"size": 3, "autocapitalize": "characters", "autocomplete": "off"}),
    )

    source: SourceFile
    upload: str

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def is_told(self) -> bool:
        """Whether more than the file was told, or should have been told otherwise."""
        return self.is_bound and any(self.data.get(name) for name in ("kind", "currency"))

    def clean_currency(self) -> str:
        """An ISO 4217 code."""
        text = self.cleaned_data["currency"].strip()
        code = values.currency(text) if text else ""
        if code is None:
            raise ValidationError(_("This is not a currency code. Write for example EUR or NOK."))
        return code

    def clean(self) -> dict[str, Any]:
        """Look the file through; one that cannot be read is not kept."""
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
        self.upload = store_keep(uploaded)
        try:
            self.source = open_source(store_opener(self.upload, self.request.business), name=uploaded.name)
        except FileError as error:
            store_remove(self.upload)
            self.add_error("file", error_sentence(error))
        except BaseException:
            store_remove(self.upload)
            raise
        return cleaned


class PolicyForm(forms.Form):
    """How a file and the register are brought together."""

    update = forms.ChoiceField(
        label=_("A guest who is here already"),
        widget=forms.RadioSelect,
        choices=[
            ("fill", _("Only fill in what is empty")),
            ("newest", _("The newer value counts")),
            ("file", _("The file counts")),
        ],
        help_text=_("An empty cell never overwrites anything."),
    )
    file_date = forms.DateField(
        label=_("The file is as of"),
        required=False,
        help_text=_("For rows that do not say when they were last changed. Empty: today."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    consents = forms.ChoiceField(
        label=_("Consents"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("proven", _("Take a yes that has a date, a source and a wording")),
            ("none", _("Take no yes")),
        ],
        help_text=_("A no always counts. No file brings back what a guest has withdrawn."),
    )
    wording = forms.CharField(
        label=_("What they said yes to"),
        required=False,
        max_length=WORDING_MAX,
        help_text=_("The words on the old form, when the file has no column with them."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    consent_source = forms.CharField(
        label=_("How they said it"),
        required=False,
        max_length=200,
        help_text=_("For example: form at check-in."),
    )
    tag = forms.CharField(
        label=_("Tag every guest of the file"),
        required=False,
        max_length=40,
        help_text=_("So that you find them again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, run: ImportRun, business: Business, **kwargs: Any) -> None:
        kept = policy_of(run.policy, kind=run.kind, format_key=run.format)
        kwargs.setdefault("initial", {name: getattr(kept, name) for name in self.base_fields})
        super().__init__(*args, **kwargs)
        self.kept = kept

    def policy(self) -> dict[str, Any]:
        """The policy as a run keeps it. What the page did not ask for stays as it was."""
        said = self.kept.as_json()
        for name, value in self.cleaned_data.items():
            if name in self.data:
                said[name] = value.isoformat() if hasattr(value, "isoformat") else value or ""
        return said

    def clean_consents(self) -> str:
        """What the page did not ask for stays as it was."""
        return self.cleaned_data["consents"] or self.kept.consents


class MappingNameForm(forms.Form):
    """The name of a saved mapping."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean_name(self) -> str:
        """On one line."""
        return " ".join(self.cleaned_data["name"].split())
