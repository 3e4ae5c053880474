"""What imports say, in the reader's language: the pure readers and mappings only mark their sentences."""

from typing import Any

from django.utils.translation import gettext as _

from customers.card.models import Customer
from customers.consent.labels import LABELS
from customers.fields.models import CustomField
from customers.fields.values import value_read
from customers.sensitive.models import SensitiveDetail
from imports.mapping import CONSENTS
from imports.models import ImportRun
from imports.problems import REASONS
from imports.readers import FileError


def reason_sentence(reason: str) -> str:
    """What is wrong, in the active language; the bare key for a reason of an older version."""
    return _(REASONS[reason][0]) if reason in REASONS else reason


def error_sentence(error: FileError) -> str:
    """Why a file cannot be imported, in the active language."""
    return stored_sentence({"template": error.template, "params": error.params})


def stored_sentence(stored: dict[str, Any]) -> str:
    """The same of an error that a run keeps."""
    if not stored:
        return ""
    template: str = stored["template"]
    return _(template) % stored["params"]


def extra_sentences(run: ImportRun) -> list[tuple[str, str]]:
    """(column, what it becomes) of what a file has beyond its format, in the active language."""
    fields = extra_fields(run)
    return [(column, _becomes(column, meaning, fields)) for column, meaning in run.extras]


def extra_fields(run: ImportRun) -> dict[str, CustomField]:
    """Column → the field of the business's own that it is read as."""
    ids = {column: int(meaning.rpartition(".")[2]) for column, meaning in run.extras if meaning.startswith("own.")}
    known = CustomField.objects.in_bulk(ids.values()) if ids else {}
    return {column: known[field] for column, field in ids.items() if field in known}


def problem_sentence(reason: str, column: str, value: str, fields: dict[str, CustomField]) -> str:
    """What is wrong, and for a field of the business's own what would be right."""
    sentence = reason_sentence(reason)
    field = fields.get(column)
    if reason != "own_value" or field is None:
        return sentence
    return f"{sentence} {value_read(field.kind, value, options=field.options).error}".strip()


def _becomes(column: str, meaning: str, fields: dict[str, CustomField]) -> str:
    room, _sep, rest = meaning.partition(".")
    if room == "own":
        return fields[column].label if column in fields else ""
    if room == "sensitive":
        return _("Sensitive detail: %(kind)s") % {"kind": SensitiveDetail.Kind(rest).label}
    if room == "guest":
        name = str(Customer._meta.get_field(rest).verbose_name)  # type: ignore[union-attr]
        return name[:1].upper() + name[1:]
    for told, sentence in ((".date", _("%(consent)s: when")), (".source", _("%(consent)s: how"))):
        if meaning.endswith(told):
            return sentence % {"consent": LABELS[CONSENTS[meaning.removesuffix(told)]]}
    return _("%(consent)s: consent") % {"consent": LABELS[CONSENTS[meaning]]}
